"""A stated cost table: what somebody wrote that a service costs, line by line, and how it is read.

The table is a CSV file with one row a line: a label, an amount for each region, a total, and in
`covers` the charges that the line stands for. It is often typed from a document, so amounts may
carry a currency sign and thousands separators; but nothing is guessed: what is not an amount is a
problem with its line number, and all problems are reported together. Which region a column means
is known only beside a forecast, so it is `reconcile` that resolves the columns.
"""

from __future__ import annotations

import csv
import fnmatch
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agog_capacity.documents import MAXIMUM_BYTES, read_text, unprintable
from agog_capacity.errors import DocumentError, InputError, Problem, StatedTableError, nearest
from agog_capacity.prices.meter import Meter

COLUMNS = ("line", "total", "covers", "note")
"""Columns with a meaning of their own; every other column is a region. The first two are required."""
CURRENCIES = {
    "$": ("USD", "AUD", "BRL", "CAD", "CLP", "HKD", "MXN", "NZD", "SGD", "TWD"),
    "€": ("EUR",),
    "£": ("GBP",),
    "¥": ("CNY", "JPY"),
}
"""Currencies that a sign before or after an amount may mean."""
MAXIMUM_LINES = 500
"""A table that a person has stated is shorter; matching stays quick below it."""

MAXIMUM_COLUMNS = 100
"""More regions than any provider has."""

