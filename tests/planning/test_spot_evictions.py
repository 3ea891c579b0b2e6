"""Evictions of spot nodes as failures of a scenario: how often, how long, how much of the demand, and who else."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from agog_capacity.errors import InputError
from agog_capacity.periods import Months
from agog_capacity.plan import Plan, load_plan
from agog_capacity.planning.assess import assess, assess_scenarios, difference
from agog_capacity.planning.assessment import Assessment, AssessmentStore, NotAssessed
from agog_capacity.planning.explain_failures import explained_failures
from agog_capacity.planning.service import service_of
from agog_capacity.planning.spot_evictions import _levels
from agog_capacity.units import HOURS_PER_YEAR
from tests.planning.test_assess import AGOG, SMALL

LAG_H = 5 / 60
CAUSE = "spot evictions of Standard_D8s_v3 in eastus2"


def spot(share: float, **changes: Any) -> dict[str, Any]:
    return {
        "share": share,
        "eviction_probability_per_hour": 0.05,
        "boot_lag_minutes": 60 * LAG_H,
        "hours_until_spot_returns": 6.0,
    } | changes


def per_year(probability: float, away_h: float) -> float:
    """A spell on spot of 1 / hazard hours on average, then one away from it."""
    return 8760 / (1 / -math.log(1 - probability) + away_h)


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A month of the brief's plan, with a part of the 5 nodes of its first region on spot."""
    whole = load_plan(AGOG)
    plan = replace(whole, months=Months(whole.months.first, 1))
    for base in ("single-region", "active-passive", "active-active"):
        for share in (0.2, 0.5, 1.0):
            change = {"components": {"app-nodes-us": {"spot": spot(share)}}}
            plan = plan.with_scenario(f"{base}-spot-{share:g}", change, extends=base)
    return plan


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> AssessmentStore:
    return AssessmentStore(tmp_path_factory.mktemp("assessments"))


def grown(plan: Plan, name: str, base: str, times: float, **pool: Any) -> Plan:
    load = {
        "us_requests_per_second": {"value": 60.0 * times},
        "eu_requests_per_second": {"value": 35.0 * times},
    }
    change = {
        "inputs": load,
        "components": {"app-nodes-us": pool},
        "scaling": {"manifests": "agog-grown"},
    }
    return plan.with_scenario(name, change, extends=base)


def only(one: object) -> Assessment:
    assert isinstance(one, Assessment)
    return one


def test_a_pool_all_on_spot_loses_everything_until_replacements_serve(plan, store):
    """Hours a year: rate × lag × 1, less what falls into other failures, which is below 1 %."""
    found = assess(plan, "single-region-spot-1", store=store, **SMALL)
    hours = found.demand.by_cause[CAUSE]
    expected = per_year(0.05, 6.0) * LAG_H
    assert 0.99 * expected - 4 * hours.standard_error < hours.value < expected + 4 * hours.standard_error
    (eviction,) = found.evictions
    assert eviction.severity == 1
    assert eviction.per_year == pytest.approx(per_year(0.05, 6.0))
    assert found.deep.by_cause[CAUSE].value == pytest.approx(hours.value, rel=1e-9)


def test_missing_hours_are_those_that_the_bill_leaves_out(plan):
    """What a pool warns of beside its cost and what its evictions take here is one number."""
    pool = plan.scenario("single-region-spot-1").design.components["app-nodes-us"]
    (eviction,) = service_of(plan, "single-region-spot-1").evictions.found
    assert eviction.per_year * LAG_H / 8760 == pytest.approx(pool.spot.effect.lost_share)


def test_nodes_on_demand_that_carry_the_load_leave_nothing_to_lose(plan, store):
    found = assess_scenarios(plan, ["single-region", "single-region-spot-0.2"], store=store, **SMALL)
    plain, half = only(found["single-region"]), only(found["single-region-spot-0.2"])
    assert half.evictions[0].severity == 0
    assert repr(half.demand) == repr(plain.demand)
    assert any("carry the load of every hour" in note for note in half.notes)


def test_no_scenario_learns_that_another_has_spot_nodes(plan, tmp_path):
    """Alone or beside one that is evicted hundreds of times a year, the same digits and the same causes."""
    alone = assess(plan, "single-region", store=AssessmentStore(tmp_path / "one"), **SMALL)
    names = ["single-region-spot-1", "single-region", "active-passive-spot-1"]
    told: list[tuple[int, int]] = []
    beside = assess_scenarios(
        plan, names, store=AssessmentStore(tmp_path / "two"), progress=lambda *at: told.append(at), **SMALL
    )
    assert only(beside["single-region"]).to_json() == alone.to_json()
    assert list(beside) == names
    assert told == sorted(told) and told[-1][0] == told[-1][1]


