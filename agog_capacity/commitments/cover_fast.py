"""The hourly cover for many futures at once: totals by future and period, in one pass over the usage.

The same order as `cover.cover_hours`, a stretch of hours at a time in compiled code; nothing hourly is
stored, since a hundred futures of three years do not fit in memory twice.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agog_capacity.commitments.cover import CoverOrder, Turn
from agog_capacity.errors import CommitmentError
from agog_capacity.periods import FloatArray

_BLOCK_HOURS = 256
"""Hours at a time: 20 lines of them stay in the cache while commitments pass over them."""


@dataclass(frozen=True)
class CoverTotals:
    """Sums over the hours of each future and period."""

    order: CoverOrder
    hours: FloatArray
    """Hours of each period, shape (periods,). [h]"""
    reserved_used: FloatArray
    """Shape (futures, periods, reservations). [unit-hours of the size bought]"""
    plan_used: FloatArray
    """Shape (futures, periods, plans). [USD]"""
    reserved_quantity: FloatArray
    """Usage under reservations, shape (futures, periods, lines). [instance-hours]"""
    on_demand_quantity: FloatArray
    """Left to pay, spot included, shape (futures, periods, lines). [instance-hours]"""
    usage: FloatArray
    """All usage, shape (futures, periods, lines). [instance-hours]"""

    @property
    def reserved_unused(self) -> FloatArray:
        """Shape (futures, periods, reservations). [unit-hours]"""
        return np.maximum(self.order.reserved_units * self.hours[:, None] - self.reserved_used, 0.0)

    @property
    def plan_unused(self) -> FloatArray:
        """Shape (futures, periods, plans). [USD]"""
        return np.maximum(self.order.plan_amount * self.hours[:, None] - self.plan_used, 0.0)

    @property
    def uncovered_cost(self) -> FloatArray:
        """On demand and spot, shape (futures, periods). [USD]"""
        return np.asarray(self.on_demand_quantity @ self.order.unit_price, dtype=float)

    @property
    def effective_cost(self) -> FloatArray:
        """Commitments, used or not, and the rest, shape (futures, periods). [USD]"""
        return self.uncovered_cost + self.order.committed_cost * self.hours


def cover_totals(
    order: CoverOrder, usage: FloatArray, period: NDArray[np.int64] | None = None, periods: int = 1
) -> CoverTotals:
    """Apply commitments to many futures.

    Parameters
    ----------
    order : CoverOrder
    usage : ndarray, shape (futures, lines, hours)
        [instance-hours]
    period : ndarray of int, shape (hours,), optional
        Billing period of each hour; all in one if not given.
    periods : int
        How many there are.

    Returns
    -------
    CoverTotals

    Raises
    ------
    CommitmentError
        If the shapes do not fit, a quantity is negative or not finite, or a period unknown.
    """
    if usage.ndim != 3 or usage.shape[1] != len(order.unit_price):
        raise CommitmentError(
            f"usage of futures has shape {usage.shape}; give (futures, {len(order.unit_price)} lines, hours), "
            "all futures of one length"
        )
    futures, lines, hours = usage.shape
    labels = np.zeros(hours, dtype=np.int64) if period is None else np.asarray(period, dtype=np.int64)
    if labels.shape != (hours,) or (hours and (labels.min() < 0 or labels.max() >= periods)):
        raise CommitmentError(f"periods must be one of 0 to {periods - 1} for each of the {hours} hours")
    reserved_used = np.zeros((futures, periods, len(order.reserved_units)))
    plan_used = np.zeros((futures, periods, len(order.plan_amount)))
    total, after_reservations, on_demand = (np.zeros((futures, periods, lines)) for _ in range(3))
    low = np.zeros((futures, 1))
    _kernel()(
        np.ascontiguousarray(usage, dtype=np.float64),
        _blocks(labels),
        *_flat(order.reservations),
        *_flat(order.plans),
        order.reserved_units * order.reserved_ratio,
        order.plan_amount,
        reserved_used,
        plan_used,
        total,
        after_reservations,
        on_demand,
        low,
    )
    wrong = (low[:, 0] < 0) | ~np.isfinite(total.sum(axis=(1, 2)))
    if wrong.any():
        raise CommitmentError(
            f"usage of future {int(np.argmax(wrong))} has negative or unknown hours; quantities are from 0 up"
        )
    return CoverTotals(
        order,
        np.bincount(labels, minlength=periods).astype(np.float64),
        reserved_used / order.reserved_ratio,
        plan_used,
        total - after_reservations,
        on_demand,
        total,
    )


def _blocks(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return stretches of hours of one period that fit the cache, as rows of begin, end, period."""
    edges = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)]
    return np.array(
        [
            (begin, min(begin + _BLOCK_HOURS, last), labels[begin])
            for first, last in itertools.pairwise(edges)
            for begin in range(first, last, _BLOCK_HOURS)
        ],
        dtype=np.int64,
    ).reshape(-1, 3)


