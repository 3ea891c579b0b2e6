"""A plan file as it stands on disk: its sections as models, before scenarios are merged."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from agog_capacity.availability.feasibility import Acceptance
from agog_capacity.availability.incidents import IncidentHistory
from agog_capacity.model import Currency, In, Label, Model, MonthText, Name, Text
from agog_capacity.periods import MonthLength, Months
from agog_capacity.prices.stand_in import StandIn
from agog_capacity.targets import Targets

MAXIMUM_SCENARIOS = 200


class Horizon(Model):
    """Months a plan covers."""

    start: MonthText
    """First month, such as '2027-01'."""
    months: Annotated[int, Field(strict=True, ge=1, le=120), In("months")]

    @model_validator(mode="after")
    def _ends_within_the_calendar(self) -> Self:
        Months(self.start, self.months)
        return self


class Gap(Model):
    """Something the plan knowingly leaves out, and why."""

    what: Label
    why: Text


class ScenarioFile(Model):
    """A scenario as it stands in a plan file."""

    title: Label
    description: Text = ""
    extends: Name | None = None
    """Scenario it builds on; the base if left out."""
    change: dict[str, Any] = Field(default_factory=dict)
    """What differs: merged key by key, null removes."""


class PlanFile(Model):
    """A plan file as it stands on disk, before scenarios are merged."""

    name: Name
    title: Label
    description: Text = ""
    currency: Currency
    horizon: Horizon
    month: MonthLength = "calendar"
    price_books: Annotated[tuple[Name, ...], Field(min_length=1, max_length=50)]
    """Books in the order they are asked."""
    reference: Name
    """Scenario that the others are compared with."""
    targets: Targets
    """What every scenario is held against; `{}` where there is nothing to reach."""
    base: dict[str, Any]
    scenarios: Annotated[dict[Name, ScenarioFile], Field(min_length=1, max_length=MAXIMUM_SCENARIOS)]
    stand_ins: Annotated[tuple[StandIn, ...], Field(max_length=1000)] = ()
    gaps: Annotated[tuple[Gap, ...], Field(max_length=1000)] = ()
    accept: Annotated[tuple[Acceptance, ...], Field(max_length=1000)] = ()
    """Findings of the rules that the plan takes as they are, each with its reason."""
    failures: dict[Name, Any] = Field(default_factory=dict)
    """Failure classes that differ from the library's: values by class, null removes one."""
    incidents: IncidentHistory | None = None
    """The owner's incidents, which update the failure classes."""
