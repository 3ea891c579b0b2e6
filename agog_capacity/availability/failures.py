"""What fails: classes of failures with their rates, lengths, and what they do to a service.

Rates come from a table of evidence and carry its uncertainty; exposure and severity say what of a counted
incident reaches the service. A failure that is shared must not be counted twice: beta splits classes of
region scope only, global classes are shared already, and own changes carry `hits_both`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from agog_capacity.availability.lengths import Lognormal
from agog_capacity.availability.rates import GammaRate, jeffreys_rate
from agog_capacity.availability.worth import ClassWorth
from agog_capacity.csv_tables import table_rows
from agog_capacity.documents import read_yaml
from agog_capacity.errors import DocumentError, InputError, Problem, nearest
from agog_capacity.model import Flag, Fraction, In, Model, Text
from agog_capacity.validation import findings_of

Scope = Literal["zone", "region", "global", "change"]
"""What a failure takes: a zone, a region, a service that all regions share, or what a rollout reached."""
Per = Literal["region-year", "server-year", "service-year"]

_UNITS = {
    "region-year": ("region-years",),
    "server-year": ("server-years",),
    "service-year": ("service-years", "provider-years"),
}
"""What the years of a row of evidence may be of, for a rate that counts so; a provider has one of each shared service."""
_Positive = Annotated[float, Field(strict=True, gt=0, le=1e9)]


class Rate(Model):
    """Gamma belief of a rate: so many events in so many years."""

    shape: Annotated[_Positive, In("events")]
    """Events, with one half of Jeffreys' prior."""
    exposure_years: Annotated[_Positive, In("years")]
    """Years they were counted in."""


class LengthOfFailure(Model):
    """Lognormal length of a failure."""

    median_h: Annotated[_Positive, In("h")]
    """Half of the failures are shorter."""
    sigma: Annotated[float, Field(strict=True, gt=0, le=10), In("of the logarithm")]
    """Spread of the logarithm."""


class FailureClass(Model):
    """Failures of one kind."""

    scope: Scope
    per: Per
    """What the rate counts: each region, each database server, or the service."""
    rate: Rate
    length: LengthOfFailure
    exposure: Fraction
    """Chance that a counted incident touches this service at all."""
    severity: Fraction
    """Share of the requests of what it hits that fail."""
    beta: Fraction = 0.0
    """Share of a region's events that hit both regions; region scope only."""
    hits_both: Fraction | None = None
    """Chance that an own change hits both regions; change scope only."""
    failover: Flag = False
    """Whether it makes a region fail over."""
    blocks_failover: Flag = False
    """Whether a failover that begins during it needs people."""
    worth: ClassWorth = ClassWorth()
    """How sure its numbers are; the rate's gamma says it of the rate."""
    evidence: str = ""
    """Row of the evidence table that rate and length come from."""
    note: Text = ""

    @model_validator(mode="after")
    def _shared_once(self) -> Self:
        if self.beta and self.hits_both is not None:
            raise ValueError("beta and hits_both share the same failures twice; keep one")
        if self.beta and self.scope != "region":
            raise ValueError(f"beta is for classes of region scope; a {self.scope} class must not have it")
        if self.hits_both is not None and self.scope != "change":
            raise ValueError(f"hits_both is for own changes; a {self.scope} class must not have it")
        if self.worth.beta is not None and self.scope != "region":
            raise ValueError(f"worth.beta: a {self.scope} class has no beta to be sure of; leave it out")
        if self.worth.hits_both is not None and self.scope != "change":
            raise ValueError(
                f"worth.hits_both: a {self.scope} class has no hits_both to be sure of; leave it out"
            )
        return self

    @property
    def belief(self) -> GammaRate:
        """The rate with its uncertainty, before exposure. [1/year]"""
        return GammaRate(self.rate.shape, self.rate.exposure_years)

    @property
    def lengths(self) -> Lognormal:
        """Length of a failure. [h]"""
        return Lognormal(self.length.median_h, self.length.sigma)

    @property
    def events_per_year(self) -> float:
        """Mean number of failures that reach the service, of what the rate counts. [1/year]"""
        return self.belief.mean * self.exposure

    @property
    def lost_h_per_year(self) -> float:
        """Mean loss of a design of one region, in hours of full outage. [h/year]"""
        return self.events_per_year * self.lengths.mean * self.severity


