"""What runs on the cluster: workloads with their requests, their use of load and their autoscaler."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from agog_capacity.model import Flag, In, Model, Name
from agog_capacity.scaling import hpa_behavior
from agog_capacity.scaling.hpa import Hpa, Metric
from agog_capacity.scaling.nodes import HOSTNAME, ZONE
from agog_capacity.scaling.release import Releases

_LARGE = 10**15
Milli = Annotated[int, Field(strict=True, ge=1, le=100_000_000), In("thousandths of a core")]
Bytes = Annotated[int, Field(strict=True, ge=1, le=2**44), In("bytes")]
Seconds = Annotated[float, Field(strict=True, ge=0, le=86_400), In("s")]
Replicas = Annotated[int, Field(strict=True, ge=0, le=10_000), In("pods")]
PercentOfReplicas = Annotated[int, Field(strict=True, ge=0, le=100), In("% of the replicas")]
Rate = Annotated[float, Field(strict=True, ge=0, le=1e12), In("per request per second")]


class ScalingPolicy(Model):
    """How many pods, or what percentage, may change within a period."""

    type: Literal["Pods", "Percent"]
    value: Annotated[int, Field(strict=True, ge=1, le=1000)]
    """Pods, or percent. Kubernetes takes more than 1000 %, but nobody means it."""
    period_s: Annotated[int, Field(strict=True, ge=1, le=1800), In("s")]


class ScalingRules(Model):
    """`scaleUp` or `scaleDown` of `behavior`; what is left out takes Kubernetes' default of that direction."""

    stabilization_window_s: Annotated[int, Field(strict=True, ge=0, le=3600), In("s")] | None = None
    select_policy: Literal["Max", "Min", "Disabled"] | None = None
    policies: Annotated[tuple[ScalingPolicy, ...], Field(min_length=1, max_length=8)] | None = None
    tolerance: Annotated[float, Field(strict=True, ge=0, le=10), In("share of 1")] | None = None

    def filled(self, default: hpa_behavior.Rules) -> hpa_behavior.Rules:
        """Return the rules with the defaults filled in."""
        policies = default.policies
        if self.policies is not None:
            policies = tuple(
                hpa_behavior.Policy(each.type, each.value, each.period_s) for each in self.policies
            )
        window_s = self.stabilization_window_s
        return hpa_behavior.Rules(
            default.stabilization_window_s if window_s is None else window_s,
            self.select_policy or default.select_policy,
            policies,
            self.tolerance,
        )


class ScalingBehavior(Model):
    """`spec.behavior`: even where it is empty, other rules apply than without it."""

    scale_up: ScalingRules = ScalingRules()
    scale_down: ScalingRules = ScalingRules()


class HpaMetric(Model):
    """One metric of an HPA with one target."""

    type: Literal["Resource", "ContainerResource", "Pods", "Object", "External"]
    resource: Literal["cpu", "memory"] | None = None
    """Of the two resource types."""
    container: str | None = None
    """Of ContainerResource: all use is taken to be this container's, so only its request matters."""
    target_utilization_percent: Annotated[int, Field(strict=True, ge=1, le=1000), In("%")] | None = None
    target_average_value_milli: (
        Annotated[int, Field(strict=True, ge=1, le=_LARGE), In("thousandths")] | None
    ) = None
    target_value_milli: Annotated[int, Field(strict=True, ge=1, le=_LARGE), In("thousandths")] | None = None
    window_s: Annotated[int, Field(strict=True, ge=15, le=300, multiple_of=15), In("s")] = 15
    """Over which Pods, Object and External metrics are averaged: the window of the adapter's query."""

    @model_validator(mode="after")
    def _check_target(self) -> Self:
        targets = {
            "target_utilization_percent": self.target_utilization_percent,
            "target_average_value_milli": self.target_average_value_milli,
            "target_value_milli": self.target_value_milli,
        }
        allowed = {
            "Resource": ("target_utilization_percent", "target_average_value_milli"),
            "ContainerResource": ("target_utilization_percent", "target_average_value_milli"),
            "Pods": ("target_average_value_milli",),
        }.get(self.type, ("target_average_value_milli", "target_value_milli"))
        given = [name for name, value in targets.items() if value is not None]
        if len(given) != 1 or given[0] not in allowed:
            raise ValueError(f"a metric of type {self.type} has exactly one of {', '.join(allowed)}")
        if self.type in ("Resource", "ContainerResource") and self.resource is None:
            raise ValueError(f"a metric of type {self.type} names its resource: cpu or memory")
        if self.type == "ContainerResource" and not self.container:
            raise ValueError("a metric of type ContainerResource names its container")
        return self

    def rule(self) -> Metric:
        """Return the metric as the HPA's rules take it."""
        return Metric(
            self.type,
            self.resource or "",
            self.container,
            self.target_utilization_percent,
            self.target_average_value_milli,
            self.target_value_milli,
        )


