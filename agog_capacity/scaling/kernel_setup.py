"""A cluster as plain arrays: what the kernel reads, and what it works on.

Times are ticks of 5 s but for the HPA's windows and periods, which are seconds as in Kubernetes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agog_capacity.scaling.cluster import BACKOFF_RESET_S, BACKOFF_S, Cluster, FloatArray, IntArray, ticks_of
from agog_capacity.scaling.expanders import Expander
from agog_capacity.scaling.hpa_behavior import Rules
from agog_capacity.scaling.nodes import ZONE
from agog_capacity.scaling.scheduling import LOG_WEIGHTS
from agog_capacity.scaling.workload import HpaMetric, Workload

MAXIMUM_POLICIES = 8
MAXIMUM_METRICS = 8
MAXIMUM_SCRAPES = 20
EXPANDERS: tuple[Expander, ...] = ("random", "least-waste", "least-nodes", "most-pods", "priority")
SELECT = ("Max", "Min", "Disabled")

# Kinds of metric, as the kernel tells them apart.
CPU_PERCENT, CPU_AVERAGE, MEMORY_PERCENT, MEMORY_AVERAGE, POD_RATE, TOTAL, TOTAL_PER_POD = range(7)


class Config(NamedTuple):
    """Everything that is the same for all scenarios; shapes by workloads W, pools P."""

    cpu_request: IntArray
    memory_request: IntArray
    cpu_cap: FloatArray
    memory_cap: FloatArray
    cpu_base: FloatArray
    cpu_slope: FloatArray
    memory_base: FloatArray
    memory_slope: FloatArray
    capacity_rps: FloatArray
    pull: IntArray
    start: IntArray
    replicas: IntArray
    allowed: IntArray
    spread_skew: IntArray
    spread_zones: IntArray
    spread_domains: IntArray
    min_available: IntArray
    blocks: IntArray
    has_hpa: IntArray
    hpa_min: IntArray
    hpa_max: IntArray
    has_behavior: IntArray
    window: IntArray
    """Stabilisation window up and down, shape (W, 2). [s]"""
    select: IntArray
    policies: IntArray
    """Number of policies up and down, shape (W, 2)."""
    policy_is_percent: IntArray
    policy_value: IntArray
    policy_period: IntArray
    """Shape (W, 2, policies). [s]"""
    tolerance: FloatArray
    metrics: IntArray
    metric_kind: IntArray
    metric_target: IntArray
    metric_request: IntArray
    metric_scrapes: IntArray
    metric_is_pods: IntArray
    """Whether the metric is of type Resource, whose percent is reported."""
    pool_cpu: IntArray
    pool_memory: IntArray
    pool_pods: IntArray
    pool_capacity_cpu: IntArray
    pool_capacity_memory: IntArray
    daemon_cpu: IntArray
    daemon_memory: IntArray
    daemon_pods: IntArray
    pool_min: IntArray
    pool_max: IntArray
    pool_first: IntArray
    pool_zones: IntArray
    pool_zone_count: IntArray
    pool_priority: IntArray
    pool_similar: IntArray
    pool_delete: IntArray
    log_weights: FloatArray
    initialization_s: int
    readiness_delay_s: int
    downscale_window_s: int
    scan: int
    delay_add: int
    delay_delete: int
    unneeded: int
    threshold: float
    recheck: int
    provision: int
    bulk_delete: int
    nodes_total: int
    ignore_daemons: int
    expander: int
    backoff_first: int
    backoff_longest: int
    backoff_reset: int
    zones: int
    most_pods: int
    most_nodes: int
    recommendations: int
    events: int


def config_of(cluster: Cluster) -> Config:
    """Return a cluster as arrays."""
    workloads, pools, settings = cluster.workloads, cluster.pools, cluster.autoscaler
    caps = cluster.usage_caps()
    zones = sorted({zone for pool in pools for zone in pool.zones})
    rules = [_rules(each, cluster.manager.downscale_stabilization_s) for each in workloads]
    metrics = [each.autoscaler.listed_metrics() if each.autoscaler else () for each in workloads]
    periods = [policy.period_s for pair in rules for rule in pair for policy in rule.policies]
    windows = [rule.stabilization_window_s for pair in rules for rule in pair]
    longest_s = max([cluster.manager.downscale_stabilization_s, *windows])
    similar = cluster.similar_pools()
    return Config(
        cpu_request=_int(each.cpu_request_milli for each in workloads),
        memory_request=_int(each.memory_request_bytes for each in workloads),
        cpu_cap=_real(cpu for cpu, _ in caps),
        memory_cap=_real(memory for _, memory in caps),
        cpu_base=_real(each.cpu_base_milli for each in workloads),
        cpu_slope=_real(each.cpu_milli_per_rps for each in workloads),
        memory_base=_real(each.memory_base_bytes * 1000 for each in workloads),
        memory_slope=_real(each.memory_bytes_per_rps for each in workloads),
        capacity_rps=_real(each.capacity_rps for each in workloads),
        pull=_int(ticks_of(each.image_pull_s) for each in workloads),
        start=_int(ticks_of(each.start_s) for each in workloads),
        replicas=_int(each.replicas for each in workloads),
        allowed=np.array(
            [[not each.pools or pool.name in each.pools for pool in pools] for each in workloads],
            dtype=np.int64,
        ),
        spread_skew=_int(each.spread.max_skew if each.spread else 0 for each in workloads),
        spread_zones=_int(each.spread is not None and each.spread.key == ZONE for each in workloads),
        spread_domains=_int(each.spread.min_domains if each.spread else 1 for each in workloads),
        min_available=_int(each.min_available for each in workloads),
        blocks=_int(each.blocks_node_removal for each in workloads),
        has_hpa=_int(each.autoscaler is not None for each in workloads),
        hpa_min=_int(each.autoscaler.minimum if each.autoscaler else 0 for each in workloads),
        hpa_max=_int(each.autoscaler.maximum if each.autoscaler else 0 for each in workloads),
        has_behavior=_int(bool(each.autoscaler and each.autoscaler.behavior) for each in workloads),
        window=np.array([[rule.stabilization_window_s for rule in pair] for pair in rules], dtype=np.int64),
        select=np.array(
            [[SELECT.index(rule.select_policy) for rule in pair] for pair in rules], dtype=np.int64
        ),
        policies=np.array([[len(rule.policies) for rule in pair] for pair in rules], dtype=np.int64),
        policy_is_percent=_policies(rules, "type"),
        policy_value=_policies(rules, "value"),
        policy_period=_policies(rules, "period_s"),
        tolerance=np.array([_tolerances(pair, cluster) for pair in rules], dtype=np.float64),
        metrics=_int(len(each) for each in metrics),
        metric_kind=_metrics(metrics, lambda _, metric: _kind(metric), workloads),
        metric_target=_metrics(metrics, lambda _, metric: _target(metric), workloads),
        metric_request=_metrics(metrics, _request, workloads),
        metric_scrapes=_metrics(metrics, lambda _, metric: metric.window_s // 15, workloads),
        metric_is_pods=_metrics(metrics, lambda _, metric: metric.type == "Resource", workloads),
        pool_cpu=_int(pool.cpu_milli for pool in pools),
        pool_memory=_int(pool.memory_bytes for pool in pools),
        pool_pods=_int(pool.max_pods for pool in pools),
        pool_capacity_cpu=_int(pool.capacity.cpu_milli for pool in pools),
        pool_capacity_memory=_int(pool.capacity.memory_bytes for pool in pools),
        daemon_cpu=_int(pool.daemon_cpu_milli for pool in pools),
        daemon_memory=_int(pool.daemon_memory_bytes for pool in pools),
        daemon_pods=_int(pool.daemon_pods for pool in pools),
        pool_min=_int(pool.minimum for pool in pools),
        pool_max=_int(pool.maximum for pool in pools),
        pool_first=_int(pool.first_nodes for pool in pools),
        pool_zones=np.array(
            [[zones.index(zone) for zone in pool.zones] + [-1] * (10 - len(pool.zones)) for pool in pools],
            dtype=np.int64,
        ),
        pool_zone_count=_int(len(pool.zones) for pool in pools),
        pool_priority=_int(pool.priority for pool in pools),
        pool_similar=_int(similar),
        pool_delete=_int(ticks_of(pool.delete_s) for pool in pools),
        log_weights=np.array(LOG_WEIGHTS),
        initialization_s=cluster.manager.cpu_initialization_period_s,
        readiness_delay_s=cluster.manager.initial_readiness_delay_s,
        downscale_window_s=cluster.manager.downscale_stabilization_s,
        scan=ticks_of(settings.scan_interval_s),
        delay_add=ticks_of(settings.scale_down_delay_after_add_s),
        delay_delete=ticks_of(settings.scale_down_delay_after_delete_s),
        unneeded=ticks_of(settings.scale_down_unneeded_time_s),
        threshold=float(settings.scale_down_utilization_threshold),
        recheck=ticks_of(settings.unremovable_recheck_s),
        provision=ticks_of(settings.max_node_provision_time_s),
        bulk_delete=settings.max_empty_bulk_delete,
        nodes_total=settings.max_nodes_total,
        ignore_daemons=int(settings.ignore_daemonsets_utilization),
        expander=EXPANDERS.index(settings.expander),
        backoff_first=ticks_of(BACKOFF_S[0]),
        backoff_longest=ticks_of(BACKOFF_S[1]),
        backoff_reset=ticks_of(BACKOFF_RESET_S),
        zones=len(zones),
        most_pods=max(1, *(each.most_replicas for each in workloads)),
        most_nodes=sum(pool.maximum for pool in pools) + settings.max_empty_bulk_delete + 2,
        recommendations=int(longest_s) // 15 + 3,
        events=int(max([15, *periods])) // 15 + 3,
    )


def _rules(workload: Workload, window_s: float) -> tuple[Rules, Rules]:
    behavior = None if workload.autoscaler is None else workload.autoscaler.rules(window_s).behavior
    if behavior is None:
        return Rules(0, "Max", ()), Rules(0, "Max", ())
    return behavior.scale_up, behavior.scale_down


def _tolerances(pair: tuple[Rules, Rules], cluster: Cluster) -> list[float]:
    manager = cluster.manager
    if not manager.configurable_tolerance:
        return [manager.tolerance] * 2
    return [manager.tolerance if rule.tolerance is None else rule.tolerance for rule in pair]


def _kind(metric: HpaMetric) -> int:
    if metric.type in ("Object", "External"):
        return TOTAL if metric.target_value_milli is not None else TOTAL_PER_POD
    if metric.type == "Pods":
        return POD_RATE
    is_percent = metric.target_utilization_percent is not None
    if metric.resource == "cpu":
        return CPU_PERCENT if is_percent else CPU_AVERAGE
    return MEMORY_PERCENT if is_percent else MEMORY_AVERAGE


def _target(metric: HpaMetric) -> int:
    return (
        metric.target_utilization_percent
        or metric.target_average_value_milli
        or metric.target_value_milli
        or 0
    )


def _request(workload: Workload, metric: HpaMetric) -> int:
    """Request that a percentage is of. [thousandths]"""
    own = metric.type == "ContainerResource"
    if metric.resource == "memory":
        return ((own and workload.container_memory_request_bytes) or workload.memory_request_bytes) * 1000
    return (own and workload.container_cpu_request_milli) or workload.cpu_request_milli


def _metrics(listed: list[tuple[HpaMetric, ...]], value: Any, workloads: tuple[Workload, ...]) -> IntArray:
    table = np.zeros((len(listed), MAXIMUM_METRICS), dtype=np.int64)
    for number, metrics in enumerate(listed):
        for position, metric in enumerate(metrics):
            table[number, position] = value(workloads[number], metric)
    return table


def _policies(rules: list[tuple[Rules, Rules]], name: str) -> IntArray:
    table = np.zeros((len(rules), 2, MAXIMUM_POLICIES), dtype=np.int64)
    for number, pair in enumerate(rules):
        for direction, rule in enumerate(pair):
            for position, policy in enumerate(rule.policies):
                value = getattr(policy, name)
                table[number, direction, position] = value == "Percent" if name == "type" else value
    return table


def _int(values: Any) -> IntArray:
    return np.array([int(value) for value in values], dtype=np.int64)


def _real(values: Any) -> FloatArray:
    return np.array([float(value) for value in values], dtype=np.float64)
