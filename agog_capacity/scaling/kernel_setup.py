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
MAXIMUM_ZONES = 10
SELECT = ("Max", "Min", "Disabled")
NEVER = 2**62
"""A tick that no simulation reaches."""

# Kinds of metric, as the kernel tells them apart.
CPU_PERCENT, CPU_AVERAGE, MEMORY_PERCENT, MEMORY_AVERAGE, POD_RATE, TOTAL, TOTAL_PER_POD = range(7)


_WORKLOAD_NUMBERS = (
    "cpu_request memory_request pull start replicas spread_skew spread_zones spread_domains has_budget min_available blocks "
    "min_percent max_unavailable max_percent "
    "has_hpa hpa_min hpa_max has_behavior metrics surge_percent surge_pods hold "
    "beside"
)
_WORKLOAD_REALS = "cpu_cap memory_cap cpu_base cpu_slope memory_base memory_slope capacity_rps"
_POOL_NUMBERS = (
    "cpu memory pods capacity_cpu capacity_memory daemon_cpu daemon_memory daemon_pods min max first zone_count "
    "priority similar delete"
)
_SETTING_NUMBERS = (
    "initialization_s readiness_delay_s downscale_window_s scan delay_add delay_delete unneeded recheck provision "
    "bulk_delete nodes_total ignore_daemons share_cores expander backoff_first backoff_longest backoff_reset zones"
)


def _columns(names: str, kind: str = "i8") -> list[tuple[str, str]]:
    return [(name, kind) for name in names.split()]


# Rows of fixed shape, whatever the cluster, so that the kernel is compiled once.
WORKLOAD_ROW = np.dtype(
    [
        *_columns(_WORKLOAD_NUMBERS),
        *_columns(_WORKLOAD_REALS, "f8"),
        ("window", "i8", (2,)),  # stabilisation, up and down [s]
        ("select", "i8", (2,)),
        ("policies", "i8", (2,)),  # their number
        ("longest_period", "i8", (2,)),  # of their policies [s]
        ("policy_is_percent", "i8", (2, MAXIMUM_POLICIES)),
        ("policy_value", "i8", (2, MAXIMUM_POLICIES)),
        ("policy_period", "i8", (2, MAXIMUM_POLICIES)),  # [s]
        ("tolerance", "f8", (2,)),
        ("metric_kind", "i8", (MAXIMUM_METRICS,)),
        ("metric_target", "i8", (MAXIMUM_METRICS,)),
        ("metric_request", "i8", (MAXIMUM_METRICS,)),
        ("metric_scrapes", "i8", (MAXIMUM_METRICS,)),
        ("metric_is_pods", "i8", (MAXIMUM_METRICS,)),  # of type Resource, whose percent is reported
    ]
)
POOL_ROW = np.dtype([*_columns(_POOL_NUMBERS), ("zones", "i8", (MAXIMUM_ZONES,))])
SETTINGS_ROW = np.dtype([*_columns(_SETTING_NUMBERS), ("threshold", "f8")])


class Config(NamedTuple):
    """Everything that is the same for all scenarios."""

    workloads: Any
    """Rows of `WORKLOAD_ROW`."""
    pools: Any
    """Rows of `POOL_ROW`."""
    settings: Any
    """One row of `SETTINGS_ROW`."""
    allowed: IntArray
    """Whether a workload may run in a pool, shape (workloads, pools)."""
    log_weights: FloatArray
    releases: IntArray
    """Ticks at which each workload's releases begin, shape (workloads, most releases); NEVER fills up."""


def most_pods(cluster: Cluster) -> int:
    """Return the most pods that any workload can have."""
    return max(1, *(cluster.most_pods(each) for each in cluster.workloads))


def most_nodes(cluster: Cluster) -> int:
    """Return the most nodes there can be, those on their way out included."""
    return sum(pool.maximum for pool in cluster.pools) + cluster.autoscaler.max_empty_bulk_delete + 2


