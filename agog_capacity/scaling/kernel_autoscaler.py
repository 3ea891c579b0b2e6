"""The cluster autoscaler's part of the kernel: the rules of `estimator`, `expanders` and `node_scaledown` on arrays.

Every function has a readable twin in `reference_nodes` or `estimator`; comments only say what is different. What
cannot have changed since the last scan is not computed again. Only `kernel` imports this.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from agog_capacity.scaling.cluster import LONG_AGO
from agog_capacity.scaling.kernel_nodes import (
    ADDED,
    BOOTING,
    BOOTS,
    CHANGED,
    DRAWN,
    FITS,
    GOING,
    LAST_DELETION,
    LAST_UP,
    LOOK_AGAIN,
    NODES,
    QUIET_UNTIL,
    READY_NODE,
    SKEWED,
    UNNEEDED,
    WAITS,
    Nodes,
    State,
    add_pods,
    failed,
    keep_pods,
    place,
)
from agog_capacity.scaling.kernel_setup import Config
from agog_capacity.scaling.reference_nodes import MAXIMUM_NEW_NODES, NEVER


@njit
def next_zone(config: Config, state: State, pool: int) -> int:
    """Return the zone of a pool's next node, -1 for none: where it has fewest."""
    best, fewest = -1, np.int64(NEVER)
    for z in range(config.pool_zone_count[pool]):
        zone = config.pool_zones[pool, z]
        count = 0
        for n in range(state.number[NODES]):
            if state.nodes.pool[n] == pool and state.nodes.zone[n] == zone:
                count += 1
        if count < fewest:
            best, fewest = zone, np.int64(count)
    return best


@njit
def set_empty(config: Config, nodes: Nodes, n: int, pool: int, zone: int) -> None:
    """Make a node of a pool that carries only its daemon pods."""
    nodes.pool[n] = pool
    nodes.zone[n] = zone
    nodes.known[n] = 1
    nodes.cpu[n] = config.daemon_cpu[pool]
    nodes.memory[n] = config.daemon_memory[pool]
    nodes.pods[n] = config.daemon_pods[pool]
    nodes.by_workload[n, :] = 0


@njit
def add_node(config: Config, state: State, pool: int, asked: int, ready: int) -> None:
    """Add a node, booting unless it is there since long ago."""
    n = state.number[NODES]
    set_empty(config, state.nodes, n, pool, next_zone(config, state, pool))
    is_ready = ready == LONG_AGO
    state.nodes.known[n] = 1 if is_ready else 0
    state.node_state[n] = READY_NODE if is_ready else BOOTING
    state.node_asked[n] = asked
    state.node_ready[n] = ready
    state.node_gone[n] = NEVER
    state.node_drained[n] = 0
    state.node_unremovable[n] = LONG_AGO
    state.node_since[n] = NEVER
    state.node_image[n, :] = NEVER
    state.number[NODES] += 1
    state.pool_billed[pool] += 1
    if is_ready:
        state.pool_ready[pool] += 1


@njit
def advance(config: Config, state: State, tick: int) -> int:
    """Let nodes become ready, fail to come or vanish; return the tick of the next such event."""
    n = 0
    following = np.int64(NEVER)
    while n < state.number[NODES]:
        pool = state.nodes.pool[n]
        if state.node_state[n] == BOOTING:
            if state.node_ready[n] <= tick:
                state.node_state[n] = READY_NODE
                state.nodes.known[n] = 1
                state.pool_ready[pool] += 1
                changed(state)
            elif tick >= state.node_asked[n] + config.provision:
                state.node_gone[n] = tick
                state.target[pool] -= 1
                back_off(config, state, pool, tick)
            else:
                following = min(following, state.node_ready[n], state.node_asked[n] + config.provision)
        if state.node_gone[n] <= tick:
            state.pool_billed[pool] -= 1
            drop_node(state, n)
            changed(state)
        else:
            following = min(following, state.node_gone[n])
            n += 1
    return following


@njit
def changed(state: State) -> None:
    """Note that whatever was settled must be looked at again."""
    state.number[CHANGED] = 1
    state.number[WAITS] = 1
    state.number[QUIET_UNTIL] = 0


