"""Charts as plain plotly specifications, built from finished figures.

A specification is the dictionary that plotly's JavaScript takes, so a page needs no plotly in
Python and stays quick. `as_figure` makes the figure object for notebooks and images. Nothing here
shows or saves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

Specification = dict[str, Any]

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
"""Okabe and Ito's colours, told apart with any colour vision: M. Okabe, K. Ito, "Color Universal Design", 2008."""
_INK = "#1a1a1a"
_GRID = "#d9d9d9"
_BAR_HEIGHT = 11
"""Height of one bar. [pixels]"""


def grouped_bars(
    title: str, amounts: Mapping[str, Mapping[str, float]], *, axis: str, source: str
) -> Specification:
    """Return horizontal bars: a group for each row, in it a bar for each series.

    Parameters
    ----------
    title : str
        What the chart says or asks.
    amounts : mapping of str to mapping of str to float
        For each series the amount of each row; a row that a series lacks has no bar.
    axis : str
        Title of the amounts' axis, with its unit.
    source : str
        Where the figures are from, printed under the chart.
    """
    rows = sorted(
        dict.fromkeys(row for series in amounts.values() for row in series),
        key=lambda row: -max(series.get(row, 0.0) for series in amounts.values()),
    )
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": rows,
            "x": [series.get(row) for row in rows],
            "marker": _marker(index),
            "hovertemplate": "%{y}, " + _plain(name) + ": %{x:,.2f}<extra></extra>",
        }
        for index, (name, series) in enumerate(amounts.items())
    ]
    height = max(320, 190 + len(rows) * (_BAR_HEIGHT * max(len(amounts), 1) + 10))
    layout = _layout(title, source, height)
    layout |= {"barmode": "group", "bargap": 0.3, "legend": {**layout["legend"], "traceorder": "normal"}}
    layout["xaxis"] |= {"title": {"text": axis}, "tickformat": ",.0f", "rangemode": "tozero"}
    # Downwards, so that rows and the bars in them read in the order of the legend.
    layout["yaxis"] |= {"automargin": True, "gridcolor": "white", "autorange": "reversed"}
    return _or_empty({"data": data, "layout": layout}, bool(rows), "There are no costs to show.")


def lines(
    title: str, labels: Sequence[str], amounts: Mapping[str, Sequence[float]], *, axis: str, source: str
) -> Specification:
    """Return one line for each series over labels in time.

    Parameters
    ----------
    title, axis, source : str
        As for `grouped_bars`.
    labels : sequence of str
        Months as `YYYY-MM`.
    amounts : mapping of str to sequence of float
        For each series one amount a label.
    """
    dashes = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": [f"{label}-01" for label in labels],
            "y": list(series),
            "line": {
                "color": PALETTE[index % len(PALETTE)],
                "dash": dashes[index % len(dashes)],
                "width": 2,
                "shape": "hv",
            },
            "hovertemplate": "%{x|%Y-%m}, " + _plain(name) + ": %{y:,.2f}<extra></extra>",
        }
        for index, (name, series) in enumerate(amounts.items())
    ]
    layout = _layout(title, source, 460)
    layout["yaxis"] |= {"title": {"text": axis}, "tickformat": ",.0f", "rangemode": "tozero"}
    layout["xaxis"] |= {"title": {"text": "month"}, "type": "date", "tickformat": "%Y-%m"}
    return _or_empty({"data": data, "layout": layout}, bool(amounts), "There are no months to show.")


def waterfall(
    title: str,
    start: tuple[str, float],
    steps: Mapping[str, float],
    end: tuple[str, float],
    *,
    axis: str,
    source: str,
    empty: str = "",
) -> Specification:
    """Return the way from one total to another, step by step.

    Parameters
    ----------
    title, axis, source : str
        As for `grouped_bars`.
    start, end : tuple of str and float
        Name and amount of both totals.
    steps : mapping of str to float
        What is added or taken away on the way; drawn in the order given.
    empty : str
        Why there is nothing to show, if there is nothing.
    """
    names = [start[0], *steps, end[0]]
    data = [
        {
            "type": "waterfall",
            "x": names,
            "y": [start[1], *steps.values(), end[1]],
            "measure": ["absolute", *["relative"] * len(steps), "total"],
            "text": [f"{start[1]:,.0f}", *[f"{step:+,.0f}" for step in steps.values()], f"{end[1]:,.0f}"],
            "textposition": "outside",
            "cliponaxis": False,
            "increasing": {"marker": {"color": PALETTE[5]}},
            "decreasing": {"marker": {"color": PALETTE[2]}},
            "totals": {"marker": {"color": PALETTE[0]}},
            "connector": {"line": {"color": _GRID}},
            "hovertemplate": "%{x}: %{text}<extra></extra>",
        }
    ]
    layout = _layout(title, source, 560, below=170)
    layout |= {"showlegend": False}
    layout["yaxis"] |= {"title": {"text": axis}, "tickformat": ",.0f", "rangemode": "tozero"}
    layout["xaxis"] |= {"type": "category", "automargin": True, "tickangle": -40}
    return _or_empty({"data": data, "layout": layout}, not empty, empty)


def as_figure(specification: Specification) -> go.Figure:
    """Return the plotly figure of a specification."""
    import plotly.graph_objects as go

    return go.Figure(specification)


def _marker(index: int) -> dict[str, Any]:
    # No hatching: it tells series apart in print, but makes a PDF of a few kB one of 35 MB.
    return {"color": PALETTE[index % len(PALETTE)], "line": {"color": _INK, "width": 0.6}}


def _plain(name: str) -> str:
    """Return a name without what plotly would read as markup or as a placeholder."""
    return name.replace("<", "&lt;").replace(">", "&gt;").replace("%{", "% {")


def _layout(title: str, source: str, height: int, *, below: int = 120) -> dict[str, Any]:
    axis = {"color": _INK, "gridcolor": _GRID, "zerolinecolor": _INK, "linecolor": _INK, "ticks": "outside"}
    return {
        "title": {"text": _plain(title), "x": 0, "xref": "paper", "xanchor": "left", "font": {"size": 17}},
        "height": height,
        "margin": {"l": 80, "r": 60, "t": 90, "b": below},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "font": {"family": "Arial, Helvetica, sans-serif", "size": 13, "color": _INK},
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "xanchor": "left"},
        "xaxis": dict(axis),
        "yaxis": dict(axis),
        "annotations": [
            {
                "text": _plain(source),
                "xref": "paper",
                "yref": "paper",
                "x": 0,
                "y": 0,
                "yshift": 20 - below,
                "xanchor": "left",
                "yanchor": "bottom",
                "showarrow": False,
                "align": "left",
                "font": {"size": 11, "color": "#404040"},
            }
        ],
    }


def _or_empty(specification: Specification, filled: bool, reason: str) -> Specification:
    """Return the chart, or an empty one that says why it is empty."""
    if filled:
        return specification
    layout = specification["layout"]
    note = {"text": _plain(reason), "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper", "showarrow": False}
    hidden = {"visible": False}
    return {
        "data": [],
        "layout": {**layout, "xaxis": hidden, "yaxis": hidden, "annotations": [*layout["annotations"], note]},
    }
