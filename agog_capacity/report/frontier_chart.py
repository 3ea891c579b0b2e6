"""Cost against unserved hours: all designs as dots, those that none beats joined by a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agog_capacity.report.charts import Specification, _layout, _marker, _or_empty, _plain


@dataclass(frozen=True)
class Dot:
    """One design."""

    name: str
    group: str
    """Its scenario; dots of one group have one colour."""
    cost: float
    hours: float
    """[h/year]"""
    unbeaten: bool


def cost_against_hours(
    title: str, dots: Sequence[Dot], *, axis: str, level: float | None, level_name: str, source: str
) -> Specification:
    """Return a scatter of cost against unserved hours.

    Parameters
    ----------
    title : str
    dots : sequence of Dot
    axis : str
        Name and unit of the cost.
    level : float or None
        Hours a year that a target allows, drawn as a line. [h/year]
    level_name : str
        Beside that line.
    source : str
        Under the chart.
    """
    groups = list(dict.fromkeys(dot.group for dot in dots))
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": _plain(group),
            "x": [dot.cost for dot in dots if dot.group == group],
            "y": [dot.hours for dot in dots if dot.group == group],
            "text": [_plain(dot.name) for dot in dots if dot.group == group],
            "marker": _marker(index) | {"size": 8},
            "hovertemplate": "%{text}<br>%{x:,.0f}, %{y:.2f} h a year<extra></extra>",
        }
        for index, group in enumerate(groups)
    ]
    line = sorted((dot for dot in dots if dot.unbeaten), key=lambda dot: dot.cost)
    if line:
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "none beats these",
                "x": [dot.cost for dot in line],
                "y": [dot.hours for dot in line],
                "line": {"color": "#404040", "width": 1.5, "shape": "hv"},
                "hoverinfo": "skip",
            }
        )
    layout = _layout(title, source, 420, legend=[*groups, "none beats these"])
    layout["xaxis"] |= {"title": {"text": axis}}
    layout["yaxis"] |= {"title": {"text": "unserved hours a year"}, "rangemode": "tozero"}
    if level is not None and dots:
        layout["shapes"] = [
            {
                "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": level, "y1": level,
                "line": {"color": "#404040", "width": 1.5, "dash": "dot"},
            }
        ]  # fmt: skip
        layout["annotations"] = [
            *layout.get("annotations", []),
            {
                "text": _plain(level_name), "xref": "paper", "x": 1, "xanchor": "right", "y": level, "yanchor": "bottom",
                "showarrow": False, "font": {"size": 11, "color": "#404040"},
            },
        ]  # fmt: skip
    return _or_empty({"data": data, "layout": layout}, bool(dots), "No design could be priced and assessed.")
