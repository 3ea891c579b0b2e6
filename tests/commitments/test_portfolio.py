"""Portfolios over a horizon: D4s_v5 and D8s_v5 in eastus2, prices of the bundled book."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agog_capacity.commitments.market import Futures, Market, Offer
from agog_capacity.commitments.portfolio import (
    Caution,
    _no_more_and_no_sooner_than_needed,
    optimise_portfolio,
)
from agog_capacity.commitments.rule import cost_in_order
from agog_capacity.errors import CommitmentError
from agog_capacity.periods import Months

MONTHS = Months("2027-01", 36)
SIZES = ("D4", "D8")
OWN = {"D4": 0.192, "D8": 0.384}
RESERVATIONS = (
    Offer("D4 1y", 1, "D4", 1038 / 8760),
    Offer("D4 3y", 3, "D4", 1993 / 26280),
    Offer("D8 1y", 1, "D8", 2075 / 8760),
    Offer("D8 3y", 3, "D8", 3986 / 26280),
)
PLAN_1Y = Offer("plan 1y", 1, plan_prices={"D4": 0.13248, "D8": 0.26496})
PLAN_3Y = Offer("plan 3y", 3, plan_prices={"D4": 0.09024, "D8": 0.18048})
YEARLY = (0, 12, 24)


def futures(count=4, seed=0, growth=0.01):
    rng = np.random.default_rng(seed)
    month = np.repeat(np.arange(36), 48)
    clock = np.tile(np.arange(48) % 24, 36)
    day = 1 + 0.5 * np.sin(2 * np.pi * (clock - 8) / 24)
    usage = []
    for _ in range(count):
        rate = (1 + rng.normal(growth, 0.008)) ** month
        small = 6 * rate * np.where(month < 20, 1, 0.5) * day
        large = 4 * rate * np.where(month >= 15, 1.4, 1) * (2 - day)
        noise = rng.normal(0, 0.5, (len(month), 2))
        usage.append(np.ceil(np.stack([small, large], axis=1) + noise).clip(0))
    return Futures.of(SIZES, usage, month)


def market(*offers, **more):
    return Market(OWN, offers, MONTHS, **{"buy_in": YEARLY, **more})


@pytest.mark.parametrize("plans", [(), (PLAN_1Y,), (PLAN_1Y, PLAN_3Y)])
def test_never_dearer_than_nothing_or_covering_the_minimum(plans):
    for seed in range(3):
        portfolio = optimise_portfolio(
            futures(seed=seed, growth=-0.03 + 0.02 * seed), market(*RESERVATIONS, *plans)
        )
        assert portfolio.optimum.gap <= 1e-6
        assert portfolio.cost <= min(portfolio.cost_of_nothing, portfolio.cost_of_minimum) + 1e-9
        assert portfolio.outcome().saving == pytest.approx(portfolio.cost_of_nothing - portfolio.cost)


def test_one_year_three_years_and_a_plan_are_all_bought():
    # Two of each run all the time, three D8 for the second year only, and a load moves between the sizes by day
    # and night: what stays is worth three years, the project one, and what moves only a plan can follow.
    month = np.repeat(np.arange(36), 24)
    day = np.tile(np.arange(24) < 12, 36)
    project = 3 * ((month >= 12) & (month < 24))
    usage = np.stack([2 + 4 * day, 2 + 2 * ~day + project], axis=1)
    portfolio = optimise_portfolio(Futures.of(SIZES, [usage], month), market(*RESERVATIONS, PLAN_1Y))
    found = {(p.offer.name, p.month): p.quantity for p in portfolio.purchases}
    moving = 4 * 0.13248
    assert found == pytest.approx(
        {("D4 3y", 0): 2, ("D8 3y", 0): 2, ("D8 1y", 12): 3} | {("plan 1y", year): moving for year in YEARLY}
    )
    assert all(p.worth_of_next < 0 for p in portfolio.purchases)
    # Each of the three is needed: without any one of them it is dearer.
    one_year = [o for o in RESERVATIONS if o.term_years == 1]
    three_years = [o for o in RESERVATIONS if o.term_years == 3]
    for fewer in (RESERVATIONS, (*one_year, PLAN_1Y), (*three_years, PLAN_1Y)):
        assert optimise_portfolio(portfolio.futures, market(*fewer)).cost > portfolio.cost * 1.001


def test_the_bill_by_the_rule_is_the_optimum_with_one_plan_and_no_less_with_two():
    one = optimise_portfolio(futures(), market(*RESERVATIONS, PLAN_1Y))
    assert cost_in_order(one) == pytest.approx(one.cost, rel=1e-9)
    two = optimise_portfolio(futures(), market(PLAN_1Y, PLAN_3Y))
    assert cost_in_order(two) >= two.cost * (1 - 1e-9)


def test_fresh_futures_are_judged_beside_the_given_ones():
    portfolio = optimise_portfolio(futures(), market(*RESERVATIONS, PLAN_1Y))
    given, fresh = portfolio.outcome(), portfolio.outcome(futures(seed=99))
    assert given.worst_saving <= given.saving
    assert fresh.standard_error is not None and fresh.standard_error > 0 and fresh.saving > 0
    assert portfolio.outcome(futures(1)).standard_error is None
    assert portfolio.saving_curve("D4 3y", 0, [0, 1, 2]).shape == (3,)
    with pytest.raises(CommitmentError, match="not sold in month 1"):
        portfolio.saving_curve("D4 3y", 1, [0])


def test_the_value_beyond_the_horizon_is_a_choice():
    chosen = {
        residual: optimise_portfolio(futures(), market(*RESERVATIONS, residual=residual))
        for residual in ("nothing", "refund", "in use")
    }
    assert chosen["in use"].cost <= chosen["refund"].cost + 1e-6 <= chosen["nothing"].cost + 2e-6
    tight = optimise_portfolio(futures(), market(*RESERVATIONS, residual="refund", refund_limit=1000.0))
    left = sum(
        p.quantity * p.offer.usd_per_hour * 26280 * (p.month / 36)
        for p in tight.purchases
        if p.offer.term_years == 3
    )
    assert left <= 1000.0 + 1e-6


def test_caution_costs_no_less_and_is_certified_too():
    wide = futures(6, growth=0.0)
    bold = optimise_portfolio(wide, market(*RESERVATIONS))
    careful = optimise_portfolio(wide, market(*RESERVATIONS), caution=Caution(weight=5.0, alpha=0.8))
    assert careful.cost >= bold.cost - 1e-6
    assert careful.optimum.gap <= 1e-6


def test_what_is_sold_no_more_or_outlives_its_product_is_no_column():
    gone = Offer("D4 3y", 3, "D4", 1993 / 26280, sold_until=0)
    retiring = Offer("D8 3y", 3, "D8", 3986 / 26280, latest_end=30)
    portfolio = optimise_portfolio(futures(), market(gone, retiring))
    assert portfolio.columns == () or not portfolio.purchases
    running = optimise_portfolio(
        futures(),
        market(
            *RESERVATIONS,
            Offer("old", 3, plan_prices={"D4": 0.09024}, sold_until=0),
            existing_plan={"old": np.full(36, 5.0)},
            existing_reserved=np.full((36, 2), 99.0),
        ),
    )
    assert not running.purchases


@pytest.mark.parametrize(
    "change, words",
    [
        ({"offers": (Offer("x", 1, "E8", 0.1),)}, "no future uses"),
        ({"offers": (Offer("x", 1, "D4", 0.0),)}, "no price above 0"),
        ({"offers": (Offer("x", 1, plan_prices={"E8": 0.1}),)}, "no price for any size"),
        ({"offers": (RESERVATIONS[0], RESERVATIONS[0])}, "listed 2 times"),
        ({"on_demand": {"D4": 0.192}}, "'D8' has no on-demand price"),
        ({"buy_in": (0, 0)}, "must be different"),
        ({"months": Months("2027-01", 12)}, "horizon"),
        ({"existing_plan": {"none": np.zeros(36)}}, "no offer with its prices"),
    ],
)
def test_a_market_that_cannot_be_planned_is_named(change, words):
    parts = {"on_demand": OWN, "offers": RESERVATIONS, "months": MONTHS, "buy_in": YEARLY, **change}
    with pytest.raises(CommitmentError, match=words):
        optimise_portfolio(futures(1), Market(**parts))


def test_futures_of_different_length_are_named():
    with pytest.raises(CommitmentError, match="2, 3 hours"):
        Futures.of(("D4",), [np.ones((2, 1)), np.ones((3, 1))], [0, 0])
    with pytest.raises(CommitmentError, match="negative or unknown"):
        Futures.of(("D4",), [-np.ones((2, 1))], [0, 0])
    with pytest.raises(CommitmentError, match="no futures"):
        Futures.of(("D4",), [], [])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"usage": [[["many", 1.0]]]}, "usage of future 0 is not made of numbers"),
        ({"usage": [[[1.0, 1.0], [1.0]]]}, "usage of future 0 is not made of numbers"),
        ({"probability": [float("nan")]}, "give one each, from 0 up, with the sum 1"),
        ({"probability": ["all"]}, "not numbers in one row"),
        ({"month": [-1]}, "month has -1; months of the horizon are whole numbers from 0 up"),
        ({"month": [0.5]}, "month has 0.5"),
        ({"month": [float("nan")]}, "month has nan"),
        ({"month": ["2027-01"]}, "month is not made of numbers"),
        ({"sizes": ("D4", "D4")}, "'D4' twice"),
        ({"sizes": "D4"}, "give the names of sizes in a list"),
    ],
)
def test_futures_that_are_no_futures_are_named(change, words):
    parts: dict[str, Any] = {"sizes": SIZES, "usage": [[[1.0, 2.0]]], "month": [0], "probability": [1.0]}
    assert Futures.of(**parts).usage.shape == (1, 1, 2)
    with pytest.raises(CommitmentError, match=words):
        Futures.of(**{**parts, **change})


def test_a_ladder_is_compared_with_buying_all_now_on_the_same_futures():
    plain = market(*RESERVATIONS, buy_in=(0, 3, 6, 9, 12, 24))
    portfolio = optimise_portfolio(futures(), plain)
    now = portfolio.outcome(instead={("D8 3y", 0): 4.0})
    ladder = portfolio.outcome(instead={("D8 3y", month): 1.0 for month in (0, 3, 6, 9)})
    assert ladder.saving < now.saving <= portfolio.outcome().saving + 1e-6
    with pytest.raises(CommitmentError, match="from 0 up"):
        portfolio.outcome(instead={("D8 3y", 0): -1.0})


def test_of_equal_optima_the_smaller_purchase_is_chosen():
    """The sixth D4 runs in so many hours that three years of it cost what they cost on demand: five are bought."""
    month = np.repeat(np.arange(36), 100)
    clock = np.tile(np.arange(100), 36)
    usage = np.stack([5.0 + (clock < 45), 0.0 * clock], axis=1)
    sold = Offer("D4 3y", 3, "D4", 0.45 * OWN["D4"] * MONTHS.hours.sum() / 26280)
    portfolio = optimise_portfolio(Futures.of(SIZES, [usage], month), market(sold))
    problem, quantity = portfolio.optimum.problem, portfolio.optimum.quantity
    six = quantity + (quantity > 0)
    assert problem.total(six) == pytest.approx(portfolio.cost, rel=1e-12)
    assert [(p.quantity, p.month) for p in portfolio.purchases] == [(5, 0)]
    # Also where a search happens upon the larger one.
    assert (_no_more_and_no_sooner_than_needed(problem, portfolio.columns, six) == quantity).all()
