"""Stated costs beside a forecast. Figures of the brief are from its sections 6.1, 7.2 and 8.1."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.errors import StatedTableError
from agog_capacity.plan import load_plan
from agog_capacity.planning.forecast import forecast
from agog_capacity.planning.reconcile import Reconciliation, read_stated_costs, reconcile
from agog_capacity.planning.stated import Selector, StatedLine, StatedTable, parse_stated_costs
from tests.planning.hand_made import BRIEF, EU, US, Item, forecast_of

PLANS = Path(__file__).parent.parent.parent / "data" / "plans"
STATED = PLANS / "agog_stated_costs.csv"

X, Y, Z = Item("x", "m", 100), Item("y", "m", 50), Item("z", "m", 10)
WEB = (Item("web-us", "Compute", 100, US), Item("web-eu", "Compute", 90, EU), Item("cdn", "Traffic", 30))


def table_of(*rows: str) -> StatedTable:
    """A table without regions: `label,total,covers`."""
    return parse_stated_costs("\n".join(["line,total,covers", *rows]))


def regional(*rows: str) -> StatedTable:
    """A table with regions: `label,us,eu,total,covers`."""
    return parse_stated_costs("\n".join(["line,US East,westeurope,total,covers", *rows]))


def texts(result: Reconciliation, kind: str) -> list[str]:
    return [finding.text for finding in result.findings if finding.kind == kind]


@pytest.fixture(scope="module")
def brief() -> Reconciliation:
    return reconcile(read_stated_costs(STATED), forecast_of(BRIEF))


def test_the_briefs_total_leaves_out_the_lines_without_a_region(brief):
    (text,) = texts(brief, "arithmetic")
    assert text == (
        "the stated total 6,095.00 is the sum of the regional columns (3,255 + 2,840); it leaves out the 4 lines "
        "(1,394.00) that have no region; the Total column adds up to 7,489.00 "
        "('Total Monthly' in line 12 is read as the stated total)"
    )
    assert brief.stated_total == 6095
    assert brief.total_column == 7489


def test_the_brief_counts_bandwidth_and_log_storage_twice(brief):
    doubles = [finding for finding in brief.findings if finding.kind == "double count"]
    assert [(double.lines, double.amount) for double in doubles] == [
        (("Bandwidth (10 TB/month)", "Azure Front Door Premium"), 350),
        (("Logs (Cool + Archive)", "Azure Monitor Logs"), 8),
    ]
    assert "front-door/Premium Data Transfer Out" in doubles[0].text
    assert "its stated 350.00 is counted twice" in doubles[0].text


def test_the_brief_with_each_thing_counted_once_costs_7131(brief):
    assert brief.counted_twice == 358
    assert brief.counted_once == 7131
    assert texts(brief, "counted once") == [
        "each thing counted once, the lines add up to 7,131.00: 7,489.00 less 358.00 counted twice"
    ]


def test_at_its_own_prices_every_line_of_the_brief_agrees(brief):
    assert texts(brief, "difference") == []
    assert all(line.agrees for line in brief.lines)
    assert brief.covered_cost == pytest.approx(7131)
    assert not brief.proposals


def test_what_the_brief_leaves_out_stands_with_what_it_rests_on(brief):
    assert [(part.component, round(part.amount, 2)) for part in brief.left_out] == [
        ("front-door", 225.0),
        ("aks-us", 73.0),
        ("system-nodes-eu", 65.04),
        ("system-nodes-us", 59.13),
        ("public-ip-us", 3.65),
    ]
    by_component = {part.component: part for part in brief.left_out}
    assert by_component["public-ip-us"].assumptions == ("public-ip-us",)
    assert by_component["aks-us"].stand_ins == ("own price 73 USD per 1 Month (2027-01-01)",)
    assert by_component["front-door"].regions == ("global",)
    (text,) = texts(brief, "left out")
    assert text.startswith("the table leaves out 425.82 of the forecast: front-door 225.00, aks-us 73.00")
    assert "3.65 of it rests on an assumption; 73.00 of it is priced with a stand-in" in text


def test_the_brief_against_its_own_plan_comes_out_to_the_dollar():
    plan = load_plan(PLANS / "agog_as_stated.yaml")
    result = reconcile(read_stated_costs(STATED), forecast(plan, "active-passive"))
    assert (result.stated_total, result.total_column) == (6095, 7489)
    assert result.counted_twice == pytest.approx(358)
    assert result.counted_once == pytest.approx(7131)
    assert result.covered_cost == pytest.approx(7131)
    assert texts(result, "difference") == []
    assert result.left_out_cost > 0
    assert {part.component for part in result.left_out} >= {
        "aks-us",
        "load-balancer-eu",
        "registry",
        "key-vault",
    }


def test_the_brief_against_list_prices_differs_line_by_line():
    result = reconcile(read_stated_costs(STATED), forecast(load_plan(PLANS / "agog.yaml"), "active-passive"))
    assert result.counted_once == pytest.approx(7131)
    assert texts(result, "difference")
    assert result.covered_cost + result.left_out_cost == pytest.approx(result.forecast.cost_per_month)


@pytest.mark.parametrize(
    ("rows", "words", "amount"),
    [
        (["a,5,5,10,x", "b,,,10,y"], "the table states no total; the Total column adds up to 20.00", 0),
        (
            ["a,5,5,10,x", "b,,,10,y", "Total,,,20,"],
            "the stated total 20.00 is the sum of the Total column",
            0,
        ),
        (
            ["a,5,5,10,x", "b,,,10,y", "Total,5,5,,"],
            "'Total' states no total; the Total column adds up to 20.00",
            0,
        ),
        (["a,5,5,10,x", "b,,,10,y", "Total,,,10,"], "it leaves out the line (10.00) that has no region", 10),
        (
            ["a,5,5,10,x", "b,,,10,y", "Total,,,15,"],
            "is 5.00 less than the Total column, which adds up to 20.00; the regional columns add up to 10.00",
            5,
        ),
        (["a,5,5,10,x", "b,,,10,y", "Total,,,25,"], "is 5.00 more than the Total column", -5),
        (["a,5,5,12.5,x", "b,,,10,y", "Total,,,10,"], "(5 + 5); the Total column adds up to 22.50", 12.5),
    ],
)
def test_the_stated_total_is_held_against_both_sums(rows, words, amount):
    found = reconcile(regional(*rows), forecast_of([X, Y])).findings[0]
    assert found.kind == "arithmetic"
    assert words in found.text
    assert found.amount == pytest.approx(amount)


def test_a_table_without_regions_has_only_one_sum():
    (text,) = texts(reconcile(table_of("a,10,x", "Total,12,"), forecast_of([X])), "arithmetic")
    assert text == (
        "the stated total 12.00 is 2.00 more than the Total column, which adds up to 10.00 "
        "('Total' in line 3 is read as the stated total)"
    )


def test_rows_and_columns_that_do_not_add_up_are_found():
    result = reconcile(regional("a,5,5,12,x", "b,1,2,,y", "Total,7,7,15,"), forecast_of([X, Y]))
    assert texts(result, "arithmetic")[1:] == [
        "the stated total of US East is 7.00; its column adds up to 6.00",
        "'a' states 12.00 in total; its regions add up to 10.00, 2.00 less",
        "'b' states no total; the sum of the regions is taken (3.00)",
    ]
    assert result.total_column == 15


def test_a_charge_belongs_to_the_cell_of_its_region_and_one_without_region_to_the_total():
    (line,) = reconcile(regional("Web,100,80,210,web-*; cdn"), forecast_of(WEB)).lines
    assert [(cell.region, cell.stated) for cell in line.cells] == [(US, 100), (EU, 80)]
    assert [cell.forecast for cell in line.cells] == pytest.approx([100, 90])
    assert line.forecast == pytest.approx(220)
    assert line.difference == pytest.approx(10)
    assert line.difference_percent == pytest.approx(100 * 10 / 210)


def test_differences_are_told_by_line_and_by_region():
    result = reconcile(regional("Web,80,110,190,web-*", "Edge,,,40,cdn"), forecast_of(WEB))
    web, edge = texts(result, "difference")
    assert web == (
        "'Web': stated 190.00, forecast 190.00: +0.00 (+0.0 %); "
        "US East stated 80.00, forecast 100.00: +20.00 (+25.0 %); "
        "westeurope stated 110.00, forecast 90.00: -20.00 (-18.2 %)"
    )
    assert edge == "'Edge': stated 40.00, forecast 30.00: -10.00 (-25.0 %)"


def test_nothing_stated_as_zero_has_no_percentage():
    (line,) = reconcile(table_of("a,0,x"), forecast_of([X])).lines
    assert line.difference == pytest.approx(100)
    assert line.difference_percent is None


def test_lines_that_state_other_regions_do_not_count_the_same_charge_twice():
    result = reconcile(regional("Web primary,100,-,100,web-*", "Web standby,-,90,90,web-*"), forecast_of(WEB))
    assert texts(result, "double count") == []
    assert texts(result, "counted once") == [
        "no line covers what another covers too; the lines add up to 190.00"
    ]
    assert all(line.agrees for line in result.lines)


def test_a_selected_charge_without_an_amount_for_its_region_is_left_out_and_said():
    result = reconcile(regional("Web,100,-,100,web-*"), forecast_of(WEB[:2]))
    (part,) = result.left_out
    assert (part.component, part.selected_by) == ("web-eu", ("Web",))
    assert "90.00 of it is selected by 'Web' without an amount for its region" in texts(result, "left out")[0]
    elsewhere = reconcile(regional("Web,100,-,100,web-eu"), forecast_of(WEB[:2]))
    assert "it states nothing for the regions of what it covers" in texts(elsewhere, "difference")[0]


def test_a_region_without_a_column_compares_with_the_total():
    table = parse_stated_costs("line,EASTUS2,total,covers\nWeb,100,190,web-*\n")
    (line,) = reconcile(table, forecast_of(WEB[:2])).lines
    assert line.agrees


def test_of_three_lines_the_one_that_covers_more_is_kept():
    result = reconcile(table_of("small x,90,x", "both,155,x;y", "small y,60,y"), forecast_of([X, Y]))
    assert [line.counted_twice for line in result.lines] == [90, 0, 60]
    assert result.counted_once == 155


def test_of_equal_lines_the_first_is_kept():
    result = reconcile(table_of("first,90,x", "second,80,x", "third,70,x"), forecast_of([X]))
    assert [line.counted_twice for line in result.lines] == [0, 80, 70]


def test_a_partial_overlap_takes_the_forecasts_amount_and_says_so():
    result = reconcile(table_of("a,150,x;y", "b,60,y;z"), forecast_of([X, Y, Z]))
    (double,) = [finding for finding in result.findings if finding.kind == "double count"]
    assert double.amount == pytest.approx(50)
    assert double.text == (
        "'a' and 'b' each cover y/m beside other things; no line states what it costs: "
        "50.00 is taken to be counted twice (the forecast's amount)"
    )
    assert result.counted_once == pytest.approx(160)


def test_a_partial_overlap_is_at_most_what_is_stated():
    result = reconcile(table_of("a,150,x;y", "b,20,y;z"), forecast_of([X, Y, Z]))
    (text,) = texts(result, "double count")
    assert "20.00 is taken to be counted twice (at most what they state)" in text
    assert result.counted_once == pytest.approx(150)


def test_lines_without_covers_are_never_judged():
    result = reconcile(table_of("x,100,", "x again,100,", "y,50,y"), forecast_of([X, Y]))
    assert texts(result, "double count") == []
    assert result.counted_twice == 0
    (text,) = texts(result, "not judged")
    assert text == (
        "'x' and 'x again' do not say in 'covers' what they stand for: 200.00 is neither compared nor judged; "
        "see the proposals"
    )
    assert (
        "the lines that do not say what they cover may stand for some of it" in texts(result, "left out")[0]
    )
    assert {proposal.line for proposal in result.proposals} == {"x", "x again"}


def test_without_any_covers_nothing_is_said_to_be_left_out():
    result = reconcile(table_of("x,100,", "y,50,"), forecast_of([X, Y]))
    assert {finding.kind for finding in result.findings} == {"arithmetic", "not judged", "forecast"}
    assert result.left_out_cost == pytest.approx(150)


def test_all_that_does_not_fit_the_forecast_is_reported_together():
    table = parse_stated_costs(
        "line,US Est,eastus2,US EAST,total,covers\n"
        "Web,€1,,,1,web-uk; web-us/Compote\n"
        "All,,,,1,*; nothing/*\n",
        file="stated.csv",
    )
    with pytest.raises(StatedTableError) as caught:
        reconcile(table, forecast_of(WEB))
    nothing = "selects no charge of scenario 'by-hand'; among the"
    assert [str(problem) for problem in caught.value.problems] == [
        "stated.csv:1: states amounts in €, the forecast is in USD; convert them",
        "stated.csv:1: column 'US Est' is not a region of scenario 'by-hand'; nearest: 'US East', 'EU West'",
        "stated.csv:1: column 'US EAST' is region 'eastus2', which another column is too; keep one",
        f"stated.csv:2: 'Web': 'web-uk' {nothing} components, nearest: 'web-us', 'web-eu'",
        f"stated.csv:2: 'Web': 'web-us/Compote' {nothing} meters of the component, nearest: 'Compute'",
        f"stated.csv:3: 'All': 'nothing' {nothing} components, there are: 'cdn', 'web-eu', 'web-us'",
    ]


@pytest.mark.parametrize(("sign", "currency"), [("$", "USD"), ("$", "CAD"), ("€", "EUR"), ("", "JPY")])
def test_a_sign_may_stand_for_the_plans_currency(sign, currency):
    table = parse_stated_costs(f"line,total,covers\na,{sign}100,x\n")
    assert reconcile(table, forecast_of([X], currency=currency)).lines[0].agrees


def test_the_frame_has_a_row_a_line_and_no_number_where_nothing_is_stated(brief):
    frame = brief.to_frame()
    assert list(frame.index[:2]) == ["System Nodes (3x D4s_v3)", "App Nodes (5x D8s_v3)"]
    assert list(frame.columns) == [
        "stated",
        "forecast",
        "difference",
        "difference_percent",
        "counted_twice",
        "stated_eastus2",
        "forecast_eastus2",
        "stated_westeurope",
        "forecast_westeurope",
        "covers",
        "note",
    ]
    assert frame["stated"].sum() == 7489
    assert math.isnan(frame["stated_westeurope"]["PostgreSQL Primary + HA"])
    assert (
        frame.loc["PostgreSQL Primary + HA", "covers"] == "postgres-us/vCore; postgres-us/Storage Data Stored"
    )
    silent = reconcile(table_of("a,1,"), forecast_of([X])).to_frame()
    assert math.isnan(silent["forecast"]["a"])


def test_the_report_says_everything_in_text(brief, golden):
    golden("reconcile_by_hand.txt", f"{brief!r}\n")


def test_the_report_of_silent_lines_shows_proposals():
    text = repr(reconcile(table_of("x,100,", "quite unlike,3,"), forecast_of([X, Y])))
    assert "Proposals, not findings" in text
    assert "nothing in the forecast is like it" in text
    assert "each thing once" not in text


def test_headings_are_said():
    result = reconcile(table_of("Compute,,", "a,1,x"), forecast_of([X]))
    assert "rows without an amount are read as headings: 'Compute'" in " ".join(repr(result).split())


def test_html_says_the_same_and_escapes_what_others_wrote():
    table = table_of("<script>alert(1)</script>,90,x", "<b>bold</b>,9,", "**<i>**,,")
    html = reconcile(table, forecast_of([X, Item("y", "<img src=x>", 5)]))._repr_html_()
    for tag in ("<script", "<b>bold", "<img", "<i>"):
        assert tag not in html
    assert "&lt;script&gt;" in html
    assert "90.00" in html


MONEY = st.integers(0, 10**8).map(lambda cents: cents / 100)
NAMES = ("a", "b", "c", "d")
PLACES = (US, EU, "global")


@st.composite
def cases(draw: st.DrawFn) -> Reconciliation:
    items = [
        Item(name, meter, draw(MONEY), draw(st.sampled_from(PLACES)))
        for name in NAMES
        for meter in draw(st.sampled_from([("m",), ("m", "n")]))
    ]
    columns = draw(st.sampled_from([(), (US,), (US, EU)]))
    lines = []
    for number in range(draw(st.integers(1, 5))):
        regions = {column: draw(MONEY) for column in columns if draw(st.booleans())}
        total = draw(st.one_of(MONEY, st.none())) if regions else draw(MONEY)
        chosen = draw(st.lists(st.sampled_from(NAMES), unique=True))
        covers = tuple(Selector(name, draw(st.sampled_from(["*", "m"]))) for name in chosen)
        lines.append(StatedLine(f"line {number}", regions, total, covers))
    return reconcile(StatedTable(tuple(lines), columns), forecast_of(items))


@given(cases())
def test_both_sides_add_up(result):
    doubles = sum(finding.amount for finding in result.findings if finding.kind == "double count")
    assert result.counted_once + doubles == pytest.approx(result.total_column, rel=1e-9, abs=1e-6)
    assert result.covered_cost + result.left_out_cost == pytest.approx(
        result.forecast.cost_per_month, rel=1e-9, abs=1e-6
    )
    for line in result.lines:
        assert -1e-6 <= line.counted_twice <= line.stated + 1e-6


@given(cases())
def test_something_is_counted_twice_only_where_lines_share_a_charge(result):
    covering = [line for line in result.lines if line.covers]
    forecasts = sum(line.forecast or 0.0 for line in covering)
    if not any(finding.kind == "double count" for finding in result.findings):
        assert forecasts == pytest.approx(result.covered_cost, rel=1e-9, abs=1e-6)
    assert forecasts >= result.covered_cost - 1e-6
    assert all(line.counted_twice == 0 for line in result.lines if not line.covers)


@given(cases())
def test_every_report_can_be_shown(result):
    assert "nan" not in repr(result)
    assert result._repr_html_().startswith("<div class='agog'>")
    assert len(result.to_frame()) == len(result.lines)


def test_a_table_as_a_spreadsheet_exports_it_reconciles(tmp_path):
    rows = list(csv.reader(io.StringIO(STATED.read_text())))
    path = tmp_path / "export.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    assert reconcile(read_stated_costs(path), forecast_of(BRIEF)).counted_once == 7131
