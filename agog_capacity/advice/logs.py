"""Which commitment tier pays for the logs of each workspace, month by month, over futures of the load.

A tier is no reservation: it is charged by the day, bound for a month only, and may be raised at any time. What
arrives follows the load where the workspace says so, day by day; then each future has the growth its machines have.
A tier that is there stays: months with an entry that ends are not advised on, and one without an end may be raised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from agog_capacity.advice.futures import drawn_design
from agog_capacity.commitments.log_tiers import TIERS_GB_PER_DAY
from agog_capacity.commitments.portfolio import Outcome
from agog_capacity.commitments.section import CommitmentSection, LogTierEntry
from agog_capacity.commitments.tier_path import TierRun, cheapest_path
from agog_capacity.committed.logs import is_ingestion, log_tier_meter
from agog_capacity.committed.prices import with_own_prices
from agog_capacity.components.log_analytics import LogAnalytics
from agog_capacity.frozen import freeze_mappings
from agog_capacity.planning.log_costs import LogCosts, log_costs, pay_as_you_go, tier_prices, why_none
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
    """Expected, against pay as you go, or in months in which an entry's tier stands against that one. [currency]"""
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
    """Costs of ingestion on the futures it was made for, and without it: on pay as you go, or on the tier of an entry that
    stands; None where no tier has a price."""
    fresh: Outcome | None
    because: str
    """Why no tier is advised, with the break-even in GB a day; blank where one is."""
    raised: Mapping[str, date | None] = field(default_factory=dict)
    """Entries without an end that an advised tier takes over from, and on which day; None: before they begin."""

    def __post_init__(self) -> None:
        """Keep the entries from being changed."""
        freeze_mappings(self, "raised")

    @property
    def varies(self) -> bool:
        """Whether what arrives differs between the futures."""
        return self.given is not None and len(self.given.cost) > 1


@dataclass(frozen=True)
class _Standing:
    """What a workspace has by entries already."""

    advised_on: FloatArray
    """1 for each month that no entry touches, or that one without an end fills, shape (months,)."""
    floor: FloatArray
    """The tier that may be raised, 0 where there is none, shape (months,). [GB a day]"""
    name: str = ""
    """Entry without an end; blank where there is none."""
    entry: LogTierEntry | None = None


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
        own = component.commitment_tier_gb_per_day
        standing = _standing(component.name, section, months)
        if own is None:
            found.append(_advice(component, lines, section, prices, months, of_seed, standing))
            continue
        # As if its tier were an entry from the first month on; then it may be raised.
        plain = component.replace(commitment_tier_gb_per_day=None)
        usage = plain.usage(design.context(months))
        all_floor = _Standing(np.ones(months.count), np.full(months.count, float(own)))
        raised = _advice(plain, (*lines, *usage), section, prices, months, of_seed, all_floor)
        found.append(replace(raised, tiers=(), given=None, fresh=None, because=_own_tier(own, raised)))
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
    standing: _Standing,
) -> LogAdvice:
    name = component.name
    exists = months.days_active(component.starts, component.ends)
    mean = float(arriving[0].sum() / max(exists.sum(), 1.0) / len(arriving[0]))

    def none(because: str) -> LogAdvice:
        return LogAdvice(name, mean, (), None, None, because)

    line = next((x for x in lines if is_ingestion(x, name)), None)
    if line is None:
        return none(f"tables of plan {component.plan} have no commitment tier")
    of_tier = tier_prices(line, lines, section, prices, months.starts[0].date())
    if not of_tier:
        return none(_elsewhere(line, prices))
    known = sorted(of_tier)
    floor = np.where(np.isin(standing.floor, known), standing.floor, 0.0)
    advised_on = np.where(floor < standing.floor, 0.0, standing.advised_on)
    free = months.share_active(component.starts, component.ends) * advised_on
    if not free.any():
        return none("its months have a tier by an entry already")
    advised_days = exists * (free > 0)[months.month_of_day]
    given, fresh = (
        log_costs(part, line, lines, of_tier, section, prices, months, advised_days) for part in arriving
    )
    # A tier that stays takes the place of pay as you go and of all below it.
    columns = np.searchsorted([0, *known], floor)
    for month, column in enumerate(columns):
        for one in (given, fresh):
            one.cost[:, month, :column] = one.cost[:, month, column, None]
    chance = np.full(len(given.cost), 1 / len(given.cost))
    expected = given.cost.mean(axis=0)
    allowed = expected.copy()
    allowed[free == 0, 1:] = np.inf
    for month, column in enumerate(columns):
        allowed[month, 1 : column + 1] = np.inf
    runs = cheapest_path(allowed, free * months.days)
    tiers, raised = _advised_tiers(runs, known, expected, given, component, months, standing, floor)
    path = np.concatenate([np.full(run.until - run.month, run.tier) for run in runs])
    each = np.arange(months.count)
    outcomes = [
        Outcome(one.cost[:, each, path].sum(axis=1), one.cost[:, :, 0].sum(axis=1), chance)
        for one in (given, fresh)
    ]
    if tiers:
        return LogAdvice(name, mean, tiers, outcomes[0], outcomes[1], "", raised)
    payg = float(pay_as_you_go(line, section, prices)[1][-1])
    because = why_none(of_tier, payg, given, months, floor, bool(((exists > 0) & (advised_days == 0)).any()))
    return LogAdvice(name, mean, (), outcomes[0], outcomes[1], because)


