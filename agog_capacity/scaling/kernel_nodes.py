# mypy: disable-error-code="no-any-return,return-value"
"""Scheduler and pods of the kernel: the rules of `nodes` and `scheduling` on arrays.

Nodes stand oldest first and without gaps. Every function has a readable twin; comments only say what is different.
Only `kernel` imports this.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agog_capacity.scaling.cluster import LONG_AGO, TICK_S
from agog_capacity.scaling.kernel_compile import compiled, inlined
from agog_capacity.scaling.kernel_setup import Config
from agog_capacity.scaling.reference_state import NEVER
from agog_capacity.scaling.scheduling import HOST_MAXIMUM_SKEW, SPREAD_WEIGHT, ZONE_MAXIMUM_SKEW

FITS, NOT_SELECTED, NO_ROOM, SKEWED = 0, 1, 2, 3
BOOTING, READY_NODE, GOING = 0, 1, 2

# Numbers in `State.number`.
NODES, LAST_UP, LAST_DELETION, BOOTS, DRAWN, WAITS, CHANGED, QUIET_UNTIL, EARLIEST, LOOK_AGAIN, ADDED = range(
    11
)


_NODE_COLUMNS = "pool zone known cpu memory pods state asked ready gone drained unremovable since"
# `known`: pods can be placed there. `since`: when the node began not to be needed; NEVER: it is needed.
NODE_ROW = np.dtype([(name, "i8") for name in _NODE_COLUMNS.split()])
POD_ROW = np.dtype([(name, "i8") for name in ("node", "created", "scheduled", "running", "ready")])
POOL_STATE = np.dtype(
    [(name, "i8") for name in ("target", "backoff_until", "backoff", "last_failure", "ready", "billed")]
)


class Nodes(NamedTuple):
    """Nodes as the scheduler sees them; also a sketch of them, to try something out."""

    table: Any
    """Rows of `NODE_ROW`, oldest first."""
    by_workload: Any
    """Pods, shape (nodes, workloads)."""
    in_zone: Any
    """Working space, shape (zones,)."""


class Scratch(NamedTuple):
    """Working space of the cluster autoscaler."""

    left: Any
    """Shape (workloads,), like the next four."""
    helped: Any
    fitting: Any
    order: Any
    allowed: Any
    scores: Any
    wanted: Any
    """Shape (pools,), like the next two."""
    sizes: Any
    merit: Any
    received: Any
    """Shape (nodes of a sketch,), like the next."""
    upcoming: Any
    moved: Any
    """Shape (nodes of a sketch, workloads)."""


class State(NamedTuple):
    """All that changes in one scenario."""

    nodes: Nodes
    sketch: Nodes
    image: Any
    """When each workload's image is on a node, shape (nodes, workloads)."""
    pod: Any
    """Rows of `POD_ROW`, shape (workloads, pods), oldest first."""
    pods: Any
    """Number of pods, shape (workloads,)."""
    waiting: Any
    """Pods without a node, shape (workloads,)."""
    stable_until: Any
    """Tick at which a pod of a workload passes its next stage, shape (workloads,)."""
    pools: Any
    """Rows of `POOL_STATE`."""
    number: Any
    keys: Any
    """Working space, shape (pods,)."""
    scratch: Scratch


def new_nodes(size: int, workloads: int, zones: int) -> Nodes:
    """Return room for nodes."""
    return Nodes(
        np.zeros(size, NODE_ROW), np.zeros((size, workloads), np.int64), np.zeros(zones + 1, np.int64)
    )


def new_state(config: Config, pods: int, nodes: int) -> State:
    """Return a scenario before its start, with room for pods of each workload and for nodes."""
    workloads, zones, pools = len(config.workloads), int(config.settings[0]["zones"]), len(config.pools)
    sketched = 2 * nodes + 2

    def whole(*shape: int) -> Any:
        return np.zeros(shape, np.int64)

    scratch = Scratch(
        left=whole(workloads),
        helped=whole(workloads),
        fitting=whole(workloads),
        order=whole(workloads),
        allowed=whole(workloads),
        scores=np.zeros(workloads),
        wanted=whole(pools),
        sizes=whole(pools),
        merit=np.zeros(pools),
        received=whole(sketched),
        upcoming=whole(sketched),
        moved=whole(sketched, workloads),
    )
    return State(
        nodes=new_nodes(nodes, workloads, zones),
        sketch=new_nodes(sketched, workloads, zones),
        image=whole(nodes, workloads),
        pod=np.zeros((workloads, pods), POD_ROW),
        pods=whole(workloads),
        waiting=whole(workloads),
        stable_until=whole(workloads),
        pools=np.zeros(pools, POOL_STATE),
        number=whole(11),
        keys=whole(pods),
        scratch=scratch,
    )


