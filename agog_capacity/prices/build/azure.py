"""From rows in the column names of the Azure Retail Prices API to prices of meters.

The API's names are not uniform, and several of its habits cost money when overlooked: a reservation
is a total for its term under the unit `1 Hour`; one VM size has rows for Linux, Windows, Spot, Low
Priority, Dev/Test and Cloud Services; PostgreSQL is sold by the vCore and by the server; a Redis
`Cache` is two nodes and a `Cache Instance` one. Each habit is undone here, once, so that a meter
has one name and one unit whatever dump its price came from.

References
----------
.. [1] Microsoft, "Azure Retail Prices overview",
   learn.microsoft.com/en-us/rest/api/cost-management/retail-prices/azure-retail-prices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from agog_capacity.errors import UnitError, nearest
from agog_capacity.prices.build.source import (
    Aside,
    Candidate,
    RowProblem,
    SourceRow,
    age_of,
    amount,
    book_name,
    confidence_of,
    exact_text,
    joined,
    significant,
)
from agog_capacity.prices.meter import Meter
from agog_capacity.units import HOURS_PER_YEAR, Unit, parse_unit

REQUIRED_COLUMNS = (
    "serviceName",
    "productName",
    "skuName",
    "armSkuName",
    "meterName",
    "armRegionName",
    "type",
    "reservationTerm",
    "tierMinimumUnits",
    "retailPrice",
    "unitOfMeasure",
    "currencyCode",
    "effectiveStartDate",
    "source",
    "source_date",
    "confidence",
)
"""Columns a row needs; `savingsPlanTerm`, `isSpot`, `impliedUsd` and `note` may be absent."""

UNITS_PER_USD = {"GBP": Fraction("0.7547455")}
"""Factor of the GBP extract: it maps the Front Door base fees 26.416091 to 35 and 249.066002 to 330."""

DERIVED_DIGITS = 4
"""A converted price is known no better than this. [significant digits]"""

TERMS = {"1 Year": "1y", "3 Years": "3y", "5 Years": "5y", "10 Years": "10y"}

_BINARY_SERVICES = frozenset(
    {"Azure Database for PostgreSQL", "Storage", "Container Registry", "Redis Cache"}
)
_UNKNOWN_REGIONS = frozenset({"", "regional"})
_EVIDENCE = {
    "TRAP": "a trap: {note}",
    "shape/ratio evidence": "evidence of a shape or ratio, not a price to plan with",
}
_VCORE_COMPUTE = re.compile(
    r"^Azure Database for PostgreSQL "
    r"(Flexible Server (?:General Purpose|Memory Optimized) (\S+) Series Compute)$"
)
_BURSTABLE = re.compile(r"^Azure Database for PostgreSQL (Flexible Server Burstable BS Series Compute)$")
_VCORES = re.compile(r"^(?:(\d{1,4}) )?vCore$", re.ASCII)
_FLEXIBLE_STORAGE = frozenset(
    {"Az DB for PostgreSQL Flexible Server Storage", "Azure Database for PostgreSQL Flex Server Storage"}
)
_WHOLE_CACHE = re.compile(r"^Azure Redis Cache (Basic|Standard|Premium)$")
_SAME_METER = {
    ("Traffic Manager", "Azure endpoint basic health check"): ("", "Azure endpoint health check"),
    ("Log Analytics", "Pay-as-you-go Data Ingestion"): ("Analytics Logs", "Analytics Logs Data Ingestion"),
    ("Log Analytics", "Pay-as-you-go Data Retention"): ("Analytics Logs", "Analytics Logs Data Retention"),
}
"""Older names of a meter, by service: (SKU, blank for unchanged; newer name)."""


class _NotAPrice(Exception):
    """The row is understood and is not a price of the book."""


@dataclass(frozen=True, slots=True)
class _Identity:
    """What a row prices, and how many of it."""

    meter: Meter
    pieces: int = 1
    """How many vCores or nodes the row's price is for."""
    piece: str = "piece"
    note: str = ""


def normalise(row: SourceRow) -> Candidate | Aside:
    """Read one row of the Retail Prices API.

    Parameters
    ----------
    row : SourceRow
        With the columns of `REQUIRED_COLUMNS`.

    Returns
    -------
    Candidate or Aside
        A price per unit of one meter, hourly for reservations and in USD; or the reason why the row
        is none.

    Raises
    ------
    RowProblem
        If the row cannot be understood.
    """
    try:
        return _candidate(row)
    except _NotAPrice as reason:
        return Aside(row, str(reason))


