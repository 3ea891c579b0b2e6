"""Azure Front Door Standard and Premium: a base fee, and requests and transfer by client zone.

Tiers fill up by zone, over all profiles of the billing account: a zone is where the price book
lists the meter, so the pool of a line is its region. The base fee is the same wherever the
clients are and stands under the first zone.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal, Self

from agog_capacity.components.base import Component, ServiceLevel, Usage, UsageContext
from agog_capacity.errors import InputError
from agog_capacity.model import Flag, Fraction, Seconds
from agog_capacity.prices.meter import Meter
from agog_capacity.statements import Fact

BASE_FEE_ZONE = "Zone 1"
CLIENT_ZONES = {
    "Zone 1": "North America, Europe, Middle East and Africa",
    "Zone 2": "Asia Pacific, with Japan",
    "Zone 3": "South America",
    "Zone 4": "Australia and New Zealand",
    "Zone 5": "India",
}
"""Where the clients of a billing zone are.

Source: MicrosoftDocs/azure-docs, articles/cdn/cdn-billing.md, "Billing region and zone" (of the content
delivery network, whose zones Front Door shares), read 2026-11-24. The price book knows zones up to 8;
what 6 to 8 are was not found.
"""


class FrontDoor(Component):
    """An Azure Front Door profile: a base fee, requests and transfer by client zone.

    What it forwards and sends follows from the traffic of the design. The rules of its web
    application firewall are included in Premium.
    """

    kind: Literal["front_door"] = "front_door"
    tier: Literal["Standard", "Premium"]
    """Pricing tier; Premium adds managed firewall rules and private origins."""
    probe_interval_s: Seconds | None = None
    """Time between two health checks of a region. The provider's default depends on the tool: set it."""
    private_origins: Flag | None = None
    """Whether the regions are reached over Private Link only."""
    waf: Literal["none", "custom", "managed"] | None = None
    """Rules of the web application firewall: none, own, or those the provider keeps."""
    traffic_share: Fraction = 1.0
    """Share of the design's traffic that goes through this profile; the rest leaves the regions directly."""
    azure_origin_to_edge_free: Flag = True
    """Whether traffic from an Azure region to the edge is free of internet egress.
    The field's reading; to be checked against an invoice."""

    regional: ClassVar[bool] = False
    rule_kind: ClassVar[str] = "front_door"
    meters_traffic: ClassVar[bool] = True
    title: ClassVar[str] = "Front Door"

    @classmethod
    def example(cls) -> Self:
        """Return a Premium profile."""
        return cls(name="front-door", tier="Premium")

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Base fee, then requests, transfer to clients and transfer to the regions of each client zone."""
        traffic = context.traffic
        if traffic is None:
            raise InputError(
                f"{self.name!r} cannot be metered: the design has no traffic; add the section traffic"
            )
        months = context.share_active(self)
        base = self.line(
            self._meter("Base Fees"),
            months,
            "Month",
            "1 profile x months, part of a month by its hours",
            fields=("tier",),
            price_region=BASE_FEE_ZONE,
        )
        measures = (
            ("Requests", traffic.requests_per_month, "Count", "requests", "requests_per_month"),
            (
                "Data Transfer Out",
                traffic.to_clients_gb_per_month,
                "GB",
                "GB to clients",
                "to_clients_gb_per_month",
            ),
            (
                "Data Transfer In",
                traffic.to_origin_gb_per_month,
                "GB",
                "GB to the regions",
                "to_origin_gb_per_month",
            ),
        )
        lines = [base]
        for zone, share in traffic.client_zones.items():
            for name, amount, unit, what, field in measures:
                lines.append(
                    self.line(
                        self._meter(name),
                        amount * share * self.traffic_share * months * context.traffic_multiples,
                        unit,
                        f"{amount:,.12g} {what} a month x {share * self.traffic_share:g} of the traffic",
                        fields=("tier", "traffic_share", f"traffic.{field}", "traffic.client_zones"),
                        price_region=zone,
                    )
                )
        return tuple(lines)

    def _meter(self, name: str) -> Meter:
        return Meter("Azure Front Door Service", "Azure Front Door", self.tier, f"{self.tier} {name}")

    def service_level(self) -> ServiceLevel | None:
        """The SLA of the edge, not of what stands behind it."""
        return ServiceLevel("Azure Front Door", self.tier, "profile")

    def facts(self, context: UsageContext) -> dict[str, Fact]:
        """Tier, and how it checks, reaches and guards the regions."""
        stated = {
            "probe_interval_s": self.probe_interval_s,
            "private_origins": self.private_origins,
            "waf": self.waf,
        }
        return {"tier": self.tier, **{name: value for name, value in stated.items() if value is not None}}

    def problems(self, context: UsageContext) -> tuple[tuple[str, str], ...]:
        """There is traffic to meter, and no part of it goes through two profiles."""
        if context.traffic is None:
            return (
                (
                    "tier",
                    "a Front Door is billed by traffic, and the design has none; add the section traffic",
                ),
            )
        day = self.starts or date.min
        at_once = [
            other
            for other in context.components.values()
            if isinstance(other, FrontDoor)
            and (other.starts or date.min) <= day
            and (other.ends is None or day < other.ends)
        ]
        total = sum(other.traffic_share for other in at_once)
        if total < 1 - 1e-9 and not context.of_kind("bandwidth"):
            return (
                (
                    "traffic_share",
                    f"{1 - total:g} of the traffic goes past Front Door and nothing meters it; add a bandwidth component",
                ),
            )
        if total <= 1 + 1e-9:
            return ()
        names = ", ".join(repr(other.name) for other in at_once)
        message = (
            f"the profiles {names} exist at once and take {total:g} of the traffic together; "
            "their shares must not add up to more than 1"
        )
        return (("traffic_share", message),)