def config_of(cluster: Cluster) -> Config:
    """Return a cluster as arrays."""
    workloads, pools, settings = cluster.workloads, cluster.pools, cluster.autoscaler
    caps = cluster.usage_caps()
    zones = sorted({zone for pool in pools for zone in pool.zones})
    rules = [_rules(each, cluster.manager.downscale_stabilization_s) for each in workloads]
    metrics = [each.autoscaler.listed_metrics() if each.autoscaler else () for each in workloads]
    similar = cluster.similar_pools()
    w, p, s = (
        np.zeros(len(workloads), WORKLOAD_ROW),
        np.zeros(len(pools), POOL_ROW),
        np.zeros(1, SETTINGS_ROW),
    )
    w["cpu_request"] = _int(each.cpu_request_milli for each in workloads)
    w["memory_request"] = _int(each.memory_request_bytes for each in workloads)
    w["pull"] = _int(ticks_of(each.image_pull_s) for each in workloads)
    w["start"] = _int(ticks_of(each.start_s) for each in workloads)
    w["replicas"] = _int(each.replicas for each in workloads)
    w["spread_skew"] = _int(each.spread.max_skew if each.spread else 0 for each in workloads)
    w["spread_zones"] = _int(each.spread is not None and each.spread.key == ZONE for each in workloads)
    w["spread_domains"] = _int(each.spread.min_domains if each.spread else 1 for each in workloads)
    w["has_budget"] = _int(each.has_budget for each in workloads)
    w["min_available"] = _int(each.min_available for each in workloads)
    w["min_percent"] = _int(each.min_available_percent or 0 for each in workloads)
    for column, name in (("max_unavailable", "max_unavailable"), ("max_percent", "max_unavailable_percent")):
        w[column] = _int(-1 if getattr(each, name) is None else getattr(each, name) for each in workloads)
    w["blocks"] = _int(each.blocks_node_removal for each in workloads)
    w["has_hpa"] = _int(each.autoscaler is not None for each in workloads)
    w["hpa_min"] = _int(each.autoscaler.minimum if each.autoscaler else 0 for each in workloads)
    w["hpa_max"] = _int(each.autoscaler.maximum if each.autoscaler else 0 for each in workloads)
    w["has_behavior"] = _int(bool(each.autoscaler and each.autoscaler.behavior) for each in workloads)
    w["metrics"] = _int(len(each) for each in metrics)
    for name in ("surge_percent", "surge_pods"):
        w[name] = _int((each.releases and getattr(each.releases, name)) or 0 for each in workloads)
    names = [each.name for each in workloads]
    w["beside"] = _int(names.index(each.stands_beside) if each.stands_beside else -1 for each in workloads)
    w["hold"] = _int(ticks_of(each.releases.hold_s) if each.releases else 0 for each in workloads)
    w["cpu_cap"] = _real(cpu for cpu, _ in caps)
    w["memory_cap"] = _real(memory for _, memory in caps)
    w["cpu_base"] = _real(each.cpu_base_milli for each in workloads)
    w["cpu_slope"] = _real(each.cpu_milli_per_rps for each in workloads)
    w["memory_base"] = _real(each.memory_base_bytes * 1000 for each in workloads)
    w["memory_slope"] = _real(each.memory_bytes_per_rps for each in workloads)
    w["capacity_rps"] = _real(each.capacity_rps for each in workloads)
    w["window"] = np.array([[rule.stabilization_window_s for rule in pair] for pair in rules], dtype=np.int64)
    w["select"] = np.array(
        [[SELECT.index(rule.select_policy) for rule in pair] for pair in rules], dtype=np.int64
    )
    w["policies"] = np.array([[len(rule.policies) for rule in pair] for pair in rules], dtype=np.int64)
    w["longest_period"] = np.array(
        [[max((policy.period_s for policy in rule.policies), default=0) for rule in pair] for pair in rules],
        dtype=np.int64,
    )
    w["policy_is_percent"] = _policies(rules, "type")
    w["policy_value"] = _policies(rules, "value")
    w["policy_period"] = _policies(rules, "period_s")
    w["tolerance"] = np.array([_tolerances(pair, cluster) for pair in rules], dtype=np.float64)
    w["metric_kind"] = _metrics(metrics, lambda _, metric: _kind(metric), workloads)
    w["metric_target"] = _metrics(metrics, lambda _, metric: _target(metric), workloads)
    w["metric_request"] = _metrics(metrics, _request, workloads)
    w["metric_scrapes"] = _metrics(metrics, lambda _, metric: metric.window_s // 15, workloads)
    w["metric_is_pods"] = _metrics(metrics, lambda _, metric: metric.type == "Resource", workloads)
    p["cpu"] = _int(pool.cpu_milli for pool in pools)
    p["memory"] = _int(pool.memory_bytes for pool in pools)
    p["pods"] = _int(pool.max_pods for pool in pools)
    p["capacity_cpu"] = _int(pool.capacity.cpu_milli for pool in pools)
    p["capacity_memory"] = _int(pool.capacity.memory_bytes for pool in pools)
    p["daemon_cpu"] = _int(pool.daemon_cpu_milli for pool in pools)
    p["daemon_memory"] = _int(pool.daemon_memory_bytes for pool in pools)
    p["daemon_pods"] = _int(pool.daemon_pods for pool in pools)
    p["min"] = _int(pool.minimum for pool in pools)
    p["max"] = _int(pool.maximum for pool in pools)
    p["first"] = _int(pool.first_nodes for pool in pools)
    p["zones"] = np.array(
        [[zones.index(zone) for zone in pool.zones] + [-1] * (10 - len(pool.zones)) for pool in pools],
        dtype=np.int64,
    )
    p["zone_count"] = _int(len(pool.zones) for pool in pools)
    p["priority"] = _int(pool.priority for pool in pools)
    p["similar"] = _int(similar)
    p["delete"] = _int(ticks_of(pool.delete_s) for pool in pools)
    s["initialization_s"] = cluster.manager.cpu_initialization_period_s
    s["readiness_delay_s"] = cluster.manager.initial_readiness_delay_s
    s["downscale_window_s"] = cluster.manager.downscale_stabilization_s
    s["scan"] = ticks_of(settings.scan_interval_s)
    s["delay_add"] = ticks_of(settings.scale_down_delay_after_add_s)
    s["delay_delete"] = ticks_of(settings.scale_down_delay_after_delete_s)
    s["unneeded"] = ticks_of(settings.scale_down_unneeded_time_s)
    s["threshold"] = float(settings.scale_down_utilization_threshold)
    s["recheck"] = ticks_of(settings.unremovable_recheck_s)
    s["provision"] = ticks_of(settings.max_node_provision_time_s)
    s["bulk_delete"] = settings.max_empty_bulk_delete
    s["nodes_total"] = settings.max_nodes_total
    s["ignore_daemons"] = int(settings.ignore_daemonsets_utilization)
    s["share_cores"] = int(cluster.share_cores)
    s["expander"] = EXPANDERS.index(settings.expander)
    s["backoff_first"] = ticks_of(BACKOFF_S[0])
    s["backoff_longest"] = ticks_of(BACKOFF_S[1])
    s["backoff_reset"] = ticks_of(BACKOFF_RESET_S)
    s["zones"] = len(zones)
    allowed = np.array(
        [[not each.pools or pool.name in each.pools for pool in pools] for each in workloads],
        dtype=np.int64,
    )
    return Config(w, p, s, allowed, np.array(LOG_WEIGHTS), _release_ticks(workloads))


def _release_ticks(workloads: tuple[Workload, ...]) -> IntArray:
    """Return when releases begin, with one column more than any workload has, so that a search ends."""
    begins = [[ticks_of(at) for at in each.releases.at_s] if each.releases else [] for each in workloads]
    table = np.full((len(begins), max(map(len, begins)) + 1), NEVER, dtype=np.int64)
    for number, row in enumerate(begins):
        table[number, : len(row)] = row
    return table


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