@dataclass(frozen=True)
class Evidence:
    """A row of the table of evidence."""

    id: str
    what: str
    rate: GammaRate | None
    """Jeffreys' belief of the count; None where the row has no count over years."""
    length: Lognormal | None
    """[h]"""
    source: str
    date: str
    caveat: str
    exposure_unit: str = ""
    """What the years were counted of, such as `region-years`."""
    lengths: int | None = None
    """Failures that the length was fitted on; None where it is an assumption, or there is none."""


_COLUMNS = (
    "id", "what", "events", "exposure", "exposure_unit", "dur_median_h", "dur_sigma_ln", "dur_events",
    "source", "date", "caveat",
)  # fmt: skip


def read_evidence(path: Path) -> dict[str, Evidence]:
    """Read the table of evidence on outages, one row a count with its source.

    Raises
    ------
    DocumentError
        With every row whose numbers are none.
    """
    rows: dict[str, Evidence] = {}
    problems: list[Problem] = []
    for line, row in table_rows(path, "table of evidence", _COLUMNS, problems):
        name = row["id"].strip()
        try:
            if not name or name in rows:
                raise InputError("stands twice; an id belongs to one row" if name else "has no id")
            rows[name] = _evidence(row)
        except (InputError, ValueError, OverflowError) as error:
            problems.append(Problem(f"{name[:60]}: {error}", line=line, file=str(path)))
    if problems:
        raise DocumentError(problems)
    return rows


def _evidence(row: Mapping[str, str]) -> Evidence:
    counted = row["events"] and row["exposure"] and row["exposure_unit"].endswith("-years")
    if counted and not re.fullmatch(r"\d{1,9}", row["events"]):
        raise InputError(f"events {row['events'][:40]!r} is not a count")
    rate = jeffreys_rate(int(row["events"]), float(row["exposure"])) if counted else None
    spread = row["dur_median_h"] and row["dur_sigma_ln"]
    length = Lognormal(float(row["dur_median_h"]), float(row["dur_sigma_ln"])) if spread else None
    if row["dur_events"] and not re.fullmatch(r"[1-9]\d{0,8}", row["dur_events"]):
        raise InputError(f"dur_events {row['dur_events'][:40]!r} is not a count of lengths")
    if row["dur_events"] and length is None:
        raise InputError(
            "counts lengths in dur_events, but has no dur_median_h and dur_sigma_ln fitted on them"
        )
    return Evidence(
        row["id"],
        row["what"],
        rate,
        length,
        row["source"],
        row["date"],
        row["caveat"],
        row["exposure_unit"],
        int(row["dur_events"]) if row["dur_events"] else None,
    )


def read_failure_classes(folder: Path) -> dict[str, FailureClass]:
    """Read the failure classes beside the table of evidence they rest on.

    Parameters
    ----------
    folder : path
        Holds `failure_classes.yaml` and `failure_evidence.csv`.

    Raises
    ------
    DocumentError
        With every problem of the two files.
    """
    evidence = read_evidence(folder / "failure_evidence.csv")
    document = read_yaml(folder / "failure_classes.yaml", "list of failure classes")
    content = document.content if isinstance(document.content, dict) else {}
    classes: dict[str, FailureClass] = {}
    problems: list[Problem] = []
    for name, values in content.items():
        try:
            classes[name] = FailureClass.model_validate(_with_evidence(values, evidence))
        except ValidationError as error:
            found = findings_of(error, (name,), FailureClass)
            problems += [document.problem(place, message) for place, message in found]
        except InputError as error:
            problems += [document.problem((name,), problem.message) for problem in error.problems]
    if problems or not classes:
        raise DocumentError(problems or [Problem("holds no failure classes", file=document.file)])
    return classes


