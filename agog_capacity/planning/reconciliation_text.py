"""A reconciliation as text for a terminal and as HTML for a notebook; both say the same."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from agog_capacity.planning.findings import same
from agog_capacity.report.tables import Cell, Heading, Table, notebook_html, text_table

if TYPE_CHECKING:
    from agog_capacity.planning.reconcile import Reconciliation

_WIDTH = 120


def reconciliation_text(result: Reconciliation) -> str:
    """Return the report as the command line prints it."""
    tables = [text_table(table, width=_WIDTH) for table in _tables(result)]
    return "\n\n".join([*textwrap.wrap(_title(result), _WIDTH), _findings_text(result), *tables])


def reconciliation_html(result: Reconciliation) -> str:
    """Return the report for a notebook; every text from the table or the plan is escaped."""
    found = Table(
        _title(result),
        (Heading("finding"), Heading("what is found")),
        tuple((finding.kind, finding.text) for finding in result.findings),
    )
    return notebook_html([found, *_tables(result)])


def _title(result: Reconciliation) -> str:
    name = Path(result.table.file).name or "Stated costs"
    forecast = result.forecast
    title = f"{name} beside the forecast of {forecast.name!r}, {forecast.currency} in an average month"
    headings = ", ".join(map(repr, result.table.headings))
    return title + (f"; rows without an amount are read as headings: {headings}" if headings else "")


def _findings_text(result: Reconciliation) -> str:
    lines = ["Findings"]
    for number, finding in enumerate(result.findings, start=1):
        lead = f"{number:3}. "
        text = f"{finding.kind}: {finding.text}"
        hang = " " * len(lead)
        lines.append(
            textwrap.fill(text, _WIDTH, initial_indent=lead, subsequent_indent=hang, break_on_hyphens=False)
        )
    return "\n".join(lines)


def _tables(result: Reconciliation) -> list[Table]:
    tables = [_lines(result)]
    if result.left_out:
        tables.append(_left_out(result))
    if any(not line.covers for line in result.lines):
        tables.append(_proposals(result))
    return tables


def _lines(result: Reconciliation) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            line.label,
            line.stated,
            line.forecast,
            line.difference,
            line.difference_percent,
            line.counted_twice or None,
        )
        for line in result.lines
    ]
    rows.append(("all lines", result.total_column, None, None, None, result.counted_twice))
    # The forecasts of lines that overlap must not be added up: their sum is what is covered, once.
    judged = any(line.forecast is not None for line in result.lines)
    once = ("each thing once", result.counted_once, result.covered_cost, None, None, None)
    return Table(
        "Lines, and what the forecast has for what they cover",
        (
            Heading("line"),
            Heading("stated", decimals=2),
            Heading("forecast", decimals=2),
            Heading("difference", decimals=2, signed=True),
            Heading("in % of stated", decimals=1, signed=True),
            Heading("counted twice", decimals=2),
        ),
        tuple(rows),
        total=once if judged else None,
    )


def _left_out(result: Reconciliation) -> Table:
    costly = [part for part in result.left_out if not same(part.amount, 0)]
    rows: list[tuple[Cell, ...]] = []
    for part in costly:
        rests_on = [f"assumed: {', '.join(part.assumptions)}"] if part.assumptions else []
        rests_on += [f"stand-in: {', '.join(part.stand_ins)}"] if part.stand_ins else []
        if part.selected_by:
            rests_on.append(f"selected by {', '.join(map(repr, part.selected_by))} without an amount")
        meter = part.meter.rsplit("/", 1)[-1]
        rows.append((part.component, meter, ", ".join(part.regions), part.amount, "; ".join(rests_on)))
    free = len(result.left_out) - len(costly)
    note = f"{free} more meters cost nothing." if free > 1 else "1 more meter costs nothing." if free else ""
    every = all(line.covers for line in result.lines)
    said = "covered by no line" if every else "no line says that it covers it"
    return Table(
        f"Left out: in the forecast, but {said}",
        (
            Heading("component"),
            Heading("meter"),
            Heading("region"),
            Heading("forecast", decimals=2),
            Heading("rests on"),
        ),
        tuple(rows),
        note or "All of it costs nothing.",
        ("sum", "", "", result.left_out_cost, ""),
    )


def _proposals(result: Reconciliation) -> Table:
    rows: list[tuple[Cell, ...]] = []
    by_line = {proposal.line: proposal for proposal in result.proposals}
    for line in result.lines:
        if line.covers:
            continue
        found = by_line.get(line.label)
        if found is None:
            rows.append((line.label, None, line.stated, None, "nothing in the forecast is like it"))
        else:
            rows.append((line.label, found.confidence, found.stated, found.forecast, found.covers))
    return Table(
        "Proposals, not findings: what lines without 'covers' may stand for",
        (
            Heading("line"),
            Heading("confidence", decimals=2),
            Heading("stated", decimals=2),
            Heading("forecast", decimals=2),
            Heading("covers"),
        ),
        tuple(rows),
        "Fill in 'covers' to have the lines judged.",
    )