def _candidate(row: SourceRow) -> Candidate:
    found = amount(row["retailPrice"], "retailPrice")
    unit = _unit(row)
    lowest = amount(row["tierMinimumUnits"], "tierMinimumUnits")
    confidence, age = confidence_of(row), age_of(row["effectiveStartDate"], row["source_date"])
    option, term = _purchase(row)
    usd, conversion = _usd(row, found)
    _refuse_evidence(row)
    identity = _identity(row)
    price, computed = _per_piece_and_hour(usd, identity, option, term, unit)
    binary = row["serviceName"] in _BINARY_SERVICES and unit.base.startswith("GB")
    if binary:
        unit = replace(unit, base="GiB" + unit.base.removeprefix("GB"))
    return Candidate(
        row=row,
        meter=identity.meter,
        region=row["armRegionName"],
        purchase_option=option,
        term=term,
        tier_start=lowest * Fraction(unit.pack),
        unit=str(unit),
        unit_price=price,
        price_text=_price_text(usd, price, option, term, identity.pieces),
        effective_date=age,
        confidence=confidence,
        derived=joined(conversion, computed),
        converted=bool(conversion),
        note=joined(
            row["note"],
            identity.note,
            "provider writes GB, means GiB" if binary else "",
            f"USD derived from {row['currencyCode']}, rounded to {DERIVED_DIGITS} significant digits"
            if conversion
            else "",
        ),
    )


def _unit(row: SourceRow) -> Unit:
    try:
        return parse_unit(row["unitOfMeasure"])
    except UnitError as error:
        raise RowProblem(f"unitOfMeasure: {error}") from None


def _purchase(row: SourceRow) -> tuple[str, str]:
    """Return purchase option and term, and refuse what is not on the public price list."""
    kind, reserved, planned = row["type"], row["reservationTerm"], row["savingsPlanTerm"]
    if kind not in ("Consumption", "Reservation", "DevTestConsumption"):
        raise RowProblem(
            f"type is {kind[:40]!r}; {nearest(kind, ('Consumption', 'Reservation', 'DevTestConsumption'))}"
        )
    if (kind == "Reservation") != bool(reserved):
        raise RowProblem(
            f"type is {kind!r} and reservationTerm {reserved[:40]!r}; reservations have a term, others none"
        )
    for column, term in (("reservationTerm", reserved), ("savingsPlanTerm", planned)):
        if term and term not in TERMS:
            raise RowProblem(f"{column} is {term[:40]!r}; {nearest(term, TERMS)}")
    if reserved and planned:
        raise RowProblem("has a reservation term and a savings plan term; a price has one of them")
    if kind == "DevTestConsumption":
        raise _NotAPrice("a Dev/Test price: only for Visual Studio subscribers, not the list price")
    if reserved:
        return "reservation", TERMS[reserved]
    if planned:
        return "savings-plan", TERMS[planned]
    return ("spot" if _is_spot(row) else "on-demand"), ""


def _is_spot(row: SourceRow) -> bool:
    """Return whether this is the Spot meter; the API has no flag, only the ending of the name."""
    flag = row["isSpot"].casefold()
    if flag not in ("", "true", "false"):
        raise RowProblem(f"isSpot is {flag[:40]!r}; write true or false")
    return flag == "true" or row["meterName"].endswith(" Spot")


def _usd(row: SourceRow, found: Fraction) -> tuple[Fraction, str]:
    """Return the price in USD and how it was converted, blank if it was not."""
    currency = row["currencyCode"]
    if currency == "USD":
        return found, ""
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise RowProblem(f"currencyCode is {currency[:40]!r}; write the ISO code, such as USD")
    if not row["impliedUsd"]:
        raise _NotAPrice(f"in {currency} and nothing says what it is in USD")
    implied = amount(row["impliedUsd"], "impliedUsd")
    how = f"{currency} {row['retailPrice']}"
    if rate := UNITS_PER_USD.get(currency):
        if abs(found / rate - implied) > implied / 1000 + Fraction(1, 10**6):
            raise RowProblem(
                f"impliedUsd is {row['impliedUsd']}; {how} / {exact_text(rate)} is {float(found / rate):.6g}"
            )
        how += f" / {exact_text(rate)}"
    return significant(implied, DERIVED_DIGITS), f"{how}, {DERIVED_DIGITS} significant digits"


def _refuse_evidence(row: SourceRow) -> None:
    for beginning, reason in _EVIDENCE.items():
        if row["note"].startswith(beginning):
            raise _NotAPrice(reason.format(note=row["note"].removeprefix("TRAP").lstrip(": ")))
    if row["armRegionName"] in _UNKNOWN_REGIONS:
        raise _NotAPrice("the region is not known, so it cannot be said where the price holds")


