"""Samples of lengths, and estimates that carry their standard errors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agog_capacity.availability.lengths import Exponential, Fixed, Length, Lognormal, Uniform
from agog_capacity.errors import InputError
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


def quantile_of(values: FloatArray, share: float, groups: int) -> Estimate:
    """Return a quantile of samples; its error is that of the share below it, carried over to the value.

    Parameters
    ----------
    values : ndarray, shape (samples,)
        May be infinite.
    share : float
        In (0, 1).
    groups : int
        See `error_of_share`.
    """
    if not 0 < share < 1:
        raise InputError(f"probability {share!r} of a quantile is not inside 0 and 1")
    ordered = np.sort(values)
    value = float(ordered[rank_of(share, len(ordered))])
    if math.isinf(value):
        return Estimate(value, 0.0)
    error = error_of_share(values <= value, groups)
    low, high = (float(ordered[rank_of(share + side * error, len(ordered))]) for side in (-1, 1))
    return Estimate(value, (high - low) / 2)


def rank_of(share: float, count: int) -> int:
    """Return the place of a quantile among so many sorted samples."""
    return int(np.clip(math.ceil(share * count - 1e-9) - 1, 0, count - 1))


def error_of_share(hit: NDArray[np.bool_], groups: int) -> float:
    """Return the standard error of a share whose samples are alike in groups.

    The groups are the independent draws, so their means tell the error, however many samples there are.

    Parameters
    ----------
    hit : ndarray of bool, shape (samples,)
        Samples of the same number modulo `groups` belong together.
    groups : int
        As many as samples where all are independent. One group alone tells nothing: the error is then 1/2.
    """
    count = len(hit)
    if groups < 2:
        return 0.5
    if groups >= count:
        return math.sqrt(float(hit.mean() * (1 - hit.mean())) / count)
    number = np.arange(count) % groups
    means = np.bincount(number, hit) / np.bincount(number)
    return float(means.std(ddof=1) / math.sqrt(groups))


def seconds_text(estimate: Estimate) -> str:
    """Return a time with its standard error, or that it is never reached."""
    if math.isinf(estimate.value):
        return "not before the lost region is back"
    if math.isinf(estimate.error):
        return f"{estimate.value:,.0f} s, or never before the lost region is back"
    return f"{estimate.value:,.0f} ± {estimate.error:,.2g} s"
