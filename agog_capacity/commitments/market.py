"""The market and the futures that a portfolio is made for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from agog_capacity.commitments.regret import checked_probability
from agog_capacity.commitments.returns import REFUND_LIMIT_USD
from agog_capacity.errors import CommitmentError
from agog_capacity.periods import FloatArray, Months

_MOST_MONTHS = 12_000
"""Of a horizon, far above any real one."""

Residual = Literal["nothing", "refund", "in use"]
"""What a term is worth beyond the horizon: nothing, its refund within the pool, or its cost."""


@dataclass(frozen=True)
class Offer:
    """Something the market sells."""

    name: str
    term_years: int
    size: str | None = None
    """Size a reservation is for; None for a savings plan."""
    usd_per_hour: float = 1.0
    """Of one reserved unit. A plan costs what it commits."""
    plan_prices: Mapping[str, float] | None = None
    """Of a plan: its price of each size; sizes that are missing are not eligible. [USD per instance-hour]"""
    sold_until: int | None = None
    """First month of the horizon in which it is not sold any more; None for always."""
    latest_end: int | None = None
    """Month of the horizon by which a term must have ended, such as a retirement; None for none."""
    refundable: bool = True
    """Whether the seller takes a reservation back: Azure does, AWS does not."""


@dataclass(frozen=True)
class Futures:
    """Simulated usage, every future a whole load through the autoscaler."""

    sizes: tuple[str, ...]
    usage: FloatArray
    """Shape (futures, hours, sizes). [instance-hours]"""
    month: NDArray[np.int64]
    """Month of the horizon of each hour, shape (hours,)."""
    probability: FloatArray
    """Shape (futures,)."""

    @classmethod
    def of(
        cls,
        sizes: Sequence[str],
        usage: Sequence[ArrayLike],
        month: ArrayLike,
        probability: ArrayLike | None = None,
    ) -> Futures:
        """Check futures and put them together.

        Parameters
        ----------
        sizes : sequence of str
        usage : sequence of array-like, each of shape (hours, sizes)
            One for each future, all of one length. [instance-hours]
        month : array-like of int, shape (hours,)
        probability : array-like, shape (futures,), optional
            Equal if not given.

        Raises
        ------
        CommitmentError
            If futures differ in length, a quantity is negative or unknown, a month is no whole number from 0 up, sizes
            are no names or not different, or something is not a table of numbers.
        """
        # Without sizes there is nothing to reserve, as where only logs are used.
        names: tuple[Any, ...] = (None,) if isinstance(sizes, str) else tuple(sizes)
        if not all(isinstance(name, str) and name for name in names):
            raise CommitmentError(
                f"sizes are {str(sizes)[:60]!r}; give the names of sizes in a list, such as ['Standard_D4s_v5']"
            )
        twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if twice:
            raise CommitmentError(f"sizes has {', '.join(map(repr, twice))} twice; give each size one column")
        arrays = [_numbers(future, f"usage of future {i}") for i, future in enumerate(usage)]
        if not arrays:
            raise CommitmentError("there are no futures; simulate at least one")
        lengths = sorted({array.shape[0] if array.ndim else 0 for array in arrays})
        if len(lengths) > 1:
            raise CommitmentError(
                f"futures have {', '.join(map(str, lengths))} hours; simulate them over the same hours"
            )
        if any(array.ndim != 2 or array.shape[1] != len(names) for array in arrays):
            raise CommitmentError(
                f"every future needs one row an hour and {len(names)} columns: {', '.join(names)}"
            )
        stacked = np.stack(arrays)
        if not np.all(np.isfinite(stacked)) or stacked.min(initial=0.0) < 0:
            raise CommitmentError("futures have negative or unknown usage; quantities are from 0 up")
        given = _numbers(month, "month")
        if given.shape != (lengths[0],):
            raise CommitmentError(f"{given.shape} months for {lengths[0]} hours; give the month of each hour")
        wrong = given[~((given >= 0) & (given < _MOST_MONTHS) & (given == np.floor(given)))]
        if wrong.size:
            raise CommitmentError(
                f"month has {wrong[0]:g}; months of the horizon are whole numbers from 0 up to {_MOST_MONTHS - 1:,}"
            )
        labels = given.astype(np.int64)
        count = len(arrays)
        chance = np.full(count, 1 / count) if probability is None else checked_probability(probability, count)
        return cls(names, stacked, labels, chance)


def _numbers(given: ArrayLike, what: str) -> FloatArray:
    try:
        return np.asarray(given, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise CommitmentError(f"{what} is not made of numbers in rows of one length; correct it") from None


@dataclass(frozen=True)
class Market:
    """Prices, what is sold and what is already there."""

    on_demand: Mapping[str, float]
    """Negotiated where there is such a price. [USD per instance-hour]"""
    offers: tuple[Offer, ...]
    months: Months
    """Horizon."""
    buy_in: tuple[int, ...] = (0,)
    """Months of the horizon in which something may be bought."""
    residual: Residual = "nothing"
    """What a term is worth beyond the horizon."""
    early_termination_fee: float = 0.0
    """Share kept of a refund."""
    refund_limit: float = REFUND_LIMIT_USD
    """Most that can be refunded. [USD]"""
    existing_reserved: FloatArray | None = None
    """Already bought, shape (months, sizes): netted first. [units]"""
    existing_plan: Mapping[str, FloatArray] | None = None
    """Already bought, by the name of the offer (which may be sold no more), each of shape (months,). [USD per hour]"""
    monthly_discount_rate: float = 0.0
    """Payments are discounted only if the plan gives a rate."""
