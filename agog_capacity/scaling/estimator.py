"""How many nodes the cluster autoscaler asks for: first-fit decreasing on empty template nodes.

Follows cluster-autoscaler/estimator: binpacking_estimator.go, decreasing_pod_orderer.go,
threshold_based_limiter.go, cluster_capacity_threshold.go and sng_capacity_threshold.go. It decides only the
size of a scale-up; where pods really go is the scheduler's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from agog_capacity.scaling.nodes import HOSTNAME, NOTHING, Node, PodGroup, Resources, failed_filter
from agog_capacity.scaling.pods import divided


@dataclass(frozen=True, slots=True)
class NodeTemplate:
    """A node of a pool with nothing but its daemon pods."""

    allocatable: Resources
    max_pods: int | None = None
    zone: str | None = None
    pool: int = 0
    requested: Resources = NOTHING
    """Of its daemon pods, where allocatable still includes them."""
    pods: int = 0
    """Its daemon pods."""

    def node(self, name: str) -> Node:
        """Return a node of this shape."""
        return Node(name, self.allocatable, self.max_pods, self.zone, self.pool, self.requested, self.pods)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an estimate found."""

    node_count: int
    """Nodes that received a pod, also those that existed before."""
    new_nodes_with_pods: int
    """Of those, the added ones."""
    scheduled: tuple[int, ...]
    """Pods placed of each group, in the order given."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """One limit of an estimate: 0 no limit, negative nothing allowed."""

    node_limit: int | Sequence[int] = 0
    """A number, or its value at the first, second, … start."""
    duration_s: float = 0.0

    def nodes_at(self, start: int) -> int:
        """Return the node limit at a start, from 0."""
        if isinstance(self.node_limit, int):
            return self.node_limit
        return self.node_limit[min(start, len(self.node_limit) - 1)] if self.node_limit else 0


def combined_limit(first: float, second: float) -> float:
    """Combine two limits: any negative allows nothing, 0 is none, else the smaller.

    References
    ----------
    threshold_based_limiter.go: getMinLimit.
    """
    if first < 0 or second < 0:
        return -1
    if first == 0 or second == 0:
        return max(first, second)
    return min(first, second)


@dataclass(slots=True)
class Limiter:
    """Permits nodes until a threshold is reached (threshold_based_limiter.go)."""

    thresholds: Sequence[Threshold]
    count: int = 0
    """Nodes permitted since the last start."""
    starts: int = field(default=0, init=False)
    _nodes: float = field(default=0, init=False)
    _duration_s: float = field(default=0, init=False)

    def start(self) -> None:
        """Begin an estimate: count and clock return to 0 and every threshold is asked anew."""
        self.count = 0
        self._nodes = self._duration_s = 0
        for threshold in self.thresholds:
            self._nodes = combined_limit(self._nodes, threshold.nodes_at(self.starts))
            self._duration_s = combined_limit(self._duration_s, threshold.duration_s)
        self.starts += 1

    def permits(self, elapsed_s: float = 0.0) -> bool:
        """Ask for one more node, some time after the start. [s]"""
        if self._nodes < 0 or (self._nodes > 0 and self.count >= self._nodes):
            return False
        if self._duration_s < 0 or (self._duration_s > 0 and elapsed_s > self._duration_s):
            return False
        self.count += 1
        return True


def cluster_capacity(maximum_nodes: int, current_nodes: int) -> int:
    """Return the node limit by the cluster's size (cluster_capacity_threshold.go: NodeLimit)."""
    if maximum_nodes == 0:
        return 0
    if maximum_nodes < 0 or maximum_nodes <= current_nodes:
        return -1
    return maximum_nodes - current_nodes


def similar_capacity(pools: Sequence[tuple[int, int]]) -> int:
    """Return the node limit by the room of a pool and those like it (sng_capacity_threshold.go: NodeLimit).

    Parameters
    ----------
    pools : sequence of (maximum, target)
        The pool itself and its similar ones.
    """
    room = sum(max(0, maximum - target) for maximum, target in pools)
    return room if room > 0 else -1


def pod_score(group: PodGroup, allocatable: Resources) -> float:
    """Return how much of a node one pod takes, cpu share plus memory share.

    References
    ----------
    decreasing_pod_orderer.go: calculatePodScore. A resource that the node lacks is left out.
    """
    score = 0.0
    if allocatable.cpu_milli > 0:
        score += group.request.cpu_milli / allocatable.cpu_milli
    if allocatable.memory_bytes > 0:
        score += group.request.memory_bytes / allocatable.memory_bytes
    return score


def pod_order(groups: Sequence[PodGroup], allocatable: Resources) -> list[int]:
    """Return the numbers of the groups, largest score first; ties in the order given."""
    return sorted(range(len(groups)), key=lambda number: -pod_score(groups[number], allocatable))


def best_fastpath_group(groups: Sequence[PodGroup], capacity: Resources) -> int:
    """Return the group whose nodes are counted by arithmetic; -1 if none may be.

    Parameters
    ----------
    groups : sequence of PodGroup
        In the order to be judged.
    capacity : Resources
        Of the node, not its allocatable.

    References
    ----------
    binpacking_estimator.go: determineBestPEGToFastpath, shouldUseFastPath. The largest number of saved
    placements wins, ties go to the later group. Doubles in cores and bytes.
    """
    best, most_saved = -1, 0
    for number, group in enumerate(groups):
        cores = divided(group.count * (group.request.cpu_milli * 0.001), capacity.cpu_milli * 0.001)
        memory = divided(float(group.count) * group.request.memory_bytes, capacity.memory_bytes)
        nodes = max(_whole(cores), _whole(memory))
        saved = group.count - group.count // nodes if nodes > 0 else 0
        if saved >= most_saved and group.spread is None:
            best, most_saved = number, saved
    return best


