"""Backup and restore: a second region with nothing in it but the backups of the first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agog_capacity.availability.lengths import Lognormal
from agog_capacity.errors import InputError
from agog_capacity.periods import Months
from agog_capacity.plan import Plan, load_plan
from agog_capacity.planning.assess import assess_scenarios
from agog_capacity.planning.assessment import Assessment, AssessmentStore
from agog_capacity.planning.failover import failover_timelines
from agog_capacity.planning.failover_parts import designed_failover
from agog_capacity.planning.service import service_of

AGOG = Path(__file__).parents[2] / "data" / "plans" / "agog.yaml"
SURE = 1e-9
CERTAIN: Mapping[str, Any] = {
    # Everything as planned and nothing spread out but the detection: 70 to 100 s.
    "operator": "automated",
    "detection": {"gray": None},
    "coverage": {"automated": 1.0},
    "capacity": {"not_available": 0.0},
    "restore": {"median_h": 5.0, "sigma": SURE},
    "backup_age": {"median_s": 1200.0, "sigma": 0.5, "stalled": 0.0},
    "cache": {
        "create": {"median_s": 1200.0, "sigma": SURE},
        "warm_up": {"median_s": 60.0, "sigma": SURE},
    },
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    whole = load_plan(AGOG)
    return replace(whole, months=Months(whole.months.first, 1)).with_scenario(
        "certain", {"failover": CERTAIN}, extends="cold"
    )


def changed(plan: Plan, change: Mapping[str, Any], extends: str = "cold") -> Plan:
    return plan.with_scenario("changed", change, extends=extends)


def refusal(plan: Plan, change: Mapping[str, Any], extends: str = "cold") -> str:
    with pytest.raises(InputError) as caught:
        service_of(changed(plan, change, extends), "changed")
    return str(caught.value)


# --- figures that can be followed by hand -----------------------------------------------------------------


def test_the_recovery_is_detection_restore_and_a_cache_to_warm(plan):
    """85 s of detection at the median, 5 h, 60 s; nodes and cache are there long before, and nothing is promoted."""
    (found,) = failover_timelines(plan, "certain", samples=20_000)
    assert found.name == "eastus2 to centralus"
    assert found.rto_quantile(0.5).value == pytest.approx(85 + 5 * 3600 + 60, abs=1)
    assert found.recovered_s.min() >= 70 + 5 * 3600 + 60 - 0.1
    assert found.rto_quantile(0.99).value <= 100 + 5 * 3600 + 60 + 0.1  # beyond, the control plane is away
    frame = found.to_frame().set_index("step")
    assert frame["share_of_mean"]["restore"] == 1  # always the longest part of the switch
    assert (frame["mean_s"]["promote"], frame["part_of"]["restore"]) == (0, "switch")
    assert found.parts.promote is None


def test_what_is_lost_is_as_old_as_the_newest_backup(plan):
    """Lognormal: the median, and exp(0.5 x 2.3263) times it at 99 %."""
    (found,) = failover_timelines(plan, "certain", samples=1000)
    assert found.rpo_quantile(0.5).value == pytest.approx(1200)
    assert found.rpo_quantile(0.99).value == pytest.approx(1200 * math.exp(0.5 * 2.326348))
    assert found.rpo_within(300).value == pytest.approx(0.5 * math.erfc(math.log(4) / 0.5 / math.sqrt(2)))


def test_the_simulation_of_failures_gets_the_same_restore_and_age(plan):
    service = service_of(plan, "certain")
    design = service.design
    assert (design.mode, design.standby, design.operator) == ("active-passive", "cold", "automated")
    assert design.restore is not None and design.restore.length == Lognormal(5.0, SURE)
    assert design.replication is not None and design.replication.healthy.length == Lognormal(1200.0, 0.5)
    assert design.failover is not None and design.failover.cache is not None
    # Nothing runs there: five nodes are made, and the traffic that is restored to finds them.
    assert service.brownout is not None and service.brownout.mean_lost_h == pytest.approx(0, abs=1e-9)


def test_a_pool_of_no_nodes_is_as_cold(plan):
    """A cluster that waits with empty pools: the database comes back from the backup all the same."""
    there = {
        "aks-c": {"kind": "aks_cluster", "region": "centralus", "tier": "Standard"},
        "app-nodes-c": {
            "kind": "node_pool", "region": "centralus", "cluster": "aks-c", "mode": "user",
            "vm_size": "Standard_D8s_v3", "nodes": 0, "min_nodes": 0, "max_nodes": 10, "zones": 3, "os_disk": "managed",
            "purchase": "on-demand", "failover_scale_out": True,
        },
    }  # fmt: skip
    service = service_of(changed(plan, {"components": there}, "certain"), "changed")
    assert service.design.standby == "cold"
    (found,) = service.timelines
    assert not any("are made" in note for note in found.notes)
    # Pods have nowhere to run until the first node has booted, 4 minutes at the median after the traffic came.
    assert 150 < np.median(found.stages["scale up"]) < 900
    assert found.rto_quantile(0.5).value > 85 + 5 * 3600 + 60 + 150


def test_a_replica_beside_empty_pools_is_a_pilot_light(plan):
    empty = {"components": {"app-nodes-eu": {"nodes": 0, "min_nodes": 0}}}
    service = service_of(changed(plan, empty, "active-passive"), "changed")
    assert service.design.standby == "pilot-light"
    assert service.brownout is not None and service.brownout.mean_lost_h > 0


# --- what it is worth -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def assessed(plan, tmp_path_factory) -> dict[str, Assessment]:
    store = AssessmentStore(tmp_path_factory.mktemp("assessments"))
    names = ["single-region", "cold", "pilot-light", "certain"]
    made = assess_scenarios(plan, names, years=100, outer_draws=8, seed=7, store=store)
    return {name: one for name, one in made.items() if isinstance(one, Assessment)}


def test_it_stands_between_one_region_and_a_pilot_light(assessed):
    hours = [assessed[name].demand.hours_per_year.value for name in ("single-region", "cold", "pilot-light")]
    assert hours == sorted(hours, reverse=True) and len(set(hours)) == 3
    region = [
        dict(assessed[name].causes())["region"].value for name in ("single-region", "cold", "pilot-light")
    ]
    assert region == sorted(region, reverse=True)
    (recovery,) = assessed["cold"].recoveries
    assert recovery.steps[0].name == "restore" and recovery.steps[0].mean_s > 4 * 3600
    assert 4 < recovery.recovered_s[50].value / 3600 < 7  # hours, as backup and restore is said to take
    assert all(one.p95_ms is not None for one in assessed["cold"].latencies)
    assert {one.region for one in assessed["cold"].latencies if one.state == "eastus2 lost"} == {"centralus"}


def test_an_own_change_hits_all_there_is_where_the_second_region_is_empty(plan, assessed):
    """With 0.7 for both regions, every sixth failed change would have hit the region where nothing runs."""
    changes = {name: dict(assessed[name].causes())["own_change"].value for name in ("single-region", "cold")}
    assert changes["cold"] == pytest.approx(changes["single-region"], rel=0.01)
    designs = {name: service_of(plan, name) for name in ("cold", "pilot-light", "active-passive")}
    assert [each.design.hits_both for each in designs.values()] == [1.0, 1.0, None]
    told = [any("hits all there is" in note for note in each.notes) for each in designs.values()]
    assert told == [True, True, False]
    stated = service_of(changed(plan, {"failover": {"hits_both": 0.5}}), "changed")
    assert stated.design.hits_both == 0.5
    assert not any("hits all there is" in note for note in stated.notes)


def test_the_two_ways_to_draw_it_agree(assessed):
    """The timeline's median and the one of simulated failures: those that a repair overtook are no failovers."""
    one = assessed["certain"].failovers
    assert one is not None and one.data_loss is not None
    assert one.switched_s[50].value == pytest.approx(85 + 5 * 3600, rel=0.05)  # bins of a histogram
    assert one.data_loss.percentiles_s[50].value == pytest.approx(1200, rel=0.15)
    assert one.by_hand.value < 0.05  # only where the control plane is away
    assert one.repaired_first.value > 0.3  # half of the outages of a region are over after 5.4 h


