"""A source of prices as a table of text, and what one of its rows may become.

A row of a source becomes a `Candidate`, a price in the terms of a price book that still has to be
chosen among its rivals, or is put `Aside` with the reason. Nothing is dropped: a row that is not in
one place is in the other. What cannot be understood at all (a negative price, a unit that is not
one) is a problem of the file, and all its problems are reported together.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

from agog_capacity.documents import read_text, unprintable
from agog_capacity.errors import DocumentError, PriceBookError, Problem, nearest
from agog_capacity.prices.meter import Meter

CONFIDENCES = ("api-dump", "golden", "vendor-doc", "third-party")
"""How a price was found, the most trusted first."""

_AMOUNT = re.compile(r"^\d{1,12}(\.\d{0,18})?([eE]-?\d{1,2})?$", re.ASCII)
_LARGEST_AMOUNT = Fraction(10**12)
_ISO_PREFIX = re.compile(r"^(\d{4})(-\d{2})?(-\d{2})?(?!\d)", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_LONGEST_CELL = 2000


class RowProblem(Exception):
    """One row cannot be understood; the reader turns it into a problem with its line."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a source, as text."""

    line: int
    """Line in the file, from 1."""
    cells: Mapping[str, str]
    """Text by column, stripped."""

    def __getitem__(self, column: str) -> str:
        """Return the text of a column; a column the file does not have is blank."""
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A source file: its name without folders, its columns and rows."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[SourceRow, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A price of a meter in a region, from one row of one source."""

    row: SourceRow
    meter: Meter
    region: str
    purchase_option: str
    """`on-demand`, `spot`, `reservation` or `savings-plan`."""
    term: str
    """Blank, or `1y`, `3y`, `5y`, `10y`."""
    tier_start: Fraction
    """Lower bound of the tier. [single base units]"""
    unit: str
    unit_price: Fraction
    """[USD per unit]"""
    price_text: str
    effective_date: str
    """ISO date, or its known beginning such as `2026-08`; blank sorts as oldest."""
    confidence: str
    derived: str
    """How the price was computed from the one found; blank if it was found as it is."""
    converted: bool
    """Whether the price was found in another currency."""
    note: str

    @property
    def key(self) -> tuple[Meter, str, str, str]:
        """What is priced, apart from the tier."""
        return (self.meter, self.region, self.purchase_option, self.term)


@dataclass(frozen=True, slots=True)
class Aside:
    """A row that is no price of the book, with the reason."""

    row: SourceRow
    reason: str
    gap: str = ""
    """`meter in region` where prices were found and none could be chosen; blank otherwise."""


def read_source(path: Path, required: Iterable[str]) -> SourceTable:
    """Read a CSV source of prices.

    Parameters
    ----------
    path : Path
        A UTF-8 CSV file with a header, at most 5 MB.
    required : iterable of str
        Columns it must have; others are kept.

    Raises
    ------
    PriceBookError
        With every problem of the table: missing columns, rows of the wrong width, control
        characters; or that the file cannot be read as text at all.
    """
    try:
        text = read_text(path, "price list")
    except DocumentError as error:
        raise PriceBookError(error.problems) from None
    return parse_source(text, str(path), required)


