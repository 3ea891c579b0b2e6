"""Network round trips between regions, as published.

Published figures are medians; no percentile is published for most pairs, so what a P95 adds is an assumption of
the plan. A pair is directed: both ways are measured apart, and the table has both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agog_capacity.csv_tables import table_rows
from agog_capacity.errors import DocumentError, NotInResult, Problem, nearest

_COLUMNS = ("from", "to", "p50_ms", "p95_ms", "source", "date", "confidence")


@dataclass(frozen=True)
class RoundTrip:
    """A published round trip."""

    median_ms: float
    p95_ms: float | None
    """None where nobody publishes it."""
    source: str
    date: str
    confidence: str


RoundTrips = Mapping[tuple[str, str], RoundTrip]
"""By the names of two regions, the one that asks first."""


def read_round_trips(path: Path) -> RoundTrips:
    """Read the table of round trips; regions are written `provider:region`.

    Parameters
    ----------
    path : path
        CSV file with the columns from, to, p50_ms, p95_ms, source, date and confidence.

    Raises
    ------
    DocumentError
        With every problem of the table.
    """
    found: dict[tuple[str, str], RoundTrip] = {}
    problems: list[Problem] = []
    for line, row in table_rows(path, "table of round trips", _COLUMNS, problems):
        pair = (row["from"].strip(), row["to"].strip())
        times = [_milliseconds(row["p50_ms"]), _milliseconds(row["p95_ms"]) if row["p95_ms"] else None]
        if times[0] is None or (row["p95_ms"] and times[1] is None):
            message = f"the round trip of {' to '.join(pair)} is not a time in ms above 0"
            problems.append(Problem(message, line=line, file=str(path)))
            continue
        if pair in found:
            problems.append(Problem(f"{' to '.join(pair)} stands twice", line=line, file=str(path)))
        found[pair] = RoundTrip(times[0], times[1], row["source"], row["date"], row["confidence"])
    if problems:
        raise DocumentError(problems)
    return found


def _milliseconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def round_trip(trips: RoundTrips, origin: str, target: str, provider: str = "azure") -> RoundTrip:
    """Return the round trip between two different regions of a provider.

    Raises
    ------
    NotInResult
        If the table has no such pair, neither way; the message names the nearest.
    """
    for pair in ((origin, target), (target, origin)):
        found = trips.get((f"{provider}:{pair[0]}", f"{provider}:{pair[1]}"))
        if found is not None:
            return found
    known = sorted({name.partition(":")[2] for pair in trips for name in pair if name.startswith(provider)})
    lacking = next((name for name in (origin, target) if name not in known), None)
    hint = f" ({nearest(lacking, known)})" if lacking is not None else ""
    raise NotInResult(
        f"no round trip between {origin!r} and {target!r} is published in the table; state one under "
        f"latency.round_trips{hint}"
    )
