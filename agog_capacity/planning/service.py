"""A scenario as failures see it: regions, roles, who writes, how it fails over and how the other region grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.availability.brownout import Brownout
from agog_capacity.availability.database_section import DatabaseSection
from agog_capacity.availability.failover_plan import (
    FailoverDefaults,
    LognormalSeconds,
    Operator,
    Temperature,
    read_failover_defaults,
)
from agog_capacity.availability.numbers import together
from agog_capacity.availability.service import Database, Mode, Replication, ServiceDesign, lacking
from agog_capacity.components.front_door import FrontDoor
from agog_capacity.components.traffic_manager import TrafficManager
from agog_capacity.design import Design
from agog_capacity.errors import InputError
from agog_capacity.planning.failover import Direction, directions, failover_timelines, standby_pools
from agog_capacity.planning.failover_parts import designed_failover, failover_times
from agog_capacity.planning.simulation import clusters_without_nodes
from agog_capacity.planning.spot_evictions import SpotEvictions, spot_evictions
from agog_capacity.resources import data_directory
from agog_capacity.roles import application_pools, database_servers

if TYPE_CHECKING:
    from agog_capacity.availability.failover_section import FailoverSection
    from agog_capacity.availability.failover_section import Replication as FailoverReplication
    from agog_capacity.availability.scale_up_store import ScaleUpStore
    from agog_capacity.availability.timeline import FailoverTimeline
    from agog_capacity.plan import Plan

MOST_REGIONS = 3
"""That failures are simulated in."""
_NOTHING_RUNS: tuple[Temperature, ...] = ("cold", "pilot-light")
"""Standbys that an own change cannot reach alone: the application is not there before a failover."""


@dataclass(frozen=True)
class Service:
    """A scenario ready for the simulation of failures."""

    design: ServiceDesign
    brownout: Brownout | None
    """How the surviving region grows; None in a single region."""
    timelines: tuple[FailoverTimeline, ...]
    notes: tuple[str, ...]
    evictions: SpotEvictions = field(default_factory=SpotEvictions)
    """Of spot nodes: failures that this scenario meets beside those of the plan."""


def service_of(plan: Plan, scenario: str, *, store: ScaleUpStore | None = None) -> Service:
    """Return a scenario as the simulation of failures takes it.

    Parameters
    ----------
    plan : Plan
    scenario : str
        Name of a scenario; of several regions, with the sections `scaling` and `failover`.
    store : ScaleUpStore, optional
        Where simulated scale-ups are looked up and kept.

    Raises
    ------
    InputError
        If the scenario lacks something that its failover needs, or nothing can serve before any failure.
    """
    design = plan.scenario(scenario).design
    if len(design.regions) > MOST_REGIONS:
        raise InputError(
            f"scenario {scenario!r} has {len(design.regions)} regions; failures are simulated in up to {MOST_REGIONS}"
        )
    together(clusters_without_nodes(design))
    defaults = read_failover_defaults(data_directory() / "availability")
    moved_h = defaults.several_zones.moved_h
    if len(design.regions) == 1:
        evictions = spot_evictions(plan, scenario, _in_order(design))
        alone = _single(design, scenario).replace(
            zone_moved_h=moved_h, severity_of=dict(evictions.severity_of)
        )
        return Service(alone, None, (), (), evictions)
    timelines = failover_timelines(plan, scenario, store=store)
    service = _several(plan, design, scenario, defaults).replace(zone_moved_h=moved_h)
    problems = lacking(service, _has(design, service))
    if problems:
        raise InputError(list(problems))
    notes = [note for timeline in timelines for note in timeline.notes]
    if service.standby in _NOTHING_RUNS and (design.failover is None or design.failover.hits_both is None):
        notes.append(
            "nothing of the application runs in the second region before a failover, so every own change that fails hits "
            "all there is; failover.hits_both would say otherwise"
        )
    brownout = _joined([timeline.brownout for timeline in timelines])
    evictions = spot_evictions(plan, scenario, _in_order(design))
    service = service.replace(severity_of=dict(evictions.severity_of))
    return Service(service, brownout, timelines, tuple(dict.fromkeys(notes)), evictions)


def _single(design: Design, name: str) -> ServiceDesign:
    section = design.failover
    return ServiceDesign(
        name=name,
        regions=1,
        mode="single",
        zone_redundant=_in_zones(design),
        database_standby=_has_standby(design),
        rollout=section.rollout if section is not None else None,
        hits_both=section.hits_both if section is not None else None,
    )


def _several(plan: Plan, design: Design, name: str, defaults: FailoverDefaults) -> ServiceDesign:
    section = design.failover
    if section is None:
        raise InputError("the design does not say how a failover goes; add the section failover")
    serving = [each for each, region in design.regions.items() if region.traffic_share > 0]
    mode: Mode = "active-active" if len(serving) > 1 else "active-passive"
    ways = directions(design)
    found = [
        designed_failover(
            design,
            way.lost,
            way.surviving,
            plan.failure_classes,
            makes_pools=any(pool.is_made for pool in standby_pools(design, way)),
        )
        for way in ways
    ]
    # The way that somebody must walk is the one whose promotion counts.
    slowest = max(found, key=lambda each: (each.operator == "human", each.lag is not None))
    operator: Operator = slowest.operator
    kind, database = _database(design, section) if mode == "active-active" else (None, section.database)
    lagging = any(each.lag is not None for each in found)
    cold = mode == "active-passive" and any(each.restored for each in found)
    copied = section.backup_age if cold else section.replication
    standby: Temperature | None = None
    if mode == "active-passive":
        standby = "cold" if cold else _temperature(design, ways[0])
    return ServiceDesign(
        name=name,
        regions=len(design.regions),
        mode=mode,
        operator=operator,
        standby=standby,
        restore=section.restore if cold else None,
        share=_shares(design) if mode == "active-active" else None,
        database=kind or "homed",
        write_share=_write_share(design, database) if kind == "single-writer" else None,
        conflicts=database.conflicts if database is not None and kind == "multi-writer" else None,
        replication=_replication(copied if lagging else None),
        rollout=section.rollout,
        hits_both=1.0 if standby in _NOTHING_RUNS and section.hits_both is None else section.hits_both,
        zone_redundant=_in_zones(design),
        database_standby=_has_standby(design),
        failover=failover_times(slowest, section, defaults),
    )


def _replication(found: FailoverReplication | None) -> Replication | None:
    if found is None:
        return None
    return Replication(
        healthy=LognormalSeconds(median_s=found.median_s, sigma=found.sigma),
        stalled=found.stalled,
        stalled_max_s=found.noticed_s,
    )


def _database(design: Design, section: FailoverSection) -> tuple[Database, DatabaseSection | None]:
    """Return who writes where several regions serve: as stated, or as the servers stand."""
    if section.database is not None:
        return section.database.kind, section.database
    writers = {c.region for c in database_servers(design.components) if c.replica_of is None}
    return ("single-writer" if len(writers) < 2 else "homed"), None


def _write_share(design: Design, database: DatabaseSection | None) -> float:
    if database is not None and database.write_share is not None:
        return database.write_share
    if design.latency is not None:
        return design.latency.write_share
    raise InputError(
        "several regions serve and one writes: say which share of the requests writes, as failover.database.write_share "
        "or latency.write_share"
    )


def _in_zones(design: Design) -> bool:
    pools = application_pools(design.components)
    return bool(pools) and all(pool.zones > 1 for pool in pools)


def _has_standby(design: Design) -> bool:
    writers = [server for server in database_servers(design.components) if server.replica_of is None]
    return all(server.high_availability != "none" for server in writers)


def _in_order(design: Design) -> list[str]:
    """Return the regions as a service counts them: the one that serves first; of several the one that writes."""
    serving = {name for name, region in design.regions.items() if region.traffic_share > 0}
    writes = {server.region for server in database_servers(design.components) if server.replica_of is None}
    first = writes if len(serving) > 1 else serving
    return sorted(design.regions, key=lambda name: name not in first)


def _shares(design: Design) -> tuple[float, ...]:
    """Return the share of each region, the one that writes first: there a single writer is."""
    shares = [design.regions[name].traffic_share for name in _in_order(design)]
    return (*shares[:-1], max(0.0, 1.0 - sum(shares[:-1])))


def _temperature(design: Design, way: Direction) -> Temperature:
    pools = standby_pools(design, way)
    if any(pool.is_made for pool in pools) or not any(pool.first for pool in pools):
        return "pilot-light"
    serving = [pool for pool in application_pools(design.components) if pool.region == way.lost]
    as_many = sum(p.first for p in pools) >= sum(p.billed_nodes for p in serving)
    return "hot" if as_many else "warm"


def _has(design: Design, service: ServiceDesign) -> set[str]:
    """Return what a design has, in the words of what services need."""
    components = list(design.components.values())
    regions = [name for name, region in design.regions.items() if region.traffic_share > 0]
    pools = {pool.region for pool in application_pools(design.components)}
    standby = [name for name in design.regions if name not in regions]
    named = design.failover.database.node_pools if design.failover and design.failover.database else ()
    database = {design.components[name].region for name in named if name in design.components}
    known = {
        "global-routing": any(isinstance(c, FrontDoor | TrafficManager) for c in components),
        "zone-redundant-nodes": service.zone_redundant,
        "database-standby": service.database_standby,
        "database-replica": any(
            server.replica_of is not None for server in database_servers(design.components)
        ),
        "geo-backup": any(server.copied_to_pair for server in database_servers(design.components)),
        "standby-nodes": bool(standby) and any(name in pools for name in standby),
        "nodes-in-every-region": all(name in pools for name in regions),
        "database-on-nodes": bool(named) and set(design.regions) <= database,
    }
    return {what for what, there in known.items() if there}


def _joined(brownouts: Sequence[Brownout]) -> Brownout:
    """Return the courses of all directions as one table: which region is lost is as likely for each."""
    if len(brownouts) == 1:
        return brownouts[0]
    steps = max(each.lengths_h.shape[1] for each in brownouts)
    courses = max(len(each.afterwards) for each in brownouts)

    def wide(table: np.ndarray, fill: float) -> np.ndarray:
        return np.pad(table, ((0, 0), (0, steps - table.shape[1])), constant_values=fill)

    # Each direction gets as many rows, so that each is as likely.
    picks = [np.arange(courses) % len(each.afterwards) for each in brownouts]
    return Brownout(
        np.concatenate([wide(e.lengths_h, 0.0)[p] for e, p in zip(brownouts, picks, strict=True)]),
        np.concatenate([wide(e.served, 1.0)[p] for e, p in zip(brownouts, picks, strict=True)]),
        np.concatenate([e.afterwards[p] for e, p in zip(brownouts, picks, strict=True)]),
        np.concatenate([e.stuck[p] for e, p in zip(brownouts, picks, strict=True)]),
    )
