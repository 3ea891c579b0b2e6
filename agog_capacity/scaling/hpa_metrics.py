"""From measurements to a proposed number of replicas.

Follows `replica_calculator.go` and `metrics/utilization.go` of pkg/controller/podautoscaler, in the form of
Kubernetes 1.34 and 1.35. Where those use doubles this uses doubles, where they truncate this truncates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agog_capacity.scaling.pods import (
    CalculationFailed,
    Pod,
    PodAges,
    Sample,
    Tolerance,
    ceiled_int32,
    divided,
    truncated,
)

Quantities = Mapping[str, int]
"""Thousandths by the name of a pod."""


@dataclass(frozen=True, slots=True)
class PodGroups:
    """The pods of a workload by what the HPA thinks of their measurement."""

    ready_count: int
    unready: tuple[str, ...]
    missing: tuple[str, ...]
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Replicas that one metric asks for, and what it reports.

    For a utilisation `usage_milli` is the average per pod and `utilization_percent` the percentage.
    """

    replicas: int
    usage_milli: int
    utilization_percent: int | None = None


@dataclass(frozen=True, slots=True)
class UsageRatio:
    """How usage stands to its target (1 is on target)."""

    ratio: float
    average_milli: int
    utilization_percent: int | None = None


def group_pods(
    pods: Sequence[Pod], samples: Mapping[str, Sample], is_cpu: bool, ages: PodAges, now_s: float
) -> PodGroups:
    """Sort the pods of a workload into ready, unready, missing and ignored.

    Parameters
    ----------
    pods : sequence of Pod
        All that the selector matches.
    samples : mapping
        By name of pod; a pod that is not in it has no sample.
    is_cpu : bool
        Only CPU has readiness rules.
    ages : PodAges
        Settings of the controller. [s]
    now_s : float
        The present. [s]

    References
    ----------
    replica_calculator.go: groupPods. The first rule that matches decides; all comparisons are strict.
    """
    ready_count = 0
    unready: list[str] = []
    missing: list[str] = []
    ignored: list[str] = []
    for pod in pods:
        if pod.deleting or pod.phase == "Failed":
            ignored.append(pod.name)
        elif pod.phase == "Pending":
            unready.append(pod.name)
        elif (sample := samples.get(pod.name)) is None:
            missing.append(pod.name)
        elif is_cpu and _is_unready(pod, sample, ages, now_s):
            unready.append(pod.name)
        else:
            ready_count += 1
    return PodGroups(ready_count, tuple(unready), tuple(missing), tuple(ignored))


def _is_unready(pod: Pod, sample: Sample, ages: PodAges, now_s: float) -> bool:
    if pod.ready is None or pod.started_s is None:
        return True
    # A Ready condition always has a time of its last change; without one it counts as never changed.
    changed_s = pod.ready_changed_s if pod.ready_changed_s is not None else pod.started_s
    if pod.started_s + ages.cpu_initialization_period_s > now_s:
        return pod.ready is False or sample.taken_s < changed_s + sample.window_s
    return pod.ready is False and pod.started_s + ages.initial_readiness_delay_s > changed_s


def pod_requests(
    pods: Sequence[Pod], container: str | None, pod_level_resources: bool = False, resource: str = ""
) -> dict[str, int]:
    """Return the request of every pod.

    Parameters
    ----------
    pods : sequence of Pod
    container : str or None
        Only this container's request counts; it may be a sidecar. None: the whole pod.
    pod_level_resources : bool
        Whether a request set on the pod replaces the sum of its containers.
    resource : str
        `cpu` or `memory`; only matters to containers that carry both.

    Returns
    -------
    dict
        By name of pod. [thousandths]

    Raises
    ------
    CalculationFailed
        `missing_request` if one container in question has none; `container_not_found`.

    References
    ----------
    replica_calculator.go: calculateRequests. Plain init containers never count.
    """
    requests: dict[str, int] = {}
    for pod in pods:
        if container is None and pod_level_resources and pod.pod_level_request_milli is not None:
            requests[pod.name] = pod.pod_level_request_milli
            continue
        total, found = 0, container is None
        for part in pod.containers:
            if part.kind == "init" or (container is not None and part.name != container):
                continue
            request = part.request_of(resource)
            if request is None:
                raise CalculationFailed(
                    "missing_request", f"container {part.name!r} of pod {pod.name!r} has no request; set one"
                )
            total += request
            found = True
        if not found:
            raise CalculationFailed("container_not_found", f"pod {pod.name!r} has no container {container!r}")
        requests[pod.name] = total
    return requests


def utilization_ratio(usage_milli: Quantities, request_milli: Quantities, target_percent: int) -> UsageRatio:
    """Relate usage to requests: the percent is an integer before it is divided by the target.

    Raises
    ------
    CalculationFailed
        `no_metrics_matched_pods` if no pod has both, or the requests add up to 0.

    References
    ----------
    metrics/utilization.go: GetResourceUtilizationRatio. Sum over sum, never a mean of percentages.

    Examples
    --------
    >>> utilization_ratio({"a": 199, "b": 200}, {"a": 300, "b": 300}, 60)
    UsageRatio(ratio=1.1, average_milli=199, utilization_percent=66)
    """
    used = requested = count = 0
    for name, usage in usage_milli.items():
        request = request_milli.get(name)
        if request is not None:  # a sample of a pod that is not listed is skipped
            used += usage
            requested += request
            count += 1
    if requested == 0:
        raise CalculationFailed("no_metrics_matched_pods", "no pod has both usage and a request above 0")
    percent = truncated(used * 100, requested)
    return UsageRatio(divided(float(percent), float(target_percent)), truncated(used, count), percent)


