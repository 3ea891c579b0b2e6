"""Block blobs: what is stored by access tier and redundancy, operations, retrieval, early deletion.

The provider writes GB and means GiB. What a geo-redundant account sends to its second region is
metered by the provider too; no price of it is known, and it is not here.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from agog_capacity.components.base import Component, ServiceLevel, Usage, UsageContext
from agog_capacity.model import Days, Gib, In, PerMonth
from agog_capacity.prices.meter import Meter
from agog_capacity.statements import Fact
from agog_capacity.units import CALCULATOR_MONTH_DAYS

MINIMUM_STORAGE_DAYS = {"Hot": 0.0, "Cool": 30.0, "Cold": 90.0, "Archive": 180.0}
"""Days a blob is paid for at least, by access tier. [days]"""


GibPerMonth = Annotated[float, Field(strict=True, ge=0, le=1e15), In("GiB per month")]


class BlobStorage(Component):
    """Block blobs of one access tier and redundancy: capacity by the month, operations, retrieval, early deletion."""

    kind: Literal["blob_storage"] = "blob_storage"
    access_tier: Literal["Hot", "Cool", "Cold", "Archive"]
    """How readily data can be read; the cooler, the cheaper to keep and the dearer to touch."""
    redundancy: Literal["LRS", "ZRS", "GRS", "RA-GRS", "GZRS", "RA-GZRS"]
    """Where copies lie: one zone, several zones, another region, and whether that one can be read."""
    stored_gib: Gib
    """Data kept."""
    write_operations_per_month: PerMonth = 0.0
    """Writes, lists and creations."""
    read_operations_per_month: PerMonth = 0.0
    """Reads."""
    retrieved_gib_per_month: GibPerMonth = 0.0
    """Data read back in a month; free in the hot tier."""
    deleted_early_gib_per_month: GibPerMonth = 0.0
    """Data deleted or moved in a month before their minimum time."""
    deleted_after_days: Days = 0.0
    """Age of those data."""
    minimum_storage_days: Days | None = None
    """Days data are paid for at least; by default 30 for Cool, 90 for Cold, 180 for Archive.
    The field's reading; to be checked against an invoice."""

    title: ClassVar[str] = "Blob storage"
    rule_kind: ClassVar[str] = "storage"

    @model_validator(mode="after")
    def _archive_has_no_zones(self) -> Self:
        if self.access_tier == "Archive" and "ZRS" in self.redundancy:
            raise ValueError(
                f"the archive tier is not offered with {self.redundancy}; choose LRS, GRS or RA-GRS"
            )
        return self

    @classmethod
    def example(cls) -> Self:
        """Return 300 GiB in the cool tier."""
        return cls(
            name="files",
            region="eastus2",
            access_tier="Cool",
            redundancy="LRS",
            stored_gib=300.0,
            write_operations_per_month=50_000.0,
        )

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Data stored; operations, retrieval and early deletion where there are any."""
        months = context.share_active(self)
        sku = f"{self.access_tier} {self.redundancy}"
        # The provider names the redundancy in some of the meters that do not depend on it.
        cold = sku if self.access_tier == "Cold" else self.access_tier
        reads = sku if sku == "Hot ZRS" else cold
        measures = [
            (
                f"{sku} Write Operations",
                self.write_operations_per_month,
                "Count",
                "write_operations_per_month",
            ),
            (
                f"{reads} Read Operations",
                self.read_operations_per_month,
                "Count",
                "read_operations_per_month",
            ),
        ]
        if self.access_tier != "Hot":
            measures.append(
                (f"{cold} Data Retrieval", self.retrieved_gib_per_month, "GiB", "retrieved_gib_per_month")
            )
        lines = [
            self.line(
                self._meter(f"{sku} Data Stored"),
                self.stored_gib * months,
                "GiB/Month",
                f"{self.stored_gib:,.12g} GiB x months",
                fields=("stored_gib", "access_tier", "redundancy"),
            )
        ]
        for meter, amount, unit, field in measures:
            if amount:
                rule = f"{amount:,.12g} {'operations' if unit == 'Count' else unit} a month x months"
                lines.append(
                    self.line(self._meter(meter), amount * months, unit, rule, fields=(field, "access_tier"))
                )
        early = self._early_deletion(context)
        return (*lines, *early)

    def _early_deletion(self, context: UsageContext) -> tuple[Usage, ...]:
        minimum_days = self.minimum_storage_days
        if minimum_days is None:
            minimum_days = MINIMUM_STORAGE_DAYS[self.access_tier]
        missing_days = max(0.0, minimum_days - self.deleted_after_days)
        if not missing_days or not self.deleted_early_gib_per_month:
            return ()
        return (
            self.line(
                self._meter(f"{self.access_tier} {self.redundancy} Early Delete"),
                self.deleted_early_gib_per_month
                * missing_days
                / CALCULATOR_MONTH_DAYS
                * context.share_active(self),
                "GiB",
                f"{self.deleted_early_gib_per_month:g} GiB a month x {missing_days:g} days missing of {minimum_days:g}, "
                f"in months of {CALCULATOR_MONTH_DAYS} days",
                fields=("deleted_early_gib_per_month", "deleted_after_days", "minimum_storage_days"),
            ),
        )

    def _meter(self, name: str) -> Meter:
        return Meter("Storage", "General Block Blob v2", f"{self.access_tier} {self.redundancy}", name)

    def facts(self, context: UsageContext) -> dict[str, Fact]:
        """Where its copies lie."""
        return {"redundancy": self.redundancy}

    @property
    def copied_to_pair(self) -> bool:
        return self.redundancy in ("GRS", "RA-GRS", "GZRS", "RA-GZRS")

    def service_level(self) -> ServiceLevel | None:
        """The SLA of the hot tier by redundancy; the table has no row for the others."""
        if self.access_tier != "Hot":
            return None
        if self.redundancy in ("RA-GRS", "RA-GZRS"):
            return ServiceLevel("Azure Storage", "RA-GRS / RA-GZRS", "read (primary or secondary), hot")
        if self.redundancy in ("LRS", "ZRS", "GRS"):
            return ServiceLevel("Azure Storage", "LRS / ZRS / GRS", "read and write, hot")
        return None
