"""Charts as plain plotly specifications, built from finished figures.

A specification is the dictionary that plotly's JavaScript takes, so a page needs no plotly in
Python and stays quick. `as_figure` makes the figure object for notebooks and images. Nothing here
shows or saves.
"""

from __future__ import annotations

import colorsys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

Specification = dict[str, Any]

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#F0E442")
"""Okabe and Ito's colours, told apart with any colour vision: M. Okabe, K. Ito, "Color Universal Design", 2008.
Yellow comes last: as a line on white paper it is the weakest."""
_INK = "#1a1a1a"
_GRID = "#d9d9d9"
_BAR_HEIGHT = 11
"""Height of one bar. [pixels]"""
_TALLEST = 6000
"""Height of a drawing at most: a PNG is twice as tall, and browsers draw no image above 16,384. [pixels]"""
_NARROW = 480
"""Width of the drawing on a page of 800 pixels with long names beside it. [pixels]"""
_TITLE_CHARACTERS, _SOURCE_CHARACTERS = 84, 88
"""Longest line of a title and of a source on such a page."""
_LABEL_CHARACTERS = 40
"""Longest label of an axis; a longer name keeps its two ends there, and is whole when pointed at."""
_SLANTED = 16
"""Names under a drawing up to which they are slanted; more stand upright, to keep apart."""
_LINE, _SMALL_LINE = 22, 14
"""Height of a line of the title or legend, and of the source. [pixels]"""


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
            "name": _plain(name),
            "y": [_plain(row) for row in rows],
            "x": [series.get(row) for row in rows],
            "marker": _marker(index),
            "hovertemplate": "%{y}, " + _plain(name) + ": %{x:,.2f}<extra></extra>",
        }
        for index, (name, series) in enumerate(amounts.items())
    ]
    height = min(_TALLEST, max(110, len(rows) * (_BAR_HEIGHT * max(len(amounts), 1) + 10)))
    layout = _layout(title, source, height, legend=amounts)
    layout |= {"barmode": "group", "bargap": 0.3, "legend": {**layout["legend"], "traceorder": "normal"}}
    layout["xaxis"] |= {"title": {"text": axis}, "tickformat": ",.0f", "rangemode": "tozero"}
    # Downwards, so that rows and the bars in them read in the order of the legend.
    layout["yaxis"] |= {"automargin": True, "gridcolor": "white", "autorange": "reversed", **_labels(rows)}
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
    # A step is as long as its month: the last one ends where the month after would begin.
    times = [f"{label}-01" for label in [*labels, *map(_month_after, labels[-1:])]]
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": _plain(name),
            "x": times,
            "y": [*series, *series[-1:]],
            "customdata": [*labels, *labels[-1:]],
            "line": {"color": _colour(index), "dash": dashes[index % len(dashes)], "width": 2, "shape": "hv"},
            "hovertemplate": "%{customdata}, " + _plain(name) + ": %{y:,.2f}<extra></extra>",
        }
        for index, (name, series) in enumerate(amounts.items())
    ]
    layout = _layout(title, source, 270, legend=amounts)
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
            "x": [_plain(name) for name in names],
            "y": [start[1], *steps.values(), end[1]],
            "measure": ["absolute", *["relative"] * len(steps), "total"],
            "text": [f"{start[1]:,.0f}", *map(_step, steps.values()), f"{end[1]:,.0f}"],
            "customdata": [f"{start[1]:,.2f}", *[f"{s:+,.2f}" for s in steps.values()], f"{end[1]:,.2f}"],
            "textposition": "outside",
            "cliponaxis": False,
            "increasing": {"marker": {"color": PALETTE[5]}},
            "decreasing": {"marker": {"color": PALETTE[2]}},
            "totals": {"marker": {"color": PALETTE[0]}},
            "connector": {"line": {"color": _GRID}},
            "hovertemplate": "%{x}: %{customdata}<extra></extra>",
        }
    ]
    longest = min(_LABEL_CHARACTERS, max(map(len, names)))
    upright = len(names) > _SLANTED
    room = int(longest * 7.2 * (1 if upright else 0.65))  # 7.2 pixels a letter, at an angle of 40 degrees
    layout = _layout(title, source, 300, below=60 + room)
    layout |= {"showlegend": False}
    layout["yaxis"] |= {"title": {"text": axis}, "tickformat": ",.0f", "rangemode": "tozero"}
    layout["xaxis"] |= {"automargin": True, "tickangle": -90 if upright else -40, **_labels(names)}
    return _or_empty({"data": data, "layout": layout}, not empty, empty)


