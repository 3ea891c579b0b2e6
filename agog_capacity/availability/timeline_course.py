"""One failover minute by minute, and distributions as curves: finished frames for charts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.availability.numbers import positive
from agog_capacity.availability.sampling import rank_of
from agog_capacity.availability.scale_up import ScaleUp
from agog_capacity.availability.timeline import STAGES, FailoverTimeline
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray

if TYPE_CHECKING:
    import pandas as pd

_BEFORE_S = 300.0
_AFTER_S = 900.0
_POINTS = 400


@dataclass(frozen=True, eq=False)
class FailoverCourse:
    """Demand on a surviving region, its capacity and what is unserved in one failover; 0 is the failure."""

    name: str
    minutes: FloatArray = field(repr=False)
    """Shape (steps,). [min]"""
    demand: FloatArray = field(repr=False)
    """Of the users that both regions together serve before, or this one afterwards. [requests per second]"""
    capacity: FloatArray = field(repr=False)
    """Of the surviving region; not a number where nothing bounds it. [requests per second]"""
    unserved: FloatArray = field(repr=False)
    """[requests per second]"""
    phases: tuple[tuple[str, float, float], ...]
    """Name, begin and end of each step that takes time. [min]"""

    def to_frame(self) -> pd.DataFrame:
        """Return one row a step: `minutes`, `demand`, `capacity`, `unserved`, the last three in requests per second."""
        import pandas as pd

        return pd.DataFrame(
            {
                "minutes": self.minutes,
                "demand": self.demand,
                "capacity": self.capacity,
                "unserved": self.unserved,
            }
        )


def course_of(
    timeline: FailoverTimeline, share: float = 0.5, *, without_capacity: bool = False
) -> FailoverCourse:
    """Return the failover whose recovery time is at a quantile, over time.

    Parameters
    ----------
    timeline : FailoverTimeline
        With the courses of an autoscaler.
    share : float
        Quantile of the recovery times of failovers in which nodes could be had; 0.5 is the median.
    without_capacity : bool
        Show that failover as it would be where no node can be had.

    Raises
    ------
    InputError
        If the timeline has no courses, or none that ends at this quantile.
    """
    scale_up = timeline.scale_up
    if not isinstance(scale_up, ScaleUp):
        raise InputError("this timeline has no simulated scale-up, so nothing of it can be drawn over time")
    sample = _at_quantile(timeline, scale_up, share)
    course = sample % scale_up.courses
    curves = scale_up.stuck if without_capacity else scale_up.grown
    arrival = float(timeline.serving_s[sample])
    begin = arrival + max(0.0, float(scale_up.delay_s[course] - timeline.stages["switch"][sample]))
    growth = float(scale_up.time_s(timeline.overload, without_capacity=without_capacity)[course])
    # As long as the failover with capacity, so that the two can be laid side by side.
    shown = float(scale_up.time_s(timeline.overload)[course]) + _AFTER_S
    times = np.arange(-_BEFORE_S, begin + min(curves.hours * 3600, shown), curves.step_s)
    at = np.clip(((times - begin) / curves.step_s).astype(int), 0, curves.demand.shape[1] - 1)
    demand = curves.demand[course, at]
    has_nodes = (times >= begin) | (scale_up.delay_s[course] == 0)
    capacity = np.where(has_nodes, curves.capacity[course, at], 0.0)
    served = scale_up.served(timeline.overload, without_capacity=without_capacity)[course, at]
    lost = np.select(
        [times < 0, times < arrival, times < begin],
        [np.zeros(len(times)), np.full(len(times), 1 - timeline.served_before), np.ones(len(times))],
        1 - served,
    )
    return FailoverCourse(
        timeline.name,
        times / 60,
        demand,
        np.where(np.isfinite(capacity), capacity, np.nan),
        demand * lost,
        tuple(_phases(timeline, sample, begin - arrival + growth)),
    )


def _at_quantile(timeline: FailoverTimeline, scale_up: ScaleUp, share: float) -> int:
    """Return the number of the sample at a quantile of those that drew capacity."""
    switch = timeline.stages["switch"]
    course = np.arange(len(switch)) % scale_up.courses
    wait = np.maximum(0.0, scale_up.delay_s[course] - switch)
    has_capacity = timeline.stages["scale up"] == wait + scale_up.time_s(timeline.overload)[course]
    samples = np.flatnonzero(has_capacity)
    if not len(samples):
        raise InputError("no sampled failover found capacity; draw more of them, or lower the chance of none")
    total = timeline.recovered_s[samples]
    sample = int(samples[np.argsort(total, kind="stable")[rank_of(share, len(samples))]])
    if not np.isfinite(timeline.recovered_s[sample]):
        raise InputError(f"at {share:g} of the recovery times nothing recovers; choose a smaller share")
    return sample


def _phases(timeline: FailoverTimeline, sample: int, growth_s: float) -> Iterator[tuple[str, float, float]]:
    """Yield the steps up to the first that never ends. [min]"""
    now = 0.0
    for name in STAGES:
        length = growth_s if name == "scale up" else float(timeline.stages[name][sample])
        if np.isinf(length):
            return
        if length > 0:
            yield timeline.word(name), now / 60, (now + length) / 60
        now += length


def recovery_curve(timeline: FailoverTimeline, until_minutes: float = 1000.0) -> pd.DataFrame:
    """Return the chance that a failover is over within a time, for both of its ends.

    Parameters
    ----------
    timeline : FailoverTimeline
    until_minutes : float
        End of the curve, the same for all that stand in one chart. [min]

    Returns
    -------
    DataFrame
        Columns `minutes`, `serving` (the traffic has arrived) and `recovered` (the whole demand is served).
    """
    import pandas as pd

    minutes = np.geomspace(0.5, positive("end of the curve", until_minutes), _POINTS)
    columns = {
        name: np.searchsorted(np.sort(values), minutes * 60, side="right") / len(values)
        for name, values in (("serving", timeline.serving_s), ("recovered", timeline.recovered_s))
    }
    return pd.DataFrame({"minutes": minutes, **columns})


def loss_curve(timeline: FailoverTimeline) -> pd.DataFrame:
    """Return the chance that more than so many seconds of writes are lost.

    Columns `seconds` and `chance`; empty where no data are lost with the region.
    """
    import pandas as pd

    lag = timeline.lag
    if lag is None:
        return pd.DataFrame({"seconds": np.zeros(0), "chance": np.zeros(0)})
    longest = max(
        lag.stalled_max_s if lag.stalled else 0.0,
        lag.healthy.quantile(1 - 1e-5),
        2 * (timeline.rpo_target_s or 0.0),
    )
    seconds = np.geomspace(min(0.1, lag.healthy.quantile(0.001)), longest, _POINTS)
    return pd.DataFrame({"seconds": seconds, "chance": [lag.beyond(float(s)) for s in seconds]})
