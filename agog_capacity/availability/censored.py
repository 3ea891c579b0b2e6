"""The normal of largest likelihood where some values are known only to be above a bound: lengths that are still open."""

from __future__ import annotations

import math
from collections import Counter

_MOST_STEPS = 200
_FAR = 20.0
"""Deviations from which the tail of a normal is taken from its continued fraction."""


def censored_fit(logs: list[float], censored: list[float], sigma: float, own: bool) -> tuple[float, float]:
    """Return mean and deviation of the normal of largest likelihood, some values known to be above a bound only.

    With a = mean / deviation and b = 1 / deviation the logarithm of the likelihood is concave [1]_, so Newton's
    steps, halved where they go too far, find its top from anywhere.

    References
    ----------
    .. [1] R. J. Olsen, "Note on the uniqueness of the maximum likelihood estimator for the Tobit model",
       Econometrica 46 (1978) 1211-1215.
    """
    count = len(logs)
    total, squares = math.fsum(logs), math.fsum(x * x for x in logs)
    spread = math.sqrt(max(squares / count - (total / count) ** 2, 0.0))
    b = 1 / (spread if own and spread > 0 else sigma)
    a = total / count * b
    # Equal bounds are one with a weight: recorded times are coarse.
    bounds = Counter(censored)

    def likelihood(a: float, b: float) -> float:
        closed = count * math.log(b) - (b * b * squares - 2 * a * b * total + count * a * a) / 2
        return closed + math.fsum(n * _log_beyond(b * c - a) for c, n in bounds.items())

    value = likelihood(a, b)
    for _ in range(_MOST_STEPS):
        slope_a, slope_b = b * total - count * a, count / b - b * squares + a * total
        aa, ab, bb = -float(count), total, -count / b**2 - squares
        for c, n in bounds.items():
            z = b * c - a
            hazard = _hazard(z)
            bend = hazard * (hazard - z)
            slope_a, slope_b = slope_a + n * hazard, slope_b - n * c * hazard
            aa, ab, bb = aa - n * bend, ab + n * c * bend, bb - n * c * c * bend
        if own:
            # Of a matrix that is negative definite; its determinant is above 0.
            det = aa * bb - ab * ab
            if det <= 0:
                break
            step_a, step_b = (ab * slope_b - bb * slope_a) / det, (ab * slope_a - aa * slope_b) / det
        else:
            step_a, step_b = -slope_a / aa, 0.0
        while b + step_b <= 0 or (better := likelihood(a + step_a, b + step_b)) < value:
            step_a, step_b = step_a / 2, step_b / 2
            if abs(step_a) + abs(step_b) < 1e-15 * (abs(a) + b):
                return a / b, 1 / b
        a, b, value = a + step_a, b + step_b, better
        if abs(step_a) + abs(step_b) < 1e-13 * (abs(a) + b):
            break
    return a / b, 1 / b


def _survival(z: float) -> float:
    return 0.5 * math.erfc(z / math.sqrt(2))


def _log_beyond(z: float) -> float:
    """Return the logarithm of the chance that a standard normal is above z."""
    if z < _FAR:
        return math.log(_survival(z))
    return -z * z / 2 - math.log(math.sqrt(2 * math.pi) * _hazard(z))


def _hazard(z: float) -> float:
    """Return the mean of a standard normal that is above z: its density there over the chance to be above."""
    if z < _FAR:
        return math.exp(-z * z / 2) / math.sqrt(2 * math.pi) / _survival(z)
    return z + 1 / (z + 2 / (z + 3 / (z + 4 / (z + 5 / z))))
