"""The advice of `agog-capacity commit` as finished tables, sentences and charts. Computes nothing new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.commitments.aws import is_aws, returnable
from agog_capacity.commitments.catalogue import NOTHING_TO_COMMIT_TO, Rule
from agog_capacity.commitments.returns import EXCHANGE_POLICY_DATE
from agog_capacity.commitments.section import CommitmentSection, Entry
from agog_capacity.commitments.terms import Scope
from agog_capacity.errors import NotInResult, PriceNotFound, nearest
from agog_capacity.prices.book import PriceKey
from agog_capacity.report.charts import Specification
from agog_capacity.report.commitment_charts import payback_band, saving_curves
from agog_capacity.report.tables import Cell, Heading, Table, text_table

if TYPE_CHECKING:
    from agog_capacity.commitments.portfolio import Outcome, Purchase
    from agog_capacity.planning.commit import CommitmentAdvice

CHARTS = ("saving_curve", "payback")
_ERRORS = 2.0
"""Standard errors on either side of an expected saving: about 95 % of a normal distribution."""
_POINTS = 41


def advice_text(advice: CommitmentAdvice) -> str:
    """Return everything `agog-capacity commit` prints."""
    scenario = advice.plan.scenario(advice.scenario)
    head = f"{advice.plan.title}\n{advice.scenario}: {scenario.title}"
    return "\n\n".join(
        [head, *map(text_table, tables(advice)), "\n".join(f"- {note}" for note in notes(advice))]
    )


def tables(advice: CommitmentAdvice) -> list[Table]:
    """Return the advice: what to buy, what it saves, what else could be done, and what cannot be bought."""
    return [
        what_to_buy(advice),
        what_it_saves(advice),
        each_unit(advice),
        other_ways(advice),
        existing(advice),
        calendar(advice),
        not_for_sale(advice),
    ]


def what_to_buy(advice: CommitmentAdvice) -> Table:
    """Return the purchases with dates, terms, money, and what one unit more or less is worth."""
    currency = advice.plan.currency
    rows: list[tuple[Cell, ...]] = []
    for one in advice.purchases:
        worth = advice.unit_worth(one, 1)
        rows.append(
            (
                _label(one),
                advice.day(one).isoformat(),
                advice.ends(one).isoformat(),
                one.quantity,
                one.offer.usd_per_hour * one.quantity,
                advice.total(one),
                worth[0][1] if one.quantity >= 1 else None,
                one.worth_of_next,
                _returnable(advice, one),
            )
        )
    return Table(
        f"What to buy, {currency}",
        (
            Heading("what"),
            Heading("from"),
            Heading("until"),
            Heading("quantity", decimals=3),
            Heading("an hour", decimals=3),
            Heading("for the term"),
            Heading("last unit is worth", signed=True),
            Heading("one more is worth", signed=True),
            Heading("given back by"),
        ),
        tuple(rows),
        "Machines are counted in the smallest size of their group; a larger one takes as many as its ratio. The worth of a "
        "unit is what the whole horizon costs less with it."
        if rows
        else "Nothing is worth buying on these futures.",
    )


def _label(one: Purchase) -> str:
    term = f"{one.offer.term_years} year{'s' * (one.offer.term_years > 1)}"
    return f"savings plan, {term}" if one.offer.size is None else f"{one.offer.size}, {term}"


def _returnable(advice: CommitmentAdvice, one: Purchase) -> str:
    if one.offer.size is None:
        return "no"
    if not one.offer.refundable:
        return next(
            returnable(s.item.meter.service) for s in advice.offered.subjects if s.name == one.offer.size
        )
    exchange = advice.day(one) < EXCHANGE_POLICY_DATE
    return "refund, one exchange" if exchange else "refund"


def what_it_saves(advice: CommitmentAdvice) -> Table:
    """Return expected saving with its interval and the worst futures, on given and on fresh futures."""
    rows: list[tuple[Cell, ...]] = [("the futures it was made for", *_saving(advice.given))]
    if advice.varies:
        rows.append(("fresh futures", *_saving(advice.fresh)))
    months = advice.plan.months
    more = " more" if advice.bought else ""
    return Table(
        f"What it saves over {months.count} months from {months.first}, {advice.plan.currency}",
        (
            Heading("on"),
            Heading(f"nothing{more} bought"),
            Heading("as advised"),
            Heading("expected saving"),
            Heading("in %", decimals=1),
            Heading("interval from"),
            Heading("interval to"),
            Heading("worst 5 %"),
        ),
        tuple(rows),
        f"{_what_costs_hold(advice)} The interval is two standard errors of the expected saving on either side; worst 5 % "
        "is the mean saving of the worst futures. Judge by the fresh ones.",
    )


def _what_costs_hold(advice: CommitmentAdvice) -> str:
    if not advice.bought:
        return "Costs are of what can be committed to."
    billed = sum(one.billed for one in advice.bought.values())
    unused = sum(one.unused for one in advice.bought.values())
    return (
        "Costs are of what can be committed to and nothing bought already covers; 0 where that covers all. What is "
        f"bought already is paid either way and not in them: {billed:,.0f} billed, {unused:,.0f} of effective cost unused."
    )


def _saving(outcome: Outcome) -> tuple[Cell, ...]:
    nothing = float(outcome.probability @ outcome.cost_of_nothing)
    cost = float(outcome.probability @ outcome.cost)
    error = outcome.standard_error
    low, high = (
        (None, None)
        if error is None
        else (outcome.saving - _ERRORS * error, outcome.saving + _ERRORS * error)
    )
    share = 100 * outcome.saving / nothing if nothing else None
    return nothing, cost, outcome.saving, share, low, high, outcome.worst_saving


def each_unit(advice: CommitmentAdvice) -> Table:
    """Return what each unit around the advised quantity is worth."""
    rows: list[tuple[Cell, ...]] = []
    for one in advice.purchases:
        for unit, worth in advice.unit_worth(one):
            rows.append((_label(one), one.label, unit, worth, "yes" if unit <= one.quantity + 1e-9 else "no"))
    return Table(
        f"The worth of each unit over the horizon, {advice.plan.currency}",
        (Heading("what"), Heading("from"), Heading("unit"), Heading("worth", signed=True), Heading("bought")),
        tuple(rows),
        "A unit of a savings plan is 1 USD an hour; its units are counted around the amount."
        if any(p.offer.size is None for p in advice.purchases)
        else "",
    )


def other_ways(advice: CommitmentAdvice) -> Table:
    """Return what else could be done, on the same futures."""
    nothing = advice.portfolio.cost_of_nothing
    rows: list[tuple[Cell, ...]] = [
        (name, cost, nothing - cost, fresh) for name, (cost, fresh) in advice.alternatives.items()
    ]
    rows += [(f"only {name}", nothing - saving, saving, None) for name, saving in advice.by_term.items()]
    return Table(
        f"Other ways, {advice.plan.currency} over the horizon",
        (Heading("way"), Heading("cost"), Heading("saving", signed=True), Heading("cost on fresh futures")),
        tuple(rows),
        "Over a horizon of a single year three years always win; a term that reaches beyond the horizon counts as the "
        "residual below says.",
    )


def existing(advice: CommitmentAdvice) -> Table:
    """Return what the scenario has bought or plans already: netted first, nothing is bought twice."""
    section = advice.plan.scenario(advice.scenario).design.commitments or CommitmentSection()
    rows = tuple(
        (
            name,
            entry.kind.replace("_", " ") + _scope_text(entry),
            _amount(entry),
            entry.starts.isoformat(),
            "existing" if entry.existing else "planned",
            advice.bought[name].billed,
            advice.bought[name].used,
            advice.bought[name].unused,
        )
        for name, entry in section.bought.items()
    )
    return Table(
        f"Bought already, netted first, {advice.plan.currency}",
        (
            Heading("name"),
            Heading("kind"),
            Heading("amount", decimals=3),
            Heading("from"),
            Heading("state"),
            Heading("billed"),
            Heading("used"),
            Heading("unused"),
        ),
        rows,
        "Billed inside the plan's months; used and unused are their effective cost, with the load of the plan itself."
        if rows
        else "The scenario has bought nothing and plans nothing.",
    )


def not_for_sale(advice: CommitmentAdvice) -> Table:
    """Return what is used by the hour and cannot be reserved, with the reason, and whether a plan pays for it."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for one in advice.offered.refused:
        plan = "yes" if one.in_plan else "no"
        grouped.setdefault((one.because, plan), []).append(f"{', '.join(one.components)} ({one.name})")
    rows: list[tuple[Cell, ...]] = [
        ("; ".join(names), because, plan) for (because, plan), names in grouped.items()
    ]
    return Table(
        "What cannot be reserved",
        (Heading("usage by the hour"), Heading("because"), Heading("savings plan")),
        tuple(rows),
        "Savings plan: whether the books have a price for it under one. What is not used by the hour, such as disks, "
        "traffic and logs, has no reservation in these books."
        if rows
        else "Everything that is used by the hour can be reserved.",
    )