@inlined
def all_waiting(state: State) -> int:
    """Return the pods of all workloads without a node."""
    total = 0
    for w in range(len(state.waiting)):
        total += state.waiting[w]
    return total


@inlined
def failed(config: Config, nodes: Nodes, count: int, w: int, n: int) -> int:
    """Return the first filter that keeps a pod of a workload off a node."""
    pool = nodes.table[n].pool
    if config.allowed[w, pool] == 0:
        return NOT_SELECTED
    if (
        nodes.table[n].pods + 1 > config.pools[pool].pods
        or config.workloads[w].cpu_request > config.pools[pool].cpu - nodes.table[n].cpu
        or config.workloads[w].memory_request > config.pools[pool].memory - nodes.table[n].memory
    ):
        return NO_ROOM
    if config.workloads[w].spread_skew > 0 and not spread_allows(config, nodes, count, w, n):
        return SKEWED
    return FITS


@compiled
def spread_allows(config: Config, nodes: Nodes, count: int, w: int, n: int) -> bool:
    """Apply a hard topology spread over the known nodes that the workload may use."""
    lowest = np.int64(NEVER)
    domains = 0
    if config.workloads[w].spread_zones == 0:
        here = nodes.by_workload[n, w]
        for k in range(count):
            if nodes.table[k].known and config.allowed[w, nodes.table[k].pool]:
                domains += 1
                lowest = min(lowest, nodes.by_workload[k, w])
    else:
        if nodes.table[n].zone < 0:
            return False
        nodes.in_zone[:] = -1
        for k in range(count):
            zone = nodes.table[k].zone
            if nodes.table[k].known and zone >= 0 and config.allowed[w, nodes.table[k].pool]:
                if nodes.in_zone[zone] < 0:
                    nodes.in_zone[zone] = 0
                    domains += 1
                nodes.in_zone[zone] += nodes.by_workload[k, w]
        for zone in range(config.settings[0].zones):
            if nodes.in_zone[zone] >= 0:
                lowest = min(lowest, nodes.in_zone[zone])
        here = nodes.in_zone[nodes.table[n].zone]
    if domains < config.workloads[w].spread_domains:
        lowest = np.int64(0)
    return here + 1 - lowest <= config.workloads[w].spread_skew


@inlined
def place(config: Config, nodes: Nodes, w: int, n: int, sign: int) -> None:
    """Count one pod more on a node, or one less with sign -1."""
    nodes.table[n].cpu += sign * config.workloads[w].cpu_request
    nodes.table[n].memory += sign * config.workloads[w].memory_request
    nodes.table[n].pods += sign
    nodes.by_workload[n, w] += sign


