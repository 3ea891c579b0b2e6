"""Failovers of a plan: who takes over, what the design has for it, and that a small standby costs time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agog_capacity.availability.failover_plan import read_failover_defaults
from agog_capacity.availability.lengths import Fixed, Lognormal, Uniform
from agog_capacity.availability.scale_up import ScaleUp
from agog_capacity.availability.scale_up_store import ScaleUpStore
from agog_capacity.availability.timeline import FailoverTimeline
from agog_capacity.errors import InputError, NotInResult, PlanError
from agog_capacity.plan import Plan, load_plan
from agog_capacity.planning.assumptions import assumptions_of, failover_assumptions_of
from agog_capacity.planning.compare import compare
from agog_capacity.planning.failover import (
    Direction,
    directions,
    failover_scale_up,
    failover_timelines,
    standby_pools,
)
from agog_capacity.planning.failover_parts import designed_failover, failover_times
from agog_capacity.planning.failovers import CHARTS, failovers
from agog_capacity.planning.forecast import forecast
from agog_capacity.planning.frontier import frontier
from agog_capacity.planning.variants import variants_of
from agog_capacity.resources import data_directory

AGOG = Path(__file__).parents[2] / "data" / "plans" / "agog.yaml"
GROWN = {
    # Hundreds of tenants, as in the notebook on load: the manifests allow 150 backend pods.
    "inputs": {"us_requests_per_second": {"value": 693.0}, "eu_requests_per_second": {"value": 407.0}},
    "scaling": {"manifests": "agog-grown"},
}
AUTOMATED = {
    "failover": {"operator": "automated"},
    "components": {"postgres-eu": {"promotion_trigger": "automation"}},
}
SAMPLES = 20_000


@pytest.fixture(scope="module")
def plan() -> Plan:
    found = load_plan(AGOG)
    for nodes, base in ((5, "active-passive"), (2, "active-passive-scaled-down")):
        found = found.with_scenario(f"grown-{nodes}", GROWN, extends=base)
        found = found.with_scenario(f"automated-{nodes}", AUTOMATED, extends=f"grown-{nodes}")
    return found


def only(plan: Plan, scenario: str) -> FailoverTimeline:
    (found,) = failover_timelines(plan, scenario, samples=SAMPLES)
    return found


def grown_in(timeline: FailoverTimeline) -> ScaleUp:
    assert isinstance(timeline.scale_up, ScaleUp)
    return timeline.scale_up


def changed(plan: Plan, change: Mapping[str, Any], extends: str = "active-passive") -> Plan:
    return plan.with_scenario("changed", change, extends=extends)


# --- what the autoscaler decides --------------------------------------------------------------------------


def test_a_standby_of_2_nodes_takes_longer_and_loses_more_than_one_of_5(plan):
    """What the project set out for: the recovery time comes out of the autoscaler, by a simulated amount."""
    two, five = only(plan, "automated-2"), only(plan, "automated-5")
    for share in (0.5, 0.8):
        slow, fast = two.rto_quantile(share), five.rto_quantile(share)
        assert slow.value - fast.value > 4.5 * float(np.hypot(slow.standard_error, fast.standard_error)), (
            share
        )
    assert two.rto_quantile(0.5).value - five.rto_quantile(0.5).value > 120
    late, soon = two.rto_within(900), five.rto_within(900)
    assert soon.value - late.value > 4.5 * float(np.hypot(soon.standard_error, late.standard_error))
    assert two.unserved_h["scale up"] > 2 * five.unserved_h["scale up"] > 0
    assert two.unserved_h["no capacity"] > 2 * five.unserved_h["no capacity"] > 0
    assert two.brownout.mean_lost_h > five.brownout.mean_lost_h
    # All other steps are the same draws.
    assert two.serving_s.tolist() == five.serving_s.tolist()


def test_the_load_of_the_brief_needs_no_more_than_2_nodes_so_both_standbys_serve_all(plan):
    """Said as it is: 20 backend pods need 1.45 nodes, and 3 of them carry the peak."""
    for scenario in ("active-passive", "active-passive-scaled-down"):
        found = only(plan, scenario)
        assert (found.stages["scale up"] == 0).all()
        assert found.brownout.mean_lost_h == 0
        assert any("nodes decide nothing here" in note for note in found.notes)


def test_retries_that_collapse_an_overloaded_region_lose_more(plan):
    shed = only(plan, "automated-2")
    collapsed = only(changed(plan, {"failover": {"overload": "collapse"}}, "automated-2"), "changed")
    assert collapsed.unserved_h["scale up"] > 1.5 * shed.unserved_h["scale up"]
    assert collapsed.brownout.mean_lost_h > shed.brownout.mean_lost_h


def reserved(instances: int) -> dict[str, Any]:
    room = {"kind": "capacity_reservation", "region": "westeurope", "node_pool": "app-nodes-eu", "zones": 3}
    return {"components": {"room-eu": {**room, "instances": instances}}}


def test_room_that_is_paid_for_makes_the_chance_of_no_capacity_harmless(plan):
    bare = only(plan, "automated-2")
    found = only(changed(plan, reserved(10), "automated-2"), "changed")
    assert "no capacity" in bare.unserved_h and found.unserved_h["no capacity"] == 0
    assert found.brownout.mean_lost_h < bare.brownout.mean_lost_h
    assert found.rto_within(900).value > bare.rto_within(900).value
    # It costs what eight machines cost that do not run: ten reserved, two inside.
    costs = [
        forecast(changed(plan, change, "automated-2"), "changed").monthly_cost[0]
        for change in ({}, reserved(10))
    ]
    assert costs[1] - costs[0] == pytest.approx(8 * 744 * 0.48)


def test_part_of_the_room_helps_in_part(plan):
    lost = [
        only(changed(plan, reserved(room) if room else {}, "automated-2"), "changed").unserved_h[
            "no capacity"
        ]
        for room in (0, 5, 8)
    ]
    assert lost[0] > lost[1] > lost[2] > 0


def test_a_pool_that_is_not_to_scale_out_stays_as_it_is_and_a_quota_bounds_one_that_is(plan):
    direction = Direction("eastus2", "westeurope", 1.0, 0.0, 1.0)

    def most(change: Mapping[str, Any]) -> int:
        (pool,) = standby_pools(changed(plan, change, "grown-2").scenario("changed").design, direction)
        return pool.most

    assert most({}) == 10
    assert most({"components": {"app-nodes-eu": {"failover_scale_out": False}}}) == 2
    # 3 system nodes of 4 vCPU and 2 of 8 run already: 28, so 60 leave room for 4 more of 8.
    assert most({"failover": {"capacity": {"vcpu_quota": {"westeurope": 60}}}}) == 6
    assert most({"components": {"app-nodes-eu": {"nodes": None, "min_nodes": 1}}}) == 10


def test_a_slower_boot_in_such_an_hour_takes_longer(plan):
    usual, slow = (
        failover_scale_up(
            made, made.scenario("changed").design, directions(made.scenario("changed").design)[0]
        )
        for made in (
            changed(plan, {"inputs": {"node_boot_median_s": {"value": seconds}}}, "grown-2")
            for seconds in (120.0, 480.0)
        )
    )
    assert np.median(slow.time_s()) - np.median(usual.time_s()) > 200
    assert slow.unserved_h().mean() > usual.unserved_h().mean()


# --- what the design has for it ---------------------------------------------------------------------------


def test_who_takes_over_from_whom(plan):
    assert directions(plan.scenario("active-passive").design) == (
        Direction("eastus2", "westeurope", 1.0, 0.0, 1.0),
    )
    assert directions(plan.scenario("active-active").design) == (
        Direction("eastus2", "westeurope", 0.5, 0.5, 1.0),
        Direction("westeurope", "eastus2", 0.5, 0.5, 1.0),
    )
    with pytest.raises(InputError, match="'eastus2' only; nothing can take over"):
        failover_timelines(plan, "single-region")


def test_the_steps_of_the_brief_are_read_off_its_components(plan):
    found = only(plan, "active-passive").parts
    assert found.detect == Uniform(70.0, 100.0)  # guide, section 6: (4, 2), 30 s, 10 s
    assert found.gray == Uniform(300.0, 360.0)
    assert found.route is None  # anycast: no DNS term
    assert found.promote == Lognormal(120.0, 0.6)
    assert found.decide == Lognormal(1200.0, 0.8)
    assert found.coverage == 0.8
    # Guide, section 2: control plane 5.2 a year, a tenth of them here, mean 7 h exp(1.12^2 / 2).
    assert found.p_blocked == pytest.approx(26.5 / 4.98 * 0.1 * 7 * np.exp(1.12**2 / 2) / 8760, rel=0.02)


def test_automation_that_promotes_spares_the_decision(plan):
    found = only(plan, "corrected")
    assert found.parts.decide == Fixed(0.0)
    assert found.parts.coverage == 0.9
    assert found.rto_within(900).value > 0.85 > 0.2 > only(plan, "active-passive").rto_within(900).value


def test_a_failover_that_is_called_automated_and_promoted_by_nobody_waits_for_a_person(plan):
    found = only(changed(plan, {"failover": {"operator": "automated"}}), "changed")
    assert found.parts.decide == Lognormal(1200.0, 0.8)
    assert any(
        "postgres-eu is promoted by provider" in note and "a person decides" in note for note in found.notes
    )


def test_a_lost_region_without_the_writer_is_routed_around_and_loses_no_data(plan):
    writer, reader = failover_timelines(plan, "active-active", samples=SAMPLES)
    assert (writer.parts.promote, reader.parts.promote) == (Lognormal(120.0, 0.6), None)
    assert reader.parts.decide is None
    assert reader.lag is None and writer.lag is not None
    assert reader.rpo_within(0).value == 1
    assert reader.rto_within(300).value > 0.7 > writer.rto_within(300).value
    assert (writer.served_before, reader.served_before) == (0.5, 0.5)


def test_a_pilot_light_makes_its_nodes_and_cache_first(plan):
    found = only(plan, "pilot-light")
    assert found.parts.cache == Lognormal(1200.0, 0.5)
    assert np.median(grown_in(found).delay_s) == pytest.approx(600, rel=0.2)
    assert (grown_in(found).served(without_capacity=True) == 0).all()
    assert found.rto_quantile(0.5).value > 2 * only(plan, "corrected").rto_quantile(0.5).value


def test_a_region_without_a_cluster_makes_that_too(plan):
    absent = {
        "components": dict.fromkeys(
            ("aks-eu", "system-nodes-eu", "app-nodes-eu", "redis-eu", "load-balancer-eu")
        ),
        "serving_path": ["front-door", "aks-us", "app-nodes-us", "postgres-us"],
        "statements": {"facts": {"redis-eu": None, "app-nodes-eu": None}},
    }
    cold = only(changed(plan, absent), "changed")
    light = only(plan, "pilot-light")
    assert np.median(grown_in(cold).delay_s) > np.median(grown_in(light).delay_s) + 600
    lacking = changed(plan, {**absent, "failover": {"capacity": {"cluster": None}}})
    with pytest.raises(InputError, match="failover.capacity needs cluster"):
        failover_timelines(lacking, "changed")


def test_a_premium_copy_of_the_cache_is_switched_and_a_standard_one_holds_nothing(plan):
    assert any("redis-eu is of tier Standard" in note for note in only(plan, "active-passive").notes)
    premium = {"tier": "Premium", "size": "P1", "persistence": "none"}
    linked = changed(
        plan,
        {
            "components": {
                "redis-us": premium,
                "redis-eu": {**premium, "geo_replication_gb_per_day": 1.0},
            }
        },
    )
    found = only(linked, "changed").parts
    assert found.cache == Lognormal(120.0, 0.5)
    assert found.warm_up is None


def test_traffic_manager_detects_by_probes_in_a_row_and_adds_the_time_to_live(plan):
    change = {
        "components": {
            "traffic-manager": {
                "kind": "traffic_manager",
                "dns_queries_per_month": 1_000_000.0,
                "azure_endpoints": 2,
            }
        },
        "failover": {
            "detection": {
                "router": "traffic-manager",
                "samples": None,
                "needed": None,
                "tolerated_failures": 3,
            },
            "dns_ttl_s": 60.0,
        },
    }
    found = only(changed(plan, change), "changed").parts
    assert found.detect == Uniform(100.0, 130.0)  # guide, section 6: its own default of 3
    assert found.route == Fixed(60.0)


def test_what_a_design_lacks_for_a_failover_is_said_with_its_place(plan):
    no_replica = changed(
        plan, {"components": {"postgres-eu": {"replica_of": None, "replication_gb_per_day": None}}}
    )
    with pytest.raises(InputError, match="components.postgres-us: has no replica in 'westeurope'"):
        failover_timelines(no_replica, "changed")
    with pytest.raises(InputError, match="add the section failover"):
        failover_timelines(changed(plan, {"failover": None}), "changed")
    with pytest.raises(InputError, match="add the section scaling"):
        failover_timelines(changed(plan, {"scaling": None, "latency": None}), "changed")
    slow = changed(plan, {"inputs": {"replication_stall_noticed_s": {"value": 86_400.0}}})
    with pytest.raises(InputError, match="longer than the outage \\(region, median 5"):
        failover_timelines(slow, "changed")


@pytest.mark.parametrize(
    "change, words",
    [
        ({"components": {"app-nodes-eu": {"nodes": 12}}}, "nodes 12 is above max_nodes 10"),
        (
            {"failover": {"detection": {"tolerated_failures": 2}}},
            "one of the two detects a failure: keep one",
        ),
        ({"failover": {"detection": {"needed": 5}}}, "needed 5 is above samples 4"),
        ({"failover": {"detection": {"needed": None}}}, "samples and needed belong together"),
        (
            {"failover": {"detection": {"samples": None, "needed": None, "tolerated_failures": 2}}},
            "is Traffic Manager's way to count, and 'front-door' detects",
        ),
        ({"failover": {"detection": {"router": "front-dor"}}}, "nearest: 'front-door'"),
        ({"failover": {"dns_ttl_s": 60.0}}, "'front-door' is reached by anycast"),
        (
            {"components": {"front-door": {"probe_interval_s": None}}},
            "its default depends on the tool; set it there",
        ),
        ({"failover": {"capacity": {"vcpu_quota": {"westeurop": 50}}}}, "nearest: 'westeurope'"),
        ({"failover": {"capacity": {"vcpu_quota": {"westeurope": 40}}}}, "40 vCPU are fewer than the 52"),
        ({"failover": {"failback": {"stages": [0.5, 0.1, 1.0]}}}, "must rise and end at 1"),
        ({"failover": {"overload": "shedd"}}, "'shed' or 'collapse'"),
        ({"failover": {"operater": "human"}}, "nearest: 'operator'"),
        ({"failover": {"coverage": {"human": 1.2}}}, "less than or equal to 1"),
        (
            {"components": {"traffic-manager": {"kind": "traffic_manager", "dns_queries_per_month": 1.0}}},
            "'front-door' and 'traffic-manager' both probe the regions, and only one of them detects",
        ),
    ],
)
def test_a_section_that_cannot_be_is_a_problem_of_the_plan(plan, change, words):
    with pytest.raises(PlanError) as caught:
        changed(plan, change)
    assert words in str(caught.value)


# --- what others read of it -------------------------------------------------------------------------------


def test_the_simulation_of_failures_gets_the_same_steps(plan):
    defaults = read_failover_defaults(data_directory() / "availability")
    design = plan.scenario("corrected").design
    found = designed_failover(design, "eastus2", "westeurope", plan.failure_classes)
    times = failover_times(found, design.failover, defaults)
    assert found.operator == "automated"
    assert times.decision("automated") == Fixed(0.0)
    assert (times.detect.low_s, times.detect.high_s) == pytest.approx((70.0, 100.0))
    assert times.gray is not None and times.gray.model_dump() == {
        "share": 0.2,
        "low_s": 300.0,
        "high_s": 360.0,
    }
    assert times.worth == defaults.times.worth, "the plan says nothing of it"
    assert times.promote.length == Lognormal(120.0, 0.6)
    assert (times.dns_ttl_s, times.p_no_capacity) == (0.0, 0.1)
    assert times.failback.stages == (0.1, 0.5, 1.0)
    assert times.unprotected == defaults.times.unprotected


def test_a_plan_says_how_sure_its_own_numbers_are(plan):
    """Drills of the owner: given, they replace the library's worth as a whole."""
    defaults = read_failover_defaults(data_directory() / "availability")
    wanted = changed(plan, {"failover": {"worth": {"coverage": 40, "times": 12}}}, "corrected")
    design = wanted.scenario("changed").design
    found = designed_failover(design, "eastus2", "westeurope", wanted.failure_classes)
    assert design.failover is not None
    worth = failover_times(found, design.failover, defaults).worth
    assert (worth.coverage, worth.times, worth.p_bad, worth.p_no_capacity) == (40, 12, None, None)
    with pytest.raises(PlanError, match="failover.worth.coverage.*greater than or equal to 0.01"):
        changed(plan, {"failover": {"worth": {"coverage": 0}}})
    with pytest.raises(PlanError, match="'coverag' is not known here; nearest: 'coverage'"):
        changed(plan, {"failover": {"worth": {"coverag": 4}}})


