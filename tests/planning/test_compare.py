"""The comparison of AgogSaaS: golden bills, identities, and that every number unfolds to its source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agog_capacity.availability.feasibility import Acceptance
from agog_capacity.errors import InfeasibleDesign, MissingPrices, NotInResult
from agog_capacity.plan import load_plan
from agog_capacity.planning.compare import Comparison, compare
from agog_capacity.planning.forecast import forecast
from agog_capacity.planning.promises import findings_text
from agog_capacity.planning.publish import comparison_html, comparison_json, comparison_text
from agog_capacity.planning.verdicts import verdicts

PLANS = Path(__file__).parents[2] / "data" / "plans"
SCENARIOS = ("single-region", "active-passive", "active-passive-scaled-down", "pilot-light", "active-active")
AUTOSCALED, COLD = "active-passive-autoscaled", "cold"
BILLS = [(plan, name) for plan in ("listed", "stated") for name in SCENARIOS] + [
    ("listed", AUTOSCALED),
    ("listed", COLD),
]


@pytest.fixture(scope="module")
def listed() -> Comparison:
    """AgogSaaS at list prices."""
    return compare(load_plan(PLANS / "agog.yaml"))


@pytest.fixture(scope="module")
def stated() -> Comparison:
    """AgogSaaS at the brief's planning prices."""
    return compare(load_plan(PLANS / "agog_as_stated.yaml"))


@pytest.mark.parametrize(("plan", "scenario"), BILLS)
def test_golden_bill_of_the_first_month(request, golden, plan, scenario):
    charges = request.getfixturevalue(plan).forecast(scenario).to_frame()
    first = charges[charges["billing_period_start"] == charges["billing_period_start"].min()]
    columns = [
        "component", "region_id", "product_family", "sku_id", "meter", "price_region", "tier_start",
        "pricing_quantity", "pricing_unit", "list_unit_price", "list_cost", "price_book", "stand_in", "assumption",
    ]  # fmt: skip
    golden(f"bills/{plan}_{scenario}.csv", first[columns])


def test_golden_bill_of_the_corrected_design(golden, listed):
    charges = listed.forecast("corrected").to_frame()
    first = charges[charges["billing_period_start"] == charges["billing_period_start"].min()]
    golden(
        "bills/listed_corrected.csv",
        first[["component", "region_id", "meter", "pricing_quantity", "list_cost"]],
    )


@pytest.mark.parametrize("plan", ["listed", "stated"])
def test_golden_summary(request, golden, plan):
    golden(f"bills/{plan}_summary.csv", request.getfixturevalue(plan).to_frame().reset_index())


PLANNING = "agog-planning-2026-01-10"


def test_the_lines_of_the_brief_cost_7131_to_the_dollar(stated):
    """Brief 8.1 with each thing counted once; see the README of the brief."""
    charges = stated.forecast("active-passive").to_frame()
    by_book = charges.groupby(["billing_period_start", "price_book"])["list_cost"].sum().unstack()
    assert len(by_book) == 36
    assert by_book[PLANNING].tolist() == pytest.approx([7131.00] * 36, abs=1e-6)
    assert (by_book["azure-list-2026-10-10"] > 0).all(), (
        "what the brief leaves out stands beside it at list price"
    )


@pytest.mark.parametrize(
    ("component", "cost"),
    [
        ("system-nodes-us", 437), ("system-nodes-eu", 437), ("app-nodes-us", 1825), ("app-nodes-eu", 1825),
        ("postgres-us", 730 + 50), ("postgres-eu", 365), ("redis-us", 213), ("redis-eu", 213),
        ("front-door", 428 + 350), ("logs", 250), ("logs-cool", 6), ("logs-archive", 2),
    ],
)  # fmt: skip
def test_each_line_of_the_brief_comes_out_to_the_dollar(stated, component, cost):
    charges = stated.forecast("active-passive").to_frame()
    own = charges[(charges["component"] == component) & (charges["price_book"] == PLANNING)]
    assert own["list_cost"].sum() / 36 == pytest.approx(cost, abs=1e-6)


def test_scaling_the_standby_down_saves_what_the_brief_says(stated):
    """Brief 8.2, item 4: 3 nodes of 365 are 1,095, compute alone."""
    costs = [
        forecast.to_frame().query("meter == 'Compute'")["list_cost"].sum() / 36
        for forecast in (stated.forecast("active-passive"), stated.forecast("active-passive-scaled-down"))
    ]
    assert costs[0] - costs[1] == pytest.approx(1095)


def test_calendar_months_have_their_real_length(listed):
    monthly = listed.forecast("active-passive").monthly_cost
    assert len(set(monthly.round(6))) == 4, "28, 29, 30 and 31 days: 2028 is a leap year"
    assert monthly[1] < monthly[3] < monthly[0]


