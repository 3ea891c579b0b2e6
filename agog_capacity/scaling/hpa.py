"""One whole pass of the Horizontal Pod Autoscaler.

Follows `horizontal.go` of pkg/controller/podautoscaler: reconcileAutoscaler, computeReplicasForMetrics,
normalizeDesiredReplicas and normalizeDesiredReplicasWithBehaviors. A pass is a pure function of the HPA,
its state, the pods and the measurements; it returns the new state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from agog_capacity.scaling.hpa_behavior import (
    Behavior,
    Decision,
    Recommendation,
    ScaleEvent,
    convert_legacy,
    convert_with_behavior_rate,
    stabilize_legacy,
    stabilize_with_behaviors,
    store_scale_event,
)
from agog_capacity.scaling.hpa_metrics import (
    Proposal,
    average_value,
    resource_utilization,
)
from agog_capacity.scaling.pods import PRODUCTION_AGES, CalculationFailed, Pod, PodAges, Sample, Tolerance
from agog_capacity.scaling.totals import summed, total_per_pod, total_value

MetricType = Literal["Resource", "ContainerResource", "Pods", "Object", "External", "Unknown"]
DEFAULT_UTILIZATION_PERCENT = 80
"""Target of CPU where an HPA names no metric. [%]"""

_FAILED = {
    "Resource": "FailedGetResourceMetric",
    "ContainerResource": "FailedGetContainerResourceMetric",
    "Pods": "FailedGetPodsMetric",
    "Object": "FailedGetObjectMetric",
    "External": "FailedGetExternalMetric",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of an HPA and its target; exactly one target is set."""

    type: MetricType
    resource: str = ""
    """`cpu` or `memory`, of the two resource types."""
    container: str | None = None
    target_utilization_percent: int | None = None
    target_average_value_milli: int | None = None
    target_value_milli: int | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What the metrics API answers for one metric: samples per pod, or values of one object or series."""

    samples: Mapping[str, Sample] = field(default_factory=dict)
    values_milli: tuple[int, ...] | None = None
    fetch_error: bool = False


@dataclass(frozen=True, slots=True)
class Controller:
    """Settings of the controller manager; the defaults are those of production."""

    tolerance: float = 0.1
    configurable_tolerance: bool = True
    """Feature gate HPAConfigurableTolerance."""
    ages: PodAges = PRODUCTION_AGES
    downscale_stabilization_s: float = 300.0
    legacy_scale_up_factor: float = 2.0
    legacy_scale_up_minimum: float = 4.0
    pod_level_resources: bool = True


@dataclass(frozen=True, slots=True)
class Hpa:
    """A HorizontalPodAutoscaler."""

    maximum: int
    minimum: int = 1
    metrics: tuple[Metric, ...] = (
        Metric("Resource", "cpu", target_utilization_percent=DEFAULT_UTILIZATION_PERCENT),
    )
    behavior: Behavior | None = None


@dataclass(frozen=True, slots=True)
class HpaState:
    """What the controller remembers of one HPA, and the two counts of its workload."""

    spec_replicas: int
    status_replicas: int
    recommendations: tuple[Recommendation, ...] | None = None
    """None: the controller has just started."""
    up_events: tuple[ScaleEvent, ...] = ()
    down_events: tuple[ScaleEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pass decided and reported."""

    state: HpaState
    rescaled: bool
    error: bool
    conditions: Mapping[str, tuple[str, str]]
    proposal: int | None = None
    """Of the metrics, before stabilisation; None where none was made."""
    utilization_percent: int | None = None
    """Of the first Resource metric with a utilisation. [%]"""


