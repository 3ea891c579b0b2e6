# mypy: disable-error-code="no-any-return,return-value"
"""Where requests go while regions fail: failovers, failovers of failovers, and the way back.

What takes a region down is known for the whole year before requests are routed, since it does not depend on the
routing. So a failover can look ahead: is the target up when it would be complete? Only kernel modules of the sweep
import this.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agog_capacity.availability.sweep_draws import FAIL_BACK, pair
from agog_capacity.availability.sweep_events import (
    ALL_REGIONS,
    ANY_REGION,
    ZONE,
    Events,
    Kinds,
    Streams,
)
from agog_capacity.availability.sweep_failover import (
    add_bare,
    add_course,
    add_loss,
    add_piece,
    control_is_down,
    failover_times,
    record_lost_data,
    tally,
    up_at,
)
from agog_capacity.availability.sweep_work import (
    AWAY,
    BAD_FAILBACKS,
    BARE,
    BY_HAND,
    CALLED,
    CALLS,
    COMPLETED,
    COMPLETED_IN_TIME,
    FAILBACKS,
    LOSSES,
    MAXIMUM_REGIONS,
    PIECES,
    RECOVERED_H,
    RECOVERED_IN_TIME,
    REPAIRED_FIRST,
    SINGLE,
    SWITCHED_H,
    TIME_RECOVERED,
    TIME_SWITCHED,
    UNPROTECTED_H,
    WAITED,
    Courses,
    Work,
)
from agog_capacity.scaling.kernel_compile import compiled, inlined

NOT_SEEN = -2
_ATTEMPTS = 20
"""Failovers that a target which fails again and again may undo before the failed region is repaired instead."""


@inlined
def see(design: Any, hits_both: Any, kinds: Kinds, events: Events, count: int, work: Work) -> bool:
    """Fill in what a design sees of the events of a year; tell whether any calls for a failover."""
    seen = work.seen
    regions = design.regions
    calls = False
    for i in range(count):
        kind = events.kind[i]
        region, severity = events.region[i], kinds.severity[kind]
        if region == ANY_REGION:
            region = ALL_REGIONS
            if regions > 1 and events.hit[i] >= hits_both[kind]:
                region = int(events.which[i] * regions)
        elif region >= regions:
            region = NOT_SEEN
        elif regions == 1:
            region = ALL_REGIONS
        is_own = kinds.own[design.number, kind, 0] >= 0.0
        least = kinds.stated[kind]
        if is_own and region != NOT_SEEN:
            least, severity = own_severities(design, kinds, kind, region)
            if severity <= 0.0:
                # Nothing of it reaches the design: what comes hundreds of times a year must cost no time.
                region = NOT_SEEN
        down = kinds.fails_over[kind] == 1 and least >= 0.5
        if kinds.scope[kind] == ZONE and design.zone_chance > 0 and not is_own:
            # The design stands in one zone: the incident takes it as a whole, or passes it by.
            down, severity = True, 1.0
            if events.hit[i] >= design.zone_chance:
                region = NOT_SEEN
        seen.region[i] = region
        seen.severity[i] = severity
        seen.down[i] = 1 if down and region != NOT_SEEN else 0
        if seen.down[i] == 1 and region >= 0:
            calls = True
    return calls and design.mode != SINGLE


@inlined
def own_severities(design: Any, kinds: Kinds, kind: int, region: int) -> tuple[float, float]:
    """Return the least and the greatest severity that a design has of a class in what it hits."""
    if region >= 0:
        return kinds.own[design.number, kind, region], kinds.own[design.number, kind, region]
    least, greatest = 1.0, 0.0
    for r in range(design.regions):
        least = min(least, kinds.own[design.number, kind, r])
        greatest = max(greatest, kinds.own[design.number, kind, r])
    return least, greatest


@compiled
def find_spells(events: Events, first: int, count: int, work: Work) -> None:
    """Join what takes a region down to spells, and note the first event of each that calls for a failover."""
    seen, routes = work.seen, work.routes
    for region in range(MAXIMUM_REGIONS):
        routes.spell_count[region] = 0
    work.counts[CALLS] = 0
    called = np.int64(0)
    for i in range(first, first + count):
        if seen.down[i] == 0:
            continue
        for region in range(MAXIMUM_REGIONS):
            if seen.region[i] != ALL_REGIONS and seen.region[i] != region:
                continue
            k = routes.spell_count[region] - 1
            if k < 0 or events.start[i] >= routes.spell_end[region, k]:
                k += 1
                routes.spell_count[region] = k + 1
                routes.spell_start[region, k] = events.start[i]
                routes.spell_end[region, k] = events.end[i]
            elif events.end[i] > routes.spell_end[region, k]:
                routes.spell_end[region, k] = events.end[i]
            if seen.region[i] == region:
                already = False
                for c in range(called):
                    if routes.called_region[c] == region and routes.called_spell[c] == k:
                        already = True
                if not already:
                    routes.called_region[called] = region
                    routes.called_spell[called] = k
                    routes.called_event[called] = i
                    called += 1
    work.counts[CALLS] = called


@inlined
def start_home(design: Any, work: Work, single_writer: bool) -> None:
    """Begin with every region's own share."""
    for what in (PIECES, LOSSES, AWAY, BARE):
        work.counts[what] = 0
    n = add_piece(work, -1.0, 0 if single_writer else -1)
    for region in range(MAXIMUM_REGIONS):
        work.routes.weight[n, region] = design.share[region]


