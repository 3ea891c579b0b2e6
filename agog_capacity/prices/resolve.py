"""From an ordered list of books and a plan's stand-ins to one price, with its provenance.

Each book in turn is asked for the exact meter and region; only then the stand-ins, in their order.
So a planning book placed before a list book wins where it has a row, and the list fills the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agog_capacity.errors import CurrencyMismatch, PriceBookError, PriceNotFound, Problem, nearest
from agog_capacity.prices.book import Price, PriceBook, PriceKey, Schedule
from agog_capacity.prices.reader import read_price_book
from agog_capacity.prices.stand_in import StandIn
from agog_capacity.resources import data_directory
from agog_capacity.units import parse_unit

OWN_PRICE = "plan"
"""Book named by charges whose price the plan itself brings."""


@dataclass(frozen=True)
class ResolvedPrice:
    """The price of one key and how it was found."""

    key: PriceKey
    """What was asked for."""
    schedule: Schedule
    book: str
    """Name of the book, or `plan` for a price of the plan's own."""
    book_date: str
    """Date of the book, or of the own price's source."""
    stand_in: StandIn | None = None

    @property
    def currency(self) -> str:
        """Currency of the price."""
        return self.schedule.currency


@dataclass(frozen=True)
class PriceList:
    """Price books in the order they are asked, and the stand-ins after them."""

    books: tuple[PriceBook, ...]
    stand_ins: tuple[StandIn, ...] = ()

    def __post_init__(self) -> None:
        """Check that all prices are in one currency."""
        currencies = {book.name: book.currency for book in self.books}
        for stand_in in self.stand_ins:
            if stand_in.use.price is not None:
                currencies[f"stand-in for {stand_in.meter}"] = stand_in.use.price.currency
        if len(set(currencies.values())) > 1:
            listed = ", ".join(f"{name}: {currency}" for name, currency in currencies.items())
            raise CurrencyMismatch(
                f"prices in different currencies cannot be added ({listed}); use books of one currency"
            )

    @property
    def currency(self) -> str | None:
        """Currency of every price, or None if there is no price at all."""
        own = [s.use.price.currency for s in self.stand_ins if s.use.price is not None]
        return next(iter([book.currency for book in self.books] + own), None)

    def resolve(self, key: PriceKey) -> ResolvedPrice:
        """Return the price of a key.

        Raises
        ------
        PriceNotFound
            If no book and no stand-in has it; the message says what each book has that is near.
        AmbiguousPrice
            If a book has it more than once.
        """
        for book in self.books:
            schedule = book.get(key)
            if schedule is not None:
                return ResolvedPrice(key, schedule, book.name, book.as_of.isoformat())
        dead_ends = []
        for stand_in in self.stand_ins:
            if not stand_in.covers(key):
                continue
            found = self._stand_in(key, stand_in)
            if found is not None:
                return found
            dead_ends.append(self._dead_end(stand_in.target(key)))
        asked = (
            "; ".join(f"{book.name}: {book.nearest(key)}" for book in self.books) or "the plan names no book"
        )
        tried = f"; its stand-in {', '.join(dead_ends)} has no price either" if dead_ends else ""
        instead = (
            "a stand-in to the plan" if key.purchase_option == "on-demand" else "an own price with its source"
        )
        raise PriceNotFound(
            f"no price for {key}{tried} ({asked}); add a row to a book, {instead}, or correct it"
            f"{self._possible_stand_in(key)}"
        )

    def _possible_stand_in(self, key: PriceKey) -> str:
        """Return the line of a plan that would take the price of another region, where a book has it there."""
        if key.purchase_option != "on-demand":
            return ""  # stand-ins are for what is paid as you go
        for book in self.books:
            regions = sorted({o.region for o in book.schedules if o.meter == key.meter and o[2:] == key[2:]})
            if regions and key.region not in regions:
                return (
                    f"; under stand_ins: {{meter: {key.meter.text}, regions: [{key.region}], use: {{region: {regions[0]}}}, "
                    "because: …}"
                )
        return ""

    def _stand_in(self, key: PriceKey, stand_in: StandIn) -> ResolvedPrice | None:
        own = stand_in.use.price
        if own is not None:
            price = Price(
                key=key,
                tier_start=0.0,
                unit=parse_unit(own.unit),
                unit_price=own.amount,
                currency=own.currency,
                lump=False,
                covers=(),
                effective_date=own.date.isoformat(),
                source=own.source,
                source_date=own.date.isoformat(),
                confidence="plan",
                derived="",
                note="",
                line=0,
            )
            return ResolvedPrice(key, Schedule((price,)), OWN_PRICE, own.date.isoformat(), stand_in)
        target = stand_in.target(key)
        for book in self.books:
            schedule = book.get(target)
            # A lump is what certain meters cost together: as a price of another it would cost nothing more.
            if schedule is not None and not schedule.lump:
                return ResolvedPrice(key, schedule, book.name, book.as_of.isoformat(), stand_in)
        return None

    def _dead_end(self, target: PriceKey) -> str:
        lump = any(book.get(target) is not None for book in self.books)
        return f"{target} (a lump for certain meters, which no other can share)" if lump else str(target)


def book_folders(near: Path | None = None) -> tuple[Path, ...]:
    """Return the folders in which price books are looked for, in order.

    Parameters
    ----------
    near : path, optional
        Folder of a plan: `prices/` in it and beside it come first.
    """
    folders = [near / "prices", near.parent / "prices"] if near is not None else []
    folders.append(data_directory() / "prices")
    return tuple(dict.fromkeys(folder.resolve() for folder in folders if folder.is_dir()))


def load_price_books(names: Sequence[str], near: Path | None = None) -> tuple[PriceBook, ...]:
    """Read price books by name.

    A name is never a path: plans are untrusted, and a plan must not choose which files are read.

    Parameters
    ----------
    names : sequence of str
        Names of books, in the order they are asked.
    near : path, optional
        Folder of the plan that names them.

    Raises
    ------
    PriceBookError
        If a book does not exist, or one that does is not valid; with all problems of all books.
    """
    folders = book_folders(near)
    known = {
        path.parent.name: path.parent for folder in reversed(folders) for path in folder.glob("*/book.yaml")
    }
    problems: list[Problem] = []
    books = []
    for name in names:
        if name not in known:
            problems.append(Problem(f"price book {name[:80]!r} does not exist; {nearest(name, known)}"))
            continue
        if any(path.is_symlink() for path in (known[name], *known[name].iterdir())):
            problems.append(
                Problem(
                    "is or holds a symbolic link; a price book is read only from a folder of its own",
                    file=str(known[name]),
                )
            )
            continue
        try:
            book = read_price_book(known[name])
        except PriceBookError as error:
            problems.extend(error.problems)
            continue
        if book.name != name:
            problems.append(
                Problem(f"the book in folder {name!r} calls itself {book.name!r}; make them equal")
            )
        books.append(book)
    if problems:
        raise PriceBookError(problems)
    return tuple(books)


__all__ = [
    "OWN_PRICE",
    "PriceList",
    "PriceNotFound",
    "ResolvedPrice",
    "book_folders",
    "load_price_books",
]