def calendar(advice: CommitmentAdvice) -> Table:
    """Return the days on which terms begin and end: what was advised and what was there."""
    section = advice.plan.scenario(advice.scenario).design.commitments or CommitmentSection()
    events: list[tuple[str, str, str, float | None]] = []
    for one in advice.purchases:
        events.append((advice.day(one).isoformat(), "begins", f"{_label(one)} (advised)", one.quantity))
        events.append((advice.ends(one).isoformat(), "ends", f"{_label(one)} (advised)", one.quantity))
    for name, entry in section.bought.items():
        ends = getattr(entry, "ends", None)
        what = "is renewed" if getattr(entry, "auto_renew", False) else "ends"
        events.append((entry.starts.isoformat(), "begins", name, _amount(entry)))
        events += [(ends.isoformat(), what, name, _amount(entry))] if ends is not None else []
    return Table(
        "Calendar",
        (Heading("day"), Heading("what happens"), Heading("commitment"), Heading("amount", decimals=3)),
        tuple(sorted(events, key=lambda event: event[:3])),
        "On the day a term ends its usage falls back to pay as you go; nothing stops."
        if events
        else "Nothing is bought.",
    )


def _scope_text(entry: Entry) -> str:
    scope = getattr(entry, "scope", Scope())
    return "" if scope.level == "shared" else f", {scope.level.replace('_', ' ')} {scope.id}"


