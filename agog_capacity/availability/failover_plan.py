"""How a failover and the way back go: the times and chances of each step, as plan input and as data with sources.

Detect, decide, promote (or switch route and cache, whichever is last), grow, and days later fail back. Nothing has
a default in code: `data/availability/failover.yaml` holds what a plan does not say, each value with its source.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from agog_capacity.availability.lengths import Fixed, Length, Lognormal, Uniform
from agog_capacity.availability.worth import FailoverWorth
from agog_capacity.documents import read_yaml
from agog_capacity.errors import DocumentError
from agog_capacity.model import Fraction, In, Model, Text
from agog_capacity.validation import findings_of

Operator = Literal["automated", "human"]
Temperature = Literal["cold", "pilot-light", "warm", "hot"]
Rollout = Literal["all-at-once", "region-by-region"]

_Time = Annotated[float, Field(strict=True, ge=0, le=1e7), In("s")]
_Hours = Annotated[float, Field(strict=True, ge=0, le=8760), In("h")]
_Sigma = Annotated[float, Field(strict=True, gt=0, le=5), In("of the logarithm")]
_MAXIMUM_STAGES = 8


class Between(Model):
    """A time anywhere between two bounds, equally likely."""

    low_s: _Time
    high_s: _Time

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.low_s > self.high_s:
            raise ValueError(f"from {self.low_s:g} s to {self.high_s:g} s: the bounds must not fall")
        return self

    @property
    def length(self) -> Length:
        """The distribution. [s]"""
        return Uniform(self.low_s, self.high_s) if self.low_s < self.high_s else Fixed(self.low_s)


class GrayDetection(Between):
    """Detection of failures that probes do not see, anywhere between two bounds."""

    share: Fraction
    """Share of the failures that are gray."""


class LognormalSeconds(Model):
    """A time whose logarithm is normal."""

    median_s: Annotated[float, Field(strict=True, gt=0, le=1e7), In("s")]
    sigma: _Sigma

    @property
    def length(self) -> Lognormal:
        """The distribution. [s]"""
        return Lognormal(self.median_s, self.sigma)


class LognormalHours(Model):
    """A long time whose logarithm is normal."""

    median_h: Annotated[float, Field(strict=True, gt=0, le=8760), In("h")]
    sigma: _Sigma

    @property
    def length(self) -> Lognormal:
        """The distribution. [h]"""
        return Lognormal(self.median_h, self.sigma)


class Decision(Model):
    """How long it takes to decide on a failover."""

    automated_s: _Time
    human: LognormalSeconds


class Coverage(Model):
    """Chance that a failover works as planned; otherwise people finish it by hand."""

    automated: Fraction
    human: Fraction

    def of(self, operator: Operator) -> float:
        """Return the coverage under an operator."""
        return self.automated if operator == "automated" else self.human


class Failback(Model):
    """The way back, a planned change with a risk of its own."""

    delay_h: _Hours
    """From the return of the failed region to the first stage."""
    p_bad: Fraction
    """Chance that a stage goes wrong."""
    length_h: _Hours
    """Until a bad stage is noticed and undone."""
    severity: Fraction
    """Share of the moved requests that fail meanwhile."""
    stages: Annotated[tuple[Fraction, ...], Field(min_length=1, max_length=_MAXIMUM_STAGES)]
    """Share of the traffic that each stage has moved back, such as 0.1, 0.5, 1."""
    stage_h: _Hours
    """From one stage to the next."""

    @model_validator(mode="after")
    def _ends_at_all(self) -> Self:
        if any(b <= a for a, b in zip(self.stages, self.stages[1:], strict=False)) or self.stages[-1] != 1:
            raise ValueError(f"stages {list(self.stages)} must rise and end at 1, the whole traffic")
        return self


class Unprotected(Model):
    """After a promotion the database has neither standby nor replica until both are rebuilt."""

    rebuild_h: _Hours
    """Until there is a standby again, and from the return of a region until its replica may be promoted."""
    without_standby_factor: Annotated[float, Field(strict=True, ge=1, le=10_000), In("times")]
    """How much longer the failure of a server lasts that has no standby."""


class FailoverTimes(Model):
    """How a failover goes."""

    detect: Between
    """Health checks until the region counts as lost."""
    gray: GrayDetection | None = None
    """Failures that health checks do not see, and how long they take to be found; null where there are none."""
    decide: Decision
    promote: LognormalSeconds
    """Of the database replica."""
    dns_ttl_s: _Time
    """Time to live of DNS answers; 0 behind an anycast edge."""
    cache: LognormalSeconds | None
    """Switch of the cache; null where it needs none."""
    coverage: Coverage
    manual: LognormalHours
    """Added where the failover does not work as planned, or its control plane is down."""
    scale_up: LognormalSeconds
    """Until a standby that was kept small carries the whole demand."""
    p_no_capacity: Fraction
    """Chance that the provider has no capacity: the size stays until the failed region is back."""
    election: Between
    """Until the rest of a quorum has taken over the leases of a lost region."""
    failback: Failback
    unprotected: Unprotected
    worth: FailoverWorth = FailoverWorth()
    """How sure these numbers are."""

    @property
    def detections(self) -> tuple[tuple[Length, float], ...]:
        """Ways a lost region is detected, and their chances. [s]"""
        if self.gray is None:
            return ((self.detect.length, 1.0),)
        return ((self.detect.length, 1 - self.gray.share), (self.gray.length, self.gray.share))

    def decision(self, operator: Operator) -> Length:
        """Return the time to decide. [s]"""
        return Fixed(self.decide.automated_s) if operator == "automated" else self.decide.human.length


class StandbyDefaults(Model):
    """What a standby of a temperature is, where a plan does not say."""

    standby_fraction: Fraction
    """Share of the demand that it carries when traffic arrives."""
    restore: LognormalHours | None = None
    """In place of the promotion: from a backup rather than from a replica."""
    scale_up: LognormalSeconds | None = None
    """In place of the usual scale-up."""


class ZoneDefaults(Model):
    """What the loss of a zone does to a service that stands in one."""

    zones: Annotated[int, Field(strict=True, ge=1, le=10), In("count")]
    """Zones of a region: an incident takes the service's own with one in this many."""