def test_how_a_failover_goes_changes_no_cost_and_is_no_assumption_of_one(plan):
    with_it, without = plan, changed(plan, {"failover": None})
    assert (
        forecast(without, "changed").monthly_cost.tolist()
        == forecast(with_it, "active-passive").monthly_cost.tolist()
    )
    design = plan.scenario("active-passive").design
    assert {a.name for a in assumptions_of(design)} == {
        a.name for a in assumptions_of(without.scenario("changed").design)
    }
    names = {a.name for a in failover_assumptions_of(design)}
    assert {
        "no_capacity_chance",
        "human_decision_median_s",
        "backend_cpu_milli_per_request_per_second",
    } <= names
    assert all(len(a.source) > 20 for a in failover_assumptions_of(design))


def test_what_was_simulated_is_found_again_and_whatever_changes_it_is_simulated_anew(
    plan, tmp_path, monkeypatch
):
    from agog_capacity.scaling import simulate

    small = {"failover": {"courses": 4}}
    store = ScaleUpStore(tmp_path)
    first = failover_timelines(changed(plan, small), "changed", samples=100, store=store)[0]
    other = {**small, "failover": {"courses": 4, "seed": 9}}
    failover_timelines(changed(plan, other), "changed", samples=100, store=store)
    # How long a person takes is no input of the autoscaler.
    human = {**small, "inputs": {"human_decision_median_s": {"value": 60.0}}}
    failover_timelines(changed(plan, human), "changed", samples=100, store=store)
    assert len(list(tmp_path.iterdir())) == 2

    def simulated(*_: Any, **__: Any) -> None:
        pytest.fail("simulated again")

    monkeypatch.setattr(simulate, "simulate_scaling", simulated)
    again = failover_timelines(changed(plan, small), "changed", samples=100, store=store)[0]
    assert again.recovered_s.tolist() == first.recovered_s.tolist()


