"""Unfold what failures and load make of a scenario: rates with their evidence, what drives them, steps, response times."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from agog_capacity.availability.failures import FailureClass
from agog_capacity.planning.assess import assess
from agog_capacity.planning.assessment import Assessment
from agog_capacity.planning.assumptions import failover_assumptions_of
from agog_capacity.planning.convention_tables import conventions_of
from agog_capacity.planning.eviction import Eviction
from agog_capacity.planning.spot_evictions import source_of_evictions
from agog_capacity.report.tables import Cell, Heading, Table, text_table

if TYPE_CHECKING:
    from agog_capacity.plan import Plan


def failures_text(plan: Plan, scenario: str, *, progress: Callable[[int, int], None] | None = None) -> str:
    """Return everything `agog-capacity explain --failures` prints.

    Parameters
    ----------
    plan : Plan
    scenario : str
    progress : callable, optional
        See `assess`.

    Raises
    ------
    NotInResult, InputError
        As `assess`.
    """
    found = assess(plan, scenario, progress=progress)
    return "\n\n".join(text_table(table) for table in explained_failures(plan, found) if table.rows)


def explained_failures(plan: Plan, found: Assessment) -> tuple[Table, ...]:
    """Return an assessment unfolded.

    Parameters
    ----------
    plan : Plan
    found : Assessment
        Of one of its scenarios.
    """
    return (
        _classes(plan, found),
        conventions_of(found),
        _drivers(found),
        _steps(found),
        _responses(found),
        _notes(found),
        _assumptions(plan, found),
    )


def _classes(plan: Plan, found: Assessment) -> Table:
    rows: list[tuple[Cell, ...]] = []
    evictions = {each.cause: each for each in found.evictions}
    for cause, hours in found.causes():
        if cause in evictions:
            rows.append(_of_evictions(plan, found, evictions.pop(cause), hours.value, hours.standard_error))
            continue
        one = plan.failure_classes.get(cause)
        if one is None:
            what = "the way back after a failover"
            rows.append((cause, None, None, None, None, None, None, what, hours.value, hours.standard_error))
            continue
        low, high = (one.belief.quantile(share) for share in (0.025, 0.975))
        rows.append(
            (
                cause,
                one.belief.mean,
                low,
                high,
                one.exposure,
                one.lengths.mean,
                one.severity,
                _what(one, found.made_of.get(cause, "")),
                hours.value,
                hours.standard_error,
            )
        )
    rows += [_of_evictions(plan, found, each, 0.0, None) for each in evictions.values()]
    return Table(
        f"{found.scenario}: what fails, and the demand it leaves unserved",
        (
            Heading("cause"), Heading("incidents a year", decimals=2), Heading("from", decimals=2),
            Heading("to", decimals=2), Heading("that reach it", decimals=2), Heading("mean h", decimals=3),
            Heading("severity", decimals=2), Heading("scope and evidence"), Heading("unserved h a year", decimals=2),
            Heading("± h", decimals=2),
        ),
        tuple(rows),
        "Incidents of what the class counts, with the 95 % interval of their rate; for the loss of one region, times what "
        f"reach it, mean hours and severity, if nothing fails over. {found.basis}.",
        (
            "together", *[None] * 6, "", found.demand.hours_per_year.value, found.demand.hours_per_year.standard_error,
        ),
    )  # fmt: skip


def _drivers(found: Assessment) -> Table:
    told = [one for one in found.drivers if one.is_told]
    noise = max((one.noise for one in found.drivers), default=0.0)
    return Table(
        "What the spread of the unserved hours comes from, the number that moves them most first",
        (
            Heading("of"), Heading("number"), Heading("from", decimals=2), Heading("to", decimals=2),
            Heading("correlation", decimals=2), Heading("of the spread, %"),
        ),
        tuple(
            (one.subject, one.parameter, one.low, one.high, one.correlation, 100 * one.share) for one in told
        ),
        "From and to: where 95 % of the draws lie; a rate a year, a length and times as a factor on the median. Correlation "
        f"of ranks over the draws, and its square; {len(found.drivers) - len(told)} others stay below the noise of "
        f"{100 * noise:.1f} %.",
    )  # fmt: skip


def _what(one: FailureClass, made_of_it: str) -> str:
    parts = [f"{one.scope}, {one.per}", *([made_of_it] if made_of_it else [])]
    if one.beta:
        parts.append(f"beta {one.beta:g}")
    sure = one.worth.model_dump(exclude={"because"}, exclude_none=True)
    if sure:
        parts.append("worth " + ", ".join(f"{name} {count:g}" for name, count in sure.items()))
    if one.evidence:
        parts.append(f"evidence {one.evidence}")
    if one.note:
        parts.append(one.note)
    return "; ".join(parts)


def _steps(found: Assessment) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            one.direction,
            step.name,
            None if math.isinf(step.mean_s) else step.mean_s / 60,
            100 * step.share_of_mean,
        )
        for one in found.recoveries
        for step in one.steps
    ]
    return Table(
        "Steps of a recovery, the longest first",
        (
            Heading("from and to"),
            Heading("step"),
            Heading("mean, min", decimals=1),
            Heading("of the mean, %"),
        ),
        tuple(rows),
        "The switch is the longest of route, promotion and cache; a restore that of itself and the others. A dash: "
        "never, in some of the simulated failovers.",
    )


def _responses(found: Assessment) -> Table:
    return Table(
        "Response times",
        (
            Heading("tenants"), Heading("state"), Heading("answered by"), Heading("P95, ms"), Heading("network, ms"),
            Heading("far database, ms a write"), Heading("pods", decimals=1), Heading("overloaded, %", decimals=2),
        ),
        tuple(
            (
                one.tenants,
                one.state,
                one.region,
                one.p95_ms if one.p95_ms is not None else "overloaded",
                one.network_ms,
                one.write_ms,
                one.pods,
                100 * one.overloaded,
            )
            for one in found.latencies
        ),
        found.latency_missing,
    )  # fmt: skip


def _notes(found: Assessment) -> Table:
    return Table(
        "What the failover rests on", (Heading("what to know"),), tuple((note,) for note in found.notes)
    )


def _assumptions(plan: Plan, found: Assessment) -> Table:
    rows = tuple(
        (one.name, one.value, one.source)
        for one in failover_assumptions_of(plan.scenario(found.scenario).design)
    )
    return Table("Assumed for it", (Heading("name"), Heading("value"), Heading("because")), rows)


def _of_evictions(
    plan: Plan, found: Assessment, one: Eviction, hours: float, error: float | None
) -> tuple[Cell, ...]:
    because = source_of_evictions(plan.scenario(found.scenario).design, one.pools[0])
    what = (
        f"all spot nodes of {' and '.join(one.pools)} at once; {one.probability_per_hour:.3g} an hour on spot, until "
        f"replacements serve after {one.boot_lag_minutes:g} min; {because}"
    )
    lag_h = one.boot_lag_minutes / 60
    return (one.cause, one.per_year, None, None, 1.0, lag_h, one.severity, what, hours, error)
