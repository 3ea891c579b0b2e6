"""Commitments of a forecast: what the step of charges needs, and how well each of them works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.commitments.aws import is_aws
from agog_capacity.commitments.section import CommitmentSection, SavingsPlanEntry
from agog_capacity.committed.logs import is_ingestion
from agog_capacity.committed.rows import CommittedUse
from agog_capacity.components.node_pool import NodePool
from agog_capacity.errors import CommitmentError
from agog_capacity.planning.log_costs import worth_of_tiers
from agog_capacity.prices.book import PriceKey
from agog_capacity.prices.meter import Meter
from agog_capacity.prices.resolve import PriceList, PriceNotFound

if TYPE_CHECKING:
    from agog_capacity.charges import Charge
    from agog_capacity.components.base import NodeTrace
    from agog_capacity.design import Design
    from agog_capacity.periods import FloatArray, Months
    from agog_capacity.plan import Plan
    from agog_capacity.planning.forecast import Forecast
    from agog_capacity.scaling.simulated import SimulationStore


def committed_use(
    design: Design,
    months: Months,
    hourly: Mapping[str, FloatArray],
    traces: Mapping[str, NodeTrace] | None = None,
) -> CommittedUse | None:
    """Return the commitments of a design with the hours they meet.

    Parameters
    ----------
    design : Design
    months : Months
    hourly : mapping
        Nodes of each hour by simulated pool, each of shape (hours,).
    traces : mapping, optional
        Simulated clusters that were given instead; one that knows no hours is even within its months.

    Returns
    -------
    CommittedUse or None
        None where the design has no commitments.
    """
    if design.commitments is None:
        return None
    nodes = dict(hourly)
    for component in design.components.values():
        trace = (traces or {}).get(getattr(component, "cluster", ""))
        of_hours = getattr(trace, "hourly_nodes", None)
        if isinstance(component, NodePool) and component.nodes is None and of_hours is not None:
            nodes[component.name] = of_hours(component.name)
    count = int(months.hours.sum())
    for name, found in nodes.items():
        if len(found) != count:
            raise CommitmentError(
                f"the trace of {name!r} has {len(found):,} hours, the plan {count:,}; simulate the plan's months from "
                f"{months.first}, since commitments are used by the hour"
            )
    return CommittedUse(design.commitments, design.components, nodes)


def refuse_unusable_plans(plan: Plan, design: Design, store: SimulationStore | None) -> None:
    """Refuse planned savings plans above all usage of a design, as its bill does.

    Parameters
    ----------
    plan : Plan
    design : Design
    store : SimulationStore or None
        Where the nodes of simulated clusters are looked up and kept. Without such a plan nothing is simulated.

    Raises
    ------
    CommitmentError
        With every commitment that has no price, nothing to cover, or commits more than there can be.
    """
    section = design.commitments
    if section is None or all(entry.existing for entry in section.of_kind(SavingsPlanEntry).values()):
        return
    from agog_capacity.committed.step import check_planned
    from agog_capacity.planning.simulation import simulated_clusters

    hourly: dict[str, FloatArray] = {}
    context = design.context(plan.months, simulated_clusters(plan, design, store, hourly))
    lines = [line for component in design.components.values() for line in component.usage(context)]
    use = committed_use(design, plan.months, hourly)
    if use is not None:
        check_planned(lines, use, plan.prices, plan.months)


def bought_in_vain(plan: Plan, design: Design, charges: Sequence[Charge]) -> Iterator[str]:
    """Yield the warnings of a forecast about its commitments, and the prices they are bought at."""
    yield from never_in_force(design, plan.months)
    yield from wholly_unused(charges, plan.currency)
    if design.commitments is not None:
        yield from dear_own_prices(design.commitments, plan.prices)
    yield from unstated_payments(charges)


def never_in_force(design: Design, months: Months) -> Iterator[str]:
    """Yield a warning for each commitment that is in force in no month: it costs nothing and covers nothing."""
    for name, entry in {} if design.commitments is None else design.commitments.bought.items():
        ends = None if getattr(entry, "auto_renew", False) else entry.ends
        if not months.share_active(entry.starts, ends).any():
            when = f"from {entry.starts}" + ("" if ends is None else f" until before {ends}")
            yield (
                f"{name}: is bought {when}, in no month of the plan ({months.labels[0]} to {months.labels[-1]}), so it "
                "costs nothing and covers nothing; correct starts or leave it out"
            )


def wholly_unused(charges: Sequence[Charge], currency: str) -> Iterator[str]:
    """Yield a warning for each commitment that is in force in some month of the plan and covers nothing in any."""
    lost: dict[str, float] = {}
    used: set[str] = set()
    for charge in charges:
        if charge.status == "unused":
            lost[charge.commitment] = lost.get(charge.commitment, 0.0) + float(charge.effective_cost.sum())
        elif charge.status == "used" and charge.quantity.any():
            used.add(charge.commitment)
    for name, cost in lost.items():
        if name not in used and cost > 0:
            yield (
                f"{name}: covers nothing in any month of the plan, so {cost:,.0f} {currency} of effective cost are lost; "
                "compare its size, region, scope and dates with what runs then, or leave it out"
            )


def dear_own_prices(section: CommitmentSection, prices: PriceList) -> Iterator[str]:
    """Yield a warning for each own committed price above what the same costs on demand, negotiated where it is."""
    for name, quoted in section.prices.items():
        for region in quoted.regions:
            agreed = [
                p.price
                for p in section.negotiated.values()
                if p.meter == quoted.meter and region in p.regions
            ]
            try:
                schedule = prices.resolve(PriceKey(Meter.parse(quoted.meter), region)).schedule
            except PriceNotFound:
                continue
            if schedule.lump or len(schedule.tiers) > 1 or schedule.base != "Hour":
                continue
            on_demand = agreed[0] if agreed else schedule.per_base_unit[0]
            if quoted.price_per_hour > on_demand:
                yield (
                    f"{name}: a {quoted.option} of {quoted.term} at {quoted.price_per_hour:g} an hour is above the "
                    f"{on_demand:g} of {quoted.meter} in {region} on demand, so it can only lose; correct price_per_hour, "
                    "which is of one unit and hour, not of a month or term"
                )


def unstated_payments(charges: Sequence[Charge]) -> Iterator[str]:
    """Yield a warning for each AWS reservation at the price of a book: the total depends on when it is paid."""
    for charge in charges:
        price = charge.price.schedule.tiers[0]
        if charge.status == "purchase" and is_aws(charge.usage.meter.service) and price.note:
            yield (
                f"{charge.commitment}: AWS sells at another total with no, partial or all upfront; the price row of "
                f"{charge.price.book} says: {price.note}. Give total_per_unit from a quote"
            )


@dataclass(frozen=True)
class CommitmentResult:
    """How well one commitment, or all of them, works in a forecast; a share of nothing is None, never 0."""

    name: str
    what: str
    billed: float
    """Payments inside the plan's months: a view of cash. [currency]"""
    used: float
    """Effective cost of what was used, each term spread over its days: accrual, as `unused` and `savings`. [currency]"""
    unused: float
    """Waste: effective cost of what nothing took up. [currency]"""
    covered: float
    """What the usage it paid for would cost on demand, at the negotiated price. [currency]

    Of a log tier what its ingestion would cost on pay as you go, with graduated tiers and the free grant.
    """
    eligible: float
    """The same for all usage of those meters, or all ingestion of the workspace, paid for or not. [currency]"""
    break_even: str | None
    """First month at whose end no more was paid than on demand would have cost; None if in none.

    A view of cash: counted from the first payment inside the plan's months, with nothing that was paid before them on
    either side; of several commitments from the month in which the last of them begins to be paid.
    """
    paid_before: float
    """Effective cost inside the plan's months of what was paid upfront before them: sunk, but a cost of its use."""
    payback: FloatArray = field(compare=False)
    """On-demand cost avoided less payments at the end of each month, cumulative, shape (months,). [currency]

    The same view of cash as `break_even`: without what was paid before the plan, on either side.
    """

    @property
    def paid_back(self) -> str:
        """When it is paid back, in words; a dash where nothing is paid."""
        if self.break_even is not None:
            return self.break_even
        if self.paid_before and not self.billed:
            return "paid before the plan"
        return "not within the plan" if self.billed else "–"

    @property
    def utilisation(self) -> float | None:
        """Used share of what was paid for."""
        whole = self.used + self.unused
        return self.used / whole if whole else None

    @property
    def coverage(self) -> float | None:
        """Covered share of the eligible usage, in on-demand money."""
        return self.covered / self.eligible if self.eligible else None

    @property
    def savings(self) -> float:
        """May be negative. [currency]"""
        return self.covered - self.used - self.unused

    @property
    def effective_savings_rate(self) -> float | None:
        """Savings as a share of all eligible usage on demand; may be negative."""
        return self.savings / self.eligible if self.eligible else None