class ZoneMoveDefaults(Model):
    """What the loss of a zone does to a service that stands in several."""

    moved_h: Annotated[float, Field(strict=True, gt=0, le=8760), In("h")]
    """Until the pods of the lost zone run in the others."""


class FailoverDefaults(Model):
    """What holds where a design does not say otherwise."""

    times: FailoverTimes
    standby: dict[Temperature, StandbyDefaults]
    hits_both: dict[Rollout, Fraction]
    """Chance that an own change that fails has reached every region, by the rollout."""
    single_zone: ZoneDefaults
    several_zones: ZoneMoveDefaults
    sources: dict[str, Text]
    """Where each value comes from, by its place, such as `times.detect`."""

    @model_validator(mode="after")
    def _every_value_has_a_source(self) -> Self:
        wanted = [f"times.{name}" for name in FailoverTimes.model_fields]
        wanted += [f"standby.{name}" for name in self.standby]
        wanted += [f"hits_both.{name}" for name in self.hits_both] + ["single_zone", "several_zones"]
        lacking = [place for place in wanted if not self.sources.get(place)]
        unknown = [place for place in self.sources if place not in wanted]
        if lacking or unknown:
            raise ValueError(
                f"sources: lacking {', '.join(lacking) or 'none'}; not a value here: {', '.join(unknown) or 'none'}"
            )
        return self


def read_failover_defaults(folder: Path) -> FailoverDefaults:
    """Read how failovers go where a plan does not say.

    Parameters
    ----------
    folder : path
        Holds `failover.yaml`.

    Raises
    ------
    DocumentError
        With every problem of the file.
    """
    document = read_yaml(folder / "failover.yaml", "list of failover times")
    try:
        return FailoverDefaults.model_validate(document.content)
    except ValidationError as error:
        found = findings_of(error, (), FailoverDefaults)
        raise DocumentError([document.problem(place, message) for place, message in found]) from None
