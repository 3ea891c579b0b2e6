"""The owner's incident history: it updates rates, lengths, exposure and severity of failure classes.

k incidents in T years turn gamma(a, b) into gamma(a + k, b + T), class by class. T runs from the day the
records began, not from the first incident, and an incident feeds one class only. Lengths are refitted by
maximum likelihood with open incidents as censored; below five incidents a class keeps its spread, and its
exposure and severity too, since a share of three tells nothing. What is counted is then worth its count:
k of n incidents make an exposure Beta with the mean k/n and the weight n, and n lengths a median as sure as n.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Self, get_args

from pydantic import Field, ValidationError, model_validator

from agog_capacity.availability.censored import censored_fit
from agog_capacity.availability.failures import (
    FailureClass,
    LengthOfFailure,
    Rate,
    Scope,
    changed_classes,
    read_evidence,
    read_failure_classes,
)
from agog_capacity.availability.lengths import Lognormal
from agog_capacity.csv_tables import table_rows
from agog_capacity.documents import Place
from agog_capacity.errors import DocumentError, InputError, Problem, nearest
from agog_capacity.model import Day, In, Label, Model, Name
from agog_capacity.validation import findings_of

ENOUGH = 5
"""Incidents of a class from which its spread and shares are its own."""
_COLUMNS = ("start", "end", "scope", "severity", "cause")
_DAYS_PER_YEAR = 365.25
_LONGEST_NOTE = 4000
FIRST_YEAR, LAST_YEAR = 1970, 2999


class IncidentHistory(Model):
    """Where the owner's incidents are recorded, and what they are to be counted by."""

    file: Label
    """CSV file beside the plan: start, end (empty while open), scope, severity, cause."""
    records_began: Day
    """First day from which every incident would have been recorded."""
    records_until: Day
    """Day up to which they are recorded."""
    causes: Annotated[dict[Label, Name], Field(min_length=1)]
    """Failure class that a cause feeds."""
    regions: Annotated[int, Field(strict=True, ge=1, le=1000), In("regions")] = 1
    """Regions that ran meanwhile; counts years of classes that are counted by region."""
    servers: Annotated[int, Field(strict=True, ge=1, le=100_000), In("servers")] = 1
    """Database servers that ran meanwhile; counts years of classes that are counted by server."""

    @model_validator(mode="after")
    def _days_can_be(self) -> Self:
        if self.records_began.year < FIRST_YEAR or self.records_until.year > LAST_YEAR:
            raise ValueError(
                f"records from {self.records_began} to {self.records_until} are not between {FIRST_YEAR} and {LAST_YEAR}"
            )
        if self.records_until <= self.records_began:
            raise ValueError(
                f"records_until {self.records_until} is not after records_began {self.records_began}"
            )
        return self

    @property
    def years(self) -> float:
        """Length of the records. [years]"""
        return (self.records_until - self.records_began).days / _DAYS_PER_YEAR


@dataclass(frozen=True)
class Incident:
    """One recorded incident."""

    start: datetime
    end: datetime | None
    """None while it is open."""
    scope: Scope
    severity: float
    """Share of requests that failed; 0 if it did not reach the service."""
    cause: str
    line: int | None = field(default=None, compare=False)
    """Where it stands in its file."""
    file: str = field(default="", compare=False)


def read_incidents(path: Path, began: date, until: date) -> tuple[Incident, ...]:
    """Read a history of incidents.

    Parameters
    ----------
    path : path
        CSV file with the columns start, end, scope, severity and cause; times as ISO 8601 with their zone.
    began, until : date
        First and last day of the records.

    Raises
    ------
    DocumentError
        With every row that cannot be used.
    """
    incidents: list[Incident] = []
    problems: list[Problem] = []
    first: dict[Incident, int] = {}
    for line, row in table_rows(path, "history of incidents", _COLUMNS, problems):
        found: list[str] = []
        incident = _incident(row, found)
        if incident is not None:
            if not began <= incident.start.date() <= until:
                found.append(f"start {row['start']} is outside the records, {began} to {until}")
            elif incident.end is not None and incident.end.date() > until:
                found.append(
                    f"end {row['end']} is after the records, which end on {until}; leave it empty while it is open"
                )
            elif first.setdefault(incident, line) != line:
                found.append(f"stands twice, first in line {first[incident]}; keep one")
            incidents.append(replace(incident, line=line, file=str(path)))
        problems += [Problem(text, line=line, file=str(path)) for text in found]
    if problems:
        raise DocumentError(problems)
    return tuple(incidents)


