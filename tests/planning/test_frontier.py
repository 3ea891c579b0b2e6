"""The frontier: which designs none beats, which meets the targets, what a nine costs, and what is left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agog_capacity.errors import InputError, NotInResult
from agog_capacity.periods import Months
from agog_capacity.plan import Changed, Plan, load_plan
from agog_capacity.planning.assessment import AssessmentStore
from agog_capacity.planning.frontier import Frontier, frontier
from agog_capacity.planning.frontier_page import write_frontier
from agog_capacity.planning.variants import AXES, MOST_VARIANTS, variants_of

AGOG = Path(__file__).parents[2] / "data" / "plans" / "agog.yaml"
SMALL: dict[str, Any] = {"years": 50, "outer_draws": 8, "seed": 7}


@pytest.fixture(scope="module")
def plan() -> Plan:
    whole = load_plan(AGOG)
    return replace(whole, months=Months(whole.months.first, 1))


@pytest.fixture(scope="module")
def found(plan, tmp_path_factory) -> Frontier:
    store = AssessmentStore(tmp_path_factory.mktemp("assessments"))
    return frontier(
        plan,
        ["single-region", "active-passive"],
        axes=["automation", "rollout", "zones"],
        store=store,
        **SMALL,
    )


def test_a_scenario_has_a_variant_for_each_combination_of_choices(plan):
    variants = variants_of(plan, ["active-passive"], ["automation", "rollout", "standby"])
    words = {variant.choices for variant in variants}
    assert len(variants) == 2 * 2 * 2
    assert () in words
    assert ("automated", "staged", "standby-2") in words


def test_what_is_accepted_in_a_scenario_is_accepted_in_its_variants(plan, tmp_path):
    """The cold scenario's backups in the paired region, which no other scenario has."""
    assert any(one.scenarios == ("cold",) for one in plan.accept)
    found = frontier(plan, ["cold"], axes=["automation", "sizes"], store=AssessmentStore(tmp_path), **SMALL)
    assert {one.variant.name for one in found.designs} == {
        "cold", "cold.automated", "cold.half-size", "cold.automated.half-size",
    }  # fmt: skip
    hours = {one.variant.name: one.hours("demand") for one in found.designs}
    assert hours["cold.automated"] < hours["cold"]


def test_what_cannot_differ_has_no_choice(plan):
    """One region has nobody to promote, no order of regions and no standby."""
    assert len(variants_of(plan, ["single-region"], ["automation", "rollout", "standby"])) == 1


def test_a_choice_is_a_change_of_the_plan(plan):
    (automated,) = [v for v in variants_of(plan, ["active-passive"], ["automation"]) if v.choices]
    assert automated.change == {
        "failover": {"operator": "automated"},
        "components": {"postgres-eu": {"promotion_trigger": "automation"}},
    }
    (smaller,) = [v for v in variants_of(plan, ["single-region"], ["sizes"]) if v.choices]
    assert smaller.change == {"components": {"app-nodes-us": {"vm_size": "Standard_D4s_v3"}}}


def test_an_axis_that_is_not_one_and_too_many_designs_are_told(plan):
    with pytest.raises(InputError, match="zones"):
        variants_of(plan, ["active-passive"], ["zone"])
    many = plan.with_scenarios({f"copy-{number}": Changed({}, "active-passive") for number in range(30)})
    with pytest.raises(InputError, match=f"at most {MOST_VARIANTS} are"):
        variants_of(many, list(many.scenarios))


def test_no_design_on_the_line_is_beaten(found):
    for one in found.efficient:
        for other in found.designs:
            cheaper = other.cost_per_month < one.cost_per_month - 0.01
            better = other.hours("demand") < one.hours("demand") - 1e-6
            worse = other.cost_per_month > one.cost_per_month or other.hours("demand") > one.hours("demand")
            assert not (cheaper or better) or worse
    costs = [one.cost_per_month for one in found.efficient]
    hours = [one.hours("demand") for one in found.efficient]
    assert costs == sorted(costs)
    assert hours == sorted(hours, reverse=True)


def test_who_promotes_and_in_which_order_changes_roll_out_costs_nothing_and_saves_hours(found):
    plain, best = found.design("active-passive"), found.design("active-passive.automated.staged")
    assert plain.cost_per_month == best.cost_per_month
    assert best.hours("demand") < plain.hours("demand")
    assert found.design("active-passive.one-zone").cost_per_month < plain.cost_per_month
    assert found.design("active-passive.one-zone").hours("demand") > plain.hours("demand")


