"""What the failovers of a simulation took, how they went, and what data they lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agog_capacity.availability.estimates import Estimate, share_of
from agog_capacity.availability.service import SECONDS_PER_HOUR, ServiceDesign
from agog_capacity.availability.sweep_work import (
    BAD_FAILBACKS,
    BY_HAND,
    CALLED,
    COMPLETED,
    COMPLETED_IN_TIME,
    DATA_IN_TIME,
    DATA_LOST_H,
    FAILBACKS,
    LAG_BEYOND_OUTAGE,
    RECOVERED_IN_TIME,
    REPAIRED_FIRST,
    TIME_LOST,
    TIME_RECOVERED,
    TIME_SWITCHED,
    UNPROTECTED_H,
    WAITED,
)
from agog_capacity.periods import FloatArray

Percentiles = Mapping[int, Estimate]


@dataclass(frozen=True)
class DataLoss:
    """Data that promotions lost: the lag of the replica at the failure."""

    promotions: int
    """In all years."""
    mean_s: float
    """[s]"""
    percentiles_s: Percentiles
    """[s]"""
    in_time: Estimate
    """Probability that a promotion loses no more than the target."""
    beyond_outage: Estimate
    """Share of promotions that lost more than the outage lasted until then: waiting would have lost less."""


@dataclass(frozen=True)
class FailoverOutcome:
    """The failovers of a design."""

    called_per_year: Estimate
    """Incidents that called for one. [1/year]"""
    completed_per_year: Estimate
    """Those that were complete before the repair. [1/year]"""
    repaired_first: Estimate
    """Share of those called for that the repair overtook."""
    by_hand: Estimate
    """Share of those called for that people had to finish."""
    waited: Estimate
    """Share of the completed ones that had to wait for their target."""
    switched_s: Percentiles
    """Time until requests were moved, of the completed ones. [s]"""
    recovered_s: Percentiles
    """Time until everything was served again, of all called for: by the failover with its growth, or by the repair. [s]"""
    recovered_in_time: Estimate
    """Probability that everything is served again within the recovery target, of all called for."""
    completed_in_time: Estimate
    """The same of the completed ones: what a drill would show."""
    unprotected_h_per_year: Estimate
    """Without standby or replica after a promotion. [h/year]"""
    failbacks_per_year: Estimate
    bad_failback_stages_per_year: Estimate
    data_loss: DataLoss | None
    """None where the design has no `replication`, or nothing was promoted."""
    conflicts_per_year: float | None
    """Conflicting writes of several writers, from the formula; None where there is one writer."""


def failover_outcome(
    design: ServiceDesign,
    by_group: FloatArray,
    histograms: FloatArray,
    per_year: Callable[[FloatArray], Estimate],
    percentiles: Callable[[FloatArray, float], Percentiles],
) -> FailoverOutcome:
    """Return the failovers of a design from its sums.

    Parameters
    ----------
    design : ServiceDesign
    by_group : ndarray, shape (groups, SUMS)
    histograms : ndarray, shape (batches, HISTOGRAMS, BINS)
    per_year : callable
        From sums by group to a figure a year.
    percentiles : callable
        From a histogram in hours, and a scale, to percentiles.
    """
    total = by_group.sum(axis=0)
    called, completed = float(total[CALLED]), float(total[COMPLETED])
    return FailoverOutcome(
        called_per_year=per_year(by_group[:, CALLED]),
        completed_per_year=per_year(by_group[:, COMPLETED]),
        repaired_first=share_of(float(total[REPAIRED_FIRST]), called),
        by_hand=share_of(float(total[BY_HAND]), called),
        waited=share_of(float(total[WAITED]), completed),
        switched_s=percentiles(histograms[:, TIME_SWITCHED], SECONDS_PER_HOUR),
        recovered_s=percentiles(histograms[:, TIME_RECOVERED], SECONDS_PER_HOUR),
        recovered_in_time=share_of(float(total[RECOVERED_IN_TIME]), called),
        completed_in_time=share_of(float(total[COMPLETED_IN_TIME]), completed),
        unprotected_h_per_year=per_year(by_group[:, UNPROTECTED_H]),
        failbacks_per_year=per_year(by_group[:, FAILBACKS]),
        bad_failback_stages_per_year=per_year(by_group[:, BAD_FAILBACKS]),
        data_loss=_data_loss(total, histograms[:, TIME_LOST], percentiles),
        conflicts_per_year=None if design.conflicts is None else design.conflicts.per_year,
    )


def _data_loss(
    total: FloatArray, lost: FloatArray, percentiles: Callable[[FloatArray, float], Percentiles]
) -> DataLoss | None:
    promotions = int(lost.sum())
    if promotions == 0:
        return None
    return DataLoss(
        promotions=promotions,
        mean_s=float(total[DATA_LOST_H]) * SECONDS_PER_HOUR / promotions,
        percentiles_s=percentiles(lost, SECONDS_PER_HOUR),
        in_time=share_of(float(total[DATA_IN_TIME]), promotions),
        beyond_outage=share_of(float(total[LAG_BEYOND_OUTAGE]), promotions),
    )
