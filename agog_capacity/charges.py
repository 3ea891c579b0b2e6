"""From usage to charges: the one place where quantities meet prices.

The order is not negotiable, because tiers and free grants span components and commitments are used
or lost each hour: usage (hourly in meaning) -> commitments, hour by hour -> tiers, month by month,
over everything that shares them -> allocation back to the components -> a check that the parts add
up to the whole. Commitments have a package of their own (`committed`), which is loaded
only where a plan has any; without them every hour is on demand or spot as its component says, and
list, contracted, billed and effective cost of a charge are equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from agog_capacity.components.base import Usage
from agog_capacity.errors import AgogCapacityError, AmbiguousPrice, MissingPrices, Problem, UnitError
from agog_capacity.frozen import read_only
from agog_capacity.periods import FloatArray, Months
from agog_capacity.prices.book import PriceKey, Schedule
from agog_capacity.prices.resolve import PriceList, PriceNotFound, ResolvedPrice
from agog_capacity.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from agog_capacity.committed.rows import CommittedRow, CommittedUse, Status


@dataclass(frozen=True, eq=False)
class Charge:
    """What one component pays for one meter, by tier and month."""

    usage: Usage
    price: ResolvedPrice
    quantity: FloatArray
    """Amount billed, shape (tiers, months). [base unit of the price]"""
    cost: FloatArray
    """List cost, shape (tiers, months). [currency of the price]"""
    unit_price: FloatArray
    """Price of each tier, shape (tiers,). [currency per base unit]. Of a lump, the lump itself."""
    note: str = ""
    """What a reader must know, such as that the amount is part of a lump."""
    contracted: FloatArray | None = None
    """At the negotiated price, shape (tiers, months); None where that is the list cost. [currency of the price]"""
    billed: FloatArray | None = None
    """As the invoice has it, shape (tiers, months); None where that is the contracted cost. [currency of the price]"""
    effective: FloatArray | None = None
    """Commitments spread over their term, shape (tiers, months); None where nothing is. [currency of the price]"""
    commitment: str = ""
    """Name of the commitment that bought, paid for or lost this; blank for pay as you go."""
    status: Status = ""
    """What the charge is to that commitment."""

    @property
    def contracted_cost(self) -> FloatArray:
        """After negotiated discounts, shape (tiers, months). [currency of the price]"""
        return self.cost if self.contracted is None else self.contracted

    @property
    def billed_cost(self) -> FloatArray:
        """What the invoice of the month says, shape (tiers, months). [currency of the price]"""
        return self.contracted_cost if self.billed is None else self.billed

    @property
    def effective_cost(self) -> FloatArray:
        """With purchases spread over their term, shape (tiers, months). [currency of the price]"""
        return self.contracted_cost if self.effective is None else self.effective

    def __post_init__(self) -> None:
        """Keep the amounts from being changed."""
        for name in ("quantity", "cost", "unit_price"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @property
    def monthly_cost(self) -> FloatArray:
        """Effective cost of each month, shape (months,). [currency of the price]"""
        return np.asarray(self.effective_cost.sum(axis=0), dtype=float)

    @property
    def monthly_billed(self) -> FloatArray:
        """Billed cost of each month, shape (months,). [currency of the price]"""
        return np.asarray(self.billed_cost.sum(axis=0), dtype=float)


def graduated_quantities(quantity: ArrayLike, tier_starts: ArrayLike) -> FloatArray:
    """Split quantities over graduated tiers.

    Parameters
    ----------
    quantity : array-like, shape (n,)
        Totals of one meter, one a billing month. [base units]
    tier_starts : array-like, shape (k,)
        Lower bound of each tier; rises from 0. [base units]

    Returns
    -------
    ndarray, shape (k, n)
        The part of each total that falls in each tier; the last tier is open.

    Raises
    ------
    ValueError
        If `tier_starts` does not begin at 0 and rise.

    Examples
    --------
    >>> graduated_quantities([60.0], [0, 10, 50]).ravel().tolist()
    [10.0, 40.0, 10.0]
    """
    starts = np.asarray(tier_starts, dtype=float)
    if starts[0] != 0 or np.any(np.diff(starts) <= 0):
        raise ValueError(f"tier_starts is {starts.tolist()}; it must begin at 0 and rise")
    widths = np.diff(np.append(starts, np.inf))
    above = np.asarray(quantity, dtype=float) - starts[:, None]
    return np.asarray(np.clip(above, 0, widths[:, None]), dtype=float)


def price_usage(
    usage: Iterable[Usage], prices: PriceList, months: Months, committed: CommittedUse | None = None
) -> tuple[Charge, ...]:
    """Price the usage of one design.

    Parameters
    ----------
    usage : iterable of Usage
        Of all components together: free grants and tiers span components.
    prices : PriceList
        Books and stand-ins.
    months : Months
        The billing months of the quantities.
    committed : CommittedUse, optional
        What the design has bought ahead; all is pay as you go if left out.

    Returns
    -------
    tuple of Charge
        One for each usage, in the order given; then the rows of the commitments.

    Raises
    ------
    MissingPrices
        With every meter that has no price.
    UnitError
        With every quantity that cannot be converted to the unit of its price.
    CommitmentError
        With every commitment that cannot be applied.
    """
    lines = tuple(usage)
    rows: tuple[CommittedRow, ...] = ()
    if committed is not None:
        from agog_capacity.committed.step import apply_commitments

        lines, rows = apply_commitments(lines, committed, prices, months)
    resolved = resolved_prices(lines, prices)
    converted = [_converted(line, price, months) for line, price in zip(lines, resolved, strict=True)]
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, (line, price) in enumerate(zip(lines, resolved, strict=True)):
        groups.setdefault(_pool(line, price), []).append(index)
    charges: dict[int, Charge] = {}
    for members in groups.values():
        pick = [(lines[i], resolved[i], converted[i]) for i in members]
        priced = _lump(pick) if resolved[members[0]].schedule.lump else _graduated(pick)
        charges.update(zip(members, priced, strict=True))
    in_order = tuple(charges[index] for index in range(len(lines)))
    if committed is None:
        return in_order
    return (*(_negotiated(charge, committed) for charge in in_order), *map(_charge_of, rows))


def _negotiated(charge: Charge, committed: CommittedUse) -> Charge:
    """Return a charge at the price of the owner's sheet, where the sheet has one."""
    from agog_capacity.committed.rows import negotiated_price

    price = negotiated_price(charge.usage, committed.section)
    if price is None:
        return charge
    # A sheet names one price; what is free stays free.
    paid = np.where(charge.unit_price > 0, price, 0.0)
    return replace(
        charge,
        contracted=charge.quantity * paid[:, None],
        note=_joined(charge.note, f"negotiated: {price:g}"),
    )


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _charge_of(row: CommittedRow) -> Charge:
    return Charge(
        usage=row.usage,
        price=row.price,
        quantity=row.usage.quantity[None, :],
        cost=row.list_cost[None, :],
        unit_price=np.array([row.unit_price]),
        note=row.note,
        contracted=row.contracted[None, :],
        billed=row.billed[None, :],
        effective=row.effective[None, :],
        commitment=row.commitment,
        status=row.status,
    )


