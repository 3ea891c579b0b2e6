"""What is served when capacity is short: regions sized to survive each other, and growth after a failover.

The rule of N - 1: n active regions, each able to carry 1/(n - 1) of demand, n/(n - 1) in all. Two
regions above half of their capacity cannot carry each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from agog_capacity.availability.numbers import exact, not_negative, positive, probability, whole
from agog_capacity.availability.structure import MOST_UNITS, count_down
from agog_capacity.errors import InputError

MOST_STEPS = 10_000
"""In which a region grows."""


@dataclass(frozen=True)
class RegionSizing:
    """Active regions that are each sized for 1/(n - 1) of demand."""

    regions: int
    total_capacity: float
    """Capacity of all regions as a multiple of demand: n/(n - 1)."""
    safe_utilisation: float
    """Highest normal use at which the loss of one region is carried: (n - 1)/n."""
    not_full: float
    """Probability that two or more regions are down."""
    unserved: float
    """Mean share of demand that is not served."""
    unserved_if_sized_evenly: float
    """The same with regions of 1/n of demand, which do not survive a loss."""


def region_sizing(regions: int, unavailability_each: float) -> RegionSizing:
    """Return what n independent regions of 1/(n - 1) of demand serve.

    Parameters
    ----------
    regions : int
        At least 2.
    unavailability_each : float
        q of one region.
    """
    if whole("regions", regions, 1) < 2:
        raise InputError(f"{regions} region cannot survive the loss of one; it takes at least 2")
    if regions > MOST_UNITS:
        raise InputError(f"{regions:,} regions are too many; at most {MOST_UNITS:,} are counted")
    chances = count_down([unavailability_each] * regions)
    down = np.arange(regions + 1)
    lost = np.maximum(0.0, 1 - (regions - down) / (regions - 1))
    lost[:2] = 0.0
    return RegionSizing(
        regions=regions,
        total_capacity=regions / (regions - 1),
        safe_utilisation=(regions - 1) / regions,
        not_full=float(math.fsum(chances[2:])),
        unserved=float(math.fsum(chances * lost)),
        unserved_if_sized_evenly=float(math.fsum(chances * down / regions)),
    )


@dataclass(frozen=True)
class Brownout:
    """What is lost while capacity grows to what is needed."""

    full_at_s: float
    """When capacity is whole. [s]"""
    unserved_s: float
    """Unserved demand, as seconds of the full demand of 1. [s]"""
    outage_s: float
    """The same as seconds of full outage of the demand there is. [s]"""
    peak_lost: float
    """Largest share of the demand there is that is lost at once."""


def brownout(
    initial_capacity: float,
    delay_s: float,
    steps: int,
    step_interval_s: float,
    demand: float = 1.0,
    policy: Literal["shed", "collapse"] = "shed",
) -> Brownout:
    """Return what a region loses that starts small and grows in equal steps.

    Parameters
    ----------
    initial_capacity : float
        Share of the full capacity it starts with.
    delay_s : float
        Until the first step arrives. [s]
    steps : int
        Equal steps; the last brings the capacity to 1.
    step_interval_s : float
        Between two steps. [s]
    demand : float
        Share of the full capacity that is asked for, in (0, 1].
    policy : {"shed", "collapse"}
        `shed`: what exceeds capacity is lost, the rest is served. `collapse`: nothing is served
        while demand exceeds capacity, as where clients retry.
    """
    start, wanted = exact(probability("initial capacity", initial_capacity)), exact(demand)
    delay, pause = (
        exact(not_negative("delay", delay_s)),
        exact(not_negative("step interval", step_interval_s)),
    )
    if whole("steps", steps, 1) > MOST_STEPS:
        raise InputError(f"{steps:,} steps are too many; capacity grows in at most {MOST_STEPS:,}")
    if not 0 < wanted <= 1:
        raise InputError(f"demand {demand!r} must be above 0 and at most 1, the capacity at the end")
    if policy not in ("shed", "collapse"):
        raise InputError(f"policy {policy!r} is not one of 'shed' and 'collapse'")
    unserved, peak = exact(0), exact(0)
    for done in range(steps):
        short = max(exact(0), wanted - (start + (1 - start) * done / steps))
        lost = wanted if policy == "collapse" and short else short
        unserved += lost * (delay if done == 0 else pause)
        peak = max(peak, lost / wanted)
    return Brownout(
        full_at_s=float(delay + (steps - 1) * pause),
        unserved_s=float(unserved),
        outage_s=float(unserved / wanted),
        peak_lost=float(peak),
    )


@dataclass(frozen=True)
class Scalability:
    """The universal scalability law: throughput of N nodes that queue for and talk to each other [1]_.

    References
    ----------
    .. [1] N. J. Gunther, "Guerrilla Capacity Planning", Springer 2007.
    """

    one_node_per_s: float
    """Throughput of one node. [1/s]"""
    contention: float
    """Share of work that is serial, in [0, 1]."""
    coherency: float
    """Cost of each pair of nodes that must agree."""

    def __post_init__(self) -> None:
        positive("throughput of a node", self.one_node_per_s)
        probability("contention", self.contention)
        not_negative("coherency", self.coherency)

    def throughput(self, nodes: float) -> float:
        """Return the throughput of a number of nodes. [1/s]"""
        n = not_negative("nodes", nodes)
        return self.one_node_per_s * n / (1 + self.contention * (n - 1) + self.coherency * n * (n - 1))

    @property
    def peak_nodes_real(self) -> float:
        """Number of nodes beyond which more nodes serve less; infinite without coherency cost."""
        return math.sqrt((1 - self.contention) / self.coherency) if self.coherency else math.inf

    @property
    def peak_nodes(self) -> int | None:
        """Whole number of nodes with the highest throughput; None where there is no peak."""
        if self.peak_nodes_real == math.inf:
            return None
        low = max(1, math.floor(self.peak_nodes_real))
        return max((low, low + 1), key=self.throughput)

    def nodes_for(self, per_s: float) -> int | None:
        """Return the fewest nodes that reach a throughput, or None if no number does."""
        wanted = positive("throughput", per_s)
        high = self.peak_nodes
        if high is None:
            high = 1
            while self.throughput(high) < wanted:
                high *= 2
                if high > 2**50:
                    return None
        if self.throughput(high) < wanted:
            return None
        low = 0
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.throughput(middle) >= wanted else (middle, high)
        return high
