"""When a commitment is billed and when it is a cost: two views with one total.

Azure amortises by days: the total over the days of the term, 366 where a leap day lies inside [1]_. Billed
and effective cost differ in every single month, also with instalments, and agree over the term.

References
----------
.. [1] MicrosoftDocs/azure-docs, cost-management-billing/reservations/reservation-amortization, 2023-01:
   12,016 / 366 = 32.83 a day.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from agog_capacity.commitments.terms import add_years
from agog_capacity.errors import CommitmentError
from agog_capacity.units import MONTHS_PER_YEAR

Payment = Literal["upfront", "monthly"]


@dataclass(frozen=True)
class Amortisation:
    """Both views of one commitment, by month."""

    start: date
    end: date
    """Day after the last."""
    total: float
    """Price of the whole term. [currency]"""
    billed: Mapping[str, float]
    """What is invoiced, by month `YYYY-MM`. [currency]"""
    effective: Mapping[str, float]
    """What the term costs, by month `YYYY-MM`. [currency]"""

    @property
    def days(self) -> int:
        """Days of the term."""
        return (self.end - self.start).days

    @property
    def effective_per_day(self) -> float:
        """Cost of one day. [currency]"""
        return self.total / self.days

    def split(self, used_share: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
        """Split the effective cost of some months into used and unused.

        Parameters
        ----------
        used_share : mapping
            Share of each month that usage took up. [share of 1]

        Returns
        -------
        tuple of dict
            Used and unused, by month; they add up to the effective cost. [currency]
        """
        for month, share in used_share.items():
            if not 0 <= share <= 1:
                raise CommitmentError(f"used share of {month} is {share}; it must lie between 0 and 1")
        used = {month: share * self.effective.get(month, 0.0) for month, share in used_share.items()}
        unused = {month: self.effective.get(month, 0.0) - used[month] for month in used_share}
        return used, unused


def amortise(total: float, start: date, term_years: int, payment: Payment = "upfront") -> Amortisation:
    """Spread the price of a term over its months.

    Parameters
    ----------
    total : float
        Price of the whole term, the same for both payments. [currency]
    start : date
        First day.
    term_years : int
        The term ends on the same day that many years later; 29 February on 28 February.
    payment : {"upfront", "monthly"}
        Once in the first month, or in equal instalments on each monthly anniversary, on the last day of
        shorter months.

    Returns
    -------
    Amortisation

    Raises
    ------
    CommitmentError
        If the total is negative, the term not positive or the payment unknown.
    """
    if total < 0 or term_years < 1:
        raise CommitmentError(
            f"a term of {term_years} years for {total} cannot be amortised; use 1 or 3 years from 0 up"
        )
    if payment not in ("upfront", "monthly"):
        raise CommitmentError(f"payment {payment!r} is not known; choose 'upfront' or 'monthly'")
    end = add_years(start, term_years)
    days = (end - start).days
    effective = {}
    cursor = start
    while cursor < end:
        following = _next_month(cursor)
        effective[_label(cursor)] = total * (min(following, end) - cursor).days / days
        cursor = following
    count = MONTHS_PER_YEAR * term_years if payment == "monthly" else 1
    billed = dict.fromkeys(months_from(_label(start), count), total / count)
    return Amortisation(start, end, total, billed, effective)


def months_from(first: str, count: int) -> tuple[str, ...]:
    """Return consecutive months.

    Parameters
    ----------
    first : str
        Such as `2027-01`.
    count : int
        How many.
    """
    number = month_number(first)
    return tuple(month_label(number + step) for step in range(count))


def month_number(month: str) -> int:
    """Return months since year 0, so that months can be counted.

    Raises
    ------
    CommitmentError
        If the text is not a month.
    """
    try:
        begin = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise CommitmentError(f"month {month!r} is not a month; write it like '2027-01'") from None
    return begin.year * MONTHS_PER_YEAR + begin.month - 1


def month_label(number: int) -> str:
    """Return the month of a `month_number` as `YYYY-MM`."""
    return f"{number // MONTHS_PER_YEAR:04d}-{number % MONTHS_PER_YEAR + 1:02d}"


def _label(day: date) -> str:
    return f"{day.year:04d}-{day.month:02d}"


def _next_month(day: date) -> date:
    return date.fromordinal(day.replace(day=1).toordinal() + calendar.monthrange(day.year, day.month)[1])
