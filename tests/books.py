"""Price books for tests, written as files so that the real reader reads them."""

from __future__ import annotations

from pathlib import Path

from agog_capacity.prices.book import COLUMNS

_TAIL = ("unit", "", "2026-01-01", "a test", "2026-01-01", "test", "", "")


def write_book(folder: Path, rows: list[str], *, currency: str = "USD", name: str | None = None) -> Path:
    """Write a book; each row holds the first eleven columns, service to currency."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "book.yaml").write_text(
        f"name: {name or folder.name}\ntitle: Test\nprovider: Azure\ncurrency: {currency}\n"
        "as_of: 2026-01-01\ndescription: Prices of a test\n"
    )
    lines = [",".join(COLUMNS)]
    for row in rows:
        values = row.split(",")
        lines.append(",".join([*values, *_TAIL[len(values) - 11 :]]))
    (folder / "prices.csv").write_text("\n".join(lines) + "\n")
    return folder
