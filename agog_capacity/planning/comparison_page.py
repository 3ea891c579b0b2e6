"""The page of a comparison: its sections, charts and what unfolds behind each number, finished but for the markup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from agog_capacity import __version__
from agog_capacity.planning import presentation as shown
from agog_capacity.planning import promises
from agog_capacity.planning.assessment import Assessment
from agog_capacity.planning.assessment_tables import UNSERVED, assessment_tables, unserved_chart
from agog_capacity.planning.explain import explain
from agog_capacity.planning.lockfile import lock_hash, lock_of
from agog_capacity.planning.recommendation import recommendation
from agog_capacity.planning.summary import summary
from agog_capacity.report.charts import Specification
from agog_capacity.report.page import Page, Section, Unfolding
from agog_capacity.report.tables import Table

if TYPE_CHECKING:
    from agog_capacity.planning.compare import Comparison


def page_charts(comparison: Comparison) -> dict[str, Specification]:
    """Return the charts of the page by name: one of each, and a waterfall to every other scenario."""
    charts = {name: shown.chart(comparison, name) for name in shown.CHARTS if name != "waterfall"}
    if any(isinstance(found, Assessment) for found in comparison.assessments.values()):
        charts[UNSERVED] = unserved_chart(comparison)
    charts |= _payback_charts(comparison)
    others = [f.name for f in comparison.forecasts if f.name != comparison.reference]
    if not others:
        return {**charts, "waterfall": shown.chart(comparison, "waterfall")}
    return charts | {f"waterfall_{name}": shown.chart(comparison, "waterfall", name) for name in others}


def _payback_charts(comparison: Comparison) -> dict[str, Specification]:
    """Return when what was bought ahead is paid back, one chart a scenario that bought something."""
    bought = [one.name for one in comparison.forecasts if one.has_commitments]
    if not bought:
        return {}
    from agog_capacity.planning.commitment_tables import PAYBACK, payback_chart

    return {f"{PAYBACK}_{name}": payback_chart(comparison, name) for name in bought}


def comparison_page(comparison: Comparison) -> Page:
    """Return the page of a comparison, finished but for its markup."""
    charts = page_charts(comparison)
    plan = comparison.plan
    lock = lock_of(comparison)
    sections = (
        Section("Scenarios", tables=(summary(comparison),)),
        Section(
            "Targets", text=recommendation(comparison), tables=(short_verdicts(shown.targets(comparison)),)
        ),
        *_failures(comparison, charts),
        Section(
            "Cost",
            tables=(
                shown.costs(comparison, "component"),
                shown.costs(comparison, "region"),
                shown.years(comparison),
                *commitment_tables_of(comparison),
            ),
            charts=tuple(name for name in charts if name != UNSERVED),
        ),
        Section(
            "Behind each number",
            text=(
                "Each line opens to its meters, tiers, quantities and price rows with their sources.",
                f"Inside, amounts are the sum of all {plan.months.count} months, in {plan.currency}.",
            ),
            unfoldings=tuple(_unfoldings(comparison)),
        ),
        Section(
            "Contractual availability",
            text=(
                "The product of published SLAs along the path of a request. An SLA is where refunds start, not a forecast.",
                "The product takes failures as independent, so a figure for two regions is an upper bound.",
            ),
            tables=(
                promises.contracts(comparison),
                promises.contract_table(comparison),
                *(promises.contract_parts(forecast) for forecast in comparison.forecasts),
            ),
        ),
        Section(
            "What can be bought",
            text=(
                "Rules about what a tier cannot do and what is no longer sold, held against every component.",
                "An error stops its scenario unless the plan accepts it with a reason.",
            ),
            tables=(promises.findings(comparison),),
        ),
        Section(
            "What this rests on",
            tables=(
                shown.simulated(comparison.forecasts),
                shown.warnings(comparison.forecasts),
                shown.assumptions(comparison.forecasts),
                shown.stand_ins(comparison.forecasts),
                shown.gaps(comparison),
                shown.price_books(comparison),
            ),
        ),
        Section("Month by month", tables=(shown.months(comparison),)),
    )
    footer = (
        *shown.provenance(comparison),
        f"Lockfile {lock_hash(lock)}, plan {lock['plan']['sha256']}, agog_capacity {__version__}.",
    )
    lead = tuple(line for line in (plan.description.strip(),) if line)
    return Page(plan.title, lead, sections, charts, footer)


def _failures(comparison: Comparison, charts: Mapping[str, Specification]) -> Iterator[Section]:
    """Yield the section about simulated failures, where there are any."""
    tables = assessment_tables(comparison)
    if tables:
        yield Section(
            "Failures, failovers and response times",
            text=(
                "Simulated: rates, lengths and chances drawn from what evidence leaves open, then years under each draw.",
                "Every scenario meets the same failures, so their differences are more certain than each of them.",
                "Two measures, which may disagree about the better design: unserved demand, and time with over half lost.",
            ),
            tables=tables,
            charts=tuple(name for name in charts if name == UNSERVED),
        )


def _unfoldings(comparison: Comparison) -> Iterator[tuple[str, tuple[Unfolding, ...]]]:
    for forecast in comparison.forecasts:
        totals = forecast.cost_by("component")
        lines = tuple(
            Unfolding(
                name,
                f"{amount:,.2f} a month, {amount * forecast.months.count:,.2f} in all",
                shown.parts(explain(forecast, component=name)),
            )
            for name, amount in totals.items()
        )
        average = f"{forecast.cost_per_month:,.2f} {forecast.currency} a month"
        yield f"{forecast.name}: {average}, {forecast.total_cost:,.2f} in all", lines


def commitment_tables_of(comparison: Comparison) -> tuple[Table, ...]:
    """Return the tables of what was bought ahead; none where nothing was, and then nothing is loaded for it."""
    if not comparison.has_commitments:
        return ()
    from agog_capacity.planning.commitment_tables import commitments

    return (commitments(comparison.forecasts),)


def short_verdicts(table: Table) -> Table:
    """Return the verdicts with the scenarios that share one in one row."""
    everyone = {row[1] for row in table.rows}
    grouped: dict[tuple[Any, ...], list[str]] = {}
    for target, scenario, verdict, reached in table.rows:
        grouped.setdefault((target, verdict, reached), []).append(str(scenario))
    headings = (table.headings[0], table.headings[2], table.headings[3], table.headings[1])
    rows = tuple(
        (*key, "all scenarios" if set(names) == everyone else ", ".join(names))
        for key, names in grouped.items()
    )
    return Table(table.title, headings, rows, table.note)