class HorizontalPodAutoscaler(Model):
    """Bounds, metrics and behaviour of one workload's autoscaler."""

    minimum: Replicas = 1
    maximum: Annotated[int, Field(strict=True, ge=1, le=10_000), In("pods")]
    metrics: Annotated[tuple[HpaMetric, ...], Field(max_length=8)] = ()
    """None given: cpu at 80 % of requests, as in Kubernetes."""
    behavior: ScalingBehavior | None = None

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        if self.minimum > self.maximum:
            raise ValueError(
                f"minimum {self.minimum} is above maximum {self.maximum}; lower the one or raise the other"
            )
        if self.minimum == 0 and not any(metric.type in ("Object", "External") for metric in self.metrics):
            raise ValueError(
                "minimum 0 needs an Object or External metric: from 0 pods no other can be measured"
            )
        return self

    def listed_metrics(self) -> tuple[HpaMetric, ...]:
        """Return the metrics, or the default."""
        return self.metrics or (HpaMetric(type="Resource", resource="cpu", target_utilization_percent=80),)

    def rules(self, downscale_stabilization_s: float = 300.0) -> Hpa:
        """Return the autoscaler as the HPA's rules take it, defaults filled in."""
        behavior = None
        if self.behavior is not None:
            behavior = hpa_behavior.Behavior(
                self.behavior.scale_up.filled(hpa_behavior.default_scale_up()),
                self.behavior.scale_down.filled(hpa_behavior.default_scale_down(downscale_stabilization_s)),
            )
        metrics = tuple(metric.rule() for metric in self.listed_metrics())
        return Hpa(self.maximum, self.minimum, metrics, behavior)


class Spread(Model):
    """A hard topology spread (DoNotSchedule) over nodes or zones."""

    max_skew: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1
    over: Literal["nodes", "zones"] = "nodes"
    min_domains: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1

    @property
    def key(self) -> str:
        """The label that Kubernetes uses."""
        return HOSTNAME if self.over == "nodes" else ZONE


