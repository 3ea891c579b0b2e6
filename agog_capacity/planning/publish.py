"""Publishing a comparison: as text, page, tables, JSON, images and lockfile."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agog_capacity import __version__
from agog_capacity.errors import BrowserNotFound, InputError, Problem
from agog_capacity.files import replace_file, spreadsheet_safe
from agog_capacity.frames import charge_columns
from agog_capacity.planning import presentation as shown
from agog_capacity.planning import promises
from agog_capacity.planning.explain import explain
from agog_capacity.planning.ledger import charge_blocks, finding_rows, summary_rows
from agog_capacity.planning.lockfile import lock_hash, lock_of
from agog_capacity.report.charts import Specification
from agog_capacity.report.page import Page, Section, Unfolding, page_html
from agog_capacity.report.tables import Table, text_table

if TYPE_CHECKING:
    from agog_capacity.planning.compare import Comparison

FORMATS = ("html", "csv", "json")


@dataclass(frozen=True)
class Written:
    """What a report consists of on disk."""

    page: Path | None
    """The HTML page, if it was asked for."""
    files: tuple[Path, ...]
    warnings: tuple[str, ...]
    """What could not be written, each with what to do."""


def comparison_text(comparison: Comparison) -> str:
    """Return everything `agog-capacity compare` prints."""
    tables = [
        shown.summary(comparison),
        shown.costs(comparison, "component"),
        shown.costs(comparison, "region"),
        shown.years(comparison),
        shown.months(comparison),
        _short(shown.targets(comparison)),
        promises.contract_table(comparison),
        promises.contracts(comparison),
        *_committed(comparison),
        shown.simulated(comparison.forecasts),
        shown.warnings(comparison.forecasts),
        shown.assumptions(comparison.forecasts),
        shown.stand_ins(comparison.forecasts),
        shown.gaps(comparison),
        shown.price_books(comparison),
    ]
    head = "\n".join([comparison.plan.title, *textwrap.wrap(comparison.plan.description, 118)])
    tail = f"lockfile {lock_hash(lock_of(comparison))}"
    return "\n\n".join([head, *map(text_table, tables), promises.findings_text(comparison), tail])


def _committed(comparison: Comparison) -> tuple[Table, ...]:
    """Return the tables of what was bought ahead; none where nothing was, and then nothing is loaded for it."""
    if not comparison.has_commitments:
        return ()
    from agog_capacity.planning.commitment_tables import commitments

    return (commitments(comparison.forecasts),)


def _short(table: Table) -> Table:
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


def page_charts(comparison: Comparison) -> dict[str, Specification]:
    """Return the charts of the page by name: one of each, and a waterfall to every other scenario."""
    charts = {name: shown.chart(comparison, name) for name in shown.CHARTS if name != "waterfall"}
    others = [f.name for f in comparison.forecasts if f.name != comparison.reference]
    if not others:
        return {**charts, "waterfall": shown.chart(comparison, "waterfall")}
    return charts | {f"waterfall_{name}": shown.chart(comparison, "waterfall", name) for name in others}


def comparison_page(comparison: Comparison) -> Page:
    """Return the page of a comparison, finished but for its markup."""
    charts = page_charts(comparison)
    plan = comparison.plan
    lock = lock_of(comparison)
    sections = (
        Section("Scenarios", tables=(shown.summary(comparison),)),
        Section("Targets", tables=(_short(shown.targets(comparison)),)),
        Section(
            "Cost",
            tables=(
                shown.costs(comparison, "component"),
                shown.costs(comparison, "region"),
                shown.years(comparison),
                *_committed(comparison),
            ),
            charts=tuple(charts),
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


def comparison_html(comparison: Comparison) -> str:
    """Return the offline HTML page of a comparison."""
    return page_html(comparison_page(comparison))


def comparison_json(comparison: Comparison) -> str:
    """Return a comparison as JSON: amounts in full, units in the names or beside them."""
    plan = comparison.plan
    verdicts = comparison.verdicts()
    content = {
        "plan": plan.name,
        "currency": plan.currency,
        "months": list(plan.months.labels),
        "reference": comparison.reference,
        "scenarios": [
            {
                "name": one.name,
                "title": one.scenario.title,
                "cost_per_month": one.cost_per_month,
                "cost_total": one.total_cost,
                "cost_by_month": one.monthly_cost.tolist(),
                **({"billed_by_month": one.monthly_billed.tolist()} if comparison.has_commitments else {}),
                "cost_per_month_by_component": one.cost_by("component"),
                "cost_per_month_by_region": one.cost_by("region"),
                "contract": {
                    "availability_percent": one.contract.percent,
                    "unavailability": one.contract.unavailability,
                    "label": one.contract.label,
                },
                "warnings": list(one.warnings),
                "targets": [
                    {"target": v.target, "verdict": v.word, "result": v.result} for v in verdicts[one.name]
                ],
            }
            for one in comparison.forecasts
        ],
        **({"commitments": _records(*_committed(comparison))} if comparison.has_commitments else {}),
        "simulated": _records(shown.simulated(comparison.forecasts)),
        "stopped": [
            {"name": one.name, "title": one.scenario.title, "reason": one.reason}
            for one in comparison.stopped
        ],
        "findings": finding_rows(comparison),
        "not_decided": sorted(
            {name for one in comparison.feasibilities().values() for name in one.undecided_ids}
        ),
        "assumptions": _records(shown.assumptions(comparison.forecasts)),
        "stand_ins": _records(shown.stand_ins(comparison.forecasts)),
        "gaps": _records(shown.gaps(comparison)),
        "lock": lock_of(comparison),
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _records(table: Table) -> list[dict[str, Any]]:
    names = [heading.text.replace(" ", "_") for heading in table.headings]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def comparison_csv(comparison: Comparison) -> str:
    """Return the summary of a comparison as CSV, one row a scenario."""
    rows = summary_rows(comparison)
    return _csv(list(rows[0]), (row.values() for row in rows))


def charges_csv(comparison: Comparison) -> str:
    """Return every charge of every scenario as CSV; columns as in `agog_capacity.frames.charge_columns`."""
    names = charge_columns(comparison.has_commitments)
    blocks = (block for forecast in comparison.forecasts for block in charge_blocks(forecast))
    rows = (row for block in blocks for row in zip(*(block[name].tolist() for name in names), strict=True))
    return _csv(list(names), rows)


def _csv(header: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return CSV in which no text is a formula to a spreadsheet; numbers are in full, NaN is empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_csv_cell(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def _csv_cell(cell: Any) -> Any:
    if isinstance(cell, str):
        return spreadsheet_safe(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return "" if cell != cell else cell


def write_report(
    comparison: Comparison, folder: Path | str, *, formats: Sequence[str] = FORMATS, images: bool = False
) -> Written:
    """Write a comparison into a folder; each file whole or not at all.

    Parameters
    ----------
    comparison : Comparison
    folder : path
        Made if it does not exist. `index.html`, `summary.csv`, `charges.csv`, `comparison.json`,
        `lock.json` and images are written into it.
    formats : sequence of {"html", "csv", "json"}
        What is written beside the lockfile.
    images : bool
        Whether the charts are written as PNG, SVG and PDF too; that needs a Chrome or Chromium.

    Returns
    -------
    Written
        The files; without a browser also a sentence on how to get images.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError([Problem("is a file; name a folder for the report", file=str(folder))])
    contents = {"lock.json": json.dumps(lock_of(comparison), indent=2) + "\n"}
    if "html" in formats:
        contents["index.html"] = comparison_html(comparison)
    if "csv" in formats:
        contents["summary.csv"] = comparison_csv(comparison)
        contents["charges.csv"] = charges_csv(comparison)
    if "json" in formats:
        contents["comparison.json"] = comparison_json(comparison)
    folder.mkdir(parents=True, exist_ok=True)
    files = [replace_file(folder / name, content) for name, content in contents.items()]
    warnings: list[str] = []
    if images:
        from agog_capacity.report.images import write_images

        try:
            files += write_images(page_charts(comparison), folder)
        except BrowserNotFound as error:
            warnings.append(str(error))
    page = folder / "index.html" if "html" in formats else None
    return Written(page, tuple(files), tuple(warnings))