@pytest.mark.parametrize("scenario", [*SCENARIOS, AUTOSCALED])
def test_every_way_to_add_a_scenario_up_gives_the_same(listed, scenario):
    forecast = listed.forecast(scenario)
    assert listed.by("component")[scenario].sum() == pytest.approx(forecast.cost_per_month)
    assert listed.by("region")[scenario].sum() == pytest.approx(forecast.cost_per_month)
    assert listed.by("kind")[scenario].sum() == pytest.approx(forecast.cost_per_month)
    assert listed.by("month")[scenario].sum() == pytest.approx(forecast.total_cost)
    assert listed.by("year")[scenario].sum() == pytest.approx(forecast.total_cost)
    assert forecast.to_frame()["list_cost"].sum() == pytest.approx(forecast.total_cost)
    assert listed.explain(scenario).cost == pytest.approx(forecast.total_cost)
    parts = sum(listed.explain(scenario, component=c).cost for c in forecast.scenario.design.components)
    assert parts == pytest.approx(forecast.total_cost)


def test_what_a_scenario_does_not_have_is_not_a_cost_of_zero(listed):
    by_component = listed.by("component")
    for one in listed.forecasts:
        absent = set(by_component.index) - set(one.cost_by("component"))
        assert set(by_component.index[by_component[one.name].isna()]) == absent
    assert by_component["single-region"].isna().any()


def test_a_quantity_times_its_price_is_its_cost(listed):
    charges = listed.charges()
    assert (charges["pricing_quantity"] * charges["list_unit_price"]).tolist() == pytest.approx(
        charges["list_cost"].tolist()
    )
    assert set(charges["scenario"]) == {*SCENARIOS, AUTOSCALED, COLD, "corrected"}


def test_every_charge_names_its_book_and_source(listed):
    charges = listed.charges()
    assert (charges["price_book"] != "").all()
    assert (charges["price_source"] != "").all()


def test_contracts_are_those_of_the_guides_worked_case_w1(listed):
    """Availability guide, section 11, W1: one region .9982009798; two regions .9998955864."""
    one, two = (listed.forecast(name).contract for name in ("single-region", "active-passive"))
    assert one.unavailability == pytest.approx(1 - 0.9982009798, abs=5e-11)
    assert two.unavailability == pytest.approx(1 - 0.9998955864, abs=5e-11)
    assert (one.label, two.label) == ("contractual", "contractual, upper bound")


def test_targets_that_contracts_cannot_judge_are_not_passed_in_silence(listed):
    """Without an assessment contracts are all there is: they judge no recovery and no response time."""
    targets = listed.plan.targets
    found = {v.target: v.word for v in verdicts(listed.forecast("active-passive"), targets)}
    assert found == {
        "availability 99.95 % in every month": "met",
        "budget 6,095 USD a month": "missed",
        "recovery time (RTO) at most 15 min": "not judged",
        "recovery point (RPO) at most 5 min": "not judged",
        "latency P95 at most 300 ms": "not judged",
    }
    (availability, *_) = verdicts(listed.forecast("single-region"), targets)
    assert availability.met is False


def test_where_failures_are_simulated_every_target_has_a_verdict(listed):
    """The shipped plan: no design holds 99.95 % in every month with the probability it wants (guide, section 12)."""
    found = {v.target: v.word for v in listed.verdicts()["active-passive"]}
    assert found == {
        "availability 99.95 % in every month, by unserved demand": "missed",
        "availability 99.95 % in every month, by time with more than half lost": "missed",
        "budget 6,095 USD a month": "missed",
        "recovery time (RTO) at most 15 min": "missed",
        "recovery point (RPO) at most 5 min": "met",
        "latency P95 at most 300 ms in normal operation": "met",
        "latency P95 at most 300 ms after a region is lost": "met",
    }
    assert {name for name, v in listed.missed() if v.short == "RTO"} == {f.name for f in listed.forecasts}


def test_the_reference_is_compared_even_when_it_is_not_asked_for(listed):
    few = compare(listed.plan, ["pilot-light"])
    assert [forecast.name for forecast in few.forecasts] == ["active-passive", "pilot-light"]
    frame = few.to_frame()
    assert frame.loc["active-passive", "difference_per_month"] == 0
    other = compare(listed.plan, ["pilot-light"], reference="pilot-light").to_frame()
    assert list(other.index) == ["pilot-light"]


def test_stand_ins_in_use_are_all_listed_with_their_reasons(listed):
    used = listed.forecast("active-passive").stand_ins()
    meters = {charge.usage.meter.text for _, charge in used}
    assert len(meters) >= 9
    assert all(stand_in.because for stand_in, _ in used)
    priced_by_stand_in = listed.charges().query("scenario == 'active-passive' and stand_in != ''")
    assert set(priced_by_stand_in["meter"]) == {text.split("/")[-1] for text in meters}


