"""What the best cover of an hour costs, and how that changes with each commitment: the oracle of `joint`.

With residual usage `v = (u - r)+`, plans of amounts S and prices, an hour is a small linear programme:
cover v at plan prices within S, or on demand. Its dual has a fixed set of corners that depends on prices
only, so the value is a maximum of linear functions, found once per price period:

    value(v, S) = max over corners c of  sum_k a[c, k] v_k - sum_q mu[c, q] S_q

`mu` is what one more plan dollar saves, `a` what one more instance-hour costs. It is jointly convex in
(r, S), and the corner that wins is the subgradient. For one plan the corners are the K ratios of on-demand
to plan price and 0, and the value is the closed form of filling by falling discount [1]_. For two plans it is
the best split, which the provider's order may miss: a bound, priced by the rule afterwards.

References
----------
.. [1] Guide of the project, section 9; checked against the plain linear programme in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from agog_capacity.errors import CommitmentError
from agog_capacity.periods import FloatArray

MAXIMUM_PLANS = 2
"""Kinds of plans with prices of their own in one problem; more would need more corners than are worth it."""


@dataclass(frozen=True)
class Corners:
    """Corners of the dual of an hour."""

    per_usage: FloatArray
    """What one more instance-hour costs, shape (corners, sizes). [USD]"""
    per_plan_dollar: FloatArray
    """What one more dollar of each plan saves, shape (corners, plans). [USD]"""


def corners(on_demand: ArrayLike, plan_prices: Sequence[Sequence[float | None]] = ()) -> Corners:
    """Return the corners for a set of prices.

    Parameters
    ----------
    on_demand : array-like, shape (sizes,)
        [USD per instance-hour]
    plan_prices : sequence of sequence
        One row a plan, one price a size; None where the size is not eligible. [USD per instance-hour]

    Raises
    ------
    CommitmentError
        If a price is not above 0, or there are more than two plans.
    """
    own = np.asarray(on_demand, dtype=float)
    if own.ndim != 1 or np.any(own <= 0):
        raise CommitmentError("on-demand prices must be a row of numbers above 0")
    if len(plan_prices) > MAXIMUM_PLANS:
        raise CommitmentError(f"{len(plan_prices)} kinds of plans at once; compare at most {MAXIMUM_PLANS}")
    rows = []
    for row in plan_prices:
        prices = np.array([np.inf if price is None else price for price in row], dtype=float)
        if prices.shape != own.shape or np.any(prices <= 0):
            raise CommitmentError(
                "a plan needs one price above 0 for each size, or none where it is not eligible"
            )
        # A negotiated price below the plan's is charged to the plan at the lower of the two.
        rows.append(np.where(np.isinf(prices), np.inf, np.minimum(prices, own)))
    if not rows:
        return Corners(own[None, :].copy(), np.zeros((1, 0)))
    worth = [sorted({0.0, *(own / prices)[np.isfinite(prices)].tolist()}) for prices in rows]
    points = set(product(*worth))
    if len(rows) == MAXIMUM_PLANS:
        first, second = rows
        for a, b in zip(first, second, strict=True):
            if np.isfinite(a) and np.isfinite(b):
                points |= {(mu, mu * a / b) for mu in worth[0]} | {(mu * b / a, mu) for mu in worth[1]}
    mu = np.array(sorted(points), dtype=float)
    per_usage = np.broadcast_to(own, (len(mu), own.size)).copy()
    for q, prices in enumerate(rows):
        eligible = np.isfinite(prices)
        reach = np.where(eligible, prices, 0.0)[None, :] * mu[:, q, None]
        per_usage = np.where(eligible[None, :], np.minimum(per_usage, reach), per_usage)
    return Corners(np.ascontiguousarray(per_usage), np.ascontiguousarray(mu))


@cache
def _kernel() -> Any:
    from numba import njit

    @njit(cache=True, nogil=True)
    def evaluate(
        usage: FloatArray,
        weight: FloatArray,
        group: NDArray[np.int64],
        period: NDArray[np.int64],
        reserved: FloatArray,
        plan: FloatArray,
        per_usage: FloatArray,
        per_plan: FloatArray,
        value: FloatArray,
        slope: FloatArray,
    ) -> None:
        hours, sizes = usage.shape
        count, plans = per_plan.shape
        left = np.empty(sizes)
        for h in range(hours):
            t = period[h]
            for k in range(sizes):
                rest = usage[h, k] - reserved[t, k]
                left[k] = max(0.0, rest)
            best = -np.inf
            winner = 0
            for c in range(count):
                total = 0.0
                for k in range(sizes):
                    total += per_usage[c, k] * left[k]
                for q in range(plans):
                    total -= per_plan[c, q] * plan[t, q]
                if total > best:
                    best = total
                    winner = c
            g = group[h]
            w = weight[h]
            value[g] += w * best
            for k in range(sizes):
                if left[k] > 0.0:
                    slope[g, t, k] -= w * per_usage[winner, k]
            for q in range(plans):
                slope[g, t, sizes + q] -= w * per_plan[winner, q]

    return evaluate


def hour_values(
    usage: FloatArray,
    weight: FloatArray,
    group: NDArray[np.int64],
    period: NDArray[np.int64],
    reserved: FloatArray,
    plan: FloatArray,
    prices: Corners,
    groups: int,
) -> tuple[FloatArray, FloatArray]:
    """Return the cost of what commitments leave, and its slope, summed by group.

    Parameters
    ----------
    usage : ndarray, shape (hours, sizes)
        [instance-hours]
    weight : ndarray, shape (hours,)
        How often the hour occurs.
    group, period : ndarray of int, shape (hours,)
        Group whose sum the hour joins; period whose commitments it sees.
    reserved : ndarray, shape (periods, sizes)
        [units]
    plan : ndarray, shape (periods, plans)
        [USD per hour]
    prices : Corners
    groups : int
        How many groups there are.

    Returns
    -------
    tuple of ndarray
        Values, shape (groups,) [USD], and slopes, shape (groups, periods, sizes + plans).
    """
    value = np.zeros(groups)
    slope = np.zeros((groups, reserved.shape[0], reserved.shape[1] + plan.shape[1]))
    _kernel()(
        usage, weight, group, period, reserved, plan, prices.per_usage, prices.per_plan_dollar, value, slope
    )
    return value, slope
