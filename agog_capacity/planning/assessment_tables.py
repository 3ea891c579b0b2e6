"""What failures and load make of the scenarios, as finished tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from agog_capacity.availability.error_budget import STANDARD_ALERTS, ErrorBudget
from agog_capacity.availability.measured import measured_availability
from agog_capacity.availability.measures import MEASURES
from agog_capacity.planning.assessment import Assessment, NotAssessed
from agog_capacity.planning.convention_tables import conventions
from agog_capacity.planning.returns import Return, certain, downtime_money, returns_against
from agog_capacity.planning.tenant_latency import NORMAL
from agog_capacity.planning.verdicts import MEASURE_WORDS
from agog_capacity.report.charts import Specification
from agog_capacity.report.failover_charts import unserved_by_cause
from agog_capacity.report.tables import Cell, Heading, Table

if TYPE_CHECKING:
    from agog_capacity.planning.compare import Comparison

_BUDGET_DAYS = 30.0
UNSERVED = "unserved_by_cause"
"""Name of the chart of unserved hours."""


def assessment_tables(comparison: Comparison, *, brief: bool = False) -> tuple[Table, ...]:
    """Return every table about failures and load; none where no scenario says how a failover goes.

    Parameters
    ----------
    comparison : Comparison
    brief : bool
        Leave out what is too wide for a terminal; `explain --failures` has it for one scenario.
    """
    if not comparison.assessments:
        return ()
    made = (
        availability(comparison),
        *(() if brief else (conventions(_known(comparison)),)),
        recoveries(comparison),
        response_times(comparison),
        causes(comparison),
        error_budgets(comparison),
        worth(comparison),
        measured(comparison),
        recovery_notes(comparison),
        not_assessed(comparison),
    )
    return tuple(table for table in made if table.rows)


def unserved_chart(comparison: Comparison) -> Specification:
    """Return the unserved hours of each scenario by cause, as stacked bars."""
    hours = {
        one.scenario: {cause: found.value for cause, found in one.causes() if found.value > 0}
        for one in _known(comparison)
    }
    title = f"{comparison.plan.title}: what leaves demand unserved"
    return unserved_by_cause(title, hours, source=f"Simulated failures: {_basis(comparison)}")


def _known(comparison: Comparison) -> Iterator[Assessment]:
    for found in comparison.assessments.values():
        if isinstance(found, Assessment):
            yield found


def _basis(comparison: Comparison) -> str:
    """Return what the figures rest on; failovers are told where a scenario has them."""
    return max((one.basis for one in _known(comparison)), key=len, default="")


def availability(comparison: Comparison) -> Table:
    """Return hours lost and the probability that a year and every month hold, by both measures."""
    rows: list[tuple[Cell, ...]] = []
    for one in _known(comparison):
        for measure in MEASURES:
            found = one.by(measure)
            rows.append(
                (
                    one.scenario,
                    MEASURE_WORDS[measure],
                    found.hours_per_year.value,
                    found.hours_per_year.low,
                    found.hours_per_year.high,
                    found.percentiles[95].value,
                    1 - found.year_breaks.value,
                    found.all_months_hold.value,
                    found.all_months_hold.low,
                    found.all_months_hold.high,
                )
            )
    percent = f"{next(_known(comparison)).target_percent:g} %" if rows else ""
    return Table(
        "Simulated availability: hours lost in a year, and the chance to hold the target",
        (
            Heading("scenario"), Heading("measure"), Heading("h a year", decimals=2), Heading("from", decimals=1),
            Heading("to", decimals=1), Heading("P95 of a year, h", decimals=1),
            Heading(f"P(year holds {percent})", decimals=2), Heading("P(every month holds)", decimals=2),
            Heading("from", decimals=2), Heading("to", decimals=2),
        ),
        tuple(rows),
        f"From and to: 95 % interval, which is what the numbers that were drawn leave open. "
        f"{_basis(comparison)}. An illustration of what the evidence allows, not a forecast of any service.",
    )  # fmt: skip


def recoveries(comparison: Comparison) -> Table:
    """Return how long regions take to stand in for each other, and what data is lost."""
    rows: list[tuple[Cell, ...]] = []
    for one in _known(comparison):
        for found in one.recoveries:
            slowest = next(iter(found.steps), None)
            step = "" if slowest is None else slowest.name
            if slowest is not None and math.isfinite(slowest.mean_s):
                step += f", {slowest.mean_s / 60:.0f} min on average"
            within = found.within_target
            rows.append(
                (
                    one.scenario,
                    found.direction,
                    *(_in_minutes(found.recovered_s[percent].value) for percent in (50, 95, 99)),
                    None if within is None else within.value,
                    step,
                    found.lost_s.get(99),
                    found.lost_within_target,
                    60 * sum(found.unserved_h.values()),
                )
            )
    targets = comparison.plan.targets
    rto = "" if targets.recovery_time_minutes is None else f" {targets.recovery_time_minutes:g} min"
    rpo = "" if targets.recovery_point_minutes is None else f" {targets.recovery_point_minutes:g} min"
    return Table(
        "Failover: minutes until the whole demand is served, seconds of writes lost",
        (
            Heading("scenario"), Heading("from and to"), Heading("P50", decimals=1), Heading("P95", decimals=1),
            Heading("P99", decimals=1), Heading(f"P(within{rto})", decimals=3), Heading("longest step"),
            Heading("lost, P99 s", decimals=0), Heading(f"P(lost within{rpo})", decimals=4),
            Heading("unserved, min of what is taken over", decimals=1),
        ),
        tuple(rows),
        "The scale-up is what the surviving region's autoscaler does with the load; a dash under P99: never within the "
        "simulated hours. Unserved: the mean of one failover, in minutes of full outage of what the lost region served; "
        "hours a year count what share of all requests that is.",
    )  # fmt: skip


def _in_minutes(seconds: float) -> float | None:
    return None if math.isinf(seconds) else seconds / 60


def response_times(comparison: Comparison) -> Table:
    """Return the P95 of each group of tenants, normally and after a region is lost."""
    found = {one.scenario: one.latencies for one in _known(comparison) if one.latencies}
    states = list(dict.fromkeys(each.state for latencies in found.values() for each in latencies))
    states.sort(key=lambda state: state != NORMAL)
    rows: list[tuple[Cell, ...]] = []
    for scenario, latencies in found.items():
        for tenants in dict.fromkeys(each.tenants for each in latencies):
            by_state = {each.state: each for each in latencies if each.tenants == tenants}
            cells: list[Cell] = []
            for state in states:
                one = by_state.get(state)
                if one is None:
                    cells.append(None)
                else:
                    cells.append(one.p95_ms if one.p95_ms is not None else "overloaded")
            normal = by_state.get(NORMAL)
            rows.append((scenario, tenants, "" if normal is None else normal.region, *cells))
    return Table(
        "Response time, P95 in ms, in the busiest month",
        (Heading("scenario"), Heading("tenants"), Heading("answered by"), *(Heading(state) for state in states)),
        tuple(rows),
        "Waiting, service, the network to the tenants and round trips to a database in another region. Medians between "
        "regions are published; what their P95 adds is an assumption. While a region grows there is a brownout instead.",
    )  # fmt: skip


def causes(comparison: Comparison) -> Table:
    """Return unserved hours by cause, the one that costs the reference most first."""
    known = {one.scenario: dict(one.causes()) for one in _known(comparison)}
    first = known.get(comparison.reference, {})
    # Evictions are of the scenarios that have spot nodes, which the reference may not be.
    order = list(dict.fromkeys(cause for found in (first, *known.values()) for cause in found))
    return Table(
        "Unserved hours a year by cause",
        (Heading("cause"), *(Heading(name, decimals=2) for name in known)),
        tuple(
            (cause, *(found[cause].value if cause in found else None for found in known.values()))
            for cause in order
        ),
        "Unserved demand in hours of full outage. Own changes and what all regions share are not cured by a second region.",
        ("together", *(sum(each.value for each in found.values()) for found in known.values())),
    )


def error_budgets(comparison: Comparison) -> Table:
    """Return the error budget of the target and the alerts that guard it."""
    target = comparison.plan.targets.availability
    if target is None or target.percent >= 100:
        return Table("Error budget", (Heading("alert"),), ())  # 100 % leaves no budget to burn
    budget = ErrorBudget(Decimal(str(target.percent)) / 100, _BUDGET_DAYS)
    rows: list[tuple[Cell, ...]] = []
    for alert in STANDARD_ALERTS:
        minutes = budget.minutes_to_fire(alert, 1.0)
        rows.append(
            (
                f"{alert.burn:g} x over {alert.long_h:g} h and {alert.short_min:g} min",
                100 * budget.spent_at(alert),
                None if minutes is None else 60 * minutes,
            )
        )
    return Table(
        f"Error budget of {target.percent:g} %: {budget.minutes:.1f} min in {_BUDGET_DAYS:g} days",
        (
            Heading("alert"),
            Heading("budget spent when it fires, %"),
            Heading("full outage fires it after, s"),
        ),
        tuple(rows),
        "Burn-rate alerts of the SRE Workbook, chapter 5.",
    )


def worth(comparison: Comparison) -> Table:
    """Return what each scenario costs more or less than the reference, and what that buys."""
    forecasts = {one.name: one for one in comparison.forecasts}
    found = returns_against(comparison.reference, forecasts, comparison.assessments)
    rows: list[tuple[Cell, ...]] = []
    reference = comparison.assessments.get(comparison.reference)
    for name in forecasts:
        assessed = comparison.assessments.get(name)
        if not isinstance(assessed, Assessment):
            continue
        section = forecasts[name].scenario.design.downtime
        money = None if section is None else downtime_money(assessed, section)
        # The reference is one side of every pair, and has nothing to be held against itself.
        compared = name != comparison.reference
        one = next((each for each in found if compared and name in (each.dearer, each.cheaper)), None)
        rows.append(
            (
                name,
                None if one is None else (one.cost_per_year if one.dearer == name else -one.cost_per_year),
                None
                if one is None
                else (one.hours_bought.value if one.dearer == name else -one.hours_bought.value),
                None if one is None else one.hours_bought.standard_error,
                _signed_worth(one, name),
                None if one is None else one.break_even_per_hour,
                None if one is None else one.incidents,
                None if money is None else money.expected.value,
                None if money is None else money.p95,
                None if one is None else _judgement(one, comparison.plan.currency),
            )
        )
    currency = comparison.plan.currency
    bearer = ""
    section = next(
        (f.scenario.design.downtime for f in forecasts.values() if f.scenario.design.downtime), None
    )
    if section is not None:
        bearer = (
            f" The tenants bear the cost of downtime; the vendor {section.vendor_share:.0%} of it"
            + ("" if section.incident_h is None else f". A major incident is {section.incident_h:g} h")
            + "."
        )
    return Table(
        f"What a scenario costs more than {comparison.reference} and what that buys, {currency} a year",
        (
            Heading("scenario"), Heading("cost", signed=True), Heading("hours bought", decimals=2, signed=True),
            Heading("± h", decimals=2), Heading("worth", signed=True), Heading("pays from, an hour"),
            Heading("or major incidents avoided", decimals=2), Heading("downtime expected"),
            Heading("downtime P95"), Heading("so"),
        ),
        tuple(rows) if isinstance(reference, Assessment) else (),
        "Hours of full-outage equivalent, by unserved demand, on the same simulated failures." + bearer,
    )  # fmt: skip


def _signed_worth(one: Return | None, name: str) -> float | None:
    if one is None or one.worth_per_year is None:
        return None
    return one.worth_per_year if one.dearer == name else -one.worth_per_year


def _judgement(one: Return, currency: str) -> str:
    bought = one.hours_bought
    if not certain(bought):
        return f"no difference in hours; {one.cheaper} is cheaper" if one.cost_per_year else "no difference"
    if bought.value < 0:
        return f"{one.dearer} costs {'more' if one.cost_per_year else 'as much'} and loses more"
    if one.pays is None:
        return f"{one.dearer} pays if an hour is worth {one.break_even_per_hour or 0:,.0f} {currency}"
    return f"{one.dearer} {'pays' if one.pays else 'does not pay'}"


def measured(comparison: Comparison) -> Table:
    """Return the availability that the owner's incidents leave, beside what is forecast of the reference."""
    plan = comparison.plan
    history = plan.file.incidents if plan.file is not None else None
    forecast = comparison.assessments.get(comparison.reference)
    headings = (
        Heading("measure"), Heading("measured, h a year", decimals=2), Heading("forecast", decimals=2),
        Heading("from", decimals=2), Heading("to", decimals=2), Heading("difference", decimals=2, signed=True),
        Heading("measured, %", decimals=4), Heading("months that broke the target"), Heading("expected", decimals=1),
    )  # fmt: skip
    if history is None or not isinstance(forecast, Assessment):
        return Table("Measured availability", headings, ())
    was = measured_availability(
        plan.incidents,
        history.records_began,
        history.records_until,
        target_percent=forecast.target_percent,
        deep_threshold=forecast.deep_threshold,
    )
    rows: list[tuple[Cell, ...]] = []
    for measure in MEASURES:
        expected = forecast.by(measure)
        rows.append(
            (
                MEASURE_WORDS[measure],
                was.lost_h_per_year(measure),
                expected.hours_per_year.value,
                expected.hours_per_year.low,
                expected.hours_per_year.high,
                was.lost_h_per_year(measure) - expected.hours_per_year.value,
                was.percent(measure),
                was.months_broken(measure),
                expected.month_breaks.value * len(was.months),
            )
        )
    causes = ", ".join(
        f"{cause} {hours:.1f} h" for cause, hours in sorted(was.by_cause.items(), key=lambda row: -row[1])
    )
    return Table(
        f"Measured availability, {was.began} to {was.until}, against the forecast of {comparison.reference}",
        headings,
        tuple(rows),
        f"{len(plan.incidents)} incidents; lost by cause: {causes or 'nothing'}. The forecast has learned from the same "
        "incidents, class by class.",
    )


def recovery_notes(comparison: Comparison) -> Table:
    """Return what to know of the failovers, scenarios with the same note in one row."""
    grouped: dict[str, list[str]] = {}
    for one in _known(comparison):
        for note in one.notes:
            grouped.setdefault(note, []).append(one.scenario)
    return Table(
        "What the failovers rest on",
        (Heading("what to know"), Heading("scenarios")),
        tuple((note, ", ".join(names)) for note, names in grouped.items()),
    )


def not_assessed(comparison: Comparison) -> Table:
    """Return the scenarios whose failures could not be simulated, and why."""
    found = [one for one in comparison.assessments.values() if isinstance(one, NotAssessed)]
    return Table(
        "Failures could not be simulated",
        (Heading("scenario"), Heading("because")),
        tuple((one.scenario, reason) for one in found for reason in one.reasons),
    )
