"""A trace as tables and as a chart."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from agog_capacity.scaling.cluster import REASONS, TICK_S, ScalingError

if TYPE_CHECKING:
    from agog_capacity.scaling.trace import ScalingTrace

TICKS_PER_HOUR = 3600 // TICK_S
UNSERVED = "unserved requests"
"""NaN where pods have no limit of CPU: it is not judged."""
_WORKLOAD_QUANTITIES = (
    ("requests", "request", 1),
    (UNSERVED, "request", 1),
    ("ready pods", "pod-hour", TICKS_PER_HOUR),
    ("waiting pods", "pod-hour", TICKS_PER_HOUR),
    ("peak replicas", "pod", 1),
)
_POOL_QUANTITIES = (
    ("billed nodes", "node-hour", TICKS_PER_HOUR),
    ("ready nodes", "node-hour", TICKS_PER_HOUR),
    ("peak nodes", "node", 1),
)
TRACE_COLUMNS = ("time", "kind", "name", "quantity", "value", "unit")


def trace_frame(trace: ScalingTrace, view: str, scenario: int) -> pd.DataFrame:
    """Return a trace as a long table with `TRACE_COLUMNS`.

    Raises
    ------
    ScalingError
        If the view or the scenario is not there, or the trace has less detail.
    """
    if not 0 <= scenario < trace.scenarios:
        raise ScalingError(f"scenario {scenario} is not there; the trace has 0 to {trace.scenarios - 1}")
    if view == "totals":
        start = [pd.Timestamp(trace.start)]
        return _long(trace, start, _mean(trace, "workloads")[None, :, :5], _mean(trace, "pools")[None, :, :3])
    if view == "hours":
        return _hours(trace, trace.records["workload_hours"][scenario], trace.records["pool_hours"][scenario])
    if view == "months":
        return _months(_hours(trace, _mean(trace, "workload_hours"), _mean(trace, "pool_hours")))
    if view == "steps":
        return _steps(trace, scenario)
    raise ScalingError(f"view {view!r} is not known; choose totals, months, hours or steps")


def _mean(trace: ScalingTrace, name: str) -> Any:
    return trace.records[name].mean(axis=0)


def _hours(trace: ScalingTrace, workloads: Any, pools: Any) -> pd.DataFrame:
    if not len(workloads):
        raise ScalingError("this trace has totals only; simulate with detail='hours'")
    times = list(pd.date_range(trace.start, periods=len(workloads), freq="h"))
    return _long(trace, times, workloads, pools)


def _long(trace: ScalingTrace, times: list[pd.Timestamp], workloads: Any, pools: Any) -> pd.DataFrame:
    parts = []
    for kind, names, quantities, values in (
        ("workload", [each.name for each in trace.cluster.workloads], _WORKLOAD_QUANTITIES, workloads),
        ("pool", [each.name for each in trace.cluster.pools], _POOL_QUANTITIES, pools),
    ):
        for number, name in enumerate(names):
            for column, (quantity, unit, divisor) in enumerate(quantities):
                is_judged = quantity != UNSERVED or trace.is_unserved_judged(name)
                parts.append(
                    pd.DataFrame(
                        {
                            "time": times,
                            "kind": kind,
                            "name": name,
                            "quantity": quantity,
                            "value": values[:, number, column] / divisor if is_judged else np.nan,
                            "unit": unit,
                        }
                    )
                )
    return pd.concat(parts, ignore_index=True)


def _months(hours: pd.DataFrame) -> pd.DataFrame:
    """Add hours up to calendar months; of peaks the highest counts."""
    labelled = hours.assign(time=hours["time"].dt.strftime("%Y-%m"))
    grouped = labelled.groupby(["time", "kind", "name", "quantity", "unit"], sort=False)["value"]
    table = pd.DataFrame({"sum": grouped.sum(min_count=1), "max": grouped.max()}).reset_index()
    is_peak = table["quantity"].str.startswith("peak")
    return table.assign(value=np.where(is_peak, table["max"], table["sum"]))[list(TRACE_COLUMNS)]


def _steps(trace: ScalingTrace, scenario: int) -> pd.DataFrame:
    counts, nodes = trace.records["counts"][scenario], trace.records["nodes"][scenario]
    flows = trace.records["flows"][scenario]
    if not len(counts):
        raise ScalingError("this trace has no steps; simulate with detail='steps'")
    times = pd.date_range(trace.start, periods=len(counts), freq=timedelta(seconds=15), name="time")
    columns: dict[tuple[str, str], Any] = {}
    for number, each in enumerate(trace.cluster.workloads):
        for column, quantity in enumerate(("replicas", "ready pods", "waiting pods", "utilisation percent")):
            columns[each.name, quantity] = counts[:, column, number]
        columns[each.name, "reason"] = np.array(REASONS, dtype=object)[counts[:, 4, number]]
        columns[each.name, "requests"] = flows[:, 0, number]
        columns[each.name, UNSERVED] = flows[:, 1, number] if each.is_unserved_judged else np.nan
    for number, pool in enumerate(trace.cluster.pools):
        columns[pool.name, "ready nodes"] = nodes[:, 0, number]
        columns[pool.name, "billed nodes"] = nodes[:, 1, number]
    table = pd.DataFrame(columns, index=times)
    table.columns.names = ["name", "quantity"]
    return table


def trace_figure(trace: ScalingTrace, scenario: int) -> Any:
    """Return requests, replicas and nodes over time as a plotly figure."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    hours = trace_frame(trace, "hours", scenario)
    figure = make_subplots(
        rows=3, cols=1, shared_xaxes=True, subplot_titles=("requests", "pods", "nodes"), vertical_spacing=0.06
    )
    panels = (
        (1, "requests", "", 1 / 3600),
        (1, "unserved requests", " unserved", 1 / 3600),
        (2, "ready pods", "", 1.0),
        (3, "billed nodes", "", 1.0),
    )
    for row, quantity, suffix, factor in panels:
        for name, part in hours[hours["quantity"] == quantity].groupby("name", sort=False):
            figure.add_trace(
                go.Scatter(x=part["time"], y=part["value"] * factor, name=f"{name}{suffix}", mode="lines"),
                row=row,
                col=1,
            )
    for row, title in ((1, "requests per second"), (2, "ready pods"), (3, "billed nodes")):
        figure.update_yaxes(title_text=title, rangemode="tozero", row=row, col=1)
    figure.update_xaxes(title_text="time (UTC)", row=3, col=1)
    figure.update_layout(
        template="plotly_white", height=720, legend={"orientation": "h"}, margin={"t": 40, "r": 20}
    )
    return figure
