"""A Log Analytics workspace: ingestion, retention beyond what is included, archive, searches, restores.

Retention is metered by what lies in the workspace. Where the workspace has a first day, it fills up
from that day on: nothing is older than the workspace, so the retention of the first months is small.
Without a first day the workspace is taken to be older than anything it keeps, and the steady amount
is metered from the first month. A ramp from the plan's first month instead would make every
existing workspace look as if its logs had just been deleted.

Sentinel's own charges are not part of this kind; it only changes whether the grant applies.
"""

from __future__ import annotations

import calendar
from datetime import date
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from agog_capacity.components.base import Component, ServiceLevel, Usage, UsageContext
from agog_capacity.model import Count, Days, Flag, Gb, GbPerDay, GbPerMonth, In
from agog_capacity.periods import FloatArray, Months
from agog_capacity.prices.meter import Meter
from agog_capacity.units import HOURS_PER_DAY

_ANALYTICS = ("Log Analytics", "Log Analytics", "Analytics Logs")
_MONITOR = ("Azure Monitor", "Azure Monitor")
_INCLUDED_DAYS = 31
_INCLUDED_DAYS_APPLICATION_INSIGHTS = 90
_INCLUDED_DAYS_CHEAP_PLANS = 30

CommitmentTier = Annotated[
    Literal[100, 200, 300, 400, 500, 1000, 2000, 5000, 10000, 25000, 50000], In("GB per day")
]
Hours = Annotated[float, Field(strict=True, ge=0, le=100_000), In("h")]


