"""Beta factor against exact fractions, and the arithmetic of events that hit two regions."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.availability.common_cause import (
    beta_factor_unavailability,
    two_region_events_per_year,
    voting,
)
from agog_capacity.availability.numbers import exact
from agog_capacity.errors import InputError

DECIMAL = st.tuples(st.integers(1, 99), st.integers(2, 15)).map(lambda t: float(f"{t[0]}e-{t[1]}"))


@given(DECIMAL, st.integers(0, 100), st.integers(1, 4), st.data())
def test_beta_factor_keeps_twelve_digits(q, hundredths, count, data):
    needed, beta = data.draw(st.integers(1, count)), hundredths / 100
    own = (1 - exact(beta)) * exact(q)
    alone = sum(
        comb(count, down) * own**down * (1 - own) ** (count - down)
        for down in range(count - needed + 1, count + 1)
    )
    shared = exact(beta) * exact(q)
    true = shared + (1 - shared) * alone
    found = beta_factor_unavailability(needed, count, q, beta)
    assert abs(Fraction(found) - true) <= true * Fraction(1, 10**12)


def test_each_region_keeps_its_rate():
    one, both = two_region_events_per_year(0.13, 0.1)
    assert one / 2 + both == pytest.approx(0.13)
    assert both / (one + both) == pytest.approx(0.1 / 1.9)


@pytest.mark.parametrize("bad", ["2of3", "3oo2", "0oo2", "", "2oo3 "])
def test_an_architecture_that_is_none_is_refused(bad):
    with pytest.raises(InputError, match="is not an architecture"):
        voting(bad)


@pytest.mark.parametrize("q, beta", [(1.2, 0.1), (0.1, 1.1), (0.1, -0.1)])
def test_probabilities_outside_are_refused(q, beta):
    with pytest.raises(InputError, match="between 0 and 1"):
        beta_factor_unavailability(1, 2, q, beta)