def _amount(entry: Entry) -> float | None:
    for name in ("quantity", "usd_per_hour", "gb_per_day"):
        if hasattr(entry, name):
            return float(getattr(entry, name))
    return None


def notes(advice: CommitmentAdvice) -> list[str]:
    """Return what the advice rests on, in sentences."""
    design = advice.plan.scenario(advice.scenario).design
    outlook = (design.commitments or CommitmentSection()).outlook
    portfolio = advice.portfolio
    told = []
    if advice.varies and design.scaling is not None:
        growth = design.scaling.load.yearly_growth
        noise = (
            "noise of its own"
            if design.scaling.load.noise is not None
            else "no noise, since the load has none"
        )
        told.append(
            f"{advice.futures} futures and as many fresh ones (seed {advice.seed}), each a whole load through the "
            f"autoscaler with {noise} and a yearly growth drawn around {growth:.0%} with a deviation of "
            f"{outlook.yearly_growth_deviation:.0%}, an assumption."
        )
        told.append("Pools with a fixed count, databases and caches use the same in every future.")
    else:
        told.append(
            "Every count of this scenario is fixed, so all futures are one and nothing here speaks of risk; leave a pool to "
            "the autoscaler (nodes: null, with a section scaling) to see it."
        )
    if advice.caution is not None:
        told.append(
            f"Beside the expected cost, the mean regret of the worst {1 - advice.caution.alpha:.0%} of futures counts with "
            f"weight {advice.caution.weight:g}."
        )
    residual = {
        "nothing": "nothing, the cautious choice",
        "refund": f"its refund within {outlook.refund_limit:,.0f}, less a fee of {outlook.early_termination_fee:.0%}",
        "in use": "its cost, as if use went on",
    }[outlook.residual]
    told.append(f"A term beyond the {advice.plan.months.count} months is worth {residual}.")
    refundable = [p for p in advice.purchases if p.offer.size is not None and p.offer.refundable]
    reserved = sum(advice.total(p) for p in refundable)
    if reserved > outlook.refund_limit:
        told.append(
            f"Azure reservations come to {reserved:,.0f}; cancelled ones are refunded up to {outlook.refund_limit:,.0f} in "
            "twelve months, and a request above what is left of that is refused whole."
        )
    if advice.purchases and advice.varies:
        back = advice.break_even_month
        told.append(
            f"Paid upfront, payments are back by {back} on average."
            if back
            else "Payments are not back within the horizon."
        )
    told.append(
        f"Certified to {portfolio.optimum.gap:.1e} of the best possible with {portfolio.optimum.cuts} cuts."
    )
    if abs(advice.missed_by_order) > 0.005:
        told.append(
            f"The provider fills the 3-year plan first whatever is best: that costs {advice.missed_by_order:,.0f} more than "
            "the split the optimum assumes."
        )
    as_of = max(book.as_of for book in advice.plan.prices.books)
    aged = sorted(name for name, rule in NOTHING_TO_COMMIT_TO.items() if _aged(rule, advice))
    books = ", ".join(book.name for book in advice.plan.prices.books)
    told.append(
        f"Prices: {books} (as of {as_of}). A savings plan keeps its amount, not its rates; a reservation keeps its price."
    )
    unsaid = list(dict.fromkeys(_unsaid_payments(advice)))
    if unsaid:
        told.append(
            "AWS sells at another total with no, partial or all upfront, and takes nothing back. The price rows say: "
            f"{'; '.join(unsaid)}. Buy on a quote."
        )
    if aged:
        told.append(f"Rules read over a year before the plan begins, to be checked again: {', '.join(aged)}.")
    return told


