"""Buying without a forecast: the rule that is never far from hindsight, a test of every optimiser.

Per level of demand, buy once on-demand spending of the last term has reached the fee that the purchase
would have saved. The cost is at most `2 - alpha` times the best in hindsight [1]_. A recommendation that
loses to it on a back-test is a bug.

References
----------
.. [1] Wang, Li, Liang, "To Reserve or Not to Reserve: Optimal Online Multi-Instance Acquisition in IaaS
   Clouds", arXiv:1305.5608.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from agog_capacity.errors import CommitmentError

_TIE = 1e-9


@dataclass(frozen=True)
class OnlinePurchases:
    """What the rule bought, and what hindsight would have."""

    cost: float
    """[USD]"""
    purchases: tuple[int, ...]
    """Periods, from 0, in which it bought."""
    offline_cost: float
    """[USD]"""
    alpha: float

    @property
    def ratio(self) -> float | None:
        """Cost against hindsight; None where hindsight pays nothing."""
        return self.cost / self.offline_cost if self.offline_cost else None

    @property
    def bound(self) -> float:
        """Largest ratio the rule can have."""
        return 2 - self.alpha

    @property
    def random_bound(self) -> float:
        """Largest expected ratio of the randomised rule."""
        return math.e / (math.e - 1 + self.alpha)


def buy_online(demand: ArrayLike, fee: float, price: float, alpha: float, term: int) -> OnlinePurchases:
    """Follow the rule over periods of one level of demand.

    Parameters
    ----------
    demand : array-like of 0 and 1, shape (periods,)
        Whether the level is needed.
    fee : float
        Price of a purchase. [USD]
    price : float
        On demand. [USD per period]
    alpha : float
        Share of the price still paid per covered period: 0 for Azure.
    term : int
        Periods that a purchase covers, its own included.

    Raises
    ------
    CommitmentError
        If demand is not 0 or 1, or a value is out of bounds.
    """
    level = np.asarray(demand)
    if level.ndim != 1 or not np.all((level == 0) | (level == 1)):
        raise CommitmentError("demand must be a row of 0 and 1: the rule decides one level at a time")
    if fee < 0 or price < 0 or not 0 <= alpha <= 1 or term < 1:
        raise CommitmentError(
            "fee and price must not be negative, alpha a share between 0 and 1, the term at least 1 period"
        )
    needed = [bool(x) for x in level]
    cost = 0.0
    purchases: list[int] = []
    covered_until = 0
    on_demand: list[int] = []
    for period, need in enumerate(needed):
        if not need:
            continue
        if period < covered_until:
            cost += alpha * price
            continue
        recent = [earlier for earlier in on_demand if earlier > period - term]
        if (len(recent) + 1) * price * (1 - alpha) >= fee - _TIE * max(1.0, fee):
            purchases.append(period)
            covered_until = period + term
            on_demand = []
            cost += fee + alpha * price
        else:
            on_demand.append(period)
            cost += price
    return OnlinePurchases(cost, tuple(purchases), _hindsight(needed, fee, price, alpha, term), alpha)


def _hindsight(needed: list[bool], fee: float, price: float, alpha: float, term: int) -> float:
    """Return the least cost of any purchase dates, from the last period backwards."""
    count = len(needed)
    least = [0.0] * (count + 1)
    for period in range(count - 1, -1, -1):
        pay = price * needed[period] + least[period + 1]
        end = min(period + term, count)
        buy = fee + alpha * price * sum(needed[period:end]) + least[end]
        least[period] = min(pay, buy)
    return least[0]