def test_every_stand_in_of_the_plan_is_used_by_some_scenario(listed):
    used = {id(s) for forecast in listed.forecasts for s, _ in forecast.stand_ins()}
    idle = [s.meter for s in listed.plan.prices.stand_ins if id(s) not in used]
    assert idle == []


def test_the_briefs_assumptions_are_shown_with_the_charges_that_rest_on_them(listed):
    forecast = listed.forecast("active-passive")
    names = {a.name for a in forecast.assumptions()}
    assert {"requests_per_month", "edge_to_origin_gb", "database_replication_gb_per_day", "aks_tier"} <= names
    assert {"os_disk", "registry", "key-vault", "load-balancer-us", "public-ip-eu"} <= names
    charges = forecast.to_frame()
    assumed = charges.groupby(["component", "meter"])["assumption"].all()
    assert assumed["front-door", "Premium Requests"]
    assert assumed["bandwidth", "Inter Continent Data Transfer Out - NAM or EU To Any"]
    assert assumed["app-nodes-us", "P15 LRS Disk"]
    assert not assumed["app-nodes-us", "Compute"]
    assert not assumed["front-door", "Premium Data Transfer Out"]


def test_explain_goes_down_to_the_price_row(listed):
    explanation = listed.explain("active-passive", component="postgres-us", month="2027-01")
    (vcore,) = (part for part in explanation.parts if part.meter.endswith("/vCore"))
    assert vcore.quantity == 8 * 2 * 744
    assert vcore.cost == pytest.approx(8 * 2 * 744 * 0.0975)
    assert "westus" in vcore.price_row and "0.0975 USD per 1 Hour" in vcore.price_row
    assert vcore.stand_in and vcore.source and vcore.price_date
    (backup,) = (part for part in explanation.parts if "Backup" in part.meter)
    assert "database_backup_gib = 1,024 GiB stored" in backup.assumptions
    assert str(explanation).count("price:") == len(explanation.parts)
    assert len(explanation.to_frame()) == len(explanation.parts)
    assert "SLA of postgres-us: 99.99 % of a month" in str(explanation)
    assert "<99.99:10;<99.0:25" in str(explanation) and "2024-11-05" in str(explanation)
    assert "rule: warning pg-ha-lost-on-promote" in str(explanation)
    assert "redis" not in str(explanation)


def test_what_is_not_in_the_result_names_the_nearest(listed):
    for wanted, words in (
        ({"component": "postgres-use"}, "nearest: 'postgres-us'"),
        ({"region": "eastus"}, "nearest: 'eastus2'"),
        ({"month": "2026-12"}, "has no month"),
    ):
        with pytest.raises(NotInResult, match=words):
            listed.explain("active-passive", **wanted)
    with pytest.raises(NotInResult, match="nearest: 'active-active'"):
        listed.forecast("active-actve")
    with pytest.raises(NotInResult, match="nearest: 'component'"):
        listed.by("components")


def test_without_stand_ins_every_missing_price_is_named_at_once():
    plan = load_plan(PLANS / "agog.yaml")
    bare = plan.__class__(**{**plan.__dict__, "prices": plan.prices.__class__(plan.prices.books)})
    with pytest.raises(MissingPrices) as caught:
        compare(bare, ["active-passive"])
    assert len(caught.value.missing) >= 9
    assert all(
        "nearest" in t or "it has that meter in" in t or "there are" in t for t in caught.value.missing
    )


def test_a_what_if_costs_the_difference_of_its_nodes(listed):
    plan = listed.plan.with_scenario(
        "three-nodes", {"components": {"app-nodes-us": {"nodes": 3}}}, extends="active-passive"
    )
    few = compare(plan, ["three-nodes"])
    january = [few.forecast(name).monthly_cost[0] for name in ("active-passive", "three-nodes")]
    assert january[0] - january[1] == pytest.approx(2 * (744 * 0.384 + 34.56))


def test_findings_are_printed_with_rule_source_and_repair(golden, listed):
    """What the rules say about the brief's design, tier by tier, and what of it is accepted."""
    frame = listed.findings_frame()
    golden("findings_active_passive.csv", frame[frame["scenario"] == "active-passive"])
    for text in (comparison_text(listed), comparison_html(listed)):
        assert "redis-standard-no-persistence" in text and "Premium or Managed Redis" in text
    assert not frame["stops"].any()
    assert (frame["accepted"] != "").all(), "the shipped plan says of every finding why it takes it"
    assert frame[["rule", "found", "repair", "source"]].ne("").all(axis=None)


