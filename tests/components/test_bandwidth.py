"""Bandwidth: what the design sends to clients and between its regions."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from agog_capacity.components.bandwidth import Bandwidth, Flow
from agog_capacity.components.front_door import FrontDoor
from agog_capacity.components.postgres import PostgresFlexibleServer
from agog_capacity.components.redis_cache import RedisCache
from agog_capacity.periods import Months
from tests.components.designs import by_meter, context_of

INTERNET = "Bandwidth/Rtn Preference: MGN/Standard/Standard Data Transfer Out"
INSIDE = "Bandwidth/Rtn Preference: MGN/Standard/Standard Inter-Region Data Transfer"
OUT_OF_NORTH_AMERICA_OR_EUROPE = (
    "Bandwidth/Bandwidth Inter-Region/Inter-Region/Inter Continent Data Transfer Out - NAM or EU To Any"
)
OUT_OF_ASIA_OR_OCEANIA = (
    "Bandwidth/Bandwidth Inter-Region/Inter-Region/Inter Continent Data Transfer Out - ASIA or OCEANIA To Any"
)
PEERING = "Virtual Network/Virtual Network Peering/Inter-Region/Inter-Region"
JANUARY = Months("2027-01", 1)
BARE = Bandwidth(name="bandwidth")
PRIMARY = PostgresFlexibleServer.example()


def copy_in(region: str, **changes) -> PostgresFlexibleServer:
    return PostgresFlexibleServer(
        name="copy",
        region=region,
        vm_size="Standard_D8s_v3",
        storage_gib=512,
        replica_of="database",
        replication_gb_per_day=20.0,
    ).replace(**changes)


def flow(source: str, target: str) -> Flow:
    return Flow(name="files", from_region=source, to_region=target, gb_per_day=2.0)


def test_without_front_door_clients_are_served_from_the_regions():
    """10,000 GB to clients, three quarters from the first region; the free 100 GB are of the billing account."""
    lines = BARE.usage(context_of(BARE, months=JANUARY))
    assert by_meter(lines) == {(INTERNET, "eastus2"): [7500.0], (INTERNET, "westeurope"): [2500.0]}
    assert {line.pool for line in lines} == {"billing account"}


def test_behind_front_door_there_is_no_internet_egress():
    """Billing rules, Front Door: traffic behind it makes no internet egress."""
    assert BARE.usage(context_of(BARE, FrontDoor.example())) == ()


def test_the_reading_that_the_way_to_the_edge_is_free_can_be_corrected():
    door = FrontDoor.example().replace(azure_origin_to_edge_free=False)
    assert sum(line.quantity[0] for line in BARE.usage(context_of(BARE, door, months=JANUARY))) == 10_000


def test_what_front_door_does_not_carry_leaves_the_regions():
    door = FrontDoor.example().replace(traffic_share=0.75)
    assert by_meter(BARE.usage(context_of(BARE, door, months=JANUARY)))[INTERNET, "eastus2"] == [1875.0]


def test_egress_ends_with_the_day_front_door_begins():
    """From 15 February: half of February is still direct, March not at all."""
    door = FrontDoor.example().replace(starts=date(2027, 2, 15))
    quantities = by_meter(BARE.usage(context_of(BARE, door)))
    assert quantities[INTERNET, "eastus2"] == pytest.approx([7500, 3750, 0])


@pytest.mark.parametrize(
    ("region", "meter"), [("westeurope", OUT_OF_NORTH_AMERICA_OR_EUROPE), ("westus2", INSIDE)]
)
def test_replication_is_charged_at_its_source_by_the_continents_of_its_ends(region, meter):
    """20 GB a day x 31, 28, 31 days, from eastus2."""
    context = context_of(BARE, FrontDoor.example(), PRIMARY, copy_in(region))
    (line,) = BARE.usage(context)
    assert (line.meter.text, line.region, line.price_region) == (meter, "eastus2", "eastus2")
    assert line.quantity.tolist() == [620.0, 560.0, 620.0]
    assert line.fields == ("copy.replication_gb_per_day",)
    assert "database to copy" in line.rule


def test_replication_inside_a_region_is_not_charged():
    assert BARE.usage(context_of(BARE, FrontDoor.example(), PRIMARY, copy_in("eastus2"))) == ()


def test_replication_lasts_while_both_ends_exist():
    primary = PRIMARY.replace(ends=date(2027, 3, 1))
    context = context_of(BARE, FrontDoor.example(), primary, copy_in("westeurope", starts=date(2027, 2, 15)))
    assert BARE.usage(context)[0].quantity.tolist() == [0.0, 20.0 * 14, 0.0]


def test_geo_replication_of_redis_is_charged_like_that_of_a_database():
    primary = RedisCache.example().replace(tier="Premium", size="P1")
    copy = primary.replace(
        name="copy", region="westeurope", geo_replication_with="cache", geo_replication_gb_per_day=3.0
    )
    (line,) = BARE.usage(context_of(BARE, FrontDoor.example(), primary, copy, months=JANUARY))
    assert (line.meter.text, line.quantity[0]) == (OUT_OF_NORTH_AMERICA_OR_EUROPE, 93.0)


@pytest.mark.parametrize(
    ("source", "target", "meter"),
    [
        ("southeastasia", "eastus2", OUT_OF_ASIA_OR_OCEANIA),
        ("westeurope", "southeastasia", OUT_OF_NORTH_AMERICA_OR_EUROPE),
        ("westus2", "eastus2", INSIDE),
    ],
)
def test_flows_of_a_plan_are_charged_alike(source, target, meter):
    one = BARE.replace(flows=(flow(source, target),))
    context = context_of(one, FrontDoor.example(), months=JANUARY)
    assert one.problems(context) == ()
    assert by_meter(one.usage(context)) == {(meter, source): [62.0]}


def test_global_peering_is_charged_at_both_ends():
    """Billing rules, inter-region: both directions, each at its region's price."""
    one = BARE.replace(peering=(flow("eastus2", "westeurope"),))
    lines = one.usage(context_of(one, FrontDoor.example(), months=JANUARY))
    assert by_meter(lines) == {
        (f"{PEERING} Egress", "eastus2"): [62.0],
        (f"{PEERING} Ingress", "westeurope"): [62.0],
    }


def test_a_continent_without_a_known_meter_is_a_problem_not_a_guess():
    one = BARE.replace(flows=(flow("brazilsouth", "eastus2"),))
    ((field, message),) = one.problems(context_of(one, FrontDoor.example()))
    assert field == "flows"
    assert "leaves South America for North America" in message


def test_unknown_regions_are_named_with_the_nearest():
    one = BARE.replace(flows=(flow("eastus", "westeurope"),), peering=(flow("eastus2", "westus"),))
    problems = one.problems(context_of(one, FrontDoor.example()))
    assert [field for field, _ in problems] == ["flows", "peering"]
    assert "'eastus2'" in problems[0][1]


def test_a_flow_has_two_ends():
    with pytest.raises(ValidationError, match="stays inside 'eastus2'"):
        flow("eastus2", "eastus2")


def test_egress_without_traffic_to_derive_it_from_is_a_problem():
    ((_, message),) = BARE.problems(context_of(BARE, traffic=None))
    assert "add the section traffic" in message


def test_a_second_one_would_count_the_same_transfer_twice():
    first, second = Bandwidth(name="egress"), Bandwidth(name="egress2")
    messages = [message for _, message in second.problems(context_of(first, second))]
    assert any("'egress' derives the same transfer" in message for message in messages)