@compiled
def landing(
    design: Any, work: Work, ready: Any, region: int, begins: float, takes: float, back: float
) -> tuple[float, int]:
    """Return when a failover is complete, and where; from `back` on it is not needed any more.

    If the target is down when requests arrive, it is waited for, and the whole failover begins again.
    """
    complete = begins + takes
    for _ in range(_ATTEMPTS):
        if complete >= back:
            break
        soonest = np.inf
        for target in range(design.regions):
            if target == region:
                continue
            up = max(up_at(work, target, complete), ready[target])
            if up <= complete:
                return complete, target
            soonest = min(soonest, up)
        complete = soonest + takes
    return np.inf, -1


@compiled
def record(
    design: Any,
    begins: float,
    switched: float,
    whole: float,
    back: float,
    sums: Any,
    histograms: Any,
) -> None:
    """Record a failover that was called for: completed, or overtaken by the repair."""
    sums[CALLED] += 1
    if switched < back:
        sums[COMPLETED] += 1
        sums[SWITCHED_H] += switched - begins
        tally(histograms[TIME_SWITCHED], switched - begins)
    else:
        sums[REPAIRED_FIRST] += 1
        whole = back
    sums[RECOVERED_H] += whole - begins
    tally(histograms[TIME_RECOVERED], whole - begins)
    if whole - begins <= design.recovery_target:
        sums[RECOVERED_IN_TIME] += 1
        if switched < back:
            sums[COMPLETED_IN_TIME] += 1


@compiled
def fail_back(
    design: Any, work: Work, streams: Streams, events: Events, i: int, outer: int, block: int,
    time: float, away_to: int, cause: int, sums: Any,
) -> float:  # fmt: skip
    """Move the requests back in stages, each with its own risk; return when the last has begun."""
    sums[FAILBACKS] += 1
    begins = time
    for stage in range(design.failback_count):
        begins = time + stage * design.failback_step
        share = design.failback_stages[stage]
        n = add_piece(work, begins, -1)
        work.routes.weight[n, 0] = share
        work.routes.weight[n, away_to] += 1.0 - share
        draw, _ = pair(streams.key[events.stream[i]], outer, block, events.number[i], FAIL_BACK + 16 * stage)
        if draw < design.failback_bad:
            sums[BAD_FAILBACKS] += 1
            lost = share * design.failback_severity
            add_loss(work, begins, begins + design.failback_length, lost, cause)
    return begins


@compiled
def way_back(work: Work, back: float, delay: float) -> float:
    """Return when home has been up for so long."""
    time = back + delay
    for k in range(work.routes.spell_count[0]):
        if work.routes.spell_start[0, k] < time and work.routes.spell_end[0, k] + delay > time:
            time = work.routes.spell_end[0, k] + delay
    return time


@compiled
def route_passive(
    design: Any, courses: Courses, kinds: Kinds, streams: Streams, events: Events, first: int, count: int,
    outer: int, block: int, alone: bool, ready: Any, work: Work, sums: Any, histograms: Any,
) -> None:  # fmt: skip
    """Route the requests of an active-passive design through a year, or through one event alone."""
    routes = work.routes
    ready[:] = -1.0
    serving, since, home_again, cause_back = 0, -1.0, np.inf, len(kinds.sigma)
    last = -1
    for c in range(work.counts[CALLS]):
        i, region = routes.called_event[c], routes.called_region[c]
        begins = events.start[i]
        if home_again <= begins:
            since = fail_back(
                design, work, streams, events, last, outer, block, home_again, serving, cause_back, sums
            )
            serving, home_again = 0, np.inf
        if region != serving or begins < since:
            continue
        back = routes.spell_end[region, routes.called_spell[c]]
        blocked = not alone and control_is_down(kinds, events, first, count, begins)
        key, number = streams.key[events.stream[i]], events.number[i]
        _, takes, by_hand = failover_times(design, key, outer, block, number, blocked)
        sums[BY_HAND] += 1.0 if by_hand else 0.0
        switched, target = landing(design, work, ready, region, begins, takes, back)
        if switched >= back:
            record(design, begins, np.inf, back, back, sums, histograms)
            continue
        sums[WAITED] += 1.0 if switched > begins + takes else 0.0
        whole = switched
        n = add_piece(work, switched, -1)
        work.routes.weight[n, target] = 1.0
        if target != 0:
            whole = add_course(
                design, courses, work, key, outer, block, number, switched, back, events.kind[i]
            )
        record(design, begins, switched, whole, back, sums, histograms)
        record_lost_data(design, key, outer, block, number, switched - begins, sums, histograms)
        rebuild = 0.0 if alone else design.rebuild
        ready[region] = back + rebuild
        if rebuild > 0.0:
            sums[UNPROTECTED_H] += max(switched, back) + rebuild - switched
            add_bare(work, switched, switched + rebuild, target)
        if region == 0:
            home_again = way_back(work, back, max(design.failback_delay, rebuild))
        elif target == 0:
            home_again = np.inf
        serving, since, last = target, switched, i
    if home_again < np.inf:
        fail_back(design, work, streams, events, last, outer, block, home_again, serving, cause_back, sums)
