"""The step of commitments: between hourly usage and monthly tiers.

In go the usage of a design and what it has bought; out come the usage that is left for pay-as-you-go prices, and
the rows of the commitments: the purchase (billed, no effective cost), what each component used of it, and what
nobody used, which is a row of its own. Usage that is constant in a month is carried once a month and spread over
its hours here; a simulated pool brings its nodes of every hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from agog_capacity.azure_sizes import parse_vm_size
from agog_capacity.commitments.bill import Commitment, CommitmentBill, CommitmentRow, commitment_bill
from agog_capacity.commitments.catalogue import RESERVED_STORAGE_UNITS_TIB, check_commitable, size_group
from agog_capacity.commitments.cover import check_worth, cover_order
from agog_capacity.commitments.quotes import Committable, committed_price
from agog_capacity.commitments.section import (
    VIRTUAL_MACHINES,
    CommitmentSection,
    LogTierEntry,
    ReservationEntry,
    SavingsPlanEntry,
    redis_tier,
)
from agog_capacity.commitments.terms import Purchase, Reservation, SavingsPlan, Size, UsageLine
from agog_capacity.committed_logs import apply_log_tiers, priced_tier
from agog_capacity.committed_rows import (
    COMMITMENT,
    UNUSED_NOTE,
    CommittedRow,
    CommittedUse,
    Status,
    negotiated_price,
)
from agog_capacity.components.base import GLOBAL, Component, PurchaseOption, Usage
from agog_capacity.errors import AgogCapacityError, CommitmentError, Problem, nearest
from agog_capacity.periods import FloatArray, Months
from agog_capacity.prices.book import Price, PriceKey, Schedule
from agog_capacity.prices.meter import Meter
from agog_capacity.prices.resolve import OWN_PRICE, PriceList, PriceNotFound, ResolvedPrice
from agog_capacity.units import HOURS_PER_DAY, parse_unit

_DAYS_PER_YEAR = 365
_GIB_PER_STORAGE_UNIT = RESERVED_STORAGE_UNITS_TIB[0] * 1024


@dataclass(frozen=True)
class _Priced:
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
        return "reservation" if isinstance(self.entry, ReservationEntry) else "savings-plan"


def apply_commitments(
    lines: Sequence[Usage], use: CommittedUse, prices: PriceList, months: Months
) -> tuple[tuple[Usage, ...], tuple[CommittedRow, ...]]:
    """Cover usage with commitments.

    Parameters
    ----------
    lines : sequence of Usage
        Of all components of a design.
    use : CommittedUse
    prices : PriceList
    months : Months

    Returns
    -------
    left : tuple of Usage
        In the order given, with what no commitment covers.
    rows : tuple of CommittedRow

    Raises
    ------
    CommitmentError
        With every commitment that has no price, nothing to cover, or commits more than there can be.
    """
    priced, problems = priced_entries(use.section, lines, prices)
    if problems:
        raise CommitmentError(_problem(name, message) for name, message in problems)
    lines, log_rows = apply_log_tiers(lines, use, prices, months)
    if not priced:
        return tuple(lines), log_rows
    sizes, members = _eligible(lines, priced, use.section, prices)
    hourly = np.array(
        [_hourly(lines[i], use, months) for i in members] or np.zeros((0, int(months.hours.sum()))),
    )
    usage_lines = [_usage_line(lines[i], number, use.section) for number, i in enumerate(members)]
    purchases = [c for one in priced for c in _purchases(one, months)]
    _check_planned(priced, sizes, usage_lines, hourly, months, use.section)
    bill = commitment_bill(sizes, usage_lines, hourly, months, purchases, use.section.rules)
    left = list(lines)
    for number, i in enumerate(members):
        left[i] = replace(lines[i], quantity=_monthly(lines[i], bill.uncovered[number], months))
    rows = _rows(bill, priced, [lines[i] for i in members], use.section, prices, months)
    return tuple(left), (*rows, *log_rows)


def priced_entries(
    section: CommitmentSection, lines: Sequence[Usage], prices: PriceList
) -> tuple[list[_Priced], list[tuple[str, str]]]:
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
    for name, entry in section.bought.items():
        try:
            if isinstance(entry, ReservationEntry):
                priced.append(_reservation(name, entry, lines, prices))
            elif isinstance(entry, SavingsPlanEntry):
                priced.append(_savings_plan(name, entry, lines, prices))
            elif isinstance(entry, LogTierEntry):
                priced_tier(entry, lines, prices)  # log tiers have a step of their own
        except CommitmentError as error:
            problems += [(name, problem.message) for problem in error.problems]
    return priced, problems


def _reservation(name: str, entry: ReservationEntry, lines: Sequence[Usage], prices: PriceList) -> _Priced:
    meter, region = _target(entry, lines)
    if not entry.existing:
        check_commitable(meter.service, redis_tier(meter), entry.starts, entry.years)
        if not any(_may_cover(entry, meter, region, line) for line in lines):
            there = {line.meter.sku for line in lines if line.unit == "Hour" and line.price_region == region}
            raise CommitmentError(
                f"nothing on demand in {region} uses {meter.sku}, so all of it would be lost; {nearest(meter.sku, there)}"
            )
    hours = entry.years * _DAYS_PER_YEAR * HOURS_PER_DAY
    key = PriceKey(meter, region, "reservation", entry.term)
    if entry.total_per_unit is not None:
        per_hour = entry.total_per_unit / hours
        price = _own(key, per_hour, prices.currency or "", entry.source or "")
    else:
        per_hour = committed_price(prices, Committable(name, meter, region), "reservation", entry.years)
        price = prices.resolve(key)
    return _Priced(name, entry, meter, region, price, per_hour, per_hour * hours * entry.quantity)


def _savings_plan(name: str, entry: SavingsPlanEntry, lines: Sequence[Usage], prices: PriceList) -> _Priced:
    if not any(_plan_price(line, entry.term, prices) is not None for line in lines):
        raise CommitmentError(
            f"no usage on demand has a savings plan price of {entry.term} in {', '.join(b.name for b in prices.books)}, "
            "so the plan would pay for nothing; use sizes and regions that have one"
        )
    hours = entry.years * _DAYS_PER_YEAR * HOURS_PER_DAY
    meter = Meter("Savings plan", "Compute", "-", "Commitment")
    price = _own(
        PriceKey(meter, GLOBAL, "savings-plan", entry.term), 1.0, prices.currency or "", "what is committed"
    )
    return _Priced(name, entry, meter, GLOBAL, price, entry.usd_per_hour, entry.usd_per_hour * hours)


def _target(entry: ReservationEntry, lines: Sequence[Usage]) -> tuple[Meter, str]:
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
    raise CommitmentError(f"component {entry.component!r} uses nothing by the hour that could be reserved")


def _may_cover(entry: ReservationEntry, meter: Meter, region: str, line: Usage) -> bool:
    if line.purchase_option != "on-demand" or line.price_region != region:
        return False
    return line.meter == meter or (entry.flexible and _group(line.meter) == _group(meter))


def _group(meter: Meter) -> str:
    """Return the flexibility group of a meter: of machines that of the size, of others the meter itself."""
    if meter.service != VIRTUAL_MACHINES:
        return meter.text
    try:
        return f"{meter.family} {size_group(meter.sku)[0]}"
    except CommitmentError:
        return meter.text


def _ratio(meter: Meter) -> float:
    return 1.0 if _group(meter) == meter.text else size_group(meter.sku)[1]


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


def _plan_price(line: Usage, term: str, prices: PriceList) -> float | None:
    if line.purchase_option != "on-demand" or line.unit != "Hour":
        return None
    try:
        schedule = prices.resolve(PriceKey(line.meter, line.price_region, "savings-plan", term)).schedule
    except PriceNotFound:
        return None
    return schedule.per_base_unit[0]


def _size_name(meter: Meter, region: str) -> str:
    return f"{meter.text} in {region}"


def _eligible(
    lines: Sequence[Usage], priced: Sequence[_Priced], section: CommitmentSection, prices: PriceList
) -> tuple[dict[str, Size], list[int]]:
    """Return the sizes in play, and the lines that some commitment may cover."""
    reservations = [(p, p.entry) for p in priced if isinstance(p.entry, ReservationEntry)]
    terms = {p.entry.term for p in priced if isinstance(p.entry, SavingsPlanEntry)}
    sizes: dict[str, Size] = {}
    members = []
    for i, line in enumerate(lines):
        own = own_price(line, section, prices)
        if own is None or line.purchase_option != "on-demand":
            continue
        plan = {int(t[0]): rate for t in terms if (rate := _plan_price(line, t, prices)) is not None}
        if not plan and not any(_may_cover(entry, p.meter, p.region, line) for p, entry in reservations):
            continue
        members.append(i)
        sizes[_size_name(line.meter, line.price_region)] = Size(
            group=_group(line.meter), ratio=_ratio(line.meter), on_demand=own[1], plan=plan
        )
    for p, _ in reservations:
        # A size that is only bought, not used itself: its own price plays no part.
        name = _size_name(p.meter, p.region)
        sizes.setdefault(name, Size(group=_group(p.meter), ratio=_ratio(p.meter), on_demand=1.0))
    return sizes, members


def _usage_line(line: Usage, number: int, section: CommitmentSection) -> UsageLine:
    place = section.places.get(line.component)
    return UsageLine(
        id=f"{number} {line.component}"[:200],
        size=_size_name(line.meter, line.price_region),
        region=line.price_region,
        **({} if place is None else dict(place)),
    )


def _hourly(line: Usage, use: CommittedUse, months: Months) -> FloatArray:
    """Return a line's units in each hour: along its simulated nodes, else even while it exists."""
    hours = months.hours.astype(int)
    shape = use.nodes.get(line.component)
    if shape is None:
        shape = np.ones(int(hours.sum()))
    component = use.components.get(line.component)
    if component is not None and (component.starts or component.ends):
        shape = shape * _exists(component, months)
    result = np.zeros(len(shape))
    begin = 0
    for month, count in enumerate(hours):
        part = shape[begin : begin + count]
        total = part.sum()
        amount = line.quantity[month]
        if line.unit != "Hour":
            amount = amount / _GIB_PER_STORAGE_UNIT * count
        if amount > 0 and total <= 0:
            raise AgogCapacityError(
                f"{line.component!r} uses {line.meter.text!r} in {months.labels[month]}, but runs in none of its "
                "hours; please report this as a defect"
            )
        result[begin : begin + count] = part * (amount / total if total > 0 else 0.0)
        begin += count
    return result


