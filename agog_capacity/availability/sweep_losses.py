# mypy: disable-error-code="no-any-return,return-value"
"""What is lost: pieces of time with a loss, composed where they overlap. Only kernel modules of the sweep import this.

Failures at once lose 1 - product(1 - loss). The loss of an instant is divided among their causes in proportion to
what each would lose alone, so the causes add up to the total exactly.
"""

from __future__ import annotations

from typing import Any

from agog_capacity.availability.sweep_events import ALL_REGIONS, YEAR_H, ZONE, Events, Kinds
from agog_capacity.availability.sweep_failover import add_loss
from agog_capacity.availability.sweep_routing import NOT_SEEN
from agog_capacity.availability.sweep_work import (
    BARE,
    LOSSES,
    MONTHS,
    PIECES,
    SINGLE_WRITER,
    Calendar,
    Work,
)
from agog_capacity.scaling.kernel_compile import compiled, inlined

_SAME = 1e-12
"""Loss that is the threshold but for rounding is not above it."""


@inlined
def weight_of(design: Any, work: Work, piece: int, region: int) -> float:
    """Return the share of requests that fail where a region fails, during a piece of the routing."""
    if region == ALL_REGIONS:
        return 1.0
    share = work.routes.weight[piece, region]
    if design.database == SINGLE_WRITER and work.routes.writer[piece] == region:
        share += (1.0 - share) * design.write_share
    return share


@inlined
def add_event(design: Any, kinds: Kinds, events: Events, i: int, alone: bool, work: Work) -> None:
    """Note what an event loses, piece by piece of the routing."""
    region, severity, kind = work.seen.region[i], work.seen.severity[i], events.kind[i]
    if region == NOT_SEEN or severity <= 0.0:
        return
    start, end = events.start[i], events.end[i]
    if kinds.server[kind] == 1:
        end = start + (end - start) * _server_factor(design, work, start, region)
    if kinds.scope[kind] == ZONE and design.zone_chance == 0.0:
        end = min(end, start + design.zone_moved)
    if not alone:
        end = min(end, start + YEAR_H)
    pieces = work.counts[PIECES]
    for p in range(pieces):
        begins = max(start, work.routes.time[p])
        ends = min(end, work.routes.time[p + 1]) if p + 1 < pieces else end
        if begins < ends:
            if region == ALL_REGIONS and kinds.own[design.number, kind, 0] >= 0.0:
                loss = _own_loss(design, kinds, kind, work, p)
            else:
                loss = severity * weight_of(design, work, p, region)
            add_loss(work, begins, ends, loss, kind)


@inlined
def _own_loss(design: Any, kinds: Kinds, kind: int, work: Work, piece: int) -> float:
    """Return what a failure in all regions loses of which each has its own severity, by where requests go."""
    lost = 0.0
    for region in range(design.regions):
        lost += work.routes.weight[piece, region] * kinds.own[design.number, kind, region]
    return lost


@inlined
def _server_factor(design: Any, work: Work, time: float, region: int) -> float:
    factor = design.server_factor
    for n in range(work.counts[BARE]):
        bare = work.routes.bare
        if bare[n, 0] <= time < bare[n, 1] and (region == ALL_REGIONS or region == bare[n, 2]):
            factor = max(factor, design.rebuild_factor)
    return factor


