"""From a market and futures to a joint problem over a horizon: columns by month of purchase."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from agog_capacity.commitments.joint import Column, JointProblem, joint_problem
from agog_capacity.commitments.market import Futures, Market, Offer
from agog_capacity.errors import CommitmentError, Problem, nearest
from agog_capacity.units import HOURS_PER_DAY, MONTHS_PER_YEAR

SHORTEST_HORIZON_MONTHS = 36
_TERM_HOURS_PER_YEAR = 365 * HOURS_PER_DAY


def too_short(offers: Iterable[Offer], months: int) -> str:
    """Return why terms cannot be compared over so few months; empty if they can."""
    if months >= SHORTEST_HORIZON_MONTHS or all(offer.term_years == 1 for offer in offers):
        return ""
    return (
        f"a horizon of {months} months cannot compare terms (three years always win); plan at least "
        f"{SHORTEST_HORIZON_MONTHS} months"
    )


def check_market(futures: Futures, market: Market) -> None:
    """Refuse what cannot be planned, all of it together.

    Raises
    ------
    CommitmentError
        With every offer without a price or use, repeated names, and months that do not fit.
    """
    count = market.months.count
    problems = [
        Problem(f"size {size!r} has no on-demand price; {nearest(size, market.on_demand)}")
        for size in futures.sizes
        if size not in market.on_demand
    ]
    if futures.month.size and (futures.month.min() < 0 or futures.month.max() >= count):
        problems.append(
            Problem(f"futures name month {int(futures.month.max())}; the horizon has {count}, from 0")
        )
    missing = sorted(set(range(count)) - set(futures.month.tolist()))
    if missing:
        problems.append(
            Problem(f"futures have no hours in months {missing[:6]} of the horizon; simulate all of it")
        )
    names = [offer.name for offer in market.offers]
    for offer in market.offers:
        if names.count(offer.name) > 1:
            problems.append(
                Problem(
                    f"offer {offer.name!r} is listed {names.count(offer.name)} times; nothing is bought twice"
                )
            )
        if offer.size is not None and offer.size not in futures.sizes:
            problems.append(
                Problem(
                    f"offer {offer.name!r} is for {offer.size!r}, which no future uses; {nearest(offer.size, futures.sizes)}"
                )
            )
        if offer.size is None and not set(offer.plan_prices or {}) & set(futures.sizes):
            problems.append(
                Problem(
                    f"savings plan {offer.name!r} has no price for any size in use; give it its own plan prices"
                )
            )
        if offer.size is not None and not offer.usd_per_hour > 0:
            problems.append(
                Problem(f"offer {offer.name!r} has no price above 0; find it or leave the offer out")
            )
        if offer.term_years * MONTHS_PER_YEAR > SHORTEST_HORIZON_MONTHS:
            problems.append(
                Problem(f"offer {offer.name!r} is for {offer.term_years} years; at most 3 can be planned")
            )
    plans = [offer.name for offer in market.offers if offer.size is None]
    for name, amount in (market.existing_plan or {}).items():
        if name not in plans:
            problems.append(
                Problem(
                    f"existing savings plan {name!r} has no offer with its prices; {nearest(name, plans)}"
                )
            )
        elif np.shape(amount) != (count,):
            problems.append(
                Problem(f"existing savings plan {name!r} needs an amount for each of the {count} months")
            )
    if found := too_short(market.offers, count):
        problems.append(Problem(found))
    if any(not 0 <= month < count for month in market.buy_in) or len(set(market.buy_in)) != len(
        market.buy_in
    ):
        problems.append(
            Problem(
                f"months of purchase {market.buy_in} must be different and within the {count} of the horizon"
            )
        )
    if problems:
        raise CommitmentError(problems)


def horizon_problem(
    futures: Futures, market: Market, *, by_future: bool
) -> tuple[JointProblem, tuple[tuple[Offer, int], ...]]:
    """Return the joint problem of a horizon, and the offer and month of each of its columns.

    Parameters
    ----------
    futures : Futures
    market : Market
    by_future : bool
        Keep the futures apart, for risk and outcomes; otherwise equal hours of all futures are merged.
    """
    count, sizes = market.months.count, futures.sizes
    likely = np.flatnonzero(futures.probability > 0)
    per_month = np.bincount(futures.month, minlength=count)
    hours = futures.month.size
    # A sample of hours stands for all hours of its month.
    weight = market.months.hours[futures.month] / per_month[futures.month]
    if market.monthly_discount_rate:
        weight = weight / (1 + market.monthly_discount_rate) ** futures.month
    plans, plan_of = _plan_kinds(market)
    columns, sold = [], []
    for offer in market.offers:
        target = sizes.index(offer.size) if offer.size is not None else len(sizes) + plan_of[offer.name]
        for month in market.buy_in:
            end = month + offer.term_years * MONTHS_PER_YEAR
            if offer.sold_until is not None and month >= offer.sold_until:
                continue
            if offer.latest_end is not None and end > offer.latest_end:
                continue
            columns.append(
                Column(
                    f"{offer.name} from {market.months.labels[month]}",
                    target,
                    _column_cost(offer, month, market),
                    tuple(range(month, min(end, count))),
                    whole=offer.size is not None,
                )
            )
            sold.append((offer, month))
    existing = np.zeros((count, len(plans)))
    for name, amount in (market.existing_plan or {}).items():
        existing[:, plan_of[name]] += np.asarray(amount, dtype=float)
    problem = joint_problem(
        futures.usage[likely].reshape(len(likely) * hours, len(sizes)),
        [market.on_demand[size] for size in sizes],
        columns,
        [[prices.get(size) for size in sizes] for _, prices in plans],
        weight=np.concatenate([weight * futures.probability[f] for f in likely]),
        period=np.tile(futures.month, len(likely)),
        future=np.repeat(np.arange(len(likely)), hours) if by_future else None,
        periods=count,
        existing_reserved=market.existing_reserved,
        existing_plan=existing,
    )
    if market.residual == "refund":
        left = np.array(
            [_left_over(offer, month, market) if _is_refunded(offer) else 0.0 for offer, month in sold]
        )
        # Costs are money, so the pool is in money too.
        problem = replace(problem, limit_rows=left[None, :], limits=np.array([market.refund_limit]))
    return problem, tuple(sold)


def _plan_kinds(market: Market) -> tuple[list[tuple[int, Mapping[str, float]]], dict[str, int]]:
    """Return the different price vectors of plans, and which one each plan offer has."""
    kinds: list[tuple[int, Mapping[str, float]]] = []
    found: dict[str, int] = {}
    for offer in market.offers:
        if offer.size is None:
            prices = dict(offer.plan_prices or {})
            known = [
                q for q, (term, other) in enumerate(kinds) if term == offer.term_years and other == prices
            ]
            if not known:
                kinds.append((offer.term_years, prices))
            found[offer.name] = known[0] if known else len(kinds) - 1
    return kinds, found


def _total(offer: Offer) -> float:
    return offer.usd_per_hour * _TERM_HOURS_PER_YEAR * offer.term_years


def _share_beyond(offer: Offer, month: int, market: Market) -> float:
    term = offer.term_years * MONTHS_PER_YEAR
    return max(month + term - market.months.count, 0) / term


def _left_over(offer: Offer, month: int, market: Market) -> float:
    """Return the commitment that is left at the end of the horizon. [USD per unit]"""
    return _total(offer) * _share_beyond(offer, month, market)


def _is_refunded(offer: Offer) -> bool:
    """A savings plan never is."""
    return offer.size is not None and offer.refundable


def _column_cost(offer: Offer, month: int, market: Market) -> float:
    total, left = _total(offer), _left_over(offer, month, market)
    if market.residual == "in use":
        total -= left
    elif market.residual == "refund" and _is_refunded(offer):
        total -= left * (1 - market.early_termination_fee)
    return total / (1 + market.monthly_discount_rate) ** month
