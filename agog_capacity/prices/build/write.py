"""Writing a price book as a directory of small text files, whole or not at all.

The files are written beside the book and moved into place, so that a reader, or a run that is
killed, never sees half a file. The same rows give the same bytes: order and spelling depend on
nothing but the rows.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml

from agog_capacity.errors import PriceBookError, Problem
from agog_capacity.files import csv_text, spreadsheet_safe
from agog_capacity.prices.book import COLUMNS
from agog_capacity.prices.build.choose import Choice, Rejected
from agog_capacity.prices.build.source import Aside, Candidate, exact_text
from agog_capacity.prices.reader import read_price_book

REJECTED_COLUMNS = (*COLUMNS, "chosen_price", "reason")

_FILES_IN_ORDER = ("quarantine.csv", "rejected.csv", "prices.csv", "book.yaml")
"""What a reader needs last is moved last."""


def book_files(
    header: Mapping[str, object], choice: Choice, aside: Iterable[Aside], source_columns: Sequence[str]
) -> dict[str, bytes]:
    """Return the files of a book by name.

    Parameters
    ----------
    header : mapping
        Content of `book.yaml`.
    choice : Choice
        The chosen and the rejected prices.
    aside : iterable of Aside
        Rows for `quarantine.csv`.
    source_columns : sequence of str
        Columns of the source, kept as they are in `quarantine.csv`.
    """
    chosen = sorted(choice.chosen, key=_order)
    rejected = sorted(choice.rejected, key=_rejected_order)
    put_aside = sorted(
        [*(one.row[column] for column in source_columns), one.gap, one.reason] for one in aside
    )
    return {
        "book.yaml": yaml.safe_dump(dict(header), sort_keys=False, allow_unicode=True, width=110).encode(),
        "prices.csv": _csv(COLUMNS, map(_cells, chosen)),
        "rejected.csv": _csv(
            REJECTED_COLUMNS,
            ([*_cells(one.candidate), one.chosen.price_text, one.reason] for one in rejected),
        ),
        "quarantine.csv": _csv((*source_columns, "gap", "reason"), put_aside),
    }


def write_book(directory: Path, files: Mapping[str, bytes]) -> None:
    """Put the files of a book in place.

    A new book appears as a whole. In a book that exists each file is replaced as a whole; files
    of other names are left alone.

    Raises
    ------
    PriceBookError
        If the directory cannot be written, or a plan could not read the book.
    """
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
        try:
            for name, content in files.items():
                (staging / name).write_bytes(content)
            _check_readable(staging, directory)
            _move(staging, directory)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        place = error.filename or directory
        raise PriceBookError(
            [Problem(f"cannot be written: {error.strerror or error}", file=str(place))]
        ) from None


def _check_readable(staging: Path, directory: Path) -> None:
    try:
        read_price_book(staging)
    except PriceBookError as error:
        raise PriceBookError(
            Problem(
                f"could not be read again: {one.message}",
                one.path,
                one.line,
                f"{directory}/{one.file.rsplit('/')[-1]}",
            )
            for one in error.problems
        ) from None


def _move(staging: Path, directory: Path) -> None:
    if not directory.exists():
        staging.chmod(0o755)
        staging.replace(directory)
        return
    for name in _FILES_IN_ORDER:
        (staging / name).replace(directory / name)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    # A lone hyphen is a part of a meter that the provider leaves blank, and no formula.
    safe = ([cell if cell == "-" else spreadsheet_safe(cell) for cell in row] for row in rows)
    return csv_text(columns, safe).encode()


def _order(one: Candidate) -> tuple[object, ...]:
    return (*one.key, one.tier_start)


def _rejected_order(one: Rejected) -> tuple[object, ...]:
    return (*_order(one.candidate), _cells(one.candidate), one.reason)


def _cells(one: Candidate) -> list[str]:
    return [
        *one.meter,
        one.region,
        one.purchase_option,
        one.term,
        _bound_text(one),
        one.unit,
        one.price_text,
        "USD",
        "unit",
        "",
        one.effective_date,
        one.row["source"],
        one.row["source_date"],
        one.confidence,
        one.derived,
        one.note,
    ]


def _bound_text(one: Candidate) -> str:
    return exact_text(one.tier_start)
