"""Which usage each hour a commitment pays for: the readable reference.

In every hour, in this order [1]_: spot is left out; reservations from the narrowest scope to the widest,
then as listed, each over its eligible lines; savings plans, each over its lines by falling discount; what
is left is on demand; what is left of a commitment is lost. Nothing is carried into the next hour.

`cover_fast` runs the same order for many futures at once; tests hold the two equal.

References
----------
.. [1] MicrosoftDocs/azure-docs, cost-management-billing/reservations/benefit-application-order, 2026-07-17,
   and cost-management-billing/savings-plan/discount-application, 2025-01-07.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from agog_capacity.commitments.terms import CoverRules, Reservation, SavingsPlan, Size, UsageLine
from agog_capacity.errors import CommitmentError, Problem, nearest
from agog_capacity.periods import FloatArray

_DECIMALS = 12
"""Discounts equal to this many decimals are ties, taken as listed: 1 - 0.237/0.3 must not beat its double."""


@dataclass(frozen=True)
class Turn:
    """One commitment's turn: the lines it may cover, in order."""

    index: int
    """Place of the commitment in the list that was given."""
    lines: tuple[int, ...]
    rates: tuple[float, ...]
    """What one instance-hour of each line takes: ratio units of a reservation, USD of a plan."""


@dataclass(frozen=True)
class CoverOrder:
    """Everything about a cover that does not change from hour to hour."""

    reservations: tuple[Turn, ...]
    plans: tuple[Turn, ...]
    reserved_ratio: FloatArray
    """Ratio of the size each reservation was bought in, shape (reservations,). [ratio units per unit]"""
    reserved_units: FloatArray
    """Quantity of each reservation, shape (reservations,). [units]"""
    plan_amount: FloatArray
    """Commitment of each plan, shape (plans,). [USD per hour]"""
    reservation_cost: FloatArray
    """Cost of each reservation, used or not, shape (reservations,). [USD per hour]"""
    unit_price: FloatArray
    """Price of each line that is not covered: on demand or spot, shape (lines,). [USD per instance-hour]"""
    is_spot: np.ndarray[Any, np.dtype[np.bool_]]
    """Lines on spot, shape (lines,)."""

    @property
    def committed_cost(self) -> float:
        """Cost of all commitments, used or not. [USD per hour]"""
        return float(self.reservation_cost.sum() + self.plan_amount.sum())


@dataclass(frozen=True)
class Cover:
    """What happened in each hour; the last axis is hours.

    Attributes
    ----------
    order : CoverOrder
    reserved_quantity : ndarray, shape (reservations, lines, hours)
        Usage that each reservation paid for. [instance-hours of the line]
    reserved_used, reserved_unused : ndarray, shape (reservations, hours)
        [units of the size bought]
    plan_quantity : ndarray, shape (plans, lines, hours)
        Usage that each plan paid for. [instance-hours of the line]
    plan_usd : ndarray, shape (plans, lines, hours)
        What each plan spent on each line. [USD at plan prices]
    plan_unused : ndarray, shape (plans, hours)
        [USD]
    on_demand_quantity : ndarray, shape (lines, hours)
        Left to pay at the own price; 0 for spot lines. [instance-hours]
    spot_quantity : ndarray, shape (lines, hours)
        [instance-hours]
    """

    order: CoverOrder
    reserved_quantity: FloatArray
    reserved_used: FloatArray
    reserved_unused: FloatArray
    plan_quantity: FloatArray
    plan_usd: FloatArray
    plan_unused: FloatArray
    on_demand_quantity: FloatArray
    spot_quantity: FloatArray

    @property
    def plan_used(self) -> FloatArray:
        """What each plan spent, shape (plans, hours). [USD]"""
        return np.asarray(self.plan_usd.sum(axis=1), dtype=float)

    @property
    def on_demand_cost(self) -> FloatArray:
        """Usage that nothing covers, shape (hours,). [USD]"""
        return np.asarray(self.order.unit_price @ self.on_demand_quantity, dtype=float)

    @property
    def spot_cost(self) -> FloatArray:
        """Spot usage, shape (hours,). [USD]"""
        return np.asarray(self.order.unit_price @ self.spot_quantity, dtype=float)

    @property
    def effective_cost(self) -> FloatArray:
        """Commitments, used or not, and the rest, shape (hours,). [USD]"""
        return self.on_demand_cost + self.spot_cost + self.order.committed_cost


