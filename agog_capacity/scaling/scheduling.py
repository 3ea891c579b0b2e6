"""Where the scheduler puts a pod among the nodes that fit, and which pods a scale-down removes.

Follows the scores of pkg/scheduler/framework/plugins (noderesources, podtopologyspread) with their default
weights, and pkg/controller/controller_utils.go: ActivePodsWithRanks. The default scheduler spreads, it does not
pack. Left out are the scores that are alike on every node of a plain cluster: taints, affinities, image locality.
Where upstream draws at random, the oldest node and the newest pod are taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from agog_capacity.scaling.nodes import Node, PodGroup, Resources, is_selected

HOST_MAXIMUM_SKEW = 3
ZONE_MAXIMUM_SKEW = 5
"""Of the soft spreading that applies to pods without a constraint of their own."""
SPREAD_WEIGHT = 2
LOG_WEIGHTS = tuple(math.log(domains + 2) for domains in range(2048))
"""Weight of a soft constraint by its number of domains (podtopologyspread/scoring.go)."""


def least_allocated_score(node: Node, request: Resources) -> int:
    """Score a node by what would be left: 0 full, 100 empty.

    References
    ----------
    noderesources/least_allocated.go: the mean over cpu and memory, each truncated, then truncated.
    """
    shares = []
    for allocatable, used in (
        (node.allocatable.cpu_milli, node.requested.cpu_milli + request.cpu_milli),
        (node.allocatable.memory_bytes, node.requested.memory_bytes + request.memory_bytes),
    ):
        if allocatable > 0:
            shares.append(0 if used > allocatable else (allocatable - used) * 100 // allocatable)
    return sum(shares) // len(shares) if shares else 0


def balanced_allocation_score(node: Node, request: Resources) -> int:
    """Score a node by how evenly cpu and memory would be used: 100 even, 50 one full and one empty.

    References
    ----------
    noderesources/balanced_allocation.go: half the distance of two fractions is their standard deviation.
    """
    allocatable = node.allocatable
    if allocatable.cpu_milli <= 0 or allocatable.memory_bytes <= 0:
        return 100
    cpu = min(1.0, (node.requested.cpu_milli + request.cpu_milli) / allocatable.cpu_milli)
    memory = min(1.0, (node.requested.memory_bytes + request.memory_bytes) / allocatable.memory_bytes)
    return int((1 - abs(cpu - memory) / 2) * 100)


def soft_spread_scores(number: int, feasible: Sequence[Node], nodes: Sequence[Node]) -> list[int]:
    """Score nodes by how few pods of the same set they and their zones hold: 100 the fewest.

    Parameters
    ----------
    number : int
        The group under which nodes count the pods of the set.
    feasible : sequence of Node
        Nodes that passed all filters.
    nodes : sequence of Node
        All nodes that the group's selector allows.

    References
    ----------
    podtopologyspread/scoring.go: Score, NormalizeScore, with the system's default constraints: hostname with a
    skew of 3, zone with a skew of 5. A node without a zone is judged by its hostname alone.
    """
    in_zone: dict[str, int] = {}
    for node in nodes:
        if node.zone is not None:
            in_zone[node.zone] = in_zone.get(node.zone, 0) + node.by_group.get(number, 0)
    host_weight = LOG_WEIGHTS[len(feasible)]
    zone_weight = LOG_WEIGHTS[len({node.zone for node in feasible if node.zone is not None})]
    crowding = []
    for node in feasible:
        amount = node.by_group.get(number, 0) * host_weight + (HOST_MAXIMUM_SKEW - 1)
        if node.zone is not None:
            amount += in_zone[node.zone] * zone_weight + (ZONE_MAXIMUM_SKEW - 1)
        crowding.append(math.floor(amount + 0.5))
    most, least = max(crowding), min(crowding)
    return [100 * (most + least - amount) // most for amount in crowding]


def best_node(group: PodGroup, number: int, feasible: Sequence[Node], nodes: Sequence[Node]) -> Node:
    """Return the node with the highest score; the oldest of equals.

    Parameters
    ----------
    group : PodGroup
    number : int
        See `soft_spread_scores`.
    feasible : sequence of Node
        At least one, oldest first.
    nodes : sequence of Node
        All nodes.
    """
    allowed = [node for node in nodes if is_selected(group, node)]
    spread = soft_spread_scores(number, feasible, allowed) if group.spread is None else [0] * len(feasible)
    totals = [
        least_allocated_score(node, group.request)
        + balanced_allocation_score(node, group.request)
        + SPREAD_WEIGHT * score
        for node, score in zip(feasible, spread, strict=True)
    ]
    return feasible[totals.index(max(totals))]


class RankedPod(NamedTuple):
    """What decides whether a pod goes first in a scale-down. Ages in seconds."""

    is_assigned: bool
    is_running: bool
    is_ready: bool
    on_same_node: int
    """Pods of the same set on its node, itself included."""
    ready_for_s: float
    created_for_s: float
    deletion_cost: int = 0


def removal_order(pods: Sequence[RankedPod]) -> list[int]:
    """Return the positions of pods, the first to be removed first.

    Parameters
    ----------
    pods : sequence of RankedPod
        Oldest first; of pods that are alike the newest goes first.

    References
    ----------
    controller_utils.go: ActivePodsWithRanks. Ranks are taken once, not anew after each removal. Ages compare on
    a logarithmic scale, so pods of similar age tie.
    """

    def key(position: int) -> tuple[int, ...]:
        pod = pods[position]
        return (
            pod.is_assigned,
            pod.is_running,
            pod.is_ready,
            pod.deletion_cost,
            -pod.on_same_node,
            logarithmic_age(pod.ready_for_s) if pod.is_ready else 0,
            logarithmic_age(pod.created_for_s),
            -position,
        )

    return sorted(range(len(pods)), key=key)


def logarithmic_age(age_s: float) -> int:
    """Return the whole part of the binary logarithm of an age in nanoseconds; -1 for none."""
    nanoseconds = int(age_s * 1_000_000_000)
    return nanoseconds.bit_length() - 1 if nanoseconds > 0 else -1
