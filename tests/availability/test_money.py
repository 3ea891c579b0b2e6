"""What downtime costs and what credits pay: the worked case W8 and the limits of both."""

from __future__ import annotations

import pytest

from agog_capacity.availability.lengths import Exponential, Fixed
from agog_capacity.availability.money import BusinessHours, CreditTier, downtime_cost, expected_credit
from agog_capacity.errors import InputError

OFFICE = BusinessHours(60, 3_000_000.0, 250, 10, 0.15)
LADDER = (CreditTier("0.9999", 0.10), CreditTier("0.99", 0.25), CreditTier("0.95", 1.0))


def test_worked_case_w8_money():
    """Guide, section 11, W8: $10,800 a business hour, $9,246.58 a year, sd $12,239.06."""
    assert OFFICE.cost_per_hour == pytest.approx(10_800)
    found = downtime_cost(4, Exponential(0.75), OFFICE)
    assert found.mean == pytest.approx(9246.58, abs=0.005)
    assert found.sd == pytest.approx(12_239.06, abs=0.005)


def test_round_the_clock_business_pays_for_every_hour():
    always = BusinessHours(60, 3_000_000.0, 365, 24, 0.15)
    assert always.share_of_year == 1
    assert downtime_cost(4, Fixed(1.0), always).mean == pytest.approx(4 * always.cost_per_hour)


def test_a_month_earns_only_its_deepest_step():
    """Outages of 40 h are below 95 % of 730 h at once: every month with one earns the whole fee."""
    found = expected_credit(1.2, Fixed(40.0), LADDER, 1000.0)
    assert found.below[0] == found.below[1] == found.below[2]
    assert found.per_month == pytest.approx(1000.0 * found.below[2])
    assert found.per_year == pytest.approx(12 * found.per_month)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: expected_credit(1, Fixed(1.0), LADDER[::-1], 1.0), "order the steps from mild to deep"),
        (lambda: expected_credit(1, Fixed(1.0), [], 1.0), "at least one step"),
        (lambda: expected_credit(1, Fixed(1.0), [CreditTier(99.9, 0.1)], 1.0), "99.9 is not between 0 and 1"),
        (lambda: expected_credit(1, Fixed(1.0), [CreditTier(0.9, 10.0)], 1.0), "credit 10.0"),
        (lambda: BusinessHours(60, 3e6, 366, 24, 0.15).share_of_year, "do not fit a year"),
        (lambda: BusinessHours(60, 3e6, 250, 0, 0.15).cost_per_hour, "business hours 0 must be above 0"),
        (lambda: BusinessHours(60, 3e6, 250, 10, 15).cost_per_hour, "loss fraction 15"),
        (lambda: downtime_cost(0, Fixed(1.0), OFFICE), "outages per year is 0"),
    ],
)
def test_bad_inputs_are_refused_by_name(call, words):
    with pytest.raises(InputError, match=words):
        call()
