"""The joint problem with every merged hour written out, for HiGHS: what is quickest where there are few of them.

A plan of fixed counts has one hour a month, and then every month of purchase is a tie with the next. Sums of hours
hide that structure from a branching search; written out, the columns of one size are intervals of months, for which
whole units cost a linear programme little or nothing. With thousands of hours the cutting planes win by far.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from agog_capacity.commitments.dominated import dominated
from agog_capacity.commitments.joint import JointOptimum, as_whole
from agog_capacity.commitments.quiet import quiet_output

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from agog_capacity.commitments.joint import JointProblem
    from agog_capacity.periods import FloatArray

MOST_CELLS = 2_000
"""Of hours times sizes times ways to pay, up to which this is the quicker of the two on fixed counts."""
_SCALE = 1e4
"""Costs of the programme are about this large, so that the solver's absolute tolerances are far below any gap."""


def is_small(problem: JointProblem) -> bool:
    """Tell whether a problem has so few hours that it is better written out."""
    return problem.usage.size * (1 + len(problem.plan_rates)) <= MOST_CELLS


def optimise_written_out(
    problem: JointProblem, *, whole: bool, gap: float, nodes: int, start: FloatArray | None = None
) -> JointOptimum | None:
    """Find the quantities of least expected cost in one programme.

    Parameters
    ----------
    problem : JointProblem
    whole : bool
        Whether columns that come in whole units must be whole.
    gap : float
        Relative gap that branching may leave.
    nodes : int
        After so many branches the best point so far is taken; its gap is then what it is.
    start : ndarray, shape (columns,), optional
        A point the result must not be dearer than; buying nothing is always one.

    Returns
    -------
    JointOptimum or None
        None where the solver ends without a point. The bound is the solver's, the cost that of the oracle.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    count = len(problem.columns)
    cost, matrix, low, limits = _programme(problem)
    scale = _SCALE / max(float(cost.max()), 1e-12)
    high = np.full(len(cost), np.inf)
    high[:count] = np.where(dominated(problem), 0.0, problem.most)
    integrality = np.zeros(len(cost), dtype=np.int64)
    integrality[:count] = as_whole(problem)
    with quiet_output():
        result = milp(
            cost * scale,
            integrality=integrality if whole else None,
            bounds=Bounds(np.zeros(len(cost)), high),
            constraints=LinearConstraint(matrix, low, limits),
            options={"mip_rel_gap": gap, "node_limit": nodes} if whole else {},
        )
    if result.x is None:
        return None
    bound = result.fun if result.mip_dual_bound is None else result.mip_dual_bound
    found = np.clip(result.x[:count], 0.0, problem.most)
    if whole:
        found = np.where(integrality[:count] > 0, np.round(found), found)
    nothing = np.zeros(count)
    points = [found, nothing, nothing if start is None else start]
    kept = [point for point in points if problem.within_limits(point)]
    totals = [problem.total(point) for point in kept]
    best = int(np.argmin(totals))
    return JointOptimum(kept[best], totals[best], float(bound) / scale, 0, problem)


def _programme(problem: JointProblem) -> tuple[FloatArray, csr_array, FloatArray, FloatArray]:
    """Return costs and rows with their bounds, over quantities, then hours on demand, then hours under each plan."""
    from scipy.sparse import block_array, csr_array, diags_array, eye_array

    hours, sizes = problem.usage.shape
    cells, plans = hours * sizes, len(problem.plan_rates)
    own = problem.prices.per_usage.max(axis=0)
    cost = np.concatenate([problem.cost, (problem.weight[:, None] * own).ravel(), np.zeros(plans * cells)])
    reach = problem.reach[
        :, problem.period
    ]  # of each column in each hour, shape (columns, hours, sizes + plans)
    # Of each size and hour: bought + on demand + under each plan that has a price for it >= used.
    usable = [diags_array(np.tile(rates > 0, hours).astype(float)) for rates in problem.plan_rates]
    reserved = csr_array(reach[:, :, :sizes].reshape(len(problem.columns), cells).T)
    rows: list[list[Any]] = [[reserved, eye_array(cells), *usable]]
    low = [(problem.usage - problem.existing_reserved[problem.period]).ravel()]
    # Of each plan and hour: what is paid under it fits into its amount.
    hour_of = np.repeat(np.arange(hours), sizes)
    for plan, rates in enumerate(problem.plan_rates):
        paid = csr_array((np.tile(-rates, hours), (hour_of, np.arange(cells))), shape=(hours, cells))
        of_plans = [paid if other == plan else None for other in range(plans)]
        rows.append([csr_array(reach[:, :, sizes + plan].T), None, *of_plans])
        low.append(-problem.existing_plan[problem.period, plan])
    limits = [np.full(sum(map(len, low)), np.inf)]
    if len(problem.limits):
        kept = csr_array(problem.limit_rows)
        rows.append([kept, csr_array((len(problem.limits), cells)), *[None] * plans])
        low.append(np.full(len(problem.limits), -np.inf))
        limits.append(problem.limits)
    return cost, csr_array(block_array(rows)), np.concatenate(low), np.concatenate(limits)
