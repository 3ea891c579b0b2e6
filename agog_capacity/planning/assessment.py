"""What failures and load make of one scenario: the result, light enough to be read back without any simulation."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from agog_capacity.availability.estimates import Estimate
from agog_capacity.availability.measures import (
    MEASURES,
    ConventionEffect,
    FailoverOutcome,
    Measure,
    MeasureOutcome,
)
from agog_capacity.availability.sensitivity import Driver
from agog_capacity.errors import NotInResult, nearest
from agog_capacity.planning.eviction import Eviction
from agog_capacity.planning.tenant_latency import NORMAL, TenantLatency
from agog_capacity.scaling.simulated import SimulationStore
from agog_capacity.stored import read_stored, sources_digest, store

_CODE = ("scaling", "load", "availability")
"""Packages whose code decides what an assessment is; that of `planning` is told by the version in the key."""


@dataclass(frozen=True)
class Step:
    """One step of a failover."""

    name: str
    mean_s: float
    """[s]"""
    share_of_mean: float
    """Of the time until the whole demand is served."""


@dataclass(frozen=True)
class Recovery:
    """How long one region takes to stand in for another, and what data is lost with it."""

    direction: str
    """Such as `eastus2 to westeurope`."""
    recovered_s: Mapping[int, Estimate]
    """Until the whole demand is served, percentiles; infinite where it never is. [s]"""
    within_target: Estimate | None
    """Probability that this is within the recovery time of the plan; None without such a target."""
    lost_s: Mapping[int, float]
    """Writes lost with the region, percentiles; empty where none are. [s]"""
    lost_within_target: float | None
    """Probability that no more is lost than the recovery point allows; None without such a target."""
    steps: tuple[Step, ...]
    """The one that takes most of the mean first."""
    unserved_h: Mapping[str, float]
    """Mean unserved demand of one failover by stage, in hours of full outage of what is taken over. [h]"""


@dataclass(frozen=True)
class Assessment:
    """What failures and load make of one scenario."""

    scenario: str
    basis: str
    """Draws of what, years, seed and convention of the simulation."""
    target_percent: float
    """Availability that probabilities are of. [%]"""
    deep_threshold: float
    demand: MeasureOutcome
    """By unserved demand."""
    deep: MeasureOutcome
    """By time with a loss above the threshold."""
    failovers: FailoverOutcome | None
    """None in a single region."""
    recoveries: tuple[Recovery, ...]
    latencies: tuple[TenantLatency, ...]
    latency_missing: str
    """Why there are no response times; empty where there are."""
    hours_by_draw: Mapping[Measure, tuple[float, ...]] = field(repr=False)
    """Mean hours a year under each outer draw, the same draws for every scenario. [h/year]"""
    notes: tuple[str, ...] = field(default=(), repr=False)
    """What to know of the failover, in sentences."""
    failures: str = field(default="", repr=False)
    """Which failures were met; hours lost under the same ones can be subtracted draw by draw."""
    drivers: tuple[Driver, ...] = field(default=(), repr=False)
    """Numbers that were drawn, the one that moves the unserved hours most first."""
    made_of: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the scenario makes of a failure class, where that is not what the class says; by class."""
    evictions: tuple[Eviction, ...] = ()
    """Of spot nodes; those that take nothing are no cause of lost hours."""
    conventions: tuple[ConventionEffect, ...] = field(default=(), repr=False)
    """What the figures would be if failures were counted as formulas do, on the same failures."""

    def by(self, measure: Measure) -> MeasureOutcome:
        """Return the outcome by a measure.

        Raises
        ------
        NotInResult
            If there is no such measure.
        """
        if measure not in MEASURES:
            raise NotInResult(f"measure {measure!r} is not known; {nearest(measure, MEASURES)}")
        return self.demand if measure == "demand" else self.deep

    def causes(self, measure: Measure = "demand") -> tuple[tuple[str, Estimate], ...]:
        """Return the hours lost by cause, the one that costs most first. [h/year]"""
        found = self.by(measure).by_cause.items()
        return tuple(sorted(found, key=lambda row: (-row[1].value, row[0])))

    def worst_latency(self, *, normal: bool) -> TenantLatency | None:
        """Return the slowest group, in normal operation or after a region is lost; None without response times."""
        found = [each for each in self.latencies if (each.state == NORMAL) == normal]
        return max(found, key=lambda each: math.inf if each.p95_ms is None else each.p95_ms, default=None)

    def to_json(self) -> str:
        """Return the content as JSON, the same for the same content."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Assessment:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            If the text is not of that form.
        """
        found = _adapter().validate_json(text, strict=True)
        if set(json.loads(text)) != {each.name for each in fields(cls)}:
            raise ValueError("a stored assessment has other fields")
        for measure in (found.demand, found.deep):
            chances = (measure.year_breaks, measure.month_breaks, measure.all_months_hold)
            hours = (measure.hours_per_year, *measure.percentiles.values(), *measure.by_cause.values())
            # Where nothing was counted a value is not a number, which is neither below 0 nor above 1.
            if any(each.value < 0 for each in (*hours, *chances)) or any(each.value > 1 for each in chances):
                raise ValueError("a stored assessment has hours or probabilities that cannot be")
        return found


@cache
def _adapter() -> TypeAdapter[Assessment]:
    """Return what reads assessments; making it takes longer than reading one."""
    return TypeAdapter(Assessment)


@dataclass(frozen=True)
class NotAssessed:
    """A scenario that failures cannot be simulated for, and why."""

    scenario: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class AssessmentStore:
    """Assessments by the content of their inputs; prices are no part of it."""

    folder: Path

    @classmethod
    def default(cls) -> AssessmentStore:
        """Return the store in the user's cache folder, beside that of the simulated clusters."""
        return cls(SimulationStore.default().folder.parent / "assessments")

    def get(self, key: str) -> Assessment | None:
        """Return what is stored under a key; None if there is nothing, or nothing usable."""
        content = read_stored(self.folder / f"{key}.json", sources_digest(*_CODE))
        try:
            return None if content is None else Assessment.from_json(content.decode())
        except ValueError:
            return None

    def put(self, key: str, found: Assessment) -> None:
        """Store a result whole. A store that cannot be written is no failure: the next run simulates again."""
        store(self.folder / f"{key}.json", found.to_json().encode(), sources_digest(*_CODE))