@inlined
def fold_year(work: Work) -> None:
    """Let what runs past the end of the year continue at its beginning."""
    losses = work.losses
    for n in range(work.counts[LOSSES]):
        start, end = losses.start[n], losses.end[n]
        if end <= YEAR_H:
            continue
        if end - start >= YEAR_H:
            losses.start[n], losses.end[n] = 0.0, YEAR_H
            continue
        if start >= YEAR_H:
            years = YEAR_H * (start // YEAR_H)
            losses.start[n], losses.end[n] = start - years, end - years
            start, end = losses.start[n], losses.end[n]
        if end > YEAR_H:
            losses.end[n] = YEAR_H
            add_loss(work, 0.0, end - YEAR_H, losses.loss[n], losses.cause[n])


@inlined
def sort_losses(work: Work) -> None:
    """Sort by start; almost sorted already, so by insertion."""
    losses = work.losses
    for n in range(1, work.counts[LOSSES]):
        start, end, loss, cause = losses.start[n], losses.end[n], losses.loss[n], losses.cause[n]
        m = n
        while m > 0 and losses.start[m - 1] > start:
            losses.start[m], losses.end[m] = losses.start[m - 1], losses.end[m - 1]
            losses.loss[m], losses.cause[m] = losses.loss[m - 1], losses.cause[m - 1]
            m -= 1
        losses.start[m], losses.end[m], losses.loss[m], losses.cause[m] = start, end, loss, cause


@inlined
def spread(calendar: Calendar, months: Any, start: float, end: float, loss: float) -> None:
    """Add a loss to the months that it lies in."""
    month = min(int(start * (MONTHS / YEAR_H)), MONTHS - 1)
    while start >= calendar.edges[month + 1] and month < MONTHS - 1:
        month += 1
    while start < calendar.edges[month]:
        month -= 1
    deep = loss > calendar.deep + _SAME
    while True:
        until = min(end, calendar.edges[month + 1])
        months[0, month] += loss * (until - start)
        if deep:
            months[1, month] += until - start
        if end <= calendar.edges[month + 1] or month == MONTHS - 1:
            return
        start = until
        month += 1


@inlined
def compose(calendar: Calendar, work: Work, causes: Any) -> None:
    """Add up the losses of a year, composed where they overlap and split at the ends of months."""
    losses, count = work.losses, work.counts[LOSSES]
    n = 0
    while n < count:
        reach = losses.end[n]
        m = n + 1
        while m < count and losses.start[m] < reach:
            reach = max(reach, losses.end[m])
            m += 1
        if m == n + 1:
            length = losses.end[n] - losses.start[n]
            spread(calendar, work.months, losses.start[n], losses.end[n], losses.loss[n])
            causes[0, losses.cause[n]] += losses.loss[n] * length
            if losses.loss[n] > calendar.deep + _SAME:
                causes[1, losses.cause[n]] += length
        else:
            _compose_cluster(calendar, work, causes, n, m)
        n = m


@compiled
def _compose_cluster(calendar: Calendar, work: Work, causes: Any, first: int, last: int) -> None:
    losses, edges = work.losses, work.losses.edges
    count = 0
    for n in range(first, last):
        for time in (losses.start[n], losses.end[n]):
            m = count
            while m > 0 and edges[m - 1] > time:
                edges[m] = edges[m - 1]
                m -= 1
            edges[m] = time
            count += 1
    for e in range(count - 1):
        start, end = edges[e], edges[e + 1]
        if end <= start:
            continue
        served, alone = 1.0, 0.0
        for n in range(first, last):
            if losses.start[n] <= start and losses.end[n] >= end:
                served *= 1.0 - losses.loss[n]
                alone += losses.loss[n]
        loss = 1.0 - served
        spread(calendar, work.months, start, end, loss)
        deep = loss > calendar.deep + _SAME
        for n in range(first, last):
            if losses.start[n] <= start and losses.end[n] >= end:
                part = (end - start) * losses.loss[n] / alone
                causes[0, losses.cause[n]] += loss * part
                if deep:
                    causes[1, losses.cause[n]] += part


@inlined
def add_alone(calendar: Calendar, work: Work, causes: Any, start: float) -> None:
    """Add the losses of one event whole to the month that it starts in."""
    month = 0
    while month < MONTHS - 1 and start >= calendar.edges[month + 1]:
        month += 1
    losses = work.losses
    for n in range(work.counts[LOSSES]):
        length = losses.end[n] - losses.start[n]
        lost = losses.loss[n] * length
        work.months[0, month] += lost
        causes[0, losses.cause[n]] += lost
        if losses.loss[n] > calendar.deep + _SAME:
            work.months[1, month] += length
            causes[1, losses.cause[n]] += length
