"""Commitment tiers of log ingestion: a daily quantity that is paid whether it comes or not.

Not a reservation: charged each day, overage at the tier's own rate (until June 2021 pay-as-you-go), bound
for 31 days, raising restarts them [1]_. GB is 10^9 bytes.

References
----------
.. [1] MicrosoftDocs/azure-docs, azure-monitor/logs/cost-logs, 2022-03.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from agog_capacity.commitments.measures import checked_hours
from agog_capacity.errors import CommitmentError

TIERS_GB_PER_DAY = (100, 200, 300, 400, 500, 1000, 2000, 5000, 10_000, 25_000, 50_000)
LOCK_DAYS = 31
PAY_AS_YOU_GO = 0


@dataclass(frozen=True)
class TierPrice:
    """A commitment tier."""

    gb_per_day: float
    price_per_day: float
    """Charged each day. [USD]"""

    @property
    def per_gb(self) -> float:
        """Rate of the tier, also of its overage. [USD per GB]"""
        return self.price_per_day / self.gb_per_day


@dataclass(frozen=True)
class TierMonth:
    """A month under each tier; the key 0 is pay-as-you-go."""

    cost: Mapping[float, float]
    """[USD]"""
    break_even_gb_per_day: Mapping[float, float]
    """Every day's ingestion at which a tier costs what pay-as-you-go does, free grant left out."""
    unused_gb: Mapping[float, float]
    """Committed and not ingested. [GB]"""

    @property
    def best(self) -> float:
        """The cheapest, the smallest commitment if several are equal."""
        return min(self.cost, key=lambda tier: (round(self.cost[tier], 9), tier))


def tier_month(
    daily_gb: ArrayLike, payg_per_gb: float, tiers: Sequence[TierPrice], free_gb_per_month: float = 0.0
) -> TierMonth:
    """Price a month of ingestion under each tier.

    Parameters
    ----------
    daily_gb : array-like, shape (days,)
        [GB]
    payg_per_gb : float
        [USD per GB]
    tiers : sequence of TierPrice
    free_gb_per_month : float
        Free grant, taken off pay-as-you-go once; tiers have none. [GB]
    """
    days = checked_hours(daily_gb)
    if (
        payg_per_gb <= 0
        or free_gb_per_month < 0
        or any(t.gb_per_day <= 0 or t.price_per_day < 0 for t in tiers)
    ):
        raise CommitmentError(
            "prices and quantities of log tiers must be above 0, and the free grant not negative"
        )
    cost = {float(PAY_AS_YOU_GO): payg_per_gb * max(float(days.sum()) - free_gb_per_month, 0.0)}
    unused = {}
    for tier in tiers:
        overage = float(np.maximum(days - tier.gb_per_day, 0.0).sum())
        cost[tier.gb_per_day] = days.size * tier.price_per_day + overage * tier.per_gb
        unused[tier.gb_per_day] = float(np.maximum(tier.gb_per_day - days, 0.0).sum())
    return TierMonth(cost, {t.gb_per_day: t.price_per_day / payg_per_gb for t in tiers}, unused)


@dataclass(frozen=True)
class TierChange:
    """A request to move to a tier on a day; 0 is pay-as-you-go."""

    day: int
    to: float


def tier_changes(
    changes: Sequence[TierChange], lock_days: int = LOCK_DAYS, start: float = PAY_AS_YOU_GO
) -> tuple[tuple[bool, ...], float]:
    """Say which changes of tier are accepted, and where they end.

    Up at any time; down when `lock_days` have passed since the last change; the same tier changes nothing.
    That a move down starts a new lock is our reading.

    Parameters
    ----------
    changes : sequence of TierChange
        In order of day.
    lock_days : int
        [days]
    start : float
        Tier before the first request. [GB per day]

    Returns
    -------
    tuple
        Accepted or not, for each, and the final tier.
    """
    current, changed_on = float(start), None
    accepted = []
    for change in changes:
        if change.to == current:
            accepted.append(True)
            continue
        free = changed_on is None or change.day - changed_on >= lock_days
        may = change.to > current or free
        accepted.append(may)
        if may:
            current, changed_on = float(change.to), change.day
    return tuple(accepted), current