def usage_ratio(usage_milli: Quantities, target_milli: int) -> UsageRatio:
    """Relate the average usage to a target per pod (metrics/utilization.go: GetMetricUsageRatio).

    Raises
    ------
    CalculationFailed
        `no_metrics` if there is no usage.
    """
    if not usage_milli:
        raise CalculationFailed("no_metrics", "there is no sample to average")
    average = truncated(sum(usage_milli.values()), len(usage_milli))
    return UsageRatio(divided(float(average), float(target_milli)), average)


def resource_utilization(
    current_replicas: int,
    target_percent: int,
    pods: Sequence[Pod],
    samples: Mapping[str, Sample],
    *,
    resource: str,
    container: str | None,
    tolerance: Tolerance,
    ages: PodAges,
    now_s: float,
    pod_level_resources: bool = False,
) -> Proposal:
    """Propose replicas for a target in percent of requests.

    Parameters
    ----------
    current_replicas : int
        Desired replicas stored on the workload (spec).
    target_percent : int
        `averageUtilization`. [%]
    pods, samples, ages, now_s
        See `group_pods`.
    resource : str
        `cpu` or `memory`; readiness is considered for cpu only.
    container : str or None
        Name of a container (ContainerResource), or the whole pod.
    tolerance : Tolerance

    Raises
    ------
    CalculationFailed
        `no_metrics`, `no_pods`, `no_metrics_for_ready_pods`, `missing_request`, `container_not_found`,
        `no_metrics_matched_pods`; the metric then makes no proposal.

    References
    ----------
    replica_calculator.go: GetResourceReplicas.
    """
    usage, groups = _measured(pods, samples, container, resource == "cpu", ages, now_s)
    requests = pod_requests(pods, container, pod_level_resources, resource)
    first = utilization_ratio(usage, requests, target_percent)
    fill_percent = max(100, target_percent)
    fallback = {name: truncated(requests[name] * fill_percent, 100) for name in groups.missing}
    replicas = _replicas(
        current_replicas,
        first.ratio,
        usage,
        groups,
        fallback,
        tolerance,
        lambda filled: utilization_ratio(filled, requests, target_percent).ratio,
    )
    return Proposal(replicas, first.average_milli, first.utilization_percent)


def average_value(
    current_replicas: int,
    target_milli: int,
    pods: Sequence[Pod],
    samples: Mapping[str, Sample],
    *,
    is_cpu: bool,
    container: str | None,
    tolerance: Tolerance,
    ages: PodAges,
    now_s: float,
) -> Proposal:
    """Propose replicas for an average per pod: `Pods` metrics, and resources with `averageValue`.

    Parameters are those of `resource_utilization`, but for `target_milli`, the average wanted [thousandths], and
    `is_cpu`: whether readiness is considered.

    Raises
    ------
    CalculationFailed
        `no_metrics`, `no_pods`, `no_metrics_for_ready_pods`.

    References
    ----------
    replica_calculator.go: calcPlainMetricReplicas. Samples of pods that are not listed do count.
    """
    usage, groups = _measured(pods, samples, container, is_cpu, ages, now_s)
    first = usage_ratio(usage, target_milli)
    replicas = _replicas(
        current_replicas,
        first.ratio,
        usage,
        groups,
        dict.fromkeys(groups.missing, target_milli),
        tolerance,
        lambda filled: usage_ratio(filled, target_milli).ratio,
    )
    return Proposal(replicas, first.average_milli)


def _measured(
    pods: Sequence[Pod],
    samples: Mapping[str, Sample],
    container: str | None,
    is_cpu: bool,
    ages: PodAges,
    now_s: float,
) -> tuple[dict[str, int], PodGroups]:
    """Return the usage that counts and the groups of the pods."""
    usage: dict[str, int] = {}
    counted: dict[str, Sample] = {}
    for name, sample in samples.items():
        value = sample.value_milli(container)
        if value is not None:
            usage[name] = value
            counted[name] = sample
    if not usage:
        raise CalculationFailed("no_metrics", "no pod has a sample of this metric")
    if not pods:
        raise CalculationFailed("no_pods", "the workload has no pods")
    groups = group_pods(pods, counted, is_cpu, ages, now_s)
    for name in (*groups.ignored, *groups.unready):
        usage.pop(name, None)
    if not usage:
        raise CalculationFailed("no_metrics_for_ready_pods", "only unready or ignored pods have a sample")
    return usage, groups


def _replicas(
    current: int,
    ratio: float,
    usage: dict[str, int],
    groups: PodGroups,
    fallback: Quantities,
    tolerance: Tolerance,
    ratio_of: Callable[[Quantities], float],
) -> int:
    """Turn a ratio into replicas; fill in for pods that are missing or unready and look again."""
    up_with_unready = bool(groups.unready) and ratio > 1.0
    if not up_with_unready and not groups.missing:
        # The multiplier is the number of ready pods found, not the spec.
        return current if tolerance.covers(ratio) else ceiled_int32(ratio * groups.ready_count)
    if ratio < 1.0:
        usage.update(fallback)
    elif ratio > 1.0:
        usage.update(dict.fromkeys(groups.missing, 0))
    if up_with_unready:
        usage.update(dict.fromkeys(groups.unready, 0))
    again = ratio_of(usage)
    turned = (ratio < 1.0 < again) or (again < 1.0 < ratio)
    if tolerance.covers(again) or turned:
        return current
    replicas = ceiled_int32(again * len(usage))
    if (again < 1.0 and replicas > current) or (again > 1.0 and replicas < current):
        return current
    return replicas