def _unsaid_payments(advice: CommitmentAdvice) -> Iterator[str]:
    """Yield what price rows of AWS say of themselves."""
    items = {subject.name: subject.item for subject in advice.offered.subjects}
    for one in advice.purchases:
        item = items.get(one.offer.size or "")
        if item is None or not is_aws(item.meter.service):
            continue
        key = PriceKey(item.meter, item.region, "reservation", f"{one.offer.term_years}y")
        try:
            note = advice.plan.prices.resolve(key).schedule.tiers[0].note
        except PriceNotFound:
            continue  # a price of the plan's own
        if note:
            yield f"{_label(one)}: {note}"


def _aged(rule: Rule, advice: CommitmentAdvice) -> bool:
    return rule.aged(advice.plan.months.starts[0].date())


def chart(advice: CommitmentAdvice, name: str) -> Specification:
    """Return the specification of a chart.

    Raises
    ------
    NotInResult
        If there is no such chart.
    """
    if name not in CHARTS:
        raise NotInResult(f"there is no chart {name!r}; {nearest(name, CHARTS)}")
    months, currency = advice.plan.months, advice.plan.currency
    books = ", ".join(f"{book.name} ({book.as_of})" for book in advice.plan.prices.books)
    source = (
        f"Prices: {books}. Plan: {advice.plan.name}, {advice.scenario}, {months.count} months from {months.first}, "
        f"{advice.futures} simulated future{'s' * (advice.futures > 1)}."
    )
    if name == "payback":
        curve = advice.payback
        low, high = np.quantile(curve, [0.05, 0.95], axis=0)
        mean = advice.fresh_futures.probability @ curve
        title = f"{advice.scenario}: cost avoided less payments, on fresh futures"
        return payback_band(
            title, months.labels, mean.tolist(), low.tolist(), high.tolist(), axis=currency, source=source
        )
    curves, chosen = {}, {}
    for one in advice.purchases:
        label = f"{_label(one)}, {one.label}"
        reach = max(2 * one.quantity, one.quantity + 2)
        whole = one.offer.size is not None
        points = np.arange(0, reach + 1) if whole and reach <= 200 else np.linspace(0, reach, _POINTS)
        saved = advice.portfolio.saving_curve(one.offer.name, one.month, points)
        price = one.offer.usd_per_hour
        curves[label] = ((points * price).tolist(), saved.tolist())
        chosen[label] = (one.quantity * price, advice.portfolio.cost_of_nothing - advice.portfolio.cost)
    title = f"{advice.scenario}: what the horizon saves as one purchase moves and the others stay"
    return saving_curves(title, curves, chosen, axis=f"expected saving, {currency}", source=source)


def all_charts(advice: CommitmentAdvice) -> dict[str, Specification]:
    """Return every chart by name."""
    return {name: chart(advice, name) for name in CHARTS}
