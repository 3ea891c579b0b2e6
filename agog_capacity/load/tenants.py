"""A load curve from tenants: who comes when, from where, and what each asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from agog_capacity.load.curve import FloatArray, LoadCurve, LoadError, Noise
from agog_capacity.load.shape import LoadShape
from agog_capacity.model import Count, In, Label, Model, MonthText, Multiple, Name

RatePerTenant = Annotated[float, Field(strict=True, ge=0, le=1e6), In("requests per second per tenant")]


class Onboarding(Model):
    """Tenants there are from a month on."""

    month: MonthText
    tenants: Count


def check_schedule(schedule: Sequence[Onboarding]) -> None:
    """Check that the months of a schedule rise.

    Raises
    ------
    ValueError
    """
    months = [entry.month for entry in schedule]
    if months != sorted(set(months)):
        raise ValueError("the months of a schedule must rise, none twice")


def tenants_over_time(schedule: Sequence[Onboarding], start: datetime, step_s: int, steps: int) -> FloatArray:
    """Return the number of tenants in each step, shape (steps,).

    Parameters
    ----------
    schedule : sequence of Onboarding
        Steps at the first of a month, UTC; before the first entry there is no tenant.
    start : datetime
        [UTC]
    step_s : int
        [s]
    steps : int
    """
    at = start.timestamp() + step_s * np.arange(steps)
    counts = np.zeros(steps)
    for entry in schedule:
        year, month = (int(part) for part in entry.month.split("-"))
        counts[at >= datetime(year, month, 1, tzinfo=UTC).timestamp()] = entry.tenants
    return counts


class TenantGroup(Model):
    """Tenants of one home region that behave alike."""

    name: Label
    region: Name
    """Home region: where their requests are served while it is up."""
    schedule: Annotated[tuple[Onboarding, ...], Field(min_length=1)]
    """Rises or falls in steps at the first of a month, UTC; before the first entry there is no tenant."""
    requests_per_second: RatePerTenant
    """An assumption: mean over a week of one tenant."""
    shape: LoadShape

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        check_schedule(self.schedule)
        return self

    def tenants(self, start: datetime, step_s: int, steps: int) -> FloatArray:
        """Return the number of tenants in each step, shape (steps,)."""
        return tenants_over_time(self.schedule, start, step_s, steps)


def load_from_tenants(
    groups: Sequence[TenantGroup],
    requests_per_workload: Mapping[str, Multiple],
    *,
    start: datetime,
    hours: int,
    step_s: int = 900,
    noise: Noise | None = None,
) -> LoadCurve:
    """Return the load that tenants make.

    Parameters
    ----------
    groups : sequence of TenantGroup
    requests_per_workload : mapping
        How many requests each workload gets for one of a tenant: an assumption. [times]
    start : datetime
        [UTC]
    hours : int
        Length of the curve. [h]
    step_s : int
        Resolution of the curve. [s]
    noise : Noise or None

    Raises
    ------
    LoadError
        If there are no groups, no workloads, or `step_s` does not divide an hour.
    """
    if not groups or not requests_per_workload:
        raise LoadError("a load from tenants needs at least one group and one workload")
    if step_s <= 0 or 3600 % step_s or hours <= 0:
        raise LoadError(f"step_s {step_s} must divide 3600, and hours {hours} be above 0")
    steps = hours * 3600 // step_s
    by_region: dict[str, FloatArray] = {}
    for group in groups:
        demand = group.tenants(start, step_s, steps) * group.requests_per_second
        demand = demand * group.shape.multiples(start, step_s, steps)
        by_region[group.region] = by_region.get(group.region, np.zeros(steps)) + demand
    names = tuple((region, workload) for region in by_region for workload in requests_per_workload)
    rates = np.array(
        [demand * factor for demand in by_region.values() for factor in requests_per_workload.values()]
    )
    return LoadCurve(start, step_s, names, rates, noise)


def load_from_shape(
    shape: LoadShape,
    mean_rates: Mapping[str, float],
    *,
    start: datetime,
    hours: int,
    region: str = "all",
    step_s: int = 900,
    noise: Noise | None = None,
) -> LoadCurve:
    """Return a load of one shape.

    Parameters
    ----------
    shape : LoadShape
    mean_rates : mapping
        Mean over a week by workload. [requests per second]
    start, hours, step_s, noise
        See `load_from_tenants`.
    region : str
    """
    if step_s <= 0 or 3600 % step_s or hours <= 0 or not mean_rates:
        raise LoadError(
            f"step_s {step_s} must divide 3600, hours {hours} be above 0, and a workload be named"
        )
    multiples = shape.multiples(start, step_s, hours * 3600 // step_s)
    names = tuple((region, workload) for workload in mean_rates)
    return LoadCurve(
        start, step_s, names, np.array([multiples * rate for rate in mean_rates.values()]), noise
    )
