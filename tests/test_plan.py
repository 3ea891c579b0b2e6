"""The plan file: strict, all problems at once, each with its place and the nearest valid name."""

from __future__ import annotations

import textwrap
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.errors import (
    MOST_SHOWN,
    AgogCapacityError,
    CurrencyMismatch,
    NotInResult,
    PlanError,
    PriceBookError,
)
from agog_capacity.overrides import Origins, merged, place_in_document
from agog_capacity.plan import load_plan
from agog_capacity.validation import MOST_FINDINGS
from tests.books import write_book

PLAN = """\
    name: shop
    title: A shop
    currency: USD
    horizon: {start: "2027-01", months: 12}
    price_books: [list]
    reference: one
    targets: {availability: {percent: 99.9, measured: month}}
    base:
      inputs:
        tier: {value: Standard, unit: tier, source: assumed, assumption: true}
      regions:
        eastus2: {title: US East, continent: North America, role: primary, traffic_share: 1.0}
      components:
        cluster: {kind: aks_cluster, region: eastus2, tier: "${tier}"}
      serving_path: [cluster]
    scenarios:
      one: {title: One}
      two:
        title: Two clusters
        extends: one
        change:
          components:
            second: {kind: aks_cluster, region: eastus2, tier: Free}
"""
AKS = "Azure Kubernetes Service,Azure Kubernetes Service,Standard,Standard Uptime SLA,eastus2"


@pytest.fixture
def shop(tmp_path):
    """Write a plan with a price book beside it; returns a function that changes the text first."""
    write_book(tmp_path / "prices" / "list", [f"{AKS},on-demand,,0,1 Hour,0.1,USD"])

    def written(*replacements: tuple[str, str], more: str = "") -> str:
        text = textwrap.dedent(PLAN)
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "plan.yaml"
        path.write_text(text + more)
        return str(path)

    return written


def problems(path: str) -> list[str]:
    with pytest.raises(PlanError) as caught:
        load_plan(path)
    return [str(problem).removeprefix(path + ":") for problem in caught.value.problems]


def test_a_valid_plan_has_its_scenarios_merged(shop):
    plan = load_plan(shop())
    assert list(plan.scenarios) == ["one", "two"]
    assert list(plan.scenario("two").design.components) == ["cluster", "second"]
    assert plan.scenario("two").design.components["cluster"].model_dump()["tier"] == "Standard"


def test_an_unknown_scenario_names_the_nearest(shop):
    with pytest.raises(NotInResult, match="nearest: 'two'"):
        load_plan(shop()).scenario("twoo")


