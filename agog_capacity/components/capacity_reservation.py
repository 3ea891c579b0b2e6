"""On-demand capacity reservation: room for machines of a size, paid whether it is used or not.

A billing reservation or savings plan lowers a price and holds no machine; this holds machines and lowers
no price. Billed like machines on demand [1]_: a machine that runs inside is billed once, so what the
reservation adds is its unused part.

References
----------
.. [1] Microsoft, "On-demand Capacity Reservation",
   https://learn.microsoft.com/azure/virtual-machines/capacity-reservation-overview, read 2026-11-24 in a
   stored copy: one size, one region or zone, a quantity; no term; machines must name it.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import field_validator, model_validator

from agog_capacity.azure_sizes import parse_vm_size
from agog_capacity.components.base import Component, RefersTo, Usage, UsageContext
from agog_capacity.components.node_pool import NodePool
from agog_capacity.errors import nearest
from agog_capacity.model import Count, Label, Name, PositiveCount
from agog_capacity.periods import FloatArray
from agog_capacity.prices.meter import Meter


class CapacityReservation(Component):
    """Room for machines of one size in a region or its zones, billed like the machines while it exists.

    Nodes of the pool it is for run inside it and are not billed twice: the lines are of its unused part.
    """

    kind: Literal["capacity_reservation"] = "capacity_reservation"
    node_pool: Annotated[Name | None, RefersTo("node_pool")] = None
    """Node pool that may use the room; left out, nothing of the design runs inside."""
    vm_size: Label | None = None
    """Size of the machines, such as `Standard_D8s_v3`; needed without a pool, else the pool's."""
    instances: PositiveCount
    """Machines there is room for, running ones included."""
    zones: Count = 0
    """Availability zones the room is spread over; 0 for none. Must be those of the pool."""

    title: ClassVar[str] = "Capacity reservation"
    rule_kind: ClassVar[str] = "capacity_reservation"

    @field_validator("vm_size")
    @classmethod
    def _size_is_known_by_its_form(cls, vm_size: str | None) -> str | None:
        return None if vm_size is None else parse_vm_size(vm_size).name

    @model_validator(mode="after")
    def _is_for_a_pool_or_a_size(self) -> Self:
        if self.node_pool is None and self.vm_size is None:
            raise ValueError("name the node_pool it is for, or the vm_size of its machines")
        if self.instances < self.zones:
            raise ValueError(
                f"{self.instances} instances cannot be spread over {self.zones} zones; give one for each at least"
            )
        return self

    @classmethod
    def example(cls) -> Self:
        """Return room for five nodes of a pool that runs three."""
        return cls(name="reserved-room", region="eastus2", node_pool="app-nodes", instances=5, zones=3)

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Hours of the machines there is room for, less those of the nodes inside."""
        pool = self.pool_of(context)
        inside, how = np.zeros(context.months.count), ""
        if pool is not None:
            inside, how = self._inside(pool, context), f" less {{average}} that {pool.name} uses"
        fields = ("instances", "vm_size" if pool is None else "node_pool")
        return (
            self.line(
                Meter("Virtual Machines", "Linux", self.size_of(pool), "Compute"),
                np.maximum(0.0, self.instances * context.hours(self) - inside),
                "Hour",
                f"room for {self.instances} machines{how} x hours of the month",
                fields=fields
                if pool is None
                else (*fields, *(f"{pool.name}.{n}" for n in ("nodes", "min_nodes"))),
                averaged=None if pool is None else (inside, context.hours(self)),
            ),
        )

    def pool_of(self, context: UsageContext) -> NodePool | None:
        """Return the node pool whose machines run inside; None where it has none."""
        found = context.components.get(self.node_pool or "")
        return found if isinstance(found, NodePool) else None

    def size_of(self, pool: NodePool | None) -> str:
        """Return the size of its machines."""
        return pool.vm_size if pool is not None else self.vm_size or ""

    def _inside(self, pool: NodePool, context: UsageContext) -> FloatArray:
        """Return the hours of the nodes that run inside, shape (months,). [h]"""
        both = context.months.share_active(
            max(filter(None, (self.starts, pool.starts)), default=None),
            min(filter(None, (self.ends, pool.ends)), default=None),
        )
        trace = context.traces.get(pool.cluster) if pool.nodes is None else None
        if trace is None:
            nodes = np.full(context.months.count, float(pool.billed_nodes))
        else:
            nodes = trace.node_hours(pool.name, context.months) / context.months.hours
        inside = np.minimum(nodes, self.instances)
        hours: FloatArray = inside * both * context.months.hours
        return hours

    def warnings(self, context: UsageContext) -> tuple[str, ...]:
        """Of a simulated pool only the mean of a month is known; what runs beyond the room hides in it."""
        pool = self.pool_of(context)
        if pool is None or pool.nodes is not None or pool.cluster not in context.traces:
            return ()
        if (pool.max_nodes or 0) <= self.instances:
            return ()
        what = f"{self.name} is counted against the mean nodes of {pool.name} in each month"
        return (f"{what}; hours above {self.instances} nodes make its unused part too small",)

    def problems(self, context: UsageContext) -> tuple[tuple[str, str], ...]:
        """The room is of the pool's size, region, zones and price, and no pool has two."""
        pool = self.pool_of(context)
        if pool is None:
            return ()
        found = []
        if pool.region != self.region:
            near = [c.name for c in context.of_kind("node_pool") if c.region == self.region]
            message = f"{pool.name!r} stands in {pool.region!r}, the room in {self.region!r}; {nearest(pool.name, near)}"
            found.append(("node_pool", message))
        if self.vm_size is not None and self.vm_size != pool.vm_size:
            message = (
                f"{self.vm_size!r} is not the size of {pool.name!r}, {pool.vm_size!r}; leave vm_size out"
            )
            found.append(("vm_size", message))
        if pool.zones != self.zones:
            message = f"{self.zones} are not the {pool.zones} of {pool.name!r}; machines of another zone find no room here"
            found.append(("zones", message))
        if pool.on_spot == 1:
            found.append(("node_pool", f"{pool.name!r} is spot, and spot machines have no reserved room"))
        others = [
            c.name
            for c in context.of_kind(self.kind)
            if isinstance(c, CapacityReservation) and c.node_pool == pool.name and _meet(c, self)
        ]
        if len(others) > 1:
            message = f"{pool.name!r} has the rooms {', '.join(map(repr, others))} at once; a pool uses one: join them"
            found.append(("node_pool", message))
        return tuple(found)


def _meet(one: Component, other: Component) -> bool:
    """Tell whether two components exist at the same time on some day."""
    first = one.ends is None or other.starts is None or other.starts < one.ends
    return first and (other.ends is None or one.starts is None or one.starts < other.ends)
