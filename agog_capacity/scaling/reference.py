"""The simulation in its readable form: every pod is an object and every rule is called as it stands.

It is the twin of `kernel`: the same cluster, load and draws must give the same steps. At one instant the order
is: node ready, pod ready, schedule, scan of the cluster autoscaler, measure, HPA. Then the load of the next 5 s
is served. The pods of one workload are alike: they share its load evenly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from agog_capacity.scaling.cluster import (
    LONG_AGO,
    REASONS,
    SYNC_TICKS,
    TICK_S,
    Cluster,
    Draws,
    FloatArray,
    Steps,
    ticks_of,
)
from agog_capacity.scaling.hpa import Controller, Hpa, HpaState, Measurement, Outcome, reconcile
from agog_capacity.scaling.pods import Container, Pod, PodAges, Sample
from agog_capacity.scaling.reference_nodes import ClusterNodes
from agog_capacity.scaling.reference_state import RunningPod
from agog_capacity.scaling.scheduling import RankedPod, removal_order
from agog_capacity.scaling.workload import HorizontalPodAutoscaler, HpaMetric, Workload

WINDOW_S = SYNC_TICKS * TICK_S
REAL_COLUMNS = ("unserved", "requests")
MAIN = "main"
"""Name under which the container of a ContainerResource metric goes here."""


@dataclass
class _Meter:
    """What was measured of one workload in the 15 s before the last scrape, per ready pod."""

    cpu_milli: int = 0
    memory_milli: int = 0
    rate_milli: list[int] | None = None
    """Rate per ready pod, the latest last; None before the first scrape."""
    total_milli: list[int] | None = None


class Simulation:
    """One scenario.

    Parameters
    ----------
    cluster : Cluster
    rates : ndarray, shape (workloads, steps)
        Load; begins anew at its end. [requests per second]
    step_ticks : int
        Length of a step of the load. [ticks]
    draws : Draws
    """

    def __init__(self, cluster: Cluster, rates: FloatArray, step_ticks: int, draws: Draws) -> None:
        self.cluster, self.rates, self.step_ticks = cluster, rates, step_ticks
        self.caps = cluster.usage_caps()
        manager = cluster.manager
        self.controller = Controller(
            manager.tolerance,
            manager.configurable_tolerance,
            PodAges(manager.cpu_initialization_period_s, manager.initial_readiness_delay_s),
            manager.downscale_stabilization_s,
        )
        self.hpas: list[Hpa | None] = [
            None if each.autoscaler is None else _rules(each.autoscaler, manager.downscale_stabilization_s)
            for each in cluster.workloads
        ]
        self.metrics = [
            () if each.autoscaler is None else each.autoscaler.listed_metrics() for each in cluster.workloads
        ]
        self.pods: list[list[RunningPod]] = [
            [RunningPod(number, LONG_AGO) for _ in range(each.replicas)]
            for number, each in enumerate(cluster.workloads)
        ]
        self.states = [HpaState(each.replicas, each.replicas) for each in cluster.workloads]
        self.nodes = ClusterNodes(cluster, self.pods, draws)
        self.meters = [_Meter() for _ in cluster.workloads]
        self.due = [
            [] if each.releases is None else [ticks_of(at) for at in each.releases.at_s]
            for each in cluster.workloads
        ]
        self.release_ends = [0 for _ in cluster.workloads]
        self.second_colour = [0 for _ in cluster.workloads]
        self.second_colour_now = [0 for _ in cluster.workloads]
        self.used: list[list[tuple[int, int, int, float]]] = [[] for _ in cluster.workloads]

    def run(self, ticks: int) -> Steps:
        """Simulate from the start and return what happened."""
        rows: dict[str, list[list[Any]]] = {name: [] for name in Steps._fields}
        self.nodes.schedule(0, is_start=True)
        for tick in range(ticks):
            self.nodes.advance(tick)
            self.nodes.schedule(tick)
            if tick % ticks_of(self.cluster.autoscaler.scan_interval_s) == 0:
                self.nodes.scan(tick, self._expected())
            if tick % SYNC_TICKS == 0:
                self._measure(tick)
                decided = [self._sync(number, tick) for number in range(len(self.pods))]
                self._record(rows, decided, tick)
            self._serve(rows, tick)
        columns: dict[str, Any] = {
            name: np.array(row, np.float64 if name in REAL_COLUMNS else np.int64)
            for name, row in rows.items()
        }
        return Steps(**columns)

    def _serve(self, rows: dict[str, list[list[Any]]], tick: int) -> None:
        """Share the load of the next 5 s out over the ready pods."""
        step = (tick // self.step_ticks) % self.rates.shape[1]
        rates = [float(rate) for rate in self.rates[:, step]]
        readies = [sum(1 for pod in pods if pod.is_ready(tick)) for pods in self.pods]
        share = self._core_share(rates, readies) if self.cluster.share_cores else 1.0
        for number, workload in enumerate(self.cluster.workloads):
            rate, ready = rates[number], readies[number]
            cpu, memory, each = usage_of(workload, self.caps[number], rate, ready, share)
            self.used[number].append((cpu, memory, each, rate))
            pod_rps = workload.capacity_rps
            if share < 1 and workload.cpu_milli_per_rps > 0:
                used = cpu_of(workload, self.caps[number], rate, ready) * share
                pod_rps = min(
                    pod_rps, max(0.0, (used - workload.cpu_base_milli) / workload.cpu_milli_per_rps)
                )
            served = ready * pod_rps if ready else 0.0
            rows["requests"][-1][number] += rate * TICK_S
            rows["unserved"][-1][number] += max(0.0, rate - served) * TICK_S

    def _core_share(self, rates: list[float], readies: list[int]) -> float:
        """Return the share of the cpu wanted by all ready pods that the ready nodes have."""
        wanted = 0.0
        for number, workload in enumerate(self.cluster.workloads):
            if readies[number]:
                each = cpu_of(workload, self.caps[number], rates[number], readies[number])
                wanted += readies[number] * each
        offered = 0.0
        for pool, nodes in zip(self.cluster.pools, self.nodes.counts(only_ready=True), strict=True):
            offered += nodes * (pool.cpu_milli - pool.daemon_cpu_milli)
        return offered / wanted if wanted > offered else 1.0

    def _measure(self, tick: int) -> None:
        """Scrape: usage is the average of the 15 s before."""
        if tick == 0:
            return
        for meter, used in zip(self.meters, self.used, strict=True):
            meter.cpu_milli = sum(cpu for cpu, _, _, _ in used) // SYNC_TICKS
            meter.memory_milli = sum(memory for _, memory, _, _ in used) // SYNC_TICKS
            total = 0.0
            for _, _, _, rate in used:
                total += rate
            meter.total_milli = [*(meter.total_milli or []), int(total * 1000 / SYNC_TICKS)]
            each = sum(rate for _, _, rate, _ in used) // SYNC_TICKS
            meter.rate_milli = [*(meter.rate_milli or []), each]
            used.clear()

    def _sync(self, number: int, tick: int) -> Outcome | None:
        """Let one HPA decide and the workload follow."""
        self._begin_releases(number, tick)
        outcome = self._decide(number, tick)
        pods, workload = self.pods[number], self.cluster.workloads[number]
        wanted = self.states[number].spec_replicas
        self.second_colour_now[number] = 0
        if workload.releases is not None and tick < self.release_ends[number]:
            is_second = workload.stands_beside is not None
            self.second_colour_now[number] = self.second_colour[number]
            wanted += self.second_colour[number] if is_second else workload.releases.surge(wanted)
        if wanted > len(pods):
            pods.extend(RunningPod(number, tick) for _ in range(wanted - len(pods)))
        elif wanted < len(pods):
            self._remove(pods, len(pods) - wanted, tick)
        return outcome

    def _expected(self) -> list[int]:
        """Return the replicas that each workload's budget counts: those wanted at the last sync, without surge."""
        return [
            state.spec_replicas if workload.stands_beside is None else self.second_colour_now[number]
            for number, (state, workload) in enumerate(zip(self.states, self.cluster.workloads, strict=True))
        ]

    def _begin_releases(self, number: int, tick: int) -> None:
        """Take up the releases that are due; each lasts until all pods wanted now are replaced."""
        workload, due = self.cluster.workloads[number], self.due[number]
        names = [each.name for each in self.cluster.workloads]
        first = number if workload.stands_beside is None else names.index(workload.stands_beside)
        replicas = self.states[first].spec_replicas
        while workload.releases is not None and due and due[0] <= tick:
            due.pop(0)
            wave = ticks_of(workload.image_pull_s) + ticks_of(workload.start_s)
            hold = ticks_of(workload.releases.hold_s)
            lasts = workload.releases.ticks(replicas, wave, hold)
            if lasts:
                self.release_ends[number] = max(self.release_ends[number], tick + lasts)
                self.second_colour[number] = workload.releases.surge(replicas)

    def _decide(self, number: int, tick: int) -> Outcome | None:
        hpa = self.hpas[number]
        if hpa is None:
            return None
        workload, pods, state = self.cluster.workloads[number], self.pods[number], self.states[number]
        state = HpaState(
            state.spec_replicas, len(pods), state.recommendations, state.up_events, state.down_events
        )
        metrics = self.metrics[number]
        measured = [self._measurement(number, metric, tick) for metric in metrics]
        seen = [self._seen(workload, position, pod, tick) for position, pod in enumerate(pods)]
        outcome = reconcile(hpa, state, seen, measured, self.controller, tick * TICK_S)
        self.states[number] = outcome.state
        return outcome

    def _remove(self, pods: list[RunningPod], count: int, tick: int) -> None:
        ranked = [
            RankedPod(
                pod.node is not None,
                pod.is_running(tick),
                pod.is_ready(tick),
                0 if pod.node is None else sum(1 for other in pods if other.node is pod.node),
                (tick - pod.ready_tick) * TICK_S,
                (tick - pod.created_tick) * TICK_S,
            )
            for pod in pods
        ]
        gone = set(removal_order(ranked)[:count])
        for position in gone:
            self.nodes.release(pods[position])
        pods[:] = [pod for position, pod in enumerate(pods) if position not in gone]

    def _seen(self, workload: Workload, position: int, pod: RunningPod, tick: int) -> Pod:
        """Return a pod as the HPA sees it: all that it uses is the main container's."""
        own_cpu = workload.container_cpu_request_milli or workload.cpu_request_milli
        own_memory = workload.container_memory_request_bytes or workload.memory_request_bytes
        containers = [
            Container(MAIN, by_resource=_milli(own_cpu, own_memory)),
            Container(
                "others",
                by_resource=_milli(
                    workload.cpu_request_milli - own_cpu, workload.memory_request_bytes - own_memory
                ),
            ),
        ]
        started = None if pod.node is None else pod.scheduled_tick * TICK_S
        is_ready = pod.is_ready(tick)
        return Pod(
            str(position),
            "Running" if pod.is_running(tick) else "Pending",
            ready=is_ready,
            started_s=started,
            ready_changed_s=pod.ready_tick * TICK_S if is_ready else started,
            containers=tuple(containers),
        )

    def _measurement(self, number: int, metric: HpaMetric, tick: int) -> Measurement:
        workload, meter = self.cluster.workloads[number], self.meters[number]
        if meter.total_milli is None or meter.rate_milli is None:
            return Measurement(fetch_error=True)
        scrapes = metric.window_s // WINDOW_S
        if metric.type in ("Object", "External"):
            return Measurement(values_milli=(_mean(meter.total_milli[-scrapes:]),))
        if metric.type == "Pods":
            busy, idle = _mean(meter.rate_milli[-scrapes:]), 0
        elif metric.resource == "cpu":
            busy, idle = meter.cpu_milli, usage_of(workload, self.caps[number], 0.0, 0)[0]
        else:
            busy, idle = meter.memory_milli, usage_of(workload, self.caps[number], 0.0, 0)[1]
        samples = {
            str(position): Sample({MAIN: busy if pod.is_ready(tick) else idle}, tick * TICK_S, WINDOW_S)
            for position, pod in enumerate(self.pods[number])
            if pod.is_running(tick - SYNC_TICKS)  # a rate needs two scrapes
        }
        return Measurement(samples)

    def _record(self, rows: dict[str, list[list[Any]]], decided: list[Outcome | None], tick: int) -> None:
        rows["spec"].append([state.spec_replicas for state in self.states])
        rows["ready"].append([sum(1 for pod in pods if pod.is_ready(tick)) for pods in self.pods])
        rows["waiting"].append([sum(1 for pod in pods if pod.node is None) for pods in self.pods])
        rows["percent"].append([_percent(outcome) for outcome in decided])
        rows["reason"].append([_reason(outcome) for outcome in decided])
        rows["nodes_ready"].append(self.nodes.counts(only_ready=True))
        rows["nodes_billed"].append(self.nodes.counts(only_ready=False))
        rows["unserved"].append([0.0] * len(self.pods))
        rows["requests"].append([0.0] * len(self.pods))


