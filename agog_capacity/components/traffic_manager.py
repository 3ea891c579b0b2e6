"""Azure Traffic Manager: DNS queries and health checks of the endpoints it answers with.

Nested profiles, geographic routing and real user measurements are priced apart and are not here.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from agog_capacity.components.base import Component, ServiceLevel, Usage, UsageContext
from agog_capacity.model import Count, Flag, PerMonth
from agog_capacity.periods import FloatArray
from agog_capacity.prices.meter import Meter
from agog_capacity.statements import Fact


class TrafficManager(Component):
    """An Azure Traffic Manager profile: DNS queries, and health checks by endpoint and month."""

    kind: Literal["traffic_manager"] = "traffic_manager"
    dns_queries_per_month: PerMonth
    """Queries it answers; fewer than requests, since clients keep an answer for its time to live."""
    azure_endpoints: Count = 0
    """Endpoints inside the provider's regions that are checked."""
    external_endpoints: Count = 0
    """Endpoints elsewhere that are checked."""
    fast_interval: Flag = False
    """Whether endpoints are checked every 10 seconds instead of 30, for an extra price."""
    traffic_view_data_points_per_month: PerMonth = 0.0
    """Data points of the view of where clients come from; 0 where it is off."""

    regional: ClassVar[bool] = False
    rule_kind: ClassVar[str] = "traffic_manager"
    title: ClassVar[str] = "Traffic Manager"

    @classmethod
    def example(cls) -> Self:
        """Return a profile over two Azure endpoints."""
        return cls(name="traffic-manager", dns_queries_per_month=5_000_000, azure_endpoints=2)

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """DNS queries; health checks and data points where there are any."""
        months = context.share_active(self)
        queries, points = self.dns_queries_per_month, self.traffic_view_data_points_per_month
        lines = [
            self._line(
                "DNS queries", queries * months, "Count", f"{queries:,.12g} queries", "dns_queries_per_month"
            )
        ]
        endpoints = (
            ("Azure endpoint", self.azure_endpoints, "azure_endpoints"),
            ("Non-Azure (external) endpoint", self.external_endpoints, "external_endpoints"),
        )
        for where, count, field in endpoints:
            for check in ("health check", "fast interval health check add-on")[: 1 + self.fast_interval]:
                if count:
                    lines.append(
                        self._line(f"{where} {check}", count * months, "Month", f"{count} endpoints", field)
                    )
        if points:
            field, what = "traffic_view_data_points_per_month", f"{points:,.12g} data points"
            lines.append(self._line("Traffic View data points", points * months, "Count", what, field))
        return tuple(lines)

    def _line(self, meter: str, quantity: FloatArray, unit: str, what: str, field: str) -> Usage:
        return self.line(
            Meter("Traffic Manager", "Traffic Manager", "-", meter),
            quantity,
            unit,
            f"{what} x months",
            fields=(field, "fast_interval") if "fast" in meter else (field,),
            price_region="Global",
        )

    def facts(self, context: UsageContext) -> dict[str, Fact]:
        """How often it checks."""
        return {"probe_interval_s": 10 if self.fast_interval else 30}

    def service_level(self) -> ServiceLevel | None:
        """The SLA of its answers; it says nothing about how fast they change."""
        return ServiceLevel("Azure Traffic Manager", "any", "profile")
