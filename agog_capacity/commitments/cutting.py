"""Cutting planes: tangents of the hourly cost in a small master programme, until the gap is certified."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agog_capacity.commitments.joint import GAP, JointOptimum, JointProblem, NoCertificate, as_whole
from agog_capacity.periods import FloatArray

_ROUNDS = 3000
_INWARD = 0.5
"""Share of the way from the best point to the master's at which a cut is taken."""
_GROUPS = 8


@dataclass
class _Master:
    """Cuts so far: `slope . x - theta_g <= slope . x_i - value_i`, in units of `scale`."""

    problem: JointProblem
    groups: int
    scale: float
    rows: list[FloatArray] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)

    def add(self, at: FloatArray, value: FloatArray, slope: FloatArray) -> None:
        """Add the tangents of all groups at a point."""
        for g in range(self.groups):
            row = np.zeros(len(at) + self.groups)
            row[: len(at)] = slope[g] / self.scale
            row[len(at) + g] = -1.0
            self.rows.append(row)
            self.limits.append(float(slope[g] @ at - value[g]) / self.scale)

    def solve(
        self, whole: bool, fixed: NDArray[np.bool_] | None = None, at: FloatArray | None = None
    ) -> tuple[FloatArray, float]:
        """Return the master's best quantities and its bound. [USD]"""
        from scipy.optimize import Bounds, LinearConstraint, milp

        n = len(self.problem.columns)
        low = np.zeros(n + self.groups)
        high = np.concatenate([self.problem.most, np.full(self.groups, np.inf)])
        if fixed is not None and at is not None:
            low[:n] = np.where(fixed, at, low[:n])
            high[:n] = np.where(fixed, at, high[:n])
        integrality = np.concatenate([as_whole(self.problem), np.zeros(self.groups, dtype=np.int64)])
        result = milp(
            np.concatenate([self.problem.cost / self.scale, np.ones(self.groups)]),
            integrality=integrality if whole else None,
            bounds=Bounds(low, high),
            constraints=LinearConstraint(np.array(self.rows), ub=np.array(self.limits)),
            options={"mip_rel_gap": 1e-10} if whole else {},
        )
        if result.x is None:
            raise NoCertificate(f"the master programme ended without a point: {result.message}")
        bound = result.mip_dual_bound if whole and result.mip_dual_bound is not None else result.fun
        return np.clip(result.x[:n], 0.0, self.problem.most), float(bound) * self.scale


def optimise_joint(
    problem: JointProblem, *, whole: bool = False, gap: float = GAP, groups: int = _GROUPS
) -> JointOptimum:
    """Find the quantities of least cost, and certify them.

    Parameters
    ----------
    problem : JointProblem
    whole : bool
        Whether columns that come in whole units must be whole.
    gap : float
        Certified relative gap to stop at.
    groups : int
        Into how many sums the hours are split, each with cuts of its own: more make fewer rounds of larger
        masters.

    Returns
    -------
    JointOptimum

    Raises
    ------
    NoCertificate
        If the gap is not reached.
    """
    search = _Search(problem, gap, max(1, min(groups, len(problem.weight))))
    search.relaxed()
    if whole:
        search.whole()
    return JointOptimum(search.best, search.cost, search.bound, len(search.master.rows), problem)


class _Search:
    """The state of one search: its cuts, its best point and its bound."""

    def __init__(self, problem: JointProblem, gap: float, groups: int) -> None:
        self.problem, self.gap = problem, gap
        # Contiguous runs of merged hours: they are sorted by period and usage, so each group is much alike.
        self.group = (np.arange(len(problem.weight)) * groups // len(problem.weight)).astype(np.int64)
        self.groups = groups
        nothing = np.zeros(len(problem.columns))
        value, slope = problem.evaluate(nothing, self.group, groups)
        self.best, self.cost, self.bound = nothing, float(value.sum()), 0.0
        self.master = _Master(problem, groups, max(self.cost, 1e-12))
        self.master.add(nothing, value, slope)

    def cut(self, at: FloatArray) -> float:
        """Add the tangents at a point and return its cost. [USD]"""
        value, slope = self.problem.evaluate(at, self.group, self.groups)
        self.master.add(at, value, slope)
        return float(self.problem.cost @ at + value.sum())

    def keep(self, at: FloatArray, cost: float) -> None:
        """Remember the point if it is the best."""
        if cost < self.cost:
            self.best, self.cost = at, cost

    def certified(self) -> bool:
        """Whether the gap is reached."""
        return self.cost - self.bound <= self.gap * abs(self.cost) + 1e-15

    def relaxed(self) -> None:
        """Search without whole quantities."""
        inward = _INWARD
        for _ in range(_ROUNDS):
            point, bound = self.master.solve(whole=False)
            stuck = bound <= self.bound * (1 + 1e-12)
            self.bound = max(self.bound, bound)
            if self.certified():
                return
            # A cut that did not move the bound was taken too far inside.
            inward = 1.0 if stuck else _INWARD
            at = self.best + inward * (point - self.best)
            self.keep(at, self.cut(at))
            if self.certified():
                return
        raise NoCertificate(
            f"gap {(self.cost - self.bound) / self.cost:.1e} after {_ROUNDS} rounds; {self.gap:.0e} was asked"
        )

    def whole(self) -> None:
        """Search again with whole quantities, from the cuts there are."""
        problem = self.problem
        is_whole = as_whole(problem).astype(bool)
        relaxed = self.best
        self.cost, self.bound = np.inf, 0.0
        for rounded in (np.floor(relaxed + 1e-9), np.round(relaxed), np.ceil(relaxed - 1e-9)):
            self._polish(np.where(is_whole, np.minimum(rounded, problem.most), relaxed), is_whole)
        for _ in range(_ROUNDS):
            point, bound = self.master.solve(whole=True)
            self.bound = max(self.bound, bound)
            if self.certified():
                return
            self._polish(np.where(is_whole, np.round(point), point), is_whole)
            if self.certified():
                return
        raise NoCertificate(
            f"gap {(self.cost - self.bound) / self.cost:.1e} after {_ROUNDS} rounds; {self.gap:.0e} was asked"
        )

    def _polish(self, at: FloatArray, fixed: NDArray[np.bool_]) -> None:
        """Hold the whole quantities and search the plans; every cut serves the master too."""
        best, cost = at, self.cut(at)
        self.keep(best, cost)
        if fixed.all():
            return
        for _ in range(_ROUNDS):
            point, bound = self.master.solve(False, fixed, at)
            if bound >= self.cost or cost - bound <= 0.5 * self.gap * abs(cost):
                return
            found = self.cut(point)
            if found < cost:
                best, cost = point, found
            self.keep(point, found)
