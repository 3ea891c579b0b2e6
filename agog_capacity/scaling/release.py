"""Releases of a workload: pods of the new revision stand beside those of the old and need room on nodes.

A rolling release replaces pods in waves of `maxSurge` (kubernetes.io, Deployments, "Max Surge"; a percentage is
rounded up); each wave takes until its pods are ready, and the autoscaler's selector matches old and new pods alike.
A blue-green release is one wave of as many pods as are wanted when it begins. The second colour is no part of what
the first one's autoscaler measures and takes no load before the switch, so it is a workload of its own that stands
beside the first (`Workload.stands_beside`). One rule holds for both: a release lasts `waves x time of a wave + hold`.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from agog_capacity.model import In, Model

MOST_RELEASES = 5000
"""Of one workload in one simulation: four a day for three years are 4,384."""


class Releases(Model):
    """When a workload is released, and what stands beside it meanwhile."""

    at_s: Annotated[
        tuple[Annotated[float, Field(strict=True, ge=0, le=1e10)], ...],
        Field(min_length=1, max_length=MOST_RELEASES),
        In("s"),
    ]
    """Begin of each release, from the start of the simulation, rising.

    One that begins while another runs makes it longer."""
    surge_percent: Annotated[int, Field(strict=True, ge=1, le=1000), In("% of the replicas")] | None = None
    surge_pods: Annotated[int, Field(strict=True, ge=1, le=10_000), In("pods")] | None = None
    hold_s: Annotated[float, Field(strict=True, ge=0, le=7 * 86_400), In("s")] = 0.0
    """How long all of the surge stays after it is ready, as in a blue-green release."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.surge_percent is None) == (self.surge_pods is None):
            raise ValueError("a release has either surge_percent or surge_pods")
        if any(later <= earlier for earlier, later in zip(self.at_s, self.at_s[1:], strict=False)):
            raise ValueError("the times of the releases must rise")
        return self

    def surge(self, replicas: int) -> int:
        """Return the pods beside so many replicas; with none there is nothing to replace."""
        if replicas == 0:
            return 0
        return self.surge_pods or -(-replicas * (self.surge_percent or 0) // 100)

    def ticks(self, replicas: int, wave_ticks: int, hold_ticks: int) -> int:
        """Return how long a release of so many replicas lasts. [ticks]

        Parameters
        ----------
        replicas : int
            Wanted when it begins.
        wave_ticks : int
            Until a new pod is ready: image and start. [ticks]
        hold_ticks : int
            [ticks]
        """
        surge = self.surge(replicas)
        return 0 if surge == 0 else -(-replicas // surge) * wave_ticks + hold_ticks
