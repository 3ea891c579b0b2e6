"""Availability out of recorded incidents: unions, months, open ends and causes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.availability.incidents import Incident
from agog_capacity.availability.measured import MeasuredAvailability, measured_availability
from agog_capacity.errors import InputError

BEGAN, UNTIL = date(2026, 1, 1), date(2026, 12, 31)


def incident(start: str, hours: float | None, severity: float = 1.0, cause: str = "region") -> Incident:
    begins = datetime.fromisoformat(start).replace(tzinfo=UTC)
    end = None if hours is None else begins + timedelta(hours=hours)
    return Incident(begins, end, "region", severity, cause)


def measured(*incidents: Incident, target_percent: float = 99.95) -> MeasuredAvailability:
    return measured_availability(incidents, BEGAN, UNTIL, target_percent=target_percent)


def test_a_year_without_incidents_is_whole() -> None:
    found = measured()
    assert found.hours == 8760
    assert len(found.months) == 12
    assert found.percent("demand") == found.percent("deep") == 100
    assert found.months_broken("demand") == 0


def test_overlapping_incidents_are_a_union_and_not_a_sum() -> None:
    found = measured(incident("2026-03-01T00:00", 4), incident("2026-03-01T02:00", 4))
    assert found.lost_h("demand") == pytest.approx(6)
    assert found.lost_h("deep") == pytest.approx(6)


def test_partial_losses_are_composed() -> None:
    """Half and half of the rest: three quarters, which is deep; each alone is not."""
    found = measured(incident("2026-03-01T00:00", 2, 0.5), incident("2026-03-01T01:00", 2, 0.5, "edge"))
    assert found.lost_h("demand") == pytest.approx(0.5 + 0.75 + 0.5)
    assert found.lost_h("deep") == pytest.approx(1)
    assert found.by_cause == pytest.approx({"region": 0.875, "edge": 0.875})


def test_an_incident_over_the_end_of_a_month_counts_in_both() -> None:
    found = measured(incident("2026-01-31T23:50", 1))
    january, february = found.months[:2]
    assert january.lost_h["demand"] == pytest.approx(1 / 6)
    assert february.lost_h["demand"] == pytest.approx(5 / 6)
    # 99.95 % of January allow 22.3 minutes, of February 20.2.
    assert (january.breaks["demand"], february.breaks["demand"]) == (False, True)


def test_what_is_exactly_allowed_breaks_nothing() -> None:
    assert measured(incident("2026-02-10T00:00", 0.0005 * 28 * 24)).months_broken("demand") == 0


def test_an_open_incident_lasts_to_the_end_of_the_records() -> None:
    assert measured(incident("2026-12-31T12:00", None)).lost_h("demand") == pytest.approx(12)


def test_hours_of_a_short_record_are_told_for_a_whole_year() -> None:
    """73 days are a fifth of 8,760 hours."""
    found = measured_availability(
        (incident("2026-01-02T00:00", 2),), BEGAN, date(2026, 3, 14), target_percent=99.95
    )
    assert found.lost_h_per_year("demand") == pytest.approx(10)


def test_what_lies_outside_the_records_does_not_count() -> None:
    found = measured(incident("2025-12-31T20:00", 6), incident("2026-12-31T23:00", 9))
    assert found.lost_h("demand") == pytest.approx(2 + 1)


@given(
    st.lists(
        st.tuples(st.integers(0, 8000), st.floats(0.1, 300), st.floats(0, 1), st.sampled_from("abc")),
        max_size=8,
    )
)
def test_causes_and_months_add_up_and_a_union_is_no_more_than_the_sum(rows: list) -> None:
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    incidents = [
        Incident(
            begins + timedelta(hours=at), begins + timedelta(hours=at + length), "region", severity, cause
        )
        for at, length, severity, cause in rows
    ]
    found = measured(*incidents)
    assert sum(found.by_cause.values()) == pytest.approx(found.lost_h("demand"))
    assert sum(month.hours for month in found.months) == pytest.approx(8760)
    assert found.lost_h("demand") <= sum(min(h, 8760 - at) * share for at, h, share, _ in rows) + 1e-6


def test_records_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(InputError, match="before they begin"):
        measured_availability((), UNTIL, BEGAN, target_percent=99.95)
