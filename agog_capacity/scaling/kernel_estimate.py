# mypy: disable-error-code="no-any-return,return-value"
"""How many nodes a scale-up of the kernel asks for: the rules of `estimator` on arrays. Only `kernel` imports this."""

from __future__ import annotations

from typing import Any

from agog_capacity.scaling.kernel_compile import compiled
from agog_capacity.scaling.kernel_nodes import (
    FITS,
    SKEWED,
    Nodes,
    State,
    failed,
    place,
)
from agog_capacity.scaling.kernel_setup import Config


@compiled
def set_empty(config: Config, nodes: Nodes, n: int, pool: int, zone: int) -> None:
    """Make a node of a pool that carries only its daemon pods."""
    nodes.table[n].pool = pool
    nodes.table[n].zone = zone
    nodes.table[n].known = 1
    nodes.table[n].cpu = config.pools[pool].daemon_cpu
    nodes.table[n].memory = config.pools[pool].daemon_memory
    nodes.table[n].pods = config.pools[pool].daemon_pods
    for w in range(nodes.by_workload.shape[1]):
        nodes.by_workload[n, w] = 0


@compiled
def estimate(config: Config, state: State, existing: int, zone: int, pool: int, room: int) -> int:
    """Return how many nodes of a pool would get a pod; the scratch holds the pods of each workload.

    Existing nodes are changed by the quirk of topology spread and put right again.
    """
    sketch = state.sketch
    count = existing
    more_nodes = True
    permitted = 0
    received, moved = state.scratch.received, state.scratch.moved
    left, order, helped = state.scratch.fitting, state.scratch.order, state.scratch.helped
    received[:] = 0
    moved[:] = 0
    helped[:] = 0
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
                    if why == SKEWED and config.workloads[w].spread_zones == 0:
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


@compiled
def pod_order(config: Config, pool: int, order: Any, scores: Any) -> None:
    """Order workloads by the share of a node that one pod takes, largest first."""
    for w in range(len(order)):
        order[w] = w
        scores[w] = (
            config.workloads[w].cpu_request / config.pools[pool].cpu
            + config.workloads[w].memory_request / config.pools[pool].memory
        )
    for position in range(1, len(order)):
        w = order[position]
        back = position
        while back > 0 and scores[order[back - 1]] < scores[w]:
            order[back] = order[back - 1]
            back -= 1
        order[back] = w
