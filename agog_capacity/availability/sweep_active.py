# mypy: disable-error-code="no-any-return,return-value"
"""Where requests go when every region serves, by what the database does. Only kernel modules of the sweep import this.

Homed: each tenant's writes have one region, promoted elsewhere when it is lost. Single writer: all writes have one
region; reads are routed away, writes wait for the promotion. Several writers: requests are routed away, nothing is
promoted. Quorum: the same after an election; without a majority nothing is served.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agog_capacity.availability.sweep_draws import PROMOTE_MANUAL, pair
from agog_capacity.availability.sweep_events import Events, Kinds, Streams
from agog_capacity.availability.sweep_failover import (
    add_course,
    add_loss,
    add_piece,
    control_is_down,
    failover_times,
    record_lost_data,
)
from agog_capacity.availability.sweep_routing import landing, record
from agog_capacity.availability.sweep_work import (
    AWAY,
    BY_HAND,
    CALLS,
    HOMED,
    MULTI_WRITER,
    QUORUM,
    SINGLE_WRITER,
    UNPROTECTED_H,
    WAITED,
    Courses,
    Work,
)
from agog_capacity.scaling.kernel_compile import compiled

_REGION, _FROM, _UNTIL, _WRITES, _CAUSE = range(5)


@compiled
def route_active(
    design: Any, courses: Courses, kinds: Kinds, streams: Streams, events: Events, first: int, count: int,
    outer: int, block: int, alone: bool, ready: Any, work: Work, sums: Any, histograms: Any,
) -> None:  # fmt: skip
    """Route the requests of a design whose regions all serve through a year, or through one event alone."""
    routes, database = work.routes, design.database
    ready[:] = -1.0
    if database == QUORUM:
        _lose_majority(design, kinds, events, first, count, work)
    for c in range(work.counts[CALLS]):
        i, region = routes.called_event[c], routes.called_region[c]
        begins, kind = events.start[i], events.kind[i]
        back = routes.spell_end[region, routes.called_spell[c]]
        key, number = streams.key[events.stream[i]], events.number[i]
        blocked = not alone and control_is_down(kinds, events, first, count, begins)
        routed, promoted, by_hand = failover_times(design, key, outer, block, number, blocked)
        writes_move = database == HOMED or (database == SINGLE_WRITER and region == 0)
        takes = promoted if database == HOMED else routed
        if database == QUORUM:
            # The other regions' requests whose leases stood here wait for the election.
            draw, _ = pair(key, outer, block, number, PROMOTE_MANUAL)
            election = design.election_low + (design.election_high - design.election_low) * draw
            share = design.share[region]
            add_loss(work, begins, min(begins + election, back), share * (1.0 - share), kind)
            takes = max(routed, election)
        sums[BY_HAND] += 1.0 if by_hand and writes_move else 0.0
        switched, _ = landing(design, work, ready, region, begins, takes, back)
        if switched >= back:
            record(design, begins, np.inf, back, back, sums, histograms)
            continue
        sums[WAITED] += 1.0 if switched > begins + takes else 0.0
        whole, writes = switched, switched
        if database == SINGLE_WRITER and region == 0:
            writes = max(switched, begins + promoted)
            add_loss(work, switched, min(writes, back), design.write_share, kind)
            whole = min(writes, back)
        if design.by_course == 1:
            grown = add_course(design, courses, work, key, outer, block, number, switched, back, kind)
            whole = max(whole, grown)
        elif design.sized * (design.regions - 1) < 1.0:
            whole = back
        record(design, begins, switched, whole, back, sums, histograms)
        if database != QUORUM and database != MULTI_WRITER and writes_move and writes < back:
            record_lost_data(design, key, outer, block, number, writes - begins, sums, histograms)
            if not alone and design.rebuild > 0.0:
                ready[region] = back + design.rebuild
                sums[UNPROTECTED_H] += back + design.rebuild - writes
        elif database == MULTI_WRITER:
            record_lost_data(design, key, outer, block, number, switched - begins, sums, histograms)
        n = work.counts[AWAY]
        routes.away[n, _REGION] = region
        routes.away[n, _FROM] = switched
        routes.away[n, _UNTIL] = back
        routes.away[n, _WRITES] = writes
        routes.away[n, _CAUSE] = kind
        work.counts[AWAY] = n + 1
    _share_out(design, work)


@compiled
def _lose_majority(design: Any, kinds: Kinds, events: Events, first: int, count: int, work: Work) -> None:
    """Nothing is served while two of three regions are down, even if one of them is only waited for."""
    routes = work.routes
    for a in range(design.regions):
        for b in range(a + 1, design.regions):
            for j in range(routes.spell_count[a]):
                for k in range(routes.spell_count[b]):
                    start = max(routes.spell_start[a, j], routes.spell_start[b, k])
                    end = min(routes.spell_end[a, j], routes.spell_end[b, k])
                    if start < end:
                        add_loss(work, start, end, 1.0, _kind_at(events, first, count, work, start))


@compiled
def _kind_at(events: Events, first: int, count: int, work: Work, time: float) -> int:
    """Return the class of the event that began last and takes a region down at a time."""
    found = 0
    for i in range(first, first + count):
        if work.seen.down[i] == 1 and events.start[i] <= time < events.end[i]:
            found = events.kind[i]
    return found


@compiled
def _share_out(design: Any, work: Work) -> None:
    """Cut the year where requests move, and give what is routed away to the regions that serve."""
    routes, away_count = work.routes, work.counts[AWAY]
    at = -np.inf
    while True:
        soonest = np.inf
        for a in range(away_count):
            for column in (_FROM, _UNTIL, _WRITES):
                time = routes.away[a, column]
                if at < time < soonest and (column != _WRITES or time < routes.away[a, _UNTIL]):
                    soonest = time
        if soonest == np.inf:
            return
        following = np.inf
        for a in range(away_count):
            for column in (_FROM, _UNTIL, _WRITES):
                time = routes.away[a, column]
                if soonest < time < following and (column != _WRITES or time < routes.away[a, _UNTIL]):
                    following = time
        _piece(design, work, soonest, following)
        at = soonest


@compiled
def _piece(design: Any, work: Work, start: float, end: float) -> None:
    routes, regions = work.routes, design.regions
    writer = 0 if design.database == SINGLE_WRITER else -1
    n = add_piece(work, start, writer)
    serving, moved, cause = regions, 0.0, -1
    for region in range(regions):
        routes.weight[n, region] = design.share[region]
    for a in range(work.counts[AWAY]):
        if routes.away[a, _FROM] <= start < routes.away[a, _UNTIL]:
            region = int(routes.away[a, _REGION])
            moved += routes.weight[n, region]
            routes.weight[n, region] = 0.0
            serving -= 1
            cause = int(routes.away[a, _CAUSE])
            if writer == region:
                # Until the promotion nobody writes, and that loss is noted apart.
                writer = -1
                if routes.away[a, _WRITES] <= start:
                    writer = (region + 1) % regions
    routes.writer[n] = writer
    for region in range(regions):
        if moved > 0.0 and not _is_away(work, region, start):
            routes.weight[n, region] += moved / max(serving, 1)
    lost = 1.0 - design.sized * serving
    if cause >= 0 and lost > 0.0 and design.by_course == 0:
        add_loss(work, start, end, lost, cause)


@compiled
def _is_away(work: Work, region: int, time: float) -> bool:
    for a in range(work.counts[AWAY]):
        away = work.routes.away
        if away[a, _REGION] == region and away[a, _FROM] <= time < away[a, _UNTIL]:
            return True
    return False
