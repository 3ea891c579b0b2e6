"""Purchases that another one of the same thing makes pointless: left out of the search, which loses nothing.

Of a term that costs the same whenever it begins, one that begins a month before its machines run, or so late that
most of it lies beyond the horizon, has another beside it that covers all that it covers and costs no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agog_capacity.commitments.joint import JointProblem


def dominated(problem: JointProblem) -> NDArray[np.bool_]:
    """Tell of each column whether another one can take its place at no higher cost, shape (columns,).

    One that covers every period with usage that the other covers, for no more money and no more of any further limit:
    more commitment never makes an hour dearer. Of columns that are equal in all this the last one stays.

    Parameters
    ----------
    problem : JointProblem
    """
    peak = np.zeros((problem.periods, problem.sizes + len(problem.plan_rates)))
    hours = np.hstack([problem.usage, problem.usage @ problem.plan_rates.T])
    np.maximum.at(peak, problem.period, hours)
    existing = np.hstack([problem.existing_reserved, np.zeros_like(problem.existing_plan)])
    used = peak > existing
    result = np.zeros(len(problem.columns), dtype=bool)
    targets = np.array([column.target for column in problem.columns], dtype=np.int64)
    most = np.array([column.most for column in problem.columns])
    whole = np.array([column.whole for column in problem.columns])
    for target in np.unique(targets):
        of_target = np.flatnonzero(targets == target)
        covers = problem.reach[of_target, :, target] * used[:, target]
        # Periods that one covers and the other does not, shape (columns, columns).
        missing = covers @ (1.0 - covers).T
        cost = problem.cost[of_target]
        least = (
            (missing == 0) & (cost[None, :] <= cost[:, None]) & (most[of_target] >= most[of_target][:, None])
        )
        least &= whole[of_target] <= whole[of_target][:, None]
        for row in problem.limit_rows:
            least &= row[of_target][None, :] <= row[of_target][:, None]
        later = np.triu(np.ones_like(least), 1)
        result[of_target] = (least & (~least.T | later)).any(axis=1)
    return result
