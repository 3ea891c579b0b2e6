"""Capacity reservations: paid whether used or not, and never twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agog_capacity.components.capacity_reservation import CapacityReservation
from agog_capacity.components.node_pool import NodePool
from tests.components.designs import by_meter, context_of

POOL = NodePool.example()
ROOM = CapacityReservation.example()
COMPUTE = ("Virtual Machines/Linux/Standard_D8s_v3/Compute", "eastus2")


def together(room: CapacityReservation = ROOM, pool: NodePool = POOL) -> list[float]:
    """Return the hours of machines that pool and room are billed for in each month."""
    context = context_of(pool, room)
    return by_meter((*pool.usage(context), *room.usage(context)))[COMPUTE]


def test_room_for_five_around_three_nodes_is_billed_as_five_machines():
    """The provider's pricing of the reservation: what runs inside is billed once, the rest as if it ran."""
    assert together() == [5 * 744.0, 5 * 672.0, 5 * 744.0]


@given(nodes=st.integers(0, 12), instances=st.integers(3, 12))
def test_pool_and_room_are_billed_as_the_larger_of_the_two(nodes, instances):
    billed = together(ROOM.replace(instances=instances), POOL.replace(nodes=nodes))
    assert billed == pytest.approx([max(nodes, instances) * hours for hours in (744, 672, 744)])


def test_room_that_no_pool_may_use_is_billed_in_full():
    room = CapacityReservation(name="room", region="eastus2", vm_size="Standard_D8s_v3", instances=2)
    (line,) = room.usage(context_of(POOL, room))
    assert line.quantity.tolist() == [2 * 744.0, 2 * 672.0, 2 * 744.0]


def test_nodes_use_room_only_while_both_exist():
    pool = POOL.replace(starts=date(2027, 2, 1))
    (line,) = ROOM.usage(context_of(pool, ROOM))
    assert line.quantity.tolist() == [5 * 744.0, 2 * 672.0, 2 * 744.0]
    late = ROOM.replace(starts=date(2027, 3, 1))
    (line,) = late.usage(context_of(POOL, late))
    assert line.quantity.tolist() == [0.0, 0.0, 2 * 744.0]


def test_a_simulated_pool_uses_what_it_has_in_each_month():
    class FourThenSix:
        def node_hours(self, pool, months):
            return np.array([4.0, 6.0, 4.0]) * months.hours

    pool = POOL.replace(nodes=None, min_nodes=3, max_nodes=10)
    context = replace(context_of(pool, ROOM), traces={"cluster": FourThenSix()})
    (line,) = ROOM.usage(context)
    assert line.quantity == pytest.approx([744.0, 0.0, 744.0])
    assert "hours above 5 nodes" in ROOM.warnings(context)[0]


@pytest.mark.parametrize(
    ("room", "pool", "words"),
    [
        ({"region": "westeurope"}, {}, "stands in 'eastus2'"),
        ({"vm_size": "Standard_D4s_v3"}, {}, "leave vm_size out"),
        ({"zones": 0}, {}, "machines of another zone find no room"),
        ({}, {"purchase": "spot"}, "spot machines have no reserved room"),
    ],
)
def test_room_that_does_not_fit_its_pool_is_a_problem(room, pool, words):
    room, pool = ROOM.replace(**room), POOL.replace(**pool)
    (problem,) = room.problems(context_of(pool, room))
    assert words in problem[1]


def test_two_rooms_of_one_pool_at_once_are_a_problem_and_one_after_the_other_are_not():
    other = ROOM.replace(name="second-room")
    (problem,) = ROOM.problems(context_of(POOL, ROOM, other))
    assert "'reserved-room', 'second-room' at once" in problem[1]
    first, second = ROOM.replace(ends=date(2027, 2, 1)), other.replace(starts=date(2027, 2, 1))
    assert first.problems(context_of(POOL, first, second)) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"node_pool": None}, "name the node_pool it is for, or the vm_size"),
        ({"instances": 2}, "cannot be spread over 3 zones"),
        ({"vm_size": "D8s"}, "vm_size"),
    ],
)
def test_a_room_that_cannot_be_is_refused(changes, words):
    with pytest.raises(ValidationError, match=words):
        ROOM.replace(**changes)
