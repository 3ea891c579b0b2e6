"""The bill of a portfolio in the provider's order, which need not be the best split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.commitments.cover import cover_order
from agog_capacity.commitments.cover_fast import cover_totals
from agog_capacity.commitments.market import Futures
from agog_capacity.commitments.terms import Reservation, SavingsPlan, Size, UsageLine
from agog_capacity.periods import FloatArray

if TYPE_CHECKING:
    from agog_capacity.commitments.portfolio import Portfolio


def cost_in_order(portfolio: Portfolio, futures: Futures | None = None) -> float:
    """Return the expected cost of a portfolio, each hour covered by the rule. [USD]

    Equal to `portfolio.cost` with at most one kind of savings plan; with two, Azure fills the three-year
    plan first whatever is best.

    Parameters
    ----------
    portfolio : Portfolio
    futures : Futures, optional
        Usage of its sizes over its horizon; those it was made for, if not given.
    """
    futures = portfolio.futures if futures is None else futures
    bought = portfolio.optimum.quantity
    months = np.arange(portfolio.market.months.count)
    discount = (1 + portfolio.market.monthly_discount_rate) ** months
    uncovered = futures.probability @ uncovered_in_order(portfolio, futures, bought)
    return float(portfolio.optimum.problem.cost @ bought) + float((uncovered / discount).sum())


def uncovered_in_order(portfolio: Portfolio, futures: Futures, bought: FloatArray) -> FloatArray:
    """Return what is left to pay on demand, each hour covered by the rule, shape (futures, months). [USD]

    Parameters
    ----------
    portfolio : Portfolio
    futures : Futures
        Usage of its sizes over its horizon.
    bought : ndarray, shape (columns,)
        Quantity of each column; what exists already is there in any case.
    """
    market, problem, names = portfolio.market, portfolio.optimum.problem, futures.sizes
    left = np.zeros((len(futures.usage), market.months.count))
    for month in range(market.months.count):
        mine = np.flatnonzero(futures.month == month)
        usage = np.ascontiguousarray(futures.usage[:, mine, :].transpose(0, 2, 1))
        plans = []
        sizes = {
            # Every size its own group: quantities are units of exact sizes.
            name: Size(group=name, ratio=1.0, on_demand=market.on_demand[name])
            for name in names
        }
        for j, (offer, start) in enumerate(portfolio.columns):
            if offer.size is None and bought[j] > 0 and month in problem.columns[j].periods:
                plans.append((offer, f"{offer.name} {start}", float(bought[j])))
        for name, amounts in (market.existing_plan or {}).items():
            offer = next(o for o in market.offers if o.name == name)
            plans.append((offer, f"{name} existing", float(amounts[month])))
        for offer, _, _ in plans:
            for name, price in (offer.plan_prices or {}).items():
                if name in sizes:
                    sizes[name] = sizes[name].replace(plan={**sizes[name].plan, offer.term_years: price})
        reserved = problem.existing_reserved[month] + np.tensordot(
            bought, problem.reach[:, month, : len(names)], axes=1
        )
        order = cover_order(
            sizes,
            [UsageLine(id=name, size=name) for name in names],
            [
                Reservation(
                    id=name, size=name, quantity=float(units), region=None, hourly_cost=0.0, flexible=False
                )
                for name, units in zip(names, reserved, strict=True)
            ],
            [
                SavingsPlan(id=label, term_years=offer.term_years, hourly_commitment=amount)
                for offer, label, amount in plans
            ],
        )
        left[:, month] = (
            cover_totals(order, usage).uncovered_cost[:, 0] * market.months.hours[month] / len(mine)
        )
    return left
