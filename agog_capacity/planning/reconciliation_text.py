"""A reconciliation as text for a terminal and as HTML for a notebook; both say the same."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from agog_capacity.planning.findings import money, same

if TYPE_CHECKING:
    from agog_capacity.planning.reconcile import Reconciliation

_WIDTH = 110
_WIDEST_CELL = 60


@dataclass(frozen=True)
class _Table:
    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: frozenset[int]
    """Columns that hold numbers, which are set to the right."""
    after: str = ""


def reconciliation_text(result: Reconciliation) -> str:
    """Return the report as the command line prints it."""
    blocks = [_title(result), _findings_text(result)]
    blocks += [_table_text(table) for table in _tables(result)]
    return "\n\n".join(block for block in blocks if block)


def reconciliation_html(result: Reconciliation) -> str:
    """Return the report for a notebook; every text from the table or the plan is escaped."""
    items = "".join(f"<li><b>{escape(f.kind)}</b>: {escape(f.text)}</li>" for f in result.findings)
    parts = [f"<p><b>{escape(_title(result))}</b></p>", f"<ol>{items}</ol>"]
    parts += [_table_html(table) for table in _tables(result)]
    return f"<div>{''.join(parts)}</div>"


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


def _tables(result: Reconciliation) -> list[_Table]:
    tables = [_lines(result)]
    if result.left_out:
        tables.append(_left_out(result))
    if any(not line.covers for line in result.lines):
        tables.append(_proposals(result))
    return tables


def _lines(result: Reconciliation) -> _Table:
    rows = []
    for line in result.lines:
        percent = line.difference_percent
        rows.append(
            (
                line.label,
                money(line.stated),
                "" if line.forecast is None else money(line.forecast),
                "" if line.difference is None else money(line.difference),
                "" if percent is None else f"{round(percent, 1) + 0.0:,.1f} %",
                money(line.counted_twice) if line.counted_twice else "",
            )
        )
    forecasts = [line.forecast for line in result.lines if line.forecast is not None]
    # The forecasts of lines that overlap must not be added up: their sum is what is covered, once.
    covered = money(result.covered_cost)
    rows.append(("all lines", money(result.total_column), "", "", "", money(result.counted_twice)))
    if forecasts:
        rows.append(("each thing once", money(result.counted_once), covered, "", "", ""))
    header = ("line", "stated", "forecast", "difference", "of stated", "counted twice")
    return _Table(
        "Lines, and what the forecast has for what they cover", header, rows, frozenset(range(1, 6))
    )


def _left_out(result: Reconciliation) -> _Table:
    costly = [part for part in result.left_out if not same(part.amount, 0)]
    rows = []
    for part in costly:
        rests_on = [f"assumed: {', '.join(part.assumptions)}"] if part.assumptions else []
        rests_on += [f"stand-in: {', '.join(part.stand_ins)}"] if part.stand_ins else []
        if part.selected_by:
            rests_on.append(f"selected by {', '.join(map(repr, part.selected_by))} without an amount")
        meter = part.meter.rsplit("/", 1)[-1]
        rows.append((part.component, meter, ", ".join(part.regions), money(part.amount), "; ".join(rests_on)))
    rows.append(("sum", "", "", money(result.left_out_cost), ""))
    free = len(result.left_out) - len(costly)
    after = f"{free} more meters cost nothing" if free > 1 else "1 more meter costs nothing" if free else ""
    header = ("component", "meter", "region", "forecast", "rests on")
    said = (
        "covered by no line"
        if all(line.covers for line in result.lines)
        else "no line says that it covers it"
    )
    return _Table(f"Left out: in the forecast, but {said}", header, rows, frozenset({3}), after)


def _proposals(result: Reconciliation) -> _Table:
    rows = []
    by_line = {proposal.line: proposal for proposal in result.proposals}
    for line in result.lines:
        if line.covers:
            continue
        found = by_line.get(line.label)
        if found is None:
            rows.append((line.label, "", money(line.stated), "", "nothing in the forecast is like it"))
        else:
            stated, cost = money(found.stated), money(found.forecast)
            rows.append((line.label, f"{found.confidence:.2f}", stated, cost, found.covers))
    header = ("line", "confidence", "stated", "forecast", "covers")
    title = (
        "Proposals, not findings: what lines without 'covers' may stand for; fill it in to have them judged"
    )
    return _Table(title, header, rows, frozenset({1, 2, 3}))


def _table_text(table: _Table) -> str:
    last = len(table.header) - 1
    rows = [(*map(_cut, row[:last]), row[last]) for row in table.rows]
    widths = [max(len(row[number]) for row in [table.header, *rows]) for number in range(len(table.header))]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if number in table.numbers else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  " + "  ".join(padded).rstrip()

    lines = [table.title, line(table.header), *map(line, rows)]
    return "\n".join([*lines, f"  {table.after}"] if table.after else lines)


def _cut(cell: str) -> str:
    return cell if len(cell) <= _WIDEST_CELL else f"{cell[: _WIDEST_CELL - 1]}…"


def _table_html(table: _Table) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        sides = ["right" if number in table.numbers else "left" for number in range(len(cells))]
        inner = (
            f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>'
            for cell, side in zip(cells, sides, strict=True)
        )
        return f"<tr>{''.join(inner)}</tr>"

    body = "".join(row(cells, "td") for cells in table.rows)
    after = f"<p>{escape(table.after)}</p>" if table.after else ""
    head = f"<thead>{row(table.header, 'th')}</thead>"
    return f"<p><b>{escape(table.title)}</b></p><table>{head}<tbody>{body}</tbody></table>{after}"