def test_a_stored_failover_needs_no_compiler_and_no_table(plan):
    failover_timelines(plan, "active-passive", samples=10)
    code = (
        "import sys, agog_capacity as ac; from agog_capacity.planning.failover import failover_timelines; "
        f"print(failover_timelines(ac.load_plan({str(AGOG)!r}), 'active-passive')[0]); "
        "loaded = {'numba', 'plotly', 'pandas', 'scipy'} & set(sys.modules); assert not loaded, loaded"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, env=dict(os.environ), capture_output=True, text=True
    )
    assert "P(all served within 900 s)" in done.stdout


def test_failovers_of_no_scenario_are_refused_before_anything_is_drawn(plan):
    without = load_plan(AGOG.with_name("agog_commitments.yaml"))
    with pytest.raises(
        InputError, match="no scenario of agog-commitments has several regions and a section failover"
    ):
        failovers(without)
    with pytest.raises(InputError, match="no scenario is named"):
        failovers(plan, [])
    for samples in (0, 1, 9, True, 10.0):
        with pytest.raises(InputError, match="samples .* must be a whole number from 10 on"):
            failovers(plan, ["active-passive"], samples=samples)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="choose 10 to 10,000,000"):
        failovers(plan, ["active-passive"], samples=10**9)


def test_the_fewest_samples_are_enough_for_every_table_and_chart(plan):
    few = failovers(plan, ["active-passive"], samples=10)
    assert few.to_frame().notna().all(axis=None)
    for chart in CHARTS:
        assert few.figure(chart).data


def test_one_text_is_one_scenario_and_not_its_letters(plan):
    one = failovers(plan, "active-passive", samples=10)
    assert list(one.timelines) == ["active-passive"]
    assert [each.name for each in compare(plan, "single-region").forecasts] == [
        "active-passive",
        "single-region",
    ]
    assert variants_of(plan, ["active-passive"], "rollout") == variants_of(
        plan, ["active-passive"], ["rollout"]
    )
    wrong: Any = [1, None]
    with pytest.raises(InputError, match="1, None is no name of a scenario"):
        compare(plan, wrong)
    with pytest.raises(NotInResult, match="nearest: 'active-passive"):
        frontier(plan, "active-pasive")