def _exists(component: Component, months: Months) -> FloatArray:
    first = months.starts[0].date().toordinal()
    day = first + np.arange(int(months.hours.sum())) // HOURS_PER_DAY
    begin = component.starts.toordinal() if component.starts else 0
    end = component.ends.toordinal() if component.ends else date.max.toordinal()
    return np.asarray((day >= begin) & (day < end), dtype=float)


def _monthly(line: Usage, unit_hours: FloatArray, months: Months) -> FloatArray:
    """Return what is left of a line in its own unit, shape (months,)."""
    if line.unit == "Hour":
        return unit_hours
    return np.asarray(unit_hours / months.hours * _GIB_PER_STORAGE_UNIT)


def _purchases(one: _Priced, months: Months) -> Iterator[Commitment]:
    """Yield the terms of an entry that touch the plan: the first, and its renewals at the price of today."""
    entry = one.entry
    covers: Reservation | SavingsPlan
    if isinstance(entry, ReservationEntry):
        covers = Reservation(
            id=one.name,
            size=_size_name(one.meter, one.region),
            quantity=entry.quantity,
            region=one.region,
            hourly_cost=one.per_hour,
            flexible=entry.flexible,
            scope=entry.scope,
        )
    else:
        covers = SavingsPlan(
            id=one.name,
            term_years=entry.years,
            hourly_commitment=entry.usd_per_hour,
            scope=entry.scope,
        )
    year, month = divmod(12 * months.starts[-1].year + months.starts[-1].month, 12)
    after = date(year, month + 1, 1)
    purchase = Purchase(
        id=one.name,
        meter=one.meter.text[:200],
        quantity=float(getattr(entry, "quantity", 1)),
        total=one.term_total,
        start=entry.starts,
        term_years=entry.years,
        payment=entry.payment,
        auto_renew=entry.auto_renew,
        existing=entry.existing,
    )
    while purchase.start < after:
        yield Commitment(covers, purchase)
        if not entry.auto_renew:
            return
        purchase = purchase.replace(start=purchase.end)


