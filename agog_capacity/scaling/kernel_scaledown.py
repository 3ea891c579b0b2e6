# mypy: disable-error-code="no-any-return,return-value"
"""How the kernel gives nodes back: the rules of `node_scaledown` on arrays, and a whole scan.

Every function has a readable twin in `reference_nodes`; comments only say what is different. What cannot have
changed since the last scan is not computed again. Only `kernel` imports this.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agog_capacity.scaling.kernel_compile import compiled, inlined
from agog_capacity.scaling.kernel_nodes import (
    CHANGED,
    EARLIEST,
    FITS,
    GOING,
    LAST_DELETION,
    LAST_UP,
    LOOK_AGAIN,
    NODES,
    QUIET_UNTIL,
    READY_NODE,
    Nodes,
    State,
    add_pods,
    all_waiting,
    failed,
    keep_pods,
    place,
)
from agog_capacity.scaling.kernel_scaleup import changed, copy_node, scale_up
from agog_capacity.scaling.kernel_setup import Config
from agog_capacity.scaling.reference_state import NEVER


@inlined
def least_available(config: Config, w: int, replicas: int) -> int:
    """Return how many pods the budgets of a workload keep of so many replicas."""
    row = config.workloads[w]
    least = max(row.min_available, -(-replicas * row.min_percent // 100))
    if row.max_unavailable >= 0:
        least = max(least, replicas - row.max_unavailable)
    if row.max_percent >= 0:
        least = max(least, replicas + -replicas * row.max_percent // 100)
    return least


@compiled
def find_unneeded(config: Config, state: State, ready_pods: Any, replicas: Any, tick: int) -> None:
    """Set since when each node is not needed: all its pods would fit elsewhere."""
    total = state.number[NODES]
    workloads = len(config.workloads)
    sketch = state.sketch
    allowed, moved = state.scratch.allowed, state.scratch.moved
    for w in range(workloads):
        allowed[w] = (
            max(0, ready_pods[w] - least_available(config, w, replicas[w]))
            if config.workloads[w].has_budget
            else NEVER
        )
    for n in range(total):
        copy_node(state.nodes, n, sketch, n)
        sketch.table[n].known = 1 if state.nodes.table[n].state == READY_NODE else 0
    look_again = np.int64(NEVER)
    for wants_empty in (True, False):
        for n in range(total):
            if state.nodes.table[n].state != READY_NODE:
                continue
            pool = state.nodes.table[n].pool
            is_empty = state.nodes.table[n].pods == config.pools[pool].daemon_pods
            if is_empty != wants_empty:
                continue
            if not is_underused(config, state, n) or tick < state.nodes.table[n].unremovable:
                state.nodes.table[n].since = NEVER
                if state.nodes.table[n].unremovable > tick:
                    look_again = min(look_again, state.nodes.table[n].unremovable)
                continue
            if moves(config, state, sketch, n, total, allowed, moved):
                if state.nodes.table[n].since == NEVER:
                    state.nodes.table[n].since = tick
            else:
                state.nodes.table[n].since = NEVER
                state.nodes.table[n].unremovable = tick + config.settings[0].recheck
                look_again = min(look_again, state.nodes.table[n].unremovable)
    state.number[LOOK_AGAIN] = look_again
    set_earliest(config, state)


@inlined
def set_earliest(config: Config, state: State) -> None:
    """Set the tick before which no node can be given back, unless something changes."""
    earliest = np.int64(NEVER)
    for n in range(state.number[NODES]):
        since = state.nodes.table[n].since
        pool = state.nodes.table[n].pool
        if since != NEVER and state.pools[pool].target > config.pools[pool].min:
            earliest = min(earliest, since + config.settings[0].unneeded)
    earliest = max(earliest, state.number[LAST_UP] + config.settings[0].delay_add)
    state.number[EARLIEST] = max(earliest, state.number[LAST_DELETION] + config.settings[0].delay_delete)


@inlined
def is_underused(config: Config, state: State, n: int) -> bool:
    """Tell whether a node's requests are at or below the threshold."""
    pool = state.nodes.table[n].pool
    cpu, memory = state.nodes.table[n].cpu, state.nodes.table[n].memory
    all_cpu, all_memory = config.pools[pool].cpu, config.pools[pool].memory
    if config.settings[0].ignore_daemons:
        cpu -= config.pools[pool].daemon_cpu
        memory -= config.pools[pool].daemon_memory
        all_cpu -= config.pools[pool].daemon_cpu
        all_memory -= config.pools[pool].daemon_memory
    return (
        cpu / all_cpu <= config.settings[0].threshold and memory / all_memory <= config.settings[0].threshold
    )


