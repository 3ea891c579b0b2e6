"""Chart specifications: what they hold, and that plotly takes them."""

from __future__ import annotations

import pytest

from agog_capacity.report.charts import PALETTE, Specification, as_figure, grouped_bars, lines, waterfall

AMOUNTS = {"one": {"nodes": 10.0, "logs": 30.0}, "two": {"nodes": 20.0}}
WORDS = {"axis": "USD per month", "source": "Prices: a book"}


def drawn_charts() -> tuple[Specification, ...]:
    return (
        grouped_bars("Cost", AMOUNTS, **WORDS),
        lines("Cost", ["2027-01"], {"one": [1.0]}, **WORDS),
        waterfall("From", ("one", 40.0), {"logs": -20.0}, ("two", 20.0), **WORDS),
    )


def test_bars_are_ordered_by_size_and_a_missing_one_is_no_zero():
    chart = grouped_bars("Cost", AMOUNTS, **WORDS)
    assert chart["data"][0]["y"] == ["logs", "nodes"]
    assert chart["data"][1]["x"] == [None, 20.0]
    assert chart["layout"]["xaxis"]["title"]["text"] == "USD per month"


def test_a_line_chart_names_both_axes():
    chart = lines("Cost", ["2027-01", "2027-02"], {"one": [1.0, 2.0]}, **WORDS)
    assert chart["layout"]["xaxis"]["title"]["text"] == "month"
    assert chart["layout"]["yaxis"]["title"]["text"] == "USD per month"


def test_each_month_is_a_step_as_long_as_the_month_and_is_named_when_pointed_at():
    chart = lines("Cost", ["2027-11", "2027-12"], {"one": [1.0, 2.0]}, **WORDS)
    (line,) = chart["data"]
    assert line["x"] == ["2027-11-01", "2027-12-01", "2028-01-01"]
    assert line["y"] == [1.0, 2.0, 2.0]
    assert line["customdata"] == ["2027-11", "2027-12", "2027-12"]
    assert "customdata" in line["hovertemplate"]


def test_a_waterfall_goes_from_one_total_to_the_other():
    chart = waterfall("From", ("one", 40.0), {"logs": -30.0, "nodes": 10.0}, ("two", 20.0), **WORDS)
    (bars,) = chart["data"]
    assert bars["x"] == ["one", "logs", "nodes", "two"]
    assert bars["text"] == ["40", "-30", "+10", "20"]
    assert bars["measure"] == ["absolute", "relative", "relative", "total"]


def test_a_small_step_is_not_written_as_nothing():
    chart = waterfall("From", ("one", 40.0), {"logs": -0.25, "nodes": 0.5}, ("two", 40.25), **WORDS)
    (bars,) = chart["data"]
    assert bars["text"][1] == "-0.25"
    assert bars["customdata"][1:3] == ["-0.25", "+0.50"]


def test_no_chart_offers_to_send_its_figures_to_a_server():
    for chart in drawn_charts():
        assert chart["layout"]["modebar"]["remove"] == ["sendChartToCloud"]


def test_title_and_source_are_broken_into_lines_that_have_room():
    few, many = (
        grouped_bars("word " * n, AMOUNTS, axis="USD per month", source="source " * n)["layout"]
        for n in (1, 40)
    )
    assert many["title"]["text"].count("<br>") == 2
    assert max(map(len, many["title"]["text"].split("<br>"))) <= 84
    assert many["margin"]["t"] > few["margin"]["t"]
    assert many["margin"]["b"] > few["margin"]["b"]


def test_the_legend_has_room_also_where_it_is_broken_into_lines():
    few, many = (
        grouped_bars("Cost", {f"a-scenario-with-a-long-name-{n}": {"a": 1.0} for n in range(count)}, **WORDS)
        for count in (1, 12)
    )
    assert many["layout"]["margin"]["t"] - few["layout"]["margin"]["t"] == 11 * 22
    top = many["layout"]["height"] * (1 - many["layout"]["legend"]["y"])
    assert top + 12 * 22 < many["layout"]["margin"]["t"]


def test_a_long_name_keeps_its_ends_on_the_axis_and_is_whole_when_pointed_at():
    name = "a" * 40 + "b" * 40
    for axis, key, chart in (
        ("yaxis", "y", grouped_bars("Cost", {"one": {name: 1.0}}, **WORDS)),
        ("xaxis", "x", waterfall("From", ("one", 1.0), {name: 1.0}, ("two", 2.0), **WORDS)),
    ):
        (label,) = (text for text in chart["layout"][axis]["ticktext"] if "…" in text)
        assert label == "a" * 20 + "…" + "b" * 19
        assert name in chart["data"][0][key]


def test_names_that_look_like_numbers_or_dates_stay_names():
    chart = grouped_bars("Cost", {"one": {"2027-01": 1.0, "12": 2.0}}, **WORDS)
    assert chart["layout"]["yaxis"]["type"] == "category"


def test_a_chart_of_very_many_bars_can_still_be_drawn():
    many = {f"s{n}": {f"c{m}": 1.0 for m in range(40)} for n in range(200)}
    assert 2 * grouped_bars("Cost", many, **WORDS)["layout"]["height"] < 16_384


@pytest.mark.parametrize(
    "chart",
    [
        grouped_bars("Cost", {}, **WORDS),
        lines("Cost", [], {}, **WORDS),
        waterfall("From", ("a", 1.0), {}, ("a", 1.0), empty="nothing differs", **WORDS),
    ],
)
def test_an_empty_chart_says_why(chart):
    assert chart["data"] == []
    assert len(chart["layout"]["annotations"]) == 2


def test_markup_in_names_is_shown_as_it_is():
    chart = grouped_bars("<b>bold</b>", {"%{x}<i>": {"<a href='x'>&lt;": 1.0}}, **WORDS)
    assert chart["layout"]["title"]["text"] == "&lt;b&gt;bold&lt;/b&gt;"
    (bars,) = chart["data"]
    assert "%{x}<i>" not in bars["hovertemplate"].replace("%{x:,.2f}", "")
    assert bars["name"] == "% {x}&lt;i&gt;"
    assert bars["y"] == chart["layout"]["yaxis"]["ticktext"] == ["&lt;a href='x'&gt;&amp;lt;"]


def test_plotly_accepts_every_specification():
    for chart in drawn_charts():
        assert as_figure(chart).layout.title.text == chart["layout"]["title"]["text"]


def test_the_palette_has_no_colour_twice():
    assert len(set(PALETTE)) == len(PALETTE)


def test_more_series_than_colours_are_still_told_apart():
    chart = grouped_bars("Cost", {f"s{n}": {"a": 1.0} for n in range(16)}, **WORDS)
    colours = [bars["marker"]["color"] for bars in chart["data"]]
    assert colours[: len(PALETTE)] == list(PALETTE)
    assert len(set(colours)) == 16
