"""An advice month by month: what runs, what begins and ends, what it covers and what stays on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.report.tables import Cell, Heading, Table
from agog_capacity.units import MONTHS_PER_YEAR

if TYPE_CHECKING:
    from agog_capacity.advice.advice import CommitmentAdvice


def month_by_month(advice: CommitmentAdvice) -> Table:
    """Return the months of the plan, each with what is advised and runs in it, and what that leaves on demand."""
    months, currency = advice.plan.months, advice.plan.currency
    begins, ends, runs, committed = (np.zeros(months.count) for _ in range(4))
    for one in advice.purchases:
        an_hour = one.quantity * one.offer.usd_per_hour
        end = one.month + MONTHS_PER_YEAR * one.offer.term_years
        begins[one.month] += an_hour
        runs[one.month : end] += an_hour
        if end < months.count:
            ends[end] += an_hour
        # A term is spread over its days, of which a leap year has one more than it is paid for.
        days = (advice.ends(one) - advice.day(one)).days
        committed[one.month : end] += advice.total(one) / days * months.days[one.month : end]
    chance = advice.fresh_futures.probability
    without, left = (chance @ costs for costs in advice.on_demand)
    saved = without - left - committed
    rows: list[tuple[Cell, ...]] = [
        (
            label,
            float(begins[month]) or None,
            float(ends[month]) or None,
            *(float(part[month]) for part in (runs, committed, without, left, saved)),
        )
        for month, label in enumerate(months.labels)
    ]
    futures = "mean of fresh futures" if advice.varies else "the one future"
    return Table(
        f"Month by month, {currency}",
        (
            Heading("month"),
            Heading("begins, an hour", decimals=3),
            Heading("ends, an hour", decimals=3),
            Heading("runs, an hour", decimals=3),
            Heading("committed"),
            Heading("on demand without it"),
            Heading("left on demand"),
            Heading("saves", signed=True),
        ),
        tuple(rows) if advice.purchases else (),
        f"What is advised, without log tiers; {futures}. Committed is its cost spread over the days of its term; of one "
        "that goes on beyond the plan only the months shown are in it, so the sum may be less than is paid."
        if advice.purchases
        else "No reservation or savings plan is advised.",
        (
            "all months",
            None,
            None,
            None,
            *(float(part.sum()) for part in (committed, without, left, saved)),
        )
        if advice.purchases
        else None,
    )
