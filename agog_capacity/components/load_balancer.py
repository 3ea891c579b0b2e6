"""Azure Load Balancer Standard: rules by the hour, data by the GB.

Its prices are the same in every region, so the price book lists them under `Global`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

import numpy as np

from agog_capacity.components.base import Component, RefersTo, ServiceLevel, Usage, UsageContext
from agog_capacity.errors import InputError
from agog_capacity.model import Count, GbPerMonth, Name
from agog_capacity.periods import FloatArray
from agog_capacity.prices.meter import Meter
from agog_capacity.statements import Fact

_PRODUCT = ("Load Balancer", "Load Balancer", "Standard")


class LoadBalancer(Component):
    """A Standard load balancer: the first rules at a flat hourly price, each further one at its own, data by the GB."""

    kind: Literal["load_balancer"] = "load_balancer"
    rules: Count
    """Balancing and outbound rules; without any there is no hourly price."""
    included_rules: Count = 5
    """Rules covered by the flat hourly price. The field's reading; to be checked against an invoice."""
    data_gb_per_month: GbPerMonth | None = None
    """Data in both directions. Left out, it follows from the traffic of the region, both directions,
    shared evenly by the load balancers of the region that do not say either."""
    cluster: Annotated[Name | None, RefersTo("aks_cluster")] = None
    """Cluster whose ingress it is."""

    title: ClassVar[str] = "Load balancer"
    rule_kind: ClassVar[str] = "load_balancer"

    @classmethod
    def example(cls) -> Self:
        """Return a balancer with five rules."""
        return cls(name="load-balancer", region="eastus2", rules=5)

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Hours of the included rules and of each further one, and the data."""
        hours = context.hours(self)
        lines = []
        if self.rules:
            lines.append(
                self.line(
                    Meter(*_PRODUCT, "Standard Included LB Rules and Outbound Rules"),
                    hours,
                    "Hour",
                    f"first {self.included_rules} rules together x hours of the month",
                    fields=("rules", "included_rules"),
                    price_region="Global",
                )
            )
        further = self.rules - self.included_rules
        if further > 0:
            lines.append(
                self.line(
                    Meter(*_PRODUCT, "Standard Overage LB Rules and Outbound Rules"),
                    further * hours,
                    "Hour",
                    f"{further} further rule{'s' * (further > 1)} x hours of the month",
                    fields=("rules", "included_rules"),
                    price_region="Global",
                )
            )
        return (*lines, self._data(context))

    def _data(self, context: UsageContext) -> Usage:
        meter = Meter(*_PRODUCT, "Standard Data Processed")
        if self.data_gb_per_month is not None:
            quantity = self.data_gb_per_month * context.share_active(self)
            rule, fields = f"{self.data_gb_per_month:,.12g} GB a month x months", ("data_gb_per_month",)
            return self.line(meter, quantity, "GB", rule, fields=fields, price_region="Global")
        traffic, region = context.traffic, context.regions.get(self.region or "")
        if traffic is None or region is None:
            raise InputError(
                f"{self.name!r} cannot be metered: it has no data_gb_per_month and the design no traffic for it"
            )
        both_gb = traffic.to_clients_gb_per_month + traffic.to_origin_gb_per_month
        return self.line(
            meter,
            both_gb * region.traffic_share * self._share_of_region(context) * context.traffic_multiples,
            "GB",
            f"{both_gb:,.12g} GB from and to clients a month x {region.traffic_share:g} of the traffic, "
            "shared by the load balancers of the region",
            fields=(
                "data_gb_per_month",
                "traffic.to_clients_gb_per_month",
                "traffic.to_origin_gb_per_month",
                f"regions.{self.region}.traffic_share",
            ),
            price_region="Global",
        )

    def _share_of_region(self, context: UsageContext) -> FloatArray:
        """Share of each month's traffic of the region that this one carries, shape (months,)."""
        alike = [
            other
            for other in context.components.values()
            if isinstance(other, LoadBalancer)
            and other.region == self.region
            and other.data_gb_per_month is None
        ]
        together = np.sum([context.share_active(other) for other in alike], axis=0)
        return np.asarray(context.share_active(self) / np.maximum(together, 1), dtype=float)

    def facts(self, context: UsageContext) -> dict[str, Fact]:
        """The tier; the Basic one is no longer sold."""
        return {"tier": "Standard"}

    def service_level(self) -> ServiceLevel | None:
        """The SLA where two or more healthy machines stand behind it."""
        return ServiceLevel("Azure Load Balancer", "Standard", "2 or more healthy VMs")

    def problems(self, context: UsageContext) -> tuple[tuple[str, str], ...]:
        """Data that are not stated need traffic to follow from."""
        if self.data_gb_per_month is None and context.traffic is None:
            return (
                (
                    "data_gb_per_month",
                    "is missing and cannot follow from the traffic, since the design has none; give one of them",
                ),
            )
        return ()
