"""What the ingestion of a log workspace costs on pay as you go and on each commitment tier, day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.charges import graduated_quantities
from agog_capacity.commitments.log_tiers import TIERS_GB_PER_DAY
from agog_capacity.commitments.section import LogTierEntry
from agog_capacity.committed.logs import log_tier_meter, priced_tier
from agog_capacity.committed.rows import negotiated_price
from agog_capacity.errors import CommitmentError
from agog_capacity.prices.book import PriceKey

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agog_capacity.commitments.section import CommitmentSection
    from agog_capacity.components.base import Usage
    from agog_capacity.periods import FloatArray, Months
    from agog_capacity.prices.resolve import PriceList


@dataclass(frozen=True)
class LogCosts:
    """Ingestion of one workspace under pay as you go and each tier."""

    cost: FloatArray
    """Shape (futures, months, tiers + 1). [currency]"""
    amount: FloatArray
    """What arrives, shape (futures, months). [GB]"""
    days: FloatArray
    """Days it is of, shape (months,). [days]"""


def tier_prices(
    line: Usage, lines: Sequence[Usage], section: CommitmentSection, prices: PriceList, on: date
) -> dict[int, float]:
    """Return the price of a day of each tier that has one, negotiated where there is such a price."""
    found = {}
    for tier in TIERS_GB_PER_DAY:
        try:
            _, price = priced_tier(
                LogTierEntry(component=line.component, gb_per_day=tier, starts=on), lines, prices
            )
        except CommitmentError:
            continue
        negotiated = negotiated_price(_of_tier(line, tier), section)
        found[tier] = price.schedule.per_base_unit[0] if negotiated is None else negotiated
    return found


def _of_tier(line: Usage, tier: int) -> Usage:
    return replace(line, meter=log_tier_meter(tier), unit="Day")


def pay_as_you_go(
    line: Usage, section: CommitmentSection, prices: PriceList
) -> tuple[FloatArray, FloatArray]:
    """Return lower bounds and prices of the tiers of pay as you go. [GB], [currency per GB]"""
    schedule = prices.resolve(PriceKey(line.meter, line.price_region)).schedule
    price = np.asarray(schedule.per_base_unit)
    negotiated = negotiated_price(line, section)
    return np.asarray(schedule.tier_starts), price if negotiated is None else np.where(
        price > 0, negotiated, 0.0
    )


def log_costs(
    arriving: FloatArray,
    line: Usage,
    lines: Sequence[Usage],
    of_tier: Mapping[int, float],
    section: CommitmentSection,
    prices: PriceList,
    months: Months,
    days: FloatArray,
) -> LogCosts:
    """Return what ingestion of some days costs under each way, with the formulas of the bill."""
    starts, price = pay_as_you_go(line, section, prices)
    amount = months.sum_of_days(arriving * days)
    # Of several workspaces those that stay have the free grant; it is no reason for or against a tier of one.
    alone = sum(other.meter == line.meter and other.free_grant for other in lines) == 1
    if line.free_grant and alone:
        payg = np.tensordot(price, graduated_quantities(amount.ravel(), starts), axes=1).reshape(amount.shape)
    else:
        payg = amount * price[-1]
    under = [
        of_tier[tier] * months.sum_of_days(days * np.maximum(arriving / tier, 1.0))
        for tier in sorted(of_tier)
    ]
    rate = 1 / (1 + section.outlook.monthly_discount_rate) ** np.arange(months.count)
    return LogCosts(np.stack([payg, *under], axis=-1) * rate[:, None], amount, months.sum_of_days(days))


def why_none(
    of_tier: Mapping[int, float],
    payg: float,
    costs: LogCosts,
    months: Months,
    floor: FloatArray,
    elsewhere: bool,
) -> str:
    """Return why no tier is advised, by the months it is about, with the break-even in GB a day.

    Parameters
    ----------
    of_tier : mapping
        Price of a day of each tier. [currency]
    payg : float
        Pay as you go. [currency per GB]
    costs : LogCosts
    months : Months
    floor : ndarray, shape (months,)
        The tier that is there and may be raised, 0 where there is none. [GB a day]
    elsewhere : bool
        Whether other months have a tier by an entry with an end.
    """
    daily = np.divide(costs.amount.mean(axis=0), costs.days, out=np.zeros(months.count), where=costs.days > 0)
    least = min(of_tier, key=lambda tier: of_tier[tier])
    level = of_tier[least] / payg
    told = []
    without = (costs.days > 0) & (floor == 0)
    if without.any():
        parts = []
        for begin, end in _stretches(without):
            part = daily[begin:end]
            low, high = f"{part.min():,.4g}", f"{part.max():,.4g}"
            amount = low if low == high else f"{low} to {high}"
            whole = not (elsewhere or floor.any())
            span = (
                months.labels[begin]
                if end - begin == 1
                else f"{months.labels[begin]} to {months.labels[end - 1]}"
            )
            parts.append(f"{amount} GB a day" if whole else f"{amount} GB a day, {span} without a tier")
        busy = bool((daily[without] > level).any())
        told.append(
            f"no tier pays at {'; '.join(parts)}; that of {least} GB, at {of_tier[least]:,.2f} a day, pays above "
            f"{level:.1f} GB a day" + (" if so much comes on every day and stays" if busy else "")
        )
    if floor.any():
        size = int(floor.max())
        larger = [tier for tier in of_tier if tier > size]
        because = (
            "a larger one would not pay in any month"
            if larger
            else "no price book of the plan has a larger one here"
        )
        told.append(f"it has the tier of {size} GB a day already, and {because}")
    if elsewhere:
        told.append("all other months have a tier by an entry already")
    return "; ".join(told)


def _stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return begin and end of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
