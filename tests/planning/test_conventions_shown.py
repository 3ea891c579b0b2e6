"""What the convention of counting changes: kept with every assessment, and shown where a planner looks."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from agog_capacity.availability.measures import MEASURES, ConventionEffect
from agog_capacity.availability.simulation import simulate_failures
from agog_capacity.periods import Months
from agog_capacity.plan import load_plan
from agog_capacity.planning.assess import assess_scenarios
from agog_capacity.planning.assessment import Assessment, AssessmentStore
from agog_capacity.planning.compare import Comparison, compare
from agog_capacity.planning.convention_tables import conventions, conventions_of
from agog_capacity.planning.explain_failures import explained_failures
from agog_capacity.planning.publish import comparison_html, comparison_json, comparison_text
from agog_capacity.planning.service import service_of

AGOG = Path(__file__).parents[2] / "data" / "plans" / "agog.yaml"
NAMES = ("single-region", "active-passive")
YEARS, DRAWS, SEED = 250, 32, 7
TITLE = "What the convention of counting changes, real against closed form"


@pytest.fixture(scope="module")
def calls() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="module")
def comparison(tmp_path_factory, calls) -> Comparison:
    plan = load_plan(AGOG)
    plan = replace(plan, months=Months(plan.months.first, 1))
    made = compare(plan, NAMES)
    made.__dict__["assessments"] = assess_scenarios(
        plan, NAMES, years=YEARS, outer_draws=DRAWS, seed=SEED,
        store=AssessmentStore(tmp_path_factory.mktemp("assessments")),
        progress=lambda done, whole: calls.append((done, whole)),
    )  # fmt: skip
    return made


def assessed(comparison: Comparison, name: str) -> Assessment:
    found = comparison.assessments[name]
    assert isinstance(found, Assessment)
    return found


def test_the_real_figures_are_those_reported_and_the_others_a_run_of_their_own(comparison):
    plan = comparison.plan
    services = [service_of(plan, name) for name in NAMES]
    alone = simulate_failures(
        [each.design for each in services],
        plan.failure_classes,
        years=YEARS,
        outer_draws=DRAWS,
        seed=SEED,
        months="calendar",
        convention="closed_form",
        brownouts={each.design.name: each.brownout for each in services if each.brownout is not None},
    )
    for name in NAMES:
        one = assessed(comparison, name)
        assert len(one.conventions) == len(MEASURES) * 4
        for effect in one.conventions:
            reported, other = one.by(effect.measure), alone.outcome(name).by(effect.measure)
            found = [
                {
                    "hours": outcome.hours_per_year,
                    "year breaks": outcome.year_breaks,
                    "month breaks": outcome.month_breaks,
                    "all months hold": outcome.all_months_hold,
                }[effect.quantity].value
                for outcome in (reported, other)
            ]
            assert [effect.real, effect.closed_form] == pytest.approx(found)
            assert effect.difference == pytest.approx(found[0] - found[1], abs=1e-12)


def test_the_difference_is_known_far_better_than_the_figures(comparison):
    one = assessed(comparison, "single-region")
    for effect in one.conventions:
        if effect.quantity == "hours":
            assert 0 < effect.standard_error < 0.05 * one.by(effect.measure).hours_per_year.standard_error
    month = next(e for e in one.conventions if (e.measure, e.quantity) == ("demand", "month breaks"))
    assert month.z > 3, "an outage over the end of a month breaks two"


def test_progress_goes_once_from_nothing_to_all_of_both_runs(calls):
    assert calls[-1] == (2 * YEARS * DRAWS, 2 * YEARS * DRAWS)
    assert {whole for _, whole in calls} == {2 * YEARS * DRAWS}
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})


def test_effects_are_read_back_as_they_were_stored(comparison):
    one = assessed(comparison, "active-passive")
    assert Assessment.from_json(one.to_json()).conventions == one.conventions


def test_an_effect_without_error_is_no_number_of_errors():
    exact = ConventionEffect("demand", "hours", "h/year", 2.0, 2.0, 0.0, 0.0)
    assert exact.z == 0 and not math.isnan(exact.z)


def test_a_planner_finds_it_in_the_explanation_on_the_page_and_in_json_and_not_in_the_short_text(comparison):
    one = assessed(comparison, "active-passive")
    (table,) = [
        each for each in explained_failures(comparison.plan, one) if each.title.startswith("What the convention")
    ]  # fmt: skip
    assert [row[:2] for row in table.rows] == [
        (measure, figure)
        for measure in ("by unserved demand", "by time with more than half lost")
        for figure in ("h a year", "P(year breaks)", "P(month breaks)")
    ]
    assert table.rows[0][2] == pytest.approx(one.demand.hours_per_year.value)
    assert "Real is what is reported" in table.note and "to compare engines" in table.note
    assert TITLE in comparison_html(comparison)
    assert TITLE not in comparison_text(comparison)
    (row, *others) = json.loads(comparison_json(comparison))["failures"][TITLE]
    assert len(others) == 3
    assert row["scenario"] == "single-region"
    assert row["h_a_year"] - row["closed_form,_h"] == pytest.approx(row["difference,_h"], abs=1e-12)
    assert TITLE in comparison.failure_tables()


def test_every_heading_names_one_column(comparison):
    found = conventions(assessed(comparison, name) for name in NAMES)
    texts = [heading.text for heading in found.headings]
    assert len(set(texts)) == len(texts) == len(found.rows[0])


def test_an_assessment_without_effects_has_no_table(comparison):
    bare = replace(assessed(comparison, "active-passive"), conventions=())
    assert not conventions([bare]).rows and not conventions_of(bare).rows
