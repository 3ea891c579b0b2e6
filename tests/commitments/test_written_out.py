"""Few hours written out, and purchases left out that another makes pointless: the same optimum as by cuts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agog_capacity.commitments import cutting, written_out
from agog_capacity.commitments.cutting import optimise_joint
from agog_capacity.commitments.dominated import dominated
from agog_capacity.commitments.horizon import horizon_problem
from agog_capacity.commitments.joint import JointProblem
from agog_capacity.commitments.market import Futures, Market, Offer
from agog_capacity.commitments.written_out import is_small, optimise_written_out
from agog_capacity.periods import Months

SIZES = ("a", "b")
OWN = {"a": 0.192, "b": 0.4}


def fixed_counts(counts: np.ndarray) -> Futures:
    """One hour a month: counts of shape (months, sizes)."""
    return Futures.of(SIZES, [counts.astype(float)], np.arange(len(counts)))


def market(count: int, plans: int = 2, **more: Any) -> Market:
    offers = [
        Offer("a 1y", 1, "a", 0.12),
        Offer("a 3y", 3, "a", 0.08),
        Offer("b 1y", 1, "b", 0.27),
        Offer("b 3y", 3, "b", 0.19),
        Offer("plan 1y", 1, plan_prices={"a": 0.14, "b": 0.31}),
        Offer("plan 3y", 3, plan_prices={"a": 0.1, "b": 0.24}),
    ][: 4 + plans]
    fields: dict[str, Any] = {"buy_in": tuple(range(count)), **more}
    return Market(OWN, tuple(offers), Months("2027-01", count), **fields)


def problem_of(counts: np.ndarray, sold: Market) -> JointProblem:
    return horizon_problem(fixed_counts(counts), sold, by_future=False)[0]


@st.composite
def problems(draw: st.DrawFn) -> JointProblem:
    steps = draw(st.lists(st.tuples(st.integers(0, 35), st.integers(0, 4), st.integers(0, 3)), max_size=4))
    counts = np.zeros((36, 2))
    for at, a, b in sorted(steps):
        counts[at:] = a, b
    more: dict[str, Any] = {"residual": draw(st.sampled_from(["nothing", "refund", "in use"]))}
    if draw(st.booleans()):
        more["existing_reserved"] = np.repeat([[draw(st.integers(0, 2)), 0.0]], 36, axis=0)
    if draw(st.booleans()):
        more["monthly_discount_rate"] = 0.004
    more["refund_limit"] = draw(st.sampled_from([200.0, 50_000.0]))
    every = draw(st.sampled_from([3, 6, 12]))
    return problem_of(
        counts, market(36, draw(st.sampled_from([0, 1, 2])), buy_in=tuple(range(0, 36, every)), **more)
    )


@settings(max_examples=40, deadline=None)
@given(problem=problems(), whole=st.booleans())
def test_written_out_and_cuts_find_the_same_cost(problem: JointProblem, whole: bool) -> None:
    assert is_small(problem)
    written = optimise_written_out(problem, whole=whole, gap=1e-7, nodes=10_000)
    assert written is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "is_small", lambda _: False)
        cut = optimise_joint(problem, whole=whole)
    assert cut.cuts > 0  # it was by cuts
    assert written.cost == pytest.approx(cut.cost, rel=2e-6, abs=1e-6)
    assert max(written.gap, cut.gap) <= 1e-6
    assert problem.within_limits(written.quantity)


@settings(max_examples=40, deadline=None)
@given(problem=problems(), whole=st.booleans())
def test_what_is_dominated_is_never_missed(problem: JointProblem, whole: bool) -> None:
    every = optimise_joint(problem, whole=whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(written_out, "dominated", lambda p: np.zeros(len(p.columns), dtype=bool))
        without = optimise_joint(problem, whole=whole)
    assert every.cost == pytest.approx(without.cost, rel=2e-6, abs=1e-6)
    assert not every.quantity[dominated(problem)].any()


def test_late_and_early_purchases_are_dominated() -> None:
    # a runs from month 6 on to the end, at one price whenever it is bought: a 3y term bought in any month covers
    # all of it that one bought in month 6 covers, or less.
    counts = np.zeros((36, 2))
    counts[6:, 0] = 3
    sold = market(36, 0)
    problem, columns = horizon_problem(fixed_counts(counts), sold, by_future=False)
    kept = {
        (offer.name, month)
        for (offer, month), out in zip(columns, dominated(problem), strict=True)
        if not out
    }
    assert kept >= {("a 3y", 6), *(("a 1y", month) for month in range(6, 25))}
    assert {name for name, _ in kept if name.startswith("a")} == {"a 1y", "a 3y"}
    assert {month for name, month in kept if name == "a 3y"} == {6}
    assert {month for name, month in kept if name == "a 1y"} == set(range(6, 25))
    # Of what nobody uses the cheapest column is left, which covers nothing.
    assert [one for one in kept if one[0].startswith("b")] == [("b 1y", 35)]


def test_a_dearer_term_of_the_same_months_is_dominated_and_a_cheaper_one_is_not() -> None:
    problem = problem_of(np.full((36, 2), 2.0), market(36, 0, residual="in use"))
    names = [column.name for column in problem.columns]
    out = dict(zip(names, dominated(problem), strict=True))
    # In use beyond the horizon: a term of three years is a thirty-sixth of its price for its last month here.
    assert not out["a 3y from 2027-01"] and not out["a 3y from 2029-12"]
    assert out["a 1y from 2029-12"] and out["b 1y from 2029-12"]
    assert not out["a 1y from 2027-01"]  # a year now is less money than three


def test_a_search_that_ends_at_its_limit_says_what_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    counts = np.cumsum(rng.integers(-1, 3, (48, 2)) * (rng.random((48, 2)) < 0.2), axis=0).clip(0) + 3
    problem = problem_of(counts, market(48))
    proven = optimise_joint(problem, whole=True)
    assert proven.gap <= 1e-6
    monkeypatch.setattr(cutting, "_NODES", 1)
    for small in (True, False):
        monkeypatch.setattr(cutting, "is_small", lambda _, small=small: small)
        found = optimise_joint(problem, whole=True)
        whole = np.array([column.whole for column in problem.columns])
        assert np.array_equal(found.quantity[whole], np.round(found.quantity[whole]))
        assert found.cost == pytest.approx(problem.total(found.quantity))
        # An honest bound: no more than the true optimum, whether the gap was reached or not.
        assert found.bound <= proven.cost * (1 + 1e-9)
        assert found.cost >= proven.bound * (1 - 1e-9)


def test_a_start_is_never_lost() -> None:
    problem = problem_of(np.full((36, 2), 2.0), market(36))
    best = optimise_joint(problem, whole=True)
    blind = replace(problem, weight=problem.weight)
    found = optimise_written_out(blind, whole=True, gap=0.5, nodes=0, start=best.quantity)
    assert found is None or found.cost <= best.cost + 1e-9
