"""Chains against exact fractions, closed forms and the worked case W4."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.availability.markov import (
    Chain,
    duplex,
    expected_hours_in,
    hours_to,
    state_probabilities,
    steady_service,
    steady_state,
)
from agog_capacity.errors import InputError

RATES = st.floats(-9, 2).map(lambda power: float(f"{10**power:.6g}"))


@given(st.lists(st.tuples(RATES, RATES), min_size=1, max_size=5))
def test_steady_state_keeps_twelve_digits_over_many_decades(pairs):
    """A birth-death chain has shares in closed form; the smallest here is below 1e-30."""
    states = [str(i) for i in range(len(pairs) + 1)]
    moves, weights = [], [Fraction(1)]
    for i, (up, down) in enumerate(pairs):
        moves += [(states[i], states[i + 1], up), (states[i + 1], states[i], down)]
        weights.append(weights[-1] * Fraction(up) / Fraction(down))
    for found, weight in zip(steady_state(Chain.of(states, moves)), weights, strict=True):
        true = weight / sum(weights)
        assert abs(Fraction(float(found)) - true) <= true * Fraction(1, 10**12)


def test_worked_case_w4_common_cause():
    """Guide, section 11, W4: independence is 147 times too good."""
    fails, repairs = 1 / 8760, 1 / 6
    moves = [("2", "1", 1.8 * fails), ("1", "0", fails), ("1", "2", repairs), ("0", "1", 2 * repairs)]
    shared = Chain.of("210C", [*moves, ("2", "C", 0.1 * fails), ("C", "2", repairs)])
    found = steady_service(shared, {"2": 1, "1": 1, "0": 0, "C": 0})
    assert found.unserved == pytest.approx(6.88257719e-5, rel=1e-8)
    assert found.unserved_h_per_year == pytest.approx(0.602914, rel=1e-6)
    alone = Chain.of("210", [("2", "1", 2 * fails), *moves[1:]])
    assert steady_service(alone, {"2": 1, "1": 1, "0": 0}).unserved_h_per_year == pytest.approx(
        0.0041, rel=0.01
    )


def test_states_left_for_good_have_no_share():
    chain = Chain.of(["new", "up", "down"], [("new", "up", 1.0), ("up", "down", 0.1), ("down", "up", 0.9)])
    assert steady_state(chain).tolist() == pytest.approx([0, 0.9, 0.1])


def test_a_chain_that_is_always_full_has_no_spell():
    found = steady_service(Chain.of("ab", [("a", "b", 1.0), ("b", "a", 1.0)]), {"a": 1, "b": 1})
    assert found.hours_not_full_per_loss is None and found.losses_per_year == 0


@pytest.mark.parametrize("hours", [0.0, 0.5, 24.0, 8760.0, 1e7])
def test_transient_of_two_states_is_the_closed_form(hours):
    """1e7 h x 60/h is stiff: there the matrix exponential is squared instead of stepped."""
    fails, repairs = 0.001, 60.0
    chain = Chain.of("UD", [("U", "D", fails), ("D", "U", repairs)])
    total, limit = fails + repairs, fails / (fails + repairs)
    point = limit * -math.expm1(-total * hours)
    spent = limit * hours + limit / total * math.expm1(-total * hours)
    assert state_probabilities(chain, "U", hours)[1] == pytest.approx(point, rel=1e-8, abs=1e-16)
    assert expected_hours_in(chain, ["D"], "U", hours) == pytest.approx(spent, rel=1e-8, abs=1e-16)


def test_state_probabilities_add_up_to_one():
    moves = [("a", "b", 3.0), ("b", "c", 0.01), ("c", "a", 0.5), ("b", "a", 0.2)]
    assert state_probabilities(Chain.of("abc", moves), "a", 17.0).sum() == pytest.approx(1.0, abs=1e-12)


def test_time_to_loss_of_a_chain_with_a_side_path():
    """From a: half go to the end after 1 h, half to b first, which takes 10 h more."""
    moves = [("a", "end", 0.5), ("a", "b", 0.5), ("b", "end", 0.1)]
    assert hours_to(Chain.of(["a", "b", "end"], moves), ["end"], "a") == pytest.approx(1 + 0.5 * 10)
    assert hours_to(duplex(0.0008, 0.2, 0.0), ["0"], "2") == pytest.approx(1 / 0.0016)


@pytest.mark.parametrize(
    "states, moves, words",
    [
        ("ab", [("a", "b", 0.0), ("b", "a", 1.0)], "rate from 'a' to 'b' is 0: none seen in T years"),
        ("ab", [("a", "b", -1.0)], "-1.0 must be above 0"),
        ("ab", [("a", "b", math.inf)], "is infinite"),
        ("ab", [("a", "b", math.nan)], "must be above 0"),
        ("ab", [("a", "c", 1.0)], "'c' is not one of the chain"),
        ("ab", [("a", "a", 1.0)], "to itself is no move"),
        ("aa", [], "'a' stands twice"),
        ("", [], "at least one state"),
    ],
)
def test_moves_that_are_none_are_refused(states, moves, words):
    with pytest.raises(InputError, match=words):
        Chain.of(states, moves)


def test_all_problems_of_a_chain_are_told_at_once():
    with pytest.raises(InputError) as caught:
        Chain.of("ab", [("a", "x", 1.0), ("b", "b", 1.0), ("a", "b", 0.0)])
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    "rows, words",
    [
        ([[-1.0, 1.0], [2.0, -1.0]], "row 'b' of the rate matrix adds up to 1; it must add up to 0"),
        ([[1.0, -1.0], [1.0, -1.0]], "row 'a' of the rate matrix has a rate that is negative"),
        ([[-math.inf, math.inf], [1.0, -1.0]], "not finite"),
        ([[0.0, 0.0]], "need a square"),
    ],
)
def test_a_matrix_that_is_no_rate_matrix_is_refused(rows, words):
    with pytest.raises(InputError, match=words):
        Chain.of_generator("ab", np.array(rows))
    assert Chain.of_generator("ab", np.array([[-1.0, 1.0], [2.0, -2.0]])).rates.tolist() == [[0, 1], [2, 0]]


def test_two_places_of_no_return_have_no_steady_state():
    chain = Chain.of(["start", "x", "y"], [("start", "x", 1.0), ("start", "y", 1.0)])
    with pytest.raises(InputError, match="2 sets of states that are never left: 'x'; 'y'"):
        steady_state(chain)


@pytest.mark.parametrize(
    "reward, words",
    [
        ({"a": 1}, "'b' has no reward"),
        ({"a": 1, "b": 2}, "reward of 'b' 2"),
        ({"a": 1, "b": 0, "c": 0}, "'c'"),
    ],
)
def test_rewards_must_fit_the_states(reward, words):
    with pytest.raises(InputError, match=words):
        steady_service(Chain.of("ab", [("a", "b", 1.0), ("b", "a", 1.0)]), reward)


def test_a_run_that_never_ends_is_refused():
    with pytest.raises(InputError, match="the run never ends"):
        hours_to(Chain.of("abc", [("a", "b", 1.0), ("b", "a", 1.0)]), ["c"], "a")
    with pytest.raises(InputError, match="the run never ends"):
        hours_to(Chain.of("abc", [("a", "b", 1.0), ("a", "c", 1.0)]), ["c"], "a")
