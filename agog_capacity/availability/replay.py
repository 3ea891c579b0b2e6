"""Given failures instead of drawn ones: what a year that happened, or an exercise, costs a design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agog_capacity.arguments import is_number, is_whole
from agog_capacity.availability.brownout import Brownout
from agog_capacity.availability.environment import environment
from agog_capacity.availability.failover_plan import FailoverDefaults, read_failover_defaults
from agog_capacity.availability.failures import FailureClass
from agog_capacity.availability.measures import MEASURES, Measure
from agog_capacity.availability.numbers import together
from agog_capacity.availability.outcomes import FAILBACK
from agog_capacity.availability.service import ServiceDesign, unknown_severities
from agog_capacity.availability.simulation import Months, month_edges, wrong_choices
from agog_capacity.availability.sweep_work import (
    BINS,
    CALLED,
    COMPLETED,
    HISTOGRAMS,
    MAXIMUM_REGIONS,
    RECOVERED_H,
    REPAIRED_FIRST,
    SUMS,
    SWITCHED_H,
    UNPROTECTED_H,
    WAITED,
    Calendar,
    Results,
    new_work,
)
from agog_capacity.errors import nearest
from agog_capacity.periods import FloatArray
from agog_capacity.resources import data_directory
from agog_capacity.units import HOURS_PER_YEAR


@dataclass(frozen=True)
class Failure:
    """A failure that is given."""

    failure_class: str
    start_h: float
    """[h of the year]"""
    length_h: float
    """[h]"""
    region: int | None = None
    """0 is the first; None: all regions, or the service as a whole."""


@dataclass(frozen=True)
class ReplayedYear:
    """What given failures cost a design."""

    convention: str
    months_h: Mapping[Measure, FloatArray]
    """Hours lost by month, shape (12,). [h]"""
    by_cause_h: Mapping[Measure, Mapping[str, float]]
    """[h]"""
    called: int
    """Incidents that called for a failover."""
    completed: int
    repaired_first: int
    waited: int
    """Failovers that had to wait for their target."""
    switched_h: float
    """Time until requests were moved, all completed failovers together. [h]"""
    recovered_h: float
    """Time until everything was served again, all incidents together. [h]"""
    unprotected_h: float
    """Without standby or replica after a promotion. [h]"""

    def hours(self, measure: Measure = "demand") -> float:
        """Return the hours lost in the year by a measure. [h]"""
        return float(self.months_h[measure].sum())


def replay_year(
    design: ServiceDesign,
    classes: Mapping[str, FailureClass],
    failures: Sequence[Failure],
    *,
    convention: str = "real",
    months: Months = "730h",
    deep_threshold: float = 0.5,
    defaults: FailoverDefaults | None = None,
    brownout: Brownout | None = None,
    seed: int = 0,
) -> ReplayedYear:
    """Return what given failures of one year cost a design.

    Parameters
    ----------
    design : ServiceDesign
    classes : mapping
        Failure classes by name: severity, and what makes a region fail over.
    failures : sequence of Failure
        In any order.
    convention : {"real", "closed_form"}
    months : {"730h", "calendar"}
    deep_threshold : float
        [share of 1]
    defaults : FailoverDefaults, optional
    brownout : Brownout, optional
        How the surviving region grows; replaces the closed form.
    seed : int
        Of the failover times.

    Raises
    ------
    InputError
        With every failure that cannot be replayed, and every choice that is not known.
    """
    from agog_capacity.availability.sweep import sweep_blocks
    from agog_capacity.availability.sweep_arrays import cursor_of, designs_of, events_of, kinds_of, streams_of

    together(
        _wrong(design, classes, failures)
        + unknown_severities(design, classes)
        + wrong_choices(convention, months, deep_threshold)
    )
    defaults = defaults or read_failover_defaults(data_directory() / "availability")
    world = environment(classes, seed=seed, regions=design.regions)
    table, hits_both, courses, *_ = designs_of(
        [design], world, defaults, {} if brownout is None else {design.name: brownout},
        recovery_target_h=0.0, data_target_h=0.0,
    )  # fmt: skip
    events = events_of(len(failures) + 1)
    names = list(classes)
    first_stream = [stream.failure_class for stream in world.streams]
    for number, failure in enumerate(sorted(failures, key=lambda f: f.start_h)):
        events.start[number] = failure.start_h
        events.end[number] = failure.start_h + failure.length_h
        events.kind[number] = names.index(failure.failure_class)
        events.region[number] = -1 if failure.region is None else failure.region
        events.stream[number] = first_stream.index(failure.failure_class)
        events.number[number] = number
    work = new_work(len(failures) + 1, 1000 + (200 + 8 * courses.lengths.shape[1]) * len(failures))
    results = Results(
        np.zeros((1, 1, SUMS)),
        np.zeros((1, 1, 2, len(classes) + 1)),
        np.zeros((1, 1, HISTOGRAMS, BINS), np.int32),
        part_years=1,
        parts=1,
    )
    # Without failures nothing is drawn either: no year, no loss.
    items = np.array([[0, 0, 1 if failures else 0, len(failures)]])
    calendar = Calendar(
        month_edges(months),
        float(HOURS_PER_YEAR),
        np.full(12, float(HOURS_PER_YEAR)),
        float(deep_threshold),
        convention == "closed_form",
    )
    sweep_blocks(
        table, hits_both, courses, calendar, kinds_of(world, [design]), streams_of(world), cursor_of(world), events,
        np.zeros(MAXIMUM_REGIONS), work, items, 0, results,
    )  # fmt: skip
    sums = results.sums[0, 0]
    causes = [*names, FAILBACK]
    return ReplayedYear(
        convention=convention,
        months_h={measure: work.months[number].copy() for number, measure in enumerate(MEASURES)},
        by_cause_h={
            measure: dict(zip(causes, results.causes[0, 0, number].tolist(), strict=True))
            for number, measure in enumerate(MEASURES)
        },
        called=int(sums[CALLED]),
        completed=int(sums[COMPLETED]),
        repaired_first=int(sums[REPAIRED_FIRST]),
        waited=int(sums[WAITED]),
        switched_h=float(sums[SWITCHED_H]),
        recovered_h=float(sums[RECOVERED_H]),
        unprotected_h=float(sums[UNPROTECTED_H]),
    )


def _wrong(
    design: ServiceDesign, classes: Mapping[str, FailureClass], failures: Sequence[Failure]
) -> list[str]:
    found = []
    for number, failure in enumerate(failures):
        where = f"failure {number + 1}"
        if failure.failure_class not in classes:
            wanted = failure.failure_class
            found.append(f"{where}: there is no failure class {wanted!r}; {nearest(wanted, classes)}")
        if not (is_number(failure.start_h) and 0 <= failure.start_h < HOURS_PER_YEAR):
            found.append(f"{where}: start {failure.start_h!r} h is not inside the year, 0 to below 8760")
        if not (is_number(failure.length_h) and failure.length_h >= 0):
            found.append(f"{where}: length {failure.length_h!r} h must be a finite number, 0 or above")
        if failure.region is not None and not is_whole(failure.region, 0, design.regions - 1):
            found.append(
                f"{where}: region {failure.region!r} does not exist; the design has 0 to {design.regions - 1}"
            )
    return found
