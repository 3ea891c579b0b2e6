"""Which commitments run when: active units, expiries, and the cliff when many end at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from agog_capacity.commitments.amortise import month_label, month_number
from agog_capacity.errors import CommitmentError
from agog_capacity.periods import FloatArray
from agog_capacity.units import MONTHS_PER_YEAR


@dataclass(frozen=True)
class Rung:
    """A purchase of a ladder; it runs from the first of its month."""

    quantity: float
    start_month: str
    term_years: int


@dataclass(frozen=True)
class Ladder:
    """What a ladder covers, month by month."""

    active: FloatArray
    """Units that run, shape (months,)."""
    expiring: Mapping[str, float]
    """Units by the first month without them, also outside the window."""
    uncovered: FloatArray
    """Need above what runs, shape (months,). [unit-months]"""
    idle: FloatArray
    """What runs above the need, shape (months,). [unit-months]"""

    @property
    def largest_drop(self) -> float:
        """Most units lost from one month to the next: the cliff."""
        return float(np.maximum(-np.diff(self.active), 0.0).max(initial=0.0))


def climb(rungs: Sequence[Rung], first_month: str, need_by_month: ArrayLike) -> Ladder:
    """Follow a ladder of purchases through some months.

    Parameters
    ----------
    rungs : sequence of Rung
        Existing commitments too, if they began before the window.
    first_month : str
        First month of the window, such as `2027-01`.
    need_by_month : array-like, shape (months,)
        Units needed.

    Returns
    -------
    Ladder
    """
    need = np.asarray(need_by_month, dtype=float)
    if need.ndim != 1 or np.any(need < 0):
        raise CommitmentError("the need must be a row of months, from 0 up")
    months = month_number(first_month) + np.arange(need.size)
    active = np.zeros(need.size)
    expiring: dict[str, float] = {}
    for rung in rungs:
        if rung.quantity < 0 or rung.term_years < 1:
            raise CommitmentError(
                f"a purchase of {rung.quantity} for {rung.term_years} years cannot be: use 0 or more units"
            )
        begin = month_number(rung.start_month)
        end = begin + MONTHS_PER_YEAR * rung.term_years
        active += rung.quantity * ((months >= begin) & (months < end))
        expiring[month_label(end)] = expiring.get(month_label(end), 0.0) + rung.quantity
    return Ladder(active, expiring, np.maximum(need - active, 0.0), np.maximum(active - need, 0.0))


def equal_rungs(
    quantity: float, start_month: str, term_years: int, rungs: int, every_months: int
) -> tuple[Rung, ...]:
    """Split a purchase into equal rungs, such as a quarter each quarter.

    The expected price is the same and no expiry is a cliff; it costs the discount on what is not yet bought.

    Parameters
    ----------
    quantity : float
        Units in all.
    start_month : str
    term_years : int
    rungs, every_months : int
        How many purchases, and months between them.
    """
    if rungs < 1 or every_months < 1:
        raise CommitmentError(
            f"{rungs} rungs every {every_months} months is no ladder; both must be at least 1"
        )
    begin = month_number(start_month)
    return tuple(
        Rung(quantity / rungs, month_label(begin + step * every_months), term_years) for step in range(rungs)
    )