def _identity(row: SourceRow) -> _Identity:
    match row["serviceName"]:
        case "Virtual Machines":
            return _virtual_machine(row)
        case "Azure Database for PostgreSQL":
            return _postgresql(row)
        case "Redis Cache":
            return _redis(row)
        case _:
            return _as_named(row)


def _as_named(row: SourceRow, family: str | None = None) -> _Identity:
    """Keep the provider's names; only older names of a meter become its newer one."""
    service, name = row["serviceName"], row["meterName"]
    if not service or not name:
        raise RowProblem("serviceName or meterName is blank; without them nothing says what is priced")
    newer_sku, newer = _SAME_METER.get((service, name), ("", name))
    parts = (service, family or row["productName"], newer_sku or row["skuName"], newer)
    meter = Meter(*(book_name(part) for part in parts))
    return _Identity(meter, note=f"named {name!r} in the source" if newer != name else "")


def _virtual_machine(row: SourceRow) -> _Identity:
    """Unify the series of one size; only `Virtual Machines …` products are plain machines."""
    product, size = row["productName"], row["armSkuName"]
    if "Cloud Services" in product:
        raise _NotAPrice("a Cloud Services row: carries the Windows price without the word")
    if not product.startswith("Virtual Machines"):
        raise _NotAPrice(
            "product is not named 'Virtual Machines …': a dedicated host, licence or special series"
        )
    if not size:
        raise _NotAPrice("armSkuName is blank, so the size is not known for certain")
    system = "Windows" if "Windows" in product else "Linux"
    low_priority = row["meterName"].endswith(" Low Priority") or row["skuName"].endswith(" Low Priority")
    meter = "Compute Low Priority" if low_priority else "Compute"
    return _Identity(Meter(row["serviceName"], system, book_name(size), meter))


def _postgresql(row: SourceRow) -> _Identity:
    service, product = row["serviceName"], row["productName"]
    if matched := _VCORE_COMPUTE.match(product):
        family, series = matched.groups()
        cores = _VCORES.match(row["skuName"])
        if not cores or int(cores[1] or 1) == 0:
            raise _NotAPrice(f"sku {row['skuName']!r} does not say for how many vCores the price is")
        return _Identity(Meter(service, family, series, "vCore"), int(cores[1] or 1), "vCore")
    if matched := _BURSTABLE.match(product):
        return _Identity(Meter(service, matched[1], book_name(row["skuName"].upper()), "Server"))
    if product in _FLEXIBLE_STORAGE:
        return _as_named(row, "Flexible Server Storage")
    if row["meterName"].startswith("Backup Storage ") and (not product or "Flex" in product):
        redundancy = row["meterName"].removesuffix(" Data Stored")
        return _Identity(
            Meter(
                service, "Flexible Server Backup Storage", book_name(redundancy), book_name(row["meterName"])
            )
        )
    return _as_named(row)


def _redis(row: SourceRow) -> _Identity:
    """Price Basic, Standard and Premium caches by the node; other products are left as they are named."""
    tier = _WHOLE_CACHE.match(row["productName"])
    if not tier or not row["meterName"].endswith(" Cache"):
        return _as_named(row)
    meter = Meter(
        row["serviceName"], row["productName"], book_name(row["skuName"]), f"{row['meterName']} Instance"
    )
    return _Identity(
        meter, 1 if tier[1] == "Basic" else 2, "node", f"named {row['meterName']!r}, the whole cache"
    )


def _per_piece_and_hour(
    usd: Fraction, identity: _Identity, option: str, term: str, unit: Unit
) -> tuple[Fraction, str]:
    """Divide a term's total by its hours, and a whole server or cache by its pieces, once."""
    price, steps = usd, []
    if option == "reservation":
        if unit.base != "Hour" or unit.pack != 1:
            raise _NotAPrice(f"a reservation's total with the unit {unit}: not a price per hour")
        price /= _term_hours(term)
        steps.append(f"{exact_text(usd)} for the term / {_term_hours(term)} h")
    if identity.pieces > 1:
        price /= identity.pieces
        steps.append(f"{'' if steps else exact_text(usd)} / {identity.pieces} {identity.piece}s".strip())
    return price, " ".join(steps)


def _price_text(usd: Fraction, price: Fraction, option: str, term: str, pieces: int) -> str:
    """Write the price; a term's total stays readable as `1038/8760`."""
    if option == "reservation" and usd.denominator == 1:
        return f"{usd.numerator}/{_term_hours(term) * pieces}"
    return exact_text(price)


def _term_hours(term: str) -> int:
    """Return the hours of a term. [hours]."""
    return int(term.removesuffix("y")) * HOURS_PER_YEAR
