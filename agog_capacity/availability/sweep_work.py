"""What the kernel of the failure simulation reads and writes: designs as arrays, and its working space.

The kernel allocates nothing. Only kernel modules of the sweep and what fills these arrays import this.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

MAXIMUM_REGIONS = 3
MAXIMUM_STAGES = 8
MONTHS = 12

# Modes and databases, as the kernel writes them.
SINGLE, ACTIVE_PASSIVE, ACTIVE_ACTIVE = range(3)
HOMED, SINGLE_WRITER, MULTI_WRITER, QUORUM = range(4)

# Columns of the sums. The first six stand twice: demand, then deep.
HOURS, HOURS_SQUARED, YEARS_BROKEN, MONTHS_BROKEN, MONTHS_BROKEN_SQUARED, YEARS_WHOLE = range(6)
PER_MEASURE = 6
(
    CALLED, COMPLETED, REPAIRED_FIRST, WAITED, BY_HAND, RECOVERED_IN_TIME, COMPLETED_IN_TIME, UNPROTECTED_H,
    DATA_IN_TIME, DATA_LOST_H, LAG_BEYOND_OUTAGE, FAILBACKS, BAD_FAILBACKS, SWITCHED_H, RECOVERED_H,
) = range(2 * PER_MEASURE, 2 * PER_MEASURE + 15)  # fmt: skip
SUMS = 2 * PER_MEASURE + 15

# Histograms of yearly hours by demand and deep, of the time to switch, to recover, and of lost data.
YEARS_DEMAND, YEARS_DEEP, TIME_SWITCHED, TIME_RECOVERED, TIME_LOST = range(5)
HISTOGRAMS = 5
BINS = 1200
LOWEST_H = 1e-4
"""Upper bound of the first bin; the others grow by the same factor, 1.5 %, up to a year and beyond. [h]"""
PER_LOG = (BINS - 2) / np.log(2 * 8760.0 / LOWEST_H)


# A design: times in hours, a lognormal as the logarithm of its median and sigma, 0 where there is none. One record, so
# that a function of the kernel takes one argument for it.
DESIGN = np.dtype(
    [
        # Its row where something is kept by design.
        ("number", np.int64),
        ("mode", np.int64),
        ("regions", np.int64),
        ("database", np.int64),
        ("share", np.float64, (MAXIMUM_REGIONS,)),
        ("failback_stages", np.float64, (MAXIMUM_STAGES,)),
        ("failback_count", np.int64),
        ("course_first", np.int64),
        ("course_count", np.int64),
        # 1 where the courses say what is served in place of the size of the regions.
        ("by_course", np.int64),
        # Chance that an incident in a zone takes the one the design stands in; 0 where it stands in several.
        ("zone_chance", np.float64),
        # Hours until what a zone took runs in the others; infinite where nothing moves.
        ("zone_moved", np.float64),
        # How much longer it takes to grow than its courses say; 1 where that is sure.
        ("growth", np.float64),
        # Chance of a course without capacity, which are the last ones; below 0 where all courses are as likely.
        ("stuck", np.float64),
        # Courses with capacity.
        ("growing", np.int64),
        # How much longer the failure of a database server lasts; 1 with a standby.
        ("server_factor", np.float64),
        *(
            (name, np.float64)
            for name in (
                "sized", "write_share", "detect_low", "detect_high", "gray", "gray_low",
                "gray_high", "decide_fixed", "decide_log", "decide_sigma",
                "promote_log", "promote_sigma", "dns", "cache_log", "cache_sigma",
                "coverage", "manual_log", "manual_sigma", "election_low", "election_high", "failback_delay",
                "failback_bad", "failback_length", "failback_severity", "failback_step", "rebuild", "rebuild_factor",
                "lag_log", "lag_sigma", "lag_stalled", "lag_stalled_max", "recovery_target", "data_target",
            )
        ),
    ],
    align=True,
)  # fmt: skip


class Courses(NamedTuple):
    """Brownouts of all designs, one below the other."""

    lengths: Any
    served: Any
    afterwards: Any


class Calendar(NamedTuple):
    """Months of the year and what each measure may lose."""

    edges: Any
    """Shape (13,), from 0. [h of the year]"""
    allowed_year: float
    """[h]"""
    allowed_month: Any
    """Shape (12,). [h]"""
    deep: float
    """Loss above which time counts as deep."""
    closed_form: bool


class Losses(NamedTuple):
    """Pieces of time with a loss, in the working space."""

    start: Any
    end: Any
    loss: Any
    cause: Any
    edges: Any
    """Room for the ends of pieces that overlap."""


class Routes(NamedTuple):
    """Where requests go in a year, and what takes regions down."""

    time: Any
    """Begin of each piece of the routing. [h of the year]"""
    weight: Any
    """Share of the requests by region, shape (pieces, MAXIMUM_REGIONS)."""
    writer: Any
    """Region all writes go to, or -1."""
    spell_start: Any
    """Times in which a region is down, shape (MAXIMUM_REGIONS, spells)."""
    spell_end: Any
    spell_count: Any
    called_region: Any
    """Spells that call for a failover, in order of time."""
    called_spell: Any
    called_event: Any
    away: Any
    """Active-active: region, from, until, writes moved at, cause, shape (spells, 5)."""
    bare: Any
    """From, until and region without a standby of the database, shape (spells, 3)."""


class Seen(NamedTuple):
    """Events as one design sees them."""

    region: Any
    """Region hit, -1: all, -2: not seen."""
    severity: Any
    down: Any
    """1 where a region is down as a whole."""


class Work(NamedTuple):
    """Working space of one thread."""

    seen: Seen
    routes: Routes
    losses: Losses
    counts: Any
    """Lengths of what is filled: see below."""
    months: Any
    """Loss by measure and month, shape (2, MONTHS). [h]"""


PIECES, LOSSES, CALLS, AWAY, BARE, FULL = range(6)


class Results(NamedTuple):
    """What is added up, one row a part of a block of years; of histograms one row a block."""

    sums: Any
    """Shape (items x parts, designs, SUMS)."""
    causes: Any
    """Shape (items x parts, designs, 2, classes + 1): by demand and deep; the last cause is the way back. [h]"""
    histograms: Any
    """Shape (items, designs, HISTOGRAMS, BINS)."""
    part_years: int
    """Years of a part. [years]"""
    parts: int
    """Parts of a block."""


def new_work(events: int, losses: int) -> Work:
    """Return working space for so many events and pieces of loss."""
    regions = MAXIMUM_REGIONS
    return Work(
        Seen(np.zeros(events, np.int64), np.zeros(events), np.zeros(events, np.int64)),
        Routes(
            np.zeros(losses),
            np.zeros((losses, regions)),
            np.zeros(losses, np.int64),
            np.zeros((regions, events)),
            np.zeros((regions, events)),
            np.zeros(regions, np.int64),
            np.zeros(regions * events, np.int64),
            np.zeros(regions * events, np.int64),
            np.zeros(regions * events, np.int64),
            np.zeros((regions * events, 5)),
            np.zeros((regions * events, 3)),
        ),
        Losses(
            np.zeros(losses),
            np.zeros(losses),
            np.zeros(losses),
            np.zeros(losses, np.int64),
            np.zeros(2 * losses),
        ),
        np.zeros(6, np.int64),
        np.zeros((2, MONTHS)),
    )
