# mypy: disable-error-code="no-any-return,return-value"
"""How the kernel's nodes come and boot: the rules of `estimator` and `expanders` on arrays.

Every function has a readable twin in `reference_nodes` or `estimator`; comments only say what is different. What
cannot have changed since the last scan is not computed again. Only `kernel` imports this.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agog_capacity.scaling.cluster import LONG_AGO
from agog_capacity.scaling.kernel_compile import compiled, inlined
from agog_capacity.scaling.kernel_estimate import estimate, pod_order, set_empty
from agog_capacity.scaling.kernel_nodes import (
    ADDED,
    BOOTING,
    BOOTS,
    CHANGED,
    DRAWN,
    FITS,
    GOING,
    LAST_UP,
    NODES,
    QUIET_UNTIL,
    READY_NODE,
    WAITS,
    Nodes,
    State,
    failed,
    place,
)
from agog_capacity.scaling.kernel_setup import Config
from agog_capacity.scaling.reference_nodes import MAXIMUM_NEW_NODES
from agog_capacity.scaling.reference_state import NEVER


@compiled
def next_zone(config: Config, state: State, pool: int) -> int:
    """Return the zone of a pool's next node, -1 for none: where it has fewest."""
    best, fewest = -1, np.int64(NEVER)
    for z in range(config.pools[pool].zone_count):
        zone = config.pools[pool].zones[z]
        count = 0
        for n in range(state.number[NODES]):
            if state.nodes.table[n].pool == pool and state.nodes.table[n].zone == zone:
                count += 1
        if count < fewest:
            best, fewest = zone, np.int64(count)
    return best


@compiled
def add_node(config: Config, state: State, pool: int, asked: int, ready: int) -> None:
    """Add a node, booting unless it is there since long ago."""
    n = state.number[NODES]
    set_empty(config, state.nodes, n, pool, next_zone(config, state, pool))
    is_ready = ready == LONG_AGO
    state.nodes.table[n].known = 1 if is_ready else 0
    state.nodes.table[n].state = READY_NODE if is_ready else BOOTING
    state.nodes.table[n].asked = asked
    state.nodes.table[n].ready = ready
    state.nodes.table[n].gone = NEVER
    state.nodes.table[n].drained = 0
    state.nodes.table[n].unremovable = LONG_AGO
    state.nodes.table[n].since = NEVER
    for w in range(state.image.shape[1]):
        state.image[n, w] = NEVER
    state.number[NODES] += 1
    state.pools[pool].billed += 1
    if is_ready:
        state.pools[pool].ready += 1


@compiled
def advance(config: Config, state: State, tick: int) -> int:
    """Let nodes become ready, fail to come or vanish; return the tick of the next such event."""
    n = 0
    following = np.int64(NEVER)
    while n < state.number[NODES]:
        pool = state.nodes.table[n].pool
        if state.nodes.table[n].state == BOOTING:
            if state.nodes.table[n].ready <= tick:
                state.nodes.table[n].state = READY_NODE
                state.nodes.table[n].known = 1
                state.pools[pool].ready += 1
                changed(state)
            elif tick >= state.nodes.table[n].asked + config.settings[0].provision:
                state.nodes.table[n].gone = tick
                state.pools[pool].target -= 1
                back_off(config, state, pool, tick)
            else:
                following = min(
                    following,
                    state.nodes.table[n].ready,
                    state.nodes.table[n].asked + config.settings[0].provision,
                )
        if state.nodes.table[n].gone <= tick:
            state.pools[pool].billed -= 1
            drop_node(state, n)
            changed(state)
        else:
            following = min(following, state.nodes.table[n].gone)
            n += 1
    return following


@inlined
def changed(state: State) -> None:
    """Note that whatever was settled must be looked at again."""
    state.number[CHANGED] = 1
    state.number[WAITS] = 1
    state.number[QUIET_UNTIL] = 0


@compiled
def back_off(config: Config, state: State, pool: int, tick: int) -> None:
    """Leave a pool alone for a while after a node that did not come."""
    if tick < state.pools[pool].backoff_until:
        return
    if (
        tick - state.pools[pool].last_failure > config.settings[0].backoff_reset
        or state.pools[pool].backoff == 0
    ):
        state.pools[pool].backoff = config.settings[0].backoff_first
    else:
        state.pools[pool].backoff = min(config.settings[0].backoff_longest, 2 * state.pools[pool].backoff)
    state.pools[pool].backoff_until = tick + state.pools[pool].backoff
    state.pools[pool].last_failure = tick


@compiled
def drop_node(state: State, gone: int) -> None:
    """Close the gap of a node that is gone."""
    nodes = state.nodes
    last = state.number[NODES] - 1
    for n in range(gone, last):
        nodes.table[n] = nodes.table[n + 1]
        for w in range(state.image.shape[1]):
            nodes.by_workload[n, w] = nodes.by_workload[n + 1, w]
            state.image[n, w] = state.image[n + 1, w]
    state.number[NODES] = last
    for w in range(len(state.pods)):
        for i in range(state.pods[w]):
            if state.pod[w, i].node > gone:
                state.pod[w, i].node -= 1