def _rules(autoscaler: HorizontalPodAutoscaler, downscale_stabilization_s: float) -> Hpa:
    rules = autoscaler.rules(downscale_stabilization_s)
    metrics = tuple(replace(each, container=MAIN if each.container else None) for each in rules.metrics)
    return replace(rules, metrics=metrics)


def _milli(cpu_milli: int, memory_bytes: int) -> dict[str, int]:
    return {"cpu": cpu_milli, "memory": memory_bytes * 1000}


def cpu_of(workload: Workload, caps: tuple[int, int], rate: float, ready: int) -> float:
    """Return what one ready pod uses of cpu if no other takes it: `base + k × rate`, up to its limit."""
    each = rate / ready if ready else 0.0
    return min(workload.cpu_base_milli + workload.cpu_milli_per_rps * each, float(caps[0]))


def usage_of(
    workload: Workload, caps: tuple[int, int], rate: float, ready: int, core_share: float = 1.0
) -> tuple[int, int, int]:
    """Return what one ready pod uses: cpu, memory and requests per second, in thousandths.

    Usage is `base + k × rate`, capped by the limits; it saturates where demand does not. Of the cpu it gets
    the share that the nodes have of what all pods want.
    """
    each = rate / ready if ready else 0.0
    cpu = cpu_of(workload, caps, rate, ready) * core_share
    memory = min(
        workload.memory_base_bytes * 1000 + workload.memory_bytes_per_rps * each * 1000.0, float(caps[1])
    )
    return int(cpu), int(memory), int(each * 1000.0)


def _mean(values: list[int]) -> int:
    return sum(values) // len(values)


def _percent(outcome: Outcome | None) -> int:
    return -1 if outcome is None or outcome.utilization_percent is None else outcome.utilization_percent


def _reason(outcome: Outcome | None) -> int:
    if outcome is None:
        return REASONS.index("NoAutoscaler")
    if "ScalingLimited" in outcome.conditions:
        return REASONS.index(outcome.conditions["ScalingLimited"][1])
    active = outcome.conditions.get("ScalingActive")
    if active is None:
        return REASONS.index("OutsideBounds")
    return REASONS.index("ScalingDisabled" if active[1] == "ScalingDisabled" else "FailedGetMetrics")
