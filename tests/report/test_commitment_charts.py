"""Charts of what to buy ahead: finished figures in, specification out."""

from __future__ import annotations

from agog_capacity.report.charts import as_figure
from agog_capacity.report.commitment_charts import payback_band, saving_curves

CURVES = {"three years": ([0.0, 1.0, 2.0], [0.0, 10.0, 4.0]), "a <plan>": ([0.0, 1.0], [3.0, 7.0])}


def test_each_purchase_has_a_line_and_a_dot():
    chart = saving_curves(
        "Title", CURVES, {"three years": (1.0, 10.0)}, axis="saving, USD", currency="USD", source="a test"
    )
    figure = as_figure(chart)
    assert [(trace.mode, trace.name) for trace in figure.data] == [
        ("lines", "three years"),
        ("markers", "advised"),
        ("lines", "a &lt;plan&gt;"),
    ]
    assert figure.data[1].marker.color == figure.data[0].line.color
    assert figure.layout.yaxis.title.text == "saving, USD"
    assert "an hour" in figure.data[0].hovertemplate or "per hour" in figure.layout.xaxis.title.text


def test_no_purchase_is_said_instead_of_drawn():
    chart = saving_curves("Title", {}, {}, axis="USD", currency="USD", source="a test")
    assert not chart["data"]
    assert "Nothing is worth buying." in [note["text"] for note in chart["layout"]["annotations"]]


def test_the_band_lies_around_the_mean():
    chart = payback_band(
        "Title",
        ["2027-01", "2027-02"],
        [-1.0, 2.0],
        [-2.0, 1.0],
        [0.0, 3.0],
        axis="USD",
        source="a",
    )
    high, low, mean = chart["data"]
    assert low["fill"] == "tonexty"
    assert all(a <= b <= c for a, b, c in zip(low["y"], mean["y"], high["y"], strict=True))
    assert mean["customdata"] == ["2027-01", "2027-02"]