def test_scenarios_meet_the_same_evictions(plan, store):
    """In each draw both lose the same hours to them, but for those in which home is out and served elsewhere."""
    names = ["single-region-spot-1", "active-passive-spot-1"]
    one, two = (only(each) for each in assess_scenarios(plan, names, store=store, **SMALL).values())
    a, b = one.demand.by_cause[CAUSE], two.demand.by_cause[CAUSE]
    assert a.value == pytest.approx(b.value, rel=0.005)
    assert abs(a.value - b.value) < a.standard_error
    assert two.failovers is not None
    gap = difference(
        one, only(assess_scenarios(plan, ["single-region"], store=store, **SMALL)["single-region"])
    )
    assert gap.value == pytest.approx(a.value, rel=0.005)
    assert gap.standard_error < 0.2 * one.demand.hours_per_year.standard_error
    plain = only(assess_scenarios(plan, ["active-passive"], store=store, **SMALL)["active-passive"])
    assert plain.failovers is not None
    assert two.failovers.called_per_year == plain.failovers.called_per_year


def test_the_share_of_a_region_is_what_its_evictions_take(plan, store):
    """Half of the requests go to the region with spot nodes: half is lost, and never more than half: not deep."""
    found = assess(plan, "active-active-spot-1", store=store, **SMALL)
    whole = assess(plan, "single-region-spot-1", store=store, **SMALL)
    assert found.demand.by_cause[CAUSE].value == pytest.approx(
        whole.demand.by_cause[CAUSE].value / 2, rel=0.01
    )
    assert found.deep.by_cause[CAUSE].value < 0.01 * whole.deep.by_cause[CAUSE].value
    assert service_of(plan, "active-active-spot-1").design.severity_of == {CAUSE: (1.0, 0.0)}


def test_what_finds_no_room_grows_with_the_share_and_the_load(plan):
    def severity(times: float, share: float) -> float:
        made = grown(plan, "made", "single-region", times, nodes=10, spot=spot(share))
        (eviction,) = service_of(made, "made").evictions.found
        return eviction.severity

    found = [severity(10, share) for share in (0.2, 0.5, 0.8, 0.9)]
    assert found == sorted(found)
    assert 0 < found[1] < found[2] < found[3] < 0.9, (
        "what stays serves at least its part, with the slack of its pods"
    )
    assert severity(5, 0.5) == 0
    assert severity(5, 0.8) < found[2] < severity(15, 0.8)


def test_an_autoscaled_pool_loses_what_its_nodes_of_the_hour_carried(plan):
    """It runs about as many nodes as it needs, so an eviction of half of them takes a part of the load of most hours:
    less than the half that is gone, since pods have slack, and more than of a pool of as many nodes at its peak."""
    bounds: dict[str, Any] = {"min_nodes": 2, "max_nodes": 30, "spot": spot(0.5)}
    scaled = grown(plan, "scaled", "single-region", 10, nodes=None, **bounds)
    (eviction,) = service_of(scaled, "scaled").evictions.found
    fixed = grown(plan, "fixed", "single-region", 10, nodes=14, max_nodes=40, spot=spot(0.5))
    (other,) = service_of(fixed, "fixed").evictions.found
    assert other.severity < eviction.severity < 0.5
    assert eviction.severity > 0.05


def test_a_standby_is_judged_by_the_demand_it_takes_over(plan):
    change = {"components": {"app-nodes-eu": {"spot": spot(1.0)}}}
    made = plan.with_scenario("standby", change, extends="active-passive")
    found = service_of(made, "standby")
    assert found.design.severity_of == {"spot evictions of Standard_D8s_v3 in westeurope": (0.0, 1.0)}


def test_other_chances_of_the_same_machines_are_other_evictions(plan):
    pool = (
        plan.scenario("single-region")
        .design.components["app-nodes-us"]
        .model_dump(exclude={"name", "spot"}, exclude_none=True)
    )
    more = pool | {"spot": spot(1.0, eviction_probability_per_hour=0.15)}
    change = {"components": {"app-nodes-us": {"spot": spot(1.0)}, "more-nodes-us": more}}
    (one, two) = service_of(plan.with_scenario("two", change, extends="single-region"), "two").evictions.found
    assert (one.cause, two.cause) == (CAUSE, f"{CAUSE} (more-nodes-us)")
    change["components"]["more-nodes-us"] = pool | {"spot": spot(1.0)}
    (both,) = service_of(plan.with_scenario("one", change, extends="single-region"), "one").evictions.found
    assert both.pools == ("app-nodes-us", "more-nodes-us")
    assert both.severity == 1


def test_spot_without_evictions_is_a_gap_and_no_zero(plan, store):
    change = {"components": {"app-nodes-us": {"purchase": "spot"}}}
    made = plan.with_scenario("silent", change, extends="single-region")
    (found,) = assess_scenarios(made, ["silent"], store=store, **SMALL).values()
    assert isinstance(found, NotAssessed)
    (reason,) = found.reasons
    assert "app-nodes-us is on spot and says nothing of its evictions" in reason
    assert "eviction_probability_per_hour" in reason