def _standing(name: str, section: CommitmentSection, months: Months) -> _Standing:
    """Return what a workspace has by entries: none without an end overlaps another."""
    advised_on, floor, open_name, open_entry = np.ones(months.count), np.zeros(months.count), "", None
    for key, entry in section.of_kind(LogTierEntry).items():
        if entry.component != name:
            continue
        share = months.share_active(entry.starts, entry.ends)
        advised_on[share > 0] = 0.0
        if entry.ends is None:
            advised_on[share == 1] = 1.0
            floor[share == 1] = entry.gb_per_day
            open_name, open_entry = key, entry
    return _Standing(advised_on, floor, open_name, open_entry)


def _own_tier(own: int, raised: LogAdvice) -> str:
    """Say of a workspace with a tier of its own whether it should be raised."""
    if not raised.tiers:
        return f"it has the tier of {own} GB a day already, and a larger one would not pay in any month"
    first, saving = raised.tiers[0], sum(tier.saving for tier in raised.tiers)
    return (
        f"it has the tier of {own} GB a day already; raising it to {first.gb_per_day} GB on {first.starts} would save "
        f"{saving:,.0f}: leave its commitment_tier_gb_per_day out and buy both as log tiers"
    )


def _advised_tiers(
    runs: Sequence[TierRun],
    known: Sequence[int],
    expected: FloatArray,
    costs: LogCosts,
    component: LogAnalytics,
    months: Months,
    standing: _Standing,
    floor: FloatArray,
) -> tuple[tuple[AdvisedTier, ...], dict[str, date | None]]:
    """Return the advised tiers, and on which day an entry ends because it is raised."""
    tiers: list[AdvisedTier] = []
    raised: dict[str, date | None] = {}
    for run in runs:
        under = bool(floor[run.month : run.until].any())
        if run.tier > 0:
            tiers.append(_advised(run, known, expected, costs, component, months))
            if under and standing.entry is not None and not raised:
                day = tiers[-1].starts
                raised[standing.name] = day if day > standing.entry.starts else None
        elif under and raised:
            # Back to the tier that was there: its entry has ended, so it is bought again.
            back = known.index(int(floor[run.until - 1])) + 1
            begin = run.month + int(np.argmax(floor[run.month : run.until] > 0))
            again = TierRun(back, begin, run.until)
            tiers.append(_advised(again, known, expected, costs, component, months))
    return tuple(tiers), raised


def _advised(
    run: TierRun,
    known: Sequence[int],
    expected: FloatArray,
    costs: LogCosts,
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


def raised_entries(advice: Sequence[LogAdvice]) -> dict[str, dict[str, Any] | None]:
    """Return what changes of entries that are there: the day on which a raise ends each, None where it is not bought."""
    return {
        name: None if day is None else {"ends": day.isoformat()}
        for one in advice
        for name, day in one.raised.items()
    }
