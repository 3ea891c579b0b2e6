"""The part of a plan that says when workloads are released."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from agog_capacity.load.zones import TimeZone
from agog_capacity.model import In, Model, Name

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip
SECOND_COLOUR = "-second-colour"
"""Added to a workload's name for the pods that a blue-green release holds beside it."""


class ReleaseSection(Model):
    """Releases that come again every week."""

    workloads: Annotated[tuple[Name, ...], Field(min_length=1, max_length=50)]
    """Deployments that are released together."""
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)]
    hours: Annotated[
        tuple[Annotated[int, Field(strict=True, ge=0, le=23)], ...], Field(min_length=1, max_length=24)
    ]
    """Local hours at which a release begins."""
    time_zone: TimeZone
    """IANA name, such as `Europe/Berlin`."""
    strategy: Literal["rolling", "blue_green"] = "rolling"
    """Rolling adds the manifest's `maxSurge`, with `maxUnavailable` 0 whatever the manifest says; blue-green adds
    as many pods as there are."""
    hold_minutes: Annotated[float, Field(strict=True, ge=0, le=7 * 1440), In("min")] = 0.0
    """How long both colours of a blue-green release stand once the new one is ready."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for what in ("workloads", "weekdays", "hours"):
            if len(set(getattr(self, what))) != len(getattr(self, what)):
                raise ValueError(f"{what} names something twice; keep one")
        if self.hold_minutes and self.strategy == "rolling":
            raise ValueError("hold_minutes is for blue_green releases; a rolling release ends with its waves")
        return self

    def begins(self, start: datetime, hours: int) -> tuple[float, ...]:
        """Return when releases begin, from the start of a simulation.

        Parameters
        ----------
        start : datetime
            [UTC]
        hours : int
            Length of the simulation. [h]

        Returns
        -------
        tuple of float
            Rising. [s]
        """
        zone, end = ZoneInfo(self.time_zone), start + timedelta(hours=hours)
        wanted = {WEEKDAYS.index(name) for name in self.weekdays}
        day: date = start.astimezone(zone).date()
        found = set()
        while day <= end.astimezone(zone).date():
            if day.weekday() in wanted:
                for hour in self.hours:
                    at = datetime.combine(day, time(hour), zone).astimezone(UTC)
                    if start <= at < end:
                        found.add((at - start).total_seconds())
            day += timedelta(days=1)
        return tuple(sorted(found))
