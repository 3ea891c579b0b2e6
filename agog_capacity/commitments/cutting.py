"""Cutting planes: tangents of the hourly cost in a small master programme, until the gap is certified."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from agog_capacity.commitments.dominated import dominated
from agog_capacity.commitments.joint import GAP, JointOptimum, JointProblem, NoCertificate, as_whole
from agog_capacity.commitments.quiet import quiet_output
from agog_capacity.commitments.regret import cvar
from agog_capacity.commitments.written_out import is_small, optimise_written_out
from agog_capacity.periods import FloatArray

_ROUNDS = 3000
_INWARD = 0.5
"""Share of the way from the best point to the master's at which a cut is taken."""
_GROUPS = 8
_RELAXED_GAP = 1e-7
"""Close enough for the relaxation that whole quantities start from."""
_FACTOR = 1e4
_BRANCHING_GAP = 0.1
"""Share of the asked gap that branching over whole units may leave. Closer than needed is not free: on a plan of fixed
counts with a purchase in each of 48 months the last digits took thirty times what all others had."""
_LIMIT_REACHED = 1
"""Status of SciPy's `milp`."""
_NODES = 3000
"""Branches after which the best point is taken as it is, with the gap that is proven: a limit that is the same on every
machine. Five sizes with a purchase in each of 48 months are then within 5e-5 after 6 s; a minute more gains a digit."""


@dataclass(frozen=True)
class Risk:
    """Weight on the bad futures: minimise expected cost + weight × CVaR of regret."""

    alpha: float
    """The worst 1 - alpha of probability counts."""
    weight: float
    """How much; 0 is expected cost alone."""
    probability: FloatArray
    """Of each future, shape (futures,)."""
    best_cost: FloatArray
    """Least cost of each future alone, shape (futures,); `best_by_future` finds it. [USD]"""

    def score(self, bought: float, value: FloatArray) -> float:
        """Return the objective of a point: what is bought, and the weighted value of each future. [USD]"""
        regret = bought + value / self.probability - self.best_cost
        return bought + float(value.sum()) + self.weight * cvar(regret, self.probability, self.alpha)


