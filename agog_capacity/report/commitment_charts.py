"""Charts of what is bought ahead: the saving as a purchase moves, and when payments are back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agog_capacity.report.charts import (
    PALETTE,
    Specification,
    chart_colour,
    chart_layout,
    or_empty,
    plain,
)

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def saving_curves(
    title: str,
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    chosen: Mapping[str, tuple[float, float]],
    *,
    axis: str,
    currency: str,
    source: str,
) -> Specification:
    """Return one line for each purchase: the saving by what is committed, everything else as advised.

    Parameters
    ----------
    title, source : str
        What the chart says; where its figures are from.
    curves : mapping of str to (amounts, savings)
        Amounts in the currency per hour, savings in the currency.
    chosen : mapping of str to (amount, saving)
        The point that is advised, marked on its line.
    axis : str
        Title of the savings' axis, with its unit.
    currency : str
        Of the amounts.
    """
    data: list[dict[str, Any]] = []
    for index, (name, (amounts, savings)) in enumerate(curves.items()):
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": plain(name),
                "x": list(amounts),
                "y": list(savings),
                "line": {"color": chart_colour(index), "dash": _DASHES[index % len(_DASHES)], "width": 2},
                "hovertemplate": plain(name) + ": %{x:.3f} an hour saves %{y:,.0f}<extra></extra>",
            }
        )
        if name in chosen:
            amount, saving = chosen[name]
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": "advised",
                    "showlegend": False,
                    "x": [amount],
                    "y": [saving],
                    "marker": {
                        "color": chart_colour(index),
                        "size": 11,
                        "line": {"color": "#1a1a1a", "width": 1},
                    },
                    "hovertemplate": "advised: %{x:.3f} an hour saves %{y:,.0f}<extra></extra>",
                }
            )
    layout = chart_layout(title, source, 330, legend=curves)
    layout["xaxis"] |= {"title": {"text": f"committed, {currency} per hour"}, "rangemode": "tozero"}
    layout["yaxis"] |= {"title": {"text": axis}, "tickformat": ",.0f"}
    return or_empty({"data": data, "layout": layout}, bool(curves), "Nothing is worth buying.")


def payback_band(
    title: str,
    months: Sequence[str],
    mean: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    *,
    axis: str,
    source: str,
) -> Specification:
    """Return cumulative savings less payments at the end of each month, with a band over futures.

    Parameters
    ----------
    title, axis, source : str
        As for `saving_curves`.
    months : sequence of str
        As `YYYY-MM`.
    mean, low, high : sequence of float
        Mean over futures, and the edges of the band.
    """
    times = [_end_of(label) for label in months]
    hidden = {"color": PALETTE[0], "width": 0}
    data = [
        {
            "type": "scatter", "mode": "lines", "name": "high", "x": times, "y": list(high), "line": hidden,
            "showlegend": False, "hoverinfo": "skip",
        },
        {
            "type": "scatter", "mode": "lines", "name": "5 % to 95 % of futures", "x": times, "y": list(low),
            "line": hidden, "fill": "tonexty", "fillcolor": "rgba(0, 114, 178, 0.25)", "hoverinfo": "skip",
        },
        {
            "type": "scatter", "mode": "lines", "name": "mean of futures", "x": times, "y": list(mean),
            "customdata": list(months), "line": {"color": PALETTE[0], "width": 2},
            "hovertemplate": "end of %{customdata}: %{y:,.0f}<extra></extra>",
        },
    ]  # fmt: skip
    layout = _by_month(title, source, ["5 % to 95 % of futures", "mean of futures"], axis)
    return or_empty({"data": data, "layout": layout}, bool(months), "There are no months to show.")


def payback_lines(
    title: str,
    months: Sequence[str],
    curves: Mapping[str, Sequence[float]],
    *,
    axis: str,
    source: str,
) -> Specification:
    """Return cumulative savings less payments at the end of each month, one line a commitment.

    Parameters
    ----------
    title, axis, source : str
        As for `saving_curves`.
    months : sequence of str
        As `YYYY-MM`.
    curves : mapping of str to sequence of float
        One amount a month for each commitment.
    """
    times = [_end_of(label) for label in months]
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": plain(name),
            "x": times,
            "y": list(curve),
            "customdata": list(months),
            "line": {"color": chart_colour(index), "dash": _DASHES[index % len(_DASHES)], "width": 2},
            "hovertemplate": "end of %{customdata}, " + plain(name) + ": %{y:,.0f}<extra></extra>",
        }
        for index, (name, curve) in enumerate(curves.items())
    ]
    layout = _by_month(title, source, curves, axis)
    return or_empty({"data": data, "layout": layout}, bool(curves), "The scenario has bought nothing ahead.")


def _by_month(title: str, source: str, legend: Iterable[str], axis: str) -> dict[str, Any]:
    """Return the layout of a chart of money at the end of each month."""
    layout = chart_layout(title, source, 330, legend=legend)
    layout["yaxis"] |= {"title": {"text": axis}, "tickformat": ",.0f"}
    layout["xaxis"] |= {"title": {"text": "end of month"}, "type": "date", "tickformat": "%Y-%m"}
    return layout


def _end_of(label: str) -> str:
    """Return where the end of a month stands on an axis of dates."""
    return f"{label}-28"
