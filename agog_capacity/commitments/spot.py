"""Spot machines: the price, the eviction, and what it really saves.

A spot node runs until it is evicted, is missing while its replacement boots, and costs the full price until
spot capacity is back. The missing node-hours are no saving: they go to availability. Bands are averages over
a size and region and evictions come together, so a fleet-wide eviction is one event: never treat spot nodes
as independent in `availability`.

References
----------
.. [1] MicrosoftDocs/azure-docs, virtual-machines/spot-vms: the eviction rate is a chance per hour.
.. [2] MicrosoftDocs/azure-docs, aks/spot-node-pool: never the default (system) pool; label and taint
   `kubernetes.azure.com/scalesetpriority=spot:NoSchedule`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from agog_capacity.errors import CommitmentError, Problem

EVICTION_BANDS = ((0.0, 0.05), (0.05, 0.10), (0.10, 0.15), (0.15, 0.20), (0.20, 1.0))
"""As shown beside a size: chance of an eviction per hour."""


@dataclass(frozen=True)
class SpotMix:
    """Expected values of a pool that is partly on spot."""

    hazard_per_hour: float
    """[1/h]"""
    evictions: float
    """Node evictions; they come together, so this is not a count of independent events."""
    spot_node_hours: float
    fallback_node_hours: float
    """At the full price while spot is gone."""
    missing_node_hours: float
    """Not running while the replacement boots; for availability."""
    cost: float
    """[USD]"""
    cost_without_spot: float
    """[USD]"""

    @property
    def saving_share(self) -> float | None:
        """What spot takes off the whole pool, after evictions; None for a pool of nothing."""
        return 1 - self.cost / self.cost_without_spot if self.cost_without_spot else None


def hazard_per_hour(eviction_probability_per_hour: float) -> float:
    """Return the hazard of a chance per hour. [1/h]

    Raises
    ------
    CommitmentError
        If the chance is not at least 0 and below 1.
    """
    if not 0 <= eviction_probability_per_hour < 1:
        raise CommitmentError(
            f"eviction probability {eviction_probability_per_hour} per hour is not a chance from 0 to below 1"
        )
    return -math.log1p(-eviction_probability_per_hour)


def spot_mix(
    *,
    nodes: float,
    spot_share: float,
    hours: float,
    on_demand: float,
    spot_price: float,
    eviction_probability_per_hour: float,
    boot_lag_h: float,
    mean_hours_until_spot_returns: float,
) -> SpotMix:
    """Return what a pool costs with a share of it on spot.

    A renewal cycle of one spot node: `1 / hazard` hours on spot, then nothing for the boot lag, then a node
    at the full price until spot is back.

    Parameters
    ----------
    nodes : float
        Nodes of the pool.
    spot_share : float
        Share of them on spot.
    hours : float
        [h]
    on_demand, spot_price : float
        [USD per node-hour]. Spot is never above pay-as-you-go.
    eviction_probability_per_hour : float
        Chance that a node is evicted within an hour.
    boot_lag_h : float
        Until the replacement serves. [h]
    mean_hours_until_spot_returns : float
        From the eviction. [h]

    Raises
    ------
    CommitmentError
        If a value is negative or a share not between 0 and 1.
    """
    if min(nodes, hours, on_demand, spot_price, boot_lag_h, mean_hours_until_spot_returns) < 0:
        raise CommitmentError("nodes, hours and prices of a spot mix must not be negative")
    if not 0 <= spot_share <= 1:
        raise CommitmentError(f"spot_share is {spot_share}; it is a share between 0 and 1")
    hazard = hazard_per_hour(eviction_probability_per_hour)
    on_spot = nodes * spot_share
    away = mean_hours_until_spot_returns
    missing_each = min(boot_lag_h, away)
    # Per hour of calendar time: one eviction each 1 / hazard + away hours; written so that hazard 0 is no case.
    evictions = on_spot * hours * hazard / (1 + hazard * away)
    spot_hours = on_spot * hours / (1 + hazard * away)
    fallback = evictions * (away - missing_each)
    without = nodes * hours * on_demand
    cost = (nodes - on_spot) * hours * on_demand + spot_hours * spot_price + fallback * on_demand
    return SpotMix(hazard, evictions, spot_hours, fallback, evictions * missing_each, cost, without)


def spot_price_with_limit(spot_price: float, on_demand: float, max_price: float = -1.0) -> float | None:
    """Return what a spot node pays, or None if its limit keeps it away.

    Parameters
    ----------
    spot_price, on_demand : float
        [USD per node-hour]
    max_price : float
        -1: never evicted for price and never above pay-as-you-go; else a limit. [USD per node-hour]
    """
    if max_price == -1.0:
        return min(spot_price, on_demand)
    if max_price <= 0:
        raise CommitmentError(f"max_price is {max_price}; write -1 for no limit, or a price above 0")
    return None if spot_price > max_price else spot_price


@dataclass(frozen=True)
class SpotCandidate:
    """A workload that someone wants on spot."""

    name: str
    size: str
    """Machine size, such as `Standard_D8s_v5`."""
    replicas_minimum: int
    """Fewest replicas that must serve."""
    replicas_on_demand: int
    """Replicas that stay off spot."""
    system: bool = False
    """Runs in the default (system) pool."""
    stateful: bool = False
    ingress: bool = False


def check_spot(candidates: tuple[SpotCandidate, ...]) -> None:
    """Refuse what may not run on spot [2]_.

    Raises
    ------
    CommitmentError
        With every reason: system pools, state, single replicas, an ingress minimum, B-series.
    """
    problems = []
    for item in candidates:
        reasons = []
        if item.system:
            reasons.append("a spot pool cannot be the system pool")
        if item.stateful:
            reasons.append("it keeps state, which an eviction interrupts with 30 s notice at best")
        if re.match(r"^(Standard_)?B\d", item.size):
            reasons.append(f"{item.size} is a B size, which is not offered on spot")
        if item.replicas_minimum <= 1 and item.replicas_on_demand < 1:
            reasons.append("its only replica would be on spot")
        if item.ingress and item.replicas_on_demand < item.replicas_minimum:
            reasons.append(
                f"{item.replicas_on_demand} of its minimum of {item.replicas_minimum} ingress replicas are off spot"
            )
        problems += [
            Problem(f"workload {item.name!r} may not run on spot: {r}; keep it on demand") for r in reasons
        ]
    if problems:
        raise CommitmentError(problems)
