"""Publishing a comparison: as text, page, tables, JSON, images and lockfile."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agog_capacity.errors import BrowserNotFound, InputError, Problem
from agog_capacity.files import csv_quoted, csv_text, replace_files, spreadsheet_safe
from agog_capacity.frames import charge_columns
from agog_capacity.planning import presentation as shown
from agog_capacity.planning import promises
from agog_capacity.planning.assessment_tables import assessment_tables
from agog_capacity.planning.comparison_page import (
    commitment_tables_of,
    comparison_page,
    page_charts,
    short_verdicts,
)
from agog_capacity.planning.ledger import charge_blocks, finding_rows, summary_rows
from agog_capacity.planning.lockfile import lock_hash, lock_of
from agog_capacity.planning.recommendation import recommendation
from agog_capacity.planning.summary import summary
from agog_capacity.report.page import page_html
from agog_capacity.report.tables import Table, text_table

if TYPE_CHECKING:
    from agog_capacity.planning.compare import Comparison

FORMATS = ("html", "csv", "json")
_MANY_ROWS = 500_000
"""Rows of charges from which a report says so; a spreadsheet opens 1,048,576 and is slow long before."""


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
        summary(comparison),
        shown.costs(comparison, "component"),
        shown.costs(comparison, "region"),
        shown.years(comparison),
        shown.months(comparison),
        promises.contract_table(comparison),
        promises.contracts(comparison),
        *commitment_tables_of(comparison),
        shown.simulated(comparison.forecasts),
        shown.warnings(comparison.forecasts),
        shown.assumptions(comparison.forecasts),
        shown.stand_ins(comparison.forecasts),
        shown.gaps(comparison),
        shown.price_books(comparison),
    ]
    head = "\n".join([comparison.plan.title, *textwrap.wrap(comparison.plan.description, 118)])
    last = [*assessment_tables(comparison, brief=True), short_verdicts(shown.targets(comparison))]
    tail = f"lockfile {lock_hash(lock_of(comparison))}"
    texts = [*map(text_table, tables), promises.findings_text(comparison), *map(text_table, last)]
    return "\n\n".join([head, *texts, *_in_words(comparison), tail])


def _in_words(comparison: Comparison) -> Iterator[str]:
    """Yield the recommendation as a paragraph; nothing where there is none."""
    said = recommendation(comparison)
    if said:
        lines = [
            line
            for sentence in said
            for line in textwrap.wrap(sentence, 118, initial_indent="  ", subsequent_indent="    ")
        ]
        yield "\n".join(["What follows from the numbers", *lines])


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
                **(
                    {
                        "billed_per_month": float(one.monthly_billed.mean()),
                        "billed_by_month": one.monthly_billed.tolist(),
                    }
                    if comparison.has_commitments
                    else {}
                ),
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
        **(
            {"commitments": _records(*commitment_tables_of(comparison))} if comparison.has_commitments else {}
        ),
        "simulated": _records(shown.simulated(comparison.forecasts)),
        "failures": {table.title: _records(table) for table in assessment_tables(comparison)},
        "recommendation": list(recommendation(comparison)),
        "stopped": [
            {"name": one.name, "title": one.scenario.title, "reason": one.reason}
            for one in comparison.stopped
        ],
        "findings": finding_rows(comparison),
        "acceptance_notes": list(comparison.acceptance_notes()),
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
    """Return the summary of a comparison as CSV, one row a scenario; what is not known is empty."""
    rows = summary_rows(comparison)
    return csv_text(list(rows[0]), ([_cell(value) for value in row.values()] for row in rows))


def charges_csv(comparison: Comparison) -> str:
    """Return every charge of every scenario as CSV; columns as in `agog_capacity.frames.charge_columns`."""
    names = charge_columns(comparison.has_commitments)
    parts = [csv_text(list(names), ())]
    known: dict[Any, str] = {}  # the same few texts stand in every row
    for forecast in comparison.forecasts:
        for block in charge_blocks(forecast, comparison.has_commitments):
            # Costs that are equal are one array, and are written once.
            written = {id(value): _column(value, block.rows, known) for value in block.values.values()}
            columns = [written[id(block.values[name])] for name in names]
            parts += [",".join(row) + "\n" for row in zip(*columns, strict=True)]
    return "".join(parts)


def _column(values: Any, rows: int, known: dict[Any, str]) -> list[str]:
    """Return the cells of a column, or of one value in all rows, as CSV has them; dates as days."""
    if not isinstance(values, np.ndarray):
        key = (type(values), values)  # False is 0, but is not written so
        if key not in known:
            known[key] = csv_quoted(_cell(values))
        return [known[key]] * rows
    if values.dtype.kind == "M":
        return np.datetime_as_string(values, unit="D").tolist()  # type: ignore[no-any-return]
    cells = values.tolist()
    if values.dtype.kind == "f":
        return list(map(repr, cells)) if np.isfinite(values).all() else [_cell(number) for number in cells]
    return [csv_quoted(_cell(cell)) for cell in cells]


def _cell(cell: Any) -> str:
    """Return a cell as text that is no formula to a spreadsheet; numbers are in full, NaN is empty."""
    if isinstance(cell, str):
        return spreadsheet_safe(cell)
    return "" if cell != cell else repr(cell)


def write_report(
    comparison: Comparison, folder: Path | str, *, formats: Sequence[str] = FORMATS, images: bool = False
) -> Written:
    """Write a comparison into a folder; all files, each whole, or none where one cannot be written.

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

    Raises
    ------
    InputError
        If a format is not known, or a folder stands where a file is to be; nothing is written then.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if isinstance(formats, str) or unknown:
        wrong = repr(formats if isinstance(formats, str) else unknown[0])
        raise InputError(
            f"a report cannot be written as {wrong[:60]}; give a list of {', '.join(map(repr, FORMATS))}"
        )
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
    files = list(replace_files({folder / name: content for name, content in contents.items()}))
    warnings: list[str] = []
    rows = contents.get("charges.csv", "").count("\n")
    if rows > _MANY_ROWS:
        size = len(contents["charges.csv"]) / 1e6
        warnings.append(
            f"charges.csv has {rows:,} rows and {size:,.0f} MB; compare fewer scenarios or months "
            "to open it in a spreadsheet"
        )
    if images:
        from agog_capacity.report.images import write_images

        try:
            files += write_images(page_charts(comparison), folder)
        except BrowserNotFound as error:
            warnings.append(str(error))
    page = folder / "index.html" if "html" in formats else None
    return Written(page, tuple(files), tuple(warnings))
