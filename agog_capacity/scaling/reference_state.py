"""Pods and nodes of the readable simulation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from agog_capacity.scaling.cluster import LONG_AGO
from agog_capacity.scaling.nodes import Node

NEVER = 10**9
"""A tick that does not come: a run of 600 years is not simulated."""


@dataclass(slots=True, eq=False)
class RunningPod:
    """A pod and the ticks at which it passed its stages."""

    workload: int
    created_tick: int
    node: ClusterNode | None = None
    scheduled_tick: int = NEVER
    running_tick: int = NEVER
    ready_tick: int = NEVER

    def is_running(self, tick: int) -> bool:
        """Tell whether its containers run; before, its phase is Pending."""
        return self.running_tick <= tick

    def is_ready(self, tick: int) -> bool:
        """Tell whether it serves."""
        return self.ready_tick <= tick


@dataclass(slots=True, eq=False)
class ClusterNode:
    """A node from the decision to add it until its billing ends."""

    node: Node
    pool: int
    asked_tick: int
    ready_tick: int
    gone_tick: int = NEVER
    was_drained: bool = False
    unremovable_until: int = LONG_AGO
    image_ticks: dict[int, int] = field(default_factory=dict)
    """When each workload's image is there."""
    state: Literal["booting", "ready", "going"] = "booting"
