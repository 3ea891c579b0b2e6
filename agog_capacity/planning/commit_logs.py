"""Which commitment tier pays for the logs of each workspace, month by month, over futures of the load.

A tier is no reservation: it is charged by the day, bound for a month only, and may be raised at any time. What
arrives follows the load where the workspace says so, day by day; then each future has the growth its machines have.
A workspace that has a tier, or an entry for one, keeps it: only months without are advised on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from agog_capacity.charges import graduated_quantities
from agog_capacity.commitments.log_tiers import TIERS_GB_PER_DAY
from agog_capacity.commitments.portfolio import Outcome
from agog_capacity.commitments.section import CommitmentSection, LogTierEntry
from agog_capacity.commitments.tier_path import TierRun, cheapest_path
from agog_capacity.committed.logs import is_ingestion, log_tier_meter, priced_tier
from agog_capacity.committed.prices import with_own_prices
from agog_capacity.committed.rows import negotiated_price
from agog_capacity.components.log_analytics import LogAnalytics
from agog_capacity.errors import CommitmentError
from agog_capacity.planning.futures import drawn_design
from agog_capacity.prices.book import PriceKey

if TYPE_CHECKING:
    from agog_capacity.components.base import Usage
    from agog_capacity.design import Design
    from agog_capacity.periods import FloatArray, Months
    from agog_capacity.plan import Plan
    from agog_capacity.prices.resolve import PriceList


@dataclass(frozen=True)
class AdvisedTier:
    """A tier for some months."""

    gb_per_day: int
    starts: date
    ends: date | None
    """Day after the last; None where it goes on to the end of the plan."""
    arriving: float
    """Mean of what arrives while it runs, over the futures. [GB per day]"""
    saving: float
    """Expected, against pay as you go. [currency]"""
    lower_saves: float
    """What the next tier down, or pay as you go, would save instead; negative where it costs. [currency]"""
    higher_saves: float | None
    """What the next tier up that has a price would save instead; None where none has. [currency]"""


@dataclass(frozen=True)
class LogAdvice:
    """What is advised for one workspace."""

    component: str
    arriving: float
    """Mean over the plan's months and futures in which it is advised on. [GB per day]"""
    tiers: tuple[AdvisedTier, ...]
    given: Outcome | None
    """Costs of ingestion on the futures it was made for, and on pay as you go; None where no tier has a price."""
    fresh: Outcome | None
    because: str
    """Why no tier is advised, with the break-even in GB a day; blank where one is."""


@dataclass(frozen=True)
class _Costs:
    """Ingestion of one workspace under pay as you go and each tier."""

    cost: FloatArray
    """Shape (futures, months, tiers + 1). [currency]"""
    amount: FloatArray
    """What arrives, shape (futures, months). [GB]"""
    days: FloatArray
    """Days it is of, shape (months,). [days]"""


def advise_log_tiers(
    plan: Plan, scenario: str, futures: int, seeds: tuple[int, int]
) -> tuple[LogAdvice, ...]:
    """Return what is advised for each workspace of a scenario.

    Parameters
    ----------
    plan : Plan
        Calendar months.
    scenario : str
    futures : int
        How many where the logs of a workspace follow the load; else one, since nothing varies.
    seeds : tuple of int
        Of the futures it is made for, and of fresh ones.
    """
    design, months = plan.scenario(scenario).design, plan.months
    section = design.commitments or CommitmentSection()
    prices = with_own_prices(plan.prices, section)
    lines = [
        line for component in design.components.values() for line in component.usage(design.context(months))
    ]
    loads: dict[int, list[tuple[FloatArray, FloatArray]]] = {}
    found = []
    for component in design.components.values():
        if not isinstance(component, LogAnalytics):
            continue
        varied = component.follows_load and design.scaling is not None
        if varied and not loads:
            loads = {seed: _loads(design, months, futures, seed) for seed in dict.fromkeys(seeds)}
        of_seed = [_arriving(component, design, months, loads[seed] if varied else None) for seed in seeds]
        found.append(_advice(component, lines, section, prices, months, of_seed))
    return tuple(found)


def _loads(design: Design, months: Months, count: int, seed: int) -> list[tuple[FloatArray, FloatArray]]:
    """Return the load of each future by month and by day, in multiples of its mean before growth."""
    from agog_capacity.planning.loads import load_multiples

    sections = [drawn_design(design, seed, number).scaling for number in range(count)]
    return [load_multiples(section, months) for section in sections if section is not None]


def _arriving(
    component: LogAnalytics,
    design: Design,
    months: Months,
    loads: Sequence[tuple[FloatArray, FloatArray]] | None,
) -> FloatArray:
    """Return what arrives on each day, as a bill of each future has it, shape (futures, calendar days). [GB]"""
    if loads is None:
        return component.gb_per_day * months.days_active(component.starts, component.ends)[None]
    of_days = [design.context(months, None, load).load_of_days(component) for load in loads]
    return component.gb_per_day * np.array(of_days)


