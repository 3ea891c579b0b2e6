"""When the cluster autoscaler gives a node back.

Follows cluster-autoscaler: simulator/utilization/info.go, core/scaledown/eligibility/eligibility.go and
core/scaledown/unneeded/nodes.go. It looks at requests, never at usage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agog_capacity.scaling.nodes import Resources
from agog_capacity.scaling.pods import CalculationFailed, divided

TERMINATION_SLACK_S = 30.0
"""A pod being deleted counts until its grace period and this much more have passed. [s]"""

Rejection = Literal[
    "CurrentlyBeingDeleted",
    "ScaleDownDisabledAnnotation",
    "NotAutoscaled",
    "UnexpectedError",
    "ScaleDownUnreadyDisabled",
    "NotUnderutilized",
    "NotUnneededLongEnough",
    "NotUnreadyLongEnough",
    "NodeGroupMinSizeReached",
    "MinimalResourceLimitExceeded",
]


@dataclass(frozen=True, slots=True)
class PlacedPod:
    """A pod on a node, as the utilisation counts it."""

    request: Resources
    gpus: int = 0
    is_daemon: bool = False
    is_mirror: bool = False
    deleting_for_s: float | None = None
    """Age of its deletion stamp; None: not being deleted. [s]"""
    grace_s: float = 30.0

    @property
    def is_long_gone(self) -> bool:
        """Whether it should have terminated long ago."""
        return self.deleting_for_s is not None and self.deleting_for_s > self.grace_s + TERMINATION_SLACK_S


@dataclass(frozen=True, slots=True)
class ExistingNode:
    """A node that might be removed."""

    name: str
    cpu_milli: int | None
    """Allocatable; None or 0: not known."""
    memory_bytes: int | None
    has_gpu: bool = False
    gpus: int = 0
    """Allocatable; 0 while the GPU is not advertised yet."""
    is_ready: bool = True
    is_being_deleted: bool = False
    is_scale_down_disabled: bool = False
    is_in_pool: bool = True


@dataclass(frozen=True, slots=True)
class Utilization:
    """Share of a node that is requested. [share of 1]"""

    share: float
    resource: Literal["cpu", "memory", "gpu"]
    cpu: float | None = None
    memory: float | None = None


def utilization(
    node: ExistingNode,
    pods: Sequence[PlacedPod],
    ignore_daemon_pods: bool = False,
    ignore_mirror_pods: bool = False,
) -> Utilization:
    """Return how much of a node is requested: the larger share of cpu and memory, or that of the GPUs.

    Parameters
    ----------
    node : ExistingNode
    pods : sequence of PlacedPod
        Those on the node.
    ignore_daemon_pods, ignore_mirror_pods : bool
        Leave their requests out of the sum and take them from allocatable.

    Raises
    ------
    CalculationFailed
        `allocatable_unknown` if cpu or memory is missing or 0.

    References
    ----------
    simulator/utilization/info.go: Calculate.
    """
    if node.has_gpu:
        used = sum(pod.gpus for pod in pods if not pod.is_long_gone)
        return Utilization(used / node.gpus if node.gpus else 0.0, "gpu")
    cpu = memory = set_aside_cpu = set_aside_memory = 0
    for pod in pods:
        if (pod.is_daemon and ignore_daemon_pods) or (pod.is_mirror and ignore_mirror_pods):
            set_aside_cpu += pod.request.cpu_milli
            set_aside_memory += pod.request.memory_bytes
        elif not pod.is_long_gone:
            cpu += pod.request.cpu_milli
            memory += pod.request.memory_bytes
    if not node.cpu_milli or not node.memory_bytes:
        raise CalculationFailed("allocatable_unknown", f"node {node.name!r} has no allocatable cpu or memory")
    cpu_share = divided(float(cpu), float(node.cpu_milli - set_aside_cpu))
    memory_share = divided(float(memory), float(node.memory_bytes - set_aside_memory))
    if cpu_share > memory_share:
        return Utilization(cpu_share, "cpu", cpu_share, memory_share)
    return Utilization(memory_share, "memory", cpu_share, memory_share)


def eligibility(
    nodes: Sequence[ExistingNode],
    pods_of: Mapping[str, Sequence[PlacedPod]],
    threshold: float,
    ignore_daemon_pods: bool = False,
    scale_down_unready: bool = True,
    ignore_mirror_pods: bool = False,
) -> tuple[list[str], dict[str, Rejection]]:
    """Return the nodes that may be removed, and why the others may not.

    Parameters
    ----------
    nodes : sequence of ExistingNode
    pods_of : mapping
        Pods by name of node.
    threshold : float
        Utilisation above it keeps a node; equal does not. [share of 1]
    ignore_daemon_pods, ignore_mirror_pods : bool
        See `utilization`.
    scale_down_unready : bool
        Whether unready nodes may go.

    References
    ----------
    eligibility.go: unremovableReasonAndNodeUtilization. The first reason that applies is given.
    """
    eligible: list[str] = []
    rejected: dict[str, Rejection] = {}
    for node in nodes:
        reason: Rejection | None = None
        if node.is_being_deleted:
            reason = "CurrentlyBeingDeleted"
        elif node.is_scale_down_disabled:
            reason = "ScaleDownDisabledAnnotation"
        elif not node.is_in_pool:
            reason = "NotAutoscaled"
        else:
            try:
                used = utilization(node, pods_of.get(node.name, ()), ignore_daemon_pods, ignore_mirror_pods)
            except CalculationFailed:
                reason = "UnexpectedError"
            else:
                if not node.is_ready and not scale_down_unready:
                    reason = "ScaleDownUnreadyDisabled"
                elif used.share > threshold:
                    reason = "NotUnderutilized"
        if reason is None:
            eligible.append(node.name)
        else:
            rejected[node.name] = reason
    return eligible, rejected


@dataclass(frozen=True, slots=True)
class Unneeded:
    """Since when a node has not been needed, and for how long it must be so. [s]"""

    since_s: float
    threshold_s: float


def unneeded_updated(
    before: Mapping[str, Unneeded],
    unneeded_now: Mapping[str, bool],
    now_s: float,
    unneeded_time_s: float,
    unready_time_s: float,
) -> dict[str, Unneeded]:
    """Carry the timers over one loop: a node that was needed once starts anew.

    Parameters
    ----------
    before : mapping
        Timers after the last loop.
    unneeded_now : mapping
        Whether each node that is not needed now is ready.
    now_s : float
        The present. [s]
    unneeded_time_s, unready_time_s : float
        How long a ready and an unready node must be unneeded. [s]

    References
    ----------
    unneeded/nodes.go: Update. A change of readiness keeps the start and switches the threshold.
    """
    return {
        name: Unneeded(
            before[name].since_s if name in before else now_s, unneeded_time_s if is_ready else unready_time_s
        )
        for name, is_ready in unneeded_now.items()
    }


def removal_reason(
    *,
    is_ready: bool,
    unneeded_for_s: float,
    unneeded_time_s: float,
    unready_time_s: float,
    minimum: int,
    target: int,
    deletions_in_progress: int,
    is_scale_down_disabled: bool = False,
    is_threshold_unknown: bool = False,
    is_in_pool: bool = True,
    cluster_minimum: int | None = None,
    cluster_nodes: int = 0,
) -> Rejection | None:
    """Return the first reason that keeps an unneeded node; None if it may go.

    Parameters
    ----------
    is_ready : bool
    unneeded_for_s, unneeded_time_s, unready_time_s : float
        Time unneeded, and what is asked of ready and unready nodes; 0 waits for nothing. [s]
    minimum, target, deletions_in_progress : int
        Of its pool. [nodes]
    is_scale_down_disabled, is_threshold_unknown, is_in_pool : bool
    cluster_minimum : int or None
        None: the cluster has no minimum. [nodes]
    cluster_nodes : int
        Nodes of the cluster.

    References
    ----------
    unneeded/nodes.go: unremovableReason, verifyMinSize.
    """
    if is_threshold_unknown:
        return "UnexpectedError"
    if is_scale_down_disabled:
        return "ScaleDownDisabledAnnotation"
    threshold_s = unneeded_time_s if is_ready else unready_time_s
    if threshold_s > 0 and unneeded_for_s <= threshold_s:
        return "NotUnneededLongEnough" if is_ready else "NotUnreadyLongEnough"
    if not is_in_pool:
        return "NotAutoscaled"
    if target - deletions_in_progress <= minimum:
        return "NodeGroupMinSizeReached"
    if cluster_minimum is not None and cluster_nodes - 1 < cluster_minimum:
        return "MinimalResourceLimitExceeded"
    return None


def removable(
    empty_nodes: int, drain_nodes: int, minimum: int, target: int, deletions_in_progress: int
) -> tuple[int, int]:
    """Return how many empty nodes and how many to be drained may go now, empty ones first.

    References
    ----------
    unneeded/nodes.go: RemovableAt. Each one taken lowers the target by 1.
    """
    room = max(0, target - deletions_in_progress - minimum)
    empty = min(empty_nodes, room)
    return empty, min(drain_nodes, room - empty)


def is_in_cooldown(
    now_s: float,
    last_scale_up_s: float | None,
    last_deletion_s: float | None,
    last_failure_s: float | None,
    *,
    after_add_s: float = 600.0,
    after_delete_s: float = 10.0,
    after_failure_s: float = 180.0,
) -> bool:
    """Tell whether nothing may be deleted because something happened in the cluster just before.

    Parameters
    ----------
    now_s, last_scale_up_s, last_deletion_s, last_failure_s : float or None
        The present and the last events; None: never. [s]
    after_add_s, after_delete_s, after_failure_s : float
        Delays of the autoscaler's profile. [s]

    References
    ----------
    core/static_autoscaler.go: isScaleDownInCooldown. An event exactly a delay ago no longer counts.
    """
    return any(
        last is not None and last + delay > now_s
        for last, delay in (
            (last_scale_up_s, after_add_s),
            (last_deletion_s, after_delete_s),
            (last_failure_s, after_failure_s),
        )
    )