def _flat(turns: tuple[Turn, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
    """Return turns as flat arrays: rows of whose turn and where its lines begin and end; lines; rates."""
    ends = np.cumsum([len(turn.lines) for turn in turns], dtype=np.int64)
    rows = [(turn.index, end - len(turn.lines), end) for turn, end in zip(turns, ends.tolist(), strict=True)]
    return (
        np.array(rows, dtype=np.int64).reshape(-1, 3),
        np.array([line for turn in turns for line in turn.lines], dtype=np.int64),
        np.array([rate for turn in turns for rate in turn.rates], dtype=np.float64),
    )


@cache
def _kernel() -> Any:
    from numba import njit, prange

    # Sums may be taken in any order; infinities and unknowns must still show, so not full fast math.
    vector = njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})

    @vector
    def load(source: FloatArray, left: FloatArray, low: FloatArray) -> float:
        added, below = 0.0, 0.0
        for h in range(len(source)):
            left[h] = source[h]
            added += source[h]
            # A sum, not a minimum: only sums become vector code while unknowns must still show.
            below += min(0.0, source[h])
        low[0] += below
        return added

    @vector
    def take(left: FloatArray, room: FloatArray, rate: float) -> float:
        inverse = 1.0 / rate
        spare = 0.0
        for h in range(len(left)):
            need = left[h] * rate
            have = room[h]
            # Both outcomes are computed, so that the loop is vector code.
            short = left[h] - have * inverse
            left[h] = 0.0 if need <= have else short
            room[h] = have - need if need <= have else 0.0
            spare += room[h]
        return spare

    @vector
    def summed(values: FloatArray) -> float:
        total = 0.0
        for h in range(len(values)):
            total += values[h]
        return total

    @vector
    def one_future(
        usage: FloatArray,
        blocks: NDArray[np.int64],
        reservations: NDArray[np.int64],
        r_line: NDArray[np.int64],
        r_ratio: FloatArray,
        plans: NDArray[np.int64],
        p_line: NDArray[np.int64],
        p_price: FloatArray,
        r_room: FloatArray,
        p_room: FloatArray,
        reserved_used: FloatArray,
        plan_used: FloatArray,
        total: FloatArray,
        after_reservations: FloatArray,
        on_demand: FloatArray,
        low: FloatArray,
    ) -> None:
        lines = usage.shape[0]
        left = np.empty((lines, _BLOCK_HOURS))
        room = np.empty(_BLOCK_HOURS)
        # What is left of each line in the block; summed again only where a commitment took some.
        rest = np.empty(lines)
        touched = np.empty(lines, dtype=np.bool_)
        for block in range(blocks.shape[0]):
            begin, end, t = blocks[block, 0], blocks[block, 1], blocks[block, 2]
            n = end - begin
            for i in range(lines):
                rest[i] = load(usage[i, begin:end], left[i, :n], low)
                total[t, i] += rest[i]
                touched[i] = False
            for turn in range(reservations.shape[0]):
                which = reservations[turn, 0]
                room[:n] = r_room[which]
                spare = r_room[which] * n
                for j in range(reservations[turn, 1], reservations[turn, 2]):
                    touched[r_line[j]] = True
                    spare = take(left[r_line[j], :n], room[:n], r_ratio[j])
                    if spare == 0.0:
                        break
                reserved_used[t, which] += r_room[which] * n - spare
            for i in range(lines):
                if touched[i]:
                    rest[i] = summed(left[i, :n])
                    touched[i] = False
                after_reservations[t, i] += rest[i]
            for turn in range(plans.shape[0]):
                which = plans[turn, 0]
                room[:n] = p_room[which]
                spare = p_room[which] * n
                for j in range(plans[turn, 1], plans[turn, 2]):
                    touched[p_line[j]] = True
                    spare = take(left[p_line[j], :n], room[:n], p_price[j])
                    if spare == 0.0:
                        break
                plan_used[t, which] += p_room[which] * n - spare
            for i in range(lines):
                on_demand[t, i] += summed(left[i, :n]) if touched[i] else rest[i]

    @njit(cache=True, parallel=True, nogil=True)
    def cover(
        usage: FloatArray,
        blocks: NDArray[np.int64],
        reservations: NDArray[np.int64],
        r_line: NDArray[np.int64],
        r_ratio: FloatArray,
        plans: NDArray[np.int64],
        p_line: NDArray[np.int64],
        p_price: FloatArray,
        r_room: FloatArray,
        p_room: FloatArray,
        reserved_used: FloatArray,
        plan_used: FloatArray,
        total: FloatArray,
        after_reservations: FloatArray,
        on_demand: FloatArray,
        low: FloatArray,
    ) -> None:
        for f in prange(usage.shape[0]):
            one_future(
                usage[f],
                blocks,
                reservations,
                r_line,
                r_ratio,
                plans,
                p_line,
                p_price,
                r_room,
                p_room,
                reserved_used[f],
                plan_used[f],
                total[f],
                after_reservations[f],
                on_demand[f],
                low[f],
            )

    return cover
