"""Tables of finished cells, rendered as text for a terminal and as HTML for a notebook or page."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_GUTTER = "  "
_NARROWEST = 16
"""Columns of words are not narrowed below this. [characters]"""
_NAME = 34
"""The first column, mostly names, gives way last once it is as narrow as this. [characters]"""
_NUMBER_HEADING = 14
"""Headings of numbers are wrapped at this, so that they are no wider than their numbers. [characters]"""

_WORD = 28
"""A date or name up to this length is not broken in HTML. [characters]"""

Cell = str | float | int | None
"""Text, a number, or None for what is not known or does not apply."""


@dataclass(frozen=True)
class Heading:
    """Heading of a column and how its numbers are written."""

    text: str
    decimals: int = 0
    """Digits after the point of the numbers in this column."""
    signed: bool = False
    """Whether positive numbers carry a plus, as differences do."""
    counts: bool = False
    """Whether the `int` among the numbers are counts, written without digits after the point."""


@dataclass(frozen=True)
class Table:
    """A title, headings and finished cells."""

    title: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    """One or two sentences under the table: units, what is meant, why it is empty."""
    total: tuple[Cell, ...] | None = None
    """Last row, set apart."""


def written(cell: Cell, heading: Heading) -> str:
    """Return a cell as text; a number that is not there is a dash, never a zero."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "–"
    if isinstance(cell, str):
        return cell
    decimals = 0 if heading.counts and isinstance(cell, int) else heading.decimals
    text = f"{cell:{'+' if heading.signed else ''},.{decimals}f}"
    # A difference that rounds to nothing is written as 0, not as -0 or +0.
    return text.lstrip("+-") if float(text.replace(",", "")) == 0 else text


def _is_number(cell: Cell) -> bool:
    return not isinstance(cell, str)


def text_table(table: Table, *, width: int = 120) -> str:
    """Return a table as aligned text; columns of words are wrapped until it fits.

    Parameters
    ----------
    table : Table
    width : int
        Columns of the terminal. A table of many numbers may be wider: numbers are never cut.
    """
    rows = [*table.rows, *([table.total] if table.total is not None else [])]
    if not rows:
        return "\n".join([table.title, *_indented(table.note or "nothing to show", width)])
    cells = [[written(c, h) for c, h in zip(row, table.headings, strict=True)] for row in rows]
    numeric = [all(_is_number(row[i]) for row in rows) for i in range(len(table.headings))]
    names = [heading.text for heading in table.headings]
    widths = _fitted(names, cells, numeric, width - 2)
    lines = [table.title, *_text_row(names, widths, numeric, bottom=True)]
    for index, row in enumerate(cells):
        if table.total is not None and index == len(cells) - 1:
            lines.append("  " + "-" * (sum(widths) + len(_GUTTER) * (len(widths) - 1)))
        lines.extend(_text_row(row, widths, numeric))
    return "\n".join([*lines, *_indented(table.note, width)])


def _fitted(names: list[str], cells: list[list[str]], numeric: list[bool], width: int) -> list[int]:
    """Return the width of each column: as wide as its cells, columns of words narrowed until all fit."""
    widths = []
    for index, name in enumerate(names):
        longest = max(len(row[index]) for row in cells)
        heading = max(map(len, _wrap(name, _NUMBER_HEADING))) if numeric[index] else len(name)
        widths.append(max(longest, heading))
    while sum(widths) + len(_GUTTER) * (len(widths) - 1) > width:
        words = [i for i in range(len(widths)) if not numeric[i] and widths[i] > _NARROWEST]
        words = [i for i in words if i > 0 or widths[0] > _NAME] or words
        if not words:
            break
        widths[max(words, key=widths.__getitem__)] -= 1
    return widths


def _text_row(row: list[str], widths: list[int], numeric: list[bool], *, bottom: bool = False) -> list[str]:
    """Return a row as one or more lines; a heading stands at the bottom of its lines."""
    wrapped = [_wrap(part, width) for part, width in zip(row, widths, strict=True)]
    height = max(map(len, wrapped))
    lines = []
    for level in range(height):
        parts = []
        for part, width, number in zip(wrapped, widths, numeric, strict=True):
            index = level - (height - len(part)) if bottom else level
            text = part[index] if 0 <= index < len(part) else ""
            parts.append(text.rjust(width) if number else text.ljust(width))
        lines.append(("  " + _GUTTER.join(parts)).rstrip())
    return lines


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=len(text) > width) or [""]


def _indented(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width - 2, initial_indent="  ", subsequent_indent="  ") if text else []


def html_table(table: Table) -> str:
    """Return a table as HTML; every text is escaped."""
    if not table.rows and table.total is None:
        return (
            f"<p class='empty'>{html.escape(table.title)}: {html.escape(table.note or 'nothing to show')}</p>"
        )
    numeric = [all(_is_number(row[i]) for row in table.rows) for i in range(len(table.headings))]
    head = "".join(
        f"<th scope='col'{' class=number' * number}>{html.escape(heading.text)}</th>"
        for heading, number in zip(table.headings, numeric, strict=True)
    )
    body = "".join(_html_row(row, table.headings, "") for row in table.rows)
    last = _html_row(table.total, table.headings, " class='total'") if table.total is not None else ""
    note = f"<p class='note'>{html.escape(table.note)}</p>" if table.note else ""
    return (
        f"<table><caption>{html.escape(table.title)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}{last}</tbody></table>{note}"
    )


def _html_row(row: Iterable[Cell], headings: Sequence[Heading], attributes: str) -> str:
    cells = []
    for index, (cell, heading) in enumerate(zip(row, headings, strict=True)):
        text = html.escape(written(cell, heading))
        if index == 0:
            cells.append(f"<th scope='row'>{text}</th>")
        else:
            cells.append(f"<td{_kind(cell)}>{text}</td>")
    return f"<tr{attributes}>{''.join(cells)}</tr>"


def _kind(cell: Cell) -> str:
    """Return the class of a cell: a number, or a date or name that reads badly when broken at a hyphen."""
    if not isinstance(cell, str):
        return " class='number'"
    return " class='word'" if len(cell) <= _WORD and " " not in cell else ""


# Notebooks align every cell to the right with rules of their own, hence `!important`.
NOTEBOOK_STYLE = (
    "<style>.agog{font-size:90%}.agog table{border-collapse:collapse;margin:.4em 0}"
    ".agog caption{text-align:left!important;font-weight:600;padding:.2em 0}"
    ".agog th,.agog td{text-align:left!important;vertical-align:top;padding:.15em .7em}"
    ".agog tbody th{font-weight:400}.agog .number{text-align:right!important}.agog td.number{white-space:nowrap}"
    ".agog tr.total th,.agog tr.total td{border-top:1px solid;font-weight:600}.agog .note{margin:.2em 0}</style>"
)


def notebook_html(tables: Iterable[Table], notes: Iterable[str] = ()) -> str:
    """Return tables and notes as one block for a notebook cell."""
    blocks = "".join(html_table(table) for table in tables)
    lines = "".join(f"<p class='note'>{html.escape(note)}</p>" for note in notes)
    return f"<div class='agog'>{NOTEBOOK_STYLE}{blocks}{lines}</div>"