@dataclass
class _Master:
    """Cuts so far: `slope . x - theta_g <= slope . x_i - value_i`, in units of `scale`."""

    problem: JointProblem
    groups: int
    scale: float
    risk: Risk | None = None
    rows: list[FloatArray] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    limited: bool = False
    """Whether the last search ended at its limit of branches."""

    def __post_init__(self) -> None:
        """Lay the columns out: quantities, cost of each group, then threshold and excess of the regret."""
        n = len(self.problem.columns)
        extra = 1 + self.groups if self.risk else 0
        self.columns = n + self.groups + extra
        self.most = np.where(dominated(self.problem), 0.0, self.problem.most)
        self.objective = np.concatenate(
            [self.problem.cost / self.scale, np.ones(self.groups), np.zeros(extra)]
        )
        if self.risk is None:
            return
        # Regret of a future above the threshold: bought + theta / p - best <= threshold + excess.
        chance = self.risk.probability
        self.objective[n + self.groups] = self.risk.weight
        self.objective[n + self.groups + 1 :] = self.risk.weight * chance / (1 - self.risk.alpha)
        for g in range(self.groups):
            row = np.zeros(self.columns)
            row[:n] = self.problem.cost / self.scale
            row[n + g] = 1 / chance[g]
            row[n + self.groups] = row[n + self.groups + 1 + g] = -1.0
            self.rows.append(row)
            self.limits.append(float(self.risk.best_cost[g]) / self.scale)

    def add(self, at: FloatArray, value: FloatArray, slope: FloatArray) -> None:
        """Add the tangents of all groups at a point."""
        for g in range(self.groups):
            row = np.zeros(self.columns)
            row[: len(at)] = slope[g] / self.scale
            row[len(at) + g] = -1.0
            self.rows.append(row)
            self.limits.append(float(slope[g] @ at - value[g]) / self.scale)

    def solve(
        self, gap: float | None = None, fixed: NDArray[np.bool_] | None = None, at: FloatArray | None = None
    ) -> tuple[FloatArray | None, float]:
        """Return the master's best quantities and its bound; whole units, to a relative gap, where one is given. [USD]

        None for quantities where branching ended at its limit without any.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp

        n = len(self.problem.columns)
        low = np.zeros(self.columns)
        high = np.full(self.columns, np.inf)
        high[:n] = self.most
        if fixed is not None and at is not None:
            low[:n] = np.where(fixed, at, low[:n])
            high[:n] = np.where(fixed, at, high[:n])
        integrality = np.zeros(self.columns, dtype=np.int64)
        integrality[:n] = as_whole(self.problem)
        rows, limits = np.array(self.rows), np.array(self.limits)
        if len(self.problem.limits):
            pad = np.zeros((len(self.problem.limits), self.columns - n))
            rows = np.vstack([rows, np.hstack([self.problem.limit_rows, pad])])
            limits = np.concatenate([limits, self.problem.limits])
        # In the linear master costs are about 10,000, so that the solver's absolute tolerance of 1e-7 is far
        # below any gap; its branching does not stand that, and there tolerance is dealt with by `whole`.
        factor = _FACTOR if gap is None else 1.0
        objective = self.objective.copy()
        objective[:n] *= factor
        rows[:, :n] *= factor
        for presolve in (True, False):
            with quiet_output():
                result = milp(
                    objective,
                    integrality=None if gap is None else integrality,
                    bounds=Bounds(low, high),
                    constraints=LinearConstraint(rows, ub=limits * factor),
                    options={
                        "presolve": presolve,
                        **({} if gap is None else {"mip_rel_gap": gap, "node_limit": _NODES}),
                    },
                )
            limited = result.status == _LIMIT_REACHED
            if result.x is not None or limited:
                break
        else:
            raise NoCertificate(f"the master programme ended without a point: {result.message}")
        bound = result.fun if result.mip_dual_bound is None else result.mip_dual_bound
        self.limited = limited
        quantity = None if result.x is None else np.clip(result.x[:n], 0.0, self.problem.most)
        return quantity, float(bound) / factor * self.scale


def optimise_joint(
    problem: JointProblem,
    *,
    whole: bool = False,
    gap: float = GAP,
    groups: int = _GROUPS,
    risk: Risk | None = None,
    start: FloatArray | None = None,
) -> JointOptimum:
    """Find the quantities of least cost, and certify them.

    Parameters
    ----------
    problem : JointProblem
    whole : bool
        Whether columns that come in whole units must be whole.
    gap : float
        Certified relative gap to stop at.
        Of whole units it may be missed where branching ends at its limit: the result says what is proven.
    groups : int
        Into how many sums the hours are split, each with cuts of its own: more make fewer rounds of larger
        masters. With `risk`, the futures are the groups.
    risk : Risk, optional
        Weight on bad futures; the hours of `problem` must be labelled with their futures.
    start : ndarray, shape (columns,), optional
        A point the result must not be dearer than, whole where quantities must be; buying nothing is
        always one.

    Returns
    -------
    JointOptimum

    Raises
    ------
    NoCertificate
        If the gap is not reached.
    """
    if risk is None and problem.columns and is_small(problem):
        found = optimise_written_out(
            problem, whole=whole, gap=_BRANCHING_GAP * gap, nodes=_NODES, start=start
        )
        if found is not None and (whole or found.gap <= gap):
            return found
    search = _Search(problem, gap, max(1, min(groups, len(problem.weight))), risk, start)
    if problem.columns:
        search.relaxed(max(gap, _RELAXED_GAP) if whole else gap)
    else:
        search.bound = search.cost
    if whole and problem.columns:
        search.whole()
    return JointOptimum(search.best, search.cost, search.bound, len(search.master.rows), problem)


class _Search:
    """The state of one search: its cuts, its best point and its bound."""

    def __init__(
        self, problem: JointProblem, gap: float, groups: int, risk: Risk | None, start: FloatArray | None
    ) -> None:
        self.problem, self.gap, self.risk = problem, gap, risk
        # Contiguous runs of merged hours: they are sorted by period and usage, so each group is much alike.
        self.group = (np.arange(len(problem.weight)) * groups // len(problem.weight)).astype(np.int64)
        if risk is not None:
            self.group, groups = problem.future, len(risk.probability)
        self.groups = groups
        nothing = np.zeros(len(problem.columns))
        value, slope = problem.evaluate(nothing, self.group, groups)
        self.best, self.cost, self.bound = nothing, self.score(nothing, value), 0.0
        self.master = _Master(problem, groups, self.cost if self.cost > 0 else 1.0, risk)
        self.master.add(nothing, value, slope)
        self.known = [(nothing, self.cost)]
        if start is not None:
            self.known.append((start, self.cut(start)))
            self.keep(*self.known[-1])

    def score(self, at: FloatArray, value: FloatArray) -> float:
        """Return the objective of a point, with the value of each group. [USD]"""
        bought = float(self.problem.cost @ at)
        return bought + float(value.sum()) if self.risk is None else self.risk.score(bought, value)

    def cut(self, at: FloatArray) -> float:
        """Add the tangents at a point and return its cost. [USD]"""
        value, slope = self.problem.evaluate(at, self.group, self.groups)
        self.master.add(at, value, slope)
        return self.score(at, value)

    def keep(self, at: FloatArray, cost: float) -> None:
        """Remember the point if it is the best."""
        if cost < self.cost and self.problem.within_limits(at):
            self.best, self.cost = at, cost

    def certified(self, gap: float | None = None) -> bool:
        """Whether the gap is reached."""
        return self.cost - self.bound <= (self.gap if gap is None else gap) * abs(self.cost) + 1e-15

    def relaxed(self, gap: float) -> None:
        """Search without whole quantities."""
        inward = _INWARD
        for _ in range(_ROUNDS):
            point, bound = self._relaxed_point()
            stuck = bound <= self.bound * (1 + 1e-12)
            self.bound = max(self.bound, bound)
            if self.certified(gap):
                return
            # A cut that did not move the bound was taken too far inside.
            inward = 1.0 if stuck else _INWARD
            at = self.best + inward * (point - self.best)
            self.keep(at, self.cut(at))
            if self.certified(gap):
                return
        self._give_up()

    def whole(self) -> None:
        """Search again with whole quantities, from the cuts there are."""
        problem = self.problem
        is_whole = as_whole(problem).astype(bool)
        relaxed = self.best
        self.cost = np.inf  # the bound of the relaxation is one of whole units too
        for at, cost in self.known:
            self.keep(at, cost)
        for rounded in (np.floor(relaxed + 1e-9), np.round(relaxed), np.ceil(relaxed - 1e-9)):
            self._polish(np.where(is_whole, np.minimum(rounded, problem.most), relaxed), is_whole)
        branching = _BRANCHING_GAP * self.gap
        seen: set[tuple[float, ...]] = set()
        for _ in range(_ROUNDS):
            point, bound = self.master.solve(branching)
            limited = self.master.limited
            self.bound = max(self.bound, bound)
            if self.certified() or point is None:
                return
            at = np.where(is_whole, np.round(point), point)
            units = tuple(at[is_whole].tolist())
            held = self._polish(at, is_whole)
            if limited:
                return
            if units in seen:
                # The solver keeps calling these units the best, and all cuts at them are there: what is left
                # of the gap is its tolerance on whole numbers. With the units held, the bound is exact but for
                # what branching may have left.
                self.bound = max(self.bound, min(held, self.cost) - branching * abs(self.cost))
            seen.add(units)
            if self.certified():
                return
        self._give_up()

    def _relaxed_point(
        self, fixed: NDArray[np.bool_] | None = None, at: FloatArray | None = None
    ) -> tuple[FloatArray, float]:
        """Return the master's best quantities without whole units, and its bound. [USD]"""
        point, bound = self.master.solve(None, fixed, at)
        if point is None:
            raise NoCertificate("the linear master programme ended at a limit without a point")
        return point, bound

    def _give_up(self) -> None:
        raise NoCertificate(
            f"gap {(self.cost - self.bound) / self.cost:.1e} after {_ROUNDS} rounds; {self.gap:.0e} was asked"
        )

    def _polish(self, at: FloatArray, fixed: NDArray[np.bool_]) -> float:
        """Hold the whole quantities and search the plans; return the bound with them held. [USD]

        Every cut serves the master too.
        """
        cost = self.cut(at)
        self.keep(at, cost)
        if not self.problem.within_limits(at):
            return 0.0
        if fixed.all():
            return cost
        held = 0.0
        for _ in range(_ROUNDS):
            point, bound = self._relaxed_point(fixed, at)
            stuck = bound <= held * (1 + 1e-13)
            held = max(held, bound)
            if held >= self.cost or cost - held <= 0.5 * self.gap * abs(cost) or stuck:
                break
            found = self.cut(point)
            cost = min(cost, found)
            self.keep(point, found)
        return held


def best_by_future(
    problem: JointProblem, probability: FloatArray, *, whole: bool = False, gap: float = GAP
) -> FloatArray:
    """Return the least cost of each future if one knew it, shape (futures,). [USD]

    Parameters
    ----------
    problem : JointProblem
        Hours labelled with their futures and weighted with their probability.
    probability : ndarray, shape (futures,)
        Above 0 each.
    whole, gap
        As in `optimise_joint`.
    """
    best = []
    for future, chance in enumerate(probability):
        mine = problem.future == future
        alone = replace(
            problem,
            usage=np.ascontiguousarray(problem.usage[mine]),
            weight=problem.weight[mine] / chance,
            period=problem.period[mine],
            future=np.zeros(int(mine.sum()), dtype=np.int64),
        )
        best.append(optimise_joint(alone, whole=whole, gap=gap).bound)
    return np.array(best)
