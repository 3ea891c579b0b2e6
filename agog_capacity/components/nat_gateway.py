"""A NAT gateway: by the hour, and data by the GB.

Its prices are the same in every region, so the price book lists them under `Global`.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from agog_capacity.components.base import Component, Usage, UsageContext
from agog_capacity.model import GbPerMonth, PositiveCount
from agog_capacity.prices.meter import Meter

_PRODUCT = ("NAT Gateway", "NAT Gateway", "Standard")


class NatGateway(Component):
    """NAT gateways for connections from inside: by the hour, and data in both directions by the GB."""

    kind: Literal["nat_gateway"] = "nat_gateway"
    count: PositiveCount = 1
    """Number of gateways, such as one a zone."""
    data_gb_per_month: GbPerMonth
    """Data in both directions, through all of them together."""

    title: ClassVar[str] = "NAT gateway"

    @classmethod
    def example(cls) -> Self:
        """Return one gateway."""
        return cls(name="nat-gateway", region="eastus2", data_gb_per_month=100.0)

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Gateway-hours and the data."""
        return (
            self.line(
                Meter(*_PRODUCT, "Standard Gateway"),
                self.count * context.hours(self),
                "Hour",
                f"{self.count} gateway{'s' * (self.count > 1)} x hours of the month",
                fields=("count",),
                price_region="Global",
            ),
            self.line(
                Meter(*_PRODUCT, "Standard Data Processed"),
                self.data_gb_per_month * context.share_active(self),
                "GB",
                f"{self.data_gb_per_month:,.12g} GB a month x months",
                fields=("data_gb_per_month",),
                price_region="Global",
            ),
        )