@inlined
def best_node(config: Config, state: State, w: int) -> int:
    """Return the node for the next pod of a workload, -1 if none fits."""
    nodes, count = state.nodes, state.number[NODES]
    feasible = 0
    single = -1
    zones_seen = 0
    for n in range(count):
        state.sketch.table[n].known = 0
        if nodes.table[n].known and failed(config, nodes, count, w, n) == FITS:
            state.sketch.table[n].known = 1
            feasible += 1
            single = n
    if feasible <= 1:
        return single
    soft = config.workloads[w].spread_skew == 0
    most, least = np.int64(-1), np.int64(NEVER)
    crowding = state.sketch.table
    if soft:
        in_zone = nodes.in_zone
        in_zone[:] = 0
        seen = state.sketch.in_zone
        seen[:] = 0
        for n in range(count):
            zone = nodes.table[n].zone
            if zone >= 0 and nodes.table[n].known and config.allowed[w, nodes.table[n].pool]:
                in_zone[zone] += nodes.by_workload[n, w]
            if zone >= 0 and state.sketch.table[n].known and seen[zone] == 0:
                seen[zone] = 1
                zones_seen += 1
        host_weight = config.log_weights[feasible]
        zone_weight = config.log_weights[zones_seen]
        for n in range(count):
            if state.sketch.table[n].known:
                amount = nodes.by_workload[n, w] * host_weight + (HOST_MAXIMUM_SKEW - 1)
                if nodes.table[n].zone >= 0:
                    amount += in_zone[nodes.table[n].zone] * zone_weight + (ZONE_MAXIMUM_SKEW - 1)
                crowding[n].cpu = int(np.floor(amount + 0.5))
                most = max(most, crowding[n].cpu)
                least = min(least, crowding[n].cpu)
    best, best_score = -1, np.int64(-1)
    for n in range(count):
        if state.sketch.table[n].known == 0:
            continue
        pool = nodes.table[n].pool
        cpu, all_cpu = nodes.table[n].cpu + config.workloads[w].cpu_request, config.pools[pool].cpu
        memory, all_memory = (
            nodes.table[n].memory + config.workloads[w].memory_request,
            config.pools[pool].memory,
        )
        score = ((all_cpu - cpu) * 100 // all_cpu + (all_memory - memory) * 100 // all_memory) // 2
        score += int((1 - abs(min(1.0, cpu / all_cpu) - min(1.0, memory / all_memory)) / 2) * 100)
        if soft:
            score += SPREAD_WEIGHT * (100 * (most + least - crowding[n].cpu) // most)
        if score > best_score:
            best, best_score = n, score
    return best


@compiled
def schedule(config: Config, state: State, tick: int, is_start: bool) -> None:
    """Give each waiting pod the best node that it fits."""
    for w in range(len(config.workloads)):
        for i in range(state.pods[w]):
            if state.waiting[w] == 0:
                break
            if state.pod[w, i].node >= 0:
                continue
            n = best_node(config, state, w)
            if n < 0:
                break
            place(config, state.nodes, w, n, 1)
            state.waiting[w] -= 1
            if state.image[n, w] == NEVER:
                state.image[n, w] = LONG_AGO if is_start else tick + config.workloads[w].pull
            state.pod[w, i].node = n
            state.pod[w, i].scheduled = LONG_AGO if is_start else tick
            running = state.image[n, w] if is_start else max(tick, state.image[n, w])
            state.pod[w, i].running = running
            state.pod[w, i].ready = running + (0 if is_start else config.workloads[w].start)
            state.stable_until[w] = 0
            state.number[CHANGED] = 1
            state.number[QUIET_UNTIL] = 0


@inlined
def counted(config: Config, state: State, w: int, tick: int, counts: Any) -> None:
    """Count a workload's pods by stage, and find when a pod passes its next one."""
    counts[:] = 0
    following = np.int64(NEVER)
    initialization = -(-config.settings[0].initialization_s // TICK_S)
    for i in range(state.pods[w]):
        if state.pod[w, i].node < 0:
            counts[1] += 1
            counts[2] += 1
            continue
        running, ready = state.pod[w, i].running, state.pod[w, i].ready
        started = state.pod[w, i].scheduled
        is_young = (tick - started) * TICK_S < config.settings[0].initialization_s
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
            if not is_young and config.settings[0].readiness_delay_s <= 0:
                counts[5] += 1
    state.stable_until[w] = following


@inlined
def logarithmic_age(ticks: int) -> int:
    """Return the whole part of the binary logarithm of an age in nanoseconds."""
    nanoseconds = ticks * TICK_S * 1_000_000_000
    result = -1
    while nanoseconds > 0:
        nanoseconds >>= 1
        result += 1
    return result


@inlined
def add_pods(state: State, w: int, count: int, tick: int) -> None:
    """Create pods that wait for a node."""
    for _ in range(count):
        i = state.pods[w]
        state.pod[w, i].node = -1
        state.pod[w, i].created = tick
        state.pod[w, i].scheduled = NEVER
        state.pod[w, i].running = NEVER
        state.pod[w, i].ready = NEVER
        state.pods[w] += 1
        state.waiting[w] += 1
    if count > 0:
        state.stable_until[w] = 0
        state.number[WAITS] = 1
        state.number[QUIET_UNTIL] = 0


@inlined
def keep_pods(state: State, w: int) -> None:
    """Close the gaps of pods whose key is negative."""
    kept = 0
    for i in range(state.pods[w]):
        if state.keys[i] < 0:
            continue
        if kept != i:
            state.pod[w, kept] = state.pod[w, i]
        kept += 1
    state.pods[w] = kept
    state.stable_until[w] = 0


@compiled
def remove_pods(config: Config, state: State, w: int, count: int, tick: int) -> None:
    """Remove the pods that a scale-down takes first. All comparisons stand in one number."""
    keys = state.keys
    for i in range(state.pods[w]):
        n = state.pod[w, i].node
        is_ready = state.pod[w, i].ready <= tick
        same = state.nodes.by_workload[n, w] if n >= 0 else 0
        key = np.int64(n >= 0)
        key = key * 2 + np.int64(state.pod[w, i].running <= tick)
        key = key * 2 + np.int64(is_ready)
        key = key * 16384 + (16383 - same)
        key = key * 128 + (logarithmic_age(tick - state.pod[w, i].ready) + 1 if is_ready else 0)
        key = key * 128 + logarithmic_age(tick - state.pod[w, i].created) + 1
        keys[i] = key * 16384 + (16383 - i)
    for _ in range(count):
        first = -1
        for i in range(state.pods[w]):
            if keys[i] >= 0 and (first < 0 or keys[i] < keys[first]):
                first = i
        keys[first] = -1
        n = state.pod[w, first].node
        if n >= 0:
            place(config, state.nodes, w, n, -1)
        else:
            state.waiting[w] -= 1
    keep_pods(state, w)
    state.number[CHANGED] = 1
    state.number[WAITS] = 1
    state.number[QUIET_UNTIL] = 0
