"""Times of a failover in the closed form: points that stand for their distribution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agog_capacity.availability.failover import Stage, recovery_time
from agog_capacity.availability.failover_plan import FailoverDefaults, LognormalHours
from agog_capacity.availability.lengths import Fixed, Length, Lognormal
from agog_capacity.availability.service import SECONDS_PER_HOUR, ServiceDesign
from agog_capacity.availability.standby import promotion_of
from agog_capacity.periods import FloatArray

_POINTS = 200
"""Points that stand for the distribution of a failover's time."""


def failover_times(design: ServiceDesign, defaults: FailoverDefaults) -> tuple[FloatArray, FloatArray]:
    """Return times that stand for the distribution of a failover, and their chances. [h]

    Parameters
    ----------
    design : ServiceDesign
    defaults : FailoverDefaults
    """
    if design.mode == "single":
        return np.ones(1), np.ones(1)
    given = design.times(defaults)
    ways = [(p, *_times_after(Stage("detect", (by,)), design, defaults)) for by, p in given.detections]
    return np.concatenate([times for _, times, _ in ways]), np.concatenate([p * each for p, _, each in ways])


def _times_after(
    detect: Stage, design: ServiceDesign, defaults: FailoverDefaults
) -> tuple[FloatArray, FloatArray]:
    """Return times of a failover that is detected in one way, and their chances. [h]"""
    given = design.times(defaults)
    if design.mode == "active-active" and design.database == "multi-writer":
        route = [Stage("route", (Fixed(given.dns_ttl_s),))] if given.dns_ttl_s else []
        return _points([detect, *route]), np.full(_POINTS, 1 / _POINTS)
    promotion = promotion_of(design, defaults)
    in_seconds = _seconds(promotion.length) if isinstance(promotion, LognormalHours) else promotion.length
    switch: list[Length] = [Fixed(given.dns_ttl_s), in_seconds]
    if given.cache is not None:
        switch.append(given.cache.length)
    stages = [detect, Stage("switch", tuple(switch))]
    if design.operator == "human" or given.decide.automated_s:
        stages.append(Stage("decide", (given.decision(design.operator),)))
    covered = given.coverage.of(design.operator)
    manual = Stage("by hand", (_seconds(given.manual.length),))
    times = np.concatenate([_points(stages), _points([*stages, manual])])
    return times, np.repeat([covered / _POINTS, (1 - covered) / _POINTS], _POINTS)


def _seconds(hours: Lognormal) -> Lognormal:
    return Lognormal(hours.median * SECONDS_PER_HOUR, hours.sigma)


def _points(stages: Sequence[Stage]) -> FloatArray:
    """Return equally likely times of some stages, in hours."""
    found = recovery_time(stages)
    return np.array([found.quantile((n + 0.5) / _POINTS) for n in range(_POINTS)]) / SECONDS_PER_HOUR