def _check_planned(
    priced: Sequence[_Priced],
    sizes: Mapping[str, Size],
    lines: Sequence[UsageLine],
    hourly: FloatArray,
    months: Months,
    section: CommitmentSection,
) -> None:
    """Refuse planned savings plans that no hour could use up; existing ones are as they are."""
    problems: list[Problem] = []
    for one in priced:
        entry = one.entry
        if entry.existing or not isinstance(entry, SavingsPlanEntry):
            continue
        plan = SavingsPlan(id=one.name, term_years=entry.years, hourly_commitment=entry.usd_per_hour)
        try:
            check_worth(cover_order(sizes, lines, (), (plan,), section.rules), hourly, [one.name])
        except CommitmentError as error:
            problems += [_problem(one.name, problem.message) for problem in error.problems]
    if problems:
        raise CommitmentError(problems)


def _problem(name: str, message: str) -> Problem:
    return Problem(message, path=f"commitments.bought.{name}")


def _rows(
    bill: CommitmentBill,
    priced: Sequence[_Priced],
    lines: Sequence[Usage],
    section: CommitmentSection,
    prices: PriceList,
    months: Months,
) -> Iterator[CommittedRow]:
    """Yield the rows of a bill: purchase, used by line, unused, commitment by commitment."""
    found: dict[tuple[str, str, str], list[CommitmentRow]] = {}
    for row in bill.rows:
        found.setdefault((row.commitment, row.name, row.line), []).append(row)
    place = {label: i for i, label in enumerate(months.labels)}
    numbers = {f"{number} {line.component}"[:200]: line for number, line in enumerate(lines)}
    by_name = {one.name: one for one in priced}
    order = {"purchase": 0, "used": 1, "unused": 2}
    names = [one.name for one in priced]
    for (name, status, line_id), parts in sorted(
        found.items(), key=lambda item: (names.index(item[0][0]), order[item[0][1]])
    ):
        one = by_name[name]
        quantity, billed, effective = (np.zeros(months.count) for _ in range(3))
        for part in parts:
            quantity[place[part.month]] += part.quantity
            billed[place[part.month]] += part.billed_cost
            effective[place[part.month]] += part.effective_cost
        if status == "used":
            yield _used(one, numbers[line_id], quantity, effective, section, prices, months)
        elif status == "purchase":
            yield _own_row(one, "purchase", billed / one.price.schedule.per_base_unit[0], billed, billed * 0)
        else:
            yield _own_row(one, "unused", quantity, billed, effective)


