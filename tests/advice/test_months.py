"""An advice month by month adds up to what it says it saves."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from agog_capacity.advice.months import month_by_month
from agog_capacity.plan import load_plan
from tests.advice.test_commit import PLANS, quickly


@pytest.fixture(scope="module")
def advice():
    return quickly(load_plan(PLANS / "agog_commitments.yaml"), "grown", futures=3, buy_every=12)


def columns(table: Any) -> dict[str, Any]:
    return {heading.text: [row[i] for row in table.rows] for i, heading in enumerate(table.headings)}


def test_the_months_add_up_to_what_fresh_futures_save(advice):
    table = month_by_month(advice)
    found = columns(table)
    assert found["month"] == list(advice.plan.months.labels)
    total = dict(zip(found, table.total or (), strict=True))
    for name in ("committed", "on demand without it", "left on demand", "saves"):
        assert total[name] == pytest.approx(sum(found[name]))
    nothing = float(advice.fresh.probability @ advice.fresh.cost_of_nothing)
    assert total["on demand without it"] == pytest.approx(nothing)
    # Every term of a purchase in January 2027, 2028 or 2029 ends with the plan or before it, or goes on beyond it.
    inside = sum(
        advice.total(p) * (date(2030, 1, 1) - advice.day(p)).days / (advice.ends(p) - advice.day(p)).days
        if advice.ends(p) > date(2030, 1, 1)
        else advice.total(p)
        for p in advice.purchases
    )
    assert total["committed"] == pytest.approx(inside)
    beyond = sum(map(advice.total, advice.purchases)) - inside
    assert total["saves"] - beyond == pytest.approx(advice.fresh.saving - advice.missed_by_order, rel=1e-3)


def test_what_begins_runs_until_it_ends(advice):
    found = columns(month_by_month(advice))
    runs = 0.0
    for begins, ends, an_hour in zip(
        found["begins, an hour"], found["ends, an hour"], found["runs, an hour"], strict=True
    ):
        runs += (begins or 0.0) - (ends or 0.0)
        assert an_hour == pytest.approx(runs)
    assert max(found["runs, an hour"]) > 0


def test_in_each_month_the_saving_is_what_is_avoided_less_what_is_committed(advice):
    found = columns(month_by_month(advice))
    for without, left, committed, saves in zip(
        found["on demand without it"],
        found["left on demand"],
        found["committed"],
        found["saves"],
        strict=True,
    ):
        assert saves == pytest.approx(without - left - committed)
        assert left <= without


def test_an_advice_without_purchases_says_so(advice):
    none = quickly(load_plan(PLANS / "agog_commitments.yaml"), "grown", futures=1, buy_every=600)
    object.__setattr__(none.portfolio.optimum, "quantity", none.portfolio.optimum.quantity * 0)
    none.portfolio.__dict__.pop("purchases", None)
    table = month_by_month(none)
    assert not table.rows and "No reservation or savings plan is advised" in table.note
