"""Rows of price tables for the tests of the build: a plain one, and changes to it."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

from agog_capacity.prices.build import BuildReport, build_books

POSTGRESQL = "Azure Database for PostgreSQL"

PLAIN = {
    "serviceName": "Virtual Machines",
    "productName": "Virtual Machines Dsv5 Series",
    "skuName": "Standard_D4s_v5",
    "armSkuName": "Standard_D4s_v5",
    "meterName": "D4s v5",
    "armRegionName": "eastus2",
    "type": "Consumption",
    "reservationTerm": "",
    "savingsPlanTerm": "",
    "tierMinimumUnits": "0",
    "retailPrice": "0.192",
    "unitOfMeasure": "1 Hour",
    "currencyCode": "USD",
    "effectiveStartDate": "",
    "isSpot": "false",
    "source": "one",
    "source_date": "2026-06-18",
    "confidence": "api-dump",
    "impliedUsd": "",
    "note": "",
}
BLOB = {
    "serviceName": "Storage",
    "productName": "General Block Blob v2",
    "skuName": "Hot LRS",
    "armSkuName": "",
    "meterName": "Hot LRS Data Stored",
    "unitOfMeasure": "1 GB/Month",
}


def table(*changes: dict[str, str]) -> str:
    """Return a table whose rows differ from the plain one."""
    text = io.StringIO()
    writer = csv.DictWriter(text, PLAIN, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**PLAIN, **change} for change in changes)
    return text.getvalue()


def build(folder: Path, *changes: dict[str, str], as_of: date | None = None) -> BuildReport:
    """Build an Azure book from rows that differ from the plain one."""
    source = folder / "rows.csv"
    source.write_text(table(*changes))
    return build_books(source, None, folder / "books", as_of)


def rows_of(report: BuildReport, file: str = "prices") -> list[dict[str, str]]:
    """Return the rows of a file of the only book."""
    (book,) = report.books
    return list(csv.DictReader((book.directory / f"{file}.csv").read_text().splitlines()))