@njit
def back_off(config: Config, state: State, pool: int, tick: int) -> None:
    """Leave a pool alone for a while after a node that did not come."""
    if tick < state.backoff_until[pool]:
        return
    if tick - state.last_failure[pool] > config.backoff_reset or state.backoff[pool] == 0:
        state.backoff[pool] = config.backoff_first
    else:
        state.backoff[pool] = min(config.backoff_longest, 2 * state.backoff[pool])
    state.backoff_until[pool] = tick + state.backoff[pool]
    state.last_failure[pool] = tick


@njit
def drop_node(state: State, gone: int) -> None:
    """Close the gap of a node that is gone."""
    nodes = state.nodes
    last = state.number[NODES] - 1
    for n in range(gone, last):
        for column in (nodes.pool, nodes.zone, nodes.known, nodes.cpu, nodes.memory, nodes.pods):
            column[n] = column[n + 1]
        for column in (
            state.node_state,
            state.node_asked,
            state.node_ready,
            state.node_gone,
            state.node_drained,
            state.node_unremovable,
            state.node_since,
        ):
            column[n] = column[n + 1]
        nodes.by_workload[n, :] = nodes.by_workload[n + 1, :]
        state.node_image[n, :] = state.node_image[n + 1, :]
    state.number[NODES] = last
    for w in range(len(state.pods)):
        for i in range(state.pods[w]):
            if state.pod_node[w, i] > gone:
                state.pod_node[w, i] -= 1


@njit
def copied(state: State, wants_booting: bool) -> int:
    """Sketch the ready nodes, and those that boot; return their number."""
    count = 0
    for n in range(state.number[NODES]):
        if state.node_state[n] == READY_NODE or (wants_booting and state.node_state[n] == BOOTING):
            copy_node(state.nodes, n, state.sketch, count)
            state.sketch.known[count] = 1
            count += 1
    return count


@njit
def copy_node(source: Nodes, n: int, target: Nodes, k: int) -> None:
    """Copy one node."""
    target.pool[k] = source.pool[n]
    target.zone[k] = source.zone[n]
    target.cpu[k] = source.cpu[n]
    target.memory[k] = source.memory[n]
    target.pods[k] = source.pods[n]
    target.by_workload[k, :] = source.by_workload[n, :]


@njit
def may_grow(config: Config, state: State, pool: int, tick: int) -> bool:
    """Tell whether a pool is below its maximum and not left alone."""
    return state.target[pool] < config.pool_max[pool] and tick >= state.backoff_until[pool]


@njit
def is_alike(config: Config, state: State, pool: int, other: int, tick: int) -> bool:
    """Tell whether a scale-up of one pool may be shared with another."""
    same = config.pool_similar[pool] == config.pool_similar[other]
    return other == pool or (same and may_grow(config, state, other, tick))


@njit
def estimate(
    config: Config,
    sketch: Nodes,
    existing: int,
    order: Any,
    left: Any,
    zone: int,
    pool: int,
    room: int,
    helped: Any,
) -> int:
    """Return how many nodes of a pool would get a pod; `helped` gets the pods of each workload.

    Existing nodes are changed by the quirk of topology spread and put right again.
    """
    count = existing
    helped[:] = 0
    more_nodes = True
    permitted = 0
    received = np.zeros(len(sketch.pool), np.int64)
    moved = np.zeros((existing + 1, len(left)), np.int64)
    for position in range(len(order)):
        w = order[position]
        pods = left[w]
        placed = 0
        while placed < pods:
            found = -1
            for n in range(existing, count):
                if failed(config, sketch, count, w, n) == FITS:
                    found = n
                    break
            if found < 0:
                break
            place(config, sketch, w, found, 1)
            received[found] = 1
            placed += 1
        if more_nodes:
            while placed < pods:
                last = count - 1
                if last >= existing:
                    why = failed(config, sketch, count, w, last)
                    if why == FITS:
                        place(config, sketch, w, last, 1)
                        received[last] = 1
                        placed += 1
                        continue
                    if why == SKEWED and config.spread_zones[w] == 0:
                        other = -1
                        for n in range(last):
                            if failed(config, sketch, count, w, n) == FITS:
                                other = n
                                break
                        if other >= 0:
                            place(config, sketch, w, other, 1)
                            if other < existing:
                                moved[other, w] += 1
                            received[other] = 1
                            placed += 1
                            continue
                    if received[last] == 0:
                        break
                if permitted >= room:
                    more_nodes = False
                    break
                permitted += 1
                set_empty(config, sketch, count, pool, zone)
                count += 1
                if failed(config, sketch, count, w, count - 1) != FITS:
                    break
                place(config, sketch, w, count - 1, 1)
                received[count - 1] = 1
                placed += 1
        helped[w] = placed
    for n in range(existing):
        for w in range(len(left)):
            for _ in range(moved[n, w]):
                place(config, sketch, w, n, -1)
    total = 0
    for n in range(count):
        total += received[n]
    return total


