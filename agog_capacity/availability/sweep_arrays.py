"""From the environment and the designs to the arrays that the sweep reads."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from agog_capacity.availability.brownout import Brownout
from agog_capacity.availability.design_draws import design_draws, draws_capacity
from agog_capacity.availability.environment import Environment
from agog_capacity.availability.failover_plan import (
    FailoverDefaults,
    FailoverTimes,
    LognormalHours,
    LognormalSeconds,
)
from agog_capacity.availability.service import SECONDS_PER_HOUR, ServiceDesign
from agog_capacity.availability.standby import brownout_of, hits_both_of, promotion_of, server_factor_of
from agog_capacity.availability.sweep_events import (
    CHANGE,
    GLOBAL,
    REGION,
    ZONE,
    Cursor,
    Events,
    Kinds,
    Streams,
)
from agog_capacity.availability.sweep_work import (
    ACTIVE_ACTIVE,
    ACTIVE_PASSIVE,
    DESIGN,
    HOMED,
    MAXIMUM_REGIONS,
    MAXIMUM_STAGES,
    MULTI_WRITER,
    QUORUM,
    SINGLE,
    SINGLE_WRITER,
    Courses,
)
from agog_capacity.periods import FloatArray

_SCOPES = {"zone": ZONE, "region": REGION, "global": GLOBAL, "change": CHANGE}
_MODES = {"single": SINGLE, "active-passive": ACTIVE_PASSIVE, "active-active": ACTIVE_ACTIVE}
_DATABASES = {
    "homed": HOMED,
    "single-writer": SINGLE_WRITER,
    "multi-writer": MULTI_WRITER,
    "quorum": QUORUM,
}


def streams_of(world: Environment) -> Streams:
    """Return the streams of an environment as arrays."""
    number = {name: i for i, name in enumerate(world.classes)}
    return Streams(
        key=np.array([s.key for s in world.streams], dtype=np.uint64),
        per_year=np.ascontiguousarray(world.per_year),
        kind=np.array([number[s.failure_class] for s in world.streams]),
        region=np.array([s.region for s in world.streams]),
    )


def kinds_of(world: Environment, designs: Sequence[ServiceDesign] = ()) -> Kinds:
    """Return the failure classes of an environment as arrays, with what designs say of their severity."""
    classes = list(world.classes.values())
    return Kinds(
        scope=np.array([_SCOPES[c.scope] for c in classes]),
        severity=np.ascontiguousarray(world.severities),
        stated=np.array([c.severity for c in classes]),
        log_median=np.ascontiguousarray(world.log_medians),
        sigma=np.array([c.length.sigma for c in classes]),
        fails_over=np.array([int(c.failover) for c in classes]),
        blocks=np.array([int(c.blocks_failover) for c in classes]),
        server=np.array([int(c.per == "server-year") for c in classes]),
        own=_own_severities(designs, world.classes),
    )


def _own_severities(designs: Sequence[ServiceDesign], classes: Collection[str]) -> FloatArray:
    found = np.full((len(designs), len(classes), MAXIMUM_REGIONS), -1.0)
    number = {name: i for i, name in enumerate(classes)}
    for d, design in enumerate(designs):
        for name, by_region in design.severity_of.items():
            found[d, number[name], : design.regions] = by_region
    return found


def cursor_of(world: Environment) -> Cursor:
    """Return a place for where the streams stand."""
    count = len(world.streams)
    return Cursor(np.zeros(count), np.zeros(count, np.int64), np.zeros(count))


def events_of(count: int) -> Events:
    """Return a place for the events of a year."""
    kind, region, stream, number = np.zeros((4, count), np.int64)
    start, end, hit, which = np.zeros((4, count))
    return Events(start, end, kind, region, stream, number, hit, which)


class Designs(NamedTuple):
    """Designs as the sweep takes them, with a row for each outer draw, or one where nothing of them is drawn."""

    table: Any
    """Records, shape (rows, designs)."""
    hits_both: FloatArray
    """Chance that a class of own changes hits all regions, shape (rows, designs, classes)."""
    courses: Courses
    """Of the brownouts, one below the other."""
    drawn: tuple[Mapping[tuple[str, str], FloatArray], ...]
    """What is drawn of each design, by class or `failover`, and parameter."""
    certain: tuple[tuple[str, ...], ...]
    """Numbers of the failovers of each that matter and are taken as they stand."""


def designs_of(
    designs: Sequence[ServiceDesign],
    world: Environment,
    defaults: FailoverDefaults,
    brownouts: Mapping[str, Brownout],
    *,
    recovery_target_h: float,
    data_target_h: float,
) -> Designs:
    """Return designs as the sweep takes them."""
    courses = [brownout_of(design, defaults, brownouts) for design in designs]
    if world.rates_drawn:
        courses = [
            growth.stuck_last if draws_capacity(design, defaults, growth) else growth
            for design, growth in zip(designs, courses, strict=True)
        ]
    rows: list[dict[str, Any]] = [
        {
            **_shape(design, defaults),
            **_failover(design, defaults),
            **_way_back(design, defaults),
            **_lag(design),
            "number": number,
            "recovery_target": recovery_target_h,
            "data_target": data_target_h,
            "course_first": sum(len(c.afterwards) for c in courses[:number]),
            "course_count": len(courses[number].afterwards),
            "by_course": int(design.name in brownouts),
            "growth": 1.0,
            "stuck": -1.0,
            "growing": int((~courses[number].stuck).sum()),
        }
        for number, design in enumerate(designs)
    ]
    draws = [
        design_draws(design, world, defaults, growth, row)
        for design, growth, row in zip(designs, courses, rows, strict=True)
    ]
    count = world.draws if any(each.drawn for each in draws) else 1
    table = np.zeros((count, len(designs)), DESIGN)
    hits_both = np.empty((count, len(designs), len(world.classes)))
    for number, (design, row, each) in enumerate(zip(designs, rows, draws, strict=True)):
        for name, value in {**row, **each.fields}.items():
            # A number for each draw stands in the column; what is certain is the same in all rows.
            table[name][:, number] = value
        for column, (name, c) in enumerate(world.classes.items()):
            hits_both[:, number, column] = each.hits_both.get(name, hits_both_of(design, c, defaults))
    return Designs(
        table,
        hits_both,
        _stacked(courses),
        tuple(each.drawn for each in draws),
        tuple(each.certain for each in draws),
    )


def _stacked(courses: Sequence[Brownout]) -> Courses:
    steps = max(course.lengths_h.shape[1] for course in courses)

    def padded(values: np.ndarray, fill: float) -> np.ndarray:
        return np.pad(values, ((0, 0), (0, steps - values.shape[1])), constant_values=fill)

    return Courses(
        np.concatenate([padded(c.lengths_h, 0.0) for c in courses]),
        np.concatenate([padded(c.served, 1.0) for c in courses]),
        np.concatenate([c.afterwards for c in courses]),
    )


def _shape(design: ServiceDesign, defaults: FailoverDefaults) -> dict[str, object]:
    times = design.times(defaults)
    factor = times.unprotected.without_standby_factor
    return {
        "mode": _MODES[design.mode],
        "regions": design.regions,
        "share": np.pad(design.shares, (0, MAXIMUM_REGIONS - design.regions)),
        "sized": design.sized,
        "database": _DATABASES[design.database] if design.mode == "active-active" else HOMED,
        "write_share": design.write_share or 0.0,
        "zone_chance": 0.0 if design.zone_redundant else 1 / defaults.single_zone.zones,
        "zone_moved": math.inf if design.zone_moved_h is None else design.zone_moved_h,
        "server_factor": server_factor_of(design, defaults),
        "rebuild": times.unprotected.rebuild_h,
        "rebuild_factor": factor,
    }


def _log(name: str, time: LognormalSeconds | LognormalHours | None) -> dict[str, float]:
    """Return a lognormal time as the logarithm of its median in hours, and its sigma; 0 and 0 where there is none."""
    if time is None:
        return {f"{name}_log": 0.0, f"{name}_sigma": 0.0}
    hours = time.median_h if isinstance(time, LognormalHours) else time.median_s / SECONDS_PER_HOUR
    return {f"{name}_log": math.log(hours), f"{name}_sigma": time.sigma}


def _failover(design: ServiceDesign, defaults: FailoverDefaults) -> dict[str, float]:
    times = design.times(defaults)
    automated = design.operator == "automated"
    return {
        "detect_low": times.detect.low_s / SECONDS_PER_HOUR,
        "detect_high": times.detect.high_s / SECONDS_PER_HOUR,
        **_gray(times),
        "decide_fixed": times.decide.automated_s / SECONDS_PER_HOUR if automated else 0.0,
        **_log("decide", None if automated else times.decide.human),
        **_log("promote", promotion_of(design, defaults)),
        "dns": times.dns_ttl_s / SECONDS_PER_HOUR,
        **_log("cache", times.cache),
        "coverage": times.coverage.of(design.operator),
        **_log("manual", times.manual),
        "election_low": times.election.low_s / SECONDS_PER_HOUR,
        "election_high": times.election.high_s / SECONDS_PER_HOUR,
    }


def _gray(times: FailoverTimes) -> dict[str, float]:
    if times.gray is None:
        return {"gray": 0.0, "gray_low": 0.0, "gray_high": 0.0}
    low, high = times.gray.low_s / SECONDS_PER_HOUR, times.gray.high_s / SECONDS_PER_HOUR
    return {"gray": times.gray.share, "gray_low": low, "gray_high": high}


def _way_back(design: ServiceDesign, defaults: FailoverDefaults) -> dict[str, object]:
    failback = design.times(defaults).failback
    return {
        "failback_delay": failback.delay_h,
        "failback_bad": failback.p_bad,
        "failback_length": failback.length_h,
        "failback_severity": failback.severity,
        "failback_stages": np.pad(failback.stages, (0, MAXIMUM_STAGES - len(failback.stages))),
        "failback_count": len(failback.stages),
        "failback_step": failback.stage_h,
    }


def _lag(design: ServiceDesign) -> dict[str, float]:
    replication = design.replication
    return {
        **_log("lag", None if replication is None else replication.healthy),
        "lag_stalled": 0.0 if replication is None else replication.stalled,
        "lag_stalled_max": 0.0 if replication is None else replication.stalled_max_s / SECONDS_PER_HOUR,
    }
