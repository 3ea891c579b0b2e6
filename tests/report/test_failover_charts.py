"""Charts of failovers: what they hold, that their axes have units, and that plotly takes them."""

from __future__ import annotations

import pandas as pd
import pytest

from agog_capacity.report.charts import as_figure
from agog_capacity.report.failover_charts import (
    data_losses,
    failover_over_time,
    recovery_times,
    unserved_by_cause,
)

SOURCE = "a test"
COURSE = pd.DataFrame(
    {
        "minutes": [-1.0, 0.0, 1.0, 2.0],
        "demand": [10.0, 10.0, 10.0, 10.0],
        "capacity": [float("nan"), 3.0, 3.0, 12.0],
        "unserved": [0.0, 10.0, 7.0, 0.0],
    }
)
PHASES = (("detect", 0.0, 0.05), ("scale up", 0.05, 2.0))
RECOVERY = {
    "two nodes": pd.DataFrame({"minutes": [1.0, 10.0], "serving": [0.1, 1.0], "recovered": [0.0, 0.9]}),
    "five <b>nodes</b>": pd.DataFrame(
        {"minutes": [1.0, 10.0], "serving": [0.1, 1.0], "recovered": [0.1, 1.0]}
    ),
}
LOSS = {
    "replica": pd.DataFrame({"seconds": [1.0, 100.0, 1800.0], "chance": [0.9, 0.01, 0.0]}),
    "no writer": pd.DataFrame({"seconds": [], "chance": []}),
}
HOURS = {"one region": {"own changes": 2.75, "region": 0.65}, "two regions": {"own changes": 2.0}}


def test_one_failover_shows_demand_capacity_and_what_is_unserved_over_its_steps():
    chart = failover_over_time("One failover", COURSE, PHASES, source=SOURCE)
    unserved, capacity, demand = chart["data"]
    assert unserved["y"] == [0.0, 10.0, 7.0, 0.0]
    assert unserved["fill"] == "tozeroy"
    assert capacity["y"] == [None, 3.0, 3.0, 12.0]  # what nothing bounds has no line
    assert demand["y"] == [10.0] * 4
    assert chart["layout"]["yaxis"]["title"]["text"] == "requests per second"
    assert chart["layout"]["xaxis"]["title"]["text"] == "minutes since the failure"
    bands = [shape for shape in chart["layout"]["shapes"] if shape["type"] == "rect"]
    assert [(band["x0"], band["x1"]) for band in bands] == [(0.0, 0.05), (0.05, 2.0)]
    # A step that is too short for its name has a band and no name.
    assert [note["text"] for note in chart["layout"]["annotations"]] == [SOURCE, "scale up"]


def test_recovery_times_are_shares_of_failovers_with_the_target_where_it_is():
    chart = recovery_times("When is all served?", RECOVERY, target_minutes=10.0, source=SOURCE)
    assert [line["y"] for line in chart["data"]] == [[0.0, 0.9], [0.1, 1.0]]
    assert chart["data"][1]["name"] == "five &lt;b&gt;nodes&lt;/b&gt;"
    (line,) = chart["layout"]["shapes"]
    assert line["x0"] == line["x1"] == 10.0
    note = chart["layout"]["annotations"][-1]
    assert (note["text"], note["x"]) == ("target: 10 min", 1.0)  # texts stand at the logarithm
    assert chart["layout"]["xaxis"]["type"] == "log"


def test_losses_leave_out_what_loses_nothing_and_end_where_nothing_is_lost():
    chart = data_losses("How much is lost?", LOSS, target_seconds=300.0, source=SOURCE)
    (line,) = chart["data"]
    assert line["y"] == [0.9, 0.01, None]
    assert chart["layout"]["xaxis"]["title"]["text"] == "seconds of writes lost"
    assert chart["layout"]["yaxis"]["ticktext"][-1] == "100 %"


def test_hours_are_stacked_by_cause_and_a_missing_one_is_no_zero():
    chart = unserved_by_cause("Unserved hours", HOURS, source=SOURCE)
    changes, region = chart["data"]
    assert (changes["x"], region["x"]) == ([2.75, 2.0], [0.65, None])
    assert chart["layout"]["barmode"] == "stack"
    assert chart["layout"]["xaxis"]["title"]["text"] == "unserved hours a year"


@pytest.mark.parametrize(
    "chart, words",
    [
        (failover_over_time("t", COURSE.iloc[:0], (), source=SOURCE), "no failover"),
        (recovery_times("t", {}, source=SOURCE), "no failover"),
        (data_losses("t", {"no writer": LOSS["no writer"]}, source=SOURCE), "No design loses data"),
        (unserved_by_cause("t", {}, source=SOURCE), "Nothing is unserved"),
    ],
)
def test_a_chart_without_figures_says_so(chart, words):
    assert chart["data"] == []
    assert any(words in note["text"] for note in chart["layout"]["annotations"])
    as_figure(chart)


def test_plotly_takes_every_chart_and_none_offers_to_send_its_figures():
    for chart in (
        failover_over_time("t", COURSE, PHASES, source=SOURCE),
        recovery_times("t", RECOVERY, source=SOURCE),
        data_losses("t", LOSS, source=SOURCE),
        unserved_by_cause("t", HOURS, source=SOURCE),
    ):
        as_figure(chart)
        assert chart["layout"]["modebar"]["remove"] == ["sendChartToCloud"]
