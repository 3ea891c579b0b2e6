# mypy: disable-error-code="no-any-return,return-value"
"""The load of a scenario inside the kernel: a table, times autocorrelated noise from numbered random streams.

A draw depends only on its stream's key and its number, never on the thread that asks. Only `kernel` imports this.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agog_capacity.scaling.kernel_compile import inlined


class Load(NamedTuple):
    """Load of one scenario: a table that begins anew at its end, times autocorrelated noise."""

    rates: Any
    """Shape (W, steps). [requests per second]"""
    step: int
    """Length of a step of the table. [ticks]"""
    autocorrelation: float
    """Of the noise from one 15 s to the next."""
    deviation: float
    """Standard deviation of the noise; 0: none. [share of 1]"""
    key: int
    """Of the noise's random streams; each workload has its own."""


@inlined
def mixed(value: np.uint64) -> np.uint64:
    """Mix 64 bits (the finaliser of SplitMix64)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@inlined
def uniform(key: np.uint64, number: np.uint64) -> float:
    """Return the draw of a number in a stream: above 0, at most 1."""
    bits = mixed(key + number * np.uint64(0x9E3779B97F4A7C15))
    return (float(bits >> np.uint64(11)) + 1.0) * (1.0 / 9007199254740992.0)


@inlined
def advance_noise(load: Load, w: int, number: int, noise: Any, spare: Any) -> None:
    """Step a workload's noise to the next 15 s. Two normal draws come from each pair of uniform ones."""
    if number % 2 == 0:
        key = mixed(np.uint64(load.key) + np.uint64(w + 1) * np.uint64(0xD1342543DE82EF95))
        radius = np.sqrt(-2.0 * np.log(uniform(key, np.uint64(number))))
        angle = 2.0 * np.pi * uniform(key, np.uint64(number + 1))
        normal = radius * np.cos(angle)
        spare[w] = radius * np.sin(angle)
    else:
        normal = spare[w]
    if number == 0:
        noise[w] = load.deviation * normal
    else:
        scale = load.deviation * np.sqrt(1.0 - load.autocorrelation * load.autocorrelation)
        noise[w] = load.autocorrelation * noise[w] + scale * normal
