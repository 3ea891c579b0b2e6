"""The part of a design that says what runs on its clusters and what load it gets.

Pods, requests and autoscalers are read from Kubernetes manifests; what manifests do not say, the
load and what a request costs in CPU and memory, stands here and should be named as assumptions.
"""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from agog_capacity.errors import nearest
from agog_capacity.load.shape import Event
from agog_capacity.load.tenants import Onboarding, RatePerTenant, check_schedule
from agog_capacity.load.zones import TimeZone
from agog_capacity.model import NAME, In, Label, Model, Multiple, Name
from agog_capacity.scaling.cluster_section import ClusterSection
from agog_capacity.scaling.release_section import SECOND_COLOUR, ReleaseSection

HOURS_PER_DAY = 24

Rate = Annotated[float, Field(strict=True, ge=0, le=1e9), In("requests per second")]
PerRequest = Annotated[float, Field(strict=True, ge=0, le=1e9), In("per request per second")]
MibPerRequest = Annotated[float, Field(strict=True, ge=0, le=500_000), In("MiB per request per second")]
MilliCores = Annotated[int, Field(strict=True, ge=0, le=1_000_000), In("thousandths of a core")]
Mib = Annotated[int, Field(strict=True, ge=0, le=4_194_304), In("MiB")]
Seconds = Annotated[float, Field(strict=True, ge=0, le=86_400), In("s")]


def _folder(text: object) -> object:
    if isinstance(text, str) and not re.fullmatch(NAME, text):
        raise ValueError(
            f"{text[:60]!r} is not a name of a folder: no path, but one that lies in manifests/ beside the plan, in "
            "manifests/ one level up, or among the library's own"
        )
    return text


ManifestFolder = Annotated[Name, BeforeValidator(_folder)]


class LoadGroup(Model):
    """Users who share a time zone and a daily rhythm."""

    name: Label
    requests_per_second: Rate | None = None
    """Mean over a week, of all of them together."""
    tenants: Annotated[tuple[Onboarding, ...], Field(min_length=1, max_length=200)] | None = None
    """In place of a rate of all together: how many tenants there are from a month on."""
    requests_per_second_per_tenant: RatePerTenant | None = None
    """Mean over a week of one tenant."""
    time_zone: TimeZone
    """IANA name, such as `Europe/Berlin`; daylight saving follows it."""
    working_day: Annotated[tuple[Multiple, ...], Field(min_length=HOURS_PER_DAY, max_length=HOURS_PER_DAY)]
    """Relative load of each hour of a working day from midnight, local time; only the form counts."""
    saturday: Multiple
    """Load of a Saturday as a share of a working day's."""
    sunday: Multiple
    """Load of a Sunday as a share of a working day's."""

    def hours_of_week(self) -> tuple[float, ...]:
        """Return the relative load of each hour of a week from Monday midnight; the mean is 1."""
        week = [
            hour * share for share in (1, 1, 1, 1, 1, self.saturday, self.sunday) for hour in self.working_day
        ]
        mean = sum(week) / len(week)
        return tuple(hour / mean for hour in week)

    @property
    def first_requests_per_second(self) -> float:
        """Mean over a week before growth: of all together, or of the first tenants. [requests per second]"""
        if self.tenants is None:
            return self.requests_per_second or 0.0
        first = next((entry.tenants for entry in self.tenants if entry.tenants), 0)
        return first * (self.requests_per_second_per_tenant or 0.0)

    @model_validator(mode="after")
    def _has_a_load(self) -> Self:
        schedule, per_tenant = self.tenants is not None, self.requests_per_second_per_tenant is not None
        if schedule != per_tenant or schedule == (self.requests_per_second is not None):
            raise ValueError(
                "a group has either requests_per_second, or tenants with requests_per_second_per_tenant"
            )
        check_schedule(self.tenants or ())
        if sum(self.working_day) <= 0:
            raise ValueError("all hours of the working day are 0; at least one must be above")
        return self


