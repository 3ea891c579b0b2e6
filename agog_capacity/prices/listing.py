"""Prices as text for people: what a search in the books finds, with sources."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from agog_capacity.errors import NotInResult, nearest
from agog_capacity.prices.book import PURCHASE_OPTIONS, PriceBook, Schedule
from agog_capacity.prices.resolve import book_folders, load_price_books

_MOST = 200
"""A search that finds more is not a question; it says so instead of filling the screen."""


def prices_text(
    meter: str,
    *,
    region: str | None = None,
    purchase_option: str | None = None,
    book: str | None = None,
    near: Path | None = None,
) -> str:
    """Return the prices whose meter matches, one block a schedule.

    Parameters
    ----------
    meter : str
        Text of a meter; `*` matches anything and case does not matter.
    region : str, optional
        Only this region, zone or `Global`.
    purchase_option : {"on-demand", "spot", "reservation", "savings-plan"}, optional
        Only what is bought like this.
    book : str, optional
        Only this book.
    near : path, optional
        Folder of a plan whose own books are searched too.

    Raises
    ------
    NotInResult
        If nothing matches, or more than can be read.
    """
    names = sorted({path.parent.name for folder in book_folders(near) for path in folder.glob("*/book.yaml")})
    if book is not None and book not in names:
        raise NotInResult(f"price book {book!r} does not exist; {nearest(book, names)}")
    if purchase_option is not None and purchase_option not in PURCHASE_OPTIONS:
        raise NotInResult(
            f"purchase option {purchase_option!r} does not exist; {nearest(purchase_option, PURCHASE_OPTIONS)}"
        )
    books = load_price_books([book] if book else names, near=near)
    pattern = meter.casefold() if any(c in meter for c in "*?") else f"*{meter.casefold()}*"
    found = [
        (one, schedule)
        for one in books
        for schedule in one.schedules.values()
        if fnmatchcase(schedule.key.meter.text.casefold(), pattern)
        and region in (None, schedule.key.region)
        and purchase_option in (None, schedule.key.purchase_option)
    ]
    if not found:
        texts = {schedule.key.meter.text for one in books for schedule in one.schedules.values()}
        raise NotInResult(
            f"no price matches {meter!r}{f' in {region}' if region else ''}"
            f"{f', {purchase_option}' if purchase_option else ''}; {nearest(meter, texts)}"
        )
    if len(found) > _MOST:
        raise NotInResult(
            f"{len(found):,} prices match {meter!r}; name a region, a book or more of the meter, or a purchase option"
        )
    return "\n".join(_block(one, schedule) for one, schedule in found)


def _block(book: PriceBook, schedule: Schedule) -> str:
    key = schedule.key
    option = f"{key.purchase_option} {key.term}".rstrip()
    lines = [f"{key.meter.text}, {key.region}, {option}  [{book.name}]"]
    for price in schedule.tiers:
        tier = f"from {price.tier_start:,.12g} {schedule.base}: " if len(schedule.tiers) > 1 else ""
        lines.append(f"  {tier}{price.unit_price:.9g} {price.currency} per {price.unit}")
    row = schedule.tiers[0]
    about = "; ".join(text for text in (row.confidence, row.derived, row.note) if text)
    lines.append(f"  {row.source}, {row.effective_date or row.source_date or 'undated'} ({about})")
    return "\n".join(lines)