def as_figure(specification: Specification) -> go.Figure:
    """Return the plotly figure of a specification."""
    import plotly.graph_objects as go

    return go.Figure(specification)


def _marker(index: int) -> dict[str, Any]:
    # No hatching: it tells series apart in print, but makes a PDF of a few kB one of 35 MB.
    return {"color": _colour(index), "line": {"color": _INK, "width": 0.6}}


def _colour(index: int) -> str:
    """Return the colour of a series; those beyond the palette are its colours made darker, then lighter."""
    turn, place = divmod(index, len(PALETTE))
    hue, lightness, saturation = colorsys.rgb_to_hls(
        *(int(PALETTE[place][i : i + 2], 16) / 255 for i in (1, 3, 5))
    )
    darker = lightness / 2 if lightness > 0 else 0.4  # black gives grey
    lightness = (lightness, darker, (lightness + 1) / 2)[turn % 3]
    parts = colorsys.hls_to_rgb(hue, lightness, saturation)
    return "#" + "".join(f"{round(part * 255):02X}" for part in parts)


def _step(amount: float) -> str:
    """Return a difference as a label; one that is not nothing is not written as 0."""
    return f"{amount:+,.0f}" if abs(amount) >= 0.5 else f"{amount:+,.2f}"


def _month_after(label: str) -> str:
    year, month = int(label[:4]), int(label[5:])
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}"


def _plain(name: str) -> str:
    """Return a name without what plotly would read as markup or as a placeholder."""
    for sign, neutral in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("%{", "% {")):
        name = name.replace(sign, neutral)
    return name


def _labels(names: Sequence[str]) -> dict[str, Any]:
    """Return the labels of an axis of names; without them plotly takes some names for numbers or dates."""
    half = _LABEL_CHARACTERS // 2
    short = [n if len(n) <= _LABEL_CHARACTERS else f"{n[:half]}…{n[-half + 1 :]}" for n in names]
    return {
        "type": "category",
        "tickmode": "array",
        "tickvals": [_plain(name) for name in names],
        "ticktext": [_plain(name) for name in short],
    }


def _lines_of(text: str, width: int) -> list[str]:
    return [_plain(line) for line in textwrap.wrap(text, width)] or [""]


def _legend_height(names: Iterable[str]) -> int:
    """Return how much room a legend takes where a page is narrow. [pixels]"""
    lengths = [len(name) for name in names]
    if not lengths:
        return 0
    columns = max(1, int(_NARROW / (45 + 7.3 * max(lengths))))
    return -(-len(lengths) // columns) * _LINE


def _layout(
    title: str, source: str, height: int, *, below: int = 100, legend: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the layout around a drawing of `height` pixels: title, legend, then the drawing, then its source.

    Each has its room, also where a narrow page breaks the legend into several lines.
    """
    axis = {"color": _INK, "gridcolor": _GRID, "zerolinecolor": _INK, "linecolor": _INK, "ticks": "outside"}
    heading, origin = _lines_of(title, _TITLE_CHARACTERS), _lines_of(source, _SOURCE_CHARACTERS)
    under_title = 48 + _LINE * len(heading)
    above = under_title + _legend_height(legend) + 16
    below += _SMALL_LINE * len(origin)
    whole = above + height + below
    return {
        "title": {
            "text": "<br>".join(heading),
            "xref": "container", "x": 0, "xanchor": "left",
            "yref": "container", "y": 1, "yanchor": "top",
            "pad": {"l": 12, "t": 40},
            "font": {"size": 17},
        },
        "height": whole,
        "margin": {"l": 80, "r": 60, "t": above, "b": below},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "font": {"family": "Arial, Helvetica, sans-serif", "size": 13, "color": _INK},
        "legend": {
            "orientation": "h",
            "x": 0, "xanchor": "left",
            "yref": "container", "y": 1 - under_title / whole, "yanchor": "top",
        },
        # The button would send the figures to a server of plotly's maker.
        "modebar": {"remove": ["sendChartToCloud"]},
        "xaxis": dict(axis),
        "yaxis": dict(axis),
        "annotations": [
            {
                "text": "<br>".join(origin),
                "xref": "paper",
                "yref": "paper",
                "x": 0,
                "y": 0,
                "yshift": 12 - below,
                "xanchor": "left",
                "yanchor": "bottom",
                "showarrow": False,
                "align": "left",
                "font": {"size": 11, "color": "#404040"},
            }
        ],
    }  # fmt: skip


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


plain, chart_colour, chart_layout, or_empty = _plain, _colour, _layout, _or_empty
"""What other modules of charts are made with."""
