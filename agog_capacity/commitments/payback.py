"""When a commitment has paid for itself, and which term fits a need that ends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from agog_capacity.errors import CommitmentError
from agog_capacity.periods import FloatArray
from agog_capacity.units import MONTHS_PER_YEAR

_ROUNDING = 1e-9
"""Sums that agree to this share are equal: 250 + 250 has reached 500."""

TermChoiceName = Literal[
    "on_demand", "one_year_renewed", "one_year_then_on_demand", "three_year", "three_year_refunded"
]


@dataclass(frozen=True)
class Payback:
    """Cumulative payments against what the covered usage would have cost."""

    break_even_month: int | None
    """First month, from 1, at whose end no more was paid than on demand would have; None if there is none."""
    committed_total: float
    """[USD]"""
    on_demand_total: float
    """[USD]"""
    curve: FloatArray
    """On-demand cost avoided less payments, cumulative, shape (months,). [USD]"""

    @property
    def saving(self) -> float:
        """At the end. [USD]"""
        return self.on_demand_total - self.committed_total


def payback(upfront: float, monthly: float, on_demand_by_month: ArrayLike) -> Payback:
    """Follow the cash of a commitment month by month.

    Parameters
    ----------
    upfront : float
        Paid at once. [USD]
    monthly : float
        Paid at the end of each month. [USD]
    on_demand_by_month : array-like, shape (months,)
        What the covered usage would cost on demand. [USD]

    Returns
    -------
    Payback
    """
    avoided = np.asarray(on_demand_by_month, dtype=float)
    if (
        avoided.ndim != 1
        or upfront < 0
        or monthly < 0
        or not np.all(np.isfinite(avoided))
        or np.any(avoided < 0)
    ):
        raise CommitmentError("payments and monthly on-demand costs must be a row of numbers from 0 up")
    paid = upfront + monthly * np.arange(1, avoided.size + 1)
    curve = np.cumsum(avoided) - paid
    reached = np.flatnonzero(curve >= -_ROUNDING * np.maximum(1.0, paid))
    return Payback(
        break_even_month=int(reached[0]) + 1 if reached.size else None,
        committed_total=float(upfront + monthly * avoided.size),
        on_demand_total=float(avoided.sum()),
        curve=np.asarray(curve, dtype=float),
    )


@dataclass(frozen=True)
class TermCosts:
    """What each way of buying costs for a need of some months. [USD]"""

    costs: Mapping[TermChoiceName, float]

    @property
    def best(self) -> TermChoiceName:
        """The cheapest, the first in listed order if several are equal."""
        least = min(self.costs.values())
        return next(name for name, cost in self.costs.items() if cost <= least + _ROUNDING * max(1.0, least))


def term_costs(
    months: int,
    on_demand_monthly: float,
    total_1y: float,
    total_3y: float,
    early_termination_fee: float = 0.0,
) -> TermCosts:
    """Compare terms for a need that ends after some months.

    Parameters
    ----------
    months : int
        How long it is needed. Beyond a term, another whole one is bought.
    on_demand_monthly : float
        [USD per month]
    total_1y, total_3y : float
        Price of a whole term. [USD]
    early_termination_fee : float
        Share kept of what is refunded; 0 today, 0.12 is announced as possible without a date.

    Returns
    -------
    TermCosts
        `three_year_refunded` only within one term.
    """
    if months < 0 or min(on_demand_monthly, total_1y, total_3y) < 0 or not 0 <= early_termination_fee <= 1:
        raise CommitmentError("months and prices must not be negative, and the fee a share between 0 and 1")
    term = 3 * MONTHS_PER_YEAR
    whole, rest = divmod(months, MONTHS_PER_YEAR)
    costs: dict[TermChoiceName, float] = {
        "on_demand": on_demand_monthly * months,
        "one_year_renewed": total_1y * math.ceil(months / MONTHS_PER_YEAR),
        "one_year_then_on_demand": total_1y * whole + on_demand_monthly * rest,
        "three_year": total_3y * max(1, math.ceil(months / term)),
    }
    if months <= term:
        refund = total_3y * (term - months) / term * (1 - early_termination_fee)
        costs["three_year_refunded"] = total_3y - refund
    return TermCosts(costs)


def first_month_three_years_pay(
    on_demand_monthly: float,
    total_1y: float,
    total_3y: float,
    against: Literal["on_demand", "one_year_renewed"],
) -> int | None:
    """Return the first month, up to 36, from which a whole 3-year price is not above the alternative.

    Parameters
    ----------
    on_demand_monthly : float
        [USD per month]
    total_1y, total_3y : float
        [USD]
    against : {"on_demand", "one_year_renewed"}
        What it is compared with.
    """
    for month in range(1, 3 * MONTHS_PER_YEAR + 1):
        costs = term_costs(month, on_demand_monthly, total_1y, total_3y).costs
        if total_3y <= costs[against] * (1 + _ROUNDING):
            return month
    return None