def _advice(
    component: LogAnalytics,
    lines: Sequence[Usage],
    section: CommitmentSection,
    prices: PriceList,
    months: Months,
    arriving: Sequence[FloatArray],
) -> LogAdvice:
    name = component.name
    exists = months.days_active(component.starts, component.ends)
    mean = float(arriving[0].sum() / max(exists.sum(), 1.0) / len(arriving[0]))

    def none(because: str) -> LogAdvice:
        return LogAdvice(name, mean, (), None, None, because)

    if component.commitment_tier_gb_per_day is not None:
        return none(f"it has the tier of {component.commitment_tier_gb_per_day} GB a day already")
    line = next((x for x in lines if is_ingestion(x, name)), None)
    if line is None:
        return none(f"tables of plan {component.plan} have no commitment tier")
    of_tier = _tier_prices(line, lines, section, prices, months.starts[0].date())
    if not of_tier:
        return none(_elsewhere(line, prices))
    active = months.share_active(component.starts, component.ends)
    free = active * _without_entries(name, section, months)
    if not free.any():
        return none("its months have a tier by an entry already")
    advised_on = exists * (free > 0)[months.month_of_day]
    given, fresh = (
        _costs(part, line, lines, of_tier, section, prices, months, advised_on) for part in arriving
    )
    chance = np.full(len(given.cost), 1 / len(given.cost))
    expected = given.cost.mean(axis=0)
    expected[free == 0, 1:] = np.inf
    runs = cheapest_path(expected, free * months.days)
    tiers = tuple(
        _advised(run, sorted(of_tier), expected, given, component, months) for run in runs if run.tier > 0
    )
    path = np.concatenate([np.full(run.until - run.month, run.tier) for run in runs])
    each = np.arange(months.count)
    outcomes = [
        Outcome(one.cost[:, each, path].sum(axis=1), one.cost[:, :, 0].sum(axis=1), chance)
        for one in (given, fresh)
    ]
    because = "" if tiers else _no_tier_pays(of_tier, line, section, prices, mean)
    return LogAdvice(name, mean, tiers, outcomes[0], outcomes[1], because)


def _tier_prices(
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


def _pay_as_you_go(
    line: Usage, section: CommitmentSection, prices: PriceList
) -> tuple[FloatArray, FloatArray]:
    """Return lower bounds and prices of the tiers of pay as you go. [GB], [currency per GB]"""
    schedule = prices.resolve(PriceKey(line.meter, line.price_region)).schedule
    price = np.asarray(schedule.per_base_unit)
    negotiated = negotiated_price(line, section)
    return np.asarray(schedule.tier_starts), price if negotiated is None else np.where(
        price > 0, negotiated, 0.0
    )


def _costs(
    arriving: FloatArray,
    line: Usage,
    lines: Sequence[Usage],
    of_tier: Mapping[int, float],
    section: CommitmentSection,
    prices: PriceList,
    months: Months,
    days: FloatArray,
) -> _Costs:
    """Return what ingestion of some days costs under each way, with the formulas of the bill."""
    starts, price = _pay_as_you_go(line, section, prices)
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
    return _Costs(np.stack([payg, *under], axis=-1) * rate[:, None], amount, months.sum_of_days(days))


def _without_entries(name: str, section: CommitmentSection, months: Months) -> FloatArray:
    """Return 1 for each month that no entry of a tier for a workspace touches, shape (months,)."""
    free = np.ones(months.count)
    for entry in section.of_kind(LogTierEntry).values():
        if entry.component == name:
            free[months.share_active(entry.starts, entry.ends) > 0] = 0.0
    return free


def _advised(
    run: TierRun,
    known: Sequence[int],
    expected: FloatArray,
    costs: _Costs,
    component: LogAnalytics,
    months: Months,
) -> AdvisedTier:
    window = slice(run.month, run.until)
    of_run = expected[window].sum(axis=0)
    starts = months.starts[run.month].date()
    ends = None if run.until == months.count else months.starts[run.until].date()
    return AdvisedTier(
        gb_per_day=known[run.tier - 1],
        starts=max(starts, component.starts or starts),
        ends=component.ends if component.ends and (ends is None or component.ends < ends) else ends,
        arriving=float(costs.amount[:, window].mean(axis=0).sum() / costs.days[window].sum()),
        saving=float(of_run[0] - of_run[run.tier]),
        lower_saves=float(of_run[run.tier] - of_run[run.tier - 1]),
        higher_saves=float(of_run[run.tier] - of_run[run.tier + 1]) if run.tier < len(known) else None,
    )


def _no_tier_pays(
    of_tier: Mapping[int, float], line: Usage, section: CommitmentSection, prices: PriceList, arriving: float
) -> str:
    payg = float(_pay_as_you_go(line, section, prices)[1][-1])
    least = min(of_tier, key=lambda tier: of_tier[tier])
    return (
        f"no tier pays at {arriving:,.4g} GB a day; that of {least} GB, at {of_tier[least]:,.2f} a day, pays above "
        f"{of_tier[least] / payg:.1f} GB a day"
    )


def _elsewhere(line: Usage, prices: PriceList) -> str:
    """Say that no book has a tier here, and from where on the smallest pays in a region that has one."""
    text = f"no price book of the plan has a commitment tier in {line.price_region}"
    for tier in TIERS_GB_PER_DAY:
        meter = log_tier_meter(tier)
        for book in prices.books:
            for key in sorted(k for k in book.schedules if k.meter == meter):
                payg = book.get(PriceKey(line.meter, key.region))
                if payg is not None and payg.per_base_unit[-1] > 0:
                    level = book.schedules[key].per_base_unit[0] / payg.per_base_unit[-1]
                    return f"{text}; in {key.region} that of {tier} GB pays above {level:.1f} GB a day"
    return text


def log_entries(advice: Sequence[LogAdvice]) -> list[dict[str, Any]]:
    """Return advised tiers as they stand under `commitments: bought:` of a plan."""
    found = []
    for one in advice:
        for tier in one.tiers:
            entry: dict[str, Any] = {
                "kind": "log_tier",
                "component": one.component,
                "gb_per_day": tier.gb_per_day,
                "starts": tier.starts.isoformat(),
            }
            found.append(entry if tier.ends is None else entry | {"ends": tier.ends.isoformat()})
    return found
