"""Risk of a commitment: regret against what would have been best, and the mean of its worst part.

Regret of x in future w is `cost(x, w) - min over x of cost(., w)`. CVaR at alpha is the mean of the worst
1 - alpha of probability; a future at the edge counts in part, it is not dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from agog_capacity.commitments.measures import checked_hours
from agog_capacity.commitments.single import commitment_cost
from agog_capacity.errors import CommitmentError
from agog_capacity.periods import FloatArray

_TIE = 1e-9


def cvar(values: ArrayLike, probability: ArrayLike, alpha: float) -> float:
    """Return the mean of the worst (largest) 1 - alpha of probability.

    Parameters
    ----------
    values : array-like, shape (n,)
    probability : array-like, shape (n,)
        Sums to 1.
    alpha : float
        From 0 (the mean) to below 1; at 1 the largest value of positive probability.

    Examples
    --------
    >>> round(cvar([0.0, 1.0, 4.0], [0.4, 0.35, 0.25], 0.5), 12)
    2.5
    """
    value = np.asarray(values, dtype=float)
    chance = checked_probability(probability, value.size)
    if not 0 <= alpha <= 1:
        raise CommitmentError(f"alpha is {alpha}; it is a share between 0 and 1, such as 0.95")
    order = np.argsort(-value, kind="stable")
    tail = 1 - alpha
    if tail <= 0:
        return float(value[chance > 0].max())
    before = np.concatenate([[0.0], np.cumsum(chance[order])[:-1]])
    weight = np.clip(tail - before, 0.0, chance[order])
    return float(weight @ value[order]) / tail


def checked_probability(probability: ArrayLike, count: int) -> FloatArray:
    """Return probabilities of futures.

    Raises
    ------
    CommitmentError
        If they are not one each, negative, or do not sum to 1.
    """
    try:
        chance = np.asarray(probability, dtype=float)
    except (TypeError, ValueError):
        raise CommitmentError(
            f"probabilities of {count} futures are not numbers in one row; give one each, from 0 up, with the sum 1"
        ) from None
    # Written so that NaN, which is neither above nor below anything, fails too.
    if chance.shape != (count,) or not (np.all(chance >= 0) and abs(float(chance.sum()) - 1) <= 1e-6):
        raise CommitmentError(
            f"probabilities of {count} futures are {chance.tolist()[:6]}; give one each, from 0 up, with the sum 1"
        )
    return chance


@dataclass(frozen=True)
class RegretTable:
    """Candidates against futures."""

    candidates: tuple[float, ...]
    cost: FloatArray
    """Shape (candidates, futures). [USD]"""
    regret: FloatArray
    """Against the best candidate of the same future, shape (candidates, futures). [USD]"""
    probability: FloatArray
    alpha: float

    @property
    def expected_cost(self) -> FloatArray:
        """Shape (candidates,). [USD]"""
        return np.asarray(self.cost @ self.probability, dtype=float)

    @property
    def expected_regret(self) -> FloatArray:
        """Shape (candidates,). [USD]"""
        return np.asarray(self.regret @ self.probability, dtype=float)

    @property
    def cvar_regret(self) -> FloatArray:
        """Mean of the worst 1 - alpha of regret, shape (candidates,). [USD]"""
        return np.array([cvar(row, self.probability, self.alpha) for row in self.regret])

    @property
    def worst_regret(self) -> FloatArray:
        """Shape (candidates,). [USD]"""
        return np.asarray(self.regret[:, self.probability > 0].max(axis=1), dtype=float)

    def best(self, measure: ArrayLike) -> float:
        """Return the candidate with the least of a measure, the smallest if several are equal."""
        values = np.asarray(measure, dtype=float)
        least = float(values.min())
        tied = np.flatnonzero(values <= least + _TIE * max(1.0, abs(least)))
        return min(self.candidates[index] for index in tied)


def regret_table(
    futures: Sequence[ArrayLike],
    probability: ArrayLike,
    on_demand: float,
    committed: float,
    candidates: Sequence[float],
    alpha: float,
) -> RegretTable:
    """Compare quantities of one commitment over several futures.

    Parameters
    ----------
    futures : sequence of array-like
        Usage by hour of each future; all of one length. [units]
    probability : array-like, shape (futures,)
    on_demand, committed : float
        [USD per unit-hour]
    candidates : sequence of float
        Quantities to compare. [units]
    alpha : float
        Level of CVaR.

    Raises
    ------
    CommitmentError
        If futures have different lengths, candidates are missing or negative, or probabilities wrong.
    """
    usage = [checked_hours(future) for future in futures]
    lengths = sorted({hours.size for hours in usage})
    if len(lengths) != 1:
        raise CommitmentError(
            f"futures have {', '.join(map(str, lengths))} hours; compare futures of one length, or costs mean nothing"
        )
    if not candidates or min(candidates) < 0:
        raise CommitmentError(f"candidates are {list(candidates)}; give at least one quantity from 0 up")
    cost = np.array(
        [[commitment_cost(hours, n, committed, on_demand) for hours in usage] for n in candidates]
    )
    return RegretTable(
        candidates=tuple(candidates),
        cost=cost,
        regret=cost - cost.min(axis=0),
        probability=checked_probability(probability, len(usage)),
        alpha=alpha,
    )
