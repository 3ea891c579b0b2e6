"""Charts of failovers: one over time, how long and how much is lost, and what is unserved by cause.

As `charts`, they take finished frames and return specifications; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10
from typing import TYPE_CHECKING, Any

from agog_capacity.report.charts import (
    PALETTE,
    Specification,
    _colour,
    _labels,
    _layout,
    _marker,
    _or_empty,
    _plain,
)

if TYPE_CHECKING:
    import pandas as pd

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_BANDS = ("#f2f2f2", "#e3e3e3")
"""Backgrounds of the steps of a failover, by turns."""
_NARROWEST = 0.07
"""Share of the drawing from which on a step has its name written over it."""


def failover_over_time(
    title: str, course: pd.DataFrame, phases: Sequence[tuple[str, float, float]], *, source: str
) -> Specification:
    """Return demand, capacity and what is unserved in one failover.

    Parameters
    ----------
    title : str
        What the chart says or asks.
    course : DataFrame
        Columns `minutes` since the failure, and `demand`, `capacity` and `unserved` in requests per second.
    phases : sequence of (str, float, float)
        Name, begin and end of the steps. [min]
    source : str
        Where the figures are from, printed under the chart.
    """
    minutes = course["minutes"].tolist()
    series: tuple[tuple[str, dict[str, Any], str | None], ...] = (
        ("unserved", {"width": 0}, "rgba(213, 94, 0, 0.45)"),
        ("capacity of the surviving region", {"color": PALETTE[2], "width": 2, "dash": "dash"}, None),
        ("demand", {"color": PALETTE[0], "width": 2}, None),
    )
    data = []
    for (name, line, fill), column in zip(series, ("unserved", "capacity", "demand"), strict=True):
        trace: dict[str, Any] = {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": minutes,
            "y": _numbers(course[column]),
            "line": {**line, "shape": "hv"},
            "hovertemplate": "%{x:.1f} min, " + name + ": %{y:,.0f} requests per second<extra></extra>",
        }
        data.append(trace | ({"fill": "tozeroy", "fillcolor": fill} if fill else {}))
    layout = _layout(title, source, 320, legend=[name for name, _, _ in series])
    layout["yaxis"] |= {"title": {"text": "requests per second"}, "tickformat": ",.0f", "rangemode": "tozero"}
    layout["xaxis"] |= {"title": {"text": "minutes since the failure"}, "zeroline": False}
    if minutes:
        layout["xaxis"] |= {"range": [minutes[0], minutes[-1]]}
        layout["shapes"] = [_band(number, begin, end) for number, (_, begin, end) in enumerate(phases)]
        layout["shapes"].append(_upright(0.0))
        layout["annotations"] += _names_over(phases, minutes[-1] - minutes[0], minutes[-1])
    return _or_empty({"data": data, "layout": layout}, bool(minutes), "There is no failover to show.")


def recovery_times(
    title: str, curves: Mapping[str, pd.DataFrame], *, target_minutes: float | None = None, source: str
) -> Specification:
    """Return the share of failovers in which the whole demand is served within a time.

    Parameters
    ----------
    title, source : str
        As for `failover_over_time`.
    curves : mapping of str to DataFrame
        By design: columns `minutes` and `recovered`, a share of 1.
    target_minutes : float, optional
        Drawn as a line. [min]
    """
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": _plain(name),
            "x": curve["minutes"].tolist(),
            "y": curve["recovered"].tolist(),
            "line": {"color": _colour(index), "dash": _DASHES[index % len(_DASHES)], "width": 2},
            "hovertemplate": "%{y:.1%} within %{x:.1f} min, " + _plain(name) + "<extra></extra>",
        }
        for index, (name, curve) in enumerate(curves.items())
    ]
    layout = _layout(title, source, 300, legend=curves)
    shares = [number / 5 for number in range(6)]
    layout["yaxis"] |= {
        "title": {"text": "failovers in which all is served"},
        "range": [0, 1.02],
        "tickvals": shares,
        "ticktext": [f"{100 * share:.0f} %" for share in shares],
    }
    layout["xaxis"] |= {"title": {"text": "minutes since the failure"}, **_decades(0, 3)}
    layout["showlegend"] = True
    if target_minutes is not None and target_minutes > 0:
        _mark_target(layout, target_minutes, f"target: {target_minutes:g} min")
    return _or_empty({"data": data, "layout": layout}, bool(curves), "There is no failover to show.")


def data_losses(
    title: str, curves: Mapping[str, pd.DataFrame], *, target_seconds: float | None = None, source: str
) -> Specification:
    """Return the chance that a failover loses more than so many seconds of writes, on two logarithmic axes.

    Parameters
    ----------
    title, source : str
        As for `failover_over_time`.
    curves : mapping of str to DataFrame
        By design: columns `seconds` and `chance`; a design without rows loses nothing and is left out.
    target_seconds : float, optional
        Drawn as a line. [s]
    """
    shown = {name: curve for name, curve in curves.items() if len(curve)}
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": _plain(name),
            "x": curve["seconds"].tolist(),
            # A logarithmic axis has no 0: beyond the longest standstill the line ends.
            "y": [chance if chance > 0 else None for chance in curve["chance"]],
            "line": {"color": _colour(index), "dash": _DASHES[index % len(_DASHES)], "width": 2},
            "hovertemplate": "%{y:.2e} to lose more than %{x:.3g} s, " + _plain(name) + "<extra></extra>",
        }
        for index, (name, curve) in enumerate(shown.items())
    ]
    layout = _layout(title, source, 300, legend=shown)
    layout["yaxis"] |= {"title": {"text": "failovers that lose more"}, **_decades(-5, 0, percent=True)}
    layout["yaxis"]["range"] = [-5, 0.05]
    layout["xaxis"] |= {"title": {"text": "seconds of writes lost"}, **_decades(-1, 5)}
    if shown:
        longest = max(max(curve["seconds"]) for curve in shown.values())
        layout["xaxis"]["range"] = [-1, log10(max(longest, target_seconds or 0.0)) + 0.1]
    layout["showlegend"] = True
    if target_seconds is not None and target_seconds > 0:
        _mark_target(layout, target_seconds, f"target: {target_seconds:g} s")
    return _or_empty({"data": data, "layout": layout}, bool(shown), "No design loses data with a region.")


def unserved_by_cause(title: str, hours: Mapping[str, Mapping[str, float]], *, source: str) -> Specification:
    """Return the unserved hours of designs by cause, as stacked bars.

    Parameters
    ----------
    title, source : str
        As for `failover_over_time`.
    hours : mapping of str to mapping
        By design its hours a year by cause; a pair that is not there is no zero.
    """
    designs = list(hours)
    causes = list(dict.fromkeys(cause for found in hours.values() for cause in found))
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": _plain(cause),
            "y": [_plain(design) for design in designs],
            "x": [hours[design].get(cause) for design in designs],
            "marker": _marker(index),
            "hovertemplate": "%{y}, " + _plain(cause) + ": %{x:.3g} hours a year<extra></extra>",
        }
        for index, cause in enumerate(causes)
    ]
    layout = _layout(title, source, max(110, 38 * len(designs)), legend=causes)
    layout |= {"barmode": "stack", "bargap": 0.35, "legend": {**layout["legend"], "traceorder": "normal"}}
    layout["xaxis"] |= {"title": {"text": "unserved hours a year"}, "rangemode": "tozero"}
    layout["yaxis"] |= {"automargin": True, "gridcolor": "white", "autorange": "reversed", **_labels(designs)}
    return _or_empty({"data": data, "layout": layout}, bool(designs), "Nothing is unserved.")


def _numbers(column: pd.Series[float]) -> list[float | None]:
    return [None if value != value else float(value) for value in column]


def _band(number: int, begin: float, end: float) -> dict[str, Any]:
    return {
        "type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": _BANDS[number % 2],
        "x0": begin, "x1": end, "yref": "paper", "y0": 0, "y1": 1,
    }  # fmt: skip


def _upright(at: float) -> dict[str, Any]:
    return {
        "type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1,
        "line": {"color": "#404040", "width": 1.5, "dash": "dot"},
    }  # fmt: skip


def _names_over(
    phases: Sequence[tuple[str, float, float]], width: float, last: float
) -> list[dict[str, Any]]:
    """Return the names of the steps that have room for theirs."""
    return [
        {
            "text": _plain(name), "x": (begin + min(end, last)) / 2, "y": 1, "yref": "paper",
            "yanchor": "bottom", "showarrow": False, "font": {"size": 11, "color": "#404040"},
        }
        for name, begin, end in phases
        if min(end, last) - begin >= _NARROWEST * width
    ]  # fmt: skip


def _decades(low: int, high: int, *, percent: bool = False) -> dict[str, Any]:
    """Return a logarithmic axis from one power of ten to another, its ticks written in full."""
    powers = range(low, high + 1)
    texts = [f"{100 * 10.0**power:.10g} %" if percent else f"{10.0**power:,.10g}" for power in powers]
    return {
        "type": "log",
        "range": [low, high],
        "tickmode": "array",
        "tickvals": [10.0**power for power in powers],
        "ticktext": texts,
    }


def _mark_target(layout: dict[str, Any], at: float, text: str) -> None:
    """Draw a target as an upright line on a logarithmic axis, where a text stands at the logarithm."""
    layout["shapes"] = [_upright(at)]
    layout["annotations"].append(
        {
            "text": text, "x": log10(at), "y": 1, "yref": "paper", "yanchor": "bottom", "xanchor": "left",
            "showarrow": False, "font": {"size": 11, "color": "#404040"},
        }
    )  # fmt: skip
