"""The frontier as finished tables and a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agog_capacity.planning.verdicts import MEASURE_WORDS
from agog_capacity.report.charts import Specification
from agog_capacity.report.frontier_chart import Dot, cost_against_hours
from agog_capacity.report.tables import Cell, Heading, Table
from agog_capacity.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from agog_capacity.planning.frontier import Frontier, PricedDesign


def frontier_tables(frontier: Frontier) -> tuple[Table, ...]:
    """Return the unbeaten designs, the price of each nine, the answer, and why each other design fails."""
    tables = (
        answer(frontier),
        unbeaten_designs(frontier),
        nines(frontier),
        failures(frontier),
        left_out(frontier),
    )
    return tuple(table for table in tables if table.rows)


def _row(frontier: Frontier, one: PricedDesign) -> tuple[Cell, ...]:
    outcome = one.assessment.by(frontier.measure)
    return (
        one.name,
        one.cost_per_month,
        outcome.hours_per_year.value,
        1 - outcome.year_breaks.value,
        outcome.all_months_hold.value,
        outcome.all_months_hold.low,
        outcome.all_months_hold.high,
    )


def _headings(frontier: Frontier) -> tuple[Heading, ...]:
    return (
        Heading("design"), Heading(f"{frontier.plan.currency} a month"), Heading("unserved h a year", decimals=2),
        Heading("P(year holds)", decimals=2), Heading("P(every month holds)", decimals=2), Heading("from", decimals=2),
        Heading("to", decimals=2),
    )  # fmt: skip


def answer(frontier: Frontier) -> Table:
    """Return the cheapest design that meets the targets, or the one that comes nearest."""
    best = frontier.cheapest
    title, note = "The cheapest design that meets every target, the budget aside", ""
    if best is None:
        best = frontier.nearest
        title = "No design here meets every target; this one comes nearest"
        note = "It fails: " + "; ".join(f"{v.target} ({v.result})" for v in best.failing) + "."
    return Table(title, _headings(frontier), (_row(frontier, best),), note)


def unbeaten_designs(frontier: Frontier) -> Table:
    """Return the designs that no other beats in cost and hours."""
    return Table(
        f"Designs that none of {len(frontier.designs)} beats in both cost and hours lost, {MEASURE_WORDS[frontier.measure]}",
        (*_headings(frontier), Heading("fails")),
        tuple((*_row(frontier, one), _fails(one)) for one in frontier.efficient),
        "Words after a scenario's name: automated, nobody need promote; staged, changes reach one region at a time; "
        "standby-N, N nodes wait; one-zone; half-size, nodes of half the cores. "
        f"{frontier.designs[0].assessment.basis}.",
    )


def nines(frontier: Frontier) -> Table:
    """Return what each level of availability costs."""
    rows: list[tuple[Cell, ...]] = [
        (
            f"{one.percent:g} %",
            one.hours_per_year,
            one.design or "none here reaches it",
            one.cost_per_month,
            one.more_per_month,
        )
        for one in frontier.nines()
    ]
    least = min(frontier.designs, key=lambda one: one.hours(frontier.measure))
    return Table(
        "The price of each nine, by expected hours of a year",
        (
            Heading("availability"), Heading("allows, h a year", decimals=2), Heading("cheapest design"),
            Heading(f"{frontier.plan.currency} a month"), Heading("more than the level before", signed=True),
        ),
        tuple(rows),
        f"The least any design here loses is {least.hours(frontier.measure):.2f} h a year ({least.name}); what is left "
        "are causes that no topology removes.",
    )  # fmt: skip


def failures(frontier: Frontier) -> Table:
    """Return why designs fail, those with the same failures in one row."""
    grouped: dict[str, list[PricedDesign]] = {}
    for one in frontier.designs:
        grouped.setdefault(_fails(one), []).append(one)
    return Table(
        "Why designs fail",
        (Heading("fails"), Heading("designs"), Heading("cheapest of them"), Heading("a month")),
        tuple(
            (what, len(found), found[0].name, found[0].cost_per_month)
            for what, found in sorted(grouped.items(), key=lambda row: (len(row[0]), row[0]))
        ),
    )


def _fails(one: PricedDesign) -> str:
    return ", ".join(v.short for v in one.failing) or "nothing but the budget"


def left_out(frontier: Frontier) -> Table:
    """Return the designs that could not be priced or assessed."""
    grouped: dict[str, list[str]] = {}
    for name, why in frontier.left_out.items():
        grouped.setdefault(why, []).append(name)
    return Table(
        "Left out",
        (Heading("because"), Heading("designs"), Heading("such as")),
        tuple((why, len(names), names[0]) for why, names in grouped.items()),
    )


def frontier_chart(frontier: Frontier) -> Specification:
    """Return cost against unserved hours: all designs, and the line of those that none beats."""
    best = {one.name for one in frontier.efficient}
    dots = [
        Dot(one.name, one.variant.scenario, one.cost_per_month, one.hours(frontier.measure), one.name in best)
        for one in frontier.designs
    ]
    source = f"{frontier.designs[0].assessment.basis}; {MEASURE_WORDS[frontier.measure]}"
    target = frontier.plan.targets.availability
    level = None if target is None else (1 - target.percent / 100) * HOURS_PER_YEAR
    words = "" if target is None else f"{target.percent:g} % of a year"
    return cost_against_hours(
        f"{frontier.plan.title}: what fewer lost hours cost",
        dots,
        axis=f"{frontier.plan.currency} a month",
        level=level,
        level_name=words,
        source=source,
    )
