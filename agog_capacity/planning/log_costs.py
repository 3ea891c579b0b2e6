"""What the ingestion of a log workspace costs on pay as you go and on each commitment tier, day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from agog_capacity.charges import graduated_quantities
from agog_capacity.commitments.log_tiers import TIERS_GB_PER_DAY
from agog_capacity.commitments.section import LogTierEntry
from agog_capacity.committed.logs import is_ingestion, log_tier_meter, priced_tier
from agog_capacity.committed.rows import negotiated_price
from agog_capacity.errors import CommitmentError
from agog_capacity.prices.book import PriceKey

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agog_capacity.charges import Charge
    from agog_capacity.commitments.section import CommitmentSection
    from agog_capacity.components.base import Usage
    from agog_capacity.periods import FloatArray, Months
    from agog_capacity.prices.book import Schedule
    from agog_capacity.prices.meter import Meter
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


class Tariff(NamedTuple):
    """Pay as you go of one workspace, negotiated where a price is agreed."""

    starts: FloatArray
    """Lower bound of each graduated tier; rises from 0. [GB]"""
    price: FloatArray
    """Of each tier; 0 in the free grant. [currency per GB]"""


def pay_as_you_go(line: Usage, section: CommitmentSection, prices: PriceList) -> Tariff:
    """Return what the ingestion of a workspace costs on pay as you go."""
    return _tariff(line, prices.resolve(PriceKey(line.meter, line.price_region)).schedule, section)


def _tariff(line: Usage, schedule: Schedule, section: CommitmentSection) -> Tariff:
    price = np.array(schedule.per_base_unit, dtype=float)
    paid = np.flatnonzero(price)
    if not line.free_grant and len(paid):
        price[: paid[0]] = price[paid[0]]
    negotiated = negotiated_price(line, section)
    return Tariff(
        np.asarray(schedule.tier_starts, dtype=float),
        price if negotiated is None else np.where(price > 0, negotiated, 0.0),
    )


def bill_of_pool(amounts: Sequence[FloatArray], tariffs: Sequence[Tariff]) -> FloatArray:
    """Return what workspaces that share graduated tiers and the free grant pay together.

    Parameters
    ----------
    amounts : sequence of ndarray
        Of each workspace, all of one shape, such as (months,). [GB a month]
    tariffs : sequence of Tariff
        Of each workspace; those of several regions may differ.

    Returns
    -------
    ndarray
        In the shape of the amounts, as a bill shares them out: each pays its share of every slice of the total.
        [currency]
    """
    total = np.sum(amounts, axis=0)
    bounds = sorted({float(start) for tariff in tariffs for start in tariff.starts})
    slices = graduated_quantities(total.ravel(), bounds)
    cost = np.zeros(total.shape)
    for amount, tariff in zip(amounts, tariffs, strict=True):
        of_slice = tariff.price[np.searchsorted(tariff.starts, bounds, side="right") - 1]
        mean = np.divide(of_slice @ slices, total.ravel(), out=np.zeros(total.size), where=total.ravel() > 0)
        cost += amount * mean.reshape(total.shape)
    return cost


def worth_of_tiers(
    charges: Sequence[Charge], section: CommitmentSection, months: Months
) -> dict[str, FloatArray]:
    """Return what the ingestion on each log tier of a bill would have cost on pay as you go.

    The bill of all that share the free grant before the ingestion moved, less the bill after it: in the order in which
    a bill moves it, so that the tiers together are worth exactly what they took off pay as you go. The free grant is
    lost to the last workspace that moves; as long as another stays, that one has it.

    Parameters
    ----------
    charges : sequence of Charge
        Of a whole scenario.
    section : CommitmentSection
        Of that scenario.
    months : Months

    Returns
    -------
    mapping
        By the name of the tier, shape (months,); empty where there is none. [currency]
    """
    entries = section.of_kind(LogTierEntry)
    if not entries:
        return {}
    pools: dict[tuple[Meter, bool], dict[str, Charge]] = {}
    for charge in charges:
        line = charge.usage
        if not charge.commitment and is_ingestion(line, line.component):
            pools.setdefault((line.meter, line.free_grant), {})[line.component] = charge
    moved = {name: np.zeros(months.count) for name in entries}
    for charge in charges:
        if charge.commitment in entries and charge.status == "used":
            gb_per_day = entries[charge.commitment].gb_per_day
            moved[charge.commitment] = moved[charge.commitment] + charge.quantity.sum(axis=0) * gb_per_day
    worth = {}
    for pool in pools.values():
        amounts = {name: charge.quantity.sum(axis=0) for name, charge in pool.items()}
        tariffs = [_tariff(charge.usage, charge.price.schedule, section) for charge in pool.values()]
        after = bill_of_pool(list(amounts.values()), tariffs)
        # Backwards from what is left, so that nothing is taken from a sum that was rounded.
        for name, entry in reversed(list(entries.items())):
            if entry.component in amounts:
                amounts[entry.component] = amounts[entry.component] + moved[name]
                before = bill_of_pool(list(amounts.values()), tariffs)
                worth[name], after = before - after, before
    return {name: worth[name] for name in entries}


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
    amount = months.sum_of_days(arriving * days)
    # Of several workspaces those that stay have the free grant; it is no reason for or against a tier of one.
    sharing = [
        other
        for other in lines
        if (other.meter, other.free_grant) == (line.meter, line.free_grant)
        and is_ingestion(other, other.component)
        and other.component != line.component
    ]
    tariffs = [pay_as_you_go(one, section, prices) for one in (line, *sharing)]
    beside = [np.broadcast_to(_staying(other, section, months), amount.shape) for other in sharing]
    payg = bill_of_pool([amount, *beside], tariffs) - bill_of_pool([np.zeros_like(amount), *beside], tariffs)
    under = [
        of_tier[tier] * months.sum_of_days(days * np.maximum(arriving / tier, 1.0))
        for tier in sorted(of_tier)
    ]
    rate = 1 / (1 + section.outlook.monthly_discount_rate) ** np.arange(months.count)
    return LogCosts(np.stack([payg, *under], axis=-1) * rate[:, None], amount, months.sum_of_days(days))


def _staying(line: Usage, section: CommitmentSection, months: Months) -> FloatArray:
    """Return what a workspace leaves on pay as you go beside its tiers, shape (months,). [GB]

    It only tells who has the free grant: with the load its line has, and its month shared out evenly over the days.
    """
    days = np.ones(len(months.month_of_day))
    for entry in section.of_kind(LogTierEntry).values():
        if entry.component == line.component:
            days = days * (1 - months.days_active(entry.starts, entry.ends))
    if line.daily is not None:
        return months.sum_of_days(line.daily * days)
    return line.quantity * months.sum_of_days(days) / months.days


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
