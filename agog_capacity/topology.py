"""Where a design runs and what traffic reaches it: facts that several components share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from agog_capacity.errors import nearest
from agog_capacity.model import Flag, Fraction, GbPerMonth, In, Label, Model, PerMonth

Continent = Literal["North America", "Europe", "Asia", "Oceania", "South America", "Africa", "Middle East"]
"""Continent as transfer between regions is priced by."""

RegionRole = Literal["primary", "secondary", "active"]


class Region(Model):
    """A provider's region that a design uses."""

    title: Label
    """Name for people, such as 'US East'."""
    continent: Continent
    """Decides what transfer to another region costs."""
    role: RegionRole
    """`primary` and `secondary` in active-passive, `active` where every region serves."""
    traffic_share: Fraction
    """Share of the requests that this region answers in normal operation."""


class Traffic(Model):
    """What clients ask of the whole design in a month.

    Whether it is billed as Front Door transfer or as internet egress of a region follows from
    the components: traffic behind Front Door makes no internet egress.
    """

    requests_per_month: PerMonth
    """Client requests. [requests per month]"""
    to_clients_gb_per_month: GbPerMonth
    """Responses sent to clients. [GB per month, decimal]"""
    to_origin_gb_per_month: GbPerMonth
    """Requests forwarded to the regions. [GB per month, decimal]"""
    follows_load: Flag = False
    """Whether the amounts grow and fall with the load of the design's `scaling`; they are then those
    of a month at its mean, before growth and events; of tenants who come over time, with the first of them."""
    client_zones: Annotated[dict[str, Fraction], Field(min_length=1), In("share of 1 by zone")]
    """Where the clients are: share of the traffic by billing zone, such as `Zone 1: 1.0`."""

    @field_validator("client_zones")
    @classmethod
    def _zones_are_known_and_add_up(cls, zones: dict[str, float]) -> dict[str, float]:
        known = [f"Zone {number}" for number in range(1, 9)]
        for zone in zones:
            if zone not in known:
                raise ValueError(f"client zone {zone[:40]!r} is not known; {nearest(zone, known)}")
        if abs(sum(zones.values()) - 1) > 1e-9:
            raise ValueError(
                f"the shares of the client zones add up to {sum(zones.values()):g}; they must add up to 1"
            )
        return zones
