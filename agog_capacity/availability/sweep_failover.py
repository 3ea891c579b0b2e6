# mypy: disable-error-code="no-any-return,return-value"
"""How long a failover takes, and what it records. Only kernel modules of the sweep import this."""

from __future__ import annotations

from typing import Any

import numpy as np

from agog_capacity.availability.sweep_draws import (
    CACHE_LAG,
    COVERAGE_COURSE,
    DETECT_DECIDE,
    GRAY,
    PROMOTE_MANUAL,
    STALL,
    normal_quantile,
    pair,
)
from agog_capacity.availability.sweep_events import Events, Kinds
from agog_capacity.availability.sweep_work import (
    BARE,
    BINS,
    DATA_IN_TIME,
    DATA_LOST_H,
    FULL,
    LAG_BEYOND_OUTAGE,
    LOSSES,
    LOWEST_H,
    PER_LOG,
    PIECES,
    TIME_LOST,
    Courses,
    Work,
)
from agog_capacity.scaling.kernel_compile import compiled, inlined


@compiled
def lognormal(log_median: float, sigma: float, draw: float) -> float:
    """Return the quantile of a lognormal."""
    return np.exp(log_median + sigma * normal_quantile(draw))


@compiled
def failover_times(
    design: Any, key: Any, outer: int, block: int, number: int, blocked: bool
) -> tuple[float, float, bool]:
    """Return when requests can be routed away, when the database is promoted, and whether people had to help. [h]"""
    detect, decide = pair(key, outer, block, number, DETECT_DECIDE)
    promote, manual = pair(key, outer, block, number, PROMOTE_MANUAL)
    covered, _ = pair(key, outer, block, number, COVERAGE_COURSE)
    detected = design.detect_low + (design.detect_high - design.detect_low) * detect
    if design.gray > 0.0:
        # Numbers of their own, so that the other times stay where they are.
        is_gray, found = pair(key, outer, block, number, GRAY)
        if is_gray < design.gray:
            detected = design.gray_low + (design.gray_high - design.gray_low) * found
    decided = detected + design.decide_fixed
    if design.decide_sigma > 0:
        decided += lognormal(design.decide_log, design.decide_sigma, decide)
    longest = max(design.dns, lognormal(design.promote_log, design.promote_sigma, promote))
    if design.cache_sigma > 0:
        cache, _ = pair(key, outer, block, number, CACHE_LAG)
        longest = max(longest, lognormal(design.cache_log, design.cache_sigma, cache))
    whole = decided + longest
    by_hand = blocked or covered >= design.coverage
    if by_hand:
        whole += lognormal(design.manual_log, design.manual_sigma, manual)
    return detected + design.dns, whole, by_hand


@compiled
def control_is_down(kinds: Kinds, events: Events, first: int, count: int, time: float) -> bool:
    """Tell whether a failover that begins now has to do without its control plane."""
    for i in range(first, first + count):
        if events.start[i] > time:
            return False
        if kinds.blocks[events.kind[i]] and time < events.end[i]:
            return True
    return False


@compiled
def up_at(work: Work, region: int, time: float) -> float:
    """Return when a region is up: the time itself, or the end of what takes it down then."""
    routes = work.routes
    for k in range(routes.spell_count[region]):
        if routes.spell_start[region, k] <= time < routes.spell_end[region, k]:
            return routes.spell_end[region, k]
    return time


@inlined
def add_loss(work: Work, start: float, end: float, loss: float, cause: int) -> None:
    """Note a piece of time with a loss."""
    if loss <= 0.0 or end <= start:
        return
    n = work.counts[LOSSES]
    if n == len(work.losses.start):
        work.counts[FULL] = 1
        return
    work.losses.start[n] = start
    work.losses.end[n] = end
    work.losses.loss[n] = loss
    work.losses.cause[n] = cause
    work.counts[LOSSES] = n + 1


@compiled
def add_piece(work: Work, time: float, writer: int) -> int:
    """Begin a piece of the routing; what was planned for later is void. Return its number."""
    n = work.counts[PIECES]
    while n > 1 and work.routes.time[n - 1] >= time:
        n -= 1
    if n == len(work.routes.time):
        work.counts[FULL] = 1
        n -= 1
    work.routes.time[n] = time
    work.routes.writer[n] = writer
    work.routes.weight[n, :] = 0.0
    work.counts[PIECES] = n + 1
    return n


@compiled
def add_bare(work: Work, start: float, end: float, region: int) -> None:
    """Note that a region's database has no standby for a time."""
    n = work.counts[BARE]
    work.routes.bare[n, 0] = start
    work.routes.bare[n, 1] = end
    work.routes.bare[n, 2] = region
    work.counts[BARE] = n + 1


@inlined
def _course_of(design: Any, draw: float) -> int:
    """Return which of its courses a failover takes."""
    if design.stuck < 0.0:
        return min(int(draw * design.course_count), design.course_count - 1)
    free, growing = 1.0 - design.stuck, design.growing
    if draw < free:
        return min(int(draw / free * growing), growing - 1)
    return min(
        growing + int((draw - free) / design.stuck * (design.course_count - growing)), design.course_count - 1
    )


@compiled
def add_course(
    design: Any, courses: Courses, work: Work, key: Any, outer: int, block: int, number: int,
    switched: float, back: float, cause: int,
) -> float:  # fmt: skip
    """Note what is lost while the other region grows; return when everything is served again."""
    _, draw = pair(key, outer, block, number, COVERAGE_COURSE)
    course = design.course_first + _course_of(design, draw)
    time, whole = switched, switched
    for step in range(courses.lengths.shape[1]):
        length = courses.lengths[course, step] * design.growth
        lost = 1.0 - courses.served[course, step]
        add_loss(work, time, time + length, lost, cause)
        time += length
        if lost > 0.0 and length > 0.0:
            whole = time
    lost = 1.0 - courses.afterwards[course]
    if lost > 0.0 and back > time:
        add_loss(work, time, back, lost, cause)
        whole = back
    return whole


@inlined
def tally(histogram: Any, hours: float) -> None:
    """Count a length in its bin."""
    if hours <= LOWEST_H:
        histogram[0] += 1
    else:
        histogram[min(1 + int(np.log(hours / LOWEST_H) * PER_LOG), BINS - 1)] += 1


@compiled
def record_lost_data(
    design: Any,
    key: Any,
    outer: int,
    block: int,
    number: int,
    outage: float,
    sums: Any,
    histograms: Any,
) -> None:
    """Record what a promotion has lost: the lag at the instant of the failure."""
    if not design.lag_sigma > 0:
        return
    _, healthy = pair(key, outer, block, number, CACHE_LAG)
    stalled, _ = pair(key, outer, block, number, STALL)
    if stalled < design.lag_stalled:
        lag = healthy * design.lag_stalled_max
    else:
        lag = lognormal(design.lag_log, design.lag_sigma, healthy)
    sums[DATA_LOST_H] += lag
    if lag <= design.data_target:
        sums[DATA_IN_TIME] += 1
    if lag > outage:
        sums[LAG_BEYOND_OUTAGE] += 1
    tally(histograms[TIME_LOST], lag)
