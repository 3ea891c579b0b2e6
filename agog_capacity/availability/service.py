"""The design of a service as failures see it: regions, who serves, who writes, how it fails over.

Prices and components know nothing of this, nor it of them: a plan names what it has, `needs_of` says what the design
needs, and what is lacking is an error.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from agog_capacity.availability.data_loss import ReplicationLag, conflicting_pairs_per_s, zipf_shares
from agog_capacity.availability.failover_plan import (
    FailoverDefaults,
    FailoverTimes,
    LognormalHours,
    LognormalSeconds,
    Operator,
    Rollout,
    Temperature,
)
from agog_capacity.errors import Problem, nearest
from agog_capacity.model import Flag, Fraction, In, Model, Name, Text
from agog_capacity.units import HOURS_PER_YEAR

Mode = Literal["single", "active-passive", "active-active"]
Database = Literal["homed", "single-writer", "multi-writer", "quorum"]

_Regions = Annotated[int, Field(strict=True, ge=1, le=3), In("count")]
SECONDS_PER_HOUR = 3600
_Seconds = Annotated[float, Field(strict=True, ge=0, le=1e7), In("s")]


class WriteConflicts(Model):
    """Writes that several writers accept, for the conflicts among them."""

    writes_per_s: Annotated[
        tuple[Annotated[float, Field(strict=True, ge=0, le=1e9)], ...], Field(min_length=2)
    ]
    """Of each writer. [1/s]"""
    one_way_lag_s: _Seconds
    """Until a write of one is known to the other."""
    rows: Annotated[int, Field(strict=True, ge=1, le=10_000_000), In("count")]
    """Rows that are written to."""
    zipf_exponent: Annotated[float, Field(strict=True, ge=0, le=10)]
    """How unevenly: 0 is even, 1 the usual."""

    @property
    def per_year(self) -> float:
        """Conflicting pairs of writes; with the last writer winning each is silent data loss. [1/year]"""
        shares = zipf_shares(self.rows, self.zipf_exponent)
        per_s = conflicting_pairs_per_s(self.writes_per_s, self.one_way_lag_s, shares)
        return per_s * SECONDS_PER_HOUR * HOURS_PER_YEAR


class Replication(Model):
    """How far a replica is behind at a random instant."""

    healthy: LognormalSeconds
    stalled: Fraction
    """Share of time in which replication is stalled."""
    stalled_max_s: _Seconds
    """Until a stall is noticed."""

    @property
    def lag(self) -> ReplicationLag:
        """The distribution. [s]"""
        return ReplicationLag(self.healthy.length, self.stalled, self.stalled_max_s)


class ServiceDesign(Model):
    """A service in one to three regions."""

    name: Name
    regions: _Regions
    mode: Mode
    """`single`: one region serves and there is no other. `active-passive`: a standby takes over.
    `active-active`: every region serves."""
    operator: Operator = "automated"
    """Who decides on a failover."""
    standby: Temperature | None = None
    """Of an active-passive design: restored from backup, database only, small, or whole."""
    standby_fraction: Fraction | None = None
    """Share of the demand that the standby carries at once; without it that of its temperature."""
    restore: LognormalHours | None = None
    """Of a cold standby: until its database is back from a backup; without it that of its temperature."""
    share: tuple[Fraction, ...] | None = None
    """Share of the requests by region, active-active; without it even."""
    sized: Annotated[float, Field(strict=True, gt=0, le=10), In("times the demand")] = 1.0
    """What each active region can carry. 1: the whole demand, 0.5: half of it."""
    database: Database = "homed"
    """Active-active only. `homed`: each tenant's writes have a region. `single-writer`: all writes have one.
    `multi-writer`: every region accepts every write. `quorum`: a majority of three regions agrees."""
    writers: _Regions | None = None
    """Regions that accept writes; without it what the database means."""
    write_share: Fraction | None = None
    """Share of the requests that write; a single writer needs it."""
    conflicts: WriteConflicts | None = None
    """Of several writers."""
    replication: Replication | None = None
    """Lag of the replicas, for the data that a promotion loses."""
    rollout: Rollout | None = None
    """How own changes reach the regions; without it the failure class says how often both are hit."""
    hits_both: Fraction | None = None
    """Chance that an own change that fails hits every region; wins over the rollout."""
    zone_redundant: Flag = True
    """Whether each region stands in several zones."""
    zone_moved_h: Annotated[float, Field(strict=True, gt=0, le=8760), In("h")] | None = None
    """Until the pods of a lost zone run in the others, where it stands in several; left out, its requests fail until
    the zone is back."""
    database_standby: Flag = True
    """Whether the database has a standby in its own region."""
    failover: FailoverTimes | None = None
    """Where its times differ from the defaults."""
    severity_of: dict[str, tuple[Fraction, ...]] = Field(default_factory=dict)
    """By failure class: severity in each region, where it is another for this design than for others. Of a failure of
    all regions each region's requests lose what that region has; 0 everywhere: it takes nothing from the design."""
    note: Text = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        found = [
            *self._wrong_regions(),
            *self._wrong_sharing(),
            *self._wrong_writers(),
            *self._wrong_severities(),
        ]
        if found:
            raise ValueError("; ".join(found))
        return self

    def _wrong_regions(self) -> list[str]:
        found = []
        if self.mode == "single" and self.regions != 1:
            found.append(
                f"mode 'single' is of one region, not {self.regions}; write 'active-passive' or 'active-active'"
            )
        if self.mode != "single" and self.regions == 1:
            found.append(f"mode {self.mode!r} needs 2 regions or more; write mode 'single' or add a region")
        passive = self.mode == "active-passive"
        if passive and self.standby is None and self.standby_fraction is None:
            found.append("an active-passive design needs a standby: cold, pilot-light, warm or hot")
        if not passive and (self.standby is not None or self.standby_fraction is not None):
            found.append(f"a standby is of active-passive designs; mode {self.mode!r} has none")
        if self.restore is not None and self.standby != "cold":
            found.append(
                "restore is of a cold standby; others promote a replica: leave it out, or write standby 'cold'"
            )
        return found

    def _wrong_sharing(self) -> list[str]:
        if self.share is None:
            return []
        if self.mode != "active-active":
            return [f"share is of active-active designs; mode {self.mode!r} has one serving region"]
        found = []
        if len(self.share) != self.regions:
            found.append(f"share has {len(self.share)} regions and the design {self.regions}")
        if abs(sum(self.share) - 1) > 1e-9:
            found.append(f"share adds up to {sum(self.share):g}; it must add up to 1")
        return found

    def _wrong_writers(self) -> list[str]:
        found = []
        if self.mode != "active-active":
            if self.database not in ("homed", "single-writer"):
                found.append(
                    f"database {self.database!r} is of active-active designs; mode {self.mode!r} has one writer"
                )
            if self.writers is not None and self.writers > 1:
                found.append(
                    f"{self.writers} writers: mode {self.mode!r} has one serving region, so one writer"
                )
            return found
        if self.writers is not None and self.writers > self.regions:
            found.append(
                f"{self.writers} writers are more than the {self.regions} regions; give each writer a region of its own"
            )
        if self.database == "quorum" and self.regions < 3:
            found.append(
                "a quorum of 2 regions does not survive the loss of one: a majority of 2 is 2; "
                "give it 3 regions, or write database 'homed', 'single-writer' or 'multi-writer'"
            )
        if self.database == "single-writer" and self.write_share is None:
            found.append(
                "a single writer needs write_share, the share of requests that wait for its promotion"
            )
        if self.database == "single-writer" and self.writers not in (None, 1):
            found.append(f"a single writer cannot be {self.writers} writers; write database 'multi-writer'")
        if self.database == "multi-writer" and self.writers == 1:
            found.append("one writer is no 'multi-writer'; write database 'single-writer'")
        if self.database == "multi-writer" and self.conflicts is None:
            found.append(
                "several writers need conflicts: writes per second of each, lag, rows and their skew"
            )
        if self.conflicts is not None and len(self.conflicts.writes_per_s) != self.writer_count:
            found.append(
                f"conflicts gives writes of {len(self.conflicts.writes_per_s)} writers; there are {self.writer_count}"
            )
        return found

    def _wrong_severities(self) -> list[str]:
        return [
            f"severity_of.{name} has {len(by_region)} regions and the design {self.regions}; give one severity a region"
            for name, by_region in self.severity_of.items()
            if len(by_region) != self.regions
        ]

    @property
    def writer_count(self) -> int:
        """Regions that accept writes."""
        if self.writers is not None:
            return self.writers
        return 1 if self.mode != "active-active" or self.database == "single-writer" else self.regions

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of the requests by region."""
        if self.mode != "active-active":
            return (1.0, *[0.0] * (self.regions - 1))
        return self.share or (1 / self.regions,) * self.regions

    def times(self, defaults: FailoverDefaults) -> FailoverTimes:
        """Return how its failovers go."""
        return self.failover or defaults.times


@dataclass(frozen=True)
class Need:
    """Something a design cannot do without."""

    what: str
    """Such as `database-replica`; what a plan says that it has."""
    why: str


def needs_of(design: ServiceDesign) -> tuple[Need, ...]:
    """Return what a plan must have for a design, and why."""
    needs: list[Need] = []
    if design.regions > 1:
        needs.append(Need("global-routing", "requests of a lost region must reach another"))
    if design.zone_redundant:
        needs.append(Need("zone-redundant-nodes", "a zone may fail without the region"))
    if design.database_standby:
        needs.append(Need("database-standby", "a server may fail without the region"))
    if design.mode == "active-passive":
        cold = design.standby == "cold"
        needs.append(
            Need("geo-backup", "a cold standby is restored from a backup in the other region")
            if cold
            else Need("database-replica", "the standby promotes a replica in its region")
        )
        if not cold and design.standby != "pilot-light":
            needs.append(
                Need("standby-nodes", f"a {design.standby or 'sized'} standby runs nodes all the time")
            )
    if design.mode == "active-active":
        needs.append(Need("nodes-in-every-region", "every region serves"))
        if design.database in ("homed", "single-writer"):
            needs.append(Need("database-replica", "a lost region's writes are promoted in another"))
        else:
            needs.append(
                Need(
                    "database-on-nodes",
                    f"no managed service has a {design.database} database over regions, so it runs on nodes of its own",
                )
            )
    return tuple(needs)


def lacking(design: ServiceDesign, has: Collection[str]) -> tuple[Problem, ...]:
    """Return what a design needs and a plan lacks, as problems to raise together.

    Parameters
    ----------
    design : ServiceDesign
    has : collection of str
        What the plan has, in the words of `needs_of`.
    """
    return tuple(
        Problem(
            f"design {design.name!r} needs {need.what!r}: {need.why}; {nearest(need.what, has)}; "
            "add it to the plan or change the design",
            path=design.name,
        )
        for need in needs_of(design)
        if need.what not in has
    )


def unknown_severities(design: ServiceDesign, classes: Collection[str]) -> list[str]:
    """Return which severities of a design are of no failure class.

    Parameters
    ----------
    design : ServiceDesign
    classes : collection of str
        Names of the failure classes.
    """
    return [
        f"design {design.name!r} has a severity of {name!r}, which is no failure class; {nearest(name, classes)}"
        for name in design.severity_of
        if name not in classes
    ]
