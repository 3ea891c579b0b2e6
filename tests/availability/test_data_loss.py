"""Lag and conflicts: the worked case W5, and that skew decides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.availability.data_loss import (
    ReplicationLag,
    conflicting_pairs_per_s,
    refuse_lag_longer_than_outage,
    zipf_shares,
)
from agog_capacity.availability.lengths import Lognormal
from agog_capacity.errors import InputError


def test_worked_case_w5_data_loss():
    """Guide, section 11, W5: mean 8.24 s, P99 51.2 s, P(> 5 min) 2.12e-5."""
    lag = ReplicationLag(Lognormal(5.0, 1.0), 0.0, 900.0)
    assert lag.mean_s == pytest.approx(8.24, abs=0.005)
    assert lag.quantile(0.99) == pytest.approx(51.2, abs=0.05)
    assert lag.beyond(300) == pytest.approx(2.12e-5, rel=0.002)


def test_the_stalled_part_decides_the_tail():
    healthy, stalled = (ReplicationLag(Lognormal(5.0, 1.0), p, 1800.0) for p in (0.0, 0.01))
    assert stalled.beyond(300) > 300 * healthy.beyond(300)


@given(st.floats(0, 1), st.floats(0.01, 0.999))
def test_quantiles_are_where_the_tail_is(stalled, share):
    lag = ReplicationLag(Lognormal(5.0, 1.0), stalled, 1800.0)
    assert lag.beyond(lag.quantile(share)) == pytest.approx(1 - share, rel=1e-9)


@pytest.mark.parametrize(
    "lag, words",
    [
        (
            ReplicationLag(Lognormal(36_000.0, 1.0), 0.0, 0.0),
            "the median lag 36000 s is longer than the outage (region",
        ),
        (
            ReplicationLag(Lognormal(5.0, 1.0), 0.01, 86_400.0),
            "a standstill that is noticed after 86400 s is longer",
        ),
    ],
)
def test_a_lag_longer_than_the_outage_is_refused(lag, words):
    with pytest.raises(InputError) as caught:
        refuse_lag_longer_than_outage(lag, {"region": 5.4, "region_db": 4.8})
    assert words in str(caught.value)
    assert "would lose more than waiting" in str(caught.value)
    refuse_lag_longer_than_outage(ReplicationLag(Lognormal(5.0, 1.0), 0.0, 0.0), {"region": 5.4})
    refuse_lag_longer_than_outage(lag, {})
    with pytest.raises(InputError, match=r"^backup_age: .*restoring would lose more .*or do not restore"):
        refuse_lag_longer_than_outage(lag, {"region": 5.4}, restored=True)


def test_skewed_rows_conflict_a_hundred_times_more():
    """Guide, section 8."""
    flat, skewed = (conflicting_pairs_per_s([40, 40], 0.08, zipf_shares(100_000, s)) for s in (0.0, 0.8))
    assert flat == pytest.approx(2 * 0.08 * 1600 / 100_000)
    assert skewed > 100 * flat


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: ReplicationLag(Lognormal(5.0, 1.0), 2.5, 900.0), "stalled 2.5 is not between 0 and 1"),
        (lambda: ReplicationLag(Lognormal(5.0, 1.0), 0.1, 0.0), "longest stall 0.0"),
        (
            lambda: conflicting_pairs_per_s([1, 1], 0.1, np.array([0.5, 0.4])),
            "add up to 0.9; they must add up to 1",
        ),
        (lambda: conflicting_pairs_per_s([1], 0.1, np.ones(1)), "two masters or more"),
        (lambda: conflicting_pairs_per_s([1, -1], 0.1, np.ones(1)), "writes per second -1"),
        (lambda: zipf_shares(0, 1.0), "at least 1"),
    ],
)
def test_bad_inputs_are_refused_by_name(call, words):
    with pytest.raises(InputError, match=words):
        call()
