"""Arguments that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PlanFile = Annotated[Path, typer.Argument(metavar="PLAN", help="Plan file (YAML).", show_default=False)]
Books = Annotated[
    list[str] | None,
    typer.Option(
        "--prices",
        metavar="BOOK,…",
        help="Price books instead of the plan's own, in order; may be given again.",
        show_default=False,
    ),
]


def book_names(books: list[str] | None) -> tuple[str, ...] | None:
    """Return the names of books that stand one by one or with commas between; None where none is given."""
    return None if not books else tuple(name.strip() for given in books for name in given.split(","))