@compiled
def copied(state: State, wants_booting: bool) -> int:
    """Sketch the ready nodes, and those that boot; return their number."""
    count = 0
    for n in range(state.number[NODES]):
        if state.nodes.table[n].state == READY_NODE or (
            wants_booting and state.nodes.table[n].state == BOOTING
        ):
            copy_node(state.nodes, n, state.sketch, count)
            state.sketch.table[count].known = 1
            count += 1
    return count


@inlined
def copy_node(source: Nodes, n: int, target: Nodes, k: int) -> None:
    """Copy one node."""
    target.table[k] = source.table[n]
    for w in range(source.by_workload.shape[1]):
        target.by_workload[k, w] = source.by_workload[n, w]


@compiled
def targets(state: State) -> int:
    """Return the nodes that all pools should have."""
    total = 0
    for p in range(len(state.pools)):
        total += state.pools[p].target
    return total


@compiled
def may_grow(config: Config, state: State, pool: int, tick: int) -> bool:
    """Tell whether a pool is below its maximum and not left alone."""
    return state.pools[pool].target < config.pools[pool].max and tick >= state.pools[pool].backoff_until


@compiled
def is_alike(config: Config, state: State, pool: int, other: int, tick: int) -> bool:
    """Tell whether a scale-up of one pool may be shared with another."""
    same = config.pools[pool].similar == config.pools[other].similar
    return other == pool or (same and may_grow(config, state, other, tick))


@compiled
def scale_up(config: Config, state: State, boots: Any, draws: Any, tick: int) -> bool:
    """Grow one pool for waiting pods; tell whether one grew."""
    workloads, pools = len(config.workloads), len(config.pools)
    left = state.scratch.left
    for w in range(workloads):
        left[w] = state.waiting[w]
    count = copied(state, True)
    sketch = state.sketch
    position = 0
    is_upcoming = state.scratch.upcoming
    for n in range(state.number[NODES]):
        if state.nodes.table[n].state != GOING:
            is_upcoming[position] = state.nodes.table[n].state == BOOTING
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
    wanted, merit, helped = state.scratch.wanted, state.scratch.merit, state.scratch.helped
    fitting, order, scores = state.scratch.fitting, state.scratch.order, state.scratch.scores
    wanted[:] = 0
    all_targets = targets(state)
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
                room += max(0, config.pools[other].max - state.pools[other].target)
        room = min(room, MAXIMUM_NEW_NODES)
        if config.settings[0].nodes_total > 0:
            room = min(room, config.settings[0].nodes_total - all_targets)
        pod_order(config, pool, order, scores)
        wanted[pool] = estimate(config, state, count, zone, pool, room)
        merit[pool] = merit_of(config, pool, wanted[pool], helped)
    chosen = expanded(config, state, wanted, merit, draws)
    if chosen < 0:
        return False
    return grow(config, state, chosen, wanted[chosen], boots, tick)


@compiled
def merit_of(config: Config, pool: int, wanted: int, helped: Any) -> float:
    """Return what the expander compares; less is better."""
    if config.settings[0].expander == 1:
        cpu = memory = np.int64(0)
        for w in range(len(helped)):
            cpu += helped[w] * config.workloads[w].cpu_request
            memory += helped[w] * config.workloads[w].memory_request
        all_cpu = config.pools[pool].capacity_cpu * max(1, wanted)
        all_memory = config.pools[pool].capacity_memory * max(1, wanted)
        return (all_cpu - cpu) / all_cpu + (all_memory - memory) / all_memory
    if config.settings[0].expander == 2:
        return float(wanted)
    if config.settings[0].expander == 3:
        return -float(helped.sum())
    if config.settings[0].expander == 4:
        return -float(config.pools[pool].priority)
    return 0.0


@compiled
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


@compiled
def grow(config: Config, state: State, pool: int, count: int, boots: Any, tick: int) -> bool:
    """Add nodes to a pool, or shared out over the pools like it."""
    pools = len(config.pools)
    if config.settings[0].nodes_total > 0:
        count = min(count, config.settings[0].nodes_total - targets(state))
    sizes = state.scratch.sizes
    for other in range(pools):
        sizes[other] = state.pools[other].target
    for _ in range(count):
        smallest = -1
        for other in range(pools):
            is_open = is_alike(config, state, pool, other, tick) and sizes[other] < config.pools[other].max
            if is_open and (smallest < 0 or sizes[other] < sizes[smallest]):
                smallest = other
        if smallest < 0:
            break
        sizes[smallest] += 1
    grown = False
    for other in range(pools):
        while state.pools[other].target < sizes[other]:
            boot = boots[other, state.number[BOOTS] % boots.shape[1]]
            state.number[BOOTS] += 1
            add_node(config, state, other, tick, tick + boot)
            state.pools[other].target += 1
            state.number[ADDED] += 1
            grown = True
    if grown:
        state.number[LAST_UP] = tick
        changed(state)
    return grown
