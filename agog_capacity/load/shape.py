"""The shape of demand: the week in the users' own time, month ends, events, growth.

A shape has a mean of about 1; a rate comes from whoever multiplies it. Local time is taken from the IANA time
zone, so an hour of the working day stays where it is when the clocks change.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from agog_capacity.load.curve import FloatArray
from agog_capacity.load.zones import TimeZone
from agog_capacity.model import In, Label, Model, Multiple

HOURS_PER_WEEK = 168
SECONDS_PER_YEAR = 365.25 * 86_400

OFFICE_HOURS = (0.15, 0.1, 0.1, 0.1, 0.15, 0.3, 0.6, 1.2, 2.2, 2.8, 2.9, 2.7)
OFFICE_AFTERNOON = (2.2, 2.5, 2.8, 2.6, 2.1, 1.4, 0.8, 0.5, 0.4, 0.3, 0.25, 0.2)
"""An assumption: a business application's day from midnight and from noon, its mean near 1.2."""


def office_week(saturday: float = 0.35, sunday: float = 0.2) -> tuple[float, ...]:
    """Return the hours of a week of a business application, from Monday midnight; the mean is 1.

    Parameters
    ----------
    saturday, sunday : float
        Share of a working day's load. [share of 1]
    """
    day = np.array([*OFFICE_HOURS, *OFFICE_AFTERNOON])
    week = np.concatenate([day] * 5 + [saturday * day, sunday * day])
    return tuple(float(value) for value in week / week.mean())


class Event(Model):
    """A time in which the load is a multiple of what it would be."""

    name: Label
    starts: datetime
    """With its offset from UTC, or in the shape's local time."""
    ends: datetime
    factor: Multiple

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if (self.starts.tzinfo is None) != (self.ends.tzinfo is None):
            raise ValueError("starts and ends must both have an offset from UTC, or neither")
        for what, moment in (("starts", self.starts), ("ends", self.ends)):
            if not 1900 <= moment.year <= 2999:
                raise ValueError(f"{what} {moment:%Y-%m-%d} is not between the years 1900 and 2999")
        if self.ends <= self.starts:
            raise ValueError(f"ends {self.ends} is not after starts {self.starts}")
        return self


class LoadShape(Model):
    """How demand varies around its mean."""

    time_zone: TimeZone
    """IANA name, such as `Europe/Berlin`: where the users are."""
    hours_of_week: Annotated[
        tuple[Multiple, ...], Field(min_length=HOURS_PER_WEEK, max_length=HOURS_PER_WEEK)
    ]
    """Relative load of each hour from Monday midnight, local time; between hours it is interpolated."""
    month_end_days: Annotated[int, Field(strict=True, ge=0, le=15), In("days")] = 0
    """Last days of each month on which the books are closed."""
    month_end_factor: Multiple = 1.0
    yearly_growth: Annotated[float, Field(strict=True, ge=-0.99, le=100), In("share of 1 per year")] = 0.0
    """Compound, from the start of the curve."""
    events: tuple[Event, ...] = ()

    @model_validator(mode="after")
    def _check_hours(self) -> Self:
        if sum(self.hours_of_week) <= 0:
            raise ValueError("all hours of the week are 0; at least one must be above")
        return self

    def multiples(self, start: datetime, step_s: int, steps: int) -> FloatArray:
        """Return the relative load of each step.

        Parameters
        ----------
        start : datetime
            [UTC]
        step_s : int
            [s]
        steps : int

        Returns
        -------
        ndarray, shape (steps,)
            [times the mean]
        """
        zone = ZoneInfo(self.time_zone)
        seconds = step_s * np.arange(steps)
        offset_s = _offsets_s(zone, start, seconds)
        middle = start.timestamp() + seconds + step_s / 2 + offset_s
        # 1970-01-01 was a Thursday; hours count from Monday. An hour's value stands for its middle.
        hour = (middle / 3600 + 72) % HOURS_PER_WEEK - 0.5
        table = np.array(self.hours_of_week)
        below = np.floor(hour).astype(int)
        part = hour - below
        result = table[below % HOURS_PER_WEEK] * (1 - part) + table[(below + 1) % HOURS_PER_WEEK] * part
        if self.month_end_days and self.month_end_factor != 1:
            result = np.where(
                _is_month_end(middle, self.month_end_days), result * self.month_end_factor, result
            )
        for event in self.events:
            begin, end = (_instant(moment, zone) for moment in (event.starts, event.ends))
            at = start.timestamp() + seconds
            result = np.where((at >= begin) & (at < end), result * event.factor, result)
        if self.yearly_growth:
            result = result * (1 + self.yearly_growth) ** (seconds / SECONDS_PER_YEAR)
        return np.asarray(result, dtype=np.float64)


def _offsets_s(zone: ZoneInfo, start: datetime, seconds: NDArray[Any]) -> FloatArray:
    """Return the zone's offset from UTC at each step; it is asked once an hour."""
    hours = np.asarray(seconds, dtype=np.int64) // 3600
    asked = [
        (start + timedelta(hours=int(hour))).astimezone(zone).utcoffset() or timedelta(0)
        for hour in range(int(hours[-1]) + 1)
    ]
    return np.array([offset.total_seconds() for offset in asked])[hours]


def _is_month_end(local_s: FloatArray, days: int) -> NDArray[np.bool_]:
    """Tell for each local time whether it falls on the last days of its month."""
    day = np.floor(local_s / 86_400).astype(int)
    first = int(day.min())
    known = []
    for number in range(first, int(day.max()) + 1):
        on = date(1970, 1, 1) + timedelta(days=number)
        known.append(calendar.monthrange(on.year, on.month)[1] - on.day < days)
    return np.asarray(np.array(known)[day - first])


def _instant(moment: datetime, zone: ZoneInfo) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC).timestamp()