def _with_evidence(values: Any, evidence: Mapping[str, Evidence]) -> Any:
    """Fill in rate and length from the evidence row that a class names."""
    if not isinstance(values, dict) or "evidence" not in values:
        return values
    if not isinstance(values["evidence"], str) or values["evidence"] not in evidence:
        shown = str(values["evidence"])[:60]
        raise InputError(f"evidence {shown!r} is not a row; {nearest(shown, evidence)}")
    row = evidence[values["evidence"]]
    filled = dict(values)
    if "rate" not in filled and row.rate is not None:
        filled["rate"] = {"shape": row.rate.shape, "exposure_years": row.rate.exposure_years}
    if "length" not in filled and row.length is not None:
        filled["length"] = {"median_h": row.length.median, "sigma": row.length.sigma}
        worth = filled.get("worth", {})
        if isinstance(worth, dict):
            filled["worth"] = {"length": row.lengths} | worth
    return filled


def changed_classes(
    classes: Mapping[str, FailureClass],
    changes: Mapping[str, Any],
    evidence: Mapping[str, Evidence] = MappingProxyType({}),
) -> tuple[dict[str, FailureClass], list[tuple[tuple[Any, ...], str]]]:
    """Return failure classes as a plan changes them.

    Parameters
    ----------
    classes : mapping
        The classes to begin with.
    changes : mapping
        By name: values that differ, a whole new class, or None for a class that does not apply. Another row of
        evidence brings its rate and length, where the change does not say them. What a value is worth stays until
        the change says another; None takes it as certain.
    evidence : mapping
        Rows of the table of evidence by id; without them no change can name one.

    Returns
    -------
    classes : dict
    findings : list
        What is wrong, with its place inside the changes.
    """
    result = dict(classes)
    findings: list[tuple[tuple[Any, ...], str]] = []
    for name, change in changes.items():
        if change is None:
            if result.pop(name, None) is None:
                findings.append(
                    ((name,), f"there is no failure class {name!r} to remove; {nearest(name, classes)}")
                )
            continue
        if not isinstance(change, dict):
            findings.append(((name,), "a failure class is a mapping of what differs, or null to remove it"))
            continue
        begin = result[name].model_dump() if name in result else {}
        try:
            brought = _brought(change, begin, evidence)
        except InputError as error:
            findings += [((name, "evidence"), problem.message) for problem in error.problems]
            continue
        known = begin.get("worth", {})
        begin |= brought
        begin["worth"] = known | brought.get("worth", {})
        merged = begin | change
        for part in ("rate", "length", "worth"):
            if isinstance(change.get(part), dict) and isinstance(begin.get(part), dict):
                merged[part] = begin[part] | change[part]
        try:
            result[name] = FailureClass.model_validate(merged)
        except ValidationError as error:
            found = findings_of(error, (name,), FailureClass)
            lacking = [str(place[-1]) for place, text in found if text.endswith("is missing")]
            if name not in classes and lacking:
                message = (
                    f"{name!r} is no failure class of the library; {nearest(name, classes)}. A new one needs "
                )
                findings.append(((name,), message + ", ".join(lacking)))
                found = [each for each in found if not each[1].endswith("is missing")]
            findings += found
    return result, findings


def _brought(
    change: Mapping[str, Any], begin: Mapping[str, Any], evidence: Mapping[str, Evidence]
) -> dict[str, Any]:
    """Return the rate and length of the row of evidence that a change names."""
    if change.get("evidence", "") in ("", begin.get("evidence")):
        return {}
    brought: dict[str, Any] = _with_evidence({"evidence": change["evidence"]}, evidence)
    del brought["evidence"]
    if not brought and "rate" not in change and "length" not in change:
        raise InputError(
            f"row {change['evidence']} of the evidence has neither a count over years nor a length; it changes nothing"
        )
    per, unit = change.get("per", begin.get("per")), evidence[change["evidence"]].exposure_unit
    if "rate" in brought and "rate" not in change and unit not in _UNITS.get(str(per), (unit,)):
        raise InputError(
            f"row {change['evidence']} of the evidence counts {unit}, but the class counts by {per}; give the rate"
        )
    return brought
