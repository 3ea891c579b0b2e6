"""What the failovers of a simulation took, how they went, and what data they lost."""

from __future__ import annotations

from collections.abc import Callable

from agog_capacity.availability.estimates import Estimate, share_of, share_of_draws
from agog_capacity.availability.measures import DataLoss, FailoverOutcome, Percentiles
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


def failover_outcome(
    design: ServiceDesign,
    by_group: FloatArray,
    histograms: FloatArray,
    per_year: Callable[[FloatArray], Estimate],
    percentiles: Callable[[FloatArray, float], Percentiles],
    *,
    drawn: bool,
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
    drawn : bool
        Whether groups are outer draws: shares then have the interval that the numbers drawn leave open.
    """

    def share(hits: int, trials: int) -> Estimate:
        found = by_group[:, hits], by_group[:, trials]
        return share_of_draws(*found) if drawn else share_of(*(float(each.sum()) for each in found))

    total = by_group.sum(axis=0)
    return FailoverOutcome(
        called_per_year=per_year(by_group[:, CALLED]),
        completed_per_year=per_year(by_group[:, COMPLETED]),
        repaired_first=share(REPAIRED_FIRST, CALLED),
        by_hand=share(BY_HAND, CALLED),
        waited=share(WAITED, COMPLETED),
        switched_s=percentiles(histograms[:, TIME_SWITCHED], SECONDS_PER_HOUR),
        recovered_s=percentiles(histograms[:, TIME_RECOVERED], SECONDS_PER_HOUR),
        recovered_in_time=share(RECOVERED_IN_TIME, CALLED),
        completed_in_time=share(COMPLETED_IN_TIME, COMPLETED),
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
