"""The price book: dated prices of meters by region, purchase option and term, each with its source.

A book is a folder with `book.yaml` (what it is) and `prices.csv` (one row a price); `reader.py` reads
it. A lookup gives exactly one graduated schedule or fails and names the nearest; there is no default
and no zero for what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple

from agog_capacity.errors import AmbiguousPrice, PriceNotFound, nearest
from agog_capacity.frozen import freeze_mappings
from agog_capacity.prices.meter import Meter
from agog_capacity.units import Unit

COLUMNS = (
    "service",
    "family",
    "sku",
    "meter",
    "region",
    "purchase_option",
    "term",
    "tier_start",
    "unit",
    "unit_price",
    "currency",
    "price_kind",
    "covers",
    "effective_date",
    "source",
    "source_date",
    "confidence",
    "derived",
    "note",
)
"""Columns of `prices.csv`, in order."""

PURCHASE_OPTIONS = ("on-demand", "spot", "reservation", "savings-plan")
TERMS = ("1y", "3y", "5y", "10y")


class PriceKey(NamedTuple):
    """What a price is for; the tiers of one key make a schedule."""

    meter: Meter
    region: str
    purchase_option: str = "on-demand"
    term: str = ""

    def __str__(self) -> str:
        """Return the key for a message."""
        option = (
            f" {self.purchase_option} {self.term}".rstrip() if self.purchase_option != "on-demand" else ""
        )
        return f"{self.meter.text!r} in {self.region}{option}"


@dataclass(frozen=True, slots=True)
class Price:
    """One row of a price book."""

    key: PriceKey
    tier_start: float
    """Lower bound of the graduated tier. [base units]"""
    unit: Unit
    unit_price: float
    """Price of one `unit`. [currency]"""
    currency: str
    lump: bool
    """True where the price is an amount per month for everything in `covers`."""
    covers: tuple[Meter, ...]
    effective_date: str
    source: str
    source_date: str
    confidence: str
    derived: str
    note: str
    line: int
    """Line in `prices.csv`, from 1."""

    @property
    def per_base_unit(self) -> float:
        """Price of one base unit. [currency per base unit]"""
        return self.unit_price / self.unit.pack


@dataclass(frozen=True)
class Schedule:
    """The graduated price of one key: its tiers in rising order."""

    tiers: tuple[Price, ...]

    @property
    def key(self) -> PriceKey:
        """What the price is for."""
        return self.tiers[0].key

    @property
    def base(self) -> str:
        """Base unit in which tiers are counted."""
        return self.tiers[0].unit.base

    @property
    def currency(self) -> str:
        """Currency of every tier."""
        return self.tiers[0].currency

    @property
    def lump(self) -> bool:
        """Whether this is an amount per month instead of a unit price."""
        return self.tiers[0].lump

    @property
    def tier_starts(self) -> tuple[float, ...]:
        """Lower bounds of the tiers. [base units]"""
        return tuple(price.tier_start for price in self.tiers)

    @property
    def per_base_unit(self) -> tuple[float, ...]:
        """Prices inside the tiers. [currency per base unit]"""
        return tuple(price.per_base_unit for price in self.tiers)


@dataclass(frozen=True)
class PriceBook:
    """Dated prices, each with its source.

    Attributes
    ----------
    name, title, provider, currency, as_of, description
        As `book.yaml` says; `as_of` is the date of its newest price.
    schedules : mapping
        Schedule of each key.
    digest : str
        SHA-256 of the two files, for the lockfile of a run.
    """

    name: str
    title: str
    provider: str
    currency: str
    as_of: date
    description: str
    schedules: Mapping[PriceKey, Schedule] = field(repr=False)
    digest: str = field(default="", repr=False)
    gaps: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Keys that have sources but no price, as (text, reason): they disagree, or one is incomplete."""

    def __post_init__(self) -> None:
        """Keep the prices from being changed."""
        freeze_mappings(self, "schedules")

    def __len__(self) -> int:
        """Return the number of prices, tiers counted one by one."""
        return sum(len(schedule.tiers) for schedule in self.schedules.values())

    @cached_property
    def _lumps(self) -> dict[tuple[Meter, str], list[Schedule]]:
        found: dict[tuple[Meter, str], list[Schedule]] = {}
        for schedule in self.schedules.values():
            if schedule.lump:
                for meter in schedule.tiers[0].covers:
                    found.setdefault((meter, schedule.key.region), []).append(schedule)
        return found

    def get(self, key: PriceKey) -> Schedule | None:
        """Return the schedule of a key, the lump that covers it, or None.

        Raises
        ------
        AmbiguousPrice
            If several lumps, or a lump and a price of its own, cover the key.
        """
        own = self.schedules.get(key)
        if own is not None and own.lump:
            own = None
        if key.purchase_option != "on-demand":
            return own
        lumps = self._lumps.get((key.meter, key.region), [])
        if len(lumps) + (own is not None) > 1:
            raise AmbiguousPrice(
                f"price book {self.name!r} prices {key} more than once: "
                + " and ".join(
                    f"{s.key.meter.text!r} (line {s.tiers[0].line})"
                    for s in (*([own] if own else []), *lumps)
                )
                + "; keep one"
            )
        return own or (lumps[0] if lumps else None)

    def find(self, meter: Meter, region: str, purchase_option: str = "on-demand", term: str = "") -> Schedule:
        """Return the one schedule of a meter in a region.

        Parameters
        ----------
        meter : Meter
            What is metered, exactly as the book names it.
        region : str
            Region, zone or `Global`.
        purchase_option : {"on-demand", "spot", "reservation", "savings-plan"}
            How it is bought.
        term : {"", "1y", "3y", "5y"}
            Term of a commitment.

        Returns
        -------
        Schedule

        Raises
        ------
        PriceNotFound
            If the book has no such price; the message names the nearest.
        AmbiguousPrice
            If it has more than one.
        """
        key = PriceKey(meter, region, purchase_option, term)
        schedule = self.get(key)
        if schedule is None:
            raise PriceNotFound(f"price book {self.name!r} has no price for {key}; {self.nearest(key)}")
        return schedule

    def nearest(self, key: PriceKey) -> str:
        """Return what the book has that is most like a key, as text for a message."""
        for text, reason in self.gaps:
            if text == f"{key.meter.text} in {key.region}":
                return f"it is a known gap: {reason}"
        same_meter = [other for other in self.schedules if other.meter == key.meter]
        here = [o for o in same_meter if o.region == key.region]
        if here:
            options = sorted({f"{o.purchase_option} {o.term}".strip() for o in here})
            return f"it has that meter there {', '.join(options)}"
        if same_meter:
            alike = [o for o in same_meter if (o.purchase_option, o.term) == key[2:]] or same_meter
            return f"it has that meter in {', '.join(sorted({o.region for o in alike}))}"
        service = {o.meter.text for o in self.schedules if o.meter.service == key.meter.service}
        return nearest(key.meter.text, service or {o.meter.text for o in self.schedules})
