"""What existing or planned commitments do to a bill, month by month: between hourly usage and tiers.

In goes hourly usage of the lines that commitments may cover, in calendar months; out come the rows of the
commitments (purchase, used by line, unused) and the usage that is left for the price book. Purchases are
billed and cost nothing in effect; the term is amortised by days; over it billed and effective cost agree.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from agog_capacity.commitments.amortise import Amortisation, amortise
from agog_capacity.commitments.cover import Cover, checked_usage, cover_hours, cover_order
from agog_capacity.commitments.terms import (
    CoverRules,
    Purchase,
    Reservation,
    SavingsPlan,
    Size,
    UsageLine,
    check_purchases,
)
from agog_capacity.errors import CommitmentError
from agog_capacity.periods import FloatArray, Months
from agog_capacity.units import HOURS_PER_DAY

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Commitment:
    """What a commitment covers, and how it was bought."""

    covers: Reservation | SavingsPlan
    """Its id, size and scope; the hourly cost of a reservation is taken from the purchase."""
    purchase: Purchase


@dataclass(frozen=True)
class CommitmentRow:
    """One row of the bill."""

    name: Literal["purchase", "used", "unused"]
    month: str
    commitment: str
    line: str
    """Usage that was covered; blank for purchases and what was not used."""
    quantity: float
    """Instance-hours of the line covered; of what is unused, unit-hours or USD."""
    billed_cost: float
    """[USD]"""
    effective_cost: float
    """[USD]"""


@dataclass(frozen=True)
class CommitmentBill:
    """Rows of the commitments, and what they leave."""

    rows: tuple[CommitmentRow, ...]
    uncovered: FloatArray
    """Usage left for on-demand and spot prices, shape (lines, months). [instance-hours]"""

    def total(self, cost: Literal["billed_cost", "effective_cost"], *names: str) -> float:
        """Return a sum over rows, of some names or all. [USD]"""
        return float(sum(getattr(row, cost) for row in self.rows if not names or row.name in names))


def commitment_bill(
    sizes: Mapping[str, Size],
    lines: Sequence[UsageLine],
    quantity: ArrayLike,
    months: Months,
    commitments: Sequence[Commitment],
    rules: CoverRules | None = None,
) -> CommitmentBill:
    """Apply commitments to the hourly usage of some months.

    Parameters
    ----------
    sizes, lines
        As in `cover.cover_order`.
    quantity : array-like, shape (lines, hours)
        Every hour of the months, from the first instant of the first. [instance-hours]
    months : Months
        Calendar months: a month of 730 h has no dates.
    commitments : sequence of Commitment
        Those that run outside the months add only what falls inside.
    rules : CoverRules, optional

    Returns
    -------
    CommitmentBill

    Raises
    ------
    CommitmentError
        If hours do not fit the months, terms overlap, or a commitment does not fit its purchase.
    """
    if months.length != "calendar":
        raise CommitmentError(
            "commitments are used or lost by the hour of a date; use calendar months, not 730 h"
        )
    check_purchases(tuple(c.purchase for c in commitments))
    for c in commitments:
        if c.covers.id != c.purchase.id:
            raise CommitmentError(
                f"commitment {c.covers.id!r} is bought as {c.purchase.id!r}; give both one id"
            )
    usage = checked_usage(quantity, len(lines))
    month_ends = np.cumsum(months.hours).astype(int)
    if usage.shape[1] != month_ends[-1]:
        raise CommitmentError(
            f"usage has {usage.shape[1]} hours; {months.count} months from {months.first} have {month_ends[-1]}"
        )
    spread = [
        amortise(c.purchase.total, c.purchase.start, c.purchase.term_years, c.purchase.payment)
        for c in commitments
    ]
    spans = [_span(c.purchase, months, int(month_ends[-1])) for c in commitments]
    edges = sorted({0, *month_ends.tolist(), *(hour for span in spans for hour in span)})
    used: dict[tuple[int, int, int], list[float]] = {}
    unused: dict[tuple[int, int], list[float]] = {}
    uncovered = np.zeros((len(lines), months.count))
    for begin, end in itertools.pairwise(edges):
        month = int(np.searchsorted(month_ends, begin, side="right"))
        running = [i for i, (first, last) in enumerate(spans) if first <= begin and end <= last]
        cover = _cover(sizes, lines, usage[:, begin:end], [commitments[i].covers for i in running], rules)
        uncovered[:, month] += (cover.on_demand_quantity + cover.spot_quantity).sum(axis=1)
        places: dict[type, int] = {Reservation: 0, SavingsPlan: 0}
        for i in running:
            covers = commitments[i].covers
            place = places[type(covers)]
            places[type(covers)] += 1
            hourly = spread[i].effective_per_day / HOURS_PER_DAY
            shares, amounts, lost, lost_amount = _shares(cover, covers, place, sizes, lines)
            for index in np.flatnonzero(shares).tolist():
                _add(
                    used.setdefault((month, i, index), [0.0, 0.0]),
                    amounts[index],
                    hourly * shares[index],
                )
            _add(unused.setdefault((month, i), [0.0, 0.0]), lost_amount, hourly * lost)
    rows = list(_purchase_rows(commitments, spread, months))
    for (month, i, index), (amount, cost) in sorted(used.items()):
        rows.append(
            CommitmentRow(
                "used", months.labels[month], commitments[i].covers.id, lines[index].id, amount, 0.0, cost
            )
        )
    for (month, i), (amount, cost) in sorted(unused.items()):
        rows.append(
            CommitmentRow("unused", months.labels[month], commitments[i].covers.id, "", amount, 0.0, cost)
        )
    return CommitmentBill(tuple(rows), uncovered)


def _add(sums: list[float], amount: float, cost: float) -> None:
    sums[0] += float(amount)
    sums[1] += float(cost)


def _span(purchase: Purchase, months: Months, hours: int) -> tuple[int, int]:
    """Return the hours of the months in which a purchase runs; both equal if none."""
    begin = months.starts[0]
    first, last = (
        int((datetime(day.year, day.month, day.day, tzinfo=UTC) - begin).total_seconds() // _SECONDS_PER_HOUR)
        for day in (purchase.start, purchase.end)
    )
    return min(max(first, 0), hours), min(max(last, 0), hours)


def _cover(
    sizes: Mapping[str, Size],
    lines: Sequence[UsageLine],
    usage: FloatArray,
    running: Sequence[Reservation | SavingsPlan],
    rules: CoverRules | None,
) -> Cover:
    reservations = [c for c in running if isinstance(c, Reservation)]
    plans = [c for c in running if isinstance(c, SavingsPlan)]
    return cover_hours(cover_order(sizes, lines, reservations, plans, rules), usage)


def _shares(
    cover: Cover,
    covers: Reservation | SavingsPlan,
    place: int,
    sizes: Mapping[str, Size],
    lines: Sequence[UsageLine],
) -> tuple[FloatArray, FloatArray, float, float]:
    """Return hours of the commitment by line, the quantity behind them, then both of what is lost."""
    hours = cover.on_demand_quantity.shape[1]
    if isinstance(covers, Reservation):
        amounts = cover.reserved_quantity[place].sum(axis=1)
        ratios = np.array([sizes[line.size].ratio for line in lines]) / sizes[covers.size].ratio
        whole, taken = covers.quantity, amounts * ratios
        lost_amount = float(cover.reserved_unused[place].sum())
    else:
        amounts = cover.plan_quantity[place].sum(axis=1)
        whole, taken = covers.hourly_commitment, cover.plan_usd[place].sum(axis=1)
        lost_amount = float(cover.plan_unused[place].sum())
    if whole == 0:
        return np.zeros(len(lines)), amounts, float(hours), lost_amount
    return np.asarray(taken / whole), np.asarray(amounts), lost_amount / whole, lost_amount


def _purchase_rows(
    commitments: Sequence[Commitment], spread: Sequence[Amortisation], months: Months
) -> list[CommitmentRow]:
    return [
        CommitmentRow("purchase", month, c.covers.id, "", c.purchase.quantity, billed, 0.0)
        for c, view in zip(commitments, spread, strict=True)
        for month, billed in view.billed.items()
        if month in months.labels
    ]
