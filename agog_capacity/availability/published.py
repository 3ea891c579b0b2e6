"""Published service level agreements: what each service promises by contract, as a table with sources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from agog_capacity.availability.money import CreditTier, checked_ladder
from agog_capacity.components.base import ServiceLevel
from agog_capacity.csv_tables import table_rows
from agog_capacity.errors import DocumentError, InputError, NotInResult, Problem, nearest

_COLUMNS = (
    "service", "tier", "configuration", "sla_percent", "source", "date", "confidence", "note",
    "credit_ladder_pct",
)  # fmt: skip
_SHARE = 1
"""Percentages up to this are shares by mistake: nobody promises to be up for a hundredth of the time."""
_STEP = re.compile(r"^<\s*(\d+(?:\.\d+)?)\s*:\s*(\d+(?:\.\d+)?)$")


@dataclass(frozen=True, slots=True)
class PublishedLevel:
    """One row of the table of published SLAs."""

    level: ServiceLevel
    percent: Decimal | None
    """Promised availability of a billing month; None where the service has no SLA. [%]"""
    source: str
    date: str
    confidence: str
    note: str
    ladder: tuple[CreditTier, ...] | None = None
    """Credits from mild to deep; empty where there are none, None where the source tells no ladder."""
    ladder_text: str = ""
    """The ladder as the source tells it."""

    @property
    def unavailability(self) -> float | None:
        """Share of time that may be lost without a refund, from the decimal text: 1 - float loses digits."""
        return None if self.percent is None else float((100 - self.percent) / 100)

    @property
    def certain(self) -> bool:
        """Whether the figure was read at the provider's own page."""
        return self.confidence.startswith("primary")


ServiceLevels = Mapping[ServiceLevel, PublishedLevel]


def read_service_levels(path: Path) -> dict[ServiceLevel, PublishedLevel]:
    """Read the table of published SLAs.

    Parameters
    ----------
    path : path
        CSV file with the columns service, tier, configuration, sla_percent, source, date,
        confidence and note; an empty percentage means that the service has no SLA.

    Raises
    ------
    DocumentError
        With every problem of the table.
    """
    problems: list[Problem] = []
    rows: dict[ServiceLevel, PublishedLevel] = {}
    for line, row in table_rows(path, "table of published SLAs", _COLUMNS, problems):
        level = ServiceLevel(row["service"], row["tier"], row["configuration"])
        if not all(part.strip() for part in level):
            message = "service, tier and configuration name a row; none may be empty"
            problems.append(Problem(message, line=line, file=str(path)))
        percent, wrong = _percent(row["sla_percent"].strip())
        problems += [Problem(text, line=line, file=str(path)) for text in wrong]
        ladder_text = row["credit_ladder_pct"].strip()
        try:
            ladder = _ladder(ladder_text)
        except InputError as error:
            problems += [Problem(p.message, line=line, file=str(path)) for p in error.problems]
            ladder = None
        if level in rows:
            problems.append(Problem(f"{level} stands twice", line=line, file=str(path)))
        rows[level] = PublishedLevel(
            level, percent, row["source"], row["date"], row["confidence"], row["note"], ladder, ladder_text
        )
    if problems:
        raise DocumentError(problems)
    return rows


def _percent(text: str) -> tuple[Decimal | None, list[str]]:
    """Return a promised percentage, None where there is none, and what is wrong with it."""
    if not text:
        return None, []
    try:
        percent = Decimal(text)
    except InvalidOperation:
        percent = Decimal("NaN")
    if not percent.is_finite() or not 0 <= percent <= 100:
        return None, [f"sla_percent {text[:40]!r} is not a percentage"]
    if percent <= _SHARE:
        return None, [
            f"sla_percent {text[:40]!r} looks like a share of 1; write it in percent, such as 99.95"
        ]
    return percent, []


def _ladder(text: str) -> tuple[CreditTier, ...] | None:
    """Read `<99.95:10;<99.0:25` (below 99.95 % a tenth comes back); other words are a ladder of another kind."""
    if text == "none":
        return ()
    steps = [_STEP.match(step.strip()) for step in text.split(";")]
    if None in steps:
        if text.startswith("<"):
            raise InputError(f"credit ladder {text!r} is not one; write it like '<99.95:10;<99.0:25'")
        return None
    return checked_ladder(
        [CreditTier(Decimal(step[1]) / 100, float(Decimal(step[2]) / 100)) for step in steps if step]
    )


def published_level(levels: ServiceLevels, wanted: ServiceLevel) -> PublishedLevel:
    """Return the row a component falls under.

    A tier of a list such as `General Purpose / Memory Optimized` matches the whole text only:
    the kinds name rows exactly.

    Raises
    ------
    NotInResult
        If the table has no such row; the message names the nearest.
    """
    if wanted in levels:
        return levels[wanted]
    alternatives = [" | ".join(level) for level in levels if level.service == wanted.service]
    raise NotInResult(
        f"the table of published SLAs has no row {' | '.join(wanted)!r}; "
        f"{nearest(' | '.join(wanted), alternatives or [' | '.join(level) for level in levels])}"
    )
