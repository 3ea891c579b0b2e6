"""Identical virtual machines that a Kubernetes cluster runs its pods on."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from agog_capacity.azure_sizes import (
    VmSize,
    default_os_disk_gib,
    disk_class,
    local_space_gib,
    parse_vm_size,
)
from agog_capacity.commitments.spot_pool import SpotUse
from agog_capacity.components.base import Averaged, Component, RefersTo, ServiceLevel, Usage, UsageContext
from agog_capacity.errors import nearest
from agog_capacity.model import Count, Flag, Gib, In, Label, Name, ZoneCount
from agog_capacity.periods import FloatArray
from agog_capacity.prices.meter import Meter
from agog_capacity.statements import Fact

_DISK_PRODUCT = {"P": "Premium SSD Managed Disks", "E": "Standard SSD Managed Disks"}
_VIRTUAL_MACHINES = "Azure Virtual Machines"


class NodePool(Component):
    """Identical virtual machines of one AKS cluster, billed by the hour while they exist.

    Nodes are plain Linux virtual machines. Their OS disks are billed by the month and size class
    if they are managed, and cost nothing if they are ephemeral.
    """

    kind: Literal["node_pool"] = "node_pool"
    cluster: Annotated[Name, RefersTo("aks_cluster")]
    """Cluster the nodes belong to."""
    vm_size: Label
    """Size of each node as the provider spells it, such as `Standard_D8s_v3`."""
    nodes: Count | None = None
    """Fixed number of nodes; wins over the minimum and maximum."""
    min_nodes: Count | None = None
    """Fewest nodes the cluster autoscaler keeps; needed with `max_nodes` where `nodes` is left out."""
    max_nodes: Count | None = None
    """Most nodes the cluster autoscaler makes."""
    stopped_nodes: Count = 0
    """Nodes beside these that are deallocated but kept: they cost their managed OS disks only."""
    os_disk: Literal["managed", "ephemeral"]
    """Kind of OS disk: a managed disk, or space in the cache or temporary disk of the machine."""
    os_disk_gib: Gib | None = None
    """Size of the OS disk; by default 128 below 8 vCPU, 256 below 16, 512 below 64, else 1024."""
    local_disk_gib: Gib | None = None
    """Space for an ephemeral OS disk on the machine, its cache or temporary disk; only for sizes whose
    space this library does not know."""
    memory_gib: Annotated[float, Field(strict=True, ge=0.5, le=16_384), In("GiB")] | None = None
    """Memory of a node; needed to simulate sizes that are not of the families D, E and F."""
    purchase: Literal["on-demand", "spot"] = "on-demand"
    """How the nodes are bought; spot nodes can be taken away and have no SLA."""
    spot: SpotUse | None = None
    """Share of the nodes on spot and their evictions; left out, `purchase: spot` counts every hour at its price. What
    is not on spot keeps its SLA."""
    zones: ZoneCount = 0
    """Availability zones the nodes are spread over; 0 for none."""
    failover_scale_out: Flag | None = None
    """Whether it must grow while another region is out, when all others need room too."""
    operating_system: Label | None = None
    """Operating system of the nodes, such as `Ubuntu 22.04`."""
    mode: Literal["system", "user"] = "user"
    """Whether the pool runs the cluster's own pods or the applications."""

    title: ClassVar[str] = "Node pool"
    rule_kind: ClassVar[str] = "node_pool"

    @field_validator("vm_size")
    @classmethod
    def _size_is_known_by_its_form(cls, vm_size: str) -> str:
        return parse_vm_size(vm_size).name

    @model_validator(mode="after")
    def _counts_fit_together(self) -> Self:
        low, high = self.min_nodes, self.max_nodes
        if self.nodes is None and (low is None or high is None):
            raise ValueError("the number of nodes is missing; give nodes, or both min_nodes and max_nodes")
        if low is not None and high is not None and low > high:
            raise ValueError(f"min_nodes {low} is above max_nodes {high}")
        if self.nodes is not None and high is not None and self.nodes > high:
            raise ValueError(f"nodes {self.nodes} is above max_nodes {high}")
        if self.mode == "system" and self.purchase == "spot":
            raise ValueError("a system pool cannot be spot; use purchase on-demand, or mode user")
        return self

    @model_validator(mode="after")
    def _may_be_on_spot(self) -> Self:
        if self.spot is None:
            return self
        if self.purchase == "spot" and self.spot.share < 1:
            raise ValueError(
                f"purchase is spot, but spot.share is {self.spot.share:g}; use purchase on-demand for a share"
            )
        self.spot.check(self.vm_size, self.mode == "system")
        return self

    @model_validator(mode="after")
    def _os_disk_fits(self) -> Self:
        size = self._size
        if self.os_disk_gib is None and size.vcpus is None:
            raise ValueError(
                f"os_disk_gib is missing; the name {self.vm_size!r} does not tell the vCPU count"
            )
        if self.os_disk == "managed":
            disk_class(self._disk_gib, self._disk_letter)
            return self
        known_gib = local_space_gib(size)
        space_gib = self.local_disk_gib if known_gib is None else known_gib
        if space_gib is None:
            raise ValueError(
                f"whether an ephemeral OS disk of {self._disk_gib:g} GiB fits {self.vm_size} is not known; "
                "give local_disk_gib from the provider's table of the size, or use os_disk managed"
            )
        if self._disk_gib > space_gib:
            raise ValueError(
                f"an ephemeral OS disk of {self._disk_gib:g} GiB does not fit {self.vm_size}, which holds "
                f"{space_gib:g} GiB; choose a smaller os_disk_gib, another size, or os_disk managed"
            )
        return self

    @classmethod
    def example(cls) -> Self:
        """Return three nodes of 8 vCPU."""
        return cls(
            name="app-nodes",
            region="eastus2",
            cluster="cluster",
            vm_size="Standard_D8s_v3",
            nodes=3,
            os_disk="managed",
            zones=3,
        )

    @property
    def billed_nodes(self) -> int:
        """Nodes that are counted: the fixed number, else the autoscaler's minimum."""
        return self.nodes if self.nodes is not None else self.min_nodes or 0

    @property
    def on_spot(self) -> float:
        """Share of the nodes that are on spot."""
        if self.spot is not None:
            return self.spot.share
        return 1.0 if self.purchase == "spot" else 0.0

    @property
    def _promised_nodes(self) -> int:
        """Whole nodes that no eviction takes: only these have an SLA."""
        # 10 nodes at a share of 0.9 are 0.99… in binary; that is one.
        return math.floor(self.billed_nodes * (1 - self.on_spot) + 1e-9)

    @property
    def _size(self) -> VmSize:
        return parse_vm_size(self.vm_size)

    @property
    def _disk_gib(self) -> float:
        """Size of the OS disk. [GiB]"""
        return (
            self.os_disk_gib if self.os_disk_gib is not None else default_os_disk_gib(self._size.vcpus or 0)
        )

    @property
    def _disk_letter(self) -> Literal["P", "E"]:
        return "P" if self._size.takes_premium_disks else "E"

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Node-hours, and the managed OS disks by the month: simulated, fixed, or at the minimum."""
        share = context.share_active(self)
        trace = context.traces.get(self.cluster) if self.nodes is None else None
        averaged = None
        if trace is not None:
            nodes = trace.node_hours(self.name, context.months) / context.months.hours
            averaged = (nodes * context.hours(self), context.hours(self))
            counted: tuple[str, ...] = (
                "min_nodes",
                "max_nodes",
                "scaling.load",
                "scaling.workloads",
                "scaling.cluster",
            )
            how = "{average} nodes on average, simulated,"
        else:
            nodes = np.full(context.months.count, float(self.billed_nodes))
            fixed = self.nodes is not None
            counted = ("nodes",) if fixed else ("min_nodes", "max_nodes")
            how = f"{self.billed_nodes} nodes" + ("" if fixed else " (the minimum, not simulated)")
        compute = self._compute(nodes * context.hours(self), how, ("vm_size", *counted, "purchase"), averaged)
        if self.os_disk == "ephemeral":
            return compute
        size_class = disk_class(self._disk_gib, self._disk_letter)
        stopped = f" and {self.stopped_nodes} stopped" if self.stopped_nodes else ""
        disk = self.line(
            Meter("Storage", _DISK_PRODUCT[self._disk_letter], f"{size_class} LRS", f"{size_class} LRS Disk"),
            (nodes + self.stopped_nodes) * share,
            "Month",
            f"OS disks of {how.rstrip(',')}{stopped}: {self._disk_gib:g} GiB, billed as {size_class}, x months",
            fields=("os_disk", "os_disk_gib", *counted, "stopped_nodes"),
            averaged=averaged,
        )
        return *compute, disk

    def _compute(
        self, node_hours: FloatArray, how: str, fields: tuple[str, ...], averaged: Averaged | None
    ) -> tuple[Usage, ...]:
        """Return the node-hours: all at one option, or split by what spot and its evictions leave."""
        meter = Meter("Virtual Machines", "Linux", self.vm_size, "Compute")
        rule = f"{how} x hours of the month"
        if self.spot is None or not self.spot.share:
            return (
                self.line(
                    meter,
                    node_hours,
                    "Hour",
                    rule,
                    fields=fields,
                    purchase_option=self.purchase,
                    averaged=averaged,
                ),
            )
        effect, fields = self.spot.effect, (*fields, "spot")
        full = 1 - self.spot.share + effect.fallback_share
        lines = [
            self.line(
                meter,
                node_hours * effect.paid_spot_share,
                "Hour",
                f"{rule} x {effect.paid_spot_share:.4g} on spot",
                fields=fields,
                purchase_option="spot",
                averaged=averaged,
            )
        ]
        if full > 0:
            told = f"{rule} x {full:.4g} at the full price, {effect.fallback_share:.4g} of it in place of evicted nodes"
            lines.insert(
                0, self.line(meter, node_hours * full, "Hour", told, fields=fields, averaged=averaged)
            )
        return tuple(lines)

    def warnings(self, context: UsageContext) -> tuple[str, ...]:
        """A pool between two bounds is counted at its minimum where no load is simulated; spot is missing at times."""
        return (*self._counted_at_minimum(context), *self._missing_spot())

    def _missing_spot(self) -> tuple[str, ...]:
        if self.spot is None or not self.spot.share:
            return ()
        effect, kept = self.spot.effect, self._promised_nodes
        promise = "spot has no SLA"
        if effect.share < 1:
            nodes = "1 node" if kept == 1 else f"{kept} nodes"
            promise += (
                f"; what it shows is that of the {nodes} on demand"
                if kept
                else ", and no whole node is on demand"
            )
        return (
            (
                f"{self.name} lacks {effect.lost_share:.2%} of its node-hours while replacements of evicted nodes boot; "
                f"evictions come together, so {effect.share:.0%} of it may be gone at once, and {promise}"
            ),
        )

    def _counted_at_minimum(self, context: UsageContext) -> tuple[str, ...]:
        if self.nodes is not None or self.cluster in context.traces or self.min_nodes == self.max_nodes:
            return ()
        counted = f"{self.name} is counted at its minimum of {self.min_nodes} nodes"
        return (
            f"{counted}, though it may grow to {self.max_nodes}; give nodes, or a trace of {self.cluster}",
        )

    def service_level(self) -> ServiceLevel | None:
        """The SLA of the virtual machines: over zones, or of a single one by its disk.

        Several nodes without zones are no availability set, so only the single-machine promise
        holds for each. Spot nodes have no SLA: of a pool that is partly on spot only the whole nodes on demand count.
        The table has no row for ephemeral disks.
        """
        if self._promised_nodes == 0:
            return None
        if self.zones >= 2 and self._promised_nodes >= 2:
            return ServiceLevel(_VIRTUAL_MACHINES, "any", "2 or more instances across 2 or more zones")
        if self.os_disk == "ephemeral":
            return None
        if self._disk_letter == "P":
            return ServiceLevel(
                _VIRTUAL_MACHINES, "any", "single instance, Premium SSD or Ultra on all disks"
            )
        return ServiceLevel(_VIRTUAL_MACHINES, "any", "single instance, Standard SSD")

    def facts(self, context: UsageContext) -> dict[str, Fact]:
        """Series, zones, and where its room comes from; without a reservation here one may be elsewhere."""
        found: dict[str, Fact] = {
            "vm_series": self._size.series,
            "zone_redundant": self.zones >= 2,
            "capacity_from": "stock",
        }
        least = self.min_nodes if self.min_nodes is not None else self.nodes
        if self.zones and least is not None:
            found["min_nodes_per_zone"] = least / self.zones
        if any(getattr(c, "node_pool", None) == self.name for c in context.of_kind("capacity_reservation")):
            found["capacity_reservation"] = True
        stated = {
            "max_nodes": self.max_nodes,
            "failover_scale_out": self.failover_scale_out,
            "os": self.operating_system,
        }
        return {**found, **{name: value for name, value in stated.items() if value is not None}}

    def problems(self, context: UsageContext) -> tuple[tuple[str, str], ...]:
        """A pool stands in the region of its cluster."""
        cluster = context.components.get(self.cluster)
        if cluster is None or cluster.region == self.region:
            return ()
        near = [c.name for c in context.of_kind("aks_cluster") if c.region == self.region]
        message = (
            f"{self.region!r} is not the region of cluster {self.cluster!r}, {cluster.region!r}; "
            f"clusters in {self.region!r}: {nearest(self.cluster, near)}"
        )
        return (("region", message),)
