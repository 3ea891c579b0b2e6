"""Active-passive against exact fractions, quadrature and a four-state chain."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.availability.lengths import Lognormal
from agog_capacity.availability.markov import Chain, steady_state
from agog_capacity.availability.numbers import exact
from agog_capacity.availability.renewal import (
    active_passive,
    active_passive_with_second_failure,
    dormant_dead_share,
    drilled_coverage,
)
from agog_capacity.errors import InputError


@given(
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.integers(0, 10**4),
    st.integers(1, 999),
    st.integers(1, 999),
)
def test_renewal_keeps_twelve_digits(rate, failover, covered, manual, repair):
    """Rates down to 1e-9 a year and failovers of microseconds: U goes to 1e-15 and below."""
    values = [rate * 1e-9, failover * 1e-6, covered / 10_000, manual / 10, repair / 10]
    fails, f, c, m, r = map(exact, values)
    true = (f + (1 - c) * m) / (8760 / fails + f + c * r + (1 - c) * m)
    found = active_passive(*values).unavailability
    assert abs(Fraction(found) - true) <= true * Fraction(1, 10**12)


def test_worked_case_w3():
    """Guide, section 11, W3, and the same as a chain of four states."""
    found = active_passive(1.0, 5 / 60, 0.92, 3.0, 8.0)
    assert found.unavailability == pytest.approx(3.6877852568e-5, rel=1e-10)
    assert found.cycles_per_year == pytest.approx(0.999124, abs=1e-6)
    moves = [
        ("up", "over", 1 / 8760), ("over", "second", 12 * 0.92), ("over", "manual", 12 * 0.08),
        ("manual", "up", 1 / 3), ("second", "up", 1 / 8),
    ]  # fmt: skip
    shares = steady_state(Chain.of(["up", "over", "second", "manual"], moves))
    assert shares[1] + shares[3] == pytest.approx(found.unavailability, rel=1e-12)


@pytest.mark.parametrize("second", [1e-6, 0.5, 9.0, 200.0])
@pytest.mark.parametrize("sigma", [0.3, 1.1, 1.8])
def test_overlap_is_the_quadrature_of_its_definition(second, sigma):
    from scipy.integrate import quad

    per_h = second / 8760
    repair = Lognormal(7.0, sigma)

    def integrand(z: float) -> float:
        x = per_h * float(7.0 * np.exp(sigma * z))
        gap = x + np.expm1(-x) if x > 1e-4 else x**2 / 2 - x**3 / 6
        return float(gap / per_h * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))

    true = quad(integrand, -12, 14, epsabs=0, epsrel=1e-11, limit=400)[0]
    found = active_passive_with_second_failure(1.4, 0.08, repair, second)
    assert found.overlap_h == pytest.approx(true, rel=1e-8)


def test_drills_buy_availability():
    """About half a drill interval of failures; without drills nothing is left of the coverage."""
    assert dormant_dead_share(1.0, 52.0) == pytest.approx(1 / 104, rel=0.01)
    assert dormant_dead_share(1e-6, 12.0) == pytest.approx(1e-6 / 24, rel=1e-6)
    assert drilled_coverage(0.9, 2.0, 0.01) < 0.005
    many, few = (drilled_coverage(0.9, 0.5, drills) for drills in (12.0, 1.0))
    assert few < many < 0.9


@pytest.mark.parametrize(
    "values, words",
    [
        ((0.0, 0.1, 0.9, 1.0, 8.0), "failures per year is 0"),
        ((1.0, 0.1, 1.9, 1.0, 8.0), "coverage 1.9 is not between 0 and 1"),
        ((1.0, 0.1, 0.9, 1.0, float("inf")), "primary repair inf must be a finite number"),
        ((1.0, -0.1, 0.9, 1.0, 8.0), "failover -0.1"),
    ],
)
def test_rates_of_zero_and_infinite_repairs_are_refused(values, words):
    with pytest.raises(InputError, match=words):
        active_passive(*values)
    with pytest.raises(InputError, match="is 0"):
        active_passive_with_second_failure(1.0, 0.1, Lognormal(5.0, 1.0), 0.0)
