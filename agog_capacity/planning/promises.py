"""What can be bought and what the contracts promise, as finished tables."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from agog_capacity.planning.ledger import finding_rows
from agog_capacity.report.tables import Cell, Heading, Table

if TYPE_CHECKING:
    from agog_capacity.planning.compare import Comparison
    from agog_capacity.planning.forecast import Forecast

_ORDER = {"error": 0, "warning": 1, "info": 2}


def contracts(comparison: Comparison) -> Table:
    """Return what the contracts of each scenario promise together, with the age of the figures."""
    return Table(
        "Contractual availability: where refunds start, not a forecast",
        (
            Heading("scenario"), Heading("availability in %", decimals=6), Heading("h a year", decimals=2),
            Heading("kind of figure"), Heading("parts"), Heading("figures used"),
        ),
        tuple(
            (
                one.name,
                one.contract.percent,
                one.contract.hours_per_year,
                one.contract.label,
                len(one.contract.parts),
                one.contract.sources_line(),
            )
            for one in comparison.forecasts
        ),
        "Credits apply to each service's own fee; there is no refund for the whole.",
    )  # fmt: skip


def contract_table(comparison: Comparison) -> Table:
    """Return the published SLA of each component on the path of a request, one column a scenario."""
    rows: dict[tuple[str, str], dict[str, float | None]] = {}
    for one in comparison.forecasts:
        for part in one.contract.parts:
            level = part.published
            key = (part.component, f"{', '.join(level.level[1:])}; {level.date or 'undated'}")
            percent = float(level.percent) if level.percent is not None else None
            rows.setdefault(key, {})[one.name] = percent
    names = [one.name for one in comparison.forecasts]
    return Table(
        "Published SLAs on the path of a request, % of a month",
        (Heading("component"), Heading("published for"), *(Heading(name, decimals=4) for name in names)),
        tuple((*key, *(found.get(name) for name in names)) for key, found in rows.items()),
        "A dash: not on the path. Alternatives in two regions are multiplied as if they failed independently.",
        ("together, contractual", "", *(one.contract.percent for one in comparison.forecasts)),
    )


def contract_parts(forecast: Forecast) -> Table:
    """Return what the contractual availability of a scenario is made of."""
    contract = forecast.contract
    result = f"{contract.percent:.6f} %" if contract.percent is not None else "not known"
    hours = f", {contract.hours_per_year:.2f} h a year" if contract.hours_per_year is not None else ""
    return Table(
        f"{forecast.name}: {result}{hours} ({contract.label})",
        (
            Heading("component"), Heading("needed by"), Heading("SLA in %", decimals=4),
            Heading("published for"), Heading("credits, below %: % of the fee"), Heading("dated"),
            Heading("confidence"),
        ),
        tuple(
            (
                part.component,
                part.branch or "every request",
                float(part.published.percent) if part.published.percent is not None else None,
                ", ".join(part.published.level),
                part.published.ladder_text or "not known",
                part.published.date or "undated",
                part.published.confidence,
            )
            for part in contract.parts
        ),
        f"{contract.sources_line()}.",
    )  # fmt: skip


def findings(comparison: Comparison) -> Table:
    """Return what the rules of feasibility found, scenarios with the same finding in one row."""
    grouped: dict[tuple[Cell, ...], tuple[list[str], list[str]]] = {}
    for row in finding_rows(comparison):
        standing = "stops" if row["stops"] else f"accepted: {row['accepted']}" if row["accepted"] else "noted"
        what = f"{row['found']} ({row['because']})"
        key = (row["severity"], row["rule"], what, row["repair"], row["source"], standing)
        scenarios, objects = grouped.setdefault(key, ([], []))
        scenarios.append(row["scenario"])
        objects.append(row["object"])
    every = list(comparison.feasibilities())
    ordered = sorted(grouped.items(), key=lambda row: (row[0][5] != "stops", _ORDER[str(row[0][0])]))
    return Table(
        "What can be bought: findings of the rules",
        (
            Heading("rule"), Heading("severity"), Heading("found"), Heading("at"), Heading("scenarios"),
            Heading("repair"), Heading("source"), Heading("standing"),
        ),
        tuple(
            (
                rule,
                severity,
                what,
                ", ".join(dict.fromkeys(objects)),
                _those(list(dict.fromkeys(scenarios)), every),
                repair,
                source,
                standing,
            )
            for (severity, rule, what, repair, source, standing), (scenarios, objects) in ordered
        ),
        " ".join([*([] if grouped else ["No rule fires."]), *_notes(comparison), undecided_line(comparison)]),
    )  # fmt: skip


def _notes(comparison: Comparison) -> list[str]:
    return [f"{note[0].upper()}{note[1:]}." for note in comparison.acceptance_notes()]


def _those(scenarios: list[str], every: list[str]) -> str:
    others = [name for name in every if name not in scenarios]
    if not others:
        return "all scenarios"
    return f"all but {others[0]}" if len(others) == 1 and len(every) > 2 else ", ".join(scenarios)


def findings_text(comparison: Comparison, width: int = 118) -> str:
    """Return the findings as paragraphs for a terminal, each with its rule, repair and source."""
    table = findings(comparison)
    paragraphs = [table.title]
    for rule, severity, found, where, scenarios, repair, source, standing in table.rows:
        standing, _, reason = str(standing).partition(": ")
        paragraphs.append(f"  {severity} {rule} at {where} in {scenarios}: {standing}")
        lines = [("found", found), ("repair", repair), ("source", source), ("accepted", reason)]
        for label, text in lines[: 4 if reason else 3]:
            paragraphs += textwrap.wrap(
                f"{label}: {text or 'none is known'}", width, initial_indent="    ", subsequent_indent="      ",
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
    note = textwrap.wrap(
        table.note, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )
    return "\n".join([*paragraphs, *note])


def undecided_line(comparison: Comparison) -> str:
    """Return the ids of the rules that no scenario decides, in one sentence."""
    ids = {name for one in comparison.feasibilities().values() for name in one.undecided_ids}
    if not ids:
        return "Every rule about these objects is decided."
    return f"Not decided for want of a stated fact: {', '.join(sorted(ids))}."
