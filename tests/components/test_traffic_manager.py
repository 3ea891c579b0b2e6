"""Traffic Manager: DNS queries and health checks."""

from __future__ import annotations

from agog_capacity.components.traffic_manager import TrafficManager
from agog_capacity.periods import Months
from tests.components.designs import by_meter, context_of

METER = "Traffic Manager/Traffic Manager/-/"
JANUARY = Months("2027-01", 1)


def test_queries_and_endpoints_are_counted():
    """Billing rules, Traffic Manager: queries, health checks by endpoint, the fast interval as an extra."""
    profile = TrafficManager.example().replace(
        external_endpoints=1, fast_interval=True, traffic_view_data_points_per_month=2e6
    )
    assert by_meter(profile.usage(context_of(months=JANUARY))) == {
        (f"{METER}DNS queries", "Global"): [5e6],
        (f"{METER}Azure endpoint health check", "Global"): [2.0],
        (f"{METER}Azure endpoint fast interval health check add-on", "Global"): [2.0],
        (f"{METER}Non-Azure (external) endpoint health check", "Global"): [1.0],
        (f"{METER}Non-Azure (external) endpoint fast interval health check add-on", "Global"): [1.0],
        (f"{METER}Traffic View data points", "Global"): [2e6],
    }


def test_what_is_off_is_not_metered():
    lines = TrafficManager(name="tm", dns_queries_per_month=0.0).usage(context_of(months=JANUARY))
    assert by_meter(lines) == {(f"{METER}DNS queries", "Global"): [0.0]}


def test_it_is_reported_as_global():
    assert {line.region for line in TrafficManager.example().usage(context_of())} == {"global"}
