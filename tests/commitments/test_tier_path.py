"""The path of log tiers: the cheapest of all that the rules of changing allow."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.commitments.log_tiers import TierChange, tier_changes
from agog_capacity.commitments.tier_path import TierRun, cheapest_path
from agog_capacity.errors import CommitmentError

DAYS = np.array([31.0, 28.0, 31.0, 30.0, 31.0])


def path_of(runs: tuple[TierRun, ...]) -> list[int]:
    assert [a.until for a, _ in pairwise(runs)] == [b.month for _, b in pairwise(runs)]
    return [run.tier for run in runs for _ in range(run.month, run.until)]


def is_allowed(path: tuple[int, ...]) -> bool:
    """Ask the rule of single changes, day by day, whether it accepts every change of a path."""
    begins = np.concatenate([[0], np.cumsum(DAYS)[:-1]]).astype(int)
    changes = [TierChange(int(day), tier) for day, tier in zip(begins, path, strict=True)]
    return all(tier_changes(changes)[0])


@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=5, max_size=5))
def test_no_allowed_path_is_cheaper(costs):
    cost = np.array(costs, dtype=float)
    found = path_of(cheapest_path(cost, DAYS))
    assert is_allowed(tuple(found))
    total = {p: cost[np.arange(5), p].sum() for p in product(range(3), repeat=5) if is_allowed(p)}
    assert cost[np.arange(5), found].sum() == min(total.values())


def test_a_tier_raised_in_february_is_not_lowered_in_march():
    """28 days are less than the 31 that bind: the peak of February is paid as you go, or the tier is kept in March."""
    cost = np.array([[0.0, 9.0], [9.0, 0.0], [0.0, 5.0], [0.0, 9.0], [0.0, 9.0]])
    assert path_of(cheapest_path(cost, DAYS)) == [0, 1, 1, 0, 0]
    dear = cost + np.array([[0, 0], [0, 0], [0, 5], [0, 0], [0, 0]])
    assert path_of(cheapest_path(dear, DAYS)) == [0, 0, 0, 0, 0]
    assert path_of(cheapest_path(dear, DAYS, lock_days=28)) == [0, 1, 0, 0, 0]


def test_a_tie_takes_the_smaller_commitment():
    assert path_of(cheapest_path(np.ones((5, 3)), DAYS)) == [0] * 5


def test_costs_that_do_not_fit_are_refused():
    with pytest.raises(CommitmentError, match="one row a month"):
        cheapest_path(np.ones((4, 3)), DAYS)
    with pytest.raises(CommitmentError, match="finite one on pay as you go"):
        cheapest_path(np.full((5, 2), np.inf), DAYS)