_MAXIMUM_PROBLEMS = 50
_LONGEST_LABEL = 200
_LONGEST_COVERS = 4000
_MAXIMUM_SELECTORS = 50
_LARGEST_AMOUNT = 1e12
_NOTHING = ("", "-", "–", "—")
_AMOUNT = re.compile(r"^(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?: [0-9]{3})+)(?:\.[0-9]+)?$")
_TOTAL = re.compile(r"^(grand\s+)?(total|sum)\b", re.IGNORECASE)
_SUBTOTAL = re.compile(r"^sub-?\s*total\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Selector:
    """Names charges: those of a component, or only some of its meters; `*` matches anything."""

    component: str
    """Name of a component, or a pattern of names."""
    meter: str = "*"
    """Pattern of the provider's meter name; with a `/` in it, of the whole meter id."""

    @property
    def text(self) -> str:
        """The selector as it is written in `covers`."""
        return self.component if self.meter == "*" else f"{self.component}/{self.meter}"

    @classmethod
    def parse(cls, text: str) -> Selector:
        """Read `component` or `component/meter-pattern`.

        Raises
        ------
        InputError
            If one side of the slash is empty.
        """
        component, slash, meter = (part.strip() for part in text.partition("/"))
        if not component or (slash and not meter):
            raise InputError(
                f"{text.strip()[:80]!r} names no charges; write 'component' or 'component/meter'"
            )
        return cls(component, meter or "*")

    def selects_component(self, component: str) -> bool:
        """Return whether a component's name fits, in any case."""
        return _fits(component, self.component)

    def selects(self, component: str, meter: Meter) -> bool:
        """Return whether a component's charge for a meter is meant."""
        named = meter.text if "/" in self.meter else meter.meter
        return self.selects_component(component) and _fits(named, self.meter)


def _fits(text: str, pattern: str) -> bool:
    # Of the wildcards of file names only `*` is one here: names of meters may hold the others.
    only_stars = pattern.casefold().replace("[", "[[]").replace("?", "[?]")
    return fnmatch.fnmatchcase(text.casefold(), only_stars)


@dataclass(frozen=True)
class StatedLine:
    """One line of the table. Amounts are per month, in the currency of the plan."""

    label: str
    regions: Mapping[str, float]
    """Stated amount by column, without the columns in which nothing is stated."""
    total: float | None
    """None where nothing is stated."""
    covers: tuple[Selector, ...] = ()
    """The charges the line stands for; empty where it does not say."""
    note: str = ""
    row: int | None = None
    """Line in the file, from 1."""

    @property
    def amount(self) -> float:
        """The total, or the sum of the regions where no total is stated."""
        return self.total if self.total is not None else sum(self.regions.values())


@dataclass(frozen=True)
class StatedTable:
    """What somebody states a service costs a month."""

    lines: tuple[StatedLine, ...]
    columns: tuple[str, ...] = ()
    """Region columns as the file names them."""
    total: StatedLine | None = None
    """The row that states the total."""
    headings: tuple[str, ...] = ()
    """Labels of rows without any amount."""
    sign: str = ""
    """Currency sign of the amounts; empty where they have none."""
    file: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Check what the reader checks, for tables that are made in Python."""
        problems = [] if self.lines else [self.problem("has no lines, so there is nothing to compare")]
        labels = [line.label for line in self.lines]
        for line in (*self.lines, *((self.total,) if self.total else ())):
            amounts = [*line.regions.values(), *((line.total,) if line.total is not None else ())]
            if not all(0 <= amount <= _LARGEST_AMOUNT for amount in amounts):
                problems.append(self.problem("states an amount that is not 0 or more", line))
            if labels.count(line.label) > 1:
                problems.append(self.problem("stands twice; give each line its own label", line))
            problems += [
                self.problem(f"has an amount for {name!r}; {nearest(name, self.columns)}", line)
                for name in line.regions
                if name not in self.columns
            ]
        if self.sign and self.sign not in CURRENCIES:
            problems.append(
                self.problem(f"has currency sign {self.sign!r}; {nearest(self.sign, CURRENCIES)}")
            )
        if problems:
            raise StatedTableError(problems)

    @property
    def total_column(self) -> float:
        """What the Total column adds up to; a line without a total counts by its regions."""
        return sum(line.amount for line in self.lines)

    def column_sum(self, column: str) -> float:
        """Return what a region column adds up to."""
        return sum(line.regions.get(column, 0.0) for line in self.lines)

    def problem(self, message: str, line: StatedLine | None = None) -> Problem:
        """Return a problem of this table, or of one line of it."""
        row = line.row if line else 1 if self.file else None
        return Problem(message, repr(line.label) if line else "", row, self.file)


def read_stated_costs(path: Path | str) -> StatedTable:
    """Read a stated cost table.

    Parameters
    ----------
    path : path
        CSV file with the columns `line`, `total`, optionally `covers` and `note`, and one for each
        region, named by the region's id or title. A row whose label begins with `total` or `sum`
        is the stated total. `covers` lists what a line stands for, separated by `;`:
        `front-door/*Base Fees; front-door/*Data Transfer Out`.

    Returns
    -------
    StatedTable

    Raises
    ------
    StatedTableError
        With every problem of the file, each with its line.
    """
    try:
        text = read_text(Path(path), "stated cost table")
    except DocumentError as error:
        raise StatedTableError(error.problems) from None
    return parse_stated_costs(text, file=str(path))


def parse_stated_costs(text: str, file: str = "") -> StatedTable:
    """Read a stated cost table from text; see `read_stated_costs`."""
    if len(text) > MAXIMUM_BYTES:
        message = f"has {len(text):,} characters; at most {MAXIMUM_BYTES:,} are read"
        raise StatedTableError([Problem(message, file=file)])
    if "\0" in text:
        raise StatedTableError([Problem("is a binary file, not a table; save it as CSV in UTF-8", file=file)])
    return _Reader(file).table(text)


class _Reader:
    """Reads row by row and notes problems on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.signs: dict[str, int] = {}

    def table(self, text: str) -> StatedTable:
        rows = self._rows(text)
        columns = self._header(rows)
        body: list[StatedLine] = []
        headings: list[str] = []
        totals: list[StatedLine] = []
        seen: dict[str, int] = {}
        for row, values in rows:
            line = self._line(row, dict(zip(columns, values, strict=True)))
            if line is None:
                continue
            if line.total is None and not line.regions and not line.covers:
                headings.append(line.label)
                continue
            first = seen.setdefault(line.label.casefold(), row)
            if first != row:
                self._reject(
                    row, f"{line.label!r} stands twice (first in line {first}); give each its own label"
                )
            (totals if _TOTAL.match(line.label) else body).append(line)
            if len(body) > MAXIMUM_LINES:
                self._reject(
                    row, f"is over {MAXIMUM_LINES} lines, the most that are read. Is it the right file?"
                )
                break
        self._check_totals(totals)
        if len(self.signs) > 1:
            listed = ", ".join(f"{sign} (line {row})" for sign, row in self.signs.items())
            self._reject(
                None, f"has amounts in several currencies: {listed}; state all in the plan's currency"
            )
        if not body and not self.problems:
            self._reject(None, "states no amount in any line")
        self._raise()
        regions = tuple(name for name in columns if name not in COLUMNS)
        return StatedTable(
            lines=tuple(body),
            columns=regions,
            total=next(iter(totals), None),
            headings=tuple(headings),
            sign="".join(self.signs),
            file=self.file,
        )

    def _rows(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Yield the header and every row that is not blank, with its first line in the file."""
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        row, width = 1, 0
        try:
            for values in reader:
                cells = [_plain(value) for value in values]
                if not any(cells):
                    pass
                elif width and len(cells) != width:
                    hint = "; an amount with a comma needs quotes" if len(cells) > width else ""
                    self._reject(row, f"has {len(cells)} values for {width} columns{hint}")
                else:
                    width = width or len(cells)
                    yield row, cells
                if len(self.problems) >= _MAXIMUM_PROBLEMS:
                    self._reject(None, "has more problems than are listed; correct these first")
                    break
                row = reader.line_num + 1
        except csv.Error as error:
            self._reject(reader.line_num, f"is not CSV: {error}")

    def _header(self, rows: Iterator[tuple[int, list[str]]]) -> list[str]:
        row, names = next(rows, (None, []))
        if not names:
            self._reject(
                None, "is empty; its first line names the columns line, total, covers, note and the regions"
            )
            self._raise()
        if len(names) > MAXIMUM_COLUMNS:
            self._reject(row, f"has {len(names):,} columns; at most {MAXIMUM_COLUMNS} are read")
            self._raise()
        columns = [name.casefold() if name.casefold() in COLUMNS else name for name in names]
        for number, name in enumerate(columns, start=1):
            if not name:
                self._reject(row, f"column {number} has no name; name it or remove it")
            elif _has_control(name) or len(name) > _LONGEST_LABEL:
                self._reject(
                    row, f"column {number} has a name that is not plain text, or too long; shorten it"
                )
            elif name.casefold() in [other.casefold() for other in columns[: number - 1]]:
                self._reject(row, f"column {name!r} stands twice; keep one")
        for name in COLUMNS[:2]:
            if name not in columns:
                one = len(columns) == 1 and ";" in columns[0]
                hint = "columns are separated by commas" if one else nearest(name, [c[:80] for c in columns])
                self._reject(row, f"column {name!r} is missing; {hint}")
        self._raise()  # without its columns no row can be read
        return columns

    def _line(self, row: int, cells: dict[str, str]) -> StatedLine | None:
        before = len(self.problems)
        label = cells["line"]
        if not label:
            self._reject(row, "has no label; say in column 'line' what the amounts are for")
        for name, text in (("line", label), ("note", cells.get("note", ""))):
            if _has_control(text):
                self._reject(row, f"has control characters in column {name!r}; write plain text")
        if len(label) > _LONGEST_LABEL:
            self._reject(row, f"label {label[:40]!r}… is longer than {_LONGEST_LABEL} characters; shorten it")
        if _SUBTOTAL.match(label):
            self._reject(row, f"{label[:60]!r} would be added to the lines it sums up; leave subtotals out")
        stated = {name: text for name, text in cells.items() if name not in ("line", "covers", "note")}
        amounts = {name: self._amount(row, name, text) for name, text in stated.items()}
        covers = tuple(self._covers(row, cells.get("covers", "")))
        total = amounts.pop("total")
        regions = {name: amount for name, amount in amounts.items() if amount is not None}
        if len(self.problems) > before:
            return None
        if covers and total is None and not regions:
            self._reject(
                row, f"{label!r} covers charges but states no amount; state one, or leave covers empty"
            )
            return None
        return StatedLine(label, regions, total, covers, cells.get("note", ""), row)

    def _amount(self, row: int, column: str, cell: str) -> float | None:
        if cell in _NOTHING:
            return None
        sign = next((sign for sign in CURRENCIES if cell.startswith(sign) or cell.endswith(sign)), "")
        number = cell.removeprefix(sign).removesuffix(sign).strip() if cell != sign else cell
        where = "" if column == "total" else f"; every column but {', '.join(COLUMNS)} is a region"
        if number.startswith(("-", "−", "(")):
            self._reject(row, f"{cell[:40]!r} in column {column!r} is negative; a cost is 0 or more")
        elif not _AMOUNT.match(number):
            message = f"is not an amount; write 1825.00, '$1,825', or '-' for none{where}"
            self._reject(row, f"{cell[:40]!r} in column {column!r} {message}")
        elif (amount := float(number.replace(",", "").replace(" ", ""))) > _LARGEST_AMOUNT:
            self._reject(row, f"{cell[:40]!r} in column {column!r} is larger than any bill")
        else:
            if sign:
                self.signs.setdefault(sign, row)
            return amount
        return None

    def _covers(self, row: int, text: str) -> Iterator[Selector]:
        if text in _NOTHING:
            return
        parts = [part for part in text.split(";") if part.strip()]
        if _has_control(text) or len(text) > _LONGEST_COVERS or len(parts) > _MAXIMUM_SELECTORS:
            self._reject(
                row, f"covers is more than {_MAXIMUM_SELECTORS} selectors of plain text; name many with *"
            )
            return
        for part in parts:
            try:
                yield Selector.parse(part)
            except InputError as error:
                self._reject(row, f"covers: {error}")

    def _check_totals(self, totals: list[StatedLine]) -> None:
        for line in totals:
            if line.covers:
                self._reject(
                    line.row, f"{line.label!r} is the stated total; it covers nothing, leave covers empty"
                )
        for line in totals[1:]:
            self._reject(
                line.row,
                f"{line.label!r} is a second total (first {totals[0].label!r} in line {totals[0].row}); "
                "keep the one of the whole table, and let no other label begin with 'total' or 'sum'",
            )

    def _reject(self, row: int | None, message: str) -> None:
        self.problems.append(Problem(message, line=row, file=self.file))

    def _raise(self) -> None:
        if self.problems:
            raise StatedTableError(sorted(self.problems, key=lambda problem: problem.line or MAXIMUM_BYTES))


def _plain(cell: str) -> str:
    """Return a cell without the marks of a formatted table around it, its white space made even."""
    text = " ".join(cell.split())
    for mark in ("**", "__", "`"):
        if text.startswith(mark) and text.endswith(mark) and len(text) > 2 * len(mark):
            text = text[len(mark) : -len(mark)].strip()
    return text


def _has_control(text: str) -> bool:
    return unprintable(text) is not None
