"""What a failover loses of the data: the lag of an asynchronous replica, and conflicts of two masters.

A failure at a random instant sees the time-stationary lag. The stalled part of the time, not the
healthy median of seconds, decides the chance of losing more than minutes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from agog_capacity.availability.lengths import Lognormal
from agog_capacity.availability.numbers import complement, not_negative, positive, probability, together
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray


@dataclass(frozen=True)
class ReplicationLag:
    """Lag of a replica at a random instant: lognormal when healthy, uniform from 0 when stalled."""

    healthy: Lognormal
    """[s]"""
    stalled: float
    """Share of time in which replication is stalled."""
    stalled_max_s: float
    """Time until a stall is noticed. [s]"""

    def __post_init__(self) -> None:
        probability("share of time stalled", self.stalled)
        if self.stalled:
            positive("longest stall", self.stalled_max_s)

    @property
    def mean_s(self) -> float:
        """Mean lag. [s]"""
        return complement(self.stalled) * self.healthy.mean + self.stalled * self.stalled_max_s / 2

    def beyond(self, seconds: float) -> float:
        """Return the probability that more than this is lost."""
        not_negative("lag", seconds)
        stuck = self.stalled * max(0.0, 1 - seconds / self.stalled_max_s) if self.stalled else 0.0
        return complement(self.stalled) * self.healthy.beyond(seconds) + stuck

    def quantile(self, share: float) -> float:
        """Return the lag that is not exceeded with a probability. [s]"""
        if not 0 < share < 1:
            raise InputError(f"probability {share!r} of a quantile is not inside 0 and 1")
        if self.stalled == 0:
            return self.healthy.quantile(share)
        left = complement(share)
        high = max(self.stalled_max_s, self.healthy.quantile(share))
        low = 0.0
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if self.beyond(middle) > left else (low, middle)
            if high - low <= 1e-14 * high:
                break
        return (low + high) / 2


def refuse_lag_longer_than_outage(
    lag: ReplicationLag, outages_h: Mapping[str, float], *, restored: bool = False
) -> None:
    """Refuse a copy that is further behind than the outage it is there for is long.

    Parameters
    ----------
    lag : ReplicationLag
        [s]
    outages_h : mapping of str to float
        Median length of the outages that make a region fail over, by failure class. [h]
    restored : bool
        Whether the copy is a backup and not a replica.

    Raises
    ------
    InputError
        If the median lag, or a standstill when it is noticed, exceeds the longest of them.
    """
    if not outages_h:
        return
    cause, longest = max(outages_h.items(), key=lambda item: item[1])
    problems = []
    place, act = ("backup_age", "restor") if restored else ("replication", "promot")
    for what, seconds in (
        ("the median lag", lag.healthy.median),
        ("a standstill that is noticed after", lag.stalled_max_s),
    ):
        if seconds > longest * 3600 and (lag.stalled or what.startswith("the")):
            problems.append(
                f"{place}: {what} {seconds:g} s is longer than the outage ({cause}, median {longest:g} h): {act}ing "
                f"would lose more than waiting; correct the unit, alert earlier, or do not {act}e"
            )
    together(problems)


def zipf_shares(rows: int, exponent: float) -> FloatArray:
    """Return the share of writes by row where the r-th row gets 1 / r^exponent of the first, shape (rows,)."""
    if rows < 1:
        raise InputError(f"{rows} rows cannot be written to; give at least 1")
    shares = np.arange(1, rows + 1, dtype=float) ** -not_negative("Zipf exponent", exponent)
    return np.asarray(shares / shares.sum())


def conflicting_pairs_per_s(
    writes_per_s: Sequence[float], one_way_lag_s: float, row_shares: FloatArray
) -> float:
    """Return how often two masters write to one row before they can know of each other. [1/s]

    Pairs from different masters, in either order, closer than the one-way lag. With the last writer
    winning each is silent data loss; homing each tenant in one region brings it near zero.

    Parameters
    ----------
    writes_per_s : sequence of float
        Of each master. [1/s]
    one_way_lag_s : float
        [s]
    row_shares : ndarray
        Share of the writes by row; adds up to 1.
    """
    lag = not_negative("one-way lag", one_way_lag_s)
    rates = [not_negative("writes per second", value) for value in writes_per_s]
    if len(rates) < 2:
        raise InputError("conflicts need writes at two masters or more")
    total = float(np.sum(row_shares))
    if not abs(total - 1) <= 1e-9 or (np.asarray(row_shares) < 0).any():
        raise InputError(f"the shares of the rows add up to {total:g}; they must add up to 1, none below 0")
    same_row = float(np.square(row_shares).sum())
    return 2 * lag * math.fsum(a * b for a, b in combinations(rates, 2)) * same_row
