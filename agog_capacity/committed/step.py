"""The step of commitments: between hourly usage and monthly tiers.

In go the usage of a design and what it has bought; out come the usage that is left for pay-as-you-go prices, and
the rows of the commitments: the purchase (billed, no effective cost), what each component used of it, and what
nobody used, which is a row of its own. Usage that is constant in a month is carried once a month and spread over
its hours here; a simulated pool brings its nodes of every hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from agog_capacity.commitments.aws import is_aws
from agog_capacity.commitments.bill import Commitment, CommitmentBill, CommitmentRow, commitment_bill
from agog_capacity.commitments.cover import check_worth, cover_order
from agog_capacity.commitments.section import CommitmentSection, ReservationEntry, SavingsPlanEntry
from agog_capacity.commitments.terms import Purchase, Reservation, SavingsPlan, Size, UsageLine
from agog_capacity.committed.hours import hourly_usage, monthly_usage
from agog_capacity.committed.logs import apply_log_tiers
from agog_capacity.committed.prices import (
    PricedEntry,
    describe,
    flexibility_group,
    flexibility_ratio,
    may_cover,
    own_price,
    plan_price,
    priced_entries,
    with_own_prices,
)
from agog_capacity.committed.rows import COMMITMENT, UNUSED_NOTE, CommittedRow, CommittedUse, Status
from agog_capacity.components.base import Usage
from agog_capacity.errors import AgogCapacityError, CommitmentError, Problem
from agog_capacity.periods import FloatArray, Months
from agog_capacity.prices.book import PriceKey
from agog_capacity.prices.meter import Meter
from agog_capacity.prices.resolve import PriceList
from agog_capacity.units import HOURS_PER_DAY


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
    prices = with_own_prices(prices, use.section)
    priced = _priced(lines, use, prices)
    lines, log_rows = apply_log_tiers(lines, use, prices, months)
    if not priced:
        return tuple(lines), log_rows
    sizes, members, usage_lines, hourly = lines_covered(lines, priced, use, prices, months)
    purchases = [c for one in priced for c in _purchases(one, months)]
    _check_planned(priced, sizes, usage_lines, hourly, months, use.section)
    bill = commitment_bill(sizes, usage_lines, hourly, months, purchases, use.section.rules)
    left = list(lines)
    for number, i in enumerate(members):
        left[i] = replace(lines[i], quantity=monthly_usage(lines[i], bill.uncovered[number], months))
    rows = _rows(bill, priced, [lines[i] for i in members], use.section, prices, months)
    return tuple(left), (*rows, *log_rows)


def check_planned(lines: Sequence[Usage], use: CommittedUse, prices: PriceList, months: Months) -> None:
    """Refuse planned savings plans that no hour could use up, as a bill of the same usage does.

    Parameters
    ----------
    lines : sequence of Usage
        Of all components of a design.
    use : CommittedUse
    prices : PriceList
    months : Months

    Raises
    ------
    CommitmentError
        With every commitment that has no price, nothing to cover, or commits more than there can be.
    """
    prices = with_own_prices(prices, use.section)
    priced = _priced(lines, use, prices)
    sizes, _, usage_lines, hourly = lines_covered(lines, priced, use, prices, months)
    _check_planned(priced, sizes, usage_lines, hourly, months, use.section)


def _priced(lines: Sequence[Usage], use: CommittedUse, prices: PriceList) -> list[PricedEntry]:
    """Return the commitments with their prices, or raise with every one that has none or covers nothing."""
    priced, problems = priced_entries(use.section, lines, prices)
    if problems:
        raise CommitmentError(_problem(name, message) for name, message in problems)
    return priced


def lines_covered(
    lines: Sequence[Usage],
    priced: Sequence[PricedEntry],
    use: CommittedUse,
    prices: PriceList,
    months: Months,
) -> tuple[dict[str, Size], list[int], list[UsageLine], FloatArray]:
    """Return what commitments may cover: sizes, places in the lines, the lines as a bill has them, and their hours."""
    sizes, members = eligible_lines(lines, priced, use.section, prices)
    hourly = np.array(
        [hourly_usage(lines[i], use, months) for i in members] or np.zeros((0, int(months.hours.sum()))),
    )
    usage_lines = [usage_line(lines[i], number, use.section) for number, i in enumerate(members)]
    return sizes, members, usage_lines, hourly


def _size_name(meter: Meter, region: str) -> str:
    return f"{meter.text} in {region}"


def eligible_lines(
    lines: Sequence[Usage], priced: Sequence[PricedEntry], section: CommitmentSection, prices: PriceList
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
        plan = {int(t[0]): rate for t in terms if (rate := plan_price(line, t, prices)) is not None}
        if not plan and not any(may_cover(entry, p.meter, p.region, line) for p, entry in reservations):
            continue
        members.append(i)
        sizes[_size_name(line.meter, line.price_region)] = Size(
            group=flexibility_group(line.meter),
            ratio=flexibility_ratio(line.meter),
            on_demand=own[1],
            plan=plan,
            aws=is_aws(line.meter.service),
        )
    for p, _ in reservations:
        # A size that is only bought, not used itself: its own price plays no part.
        name = _size_name(p.meter, p.region)
        sizes.setdefault(
            name,
            Size(
                group=flexibility_group(p.meter),
                ratio=flexibility_ratio(p.meter),
                on_demand=1.0,
                aws=is_aws(p.meter.service),
            ),
        )
    return sizes, members


def usage_line(line: Usage, number: int, section: CommitmentSection) -> UsageLine:
    """Return a line of usage as the cover of an hour takes it: its size, region and place in the owner's accounts."""
    place = section.places.get(line.component)
    return UsageLine(
        id=f"{number} {line.component}"[:200],
        size=_size_name(line.meter, line.price_region),
        region=line.price_region,
        **({} if place is None else dict(place)),
    )