def reconcile(
    hpa: Hpa,
    state: HpaState,
    pods: Sequence[Pod],
    measurements: Sequence[Measurement],
    controller: Controller,
    now_s: float,
) -> Outcome:
    """Decide the replicas of a workload once.

    Parameters
    ----------
    hpa : Hpa
    state : HpaState
        As the last pass left it.
    pods : sequence of Pod
        All that the selector matches; their number may differ from spec and status.
    measurements : sequence of Measurement
        One for each metric of the HPA, in the same order.
    controller : Controller
    now_s : float
        The present. [s]

    Returns
    -------
    Outcome

    References
    ----------
    horizontal.go: reconcileAutoscaler.
    """
    current = state.spec_replicas
    recommendations = state.recommendations
    if recommendations is None:  # so that a restarted controller does not scale down for a whole window
        recommendations = (Recommendation(current, now_s),)
    if current == 0 and hpa.minimum != 0:
        conditions = {
            "AbleToScale": ("True", "SucceededGetScale"),
            "ScalingActive": ("False", "ScalingDisabled"),
        }
        return Outcome(_with(state, current, recommendations), False, False, conditions)
    if current > hpa.maximum or current < hpa.minimum:
        bound = hpa.maximum if current > hpa.maximum else hpa.minimum
        moved = _written(hpa, _with(state, bound, recommendations), current, now_s)
        return Outcome(moved, True, False, {"AbleToScale": ("True", "SucceededRescale")})
    tolerance = _tolerance(hpa, controller)
    proposal, failure, percent = _proposed(hpa, state, pods, measurements, controller, tolerance, now_s)
    if proposal is None:
        conditions = {"AbleToScale": ("True", "SucceededGetScale"), "ScalingActive": ("False", failure or "")}
        return Outcome(_with(state, current, recommendations), False, True, conditions, None, percent)
    decision, able, stored = normalized(
        hpa, current, proposal, recommendations, state.up_events, state.down_events, controller, now_s
    )
    after = _with(state, decision.replicas, stored)
    rescaled = decision.replicas != current
    if rescaled:
        after = _written(hpa, after, current, now_s)
        able = "SucceededRescale"
    limited = "False" if decision.reason == "DesiredWithinRange" else "True"
    conditions = {
        "AbleToScale": ("True", able),
        "ScalingActive": ("True", "ValidMetricFound"),
        "ScalingLimited": (limited, decision.reason),
    }
    return Outcome(after, rescaled, failure is not None, conditions, proposal, percent)


def normalized(
    hpa: Hpa,
    current: int,
    proposal: int,
    recommendations: Sequence[Recommendation],
    up_events: Sequence[ScaleEvent],
    down_events: Sequence[ScaleEvent],
    controller: Controller,
    now_s: float,
) -> tuple[Decision, str, tuple[Recommendation, ...]]:
    """Stabilise and limit a proposal.

    Returns
    -------
    decision : Decision
    able : str
        Reason of the condition AbleToScale.
    recommendations : tuple of Recommendation
        With the proposal recorded.

    References
    ----------
    horizontal.go: normalizeDesiredReplicas, normalizeDesiredReplicasWithBehaviors.
    """
    if hpa.behavior is None:
        window_s = controller.downscale_stabilization_s
        stabilized, stored = stabilize_legacy(proposal, window_s, recommendations, now_s)
        able = "ReadyForNewScale" if stabilized == proposal else "ScaleDownStabilized"
        factor, least = controller.legacy_scale_up_factor, controller.legacy_scale_up_minimum
        decision = convert_legacy(current, stabilized, hpa.minimum, hpa.maximum, factor, least)
        return decision, able, tuple(stored)
    up, down = hpa.behavior.scale_up, hpa.behavior.scale_down
    stabilized, stored = stabilize_with_behaviors(
        current, proposal, up.stabilization_window_s, down.stabilization_window_s, recommendations, now_s
    )
    if stabilized == proposal:
        able = "ReadyForNewScale"
    else:
        able = "ScaleUpStabilized" if proposal >= current else "ScaleDownStabilized"
    decision = convert_with_behavior_rate(
        current, stabilized, hpa.minimum, hpa.maximum, hpa.behavior, up_events, down_events, now_s
    )
    return decision, able, tuple(stored)


def decide(
    hpa: Hpa, state: HpaState, proposal: int, controller: Controller, now_s: float
) -> tuple[HpaState, Decision]:
    """Take one proposal through stabilisation and limits and store what follows, without metrics."""
    recommendations = state.recommendations
    if recommendations is None:
        recommendations = (Recommendation(state.spec_replicas, now_s),)
    decision, _, stored = normalized(
        hpa,
        state.spec_replicas,
        proposal,
        recommendations,
        state.up_events,
        state.down_events,
        controller,
        now_s,
    )
    after = _with(state, decision.replicas, stored)
    if decision.replicas != state.spec_replicas:
        after = _written(hpa, after, state.spec_replicas, now_s)
    return after, decision