def _used(
    one: _Priced,
    line: Usage,
    quantity: FloatArray,
    effective: FloatArray,
    section: CommitmentSection,
    prices: PriceList,
    months: Months,
) -> CommittedRow:
    own = own_price(line, section, prices)
    if own is None:  # a line without a price of its own is not eligible
        raise AgogCapacityError(
            f"{line.component!r} was covered without a price; please report this as a defect"
        )
    amount = _monthly(line, quantity, months)
    usage = replace(
        line, quantity=amount, purchase_option=one.option, term=one.entry.term,
        rule=f"covered by {one.name}: {describe(one.entry)}",
        fields=(*line.fields, f"commitments.bought.{one.name}"),
    )  # fmt: skip
    price = prices.resolve(PriceKey(line.meter, line.price_region))
    zero = np.zeros(months.count)
    return CommittedRow(
        usage, price, own[0], amount * own[0], amount * own[1], zero, effective, one.name, "used",
        f"used, paid for by {one.name}: billed with its purchase; effective cost is its share of the term",
    )  # fmt: skip


_NOTES: Mapping[Status, str] = {
    "purchase": "purchase: billed here, costs nothing in effect; the term is spread over its days, used and unused",
    "unused": UNUSED_NOTE,
}


def _own_row(
    one: _Priced, status: Status, quantity: FloatArray, billed: FloatArray, effective: FloatArray
) -> CommittedRow:
    usage = Usage(
        component=one.name, kind=COMMITMENT, region=one.region, price_region=one.region, meter=one.meter,
        quantity=quantity, unit="Hour", rule=f"{status} of {one.name}: {describe(one.entry)}",
        fields=(f"commitments.bought.{one.name}",), purchase_option=one.option, term=one.entry.term,
    )  # fmt: skip
    unit_price = one.price.schedule.per_base_unit[0]
    return CommittedRow(
        usage, one.price, unit_price, billed, billed, billed, effective, one.name, status, _NOTES[status]
    )


def describe(entry: ReservationEntry | SavingsPlanEntry) -> str:
    """Return a commitment in words: what, how long, from when, how paid."""
    if isinstance(entry, ReservationEntry):
        what = f"{entry.quantity} x {entry.vm_size or entry.component or entry.meter} reserved"
    else:
        what = f"savings plan of {entry.usd_per_hour:g} USD an hour"
    return f"{what} for {entry.years} year{'s' * (entry.years > 1)} from {entry.starts}, paid {entry.payment}"