# --- what has to be there ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        ({"components": {"postgres-us": {"backup_redundancy": "ZRS"}}}, "backup_redundancy: GRS on the server is"),
        ({"failover": {"restore": None}}, "failover.restore is"),
        ({"failover": {"backup_age": None}}, "failover.backup_age is"),
        (
            {
                "components": {"postgres-us": {"backup_redundancy": "LRS"}},
                "failover": {"restore": None, "backup_age": None},
            },
            "backup_redundancy: GRS on the server and failover.restore and failover.backup_age are",
        ),
    ],
)  # fmt: skip
def test_without_backup_or_its_times_both_repairs_are_named(plan, change, lacking):
    told = refusal(plan, change)
    assert "components.postgres-us" in told
    assert "has no replica in 'centralus', so nothing can be promoted when 'eastus2' is lost" in told
    assert "add a server with replica_of, or let it come back from a backup in hours" in told
    assert f"{lacking} missing" in told


def test_a_promotion_is_described_wherever_one_may_happen_and_only_there(plan):
    nothing = {"failover": {"promote": None, "replication": None}}
    described = service_of(changed(plan, nothing, "certain"), "changed").design
    assert described.restore is not None and described.replication is not None
    told = refusal(plan, nothing, "active-passive")
    assert "failover.promote" in told and "failover.replication" in told
    assert told.count("only where the whole database comes back from a backup it may be left out") == 2


def test_backups_lie_in_the_pair_and_nowhere_else(plan):
    elsewhere = {
        "regions": {
            "centralus": None,
            "westus2": {"title": "US West", "continent": "North America", "role": "secondary", "traffic_share": 0.0},
        },
        "components": {"registry": {"replicas": ["westus2"]}},
    }  # fmt: skip
    told = refusal(plan, elsewhere)
    assert "make 'centralus' the second region" in told
    assert "add a server with replica_of" in told


def test_a_region_that_serves_too_needs_a_replica(plan):
    both = {
        "regions": {
            "eastus2": {"role": "active", "traffic_share": 0.5},
            "centralus": {"role": "active", "traffic_share": 0.5},
        }
    }
    told = refusal(plan, both)
    assert "add a server with replica_of (a restore from a backup takes hours" in told
    assert "failover.restore" not in told


def test_a_replica_is_promoted_though_a_restore_is_described(plan):
    """The times may stand in the base of a plan whose scenarios differ in what they have."""
    described = {
        "components": {"postgres-us": {"backup_redundancy": "GRS"}},
        "failover": {
            "restore": {"median_h": 4.0, "sigma": 0.6},
            "backup_age": {"median_s": 1800.0, "sigma": 0.4, "stalled": 0.0, "noticed_s": 3600.0},
        },
    }
    design = changed(plan, described, "active-passive").scenario("changed").design
    found = designed_failover(design, "eastus2", "westeurope", plan.failure_classes)
    assert found.parts.restore is None and found.parts.promote == Lognormal(120.0, 0.6)
    assert found.lag is not None and found.lag.healthy.median == 5.0
