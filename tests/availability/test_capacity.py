"""Short capacity: N - 1 sizing against exact fractions, brownouts, scalability."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.availability.capacity import Scalability, brownout, region_sizing
from agog_capacity.errors import InputError


@given(st.integers(2, 7), st.integers(1, 10**6))
def test_sizing_keeps_twelve_digits(regions, millionths):
    q = Fraction(millionths * 1e-7)
    terms = [comb(regions, d) * q**d * (1 - q) ** (regions - d) for d in range(regions + 1)]
    unserved = sum(t * max(Fraction(0), 1 - Fraction(regions - d, regions - 1)) for d, t in enumerate(terms))
    found = region_sizing(regions, float(q))
    assert abs(Fraction(found.not_full) - sum(terms[2:])) <= sum(terms[2:]) / 10**12
    assert abs(Fraction(found.unserved) - unserved) <= unserved / 10**12


def test_worked_case_w6():
    """Guide, section 11, W6: 189 s; active-active at 60 % each: .4 x 270 s after the detection."""
    assert brownout(0.3, 150, 5, 60).outage_s == 189
    ramp = brownout(0.6, 150, 5, 60)
    assert 0.5 * 85 + ramp.outage_s == pytest.approx(150.5)


def test_a_smaller_demand_loses_less_and_collapse_loses_more():
    part = brownout(0.3, 100, 2, 100, demand=0.5)
    assert (part.unserved_s, part.outage_s, part.peak_lost) == pytest.approx((20.0, 40.0, 0.4))
    assert brownout(0.5, 100, 2, 100, demand=0.5).unserved_s == 0
    assert brownout(0.3, 100, 2, 100, demand=0.5, policy="collapse").outage_s == 100
    assert brownout(0.3, 100, 1, 100).full_at_s == 100


def test_the_law_peaks_where_its_formula_says():
    law = Scalability(1400.0, 0.045, 0.0006)
    best = max(range(1, 200), key=law.throughput)
    assert law.peak_nodes == best
    assert law.nodes_for(12_000) == next(n for n in range(1, 200) if law.throughput(n) >= 12_000)
    assert law.nodes_for(law.throughput(best) + 1) is None


def test_without_coherency_there_is_no_peak():
    law = Scalability(100.0, 0.1, 0.0)
    assert law.peak_nodes is None
    assert law.nodes_for(500) == 9
    assert law.nodes_for(1000) is None
    assert Scalability(100.0, 1.0, 0.5).peak_nodes == 1


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: region_sizing(1, 0.1), "it takes at least 2"),
        (lambda: region_sizing(2, 1.1), "between 0 and 1"),
        (lambda: brownout(1.3, 1, 1, 1), "initial capacity 1.3"),
        (lambda: brownout(0.3, 1, 0, 1), "steps 0 must be a whole number from 1 on"),
        (lambda: brownout(0.3, 1, 1, 1, demand=1.2), "demand 1.2"),
        (lambda: brownout(0.3, 1, 1, 1, policy="queue"), "'queue' is not one of"),  # type: ignore[arg-type]
        (lambda: Scalability(100.0, 1.5, 0.0), "contention 1.5"),
    ],
)
def test_bad_inputs_are_refused_by_name(call, words):
    with pytest.raises(InputError, match=words):
        call()
