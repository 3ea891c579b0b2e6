"""Log tiers in a bill: charged day by day, so that a quiet Sunday makes up for no busy Monday."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.commitments.log_tiers import TierPrice, tier_month
from agog_capacity.committed.logs import apply_log_tiers
from agog_capacity.committed.rows import CommittedUse
from agog_capacity.components.base import UsageContext
from agog_capacity.components.log_analytics import LogAnalytics
from agog_capacity.periods import Months
from tests.committed.test_step import bill, prices, section, total  # noqa: F401 - prices is a fixture

FEBRUARY = Months("2027-02", 1)
"""Four whole weeks, from a Monday on: 20 working days, 4 Saturdays, 4 Sundays."""
WEEK = (1.08, 1.08, 1.08, 1.08, 1.08, 0.32, 0.22)
TIER = {"kind": "log_tier", "component": "logs", "gb_per_day": 100, "starts": "2027-02-01"}


def workspace(gb: float = 100.0, **more) -> LogAnalytics:
    return LogAnalytics(name="logs", region="east", gb_per_day=gb, follows_load=True, **more)


def billed(prices, component, of_days, months=FEBRUARY, bought=TIER):  # noqa: F811
    """Return the rows of a tier and the ingestion that is left, with a load of each day."""
    of_days = np.array(of_days, dtype=float)
    of_months = months.sum_of_days(of_days) / months.days
    named = {component.name: component}
    context = UsageContext(months, {}, None, named, {}, of_months, of_days)
    lines = component.usage(context)
    use = CommittedUse(section({"tier": bought}), named)
    left, rows = apply_log_tiers(lines, use, prices, months)
    return left[0].quantity, {row.status: row.effective for row in rows}, lines[0].quantity


def test_a_week_with_a_weekend_is_charged_by_the_day(prices):  # noqa: F811
    """GUIDE 2, at 240 a day: 20 days of 108 GB pay 1.08 of the tier, 8 of 32 and 22 GB the whole of it.

    By the mean of 84.9 GB the month would cost 28 days: what is above on working days would be lost in weekends.
    """
    left, cost, arriving = billed(prices, workspace(), WEEK * 4)
    assert cost["used"] == pytest.approx(240 * (20 * 1.08 + 4 * 0.32 + 4 * 0.22))
    assert cost["unused"] == pytest.approx(240 * (4 * 0.68 + 4 * 0.78))
    assert cost["used"] + cost["unused"] == pytest.approx(240 * (28 + 20 * 0.08))
    assert left.tolist() == [0.0]
    assert arriving == pytest.approx([20 * 108 + 4 * 32 + 4 * 22])


def test_a_tier_from_within_a_month_takes_its_own_days(prices):  # noqa: F811
    """From Saturday the 27th: 32 and 22 GB are on the tier, all others on pay as you go."""
    left, cost, arriving = billed(prices, workspace(), WEEK * 4, bought=TIER | {"starts": "2027-02-27"})
    assert arriving - left == pytest.approx([54.0])
    assert cost["used"] + cost["unused"] == pytest.approx(480)


def test_a_month_of_730_hours_is_30_mean_days(prices):  # noqa: F811
    _, cost, arriving = billed(prices, workspace(), WEEK * 4, months=Months("2027-02", 1, "730h"))
    assert arriving == pytest.approx([30 / 28 * (20 * 108 + 4 * 32 + 4 * 22)])
    assert cost["used"] + cost["unused"] == pytest.approx(30 / 28 * 240 * (28 + 20 * 0.08))


@given(
    of_days=st.lists(st.floats(0, 3), min_size=28, max_size=28),
    gb=st.floats(1, 400),
    first=st.integers(1, 28),
)
def test_a_bill_by_day_is_that_of_the_rules_and_never_below_that_of_the_mean(prices, of_days, gb, first):  # noqa: F811
    """Against `log_tiers.tier_month`, which reads the rules on its own; a larger part of 1 is convex."""
    alive = slice(first - 1, None)
    left, cost, arriving = billed(prices, workspace(gb, starts=date(2027, 2, first)), of_days)
    load = np.array(of_days)[alive]
    mean_of_month = np.mean(of_days)
    load = np.full(load.size, mean_of_month) if load.sum() == 0 else load * mean_of_month / load.mean()
    expected = tier_month(gb * load, 3.0, [TierPrice(100.0, 240.0)])
    idle = 240 * (first - 1)
    by_day = float((cost["used"] + cost["unused"])[0])
    assert by_day == pytest.approx(expected.cost[100.0] + idle)
    assert arriving == pytest.approx([gb * load.sum()])
    assert left == pytest.approx([0.0])
    by_mean = 240 * load.size * max(1.0, gb * mean_of_month / 100) + idle
    assert by_day >= by_mean * (1 - 1e-12)


@given(gb=st.floats(1, 400), multiple=st.floats(0.1, 3))
def test_even_days_cost_what_their_mean_does(prices, gb, multiple):  # noqa: F811
    _, cost, _ = billed(prices, workspace(gb), [multiple] * 28)
    assert cost["used"] + cost["unused"] == pytest.approx([240 * 28 * max(1.0, gb * multiple / 100)])


def test_a_workspace_that_does_not_follow_the_load_is_even(prices):  # noqa: F811
    charges = bill(prices, [workspace(150.0)], section({"tier": TIER}), months=FEBRUARY)
    paid = total(charges, "effective_cost", status="used") + total(charges, "effective_cost", status="unused")
    assert paid == pytest.approx(28 * 240 * 1.5)
