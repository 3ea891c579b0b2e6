"""Azure Managed Redis: priced by node of a size; the family of sizes is in the letter."""

from __future__ import annotations

import re
from typing import ClassVar, Literal, Self

from pydantic import field_validator

from agog_capacity.components.base import Component, ServiceLevel, Usage, UsageContext
from agog_capacity.model import Flag, Label, Multiple
from agog_capacity.prices.meter import Meter
from agog_capacity.statements import Fact

_FAMILIES = {"B": "Balanced", "M": "Memory Optimized", "X": "Compute Optimized", "A": "Flash Optimized"}


class ManagedRedis(Component):
    """An Azure Managed Redis: one node of a size, two with high availability."""

    kind: Literal["managed_redis"] = "managed_redis"
    size: Label
    """Size of a node: B balanced, M memory, X compute, A flash, and a number, such as `B3` or `A700`."""
    high_availability: Flag = True
    """Whether a second node holds a copy; without it there is no SLA."""
    zone_redundant: Flag = False
    """Whether the nodes are spread over availability zones."""
    ha_node_multiple: Multiple = 2.0
    """Nodes that are billed with high availability. The field's reading; to be checked against an invoice."""

    title: ClassVar[str] = "Managed Redis"
    rule_kind: ClassVar[str] = "managed_redis"

    @field_validator("size")
    @classmethod
    def _size_is_of_a_family(cls, size: str) -> str:
        if not re.fullmatch(rf"[{''.join(_FAMILIES)}]\d{{1,4}}", size):
            raise ValueError(
                f"size {size[:20]!r} is not one; write B, M, X or A and a number, such as 'B3' or 'A700'"
            )
        return size

    @classmethod
    def example(cls) -> Self:
        """Return a small balanced cache with high availability."""
        return cls(name="managed-cache", region="eastus2", size="B3")

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Node-hours of the cache."""
        nodes = self.ha_node_multiple if self.high_availability else 1.0
        return (
            self.line(
                Meter(
                    "Redis Cache",
                    f"Azure Managed Redis - {_FAMILIES[self.size[0]]}",
                    self.size,
                    f"{self.size} Cache Instance",
                ),
                nodes * context.hours(self),
                "Hour",
                f"{nodes:g} node{'s' * (nodes != 1)} x hours of the month",
                fields=("size", "high_availability", "ha_node_multiple"),
            ),
        )

    def facts(self, context: UsageContext) -> dict[str, Fact]:
        """Family of the size, and zones."""
        return {"tier": _FAMILIES[self.size[0]], "zone_redundant": self.zone_redundant}

    def service_level(self) -> ServiceLevel | None:
        """The SLA by high availability and zones; without high availability a row without a promise."""
        if not self.high_availability:
            return ServiceLevel("Azure Managed Redis", "any", "HA off")
        zones = "zone-redundant" if self.zone_redundant else "no zones"
        return ServiceLevel("Azure Managed Redis", "any, HA on", zones)
