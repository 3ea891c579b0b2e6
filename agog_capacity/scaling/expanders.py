"""Which pool grows, and how new nodes are shared out over pools that are alike.

Follows cluster-autoscaler/expander (waste, leastnodes, mostpods) and processors/nodegroupset/balancing_processor.go.
Every filter keeps all ties; filters can be chained; what is left in the end is drawn at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agog_capacity.scaling.nodes import NOTHING, Resources
from agog_capacity.scaling.pods import divided

Expander = Literal["random", "least-waste", "least-nodes", "most-pods", "priority"]


@dataclass(frozen=True, slots=True)
class Option:
    """Nodes of one pool that would help pending pods."""

    name: str
    node_count: int = 0
    capacity: Resources = NOTHING
    """Of one node, not its allocatable."""
    pods: int = 0
    requested: Resources = NOTHING
    """Sum over the pods that would be helped."""


def least_waste(options: Sequence[Option]) -> list[Option]:
    """Keep the options with the least unused share, cpu plus memory (waste/waste.go: BestOptions)."""
    return _kept(options, [wasted_share(option) for option in options])


def wasted_share(option: Option) -> float:
    """Return the unused share of the option's nodes, cpu plus memory: 0 full, 2 empty."""
    cpu = option.capacity.cpu_milli * option.node_count
    memory = option.capacity.memory_bytes * option.node_count
    wasted_cpu = divided(float(cpu - option.requested.cpu_milli), float(cpu))
    wasted_memory = divided(float(memory - option.requested.memory_bytes), float(memory))
    return wasted_cpu + wasted_memory


def least_nodes(options: Sequence[Option]) -> list[Option]:
    """Keep the options with the fewest new nodes; those of 0 drop out first (leastnodes/leastnodes.go)."""
    some = [option for option in options if option.node_count > 0]
    return _kept(some, [option.node_count for option in some])


def most_pods(options: Sequence[Option]) -> list[Option]:
    """Keep the options that help most pods, also where all help none (mostpods/mostpods.go)."""
    return _kept(options, [-option.pods for option in options])


def _kept(options: Sequence[Option], scores: Sequence[float]) -> list[Option]:
    best: list[Option] = []
    lowest: float | None = None
    for option, score in zip(options, scores, strict=True):
        if lowest is None or score < lowest:
            best, lowest = [option], score
        elif score == lowest:
            best.append(option)
    return best


@dataclass(frozen=True, slots=True)
class PoolSize:
    """Bounds and target of a pool. [nodes]"""

    name: str
    minimum: int
    maximum: int
    target: int


def balanced(pools: Sequence[PoolSize], new_nodes: int) -> dict[str, int]:
    """Share new nodes out, one at a time to the smallest pool that is below its maximum.

    Parameters
    ----------
    pools : sequence of PoolSize
        Pools that are alike.
    new_nodes : int
        Cut to the room there is.

    Returns
    -------
    dict
        New size of each pool that changes. Of equal pools the earlier comes first.

    References
    ----------
    balancing_processor.go: BalanceScaleUpBetweenGroups.
    """
    sizes = [pool.target for pool in pools]
    for _ in range(min(new_nodes, sum(max(0, pool.maximum - pool.target) for pool in pools))):
        open_pools = [number for number, pool in enumerate(pools) if sizes[number] < pool.maximum]
        sizes[min(open_pools, key=lambda number: sizes[number])] += 1
    return {pool.name: size for pool, size in zip(pools, sizes, strict=True) if size != pool.target}
