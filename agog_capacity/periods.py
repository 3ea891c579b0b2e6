"""Billing months: which there are, how many hours and days each has.

Calendar months in UTC by default, as providers bill. `730h` gives every month 730 hours and
30 days, for comparing with a calculator or a table made with one.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from agog_capacity.errors import InputError
from agog_capacity.frozen import read_only
from agog_capacity.units import CALCULATOR_MONTH_DAYS, CALCULATOR_MONTH_HOURS, HOURS_PER_DAY

FloatArray = NDArray[np.float64]
MonthLength = Literal["calendar", "730h"]

LAST_YEAR = 9999
"""No date is later, for Python and for the ISO format with four digits alike."""
_MONTH = re.compile(r"^([1-9][0-9]{3})-(0[1-9]|1[0-2])$")


@dataclass(frozen=True)
class Months:
    """Consecutive billing months.

    Parameters
    ----------
    first : str
        First month, such as `2027-01`.
    count : int
        Number of months.
    length : {"calendar", "730h"}
        Real hours of each month, or 730 hours and 30 days in each.
    """

    first: str
    count: int
    length: MonthLength = "calendar"

    def __post_init__(self) -> None:
        """Check the first month and the count."""
        if not _MONTH.match(self.first):
            raise InputError(f"month {self.first!r} is not a month; write it like '2027-01'")
        if not 1 <= self.count <= 600:
            raise InputError(f"{self.count} months cannot be planned; choose 1 to 600")
        if int(self.first[:4]) * 12 + int(self.first[5:]) + self.count > LAST_YEAR * 12 + 13:
            raise InputError(f"{self.count} months from {self.first} end after {LAST_YEAR}; begin earlier")

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Each month as `YYYY-MM`."""
        year, month = map(int, self.first.split("-"))
        numbers = range(year * 12 + month - 1, year * 12 + month - 1 + self.count)
        return tuple(f"{number // 12:04d}-{number % 12 + 1:02d}" for number in numbers)

    @cached_property
    def starts(self) -> tuple[datetime, ...]:
        """First instant of each month. [UTC]"""
        return tuple(datetime(int(label[:4]), int(label[5:]), 1, tzinfo=UTC) for label in self.labels)

    @cached_property
    def days(self) -> FloatArray:
        """Days of each month, shape (count,). [days]"""
        if self.length == "730h":
            return read_only(np.full(self.count, float(CALCULATOR_MONTH_DAYS)))
        return read_only([calendar.monthrange(int(m[:4]), int(m[5:]))[1] for m in self.labels])

    @cached_property
    def hours(self) -> FloatArray:
        """Hours of each month, shape (count,). [h]"""
        if self.length == "730h":
            return read_only(np.full(self.count, float(CALCULATOR_MONTH_HOURS)))
        return read_only(self.days * HOURS_PER_DAY)

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Calendar year of each month."""
        return tuple(int(label[:4]) for label in self.labels)

    @cached_property
    def month_of_day(self) -> NDArray[np.int64]:
        """Number of the month each calendar day is in, from 0, shape (calendar days,)."""
        lengths = [calendar.monthrange(int(m[:4]), int(m[5:]))[1] for m in self.labels]
        numbers = np.repeat(np.arange(self.count), lengths)
        numbers.setflags(write=False)
        return numbers

    def days_active(self, starts: date | None, ends: date | None) -> FloatArray:
        """Return 1 for each calendar day on which something exists and 0 for the others, shape (calendar days,).

        Parameters
        ----------
        starts, ends : date or None
            First day, and the day after the last, in UTC; None is open.
        """
        first = self.starts[0].toordinal()
        days = first + np.arange(self.month_of_day.size)
        begin = first if starts is None else starts.toordinal()
        end = first + days.size if ends is None else ends.toordinal()
        return np.asarray((days >= begin) & (days < end), dtype=float)

    def sum_of_days(self, daily: FloatArray) -> FloatArray:
        """Return the sum over the days of each month, shape (…, count).

        Parameters
        ----------
        daily : ndarray, shape (…, calendar days)
            A month of 730 h has 30 days, each of them the mean of its calendar days.
        """
        begins = np.searchsorted(self.month_of_day, np.arange(self.count))
        sums = np.add.reduceat(daily, begins, axis=-1)
        return np.asarray(sums * self.days / np.bincount(self.month_of_day), dtype=float)

    def share_active(self, starts: date | None, ends: date | None) -> FloatArray:
        """Return the share of each month in which something exists.

        Parameters
        ----------
        starts, ends : date or None
            First day, and the day after the last, in UTC; None is open.

        Returns
        -------
        ndarray, shape (count,)
            Between 0 and 1. A month of 730 h is shared out by its calendar days.
        """
        share = np.ones(self.count)
        if starts is None and ends is None:
            return share
        for index, label in enumerate(self.labels):
            year, month = int(label[:4]), int(label[5:])
            length = calendar.monthrange(year, month)[1]
            first = date(year, month, 1).toordinal()
            begin = max(first, starts.toordinal() if starts else first)
            end = min(first + length, ends.toordinal() if ends else first + length)
            share[index] = max(0, end - begin) / length
        return share
