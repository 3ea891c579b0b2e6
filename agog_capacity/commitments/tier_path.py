"""Which commitment tier of log ingestion in which month: the cheapest path that the rules of changing allow."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from agog_capacity.commitments.log_tiers import LOCK_DAYS
from agog_capacity.errors import CommitmentError

_LEAST = 1e-9
"""Costs that agree to this share are equal; the smaller commitment is then taken."""


@dataclass(frozen=True)
class TierRun:
    """Months in a row on one tier."""

    tier: int
    """Column of the costs; 0 is pay as you go."""
    month: int
    """First month, from 0."""
    until: int
    """Month after the last."""


def cheapest_path(cost: ArrayLike, days: ArrayLike, lock_days: int = LOCK_DAYS) -> tuple[TierRun, ...]:
    """Choose a tier for each month: raised at the begin of any month, lowered when the lock is over.

    Parameters
    ----------
    cost : array-like, shape (months, tiers + 1)
        Of each month under pay as you go, then each tier, rising; infinite where a tier cannot be had. [currency]
    days : array-like, shape (months,)
        Days of each month. [days]
    lock_days : int
        After any change a tier is not lowered for so long. [days]

    Returns
    -------
    tuple of TierRun
        All months in order; the smaller commitment where two cost the same.

    Raises
    ------
    CommitmentError
        If a month has no finite cost on pay as you go, or shapes do not fit.
    """
    costs, lengths = np.asarray(cost, dtype=float), np.asarray(days, dtype=float)
    if costs.ndim != 2 or lengths.shape != costs.shape[:1] or not np.all(np.isfinite(costs[:, 0])):
        raise CommitmentError(
            "costs of tiers need one row a month, a finite one on pay as you go, and the days of each month"
        )
    months, tiers = costs.shape
    # best[m, t, n]: months m and later, with tier t in m, changed at its begin (n = 1) or before.
    best = np.full((months + 1, tiers, 2), 0.0)
    choice = np.zeros((months, tiers, 2), dtype=int)
    for m in range(months - 1, -1, -1):
        for tier in range(tiers):
            for new in (0, 1):
                free = not new or lengths[m] >= lock_days
                options = [tier] if m == months - 1 else range(0 if free else tier, tiers)
                following = {to: best[m + 1, to, int(to != tier)] for to in options}
                choice[m, tier, new] = to = _least(following)
                best[m, tier, new] = costs[m, tier] + following[to]
    path = [_least({tier: float(best[0, tier, int(tier > 0)]) for tier in range(tiers)})]
    new = int(path[0] > 0)
    for m in range(months - 1):
        to = int(choice[m, path[-1], new])
        new = int(to != path[-1])
        path.append(to)
    edges = [0, *(m for m in range(1, months) if path[m] != path[m - 1]), months]
    return tuple(TierRun(path[a], a, b) for a, b in pairwise(edges))


def _least(options: dict[int, float]) -> int:
    """Return the key of the least value, of equal ones the smallest."""
    least = min(options.values())
    return min(key for key, value in options.items() if value <= least + _LEAST * max(abs(least), 1.0))
