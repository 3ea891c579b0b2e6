"""Failures simulated event by event: the same failures for every design, and an interval for every figure.

Rates and all else that is not sure are drawn first where asked (outer draws), then years are simulated under each
draw. Two conventions, named in
every result: `real` composes failures that overlap and splits them at the ends of months; `closed_form` takes each
failure alone, whole in the month it starts in, as the formulas of `sla_risk` do, so that both can be compared. Two
measures, named too: unserved demand, and time with a loss above a threshold.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from agog_capacity.availability.brownout import Brownout
from agog_capacity.availability.environment import BLOCK_YEARS, Environment, environment
from agog_capacity.availability.failover_plan import FailoverDefaults, read_failover_defaults
from agog_capacity.availability.failures import FailureClass
from agog_capacity.availability.numbers import (
    Number,
    exact,
    not_negative,
    target_share,
    together,
    whole,
    wrong_threshold,
)
from agog_capacity.availability.outcomes import FailureSimulation
from agog_capacity.availability.service import SECONDS_PER_HOUR, ServiceDesign, unknown_severities
from agog_capacity.availability.sums import Groups, Sums
from agog_capacity.availability.sweep_work import (
    BINS,
    HISTOGRAMS,
    MAXIMUM_REGIONS,
    SUMS,
    Calendar,
    Results,
    new_work,
)
from agog_capacity.errors import InputError, nearest
from agog_capacity.periods import FloatArray
from agog_capacity.resources import data_directory
from agog_capacity.units import HOURS_PER_YEAR, MONTHS_PER_YEAR

Convention = Literal["real", "closed_form"]
Months = Literal["730h", "calendar"]
Progress = Callable[[int, int], None]
"""Called with the years done and the years in all."""

_CALENDAR_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MOST_DESIGN_YEARS = 2_000_000_000
"""Years x outer draws x designs, a day of computing: beyond, no error gets smaller that anyone reads."""
_YEARS_AT_ONCE = 64_000
"""Years between two calls of the progress, and what memory is needed for. [years]"""
_MOST_AT_ONCE = 64
_PER_CALL_YEARS = 4000
_PART_YEARS = 100
"""Years whose sums are kept apart under the same rates: what errors of differences and causes are told from. [years]"""
_GROUPS = 1000
"""Parts are joined to at most so many groups, so that memory does not grow with the years."""
_LARGEST_ROOM = 5_000_000


def simulate_failures(
    designs: Sequence[ServiceDesign],
    classes: Mapping[str, FailureClass],
    *,
    years: int,
    seed: int,
    outer_draws: int | None = None,
    convention: Convention = "real",
    months: Months = "730h",
    deep_threshold: float = 0.5,
    availability_target_percent: Number = 99.95,
    recovery_target_s: float = 900.0,
    data_loss_target_s: float = 300.0,
    brownouts: Mapping[str, Brownout] | None = None,
    defaults: FailoverDefaults | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> FailureSimulation:
    """Simulate failures over many years and evaluate all designs on them.

    Parameters
    ----------
    designs : sequence of ServiceDesign
    classes : mapping
        Failure classes by name; what a design makes of them is its own matter.
    years : int
        Under each outer draw. [years]
    seed : int
    outer_draws : int, optional
        Draws of the rates from their gammas, and of every other number from what it is worth, at least 2. Without it
        all stand at their means.
    convention : {"real", "closed_form"}
    months : {"730h", "calendar"}
        Twelve equal months, or those of a year that is no leap year.
    deep_threshold : float
        Loss above which time counts by the deep measure. [share of 1]
    availability_target_percent : number
        What a year and each month must keep. [%]
    recovery_target_s, data_loss_target_s : float
        What a failover may take, and what data it may lose. [s]
    brownouts : mapping, optional
        By design: how the surviving region grows. Replaces the closed form of a standby, and of an active-active
        design what `sized` says of the time in which a region is lost.
    defaults : FailoverDefaults, optional
        What holds where a design does not say; without it that of the library's data.
    threads : int, optional
        Results do not depend on it.
    progress : callable, optional

    Returns
    -------
    FailureSimulation

    Raises
    ------
    InputError
        With everything about the inputs that cannot be simulated.
    """
    brownouts = dict(brownouts or {})
    together(
        [
            *_wrong(designs, brownouts, convention, months, deep_threshold),
            *(words for design in designs for words in unknown_severities(design, classes)),
        ]
    )
    each = whole("years", years, 1) * (1 if outer_draws is None else whole("outer draws", outer_draws, 2))
    if each * len(designs) > MOST_DESIGN_YEARS:
        raise InputError(
            f"{each:,} years for {len(designs)} design{'s' * (len(designs) > 1)} are too many; at most "
            f"{MOST_DESIGN_YEARS:,} years x outer draws x designs are simulated"
        )
    target = target_share(availability_target_percent)
    defaults = defaults or read_failover_defaults(data_directory() / "availability")
    world = environment(
        classes, seed=seed, regions=max(design.regions for design in designs), outer_draws=outer_draws
    )
    edges = month_edges(months)
    lost = 1 - target
    calendar = Calendar(
        edges,
        float(lost * HOURS_PER_YEAR),
        np.array([float(lost * exact(length)) for length in np.diff(edges)]),
        float(deep_threshold),
        convention == "closed_form",
    )
    items = _items(years, len(world.rates))
    sums = Sums.empty(_groups_of(items, world), len(designs), len(classes) + 1)
    run = _Run.of(world, designs, defaults, brownouts, calendar, recovery_target_s, data_loss_target_s)
    _sweep_all(run, items, sums, threads, progress)
    return FailureSimulation(
        designs=tuple(designs),
        classes=dict(classes),
        convention=convention,
        months=months,
        seed=seed,
        years=years,
        rates_drawn=world.rates_drawn,
        drawn={design.name: {**world.drawn, **own} for design, own in zip(designs, run.drawn, strict=True)},
        certain={design.name: sure for design, sure in zip(designs, run.certain, strict=True)},
        deep_threshold=float(deep_threshold),
        target_percent=float(exact(availability_target_percent)),
        recovery_target_s=float(recovery_target_s),
        data_loss_target_s=float(data_loss_target_s),
        sums=sums,
    )


def month_edges(months: Months) -> FloatArray:
    """Return where months begin and the last one ends, shape (13,). [h of the year]"""
    if months == "730h":
        return np.asarray(np.arange(MONTHS_PER_YEAR + 1) * (HOURS_PER_YEAR / MONTHS_PER_YEAR), dtype=float)
    return np.concatenate([[0.0], np.cumsum(np.array(_CALENDAR_DAYS, dtype=float) * 24)])


def _wrong(
    designs: Sequence[ServiceDesign],
    brownouts: Mapping[str, Brownout],
    convention: str,
    months: str,
    deep_threshold: float,
) -> list[str]:
    names = [design.name for design in designs]
    found = [] if designs else ["no design was given; give at least one"]
    found += [f"design {name!r} stands twice" for name in sorted({n for n in names if names.count(n) > 1})]
    found += [
        f"brownout of {name!r}: there is no such design; {nearest(name, names)}"
        for name in brownouts
        if name not in names
    ]
    single = [design.name for design in designs if design.mode == "single" and design.name in brownouts]
    found += [f"brownout of {name!r}: a single region has no failover to grow after" for name in single]
    return found + wrong_choices(convention, months, deep_threshold)


def wrong_choices(convention: object, months: object, deep_threshold: object) -> list[str]:
    """Return what is wrong with how losses are counted.

    Parameters
    ----------
    convention, months, deep_threshold : object
        As `simulate_failures` takes them.
    """
    found = [
        f"{what} {str(value)[:40]!r} is not known; {nearest(value, choices)}"
        for what, value, choices in (
            ("convention", convention, get_args(Convention)),
            ("months", months, get_args(Months)),
        )
        if value not in choices
    ]
    return found + wrong_threshold(deep_threshold)


def _items(years: int, outer_draws: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return blocks of years as rows (outer draw, block, years, 0: no failures given)."""
    blocks = np.arange(-(-years // BLOCK_YEARS))
    lengths = np.minimum(BLOCK_YEARS, years - blocks * BLOCK_YEARS)
    outer = np.repeat(np.arange(outer_draws), len(blocks))
    columns = [outer, np.tile(blocks, outer_draws), np.tile(lengths, outer_draws), np.zeros_like(outer)]
    return np.stack(columns, axis=1)


def _groups_of(items: Any, world: Environment) -> Groups:
    """Return what the sums are kept by: outer draws, or stretches of years under the same rates."""
    if world.rates_drawn:
        return Groups.of(items[:, 0], items[:, 2].astype(float), parts=1, part_years=BLOCK_YEARS)
    parts = BLOCK_YEARS // _PART_YEARS
    begins = np.arange(parts) * _PART_YEARS
    years = np.clip(items[:, 2, None] - begins, 0, _PART_YEARS).ravel()
    used = int((years > 0).sum())
    group = np.minimum(np.arange(len(years)), used - 1) // -(-used // _GROUPS)
    return Groups.of(group, years.astype(float), parts=parts, part_years=_PART_YEARS)


@dataclass(frozen=True)
class _Run:
    """Everything a sweep reads, and how much room its work takes."""

    arrays: tuple[Any, ...]
    world: Environment
    shape: tuple[int, int]
    """Designs and causes."""
    drawn: tuple[Mapping[tuple[str, str], FloatArray], ...]
    """Of each design."""
    certain: tuple[tuple[str, ...], ...]
    per_failover: int

    @classmethod
    def of(
        cls,
        world: Environment,
        designs: Sequence[ServiceDesign],
        defaults: FailoverDefaults,
        brownouts: Mapping[str, Brownout],
        calendar: Calendar,
        recovery_target_s: float,
        data_loss_target_s: float,
    ) -> _Run:
        from agog_capacity.availability.sweep_arrays import designs_of, kinds_of, streams_of

        made = designs_of(
            designs,
            world,
            defaults,
            brownouts,
            recovery_target_h=not_negative("recovery target", recovery_target_s) / SECONDS_PER_HOUR,
            data_target_h=not_negative("data loss target", data_loss_target_s) / SECONDS_PER_HOUR,
        )
        arrays = (
            made.table,
            made.hits_both,
            made.courses,
            calendar,
            kinds_of(world, designs),
            streams_of(world),
        )
        shape = (len(designs), len(world.classes) + 1)
        return cls(arrays, world, shape, made.drawn, made.certain, 2 * made.courses.lengths.shape[1] + 24)

    def sweep(self, items: Any, first_row: int, results: Any) -> None:
        """Take some blocks into their rows; where a year does not fit, again with more room."""
        from agog_capacity.availability.sweep import NO_ROOM, sweep_blocks
        from agog_capacity.availability.sweep_arrays import cursor_of, events_of

        events = self.world.most_events
        while True:
            losses = 4 * events + 256 + 8 * self.per_failover
            if losses > _LARGEST_ROOM:
                raise InputError(
                    f"the failures of a year need more than {losses:,} pieces of loss; correct the rates of the classes"
                )
            work = new_work(events, losses)
            ready = np.zeros(MAXIMUM_REGIONS)
            cursor, place = cursor_of(self.world), events_of(events)
            designs, hits_both, courses, calendar, kinds, streams = self.arrays
            done = sweep_blocks(
                designs,
                hits_both,
                courses,
                calendar,
                kinds,
                streams,
                cursor,
                place,
                ready,
                work,
                items,
                first_row,
                results,
            )
            if done != NO_ROOM:
                return
            events *= 4


def _sweep_all(run: _Run, items: Any, sums: Sums, threads: int | None, progress: Progress | None) -> None:
    """Take all blocks, some at once on threads, and add them up in their order."""
    longest = int(items[:, 2].max())
    at_once = max(1, min(len(items), max(_YEARS_AT_ONCE // longest, 1), _MOST_AT_ONCE))
    per_call = max(1, _PER_CALL_YEARS // longest)
    designs, causes = run.shape
    groups = sums.groups
    results = Results(
        np.zeros((at_once * groups.parts, designs, SUMS)),
        np.zeros((at_once * groups.parts, designs, 2, causes)),
        np.zeros((at_once, designs, HISTOGRAMS, BINS), dtype=np.int32),
        groups.part_years,
        groups.parts,
    )
    workers = max(1, whole("threads", threads, 1) if threads is not None else os.cpu_count() or 1)
    run.sweep(items[:0], 0, results)  # compiles, so that the threads do not wait for each other
    done, total = 0, int(items[:, 2].sum())
    with ThreadPoolExecutor(workers) as executor:
        for first in range(0, len(items), at_once):
            some = items[first : first + at_once]
            starts = range(0, len(some), per_call)
            tasks = [executor.submit(run.sweep, some[s : s + per_call], s, results) for s in starts]
            for task in tasks:
                task.result()
            sums.add(first, len(some), results)
            done += int(some[:, 2].sum())
            if progress is not None:
                progress(done, total)
