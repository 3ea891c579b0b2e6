"""Building dated price books from tables of list prices.

`build_books` reads a table in the column names of the Azure Retail Prices API, one of AWS prices,
or both, and writes a book directory for each: the chosen prices, the rejected ones beside them, and
what was put aside with the reason. Every row of the tables is in exactly one of the three.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agog_capacity.errors import PriceBookError, Problem
from agog_capacity.prices.build import aws, azure
from agog_capacity.prices.build.choose import Choice, choose
from agog_capacity.prices.build.source import (
    Aside,
    Candidate,
    RowProblem,
    SourceRow,
    SourceTable,
    exact_text,
    first_day,
    read_source,
)
from agog_capacity.prices.build.write import book_files, write_book

_MOST_PROBLEMS = 50
"""A file of another kind has a problem in every row; the first ones say enough."""


@dataclass(frozen=True, slots=True)
class BuiltBook:
    """One book that was written."""

    name: str
    directory: Path
    as_of: date
    prices: int
    """Rows of `prices.csv`."""
    rejected: int
    quarantined: int
    reasons: tuple[tuple[str, int], ...]
    """Why rows were put aside, with the number of rows, the most frequent first."""
    gaps: tuple[str, ...]
    """Keys for which prices were found and none could be chosen."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build wrote."""

    books: tuple[BuiltBook, ...]

    def __str__(self) -> str:
        """Return the report as lines for a terminal."""
        return "\n".join(line for book in self.books for line in _report_lines(book))


@dataclass(frozen=True, slots=True)
class _Provider:
    """What differs between the providers of a table."""

    name: str
    title: str
    provider: str
    required: tuple[str, ...]
    normalise: Callable[[SourceRow], Candidate | Aside]
    complete: Callable[[Iterable[Candidate]], list[Candidate]]


_AZURE = _Provider("azure-list", "Azure list prices", "Azure", azure.REQUIRED_COLUMNS, azure.normalise, list)
_AWS = _Provider(
    "aws-list", "AWS list prices", "AWS", aws.REQUIRED_COLUMNS, aws.normalise, aws.note_open_schedules
)


def build_books(
    azure_csv: Path | None, aws_csv: Path | None, out: Path, as_of: date | None = None
) -> BuildReport:
    """Build the list price books.

    Nothing is written unless all the tables given are valid.

    Parameters
    ----------
    azure_csv, aws_csv : Path or None
        Tables of list prices; at least one.
    out : Path
        Folder of the books; each goes to `<name>-<as of>` in it.
    as_of : date, optional
        Date of the books; rows dated later are put aside. By default the newest date in each table.

    Returns
    -------
    BuildReport

    Raises
    ------
    PriceBookError
        With every problem of the tables, or if the books cannot be written.
    """
    wanted = [(path, kind) for path, kind in ((azure_csv, _AZURE), (aws_csv, _AWS)) if path is not None]
    if not wanted:
        raise PriceBookError("no table of prices was given; name an Azure one, an AWS one, or both")
    problems: list[Problem] = []
    built: list[tuple[BuiltBook, dict[str, bytes]]] = []
    for path, kind in wanted:
        try:
            built.append(_build(read_source(path, kind.required), str(path), kind, out, as_of))
        except PriceBookError as error:
            problems += error.problems
    if problems:
        raise PriceBookError(problems)
    for book, files in built:
        write_book(book.directory, files)
    return BuildReport(tuple(book for book, _ in built))


def _build(
    table: SourceTable, file: str, kind: _Provider, out: Path, as_of: date | None
) -> tuple[BuiltBook, dict[str, bytes]]:
    found, aside = _normalised(table, file, kind)
    if as_of is None:
        as_of = _newest(found, file)
    timely = [one for one in found if not _is_later(one, as_of)]
    aside += [
        Aside(one.row, f"after the date of the book: {one.effective_date}")
        for one in found
        if _is_later(one, as_of)
    ]
    choice = choose(kind.complete(timely))
    aside += choice.aside
    if not choice.chosen:
        raise PriceBookError(
            [Problem("has no price that could be chosen; every row was put aside", file=file)]
        )
    name = f"{kind.name}-{as_of.isoformat()}"
    header = _header(name, kind, as_of, table, choice)
    reasons = Counter("no price could be chosen" if one.gap else one.reason.split(":")[0] for one in aside)
    book = BuiltBook(
        name=name,
        directory=out / name,
        as_of=as_of,
        prices=len(choice.chosen),
        rejected=len(choice.rejected),
        quarantined=len(aside),
        reasons=tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        gaps=choice.gaps,
    )
    return book, book_files(header, choice, aside, table.columns)


def _normalised(table: SourceTable, file: str, kind: _Provider) -> tuple[list[Candidate], list[Aside]]:
    found: list[Candidate] = []
    aside: list[Aside] = []
    problems: list[Problem] = []
    for row in table.rows:
        try:
            one = kind.normalise(row)
        except RowProblem as problem:
            problems.append(Problem(str(problem), line=row.line, file=file))
            if len(problems) == _MOST_PROBLEMS:
                problems.append(
                    Problem(f"has more problems than these {_MOST_PROBLEMS}; correct them first", file=file)
                )
                break
            continue
        if isinstance(one, Aside):
            aside.append(one)
        else:
            found.append(one)
    if problems:
        raise PriceBookError(problems)
    return found, aside


def _newest(found: list[Candidate], file: str) -> date:
    dates = [first_day(one.effective_date) for one in found if one.effective_date]
    if not dates:
        raise PriceBookError(
            [Problem("no price in it is dated; say as of which date the book is", file=file)]
        )
    return max(dates)


def _is_later(one: Candidate, as_of: date) -> bool:
    return bool(one.effective_date) and first_day(one.effective_date) > as_of


def _header(name: str, kind: _Provider, as_of: date, table: SourceTable, choice: Choice) -> dict[str, object]:
    counted = Counter(one.row["source"] for one in choice.chosen)
    currencies = sorted({one.row["currencyCode"] for one in choice.chosen if one.converted})
    header: dict[str, object] = {
        "name": name,
        "title": f"{kind.title}, as of {as_of.isoformat()}",
        "provider": kind.provider,
        "currency": "USD",
        "as_of": as_of.isoformat(),
        "description": (
            f"List prices found in stored public material, one source for each price. "
            f"Built from {table.name} by `agog-capacity prices build`; not edited by hand."
        ),
        "sources": [f"{source} ({counted[source]} prices)" for source in sorted(counted)],
    }
    if currencies:
        rates = {
            code: exact_text(azure.UNITS_PER_USD[code]) for code in currencies if code in azure.UNITS_PER_USD
        }
        header["derived_rates"] = rates
    return header


def _report_lines(book: BuiltBook) -> Iterable[str]:
    yield f"{book.name}: {book.prices} prices, {book.rejected} rejected, {book.quarantined} in quarantine"
    for reason, count in book.reasons:
        yield f"  {count} rows: {reason}"
    for gap in book.gaps:
        yield f"  no price: {gap}"
