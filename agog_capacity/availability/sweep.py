# mypy: disable-error-code="no-any-return,return-value"
"""The sweep: blocks of years, every design on the same failures, compiled by numba and cached on disk.

One call takes some blocks without the interpreter's lock, so blocks run on threads; each writes its own row of the
results, so the number of threads changes nothing. It takes arrays and returns sums: what they mean is `simulation`'s.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from agog_capacity.availability.sweep_active import route_active
from agog_capacity.availability.sweep_events import (
    Cursor,
    Events,
    Kinds,
    Streams,
    bare_draw,
    first_events,
    under,
    year_of_events,
)
from agog_capacity.availability.sweep_failover import tally
from agog_capacity.availability.sweep_losses import add_alone, add_event, compose, fold_year, sort_losses
from agog_capacity.availability.sweep_routing import find_spells, route_passive, see, start_home
from agog_capacity.availability.sweep_work import (
    ACTIVE_PASSIVE,
    FULL,
    HOURS,
    HOURS_SQUARED,
    MONTHS,
    MONTHS_BROKEN,
    MONTHS_BROKEN_SQUARED,
    PER_MEASURE,
    SINGLE_WRITER,
    YEARS_BROKEN,
    YEARS_WHOLE,
    Calendar,
    Courses,
    Results,
    Work,
)
from agog_capacity.scaling.kernel_compile import compiled, compiled_entry, inlined

SOURCES = (
    "sweep.py",
    "sweep_active.py",
    "sweep_draws.py",
    "sweep_events.py",
    "sweep_failover.py",
    "sweep_losses.py",
    "sweep_routing.py",
    "sweep_work.py",
    "../scaling/kernel_compile.py",
)
NO_ROOM = 1


@compiled
def _route(
    design: Any, courses: Courses, kinds: Kinds, streams: Streams, events: Events, first: int, count: int,
    outer: int, block: int, alone: bool, ready: Any, work: Work, sums: Any, histograms: Any,
) -> None:  # fmt: skip
    find_spells(events, first, count, work)
    if design.mode == ACTIVE_PASSIVE:
        route_passive(
            design, courses, kinds, streams, events, first, count, outer, block, alone, ready, work, sums, histograms
        )  # fmt: skip
    else:
        route_active(
            design, courses, kinds, streams, events, first, count, outer, block, alone, ready, work, sums, histograms
        )  # fmt: skip


@inlined
def _year_alone(
    design: Any, courses: Courses, calendar: Calendar, kinds: Kinds, streams: Streams, events: Events,
    count: int, outer: int, block: int, calls: bool, ready: Any, work: Work, sums: Any, causes: Any, histograms: Any,
) -> None:  # fmt: skip
    """Take each event as if there were no other: the closed form."""
    single_writer = design.database == SINGLE_WRITER
    for i in range(count):
        start_home(design, work, single_writer)
        if calls and work.seen.down[i] == 1 and work.seen.region[i] >= 0:
            _route(
                design, courses, kinds, streams, events, i, 1, outer, block, True, ready, work, sums, histograms
            )  # fmt: skip
        add_event(design, kinds, events, i, True, work)
        add_alone(calendar, work, causes, events.start[i])


@inlined
def _year(
    design: Any, courses: Courses, calendar: Calendar, kinds: Kinds, streams: Streams, events: Events,
    count: int, outer: int, block: int, calls: bool, ready: Any, work: Work, sums: Any, causes: Any, histograms: Any,
) -> None:  # fmt: skip
    """Take the events of a year together."""
    start_home(design, work, design.database == SINGLE_WRITER)
    if calls:
        _route(
            design, courses, kinds, streams, events, 0, count, outer, block, False, ready, work, sums, histograms
        )  # fmt: skip
    for i in range(count):
        add_event(design, kinds, events, i, False, work)
    fold_year(work)
    sort_losses(work)
    compose(calendar, work, causes)


@inlined
def _add_year(calendar: Calendar, work: Work, sums: Any, histograms: Any) -> None:
    for measure in range(2):
        at = measure * PER_MEASURE
        hours, broken = 0.0, 0
        for month in range(MONTHS):
            hours += work.months[measure, month]
            if work.months[measure, month] > calendar.allowed_month[month]:
                broken += 1
        sums[at + HOURS] += hours
        sums[at + HOURS_SQUARED] += hours * hours
        if hours > calendar.allowed_year:
            sums[at + YEARS_BROKEN] += 1
        sums[at + MONTHS_BROKEN] += broken
        sums[at + MONTHS_BROKEN_SQUARED] += broken * broken
        if broken == 0:
            sums[at + YEARS_WHOLE] += 1
        tally(histograms[measure], hours)


def _sweep(
    designs: Any, hits_both: Any, courses: Courses, calendar: Calendar, all_kinds: Kinds, streams: Streams,
    cursor: Cursor, events: Events, ready: Any, work: Work, items: Any, first_row: int, results: Results,
) -> int:  # fmt: skip
    """Take blocks of years; `items` has a row (outer draw, block, years, given) each. Return NO_ROOM if one does not fit.

    Given failures stand in `events` already, in place of a draw. Designs and what hits both have a row for each outer
    draw, or one for all.
    """
    for item in range(len(items)):
        outer, block, years = items[item, 0], items[item, 1], items[item, 2]
        kinds, row = under(all_kinds, outer), outer % len(designs)
        first_part = (first_row + item) * results.parts
        for part in range(first_part, first_part + results.parts):
            results.sums[part, :, :] = 0.0
            results.causes[part, :, :, :] = 0.0
        results.histograms[first_row + item, :, :, :] = 0
        work.counts[FULL] = 0
        first_events(streams, kinds, cursor, outer, block)
        for year in range(years):
            count = items[item, 3]
            if count == 0:
                count = year_of_events(streams, kinds, cursor, events, outer, block, year)
            if count < 0:
                return NO_ROOM
            part = first_part + year // results.part_years
            for d in range(designs.shape[1]):
                design = designs[row, d]
                sums, causes = results.sums[part, d], results.causes[part, d]
                histograms = results.histograms[first_row + item, d]
                work.months[:, :] = 0.0
                calls = see(design, hits_both[row, d], kinds, events, count, work)
                if calendar.closed_form:
                    _year_alone(
                        design, courses, calendar, kinds, streams, events, count, outer, block, calls, ready, work,
                        sums, causes, histograms,
                    )  # fmt: skip
                else:
                    _year(
                        design, courses, calendar, kinds, streams, events, count, outer, block, calls, ready, work,
                        sums, causes, histograms,
                    )  # fmt: skip
                _add_year(calendar, work, sums, histograms)
            if work.counts[FULL] != 0:
                return NO_ROOM
    return 0


def _draw(streams: Streams, kinds: Kinds, cursor: Cursor, items: Any) -> float:
    """Only draw what a sweep draws of its events."""
    total = 0.0
    for item in range(len(items)):
        total += bare_draw(
            streams, under(kinds, items[item, 0]), cursor, items[item, 0], items[item, 1], items[item, 2]
        )
    return total


def _collect(
    streams: Streams, all_kinds: Kinds, cursor: Cursor, events: Events, outer: int, years: int, table: Any
) -> int:
    """Write the events of the first years of a block to a table; return their number, or -1 if there is no room."""
    rows, kinds = 0, under(all_kinds, outer)
    first_events(streams, kinds, cursor, outer, 0)
    for year in range(years):
        count = year_of_events(streams, kinds, cursor, events, outer, 0, year)
        if count < 0 or rows + count > len(table):
            return -1
        for i in range(count):
            table[rows, 0] = year
            table[rows, 1] = events.kind[i]
            table[rows, 2] = events.region[i]
            table[rows, 3] = events.start[i]
            table[rows, 4] = events.end[i]
            rows += 1
    return rows


def _digest() -> int:
    folder = Path(__file__).parent
    text = b"".join((folder / name).read_bytes() for name in SOURCES)
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), "big")


# numba's cache watches only the file of a compiled function, not those it calls into. So the digest of all sources
# stands in the name under which an entry is cached: an edit of any of them is another entry.
_sweep.__qualname__ = f"sweep_{_digest():014x}"
_draw.__qualname__ = f"draw_{_digest():014x}"
_collect.__qualname__ = f"collect_{_digest():014x}"
sweep_blocks = compiled_entry(_sweep)
draw_blocks = compiled_entry(_draw)
collect_events = compiled_entry(_collect)