def without_use_and_price(
    usage: Iterable[Usage], prices: PriceList
) -> tuple[tuple[Usage, ...], tuple[Usage, ...]]:
    """Split off what needs no price: what is used in no month and has none.

    Parameters
    ----------
    usage : iterable of Usage
    prices : PriceList

    Returns
    -------
    needed : tuple of Usage
        What is used, or has a price.
    unneeded : tuple of Usage
        To be named with the result.
    """
    needed, unneeded = [], []
    for line in usage:
        try:
            if not line.quantity.any():
                prices.resolve(PriceKey(line.meter, line.price_region, line.purchase_option, line.term))
        except PriceNotFound:
            unneeded.append(line)
        else:
            needed.append(line)
    return tuple(needed), tuple(unneeded)


def resolved_prices(lines: Sequence[Usage], prices: PriceList) -> list[ResolvedPrice]:
    """Return the price of each line.

    Parameters
    ----------
    lines : sequence of Usage
    prices : PriceList

    Raises
    ------
    MissingPrices
        With every meter that has no price, each once; their paths are those of components in a design.
    UnitError
        With every quantity that cannot be converted to the unit of its price.
    """
    found: dict[PriceKey, ResolvedPrice] = {}
    missing: dict[PriceKey, Problem] = {}
    for line in lines:
        key = PriceKey(line.meter, line.price_region, line.purchase_option, line.term)
        if key in found or key in missing:
            continue
        try:
            found[key] = prices.resolve(key)
        except PriceNotFound as error:
            missing[key] = Problem(str(error), path=f"components.{line.component}")
        except AmbiguousPrice as error:
            raise AmbiguousPrice(f"component {line.component!r}: {error}") from None
    if missing:
        raise MissingPrices(missing.values())
    resolved = [found[PriceKey(x.meter, x.price_region, x.purchase_option, x.term)] for x in lines]
    if unfit := dict.fromkeys(
        Problem(_unfit(line, price), path=f"components.{line.component}")
        for line, price in zip(lines, resolved, strict=True)
        if not _fits(line, price)
    ):
        raise UnitError(unfit)
    return resolved


_TIMES = frozenset({"Hour", "Day", "Month"})


def _fits(line: Usage, price: ResolvedPrice) -> bool:
    """Tell whether a quantity can be converted to the base unit of its price."""
    return (
        price.schedule.lump or line.unit == price.schedule.base or {line.unit, price.schedule.base} <= _TIMES
    )


