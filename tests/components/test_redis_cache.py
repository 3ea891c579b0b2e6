"""Azure Cache for Redis: nodes by tier."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agog_capacity.components.bandwidth import Bandwidth
from agog_capacity.components.redis_cache import RedisCache
from tests.components.designs import by_meter, context_of


def cache(**changes) -> RedisCache:
    return RedisCache.example().replace(**changes)


@pytest.mark.parametrize(
    ("changes", "nodes"),
    [
        ({"tier": "Basic"}, 1),
        ({"tier": "Standard"}, 2),
        ({"tier": "Premium", "size": "P1"}, 2),
        ({"tier": "Premium", "size": "P1", "shards": 3}, 6),
        ({"tier": "Premium", "size": "P1", "shards": 3, "extra_replicas": 1}, 9),
    ],
)
def test_the_tier_decides_how_many_nodes_are_billed(changes, nodes):
    """Billing rules, Azure Cache for Redis: Basic one, Standard two, Premium two a shard and each further replica."""
    one = cache(**changes)
    meter = f"Redis Cache/Azure Redis Cache {one.tier}/{one.size}/{one.size} Cache Instance"
    assert by_meter(one.usage(context_of())) == {
        (meter, "eastus2"): [nodes * 744.0, nodes * 672.0, nodes * 744.0]
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": "P1"}, "choose C0 to C6"),
        ({"tier": "Premium"}, "choose P1 to P5"),
        ({"size": "C7"}, "choose C0 to C6"),
        ({"shards": 2}, "shards and extra_replicas are for tier Premium"),
        ({"extra_replicas": 1}, "shards and extra_replicas are for tier Premium"),
        ({"geo_replication_gb_per_day": 1.0}, "set it beside geo_replication_with"),
    ],
)
def test_what_does_not_fit_the_tier_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        cache(**changes)


def test_what_the_tier_cannot_do_is_left_to_the_availability_check():
    """The brief asks for AOF and geo-replication on Standard; that is a flaw of its design, not of its bill."""
    other = cache(name="other", region="westeurope", persistence="aof", geo_replication_with="cache")
    assert other.problems(context_of(cache())) == ()
    assert len(other.usage(context_of())) == 1


def test_geo_replication_needs_a_volume_and_something_that_meters_it():
    primary = cache(tier="Premium", size="P1")
    copy = primary.replace(name="copy", region="westeurope", geo_replication_with="cache")
    fields = [field for field, _ in copy.problems(context_of(primary))]
    assert fields == ["geo_replication_gb_per_day", "geo_replication_with"]
    complete = copy.replace(geo_replication_gb_per_day=5.0)
    assert complete.problems(context_of(primary, Bandwidth(name="bandwidth"))) == ()


@pytest.mark.parametrize(
    ("changes", "configuration"),
    [
        ({"tier": "Basic"}, "single node"),
        ({}, "two nodes"),
        ({"zone_redundant": True}, "zone-redundant"),
        ({"tier": "Premium", "size": "P1"}, "two or more nodes, no zones"),
        ({"tier": "Premium", "size": "P1", "zone_redundant": True}, "zone-redundant"),
    ],
)
def test_the_service_level_follows_tier_and_zones(changes, configuration):
    one = cache(**changes)
    assert one.service_level() == ("Azure Cache for Redis", one.tier, configuration)
