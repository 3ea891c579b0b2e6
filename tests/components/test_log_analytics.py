"""Log Analytics: ingestion, retention, archive, commitment tiers, restores."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agog_capacity.components.log_analytics import LogAnalytics
from agog_capacity.periods import Months
from tests.components.designs import by_meter, context_of, only

INGESTION = "Log Analytics/Log Analytics/Analytics Logs/Analytics Logs Data Ingestion"
RETENTION = "Log Analytics/Log Analytics/Analytics Logs/Analytics Logs Data Retention"
MONITOR = "Azure Monitor/Azure Monitor"
JANUARY = Months("2027-01", 1)


def logs(**changes) -> LogAnalytics:
    return LogAnalytics(name="logs", region="eastus2", gb_per_day=10.0).replace(**changes)


def test_ingestion_counts_days_and_the_grant_is_left_to_the_charges():
    """10 GB a day; retention within what is included is a line of 0."""
    lines = logs().usage(context_of())
    assert by_meter(lines) == {
        (INGESTION, "eastus2"): [310.0, 280.0, 310.0],
        (RETENTION, "eastus2"): [0.0, 0.0, 0.0],
    }
    assert (lines[0].pool, lines[0].free_grant) == ("billing account", True)


def test_a_month_of_730_hours_has_30_days():
    """814.20 a month at 2.76 with 5 GB free (price facts, planning figures)."""
    line = only(logs().usage(context_of(months=Months("2027-01", 1, "730h"))), "Ingestion")
    assert (line.quantity[0] - 5) * 2.76 == pytest.approx(814.20)


@pytest.mark.parametrize(
    ("changes", "stored_gb"),
    [
        ({"retention_days": 31.0}, 0),
        ({"retention_days": 90.0}, 590),
        ({"retention_days": 90.0, "application_insights": True}, 0),
        ({"retention_days": 365.0, "application_insights": True}, 2750),
    ],
)
def test_retention_counts_what_is_older_than_the_included_days(changes, stored_gb):
    """31 days are included, 90 with Application Insights data; 10 GB for each further day."""
    assert only(logs(**changes).usage(context_of()), "Retention").quantity.tolist() == [stored_gb] * 3


def test_a_new_workspace_fills_up():
    """From 1 January: on 1 February the first logs are 31 days old; the amount rises by 10 GB a day.

    Over February, 28 days, it averages 10 x 28 / 2 = 140 GB; over March it rises from 280 to 590.
    """
    line = only(logs(retention_days=365.0, starts=date(2027, 1, 1)).usage(context_of()), "Retention")
    assert line.quantity == pytest.approx([0, 140, (280 + 590) / 2])


@given(
    retention=st.integers(1, 400),
    age=st.integers(0, 500),
    days=st.integers(1, 60),
)
def test_a_workspace_day_by_day_is_the_same(retention, age, days):
    """Adding up each day's level by hand, in steps of a hundredth of a day, gives the formula's average."""
    first = date(2027, 3, 1) - timedelta(days=age)
    last = first + timedelta(days=days)
    line = only(
        logs(retention_days=float(retention), starts=first, ends=last).usage(
            context_of(months=Months("2027-03", 1))
        ),
        "Retention",
    )
    begin, end = min(max(0, age), days), min(max(0, age + 31), days)
    width = max(0, retention - 31)
    steps = [begin + (i + 0.5) / 100 for i in range((end - begin) * 100)]
    by_hand = 10 * sum(min(max(0.0, t - 31), width) for t in steps) / 100 / 31
    assert line.quantity[0] == pytest.approx(by_hand, abs=1e-6)


def test_the_archive_begins_where_retention_ends():
    line = only(logs(archive_days=335.0).usage(context_of()), "Data Archive")
    assert (line.meter.text, line.quantity[0]) == (f"{MONITOR}/-/Data Archive", 3350.0)


@pytest.mark.parametrize(("gb_per_day", "tiers"), [(80.0, 1.0), (100.0, 1.0), (120.0, 1.2)])
def test_a_commitment_tier_is_paid_each_day_and_its_overage_at_its_own_rate(gb_per_day, tiers):
    """Billing rules, Log Analytics: a daily quantity whether used or not."""
    lines = logs(gb_per_day=gb_per_day, commitment_tier_gb_per_day=100).usage(context_of(months=JANUARY))
    meter = f"{MONITOR}/100 GB Commitment Tier/100 GB Commitment Tier Capacity Reservation"
    assert by_meter(lines)[meter, "eastus2"] == pytest.approx([31 * tiers])
    assert only(lines, "Reservation").unit == "Day"


def test_its_own_tier_is_paid_by_the_day_where_logs_follow_the_load():
    """Ten days of 240 GB and 21 of 30 GB, on a tier of 100: 10 x 2.4 + 21; the mean of 97.7 would hide the overage."""
    one = logs(gb_per_day=120.0, commitment_tier_gb_per_day=100, follows_load=True)
    of_days = np.array([2.0] * 10 + [0.25] * 21)
    context = replace(
        context_of(one, months=JANUARY), load_multiples=np.array([of_days.mean()]), day_multiples=of_days
    )
    assert only(one.usage(context), "Reservation").quantity == pytest.approx([10 * 2.4 + 21])
    plain = one.replace(commitment_tier_gb_per_day=None)
    line = only(plain.usage(context), "Ingestion")
    assert line.daily == pytest.approx(120 * of_days)
    assert line.quantity == pytest.approx([120 * of_days.sum()])


def test_sentinel_voids_the_free_grant():
    assert not logs(sentinel=True).usage(context_of())[0].free_grant
    assert logs(sentinel=True, free_grant_under_sentinel=True).usage(context_of())[0].free_grant


def test_basic_logs_are_billed_by_what_searches_read():
    lines = logs(plan="Basic", searched_gb_per_month=50.0).usage(context_of(months=JANUARY))
    assert by_meter(lines) == {
        (f"{MONITOR}/-/Basic Logs Data Ingestion", "eastus2"): [310.0],
        (f"{MONITOR}/-/Basic Logs Search Queries Scanned", "eastus2"): [50.0],
    }


@pytest.mark.parametrize(
    ("changes", "gb_days"),
    [
        ({}, 2000 * 0.5),
        ({"restored_gb": 3000.0, "restored_hours": 48.0}, 3000 * 2.0),
        ({"restored_gb": 3000.0}, 3000 * 0.5),
        (
            {
                "restore_minimum_gb": 0.0,
                "restore_minimum_hours": 0.0,
                "restored_gb": 10.0,
                "restored_hours": 24.0,
            },
            10.0,
        ),
    ],
)
def test_a_restore_has_a_smallest_size_and_time(changes, gb_days):
    """Billing rules, Log Analytics: at least 2 TB and 12 h; two restores a month."""
    line = only(logs(restores_per_month=2, **changes).usage(context_of(months=JANUARY)), "Data Restore")
    assert (line.quantity[0], line.unit) == (2 * gb_days, "GB/Day")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"plan": "Basic"}, "searched_gb_per_month is missing"),
        ({"plan": "Basic", "searched_gb_per_month": 1.0, "retention_days": 90.0}, "set retention_days to 30"),
        (
            {"plan": "Auxiliary", "searched_gb_per_month": 1.0, "commitment_tier_gb_per_day": 100},
            "is for plan Analytics",
        ),
        ({"commitment_tier_gb_per_day": 150}, "100"),
    ],
)
def test_what_a_plan_cannot_do_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        logs(**changes)