@inlined
def moves(config: Config, state: State, sketch: Nodes, n: int, total: int, allowed: Any, moved: Any) -> bool:
    """Try to move a node's pods onto the others in the sketch; undo it if they may not or do not fit."""
    workloads = len(config.workloads)
    for w in range(workloads):
        count = state.nodes.by_workload[n, w]
        if count > 0 and (config.workloads[w].blocks or count > allowed[w]):
            return False
    sketch.table[n].known = 0
    moved[:, :] = 0
    fits = True
    for w in range(workloads):
        for _ in range(state.nodes.by_workload[n, w]):
            found = -1
            for k in range(total):
                if sketch.table[k].known and failed(config, sketch, total, w, k) == FITS:
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
    sketch.table[n].known = 1
    return False


@compiled
def scale_down(config: Config, state: State, ready_pods: Any, replicas: Any, tick: int) -> int:
    """Look for nodes that are not needed and give back those that were so long enough; return how many."""
    if state.number[CHANGED] or tick >= state.number[LOOK_AGAIN]:
        find_unneeded(config, state, ready_pods, replicas, tick)
        state.number[CHANGED] = 0
    if tick < state.number[EARLIEST]:
        return 0
    if (
        state.number[LAST_UP] + config.settings[0].delay_add > tick
        or state.number[LAST_DELETION] + config.settings[0].delay_delete > tick
    ):
        return 0
    going = 0
    draining = False
    for n in range(state.number[NODES]):
        if state.nodes.table[n].state == GOING:
            going += 1
            draining = draining or state.nodes.table[n].drained == 1
    deleted = 0
    for wants_empty in (True, False):
        for n in range(state.number[NODES]):
            if state.nodes.table[n].state != READY_NODE or state.nodes.table[n].since == NEVER:
                continue
            pool = state.nodes.table[n].pool
            if (state.nodes.table[n].pods == config.pools[pool].daemon_pods) != wants_empty:
                continue
            if going >= config.settings[0].bulk_delete or (not wants_empty and draining):
                return deleted
            if (
                config.settings[0].unneeded > 0
                and tick - state.nodes.table[n].since <= config.settings[0].unneeded
            ):
                continue
            if state.pools[pool].target <= config.pools[pool].min:
                continue
            delete_node(config, state, n, tick)
            draining = draining or not wants_empty
            going += 1
            deleted += 1
    return deleted


@compiled
def delete_node(config: Config, state: State, n: int, tick: int) -> None:
    """Mark a node; its pods are made anew elsewhere."""
    pool = state.nodes.table[n].pool
    state.nodes.table[n].drained = 1 if state.nodes.table[n].pods > config.pools[pool].daemon_pods else 0
    state.nodes.table[n].state = GOING
    state.nodes.table[n].known = 0
    state.nodes.table[n].gone = tick + config.pools[pool].delete
    state.nodes.table[n].since = NEVER
    state.pools[pool].target -= 1
    state.pools[pool].ready -= 1
    state.number[LAST_DELETION] = tick
    for w in range(len(config.workloads)):
        evicted = state.nodes.by_workload[n, w]
        if evicted == 0:
            continue
        for i in range(state.pods[w]):
            state.keys[i] = -1 if state.pod[w, i].node == n else 1
        keep_pods(state, w)
        add_pods(state, w, evicted, tick)
        state.nodes.by_workload[n, w] = 0
    changed(state)


@inlined
def scan(
    config: Config, state: State, ready_pods: Any, replicas: Any, boots: Any, draws: Any, tick: int
) -> bool:
    """Run the cluster autoscaler once; tell whether nodes were added or given back."""
    if all_waiting(state) > 0 and tick >= state.number[QUIET_UNTIL]:
        if scale_up(config, state, boots, draws, tick):
            return True
        until = np.int64(NEVER)
        for pool in range(len(config.pools)):
            if state.pools[pool].backoff_until > tick:
                until = min(until, state.pools[pool].backoff_until)
        state.number[QUIET_UNTIL] = until
    return scale_down(config, state, ready_pods, replicas, tick) > 0
