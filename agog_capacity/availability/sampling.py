"""Samples of lengths, and estimates out of samples that are alike in groups."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from agog_capacity.availability.estimates import Estimate, share_with_error
from agog_capacity.availability.lengths import Exponential, Fixed, Length, Lognormal, Uniform
from agog_capacity.availability.numbers import whole
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray

_Z95 = 1.959963984540054
_LEAST_SAMPLES, _MOST_SAMPLES = 10, 10_000_000


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


def checked_samples(samples: object) -> int:
    """Return how many failovers are drawn, or say how many can be: of fewer no error can be told."""
    found = whole("samples", samples, _LEAST_SAMPLES)
    if found > _MOST_SAMPLES:
        raise InputError(f"{found:,} samples are too many; choose {_LEAST_SAMPLES} to {_MOST_SAMPLES:,}")
    return found


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
    error = error_of_share(values <= value, groups)

    def moved(errors: float) -> float:
        return float(ordered[rank_of(share + errors * error, len(ordered))])

    spread = 0.0 if math.isinf(value) else (moved(1) - moved(-1)) / 2
    return Estimate(value, spread, moved(-_Z95), moved(_Z95))


def share_of_groups(hit: NDArray[np.bool_], groups: int) -> Estimate:
    """Return a share of samples with Wilson's interval, as wide as the independent groups make it.

    Parameters
    ----------
    hit : ndarray of bool, shape (samples,)
    groups : int
        See `error_of_share`.
    """
    return share_with_error(float(hit.mean()), error_of_share(hit, groups), float(min(groups, len(hit))))


def computed(value: float) -> Estimate:
    """Return a figure that is computed and not sampled, so without an error."""
    return Estimate(value, 0.0, value, value)


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
    if math.isinf(estimate.standard_error):
        return f"{estimate.value:,.0f} s, or never before the lost region is back"
    return f"{estimate.value:,.0f} ± {estimate.standard_error:,.2g} s"
