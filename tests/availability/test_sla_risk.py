"""The risk of months and years: worked cases, exact sums, bounds that hold."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agog_capacity.availability.lengths import Exponential, Fixed, Lognormal, Uniform
from agog_capacity.availability.sla_risk import (
    allowed_hours,
    monthly_risk,
    panjer,
    total_exceeds,
    total_quantile,
    yearly_risk,
)
from agog_capacity.errors import InputError


def test_worked_case_w8():
    """Guide, section 11, W8."""
    month = monthly_risk(4, Exponential(0.75), 0.9995)
    assert month.allowed_h == 0.365
    assert month.month_violates.value == pytest.approx(0.18794472, abs=5e-9)
    assert month.year_has_violation == pytest.approx(0.91777060, abs=5e-9)
    year = yearly_risk(4, Exponential(0.75), 4.38)
    assert year.year_over_budget.value == pytest.approx(0.22579653, abs=5e-9)
    assert year.month_violates == month.month_violates


@pytest.mark.parametrize(
    "sla, month_h, hours", [("0.9995", 730, 0.365), (0.9999, 672, 0.0672), (1, 730, 0.0)]
)
def test_what_an_sla_allows_is_exact(sla, month_h, hours):
    assert allowed_hours(sla, month_h) == hours


def test_exactly_the_threshold_is_no_violation():
    """Two outages of 0.365 h are 0.73 h, which 99.9 % of 730 h allows; in floats 0.1 three times is above 0.3."""
    two = monthly_risk(26, Fixed(0.365), 0.999).month_violates.value
    mean = 26 / 12
    assert two == pytest.approx(1 - math.exp(-mean) * (1 + mean + mean**2 / 2), rel=1e-12)
    three = total_exceeds(1.0, Fixed(0.1), Decimal("0.3")).value
    assert three == pytest.approx(1 - math.exp(-1) * (1 + 1 + 1 / 2 + 1 / 6), rel=1e-12)


def test_a_tiny_risk_keeps_its_digits():
    """P(more than 30 of mean 0.5), far below what 1 - P(at most 30) can show."""
    found = total_exceeds(0.5, Fixed(1.0), 30).value
    first = math.exp(-0.5) * 0.5**31 / math.factorial(31)
    assert found == pytest.approx(first * (1 + 0.5 / 32 + 0.25 / 32 / 33), rel=1e-6)
    assert total_exceeds(0.01, Exponential(0.1), 3.0).value == pytest.approx(
        sum(math.exp(-0.01) * 0.01**n / math.factorial(n) * gamma_above(n, 30.0) for n in range(1, 8)),
        rel=1e-10,
    )


def gamma_above(shape: int, x: float) -> float:
    return math.exp(-x) * sum(x**k / math.factorial(k) for k in range(shape))


@settings(max_examples=25)
@given(st.floats(0.05, 20), st.floats(0.05, 2.0), st.floats(0.3, 2.0), st.floats(0.1, 6.0))
def test_bounds_hold_the_value_and_narrow(outages, median, sigma, threshold):
    coarse, fine = (total_exceeds(outages, Lognormal(median, sigma), threshold, n) for n in (100, 800))
    assert coarse.low - 1e-12 <= fine.low <= fine.value <= fine.high <= coarse.high + 1e-12
    # How near a coarse lattice comes depends on the length of an outage against its step; bounds always hold.
    assert fine.high - fine.low <= coarse.high - coarse.low + 1e-12
    assert coarse.low - 1e-12 <= coarse.value <= coarse.high + 1e-12


@pytest.mark.parametrize("mean", [0.3, 40.0, 600.0])
def test_the_lattice_agrees_with_the_exact_sum(mean):
    """Panjer on exponential lengths, also beyond 500 expected outages, where exp(-x) is squared up."""

    class OnLattice:
        """An exponential that does not say so."""

        mean, mean_square, below = 0.5, 0.5, Exponential(0.5).below

        def quantile(self, probability: float) -> float:
            return Exponential(0.5).quantile(probability)

    threshold = 0.5 * mean + 1.0
    exact = total_exceeds(mean, Exponential(0.5), threshold).value
    found = total_exceeds(mean, OnLattice(), threshold, 2000)
    # Where the step is no longer small against a length (0.15 h of 0.5 h at 600), the bounds say so.
    assert found.value == pytest.approx(exact, rel=2e-4 if mean < 500 else 0.1)
    assert found.low <= exact <= found.high


def test_panjer_of_lengths_of_one_step_is_poisson():
    chances = panjer(2.0, np.array([0.0, 1.0, 0.0, 0.0, 0.0]))
    assert chances.tolist() == pytest.approx([math.exp(-2) * 2**k / math.factorial(k) for k in range(5)])


def test_risk_rises_with_rate_length_and_sla():
    def month(rate=5.0, median=0.45, sla=0.999):
        return monthly_risk(rate, Lognormal(median, 0.9), sla).month_violates.value

    assert month() < month(rate=6.0) and month() < month(median=0.5) and month() < month(sla=0.9995)
    assert monthly_risk(5, Lognormal(0.45, 0.9), 1).month_violates.value == pytest.approx(
        1 - math.exp(-5 / 12)
    )


def test_quantiles_are_where_the_tail_is():
    for length in (Exponential(0.75), Lognormal(0.45, 0.9), Uniform(0.1, 2.0)):
        q = total_quantile(3.0, length, 0.95)
        assert total_exceeds(3.0, length, q).value == pytest.approx(0.05, rel=1e-3)
    assert total_quantile(0.01, Exponential(0.75), 0.95) == 0.0
    assert total_quantile(2.0, Fixed(0.5), 0.95) == 2.5


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: monthly_risk(0, Exponential(1.0), 0.999), "outages per year is 0"),
        (lambda: monthly_risk(1, Exponential(1.0), 99.9), "99.9 is not between 0 and 1"),
        (lambda: monthly_risk(float("nan"), Exponential(1.0), 0.9), "must be above 0"),
        (lambda: Exponential(float("inf")), "is infinite: it never ends"),
        (lambda: Lognormal(0.0, 1.0), "median length 0.0 must be above 0"),
        (lambda: Uniform(2.0, 1.0), "the bounds must rise"),
        (lambda: total_exceeds(1.0, Exponential(1.0), -1), "threshold -1 h is below 0"),
        (lambda: total_quantile(1.0, Exponential(1.0), 1.0), "not inside 0 and 1"),
    ],
)
def test_bad_inputs_are_refused_by_name(call, words):
    with pytest.raises(InputError, match=words):
        call()
