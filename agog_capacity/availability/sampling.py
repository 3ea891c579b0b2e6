"""Samples of lengths, and estimates that carry their standard errors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from agog_capacity.availability.lengths import Exponential, Fixed, Length, Lognormal, Uniform
from agog_capacity.periods import FloatArray


@dataclass(frozen=True)
class Estimate:
    """A number out of a simulation, with how far it may be off by chance."""

    value: float
    error: float
    """Standard error; 0 where the number is computed, not sampled."""

    def __str__(self) -> str:
        """Return `12.3 ± 0.4`."""
        return f"{self.value:.4g} ± {self.error:.2g}"


def drawn_lengths(length: Length, rng: np.random.Generator, count: int) -> FloatArray:
    """Return independent lengths, shape (count,), in the unit of the length.

    Parameters
    ----------
    length : Length
    rng : numpy.random.Generator
    count : int
    """
    if isinstance(length, Fixed):
        return np.full(count, float(length.length))
    if isinstance(length, Uniform):
        return rng.uniform(length.low, length.high, count)
    if isinstance(length, Lognormal):
        return np.asarray(rng.lognormal(math.log(length.median), length.sigma, count))
    if isinstance(length, Exponential):
        return rng.exponential(length.mean, count)
    # Any other distribution by its quantiles: slower, and right.
    shares = rng.random(count)
    return np.array([length.quantile(max(share, 1e-300)) for share in shares])