def commitment_of(one: PricedEntry) -> Reservation | SavingsPlan:
    """Return an entry as the cover of an hour takes it."""
    entry = one.entry
    if isinstance(entry, ReservationEntry):
        return Reservation(
            id=one.name,
            size=_size_name(one.meter, one.region),
            quantity=entry.quantity,
            region=one.region,
            hourly_cost=one.per_hour,
            flexible=entry.flexible,
            scope=entry.scope,
        )
    return _plan_of(one.name, entry)


def _plan_of(name: str, entry: SavingsPlanEntry) -> SavingsPlan:
    return SavingsPlan(
        id=name, term_years=entry.years, hourly_commitment=entry.usd_per_hour, scope=entry.scope
    )


def _purchases(one: PricedEntry, months: Months) -> Iterator[Commitment]:
    """Yield the terms of an entry that touch the plan: the first, and its renewals at the price of today."""
    entry, covers = one.entry, commitment_of(one)
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
    priced: Sequence[PricedEntry],
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
        begin = max((entry.starts - months.starts[0].date()).days * HOURS_PER_DAY, 0)
        if begin >= hourly.shape[1]:
            continue  # it begins after the plan ends
        try:
            order = cover_order(sizes, lines, (), (_plan_of(one.name, entry),), section.rules)
            check_worth(order, hourly[:, begin:], [one.name])
        except CommitmentError as error:
            problems += [_problem(one.name, problem.message) for problem in error.problems]
    if problems:
        raise CommitmentError(problems)


def _problem(name: str, message: str) -> Problem:
    return Problem(message, path=f"commitments.bought.{name}")


def _rows(
    bill: CommitmentBill,
    priced: Sequence[PricedEntry],
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
    one: PricedEntry,
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
    amount = monthly_usage(line, quantity, months)
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
    one: PricedEntry, status: Status, quantity: FloatArray, billed: FloatArray, effective: FloatArray
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
