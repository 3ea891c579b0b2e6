"""Contract arithmetic against worked case W1 of the availability guide and exact fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.availability.structure import parallel_unavailability, series_unavailability

FRONT_DOOR, AKS, NODES, POSTGRES_HA, POSTGRES, REDIS = 0.0001, 0.0005, 0.0001, 0.0001, 0.001, 0.001


def test_worked_case_w1_all_hard():
    """All five services are needed: 0.9982009798, 15.76 h a year."""
    q = series_unavailability([FRONT_DOOR, AKS, NODES, POSTGRES_HA, REDIS])
    assert 1 - q == pytest.approx(0.9982009798, abs=5e-11)
    assert q * 8760 == pytest.approx(15.76, abs=0.005)


def test_worked_case_w1_redis_optional():
    q = series_unavailability([FRONT_DOOR, AKS, NODES, POSTGRES_HA])
    assert 1 - q == pytest.approx(0.9992001800, abs=5e-11)


def test_worked_case_w1_two_regions_behind_one_front_door():
    us = series_unavailability([AKS, NODES, POSTGRES_HA, REDIS])
    eu = series_unavailability([AKS, NODES, POSTGRES, REDIS])
    q = series_unavailability([FRONT_DOOR, parallel_unavailability([us, eu])])
    assert 1 - q == pytest.approx(0.9998955864, abs=5e-11)
    assert q * 8760 == pytest.approx(0.915, abs=0.0005)


_SMALL = st.integers(1, 10**6).map(lambda n: Fraction(n, 10**15))


@given(st.lists(_SMALL, min_size=1, max_size=6))
def test_unavailability_keeps_twelve_digits_down_to_1e_15(parts):
    exact_up = Fraction(1)
    for q in parts:
        exact_up *= 1 - q
    exact = 1 - exact_up
    assert abs(Fraction(series_unavailability(map(float, parts))) - exact) <= exact * Fraction(1, 10**12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_series_is_no_better_than_its_worst_part_and_parallel_no_worse_than_its_best(parts):
    assert series_unavailability(parts) >= max(parts) * (1 - 1e-12)
    assert parallel_unavailability(parts) <= min(parts)


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(bad):
    with pytest.raises(ValueError, match="between 0 and 1"):
        series_unavailability([bad])
    with pytest.raises(ValueError, match="between 0 and 1"):
        parallel_unavailability([bad])


def test_a_certain_failure_stays_certain():
    assert series_unavailability([0.5, 1.0]) == 1.0
