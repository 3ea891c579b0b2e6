"""Error budgets: the figures of the SRE Workbook and of the guide, section 10."""

from __future__ import annotations

import pytest

from agog_capacity.availability.error_budget import BurnAlert, ErrorBudget
from agog_capacity.errors import InputError

MONTH = ErrorBudget(0.9995, 30)
FAST = BurnAlert(14.4, 1.0, 5.0)


def test_the_figures_of_the_guide():
    """At 99.95 % a full outage trips 14.4x in 26 s; more than 1 % of errors is burn 20x."""
    assert MONTH.minutes == pytest.approx(21.6)
    assert MONTH.minutes_to_fire(FAST, 1.0) == pytest.approx(25.92 / 60)
    assert MONTH.burn_rate(0.01) == pytest.approx(20)
    assert MONTH.spent_at(FAST) == pytest.approx(0.02), "SRE Workbook: 2 % of a 30-day budget in one hour"
    assert MONTH.hours_to_exhaust(0.01) == pytest.approx(36)


def test_an_alert_that_is_never_reached_does_not_fire():
    assert MONTH.minutes_to_fire(FAST, 0.007) is None
    assert MONTH.minutes_to_fire(FAST, 0.0072) == pytest.approx(60)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: ErrorBudget(1, 30), "leaves no error budget"),
        (lambda: ErrorBudget(99.95, 30), "99.95 is not between 0 and 1"),
        (lambda: ErrorBudget(0.999, 0), "window 0 must be above 0"),
        (lambda: MONTH.burn_rate(1.5), "error rate 1.5"),
    ],
)
def test_bad_inputs_are_refused_by_name(call, words):
    with pytest.raises(InputError, match=words):
        call()
