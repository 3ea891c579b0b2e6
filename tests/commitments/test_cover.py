"""The hourly cover: its order, its sums, and its fast twin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agog_capacity.commitments.cover import check_worth, cover_hours, cover_order
from agog_capacity.commitments.cover_fast import cover_totals
from agog_capacity.commitments.terms import CoverRules, Reservation, SavingsPlan, Scope, Size, UsageLine
from agog_capacity.errors import CommitmentError

SIZES = {
    "D4": Size(group="D", ratio=4, on_demand=0.192, plan={1: 0.13248, 3: 0.09024}, spot=0.0612),
    "D8": Size(group="D", ratio=8, on_demand=0.384, plan={1: 0.26496, 3: 0.18048}),
    "E8": Size(group="E", ratio=8, on_demand=0.504, plan={1: 0.4284}),
    "N": Size(group="N", ratio=1, on_demand=0.1, plan={1: 0.11}),
}
PLACES = st.fixed_dictionaries(
    {"subscription": st.sampled_from(["s1", "s2"]), "resource_group": st.sampled_from(["a", "b"])}
)
SCOPES = st.sampled_from(
    [Scope(), Scope(level="subscription", id="s1"), Scope(level="resource_group", id="a")]
)


@st.composite
def situations(draw):
    lines = []
    for index in range(draw(st.integers(1, 5))):
        size = draw(st.sampled_from(sorted(SIZES)))
        option: Any = draw(st.sampled_from(["on-demand", "spot"])) if size == "D4" else "on-demand"
        region = draw(st.sampled_from(["east", "west"]))
        lines.append(
            UsageLine(id=f"l{index}", size=size, region=region, purchase_option=option, **draw(PLACES))
        )
    amount = st.floats(0, 6).map(lambda x: round(x, 2))
    reservations = [
        Reservation(
            id=f"r{index}",
            size=draw(st.sampled_from(sorted(SIZES))),
            quantity=draw(amount),
            region=draw(st.sampled_from(["east", "west"])),
            hourly_cost=0.1,
            flexible=draw(st.booleans()),
            scope=draw(SCOPES),
        )
        for index in range(draw(st.integers(0, 4)))
    ]
    plans = [
        SavingsPlan(
            id=f"p{index}",
            term_years=draw(st.sampled_from([1, 3])),
            hourly_commitment=draw(amount),
            scope=draw(SCOPES),
        )
        for index in range(draw(st.integers(0, 3)))
    ]
    rules = CoverRules(
        line_order=draw(st.sampled_from(["listed", "smallest_first"])),
        plan_precedence=draw(st.sampled_from([("scope", "term"), ("term",)])),
    )
    hours = draw(st.integers(1, 4))
    usage = draw(
        st.lists(st.lists(amount, min_size=hours, max_size=hours), min_size=len(lines), max_size=len(lines))
    )
    return cover_order(SIZES, lines, reservations, plans, rules), np.array(usage)


@settings(deadline=None, max_examples=150)
@given(situations())
def test_the_parts_of_every_hour_add_up(situation):
    order, usage = situation
    cover = cover_hours(order, usage)
    parts = (
        cover.reserved_quantity.sum(axis=0)
        + cover.plan_quantity.sum(axis=0)
        + cover.on_demand_quantity
        + cover.spot_quantity
    )
    assert parts == pytest.approx(usage, abs=1e-9)
    assert cover.reserved_used + cover.reserved_unused == pytest.approx(
        np.broadcast_to(order.reserved_units[:, None], cover.reserved_used.shape), abs=1e-9
    )
    assert cover.plan_used + cover.plan_unused == pytest.approx(
        np.broadcast_to(order.plan_amount[:, None], cover.plan_used.shape), abs=1e-9
    )
    assert cover.on_demand_quantity.min() >= 0
    # No commitment makes what is left dearer.
    assert (cover.on_demand_cost + cover.spot_cost <= order.unit_price @ usage + 1e-9).all()


@settings(deadline=None, max_examples=150)
@given(situations())
def test_the_fast_twin_agrees_with_the_reference(situation):
    order, usage = situation
    cover = cover_hours(order, usage)
    period = np.arange(usage.shape[1]) % 2
    totals = cover_totals(order, np.stack([usage, usage[:, ::-1]]), np.sort(period), 2)
    for name in ("reserved_used", "plan_used", "reserved_unused", "plan_unused", "on_demand_quantity"):
        expected = getattr(cover, name)
        if name == "on_demand_quantity":
            expected = expected + cover.spot_quantity
        for future in (0, 1):
            assert getattr(totals, name)[future].sum(axis=0) == pytest.approx(expected.sum(axis=1), abs=1e-9)
    assert totals.effective_cost[0].sum() == pytest.approx(cover.effective_cost.sum(), abs=1e-9)
    assert totals.reserved_quantity[0].sum(axis=0) == pytest.approx(
        cover.reserved_quantity.sum(axis=(0, 2)), abs=1e-9
    )


def test_long_futures_pass_through_blocks_of_periods():
    order = cover_order(
        SIZES,
        [UsageLine(id="a", size="D4"), UsageLine(id="b", size="D8")],
        [Reservation(id="r", size="D4", quantity=3, region=None, hourly_cost=0.1)],
        [SavingsPlan(id="p", term_years=3, hourly_commitment=0.3)],
    )
    usage = np.random.default_rng(5).integers(0, 6, (2, 2, 1000)).astype(float)
    period = np.repeat([0, 1, 2], [300, 600, 100])
    totals = cover_totals(order, usage, period, 3)
    for future in range(2):
        for month in range(3):
            cover = cover_hours(order, usage[future][:, period == month])
            assert totals.plan_used[future, month, 0] == pytest.approx(cover.plan_used.sum())
            assert totals.effective_cost[future, month] == pytest.approx(cover.effective_cost.sum())


def test_which_rule_comes_first_among_plans_is_a_parameter():
    lines = [UsageLine(id="a", size="D4", resource_group="a")]
    plans = [
        SavingsPlan(id="wide", term_years=3, hourly_commitment=0.05),
        SavingsPlan(
            id="narrow", term_years=1, hourly_commitment=0.05, scope=Scope(level="resource_group", id="a")
        ),
    ]
    narrow_first = cover_hours(cover_order(SIZES, lines, (), plans), [[0.5]])
    long_first = cover_hours(
        cover_order(SIZES, lines, (), plans, CoverRules(plan_precedence=("term",))), [[0.5]]
    )
    assert narrow_first.plan_used.ravel() == pytest.approx([(0.5 - 0.05 / 0.13248) * 0.09024, 0.05])
    assert long_first.plan_used.ravel() == pytest.approx([0.5 * 0.09024, 0.0])


def test_bad_commitments_are_named():
    lines = [UsageLine(id="a", size="D5")]
    with pytest.raises(CommitmentError, match="'D5', which has no prices; there are: 'D4'"):
        cover_order(SIZES, lines)
    spotless = [UsageLine(id="a", size="D8", purchase_option="spot")]
    with pytest.raises(CommitmentError, match="no spot price"):
        cover_order(SIZES, spotless)
    twice = [SavingsPlan(id="p", term_years=1, hourly_commitment=1)] * 2
    with pytest.raises(CommitmentError, match="'p' is listed 2 times"):
        cover_order(SIZES, [UsageLine(id="a", size="D4")], (), twice)
    with pytest.raises(ValueError, match="needs the id"):
        Scope(level="subscription")
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        SavingsPlan(id="p", term_years=1, hourly_commitment=-1)


def test_bad_usage_is_named():
    order = cover_order(SIZES, [UsageLine(id="a", size="D4"), UsageLine(id="b", size="D4")])
    with pytest.raises(CommitmentError, match="line 1 in hour 0 is -1"):
        cover_hours(order, [[1.0], [-1.0]])
    with pytest.raises(CommitmentError, match=r"\[2, 1\] hours"):
        cover_hours(order, [[1.0, 2.0], [1.0]])
    with pytest.raises(CommitmentError, match="shape"):
        cover_hours(order, [[1.0]])
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(CommitmentError, match="future 1"):
            cover_totals(order, np.array([[[1.0], [1.0]], [[1.0], [bad]]]))


def test_a_savings_plan_above_all_usage_is_not_bought():
    lines = [UsageLine(id="a", size="D4")]
    plan = [SavingsPlan(id="p", term_years=1, hourly_commitment=1.0)]
    order = cover_order(SIZES, lines, (), plan)
    with pytest.raises(CommitmentError, match="'p' commits 1 USD an hour, above all"):
        check_worth(order, [[5.0, 2.0]], ["p"])
    check_worth(order, [[8.0, 2.0]], ["p"])
    without = cover_order(
        {"X": Size(group="X", ratio=1, on_demand=1.0)}, [UsageLine(id="a", size="X")], (), plan
    )
    with pytest.raises(CommitmentError, match="no line has a plan price"):
        check_worth(without, [[5.0]])
