"""The risk that a month or a year loses more than an SLA allows.

Outages start as a Poisson process, their lengths are independent. This is the `closed_form` mode of
the models: an outage counts whole in the period it starts in and overlaps are added. A mean of 3
hours a year meets 4.38, and yet nearly every year has a month that breaks its share of it.

Fixed lengths give a Poisson tail and exponential ones a Poisson mixture of gamma tails, both exact.
Other lengths are put on a lattice and added up by Panjer's recursion, which needs the part below the
threshold only: for 1,000 points 2 ms, where a Fourier transform has to span the heavy tail [1]_.

References
----------
.. [1] H. H. Panjer, "Recursive evaluation of a family of compound distributions", ASTIN Bulletin
   12 (1981) 22-26.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from agog_capacity.availability.lengths import Exponential, Fixed, Length
from agog_capacity.availability.numbers import (
    Number,
    complement,
    exact,
    not_negative,
    probability,
    rate,
    whole,
)
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray
from agog_capacity.units import CALCULATOR_MONTH_HOURS, HOURS_PER_YEAR, MONTHS_PER_YEAR

LATTICE_POINTS = 1000
"""Points below the threshold, where lengths need a lattice: a relative error of some 1e-5."""
MOST_POINTS = 20_000
"""Of a lattice, whose work grows with their square."""
MOST_OUTAGES = 100_000
"""Of a period: one every five minutes of a year."""
_LARGEST_START = 500.0
"""Expected outages beyond which exp(-x) is too small to begin a recursion with."""


@dataclass(frozen=True)
class Risk:
    """A probability with the bounds that its lattice leaves; equal where it is exact."""

    value: float
    low: float
    high: float


def allowed_hours(sla: Number, month_h: Number = CALCULATOR_MONTH_HOURS) -> float:
    """Return what an SLA allows a month to lose, exact before it is rounded once. [h]

    Parameters
    ----------
    sla : number
        Share of the month, such as 0.9995.
    month_h : number
        Length of the month. [h]
    """
    complement(sla)
    return float(exact(month_h) * (1 - exact(sla)))


def checked_points(points: object) -> int:
    """Return the points of a lattice, or say how many there can be."""
    found = whole("lattice points", points, 1)
    if found > MOST_POINTS:
        raise InputError(f"{found:,} lattice points are too many; choose 1 to {MOST_POINTS:,}")
    return found


def _outages(what: str, outages: float) -> None:
    if rate(what, outages) > MOST_OUTAGES:
        raise InputError(
            f"{what} {outages:g} are too many; at most {MOST_OUTAGES:,} of a period are added up: join those that are one"
        )


def total_exceeds(outages: float, length: Length, threshold_h: Number, points: int = LATTICE_POINTS) -> Risk:
    """Return the probability that the outages of a period last more than a threshold together.

    Equal to the threshold is not more: no violation.

    Parameters
    ----------
    outages : float
        Expected outages of the period.
    length : Length
        Of each outage. [h]
    threshold_h : number
        What is allowed. [h]
    points : int
        Lattice points below the threshold, where the lengths need a lattice.
    """
    _outages("expected outages", outages)
    checked_points(points)
    threshold = exact(threshold_h)
    if threshold < 0:
        raise InputError(f"threshold {float(threshold):g} h is below 0")
    if isinstance(length, Fixed):
        allowed = math.inf if length.length == 0 else math.floor(threshold / exact(length.length))
        value = poisson_beyond(int(allowed), outages) if allowed < math.inf else 0.0
        return Risk(value, value, value)
    if threshold == 0:
        value = -math.expm1(-outages)
        return Risk(value, value, value)
    if isinstance(length, Exponential):
        value = _gamma_mixture(outages, float(threshold) / length.mean)
        return Risk(value, value, value)
    return _lattice_risk(outages, length, float(threshold), points)


def poisson_terms(mean: float, beyond: int = 0) -> FloatArray:
    """Return the Poisson probabilities of 0, 1, …, far enough into the tail to add up to 1."""
    return _poisson_to(mean, max(beyond, int(mean + 12 * math.sqrt(mean) + 40)))


def _poisson_to(mean: float, last: int) -> FloatArray:
    """Return the Poisson probabilities of 0, 1, … and the last, shape (last + 1,)."""
    counts = np.arange(last + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(counts[1:]))])
    powers = counts * math.log(mean) if mean > 0 else np.where(counts == 0, 0.0, -np.inf)
    return np.asarray(np.exp(powers - mean - logs))


def poisson_beyond(count: int, mean: float) -> float:
    """Return the probability of more than a count of events."""
    if count > mean + 60 * math.sqrt(mean) + 1000:
        return 0.0  # below exp(-1500), by Chernoff's bound
    terms = poisson_terms(mean, count + 60)
    return min(1.0, float(math.fsum(terms[count + 1 :])))


def _gamma_mixture(outages: float, threshold: float) -> float:
    """Sum over n of P(n outages) x P(a gamma of shape n is above the threshold), the latter a Poisson sum."""
    numbers = poisson_terms(outages)
    # Of the other only as many are looked at, however many it expects.
    at_most = np.cumsum(_poisson_to(threshold, len(numbers)))
    return min(1.0, float(math.fsum(numbers[1:] * np.minimum(at_most[: len(numbers) - 1], 1.0))))


def panjer(outages: float, chances: FloatArray) -> FloatArray:
    """Return the probabilities of each total of a Poisson number of lattice lengths.

    Parameters
    ----------
    outages : float
        Expected number of lengths.
    chances : ndarray, shape (n + 1,)
        Probability of each length 0, 1, … n steps; what is longer is left out.

    Returns
    -------
    ndarray, shape (n + 1,)
        Probability of each total of 0 to n steps.
    """
    count = len(chances)
    halvings = max(0, math.ceil(math.log2(outages / _LARGEST_START))) if outages > _LARGEST_START else 0
    part = outages / 2**halvings
    totals = np.zeros(count)
    totals[0] = math.exp(-part * (1 - chances[0]))
    weighted = part * np.arange(count) * chances
    backwards = weighted[::-1].copy()
    for total in range(1, count):
        totals[total] = backwards[count - 1 - total : count - 1] @ totals[:total] / total
    for _ in range(halvings):
        totals = np.convolve(totals, totals)[:count]
    return totals


def _lattice_risk(outages: float, length: Length, threshold: float, points: int) -> Risk:
    step = threshold / points
    edges = length.below(np.asarray(step * np.arange(points + 2), dtype=float))
    middles = length.below(np.asarray(step * (np.arange(points + 2) - 0.5), dtype=float))
    down = panjer(outages, np.diff(edges)[: points + 1])
    # Rounded up, a length of 0 to 1 step counts as 1.
    up = panjer(outages, np.concatenate([[0.0], np.diff(edges)[:points]]))
    nearest = panjer(outages, np.diff(middles))
    # Sorted, since below 1e-15 both are rounding.
    low, high = sorted(max(0.0, 1 - float(totals.sum())) for totals in (down, up))
    # What is rounded to the threshold itself lies above it as often as below.
    value = 1 - float(nearest.sum()) + float(nearest[-1]) / 2
    return Risk(min(max(value, low), high), low, high)


@dataclass(frozen=True)
class MonthRisk:
    """What months of a service look like against its SLA."""

    allowed_h: float
    """What a month may lose. [h]"""
    month_violates: Risk
    any_outage_in_month: float
    """Probability that a month has an outage at all."""
    expected_h_per_year: float
    """Mean downtime of a year. [h]"""

    @property
    def year_has_violation(self) -> float:
        """Probability that at least one month of twelve violates."""
        return some_month(self.month_violates.value)

    @property
    def expected_violating_months(self) -> float:
        """Mean number of months of a year that violate."""
        return MONTHS_PER_YEAR * self.month_violates.value

    @property
    def annual_average_availability(self) -> float:
        """Mean availability of a year, which hides the months."""
        return 1 - self.expected_h_per_year / HOURS_PER_YEAR


def some_month(month: float) -> float:
    """Return the probability that at least one of twelve independent months violates."""
    probability("probability of a month", month)
    return 1.0 if month == 1 else -math.expm1(MONTHS_PER_YEAR * math.log1p(-month))


def monthly_risk(
    outages_per_year: float,
    length: Length,
    sla: Number,
    month_h: Number = CALCULATOR_MONTH_HOURS,
    points: int = LATTICE_POINTS,
) -> MonthRisk:
    """Return the risk of months against an SLA.

    Parameters
    ----------
    outages_per_year : float
        [1/year]
    length : Length
        Of each outage. [h]
    sla : number
        Share of a month the service must be up, such as 0.9995.
    month_h : number
        Length of a month. [h]
    points : int
        Lattice points below the threshold, where the lengths need a lattice.
    """
    per_month = rate("outages per year", outages_per_year) / MONTHS_PER_YEAR
    allowed = exact(month_h) * (1 - exact(sla))
    return MonthRisk(
        allowed_h=allowed_hours(sla, month_h),
        month_violates=total_exceeds(per_month, length, allowed, points),
        any_outage_in_month=-math.expm1(-per_month),
        expected_h_per_year=outages_per_year * length.mean,
    )


@dataclass(frozen=True)
class YearRisk:
    """What a year looks like against a yearly budget, and its months against a twelfth of it."""

    year_over_budget: Risk
    month_violates: Risk
    mean_h: float
    """Mean downtime of a year. [h]"""
    sd_h: float
    """Standard deviation of the downtime of a year. [h]"""

    @property
    def year_has_monthly_violation(self) -> float:
        """Probability that at least one month of twelve is over a twelfth of the budget."""
        return some_month(self.month_violates.value)


def yearly_risk(
    outages_per_year: float, length: Length, budget_h: Number, points: int = LATTICE_POINTS
) -> YearRisk:
    """Return the risk of a year against its budget, and of its months against a twelfth.

    Parameters
    ----------
    outages_per_year : float
        [1/year]
    length : Length
        Of each outage. [h]
    budget_h : number
        What a year may lose. [h]
    """
    rate("outages per year", outages_per_year)
    budget = exact(budget_h)
    return YearRisk(
        year_over_budget=total_exceeds(outages_per_year, length, budget, points),
        month_violates=total_exceeds(
            outages_per_year / MONTHS_PER_YEAR, length, budget / MONTHS_PER_YEAR, points
        ),
        mean_h=outages_per_year * length.mean,
        sd_h=math.sqrt(outages_per_year * length.mean_square),
    )


def total_quantile(outages: float, length: Length, share: float) -> float:
    """Return the total length that is not exceeded with a probability. [h]

    Parameters
    ----------
    outages : float
        Expected outages of the period.
    length : Length
        Of each. [h]
    share : float
        Probability, in (0, 1).
    """
    _outages("expected outages", outages)
    if not 0 < share < 1:
        raise InputError(f"probability {share!r} of a quantile is not inside 0 and 1")
    beyond = complement(share)
    if -math.expm1(-outages) <= beyond:
        return 0.0
    if isinstance(length, Fixed):
        # The first count that is exceeded with at most this probability, its tails added from the far end.
        tails = np.cumsum(poisson_terms(outages)[::-1])[::-1]
        return int(np.argmax(np.append(tails[1:], 0.0) <= beyond)) * length.length
    high = not_negative("mean total", outages * length.mean) + length.mean
    while total_exceeds(outages, length, high).value > beyond:
        high *= 2
    low = 0.0
    # A lattice is as coarse as its span: bisect on the value, so that every step has its own.
    for _ in range(100 if isinstance(length, Exponential) else 34):
        middle = (low + high) / 2
        low, high = (middle, high) if total_exceeds(outages, length, middle).value > beyond else (low, middle)
        if high - low <= 1e-13 * high:
            break
    return (low + high) / 2
