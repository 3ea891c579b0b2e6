"""Courses of demand against capacity, and their form in few steps that a simulation of failures reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from agog_capacity.availability.brownout import Brownout
from agog_capacity.availability.numbers import positive, together, whole
from agog_capacity.periods import FloatArray

_HOLD_S = 300.0
"""For how long the demand must be served until a region counts as having caught up. [s]"""
_COARSE_S = 60.0
"""Resolution in which the steps of a course are looked for. [s]"""
_LAST_S = 3600.0
"""End of a course from which is read what is served afterwards, at most its last quarter. [s]"""


@dataclass(frozen=True)
class Courses:
    """Demand, capacity and nodes over time, shape (courses, steps); time 0 is the arrival of the traffic."""

    step_s: float
    """[s]"""
    demand: FloatArray = field(repr=False)
    """[requests per second]"""
    capacity: FloatArray = field(repr=False)
    """Infinite where nothing bounds it. [requests per second]"""
    nodes: FloatArray = field(repr=False)
    """Ready nodes of all pools."""

    def __post_init__(self) -> None:
        """Check shapes and ranges, all at once."""
        positive("step", self.step_s)
        problems = []
        if not (self.demand.ndim == 2 and self.demand.shape == self.capacity.shape == self.nodes.shape):
            problems.append(
                f"courses have shapes {self.demand.shape}, {self.capacity.shape} and {self.nodes.shape}; "
                "they must be (courses, steps), the same"
            )
        for name in ("demand", "capacity", "nodes"):
            values = getattr(self, name)
            if np.isnan(values).any() or (values < 0).any():
                problems.append(f"{name} of a course is negative or not a number")
        together(problems)

    @property
    def hours(self) -> float:
        """Length. [h]"""
        return float(self.demand.shape[1] * self.step_s / 3600)

    def served(self, overload: Literal["shed", "collapse"] = "shed") -> FloatArray:
        """Return the share of the demand that is served, shape (courses, steps).

        Parameters
        ----------
        overload : {"shed", "collapse"}
            `shed`: what exceeds capacity is lost. `collapse`: nothing is served while demand exceeds
            capacity, as where clients retry.
        """
        enough = self.capacity >= self.demand
        if overload == "collapse":
            return np.asarray(enough, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(enough, 1.0, self.capacity / self.demand)

    def time_until_served_s(self, share: float, overload: Literal["shed", "collapse"] = "shed") -> FloatArray:
        """Return when a share of the demand is served on average over the 5 minutes that follow.

        A mean over minutes, since one gust of the load is no new outage. Shape (courses,), infinite
        where it does not happen. [s]
        """
        served = self.served(overload)
        span = min(max(1, round(_HOLD_S / self.step_s)), served.shape[1])
        summed = np.cumsum(np.pad(served, ((0, 0), (1, 0))), axis=1)
        means = (summed[:, span:] - summed[:, :-span]) / span
        # The instant itself must be served too: a mean over the next minutes begins to rise before.
        good = (means >= share - 1e-12) & (served[:, : means.shape[1]] >= share - 1e-12)
        first = np.argmax(good, axis=1) * self.step_s
        return np.where(good.any(axis=1), first, np.inf)


def compressed(courses: Courses, served: FloatArray, delay_s: FloatArray, steps: int) -> Brownout:
    """Return courses in few steps of constant share, with the same unserved demand as the whole curves.

    Neighbouring minutes whose shares differ least are joined until few enough steps are left; each keeps
    its mean, so the integral stays.

    Parameters
    ----------
    courses : Courses
    served : ndarray, shape (courses, steps)
        Share of the demand.
    delay_s : ndarray, shape (courses,)
        Time before the first step in which nothing is served. [s]
    steps : int
        Most steps of a course, the delay included.
    """
    most = whole("steps of a brownout", steps, 2)
    group = max(1, round(_COARSE_S / courses.step_s))
    count, length = served.shape
    edges = np.arange(0, length, group)
    sums = np.add.reduceat(served, edges, axis=1)
    sizes = np.diff(np.append(edges, length)).astype(float)
    last = max(1, min(round(_LAST_S / courses.step_s), length // 4))
    lengths_h, shares = np.zeros((count, most)), np.zeros((count, most))
    # The first step is the wait where any course has one; elsewhere a step of length 0.
    first = int((delay_s > 0).any())
    size, share = _joined(np.tile(sizes, (count, 1)), sums / sizes, most - first)
    filled = slice(first, first + size.shape[1])
    lengths_h[:, filled], shares[:, filled] = size * courses.step_s / 3600, share
    if first:
        lengths_h[:, 0] = delay_s / 3600
    return Brownout(lengths_h, np.clip(shares, 0.0, 1.0), np.clip(served[:, -last:].mean(axis=1), 0.0, 1.0))


def _joined(sizes: FloatArray, shares: FloatArray, most: int) -> tuple[FloatArray, FloatArray]:
    """Join neighbours with the least loss of squares until so many are left, in all courses at once.

    Both of shape (courses, steps). What is alike costs nothing to join and goes first.
    """
    rows = np.arange(len(sizes))
    while sizes.shape[1] > most:
        a, b = sizes[:, :-1], sizes[:, 1:]
        at = np.argmin(a * b / (a + b) * np.diff(shares, axis=1) ** 2, axis=1)
        whole_size = sizes[rows, at] + sizes[rows, at + 1]
        joined = (
            sizes[rows, at] * shares[rows, at] + sizes[rows, at + 1] * shares[rows, at + 1]
        ) / whole_size
        sizes[rows, at + 1], shares[rows, at + 1] = whole_size, joined
        stays = np.ones(sizes.shape, dtype=bool)
        stays[rows, at] = False
        form = (len(sizes), sizes.shape[1] - 1)
        sizes, shares = sizes[stays].reshape(form), shares[stays].reshape(form)
    return sizes, shares
