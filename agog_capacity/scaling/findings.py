"""What bounds a simulated cluster, and what to know about its inputs, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agog_capacity.scaling.cluster import Cluster, FloatArray
from agog_capacity.scaling.workload import Workload

LEFT_OUT = (
    "a pod that ends gives its room back at once (no grace period)",
    "scheduler scores for taints, affinity and image locality, which are alike on every node here",
    "revisions: a release adds its surge for as long as its waves take, with maxUnavailable 0; pods are alike",
    "nodes fail only by not coming in time; failures belong to availability",
)
"""What the simulation leaves out."""


def nodes_needed(cluster: Cluster, pool_number: int) -> float:
    """Return the nodes of a pool that all workloads at their maximum would need, by requests alone.

    Workloads that may run in several pools count in each.
    """
    pool = cluster.pools[pool_number]
    mine = [each for each in cluster.workloads if not each.pools or pool.name in each.pools]
    cpu = sum(each.most_replicas * each.cpu_request_milli for each in mine)
    memory = sum(each.most_replicas * each.memory_request_bytes for each in mine)
    pods = sum(each.most_replicas for each in mine)
    return max(
        cpu / (pool.cpu_milli - pool.daemon_cpu_milli),
        memory / (pool.memory_bytes - pool.daemon_memory_bytes),
        pods / (pool.max_pods - pool.daemon_pods),
    )


def bounds(cluster: Cluster, workloads: Any, pools: Any, ticks: int) -> Iterator[str]:
    """Say what bounds a result; `workloads` and `pools` are totals, the mean over scenarios."""
    for number, pool in enumerate(cluster.pools):
        need = nodes_needed(cluster, number)
        at_max, at_min = pools[number, 3] / ticks, pools[number, 4] / ticks
        if pool.minimum == pool.maximum:
            yield f"pool {pool.name!r} is fixed at {pool.minimum} nodes"
        elif at_min == 1:
            yield (
                f"pool {pool.name!r} stays at its minimum of {pool.minimum} nodes: all workloads at their maximum need "
                f"{need:.2f} nodes"
            )
        elif at_max > 0:
            yield f"pool {pool.name!r} is at its maximum of {pool.maximum} nodes {_share(at_max)} of the time"
    for number, workload in enumerate(cluster.workloads):
        yield from _workload_bounds(workload, workloads[number], ticks)


def _workload_bounds(workload: Workload, totals: Any, ticks: int) -> Iterator[str]:
    requests, unserved, _, waiting, _, _, at_max, _ = totals
    if workload.stands_beside is not None:
        yield (
            f"workload {workload.name!r} is the second colour of {workload.stands_beside!r}: as many pods while a "
            "blue-green release runs, none otherwise"
        )
    elif workload.autoscaler is None:
        yield f"workload {workload.name!r} has a fixed count of {workload.replicas} pods"
    elif at_max > 0:
        yield (
            f"workload {workload.name!r} is at its maximum of {workload.autoscaler.maximum} pods "
            f"{_share(at_max * 3 / ticks)} of the time"
        )
    if unserved > 0:
        yield f"{unserved:,.0f} requests of {workload.name!r} ({_share(unserved / requests)}) found no pod with room"
    if waiting > 0:
        yield f"pods of {workload.name!r} waited {waiting / 720:,.1f} pod-hours in all to be placed"


def warnings(cluster: Cluster, rates: FloatArray) -> Iterator[str]:
    """Say where Kubernetes would go on but the reader should know."""
    for number, workload in enumerate(cluster.workloads):
        name, scaler = workload.name, workload.autoscaler
        if rates[number].max() == 0:
            yield f"workload {name!r} has no load at all"
        if workload.cpu_milli_per_rps == 0 and rates[number].max() > 0:
            yield f"workload {name!r} uses no cpu for its load (cpu_milli_per_rps is 0)"
        if workload.releases is not None and workload.stands_beside is None:
            yield (
                f"releases of {name!r} run with maxUnavailable 0, whatever its manifest says (Kubernetes' default is "
                "25 %): no old pod goes before a new one is ready"
            )
        if workload.cpu_limit_milli is None and rates[number].max() > 0:
            yield (
                f"workload {name!r} has no cpu limit: a pod takes whatever comes, so unserved requests are not judged"
            )
        if scaler is None:
            continue
        if scaler.behavior is not None and scaler.behavior.scale_down.stabilization_window_s == 0:
            yield f"the HPA of {name!r} has a scale-down window of 0 s: nothing damps its scaling down"
        if scaler.minimum == scaler.maximum:
            yield f"the HPA of {name!r} has minimum {scaler.minimum} equal to its maximum: it cannot scale"
        for metric in scaler.listed_metrics():
            percent = metric.target_utilization_percent
            if percent is None:
                continue
            if metric.resource == "cpu" and workload.cpu_limit_milli is not None:
                most = 100 * workload.cpu_limit_milli / workload.cpu_request_milli
                if most <= percent * 1.1:
                    yield (
                        f"the HPA of {name!r} wants {percent} % of its cpu request, but its limit ends use at "
                        f"{most:.0f} %: it cannot scale up"
                    )
            if metric.resource == "memory":
                base = 100 * workload.memory_base_bytes / workload.memory_request_bytes
                if base > percent:
                    yield (
                        f"the HPA of {name!r} wants {percent} % of its memory request, but a pod without load already "
                        f"uses {base:.0f} %: it scales to its maximum and stays there"
                    )


def _share(value: float) -> str:
    """Return a share as text that never rounds something to nothing."""
    return f"{value:.2%}" if value >= 0.0001 else "under 0.01%"
