"""The two conventions of counting side by side: the one that is reported, and the one that formulas compute."""

from __future__ import annotations

from collections.abc import Iterable

from agog_capacity.availability.measures import MEASURES
from agog_capacity.planning.assessment import Assessment
from agog_capacity.planning.verdicts import MEASURE_WORDS
from agog_capacity.report.tables import Cell, Heading, Table

_SHOWN = {"hours": "h a year", "year breaks": "P(year breaks)", "month breaks": "P(month breaks)"}
"""Quantities that are shown, with their words."""
_MEASURES = {"demand": "unserved demand", "deep": "over half lost"}
"""Words that leave room for the many columns."""
_NOTE = (
    "Real is what is reported: failures at the same time are counted once, and an outage is split at the end of a month. "
    "Closed form is there to compare engines: each failure alone, and whole in the month it starts in, as formulas count. "
    "Both are of the same failures; ± is the standard error of the difference."
)


def conventions(assessments: Iterable[Assessment]) -> Table:
    """Return what the convention changes, one row a scenario and measure.

    Parameters
    ----------
    assessments : iterable of Assessment
    """
    rows: list[tuple[Cell, ...]] = []
    for one in assessments:
        for measure in MEASURES:
            found = {each.quantity: each for each in one.conventions if each.measure == measure}
            if found:
                cells = (
                    (e.real, e.closed_form, e.difference, e.standard_error)
                    for e in map(found.__getitem__, _SHOWN)
                )
                rows.append((one.scenario, _MEASURES[measure], *(cell for four in cells for cell in four)))
    headings = [Heading("scenario"), Heading("measure")]
    for words, decimals in zip(_SHOWN.values(), (3, 4, 4), strict=True):
        short = words.replace(" a year", "").replace(" breaks", "")
        headings += [
            Heading(words, decimals=decimals),
            Heading(f"closed form, {short}", decimals=decimals),
            Heading(f"difference, {short}", decimals=decimals + 1, signed=True),
            Heading(f"± {short}", decimals=decimals + 1),
        ]
    return Table(
        "What the convention of counting changes, real against closed form",
        tuple(headings),
        tuple(rows),
        _NOTE,
    )


def conventions_of(found: Assessment) -> Table:
    """Return what the convention changes in one scenario, one row a measure and figure."""
    rows: list[tuple[Cell, ...]] = [
        (
            MEASURE_WORDS[one.measure],
            _SHOWN[one.quantity],
            one.real,
            one.closed_form,
            one.difference,
            one.standard_error,
        )
        for one in found.conventions
        if one.quantity in _SHOWN
    ]
    return Table(
        "What the convention of counting changes",
        (
            Heading("measure"),
            Heading("figure"),
            Heading("real", decimals=4),
            Heading("closed form", decimals=4),
            Heading("difference", decimals=5, signed=True),
            Heading("±", decimals=5),
        ),
        tuple(rows),
        _NOTE,
    )
