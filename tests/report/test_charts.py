"""Chart specifications: what they hold, and that plotly takes them."""

from __future__ import annotations

import pytest

from agog_capacity.report.charts import PALETTE, as_figure, grouped_bars, lines, waterfall

AMOUNTS = {"one": {"nodes": 10.0, "logs": 30.0}, "two": {"nodes": 20.0}}
WORDS = {"axis": "USD per month", "source": "Prices: a book"}


def test_bars_are_ordered_by_size_and_a_missing_one_is_no_zero():
    chart = grouped_bars("Cost", AMOUNTS, **WORDS)
    assert chart["data"][0]["y"] == ["logs", "nodes"]
    assert chart["data"][1]["x"] == [None, 20.0]
    assert chart["layout"]["xaxis"]["title"]["text"] == "USD per month"


def test_a_line_chart_names_both_axes():
    chart = lines("Cost", ["2027-01", "2027-02"], {"one": [1.0, 2.0]}, **WORDS)
    assert chart["layout"]["xaxis"]["title"]["text"] == "month"
    assert chart["layout"]["yaxis"]["title"]["text"] == "USD per month"
    assert chart["data"][0]["x"] == ["2027-01-01", "2027-02-01"]


def test_a_waterfall_goes_from_one_total_to_the_other():
    chart = waterfall("From", ("one", 40.0), {"logs": -30.0, "nodes": 10.0}, ("two", 20.0), **WORDS)
    (bars,) = chart["data"]
    assert bars["x"] == ["one", "logs", "nodes", "two"]
    assert bars["text"] == ["40", "-30", "+10", "20"]
    assert bars["measure"] == ["absolute", "relative", "relative", "total"]


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
    chart = grouped_bars("<b>bold</b>", {"%{x}<i>": {"a": 1.0}}, **WORDS)
    assert chart["layout"]["title"]["text"] == "&lt;b&gt;bold&lt;/b&gt;"
    assert "%{x}<i>" not in chart["data"][0]["hovertemplate"].replace("%{x:,.2f}", "")


def test_plotly_accepts_every_specification():
    for chart in (
        grouped_bars("Cost", AMOUNTS, **WORDS),
        lines("Cost", ["2027-01"], {"one": [1.0]}, **WORDS),
        waterfall("From", ("one", 40.0), {"logs": -20.0}, ("two", 20.0), **WORDS),
    ):
        assert as_figure(chart).layout.title.text == chart["layout"]["title"]["text"]


def test_the_palette_has_no_colour_twice():
    assert len(set(PALETTE)) == len(PALETTE)
