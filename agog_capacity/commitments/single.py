"""The best commitment for one size and no savings plan: a quantile of its usage, exactly.

The cost `H c n + p sum (u - n)+` is convex in n; its slope changes sign at the (1 - c/p) quantile of the
usage. Where c/p falls on an hour exactly, a whole interval is optimal: it is reported, and the smaller
purchase is recommended. Averages do not work: mean usage 5 with n = 5 is not full use.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from agog_capacity.commitments.measures import checked_hours
from agog_capacity.errors import CommitmentError
from agog_capacity.periods import FloatArray

_TIE = 1e-11
"""Shares this close to break-even are ties: 0.12 / 0.2 is 0.6 on paper, not in binary."""


@dataclass(frozen=True)
class SingleOptimum:
    """All best quantities, and what a planner compares them with. Costs are over the hours given."""

    low: float
    """Smallest optimal quantity; the recommendation. [units]"""
    high: float
    """Largest optimal quantity. [units]"""
    break_even_share: float
    """A unit pays if it is used in more than this share of hours."""
    cost: float
    """[USD]"""
    cost_none: float
    """[USD]"""
    cost_cover_minimum: float
    """With the smallest usage covered. [USD]"""
    cost_cover_peak: float
    """With the largest usage covered. [USD]"""


def commitment_cost(usage: ArrayLike, units: float, committed: float, on_demand: float) -> float:
    """Return what hours cost with some units committed. [USD]

    Parameters
    ----------
    usage : array-like, shape (hours,)
        [units]
    units : float
    committed, on_demand : float
        [USD per unit-hour]
    """
    hours = np.asarray(usage, dtype=float)
    beside = float(np.maximum(hours - units, 0.0).sum())
    return committed * units * hours.size + on_demand * beside


def single_optimum(
    usage: ArrayLike, on_demand: float, committed: float, step: float | None = None
) -> SingleOptimum:
    """Return the best quantity of one commitment.

    Parameters
    ----------
    usage : array-like, shape (hours,)
        [units]
    on_demand, committed : float
        Prices. [USD per unit-hour]
    step : float, optional
        Quantities are multiples of it; any number from 0 up if not given.

    Returns
    -------
    SingleOptimum

    Raises
    ------
    CommitmentError
        If usage or a price is negative, or the step not above 0.
    """
    hours = checked_hours(usage)
    if on_demand <= 0 or committed < 0:
        raise CommitmentError(
            f"prices are {committed} and {on_demand}; on demand must be above 0, committed not negative"
        )
    if step is not None and step <= 0:
        raise CommitmentError(f"step is {step}; it must be above 0, such as 1 for whole units")
    share = committed / on_demand
    least, most = float(hours.min()), float(hours.max())
    if step is None:
        low, high = _quantile_interval(hours, share, least, most)
        floor, ceiling = least, most
    else:
        low, high = _step_interval(hours, share, step, most)
        floor = step * math.floor(least / step + _TIE)
        ceiling = step * math.ceil(most / step - _TIE)
    return SingleOptimum(
        low=low,
        high=high,
        break_even_share=share,
        cost=commitment_cost(hours, low, committed, on_demand),
        cost_none=on_demand * float(hours.sum()),
        cost_cover_minimum=commitment_cost(hours, floor, committed, on_demand),
        cost_cover_peak=commitment_cost(hours, ceiling, committed, on_demand),
    )


def _quantile_interval(hours: FloatArray, share: float, least: float, most: float) -> tuple[float, float]:
    """Return the interval of n with share{u > n} <= share <= share{u >= n}."""
    count = hours.size
    paying = share * count
    if paying > count * (1 + _TIE):
        return 0.0, 0.0
    nearest = round(paying)
    if abs(paying - nearest) > _TIE * count:
        rank = count - 1 - math.floor(paying)
        value = float(np.partition(hours, rank)[rank])
        return value, value
    # Exactly on an hour: the nearest-th largest usage and the one below it bound the optima.
    wanted = sorted({rank for rank in (count - 1 - nearest, count - nearest) if 0 <= rank < count})
    parted = np.partition(hours, wanted)
    low = 0.0 if nearest >= count else float(parted[count - 1 - nearest])
    high = most if nearest == 0 else float(parted[count - nearest])
    return low, high


def _step_interval(hours: FloatArray, share: float, step: float, most: float) -> tuple[float, float]:
    """Buy the k-th step while the mean part of it that is used exceeds the break-even share."""
    last = math.ceil(most / step - _TIE)

    def used_share(k: int) -> float:
        return float(np.clip(hours - (k - 1) * step, 0.0, step).mean()) / step

    def count_while(limit: float, strictly: bool) -> int:
        # The used part falls with k, so the last step that pays is found by halving.
        low, high = 0, last
        while low < high:
            middle = (low + high + 1) // 2
            used = used_share(middle)
            if used > limit + _TIE or (not strictly and used >= limit - _TIE):
                low = middle
            else:
                high = middle - 1
        return low

    return step * count_while(share, True), step * count_while(share, False)


@dataclass(frozen=True)
class Layer:
    """A stretch of a size's own load-duration curve, and how it is bought cheapest."""

    start: float
    end: float
    """[units]"""
    share_of_hours: float
    """Hours in which the stretch is used up."""
    choice: str
    """Name of the commitment, or `on demand`."""
    usd_per_unit_hour: float


def layered_optimum(
    usage: ArrayLike, on_demand: float, committed: Sequence[tuple[str, float]]
) -> tuple[tuple[Layer, ...], float]:
    """Buy each layer of one size's load-duration curve at the cheapest of several commitments.

    Exact without a savings plan only: a plan shared with other sizes sees hours, which the sorted curve has
    lost; then use `agog_capacity.commitments.joint`.

    Parameters
    ----------
    usage : array-like, shape (hours,)
        [units]
    on_demand : float
        [USD per unit-hour]
    committed : sequence of (name, price)
        [USD per unit-hour]

    Returns
    -------
    tuple
        Layers from the bottom, and the cost of all hours. [USD]
    """
    hours = checked_hours(usage)
    name, price = min(committed, key=lambda offer: offer[1], default=("on demand", math.inf))
    if not price < on_demand:
        return (
            Layer(0.0, float(hours.max()), float(hours.mean() > 0), "on demand", on_demand),
        ), on_demand * float(hours.sum())
    optimum = single_optimum(hours, on_demand, price)
    peak = float(hours.max())
    layers = []
    if optimum.low > 0:
        layers.append(Layer(0.0, optimum.low, float((hours >= optimum.low).mean()), name, price))
    if peak > optimum.low:
        above = float(np.maximum(hours - optimum.low, 0.0).mean())
        layers.append(
            Layer(
                optimum.low,
                peak,
                float((hours > optimum.low).mean()),
                "on demand",
                on_demand * above / (peak - optimum.low),
            )
        )
    return tuple(layers), optimum.cost