def _whole(value: float) -> int:
    """Round up; a node without the resource counts as no limit by it."""
    if value != value or value in (float("inf"), float("-inf")):
        return 0
    return -int(-value // 1)


def estimate(
    groups: Sequence[PodGroup],
    template: NodeTemplate,
    limiter: Limiter,
    existing: Sequence[Node] = (),
    fastpath: bool = False,
) -> Estimate:
    """Estimate the nodes that groups of pending pods need.

    Parameters
    ----------
    groups : sequence of PodGroup
        Pending pods.
    template : NodeTemplate
        Shape of a new node.
    limiter : Limiter
        Permits each added node.
    existing : sequence of Node
        Nodes there are; they matter for topology spread and get pods only by a quirk of it.
    fastpath : bool
        Count the nodes of one group by arithmetic (`fastpath-binpacking-enabled`, off by default).

    References
    ----------
    binpacking_estimator.go: Estimate, tryToScheduleOnExistingNodes, tryToScheduleOnNewNodes, tryFastPath.
    Among several nodes that fit, upstream's choice is arbitrary; here the oldest is taken.
    """
    limiter.start()
    order = pod_order(groups, template.allocatable)
    packing = _Packing(template, limiter, [replace_pods(node) for node in existing])
    last_is_fast = False
    if fastpath:
        best = best_fastpath_group([groups[number] for number in order], template.allocatable)
        if best >= 0:
            order.append(order.pop(best))
            last_is_fast = True
    more_nodes = True
    scheduled = [0] * len(groups)
    for position, number in enumerate(order):
        group = groups[number]
        placed = packing.fill_added(group, number)
        if more_nodes:
            by_arithmetic = last_is_fast and position == len(order) - 1
            step: Callable[[PodGroup, int, int], tuple[int, bool]]
            step = packing.count_by_one if by_arithmetic else packing.add_nodes
            more, more_nodes = step(group, number, group.count - placed)
            placed += more
        scheduled[number] = placed
    with_pods = packing.received
    added = sum(1 for index in with_pods if index >= len(existing)) + packing.counted_only
    return Estimate(len(with_pods) + packing.counted_only, added, tuple(scheduled))


def replace_pods(node: Node) -> Node:
    """Return a copy of a node that can be filled without changing the original."""
    return replace(node, ports=set(node.ports), by_group=dict(node.by_group))


class _Packing:
    """The nodes of one estimate: those there were, then those added."""

    def __init__(self, template: NodeTemplate, limiter: Limiter, existing: list[Node]) -> None:
        self.template, self.limiter = template, limiter
        self.nodes = existing
        self.first_added = len(existing)
        self.received: set[int] = set()
        self.counted_only = 0
        """Nodes that the arithmetic shortcut counted without filling them."""

    def fill_added(self, group: PodGroup, number: int) -> int:
        """Place pods one by one on nodes added before; stop at the first that fits nowhere."""
        placed = 0
        while placed < group.count:
            index = self._first_fit(group, number, range(self.first_added, len(self.nodes)))
            if index is None:
                break
            self._place(group, number, index)
            placed += 1
        return placed

    def add_nodes(self, group: PodGroup, number: int, count: int) -> tuple[int, bool]:
        """Place pods on the last added node, else on a fresh one; tell whether more nodes may be added."""
        placed = 0
        for _ in range(count):
            last = len(self.nodes) - 1
            if last >= self.first_added:
                failed = failed_filter(group, number, self.nodes[last], self.nodes)
                if failed is None:
                    self._place(group, number, last)
                    placed += 1
                    continue
                if (
                    failed == "PodTopologySpread"
                    and group.spread is not None
                    and group.spread.key == HOSTNAME
                ):
                    # Upstream then looks at every other node, also at those it did not add.
                    other = self._first_fit(group, number, range(last))
                    if other is not None:
                        self._place(group, number, other)
                        placed += 1
                        continue
                if last not in self.received:
                    return placed, True
            if not self.limiter.permits():
                return placed, False
            last = self._add()
            if failed_filter(group, number, self.nodes[last], self.nodes) is not None:
                return placed, True
            self._place(group, number, last)
            placed += 1
        return placed, True

    def count_by_one(self, group: PodGroup, number: int, count: int) -> tuple[int, bool]:
        """Fill one node and count the rest by division."""
        if count == 0:
            return 0, True
        if not self.limiter.permits():
            return 0, False
        last = self._add()
        placed = 0
        while placed < count and failed_filter(group, number, self.nodes[last], self.nodes) is None:
            self._place(group, number, last)
            placed += 1
        if placed == 0:
            return 0, True
        each = placed
        for _ in range(-(-count // each) - 1):
            if not self.limiter.permits():
                return placed, False
            self.counted_only += 1
            placed += min(each, count - placed)
        return placed, True

    def _add(self) -> int:
        self.nodes.append(self.template.node(f"new-{len(self.nodes)}"))
        return len(self.nodes) - 1

    def _place(self, group: PodGroup, number: int, index: int) -> None:
        self.nodes[index].place(group, number)
        self.received.add(index)

    def _first_fit(self, group: PodGroup, number: int, indices: range) -> int | None:
        for index in indices:
            if failed_filter(group, number, self.nodes[index], self.nodes) is None:
                return index
        return None