def test_each_nine_names_the_cheapest_design_that_loses_no_more(found):
    for one in found.nines():
        fitting = [d for d in found.designs if d.hours("demand") <= one.hours_per_year]
        if one.design is None:
            assert not fitting
        else:
            assert one.cost_per_month == min(d.cost_per_month for d in fitting)
    assert found.nines()[-1].design is None  # 99.999 %: own changes alone lose more


def test_where_no_design_meets_all_targets_the_nearest_is_named_with_what_it_fails(found):
    assert found.cheapest is None
    assert found.nearest.name == "active-passive.automated.staged"
    assert {v.short for v in found.nearest.failing} >= {"availability (demand)"}
    text = repr(found)
    assert "this one comes nearest" in text
    assert "none here reaches it" in text


def test_where_one_meets_all_targets_the_cheapest_of_them_is_the_answer(plan, tmp_path):
    easy = plan.targets.replace(
        availability=plan.targets.availability.replace(percent=95.0), recovery_time_minutes=600.0
    )
    store = AssessmentStore(tmp_path)
    found = frontier(replace(plan, targets=easy), ["active-passive"], axes=["zones"], store=store, **SMALL)
    assert found.cheapest is not None
    meeting = [one for one in found.designs if not one.failing]
    assert found.cheapest.cost_per_month == min(one.cost_per_month for one in meeting)


def test_a_design_without_a_price_is_left_out_with_its_reason(plan, tmp_path):
    odd = plan.with_scenario(
        "odd", {"components": {"app-nodes-us": {"vm_size": "Standard_D128s_v3"}}}, extends="single-region"
    )
    store = AssessmentStore(tmp_path)
    found = frontier(odd, ["single-region", "odd"], axes=["zones"], store=store, **SMALL)
    assert set(found.left_out) == {"odd", "odd.one-zone"}
    assert all("no price" in why for why in found.left_out.values())
    with pytest.raises(InputError, match="no design could be priced"):
        frontier(odd, ["odd"], axes=["zones"], store=store, **SMALL)


def test_a_page_and_a_table_are_written(found, tmp_path):
    page, table = write_frontier(found, tmp_path / "out")
    assert "The price of each nine" in page.read_text(encoding="utf-8")
    assert len(table.read_text(encoding="utf-8").splitlines()) == len(found.designs) + 1
    assert not list(tmp_path.rglob("*.part"))


def test_an_unknown_design_names_the_nearest(found):
    with pytest.raises(NotInResult, match="active-passive.staged"):
        found.design("active-passive.stagd")


def test_every_axis_is_told_in_the_help():
    from agog_capacity.cli_frontier import frontier as command

    help_text = command.__annotations__["axis"]
    assert all(name in str(help_text) for name in AXES)


def test_what_is_bought_ahead_belongs_to_the_price_of_its_own_scenario(plan, tmp_path):
    """Two scenarios that differ in a savings plan alone have two prices, whichever is named first."""
    bought = {"saving": {"kind": "savings_plan", "usd_per_hour": 1.0, "term": "1y", "starts": "2027-01-01"}}
    change = {"failover": {"rollout": "region-by-region"}, "commitments": {"bought": bought}}
    two = plan.with_scenario("ahead", change, extends="active-passive")
    costs = []
    for number, names in enumerate((["ahead", "active-passive"], ["active-passive", "ahead"])):
        found = frontier(two, names, axes=["sizes"], store=AssessmentStore(tmp_path / str(number)), **SMALL)
        costs.append({name: round(found.design(name).cost_per_month, 2) for name in names})
    assert costs[0] == costs[1]
    assert costs[0]["ahead"] != costs[0]["active-passive"]


def test_a_scenario_with_the_name_of_a_variant_stays_what_it_is(plan, tmp_path):
    named = plan.with_scenario(
        "active-passive.staged", {"components": {"app-nodes-eu": {"nodes": 9}}}, extends="active-passive"
    )
    found = frontier(
        named,
        ["active-passive", "active-passive.staged"],
        axes=["rollout"],
        store=AssessmentStore(tmp_path),
        **SMALL,
    )
    own = found.design("active-passive.staged")
    assert own.cost_per_month > found.design("active-passive").cost_per_month
    assert found.design("active-passive.staged.variant").cost_per_month == pytest.approx(
        found.design("active-passive").cost_per_month
    )


def test_only_designs_that_are_the_same_in_everything_are_one(plan, tmp_path):
    more = plan.with_scenario("copy", {}, extends="active-passive").with_scenario(
        "slow", {"latency": {"service_ms": 90.0}}, extends="active-passive"
    )
    found = frontier(
        more,
        ["active-passive", "copy", "slow"],
        axes=["sizes"],
        store=AssessmentStore(tmp_path),
        **SMALL,
    )
    assert found.left_out["copy"] == "the same design as active-passive"
    assert "latency" in {v.short for v in found.design("slow").failing}
