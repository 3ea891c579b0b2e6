"""Rates from counts: the evidence table, and that none seen is not zero."""

from __future__ import annotations

import pytest

from agog_capacity.availability.rates import GammaRate, garwood_interval, jeffreys_rate, zero_event_bound
from agog_capacity.errors import InputError


@pytest.mark.parametrize(
    "events, years, low, high",
    [(7, 55, 0.051, 0.262), (8, 55, 0.063, 0.287), (4, 55, 0.020, 0.186), (26, 4.98, 3.41, 7.65)],
)
def test_the_intervals_of_the_evidence_table(events, years, low, high):
    """failure_evidence.csv, rows F02, F03, F04, F08."""
    assert garwood_interval(events, years) == pytest.approx((low, high), rel=0.01)


def test_none_seen_is_not_zero():
    assert garwood_interval(0, 14.0)[0] == 0.0
    assert zero_event_bound(10.0) == pytest.approx(0.2996, abs=1e-4)
    assert jeffreys_rate(0, 10.0).mean == 0.05


def test_own_events_move_a_belief():
    """k incidents in T years turn Gamma(a, b) into Gamma(a + k, b + T)."""
    assert GammaRate(2.5, 0.625).updated(3, 2.0) == GammaRate(5.5, 2.625)
    assert GammaRate(2.5, 0.625).quantile(0.5) < GammaRate(2.5, 0.625).mean


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: jeffreys_rate(-1, 5.0), "events -1 must be a whole number from 0 on"),
        (lambda: jeffreys_rate(1, 0.0), "exposure 0.0 must be above 0"),
        (lambda: GammaRate(0.0, 5.0), "shape of a rate"),
        (lambda: garwood_interval(1, 5.0, 95), "95 is not inside 0 and 1; write 0.95"),
        (lambda: GammaRate(1.0, 5.0).quantile(0.0), "not inside 0 and 1"),
    ],
)
def test_bad_inputs_are_refused_by_name(call, words):
    with pytest.raises(InputError, match=words):
        call()