def cover_order(
    sizes: Mapping[str, Size],
    lines: Sequence[UsageLine],
    reservations: Sequence[Reservation] = (),
    plans: Sequence[SavingsPlan] = (),
    rules: CoverRules | None = None,
) -> CoverOrder:
    """Work out who may cover what, in which order.

    Parameters
    ----------
    sizes : mapping
        Size of each name that lines and reservations use.
    lines, reservations, plans : sequence
        As listed; the listing breaks ties.
    rules : CoverRules, optional
        Where the documents are silent.

    Returns
    -------
    CoverOrder

    Raises
    ------
    CommitmentError
        With every unknown size, missing price and repeated id.
    """
    rules = rules or CoverRules()
    _check(sizes, lines, reservations, plans)
    on_demand = [i for i, line in enumerate(lines) if line.purchase_option == "on-demand"]
    return CoverOrder(
        reservations=tuple(
            _reservation_turn(index, reservations[index], on_demand, lines, sizes, rules)
            for index in sorted(
                range(len(reservations)), key=lambda i: _reservation_rank(reservations[i], sizes)
            )
        ),
        plans=tuple(
            _plan_turn(index, plans[index], on_demand, lines, sizes)
            for index in sorted(range(len(plans)), key=lambda i: _plan_rank(plans[i], rules))
        ),
        reserved_ratio=np.array([sizes[r.size].ratio for r in reservations], dtype=float),
        reserved_units=np.array([r.quantity for r in reservations], dtype=float),
        plan_amount=np.array([p.hourly_commitment for p in plans], dtype=float),
        reservation_cost=np.array([r.quantity * r.hourly_cost for r in reservations], dtype=float),
        unit_price=np.array([_own_price(line, sizes) for line in lines], dtype=float),
        is_spot=np.array([line.purchase_option == "spot" for line in lines], dtype=bool),
    )


def cover_hours(order: CoverOrder, quantity: ArrayLike) -> Cover:
    """Apply commitments to hourly usage.

    Parameters
    ----------
    order : CoverOrder
        From `cover_order`, with its lines.
    quantity : array-like, shape (lines, hours)
        Usage of each line. [instance-hours]

    Returns
    -------
    Cover

    Raises
    ------
    CommitmentError
        If quantities are negative, not finite, or not one row a line.
    """
    usage = checked_usage(quantity, len(order.unit_price))
    lines, hours = usage.shape
    left = np.where(order.is_spot[:, None], 0.0, usage)
    reserved = np.zeros((len(order.reserved_units), lines, hours))
    used = np.zeros((len(order.reserved_units), hours))
    for turn in order.reservations:
        room = np.full(hours, order.reserved_units[turn.index] * order.reserved_ratio[turn.index])
        for line, ratio in zip(turn.lines, turn.rates, strict=True):
            need = left[line] * ratio
            taken = np.minimum(need, room)
            quantity_taken = np.where(need <= room, left[line], taken / ratio)
            reserved[turn.index, line] = quantity_taken
            left[line] = left[line] - quantity_taken
            room = room - taken
            used[turn.index] += taken / order.reserved_ratio[turn.index]
    plan_quantity = np.zeros((len(order.plan_amount), lines, hours))
    plan_usd = np.zeros_like(plan_quantity)
    for turn in order.plans:
        room = np.full(hours, order.plan_amount[turn.index])
        for line, price in zip(turn.lines, turn.rates, strict=True):
            need = left[line] * price
            taken = np.minimum(need, room)
            quantity_taken = (
                left[line].copy() if price == 0 else np.where(need <= room, left[line], taken / price)
            )
            plan_quantity[turn.index, line] = quantity_taken
            plan_usd[turn.index, line] = taken
            left[line] = left[line] - quantity_taken
            room = room - taken
    return Cover(
        order=order,
        reserved_quantity=reserved,
        reserved_used=used,
        reserved_unused=np.maximum(order.reserved_units[:, None] - used, 0.0),
        plan_quantity=plan_quantity,
        plan_usd=plan_usd,
        plan_unused=np.maximum(order.plan_amount[:, None] - plan_usd.sum(axis=1), 0.0),
        on_demand_quantity=left,
        spot_quantity=np.where(order.is_spot[:, None], usage, 0.0),
    )


def check_worth(order: CoverOrder, quantity: ArrayLike, names: Sequence[str] = ()) -> None:
    """Refuse savings plans that no hour can use up, before they are bought.

    A bill may hold such a plan (the rest of each hour is its unused part); a purchase may not.

    Parameters
    ----------
    order : CoverOrder
    quantity : array-like, shape (lines, hours)
        Expected usage. [instance-hours]
    names : sequence of str, optional
        Ids of the plans, for the message.

    Raises
    ------
    CommitmentError
        With every plan above all its eligible usage, or without any.
    """
    usage = checked_usage(quantity, len(order.unit_price))
    problems = []
    for turn in order.plans:
        amount = float(order.plan_amount[turn.index])
        name = names[turn.index] if names else turn.index
        if amount > 0 and not turn.lines:
            problems.append(
                Problem(f"savings plan {name!r}: no line has a plan price of its term; it would save nothing")
            )
            continue
        rates = np.array(turn.rates)
        peak = float((rates @ usage[list(turn.lines)]).max(initial=0.0)) if turn.lines else 0.0
        if amount > peak * (1 + 1e-9):
            problems.append(
                Problem(
                    f"savings plan {name!r} commits {amount:g} USD an hour, above all its eligible usage, which is at most "
                    f"{peak:g} USD an hour at plan prices; the plan is in plan dollars, not on-demand dollars: lower it"
                )
            )
    if problems:
        raise CommitmentError(problems)


