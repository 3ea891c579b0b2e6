"""Load curves: local time, month ends, growth, tenants."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from pydantic import ValidationError

from agog_capacity.load.curve import LoadCurve, LoadError, Noise, constant_load
from agog_capacity.load.shape import Event, LoadShape, office_week
from agog_capacity.load.tenants import Onboarding, TenantGroup, load_from_shape, load_from_tenants

PEAK_AT_NINE = tuple(1.0 if hour % 24 == 9 else 0.0 for hour in range(168))


def shape(**changes):
    return LoadShape(**{"time_zone": "Europe/Berlin", "hours_of_week": office_week(), **changes})


def peak_hours_utc(start: datetime, days: int) -> list[int]:
    multiples = shape(hours_of_week=PEAK_AT_NINE).multiples(start, 3600, 24 * days)
    return [int(np.argmax(multiples[24 * day : 24 * day + 24])) for day in range(days)]


def test_nine_oclock_stays_where_it_is_when_the_clocks_change():
    """Germany put its clocks forward on 2027-03-28 and back on 2027-10-31."""
    assert peak_hours_utc(datetime(2027, 3, 27, tzinfo=UTC), 3) == [8, 7, 7]
    assert peak_hours_utc(datetime(2027, 10, 30, tzinfo=UTC), 3) == [7, 8, 8]


def test_a_week_has_the_mean_asked_for():
    curve = load_from_shape(shape(), {"backend": 100.0}, start=datetime(2027, 1, 4, tzinfo=UTC), hours=168)
    assert curve.rates.mean() == pytest.approx(100, rel=1e-6)
    assert curve.to_frame().shape == (672, 1)


def test_month_ends_events_and_growth_multiply():
    start, hours = datetime(2027, 1, 1, tzinfo=UTC), 31 * 24
    plain = shape().multiples(start, 3600, hours)
    ends = shape(month_end_days=2, month_end_factor=3.0).multiples(start, 3600, hours)
    ratio = ends / plain
    assert ratio[: 29 * 24 - 1] == pytest.approx(np.ones(29 * 24 - 1))
    assert ratio[29 * 24 : 31 * 24 - 1] == pytest.approx(np.full(2 * 24 - 1, 3.0))
    event = Event(name="fair", starts=datetime(2027, 1, 5, 10), ends=datetime(2027, 1, 5, 12), factor=2.0)  # noqa: DTZ001
    fair = shape(events=(event,)).multiples(start, 3600, hours) / plain
    assert np.flatnonzero(fair > 1.5).tolist() == [4 * 24 + 9, 4 * 24 + 10]  # 10 o'clock in Berlin is 9 UTC
    grown = shape(yearly_growth=1.0).multiples(start, 86_400, 367) / shape().multiples(start, 86_400, 367)
    assert grown[-1] == pytest.approx(2, rel=0.01)


def test_tenants_come_by_month_to_their_home_region():
    groups = [
        TenantGroup(
            name="DACH",
            region="eu",
            schedule=(Onboarding(month="2027-01", tenants=2), Onboarding(month="2027-02", tenants=5)),
            requests_per_second=1.0,
            shape=shape(hours_of_week=(1.0,) * 168),
        ),
        TenantGroup(
            name="US",
            region="us",
            schedule=(Onboarding(month="2027-02", tenants=3),),
            requests_per_second=2.0,
            shape=shape(time_zone="America/New_York", hours_of_week=(1.0,) * 168),
        ),
    ]
    curve = load_from_tenants(
        groups, {"backend": 1.0, "frontend": 0.5}, start=datetime(2027, 1, 1, tzinfo=UTC), hours=59 * 24
    )
    assert curve.names == (("eu", "backend"), ("eu", "frontend"), ("us", "backend"), ("us", "frontend"))
    assert curve.rates[:, [0, -1]].tolist() == [[2, 5], [1, 2.5], [0, 6], [0, 3]]
    assert curve.in_region("us").names == (("us", "backend"), ("us", "frontend"))
    with pytest.raises(LoadError, match="no region 'eux'"):
        curve.in_region("eux")


@pytest.mark.parametrize(
    "change",
    [
        {"time_zone": "Europe/Berlinn"},
        {"time_zone": "../../etc/passwd"},
        {"hours_of_week": (1.0,) * 167},
        {"hours_of_week": (0.0,) * 168},
        {"hours_of_week": (-1.0,) * 168},
        {"yearly_growth": -1.0},
        {"month_end_days": 40},
    ],
)
def test_a_shape_that_cannot_be_is_refused(change):
    with pytest.raises(ValidationError):
        shape(**change)


@pytest.mark.parametrize(
    "change", [{"deviation": -0.1}, {"deviation": float("nan")}, {"autocorrelation": 1.0}]
)
def test_noise_that_cannot_be_is_refused(change):
    with pytest.raises(LoadError):
        Noise(**change)


def test_a_curve_checks_its_form():
    start, names = datetime(2027, 1, 1, tzinfo=UTC), (("eu", "web"),)
    with pytest.raises(LoadError, match="multiple of 5"):
        LoadCurve(start, 7, names, np.ones((1, 2)))
    with pytest.raises(LoadError, match="not in UTC"):
        LoadCurve(datetime(2027, 1, 1), 60, names, np.ones((1, 2)))  # noqa: DTZ001
    with pytest.raises(LoadError, match="shape"):
        LoadCurve(start, 60, names, np.ones((2, 2)))
    with pytest.raises(LoadError, match="must divide"):
        load_from_shape(shape(), {"a": 1.0}, start=start, hours=1, step_s=7)
    assert constant_load({"web": 2.0}, hours=3).scaled(2).rates.tolist() == [[4, 4, 4]]
