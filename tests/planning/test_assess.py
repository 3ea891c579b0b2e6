"""Scenarios as failures see them: what is simulated, kept, and the same for every scenario."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agog_capacity.errors import InputError, NotInResult
from agog_capacity.periods import Months
from agog_capacity.plan import Plan, load_plan
from agog_capacity.planning import assess as module
from agog_capacity.planning.assess import assess, assess_scenarios, difference
from agog_capacity.planning.assessment import Assessment, AssessmentStore, NotAssessed
from agog_capacity.planning.compare import compare
from agog_capacity.planning.explain_failures import explained_failures
from agog_capacity.planning.forecast import forecast
from agog_capacity.planning.service import service_of
from agog_capacity.planning.verdicts import verdicts

AGOG = Path(__file__).parents[2] / "data" / "plans" / "agog.yaml"
SMALL: dict[str, Any] = {"years": 50, "outer_draws": 8, "seed": 7}
NAMES = ["single-region", "active-passive", "active-active", "corrected"]


@pytest.fixture(scope="module")
def plan() -> Plan:
    whole = load_plan(AGOG)
    return replace(whole, months=Months(whole.months.first, 1))


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> AssessmentStore:
    return AssessmentStore(tmp_path_factory.mktemp("assessments"))


@pytest.fixture(scope="module")
def found(plan, store) -> dict[str, Assessment]:
    made = assess_scenarios(plan, NAMES, store=store, **SMALL)
    assert all(isinstance(one, Assessment) for one in made.values())
    return {name: one for name, one in made.items() if isinstance(one, Assessment)}


def test_a_design_says_what_it_is(plan):
    """Regions with traffic, who writes, who promotes and how large the standby is, all off the plan."""
    seen = {name: service_of(plan, name).design for name in NAMES}
    assert [seen[name].mode for name in NAMES] == [
        "single",
        "active-passive",
        "active-active",
        "active-passive",
    ]
    assert seen["active-active"].database == "single-writer"
    assert seen["active-active"].shares == (0.5, 0.5)
    assert seen["active-passive"].operator == "human"  # the provider promotes no replica of another region
    assert seen["corrected"].operator == "automated"
    assert seen["active-passive"].standby == "hot"
    assert service_of(plan, "active-passive-scaled-down").design.standby == "warm"
    assert service_of(plan, "pilot-light").design.standby == "pilot-light"


def test_hours_by_cause_add_up_by_both_measures(found):
    for one in found.values():
        for measure in ("demand", "deep"):
            total = sum(hours.value for _, hours in one.causes(measure))
            assert total == pytest.approx(one.by(measure).hours_per_year.value)


def test_a_second_region_cures_what_takes_a_region_and_nothing_that_all_share(found):
    one, two = dict(found["single-region"].causes()), dict(found["active-passive"].causes())
    assert two["region"].value < 0.5 * one["region"].value
    assert two["front_door"].value == pytest.approx(one["front_door"].value)


def test_differences_on_the_same_failures_are_more_certain_than_the_scenarios(found):
    one, two = found["single-region"], found["active-passive"]
    gap = difference(one, two)
    assert gap.value == pytest.approx(one.demand.hours_per_year.value - two.demand.hours_per_year.value)
    assert gap.standard_error < 0.5 * one.demand.hours_per_year.standard_error


def test_a_single_region_recovers_when_it_is_repaired(found):
    """Half of what takes a region is over after about five hours, nearly nothing within 15 minutes."""
    (repair,) = found["single-region"].recoveries
    assert 4 * 3600 < repair.recovered_s[50].value < 6 * 3600
    assert repair.within_target is not None
    assert repair.within_target.value < 0.001
    assert repair.lost_within_target is None


def test_automation_is_what_makes_a_recovery_fast(found):
    by_hand, automated = found["active-passive"].recoveries[0], found["corrected"].recoveries[0]
    assert by_hand.steps[0].name == "decide"
    assert automated.recovered_s[50].value < 0.5 * by_hand.recovered_s[50].value


def test_tenants_far_from_their_region_wait_longer_and_a_far_writer_costs_more_still(found):
    def p95(scenario: str, tenants: str) -> float:
        (one,) = [
            each
            for each in found[scenario].latencies
            if each.tenants == tenants and each.state == "normal operation"
        ]
        assert one.p95_ms is not None
        return one.p95_ms

    # 92 ms there and back from the EU to the US, times the plan's margin of 1.2, less 1 ms inside a region.
    assert p95("active-passive", "eu-tenants") - p95("active-passive", "us-tenants") == pytest.approx(109.4)
    assert p95("active-active", "eu-tenants") > p95("active-passive", "eu-tenants")


def test_what_is_stored_is_read_back_and_nothing_is_simulated_again(plan, store, found, monkeypatch):
    def simulated(*_, **__):
        pytest.fail("simulated again")

    monkeypatch.setattr(module, "_assessed", simulated)
    again = assess_scenarios(plan, NAMES, store=store, **SMALL)
    assert [one.to_json() for one in again.values() if isinstance(one, Assessment)] == [
        one.to_json() for one in found.values()
    ]


def test_a_scenario_of_another_name_and_the_same_content_is_the_same(plan, store, found, monkeypatch):
    copied = plan.with_scenario("copy", {}, extends="active-passive")
    monkeypatch.setattr(module, "_assessed", lambda *_: pytest.fail("simulated again"))
    one = assess(copied, "copy", store=store, **SMALL)
    assert one.to_json() == replace(found["active-passive"], scenario="copy").to_json()


def test_a_change_of_the_failover_is_simulated(plan, store, found):
    staged = plan.with_scenario(
        "staged", {"failover": {"rollout": "region-by-region"}}, extends="active-passive"
    )
    one = assess(staged, "staged", store=store, **SMALL)
    assert dict(one.causes())["own_change"].value < dict(found["active-passive"].causes())["own_change"].value


def test_failure_classes_of_the_plan_are_the_ones_simulated(plan, store):
    calm = {name: each for name, each in plan.failure_classes.items() if name != "own_change"}
    one = assess(replace(plan, failure_classes=calm), "active-passive", store=store, **SMALL)
    assert "own_change" not in one.demand.by_cause


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"scenario": 1}', "null"])
def test_a_stored_assessment_that_is_not_whole_is_none(plan, tmp_path, text, monkeypatch):
    (tmp_path / "key.json").write_text(text, encoding="utf-8")
    assert AssessmentStore(tmp_path).get("key") is None


def test_infinite_times_survive_the_store(found, tmp_path):
    one = found["active-passive"]
    never = replace(one.recoveries[0], steps=(replace(one.recoveries[0].steps[0], mean_s=math.inf),))
    kept = Assessment.from_json(replace(one, recoveries=(never,)).to_json())
    assert kept.recoveries[0].steps[0].mean_s == math.inf
    assert json.loads(one.to_json())["scenario"] == "active-passive"


def test_a_scenario_that_lacks_something_is_not_assessed_and_says_what(plan, store):
    without = plan.with_scenario("silent", {"failover": None}, extends="active-passive")
    found = assess_scenarios(without, ["silent"], store=store, **SMALL)["silent"]
    assert isinstance(found, NotAssessed)
    assert "failover" in found.reasons[0]
    with pytest.raises(InputError, match="section failover"):
        assess(without, "silent", store=store, **SMALL)


def test_what_is_lacking_has_a_subject(plan, store):
    change = {"components": {"postgres-eu": {"replica_of": None, "replication_gb_per_day": None}}}
    without = plan.with_scenario("apart", change, extends="active-passive")
    found = assess_scenarios(without, ["apart"], store=store, **SMALL)["apart"]
    assert isinstance(found, NotAssessed)
    assert any(reason.startswith("components.postgres-us: has no replica in") for reason in found.reasons)


def test_several_writers_need_nodes_to_run_on(plan, store):
    writers = {
        "kind": "multi-writer",
        "node_pools": ["app-nodes-us"],
        "conflicts": {"writes_per_s": [5.0, 5.0], "one_way_lag_s": 0.05, "rows": 1000, "zipf_exponent": 1.0},
    }
    wanted = plan.with_scenario("writers", {"failover": {"database": writers}}, extends="active-active")
    found = assess_scenarios(wanted, ["writers"], store=store, **SMALL)["writers"]
    assert isinstance(found, NotAssessed)
    assert "database-on-nodes" in found.reasons[0]
    writers["node_pools"] = ["app-nodes-us", "app-nodes-eu"]
    wanted = plan.with_scenario("writers", {"failover": {"database": writers}}, extends="active-active")
    one = assess(wanted, "writers", store=store, **SMALL)
    assert one.failovers is not None
    assert (one.failovers.conflicts_per_year or 0) > 0


def test_an_unknown_scenario_or_measure_names_the_nearest(plan, found):
    with pytest.raises(NotInResult, match="active-passive"):
        assess(plan, "active-pasive")
    with pytest.raises(NotInResult, match="demand"):
        found["corrected"].by("demnd")


def test_scenarios_of_different_draws_are_not_subtracted(plan, store, found):
    other = assess(plan, "corrected", store=store, years=50, outer_draws=8, seed=8)
    with pytest.raises(InputError, match="different failures"):
        difference(other, found["active-passive"])


def test_a_scenario_tells_what_was_drawn_for_it_and_what_drives_its_hours(plan, found):
    passive, alone = found["active-passive"], found["single-region"]
    assert (
        "8 draws of the rates, lengths, exposure, severity, beta and hits_both of failures" in passive.basis
    )
    assert "the coverage, p_bad and times of failovers × 50 years" in passive.basis
    assert "failovers" not in alone.basis and alone.failures == passive.failures
    subjects = {one.subject for one in passive.drivers}
    assert subjects == {*plan.failure_classes, "failover"}
    assert "failover" not in {one.subject for one in alone.drivers}
    shares = [one.share for one in passive.drivers]
    assert shares == sorted(shares, reverse=True) and shares[0] > 0
    table = next(t for t in explained_failures(plan, passive) if t.title.startswith("What the spread"))
    assert [row[0] for row in table.rows] == [one.subject for one in passive.drivers if one.is_told]
    assert f"{sum(not one.is_told for one in passive.drivers)} others stay below the noise" in table.note


def test_another_worth_is_another_assessment(plan, store, found):
    sure = plan.with_scenario("sure", {"failover": {"worth": {}}}, extends="active-passive")
    other = assess(sure, "sure", store=store, **SMALL)
    assert "(certain: coverage, p_bad and times of failovers)" in other.basis
    assert other.hours_by_draw != found["active-passive"].hours_by_draw
    assert difference(other, found["single-region"]).value < 0, "the failures are the same"


def test_the_same_seed_gives_the_same_bytes(plan, tmp_path):
    texts = [
        assess(plan, "corrected", store=AssessmentStore(tmp_path / name), **SMALL).to_json()
        for name in ("one", "two")
    ]
    assert texts[0] == texts[1]


def test_a_service_in_several_zones_is_better_off_than_in_one(plan, store):
    """The pods of a lost zone move within minutes; a service in one zone waits for the zone, or fails over."""
    one_zone = plan.with_scenario(
        "one-zone", {"components": {"app-nodes-us": {"zones": 1}}}, extends="single-region"
    )
    several = assess(plan, "single-region", store=store, **SMALL)
    single = assess(one_zone, "one-zone", store=store, **SMALL)
    for measure in ("demand", "deep"):
        assert single.by(measure).by_cause["zone"].value > several.by(measure).by_cause["zone"].value
    assert several.demand.by_cause["zone"].value < 0.05


def test_more_load_than_room_is_told_beside_the_hours_of_failures(plan, store):
    heavy = plan.with_scenario(
        "heavy",
        {
            "inputs": {
                "us_requests_per_second": {"value": 6000.0},
                "eu_requests_per_second": {"value": 3500.0},
            }
        },
        extends="single-region",
    )
    one = assess(heavy, "heavy", store=store, **SMALL)
    assert any("find no room in the busiest month" in note for note in one.notes)
    worst = one.worst_latency(normal=True)
    assert worst is not None
    assert worst.p95_ms is None


def test_a_round_trip_nobody_publishes_leaves_latency_not_judged_until_it_is_stated(plan, store):
    tenants = {"statements": {"tenants": {"eu-tenants": {"nearest_region": "northeurope"}}}}
    far = plan.with_scenario("far", tenants, extends="active-passive")
    one = assess(far, "far", store=store, **SMALL)
    assert one.latencies == ()
    assert "latency.round_trips" in one.latency_missing
    stated = {
        "latency": {
            "round_trips": [
                {"between": ["northeurope", other], "median_ms": ms, "source": "measured"}
                for other, ms in (("eastus2", 85.0), ("westeurope", 20.0))
            ]
        }
    }
    near = far.with_scenario("near", stated, extends="far")
    (found,) = [
        each
        for each in assess(near, "near", store=store, **SMALL).latencies
        if each.tenants == "eu-tenants" and each.state == "normal operation"
    ]
    assert found.network_ms == pytest.approx(40 + 85 * 1.2)


def test_measured_availability_stands_beside_the_forecast_of_the_reference(tmp_path, store):
    """Ten hours of a lost region in 365 days, from the owner's records."""
    from agog_capacity.planning.assessment_tables import measured

    text = AGOG.read_text(encoding="utf-8")
    text += (
        "\nincidents: {file: incidents.csv, records_began: 2025-01-01, records_until: 2025-12-31, "
        "causes: {outage: region}, regions: 2}\n"
    )
    (tmp_path / "plans").mkdir()
    (tmp_path / "manifests").symlink_to(AGOG.parents[1] / "manifests")
    plan_file = tmp_path / "plans" / "own.yaml"
    plan_file.write_text(text, encoding="utf-8")
    (tmp_path / "plans" / "incidents.csv").write_text(
        "start,end,scope,severity,cause\n2025-03-01T08:00Z,2025-03-01T18:00Z,region,1.0,outage\n",
        encoding="utf-8",
    )
    own = load_plan(plan_file)
    comparison = compare(own, ["active-passive"])
    comparison.__dict__["assessments"] = assess_scenarios(own, ["active-passive"], store=store, **SMALL)
    demand, deep = measured(comparison).rows
    assert demand[1] == pytest.approx(10)
    assert deep[1] == pytest.approx(10)
    assert demand[7] == 1  # March
    forecast = comparison.assessments["active-passive"]
    assert isinstance(forecast, Assessment)
    assert demand[5] == pytest.approx(10 - forecast.demand.hours_per_year.value)


def test_a_primary_without_nodes_is_not_assessed(plan, store):
    none = plan.with_scenario(
        "none", {"components": {"app-nodes-us": {"nodes": 0}}}, extends="active-passive"
    )
    (found,) = assess_scenarios(none, ["none"], store=store, **SMALL).values()
    assert isinstance(found, NotAssessed)
    assert "nothing can run: app-nodes-us may have no node at all" in found.reasons[0]


def test_normal_operation_is_judged_where_only_the_round_trip_after_a_loss_is_unknown(plan, store):
    untold = plan.with_scenario("untold", {"latency": {"round_trips": []}}, extends="cold")
    one = assess(untold, "untold", store=store, **SMALL)
    assert {each.state for each in one.latencies} == {"normal operation"}
    assert "'centralus'" in one.latency_missing
    assert "nearest" not in one.latency_missing, "no other pair answers for this one"
    found = {each.short: each for each in verdicts(forecast(plan, "cold"), plan.targets, one)}
    assert found["latency"].met
    assert found["latency, region lost"].met is None
    assert "latency.round_trips" in found["latency, region lost"].result