def parse_source(text: str, file: str, required: Iterable[str]) -> SourceTable:
    """Read the text of a CSV source; see `read_source`."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    problems: list[Problem] = []
    rows: list[SourceRow] = []
    columns: tuple[str, ...] = ()
    try:
        columns = tuple(name.strip() for name in next(reader, ()))
        _check_columns(columns, required, file)
        for cells in reader:
            if not cells:
                continue
            message = _cell_problem(cells, columns)
            if message:
                problems.append(Problem(message, line=reader.line_num, file=file))
            else:
                stripped = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
                rows.append(SourceRow(reader.line_num, stripped))
    except csv.Error as error:
        problems.append(Problem(f"is not a CSV table: {error}", line=reader.line_num, file=file))
    if not rows and not problems:
        problems.append(Problem("has a header and no rows; a price list needs at least one", file=file))
    if problems:
        raise PriceBookError(problems)
    return SourceTable(Path(file).name, columns, tuple(rows))


def _check_columns(columns: tuple[str, ...], required: Iterable[str], file: str) -> None:
    if not any(columns):
        raise PriceBookError([Problem("is empty; a price list is a CSV table with a header", file=file)])
    twice = sorted({name for name in columns if columns.count(name) > 1})
    problems = [
        Problem(f"column {name[:80]!r} stands twice in the header", line=1, file=file) for name in twice
    ]
    problems += [
        Problem(f"has no column {name!r}; {nearest(name, (c[:80] for c in columns if c))}", line=1, file=file)
        for name in required
        if name not in columns
    ]
    if problems:
        raise PriceBookError(problems)


def _cell_problem(cells: list[str], columns: tuple[str, ...]) -> str:
    if len(cells) != len(columns):
        return f"has {len(cells)} cells under {len(columns)} columns; quote a cell that holds a comma"
    for name, cell in zip(columns, cells, strict=True):
        if _CONTROL.search(cell) or unprintable(cell):
            return f"{name} holds a line break or control character; a cell is one line of text"
        if len(cell) > _LONGEST_CELL:
            return f"{name} has {len(cell):,} characters; at most {_LONGEST_CELL:,} are read"
    return ""


def amount(text: str, column: str) -> Fraction:
    """Read a number that is zero or more, exactly.

    Raises
    ------
    RowProblem
        If it is blank, negative, not finite, not a number or absurdly large.
    """
    if not _AMOUNT.match(text):
        raise RowProblem(f"{column} is {text[:40]!r}; it must be a number of zero or more, such as 0.192")
    value = Fraction(text)
    if value > _LARGEST_AMOUNT:
        raise RowProblem(f"{column} is {text[:40]!r}, which no meter reaches; a digit too many?")
    return value


def confidence_of(row: SourceRow) -> str:
    """Return how the price was found.

    Raises
    ------
    RowProblem
        If the word is not one of `CONFIDENCES`, or the row does not say where the price is from.
    """
    if not row["source"]:
        raise RowProblem("source is blank; say where the price is from")
    if row["confidence"] not in CONFIDENCES:
        raise RowProblem(
            f"confidence is {row['confidence'][:40]!r}; {nearest(row['confidence'], CONFIDENCES)}"
        )
    return row["confidence"]


def age_of(effective: str, source_date: str) -> str:
    """Return the date a price is known to hold from, as far as it is known.

    Parameters
    ----------
    effective : str
        Effective start date, or blank.
    source_date : str
        Date of the source, possibly with words after it, such as `2026 (file undated)`.

    Returns
    -------
    str
        ISO date or its known beginning. A shorter text sorts before the dates it begins, so
        `2026` counts as old as the year allows. Blank if nothing is known.

    Raises
    ------
    RowProblem
        If the effective date is no date.
    """
    if effective:
        found = _ISO_PREFIX.match(effective)
        if not found or not found[3]:
            raise RowProblem(f"effective start date is {effective[:40]!r}; write it like 2026-08-22")
        _checked_date(found[0])
        return found[0]
    found = _ISO_PREFIX.match(source_date)
    if not found:
        return ""
    _checked_date(found[0])
    return found[0]


def _checked_date(text: str) -> None:
    try:
        first_day(text)
    except ValueError:
        raise RowProblem(f"date {text!r} is not in the calendar") from None


def first_day(effective_date: str) -> date:
    """Return the first day a known beginning of a date allows: `2026-08` is 2026-08-01."""
    return date.fromisoformat(effective_date + "0000-01-01"[len(effective_date) :])


def significant(value: Fraction, digits: int) -> Fraction:
    """Round to significant digits, half to even as decimal arithmetic does."""
    if value == 0:
        return value
    exponent = len(str(int(value))) if value >= 1 else 1 - _leading_zeros(value)
    scale = Fraction(10) ** (digits - exponent)
    return Fraction(round(value * scale)) / scale


def _leading_zeros(value: Fraction) -> int:
    """Count the places from the point to the first digit: 1 for 0.5, 3 for 0.005."""
    places = 0
    while value < 1:
        value *= 10
        places += 1
    return places


def exact_text(value: Fraction) -> str:
    """Write a number as decimal text if that is exact and short, else as `numerator/denominator`."""
    scaled = value
    for places in range(16):
        if scaled.denominator == 1:
            whole, rest = divmod(scaled.numerator, 10**places)
            return f"{whole}.{rest:0{places}d}" if places else str(whole)
        scaled *= 10
    return f"{value.numerator}/{value.denominator}"


def book_name(part: str) -> str:
    """Return a provider's name as one part of a meter: no slash, `-` where it is blank."""
    return re.sub(r"\s*/\s*", " or ", part).strip() or "-"


def joined(*notes: str) -> str:
    """Join the notes that say something."""
    return "; ".join(note for note in notes if note)
