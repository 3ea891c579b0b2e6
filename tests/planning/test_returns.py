"""What a dearer scenario buys, and whether it pays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agog_capacity.availability.latency_section import DowntimeSection
from agog_capacity.periods import Months
from agog_capacity.plan import load_plan
from agog_capacity.planning.assess import assess_scenarios
from agog_capacity.planning.assessment import AssessmentStore
from agog_capacity.planning.compare import Comparison, compare
from agog_capacity.planning.recommendation import recommendation
from agog_capacity.planning.returns import between, business_hours, downtime_money, returns_against
from agog_capacity.planning.verdicts import chance_text, verdicts

AGOG = Path(__file__).parents[2] / "data" / "plans" / "agog.yaml"
NAMES = ("single-region", "active-passive", "active-passive-scaled-down")
BRIEF = {"business_days_per_year": 365.0, "business_hours_per_day": 24.0}


@pytest.fixture(scope="module")
def comparison(tmp_path_factory) -> Comparison:
    plan = load_plan(AGOG)
    plan = replace(plan, months=Months(plan.months.first, 1))
    made = compare(plan, NAMES)
    store = AssessmentStore(tmp_path_factory.mktemp("assessments"))
    made.__dict__["assessments"] = assess_scenarios(plan, NAMES, years=50, outer_draws=8, seed=7, store=store)
    return made


def section(tenants: int, revenue: float, loss: float, **more: float) -> DowntimeSection:
    return DowntimeSection(
        tenants=tenants, revenue_per_tenant_per_year=revenue, loss_fraction=loss, **{**BRIEF, **more}
    )


def test_the_briefs_day_of_downtime_comes_out():
    """Brief 8.3: a day for 50 customers costs 27 to 137 thousand: 2 to 5 million a year, 10 to 20 % of it."""
    low, high = (24 * business_hours(section(50, *v)).cost_per_hour for v in ((2e6, 0.1), (5e6, 0.2)))
    assert (round(low / 1000), round(high / 1000)) == (27, 137)


def test_the_briefs_one_to_two_incidents_are_its_whole_cost_over_a_day_of_its_tenants():
    """Brief 8.3: 73 thousand a year pay after "1-2 major incidents": of a day, at the middle of its figures 1.02."""
    day = 24 * business_hours(section(50, 3.5e6, 0.15)).cost_per_hour
    assert 73_140 / day == pytest.approx(1.017, abs=0.001)
    dear, cheap = (24 * business_hours(section(50, *v)).cost_per_hour for v in ((5e6, 0.2), (2e6, 0.1)))
    assert 73_140 / dear == pytest.approx(0.534, abs=1e-3)
    assert 73_140 / cheap == pytest.approx(2.67, abs=0.01)


def test_the_worked_case_of_the_guide_comes_out():
    """Guide W8: 60 tenants of 3 million, 250 days of 10 hours, 15 %: 10,800 an hour of business, 28.5 % of the clock."""
    found = business_hours(section(60, 3e6, 0.15, business_days_per_year=250.0, business_hours_per_day=10.0))
    assert found.cost_per_hour == pytest.approx(10_800)
    assert found.share_of_year == pytest.approx(0.2854, abs=1e-4)


def test_what_the_second_region_costs_and_buys(comparison):
    forecasts = {one.name: one for one in comparison.forecasts}
    one = between(forecasts["active-passive"], forecasts["single-region"], comparison.assessments)
    assert (one.dearer, one.cheaper) == ("active-passive", "single-region")
    assert one.cost_per_year == pytest.approx(
        12 * (forecasts["active-passive"].cost_per_month - forecasts["single-region"].cost_per_month)
    )
    assert one.hours_bought.value > 0
    assert one.worth_per_year == pytest.approx(one.hours_bought.value * 50 * 3.5e6 / 8760 * 0.15)
    assert one.break_even_per_hour == pytest.approx(one.cost_per_year / one.hours_bought.value)
    assert one.incidents == pytest.approx(one.cost_per_year / (24 * 50 * 3.5e6 / 8760 * 0.15))
    assert one.pays is False


def test_it_is_told_of_two_scenarios_whichever_is_named_first(comparison):
    forecasts = {one.name: one for one in comparison.forecasts}
    there, back = (
        between(forecasts[a], forecasts[b], comparison.assessments)
        for a, b in (("active-passive", "single-region"), ("single-region", "active-passive"))
    )
    assert there == back


def test_the_scenario_itself_is_not_against_itself(comparison):
    forecasts = {one.name: one for one in comparison.forecasts}
    found = returns_against("active-passive", forecasts, comparison.assessments)
    assert {name for one in found for name in (one.dearer, one.cheaper)} == set(NAMES)
    assert len(found) == 2


def test_downtime_costs_its_hours_and_the_vendor_a_share(comparison):
    assessed = comparison.assessments["active-passive"]
    money = downtime_money(assessed, section(50, 3.5e6, 0.15, vendor_share=0.1))
    assert money.expected.value == pytest.approx(
        assessed.demand.hours_per_year.value * 50 * 3.5e6 / 8760 * 0.15
    )
    assert money.vendor == pytest.approx(0.1 * money.expected.value)
    assert money.p95 > money.expected.value


def test_the_words_follow_from_the_numbers(comparison):
    said = " ".join(recommendation(comparison))
    one = returns_against(
        "active-passive", {f.name: f for f in comparison.forecasts}, comparison.assessments
    )[0]
    assert f"costs {one.cost_per_year:,.0f} USD a year more than single-region" in said
    assert f"buys {one.hours_bought.value:.2f} h a year" in said
    assert "it does not pay below" in said
    assert "buys no hours that the simulation can tell from none" in said  # two standby nodes serve as much


def test_a_verdict_compares_a_probability_with_the_one_wanted(comparison):
    plan, one = comparison.plan, comparison.forecast("active-passive")
    assessed = comparison.assessments["active-passive"]
    chance = assessed.recoveries[0].within_target.value
    for wanted, met in ((chance - 1e-9, True), (chance + 1e-9, False)):
        found = verdicts(one, plan.targets.replace(confidence=wanted), assessed)
        (rto,) = [v for v in found if v.short == "RTO"]
        assert rto.met is met
        assert rto.probability == chance


def test_a_target_without_a_stated_confidence_says_which_it_took(comparison):
    found = verdicts(
        comparison.forecast("active-passive"),
        comparison.plan.targets.replace(confidence=None),
        comparison.assessments["active-passive"],
    )
    assert all("0.95 wanted, since the plan does not say" in v.result for v in found if v.probability)


def test_both_measures_are_judged_and_named(comparison):
    found = comparison.verdicts()["active-passive"]
    assert [v.target for v in found if v.short.startswith("availability")] == [
        "availability 99.95 % in every month, by unserved demand",
        "availability 99.95 % in every month, by time with more than half lost",
    ]
    assert {v.short for v in found} >= {"RTO", "RPO", "latency", "latency, region lost", "budget"}


@pytest.mark.parametrize(
    ("value", "wanted", "text"),
    [
        (0.9958, 1.0, "0.996"),
        (0.99996, 1.0, "0.99996"),
        (0.9958, 0.95, "1.00"),
        (0.9494, 0.95, "0.949"),
        (0.95, 0.95, "0.95"),
        (1.0, 1.0, "1.00"),
        (0.0, 0.5, "0.00"),
    ],
)
def test_a_chance_has_the_digits_that_show_on_which_side_of_the_wanted_one_it_lies(value, wanted, text):
    assert chance_text(value, wanted) == text
    assert (float(text) >= wanted) == (value >= wanted)


def test_what_meets_no_target_is_not_called_certain(comparison):
    """With a confidence of 1, the nearest scenario must not read like one that meets it."""
    targets = comparison.plan.targets.replace(confidence=1.0)
    sure = replace(comparison, plan=replace(comparison.plan, targets=targets))
    sure.__dict__["assessments"] = comparison.assessments
    told = [line for line in recommendation(sure) if "none meets it" in line]
    assert told
    assert not [line for line in told if "probability of 1.00." in line]


def test_a_target_of_all_the_time_is_a_missed_verdict_and_no_error(comparison):
    from agog_capacity.planning.publish import comparison_text

    whole = comparison.plan.targets.availability.replace(percent=100.0)
    plan = replace(comparison.plan, targets=comparison.plan.targets.replace(availability=whole))
    made = compare(plan, NAMES)
    made.__dict__["assessments"] = comparison.assessments
    assert "Error budget" not in comparison_text(made)
