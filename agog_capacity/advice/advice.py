"""What to buy ahead for one scenario and what it is worth: a result with its measures, alternatives and tables.

What is behind it is computed when it is asked for: alternatives, months, payback, bills with what is advised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from agog_capacity.advice.bought import BoughtAlready, bought_as_advised
from agog_capacity.advice.entries import entries_of
from agog_capacity.advice.futures import Offered, varies
from agog_capacity.advice.logs import LogAdvice
from agog_capacity.commitments.ladder import Rung, equal_rungs
from agog_capacity.commitments.market import Futures
from agog_capacity.commitments.portfolio import Caution, Outcome, Portfolio, Purchase, optimise_portfolio
from agog_capacity.commitments.quotes import TERMS
from agog_capacity.commitments.terms import add_years
from agog_capacity.errors import CommitmentError
from agog_capacity.frozen import freeze_mappings
from agog_capacity.scaling.simulated import SimulationStore

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from agog_capacity.periods import FloatArray
    from agog_capacity.plan import Plan

_LADDER_STEPS, _LADDER_MONTHS = 4, 3


@dataclass(frozen=True, repr=False)
class CommitmentAdvice:
    """What to buy for a scenario, and what it is worth.

    Attributes
    ----------
    plan : Plan
    scenario : str
    portfolio : Portfolio
        Purchases, certified on the futures they were made for.
    given, fresh : Outcome
        On those futures, and on others.
    offered : Offered
        What the books sell for this usage, and what they do not.
    futures : int
        How many were simulated; 1 where nothing varies.
    seed : int
    caution : Caution or None
        How much regret counted.
    bought : mapping
        What the scenario has bought already, by name: it is netted first, and no cost here holds it.
    log_tiers : tuple of LogAdvice
        Commitment tiers of each workspace. Their costs are their own: no other cost here holds them.
    store : SimulationStore or None
        Where its simulations are kept.
    """

    plan: Plan
    scenario: str
    portfolio: Portfolio
    given: Outcome
    fresh: Outcome
    fresh_futures: Futures
    offered: Offered
    futures: int
    seed: int
    caution: Caution | None = None
    bought: Mapping[str, BoughtAlready] = field(default_factory=dict)
    log_tiers: tuple[LogAdvice, ...] = ()
    store: SimulationStore | None = None

    def __post_init__(self) -> None:
        """Keep what is bought already from being changed."""
        freeze_mappings(self, "bought")

    @property
    def purchases(self) -> tuple[Purchase, ...]:
        """What to buy, by month."""
        return self.portfolio.purchases

    @property
    def anything_sold(self) -> bool:
        """Whether a reservation or savings plan is sold for anything the scenario uses; if not, only logs are advised on."""
        return bool(self.offered.quotes.offers)

    @property
    def varies(self) -> bool:
        """Whether the futures differ; if not, nothing here speaks of risk."""
        return varies(self.plan.scenario(self.scenario).design)

    def day(self, purchase: Purchase) -> date:
        """Return the day of a purchase."""
        return date.fromisoformat(f"{purchase.label}-01")

    def ends(self, purchase: Purchase) -> date:
        """Return the day after the last of its term."""
        return add_years(self.day(purchase), purchase.offer.term_years)

    def total(self, purchase: Purchase) -> float:
        """Return the price of a whole term. [currency]"""
        days = 365 * purchase.offer.term_years
        return purchase.quantity * purchase.offer.usd_per_hour * days * 24

    def unit_worth(self, purchase: Purchase, further: int = 3) -> tuple[tuple[int, float], ...]:
        """Return what each unit around the quantity saves, as (unit, worth): the last ones bought, then further ones.

        A unit of a savings plan is 1 USD an hour, counted from the amount. Worth is over the whole horizon. [currency]
        """
        base = purchase.quantity
        first = max(base - further, 0.0)
        points = np.arange(first, base + further + 1e-9, 1.0)
        saved = self.portfolio.saving_curve(purchase.offer.name, purchase.month, points)
        return tuple(
            (round(float(point)), float(more)) for point, more in zip(points[1:], np.diff(saved), strict=True)
        )

    @cached_property
    def alternatives(self) -> dict[str, tuple[float, float | None]]:
        """Return expected costs over the horizon on the given and on fresh futures, by what is done. [currency]

        The ladder splits what is bought in the first month over four quarters; its terms end later, and what
        lies beyond the horizon counts as the plan's `residual` says.
        """
        portfolio = self.portfolio
        found = {
            "nothing": (portfolio.cost_of_nothing, self._expected(self.fresh, "cost_of_nothing")),
            "cover the minimum": (portfolio.cost_of_minimum, None),
            "what is advised": (portfolio.cost, self._expected(self.fresh, "cost")),
        }
        ladder = self._ladder()
        if ladder is not None:
            outcome = portfolio.outcome(instead=ladder)
            found["the same in four quarterly steps"] = (self._expected(outcome, "cost"), None)
        return found

    @cached_property
    def by_term(self) -> dict[str, float]:
        """Return the saving where only one kind and term may be bought: why it is these. [currency]"""
        market, found = self.portfolio.market, {}
        for term in TERMS:
            for kind, reserved in (("reservations", True), ("savings plan", False)):
                sold = [o.term_years == term and (o.size is not None) is reserved for o in market.offers]
                if any(sold):
                    offers = tuple(
                        o if it else replace(o, sold_until=0)
                        for o, it in zip(market.offers, sold, strict=True)
                    )
                    best = optimise_portfolio(self.portfolio.futures, replace(market, offers=offers))
                    found[f"{kind}, {term} year{'s' * (term > 1)}"] = best.cost_of_nothing - best.cost
        return found

    @cached_property
    def on_demand(self) -> tuple[FloatArray, FloatArray]:
        """Return what is paid on demand without and with the advice, on fresh futures, shape (futures, months). [currency]

        What can be committed to alone, less what existing commitments cover; hours in the provider's order.
        """
        from agog_capacity.commitments.rule import uncovered_in_order

        portfolio, bought = self.portfolio, self.portfolio.optimum.quantity
        return (
            uncovered_in_order(portfolio, self.fresh_futures, bought * 0),
            uncovered_in_order(portfolio, self.fresh_futures, bought),
        )

    @cached_property
    def payback(self) -> FloatArray:
        """Return on-demand cost avoided less payments, cumulative, on fresh futures, shape (futures, months). [currency]

        Payments are taken as upfront, the cautious view of cash; hours are covered in the provider's order.
        """
        paid = np.zeros(self.portfolio.market.months.count)
        for purchase in self.purchases:
            paid[purchase.month] += self.total(purchase)
        without, left = self.on_demand
        return np.asarray(np.cumsum(without - left - paid, axis=1), dtype=float)

    @property
    def break_even_month(self) -> str | None:
        """Month at whose end all payments are back on average over fresh futures; None if in none.

        Never before the last purchase: what is not paid yet is not back.
        """
        mean = self.fresh_futures.probability @ self.payback
        last = max((purchase.month for purchase in self.purchases), default=0)
        reached = last + np.flatnonzero(mean[last:] >= -1e-9)
        return self.portfolio.market.months.labels[int(reached[0])] if reached.size else None

    @cached_property
    def missed_by_order(self) -> float:
        """What the provider's order of two plans costs above the best split of each hour. [currency]"""
        from agog_capacity.commitments.rule import cost_in_order

        plans = {p.offer.term_years for p in self.purchases if p.offer.size is None}
        plans |= {
            o.term_years
            for o in self.portfolio.market.offers
            if o.name in (self.portfolio.market.existing_plan or {})
        }
        return cost_in_order(self.portfolio) - self.portfolio.cost if len(plans) > 1 else 0.0

    def _ladder(self) -> dict[tuple[str, int], float] | None:
        months = self.portfolio.market.months
        if not any(p.month == 0 for p in self.purchases) or months.count <= _LADDER_MONTHS * _LADDER_STEPS:
            return None
        ladder: dict[tuple[str, int], float] = {}
        for purchase in self.purchases:
            rungs: tuple[Rung, ...] = (Rung(purchase.quantity, purchase.label, purchase.offer.term_years),)
            if purchase.month == 0:
                rungs = equal_rungs(
                    purchase.quantity,
                    purchase.label,
                    purchase.offer.term_years,
                    _LADDER_STEPS,
                    _LADDER_MONTHS,
                )
            for rung in rungs:
                key = (purchase.offer.name, months.labels.index(rung.start_month))
                ladder[key] = ladder.get(key, 0.0) + rung.quantity
        sold = {(offer.name, month) for offer, month in self.portfolio.columns}
        return ladder if ladder.keys() <= sold else None

    @cached_property
    def bought_as_advised(self) -> Mapping[str, BoughtAlready]:
        """Return `bought` once what is advised is bought too, without the entries that the advice takes out."""
        return bought_as_advised(self, self.store)

    @staticmethod
    def _expected(outcome: Outcome, what: str) -> float:
        return float(outcome.probability @ getattr(outcome, what))

    def entries(self) -> dict[str, dict[str, Any] | None]:
        """Return the purchases as they stand under `commitments: bought:` of a plan, by names the scenario has not.

        An entry that a larger tier takes over from has its new end there; it stands under its own name, and `None`
        takes out one that would begin later.
        """
        return entries_of(self)

    def to_frame(self) -> pd.DataFrame:
        """Return what is advised, one row a purchase and log tier, with numbers in full.

        Returns
        -------
        DataFrame
            Indexed by the entry's name in a plan; columns as in `agog_capacity.advice.entries.ADVISED`, with units
            in their names and money in `currency`. NaN is what does not apply to the kind; no row where nothing is advised.
        """
        from agog_capacity.advice.entries import advice_frame

        return advice_frame(self)

    def in_plan(self, name: str | None = None) -> tuple[Plan, str]:
        """Return the plan with one more scenario that buys what is advised, and the scenario's name.

        Parameters
        ----------
        name : str, optional
            Of the new scenario; `as-advised`, or the next number of it that is free, if left out.

        Raises
        ------
        CommitmentError
            If the plan has a scenario of that name.
        """
        wanted, taken = name or "as-advised", self.plan.scenarios
        numbered = (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3)))
        free = next(one for one in numbered if one not in taken)
        if name in taken:
            raise CommitmentError(f"the plan has a scenario {name!r} already; {free!r} is free")
        name = free
        change = {"commitments": {"bought": self.entries()}}
        title = f"{self.plan.scenario(self.scenario).title}, with what is advised"
        return self.plan.with_scenario(name, change, extends=self.scenario, title=title), name

    def figure(self, name: str = "saving_curve") -> go.Figure:
        """Return a chart.

        Parameters
        ----------
        name : {"saving_curve", "payback"}
            What the horizon saves as each purchase moves; or when payments are back, with its band.
        """
        from agog_capacity.advice.tables import chart
        from agog_capacity.report.charts import as_figure

        return as_figure(chart(self, name))

    def __repr__(self) -> str:
        """Return the advice as text."""
        from agog_capacity.advice.tables import advice_text

        return advice_text(self)

    def _repr_html_(self) -> str:
        from agog_capacity.advice.notes import notes
        from agog_capacity.advice.tables import tables
        from agog_capacity.report.tables import notebook_html

        return notebook_html(tables(self), notes(self))