@pytest.mark.parametrize(
    "old, new, line, words",
    [
        ("currency: USD", "curency: USD", 3, "'curency' is not known here; nearest: 'currency'"),
        ('aks_cluster, region: eastus2, tier: "', 'aks_clustr, region: eastus2, tier: "', 14, "nearest: 'aks_cluster'"),
        ("tier: Free", "tier: Fre", 23, "not one of 'Free', 'Standard' or 'Premium'"),
        ("tier: Free", "tier: Free, zones: 3", 23, "'zones' is not known here"),
        ("region: eastus2, tier: Free", "region: eastus, tier: Free", 23, "nearest: 'eastus2'"),
        ("region: eastus2, tier: Free", "tier: Free", 23, "region is missing"),
        ("[cluster]", "[clustr]", 15, "nearest: 'cluster'"),
        ("[cluster]", "[cluster, cluster]", 15, "stands twice"),
        ("${tier}", "${teir}", 14, "input 'teir' does not exist; nearest: 'tier'"),
        ("${tier}", "Free", 10, "used by no scenario"),
        ("extends: one", "extends: on", 20, "scenario 'on' does not exist; nearest: 'one'"),
        ("extends: one", "extends: two", 20, "in a circle: two -> two"),
        ("traffic_share: 1.0", "traffic_share: 0.5", 11, "add up to 0.5"),
        ("traffic_share: 1.0", "traffic_share: 1.5", 12, "less than or equal to 1"),
        ("traffic_share: 1.0", 'traffic_share: "1"', 12, "number"),
        ("second: {kind: aks_cluster, region: eastus2, tier: Free}", "other: null", 23, "no 'other' to remove"),
        ("reference: one", "reference: won", 6, "scenario 'won' does not exist; nearest: 'two', 'one'"),
        ("months: 12", "months: 0", 4, "greater than or equal to 1"),
        ("months: 12", "months: 12.5", 4, "integer"),
        ("price_books: [list]", "price_books: [list, list]", 5, "named twice"),
        ("percent: 99.9", "percent: 999", 7, "less than or equal to 100"),
        ("measured: month", "measured: week", 7, "not one of 'month' or 'year'"),
        ("    cluster: {kind", "    cluster: {name: x, kind", 14, "leave this field out"),
        ("    cluster: {kind", "    clu/ster: {kind", 14, "is not a name"),
        ("    eastus2: {", "    '<a href=\"http://x\">x</a>': {", 12, "is not a name of regions"),
        ("    eastus2: {", "    '': {", 12, "is not a name of regions"),
        ("    eastus2: {", "    Global: {", 12, "what services without a region are reported under"),
        ("    tier: {", "    " + "t" * 81 + ": {", 10, "is not a name of inputs"),
        ("title: US East", "title: 'US\n\n      East'", 12, "holds a line break"),
        ("tier: Free", "tier: Free, starts: 0", 23, "starts is 0: not a day like '2027-01-31'"),
        ("tier: Free", "tier: Free, starts: 20270101.5", 23, "not a day like '2027-01-31'"),
        ("tier: Free", "tier: Free, ends: '2027-01-01T00:00:00'", 23, "not a day like '2027-01-31'"),
        ('start: "2027-01"', 'start: "9999-02"', 4, "12 months from 9999-02 end after 9999"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_its_line_and_the_repair(shop, old, new, line, words):
    found = problems(shop((old, new)))
    assert any(words in text and text.startswith(f"{line}:") for text in found), found


def test_all_problems_of_a_file_are_reported_together_and_once(shop):
    found = problems(
        shop(("tier: Free", "tier: Fre"), ("currency: USD", "currency: dollars"), ("[cluster]", "[nobody]"))
    )
    assert len(found) == 3
    assert len(set(found)) == 3


def test_a_duplicate_key_is_a_problem(shop):
    assert any(
        "stands twice" in text
        for text in problems(shop(("  one: {title: One}", "  one: {title: One}\n  one: {title: B}")))
    )


def test_scenarios_that_extend_each_other_are_named_as_a_circle(shop):
    found = problems(shop(("one: {title: One}", "one: {title: One, extends: two}")))
    assert any("circle" in text for text in found)


def test_an_unknown_price_book_names_the_nearest_and_is_no_path(shop, tmp_path):
    with pytest.raises(PriceBookError, match="nearest: 'list'"):
        load_plan(shop(("[list]", "[lists]")))
    with pytest.raises(PlanError, match="is not a name"):
        load_plan(shop(("[list]", "[../../secret]")))


def test_books_of_another_currency_are_refused(shop, tmp_path):
    write_book(tmp_path / "prices" / "euro", [f"{AKS},on-demand,,0,1 Hour,0.1,EUR"], currency="EUR")
    with pytest.raises(CurrencyMismatch, match="EUR"):
        load_plan(shop(("[list]", "[list, euro]")))
    with pytest.raises(PlanError, match="the plan is in USD, its prices are in EUR"):
        load_plan(shop(("[list]", "[euro]")))


def test_what_if_adds_a_scenario_and_leaves_the_plan_as_it_was(shop):
    plan = load_plan(shop())
    changed = plan.with_scenario("free", {"components": {"cluster": {"tier": "Free"}}}, extends="two")
    assert changed.scenario("free").design.components["cluster"].model_dump()["tier"] == "Free"
    assert list(plan.scenarios) == ["one", "two"]
    assert changed.digest != plan.digest
    with pytest.raises(PlanError, match="Fre"):
        plan.with_scenario("bad", {"components": {"cluster": {"tier": "Fre"}}})


@pytest.mark.parametrize(
    "content",
    ["", "[]", "5", "a: 1", "base: 5\nscenarios: 6\n", "scenarios: {a: {extends: [1]}}\nbase: {}\n"],
)
def test_what_is_no_plan_at_all_is_refused_in_words(tmp_path, content):
    path = tmp_path / "plan.yaml"
    path.write_text(content)
    assert problems(str(path))


_SCRAPS = st.sampled_from(
    ["null", "[]", "{}", "-1", "1e308", "true", "'<script>'", "${tier}", "${}", "{a: {b: {c: 1}}}", "[1, {x: y}]"]
)  # fmt: skip
_PLACES = [
    line.split(":")[0].strip() for line in textwrap.dedent(PLAN).splitlines() if line.strip() and ":" in line
]


@given(place=st.sampled_from(_PLACES), scrap=_SCRAPS)
def test_any_value_in_any_place_is_read_or_refused_by_the_projects_own_error(tmp_path_factory, place, scrap):
    folder = tmp_path_factory.mktemp("fuzz", numbered=True)
    write_book(folder / "prices" / "list", [f"{AKS},on-demand,,0,1 Hour,0.1,USD"])
    lines = []
    for line in textwrap.dedent(PLAN).splitlines():
        if line.strip().startswith(f"{place}:"):
            line = line[: len(line) - len(line.lstrip())] + f"{place}: {scrap}"
        lines.append(line)
    path = folder / "plan.yaml"
    path.write_text("\n".join(lines))
    try:
        load_plan(path)
    except AgogCapacityError as error:
        assert str(error)


def test_traffic_that_nothing_meters_is_a_problem(shop):
    traffic = (
        "  traffic: {requests_per_month: 1, to_clients_gb_per_month: 1, to_origin_gb_per_month: 1, "
        "client_zones: {Zone 1: 1.0}}\n  components:"
    )
    assert any(
        "no component meters this traffic" in text
        for text in problems(shop(("\n  components:", "\n" + traffic)))
    )


REST = "records_until: '2026-12-31', causes: {a: zone}"


def test_a_plan_states_accepts_and_changes_failures(shop, tmp_path):
    (tmp_path / "incidents.csv").write_text(
        "start,end,scope,severity,cause\n2026-03-01T10:00Z,2026-03-01T12:00Z,change,1,deploy\n"
    )
    more = """\
accept: [{rule: aks-free-no-sla, reason: A test cluster, scenarios: [two]}]
failures: {own_change: {hits_both: 0.3}, identity: null}
incidents:
  file: incidents.csv
  records_began: "2026-01-01"
  records_until: "2026-12-31"
  causes: {deploy: own_change}
"""
    plan = load_plan(shop(more=more))
    assert plan.accept[0].scenarios == ("two",)
    assert "identity" not in plan.failure_classes
    assert plan.failure_classes["own_change"].hits_both == 0.3
    assert plan.failure_classes["own_change"].rate.shape == 3.5


@pytest.mark.parametrize(
    "more, words",
    [
        ("accept: [{rule: aks-free-sla, reason: so}]\n", "24: accept[0].rule: rule 'aks-free-sla' does not exist; nearest:"),
        ("accept: [{rule: aks-free-no-sla}]\n", "24: accept[0].reason: 'reason' is missing"),
        ("accept: [{rule: aks-free-no-sla, reason: so, scenarios: [tow]}]\n", "'tow' does not exist; nearest: 'two'"),
        ("failures: {own_chang: null}\n", "no failure class 'own_chang' to remove; nearest: 'own_change'"),
        ("failures: {zone: {severity: 2.0}}\n", "24: failures.zone.severity: severity is 2.0"),
        (f"incidents: {{file: no.csv, records_began: '2026-01-01', {REST}}}\n", "no.csv: does not exist"),
        (f"incidents: {{file: no.csv, records_began: soon, {REST}}}\n", "incidents.records_began: records_began is 'soon'"),
    ],
)  # fmt: skip
def test_what_a_plan_says_wrongly_about_availability_is_told_with_its_line(shop, more, words):
    assert any(words in problem for problem in problems(shop(more=more))), problems(shop(more=more))


@pytest.mark.parametrize(
    "path, fine",
    [
        ("[{any_of: [[cluster], [second]]}]", True),
        ("[{any_of: [[cluster, second], [second]]}]", True),
        ("[cluster, {any_of: [[cluster], [second]]}]", False),
        ("[{any_of: [[cluster, cluster], [second]]}]", False),
    ],
)
def test_branches_may_share_a_component_but_not_repeat_it(shop, path, fine):
    change = ("tier: Free}", f"tier: Free}}\n      serving_path: {path}")
    if fine:
        assert load_plan(shop(change)).scenario("two").design.serving_path
    else:
        assert any("'cluster' stands twice" in problem for problem in problems(shop(change)))


def test_an_inherited_step_that_is_gone_names_the_scenario_that_lacks_it(shop):
    (found,) = problems(shop(("        second: {", "        cluster: null\n        second: {")))
    assert found.startswith("15: base.serving_path[0]: in scenario two: 'cluster' is not a component")


def test_a_later_change_around_an_earlier_one_owns_its_place():
    origins: Origins = {}
    base = {"a": {"b": {"c": 1}}, "x": 1}
    one, _ = merged(base, {"a": {"b": {"c": 2}}}, ("one",), origins)
    two, _ = merged(one, {"a": {"b": None}}, ("two",), origins)
    three, _ = merged(two, {"a": {"b": {"d": 3}}}, ("three",), origins)
    four, _ = merged(three, {"a": {"b": {"d": 4}}}, ("four",), origins)
    assert four == {"a": {"b": {"d": 4}}, "x": 1}
    assert place_in_document(("a", "b", "d"), origins, ("base",)) == ("four", "a", "b", "d")
    assert place_in_document(("a", "b", "c"), origins, ("base",)) == ("three", "a", "b", "c")
    assert place_in_document(("x",), origins, ("base",)) == ("base", "x")


FLOOD = 3000


@pytest.mark.parametrize(
    "old, new",
    [
        ("base:\n", "base:\n" + "".join(f"  k{n}: 1\n" for n in range(FLOOD))),
        ('tier: "${tier}"}', 'tier: "${tier}", ' + ", ".join(f"k{n}: 1" for n in range(FLOOD)) + "}"),
        ("components:\n    c", "components:\n" + "".join(f"    c{n}: {{kind: x}}\n" for n in range(900)) + "    c"),
        ("[cluster]", "[" + ", ".join(f"x{n}" for n in range(900)) + "]"),
        ("[cluster]", "[{any_of: [[cluster], [" + ", ".join(f"'${{r{n}}}'" for n in range(FLOOD)) + "]]}]"),
        ("        second:", "".join(f"        n{n}: ~\n" for n in range(FLOOD)) + "        second:"),
    ],
)  # fmt: skip
def test_looking_for_problems_ends_where_nobody_would_correct_more_at_once(shop, old, new):
    path = shop((old, new))
    with pytest.raises(PlanError) as caught:
        load_plan(path)
    assert len(caught.value.problems) == MOST_FINDINGS + 1
    assert caught.value.problems[-1].message.startswith("has more problems")
    assert len(str(caught.value).splitlines()) == MOST_SHOWN + 1


@pytest.mark.parametrize(
    "old, new",
    [
        ("components:\n    c", "components:\n" + "".join(f"    c{n}: {{kind: x}}\n" for n in range(1000)) + "    c"),
        ("[cluster]", "[" + "cluster, " * 1001 + "]"),
        ("[list]", "[" + "list, " * 51 + "]"),
    ],
)  # fmt: skip
def test_sections_longer_than_any_real_one_are_refused(shop, old, new):
    assert any("entries" in found or "at most" in found for found in problems(shop((old, new))))


def _cyclic() -> dict[str, object]:
    change: dict[str, object] = {}
    change["components"] = {"again": change, "once more": change}
    return change


def _deep() -> dict[str, object]:
    change: dict[str, object] = {"a": 1}
    for _ in range(5000):
        change = {"a": change}
    return change


def _doubling() -> dict[str, object]:
    change: dict[str, object] = {"a": 1}
    for _ in range(30):
        change = {"a": change, "b": change}
    return change


@pytest.mark.parametrize(
    "change, words",
    [
        ({1: 2}, "key '1' is not short plain text"),
        ({"components": {None: {}}}, "key 'None' is not short plain text"),
        ({"components": {"a\x1b": {}}}, r"key 'a\\x1b' is not short plain text"),
        ({"components": {"c": {"kind": object()}}}, "a object cannot stand in a plan"),
        ({"components": {"c": {"title": "x\x1b[31m"}}}, "."),
        (_cyclic(), "contains itself"),
        (_deep(), "deeper than 40 levels"),
        (_doubling(), "over 200,000 values"),
        ([], "change is a mapping; what was given is a list"),
    ],
)
def test_a_change_that_no_document_could_hold_is_refused_in_words(shop, change, words):
    with pytest.raises(PlanError, match=words):
        load_plan(shop()).with_scenario("three", change)


@pytest.mark.parametrize("name", [None, 3, b"x", ("a",)])
def test_a_scenario_is_named_by_text(shop, name):
    with pytest.raises(PlanError, match="name is text"):
        load_plan(shop()).with_scenario(name, {})


def test_a_change_may_hold_numpy_numbers_tuples_and_dates_and_is_not_kept(shop):
    third = {"kind": "aks_cluster", "region": "eastus2", "tier": "Free", "starts": date(2027, 3, 1)}
    components: dict[str, dict[str, object]] = {"third": third}
    change = {
        "components": components,
        "serving_path": ("cluster",),
        "regions": {"eastus2": {"traffic_share": np.float64(1.0)}},
    }
    plan = load_plan(shop()).with_scenario("three", change)
    assert plan.scenario("three").design.components["third"].starts == date(2027, 3, 1)
    components["third"]["kind"] = "nonsense"
    assert plan.with_scenario("four", {}).scenario("three").design.components["third"].kind == "aks_cluster"


@pytest.mark.parametrize("path", [None, 3, b"plan.yaml"])
def test_a_plan_is_named_by_a_path(path):
    with pytest.raises(PlanError, match="path is text or a Path"):
        load_plan(path)


def test_a_plan_shows_itself_in_a_line(shop):
    assert repr(load_plan(shop())) == "Plan('shop', 12 months from 2027-01, USD, scenarios: one, two)"


def test_a_broken_component_is_told_once_and_not_by_what_is_stated_about_it(shop):
    stated = (
        "serving_path: [cluster]",
        "serving_path: [cluster]\n  statements: {facts: {cluster: {tier: x}}}",
    )
    broken = (
        'kind: aks_cluster, region: eastus2, tier: "',
        'kind: aks_cluster, zonnes: 3, region: eastus2, tier: "',
    )
    (found,) = problems(shop(stated, broken))
    assert "'zonnes' is not known here" in found
