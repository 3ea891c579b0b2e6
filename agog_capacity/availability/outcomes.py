"""What simulated failures cost each design: hours, broken years and months, failovers, all with intervals.

Every figure carries its measure and its convention: two measures may rank designs in two ways, and figures of two
conventions must not be compared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pandas as pd

from agog_capacity.availability.drawn_words import what_was_drawn
from agog_capacity.availability.estimates import (
    Estimate,
    histogram_quantile,
    mean_of_draws,
    mean_of_groups,
    mean_of_years,
    share_of,
    share_with_error,
)
from agog_capacity.availability.failover_outcomes import failover_outcome
from agog_capacity.availability.failures import FailureClass
from agog_capacity.availability.measures import MEASURES, FailoverOutcome, Measure, MeasureOutcome
from agog_capacity.availability.service import ServiceDesign
from agog_capacity.availability.sums import Sums
from agog_capacity.availability.sweep_work import (
    BINS,
    HOURS,
    HOURS_SQUARED,
    LOWEST_H,
    MONTHS_BROKEN,
    MONTHS_BROKEN_SQUARED,
    PER_LOG,
    PER_MEASURE,
    YEARS_BROKEN,
    YEARS_WHOLE,
)
from agog_capacity.errors import InputError, NotInResult, nearest
from agog_capacity.periods import FloatArray
from agog_capacity.units import MONTHS_PER_YEAR

FAILBACK = "failback"
"""Cause of what is lost on the way back from a failover."""
PERCENTILES = (50, 95, 99)
Promise = Literal["year", "month", "every month"]
"""What is to hold: a year's budget, a month's, or those of all twelve months of a year."""

_EDGES = np.concatenate([[0.0], LOWEST_H * np.exp(np.arange(BINS) / PER_LOG)])


@dataclass(frozen=True)
class DesignOutcome:
    """What failures cost one design."""

    name: str
    demand: MeasureOutcome
    deep: MeasureOutcome
    failovers: FailoverOutcome | None
    """None where there is one region."""

    def by(self, measure: Measure) -> MeasureOutcome:
        """Return the outcome by a measure."""
        if measure not in MEASURES:
            raise NotInResult(f"measure {measure!r} is not known; {nearest(measure, MEASURES)}")
        return self.demand if measure == "demand" else self.deep


@dataclass(frozen=True)
class Answer:
    """Which designs keep a promise with a probability, and which comes nearest."""

    promise: Promise
    measure: Measure
    convention: str
    probability: float
    """Wanted."""
    meeting: tuple[str, ...]
    """Designs whose probability is at least the wanted one."""
    nearest: str
    """The design with the highest probability."""
    reached: Estimate
    """Its probability."""

    def __str__(self) -> str:
        wanted = f"keeps its {self.promise} with a probability of {self.probability:g} ({self.measure}, {self.convention})"
        if self.meeting:
            return f"{', '.join(self.meeting)} {wanted}"
        return f"no design {wanted}; nearest: {self.nearest} with {self.reached}"


@dataclass(frozen=True)
class FailureSimulation:
    """Outcome of simulated failures for all designs."""

    designs: tuple[ServiceDesign, ...]
    classes: Mapping[str, FailureClass]
    convention: str
    months: str
    seed: int
    years: int
    """Under each outer draw."""
    rates_drawn: bool
    """Whether there are outer draws: of the rates, and of all else that is not sure."""
    drawn: Mapping[str, Mapping[tuple[str, str], FloatArray]] = field(repr=False)
    """By design what was drawn: by class or `failover`, and parameter, each of shape (draws,)."""
    certain: Mapping[str, tuple[str, ...]]
    """By design the numbers of its failovers that matter and were taken as they stand."""
    deep_threshold: float
    target_percent: float
    recovery_target_s: float
    data_loss_target_s: float
    sums: Sums = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the designs."""
        return tuple(design.name for design in self.designs)

    @property
    def causes(self) -> tuple[str, ...]:
        """What hours are attributed to: the failure classes, and the way back."""
        return (*self.classes, FAILBACK)

    @property
    def basis(self) -> str:
        """What every figure rests on, for a caption: the failures, the same for all designs."""
        return self._basis(self._drawn_of_classes(), ())

    def basis_of(self, design: str) -> str:
        """Return what the figures of a design rest on: the failures, and its failovers."""
        self._index(design)
        return self._basis(self._drawn_of_classes() | set(self.drawn[design]), self.certain[design])

    def _drawn_of_classes(self) -> set[tuple[str, str]]:
        """Return what is drawn of the failures by class and parameter, whatever the designs make of it."""
        found = {key for key in self.drawn[self.names[0]] if key[0] in self.classes}
        # A single region does not ask whether both are hit, and a design may have a chance of its own.
        return found | {
            (name, "hits_both") for name, c in self.classes.items() if c.worth.hits_both is not None
        }

    def _basis(self, drawn: Collection[tuple[str, str]], certain: Collection[str]) -> str:
        draws = (
            f"{len(self.sums.years):,} draws of {what_was_drawn(self.classes, drawn, certain)} × "
            if self.rates_drawn
            else "rates and all else at their means, "
        )
        return (
            f"{draws}{self.years:,} years, seed {self.seed}, convention {self.convention}, months {self.months}, "
            f"target {self.target_percent:g} %, deep above {self.deep_threshold:g}"
        )

    def outcome(self, design: str) -> DesignOutcome:
        """Return the outcome of a design.

        Raises
        ------
        NotInResult
            If there is no such design.
        """
        d = self._index(design)
        demand, deep = (self._measure(d, number) for number in range(2))
        return DesignOutcome(design, demand, deep, self._failovers(d))

    def hours_by_group(self, design: str, measure: Measure = "demand") -> FloatArray:
        """Return the mean hours a year that a design loses in each group of years, shape (groups,). [h/year]

        A group is an outer draw, the same for every design; blocks of years where nothing is drawn.
        """
        column = MEASURES.index(measure) * PER_MEASURE + HOURS
        found = self.sums.sums[:, self._index(design), column] / self.sums.years
        return np.asarray(found, dtype=np.float64)

    def difference(self, design: str, other: str, measure: Measure = "demand") -> Estimate:
        """Return how many hours a year a design loses more than another, on the same failures. [h/year]

        The failures are common to both, so the error is far below that of two independent runs.
        """
        gap = self.hours_by_group(design, measure) - self.hours_by_group(other, measure)
        return mean_of_draws(gap) if self.rates_drawn else mean_of_groups(gap, self.sums.years)

    def meeting(self, promise: Promise, probability: float, measure: Measure = "demand") -> Answer:
        """Return which designs keep a promise with at least a probability, and the nearest if none does.

        Parameters
        ----------
        promise : {"year", "month", "every month"}
        probability : float
            In [0, 1].
        measure : {"demand", "deep"}
        """
        if promise not in get_args(Promise):
            raise InputError(f"promise {promise!r} is not known; {nearest(promise, get_args(Promise))}")
        if not 0 <= probability <= 1:
            raise InputError(f"probability {probability!r} is not between 0 and 1")
        kept = {name: _kept(self.outcome(name).by(measure), promise) for name in self.names}
        best = max(self.names, key=lambda name: kept[name].value)
        return Answer(
            promise,
            measure,
            self.convention,
            probability,
            tuple(name for name in self.names if kept[name].value >= probability),
            best,
            kept[best],
        )

    def to_frame(self) -> pd.DataFrame:
        """Return all figures of the measures: one row a design, measure and quantity."""
        rows = []
        for name in self.names:
            outcome = self.outcome(name)
            for measure in MEASURES:
                found = outcome.by(measure)
                quantities = {
                    ("hours", "h/year"): found.hours_per_year,
                    ("year breaks", "probability"): found.year_breaks,
                    ("month breaks", "probability"): found.month_breaks,
                    ("all months hold", "probability"): found.all_months_hold,
                    **{(f"hours P{p}", "h/year"): value for p, value in found.percentiles.items()},
                    **{(f"hours by {cause}", "h/year"): value for cause, value in found.by_cause.items()},
                }
                for (quantity, unit), value in quantities.items():
                    rows.append(
                        {
                            "design": name, "measure": measure, "convention": self.convention, "quantity": quantity,
                            "unit": unit, "value": value.value, "standard_error": value.standard_error,
                            "low": value.low, "high": value.high, "interval_of": value.interval_of,
                        }
                    )  # fmt: skip
        return pd.DataFrame(rows)

    def _index(self, design: str) -> int:
        if design not in self.names:
            raise NotInResult(f"design {design!r} was not simulated; {nearest(design, self.names)}")
        return self.names.index(design)

    def _per_year(self, values: FloatArray) -> Estimate:
        """Return a yearly figure from its sums by group, shape (groups,)."""
        by_group = values / self.sums.years
        if self.rates_drawn:
            return mean_of_draws(by_group)
        return mean_of_groups(by_group, self.sums.years).not_below(0.0)

    def _measure(self, d: int, number: int) -> MeasureOutcome:
        at = number * PER_MEASURE
        total = self.sums.sums[:, d, :].sum(axis=0).tolist()
        years = float(self.sums.years.sum())
        if self.rates_drawn:
            column = self.sums.sums[:, d, at : at + PER_MEASURE] / self.sums.years[:, None]
            hours, year = mean_of_draws(column[:, HOURS]), mean_of_draws(column[:, YEARS_BROKEN])
            month = mean_of_draws(column[:, MONTHS_BROKEN] / MONTHS_PER_YEAR)
            whole = mean_of_draws(column[:, YEARS_WHOLE])
        else:
            hours = mean_of_years(total[at + HOURS], total[at + HOURS_SQUARED], years)
            year, whole = share_of(total[at + YEARS_BROKEN], years), share_of(total[at + YEARS_WHOLE], years)
            broken = mean_of_years(total[at + MONTHS_BROKEN], total[at + MONTHS_BROKEN_SQUARED], years)
            month = share_with_error(
                broken.value / MONTHS_PER_YEAR,
                broken.standard_error / MONTHS_PER_YEAR,
                MONTHS_PER_YEAR * years,
            )
        causes = {
            cause: self._per_year(self.sums.causes[:, d, number, column])
            for column, cause in enumerate(self.causes)
        }
        percentiles = self._percentiles(self.sums.histograms[:, d, number])
        return MeasureOutcome(
            MEASURES[number], self.convention, hours, year, month, whole, percentiles, causes
        )

    def _percentiles(self, by_batch: FloatArray, scale: float = 1.0) -> dict[int, Estimate]:
        """Return percentiles of a histogram, shape (batches, BINS); years under the same rates resemble each other."""
        found = {p: histogram_quantile(by_batch, _EDGES, p / 100, self.rates_drawn) for p in PERCENTILES}
        return {p: estimate.scaled(scale) for p, estimate in found.items()}

    def _failovers(self, d: int) -> FailoverOutcome | None:
        if self.designs[d].mode == "single":
            return None
        sums, histograms = self.sums.sums[:, d, :], self.sums.histograms[:, d]
        return failover_outcome(
            self.designs[d], sums, histograms, self._per_year, self._percentiles, drawn=self.rates_drawn
        )


def _kept(outcome: MeasureOutcome, promise: Promise) -> Estimate:
    """Return the probability that a promise is kept."""
    if promise == "every month":
        return outcome.all_months_hold
    breaks = outcome.year_breaks if promise == "year" else outcome.month_breaks
    return breaks.complement()