def test_evictions_without_a_load_are_a_gap_and_no_zero(plan, store):
    change = {"scaling": None, "latency": None, "components": {"app-nodes-us": {"spot": spot(0.5)}}}
    made = plan.with_scenario("unknown", change, extends="single-region")
    (found,) = assess_scenarios(made, ["unknown"], store=store, **SMALL).values()
    assert isinstance(found, NotAssessed)
    assert "what evictions of app-nodes-us take is not known" in found.reasons[0]
    assert "section scaling" in found.reasons[0]


def test_spot_that_is_back_before_the_replacement_ends_the_gap_as_in_the_bill(plan):
    def gap(lag_minutes: float, returns_h: float) -> float:
        use = {**spot(1.0), "boot_lag_minutes": lag_minutes, "hours_until_spot_returns": returns_h}
        change = {"components": {"app-nodes-us": {"spot": use}}}
        made = plan.with_scenario("some", change, extends="single-region")
        (one,) = service_of(made, "some").evictions.found
        pool = made.scenario("some").design.components["app-nodes-us"]
        hours = one.per_year * one.boot_lag_minutes / 60
        assert hours / HOURS_PER_YEAR == pytest.approx(pool.spot.effect.lost_share, rel=1e-6)
        return one.boot_lag_minutes

    assert gap(5.0, 6.0) == 5.0
    assert gap(1440.0, 6.0) == 360.0


def test_nodes_that_are_hardly_ever_there_are_told(plan, store):
    often = spot(0.5, eviction_probability_per_hour=0.9, hours_until_spot_returns=0.1)
    change = {"components": {"app-nodes-us": {"spot": often}}}
    found = assess_scenarios(
        plan.with_scenario("often", change, extends="single-region"), ["often"], store=store, **SMALL
    )["often"]
    assert isinstance(found, NotAssessed)
    assert "app-nodes-us would be evicted" in found.reasons[0]
    with pytest.raises(InputError, match="eviction_probability_per_hour"):
        service_of(plan.with_scenario("again", change, extends="single-region"), "again")


@pytest.mark.parametrize("scenario", ["active-passive-spot-1", "active-passive-spot-0.2"])
def test_explain_shows_evictions_with_their_source(plan, store, scenario):
    inputs = {
        "inputs": {
            "chance": {
                "value": 0.05, "unit": "chance that a node is evicted within an hour", "assumption": True,
                "source": "the lowest band shown beside the size",
            },
        },
        "components": {"app-nodes-us": {"spot": {"eviction_probability_per_hour": "${chance}"}}},
    }  # fmt: skip
    made = plan.with_scenario("sourced", inputs, extends=scenario)
    found = assess(made, "sourced", store=store, **SMALL)
    tables = explained_failures(made, found)
    (row,) = [row for row in tables[0].rows if row[0] == CAUSE]
    hours = found.demand.by_cause[CAUSE].value if scenario.endswith("-1") else 0.0
    assert row[1] == pytest.approx(per_year(0.05, 6.0))
    assert row[5] == pytest.approx(LAG_H)
    assert row[6] == found.evictions[0].severity
    assert row[8] == hours
    assert "chance: the lowest band shown beside the size; lag: stated by the plan" in str(row[7])
    assert "chance" in [each[0] for each in tables[-1].rows]


def test_a_comparison_shows_the_cause_that_the_reference_does_not_have(plan, store):
    from agog_capacity.planning.assessment_tables import causes
    from agog_capacity.planning.compare import compare

    names = ["single-region", "single-region-spot-1"]
    comparison = compare(plan, names, reference="single-region")
    comparison.__dict__["assessments"] = assess_scenarios(plan, names, store=store, **SMALL)
    table = causes(comparison)
    (row,) = [row for row in table.rows if row[0] == CAUSE]
    assert row[1] is None
    assert row[2] == only(comparison.assessments["single-region-spot-1"]).demand.by_cause[CAUSE].value


def test_many_counts_of_nodes_are_joined_to_the_fewest_of_each():
    kept = np.array([[n % 40, n % 3] for n in range(400)])
    levels = list(_levels(kept))
    assert len(levels) <= 12
    assert sum(hours.sum() for _, hours in levels) == 400
    for counts, hours in levels:
        assert (kept[hours] >= counts).all()
    few = np.array([[2], [3], [2]])
    assert {(int(c[0]), int(h.sum())) for c, h in _levels(few)} == {(2, 2), (3, 1)}


def test_a_workload_on_spot_that_does_not_run_is_refused_with_its_place(plan):
    named = spot(0.5) | {"workloads": {"agog-bakend": {"replicas_minimum": 1, "replicas_on_demand": 1}}}
    with pytest.raises(InputError) as caught:
        plan.with_scenario("typo", {"components": {"app-nodes-us": {"spot": named}}}, extends="single-region")
    assert "components.app-nodes-us.spot.workloads.agog-bakend" in str(caught.value)
    assert "nearest: 'agog-backend'" in str(caught.value)
