"""What a dearer scenario buys: hours, what they are worth, and when it pays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agog_capacity.availability.estimates import Estimate
from agog_capacity.availability.latency_section import DowntimeSection
from agog_capacity.availability.measures import Measure
from agog_capacity.availability.money import BusinessHours
from agog_capacity.errors import InputError
from agog_capacity.planning.assess import difference
from agog_capacity.planning.assessment import Assessment, NotAssessed
from agog_capacity.units import MONTHS_PER_YEAR

if TYPE_CHECKING:
    from agog_capacity.planning.forecast import Forecast


@dataclass(frozen=True)
class DowntimeMoney:
    """What a year's downtime of one scenario costs."""

    expected: Estimate
    """Of all tenants, lost hours spread over the clock. [currency/year]"""
    p95: float
    """At the 95th percentile of a year's lost hours. [currency/year]"""
    all_in_business_hours: float
    """Expected, if every lost hour fell in business hours. [currency/year]"""
    vendor: float
    """Share of the expected cost that the vendor bears. [currency/year]"""


@dataclass(frozen=True)
class Return:
    """What one scenario costs more than another, and what that buys."""

    dearer: str
    cheaper: str
    cost_per_year: float
    """More, in an average year of the plan. [currency/year]"""
    hours_bought: Estimate
    """Fewer lost hours; negative where the dearer one loses more. [h/year]"""
    worth_per_year: float | None
    """Of these hours to the tenants; None where the plan does not say what downtime costs. [currency/year]"""
    break_even_per_hour: float | None
    """Price of a lost hour at which it pays; None where no hours are bought. [currency/h]"""
    incidents: float | None
    """Major incidents a year that it must avoid to pay; None where the plan does not say what one is. [1/year]"""

    @property
    def pays(self) -> bool | None:
        """Whether the worth is at least the cost; None where the worth is not known."""
        return None if self.worth_per_year is None else self.worth_per_year >= self.cost_per_year


def business_hours(section: DowntimeSection) -> BusinessHours:
    """Return a plan's section as the mathematics of money takes it."""
    return BusinessHours(
        tenants=section.tenants,
        revenue_per_tenant_per_year=section.revenue_per_tenant_per_year,
        days_per_year=section.business_days_per_year,
        hours_per_day=section.business_hours_per_day,
        loss_fraction=section.loss_fraction,
    )


def downtime_money(
    assessed: Assessment, section: DowntimeSection, measure: Measure = "demand"
) -> DowntimeMoney:
    """Return what the downtime of a scenario costs in a year.

    Lost hours are taken to be spread evenly over the clock, so that those in business hours are their share of it.

    Parameters
    ----------
    assessed : Assessment
    section : DowntimeSection
    measure : {"demand", "deep"}
        Money follows unserved demand.
    """
    hours, business = assessed.by(measure), business_hours(section)
    in_business, spread = business.cost_per_hour, business.cost_per_hour * business.share_of_year
    mean = hours.hours_per_year
    expected = Estimate(
        mean.value * spread,
        mean.standard_error * spread,
        mean.low * spread,
        mean.high * spread,
        mean.interval_of,
    )
    return DowntimeMoney(
        expected,
        hours.percentiles[95].value * spread,
        mean.value * in_business,
        expected.value * section.vendor_share,
    )


def returns_against(
    reference: str,
    forecasts: Mapping[str, Forecast],
    assessments: Mapping[str, Assessment | NotAssessed],
    measure: Measure = "demand",
) -> tuple[Return, ...]:
    """Return what each assessed scenario costs more or less than the reference, and what that buys.

    Parameters
    ----------
    reference : str
    forecasts, assessments : mapping
        By scenario.
    measure : {"demand", "deep"}
    """
    return tuple(
        between(forecasts[name], forecasts[reference], assessments, measure)
        for name in forecasts
        if name != reference and isinstance(assessments.get(name), Assessment)
        and isinstance(assessments.get(reference), Assessment)
    )  # fmt: skip


def between(
    one: Forecast,
    other: Forecast,
    assessments: Mapping[str, Assessment | NotAssessed],
    measure: Measure = "demand",
) -> Return:
    """Return what the dearer of two scenarios costs more than the cheaper, and what that buys.

    Parameters
    ----------
    one, other : Forecast
    assessments : mapping
        Of both.
    measure : {"demand", "deep"}

    Raises
    ------
    InputError
        If one of them could not be assessed.
    """
    dearer, cheaper = (one, other) if one.cost_per_month >= other.cost_per_month else (other, one)
    bought = difference(_of(cheaper, assessments), _of(dearer, assessments), measure)
    cost = MONTHS_PER_YEAR * (dearer.cost_per_month - cheaper.cost_per_month)
    section = dearer.scenario.design.downtime
    worth = incidents = None
    if section is not None:
        business = business_hours(section)
        per_hour = business.cost_per_hour * business.share_of_year
        worth = bought.value * per_hour
        if section.incident_h is not None and per_hour > 0:
            incidents = cost / (per_hour * section.incident_h)
    even = cost / bought.value if bought.value > 0 else None
    return Return(dearer.name, cheaper.name, cost, bought, worth, even, incidents)


def _of(forecast: Forecast, assessments: Mapping[str, Assessment | NotAssessed]) -> Assessment:
    found = assessments.get(forecast.name)
    if not isinstance(found, Assessment):
        raise InputError(f"{forecast.name!r} could not be assessed, so its lost hours are not known")
    return found


def certain(estimate: Estimate) -> bool:
    """Tell whether a difference is not just chance: its error is small beside it."""
    return math.isfinite(estimate.value) and abs(estimate.value) > 2 * estimate.standard_error
