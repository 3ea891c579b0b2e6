"""Failure rates from counts: k events in T years, with what they do not say.

None seen is not a rate of zero: in T years without an event the rate is below 3/T with 95 %.

References
----------
.. [1] F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936) 437-442.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from agog_capacity.availability.numbers import complement, not_negative, positive, whole
from agog_capacity.errors import InputError


@dataclass(frozen=True)
class GammaRate:
    """What is believed of a rate: gamma with shape a and rate T, both in the words of counting."""

    shape: float
    """Events, and one half of Jeffreys' prior. Must be above 0 for a rate that can be drawn."""
    exposure_years: float
    """Years they were counted in. [years]"""

    def __post_init__(self) -> None:
        positive("shape of a rate (events + prior)", self.shape)
        positive("exposure", self.exposure_years)

    @property
    def mean(self) -> float:
        """Mean rate. [1/year]"""
        return self.shape / self.exposure_years

    def quantile(self, share: float) -> float:
        """Return the rate that is not exceeded with a probability. [1/year]"""
        from scipy.special import gammaincinv

        if not 0 < share < 1:
            raise InputError(f"probability {share!r} of a quantile is not inside 0 and 1")
        return float(gammaincinv(self.shape, share)) / self.exposure_years

    def updated(self, events: int, years: float) -> GammaRate:
        """Return the belief after so many further events in so many further years."""
        whole("events", events)
        return GammaRate(self.shape + events, self.exposure_years + not_negative("years", years))


def jeffreys_rate(events: int, years: float) -> GammaRate:
    """Return the belief from a count alone: gamma(events + 1/2, years)."""
    return GammaRate(whole("events", events) + 0.5, positive("exposure", years))


def garwood_interval(events: int, years: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the two-sided interval of a rate from a count [1]_. [1/year]

    Parameters
    ----------
    events : int
    years : float
        [years]
    confidence : float
        Such as 0.95.
    """
    from scipy.special import gammainccinv, gammaincinv

    positive("exposure", years)
    whole("events", events)
    tail = complement(_confidence(confidence)) / 2
    low = float(gammaincinv(events, tail)) / years if events else 0.0
    return low, float(gammainccinv(events + 1, tail)) / years


def zero_event_bound(years: float, confidence: float = 0.95, *, two_sided: bool = False) -> float:
    """Return the highest rate that none seen in so many years leaves possible. [1/year]"""
    tail = complement(_confidence(confidence)) / (2 if two_sided else 1)
    return -math.log(tail) / positive("exposure", years)


def _confidence(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise InputError(f"confidence {confidence!r} is not inside 0 and 1; write 0.95 for 95 %")
    return confidence
