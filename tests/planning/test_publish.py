"""A comparison on disk: same bytes, whole files, the same figures everywhere."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from agog_capacity.errors import InputError, NotInResult
from agog_capacity.files import spreadsheet_safe
from agog_capacity.plan import load_plan
from agog_capacity.planning import publish
from agog_capacity.planning.compare import Comparison, compare
from agog_capacity.planning.comparison_page import comparison_page
from agog_capacity.planning.lockfile import lock_hash, lock_of
from agog_capacity.planning.presentation import CHARTS, chart

PLANS = Path(__file__).parents[2] / "data" / "plans"


@pytest.fixture(scope="module")
def listed() -> Comparison:
    return compare(load_plan(PLANS / "agog.yaml"))


def test_a_report_is_written_twice_with_the_same_bytes(listed, tmp_path):
    first, second = (publish.write_report(listed, tmp_path / name) for name in ("a", "b"))
    assert [path.name for path in first.files] == [
        "lock.json", "index.html", "summary.csv", "charges.csv", "comparison.json",
    ]  # fmt: skip
    for one, other in zip(first.files, second.files, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert first.page == tmp_path / "a" / "index.html"
    assert first.warnings == ()


def test_page_csv_json_and_table_hold_the_same_figures(listed):
    frame = listed.to_frame()
    rows = {row["scenario"]: row for row in csv.DictReader(io.StringIO(publish.comparison_csv(listed)))}
    scenarios = {one["name"]: one for one in json.loads(publish.comparison_json(listed))["scenarios"]}
    html, text = publish.comparison_html(listed), publish.comparison_text(listed)
    for name, cost in frame["cost_per_month"].items():
        assert float(rows[name]["cost_per_month"]) == cost
        assert scenarios[name]["cost_per_month"] == cost
        assert sum(scenarios[name]["cost_by_month"]) == pytest.approx(cost * 36)
        for output in (html, text):
            assert f"{cost:,.0f}" in output


def test_the_charges_file_adds_up_to_the_totals(listed):
    totals: dict[str, float] = {}
    for row in csv.DictReader(io.StringIO(publish.charges_csv(listed))):
        totals[row["scenario"]] = totals.get(row["scenario"], 0.0) + float(row["list_cost"])
    assert totals == pytest.approx({f.name: f.total_cost for f in listed.forecasts})


def test_every_output_lists_stand_ins_assumptions_gaps_and_book_dates(listed):
    content = json.loads(publish.comparison_json(listed))
    assert len(content["stand_ins"]) >= 9
    for output in (publish.comparison_text(listed), publish.comparison_html(listed)):
        for words in (
            "own price 34.56 USD",
            "requests_per_month",
            "Redis geo-replication traffic",
            "2026-10-10",
        ):
            assert words in output
        assert lock_hash(lock_of(listed)) in output
    notebook = listed._repr_html_()
    assert "azure-list-2026-10-10 (2026-10-10)" in notebook
    assert "prices are stand-ins" in notebook


def test_the_page_unfolds_every_component_to_its_price_rows(listed):
    page = comparison_page(listed)
    (behind,) = (section for section in page.sections if section.unfoldings)
    for (_, lines), forecast in zip(behind.unfoldings, listed.forecasts, strict=True):
        assert [line.heading for line in lines] == list(forecast.cost_by("component"))
        assert all("Price: " in str(row[-1]) for line in lines for row in line.table.rows)


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_has_axes_with_units_and_its_source(listed, name):
    figure = listed.figure(name)
    titles = [figure.layout.xaxis.title.text, figure.layout.yaxis.title.text]
    assert "USD per month" in titles
    assert any("azure-list-2026-10-10" in note.text for note in figure.layout.annotations)


def test_the_waterfall_adds_up_to_the_difference(listed):
    (bars,) = chart(listed, "waterfall", "active-active")["data"]
    assert bars["y"][0] + sum(bars["y"][1:-1]) == pytest.approx(bars["y"][-1], abs=0.1)


def test_a_waterfall_of_one_scenario_says_that_there_is_nothing_to_compare(listed):
    alone = compare(listed.plan, ["active-passive"])
    assert chart(alone, "waterfall")["data"] == []
    same = chart(listed, "waterfall", "active-passive")
    assert "One scenario" in same["layout"]["annotations"][-1]["text"]


def test_an_unknown_chart_names_the_nearest(listed):
    with pytest.raises(NotInResult, match="nearest: 'waterfall'"):
        listed.figure("waterfal")


def test_images_without_a_browser_are_one_sentence_and_the_rest_is_written(listed, tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nothing"))
    written = publish.write_report(listed, tmp_path / "out", formats=("json",), images=True)
    assert len(written.warnings) == 1
    assert "everything else was written" in written.warnings[0]
    assert (tmp_path / "out" / "comparison.json").is_file()


@pytest.mark.browser
def test_images_of_a_comparison(listed, tmp_path):
    written = publish.write_report(compare(listed.plan, ["pilot-light"]), tmp_path, formats=(), images=True)
    names = {path.name for path in written.files}
    assert {"cost_by_component.png", "cost_by_month.svg", "waterfall_pilot-light.pdf"} <= names


def test_the_lock_changes_with_the_plan_the_books_and_the_scenarios(listed):
    base = lock_hash(lock_of(listed))
    assert base == lock_hash(lock_of(compare(load_plan(PLANS / "agog.yaml"))))
    changed = listed.plan.with_scenario("x", {}, extends="active-passive")
    others = [
        compare(listed.plan, ["pilot-light"]),
        compare(changed),
        compare(load_plan(PLANS / "agog_as_stated.yaml")),
        compare(listed.plan, reference="single-region"),
    ]
    hashes = [lock_hash(lock_of(other)) for other in others]
    assert len({base, *hashes}) == 5


def test_hostile_words_of_a_plan_stay_words_on_the_page_and_in_notebooks(tmp_path):
    text = (PLANS / "agog.yaml").read_text(encoding="utf-8")
    hostile = "<script>alert(1)</script>"
    for old in (
        "AgogSaaS on Azure, list prices",
        "Redis geo-replication traffic",
        "The brief names Key Vault in week 9",
    ):
        assert old in text
        text = text.replace(old, hostile)
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    comparison = compare(load_plan(path), ["pilot-light"])
    assert hostile not in publish.comparison_html(comparison)
    assert hostile not in comparison._repr_html_()
    assert hostile not in comparison.forecast("pilot-light")._repr_html_()
    assert hostile not in comparison.explain("pilot-light", component="key-vault")._repr_html_()


def test_the_charges_file_is_what_pythons_own_writer_makes_of_the_charges_frame(listed):
    frame = listed.charges()
    frame["billing_period_start"] = frame["billing_period_start"].dt.strftime("%Y-%m-%d")
    expected = io.StringIO()
    writer = csv.writer(expected, lineterminator="\n")
    writer.writerow(frame.columns)
    for row in frame.itertuples(index=False):
        writer.writerow([spreadsheet_safe(cell) if isinstance(cell, str) else cell for cell in row])
    assert publish.charges_csv(listed) == expected.getvalue()


@pytest.mark.parametrize("formats", [["pdf"], ["html", "PDF"], "html", [""]])
def test_a_format_that_is_not_known_is_refused_before_anything_is_written(listed, tmp_path, formats):
    with pytest.raises(InputError, match="give a list of 'html', 'csv', 'json'"):
        publish.write_report(listed, tmp_path / "out", formats=formats)
    assert not (tmp_path / "out").exists()


def test_a_report_is_written_whole_or_not_at_all(listed, tmp_path):
    (tmp_path / "charges.csv").mkdir()
    with pytest.raises(InputError, match=r"charges.csv: is a folder"):
        publish.write_report(listed, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["charges.csv"]


def test_results_equal_nothing_but_themselves_and_can_be_kept_in_sets(listed):
    again = compare(load_plan(PLANS / "agog.yaml"), ["active-passive"])
    assert listed == listed
    assert listed != again
    assert listed.forecasts[0] != again.forecasts[0]
    assert len({listed, again, *again.forecasts, *again.forecasts[0].charges}) > 2


def test_an_attribute_that_is_not_known_names_those_that_are(listed):
    with pytest.raises(NotInResult, match="'component', 'kind', 'region'"):
        listed.forecasts[0].cost_by("nonsense")


def test_a_table_of_charges_that_is_very_long_says_so(listed, tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "_MANY_ROWS", 5000)
    (warning,) = publish.write_report(listed, tmp_path, formats=["csv"]).warnings
    rows = (tmp_path / "charges.csv").read_text().count("\n")
    assert warning.startswith(f"charges.csv has {rows:,} rows and ")
