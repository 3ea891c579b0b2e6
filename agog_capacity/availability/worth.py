"""How sure stated numbers are: each is worth so many observations, and what says nothing of it is taken as certain.

A chance is Beta with the stated value as its mean and the observations as its weight, so 9 of 10 is `worth: 10`. A
length fitted on n failures has its median times a common factor: lognormal, mean 1, sigma that of the length over
the root of n. So every mean stays where it is stated, and 0 and 1 stay exact.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from pydantic import Field

from agog_capacity.model import In, Model, Text
from agog_capacity.periods import FloatArray

Observations = Annotated[float, Field(strict=True, ge=0.01, le=1e9), In("observations")]
_LEAST_SHARE = 2.0**-40
_LEAST_WEIGHT = 1e-200
"""Of yes and of no: a chance with less is either, and nothing between."""
_LEAST_LOG = -600.0
"""Of a factor: below, it would be 0, which has no logarithm."""


class ClassWorth(Model):
    """How many observations each number of a failure class is worth; what is left out is taken as certain."""

    exposure: Observations | None = None
    """Counted incidents of which it is known whether they reached the service."""
    severity: Observations | None = None
    """Failures of which it is known what share of the requests failed."""
    beta: Observations | None = None
    """Events of a region of which it is known whether they hit both; region scope only."""
    hits_both: Observations | None = None
    """Own changes that failed, of which it is known how far they had reached; change scope only."""
    length: Observations | None = None
    """Failures that the length was fitted on."""
    because: Text = ""
    """Where the weights come from."""


class FailoverWorth(Model):
    """How many observations each number of a failover is worth; what is left out is taken as certain."""

    coverage: Observations | None = None
    """Failovers, real ones or drills, of which it is known whether they went as planned."""
    p_no_capacity: Observations | None = None
    """Requests for capacity while a region was down."""
    p_bad: Observations | None = None
    """Stages of a way back."""
    times: Observations | None = None
    """Failovers that were timed: what people decide and do, promotion, restore and growth are slower or faster together."""


def chances(value: float, worth: float | None, shares: FloatArray) -> FloatArray:
    """Return quantiles of a chance that is not sure.

    Parameters
    ----------
    value : float
        Its mean, in [0, 1]; 0 and 1 are exact.
    worth : float, optional
        Observations, above 0; None is certain.
    shares : ndarray
        Inside 0 and 1.

    Returns
    -------
    ndarray
        Of the shape of `shares`.
    """
    if worth is None or not 0 < value < 1:
        return np.full(shares.shape, value)
    from scipy.special import betaincinv

    yes, no = value * worth, (1 - value) * worth
    if min(yes, no) < _LEAST_WEIGHT:
        return np.asarray(shares > 1 - value, dtype=float)
    found = betaincinv(yes, no, shares)
    return np.asarray(np.clip(found, 0.0, 1.0), dtype=float)


def factors(sigma: float, worth: float | None, shares: FloatArray) -> FloatArray:
    """Return quantiles of the factor on a median that was fitted on so many lengths; its mean is 1.

    Parameters
    ----------
    sigma : float
        Of the logarithm of the lengths.
    worth : float, optional
        Lengths, above 0; None is certain.
    shares : ndarray
        Inside 0 and 1, one for each draw: the mean of the factor over them is 1.
    """
    if worth is None or sigma <= 0:
        return np.ones(shares.shape)
    from scipy.special import ndtri

    spread = sigma / math.sqrt(worth)
    logs = spread * ndtri(shares) - spread**2 / 2
    found = np.exp(np.maximum(logs, _LEAST_LOG))
    # With few observations the mean stands on draws that are too rare to be among these: hold it over the draws there are.
    return np.asarray(found / found.mean(), dtype=float)


def shares_drawn(key: int, draws: int) -> FloatArray:
    """Return a share for each outer draw, inside 0 and 1, shape (draws,); the same for the same key and number.

    One lies in each of as many equal parts [1]_, so that the mean over the draws is nearer to the stated one than that
    of independent draws, whose standard error is then an upper bound.

    References
    ----------
    .. [1] M. D. McKay, R. J. Beckman and W. J. Conover, "A comparison of three methods for selecting values of input
       variables in the analysis of output from a computer code", Technometrics 21 (1979) 239-245.
    """
    rng = np.random.Generator(np.random.Philox(key=key))
    shares = (rng.permutation(draws) + rng.random(draws)) / draws
    return np.asarray(np.clip(shares, _LEAST_SHARE, 1 - _LEAST_SHARE), dtype=float)
