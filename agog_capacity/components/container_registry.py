"""Azure Container Registry: a daily price by tier and region, storage beyond what the tier includes, builds."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from agog_capacity.components.base import Component, ServiceLevel, Usage, UsageContext
from agog_capacity.errors import nearest
from agog_capacity.model import Gib, In, Name
from agog_capacity.prices.meter import Meter
from agog_capacity.statements import Fact

INCLUDED_GIB = {"Basic": 10.0, "Standard": 100.0, "Premium": 500.0}
"""Storage a tier includes, in each region. [GiB]"""

SecondsPerMonth = Annotated[float, Field(strict=True, ge=0, le=1e12), In("s per month")]
_PRODUCT = ("Container Registry", "Container Registry")


class ContainerRegistry(Component):
    """An Azure Container Registry: by the day and region, storage beyond the tier's, seconds of builds."""

    kind: Literal["container_registry"] = "container_registry"
    tier: Literal["Basic", "Standard", "Premium"]
    """Pricing tier; includes 10, 100 or 500 GiB, and only Premium replicates."""
    replicas: tuple[Name, ...] = ()
    """Further regions with a copy; each is billed like the first."""
    stored_gib: Gib | None = None
    """Images and charts together, the same in each region; left out, they are taken to be within the tier's."""
    task_seconds_per_month: SecondsPerMonth = 0.0
    """Processor time of builds run by the registry."""
    free_task_seconds_per_month: SecondsPerMonth = 6000.0
    """Processor time that costs nothing. The field's reading, where public price lists begin the paid
    tier; to be checked against an invoice, and 0 for a price book that has the grant as its first tier."""

    title: ClassVar[str] = "Container registry"
    rule_kind: ClassVar[str] = "container_registry"

    @model_validator(mode="after")
    def _tier_can_replicate(self) -> Self:
        if self.replicas and self.tier != "Premium":
            raise ValueError(f"tier {self.tier} has no replicas; choose Premium, or leave replicas out")
        regions = [self.region, *self.replicas]
        twice = sorted({str(name) for name in regions if regions.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(map(repr, twice))} stands twice among the regions of the registry")
        return self

    @classmethod
    def example(cls) -> Self:
        """Return a Premium registry with one replica."""
        return cls(name="registry", region="eastus2", tier="Premium", replicas=("westeurope",))

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Registry-days and storage of each region; builds where there are any."""
        days, months = context.days(self), context.share_active(self)
        included_gib = INCLUDED_GIB[self.tier]
        if self.stored_gib is None:
            beyond_gib, rule = (
                0.0,
                f"storage is not stated; taken to be within the {included_gib:g} GiB of the tier",
            )
        else:
            beyond_gib = max(0.0, self.stored_gib - included_gib)
            rule = f"{self.stored_gib:g} GiB less {included_gib:g} GiB of the tier, x months"
        lines = []
        for region in (self.region, *self.replicas):
            lines += [
                self.line(
                    Meter(*_PRODUCT, self.tier, f"{self.tier} Registry Unit"),
                    days,
                    "Day",
                    "1 registry x days of the month"
                    if region == self.region
                    else "1 replica x days of the month",
                    fields=("tier", "replicas"),
                    region=region,
                ),
                self.line(
                    Meter(*_PRODUCT, "-", "Data Stored"),
                    beyond_gib * months,
                    "GiB/Month",
                    rule,
                    fields=("stored_gib", "tier", "replicas"),
                    region=region,
                ),
            ]
        if self.task_seconds_per_month:
            lines.append(
                self.line(
                    Meter(*_PRODUCT, "-", "Task vCPU Duration"),
                    (self.task_seconds_per_month * months - self.free_task_seconds_per_month).clip(0),
                    "Second",
                    f"{self.task_seconds_per_month:g} s of builds x months, less "
                    f"{self.free_task_seconds_per_month:g} s free",
                    fields=("task_seconds_per_month", "free_task_seconds_per_month"),
                )
            )
        return tuple(lines)

    def service_level(self) -> ServiceLevel | None:
        """The SLA of one region; replicas do not change the promise."""
        return ServiceLevel("Azure Container Registry", "Basic / Standard / Premium", "single region")

    def facts(self, context: UsageContext) -> dict[str, Fact]:
        """Tier, and the regions that pull images from it: those with a cluster and no other registry."""
        own = {other.region for other in context.of_kind("container_registry") if other.name != self.name}
        pulling = {c.region for c in context.of_kind("aks_cluster")} - own
        return {"tier": self.tier, "regions": len(pulling | {self.region})}

    def data_regions(self) -> tuple[str, ...]:
        return (str(self.region), *self.replicas)

    def problems(self, context: UsageContext) -> tuple[tuple[str, str], ...]:
        """Replicas stand in regions of the design."""
        return tuple(
            ("replicas", f"{name!r} is not a region of the design; {nearest(name, context.regions)}")
            for name in self.replicas
            if name not in context.regions
        )