def _with(state: HpaState, replicas: int, recommendations: tuple[Recommendation, ...]) -> HpaState:
    return HpaState(replicas, state.status_replicas, recommendations, state.up_events, state.down_events)


def _written(hpa: Hpa, state: HpaState, before: int, now_s: float) -> HpaState:
    """Store the scale event of a change that was written."""
    if hpa.behavior is None:
        return state
    change = state.spec_replicas - before
    up, down = state.up_events, state.down_events
    if change > 0:
        up = tuple(store_scale_event(up, change, hpa.behavior.scale_up, now_s))
    else:
        down = tuple(store_scale_event(down, -change, hpa.behavior.scale_down, now_s))
    return HpaState(state.spec_replicas, state.status_replicas, state.recommendations, up, down)


def _tolerance(hpa: Hpa, controller: Controller) -> Tolerance:
    up = down = controller.tolerance
    if hpa.behavior is not None and controller.configurable_tolerance:
        up = up if hpa.behavior.scale_up.tolerance is None else hpa.behavior.scale_up.tolerance
        down = down if hpa.behavior.scale_down.tolerance is None else hpa.behavior.scale_down.tolerance
    return Tolerance(up, down)


def _proposed(
    hpa: Hpa,
    state: HpaState,
    pods: Sequence[Pod],
    measurements: Sequence[Measurement],
    controller: Controller,
    tolerance: Tolerance,
    now_s: float,
) -> tuple[int | None, str | None, int | None]:
    """Return the largest proposal, the reason of the first failure and the reported percent.

    A failing metric does not block a scale-up, but no scale-down happens while one fails.
    """
    largest = failures = 0
    first_failure: str | None = None
    percent: int | None = None
    for metric, measurement in zip(hpa.metrics, measurements, strict=True):
        try:
            proposal = _metric_proposal(metric, measurement, state, pods, controller, tolerance, now_s)
        except CalculationFailed:
            failures += 1
            first_failure = first_failure or _FAILED.get(metric.type, "InvalidMetricSourceType")
            continue
        if metric.type == "Resource" and percent is None:
            percent = proposal.utilization_percent
        largest = max(largest, proposal.replicas)
    if failures == len(hpa.metrics) or (failures and largest < state.spec_replicas):
        return None, first_failure, percent
    return largest, first_failure, percent


def _metric_proposal(
    metric: Metric,
    measurement: Measurement,
    state: HpaState,
    pods: Sequence[Pod],
    controller: Controller,
    tolerance: Tolerance,
    now_s: float,
) -> Proposal:
    """Choose the rule for a metric's type and target (horizontal.go: computeReplicasForMetric)."""
    if measurement.fetch_error:
        raise CalculationFailed("fetch_error", "the metrics API failed")
    average, total = metric.target_average_value_milli, metric.target_value_milli
    if metric.type in ("Resource", "ContainerResource", "Pods"):
        is_cpu = metric.type != "Pods" and metric.resource == "cpu"
        container = metric.container if metric.type == "ContainerResource" else None
        if metric.type != "Pods" and metric.target_utilization_percent is not None:
            return resource_utilization(
                state.spec_replicas,
                metric.target_utilization_percent,
                pods,
                measurement.samples,
                resource=metric.resource,
                container=container,
                tolerance=tolerance,
                ages=controller.ages,
                now_s=now_s,
                pod_level_resources=controller.pod_level_resources,
            )
        if average is not None:
            return average_value(
                state.spec_replicas,
                average,
                pods,
                measurement.samples,
                is_cpu=is_cpu,
                container=container,
                tolerance=tolerance,
                ages=controller.ages,
                now_s=now_s,
            )
    if metric.type in ("Object", "External"):
        if measurement.values_milli is None:
            raise CalculationFailed("no_metrics", "the metrics API returned no value")
        value = summed(measurement.values_milli)
        if average is not None:
            return total_per_pod(state.status_replicas, average, value, tolerance)
        if total is not None:
            return total_value(state.spec_replicas, total, value, pods, tolerance)
    raise CalculationFailed(
        "invalid_target", f"a metric of type {metric.type} has no target that it can have"
    )
