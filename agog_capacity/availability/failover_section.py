"""The part of a design that says how a failover goes: who decides, how long steps take, what can go wrong.

Hardly any of it is measured anywhere, so a plan names each number as an input with its reason. What a
component says is not said again here: Front Door's probe interval, what promotes a replica, whether a
cache is linked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from agog_capacity.availability.data_loss import ReplicationLag
from agog_capacity.availability.database_section import DatabaseSection
from agog_capacity.availability.failover import Probe
from agog_capacity.availability.failover_plan import (
    Coverage,
    Decision,
    Failback,
    LognormalHours,
    LognormalSeconds,
    Operator,
    Rollout,
)
from agog_capacity.availability.lengths import Lognormal, Uniform
from agog_capacity.availability.worth import FailoverWorth
from agog_capacity.components.base import Component
from agog_capacity.components.front_door import FrontDoor
from agog_capacity.components.node_pool import NodePool
from agog_capacity.components.traffic_manager import TrafficManager
from agog_capacity.errors import nearest
from agog_capacity.model import Count, Fraction, In, Model, Name, PositiveCount, Seconds
from agog_capacity.roles import running_vcpus
from agog_capacity.topology import Region

Sigma = Annotated[float, Field(strict=True, gt=0, le=5), In("of the logarithm")]

TRAFFIC_MANAGER_INTERVALS_S = {False: 30.0, True: 10.0}
"""Between two probes, by whether fast probing is bought. [s]

Source: learn.microsoft.com/azure/traffic-manager/traffic-manager-monitoring, as in the table of constraints."""


_LATEST_DETECTION_S = 604_800.0
"""A week. [s]"""


class GrayFailure(Model):
    """Failures that no probe sees: a rule on the rate of errors finds them."""

    share: Fraction
    """Share of the failures that are gray."""
    window_s: Seconds
    """For how long the rate of errors must be high."""
    evaluated_every_s: Seconds
    """Time between two looks at it."""

    @model_validator(mode="after")
    def _ends(self) -> Self:
        latest = self.window_s + self.evaluated_every_s
        if latest > _LATEST_DETECTION_S:
            raise ValueError(
                f"window_s and evaluated_every_s come to {latest:,.0f} s; a failure that is not seen within "
                f"{_LATEST_DETECTION_S:,.0f} s is over before: shorten them"
            )
        return self

    @property
    def length(self) -> Uniform:
        """From the failure to its detection. [s]"""
        return Uniform(self.window_s, self.window_s + self.evaluated_every_s)


class Detection(Model):
    """Whose probes find that a region is lost, and after how many failures."""

    router: Name | None = None
    """Front Door or Traffic Manager of the design; needed where it has both, since one of them detects."""
    samples: PositiveCount | None = None
    """Front Door: last probes that are looked at."""
    needed: PositiveCount | None = None
    """Front Door: how many of them must have succeeded."""
    tolerated_failures: Count | None = None
    """Traffic Manager: failed probes in a row that are endured; one more is a failure."""
    timeout_s: Seconds
    """Until a probe without an answer has failed."""
    gray: GrayFailure | None = None
    """Failures that probes do not see; left out, there are none."""

    @model_validator(mode="after")
    def _one_way_to_count(self) -> Self:
        if (self.samples is None) != (self.needed is None):
            raise ValueError("samples and needed belong together: of the last samples, so many must succeed")
        if self.samples is not None and self.tolerated_failures is not None:
            raise ValueError(
                "samples and needed are Front Door's, tolerated_failures is Traffic Manager's; one of the two "
                "detects a failure: keep one"
            )
        if self.samples is None and self.tolerated_failures is None:
            raise ValueError("give samples and needed (Front Door), or tolerated_failures (Traffic Manager)")
        if self.samples is not None and self.needed is not None and self.needed > self.samples:
            raise ValueError(f"needed {self.needed} is above samples {self.samples}; at most all can succeed")
        return self


class CacheSwitch(Model):
    """What becomes of the cache."""

    switch: LognormalSeconds | None = None
    """Until a linked copy is the primary; needed where a cache of the design is linked."""
    create: LognormalSeconds | None = None
    """Until a cache exists where the surviving region has none; needed there."""
    warm_up: LognormalSeconds | None = None
    """Until a cache without the data of the lost one serves as before; left out, a cold cache costs no time."""


class Capacity(Model):
    """Whether and how fast the surviving region gets nodes while all others want some too."""

    not_available: Fraction
    """Chance that no node can be had beyond those that run or are reserved."""
    node_boot: LognormalSeconds | None = None
    """From the request of a node to a node that takes pods, in such an hour; left out, as on any day."""
    pool: LognormalSeconds | None = None
    """Until a node pool has been made; needed where the surviving region has none for the applications."""
    cluster: LognormalSeconds | None = None
    """Until a cluster has been made; needed where the surviving region has none."""
    vcpu_quota: dict[Name, PositiveCount] = Field(default_factory=dict)
    """Most vCPU that the subscription may run in a region, by region; left out, the pools' bounds decide."""

    @model_validator(mode="after")
    def _boots_as_nodes_can(self) -> Self:
        if self.node_boot is not None and (self.node_boot.median_s > 7200 or self.node_boot.sigma > 2):
            raise ValueError(
                f"node_boot with a median of {self.node_boot.median_s:g} s and sigma {self.node_boot.sigma:g}: nodes are "
                "simulated up to 7,200 s and sigma 2; say with not_available that they do not come"
            )
        return self


