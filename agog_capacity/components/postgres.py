"""Azure Database for PostgreSQL Flexible Server: compute, provisioned storage, backups.

A read replica is a server of its own that names its primary. What its replication sends between
regions is metered by the `bandwidth` of the design, at the primary's region.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from agog_capacity.azure_sizes import parse_vm_size
from agog_capacity.components.base import Component, RefersTo, ServiceLevel, Usage, UsageContext
from agog_capacity.model import Flag, GbPerDay, Gib, In, Label, Multiple, Name
from agog_capacity.prices.meter import Meter
from agog_capacity.statements import Fact

_SERVICE = "Azure Database for PostgreSQL"
_TIERS = {"B": "Burstable", "D": "General Purpose", "E": "Memory Optimized"}
STORAGE_STEPS_GIB = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32767)
"""Sizes that storage is provisioned in. [GiB] It grows from one to the next and never shrinks."""

StorageGib = Annotated[
    float, Field(strict=True, ge=STORAGE_STEPS_GIB[0], le=STORAGE_STEPS_GIB[-1]), In("GiB")
]


class PostgresFlexibleServer(Component):
    """A PostgreSQL Flexible Server: compute by vCore-hours, provisioned storage, backups beyond the free share.

    High availability runs a second server with its own storage. A read replica is a full server.
    """

    kind: Literal["postgres_flexible_server"] = "postgres_flexible_server"
    vm_size: Label
    """Size of the server, such as `Standard_D8s_v3`: B is Burstable, D General Purpose, E Memory Optimized."""
    storage_gib: StorageGib
    """Storage asked for, at least 32; billed as the next size that is provisioned."""
    high_availability: Literal["none", "same_zone", "zone_redundant"] = "none"
    """Where the standby server stands, if there is one."""
    replica_of: Annotated[Name | None, RefersTo("postgres_flexible_server")] = None
    """Primary server that this read replica copies."""
    replication_gb_per_day: GbPerDay | None = None
    """What the primary sends to this replica; needed where they stand in different regions."""
    serves_reads: Flag = False
    """Whether a replica answers queries in normal operation."""
    promotion_trigger: Literal["provider", "automation", "human"] | None = None
    """What promotes this replica when its primary is lost."""
    version: Annotated[int, Field(strict=True, ge=9, le=99), In("major version")] | None = None
    """Major version of PostgreSQL."""
    backup_gib: Gib | None = None
    """All backups together; left out, they are taken to be within the free share."""
    backup_retention_days: Annotated[float, Field(strict=True, ge=1, le=35), In("days")] = 7
    """How long backups are kept; for the record, the volume is `backup_gib`."""
    backup_redundancy: Literal["LRS", "ZRS", "GRS"] = "LRS"
    """Where copies of the backups lie: one zone, several zones, or another region too."""
    free_backup_share: Multiple = 1.0
    """Backups that cost nothing, as a multiple of the provisioned storage of one server.
    The field's reading; to be checked against an invoice."""
    geo_backup_multiple: Multiple = 2.0
    """Backups as a multiple of their size where a copy lies in another region, which counts as the provider documents.
    1 for a price of GRS that holds the copy; to be checked against an invoice."""
    ha_compute_multiple: Multiple = 2.0
    """Compute with high availability, in servers. The field's reading; to be checked against an invoice."""
    ha_storage_multiple: Multiple = 2.0
    """Storage with high availability, in servers. The field's reading; to be checked against an invoice."""

    title: ClassVar[str] = "PostgreSQL"
    rule_kind: ClassVar[str] = "postgres"

    @field_validator("vm_size")
    @classmethod
    def _size_is_of_a_tier(cls, vm_size: str) -> str:
        if parse_vm_size(vm_size).family not in _TIERS:
            raise ValueError(
                f"{vm_size[:60]!r} is not a size of this service; write it like 'Standard_D8s_v3', with B, D or E"
            )
        return vm_size

    @model_validator(mode="after")
    def _tier_can_do_this(self) -> Self:
        if self.tier == "Burstable" and self.high_availability != "none":
            raise ValueError(
                "a Burstable server has no high availability; choose a D or E size, or high_availability none"
            )
        if self.tier == "Burstable" and self.replica_of is not None:
            raise ValueError("a Burstable server has no replicas; choose a D or E size")
        if self.replica_of is not None and self.high_availability != "none":
            raise ValueError(
                "a read replica has no high availability; set high_availability none, it can be added after promotion"
            )
        if self.replica_of is None and self.replication_gb_per_day is not None:
            raise ValueError(
                "replication_gb_per_day is for replicas; set it on the server that has replica_of"
            )
        return self

    @classmethod
    def example(cls) -> Self:
        """Return a zone-redundant server of 8 vCore."""
        return cls(
            name="database",
            region="eastus2",
            vm_size="Standard_D8s_v3",
            storage_gib=512,
            high_availability="zone_redundant",
            backup_gib=1024,
        )

    @property
    def tier(self) -> str:
        """`Burstable`, `General Purpose` or `Memory Optimized`."""
        return _TIERS[parse_vm_size(self.vm_size).family]

    @property
    def provisioned_gib(self) -> float:
        """Storage of one server: the next size that is provisioned. [GiB]"""
        return float(next(step for step in STORAGE_STEPS_GIB if self.storage_gib <= step))

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Compute, storage and backups; a line of quantity 0 says that it is included."""
        return self._compute(context), self._storage(context), self._backup(context)

    def _compute(self, context: UsageContext) -> Usage:
        size = parse_vm_size(self.vm_size)
        servers = self.ha_compute_multiple if self.high_availability != "none" else 1.0
        fields = ("vm_size", "high_availability", "ha_compute_multiple")
        if self.tier == "Burstable":
            series = "BS" if not size.version else size.series
            sku = self.vm_size.removeprefix("Standard_").upper()
            meter = Meter(_SERVICE, f"Flexible Server Burstable {series} Series Compute", sku, "Server")
            return self.line(
                meter, servers * context.hours(self), "Hour", "1 server x hours of the month", fields=fields
            )
        meter = Meter(
            _SERVICE, f"Flexible Server {self.tier} {size.series} Series Compute", size.series, "vCore"
        )
        vcores = size.vcpus or 0
        rule = f"{vcores} vCore x {servers:g} server{'s' * (servers != 1)} x hours of the month"
        return self.line(meter, vcores * servers * context.hours(self), "Hour", rule, fields=fields)

    def _storage(self, context: UsageContext) -> Usage:
        servers = self.ha_storage_multiple if self.high_availability != "none" else 1.0
        return self.line(
            Meter(_SERVICE, "Flexible Server Storage", "Storage", "Storage Data Stored"),
            self.provisioned_gib * servers * context.share_active(self),
            "GiB/Month",
            f"{self.provisioned_gib:g} GiB provisioned x {servers:g} server{'s' * (servers != 1)} x months",
            fields=("storage_gib", "high_availability", "ha_storage_multiple"),
        )

    def _backup(self, context: UsageContext) -> Usage:
        free_gib = self.free_backup_share * self.provisioned_gib
        if self.backup_gib is None:
            billed_gib, rule = (
                0.0,
                f"backups are not stated; taken to be within the {free_gib:g} GiB that are free",
            )
        else:
            copies = self.geo_backup_multiple if self.copied_to_pair else 1.0
            billed_gib = max(0.0, copies * self.backup_gib - free_gib)
            twice = f" x {copies:g} with the copy in the paired region" if copies != 1 else ""
            rule = f"{self.backup_gib:g} GiB of backups{twice} less {free_gib:g} GiB free, x months"
        sku = f"Backup Storage {self.backup_redundancy}"
        return self.line(
            Meter(_SERVICE, "Flexible Server Backup Storage", sku, f"{sku} Data Stored"),
            billed_gib * context.share_active(self),
            "GiB/Month",
            rule,
            fields=(
                "backup_gib",
                "free_backup_share",
                "geo_backup_multiple",
                "storage_gib",
                "backup_redundancy",
            ),
        )

    def service_level(self) -> ServiceLevel | None:
        """The SLA by high availability; a replica has none, so it falls under the plain server's."""
        service = "Azure Database for PostgreSQL Flexible Server"
        if self.high_availability == "none":
            return ServiceLevel(service, "any incl. Burstable", "no HA")
        kind_of = (
            "zone-redundant HA" if self.high_availability == "zone_redundant" else "same-zone (zonal) HA"
        )
        return ServiceLevel(service, "General Purpose / Memory Optimized", kind_of)

    def facts(self, context: UsageContext) -> dict[str, Fact]:
        """Tier, place, role, high availability, and how it compares with its primary."""
        replicas = [
            other
            for other in context.components.values()
            if isinstance(other, PostgresFlexibleServer) and other.replica_of == self.name
        ]
        found: dict[str, Fact] = {
            "tier": self.tier,
            "region": str(self.region),
            "role": "primary" if self.replica_of is None else "replica",
            "ha": self.high_availability,
            "replicas": len(replicas),
            "geo_backup": self.backup_redundancy == "GRS",
        }
        if self.version is not None:
            found["version"] = self.version
        if self.promotion_trigger is not None:
            found["promotion_trigger"] = self.promotion_trigger
        primary = context.components.get(self.replica_of or "")
        if isinstance(primary, PostgresFlexibleServer):
            # A planned switch-over wants the same tier and size; a smaller server is an unequal one.
            found["replica_tier_equal"] = self.vm_size == primary.vm_size
            found["replica_storage_ratio"] = self.provisioned_gib / primary.provisioned_gib
        return found

    @property
    def copy_of(self) -> str | None:
        return self.replica_of

    @property
    def copied_to_pair(self) -> bool:
        return self.backup_redundancy == "GRS"

    def problems(self, context: UsageContext) -> tuple[tuple[str, str], ...]:
        """A replica needs a primary that can have one, and its traffic a volume and a meter."""
        primary = context.components.get(self.replica_of) if self.replica_of else None
        if not isinstance(primary, PostgresFlexibleServer):
            return ()
        found = []
        if primary.tier == "Burstable":
            found.append(
                (
                    "replica_of",
                    f"{primary.name!r} is Burstable and has no replicas; choose a D or E size for it",
                )
            )
        if primary.region == self.region:
            return tuple(found)
        if self.replication_gb_per_day is None:
            message = f"is missing; what the primary {primary.name!r} sends from {primary.region!r} is billed"
            found.append(("replication_gb_per_day", message))
        if not context.of_kind("bandwidth"):
            ends = f"{primary.region!r} to {self.region!r}"
            message = f"replicates from {ends}, which nothing meters; add a component of kind bandwidth"
            found.append(("replica_of", message))
        return tuple(found)
