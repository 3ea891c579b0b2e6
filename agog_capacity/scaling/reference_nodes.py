"""The nodes of the readable simulation: scheduling, and what the cluster autoscaler does at each scan."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agog_capacity.scaling.cluster import (
    BACKOFF_RESET_S,
    BACKOFF_S,
    LONG_AGO,
    TICK_S,
    Cluster,
    Draws,
    ticks_of,
)
from agog_capacity.scaling.estimator import (
    Limiter,
    NodeTemplate,
    Threshold,
    cluster_capacity,
    estimate,
    replace_pods,
    similar_capacity,
)
from agog_capacity.scaling.expanders import Option, PoolSize, balanced, least_nodes, least_waste, most_pods
from agog_capacity.scaling.node_scaledown import (
    ExistingNode,
    PlacedPod,
    Unneeded,
    eligibility,
    is_in_cooldown,
    removal_reason,
    unneeded_updated,
)
from agog_capacity.scaling.nodes import Node, Resources, failed_filter
from agog_capacity.scaling.reference_state import NEVER, ClusterNode, RunningPod
from agog_capacity.scaling.scheduling import best_node

MAXIMUM_NEW_NODES = 1000
"""Static threshold of one estimate. [nodes]"""


class ClusterNodes:
    """All nodes of one scenario, oldest first, and the cluster autoscaler's memory."""

    def __init__(self, cluster: Cluster, pods: list[list[RunningPod]], draws: Draws) -> None:
        self.cluster, self.pods, self.draws = cluster, pods, draws
        self.settings = cluster.autoscaler
        self.groups = cluster.groups()
        self.similar = cluster.similar_pools()
        self.nodes: list[ClusterNode] = []
        self.targets = [pool.first_nodes for pool in cluster.pools]
        self.backoff_until = [LONG_AGO] * len(cluster.pools)
        self.backoff_ticks = [0] * len(cluster.pools)
        self.last_failure = [LONG_AGO] * len(cluster.pools)
        self.last_scale_up = self.last_deletion = LONG_AGO
        self.unneeded: dict[str, Unneeded] = {}
        self.added = self.boots_drawn = self.expanders_drawn = 0
        for number, pool in enumerate(cluster.pools):
            for _ in range(pool.first_nodes):
                self._add(number, LONG_AGO, LONG_AGO)

    def counts(self, only_ready: bool) -> list[int]:
        """Return the nodes of each pool: those ready, or all that are billed."""
        return [
            sum(1 for each in self.nodes if each.pool == number and (each.state == "ready" or not only_ready))
            for number in range(len(self.cluster.pools))
        ]

    # --- time -------------------------------------------------------------------------------------------

    def advance(self, tick: int) -> None:
        """Let nodes become ready, fail to come, or vanish."""
        limit = ticks_of(self.settings.max_node_provision_time_s)
        for each in self.nodes:
            if each.state != "booting":
                continue
            if each.ready_tick <= tick:
                each.state = "ready"
            elif tick >= each.asked_tick + limit:
                each.gone_tick = tick
                self.targets[each.pool] -= 1
                self._back_off(each.pool, tick)
        self.nodes = [each for each in self.nodes if each.gone_tick > tick]

    def _back_off(self, pool: int, tick: int) -> None:
        if tick < self.backoff_until[pool]:
            return  # one failure of a batch is enough
        first, longest = (ticks_of(seconds) for seconds in BACKOFF_S)
        if tick - self.last_failure[pool] > ticks_of(BACKOFF_RESET_S) or self.backoff_ticks[pool] == 0:
            self.backoff_ticks[pool] = first
        else:
            self.backoff_ticks[pool] = min(longest, 2 * self.backoff_ticks[pool])
        self.backoff_until[pool] = tick + self.backoff_ticks[pool]
        self.last_failure[pool] = tick

    # --- scheduling -------------------------------------------------------------------------------------

    def _ready(self) -> list[Node]:
        return [each.node for each in self.nodes if each.state == "ready"]

    def schedule(self, tick: int, is_start: bool = False) -> None:
        """Give each waiting pod the best node that it fits."""
        ready = self._ready()
        by_name = {each.node.name: each for each in self.nodes}
        for number, pods in enumerate(self.pods):
            group = self.groups[number]
            for pod in pods:
                if pod.node is not None:
                    continue
                feasible = [node for node in ready if failed_filter(group, number, node, ready) is None]
                if not feasible:
                    break  # the next pod is like this one
                chosen = best_node(group, number, feasible, ready)
                chosen.place(group, number)
                self._begin(pod, by_name[chosen.name], LONG_AGO if is_start else tick, is_start)

    def _begin(self, pod: RunningPod, where: ClusterNode, tick: int, is_start: bool) -> None:
        workload = self.cluster.workloads[pod.workload]
        pull, start = (0, 0) if is_start else (ticks_of(workload.image_pull_s), ticks_of(workload.start_s))
        image_tick = where.image_ticks.setdefault(pod.workload, tick + pull)
        pod.node, pod.scheduled_tick = where, tick
        pod.running_tick = max(tick, image_tick)
        pod.ready_tick = pod.running_tick + start

    def release(self, pod: RunningPod) -> None:
        """Take a pod that ends off its node."""
        if pod.node is not None:
            pod.node.node.take(self.groups[pod.workload], pod.workload)

    # --- the cluster autoscaler -------------------------------------------------------------------------

    def scan(self, tick: int, replicas: list[int]) -> None:
        """Grow one pool for waiting pods; if none grew, look for nodes that are not needed.

        Disruption budgets count `replicas`, those that each workload wants.
        """
        if not self._scale_up(tick):
            self._scale_down(tick, replicas)

    def _add(self, pool: int, asked_tick: int, ready_tick: int) -> None:
        template = self._template(pool)
        state: Literal["booting", "ready"] = "ready" if ready_tick == LONG_AGO else "booting"
        node = template.node(f"{self.cluster.pools[pool].name}-{self.added}")
        self.nodes.append(ClusterNode(node, pool, asked_tick, ready_tick, state=state))
        self.added += 1

    def _template(self, pool: int) -> NodeTemplate:
        """Return the next node of a pool: in the zone where it has fewest."""
        shape = self.cluster.pools[pool]
        zones = [each.node.zone for each in self.nodes if each.pool == pool]
        zone = min(shape.zones, key=zones.count) if shape.zones else None
        return NodeTemplate(shape.allocatable, shape.max_pods, zone, pool, shape.daemons, shape.daemon_pods)

    def _waiting_counts(self) -> list[int]:
        return [sum(1 for pod in pods if pod.node is None) for pods in self.pods]

    def _scale_up(self, tick: int) -> bool:
        waiting = self._waiting_counts()
        if not any(waiting):
            return False
        snapshot = [replace_pods(each.node) for each in self.nodes if each.state != "going"]
        booting = {each.node.name for each in self.nodes if each.state == "booting"}
        upcoming = [node for node in snapshot if node.name in booting]
        for number, group in enumerate(self.groups):
            while waiting[number]:
                fits = [node for node in upcoming if failed_filter(group, number, node, snapshot) is None]
                if not fits:
                    break
                fits[0].place(group, number)
                waiting[number] -= 1
        options: list[tuple[int, Option]] = []
        for pool in range(len(self.cluster.pools)):
            option = self._option(pool, waiting, snapshot, tick)
            if option is not None:
                options.append((pool, option))
        if not options:
            return False
        pool, option = self._expand(options)
        return self._grow(pool, option.node_count, tick)

    def _may_grow(self, pool: int, tick: int) -> bool:
        return self.targets[pool] < self.cluster.pools[pool].maximum and tick >= self.backoff_until[pool]

    def _option(self, pool: int, waiting: list[int], snapshot: list[Node], tick: int) -> Option | None:
        """Return the nodes of a pool that would help, None if none would."""
        if not any(waiting) or not self._may_grow(pool, tick):
            return None
        template = self._template(pool)
        fresh = template.node("template")
        groups = [
            replace(
                group,
                count=waiting[number]
                if failed_filter(group, number, fresh, [*snapshot, fresh]) is None
                else 0,
            )
            for number, group in enumerate(self.groups)
        ]
        shape = self.cluster.pools[pool]
        like = [(self.cluster.pools[p].maximum, self.targets[p]) for p in self._alike(pool, tick)]
        limiter = Limiter(
            [
                Threshold(MAXIMUM_NEW_NODES),
                Threshold(cluster_capacity(self.settings.max_nodes_total, sum(self.targets))),
                Threshold(similar_capacity(like)),
            ]
        )
        found = estimate(groups, template, limiter, snapshot)
        if found.node_count == 0:
            return None
        requested = Resources(
            sum(group.request.cpu_milli * n for group, n in zip(groups, found.scheduled, strict=True)),
            sum(group.request.memory_bytes * n for group, n in zip(groups, found.scheduled, strict=True)),
        )
        return Option(shape.name, found.node_count, shape.capacity, sum(found.scheduled), requested)

    def _alike(self, pool: int, tick: int) -> list[int]:
        return [
            other
            for other in range(len(self.similar))
            if self.similar[other] == self.similar[pool] and (other == pool or self._may_grow(other, tick))
        ]

    def _expand(self, options: list[tuple[int, Option]]) -> tuple[int, Option]:
        left = [option for _, option in options]
        if self.settings.expander == "least-waste":
            left = least_waste(left)
        elif self.settings.expander == "least-nodes":
            left = least_nodes(left)
        elif self.settings.expander == "most-pods":
            left = most_pods(left)
        elif self.settings.expander == "priority":
            highest = max(self.cluster.pools[pool].priority for pool, _ in options)
            left = [option for pool, option in options if self.cluster.pools[pool].priority == highest]
        chosen = left[0]
        if len(left) > 1:
            draw = float(self.draws.expander[self.expanders_drawn % len(self.draws.expander)])
            self.expanders_drawn += 1
            chosen = left[int(draw * len(left))]
        return next((pool, option) for pool, option in options if option is chosen)

    def _grow(self, pool: int, count: int, tick: int) -> bool:
        if self.settings.max_nodes_total:
            count = min(count, self.settings.max_nodes_total - sum(self.targets))
        sizes = [
            PoolSize(self.cluster.pools[p].name, 0, self.cluster.pools[p].maximum, self.targets[p])
            for p in self._alike(pool, tick)
        ]
        grown = balanced(sizes, count)
        for number, shape in enumerate(self.cluster.pools):
            for _ in range(grown.get(shape.name, self.targets[number]) - self.targets[number]):
                boots = self.draws.boot_ticks[number]
                boot = int(boots[self.boots_drawn % len(boots)])
                self.boots_drawn += 1
                self._add(number, tick, tick + boot)
                self.targets[number] += 1
        if grown:
            self.last_scale_up = tick
        return bool(grown)

    def _scale_down(self, tick: int, replicas: list[int]) -> None:
        ready = [each for each in self.nodes if each.state == "ready"]
        unneeded = self._unneeded_now(ready, tick, replicas)
        unneeded_s = ticks_of(self.settings.scale_down_unneeded_time_s) * TICK_S
        self.unneeded = unneeded_updated(
            self.unneeded, dict.fromkeys(unneeded, True), tick * TICK_S, unneeded_s, unneeded_s
        )
        if is_in_cooldown(
            tick,
            self.last_scale_up,
            self.last_deletion,
            None,
            after_add_s=ticks_of(self.settings.scale_down_delay_after_add_s),
            after_delete_s=ticks_of(self.settings.scale_down_delay_after_delete_s),
        ):
            return
        for wants_empty in (True, False):
            for each in ready:
                if each.node.name not in unneeded or bool(self._moved(each)) is wants_empty:
                    continue
                going = [other for other in self.nodes if other.state == "going"]
                if len(going) >= self.settings.max_empty_bulk_delete:
                    return
                if not wants_empty and any(other.was_drained for other in going):
                    return
                if self._reason(each, tick, unneeded_s) is None:
                    self._delete(each, tick)

    def _reason(self, each: ClusterNode, tick: int, unneeded_s: float) -> str | None:
        return removal_reason(
            is_ready=True,
            unneeded_for_s=tick * TICK_S - self.unneeded[each.node.name].since_s,
            unneeded_time_s=unneeded_s,
            unready_time_s=unneeded_s,
            minimum=self.cluster.pools[each.pool].minimum,
            target=self.targets[each.pool],
            deletions_in_progress=0,
        )

    def _moved(self, each: ClusterNode) -> list[RunningPod]:
        return [pod for pods in self.pods for pod in pods if pod.node is each]

    def _delete(self, each: ClusterNode, tick: int) -> None:
        """Mark a node; its pods are made anew elsewhere."""
        evicted = self._moved(each)
        each.state = "going"
        each.gone_tick = tick + ticks_of(self.cluster.pools[each.pool].delete_s)
        each.was_drained = bool(evicted)
        self.targets[each.pool] -= 1
        self.last_deletion = tick
        for pod in evicted:
            pods = self.pods[pod.workload]
            pods.remove(pod)
            pods.append(RunningPod(pod.workload, tick))

    def _unneeded_now(self, ready: list[ClusterNode], tick: int, replicas: list[int]) -> list[str]:
        """Return the nodes whose pods would all fit elsewhere, those without pods first."""
        eligible, _ = eligibility(
            [
                ExistingNode(
                    each.node.name, each.node.allocatable.cpu_milli, each.node.allocatable.memory_bytes
                )
                for each in ready
            ],
            {each.node.name: self._placed(each) for each in ready},
            self.settings.scale_down_utilization_threshold,
            self.settings.ignore_daemonsets_utilization,
        )
        candidates = [each for each in ready if each.node.name in eligible and tick >= each.unremovable_until]
        candidates.sort(key=lambda each: bool(self._moved(each)))
        snapshot = [replace_pods(each.node) for each in ready]
        allowed = [
            max(
                0,
                sum(1 for pod in self.pods[number] if pod.is_ready(tick))
                - workload.least_available(replicas[number]),
            )
            if workload.has_budget
            else NEVER
            for number, workload in enumerate(self.cluster.workloads)
        ]
        unneeded: list[str] = []
        for each in candidates:
            moved = self._move(each, snapshot, allowed)
            if moved is None:
                each.unremovable_until = tick + ticks_of(self.settings.unremovable_recheck_s)
            else:
                snapshot = moved
                unneeded.append(each.node.name)
        return unneeded

    def _move(self, each: ClusterNode, snapshot: list[Node], allowed: list[int]) -> list[Node] | None:
        """Return the other nodes with a node's pods moved onto them; None if they may not or do not fit."""
        others = [replace_pods(node) for node in snapshot if node.name != each.node.name]
        counts = [each.node.by_group.get(number, 0) for number in range(len(self.groups))]
        for number, workload in enumerate(self.cluster.workloads):
            if counts[number] and (workload.blocks_node_removal or counts[number] > allowed[number]):
                return None
        for number, group in enumerate(self.groups):
            for _ in range(counts[number]):
                fits = [node for node in others if failed_filter(group, number, node, others) is None]
                if not fits:
                    return None
                fits[0].place(group, number)
        for number, count in enumerate(counts):
            allowed[number] -= count
        return others

    def _placed(self, each: ClusterNode) -> list[PlacedPod]:
        shape = self.cluster.pools[each.pool]
        placed = [PlacedPod(shape.daemons, is_daemon=True)]
        for number, group in enumerate(self.groups):
            placed += [PlacedPod(group.request)] * each.node.by_group.get(number, 0)
        return placed