class LogAnalytics(Component):
    """A Log Analytics workspace: logs ingested by the GB, kept beyond the included days by the GB and month."""

    kind: Literal["log_analytics"] = "log_analytics"
    gb_per_day: GbPerDay
    """Logs that arrive."""
    plan: Literal["Analytics", "Basic", "Auxiliary"] = "Analytics"
    """Table plan: Basic and Auxiliary are cheaper to ingest and are billed by what searches read."""
    commitment_tier_gb_per_day: CommitmentTier | None = None
    """Daily amount paid whether it arrives or not; what exceeds it pays the tier's own rate."""
    follows_load: Flag = False
    """Whether what arrives grows and falls with the load of the design's `scaling`; `gb_per_day` is then
    that of a day at its mean, before growth and events. Retention and archive stay those of `gb_per_day`."""
    retention_days: Days = 30.0
    """How long logs can be queried; 31 days are included, 90 with Application Insights, 30 with the cheap plans."""
    application_insights: Flag = False
    """Whether the logs are Application Insights data, whose first 90 days are included."""
    archive_days: Days = 0.0
    """How long logs are archived after that."""
    searched_gb_per_month: GbPerMonth | None = None
    """What searches read; needed with plan Basic or Auxiliary, and for search jobs in the archive."""
    restores_per_month: Count = 0
    """How often archived logs are restored for querying."""
    restored_gb: Gb = 0.0
    """Logs that one restore brings back."""
    restored_hours: Hours = 0.0
    """How long one restore is kept."""
    restore_minimum_gb: Gb = 2000.0
    """Smallest restore that is billed. The field's reading; to be checked against an invoice."""
    restore_minimum_hours: Hours = 12.0
    """Shortest restore that is billed. The field's reading; to be checked against an invoice."""
    sentinel: Flag = False
    """Whether Microsoft Sentinel runs on the workspace."""
    free_grant_under_sentinel: Flag = False
    """Whether the monthly free ingestion applies under Sentinel.
    The field's reading; to be checked against an invoice."""

    title: ClassVar[str] = "Logs"

    @model_validator(mode="after")
    def _plan_can_do_this(self) -> Self:
        if self.plan == "Analytics":
            return self
        if self.commitment_tier_gb_per_day is not None:
            raise ValueError(
                f"a commitment tier is for plan Analytics; leave commitment_tier_gb_per_day out for {self.plan}"
            )
        if self.retention_days > _INCLUDED_DAYS_CHEAP_PLANS:
            raise ValueError(
                f"plan {self.plan} can be queried for {_INCLUDED_DAYS_CHEAP_PLANS} days; "
                "set retention_days to 30 and the rest as archive_days"
            )
        if self.searched_gb_per_month is None:
            raise ValueError(
                f"searched_gb_per_month is missing; plan {self.plan} is billed by what searches read"
            )
        return self

    @classmethod
    def example(cls) -> Self:
        """Return 10 GB a day, kept for 90 days."""
        return cls(name="logs", region="eastus2", gb_per_day=10.0, retention_days=90.0)

    @property
    def included_days(self) -> float:
        """Days of retention that cost nothing."""
        if self.plan != "Analytics":
            return _INCLUDED_DAYS_CHEAP_PLANS
        return _INCLUDED_DAYS_APPLICATION_INSIGHTS if self.application_insights else _INCLUDED_DAYS

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Ingestion and retention; archive, searches and restores where there are any."""
        lines = [self._ingestion(context)]
        if self.plan == "Analytics":
            lines.append(self._retention(context))
        if self.archive_days:
            lines.append(self._archive(context))
        if self.searched_gb_per_month is not None:
            lines.append(self._searches(context, self.searched_gb_per_month))
        if self.restores_per_month:
            lines.append(self._restores(context))
        return tuple(lines)

    def _ingestion(self, context: UsageContext) -> Usage:
        days = context.days(self)
        arriving = np.full(context.months.count, self.gb_per_day)
        load = context.load_of_days(self) if self.follows_load else None
        if load is not None and context.load_multiples is not None:
            arriving = arriving * context.load_multiples
        tier = self.commitment_tier_gb_per_day
        if tier is not None:
            # The overage of a day pays the tier's rate per GB, so it counts as a further part of the tier.
            paid = days * np.maximum(1.0, arriving / tier)
            if load is not None:
                exists = context.months.days_active(self.starts, self.ends)
                paid = context.months.sum_of_days(exists * np.maximum(1.0, self.gb_per_day * load / tier))
            return self.line(
                Meter(
                    *_MONITOR, f"{tier} GB Commitment Tier", f"{tier} GB Commitment Tier Capacity Reservation"
                ),
                paid,
                "Day",
                f"{tier} GB a day x days of the month; {self.gb_per_day:g} GB"
                f"{' x load of the day' if self.follows_load else ''} arrive, more than the tier at its own rate",
                fields=("commitment_tier_gb_per_day", "gb_per_day", "follows_load"),
                pool="billing account",
            )
        meter = Meter(*_ANALYTICS, "Analytics Logs Data Ingestion")
        if self.plan != "Analytics":
            meter = Meter(*_MONITOR, "-", f"{self.plan} Logs Data Ingestion")
        return self.line(
            meter,
            arriving * days,
            "GB",
            f"{self.gb_per_day:g} GB a day{' x load' if self.follows_load else ''} x days of the month",
            fields=("gb_per_day", "follows_load", "plan", "sentinel", "free_grant_under_sentinel"),
            pool="billing account",
            free_grant=not self.sentinel or self.free_grant_under_sentinel,
            daily=None if load is None else self.gb_per_day * load,
        )

    def _retention(self, context: UsageContext) -> Usage:
        return self.line(
            Meter(*_ANALYTICS, "Analytics Logs Data Retention"),
            self.gb_per_day * self._days_kept(context.months, self.included_days, self.retention_days),
            "GB/Month",
            self._kept_rule(self.included_days, self.retention_days),
            fields=("gb_per_day", "retention_days", "application_insights", "starts"),
        )

    def _archive(self, context: UsageContext) -> Usage:
        last = self.retention_days + self.archive_days
        return self.line(
            Meter(*_MONITOR, "-", "Data Archive"),
            self.gb_per_day * self._days_kept(context.months, self.retention_days, last),
            "GB/Month",
            self._kept_rule(self.retention_days, last),
            fields=("gb_per_day", "retention_days", "archive_days", "starts"),
        )

    def _kept_rule(self, after_days: float, until_days: float) -> str:
        if until_days <= after_days:
            return f"kept for {until_days:g} days, and {after_days:g} are included"
        filling = "steady amount" if self.starts is None else f"filling up from {self.starts}"
        return f"{self.gb_per_day:g} GB a day x days {after_days:g} to {until_days:g} of their age, {filling}, x months"

    def _days_kept(self, months: Months, after_days: float, until_days: float) -> FloatArray:
        """Return how many days' worth of logs of an age are kept, averaged over each month, shape (months,). [days]"""
        if self.starts is None:
            return max(0.0, until_days - after_days) * months.share_active(None, self.ends)
        first = self.starts.toordinal()
        last = self.ends.toordinal() if self.ends else date.max.toordinal()
        kept = np.zeros(months.count)
        for index, moment in enumerate(months.starts):
            begin = moment.toordinal()
            length = calendar.monthrange(moment.year, moment.month)[1]
            edges = np.clip([begin, begin + length], first, last) - first
            kept[index] = np.diff(accumulated_days(edges, after_days, until_days))[0] / length
        return kept

    def _searches(self, context: UsageContext, searched_gb_per_month: float) -> Usage:
        meter = (
            "Search Queries Scanned"
            if self.plan == "Analytics"
            else f"{self.plan} Logs Search Queries Scanned"
        )
        return self.line(
            Meter(*_MONITOR, "-", meter),
            searched_gb_per_month * context.share_active(self),
            "GB",
            f"{searched_gb_per_month:g} GB read by searches x months",
            fields=("searched_gb_per_month", "plan"),
        )

    def _restores(self, context: UsageContext) -> Usage:
        amount_gb = max(self.restored_gb, self.restore_minimum_gb)
        hours = max(self.restored_hours, self.restore_minimum_hours)
        return self.line(
            Meter(*_MONITOR, "-", "Data Restore"),
            self.restores_per_month * amount_gb * hours / HOURS_PER_DAY * context.share_active(self),
            "GB/Day",
            f"{self.restores_per_month} restores x {amount_gb:g} GB x {hours:g} h, in days",
            fields=(
                "restores_per_month",
                "restored_gb",
                "restored_hours",
                "restore_minimum_gb",
                "restore_minimum_hours",
            ),
        )

    def service_level(self) -> ServiceLevel | None:
        """The SLA of queries and alerts."""
        return ServiceLevel("Azure Monitor", "any", "query / alerting")


def accumulated_days(age_days: FloatArray, after_days: float, until_days: float) -> FloatArray:
    """Return the day-days that have been kept since a workspace began, for logs of an age.

    One unit of logs arrives each day. At age `t` of the workspace it keeps
    `clip(t - after, 0, until - after)` units older than `after_days`; this is the integral of that.

    Parameters
    ----------
    age_days : ndarray
        Age of the workspace. [days]
    after_days, until_days : float
        Age at which logs begin to count, and at which they are deleted. [days]

    Returns
    -------
    ndarray
        [days squared]

    Examples
    --------
    >>> accumulated_days(np.array([31.0, 61.0, 91.0]), 31, 61).tolist()
    [0.0, 450.0, 1350.0]
    """
    width = max(0.0, until_days - after_days)
    since = np.clip(np.asarray(age_days, dtype=float) - after_days, 0, None)
    rising = np.minimum(since, width)
    return np.asarray(rising**2 / 2 + (since - rising) * width, dtype=float)