class Workload(Model):
    """A Deployment or StatefulSet: pods that are alike, their use of load, and who scales them."""

    name: Name
    cpu_request_milli: Milli
    """Sum over the containers that keep running."""
    memory_request_bytes: Bytes
    cpu_limit_milli: Milli | None = None
    """None: a pod may use any cpu, so no request is ever left unserved for want of it."""
    memory_limit_bytes: Bytes | None = None
    container_cpu_request_milli: Milli | None = None
    """Request of the container that a ContainerResource metric names; None: the pod's."""
    container_memory_request_bytes: Bytes | None = None
    cpu_base_milli: Annotated[int, Field(strict=True, ge=0, le=100_000_000), In("thousandths of a core")] = 0
    """An assumption: what a pod uses without any request."""
    cpu_milli_per_rps: Rate = 0.0
    """An assumption: thousandths of a core for each request per second."""
    memory_base_bytes: Annotated[int, Field(strict=True, ge=0, le=2**44), In("bytes")] = 0
    memory_bytes_per_rps: Rate = 0.0
    image_pull_s: Seconds = 20.0
    """Until the image is on a node that did not have it."""
    start_s: Seconds = 25.0
    """From running to ready."""
    replicas: Replicas = 1
    """At the start, and all along without an autoscaler."""
    autoscaler: HorizontalPodAutoscaler | None = None
    pools: tuple[Name, ...] = ()
    """Where its pods may run; empty: in every pool."""
    spread: Spread | None = None
    """None: the scheduler's default soft spreading."""
    min_available: Replicas = 0
    """Of its PodDisruptionBudget: draining a node may not go below. 0: none is asked for."""
    min_available_percent: PercentOfReplicas | None = None
    """The same as a percentage of the replicas wanted at the time, rounded up."""
    max_unavailable: Replicas | None = None
    """Pods that may be missing of the replicas wanted at the time."""
    max_unavailable_percent: PercentOfReplicas | None = None
    """The same as a percentage, rounded up."""
    blocks_node_removal: Flag = False
    """Its pods may not be evicted (safe-to-evict: false, local storage, system pods without a budget)."""
    releases: Releases | None = None
    """When new revisions are rolled out, and the pods that stand beside meanwhile."""
    stands_beside: Name | None = None
    """The workload whose second colour this is: no pods but during its releases, then a share of the other's."""

    @model_validator(mode="after")
    def _check_requests(self) -> Self:
        for what, request, limit in (
            ("cpu", self.cpu_request_milli, self.cpu_limit_milli),
            ("memory", self.memory_request_bytes, self.memory_limit_bytes),
        ):
            if limit is not None and limit < request:
                raise ValueError(f"the {what} limit {limit} is below the {what} request {request}")
        for what, part, whole in (
            ("cpu", self.container_cpu_request_milli, self.cpu_request_milli),
            ("memory", self.container_memory_request_bytes, self.memory_request_bytes),
        ):
            if part is not None and part > whole:
                raise ValueError(f"the container's {what} request {part} is above the pod's {whole}")
        return self

    @model_validator(mode="after")
    def _check_colour(self) -> Self:
        if self.stands_beside is None:
            return self
        if self.replicas or self.autoscaler is not None or self.stands_beside == self.name:
            raise ValueError("a second colour has no replicas and no autoscaler of its own, and another name")
        if self.releases is None or self.releases.surge_percent is None:
            raise ValueError("a second colour needs releases with a surge_percent of the first one's pods")
        return self

    @property
    def capacity_rps(self) -> float:
        """Requests per second at which a pod reaches its cpu limit; infinite without a limit."""
        if self.cpu_limit_milli is None or self.cpu_milli_per_rps == 0:
            return float("inf")
        return max(0.0, (self.cpu_limit_milli - self.cpu_base_milli) / self.cpu_milli_per_rps)

    @property
    def has_budget(self) -> bool:
        """Whether a PodDisruptionBudget limits how many of its pods are evicted at once."""
        return bool(self.min_available or self.min_available_percent) or not (
            self.max_unavailable is None and self.max_unavailable_percent is None
        )

    def least_available(self, replicas: int) -> int:
        """Return how many pods must stay available of so many replicas; with several budgets, the most.

        References
        ----------
        kubernetes/pkg/controller/disruption/disruption.go: getExpectedPodCount. The count is that of the
        controller's scale, so neither the autoscaler's minimum nor a rollout's surge; percentages are rounded up.
        """
        least = [self.min_available]
        if self.min_available_percent is not None:
            least.append(-(-replicas * self.min_available_percent // 100))
        if self.max_unavailable is not None:
            least.append(replicas - self.max_unavailable)
        if self.max_unavailable_percent is not None:
            least.append(replicas + -replicas * self.max_unavailable_percent // 100)
        return max(least)

    @property
    def most_replicas(self) -> int:
        """The most replicas that can be wanted."""
        return self.replicas if self.autoscaler is None else max(self.replicas, self.autoscaler.maximum)

    @property
    def most_pods(self) -> int:
        """The most pods there can be, those of a release included; not of a second colour, which has another's."""
        surge = 0 if self.releases is None else self.releases.surge(self.most_replicas)
        return self.most_replicas + surge
