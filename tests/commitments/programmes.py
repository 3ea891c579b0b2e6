"""The plain programmes that the fast methods are compared with: every hour written out, for HiGHS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array, csr_array


def cheapest_cover(left: np.ndarray, own: np.ndarray, rates: np.ndarray, amounts: np.ndarray) -> float:
    """Cost of one hour at the best split over plans; rates are inf where a size is not eligible."""
    sizes, plans = len(left), len(amounts)
    cost = np.concatenate([own, np.zeros(plans * sizes)])
    balance = np.hstack([np.eye(sizes)] * (1 + plans))
    spend = np.zeros((plans, sizes * (1 + plans)))
    high: list[tuple[int, int | None]] = [(0, None)] * sizes
    for q in range(plans):
        usable = np.isfinite(rates[q])
        spend[q, sizes * (1 + q) : sizes * (2 + q)] = np.where(usable, rates[q], 0.0)
        high += [(0, None if ok else 0) for ok in usable]
    result = linprog(
        cost,
        A_ub=spend if plans else None,
        b_ub=amounts if plans else None,
        A_eq=balance,
        b_eq=left,
        bounds=high,
    )
    return float(result.fun)


def plain_programme(
    usage: np.ndarray,
    weight: np.ndarray,
    period: np.ndarray,
    own: Sequence[float],
    rates: Sequence[Sequence[float]],
    columns: Sequence[Any],
    *,
    whole: bool = False,
) -> float:
    """Cost of the joint problem as one programme over all hours."""
    hours, sizes = usage.shape
    plans, bought = len(rates), len(columns)
    per_hour = sizes * (1 + plans)
    first = bought + np.arange(hours) * per_hour
    cost = np.concatenate([[c.cost for c in columns], np.zeros(hours * per_hour)])
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    low: list[np.ndarray] = []
    row = 0

    def bought_columns(target: int, rows: np.ndarray) -> None:
        for j, column in enumerate(columns):
            if column.target == target:
                on = np.isin(period, column.periods)
                entries.append((rows[on], np.full(on.sum(), j), np.ones(on.sum())))

    for k in range(sizes):
        cost[first + k] = weight * own[k]
        rows = row + np.arange(hours)
        entries += [(rows, first + part * sizes + k, np.ones(hours)) for part in range(1 + plans)]
        bought_columns(k, rows)
        low.append(usage[:, k])
        row += hours
    for q in range(plans):
        rows = row + np.arange(hours)
        for k in range(sizes):
            entries.append((rows, first + (1 + q) * sizes + k, np.full(hours, -min(rates[q][k], own[k]))))
        bought_columns(sizes + q, rows)
        low.append(np.zeros(hours))
        row += hours
    row_of, column_of, value = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    matrix = csr_array(
        coo_array(
            (value, (row_of, column_of)),
            shape=(row, len(cost)),
        )
    )
    integrality = np.zeros(len(cost))
    if whole:
        integrality[:bought] = [c.whole for c in columns]
    result = milp(
        cost,
        constraints=LinearConstraint(matrix, lb=np.concatenate(low)),
        bounds=Bounds(0, np.inf),
        integrality=integrality if whole else None,
        options={"mip_rel_gap": 1e-9} if whole else {},
    )
    assert result.x is not None, result.message
    return float(result.fun)
