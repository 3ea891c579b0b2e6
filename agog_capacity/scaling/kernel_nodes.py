"""Scheduler and pods of the kernel: the rules of `nodes` and `scheduling` on arrays.

Nodes stand oldest first and without gaps. Every function has a readable twin; comments only say what is different.
Only `kernel` imports this.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from agog_capacity.scaling.cluster import LONG_AGO, TICK_S
from agog_capacity.scaling.kernel_setup import Config
from agog_capacity.scaling.reference_nodes import NEVER
from agog_capacity.scaling.scheduling import HOST_MAXIMUM_SKEW, SPREAD_WEIGHT, ZONE_MAXIMUM_SKEW

FITS, NOT_SELECTED, NO_ROOM, SKEWED = 0, 1, 2, 3
BOOTING, READY_NODE, GOING = 0, 1, 2

# Numbers in `State.number`.
NODES, LAST_UP, LAST_DELETION, BOOTS, DRAWN, WAITS, CHANGED, QUIET_UNTIL, UNNEEDED, LOOK_AGAIN, ADDED = range(
    11
)


class Nodes(NamedTuple):
    """Nodes as the scheduler sees them; also a sketch of them, to try something out."""

    pool: Any
    zone: Any
    known: Any
    """1 where pods can be placed."""
    cpu: Any
    memory: Any
    pods: Any
    by_workload: Any
    """Shape (nodes, W)."""
    in_zone: Any
    """Working space, shape (zones,)."""


class State(NamedTuple):
    """All that changes in one scenario."""

    nodes: Nodes
    sketch: Nodes
    node_state: Any
    node_asked: Any
    node_ready: Any
    node_gone: Any
    node_drained: Any
    node_unremovable: Any
    node_since: Any
    """Since when a node is not needed; NEVER: it is."""
    node_image: Any
    pods: Any
    """Number of pods, shape (W,)."""
    pod_node: Any
    pod_created: Any
    pod_scheduled: Any
    pod_running: Any
    pod_ready: Any
    waiting: Any
    """Pods without a node, shape (W,)."""
    stable_until: Any
    """Tick at which a pod of a workload passes its next stage, shape (W,)."""
    target: Any
    backoff_until: Any
    backoff: Any
    last_failure: Any
    pool_ready: Any
    pool_billed: Any
    number: Any
    keys: Any
    """Working space, shape (pods,)."""


def new_nodes(size: int, workloads: int, zones: int) -> Nodes:
    """Return room for nodes."""
    columns = [np.zeros(size, np.int64) for _ in range(6)]
    return Nodes(*columns, np.zeros((size, workloads), np.int64), np.zeros(zones + 1, np.int64))


def new_state(config: Config) -> State:
    """Return a scenario before its start."""
    size, workloads, pools = config.most_nodes, len(config.replicas), len(config.pool_cpu)
    most = config.most_pods
    return State(
        new_nodes(size, workloads, config.zones),
        new_nodes(2 * size + 2, workloads, config.zones),
        *[np.zeros(size, np.int64) for _ in range(7)],
        np.zeros((size, workloads), np.int64),
        np.zeros(workloads, np.int64),
        *[np.zeros((workloads, most), np.int64) for _ in range(5)],
        np.zeros(workloads, np.int64),
        np.zeros(workloads, np.int64),
        *[np.zeros(pools, np.int64) for _ in range(6)],
        np.zeros(11, np.int64),
        np.zeros(most, np.int64),
    )


@njit
def failed(config: Config, nodes: Nodes, count: int, w: int, n: int) -> int:
    """Return the first filter that keeps a pod of a workload off a node."""
    pool = nodes.pool[n]
    if config.allowed[w, pool] == 0:
        return NOT_SELECTED
    if (
        nodes.pods[n] + 1 > config.pool_pods[pool]
        or config.cpu_request[w] > config.pool_cpu[pool] - nodes.cpu[n]
        or config.memory_request[w] > config.pool_memory[pool] - nodes.memory[n]
    ):
        return NO_ROOM
    if config.spread_skew[w] > 0 and not spread_allows(config, nodes, count, w, n):
        return SKEWED
    return FITS


@njit
def spread_allows(config: Config, nodes: Nodes, count: int, w: int, n: int) -> bool:
    """Apply a hard topology spread over the known nodes that the workload may use."""
    lowest = np.int64(NEVER)
    domains = 0
    if config.spread_zones[w] == 0:
        here = nodes.by_workload[n, w]
        for k in range(count):
            if nodes.known[k] and config.allowed[w, nodes.pool[k]]:
                domains += 1
                lowest = min(lowest, nodes.by_workload[k, w])
    else:
        if nodes.zone[n] < 0:
            return False
        nodes.in_zone[:] = -1
        for k in range(count):
            zone = nodes.zone[k]
            if nodes.known[k] and zone >= 0 and config.allowed[w, nodes.pool[k]]:
                if nodes.in_zone[zone] < 0:
                    nodes.in_zone[zone] = 0
                    domains += 1
                nodes.in_zone[zone] += nodes.by_workload[k, w]
        for zone in range(config.zones):
            if nodes.in_zone[zone] >= 0:
                lowest = min(lowest, nodes.in_zone[zone])
        here = nodes.in_zone[nodes.zone[n]]
    if domains < config.spread_domains[w]:
        lowest = np.int64(0)
    return here + 1 - lowest <= config.spread_skew[w]


@njit
def place(config: Config, nodes: Nodes, w: int, n: int, sign: int) -> None:
    """Count one pod more on a node, or one less with sign -1."""
    nodes.cpu[n] += sign * config.cpu_request[w]
    nodes.memory[n] += sign * config.memory_request[w]
    nodes.pods[n] += sign
    nodes.by_workload[n, w] += sign


@njit
def best_node(config: Config, state: State, w: int) -> int:
    """Return the node for the next pod of a workload, -1 if none fits."""
    nodes, count = state.nodes, state.number[NODES]
    feasible = 0
    single = -1
    zones_seen = 0
    for n in range(count):
        state.sketch.known[n] = 0
        if nodes.known[n] and failed(config, nodes, count, w, n) == FITS:
            state.sketch.known[n] = 1
            feasible += 1
            single = n
    if feasible <= 1:
        return single
    soft = config.spread_skew[w] == 0
    most, least = np.int64(-1), np.int64(NEVER)
    crowding = state.sketch.cpu
    if soft:
        in_zone = nodes.in_zone
        in_zone[:] = 0
        seen = state.sketch.in_zone
        seen[:] = 0
        for n in range(count):
            zone = nodes.zone[n]
            if zone >= 0 and nodes.known[n] and config.allowed[w, nodes.pool[n]]:
                in_zone[zone] += nodes.by_workload[n, w]
            if zone >= 0 and state.sketch.known[n] and seen[zone] == 0:
                seen[zone] = 1
                zones_seen += 1
        host_weight = config.log_weights[feasible]
        zone_weight = config.log_weights[zones_seen]
        for n in range(count):
            if state.sketch.known[n]:
                amount = nodes.by_workload[n, w] * host_weight + (HOST_MAXIMUM_SKEW - 1)
                if nodes.zone[n] >= 0:
                    amount += in_zone[nodes.zone[n]] * zone_weight + (ZONE_MAXIMUM_SKEW - 1)
                crowding[n] = int(np.floor(amount + 0.5))
                most = max(most, crowding[n])
                least = min(least, crowding[n])
    best, best_score = -1, np.int64(-1)
    for n in range(count):
        if state.sketch.known[n] == 0:
            continue
        pool = nodes.pool[n]
        cpu, all_cpu = nodes.cpu[n] + config.cpu_request[w], config.pool_cpu[pool]
        memory, all_memory = nodes.memory[n] + config.memory_request[w], config.pool_memory[pool]
        score = ((all_cpu - cpu) * 100 // all_cpu + (all_memory - memory) * 100 // all_memory) // 2
        score += int((1 - abs(min(1.0, cpu / all_cpu) - min(1.0, memory / all_memory)) / 2) * 100)
        if soft:
            score += SPREAD_WEIGHT * (100 * (most + least - crowding[n]) // most)
        if score > best_score:
            best, best_score = n, score
    return best


@njit
def schedule(config: Config, state: State, tick: int, is_start: bool) -> None:
    """Give each waiting pod the best node that it fits."""
    for w in range(len(config.replicas)):
        for i in range(state.pods[w]):
            if state.waiting[w] == 0:
                break
            if state.pod_node[w, i] >= 0:
                continue
            n = best_node(config, state, w)
            if n < 0:
                break
            place(config, state.nodes, w, n, 1)
            state.waiting[w] -= 1
            if state.node_image[n, w] == NEVER:
                state.node_image[n, w] = LONG_AGO if is_start else tick + config.pull[w]
            state.pod_node[w, i] = n
            state.pod_scheduled[w, i] = LONG_AGO if is_start else tick
            running = state.node_image[n, w] if is_start else max(tick, state.node_image[n, w])
            state.pod_running[w, i] = running
            state.pod_ready[w, i] = running + (0 if is_start else config.start[w])
            state.stable_until[w] = 0
            state.number[CHANGED] = 1
            state.number[QUIET_UNTIL] = 0


@njit
def counted(config: Config, state: State, w: int, tick: int, counts: Any) -> None:
    """Count a workload's pods by stage, and find when a pod passes its next one."""
    counts[:] = 0
    following = np.int64(NEVER)
    initialization = -(-config.initialization_s // TICK_S)
    for i in range(state.pods[w]):
        if state.pod_node[w, i] < 0:
            counts[1] += 1
            counts[2] += 1
            continue
        running, ready = state.pod_running[w, i], state.pod_ready[w, i]
        started = state.pod_scheduled[w, i]
        is_young = (tick - started) * TICK_S < config.initialization_s
        if ready > tick:
            following = min(following, ready)
        elif ready + 3 > tick:
            following = min(following, ready + 3)
        if is_young:
            following = min(following, started + initialization)
        if ready <= tick:
            counts[0] += 1
        if running > tick:
            following = min(following, running)
            counts[2] += 1
        elif running > tick - 3:
            following = min(following, running + 3)
            counts[3] += 1
        elif ready <= tick:
            counts[6] += 1
            if not is_young or tick >= ready + 3:
                counts[4] += 1
        else:
            counts[7] += 1
            if not is_young and config.readiness_delay_s <= 0:
                counts[5] += 1
    state.stable_until[w] = following


@njit
def logarithmic_age(ticks: int) -> int:
    """Return the whole part of the binary logarithm of an age in nanoseconds."""
    nanoseconds = ticks * TICK_S * 1_000_000_000
    result = -1
    while nanoseconds > 0:
        nanoseconds >>= 1
        result += 1
    return result


@njit
def add_pods(state: State, w: int, count: int, tick: int) -> None:
    """Create pods that wait for a node."""
    for _ in range(count):
        i = state.pods[w]
        state.pod_node[w, i] = -1
        state.pod_created[w, i] = tick
        state.pod_scheduled[w, i] = NEVER
        state.pod_running[w, i] = NEVER
        state.pod_ready[w, i] = NEVER
        state.pods[w] += 1
        state.waiting[w] += 1
    if count > 0:
        state.stable_until[w] = 0
        state.number[WAITS] = 1
        state.number[QUIET_UNTIL] = 0


@njit
def keep_pods(state: State, w: int) -> None:
    """Close the gaps of pods whose key is negative."""
    kept = 0
    for i in range(state.pods[w]):
        if state.keys[i] < 0:
            continue
        if kept != i:
            state.pod_node[w, kept] = state.pod_node[w, i]
            state.pod_created[w, kept] = state.pod_created[w, i]
            state.pod_scheduled[w, kept] = state.pod_scheduled[w, i]
            state.pod_running[w, kept] = state.pod_running[w, i]
            state.pod_ready[w, kept] = state.pod_ready[w, i]
        kept += 1
    state.pods[w] = kept
    state.stable_until[w] = 0


@njit
def remove_pods(config: Config, state: State, w: int, count: int, tick: int) -> None:
    """Remove the pods that a scale-down takes first. All comparisons stand in one number."""
    keys = state.keys
    for i in range(state.pods[w]):
        n = state.pod_node[w, i]
        is_ready = state.pod_ready[w, i] <= tick
        same = state.nodes.by_workload[n, w] if n >= 0 else 0
        key = np.int64(n >= 0)
        key = key * 2 + np.int64(state.pod_running[w, i] <= tick)
        key = key * 2 + np.int64(is_ready)
        key = key * 16384 + (16383 - same)
        key = key * 128 + (logarithmic_age(tick - state.pod_ready[w, i]) + 1 if is_ready else 0)
        key = key * 128 + logarithmic_age(tick - state.pod_created[w, i]) + 1
        keys[i] = key * 16384 + (16383 - i)
    for _ in range(count):
        first = -1
        for i in range(state.pods[w]):
            if keys[i] >= 0 and (first < 0 or keys[i] < keys[first]):
                first = i
        keys[first] = -1
        n = state.pod_node[w, first]
        if n >= 0:
            place(config, state.nodes, w, n, -1)
        else:
            state.waiting[w] -= 1
    keep_pods(state, w)
    state.number[CHANGED] = 1
    state.number[WAITS] = 1
    state.number[QUIET_UNTIL] = 0