@njit
def pod_order(config: Config, pool: int, order: Any, scores: Any) -> None:
    """Order workloads by the share of a node that one pod takes, largest first."""
    for w in range(len(order)):
        order[w] = w
        scores[w] = (
            config.cpu_request[w] / config.pool_cpu[pool]
            + config.memory_request[w] / config.pool_memory[pool]
        )
    for position in range(1, len(order)):
        w = order[position]
        back = position
        while back > 0 and scores[order[back - 1]] < scores[w]:
            order[back] = order[back - 1]
            back -= 1
        order[back] = w


@njit
def scale_up(config: Config, state: State, boots: Any, draws: Any, tick: int) -> bool:
    """Grow one pool for waiting pods; tell whether one grew."""
    workloads, pools = len(config.replicas), len(config.pool_cpu)
    left = state.waiting.copy()
    count = copied(state, True)
    sketch = state.sketch
    position = 0
    is_upcoming = np.zeros(count + 1, np.int64)
    for n in range(state.number[NODES]):
        if state.node_state[n] != GOING:
            is_upcoming[position] = state.node_state[n] == BOOTING
            position += 1
    remaining = 0
    for w in range(workloads):
        while left[w] > 0:
            found = -1
            for n in range(count):
                if is_upcoming[n] and failed(config, sketch, count, w, n) == FITS:
                    found = n
                    break
            if found < 0:
                break
            place(config, sketch, w, found, 1)
            left[w] -= 1
        remaining += left[w]
    if remaining == 0:
        return False
    wanted = np.zeros(pools, np.int64)
    merit = np.zeros(pools, np.float64)
    order = np.zeros(workloads, np.int64)
    scores = np.zeros(workloads, np.float64)
    helped = np.zeros(workloads, np.int64)
    fitting = np.zeros(workloads, np.int64)
    targets = state.target.sum()
    for pool in range(pools):
        if not may_grow(config, state, pool, tick):
            continue
        zone = next_zone(config, state, pool)
        set_empty(config, sketch, count, pool, zone)
        for w in range(workloads):
            fitting[w] = left[w] if failed(config, sketch, count + 1, w, count) == FITS else 0
        room = 0
        for other in range(pools):
            if is_alike(config, state, pool, other, tick):
                room += max(0, config.pool_max[other] - state.target[other])
        room = min(room, MAXIMUM_NEW_NODES)
        if config.nodes_total > 0:
            room = min(room, config.nodes_total - targets)
        pod_order(config, pool, order, scores)
        wanted[pool] = estimate(config, sketch, count, order, fitting, zone, pool, room, helped)
        merit[pool] = merit_of(config, pool, wanted[pool], helped)
    chosen = expanded(config, state, wanted, merit, draws)
    if chosen < 0:
        return False
    return grow(config, state, chosen, wanted[chosen], boots, tick)


@njit
def merit_of(config: Config, pool: int, wanted: int, helped: Any) -> float:
    """Return what the expander compares; less is better."""
    if config.expander == 1:
        cpu = memory = np.int64(0)
        for w in range(len(helped)):
            cpu += helped[w] * config.cpu_request[w]
            memory += helped[w] * config.memory_request[w]
        all_cpu = config.pool_capacity_cpu[pool] * max(1, wanted)
        all_memory = config.pool_capacity_memory[pool] * max(1, wanted)
        return (all_cpu - cpu) / all_cpu + (all_memory - memory) / all_memory
    if config.expander == 2:
        return float(wanted)
    if config.expander == 3:
        return -float(helped.sum())
    if config.expander == 4:
        return -float(config.pool_priority[pool])
    return 0.0


