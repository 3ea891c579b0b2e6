"""Azure Cache for Redis: priced by node, a whole cache is one or more of them.

What a tier cannot do, such as persistence or geo-replication below Premium, is accepted here: it
does not change the bill, and the limits of the tiers are reported with the availability.
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import model_validator

from agog_capacity.components.base import Component, RefersTo, ServiceLevel, Usage, UsageContext
from agog_capacity.model import Count, Flag, GbPerDay, Label, Name, PositiveCount
from agog_capacity.prices.meter import Meter
from agog_capacity.statements import Fact

# Sizes of the provider's price page, in its GB.
_DATA_GB = {
    "C0": 0.25, "C1": 1.0, "C2": 2.5, "C3": 6.0, "C4": 13.0, "C5": 26.0, "C6": 53.0,
    "P1": 6.0, "P2": 13.0, "P3": 26.0, "P4": 53.0, "P5": 120.0,
}  # fmt: skip
_SIZES = {"Basic": "C[0-6]", "Standard": "C[0-6]", "Premium": "P[1-5]"}


class RedisCache(Component):
    """An Azure Cache for Redis: Basic one node, Standard two, Premium two a shard and each further replica."""

    kind: Literal["redis_cache"] = "redis_cache"
    tier: Literal["Basic", "Standard", "Premium"]
    """Pricing tier; decides how many nodes there are."""
    size: Label
    """Size of each node: `C0` to `C6` for Basic and Standard, `P1` to `P5` for Premium."""
    shards: PositiveCount = 1
    """Parts the data are split into, each with its own nodes; Premium only."""
    extra_replicas: Count = 0
    """Replicas of each shard beyond the first; Premium only."""
    zone_redundant: Flag = False
    """Whether the nodes are spread over availability zones."""
    persistence: Literal["none", "rdb", "aof"] = "none"
    """Copy of the data on disk: none, snapshots, or a log of every write."""
    geo_replication_with: Annotated[Name | None, RefersTo("redis_cache")] = None
    """Primary cache in another region whose linked copy this one is; set on the copy only."""
    geo_replication_gb_per_day: GbPerDay | None = None
    """What the primary sends to this copy; needed where they stand in different regions."""
    geo_failover: Literal["manual", "automatic"] | None = None
    """What makes a linked copy the primary when its region is lost."""

    title: ClassVar[str] = "Redis"
    rule_kind: ClassVar[str] = "redis_cache"

    @model_validator(mode="after")
    def _size_is_of_the_tier(self) -> Self:
        if not re.fullmatch(_SIZES[self.tier], self.size):
            low, high = (
                _SIZES[self.tier][0] + _SIZES[self.tier][2],
                _SIZES[self.tier][0] + _SIZES[self.tier][4],
            )
            raise ValueError(
                f"size {self.size[:20]!r} is not one of tier {self.tier}; choose {low} to {high}"
            )
        if self.tier != "Premium" and (self.shards > 1 or self.extra_replicas):
            raise ValueError(
                f"shards and extra_replicas are for tier Premium; leave them out for {self.tier}"
            )
        if self.geo_replication_with is None and self.geo_replication_gb_per_day is not None:
            raise ValueError(
                "geo_replication_gb_per_day is for a linked copy; set it beside geo_replication_with"
            )
        return self

    @classmethod
    def example(cls) -> Self:
        """Return a cache of two nodes."""
        return cls(name="cache", region="eastus2", tier="Standard", size="C3")

    @property
    def node_count(self) -> int:
        """Nodes of the whole cache."""
        if self.tier == "Basic":
            return 1
        return self.shards * (2 + self.extra_replicas)

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Node-hours of the cache."""
        return (
            self.line(
                Meter(
                    "Redis Cache", f"Azure Redis Cache {self.tier}", self.size, f"{self.size} Cache Instance"
                ),
                self.node_count * context.hours(self),
                "Hour",
                f"{self.node_count} node{'s' * (self.node_count > 1)} x hours of the month",
                fields=("tier", "size", "shards", "extra_replicas"),
            ),
        )

    def service_level(self) -> ServiceLevel | None:
        """The SLA by tier and zones; Basic is a row without a promise."""
        configuration = {
            "Basic": "single node",
            "Standard": "zone-redundant" if self.zone_redundant else "two nodes",
            "Premium": "zone-redundant" if self.zone_redundant else "two or more nodes, no zones",
        }
        return ServiceLevel("Azure Cache for Redis", self.tier, configuration[self.tier])

    def facts(self, context: UsageContext) -> dict[str, Fact]:
        """Tier, persistence, zones, and how it is linked."""
        linked = self.geo_replication_with is not None or any(
            isinstance(other, RedisCache) and other.geo_replication_with == self.name
            for other in context.components.values()
        )
        found: dict[str, Fact] = {
            "tier": self.tier,
            "persistence": self.persistence,
            "zone_redundant": self.zone_redundant,
            "geo_replication": linked,
        }
        if self.geo_failover is not None:
            found["geo_failover"] = self.geo_failover
        primary = context.components.get(self.geo_replication_with or "")
        if isinstance(primary, RedisCache):
            found["secondary_size_ratio"] = self.data_gb / primary.data_gb
        return found

    @property
    def data_gb(self) -> float:
        """Data it can hold: that of a size, for each shard. [GB]"""
        return _DATA_GB[self.size] * self.shards

    @property
    def copy_of(self) -> str | None:
        return self.geo_replication_with

    def problems(self, context: UsageContext) -> tuple[tuple[str, str], ...]:
        """Traffic to a linked copy in another region needs a volume and a meter.

        Below Premium no data flow, so nothing is asked for.
        """
        primary = context.components.get(self.geo_replication_with) if self.geo_replication_with else None
        if not isinstance(primary, RedisCache) or primary.region == self.region or self.tier != "Premium":
            return ()
        found = []
        if self.geo_replication_gb_per_day is None:
            message = f"is missing; what the primary {primary.name!r} sends from {primary.region!r} is billed"
            found.append(("geo_replication_gb_per_day", message))
        if not context.of_kind("bandwidth"):
            ends = f"{primary.region!r} to {self.region!r}"
            message = f"sends data from {ends}, which nothing meters; add a component of kind bandwidth"
            found.append(("geo_replication_with", message))
        return tuple(found)
