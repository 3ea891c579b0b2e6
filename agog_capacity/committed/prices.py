"""What the commitments of a design are for and what they cost: from entries of a plan to prices of a book.

A commitment whose price no book has, or that nothing in the design could use, is a problem with a name. Machines
are flexible inside the group of their size; what is metered per vCore is by its meter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agog_capacity.azure_sizes import parse_vm_size
from agog_capacity.commitments.aws import aws_size
from agog_capacity.commitments.catalogue import size_group
from agog_capacity.commitments.quotes import Committable, committed_price
from agog_capacity.commitments.section import (
    VIRTUAL_MACHINES,
    CommitmentSection,
    LogTierEntry,
    ReservationEntry,
    SavingsPlanEntry,
)
from agog_capacity.commitments.section_checks import check_on_sale
from agog_capacity.committed.logs import priced_tier
from agog_capacity.committed.rows import negotiated_price
from agog_capacity.components.base import GLOBAL, PurchaseOption, Usage
from agog_capacity.errors import CommitmentError, nearest
from agog_capacity.prices.book import Price, PriceBook, PriceKey, Schedule
from agog_capacity.prices.meter import Meter
from agog_capacity.prices.resolve import OWN_PRICE, PriceList, PriceNotFound, ResolvedPrice
from agog_capacity.units import HOURS_PER_DAY, parse_unit

_DAYS_PER_YEAR = 365
LEAST_TOTAL, MOST_TOTAL = 0.01, 1e12
"""Of one reservation for its term: far below and above any real one. [currency]"""


@dataclass(frozen=True)
class PricedEntry:
    """An entry with what it is for and what it costs."""

    name: str
    entry: ReservationEntry | SavingsPlanEntry
    meter: Meter
    region: str
    price: ResolvedPrice
    per_hour: float
    """Of one unit; of a plan what it commits. [currency per hour]"""
    term_total: float
    """Of all units. [currency]"""

    @property
    def option(self) -> PurchaseOption:
        """How a bill names it."""
        return "reservation" if isinstance(self.entry, ReservationEntry) else "savings-plan"


def with_own_prices(prices: PriceList, section: CommitmentSection) -> PriceList:
    """Return the price list with the committed prices of a plan before those of its books.

    Parameters
    ----------
    prices : PriceList
    section : CommitmentSection
    """
    schedules = {}
    for quoted in section.prices.values():
        for region in quoted.regions:
            key = PriceKey(Meter.parse(quoted.meter), region, quoted.option, quoted.term)
            schedules[key] = _own(key, quoted.price_per_hour, prices.currency or "", quoted.source).schedule
    if not schedules:
        return prices
    as_of = max(book.as_of for book in prices.books)
    book = PriceBook(OWN_PRICE, "Prices of the plan", "", prices.currency or "", as_of, "", schedules)
    return replace(prices, books=(book, *prices.books))


def priced_entries(
    section: CommitmentSection, lines: Sequence[Usage], prices: PriceList
) -> tuple[list[PricedEntry], list[tuple[str, str]]]:
    """Return reservations and savings plans with their prices, and what cannot be priced.

    Parameters
    ----------
    section : CommitmentSection
    lines : sequence of Usage
    prices : PriceList

    Returns
    -------
    priced : list
    problems : list of (name, message)
        Every entry without a price or without anything it could cover.
    """
    priced, problems = [], []
    prices = with_own_prices(prices, section)
    for name, entry in section.bought.items():
        try:
            if isinstance(entry, ReservationEntry):
                priced.append(_reservation(name, entry, lines, prices, section))
            elif isinstance(entry, SavingsPlanEntry):
                priced.append(_savings_plan(name, entry, lines, prices))
            elif isinstance(entry, LogTierEntry):
                priced_tier(entry, lines, prices)  # log tiers have a step of their own
        except CommitmentError as error:
            problems += [(name, problem.message) for problem in error.problems]
    return priced, problems


def _reservation(
    name: str,
    entry: ReservationEntry,
    lines: Sequence[Usage],
    prices: PriceList,
    section: CommitmentSection,
) -> PricedEntry:
    meter, region = target_of(entry, lines)
    if not entry.existing:
        check_on_sale(meter, entry.years, entry.starts)
        users = [line for line in lines if may_cover(entry, meter, region, line)]
        if not users:
            machine = meter.service == VIRTUAL_MACHINES
            what = meter.sku if machine else meter.text
            if any(
                line.purchase_option == "spot" and may_cover(entry, meter, region, on_demand(line))
                for line in lines
            ):
                raise CommitmentError(
                    f"only spot uses {what} in {region}, and no reservation covers spot, so all of it would be lost; leave "
                    "it out, or run some on demand"
                )
            there = {
                line.meter.sku if machine else line.meter.text
                for line in lines
                if line.unit == "Hour" and line.price_region == region and line.purchase_option == "on-demand"
            }
            raise CommitmentError(
                f"nothing on demand in {region} uses {what}, so all of it would be lost; {nearest(what, there)}"
            )
        if not any(_in_scope(entry, line, section) for line in users):
            scope, names = entry.scope, ", ".join(dict.fromkeys(line.component for line in users))
            raise CommitmentError(
                f"nothing in {scope.level} {scope.id!r} uses {meter.sku} in {region}, so all of it would be lost; used by "
                f"{names}: say under places where they are, or widen the scope"
            )
    hours = entry.years * _DAYS_PER_YEAR * HOURS_PER_DAY
    key = PriceKey(meter, region, "reservation", entry.term)
    if entry.total_per_unit is not None:
        per_hour = entry.total_per_unit / hours
        price = _own(key, per_hour, prices.currency or "", entry.source or "")
    else:
        per_hour = committed_price(prices, Committable(name, meter, region), "reservation", entry.years)
        price = prices.resolve(key)
    total = per_hour * hours * entry.quantity
    if not LEAST_TOTAL <= total <= MOST_TOTAL:
        raise CommitmentError(
            f"{entry.quantity:,} units for {per_hour * hours:,.6g} each cost {total:,.6g} for the term; at least "
            f"{LEAST_TOTAL:g} and at most {MOST_TOTAL:g} in all is a price: correct quantity, total_per_unit or the price"
        )
    return PricedEntry(name, entry, meter, region, price, per_hour, total)


def _savings_plan(
    name: str, entry: SavingsPlanEntry, lines: Sequence[Usage], prices: PriceList
) -> PricedEntry:
    if not any(plan_price(line, entry.term, prices) is not None for line in lines):
        raise CommitmentError(
            f"no usage on demand has a savings plan price of {entry.term} in {', '.join(b.name for b in prices.books)}, "
            "so the plan would pay for nothing; use sizes and regions that have one"
        )
    hours = entry.years * _DAYS_PER_YEAR * HOURS_PER_DAY
    meter = Meter("Savings plan", "Compute", "-", "Commitment")
    price = _own(
        PriceKey(meter, GLOBAL, "savings-plan", entry.term), 1.0, prices.currency or "", "what is committed"
    )
    return PricedEntry(name, entry, meter, GLOBAL, price, entry.usd_per_hour, entry.usd_per_hour * hours)


def target_of(entry: ReservationEntry, lines: Sequence[Usage]) -> tuple[Meter, str]:
    """Return the meter and region that a reservation is for.

    Raises
    ------
    CommitmentError
        If it names no machine size, or a component that uses nothing it could be for.
    """
    if entry.vm_size is not None:
        try:
            size = parse_vm_size(entry.vm_size).name
        except ValueError as error:
            raise CommitmentError(str(error)) from None
        return Meter(VIRTUAL_MACHINES, "Linux", size, "Compute"), str(entry.region)
    if entry.meter is not None:
        return Meter.parse(entry.meter), str(entry.region)
    own = [line for line in lines if line.component == entry.component]
    for line in own:
        if line.unit == "Hour" and line.purchase_option == "on-demand":
            return line.meter, line.price_region
    for line in own:
        if line.unit == "GiB/Month" and "Data Stored" in line.meter.meter:
            return line.meter, line.price_region
    what = "nothing by the hour that could be reserved"
    if any(line.unit == "Hour" and line.purchase_option == "spot" for line in own):
        what = "only spot, which no reservation covers"
    raise CommitmentError(f"component {entry.component!r} uses {what}")


def may_cover(entry: ReservationEntry, meter: Meter, region: str, line: Usage) -> bool:
    """Tell whether a reservation may cover a line of usage, scope left out."""
    if line.purchase_option != "on-demand" or line.price_region != region:
        return False
    return line.meter == meter or (
        entry.flexible and flexibility_group(line.meter) == flexibility_group(meter)
    )


def on_demand(line: Usage) -> Usage:
    """Return a line as if it ran on demand."""
    return replace(line, purchase_option="on-demand")


def _in_scope(entry: ReservationEntry, line: Usage, section: CommitmentSection) -> bool:
    scope, place = entry.scope, section.places.get(line.component)
    return scope.level == "shared" or (place is not None and getattr(place, scope.level) == scope.id)


def flexibility_group(meter: Meter) -> str:
    """Return the flexibility group of a meter: that of the size of machines and AWS databases and caches, else itself."""
    if meter.service != VIRTUAL_MACHINES:
        sized = aws_size(meter)
        return meter.text if sized is None else sized[0]
    try:
        return f"{meter.family} {size_group(meter.sku)[0]}"
    except CommitmentError:
        return meter.text


def flexibility_ratio(meter: Meter) -> float:
    """Return the ratio of a meter in its group; only quotients inside a group matter."""
    sized = aws_size(meter)
    if sized is not None:
        return sized[1]
    return 1.0 if flexibility_group(meter) == meter.text else size_group(meter.sku)[1]


def _own(key: PriceKey, per_hour: float, currency: str, source: str) -> ResolvedPrice:
    row = Price(
        key, 0.0, parse_unit("1 Hour"), per_hour, currency, False, (), "", source, "", "plan", "", "", 0
    )
    return ResolvedPrice(key, Schedule((row,)), OWN_PRICE, "")


def own_price(line: Usage, section: CommitmentSection, prices: PriceList) -> tuple[float, float] | None:
    """Return list and negotiated price of one unit of a line, or None where it has tiers, a lump or no price."""
    try:
        schedule = prices.resolve(PriceKey(line.meter, line.price_region, line.purchase_option)).schedule
    except PriceNotFound:
        return None
    if schedule.lump or len(schedule.tiers) > 1 or schedule.base != line.unit:
        return None
    listed = schedule.per_base_unit[0]
    negotiated = negotiated_price(line, section)
    return (listed, listed if negotiated is None else negotiated) if listed > 0 else None


def plan_price(line: Usage, term: str, prices: PriceList) -> float | None:
    """Return the price of a line under a savings plan; None where it is not eligible. [currency per hour]"""
    if line.purchase_option != "on-demand" or line.unit != "Hour":
        return None
    try:
        schedule = prices.resolve(PriceKey(line.meter, line.price_region, "savings-plan", term)).schedule
    except PriceNotFound:
        return None
    return schedule.per_base_unit[0]


def _size_name(meter: Meter, region: str) -> str:
    return f"{meter.text} in {region}"


def describe(entry: ReservationEntry | SavingsPlanEntry) -> str:
    """Return a commitment in words: what, how long, from when, how paid."""
    if isinstance(entry, ReservationEntry):
        what = f"{entry.quantity} x {entry.vm_size or entry.component or entry.meter}"
    else:
        what = f"{entry.usd_per_hour:g} USD an hour"
    return f"{what}, {entry.term} from {entry.starts}, {entry.payment}"
