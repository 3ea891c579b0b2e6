"""Front Door: base fee, and traffic by client zone."""

from __future__ import annotations

from datetime import date

import pytest

from agog_capacity.components.bandwidth import Bandwidth
from agog_capacity.components.front_door import CLIENT_ZONES, FrontDoor
from agog_capacity.errors import InputError
from agog_capacity.periods import Months
from tests.components.designs import TRAFFIC, by_meter, context_of, only

PREMIUM = "Azure Front Door Service/Azure Front Door/Premium/Premium"
JANUARY = Months("2027-01", 1)


def door(**changes) -> FrontDoor:
    return FrontDoor.example().replace(**changes)


def test_traffic_is_metered_by_client_zone():
    """Billing rules, Front Door; the clients are three quarters in zone 1 and a quarter in zone 2."""
    assert by_meter(door().usage(context_of(months=JANUARY))) == {
        (f"{PREMIUM} Base Fees", "Zone 1"): [1.0],
        (f"{PREMIUM} Requests", "Zone 1"): [187.5e6],
        (f"{PREMIUM} Data Transfer Out", "Zone 1"): [7500.0],
        (f"{PREMIUM} Data Transfer In", "Zone 1"): [750.0],
        (f"{PREMIUM} Requests", "Zone 2"): [62.5e6],
        (f"{PREMIUM} Data Transfer Out", "Zone 2"): [2500.0],
        (f"{PREMIUM} Data Transfer In", "Zone 2"): [250.0],
    }


def test_it_belongs_to_no_region_and_tiers_fill_up_by_zone():
    lines = door().usage(context_of())
    assert {(line.region, line.pool) for line in lines} == {("global", "region")}


def test_the_base_fee_of_a_part_of_a_month_is_its_share():
    """Ten of the 31 days of January."""
    line = only(door(ends=date(2027, 1, 11)).usage(context_of()), "Base Fees")
    assert line.quantity == pytest.approx([10 / 31, 0, 0])


def test_standard_has_meters_of_its_own():
    meters = {line.meter.sku for line in door(tier="Standard").usage(context_of())}
    assert meters == {"Standard"}


def test_two_profiles_share_the_traffic():
    first, second = door(traffic_share=0.25), door(name="other", traffic_share=0.5)
    context = context_of(first, second, months=JANUARY)
    requests = [
        line.quantity[0]
        for d in (first, second)
        for line in d.usage(context)
        if line.meter.meter.endswith("Requests")
    ]
    assert sum(requests) == pytest.approx(0.75 * TRAFFIC.requests_per_month)


def test_traffic_past_front_door_needs_something_that_meters_it():
    first, second = door(traffic_share=0.25), door(name="other", traffic_share=0.5)
    ((field, message),) = first.problems(context_of(first, second))
    assert field == "traffic_share"
    assert "0.25 of the traffic goes past Front Door" in message
    assert first.problems(context_of(first, second, Bandwidth(name="bandwidth"))) == ()


def test_two_profiles_must_not_carry_the_same_traffic():
    first, second = door(), door(name="other", traffic_share=0.5)
    ((field, message),) = second.problems(context_of(first, second))
    assert field == "traffic_share"
    assert "'front-door', 'other'" in message
    assert "1.5" in message


def test_one_profile_may_follow_another():
    first, second = door(ends=date(2027, 2, 1)), door(name="other", starts=date(2027, 2, 1))
    context = context_of(first, second)
    assert first.problems(context) == second.problems(context) == ()


def test_without_traffic_it_cannot_be_metered():
    context = context_of(traffic=None)
    assert "add the section traffic" in door().problems(context)[0][1]
    with pytest.raises(InputError, match="add the section traffic"):
        door().usage(context)


def test_the_zones_that_are_named_are_those_of_the_documentation():
    assert list(CLIENT_ZONES) == [f"Zone {number}" for number in range(1, 6)]
