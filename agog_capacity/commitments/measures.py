"""How well a commitment works: utilisation, coverage, waste and the rate that counts.

Neither utilisation nor coverage is a goal: full coverage at 62.5 % utilisation loses money at a discount
of 30 %. The effective savings rate on all eligible usage says which it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from agog_capacity.errors import CommitmentError
from agog_capacity.periods import FloatArray


@dataclass(frozen=True)
class Measures:
    """Measures of one commitment over some hours; a share of nothing is None, never 0."""

    utilisation: float | None
    """Used / committed."""
    coverage: float | None
    """Used / all usage, by quantity."""
    committed_cost: float
    """[USD]"""
    waste: float
    """Cost of what was not used. [USD]"""
    on_demand_cost: float
    """Usage beside the commitment. [USD]"""
    baseline_cost: float
    """All usage on demand at the negotiated price. [USD]"""
    break_even_utilisation: float
    """Committed price / on-demand price."""
    effective_savings_rate: float | None
    """(baseline - actual) / baseline over all eligible usage; may be negative."""
    effective_savings_rate_on_list: float | None
    """The same against list price, which counts the negotiated discount too; None without a list price."""

    @property
    def total_cost(self) -> float:
        """[USD]"""
        return self.committed_cost + self.on_demand_cost

    @property
    def savings(self) -> float:
        """May be negative. [USD]"""
        return self.baseline_cost - self.total_cost

    @property
    def discount(self) -> float:
        """Discount of the committed price. [share of 1]"""
        return 1 - self.break_even_utilisation


def measure(
    usage: ArrayLike, units: float, committed: float, on_demand: float, list_price: float | None = None
) -> Measures:
    """Measure a commitment of one price over hourly usage.

    A savings plan of several prices is measured in USD: `usage` at plan prices, `units` its amount,
    `committed` 1, and `on_demand` the mean ratio of own price to plan price.

    Parameters
    ----------
    usage : array-like, shape (hours,)
        [units]
    units : float
        Committed each hour.
    committed, on_demand : float
        Prices; on demand the negotiated one. [USD per unit-hour]
    list_price : float, optional
        [USD per unit-hour]

    Raises
    ------
    CommitmentError
        If usage, units or a price is negative, or the on-demand price is 0.
    """
    hours = checked_hours(usage)
    if units < 0 or committed < 0 or on_demand <= 0:
        raise CommitmentError(
            f"{units} units at {committed} against {on_demand}: units and prices must not be negative, on demand above 0"
        )
    used = float(np.minimum(hours, units).sum())
    total = float(hours.sum())
    capacity = units * hours.size
    committed_cost = committed * capacity
    beside = on_demand * (total - used)
    actual = committed_cost + beside

    def rate(price: float) -> float | None:
        return (price * total - actual) / (price * total) if price * total > 0 else None

    return Measures(
        utilisation=used / capacity if capacity else None,
        coverage=used / total if total else None,
        committed_cost=committed_cost,
        waste=committed * (capacity - used),
        on_demand_cost=beside,
        baseline_cost=on_demand * total,
        break_even_utilisation=committed / on_demand,
        effective_savings_rate=rate(on_demand),
        effective_savings_rate_on_list=None if list_price is None else rate(list_price),
    )


def marginal_unit_worth(usage: ArrayLike, units: ArrayLike, committed: float, on_demand: float) -> FloatArray:
    """Return what one further whole unit is worth, after some are bought.

    Parameters
    ----------
    usage : array-like, shape (hours,)
        [units]
    units : array-like, shape (n,)
        Already bought.
    committed, on_demand : float
        [USD per unit-hour]

    Returns
    -------
    ndarray, shape (n,)
        Saving of unit `units + 1`, negative if it loses. [USD per hour]
    """
    hours = checked_hours(usage)
    bought = np.asarray(units, dtype=float)[:, None]
    used_share = np.clip(hours[None, :] - bought, 0.0, 1.0).mean(axis=1)
    return np.asarray(on_demand * used_share - committed, dtype=float)


def checked_hours(usage: ArrayLike) -> FloatArray:
    """Return hourly usage as an array.

    Raises
    ------
    CommitmentError
        If it is empty, not a row of hours, negative or not finite.
    """
    hours = np.asarray(usage, dtype=float)
    if hours.ndim != 1 or hours.size == 0:
        raise CommitmentError(f"usage has shape {hours.shape}; give one quantity an hour, at least one hour")
    # The sum is one pass and tells of anything that is not finite; minimum alone would not see +inf.
    if hours.min() < 0 or not np.isfinite(hours.sum()):
        raise CommitmentError("usage has negative or unknown hours; quantities are from 0 up")
    return hours
