"""What to buy, when and for how long, over many simulated futures.

In a single year the three-year price beats the one-year price on every unit, so a horizon of one year always
answers "three years". The horizon is therefore at least 36 months of futures, with growth, migration and
retirement in them; a purchase in month m covers m to m + 12 or 36; and what a term is worth beyond the
horizon is an explicit choice: nothing (the default, cautious), a refund within the yearly pool, or what it
costs, if use goes on.

Two plans of different terms are optimised with the best split of each hour, which the provider's order may
miss; `rule.cost_in_order` prices the result in that order, and the difference is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from agog_capacity.arguments import is_number
from agog_capacity.commitments.cutting import Risk, best_by_future, optimise_joint
from agog_capacity.commitments.horizon import check_market, horizon_problem
from agog_capacity.commitments.joint import GAP, JointOptimum, JointProblem
from agog_capacity.commitments.market import Futures, Market, Offer
from agog_capacity.commitments.regret import cvar
from agog_capacity.errors import CommitmentError, Problem, nearest
from agog_capacity.periods import FloatArray

_WORST = 0.95
_SMALLEST_MOVED = 0.001
"""Of a savings plan: its amounts have three decimals. [USD per hour]"""


@dataclass(frozen=True)
class Purchase:
    """One line of advice."""

    offer: Offer
    month: int
    """Month of the horizon, from 0."""
    label: str
    """The month as `YYYY-MM`."""
    quantity: float
    """Units, or USD per hour of a plan."""
    worth_of_next: float
    """What one further unit (of a plan: a further 1 USD per hour) would save; negative if it costs. [USD]"""


@dataclass(frozen=True)
class Outcome:
    """Costs over a set of futures."""

    cost: FloatArray
    """Shape (futures,). [USD]"""
    cost_of_nothing: FloatArray
    """Shape (futures,). [USD]"""
    probability: FloatArray

    @property
    def saving(self) -> float:
        """Expected. [USD]"""
        return float(self.probability @ (self.cost_of_nothing - self.cost))

    @property
    def standard_error(self) -> float | None:
        """Of the expected saving; None for a single future, which says nothing about others. [USD]"""
        savings = self.cost_of_nothing - self.cost
        concentration = float(self.probability @ self.probability)
        if concentration >= 1 - 1e-12:
            return None
        spread = float(self.probability @ (savings - self.saving) ** 2)
        return math.sqrt(spread * concentration / (1 - concentration))

    @property
    def worst_saving(self) -> float:
        """Mean saving of the worst 5 % of futures; negative if they lose. [USD]"""
        return -cvar(self.cost - self.cost_of_nothing, self.probability, _WORST)


@dataclass(frozen=True)
class Portfolio:
    """What to buy, certified on the futures it was given."""

    market: Market
    futures: Futures
    optimum: JointOptimum
    columns: tuple[tuple[Offer, int], ...]
    cost_of_nothing: float
    """[USD]"""
    cost_of_minimum: float
    """With the smallest usage of each size covered at the best offer. [USD]"""

    @property
    def cost(self) -> float:
        """Expected cost of the horizon. [USD]"""
        return float(self.optimum.problem.total(self.optimum.quantity))

    @cached_property
    def purchases(self) -> tuple[Purchase, ...]:
        """What is bought, with the worth of one more of it."""
        problem, quantity = self.optimum.problem, self.optimum.quantity
        base = problem.total(quantity)
        found = []
        for j, (offer, month) in enumerate(self.columns):
            if quantity[j] > 1e-9:
                more = quantity.copy()
                more[j] += 1.0
                found.append(
                    Purchase(
                        offer,
                        month,
                        self.market.months.labels[month],
                        float(quantity[j]),
                        base - problem.total(more),
                    )
                )
        return tuple(sorted(found, key=lambda p: (p.month, p.offer.name)))

    def saving_curve(self, offer: str, month: int, quantities: ArrayLike) -> FloatArray:
        """Return the saving as one quantity moves and the rest stays. [USD]

        Parameters
        ----------
        offer : str
        month : int
            Month of purchase.
        quantities : array-like, shape (n,)
        """
        index = self._index(offer, month)
        curve = []
        for quantity in np.asarray(quantities, dtype=float):
            moved = self.optimum.quantity.copy()
            moved[index] = quantity
            curve.append(self.cost_of_nothing - self.optimum.problem.total(moved))
        return np.array(curve)

    def outcome(
        self, futures: Futures | None = None, instead: Mapping[tuple[str, int], float] | None = None
    ) -> Outcome:
        """Return what purchases cost over futures: those they were made for, or fresh ones.

        Parameters
        ----------
        futures : Futures, optional
            Fresh ones; those of the portfolio if not given.
        instead : mapping, optional
            Quantity by offer and month of purchase, in place of what was advised: a ladder, or what there is
            today, on the same futures.
        """
        quantity = self.optimum.quantity
        if instead is not None:
            quantity = np.zeros(len(self.columns))
            for (offer, month), amount in instead.items():
                if not amount >= 0:
                    raise CommitmentError(
                        f"{amount} of {offer!r} cannot be bought; give a quantity from 0 up"
                    )
                quantity[self._index(offer, month)] = amount
        chosen = self.futures if futures is None else futures
        if chosen.sizes != self.futures.sizes:
            raise CommitmentError(
                f"fresh futures have sizes {chosen.sizes}; the portfolio was made for {self.futures.sizes}"
            )
        problem = horizon_problem(chosen, self.market, by_future=True)[0]
        with_it = _by_future(problem, quantity, chosen)
        without = _by_future(problem, np.zeros_like(quantity), chosen)
        return Outcome(with_it, without, chosen.probability)

    def _index(self, offer: str, month: int) -> int:
        for index, (sold, when) in enumerate(self.columns):
            if sold.name == offer and when == month:
                return index
        raise CommitmentError(
            f"{offer!r} is not sold in month {month}; {nearest(offer, {o.name for o, _ in self.columns})}"
        )


MOST_WEIGHT = 1e6
"""Of caution: beyond, the expected cost plays no part."""


@dataclass(frozen=True)
class Caution:
    """How much the bad futures count: expected cost + weight × CVaR of regret."""

    weight: float
    alpha: float = 0.95

    def __post_init__(self) -> None:
        """Check both.

        Raises
        ------
        CommitmentError
            With everything that is no such number.
        """
        found = []
        if not (is_number(self.weight) and 0 <= self.weight <= MOST_WEIGHT):
            found.append(
                f"weight {self.weight!r} of caution must be a number from 0, which is none, to {MOST_WEIGHT:g}"
            )
        if not (is_number(self.alpha) and 0 <= self.alpha < 1):
            found.append(
                f"alpha {self.alpha!r} of caution must be a number from 0 to below 1, such as 0.95 for the worst 5 %"
            )
        if found:
            raise CommitmentError([Problem(text) for text in found])


def optimise_portfolio(
    futures: Futures, market: Market, *, whole: bool = True, gap: float = GAP, caution: Caution | None = None
) -> Portfolio:
    """Find what to buy over the horizon, and certify it.

    Parameters
    ----------
    futures : Futures
    market : Market
    whole : bool
        Whether reservations are whole units.
    gap : float
        Certified relative gap.
    caution : Caution, optional
        Weight on bad futures; expected cost alone if not given.

    Returns
    -------
    Portfolio

    Raises
    ------
    CommitmentError
        If an offer has no price, the horizon is too short for the terms, or months do not fit.
    """
    check_market(futures, market)
    problem, columns = horizon_problem(futures, market, by_future=caution is not None)
    risk = None
    if caution is not None:
        likely = futures.probability[futures.probability > 0]
        best = best_by_future(problem, likely, whole=whole, gap=gap)
        risk = Risk(caution.alpha, caution.weight, likely, best)
    minimum = _cover_minimum(futures, market, columns, problem)
    optimum = optimise_joint(problem, whole=whole, gap=gap, risk=risk, start=minimum)
    if risk is None:
        optimum = replace(
            optimum, quantity=_no_more_and_no_sooner_than_needed(problem, columns, optimum.quantity)
        )
    nothing = problem.total(np.zeros(len(columns)))
    return Portfolio(market, futures, optimum, columns, nothing, problem.total(minimum))


def _no_more_and_no_sooner_than_needed(
    problem: JointProblem, columns: Sequence[tuple[Offer, int]], quantity: FloatArray
) -> FloatArray:
    """Return quantities of the same cost: of equal optima the smaller purchase, and then the one that waits.

    A unit is a tie where it is used in just so many hours that it pays for itself. While an existing term runs, and
    where the end of the new one counts for nothing, months of purchase are ties.
    """
    places = {(offer.name, month): j for j, (offer, month) in enumerate(columns)}
    after = {
        (name, month): min((m for n, m in places if n == name and m > month), default=None)
        for name, month in places
    }
    found = quantity.copy()
    most = problem.total(found)
    most += 1e-9 * max(abs(most), 1.0)

    def moved(part: float, here: int, later: int | None) -> FloatArray:
        changed = found.copy()
        changed[here] -= part
        if later is not None:
            changed[later] += part
        return changed

    def is_free(here: int, later: int | None = None) -> Callable[[float], bool]:
        def told(part: float) -> bool:
            changed = moved(part, here, later)
            return problem.total(changed) <= most and problem.within_limits(changed)

        return told

    for index, (offer, _) in enumerate(columns):
        if found[index] > 0:
            found = moved(_most_moved(found[index], offer.size is not None, is_free(index)), index, None)
    for offer, month in columns:
        at: int | None = month
        while at is not None and found[places[offer.name, at]] > 0:
            later = after[offer.name, at]
            if later is None:
                break
            here, there = places[offer.name, at], places[offer.name, later]
            part = _most_moved(found[here], offer.size is not None, is_free(here, there))
            if part == 0:
                break
            found = moved(part, here, there)
            at = later
    return found


def _most_moved(quantity: float, whole: bool, is_free: Callable[[float], bool]) -> float:
    """Return how much of a quantity can be moved freely: all up to some amount, by convexity of the cost."""
    if is_free(quantity):
        return quantity
    unit = 1.0 if whole else _SMALLEST_MOVED
    low, high = 0, math.ceil(quantity / unit)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_free(middle * unit) else (low, middle)
    return low * unit


def _cover_minimum(
    futures: Futures, market: Market, columns: Sequence[tuple[Offer, int]], problem: JointProblem
) -> FloatArray:
    """Return the purchase that covers each size's smallest usage with its best offer of the first month."""
    existing = market.existing_reserved
    best = np.zeros(len(columns))
    for k, size in enumerate(futures.sizes):
        least = np.floor(futures.usage[:, :, k].min())
        if existing is not None:
            least = max(least - float(np.asarray(existing)[:, k].max()), 0.0)
        tried = [
            j for j, (offer, month) in enumerate(columns) if offer.size == size and month == market.buy_in[0]
        ]
        trials = []
        for j in tried:
            trial = best.copy()
            trial[j] = least
            trials.append((problem.total(trial), j))
        if trials:
            best[min(trials)[1]] = least
    return best


def _by_future(problem: JointProblem, quantity: FloatArray, futures: Futures) -> FloatArray:
    likely = np.flatnonzero(futures.probability > 0)
    value, _ = problem.evaluate(quantity, problem.future, len(likely))
    cost = np.zeros(len(futures.probability))
    cost[likely] = float(problem.cost @ quantity) + value / futures.probability[likely]
    return cost
