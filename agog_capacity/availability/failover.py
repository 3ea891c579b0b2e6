"""The timeline of a failover, and the recovery time as a distribution.

Detect, decide, then the longest of route switch, database promotion and cache switch, then scale up.
Percentiles do not add, so the stages are put on a lattice and convolved; report the median and the
95th and 99th percentiles and the chance of being over the target, never one number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from agog_capacity.availability.lengths import Fixed, Length, Uniform
from agog_capacity.availability.numbers import complement, not_negative, positive
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray

_POINTS = 2**17
_TAIL = 1e-9
"""What may lie beyond the lattice; it counts as longer than anything on it."""


@dataclass(frozen=True)
class Probe:
    """Health checks of an endpoint: unhealthy after tolerated + 1 failed probes in a row."""

    interval_s: float
    """[s]"""
    tolerated_failures: int
    timeout_s: float
    """[s]"""

    def __post_init__(self) -> None:
        positive("probe interval", self.interval_s)
        not_negative("tolerated failures", self.tolerated_failures)
        not_negative("probe timeout", self.timeout_s)

    @classmethod
    def of_samples(cls, interval_s: float, samples: int, needed: int, timeout_s: float) -> Probe:
        """Return the probe of an edge that says it in samples: of the last so many, so many must succeed."""
        if not 1 <= needed <= samples:
            raise InputError(f"{needed} of {samples} samples cannot be needed; between 1 and {samples} can")
        return cls(interval_s, samples - needed, timeout_s)

    @property
    def detection(self) -> Uniform:
        """Time from the failure to its detection. [s]"""
        least = self.tolerated_failures * self.interval_s + self.timeout_s
        return Uniform(least, least + self.interval_s)


@dataclass(frozen=True)
class Stage:
    """A step of a failover that ends when the slowest of its parts does."""

    name: str
    parts: tuple[Length, ...]
    """Independent; all start together. [s]"""

    def below(self, times: FloatArray) -> FloatArray:
        """Return the probability that the stage is over within each time."""
        chance = np.ones(len(times))
        for part in self.parts:
            chance = chance * part.below(times)
        return chance


@dataclass(frozen=True)
class RecoveryTime:
    """Distribution of the time a failover takes."""

    step_s: float
    """Width of the lattice. [s]"""
    chances: FloatArray = field(repr=False)
    """Probability of each multiple of the step; what is missing to 1 is longer."""
    mean_s: float
    """[s]"""

    def beyond(self, seconds: float) -> float:
        """Return the probability of taking longer than this."""
        at = not_negative("time", seconds) / self.step_s + 0.5
        whole = min(int(at), len(self.chances) - 1)
        below = float(self.chances[:whole].sum()) + float(self.chances[whole]) * min(at - whole, 1.0)
        return max(0.0, 1 - below)

    def quantile(self, share: float) -> float:
        """Return the time that is not exceeded with a probability. [s]"""
        total = np.cumsum(self.chances)
        if not 0 < share < total[-1]:
            raise InputError(f"probability {share!r} of a quantile is not inside 0 and {total[-1]:.9f}")
        index = int(np.searchsorted(total, share))
        before = float(total[index - 1]) if index else 0.0
        return max(0.0, (index - 0.5 + (share - before) / float(self.chances[index])) * self.step_s)


def recovery_time(stages: Sequence[Stage], points: int = _POINTS) -> RecoveryTime:
    """Return the time that stages take one after the other.

    Parameters
    ----------
    stages : sequence of Stage
        Independent. [s]
    points : int
        Lattice points; a power of 2.
    """
    if not stages or any(not stage.parts for stage in stages):
        raise InputError("a failover needs at least one stage, and every stage at least one part")
    longest = [max(part.quantile(complement(_TAIL)) for part in stage.parts) for stage in stages]
    span = max(math.fsum(longest), 1e-6)
    step = span / points
    edges = np.asarray(step * (np.arange(points + 1) - 0.5), dtype=float)
    transform = np.ones(points + 1, dtype=complex)
    mean = 0.0
    for stage in stages:
        chances = np.diff(stage.below(edges))
        transform *= np.fft.rfft(chances, 2 * points)
        mean += stage.parts[0].mean if len(stage.parts) == 1 else _mean_of_longest(stage, span)
    sums = np.maximum(np.fft.irfft(transform, 2 * points)[:points], 0.0)
    return RecoveryTime(step, sums, mean)


def _mean_of_longest(stage: Stage, span: float) -> float:
    """Integrate 1 - F; beyond the span nothing is left."""
    floor = max((part.length for part in stage.parts if isinstance(part, Fixed)), default=0.0)
    times = floor + np.linspace(0, max(span, 2 * floor), _POINTS + 1)
    left = 1 - stage.below(times)
    return floor + float(np.trapezoid(left, times))


def failover_stages(
    probe: Probe,
    *,
    promotion: Length,
    scale_up: Length | None,
    dns_ttl_s: float = 0.0,
    decision: Length | None = None,
    cache_switch: Length | None = None,
) -> tuple[Stage, ...]:
    """Return the usual stages of a regional failover.

    Parameters
    ----------
    probe : Probe
        One router detects the failure; count its probes only.
    promotion : Length
        Of the database replica. [s]
    scale_up : Length or None
        Until the other region carries the load; None where it is sized for it. [s]
    dns_ttl_s : float
        Time to live of DNS answers; 0 behind an anycast edge, which has none. [s]
    decision : Length, optional
        Of a human, where no automation promotes. [s]
    cache_switch : Length, optional
        [s]
    """
    switch = [Fixed(not_negative("DNS time to live", dns_ttl_s)), promotion]
    if cache_switch is not None:
        switch.append(cache_switch)
    stages = [Stage("detect", (probe.detection,))]
    if decision is not None:
        stages.append(Stage("decide", (decision,)))
    stages.append(Stage("switch", tuple(switch)))
    if scale_up is not None:
        stages.append(Stage("scale up", (scale_up,)))
    return tuple(stages)
