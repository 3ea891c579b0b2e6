"""The advice of `agog-capacity commit` as finished tables, sentences and charts. Computes nothing new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.advice.existing import amount_of, existing
from agog_capacity.advice.log_tables import log_tiers
from agog_capacity.advice.months import month_by_month
from agog_capacity.advice.notes import label_of, notes
from agog_capacity.commitments.aws import returnable
from agog_capacity.commitments.returns import EXCHANGE_POLICY_DATE
from agog_capacity.commitments.section import CommitmentSection
from agog_capacity.errors import NotInResult, nearest
from agog_capacity.report.charts import Specification
from agog_capacity.report.commitment_charts import payback_band, saving_curves
from agog_capacity.report.tables import Cell, Heading, Table, text_table

if TYPE_CHECKING:
    from agog_capacity.advice.advice import CommitmentAdvice
    from agog_capacity.commitments.portfolio import Outcome, Purchase

CHARTS = ("saving_curve", "payback")
_ERRORS = 2.0
"""Standard errors on either side of an expected saving: about 95 % of a normal distribution."""
_POINTS = 41
_COVERED = 0.005
"""Cost below which nothing is left that could be committed to. [currency]"""
_NOTHING_SOLD = "No reservation or savings plan is sold for what the scenario uses"


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
        log_tiers(advice),
        each_unit(advice),
        other_ways(advice),
        month_by_month(advice),
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
                label_of(one),
                advice.day(one).isoformat(),
                advice.ends(one).isoformat(),
                _quantity(one),
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
            Heading("quantity", decimals=3, counts=True),
            Heading("an hour", decimals=3),
            Heading("for the term"),
            Heading("last unit is worth", signed=True),
            Heading("one more is worth", signed=True),
            Heading("given back by"),
        ),
        tuple(rows),
        _what_units_are(advice) if rows else _why_nothing(advice),
    )


def _quantity(one: Purchase) -> float | int:
    """Return how much is bought: of machines a count, of a savings plan its amount. [USD per hour]"""
    return one.quantity if one.offer.size is None else round(one.quantity)


def _what_units_are(advice: CommitmentAdvice) -> str:
    reserved = [one.offer.size is not None for one in advice.purchases]
    told = [
        "Machines are counted in the smallest size of their group; a larger one takes as many as its ratio.",
        "The quantity of a savings plan is its amount in USD an hour.",
        "The worth of a unit is what the whole horizon costs less with it.",
    ]
    return " ".join(
        text for text, applies in zip(told, (any(reserved), not all(reserved), True), strict=True) if applies
    )


def _why_nothing(advice: CommitmentAdvice) -> str:
    """Say why no reservation and no savings plan is advised."""
    logs = "; log tiers are below." if any(one.tiers for one in advice.log_tiers) else "."
    if not advice.anything_sold:
        return f"{_NOTHING_SOLD}{logs}"
    return f"No reservation or savings plan is worth buying on these futures{logs}"


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
    months = advice.plan.months
    title = f"What it saves over {months.count} months from {months.first}, {advice.plan.currency}"
    if not advice.anything_sold:
        return Table(title, (), (), f"{_NOTHING_SOLD}.")
    more = " more" if advice.bought else ""
    headings = (
        Heading("on"),
        Heading(f"nothing{more} bought"),
        Heading("as advised"),
        Heading("expected saving" if advice.varies else "saving"),
        Heading("in %", decimals=1),
        Heading("interval from"),
        Heading("interval to"),
        Heading("worst 5 %"),
    )
    if not advice.varies:
        # One future has no interval and no worst ones.
        kept = len(headings) - 3
        row = ("every future, since they are all one", *_saving(advice.given))
        return Table(title, headings[:kept], (row[:kept],), _what_costs_hold(advice))
    return Table(
        title,
        headings,
        (
            ("the futures it was made for", *_saving(advice.given)),
            ("fresh futures", *_saving(advice.fresh)),
        ),
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
            rows.append(
                (label_of(one), one.label, unit, worth, "yes" if unit <= one.quantity + 1e-9 else "no")
            )
    return Table(
        f"The worth of each unit over the horizon, {advice.plan.currency}",
        (Heading("what"), Heading("from"), Heading("unit"), Heading("worth", signed=True), Heading("bought")),
        tuple(rows),
        "A unit of a savings plan is 1 USD an hour; its units are counted around the amount."
        if any(p.offer.size is None for p in advice.purchases)
        else ("" if rows else "Nothing is bought by the unit."),
    )


def other_ways(advice: CommitmentAdvice) -> Table:
    """Return what else could be done, on the same futures."""
    title = f"Other ways, {advice.plan.currency} over the horizon"
    if not advice.anything_sold:
        return Table(title, (), (), f"{_NOTHING_SOLD}.")
    nothing = advice.portfolio.cost_of_nothing
    if advice.bought and nothing < _COVERED:
        return Table(title, (), (), "What is bought already covers all that could be committed to.")
    rows: list[tuple[Cell, ...]] = [
        (name, cost, nothing - cost, fresh) for name, (cost, fresh) in advice.alternatives.items()
    ]
    rows += [(f"only {name}", nothing - saving, saving, None) for name, saving in advice.by_term.items()]
    headings = (
        Heading("way"),
        Heading("cost"),
        Heading("saving", signed=True),
        Heading("cost on fresh futures"),
    )
    shown = len(headings) if advice.varies else len(headings) - 1
    return Table(
        title,
        headings[:shown],
        tuple(row[:shown] for row in rows),
        "Over a horizon of a single year three years always win; a term that reaches beyond the horizon counts as the "
        "residual below says.",
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
        "Savings plan: whether the books have a price for it under one. What is not used by the hour, such as disks and "
        "traffic, has no reservation in these books; logs have tiers, above."
        if rows
        else "Everything that is used by the hour can be reserved."
        if advice.anything_sold
        else "Nothing is used by the hour.",
    )


def calendar(advice: CommitmentAdvice) -> Table:
    """Return the days on which terms begin and end: what was advised and what was there."""
    section = advice.plan.scenario(advice.scenario).design.commitments or CommitmentSection()
    events: list[tuple[str, str, str, float | int | None]] = []
    for one in advice.purchases:
        events.append((advice.day(one).isoformat(), "begins", f"{label_of(one)} (advised)", _quantity(one)))
        events.append((advice.ends(one).isoformat(), "ends", f"{label_of(one)} (advised)", _quantity(one)))
    for workspace in advice.log_tiers:
        for tier in workspace.tiers:
            what, amount = f"log tier of {workspace.component} (advised)", tier.gb_per_day
            events.append((tier.starts.isoformat(), "begins", what, amount))
            events += [(tier.ends.isoformat(), "ends", what, amount)] if tier.ends else []
    for name, entry in section.bought.items():
        ends = getattr(entry, "ends", None)
        what = "is renewed" if getattr(entry, "auto_renew", False) else "ends"
        events.append((entry.starts.isoformat(), "begins", name, amount_of(entry)))
        events += [(ends.isoformat(), what, name, amount_of(entry))] if ends is not None else []
    return Table(
        "Calendar",
        (
            Heading("day"),
            Heading("what happens"),
            Heading("commitment"),
            Heading("amount", decimals=3, counts=True),
        ),
        tuple(sorted(events, key=lambda event: event[:3])),
        "Amounts are machines or units, USD an hour of a savings plan, GB a day of a log tier. On the day a term ends its "
        "usage falls back to pay as you go; nothing stops."
        if events
        else "Nothing is bought.",
    )


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
        label = f"{label_of(one)}, {one.label}"
        reach = max(2 * one.quantity, one.quantity + 2)
        whole = one.offer.size is not None
        points = np.arange(0, reach + 1) if whole and reach <= 200 else np.linspace(0, reach, _POINTS)
        saved = advice.portfolio.saving_curve(one.offer.name, one.month, points)
        price = one.offer.usd_per_hour
        curves[label] = ((points * price).tolist(), saved.tolist())
        chosen[label] = (one.quantity * price, advice.portfolio.cost_of_nothing - advice.portfolio.cost)
    title = f"{advice.scenario}: what the horizon saves as one purchase moves and the others stay"
    return saving_curves(
        title, curves, chosen, axis=f"expected saving, {currency}", currency=currency, source=source
    )


def all_charts(advice: CommitmentAdvice) -> dict[str, Specification]:
    """Return every chart by name."""
    return {name: chart(advice, name) for name in CHARTS}