class NoiseSection(Model):
    """Autocorrelated noise on the load, drawn from a seed."""

    deviation: Annotated[float, Field(strict=True, ge=0, le=2), In("share of 1")] = 0.15
    """Standard deviation of the load around its curve."""
    autocorrelation: Annotated[float, Field(strict=True, ge=0, lt=1), In("share of 1")] = 0.98
    """From one sync of 15 s to the next."""
    seed: Annotated[int, Field(strict=True, ge=0, le=2**31)] = 0


class LoadSection(Model):
    """Demand over the plan's months, of all regions together; regions get their share of the traffic."""

    groups: Annotated[tuple[LoadGroup, ...], Field(min_length=1, max_length=50)]
    requests_per_workload: Annotated[dict[Name, Multiple], Field(min_length=1), In("times")]
    """Requests each workload gets for one of a user."""
    month_end_days: Annotated[int, Field(strict=True, ge=0, le=15), In("days")] = 0
    """Last days of each month on which the books are closed."""
    month_end_factor: Multiple = 1.0
    yearly_growth: Annotated[float, Field(strict=True, ge=-0.99, le=100), In("share of 1 per year")] = 0.0
    """Compound, from the first month of the plan."""
    events: tuple[Event, ...] = ()
    noise: NoiseSection | None = None


class WorkloadUse(Model):
    """What the pods of a workload use and how long they take to start: not in any manifest."""

    cpu_base_milli: MilliCores = 0
    """CPU of a pod without any request."""
    cpu_milli_per_request_per_second: PerRequest
    """CPU that each request per second adds. [thousandths of a core]"""
    memory_base_mib: Mib = 0
    """Memory of a pod without any request."""
    memory_mib_per_request_per_second: MibPerRequest = 0.0
    """Memory that each request per second adds. [MiB]"""
    sidecar_cpu_request_milli: MilliCores = 0
    """CPU that a service mesh's sidecar requests in each pod, beside what the manifest says."""
    sidecar_memory_request_mib: Mib = 0
    """Memory that it requests."""
    image_pull_s: Seconds = 20.0
    """Until the image is on a node that did not have it."""
    start_s: Seconds | None = None
    """From running to ready; left out, the readiness probe's delay and one period."""


class ScalingSection(Model):
    """Workloads and load of a design."""

    manifests: ManifestFolder
    """Name of a folder of Kubernetes manifests (.yaml) in `manifests/` beside the plan, one level up, or the library's."""
    workloads: Annotated[dict[Name, WorkloadUse], Field(min_length=1, max_length=50)]
    """Deployments and StatefulSets of the manifests that are simulated, on the user pools of each cluster."""
    load: LoadSection
    releases: Annotated[tuple[ReleaseSection, ...], Field(max_length=20)] = ()
    """Rollouts of new revisions; their surge pods need room on nodes."""
    cluster: ClusterSection = ClusterSection()
    """How the clusters are run; all of it is listed among the assumptions of a simulated scenario."""
    seed: Annotated[int, Field(strict=True, ge=0, le=2**31)] = 0
    """Of boot times and random choices."""

    @model_validator(mode="after")
    def _load_and_workloads_match(self) -> Self:
        if set(self.load.requests_per_workload) != set(self.workloads):
            raise ValueError(
                f"requests_per_workload names {', '.join(sorted(self.load.requests_per_workload))}, workloads names "
                f"{', '.join(sorted(self.workloads))}; they must be the same"
            )
        for release in self.releases:
            for name in release.workloads:
                if release.strategy == "blue_green" and f"{name}{SECOND_COLOUR}" in self.workloads:
                    raise ValueError(
                        f"workload {name + SECOND_COLOUR!r} has the name that the second colour of {name!r} gets; "
                        "rename it"
                    )
        released = [name for release in self.releases for name in release.workloads]
        for name in released:
            if name not in self.workloads:
                raise ValueError(
                    f"releases name {name!r}, which is no workload; {nearest(name, self.workloads)}"
                )
            if released.count(name) > 1:
                raise ValueError(
                    f"releases name {name!r} twice; give one entry with all its weekdays and hours"
                )
        return self
