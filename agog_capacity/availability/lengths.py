"""Lengths: how long an outage, a repair, a promotion or a lag lasts.

Every lognormal is given by its median and the sigma of the logarithm. Incident lengths are
lognormal with a heavy tail; an exponential repair is wrong for them.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

import numpy as np

from agog_capacity.arguments import is_number
from agog_capacity.availability.numbers import not_negative, positive
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray

_NORMAL = NormalDist()
LONGEST = 1e100
"""Lengths are below, so that their squares are numbers."""
MOST_SIGMA = 10.0
"""Of a lognormal: beyond, its mean lies in a tail that nothing ever reaches."""


def _length(what: str, value: float) -> float:
    if value > LONGEST:
        raise InputError(f"{what} {value!r} is above {LONGEST:g}, longer than anything lasts")
    return value


def _chance(value: float, *, least: float = 0.0) -> float:
    """Return a probability below 1 that some length is not exceeded with, or say why there is no such length."""
    if not (is_number(value) and least <= value < 1):
        bounds = "above 0" if least else "from 0"
        raise InputError(f"probability {str(value)[:40]} of a length must be {bounds} to below 1")
    return value


class Length(Protocol):
    """Distribution of a length that is never negative; its unit is the caller's."""

    @property
    def mean(self) -> float:
        """Mean length."""
        ...

    @property
    def mean_square(self) -> float:
        """Mean of the squared length."""
        ...

    def below(self, lengths: FloatArray) -> FloatArray:
        """Return the probability of at most each length."""
        ...

    def quantile(self, probability: float) -> float:
        """Return the length that is not exceeded with a probability in (0, 1)."""
        ...


@dataclass(frozen=True)
class Exponential:
    """Lengths without memory."""

    mean: float

    def __post_init__(self) -> None:
        _length("mean length", positive("mean length", self.mean))

    @property
    def mean_square(self) -> float:
        """Mean of the squared length."""
        return 2 * self.mean**2

    def below(self, lengths: FloatArray) -> FloatArray:
        """Return the probability of at most each length."""
        return np.asarray(-np.expm1(-np.maximum(lengths, 0) / self.mean))

    def quantile(self, probability: float) -> float:
        """Return the length that is not exceeded with this probability."""
        return -self.mean * math.log1p(-_chance(probability))


@dataclass(frozen=True)
class Fixed:
    """Always the same length."""

    length: float

    def __post_init__(self) -> None:
        _length("length", not_negative("length", self.length))

    @property
    def mean(self) -> float:
        """The length."""
        return self.length

    @property
    def mean_square(self) -> float:
        """The squared length."""
        return self.length**2

    def below(self, lengths: FloatArray) -> FloatArray:
        """Return 1 from the length on."""
        return np.asarray(np.asarray(lengths) >= self.length, dtype=float)

    def quantile(self, probability: float) -> float:
        """Return the length."""
        return self.length


@dataclass(frozen=True)
class Lognormal:
    """Lengths whose logarithm is normal."""

    median: float
    sigma: float
    """Standard deviation of the logarithm."""

    def __post_init__(self) -> None:
        _length("median length", positive("median length", self.median))
        if positive("sigma", self.sigma) > MOST_SIGMA:
            raise InputError(
                f"sigma {self.sigma!r} is above {MOST_SIGMA:g}; it is of the natural logarithm, 1 to 2 are usual"
            )

    @property
    def mean(self) -> float:
        """Mean length: above the median by exp(sigma^2 / 2)."""
        return self.median * math.exp(self.sigma**2 / 2)

    @property
    def mean_square(self) -> float:
        """Mean of the squared length."""
        return self.median**2 * math.exp(2 * self.sigma**2)

    def below(self, lengths: FloatArray) -> FloatArray:
        """Return the probability of at most each length."""
        from scipy.special import ndtr

        with np.errstate(divide="ignore"):
            logs = np.log(np.maximum(lengths, 0))
        return np.asarray(ndtr((logs - math.log(self.median)) / self.sigma))

    def beyond(self, length: float) -> float:
        """Return the probability of more than a length, with its digits kept."""
        if length <= 0:
            return 1.0
        return 0.5 * math.erfc(math.log(length / self.median) / self.sigma / math.sqrt(2))

    def quantile(self, probability: float) -> float:
        """Return the length that is not exceeded with this probability."""
        return self.median * math.exp(
            self.sigma * _NORMAL.inv_cdf(_chance(probability, least=sys.float_info.min))
        )

    def expected(
        self, low: float = -12.0, high: float = 12.0, points: int = 4801
    ) -> tuple[FloatArray, FloatArray]:
        """Return lengths and weights whose weighted sum is the expectation of a smooth function.

        The trapezoidal rule over the normal variate converges faster than any power here.
        """
        z = np.linspace(low, high + 2 * self.sigma, points)
        density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
        return self.median * np.exp(self.sigma * z), density


@dataclass(frozen=True)
class Uniform:
    """Anything between two bounds, equally likely."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high < math.inf:
            raise InputError(
                f"uniform from {self.low!r} to {self.high!r}: the bounds must rise from 0 or more"
            )

    @property
    def mean(self) -> float:
        """Middle of the bounds."""
        return (self.low + self.high) / 2

    @property
    def mean_square(self) -> float:
        """Mean of the squared length."""
        return (self.low**2 + self.low * self.high + self.high**2) / 3

    def below(self, lengths: FloatArray) -> FloatArray:
        """Return the probability of at most each length."""
        return np.clip((np.asarray(lengths, dtype=float) - self.low) / (self.high - self.low), 0, 1)

    def quantile(self, probability: float) -> float:
        """Return the length that is not exceeded with this probability."""
        return self.low + _chance(probability) * (self.high - self.low)