class Replication(Model):
    """How far a copy in another region is behind when the original is lost: a replica, or the newest backup."""

    median_s: Seconds
    """Lag while all goes well."""
    sigma: Sigma
    """Spread of its logarithm."""
    stalled: Fraction
    """Share of the time in which nothing is copied."""
    noticed_s: Seconds
    """Until a standstill is noticed and ended."""

    @property
    def lag(self) -> ReplicationLag:
        """The lag at a random instant. [s]"""
        return ReplicationLag(Lognormal(self.median_s, self.sigma), self.stalled, self.noticed_s)


class FailoverSection(Model):
    """How a failover of the design goes."""

    operator: Operator
    """Who carries a failover out. A replica that neither automation nor a person promotes counts as human."""
    detection: Detection
    decide: Decision
    promote: LognormalSeconds | None = None
    """Until a replica of the database takes writes; needed unless the database comes back from a backup."""
    restore: LognormalHours | None = None
    """Until the database is back from a geo-redundant backup; needed where a passive region has no replica."""
    backup_age: Replication | None = None
    """How old the newest backup in the other region is; needed where the database comes back from it."""
    dns_ttl_s: Seconds | None = None
    """Time to live of DNS answers; only where Traffic Manager routes. Front Door is reached by anycast."""
    cache: CacheSwitch = CacheSwitch()
    coverage: Coverage
    manual: LognormalHours
    """What a failover takes longer that does not succeed as planned."""
    capacity: Capacity
    replication: Replication | None = None
    """Lag of the replica; needed unless the database comes back from a backup."""
    database: DatabaseSection | None = None
    """Who writes, where several regions serve; left out, it follows from the servers."""
    overload: Literal["shed", "collapse"]
    """What an overloaded region does: serve what it can, or, as where clients retry, nothing."""
    rollout: Rollout
    """How own changes reach the regions."""
    hits_both: Fraction | None = None
    """Chance that an own change hits both regions; left out, that of the rollout, or 1 where the application does not run
    in the second region before a failover."""
    failback: Failback
    worth: FailoverWorth | None = None
    """How sure coverage, the chance of no node, the way back and the times are, such as from drills. Given, it replaces
    the library's as a whole: what it leaves out is taken as certain."""
    courses: Annotated[int, Field(strict=True, ge=1, le=4096), In("count")] = 96
    """Failovers that are carried through the autoscaler."""
    seed: Annotated[int, Field(strict=True, ge=0, le=2**31)] = 0
    """Of times, boot times and lengths."""

    def problems(
        self, components: Mapping[str, Component], regions: Mapping[str, Region]
    ) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield what does not fit the design around the section, as (place inside it, message)."""
        router = router_of(self, components)
        yield from _router_problems(self, router, components)
        if isinstance(router, TrafficManager) and self.dns_ttl_s is None:
            yield (
                ("dns_ttl_s",),
                f"is missing; {router.name!r} answers DNS, and clients keep its answers that long",
            )
        if isinstance(router, FrontDoor) and self.dns_ttl_s is not None:
            message = (
                f"is for Traffic Manager; {router.name!r} is reached by anycast, its probes alone decide: "
                "leave dns_ttl_s out"
            )
            yield ("dns_ttl_s",), message
        if self.database is not None:
            for index, name in enumerate(self.database.node_pools):
                pools = [c.name for c in components.values() if isinstance(c, NodePool)]
                if name not in pools:
                    message = f"{name!r} is not a node pool of the design; {nearest(name, pools)}"
                    yield ("database", "node_pools", str(index)), message
        for region, quota in self.capacity.vcpu_quota.items():
            yield from _quota_problems(region, quota, components, regions)


def router_of(
    section: FailoverSection, components: Mapping[str, Component]
) -> FrontDoor | TrafficManager | None:
    """Return the one component whose probes detect a failure; None where that is not settled."""
    routers = [c for c in components.values() if isinstance(c, FrontDoor | TrafficManager)]
    if section.detection.router is not None:
        return next((router for router in routers if router.name == section.detection.router), None)
    return routers[0] if len(routers) == 1 else None


def probe_of(section: FailoverSection, router: FrontDoor | TrafficManager) -> Probe:
    """Return the health check that detects a lost region.

    Parameters
    ----------
    section : FailoverSection
        Checked against the design.
    router : FrontDoor or TrafficManager
    """
    found = section.detection
    if isinstance(router, FrontDoor):
        return Probe.of_samples(
            router.probe_interval_s or 0.0, found.samples or 0, found.needed or 0, found.timeout_s
        )
    interval = TRAFFIC_MANAGER_INTERVALS_S[router.fast_interval]
    return Probe(interval, found.tolerated_failures or 0, found.timeout_s)


def _router_problems(
    section: FailoverSection,
    router: FrontDoor | TrafficManager | None,
    components: Mapping[str, Component],
) -> Iterator[tuple[tuple[str, ...], str]]:
    place = ("detection", "router")
    names = [c.name for c in components.values() if isinstance(c, FrontDoor | TrafficManager)]
    wanted = section.detection.router
    if router is None and wanted is not None:
        yield place, f"{wanted!r} is no Front Door or Traffic Manager of the design; {nearest(wanted, names)}"
    elif router is None and not names:
        yield place, "no component detects a lost region; add a front_door or a traffic_manager"
    elif router is None:
        listed = " and ".join(map(repr, names))
        yield place, f"{listed} both probe the regions, and only one of them detects; name it as router"
    if isinstance(router, FrontDoor):
        if section.detection.samples is None:
            message = (
                f"is Traffic Manager's way to count, and {router.name!r} detects; give samples and needed"
            )
            yield ("detection", "tolerated_failures"), message
        if router.probe_interval_s is None:
            yield (
                place,
                f"{router.name!r} has no probe_interval_s, and its default depends on the tool; set it there",
            )
    if isinstance(router, TrafficManager) and section.detection.tolerated_failures is None:
        message = f"is Front Door's way to count, and {router.name!r} detects; give tolerated_failures"
        yield ("detection", "samples"), message


def _quota_problems(
    region: str, quota: int, components: Mapping[str, Component], regions: Mapping[str, Region]
) -> Iterator[tuple[tuple[str, ...], str]]:
    place = ("capacity", "vcpu_quota", region)
    if region not in regions:
        yield place, f"{region!r} is not a region of the design; {nearest(region, regions)}"
        return
    running = running_vcpus(components, region)
    if running > quota:
        message = (
            f"{quota} vCPU are fewer than the {running} that the node pools of {region!r} run before anything "
            "fails; raise the quota or lower the standby"
        )
        yield place, message