def commitment_results(forecast: Forecast) -> tuple[CommitmentResult, ...]:
    """Return the measures of each commitment of a forecast, then of all of them together.

    Parameters
    ----------
    forecast : Forecast

    Returns
    -------
    tuple of CommitmentResult
        Empty where the scenario has none.
    """
    names = list(dict.fromkeys(c.commitment for c in forecast.charges if c.commitment))
    section = forecast.scenario.design.commitments
    if section is None or not names:
        return ()
    tiers = worth_of_tiers(forecast.charges, section, forecast.months)
    results = [_result(forecast, name, {name}, tiers) for name in names]
    if len(names) > 1:
        results.append(_result(forecast, "all", set(names), tiers))
    return tuple(results)


def _result(
    forecast: Forecast, label: str, names: set[str], tiers: Mapping[str, FloatArray]
) -> CommitmentResult:
    """Return the measures of some commitments together; `tiers` is what the ingestion on each log tier is worth."""
    mine = [c for c in forecast.charges if c.commitment in names]
    used = [c for c in mine if c.status == "used"]
    lost = [c for c in mine if c.status == "unused"]
    keys = {_use_of(c, tiers) for c in used}
    # What ran beside it on demand, and under other commitments; spot was never eligible.
    eligible = [
        c
        for c in forecast.charges
        if (c.status == "used" or not c.commitment)
        and c.usage.purchase_option != "spot"
        and _use_of(c, tiers) in keys
    ]

    def on_demand(charge: Charge) -> FloatArray:
        # A tier has a price of its own, so its row is at that one; the others are at that of what they cover.
        return tiers[charge.commitment] if charge.commitment in tiers else charge.contracted_cost.sum(axis=0)

    count = forecast.months.count
    by_name = {name: np.zeros(count) for name in names}
    for charge in mine:
        by_name[charge.commitment] = by_name[charge.commitment] + charge.monthly_billed
    paid = sum(by_name.values(), np.zeros(count))
    # What is used before its first payment was paid before the plan: sunk, so it is in no payback.
    begins = {name: _first_payment(of_one) for name, of_one in by_name.items()}
    sunk = {name: np.arange(count) < begin for name, begin in begins.items()}
    avoided = sum((np.where(sunk[c.commitment], 0.0, on_demand(c)) for c in used), np.zeros(count))
    # Before anything is paid nothing is owed either; that is no payback.
    first = max((begin for begin in begins.values() if begin < count), default=0)
    curve = np.cumsum(avoided - paid)
    level = curve >= -1e-9 * np.maximum(1.0, np.cumsum(paid))
    reached = first + np.flatnonzero(level[first:])
    rule = mine[0].usage.rule.split(": ", 1)[-1] if len(names) == 1 else ""
    return CommitmentResult(
        name=label,
        what=rule,
        billed=float(paid.sum()),
        used=_total(used, "effective_cost"),
        unused=_total(lost, "effective_cost"),
        covered=float(sum(on_demand(c).sum() for c in used)),
        eligible=float(sum(on_demand(c).sum() for c in eligible)),
        break_even=forecast.months.labels[int(reached[0])] if reached.size and paid.any() else None,
        paid_before=float(sum(c.monthly_cost[sunk[c.commitment]].sum() for c in mine)),
        payback=curve,
    )


def _first_payment(of_one: FloatArray) -> int:
    """Return the first month with a payment, the number of months where none has one."""
    return int(np.flatnonzero(of_one)[0]) if of_one.any() else len(of_one)


def _use_of(charge: Charge, tiers: Mapping[str, FloatArray]) -> tuple[str, str, str]:
    """Return what must be equal for two charges to be of the same usage; a tier and pay as you go are of the same logs."""
    usage = charge.usage
    logs = charge.commitment in tiers or is_ingestion(usage, usage.component)
    return usage.component, "ingestion" if logs else usage.meter.text, usage.price_region


def _total(charges: Sequence[Charge], cost: str) -> float:
    return float(sum(getattr(charge, cost).sum() for charge in charges))
