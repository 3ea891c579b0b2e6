"""Commitment tiers of log ingestion in a plan: from its first day a tier takes the place of pay-as-you-go.

A tier is charged each day whether the logs come or not, and what comes beyond it pays the tier's own rate, so a
day costs the tier times the larger of 1 and arriving / tier; below 1 the rest is unused, a row of its own. A
quiet Sunday makes up for no busy Monday. Tiers are not amortised: billed and effective cost are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from agog_capacity.commitments.section import LogTierEntry
from agog_capacity.committed.rows import (
    COMMITMENT,
    UNUSED_NOTE,
    CommittedRow,
    CommittedUse,
    Status,
    negotiated_price,
)
from agog_capacity.components.base import Component, Usage
from agog_capacity.errors import CommitmentError, Problem
from agog_capacity.periods import FloatArray, Months
from agog_capacity.prices.book import PriceKey
from agog_capacity.prices.meter import Meter
from agog_capacity.prices.resolve import PriceList, PriceNotFound, ResolvedPrice

_MONITOR = "Azure Monitor"


def described(entry: LogTierEntry) -> str:
    """Return a log tier in words: how much, of what, from when, and until when if it ends."""
    until = "" if entry.ends is None else f" until before {entry.ends}"
    return f"{entry.gb_per_day} GB a day on {entry.component} from {entry.starts}{until}"


def log_tier_meter(gb_per_day: float) -> Meter:
    """Return the meter of a commitment tier."""
    name = f"{gb_per_day:g} GB Commitment Tier"
    return Meter(_MONITOR, _MONITOR, name, f"{name} Capacity Reservation")


def priced_tier(entry: LogTierEntry, lines: Sequence[Usage], prices: PriceList) -> tuple[int, ResolvedPrice]:
    """Return the place of the ingestion a tier pays for, and its price.

    Raises
    ------
    CommitmentError
        If there is no such ingestion or price.
    """
    place = next((i for i, line in enumerate(lines) if is_ingestion(line, entry.component)), None)
    if place is None:
        raise CommitmentError(
            f"{entry.component!r} has no ingestion on pay-as-you-go that a tier could replace"
        )
    try:
        price = prices.resolve(PriceKey(log_tier_meter(entry.gb_per_day), lines[place].price_region))
    except PriceNotFound as error:
        raise CommitmentError(f"a log tier of {entry.gb_per_day} GB cannot be planned: {error}") from None
    if price.schedule.base != "Day":
        raise CommitmentError(
            f"the log tier of {entry.gb_per_day} GB is priced by {price.schedule.base}, not by the day"
        )
    return place, price


def is_ingestion(line: Usage, component: str) -> bool:
    """Tell whether a line is what arrives at a workspace on pay as you go."""
    return (
        line.component == component
        and line.unit == "GB"
        and line.meter.meter == "Analytics Logs Data Ingestion"
    )


def arriving_by_day(line: Usage, component: Component, months: Months) -> FloatArray:
    """Return what arrives on each calendar day, shape (calendar days,), 0 where the workspace does not exist. [GB]

    Parameters
    ----------
    line : Usage
        Ingestion of the workspace.
    component : Component
        The workspace; without amounts by day in its line it is even over the days of each month.
    months : Months
    """
    if line.daily is not None:
        return line.daily
    exists = months.days_active(component.starts, component.ends)
    days = months.sum_of_days(exists)
    even = np.divide(line.quantity, days, out=np.zeros(months.count), where=days > 0)
    return np.asarray(exists * even[months.month_of_day], dtype=float)


def apply_log_tiers(
    lines: Sequence[Usage], use: CommittedUse, prices: PriceList, months: Months
) -> tuple[tuple[Usage, ...], tuple[CommittedRow, ...]]:
    """Move the ingestion of workspaces with a tier onto it.

    Parameters
    ----------
    lines : sequence of Usage
    use : CommittedUse
    prices : PriceList
    months : Months

    Returns
    -------
    left : tuple of Usage
        In the order given; ingestion on days without a tier.
    rows : tuple of CommittedRow

    Raises
    ------
    CommitmentError
        With every tier that has no price or no ingestion to pay for.
    """
    left, rows, problems = list(lines), [], []
    for name, entry in use.section.of_kind(LogTierEntry).items():
        try:
            place, price = priced_tier(entry, lines, prices)
        except CommitmentError as error:
            problems.append(Problem(str(error), path=f"commitments.bought.{name}"))
            continue
        moved, new = _moved(name, entry, lines[place], price, use, months)
        left[place] = replace(left[place], quantity=left[place].quantity - moved, daily=None)
        rows += new
    if problems:
        raise CommitmentError(problems)
    return tuple(left), tuple(rows)


def _moved(
    name: str, entry: LogTierEntry, line: Usage, price: ResolvedPrice, use: CommittedUse, months: Months
) -> tuple[FloatArray, list[CommittedRow]]:
    """Return the ingestion that moves to a tier, shape (months,) [GB], and the rows of the tier."""
    arriving = arriving_by_day(line, use.components[entry.component], months)
    # The tier is paid on its every day; ingestion comes only while the workspace exists.
    paid = months.days_active(entry.starts, entry.ends)
    used_gb = months.sum_of_days(paid * arriving)
    unused = months.sum_of_days(paid * np.maximum(1.0 - arriving / entry.gb_per_day, 0.0))
    total = months.sum_of_days(arriving)
    # As a share of the quantity, so that a whole month leaves nothing behind.
    moved = line.quantity * np.divide(used_gb, total, out=np.zeros(months.count), where=total > 0)
    own = replace(
        line,
        meter=log_tier_meter(entry.gb_per_day),
        unit="Day",
        daily=None,
        fields=(*line.fields, f"commitments.bought.{name}"),
    )

    def row(usage: Usage, status: Status, note: str) -> CommittedRow:
        listed = price.schedule.per_base_unit[0]
        negotiated = negotiated_price(usage, use.section)
        paid = usage.quantity * (listed if negotiated is None else negotiated)
        return CommittedRow(
            usage, price, listed, usage.quantity * listed, paid, paid, paid, name, status, note
        )

    told = described(entry)
    rule = f"what arrives in days of the tier, more than it at its own rate: {told}"
    lost = f"days of the tier less what arrives: {told}"
    return moved, [
        row(
            replace(own, quantity=used_gb / entry.gb_per_day, rule=rule),
            "used",
            f"used, on the commitment tier {name}",
        ),
        row(replace(own, component=name, kind=COMMITMENT, quantity=unused, rule=lost), "unused", UNUSED_NOTE),
    ]