def checked_usage(quantity: ArrayLike, lines: int) -> FloatArray:
    """Return usage as an array of (lines, hours).

    Raises
    ------
    CommitmentError
        If rows have different lengths, are too few or many, negative or not finite.
    """
    try:
        usage = np.asarray(quantity, dtype=float)
    except ValueError:
        lengths = [len(np.atleast_1d(row)) for row in quantity]  # type: ignore[union-attr]
        raise CommitmentError(
            f"usage rows have {lengths} hours; give every line the same hours, with 0 where it does not run"
        ) from None
    if usage.ndim != 2 or usage.shape[0] != lines:
        raise CommitmentError(
            f"usage has shape {usage.shape}; give one row of hours for each of the {lines} lines"
        )
    if not np.all(np.isfinite(usage)) or np.any(usage < 0):
        line, hour = np.argwhere(~np.isfinite(usage) | (usage < 0))[0]
        raise CommitmentError(
            f"usage of line {line} in hour {hour} is {usage[line, hour]}; quantities are instance-hours from 0 up"
        )
    return usage


def _check(
    sizes: Mapping[str, Size],
    lines: Sequence[UsageLine],
    reservations: Sequence[Reservation],
    plans: Sequence[SavingsPlan],
) -> None:
    problems = []
    for what, things in (("line", lines), ("reservation", reservations), ("savings plan", plans)):
        ids = [thing.id for thing in things]
        for repeated in sorted({name for name in ids if ids.count(name) > 1}):
            problems.append(
                Problem(
                    f"{what} {repeated!r} is listed {ids.count(repeated)} times; nothing is bought or used twice"
                )
            )
    for what, things in (("line", lines), ("reservation", reservations)):
        for thing in things:
            if thing.size not in sizes:
                problems.append(
                    Problem(
                        f"{what} {thing.id!r} is for size {thing.size!r}, which has no prices; {nearest(thing.size, sizes)}"
                    )
                )
    for line in lines:
        if line.purchase_option == "spot" and line.size in sizes and sizes[line.size].spot is None:
            problems.append(
                Problem(
                    f"line {line.id!r} is on spot, but size {line.size!r} has no spot price; add it or buy on demand"
                )
            )
    if problems:
        raise CommitmentError(problems)


def _own_price(line: UsageLine, sizes: Mapping[str, Size]) -> float:
    size = sizes[line.size]
    return size.on_demand if line.purchase_option == "on-demand" or size.spot is None else size.spot


def _reservation_turn(
    index: int,
    reservation: Reservation,
    on_demand: Sequence[int],
    lines: Sequence[UsageLine],
    sizes: Mapping[str, Size],
    rules: CoverRules,
) -> Turn:
    bought = sizes[reservation.size]
    eligible = [
        i
        for i in on_demand
        if lines[i].region == reservation.region
        and reservation.scope.covers(lines[i])
        and (
            sizes[lines[i].size].group == bought.group
            if reservation.flexible
            else lines[i].size == reservation.size
        )
    ]
    if (rules.line_order or ("smallest_first" if bought.aws else "listed")) == "smallest_first":
        eligible.sort(key=lambda i: sizes[lines[i].size].ratio)
    return Turn(index, tuple(eligible), tuple(sizes[lines[i].size].ratio for i in eligible))


def _reservation_rank(reservation: Reservation, sizes: Mapping[str, Size]) -> tuple[int, bool]:
    """Narrow scopes go first; then as listed, on AWS what is not flexible before what is."""
    return reservation.scope.width, sizes[reservation.size].aws and reservation.flexible


def _plan_rank(plan: SavingsPlan, rules: CoverRules) -> tuple[int, ...]:
    rank = {"scope": plan.scope.width, "term": -plan.term_years}
    return tuple(rank[key] for key in rules.plan_keys)


def _plan_turn(
    index: int,
    plan: SavingsPlan,
    on_demand: Sequence[int],
    lines: Sequence[UsageLine],
    sizes: Mapping[str, Size],
) -> Turn:
    def discount(i: int) -> float:
        size = sizes[lines[i].size]
        return round(1 - size.plan[plan.term_years] / size.on_demand, _DECIMALS)

    eligible = [
        i for i in on_demand if plan.term_years in sizes[lines[i].size].plan and plan.scope.covers(lines[i])
    ]
    eligible.sort(key=lambda i: -discount(i))
    # A negotiated price below the plan's is charged to the plan at the lower of the two.
    rates = (
        min(sizes[lines[i].size].plan[plan.term_years], sizes[lines[i].size].on_demand) for i in eligible
    )
    return Turn(index, tuple(eligible), tuple(rates))
