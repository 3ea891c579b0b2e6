"""Nodes, what pods request of them, and the rules by which the scheduler places pods.

Follows the default plugins of pkg/scheduler (noderesources, nodeports, podtopologyspread) and the
aggregation of requests in component-helpers/resource/helpers.go. Usage and limits play no part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

HOSTNAME = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"

FailedFilter = Literal["NodeAffinity", "NodePorts", "NodeResourcesFit", "PodTopologySpread"]


@dataclass(frozen=True, slots=True)
class Resources:
    """Cpu and memory: a request, an allocatable amount or a capacity."""

    cpu_milli: int = 0
    """Thousandths of a core."""
    memory_bytes: int = 0

    def __add__(self, other: Resources) -> Resources:
        return Resources(self.cpu_milli + other.cpu_milli, self.memory_bytes + other.memory_bytes)


NOTHING = Resources()


@dataclass(frozen=True, slots=True)
class InitContainer:
    """Requests of an init container; a restartable one is a sidecar and keeps running."""

    request: Resources
    restartable: bool = False


@dataclass(frozen=True, slots=True)
class TopologySpread:
    """A hard constraint (DoNotSchedule) whose selector matches the pods of its own group."""

    max_skew: int
    key: str = HOSTNAME
    min_domains: int = 1


@dataclass(frozen=True, slots=True)
class PodGroup:
    """Identical pods that wait for a node."""

    name: str
    count: int
    request: Resources
    host_port: int | None = None
    spread: TopologySpread | None = None
    pools: frozenset[int] | None = None
    """Numbers of the pools that a node selector allows; None: all."""


@dataclass(slots=True)
class Node:
    """A node and the pods placed on it so far."""

    name: str
    allocatable: Resources
    max_pods: int | None = None
    """None: no limit."""
    zone: str | None = None
    pool: int = 0
    """Number of its pool."""
    requested: Resources = NOTHING
    pods: int = 0
    ports: set[int] = field(default_factory=set)
    by_group: dict[int, int] = field(default_factory=dict)
    """Pods of each group, by the group's number."""

    def place(self, group: PodGroup, number: int) -> None:
        """Count one more pod of a group."""
        self.requested = self.requested + group.request
        self.pods += 1
        self.by_group[number] = self.by_group.get(number, 0) + 1
        if group.host_port is not None:
            self.ports.add(group.host_port)

    def take(self, group: PodGroup, number: int) -> None:
        """Count one pod of a group less."""
        request = group.request
        self.requested = Resources(
            self.requested.cpu_milli - request.cpu_milli, self.requested.memory_bytes - request.memory_bytes
        )
        self.pods -= 1
        self.by_group[number] -= 1
        if group.host_port is not None:
            self.ports.discard(group.host_port)


def pod_request(containers: Resources, init: Sequence[InitContainer] = ()) -> Resources:
    """Return what a pod requests of a node.

    Parameters
    ----------
    containers : Resources
        Sum over the app containers.
    init : sequence of InitContainer
        In the order they are declared.

    Returns
    -------
    Resources
        The larger of what runs in the end and the peak while initialising, per resource.

    References
    ----------
    component-helpers/resource/helpers.go: PodRequests.
    """
    sidecars = Resources()
    peak_cpu = peak_memory = 0
    for container in init:
        together = sidecars + container.request
        if container.restartable:
            sidecars = together
        peak_cpu = max(peak_cpu, together.cpu_milli)
        peak_memory = max(peak_memory, together.memory_bytes)
    running = containers + sidecars
    return Resources(max(running.cpu_milli, peak_cpu), max(running.memory_bytes, peak_memory))


def failed_filter(group: PodGroup, number: int, node: Node, nodes: Iterable[Node]) -> FailedFilter | None:
    """Return the first filter that keeps a pod off a node; None if it fits.

    Parameters
    ----------
    group : PodGroup
        What kind of pod.
    number : int
        The group's number, under which nodes count its pods.
    node : Node
        Where it would go.
    nodes : iterable of Node
        All that are known: the domains of a topology spread.
    """
    if not is_selected(group, node):
        return "NodeAffinity"
    if group.host_port is not None and group.host_port in node.ports:
        return "NodePorts"
    if node.max_pods is not None and node.pods + 1 > node.max_pods:
        return "NodeResourcesFit"
    free_cpu = node.allocatable.cpu_milli - node.requested.cpu_milli
    free_memory = node.allocatable.memory_bytes - node.requested.memory_bytes
    if (group.request.cpu_milli > free_cpu and group.request.cpu_milli > 0) or (
        group.request.memory_bytes > free_memory and group.request.memory_bytes > 0
    ):
        return "NodeResourcesFit"
    if group.spread is not None and not _spread_allows(
        group.spread, number, node, [each for each in nodes if is_selected(group, each)]
    ):
        return "PodTopologySpread"
    return None


def is_selected(group: PodGroup, node: Node) -> bool:
    """Tell whether a group's node selector allows a node's pool."""
    return group.pools is None or node.pool in group.pools


def _domain(node: Node, key: str) -> str | None:
    return node.name if key == HOSTNAME else node.zone


def _spread_allows(spread: TopologySpread, number: int, node: Node, nodes: Iterable[Node]) -> bool:
    """Apply a hard topology spread (podtopologyspread/filtering.go: Filter)."""
    here = _domain(node, spread.key)
    if here is None:
        return False  # a node without the label satisfies no constraint
    counts: dict[str, int] = {}
    for each in nodes:
        domain = _domain(each, spread.key)
        if domain is not None:
            counts[domain] = counts.get(domain, 0) + each.by_group.get(number, 0)
    lowest = min(counts.values()) if len(counts) >= spread.min_domains else 0
    return counts[here] + 1 - lowest <= spread.max_skew
