"""What downtime costs, and what of it a contract pays back.

Say who bears a cost: the tenants' loss is not the vendor's, whose own are credits, penalties and
customers who leave. Credits are a few percent of the loss or less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from agog_capacity.availability.lengths import Length
from agog_capacity.availability.numbers import (
    Number,
    complement,
    exact,
    not_negative,
    positive,
    probability,
    rate,
)
from agog_capacity.availability.sla_risk import LATTICE_POINTS, total_exceeds, total_quantile
from agog_capacity.errors import InputError
from agog_capacity.units import CALCULATOR_MONTH_HOURS, HOURS_PER_YEAR, MONTHS_PER_YEAR


@dataclass(frozen=True)
class BusinessHours:
    """When the tenants work and what an hour of it is worth to them."""

    tenants: float
    revenue_per_tenant_per_year: float
    """[currency/year]"""
    days_per_year: float
    hours_per_day: float
    loss_fraction: float
    """Share of a day's revenue that is lost if the service is down all day."""

    @property
    def cost_per_hour(self) -> float:
        """Loss of all tenants in a business hour of downtime. [currency/h]"""
        hours = positive("business days", self.days_per_year) * positive("business hours", self.hours_per_day)
        share = probability("loss fraction", self.loss_fraction)
        revenue = not_negative("revenue per tenant", self.revenue_per_tenant_per_year)
        return not_negative("tenants", self.tenants) * revenue / hours * share

    @property
    def share_of_year(self) -> float:
        """Chance that an outage at a random time hits business hours."""
        share = self.days_per_year * self.hours_per_day / HOURS_PER_YEAR
        if not 0 < share <= 1:
            raise InputError(
                f"{self.days_per_year:g} days of {self.hours_per_day:g} business hours do not fit a year"
            )
        return share


@dataclass(frozen=True)
class DowntimeCost:
    """Cost of the downtime of a year."""

    mean: float
    sd: float
    p95: float
    """What it stays below in 19 of 20 years."""
    none: float
    """Probability of a year without any cost."""


def downtime_cost(outages_per_year: float, length: Length, business: BusinessHours) -> DowntimeCost:
    """Return what the outages of a year cost the tenants.

    An outage is wholly inside business hours, with their share of the year, or wholly outside and free.

    Parameters
    ----------
    outages_per_year : float
        [1/year]
    length : Length
        Of each outage. [h]
    business : BusinessHours
    """
    hits = rate("outages per year", outages_per_year) * business.share_of_year
    cost = business.cost_per_hour
    return DowntimeCost(
        mean=hits * length.mean * cost,
        sd=math.sqrt(hits * length.mean_square) * cost,
        p95=total_quantile(hits, length, 0.95) * cost,
        none=math.exp(-hits),
    )


@dataclass(frozen=True)
class CreditTier:
    """A step of a credit ladder: below this availability of a month, this share of the fee comes back."""

    below: Number
    """Availability of a month, as a share."""
    credit: float
    """Share of the monthly fee."""


def checked_ladder(tiers: Sequence[CreditTier]) -> tuple[CreditTier, ...]:
    """Return a ladder from mild to deep, or say where it does not descend."""
    if not tiers:
        raise InputError("a credit ladder needs at least one step")
    for tier in tiers:
        complement(tier.below)
        probability("credit", tier.credit)
    for mild, deep in pairwise(tiers):
        if not (exact(deep.below) < exact(mild.below) and deep.credit >= mild.credit):
            raise InputError(
                f"credit ladder: below {deep.below} stands after below {mild.below}; order the steps from mild "
                "to deep, with credits that do not fall"
            )
    return tuple(tiers)


@dataclass(frozen=True)
class ExpectedCredit:
    """What a credit ladder is expected to pay."""

    below: tuple[float, ...]
    """Probability that a month is below each step."""
    per_month: float
    """[currency/month]"""

    @property
    def per_year(self) -> float:
        """[currency/year]"""
        return MONTHS_PER_YEAR * self.per_month


def expected_credit(
    outages_per_year: float,
    length: Length,
    tiers: Sequence[CreditTier],
    monthly_fee: float,
    month_h: Number = CALCULATOR_MONTH_HOURS,
    points: int = LATTICE_POINTS,
) -> ExpectedCredit:
    """Return the expected credit of a service; a month earns only the deepest step it reaches.

    Parameters
    ----------
    outages_per_year : float
        [1/year]
    length : Length
        Of each outage. [h]
    tiers : sequence of CreditTier
        From mild to deep.
    monthly_fee : float
        Of this service alone; there is no composite refund. [currency/month]
    month_h : number
        Length of a month. [h]
    points : int
        Lattice points below a threshold, where the lengths need a lattice.
    """
    ladder = checked_ladder(tiers)
    per_month = rate("outages per year", outages_per_year) / MONTHS_PER_YEAR
    thresholds = [exact(month_h) * (1 - exact(tier.below)) for tier in ladder]
    below = [total_exceeds(per_month, length, threshold, points).value for threshold in thresholds]
    steps = [tier.credit - (ladder[i - 1].credit if i else 0.0) for i, tier in enumerate(ladder)]
    share = math.fsum(step * chance for step, chance in zip(steps, below, strict=True))
    return ExpectedCredit(tuple(below), not_negative("monthly fee", monthly_fee) * share)