def test_the_corrected_design_has_no_finding_left(listed):
    corrected = listed.forecast("corrected")
    assert corrected.feasibility.findings == ()
    assert corrected.cost_per_month > listed.forecast("active-passive").cost_per_month


def test_every_acceptance_of_the_plans_is_used(listed, stated):
    for comparison in (listed, stated):
        frame = comparison.findings_frame()
        used = set(frame.loc[frame["accepted"] != "", "rule"])
        assert {acceptance.rule for acceptance in comparison.plan.accept} == used
        assert comparison.acceptance_notes() == ()


def test_an_error_that_nobody_accepts_stops_its_scenario_only(listed):
    two_masters = {"statements": {"facts": {"postgres-us": {"writers": 2}}}}
    plan = listed.plan.with_scenario("two-masters", two_masters, extends="active-active")
    comparison = compare(plan)
    assert [one.name for one in comparison.stopped] == ["two-masters"]
    assert len(comparison.forecasts) == len(listed.forecasts)
    row = comparison.to_frame().loc["two-masters"]
    assert row["stopped_by"] == "pg-no-multi-master (postgres-us)"
    assert row[["cost_per_month", "difference_per_month"]].isna().all()
    for text in (comparison_html(comparison), comparison_json(comparison)):
        assert "pg-no-multi-master (postgres-us)" in text
    assert "error pg-no-multi-master at postgres-us in two-masters: stops" in comparison_text(comparison)
    with pytest.raises(NotInResult, match="is not forecast: pg-no-multi-master"):
        comparison.forecast("two-masters")
    with pytest.raises(InfeasibleDesign, match="needs self-run EDB PGD or another database"):
        forecast(plan, "two-masters")


def test_an_acceptance_that_does_nothing_is_noted(stated):
    """One that never fires, one said twice; one of a scenario that is not compared is not judged."""
    accept = stated.plan.accept
    idle = Acceptance(rule="pg-no-multi-master", reason="So.")
    elsewhere = Acceptance(rule="pg-no-multi-master", reason="So.", scenarios=("pilot-light",))
    many = replace(stated, plan=replace(stated.plan, accept=(*accept, idle, accept[0], elsewhere)))
    count = len(accept)
    notes = many.acceptance_notes()
    assert [note.split(" ")[0] for note in notes] == [f"accept[{count + n}]" for n in range(3)]
    assert "(pg-no-multi-master) accepts nothing" in notes[0]
    assert f"({accept[0].rule}) says again what accept[0] says" in notes[1]
    assert f"Accept[{count}] (pg-no-multi-master) accepts nothing" in findings_text(many).replace("\n  ", " ")
    few = replace(many, forecasts=tuple(f for f in many.forecasts if f.name != "pilot-light"))
    assert few.acceptance_notes() == ()


def test_a_stopped_reference_gives_its_place_to_the_first_that_is_not(listed):
    two_masters = {"statements": {"facts": {"postgres-us": {"writers": 2}}}}
    plan = listed.plan.with_scenario("two-masters", two_masters, extends="active-active")
    comparison = compare(plan, ["two-masters", "pilot-light"], reference="two-masters")
    assert comparison.reference == "pilot-light"
    assert comparison.to_frame().loc["pilot-light", "difference_per_month"] == 0


def test_a_plan_that_is_stopped_as_a_whole_is_a_table_of_reasons(listed):
    two_masters = {"statements": {"facts": {"postgres-us": {"writers": 2}}}}
    plan = listed.plan.with_scenario("two-masters", two_masters, extends="active-active")
    comparison = compare(plan, ["two-masters"], reference="two-masters")
    assert comparison.forecasts == ()
    assert comparison.to_frame().loc["two-masters", "stopped_by"]
    for text in (repr(comparison), comparison_text(comparison), comparison_html(comparison)):
        assert "stopped by pg-no-multi-master" in text
    assert comparison.charges().empty


def test_contracts_of_all_scenarios_stand_side_by_side(listed):
    frame = listed.contract_frame()
    assert set(frame["scenario"]) == {*SCENARIOS, AUTOSCALED, COLD, "corrected"}
    assert len(frame[frame["scenario"] == "active-passive"]) == 9
    ladders = frame.set_index(["scenario", "component"])["credit_ladder"]
    assert ladders["active-passive", "redis-us"] == "<99.9:10;<99.0:25"
    assert ladders["corrected", "cache-us"] == "not known"
    text = comparison_text(listed)
    assert "Contractual availability: where refunds start, not a forecast" in text
    assert "Published SLAs on the path of a request" in text
    assert "older than a year on 2026-10-10" in comparison_html(listed)


def test_the_same_plan_gives_the_same_numbers_twice(listed):
    again = compare(load_plan(PLANS / "agog.yaml"))
    assert again.charges().equals(listed.charges())
