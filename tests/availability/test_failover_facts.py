"""What a standby needs, in shares of what its pools and the quota allow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agog_capacity.availability.failover_facts import failover_facts
from agog_capacity.plan import Plan, load_plan
from agog_capacity.planning.forecast import feasibility

AGOG = Path(__file__).parents[2] / "data" / "plans" / "agog.yaml"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan(AGOG)


def changed(plan: Plan, pool: dict[str, Any], **sections: Any) -> Plan:
    change = {"components": {"app-nodes-eu": pool}, **sections}
    return plan.with_scenario("changed", change, extends="active-passive")


def facts(plan: Plan, scenario: str) -> dict[str, Any]:
    return dict(failover_facts(plan.scenario(scenario).design))


def test_five_nodes_are_half_of_a_pool_that_may_grow_to_ten(plan):
    assert facts(plan, "active-passive") == {"app-nodes-eu": {"failover_nodes_over_max": 0.5}}


def test_a_fixed_standby_that_may_not_grow_is_all_there_is(plan):
    """Two nodes for what five serve: the rule of the standby over its pool's maximum fires."""
    small = changed(plan, {"nodes": 2, "min_nodes": 2, "failover_scale_out": None})
    assert facts(small, "changed")["app-nodes-eu"]["failover_nodes_over_max"] == 2.5
    found = feasibility(small, "changed")
    assert "standby-over-pool-maximum" in {finding.rule.id for finding in found.stopping}


def test_nodes_of_another_size_count_by_their_cores(plan):
    halved = changed(plan, {"vm_size": "Standard_D4s_v3"})
    assert facts(halved, "changed")["app-nodes-eu"]["failover_nodes_over_max"] == 1.0


def test_a_quota_below_the_need_is_found(plan):
    """12 vCPU of the system pool and 40 of five nodes against 48: the full pool does not fit."""
    tight = changed(
        plan, {"nodes": 2, "min_nodes": 2}, failover={"capacity": {"vcpu_quota": {"westeurope": 48}}}
    )
    assert facts(tight, "changed")["app-nodes-eu"]["failover_vcpu_over_quota"] == pytest.approx(52 / 48)
    found = feasibility(tight, "changed")
    assert "quota-below-failover-need" in {finding.rule.id for finding in found.stopping}


@pytest.mark.parametrize(
    "scenario", ["single-region", "active-passive-autoscaled", "active-active", "pilot-light"]
)
def test_nothing_is_said_where_a_simulation_must(plan, scenario):
    assert facts(plan, scenario) == {}
