"""Active-passive as a renewal process: one failure, its failover, its repair, and again.

Only the means of the phases matter for the unavailability, whatever their distributions (renewal
reward); they do not suffice for the chance that a month breaks an SLA.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from agog_capacity.availability.lengths import Lognormal
from agog_capacity.availability.numbers import complement, not_negative, positive, probability, rate
from agog_capacity.units import HOURS_PER_YEAR


@dataclass(frozen=True)
class Renewal:
    """What repeats with every failure of the primary."""

    cycle_h: float
    """Mean time from one failure to the next. [h]"""
    down_h: float
    """Mean time down in a cycle. [h]"""

    @property
    def unavailability(self) -> float:
        """Share of time that is down."""
        return self.down_h / self.cycle_h

    @property
    def cycles_per_year(self) -> float:
        """Failures of a year: fewer than the rate, since what is down cannot fail. [1/year]"""
        return HOURS_PER_YEAR / self.cycle_h


def active_passive(
    failures_per_year: float,
    failover_h: float,
    coverage: float,
    manual_recovery_h: float,
    primary_repair_h: float,
) -> Renewal:
    """Return active-passive with a failover that sometimes fails, and no second failure.

    Parameters
    ----------
    failures_per_year : float
        Of the primary while it serves. [1/year]
    failover_h : float
        Down in every failure. [h]
    coverage : float
        Probability that the failover works. Otherwise the service is down for the manual recovery
        too, after which the primary serves.
    manual_recovery_h : float
        [h]
    primary_repair_h : float
        While the secondary serves. [h]
    """
    fails = rate("failures per year", failures_per_year)
    covered = probability("coverage", coverage)
    manual = complement(covered) * not_negative("manual recovery", manual_recovery_h)
    down = not_negative("failover", failover_h) + manual
    served = covered * not_negative("primary repair", primary_repair_h)
    return Renewal(cycle_h=HOURS_PER_YEAR / fails + down + served, down_h=down)


@dataclass(frozen=True)
class OverlapRenewal(Renewal):
    """A renewal whose secondary can fail too."""

    overlap_h: float
    """Mean time of a cycle in which both are down. [h]"""
    repair_h: float
    """Mean repair of the primary. [h]"""


def active_passive_with_second_failure(
    failures_per_year: float, failover_h: float, repair: Lognormal, secondary_failures_per_year: float
) -> OverlapRenewal:
    """Return active-passive where the secondary can fail during a lognormal repair (semi-Markov).

    From the failure of the secondary to the end of that repair the service is down.

    Parameters
    ----------
    failures_per_year : float
        Of the primary while it serves. [1/year]
    failover_h : float
        Down in every failure; the repair begins after it. [h]
    repair : Lognormal
        [h]
    secondary_failures_per_year : float
        While it serves. [1/year]

    Notes
    -----
    ``E[(R - T)+] = E[R] - (1 - E[exp(-l R)]) / l`` for T exponential with rate l; it is integrated as
    ``E[(l R + expm1(-l R)) / l]``, since the difference of the means loses digits for small l.
    """
    fails = rate("failures per year", failures_per_year)
    second_per_h = rate("failures of the secondary per year", secondary_failures_per_year) / HOURS_PER_YEAR
    failover = not_negative("failover", failover_h)
    lengths, chances = repair.expected()
    x = second_per_h * lengths
    small = x < 1e-3
    gap = np.where(small, x**2 * (1 / 2 - x / 6 + x**2 / 24 - x**3 / 120), x + np.expm1(-x))
    overlap = float(chances @ gap) / second_per_h
    cycle = HOURS_PER_YEAR / fails + failover + repair.mean
    return OverlapRenewal(cycle_h=cycle, down_h=failover + overlap, overlap_h=overlap, repair_h=repair.mean)


def dormant_dead_share(failures_per_year: float, drills_per_year: float) -> float:
    """Return the share of time in which a standby is dead without anybody knowing.

    Parameters
    ----------
    failures_per_year : float
        Of the standby while it stands by. [1/year]
    drills_per_year : float
        Each finds and repairs what has failed since the last. [1/year]

    Notes
    -----
    ``1 - (1 - exp(-x)) / x`` with x the failures between two drills; about x / 2 while that is small.
    Without drills the share goes to 1: an undrilled standby makes coverage meaningless.
    """
    x = rate("failures per year", failures_per_year) / positive("drills per year", drills_per_year)
    if x < 1e-4:
        return x / 2 - x**2 / 6
    return (x + math.expm1(-x)) / x


def drilled_coverage(coverage: float, failures_per_year: float, drills_per_year: float) -> float:
    """Return the coverage that is left once a standby can be dead without anybody knowing."""
    dead = dormant_dead_share(failures_per_year, drills_per_year)
    return probability("coverage", coverage) * (1 - dead)
