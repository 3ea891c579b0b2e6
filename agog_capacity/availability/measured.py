"""Availability as it was: the owner's incidents over the days of their records, by both measures and month by month.

Overlapping incidents are composed as in the simulation: the service loses `1 - product(1 - severity)`. The severity of
a recorded incident is the share of all requests that failed, whatever it hit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from agog_capacity.availability.incidents import FIRST_YEAR, LAST_YEAR, Incident
from agog_capacity.availability.measures import MEASURES, Measure
from agog_capacity.availability.numbers import target_share, together, wrong_threshold
from agog_capacity.units import HOURS_PER_YEAR

_SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True)
class MeasuredMonth:
    """One calendar month of the records, or the part of it that they hold."""

    month: str
    hours: float
    """Of the month in the records. [h]"""
    lost_h: Mapping[Measure, float]
    """[h]"""
    breaks: Mapping[Measure, bool]
    """Whether it lost more than the target allows in so many hours."""


@dataclass(frozen=True)
class MeasuredAvailability:
    """What the records hold."""

    began: date
    until: date
    hours: float
    """Of the records. [h]"""
    target_percent: float
    months: tuple[MeasuredMonth, ...]
    by_cause: Mapping[str, float]
    """Lost demand by recorded cause, shared out where incidents overlap. [h]"""

    def lost_h(self, measure: Measure) -> float:
        """Return the hours lost in all of the records. [h]"""
        return sum(month.lost_h[measure] for month in self.months)

    def lost_h_per_year(self, measure: Measure) -> float:
        """Return the hours lost in a year of 8,760 hours. [h/year]"""
        return self.lost_h(measure) * HOURS_PER_YEAR / self.hours

    def percent(self, measure: Measure) -> float:
        """Return the availability. [%]"""
        return 100 * (1 - self.lost_h(measure) / self.hours)

    def months_broken(self, measure: Measure) -> int:
        """Return the months that lost more than the target allows."""
        return sum(month.breaks[measure] for month in self.months)


def measured_availability(
    incidents: Sequence[Incident],
    began: date,
    until: date,
    *,
    target_percent: float,
    deep_threshold: float = 0.5,
) -> MeasuredAvailability:
    """Return the availability that recorded incidents leave.

    Parameters
    ----------
    incidents : sequence of Incident
        Those that are open last until the end of the records.
    began, until : date
        First and last day of the records, UTC; both count whole.
    target_percent : float
        What each month must keep. [%]
    deep_threshold : float
        Loss above which time counts by the deep measure. [share of 1]

    Raises
    ------
    InputError
        If the records end before they begin or lie outside of the years that incidents have, or the target or the
        threshold is none.
    """
    problems = wrong_threshold(deep_threshold)
    if until < began:
        problems.append(f"the records end on {until}, before they begin on {began}")
    if began.year < FIRST_YEAR or until.year > LAST_YEAR:
        problems.append(
            f"the records run from {began} to {until}; write years from {FIRST_YEAR} to {LAST_YEAR}"
        )
    together(problems)
    allowed = float(1 - target_share(target_percent))
    first, last = _midnight(began), _midnight(until + timedelta(days=1))
    edges = {first, last, *_month_starts(first, last)}
    spans = []
    for one in incidents:
        start, end = max(one.start, first), min(one.end or last, last)
        if start < end and one.severity > 0:
            spans.append((start, end, one))
            edges |= {start, end}
    ordered = sorted(edges)
    lost: dict[str, dict[Measure, float]] = {}
    length: dict[str, float] = {}
    by_cause: dict[str, float] = {}
    for left, right in pairwise(ordered):
        hours = (right - left).total_seconds() / _SECONDS_PER_HOUR
        month = f"{left:%Y-%m}"
        length[month] = length.get(month, 0.0) + hours
        sums = lost.setdefault(month, dict.fromkeys(MEASURES, 0.0))
        active = [one for start, end, one in spans if start <= left and right <= end]
        kept = 1.0
        for one in active:
            kept *= 1 - one.severity
        loss = 1 - kept
        sums["demand"] += loss * hours
        sums["deep"] += hours if loss > deep_threshold else 0.0
        whole = sum(one.severity for one in active)
        for one in active:
            by_cause[one.cause] = by_cause.get(one.cause, 0.0) + loss * hours * one.severity / whole
    months = tuple(
        MeasuredMonth(
            month,
            length[month],
            sums,
            {measure: sums[measure] > allowed * length[month] + 1e-9 for measure in MEASURES},
        )
        for month, sums in lost.items()
    )
    hours = (last - first).total_seconds() / _SECONDS_PER_HOUR
    return MeasuredAvailability(began, until, hours, target_percent, months, by_cause)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _month_starts(first: datetime, last: datetime) -> list[datetime]:
    found = []
    at = first.replace(day=1)
    while at < last:
        if at > first:
            found.append(at)
        at = (at + timedelta(days=32)).replace(day=1)
    return found