@njit
def expanded(config: Config, state: State, wanted: Any, merit: Any, draws: Any) -> int:
    """Return the pool that grows, -1 for none; a draw decides where the expander leaves several."""
    best, ties = np.inf, 0
    for pool in range(len(wanted)):
        if wanted[pool] > 0 and merit[pool] < best:
            best, ties = merit[pool], 0
        if wanted[pool] > 0 and merit[pool] == best:
            ties += 1
    if ties == 0:
        return -1
    skip = 0
    if ties > 1:
        skip = int(draws[state.number[DRAWN] % len(draws)] * ties)
        state.number[DRAWN] += 1
    for pool in range(len(wanted)):
        if wanted[pool] > 0 and merit[pool] == best:
            if skip == 0:
                return pool
            skip -= 1
    return -1


@njit
def grow(config: Config, state: State, pool: int, count: int, boots: Any, tick: int) -> bool:
    """Add nodes to a pool, or shared out over the pools like it."""
    pools = len(config.pool_cpu)
    if config.nodes_total > 0:
        count = min(count, config.nodes_total - state.target.sum())
    sizes = state.target.copy()
    for _ in range(count):
        smallest = -1
        for other in range(pools):
            if is_alike(config, state, pool, other, tick) and sizes[other] < config.pool_max[other]:
                if smallest < 0 or sizes[other] < sizes[smallest]:
                    smallest = other
        if smallest < 0:
            break
        sizes[smallest] += 1
    grown = False
    for other in range(pools):
        while state.target[other] < sizes[other]:
            boot = boots[state.number[BOOTS] % len(boots)]
            state.number[BOOTS] += 1
            add_node(config, state, other, tick, tick + boot)
            state.target[other] += 1
            state.number[ADDED] += 1
            grown = True
    if grown:
        state.number[LAST_UP] = tick
        changed(state)
    return grown


@njit
def find_unneeded(config: Config, state: State, ready_pods: Any, tick: int) -> None:
    """Set since when each node is not needed: all its pods would fit elsewhere."""
    total = state.number[NODES]
    workloads = len(config.replicas)
    sketch = state.sketch
    allowed = np.zeros(workloads, np.int64)
    for w in range(workloads):
        allowed[w] = max(0, ready_pods[w] - config.min_available[w]) if config.min_available[w] > 0 else NEVER
    for n in range(total):
        copy_node(state.nodes, n, sketch, n)
        sketch.known[n] = 1 if state.node_state[n] == READY_NODE else 0
    moved = np.zeros((total + 1, workloads), np.int64)
    unneeded = 0
    look_again = np.int64(NEVER)
    for wants_empty in (True, False):
        for n in range(total):
            if state.node_state[n] != READY_NODE:
                continue
            pool = state.nodes.pool[n]
            is_empty = state.nodes.pods[n] == config.daemon_pods[pool]
            if is_empty != wants_empty:
                continue
            if not is_underused(config, state, n) or tick < state.node_unremovable[n]:
                state.node_since[n] = NEVER
                if state.node_unremovable[n] > tick:
                    look_again = min(look_again, state.node_unremovable[n])
                continue
            if moves(config, state, sketch, n, total, allowed, moved):
                unneeded += 1
                if state.node_since[n] == NEVER:
                    state.node_since[n] = tick
            else:
                state.node_since[n] = NEVER
                state.node_unremovable[n] = tick + config.recheck
                look_again = min(look_again, state.node_unremovable[n])
    state.number[UNNEEDED] = unneeded
    state.number[LOOK_AGAIN] = look_again


@njit
def is_underused(config: Config, state: State, n: int) -> bool:
    """Tell whether a node's requests are at or below the threshold."""
    pool = state.nodes.pool[n]
    cpu, memory = state.nodes.cpu[n], state.nodes.memory[n]
    all_cpu, all_memory = config.pool_cpu[pool], config.pool_memory[pool]
    if config.ignore_daemons:
        cpu -= config.daemon_cpu[pool]
        memory -= config.daemon_memory[pool]
        all_cpu -= config.daemon_cpu[pool]
        all_memory -= config.daemon_memory[pool]
    return cpu / all_cpu <= config.threshold and memory / all_memory <= config.threshold