def _unfit(line: Usage, price: ResolvedPrice) -> str:
    row = price.schedule.tiers[0].line
    where = f"the price row (line {row})" if row else "the price"
    return (
        f"component {line.component!r} uses {line.meter.text!r} in {line.unit}, but price book {price.book!r} sells it by "
        f"{price.schedule.base}; correct the unit of {where} or use another meter"
    )


def _pool(line: Usage, price: ResolvedPrice) -> tuple[object, ...]:
    """Return what must be equal for two usages to share tiers and free grants."""
    if price.schedule.lump:
        return ("lump", price.book, price.schedule.key)
    own: tuple[object, ...] = (line.meter, line.purchase_option, line.term, line.free_grant)
    if line.pool == "billing account":
        return own
    if line.pool == "region":
        return (*own, line.price_region)
    return (*own, line.price_region, line.component)


def _converted(line: Usage, price: ResolvedPrice, months: Months) -> FloatArray:
    """Return the quantity in the base unit of its price, which it fits."""
    have, want = line.unit, price.schedule.base
    if price.schedule.lump or have == want:
        return line.quantity
    hours_in: Mapping[str, FloatArray | float] = {
        "Hour": 1.0,
        "Day": float(HOURS_PER_DAY),
        "Month": months.hours,
    }
    if {have, want} == {"Day", "Month"}:
        return np.asarray(line.quantity / months.days if have == "Day" else line.quantity * months.days)
    return np.asarray(line.quantity * hours_in[have] / hours_in[want])


_Member = tuple[Usage, ResolvedPrice, FloatArray]


def _graduated(members: Sequence[_Member]) -> list[Charge]:
    """Price what shares tiers: the total fills them, each member pays its share at its own region's prices.

    Members of different regions may have different bounds. The total is cut at every bound of
    any of them, so each member's schedule is exact on each slice.
    """
    total = np.sum([quantity for _, _, quantity in members], axis=0)
    bounds = sorted({start for _, price, _ in members for start in price.schedule.tier_starts})
    slices = graduated_quantities(total, bounds)
    shares = [
        np.divide(quantity, total, out=np.zeros_like(total), where=total > 0) for _, _, quantity in members
    ]
    charges = []
    for (line, price, quantity), share in zip(members, shares, strict=True):
        starts = np.asarray(price.schedule.tier_starts)
        tier_of_slice = np.searchsorted(starts, bounds, side="right") - 1
        billed = np.zeros((len(starts), len(total)))
        np.add.at(billed, tier_of_slice, slices * share)
        unit_price = _prices_of(line, price.schedule)
        note = (
            ""
            if line.free_grant or unit_price[0] == price.schedule.per_base_unit[0]
            else "free grant does not apply"
        )
        charges.append(Charge(line, price, billed, billed * unit_price[:, None], unit_price, note))
        _check_parts(line, billed.sum(axis=0), quantity)
    return charges


def _prices_of(line: Usage, schedule: Schedule) -> FloatArray:
    unit_price = np.asarray(schedule.per_base_unit, dtype=float)
    paid = np.flatnonzero(unit_price)
    if not line.free_grant and len(paid):
        unit_price = unit_price.copy()
        unit_price[: paid[0]] = unit_price[paid[0]]
    return unit_price


def _lump(members: Sequence[_Member]) -> list[Charge]:
    """Share an amount per month out among what it pays for.

    The first covered meter that is used carries the amount, by quantity; what else the lump
    covers is in it, and says so. A month without any usage is not charged.
    """
    amount = members[0][1].schedule.tiers[0].unit_price
    covers = members[0][1].schedule.tiers[0].covers
    months = len(members[0][2])
    cost = [np.zeros(months) for _ in members]
    for month in range(months):
        used = [i for i, (_, _, quantity) in enumerate(members) if quantity[month] > 0]
        if not used:
            continue
        carrier = min(covers.index(members[i][0].meter) for i in used)
        carrying = [i for i in used if covers.index(members[i][0].meter) == carrier]
        whole = sum(members[i][2][month] for i in carrying)
        for i in carrying:
            cost[i][month] = amount * members[i][2][month] / whole
    return [
        Charge(
            line,
            price,
            quantity[None, :],
            cost[i][None, :],
            np.array([amount]),
            f"part of a lump of {amount:g} {price.currency} a month for {', '.join(m.meter for m in covers)}",
        )
        for i, (line, price, quantity) in enumerate(members)
    ]


def _check_parts(line: Usage, allocated: FloatArray, used: FloatArray) -> None:
    if not np.allclose(allocated, used, rtol=1e-9, atol=1e-9):
        raise AgogCapacityError(
            f"allocation of {line.meter.text!r} to {line.component!r} does not add up; please report this as a defect"
        )
