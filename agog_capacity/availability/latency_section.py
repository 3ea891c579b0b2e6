"""The part of a design that says what a response time is made of."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from agog_capacity.model import Fraction, In, Milliseconds, Model, Name, PositiveCount, Text

RoundTripCount = Annotated[float, Field(strict=True, ge=0, le=1000), In("round trips per request")]
Delay = Annotated[float, Field(strict=True, ge=0, le=60_000), In("ms")]
Factor = Annotated[float, Field(strict=True, ge=1, le=100), In("times")]


class StatedRoundTrip(Model):
    """A round trip between two regions that the library's table does not have, or that the owner has measured."""

    between: Annotated[tuple[Name, Name], Field(min_length=2, max_length=2)]
    """Two regions, the provider's names; it counts both ways."""
    median_ms: Milliseconds
    p95_ms: Milliseconds | None = None
    """Left out, the median times `network_p95_factor`."""
    source: Text
    """Where it is from."""


class LatencySection(Model):
    """How long an answer takes beside the waiting that the load makes.

    The waiting follows from the load, the ready pods and their workers; the network from published round trips.
    """

    workload: Name
    """The workload of `scaling` that answers the requests of users."""
    service_ms: Milliseconds
    """Mean time of a request at a worker, a database in the same region included."""
    workers_per_pod: PositiveCount
    """Requests that a pod answers at once."""
    write_share: Fraction
    """Share of the requests that write."""
    round_trips_per_write: RoundTripCount
    """Times that a writing request waits for the database, one after the other."""
    round_trips_per_read: RoundTripCount
    """Times that a reading request waits for the database; a replica in its region answers where it serves reads."""
    access_p95_ms: Delay
    """From a user to the provider's network near them, there and back, at the 95th percentile."""
    network_p95_factor: Factor
    """Round trip between regions at the 95th percentile, in multiples of the published median."""
    round_trips: Annotated[tuple[StatedRoundTrip, ...], Field(max_length=500)] = ()
    """Round trips that are not in the library's table, or better known."""
    same_region_round_trip_ms: Delay
    """Between two servers of one region."""
    source: Text = ""
    """Where the figures are from, beside the inputs they name."""


class DowntimeSection(Model):
    """What downtime costs, and whom."""

    tenants: PositiveCount
    revenue_per_tenant_per_year: Annotated[
        float, Field(strict=True, ge=0, le=1e15), In("currency of the plan per year")
    ]
    business_days_per_year: Annotated[float, Field(strict=True, gt=0, le=366), In("days")]
    business_hours_per_day: Annotated[float, Field(strict=True, gt=0, le=24), In("h")]
    loss_fraction: Fraction
    """Share of a day's revenue that is lost if the service is down all day."""
    vendor_share: Fraction = 0.0
    """Share of that loss which the vendor bears: credits, penalties, customers who leave."""
    incident_h: Annotated[float, Field(strict=True, gt=0, le=8760), In("h")] | None = None
    """Length of what the plan calls a major incident, to check statements such as "pays after two of them"."""

    @model_validator(mode="after")
    def _fits_a_year(self) -> Self:
        hours = self.business_days_per_year * self.business_hours_per_day
        if hours > 8760:
            raise ValueError(f"{hours:,.0f} business hours do not fit a year")
        return self
