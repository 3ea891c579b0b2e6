"""The section of a plan on failovers: what it may say, and whose probes count."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from agog_capacity.availability.failover import Probe
from agog_capacity.availability.failover_section import (
    Detection,
    FailoverSection,
    probe_of,
    router_of,
)
from agog_capacity.components.front_door import FrontDoor
from agog_capacity.components.node_pool import NodePool
from agog_capacity.components.traffic_manager import TrafficManager
from agog_capacity.plan import load_plan
from agog_capacity.roles import running_vcpus

SECTION = (
    load_plan(Path(__file__).parents[2] / "data" / "plans" / "agog.yaml")
    .scenario("active-passive")
    .design.failover
)
DOOR = FrontDoor(name="door", tier="Premium", probe_interval_s=30.0)
MANAGER = TrafficManager.example()


def section(**detection: object) -> FailoverSection:
    assert SECTION is not None
    return SECTION.replace(detection=Detection.model_validate({"timeout_s": 10.0, **detection}))


def test_front_door_counts_samples_and_traffic_manager_failures_in_a_row():
    """Guide, section 6: (4, 3) tolerates one failure; Traffic Manager's default of 3 waits for the fourth."""
    assert probe_of(section(samples=4, needed=3), DOOR) == Probe(30.0, 1, 10.0)
    assert probe_of(section(tolerated_failures=3), MANAGER) == Probe(30.0, 3, 10.0)
    assert probe_of(section(tolerated_failures=3), MANAGER.replace(fast_interval=True)) == Probe(
        10.0, 3, 10.0
    )


def test_one_router_detects_and_two_must_be_told_apart():
    both = {"door": DOOR, MANAGER.name: MANAGER}
    chosen = section(samples=4, needed=2, router="door")
    assert router_of(chosen, both) is DOOR
    assert router_of(section(samples=4, needed=2), {"door": DOOR}) is DOOR
    assert router_of(section(samples=4, needed=2), both) is None
    assert list(chosen.problems(both, {})) == []
    (problem,) = section(samples=4, needed=2).problems(both, {})
    assert problem[0] == ("detection", "router")
    assert "'door' and 'traffic-manager' both probe the regions" in problem[1]


def test_the_time_to_live_is_traffic_manager_s():
    missing = dict(section(tolerated_failures=2).problems({MANAGER.name: MANAGER}, {}))
    assert "clients keep its answers that long" in missing["dns_ttl_s",]
    given = section(samples=4, needed=2).replace(dns_ttl_s=60.0)
    assert "reached by anycast" in dict(given.problems({"door": DOOR}, {}))["dns_ttl_s",]


@pytest.mark.parametrize(
    "detection, words",
    [
        ({}, "give samples and needed"),
        ({"samples": 4}, "belong together"),
        ({"samples": 4, "needed": 2, "tolerated_failures": 2}, "keep one"),
        ({"samples": 2, "needed": 3}, "needed 3 is above samples 2"),
    ],
)
def test_a_detection_that_counts_in_no_way_or_in_two_is_refused(detection, words):
    with pytest.raises(ValidationError, match=words):
        section(**detection)


def test_the_vcpu_that_run_are_those_of_all_pools_of_a_region():
    pools = {
        "a": NodePool.example(),
        "b": NodePool.example().replace(name="b", nodes=None, min_nodes=2, max_nodes=9),
        "c": NodePool.example().replace(name="c", region="westeurope"),
    }
    assert running_vcpus(pools, "eastus2") == 3 * 8 + 2 * 8
