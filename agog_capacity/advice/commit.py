"""What to buy ahead for one scenario, when and for how long: over many simulated futures, on fresh ones too.

The market is what the plan's price books sell on the plan's first day; what the scenario has bought already, or
plans to buy, is netted first. Purchases are possible in every month, so a term may begin when growth needs it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agog_capacity.advice.advice import CommitmentAdvice
from agog_capacity.advice.bought import bought_already
from agog_capacity.advice.futures import simulated_futures, varies, what_is_offered
from agog_capacity.advice.logs import advise_log_tiers
from agog_capacity.advice.market import check_choices, market_of, offers_for
from agog_capacity.commitments.horizon import too_short
from agog_capacity.commitments.portfolio import Caution, optimise_portfolio
from agog_capacity.commitments.section import CommitmentSection
from agog_capacity.errors import CommitmentError
from agog_capacity.planning.commitments import refuse_unusable_plans
from agog_capacity.planning.priced import told_in_plan
from agog_capacity.scaling.simulated import SimulationStore

if TYPE_CHECKING:
    from agog_capacity.plan import Plan

FUTURES = 20
_FRESH = 1_000_003
"""Added to the seed for fresh futures; a user's own seeds are seldom that far apart."""


def optimise_commitments(
    plan: Plan,
    scenario: str | None = None,
    *,
    futures: int = FUTURES,
    seed: int = 1,
    buy_every: int = 1,
    caution: Caution | None = None,
    store: SimulationStore | None = None,
) -> CommitmentAdvice:
    """Find what to buy ahead for a scenario.

    Parameters
    ----------
    plan : Plan
        Of calendar months, at least 36 of them: over one year three years would always win.
    scenario : str, optional
        The plan's reference if left out.
    futures : int
        Simulated futures to optimise on, and as many fresh ones to judge by.
    seed : int
        Of the futures.
    buy_every : int
        Months between dates of purchase, from the first month on.
    caution : Caution, optional
        How much regret in bad futures counts beside the expected cost; not at all if left out.
    store : SimulationStore, optional
        Where simulations are kept; in the user's cache folder if left out.

    Returns
    -------
    CommitmentAdvice
        Purchases and log tiers with what they save; `to_frame()` is a table of them, `in_plan()` a scenario that buys them.

    Raises
    ------
    CommitmentError
        If nothing can be committed to, the months do not allow it, a planned savings plan is above all usage, or a
        choice is out of its bounds: 1 to 1,000 futures, a seed from 0, 1 to 600 months between purchases.
    NotInResult
        If the plan has no such scenario.

    Examples
    --------
    >>> import agog_capacity as ac  # doctest: +SKIP
    >>> ac.optimise_commitments(ac.load_plan("data/plans/agog_commitments.yaml"), "grown")  # doctest: +SKIP
    """
    check_choices(futures, seed, buy_every, caution)
    chosen = plan.scenario(plan.reference if scenario is None else scenario)
    section = chosen.design.commitments or CommitmentSection()
    if plan.months.length != "calendar":
        raise CommitmentError(
            "commitments are bought on dates, and months of 730 h have none; use calendar months"
        )
    context = chosen.design.context(plan.months)
    lines = [line for component in chosen.design.components.values() for line in component.usage(context)]
    offered = what_is_offered(lines, section, plan.prices, plan.months.starts[0].date())
    log_tiers = advise_log_tiers(plan, chosen.name, futures, (seed, seed + _FRESH))
    if not offered.quotes.offers and not any(one.tiers for one in log_tiers):
        told = [
            *(one.because for one in offered.refused),
            *(f"{x.component}: {x.because}" for x in log_tiers),
        ]
        reasons = "; ".join(dict.fromkeys(told))
        raise CommitmentError(
            f"nothing that scenario {chosen.name!r} uses can be committed to: {reasons or 'nothing is used by the hour'}"
        )
    if found := too_short(offered.quotes.offers, plan.months.count):
        raise CommitmentError(found)  # before anything is simulated
    keep = store or SimulationStore.default()
    with told_in_plan(plan, chosen.name):
        refuse_unusable_plans(plan, chosen.design, keep)
    given = simulated_futures(plan, chosen.name, offered.subjects, futures, seed, keep)
    with told_in_plan(plan, chosen.name):
        market = market_of(offered, section, lines, plan, buy_every)
    market = replace(market, offers=tuple(offers_for(market.offers, given)))
    portfolio = optimise_portfolio(given, market, caution=caution)
    fresh = given
    if varies(chosen.design):
        fresh = simulated_futures(plan, chosen.name, offered.subjects, futures, seed + _FRESH, keep)
    count = len(given.probability)
    return CommitmentAdvice(
        plan, chosen.name, portfolio, portfolio.outcome(), portfolio.outcome(fresh), fresh, offered, count, seed,
        caution, bought_already(plan, chosen.name, section, keep), log_tiers, keep,
    )  # fmt: skip
