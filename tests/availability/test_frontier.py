"""The frontier of cost and downtime against pairwise comparison."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.availability.frontier import (
    Candidate,
    break_even_price,
    cheapest_in_total,
    cheapest_within,
    frontier,
)
from agog_capacity.errors import InputError

POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=12)


@given(POINTS)
def test_the_frontier_is_what_no_other_beats(points):
    designs = [Candidate(f"d{i}", float(cost), float(down)) for i, (cost, down) in enumerate(points)]

    def beaten(one: Candidate) -> bool:
        return any(
            other.cost <= one.cost
            and other.downtime <= one.downtime
            and (other.cost, other.downtime) != (one.cost, one.downtime)
            for other in designs
        )

    found = frontier(designs)
    assert {d.name for d in found} == {d.name for d in designs if not beaten(d)}
    assert [d.cost for d in found] == sorted(d.cost for d in found)


def test_choices_by_target_total_and_break_even():
    cheap, middle, dear = (
        Candidate("cheap", 84, 22),
        Candidate("middle", 137, 5.3),
        Candidate("dear", 196, 2.2),
    )
    assert cheapest_within([dear, cheap, middle], 5.3) == middle
    assert cheapest_within([cheap], 1.0) is None
    assert cheapest_in_total([dear, cheap, middle], 11.0) == middle
    assert break_even_price(dear, middle) == pytest.approx(59 / 3.1)
    assert break_even_price(cheap, dear) is None


def test_bad_inputs_are_refused_by_name():
    with pytest.raises(InputError, match="'a' stands twice"):
        frontier([Candidate("a", 1, 1), Candidate("a", 2, 2)])
    with pytest.raises(InputError, match="cost of 'a' nan"):
        frontier([Candidate("a", float("nan"), 1)])
    with pytest.raises(InputError, match="no designs"):
        cheapest_in_total([], 1.0)
