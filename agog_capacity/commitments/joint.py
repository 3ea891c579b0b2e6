"""The best reservations and savings plans together, with a certificate.

A savings plan is shared by all sizes, so what is best for one depends on the hours of the others: curves
sorted size by size destroy exactly that. Hours are merged only where the whole usage vector and the period
are the same, which loses nothing. Then cutting planes: `hour_value` gives the cost of all hours and its
slope at a point, each such tangent is a cut of a small master programme, and the master's optimum is a lower
bound on everything. The search stops when the best point found is within `gap` of the bound, and both are
returned. Whole quantities use the same cuts in a mixed-integer master.

Points are taken between the master's and the best one ("in-out"), which takes about a third of the cuts
that the master's own corners need.

Asked and decided: a plain linear programme over hours gives the same objective and is what the tests compare
with, at twenty times the time; a bundle method with quadratic masters would need a solver that SciPy lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from agog_capacity.commitments.hour_value import Corners, corners, hour_values
from agog_capacity.errors import AgogCapacityError, CommitmentError, Problem
from agog_capacity.periods import FloatArray

GAP = 1e-6
"""Certified relative gap at which the search stops."""
_SMALLEST_VALUE = 1e-12


class NoCertificate(AgogCapacityError, RuntimeError):
    """The search ended before its gap was certified."""


@dataclass(frozen=True)
class Column:
    """Something that can be bought: one more unit, or one more USD per hour of a plan."""

    name: str
    target: int
    """Size (0 …), or number of sizes + plan."""
    cost: float
    """Of one unit over the whole horizon. [USD]"""
    periods: tuple[int, ...] = (0,)
    """Periods in which it covers."""
    whole: bool = True
    """Comes in whole units, where whole quantities are asked for; plans do not."""
    most: float = np.inf
    """Largest quantity."""


@dataclass(frozen=True)
class JointProblem:
    """Usage, prices and what can be bought. Build it with `joint_problem`."""

    usage: FloatArray
    """Merged hours, shape (hours, sizes). [instance-hours]"""
    weight: FloatArray
    """Expected occurrences of each hour, shape (hours,). [h]"""
    period: NDArray[np.int64]
    """Period of each hour, shape (hours,)."""
    future: NDArray[np.int64]
    """Future of each hour, shape (hours,); all 0 where only the expectation matters."""
    prices: Corners
    columns: tuple[Column, ...]
    existing_reserved: FloatArray
    """Already bought, shape (periods, sizes). [units]"""
    existing_plan: FloatArray
    """Already bought, shape (periods, plans). [USD per hour]"""
    plan_rates: FloatArray
    """Plan prices, 0 where not eligible, shape (plans, sizes). [USD per instance-hour]"""

    limit_rows: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    """Further linear limits on quantities, shape (limits, columns), such as the refund pool."""
    limits: FloatArray = field(default_factory=lambda: np.zeros(0))
    """Upper bound of each, shape (limits,)."""

    @property
    def sizes(self) -> int:
        """Number of sizes."""
        return int(self.usage.shape[1])

    @property
    def periods(self) -> int:
        """Number of periods."""
        return int(self.existing_reserved.shape[0])

    @cached_property
    def cost(self) -> FloatArray:
        """Cost of one unit of each column, shape (columns,). [USD]"""
        return np.array([column.cost for column in self.columns], dtype=float)

    @cached_property
    def reach(self) -> FloatArray:
        """Which period and target each column adds to, shape (columns, periods, sizes + plans)."""
        reach = np.zeros((len(self.columns), self.periods, self.sizes + self.existing_plan.shape[1]))
        for j, column in enumerate(self.columns):
            reach[j, list(column.periods), column.target] = 1.0
        return reach

    @cached_property
    def most(self) -> FloatArray:
        """Largest quantity of each column that any hour can use, shape (columns,)."""
        peak = np.zeros((self.periods, self.sizes + len(self.plan_rates)))
        spend = self.usage @ self.plan_rates.T
        np.maximum.at(peak, self.period, np.hstack([self.usage, spend]))
        limits = [peak[list(c.periods), c.target].max(initial=0.0) for c in self.columns]
        whole = [np.ceil(m) if c.whole else m for m, c in zip(limits, self.columns, strict=True)]
        return np.minimum(whole, [c.most for c in self.columns])

    def evaluate(
        self, quantity: FloatArray, groups: NDArray[np.int64], count: int
    ) -> tuple[FloatArray, FloatArray]:
        """Return what hours cost beside the commitments, by group, and its slope along the columns.

        Returns
        -------
        tuple of ndarray
            Shapes (count,) and (count, columns). [USD]
        """
        bought = np.tensordot(quantity, self.reach, axes=1)
        reserved = self.existing_reserved + bought[:, : self.sizes]
        plan = self.existing_plan + bought[:, self.sizes :]
        value, slope = hour_values(
            self.usage, self.weight, groups, self.period, reserved, plan, self.prices, count
        )
        return value, np.tensordot(slope, self.reach, axes=([1, 2], [1, 2]))

    def within_limits(self, quantity: FloatArray) -> bool:
        """Tell whether quantities keep to the further limits."""
        return not len(self.limits) or bool(np.all(self.limit_rows @ quantity <= self.limits + 1e-6))

    def total(self, quantity: ArrayLike) -> float:
        """Return the cost of quantities: what is bought, and what the hours then cost. [USD]"""
        amounts = np.asarray(quantity, dtype=float)
        value, _ = self.evaluate(amounts, np.zeros(len(self.weight), dtype=np.int64), 1)
        return float(self.cost @ amounts + value[0])


@dataclass(frozen=True)
class JointOptimum:
    """The best point found and the bound that certifies it."""

    quantity: FloatArray
    """Of each column, shape (columns,)."""
    cost: float
    """[USD]"""
    bound: float
    """No quantities can cost less. [USD]"""
    cuts: int
    problem: JointProblem = field(repr=False)

    @property
    def gap(self) -> float:
        """Certified distance from the optimum, as a share of the cost."""
        return max(self.cost - self.bound, 0.0) / max(self.cost, _SMALLEST_VALUE)

    def bought(self) -> dict[str, float]:
        """Return what is bought, by name."""
        return {
            c.name: float(q) for c, q in zip(self.problem.columns, self.quantity, strict=True) if q > 1e-9
        }


def merge_hours(
    usage: ArrayLike,
    weight: ArrayLike | None = None,
    period: ArrayLike | None = None,
    future: ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray, NDArray[np.int64], NDArray[np.int64]]:
    """Merge hours of one period and future whose whole usage vector is the same; nothing is lost.

    Parameters
    ----------
    usage : array-like, shape (hours, sizes)
        [instance-hours]
    weight : array-like, shape (hours,), optional
        1 if not given. [h]
    period, future : array-like of int, shape (hours,), optional
        0 if not given.

    Returns
    -------
    tuple of ndarray
        Usage, weight, period and future of the merged hours.

    Raises
    ------
    CommitmentError
        If usage is negative or not finite, or the lengths differ.
    """
    hours = np.ascontiguousarray(usage, dtype=float)
    if hours.ndim != 2 or hours.shape[0] == 0:
        raise CommitmentError(f"joint usage has shape {hours.shape}; give one row an hour, one column a size")
    if not np.all(np.isfinite(hours)) or hours.min(initial=0.0) < 0:
        raise CommitmentError(
            "joint usage has negative or unknown quantities; they are instance-hours from 0 up"
        )
    count = len(hours)
    weights = np.ones(count) if weight is None else np.asarray(weight, dtype=float)
    labels = [
        np.zeros(count, dtype=np.int64) if label is None else np.asarray(label, dtype=np.int64)
        for label in (period, future)
    ]
    if any(x.shape != (count,) for x in (weights, *labels)) or np.any(weights < 0):
        raise CommitmentError(
            f"weights, periods and futures must be one for each of the {count} hours, weights from 0 up"
        )
    keys = [*labels, *(_codes(column) for column in hours.T)]
    code = np.zeros(count, dtype=np.int64)
    room = 1
    for key in keys:
        span = int(key.max()) + 1
        if room * span >= 2**62:
            code = np.unique(code, return_inverse=True)[1].astype(np.int64)
            room = int(code.max()) + 1
        code = code * span + key
        room *= span
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    merged = np.bincount(inverse.ravel(), weights=weights).astype(np.float64)
    return np.ascontiguousarray(hours[first]), merged, labels[0][first], labels[1][first]


def _codes(column: FloatArray) -> NDArray[np.int64]:
    """Return whole numbers from 0 that are equal where the values are."""
    whole = column.astype(np.int64) if column.max() < 2**20 else None
    if whole is not None and np.array_equal(whole, column):
        return whole
    return np.unique(column, return_inverse=True)[1].ravel().astype(np.int64)


def joint_problem(
    usage: ArrayLike,
    on_demand: Sequence[float],
    columns: Sequence[Column],
    plan_prices: Sequence[Sequence[float | None]] = (),
    *,
    weight: ArrayLike | None = None,
    period: ArrayLike | None = None,
    future: ArrayLike | None = None,
    periods: int = 1,
    existing_reserved: ArrayLike | None = None,
    existing_plan: ArrayLike | None = None,
) -> JointProblem:
    """Check and merge the parts of a problem.

    Parameters
    ----------
    usage : array-like, shape (hours, sizes)
        Sizes of one flexibility group whose prices agree per ratio unit may be one column of ratio units.
    on_demand : sequence of float, shape (sizes,)
        Negotiated where there is such a price. [USD per instance-hour]
    columns : sequence of Column
        What can be bought.
    plan_prices : sequence of sequence
        A row for each kind of plan; None where a size is not eligible. [USD per instance-hour]
    weight, period, future : array-like, shape (hours,), optional
        Occurrences (times the probability of the future), period and future of each hour.
    periods : int
        How many periods there are.
    existing_reserved, existing_plan : array-like, optional
        Shapes (periods, sizes) and (periods, plans): netted before anything is bought.

    Raises
    ------
    CommitmentError
        With what is wrong.
    """
    merged, weights, period_of, future_of = merge_hours(usage, weight, period, future)
    sizes, plans = merged.shape[1], len(plan_prices)
    if len(on_demand) != sizes:
        raise CommitmentError(f"{len(on_demand)} on-demand prices for {sizes} sizes; give one each")
    if period_of.size and (period_of.min() < 0 or period_of.max() >= periods):
        raise CommitmentError(f"hours name period {int(period_of.max())}, but there are {periods}, from 0")
    problems = []
    names = [column.name for column in columns]
    for name in sorted({n for n in names if names.count(n) > 1}):
        problems.append(
            Problem(f"column {name!r} is listed {names.count(name)} times; nothing is bought twice")
        )
    for column in columns:
        if not 0 <= column.target < sizes + plans:
            problems.append(
                Problem(
                    f"{column.name!r} covers target {column.target}; there are {sizes} sizes and {plans} plans"
                )
            )
        if not np.isfinite(column.cost) or column.cost < 0 or not column.periods or column.most < 0:
            problems.append(Problem(f"{column.name!r} needs a price from 0 up and at least one period"))
        elif not all(0 <= t < periods for t in column.periods):
            problems.append(Problem(f"{column.name!r} covers periods outside the {periods} of the problem"))
    if problems:
        raise CommitmentError(problems)
    own = np.asarray(on_demand, dtype=float)
    rates = np.array(
        [[0.0 if p is None else min(p, o) for p, o in zip(row, own, strict=True)] for row in plan_prices]
    ).reshape(plans, sizes)
    return JointProblem(
        usage=merged,
        weight=weights,
        period=period_of,
        future=future_of,
        prices=corners(own, plan_prices),
        columns=tuple(columns),
        existing_reserved=_existing(existing_reserved, (periods, sizes)),
        existing_plan=_existing(existing_plan, (periods, plans)),
        plan_rates=rates,
    )


def _existing(given: ArrayLike | None, shape: tuple[int, int]) -> FloatArray:
    values = np.zeros(shape) if given is None else np.asarray(given, dtype=float)
    if values.shape != shape or np.any(values < 0):
        raise CommitmentError(f"existing commitments have shape {values.shape}; give {shape}, from 0 up")
    return values


def as_whole(problem: JointProblem) -> NDArray[np.int64]:
    """Return 1 for columns that come in whole units, as SciPy's `milp` wants it."""
    return np.array([int(column.whole) for column in problem.columns], dtype=np.int64)