def _incident(row: Mapping[str, str], problems: list[str]) -> Incident | None:
    start = _time("start", row["start"], problems)
    end = _time("end", row["end"], problems) if (row["end"] or "").strip() else None
    if start is not None and end is not None and end <= start:
        problems.append(f"end {row['end']} is not after start {row['start']}")
    scope = (row["scope"] or "").strip()
    if scope not in get_args(Scope):
        problems.append(f"scope {scope!r} is not known; {nearest(scope, get_args(Scope))}")
    try:
        severity = float(row["severity"])
    except (TypeError, ValueError):
        severity = math.nan
    if not 0 <= severity <= 1:
        problems.append(
            f"severity {row['severity']!r} is not between 0 and 1; a percentage is divided by 100"
        )
    if problems or start is None:
        return None
    return Incident(start, end, scope, severity, (row["cause"] or "").strip())  # type: ignore[arg-type]


def _time(name: str, text: str, problems: list[str]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        problems.append(f"{name} {text[:40]!r} is not a time; write it like 2026-03-01T14:05Z")
        return None
    if moment.tzinfo is None:
        problems.append(f"{name} {text!r} has no time zone; end it with Z for UTC")
        return None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        problems.append(f"{name} {text!r} is not between {FIRST_YEAR} and {LAST_YEAR}")
        return None
    return moment.astimezone(UTC)


def own_incidents(history: IncidentHistory | None, beside: Path) -> tuple[Incident, ...]:
    """Return the recorded incidents of a plan; none where it records none.

    Raises
    ------
    DocumentError
        As `read_incidents`.
    """
    if history is None:
        return ()
    return read_incidents(beside / history.file, history.records_began, history.records_until)


def classes_of_plan(
    folder: Path, changes: Mapping[str, Any], history: IncidentHistory | None, beside: Path
) -> tuple[dict[str, FailureClass], list[tuple[Place, str | Problem]]]:
    """Return the failure classes as a plan changes them, and then as its incidents do.

    Parameters
    ----------
    folder : path
        Holds the library's classes and their evidence.
    changes : mapping
        What the plan has under `failures`.
    history : IncidentHistory, optional
        What the plan has under `incidents`.
    beside : path
        Folder of the plan.

    Returns
    -------
    classes : dict
    findings : list
        What is wrong, with its place in the plan; a problem of the history knows its own place.
    """
    evidence = read_evidence(folder / "failure_evidence.csv")
    classes, changed = changed_classes(read_failure_classes(folder), changes, evidence)
    findings: list[tuple[Place, str | Problem]] = [(("failures", *at), message) for at, message in changed]
    if history is None:
        return classes, findings
    try:
        incidents = read_incidents(beside / history.file, history.records_began, history.records_until)
        if not findings:
            classes = updated_classes(classes, incidents, history)
    except InputError as error:
        findings += [(("incidents",), p if p.file else p.message) for p in error.problems]
    return classes, findings


def fitted_length(closed_h: Sequence[float], open_h: Sequence[float], prior: Lognormal) -> Lognormal:
    """Return the lognormal that fits lengths best, open ones counted as longer than they are so far.

    Parameters
    ----------
    closed_h, open_h : sequence of float
        Lengths of closed incidents, and of open ones so far. [h]
    prior : Lognormal
        Kept where no incident is closed; its spread is kept below five incidents. [h]
    """
    if not closed_h:
        return prior
    logs, censored = [math.log(h) for h in closed_h], [math.log(h) for h in open_h]
    own = len(logs) + len(censored) >= ENOUGH and len(set(logs)) > 1
    if not censored:
        mean = math.fsum(logs) / len(logs)
        squares = math.fsum((x - mean) ** 2 for x in logs) / len(logs)
        return Lognormal(math.exp(mean), math.sqrt(squares) if own else prior.sigma)
    mean, sigma = censored_fit(logs, censored, prior.sigma, own)
    return Lognormal(math.exp(mean), sigma)


def updated_classes(
    classes: Mapping[str, FailureClass], incidents: Sequence[Incident], history: IncidentHistory
) -> dict[str, FailureClass]:
    """Return failure classes after the owner's incidents.

    Every class that a cause can feed is updated, also one without an incident: none in T years is
    evidence too. The others keep what they have.

    Raises
    ------
    InputError
        With every cause that feeds no class or one of another scope.
    """
    problems = [
        Problem(f"causes: {cause!r} feeds {name!r}, which is no failure class; {nearest(name, classes)}")
        for cause, name in history.causes.items()
        if name not in classes
    ]
    by_class: dict[str, list[Incident]] = {name: [] for name in history.causes.values() if name in classes}
    for incident in incidents:
        name = history.causes.get(incident.cause)
        if name is None:
            message = f"cause {incident.cause!r} feeds no class; {nearest(incident.cause, history.causes)}"
            problems.append(Problem(message, line=incident.line, file=incident.file))
        elif name in classes and classes[name].scope != incident.scope:
            message = (
                f"incident of {incident.start:%Y-%m-%d} has scope {incident.scope}, but cause "
                f"{incident.cause!r} feeds {name!r} of scope {classes[name].scope}"
            )
            problems.append(Problem(message, line=incident.line, file=incident.file))
        elif name in by_class:
            by_class[name].append(incident)
    if problems:
        raise InputError(problems)
    changed: dict[str, FailureClass] = {}
    for name, own in by_class.items():
        try:
            changed[name] = _updated(classes[name], own, history)
        except (ValidationError, InputError, OverflowError) as error:
            said = (
                findings_of(error, (), FailureClass)
                if isinstance(error, ValidationError)
                else [((), str(error))]
            )
            problems += [
                Problem(
                    f"the {len(own):,} incidents of {name!r} fit no length of a failure ({text}); "
                    "check their starts and ends"
                )
                for _, text in said
            ]
    if problems:
        raise InputError(problems)
    return {name: changed.get(name, known) for name, known in classes.items()}


def _updated(known: FailureClass, own: Sequence[Incident], history: IncidentHistory) -> FailureClass:
    units = {"region-year": history.regions, "server-year": history.servers, "service-year": 1}[known.per]
    belief = known.belief.updated(len(own), history.years * units)
    # The records hold their last day as a whole: an incident that began on it has been open since.
    last = datetime.combine(history.records_until, time(), UTC) + timedelta(days=1)
    reached = [one for one in own if one.severity > 0]
    closed = [(one.end - one.start).total_seconds() / 3600 for one in reached if one.end is not None]
    still = [(last - one.start).total_seconds() / 3600 for one in reached if one.end is None]
    length = fitted_length(closed, still, known.lengths)
    enough = len(own) >= ENOUGH
    moved = {"rate": True, "length": bool(closed), "exposure": enough, "severity": enough and bool(reached)}
    worth = {"exposure": len(own), "severity": len(reached), "length": len(closed)}
    before = f"; before that: {known.worth.because}" if known.worth.because else ""
    counted = f" of {units} {known.per.removesuffix('-year')}s" if units > 1 else ""
    return known.replace(
        note=_learned(known, moved, len(own), f"{history.years:.1f} years{counted}"),
        rate=Rate(shape=belief.shape, exposure_years=belief.exposure_years),
        length=LengthOfFailure(median_h=length.median, sigma=length.sigma),
        exposure=len(reached) / len(own) if enough else known.exposure,
        severity=sum(one.severity for one in reached) / len(reached)
        if enough and reached
        else known.severity,
        worth=known.worth.replace(
            **{name: count for name, count in worth.items() if moved[name]},
            because=f"Incidents of the owner, where learned from them{before}"[:_LONGEST_NOTE],
        ),
    )


def _learned(known: FailureClass, moved: Mapping[str, bool], count: int, years: str) -> str:
    """Return the note of a class that has learned: which of its numbers, from what, and what was noted before."""
    *most, last = [name for name, has in moved.items() if has]
    what = f"{', '.join(most)} and {last}" if most else last
    incidents = "1 incident" if count == 1 else f"{count or 'no'} incidents"
    told = f"{what.capitalize()} learned from {incidents} of the owner in {years}"
    # A note that is as long as a note may be is cut, not refused: the plan is right.
    return f"{told}; noted before that: {known.note}"[:_LONGEST_NOTE] if known.note else told
