"""Azure Managed Redis: nodes of a size, twice with high availability."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agog_capacity.components.managed_redis import ManagedRedis
from tests.components.designs import by_meter, context_of


@pytest.mark.parametrize(
    ("size", "family"),
    [
        ("B3", "Balanced"),
        ("M10", "Memory Optimized"),
        ("X10", "Compute Optimized"),
        ("A700", "Flash Optimized"),
    ],
)
def test_the_family_is_in_the_letter(size, family):
    one = ManagedRedis.example().replace(size=size)
    meter = f"Redis Cache/Azure Managed Redis - {family}/{size}/{size} Cache Instance"
    assert by_meter(one.usage(context_of())) == {(meter, "eastus2"): [1488.0, 1344.0, 1488.0]}


@pytest.mark.parametrize(
    ("changes", "hours"),
    [({"high_availability": False}, 744.0), ({"ha_node_multiple": 1.8}, 744 * 1.8), ({}, 1488.0)],
)
def test_high_availability_doubles_the_price(changes, hours):
    """Billing rules, Azure Managed Redis: price per size, twice with high availability."""
    (line,) = ManagedRedis.example().replace(**changes).usage(context_of())
    assert line.quantity[0] == pytest.approx(hours)


@pytest.mark.parametrize("size", ["C3", "B", "B12345", "b3", "B3 "])
def test_a_size_of_another_product_is_refused(size):
    with pytest.raises(ValidationError, match="such as 'B3' or 'A700'"):
        ManagedRedis.example().replace(size=size)


@pytest.mark.parametrize(
    ("changes", "tier", "configuration"),
    [
        ({}, "any, HA on", "no zones"),
        ({"zone_redundant": True}, "any, HA on", "zone-redundant"),
        ({"high_availability": False}, "any", "HA off"),
    ],
)
def test_the_service_level_follows_high_availability_and_zones(changes, tier, configuration):
    level = ManagedRedis.example().replace(**changes).service_level()
    assert level == ("Azure Managed Redis", tier, configuration)
