"""An Azure Kubernetes Service cluster: the management fee; its nodes are pools of their own."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from agog_capacity.components.base import Component, ServiceLevel, Usage, UsageContext
from agog_capacity.model import Flag
from agog_capacity.prices.meter import Meter
from agog_capacity.statements import Fact

_PRODUCT = ("Azure Kubernetes Service", "Azure Kubernetes Service", "Standard")


class AksCluster(Component):
    """An Azure Kubernetes Service cluster: the management fee by tier.

    Nodes are plain virtual machines, billed by their own pools.
    """

    kind: Literal["aks_cluster"] = "aks_cluster"
    tier: Literal["Free", "Standard", "Premium"]
    """Pricing tier; only Standard and Premium carry an SLA, Premium adds long-term support."""
    zone_redundant: Flag = True
    """Whether the node pools and so the control plane's SLA use availability zones."""
    long_term_support_replaces_fee: Flag = True
    """Whether the Premium price of a cluster-hour replaces the Standard one or is added to it.
    The price data do not say; to be checked against an invoice."""

    title: ClassVar[str] = "AKS cluster"
    rule_kind: ClassVar[str] = "aks"

    @classmethod
    def example(cls) -> Self:
        """Return a Standard cluster."""
        return cls(name="cluster", region="eastus2", tier="Standard")

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Cluster-hours of the tier; the Free tier meters nothing."""
        if self.tier == "Free":
            return ()
        hours = context.hours(self)
        lines = []
        if self.tier == "Standard" or not self.long_term_support_replaces_fee:
            lines.append(
                self.line(
                    Meter(*_PRODUCT, "Standard Uptime SLA"),
                    hours,
                    "Hour",
                    "1 cluster x hours of the month",
                    fields=("tier",),
                )
            )
        if self.tier == "Premium":
            lines.append(
                self.line(
                    Meter(*_PRODUCT, "Standard Long Term Support"),
                    hours,
                    "Hour",
                    "1 cluster x hours of the month",
                    fields=("tier", "long_term_support_replaces_fee"),
                )
            )
        return tuple(lines)

    def facts(self, context: UsageContext) -> dict[str, Fact]:
        """Tier and number of pools."""
        pools = [pool for pool in context.of_kind("node_pool") if getattr(pool, "cluster", None) == self.name]
        return {"tier": self.tier, "pools": len(pools)}

    def service_level(self) -> ServiceLevel | None:
        """The API server's SLA; nodes fall under that of virtual machines."""
        zones = "availability zones" if self.zone_redundant else "no availability zones"
        configuration = "any" if self.tier == "Free" else f"control plane, {zones}"
        return ServiceLevel("Azure Kubernetes Service", self.tier, configuration)
