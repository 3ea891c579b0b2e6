"""The decisions: each method against the others, the plain programme, and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agog_capacity.commitments.cutting import Risk, best_by_future, optimise_joint
from agog_capacity.commitments.hour_value import corners, hour_values
from agog_capacity.commitments.joint import Column, NoCertificate, joint_problem, merge_hours
from agog_capacity.commitments.online import buy_online
from agog_capacity.commitments.regret import cvar, regret_table
from agog_capacity.commitments.single import commitment_cost, layered_optimum, single_optimum
from agog_capacity.errors import CommitmentError
from tests.commitments.programmes import cheapest_cover, plain_programme

OWN = [0.384, 0.504, 0.338]
PLAN = [0.2688, 0.378, 0.2535]
PLAN_3Y = [0.19, 0.31, 0.155]
PRICES = st.integers(1, 40).map(lambda cents: cents / 40)


def columns_for(reserved, hours, *plans, weight=1.0):
    found = [Column(f"size {k}", k, price * hours) for k, price in enumerate(reserved)]
    return found + [Column(f"plan {q}", len(reserved) + q, hours * weight, whole=False) for q in plans]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=30), PRICES, PRICES)
def test_the_quantile_is_the_best_of_all_breakpoints(usage, committed, on_demand):
    best = single_optimum(usage, on_demand, committed)
    costs = {n: commitment_cost(usage, n, committed, on_demand) for n in {0, *usage}}
    assert best.cost == pytest.approx(min(costs.values()))
    tied = [n for n, cost in costs.items() if cost <= min(costs.values()) + 1e-9]
    assert (best.low, best.high) == (min(tied), max(tied))
    assert commitment_cost(usage, best.high, committed, on_demand) == pytest.approx(best.cost)
    assert best.cost <= min(best.cost_none, best.cost_cover_minimum, best.cost_cover_peak) + 1e-9


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.integers(0, 50).map(lambda x: x / 10), min_size=1, max_size=20),
    PRICES,
    PRICES,
    st.sampled_from([0.5, 1, 2]),
)
def test_whole_steps_are_the_best_of_all_multiples(usage, committed, on_demand, step):
    best = single_optimum(usage, on_demand, committed, step)
    costs = [commitment_cost(usage, k * step, committed, on_demand) for k in range(14)]
    least = min(costs)
    tied = [k * step for k, cost in enumerate(costs) if cost <= least + 1e-9]
    assert best.cost == pytest.approx(least)
    assert best.low == pytest.approx(min(tied))


def test_single_and_joint_and_layers_agree_where_they_overlap():
    usage = np.random.default_rng(3).poisson(6, 500).astype(float)
    single = single_optimum(usage, 0.384, 0.237)
    joint = optimise_joint(joint_problem(usage[:, None], [0.384], [Column("r", 0, 0.237 * 500)]), gap=1e-9)
    layers, cost = layered_optimum(usage, 0.384, [("1y", 0.237), ("3y", 0.19)])
    assert joint.cost == pytest.approx(single.cost, rel=1e-8)
    assert single.low - 1e-6 <= joint.quantity[0] <= single.high + 1e-6
    assert layers[0].choice == "3y" and cost == pytest.approx(single_optimum(usage, 0.384, 0.19).cost)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.floats(0, 9), min_size=3, max_size=3),
    st.lists(st.floats(0, 3), min_size=2, max_size=2),
    st.integers(0, 2),
    st.booleans(),
)
def test_an_hour_costs_what_its_linear_programme_says(left, amounts, plans, blocked):
    rows = [list(map(float, PLAN)), list(map(float, PLAN_3Y))][:plans]
    rates = np.array(rows).reshape(plans, 3)
    given_rows: list[list[float | None]] = [list(row) for row in rows]
    if blocked and plans:
        given_rows[0][1] = None
        rates[0, 1] = np.inf
    value, _ = hour_values(
        np.array([left]),
        np.ones(1),
        np.zeros(1, dtype=np.int64),
        np.zeros(1, dtype=np.int64),
        np.zeros((1, 3)),
        np.array([amounts[:plans]]),
        corners(OWN, given_rows),
        1,
    )
    assert value[0] == pytest.approx(
        cheapest_cover(np.array(left), np.array(OWN), rates, np.array(amounts[:plans])), abs=1e-7
    )


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(st.floats(0, 9), min_size=3, max_size=3), min_size=2, max_size=6),
    st.lists(st.floats(0, 6), min_size=5, max_size=5),
    st.lists(st.floats(0, 6), min_size=5, max_size=5),
)
def test_a_tangent_is_never_above_the_cost(usage, at, other):
    problem = joint_problem(usage, OWN, columns_for([0.2, 0.3, 0.2], len(usage), 0, 1), [PLAN, PLAN_3Y])
    groups = np.zeros(len(problem.weight), dtype=np.int64)
    x, y = np.array(at), np.array(other)
    value, slope = problem.evaluate(x, groups, 1)
    elsewhere, _ = problem.evaluate(y, groups, 1)
    assert elsewhere[0] >= value[0] + float(slope[0] @ (y - x)) - 1e-7


def _mix(hours=400, seed=0):
    rng = np.random.default_rng(seed)
    clock = np.arange(hours) % 24
    day = 1 + 0.7 * np.sin(2 * np.pi * clock / 24)
    return np.stack(
        [np.round(6 * day), np.round(5 * (2 - day) + rng.normal(0, 0.5, hours)), rng.poisson(2, hours)],
        axis=1,
    ).clip(0)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("plans", [1, 2])
def test_cutting_planes_agree_with_the_plain_programme(whole, plans):
    usage = _mix()
    rows = [PLAN, PLAN_3Y][:plans]
    columns = columns_for([0.25, 0.33, 0.2], len(usage), *range(plans), weight=1.1)
    problem = joint_problem(usage, OWN, columns, rows)
    found = optimise_joint(problem, whole=whole)
    plain = plain_programme(usage, np.ones(len(usage)), np.zeros(len(usage)), OWN, rows, columns, whole=whole)
    assert found.cost == pytest.approx(plain, rel=2e-6)
    assert found.gap <= 1e-6
    assert found.bound <= plain * (1 + 1e-9)
    assert problem.total(found.quantity) == pytest.approx(found.cost)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=2), min_size=1, max_size=5),
    st.lists(st.integers(10, 40).map(lambda c: c / 100), min_size=2, max_size=2),
)
def test_whole_reservations_and_a_plan_are_the_best_of_brute_force(usage, reserved):
    hours = len(usage)
    columns = columns_for(reserved, hours, 0)
    problem = joint_problem(usage, OWN[:2], columns, [PLAN[:2]])
    found = optimise_joint(problem, whole=True, gap=1e-9)
    least = np.inf
    for units in itertools.product(range(5), repeat=2):
        left = np.maximum(np.array(usage) - units, 0)
        spends = {0.0}
        for row in left:
            one, two = row[0] * PLAN[0], row[1] * PLAN[1]
            spends |= {one, two, one + two}
        for spend in spends:
            least = min(least, problem.total([*units, spend]))
    assert found.cost == pytest.approx(least, rel=1e-8, abs=1e-9)


def test_merging_equal_hours_loses_nothing():
    usage = np.random.default_rng(1).integers(0, 3, (500, 3)).astype(float)
    period = np.arange(500) % 2
    merged, weight, periods, futures = merge_hours(usage, np.full(500, 2.0), period)
    assert len(merged) <= 54 and weight.sum() == pytest.approx(1000) and not futures.any()
    totals = (merged * weight[:, None])[periods == 1].sum(axis=0)
    assert totals == pytest.approx(2 * usage[period == 1].sum(axis=0))
    halves = usage / 3 + 0.01
    assert len(merge_hours(halves)[0]) == len(np.unique(halves, axis=0))


def test_curves_of_each_size_alone_are_dearer_when_a_plan_is_shared():
    usage = _mix()
    hours = len(usage)
    columns = columns_for([0.25, 0.33, 0.24], hours, 0)
    problem = joint_problem(usage, OWN, columns, [PLAN])
    together = optimise_joint(problem, whole=True)
    quantity = np.zeros(4)
    for k in range(3):
        # Each size on its own curve, with its own slice of the plan; slices are added, then billed together.
        own = [Column("r", 0, columns[k].cost), Column("p", 1, float(hours), whole=False)]
        alone = optimise_joint(joint_problem(usage[:, [k]], [OWN[k]], own, [[PLAN[k]]]), whole=True)
        quantity[k] = alone.quantity[0]
        quantity[3] += alone.quantity[1]
    assert problem.total(quantity) > together.cost * 1.005
    # Sorting each size by itself loses the joint hours and promises something else again.
    sorted_apart = joint_problem(np.sort(usage, axis=0), OWN, columns, [PLAN])
    promised = optimise_joint(sorted_apart, whole=True)
    assert problem.total(promised.quantity) > together.cost * 1.001


def test_existing_commitments_are_netted_first():
    usage = np.full((10, 1), 5.0)
    columns = [Column("r", 0, 10 * 0.2)]
    problem = joint_problem(usage, [0.4], columns, existing_reserved=[[3.0]])
    assert optimise_joint(problem, whole=True).bought() == {"r": 2.0}
    plan = joint_problem(usage, [0.4], columns, [[0.3]], existing_plan=[[1.5]])
    assert optimise_joint(plan, whole=True).bought() == {}


def test_regret_weighs_a_part_of_the_future_at_the_edge():
    assert cvar([0.0, 1.0, 4.0], [0.4, 0.35, 0.25], 0.9) == 4.0
    assert cvar([0.0, 1.0, 4.0], [0.4, 0.35, 0.25], 0.0) == pytest.approx(1.35)
    assert cvar([1.0, 9.0], [1.0, 0.0], 1.0) == 1.0
    with pytest.raises(CommitmentError, match="2, 3 hours"):
        regret_table([[1, 2], [1, 2, 3]], [0.5, 0.5], 1.0, 0.5, [0], 0.9)
    with pytest.raises(CommitmentError, match="sum 1"):
        regret_table([[1], [2]], [0.5, 0.1], 1.0, 0.5, [0], 0.9)


def test_caution_agrees_with_a_table_of_candidates():
    futures = [[6.0] * 4, [3.0, 3.0, 4.0, 4.0], [1.0, 1.0, 2.0, 2.0]]
    chance = np.array([0.5, 0.3, 0.2])
    table = regret_table(futures, chance, 1.0, 0.6, list(range(7)), 0.8)
    usage = np.concatenate(futures)[:, None]
    problem = joint_problem(
        usage,
        [1.0],
        [Column("r", 0, 4 * 0.6)],
        weight=np.repeat(chance, 4),
        future=np.repeat([0, 1, 2], 4),
    )
    best = best_by_future(problem, chance)
    assert best == pytest.approx(table.cost.min(axis=0))
    for weight in (0.0, 0.5, 3.0):
        found = optimise_joint(problem, whole=True, risk=Risk(0.8, weight, chance, best))
        scores = table.expected_cost + weight * table.cvar_regret
        assert found.cost == pytest.approx(scores.min(), rel=1e-6)


@pytest.mark.parametrize("fee, term, alpha", [(3.0, 5, 0.0), (2.0, 6, 0.4), (1.5, 3, 0.0)])
def test_buying_online_stays_within_its_bound_of_brute_force(fee, term, alpha):
    for bits in itertools.product((0, 1), repeat=9):
        result = buy_online(bits, fee, 1.0, alpha, term)
        least = min(
            _cost_of_dates(bits, dates, fee, alpha, term)
            for count in range(4)
            for dates in itertools.combinations(range(9), count)
        )
        assert result.offline_cost == pytest.approx(least)
        assert result.cost <= result.bound * result.offline_cost + 1e-9


def _cost_of_dates(bits, dates, fee, alpha, term):
    covered = {t for begin in dates for t in range(begin, begin + term)}
    return fee * len(dates) + sum(alpha if t in covered else 1.0 for t, bit in enumerate(bits) if bit)


def test_bad_problems_are_named():
    with pytest.raises(CommitmentError, match="negative or unknown"):
        joint_problem([[-1.0]], [1.0], [])
    with pytest.raises(CommitmentError, match="'r' is listed 2 times"):
        joint_problem([[1.0]], [1.0], [Column("r", 0, 1.0), Column("r", 0, 1.0)])
    with pytest.raises(CommitmentError, match="covers target 3"):
        joint_problem([[1.0]], [1.0], [Column("r", 3, 1.0)])
    with pytest.raises(CommitmentError, match="at most 2"):
        corners([1.0], [[0.5], [0.4], [0.3]])
    with pytest.raises(CommitmentError, match="above 0"):
        joint_problem([[1.0]], [0.0], [])
    with pytest.raises(CommitmentError, match="on-demand prices"):
        joint_problem([[1.0]], [1.0, 2.0], [])
    with pytest.raises(CommitmentError, match="from 0 up"):
        single_optimum([1.0, -2.0], 1.0, 0.5)
    with pytest.raises(CommitmentError, match="must be one for each"):
        joint_problem([[1.0]], [1.0], [], weight=[1.0, 2.0])
    assert issubclass(NoCertificate, RuntimeError)
