"""Giving commitments back: refunds within a yearly pool, exchanges around the policy date, trade-ins.

Savings plans cannot be cancelled, refunded or exchanged. What follows is for reservations.

References
----------
.. [1] MicrosoftDocs/azure-docs, cost-management-billing/reservations/exchange-and-refund-azure-reservations,
   2026-07-22: 50,000 USD in a rolling 12 months; the early termination fee of 12 % has no date.
.. [2] MicrosoftDocs/azure-docs, cost-management-billing/reservations/reservation-exchange-policy-changes,
   2026-08-27: 2027-02-01 supersedes the dates announced before.
.. [3] MicrosoftDocs/azure-docs, cost-management-billing/savings-plan/reservation-trade-in, 2026-07-22.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from agog_capacity.commitments.terms import add_years
from agog_capacity.errors import CommitmentError

REFUND_LIMIT_USD = 50_000.0
REFUND_WINDOW_DAYS = 365
EARLY_TERMINATION_FEE = 0.0
EXCHANGE_POLICY_DATE = date(2027, 2, 1)
"""Reservations bought on or after it cannot be exchanged where a savings plan supports the service; whether
the very day belongs to "after" is not said: ask before buying on it."""
_CENT = 1e-9


@dataclass(frozen=True)
class Cancellation:
    """A request to give a reservation back, or to exchange it."""

    day: date
    remaining_commitment: float
    """What is left of it, future instalments too. [USD]"""
    current_price_prorated: float | None = None
    """The same at today's price, if that differs. [USD]"""
    exchange: bool = False


@dataclass(frozen=True)
class RefundResult:
    """What became of a request."""

    accepted: bool
    available_after: float
    """Left in the pool. [USD]"""
    refund: float
    """[USD]"""


def refunds(
    requests: Iterable[Cancellation],
    limit: float = REFUND_LIMIT_USD,
    window_days: int = REFUND_WINDOW_DAYS,
    early_termination_fee: float = EARLY_TERMINATION_FEE,
) -> tuple[RefundResult, ...]:
    """Follow the refund pool of one enrolment or billing profile [1]_.

    A request above what is left is refused whole. The pool is charged with the commitment, the money is the
    lower of the two prices less the fee. Exchanges need no pool and no fee.

    Parameters
    ----------
    requests : iterable of Cancellation
        In order of date.
    limit : float
        Pool of a rolling window. [USD]
    window_days : int
        Days until an amount is back in the pool.
    early_termination_fee : float
        Share kept.

    Returns
    -------
    tuple of RefundResult
        One for each request.
    """
    accepted: list[tuple[date, float]] = []
    results = []
    latest: date | None = None
    for request in requests:
        if request.remaining_commitment < 0:
            raise CommitmentError(
                f"remaining commitment on {request.day} is {request.remaining_commitment}; it cannot be negative"
            )
        if latest is not None and request.day < latest:
            raise CommitmentError(
                f"the request of {request.day} comes after one of {latest}; list them by date"
            )
        latest = request.day
        available = limit - sum(amount for day, amount in accepted if (request.day - day).days < window_days)
        money = request.remaining_commitment
        if request.current_price_prorated is not None:
            money = min(money, request.current_price_prorated)
        if request.exchange:
            results.append(RefundResult(True, available, money))
        elif request.remaining_commitment <= available + _CENT:
            accepted.append((request.day, request.remaining_commitment))
            left = available - request.remaining_commitment
            results.append(RefundResult(True, left, money * (1 - early_termination_fee)))
        else:
            results.append(RefundResult(False, available, 0.0))
    return tuple(results)


@dataclass(frozen=True)
class ExchangeRequest:
    """A reservation to be turned into something else."""

    purchased: date
    requested: date
    term_years: int
    total: float
    """Price of its whole term. [USD]"""
    new_total: float
    """Lifetime total of what is bought instead. [USD]"""
    to: Literal["reservation", "savings_plan"]
    service_in_savings_plan: bool
    """Whether a savings plan supports the service."""


@dataclass(frozen=True)
class ExchangeResult:
    """Whether it may be done, and what is left afterwards."""

    allowed: bool
    residual: float
    """Value left of the old one, which the new total must reach. [USD]"""
    exchangeable_again: bool
    """Whether the new reservation may be exchanged later."""


def exchange(request: ExchangeRequest, policy_date: date = EXCHANGE_POLICY_DATE) -> ExchangeResult:
    """Decide one exchange or trade-in [2]_ [3]_.

    Parameters
    ----------
    request : ExchangeRequest
    policy_date : date
        From it on, new reservations of services with a savings plan cannot be exchanged.
    """
    if request.to not in ("reservation", "savings_plan"):
        raise CommitmentError(
            f"an exchange to {request.to!r} is not known; choose 'reservation' or 'savings_plan'"
        )
    if request.requested < request.purchased:
        raise CommitmentError(
            f"the exchange of {request.requested} lies before the purchase of {request.purchased}"
        )
    end = add_years(request.purchased, request.term_years)
    days_left = max((end - request.requested).days, 0)
    residual = request.total * days_left / (end - request.purchased).days
    if request.to == "savings_plan":
        may = request.service_in_savings_plan
    else:
        may = request.purchased < policy_date or not request.service_in_savings_plan
    allowed = may and request.new_total >= residual - _CENT * max(1.0, residual)
    again = (
        allowed
        and request.to == "reservation"
        and (request.requested < policy_date or not request.service_in_savings_plan)
    )
    return ExchangeResult(allowed, residual, again)


def exchanges(
    requests: Sequence[ExchangeRequest], policy_date: date = EXCHANGE_POLICY_DATE
) -> tuple[ExchangeResult, ...]:
    """Decide several requests, each on its own."""
    return tuple(exchange(request, policy_date) for request in requests)
