# mypy: disable-error-code="no-any-return,return-value"
"""The events of a year: streams of failures merged in time. Only kernel modules of the sweep import this.

Each stream is a Poisson process over its block of years. The next event of every stream is known, so a year takes the
events that start in it, in order, and no more memory than one year's events.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agog_capacity.availability.sweep_draws import HITS, OCCURS, normal_quantile, pair
from agog_capacity.scaling.kernel_compile import compiled, inlined

YEAR_H = 8760.0
ALL_REGIONS = -1
ANY_REGION = -2
"""Of an own change: which regions it has reached is the design's matter."""

# Scopes, as the kernel writes them.
ZONE, REGION, GLOBAL, CHANGE = range(4)


class Streams(NamedTuple):
    """Where events come from: one row a class and region, or a class and what all share."""

    key: Any
    """Of the random numbers, shape (streams,)."""
    per_year: Any
    """Rate after exposure, shape (outer draws, streams). [1/year]"""
    kind: Any
    """Index of the class, shape (streams,)."""
    region: Any
    """Region it takes, ALL_REGIONS or ANY_REGION, shape (streams,)."""


class Kinds(NamedTuple):
    """Classes of failures, each array of shape (classes,)."""

    scope: Any
    severity: Any
    """Of shape (outer draws, classes) until one draw is taken."""
    stated: Any
    """Severity as it is stated, which decides whether a region fails over, however severe it is drawn."""
    log_median: Any
    """Of shape (outer draws, classes) until one draw is taken. [ln h]"""
    sigma: Any
    fails_over: Any
    """1 where it takes a region as a whole and makes a design fail over."""
    blocks: Any
    """1 where a failover that begins during it needs people."""
    server: Any
    """1 where it is a database server that its standby takes over."""
    own: Any
    """Severity that a design has in place of the class's, shape (designs, classes, MAXIMUM_REGIONS); -1 where none."""


class Events(NamedTuple):
    """Events of a year in order of their start, each array as long as the working space."""

    start: Any
    """[h of the year]"""
    end: Any
    """May lie beyond the year. [h of the year]"""
    kind: Any
    region: Any
    stream: Any
    number: Any
    """In its stream and block; with the stream it names the event's random numbers."""
    hit: Any
    """Draw that decides what of a zone or rollout was hit."""
    which: Any
    """Draw that decides which region."""


class Cursor(NamedTuple):
    """Where each stream stands, shape (streams,)."""

    time: Any
    """Start of the next event. [years of the block]"""
    number: Any
    length: Any
    """Of the next event. [h]"""


@inlined
def under(kinds: Kinds, outer: int) -> Kinds:
    """Return the classes as they are under one outer draw."""
    return Kinds(
        kinds.scope, kinds.severity[outer], kinds.stated, kinds.log_median[outer], kinds.sigma, kinds.fails_over,
        kinds.blocks, kinds.server, kinds.own,
    )  # fmt: skip


@compiled
def first_events(streams: Streams, kinds: Kinds, cursor: Cursor, outer: int, block: int) -> None:
    """Put every stream at its first event of a block."""
    for s in range(len(streams.key)):
        cursor.time[s] = 0.0
        cursor.number[s] = -1
        _advance(streams, kinds, cursor, outer, block, s)


@inlined
def _advance(streams: Streams, kinds: Kinds, cursor: Cursor, outer: int, block: int, s: int) -> None:
    rate = streams.per_year[outer, s]
    if rate <= 0.0:
        cursor.time[s] = np.inf
        return
    cursor.number[s] += 1
    gap, spread = pair(streams.key[s], outer, block, cursor.number[s], OCCURS)
    cursor.time[s] -= np.log(gap) / rate
    kind = streams.kind[s]
    cursor.length[s] = np.exp(kinds.log_median[kind] + kinds.sigma[kind] * normal_quantile(spread))


@inlined
def year_of_events(
    streams: Streams, kinds: Kinds, cursor: Cursor, events: Events, outer: int, block: int, year: int
) -> int:
    """Collect the events that start in a year of a block; return their number, or -1 if there is no room."""
    count = 0
    ends = float(year + 1)
    while True:
        first, time = -1, ends
        for s in range(len(streams.key)):
            if cursor.time[s] < time:
                first, time = s, cursor.time[s]
        if first < 0:
            return count
        if count == len(events.start):
            return -1
        kind = streams.kind[first]
        events.start[count] = (time - year) * YEAR_H
        events.end[count] = events.start[count] + cursor.length[first]
        events.kind[count] = kind
        events.region[count] = streams.region[first]
        events.stream[count] = first
        events.number[count] = cursor.number[first]
        if kinds.scope[kind] in (ZONE, CHANGE):
            hit, which = pair(streams.key[first], outer, block, cursor.number[first], HITS)
            events.hit[count] = hit
            events.which[count] = which
        count += 1
        _advance(streams, kinds, cursor, outer, block, first)


@compiled
def bare_draw(streams: Streams, kinds: Kinds, cursor: Cursor, outer: int, block: int, years: int) -> float:
    """Draw what a block of years draws of its events, and do nothing with it: what a sweep is compared with."""
    total = 0.0
    for s in range(len(streams.key)):
        cursor.time[s] = 0.0
        cursor.number[s] = -1
        scope = kinds.scope[streams.kind[s]]
        _advance(streams, kinds, cursor, outer, block, s)
        while cursor.time[s] < years:
            if scope in (ZONE, CHANGE):
                hit, which = pair(streams.key[s], outer, block, cursor.number[s], HITS)
                total += hit + which
            total += cursor.length[s]
            _advance(streams, kinds, cursor, outer, block, s)
    return total
