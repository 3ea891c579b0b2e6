"""What a design has for each step of a failover, read off its components and its section `failover`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agog_capacity.availability.data_loss import ReplicationLag
from agog_capacity.availability.failover_plan import FailoverDefaults, FailoverTimes, LognormalHours, Operator
from agog_capacity.availability.failover_section import FailoverSection, probe_of, router_of
from agog_capacity.availability.failures import FailureClass
from agog_capacity.availability.lengths import Fixed, Length, Lognormal
from agog_capacity.availability.timeline import FailoverParts
from agog_capacity.components.base import Component
from agog_capacity.components.managed_redis import ManagedRedis
from agog_capacity.components.postgres import PostgresFlexibleServer
from agog_capacity.components.redis_cache import RedisCache
from agog_capacity.components.traffic_manager import TrafficManager
from agog_capacity.design import Design
from agog_capacity.errors import InputError, Problem
from agog_capacity.planning.failover_data import database_source, restored_note
from agog_capacity.units import HOURS_PER_YEAR


@dataclass(frozen=True)
class DesignedFailover:
    """The steps of a failover as a design has them."""

    parts: FailoverParts
    operator: Operator
    """Who carries it out in the end."""
    lag: ReplicationLag | None
    """Of the replica that is promoted, or the age of the backup; None where no data are lost. [s]"""
    notes: tuple[str, ...]
    """What to know of it, in sentences."""

    @property
    def restored(self) -> bool:
        """Whether the database comes back from a backup, as in a cold design."""
        return self.parts.restore is not None


def designed_failover(
    design: Design,
    lost: str,
    surviving: str,
    classes: Mapping[str, FailureClass],
    *,
    makes_pools: bool = False,
) -> DesignedFailover:
    """Return what a design has for the failover from one region to another.

    Parameters
    ----------
    design : Design
        With the section `failover`.
    lost, surviving : str
        Regions of the design.
    classes : mapping of str to FailureClass
        For the control plane, which promotion and scale-up need.
    makes_pools : bool
        Whether the surviving region must make its node pools first, which somebody must start.

    Raises
    ------
    InputError
        With everything that the design lacks for it.
    """
    section = _section(design)
    problems: list[Problem] = []
    notes: list[str] = []
    router = router_of(section, design.components)
    if router is None:  # a design that was built by hand; plans are checked when they are read
        raise InputError(
            "no component detects a lost region, or two do; name one as failover.detection.router"
        )
    source = database_source(design, lost, surviving, problems)
    replica, restored = source.replica, source.restored
    cache = _cache(design, section, lost, surviving, problems, notes)
    if problems:
        raise InputError(problems)
    operator = _operator(section, replica, notes)
    waits = replica is not None or restored is not None or makes_pools or cache.is_switched_by_hand
    if not waits:
        operator = "automated"
        notes.append(f"nothing is promoted or made in {surviving}: {router.name} moves the traffic by itself")
    gray = section.detection.gray
    blocked = _blocked(classes) if waits else {}
    if blocked:
        listed = ", ".join(f"{name} ({share:.2g} of the time)" for name, share in blocked.items())
        act = "promotion" if restored is None else "restore"
        notes.append(
            f"{act} and scale-up need what {listed} takes away; a failover that begins then goes to people"
        )
    notes.append(f"{router.name} detects; its probes alone are counted")
    parts = FailoverParts(
        detect=probe_of(section, router).detection,
        gray=None if gray is None else gray.length,
        gray_share=0.0 if gray is None else gray.share,
        decide=_decision(section, operator) if waits else None,
        route=Fixed(section.dns_ttl_s or 0.0) if isinstance(router, TrafficManager) else None,
        promote=None if replica is None or section.promote is None else section.promote.length,
        restore=None if restored is None or section.restore is None else _in_seconds(section.restore),
        cache=cache.switch,
        warm_up=cache.warm_up,
        coverage=section.coverage.of(operator),
        manual=_in_seconds(section.manual),
        p_blocked=min(1.0, sum(blocked.values())),
        p_no_capacity=section.capacity.not_available,
    )
    lag = None if replica is None or section.replication is None else section.replication.lag
    if restored is not None and section.backup_age is not None:
        lag = section.backup_age.lag
        notes.append(restored_note(restored, lost, surviving))
    if lag is None:
        notes.append(f"{lost} holds no writer of a database, so no write is lost with it")
    return DesignedFailover(parts, operator, lag, tuple(notes))


def failover_times(
    found: DesignedFailover, section: FailoverSection, defaults: FailoverDefaults
) -> FailoverTimes:
    """Return the same steps as the simulation of failures takes them.

    Parameters
    ----------
    found : DesignedFailover
    section : FailoverSection
    defaults : FailoverDefaults
        For what a section does not say: the time to rebuild the database's protection, elections of a quorum, how sure
        the numbers are.
    """
    parts, gray = found.parts, section.detection.gray
    low = parts.detect.quantile(1e-12)
    has_writer = parts.promote is not None or found.restored
    values = {
        "detect": {"low_s": low, "high_s": max(low, 2 * parts.detect.mean - low)},
        "gray": None if gray is None else {
            "share": gray.share, "low_s": gray.length.low, "high_s": gray.length.high
        },
        "decide": section.decide.model_dump(),
        # Left out only where a restore takes its place.
        **({} if section.promote is None else {"promote": section.promote.model_dump()}),
        "dns_ttl_s": 0.0 if parts.route is None else parts.route.mean,
        "cache": None if parts.cache is None or not has_writer else {
            "median_s": parts.cache.quantile(0.5), "sigma": getattr(parts.cache, "sigma", 0.5)
        },
        "coverage": section.coverage.model_dump(),
        "manual": section.manual.model_dump(),
        "p_no_capacity": section.capacity.not_available,
        "failback": section.failback.model_dump(),
        "worth": (section.worth or defaults.times.worth).model_dump(),
    }  # fmt: skip
    return FailoverTimes.model_validate({**defaults.times.model_dump(), **values})


def _section(design: Design) -> FailoverSection:
    if design.failover is None:
        raise InputError("the design does not say how a failover goes; add the section failover")
    return design.failover


def _in_seconds(hours: LognormalHours) -> Length:
    return Lognormal(hours.median_h * 3600, hours.sigma)


def _decision(section: FailoverSection, operator: Operator) -> Length:
    return section.decide.human.length if operator == "human" else Fixed(section.decide.automated_s)


def _blocked(classes: Mapping[str, FailureClass]) -> dict[str, float]:
    """Return the share of time in which a class blocks failovers."""
    return {
        name: found.events_per_year * found.lengths.mean / HOURS_PER_YEAR
        for name, found in classes.items()
        if found.blocks_failover and found.exposure > 0
    }


def _operator(section: FailoverSection, replica: PostgresFlexibleServer | None, notes: list[str]) -> Operator:
    """Return who carries the failover out: automation only where something of it promotes the replica."""
    if replica is None or replica.promotion_trigger == "automation":
        return section.operator
    if section.operator == "automated":
        trigger = replica.promotion_trigger or "nothing that is stated"
        notes.append(
            f"the failover is called automated, but {replica.name} is promoted by {trigger}; the provider does not "
            "promote a replica of another region, so a person decides"
        )
    return "human"


@dataclass(frozen=True)
class _Cache:
    switch: Length | None = None
    warm_up: Length | None = None
    is_switched_by_hand: bool = False


def _cache(
    design: Design,
    section: FailoverSection,
    lost: str,
    surviving: str,
    problems: list[Problem],
    notes: list[str],
) -> _Cache:
    """Return what the cache adds: the switch of a linked copy, the making of one, or the warming of a cold one."""
    mine, theirs = list(_caches(design, surviving)), list(_caches(design, lost))
    warm_up = section.cache.warm_up.length if section.cache.warm_up is not None else None
    if not theirs:
        return _Cache()
    if not mine:
        if section.cache.create is None:
            message = f"is missing; {surviving!r} has no cache, and {lost!r} has {theirs[0].name!r}"
            problems.append(Problem(message, path="failover.cache.create"))
            return _Cache()
        return _Cache(section.cache.create.length, warm_up, is_switched_by_hand=True)
    linked = [c for c in mine if isinstance(c, RedisCache) and c.copy_of in {other.name for other in theirs}]
    copies = [c for c in linked if c.tier == "Premium"]
    for c in linked:
        if c.tier != "Premium":
            notes.append(
                f"{c.name} is of tier {c.tier}, which has no geo-replication: it holds nothing of the lost one"
            )
    if not copies:
        # A region with traffic of its own has a cache that is warm.
        return _Cache(warm_up=None if design.regions[surviving].traffic_share > 0 else warm_up)
    if section.cache.switch is None:
        message = f"is missing; {copies[0].name!r} is a linked copy that must become the primary"
        problems.append(Problem(message, path="failover.cache.switch"))
        return _Cache()
    return _Cache(section.cache.switch.length, is_switched_by_hand=True)


def _caches(design: Design, region: str) -> Iterator[Component]:
    for component in design.components.values():
        if isinstance(component, RedisCache | ManagedRedis) and component.region == region:
            yield component