@njit
def moves(config: Config, state: State, sketch: Nodes, n: int, total: int, allowed: Any, moved: Any) -> bool:
    """Try to move a node's pods onto the others in the sketch; undo it if they may not or do not fit."""
    workloads = len(config.replicas)
    for w in range(workloads):
        count = state.nodes.by_workload[n, w]
        if count > 0 and (config.blocks[w] or count > allowed[w]):
            return False
    sketch.known[n] = 0
    moved[:, :] = 0
    fits = True
    for w in range(workloads):
        for _ in range(state.nodes.by_workload[n, w]):
            found = -1
            for k in range(total):
                if sketch.known[k] and failed(config, sketch, total, w, k) == FITS:
                    found = k
                    break
            if found < 0:
                fits = False
                break
            place(config, sketch, w, found, 1)
            moved[found, w] += 1
        if not fits:
            break
    if fits:
        for w in range(workloads):
            allowed[w] -= state.nodes.by_workload[n, w]
        return True
    for k in range(total):
        for w in range(workloads):
            for _ in range(moved[k, w]):
                place(config, sketch, w, k, -1)
    sketch.known[n] = 1
    return False


@njit
def scale_down(config: Config, state: State, ready_pods: Any, tick: int) -> int:
    """Look for nodes that are not needed and give back those that were so long enough; return how many."""
    if state.number[CHANGED] or tick >= state.number[LOOK_AGAIN]:
        find_unneeded(config, state, ready_pods, tick)
        state.number[CHANGED] = 0
    if state.number[UNNEEDED] == 0:
        return 0
    if (
        state.number[LAST_UP] + config.delay_add > tick
        or state.number[LAST_DELETION] + config.delay_delete > tick
    ):
        return 0
    going = 0
    draining = False
    for n in range(state.number[NODES]):
        if state.node_state[n] == GOING:
            going += 1
            draining = draining or state.node_drained[n] == 1
    deleted = 0
    for wants_empty in (True, False):
        for n in range(state.number[NODES]):
            if state.node_state[n] != READY_NODE or state.node_since[n] == NEVER:
                continue
            pool = state.nodes.pool[n]
            if (state.nodes.pods[n] == config.daemon_pods[pool]) != wants_empty:
                continue
            if going >= config.bulk_delete or (not wants_empty and draining):
                return deleted
            if config.unneeded > 0 and tick - state.node_since[n] <= config.unneeded:
                continue
            if state.target[pool] <= config.pool_min[pool]:
                continue
            delete_node(config, state, n, tick)
            draining = draining or not wants_empty
            going += 1
            deleted += 1
    return deleted


@njit
def delete_node(config: Config, state: State, n: int, tick: int) -> None:
    """Mark a node; its pods are made anew elsewhere."""
    pool = state.nodes.pool[n]
    state.node_drained[n] = 1 if state.nodes.pods[n] > config.daemon_pods[pool] else 0
    state.node_state[n] = GOING
    state.nodes.known[n] = 0
    state.node_gone[n] = tick + config.pool_delete[pool]
    state.node_since[n] = NEVER
    state.target[pool] -= 1
    state.pool_ready[pool] -= 1
    state.number[LAST_DELETION] = tick
    state.number[UNNEEDED] -= 1
    for w in range(len(config.replicas)):
        evicted = state.nodes.by_workload[n, w]
        if evicted == 0:
            continue
        for i in range(state.pods[w]):
            state.keys[i] = -1 if state.pod_node[w, i] == n else 1
        keep_pods(state, w)
        add_pods(state, w, evicted, tick)
        state.nodes.by_workload[n, w] = 0
    changed(state)


@njit
def scan(config: Config, state: State, ready_pods: Any, boots: Any, draws: Any, tick: int) -> bool:
    """Run the cluster autoscaler once; tell whether nodes were added or given back."""
    if state.waiting.sum() > 0 and tick >= state.number[QUIET_UNTIL]:
        if scale_up(config, state, boots, draws, tick):
            return True
        until = np.int64(NEVER)
        for pool in range(len(config.pool_cpu)):
            if state.backoff_until[pool] > tick:
                until = min(until, state.backoff_until[pool])
        state.number[QUIET_UNTIL] = until
    return scale_down(config, state, ready_pods, tick) > 0
