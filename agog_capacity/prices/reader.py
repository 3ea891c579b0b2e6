"""Reading a price book from its folder; every row is checked, all problems are reported at once."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from agog_capacity.documents import parse_yaml, path_text, read_text, unprintable
from agog_capacity.errors import (
    DocumentError,
    InputError,
    PriceBookError,
    Problem,
    UnitError,
    nearest,
    visible,
)
from agog_capacity.files import from_spreadsheet_safe
from agog_capacity.prices.book import COLUMNS, PURCHASE_OPTIONS, TERMS, Price, PriceBook, PriceKey, Schedule
from agog_capacity.prices.meter import Meter
from agog_capacity.units import Unit, parse_unit

_CURRENCY = re.compile(r"^[A-Z]{3}$")
_AMOUNT = re.compile(r"^\d{1,30}(\.\d{1,30})?([eE]-?\d{1,2})?$|^\d{1,150}/\d{1,150}$", re.ASCII)
_LONGEST_CELL = 8000
_LONGEST = {"name": 80, "title": 200, "provider": 200, "description": 4000}
"""Longest texts of `book.yaml`. [characters]"""
_MAXIMUM_PROBLEMS = 50


def read_price_book(folder: Path | str) -> PriceBook:
    """Read a price book from its folder.

    Parameters
    ----------
    folder : path
        Folder with `book.yaml` and `prices.csv`; `quarantine.csv` beside them is optional.

    Raises
    ------
    PriceBookError
        With every problem of both files, each with its line.
    """
    folder = Path(folder)
    try:
        about = read_text(folder / "book.yaml", "description of a price book")
        rows = read_text(folder / "prices.csv", "table of prices")
        facts = _facts(about, str(folder / "book.yaml"))
    except DocumentError as error:
        raise PriceBookError(error.problems) from None
    schedules = _schedules(rows, str(folder / "prices.csv"), facts["currency"])
    digest = hashlib.sha256(about.encode() + b"\0" + rows.encode()).hexdigest()
    return PriceBook(
        name=facts["name"],
        title=facts["title"],
        provider=facts["provider"],
        currency=facts["currency"],
        as_of=facts["as_of"],
        description=facts["description"],
        schedules=schedules,
        digest=digest,
        gaps=_gaps(folder / "quarantine.csv"),
    )


def _facts(text: str, file: str) -> dict[str, Any]:
    document = parse_yaml(text, file)
    content = document.content
    problems: list[Problem] = []
    if not isinstance(content, dict):
        raise PriceBookError(
            [Problem("must be a mapping with name, title, provider, currency, as_of", file=file)]
        )
    facts: dict[str, Any] = {}
    required = ("name", "title", "provider", "currency", "as_of", "description")
    for key in required:
        value = content.get(key)
        if not isinstance(value, str) or not value.strip():
            problems.append(document.problem((key,), f"{key!r} is missing or not text"))
        elif len(value) > (longest := _LONGEST.get(key, 80)):
            problems.append(
                document.problem((key,), f"has {len(value):,} characters; {key} may have {longest:,}")
            )
        facts[key] = value
    for key in content:
        if key not in (*required, "sources", "derived_rates"):
            problems.append(
                document.problem((key,), f"{path_text((key,))!r} is not known; {nearest(key, required)}")
            )
    if isinstance(facts["currency"], str) and not _CURRENCY.match(facts["currency"]):
        problems.append(
            document.problem(("currency",), f"currency {facts['currency'][:20]!r} is not a code like 'USD'")
        )
    if isinstance(facts["as_of"], str):
        try:
            facts["as_of"] = date.fromisoformat(facts["as_of"])
        except ValueError:
            problems.append(
                document.problem(("as_of",), f"as_of {facts['as_of'][:20]!r} is not a date like '2026-08-22'")
            )
    if problems:
        raise PriceBookError(problems)
    return facts


def _schedules(text: str, file: str, currency: str) -> dict[PriceKey, Schedule]:
    problems: list[Problem] = []
    grouped: dict[PriceKey, list[Price]] = {}
    for line, row in _rows(text, file, problems):
        try:
            price = _price(row, line, currency)
        except InputError as error:
            problems.extend(Problem(problem.message, line=line, file=file) for problem in error.problems)
        else:
            grouped.setdefault(price.key, []).append(price)
        if len(problems) >= _MAXIMUM_PROBLEMS:
            problems.append(Problem("has more problems than are listed; correct these first", file=file))
            break
    schedules = {}
    for key, prices in grouped.items():
        ordered = tuple(sorted(prices, key=lambda price: price.tier_start))
        problem = _tier_problem(key, ordered)
        if problem:
            problems.append(Problem(problem, line=ordered[0].line, file=file))
        schedules[key] = Schedule(ordered)
    if problems:
        raise PriceBookError(problems)
    return schedules


def _tier_problem(key: PriceKey, tiers: tuple[Price, ...]) -> str | None:
    starts = [price.tier_start for price in tiers]
    if len(set(starts)) < len(starts):
        return f"{key} has two prices for the same tier; keep one"
    if starts[0] != 0:
        return f"{key} has no tier from 0; its first begins at {starts[0]:g}"
    if len({price.unit.base for price in tiers}) > 1:
        return f"{key} has tiers in different units"
    if tiers[0].lump and len(tiers) > 1:
        return f"{key} is a lump and cannot have tiers"
    return None


def _rows(text: str, file: str, problems: list[Problem]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = next(reader, None)
        if header is None:
            raise PriceBookError([Problem("is empty", file=file)])
        missing = [name for name in COLUMNS if name not in header]
        unknown = [name for name in header if name not in COLUMNS]
        if missing or unknown or len(set(header)) < len(header):
            parts = [f"lacks {', '.join(missing)}"] if missing else []
            parts += [
                f"has {name[:40]!r}, which is not known; {nearest(name, COLUMNS)}" for name in unknown[:5]
            ]
            parts += ["has a column twice"] if len(set(header)) < len(header) else []
            raise PriceBookError([Problem(f"the header {'; '.join(parts)}", line=1, file=file)])
        for values in reader:
            if not values:
                continue
            if len(values) != len(header):
                problems.append(
                    Problem(
                        f"has {len(values)} values for {len(header)} columns", line=reader.line_num, file=file
                    )
                )
                continue
            yield reader.line_num, dict(zip(header, map(from_spreadsheet_safe, values), strict=True))
    except csv.Error as error:
        raise PriceBookError([Problem(f"is not CSV: {error}", line=reader.line_num, file=file)]) from None


def _price(row: Mapping[str, str], line: int, currency: str) -> Price:
    complaints: list[str] = []
    whole = "".join(row.values())
    if not whole.isprintable() or len(whole) > _LONGEST_CELL:
        complaints += [f"{column} {what}" for column, cell in row.items() if (what := _cell_problem(cell))]

    def choose(column: str, choices: Iterable[str]) -> str:
        if row[column] not in choices:
            complaints.append(f"{column} {row[column][:40]!r} is not known; {nearest(row[column], choices)}")
        return row[column]

    meter = Meter(row["service"], row["family"], row["sku"], row["meter"])
    if not all(part.strip() for part in meter) or any("/" in part for part in meter):
        complaints.append("service, family, sku and meter must be filled ('-' for none) and hold no '/'")
    if not row["region"].strip():
        complaints.append("region is empty; write the region, a zone or 'Global'")
    option = choose("purchase_option", PURCHASE_OPTIONS)
    committed = option in ("reservation", "savings-plan")
    term = choose("term", TERMS if committed else ("",))
    lump = choose("price_kind", ("unit", "lump")) == "lump"
    covers = _covers(row["covers"], lump, complaints)
    unit = Unit(1.0, "Month")
    try:
        unit = parse_unit(row["unit"])
    except UnitError as error:
        complaints.append(error.problems[0].message)
    if lump and unit != Unit(1.0, "Month"):
        complaints.append(
            f"a lump is an amount per month; its unit must be '1 Month', not {row['unit'][:40]!r}"
        )
    if row["currency"] != currency:
        complaints.append(
            f"currency {row['currency'][:20]!r} is not the book's {currency!r}; a book has one currency"
        )
    if not row["source"].strip():
        complaints.append("source is empty; say where the price is from")
    tier_start = _amount(row["tier_start"], "tier_start", complaints)
    unit_price = _amount(row["unit_price"], "unit_price", complaints)
    if complaints:
        raise InputError([Problem(complaint) for complaint in complaints])
    return Price(
        key=PriceKey(meter, row["region"], option, term),
        tier_start=tier_start,
        unit=unit,
        unit_price=unit_price,
        currency=row["currency"],
        lump=lump,
        covers=covers,
        effective_date=row["effective_date"],
        source=row["source"],
        source_date=row["source_date"],
        confidence=row["confidence"],
        derived=row["derived"],
        note=row["note"],
        line=line,
    )


def _cell_problem(cell: str) -> str:
    if len(cell) > _LONGEST_CELL:
        return f"has {len(cell):,} characters; at most {_LONGEST_CELL:,} are read"
    if cell.isprintable():
        return ""
    found = unprintable(cell) or "line break or tab"
    return f"holds a {found}; write one line of plain text"


def _covers(text: str, lump: bool, complaints: list[str]) -> tuple[Meter, ...]:
    if bool(text.strip()) != lump:
        complaints.append("a lump must say in `covers` which meters it pays for, and only a lump may")
        return ()
    meters = []
    for part in text.split("|") if lump else ():
        try:
            meters.append(Meter.parse(part))
        except InputError as error:
            complaints.append(f"covers: {error}")
    return tuple(meters)


def _amount(text: str, column: str, complaints: list[str]) -> float:
    if not _AMOUNT.match(text):
        complaints.append(
            f"{column} {text[:40]!r} is not an amount of 0 or more; write 0.384 or a fraction like 437/2190"
        )
        return 0.0
    try:
        amount = float(Fraction(text))
    except ZeroDivisionError:
        amount = math.inf
    if not math.isfinite(amount):
        complaints.append(f"{column} {text[:40]!r} is not finite")
    return amount


def _gaps(path: Path) -> tuple[tuple[str, str], ...]:
    """Read the keys that have sources but no price; the file is optional and for messages only."""
    if not path.is_file():
        return ()
    try:
        rows = csv.DictReader(io.StringIO(read_text(path, "quarantine of a price book")))
        return tuple(
            (visible(from_spreadsheet_safe(row["gap"])), visible(from_spreadsheet_safe(row["reason"])))
            for row in rows
            if row.get("gap") and row.get("reason")
        )
    except (DocumentError, csv.Error):
        return ()
