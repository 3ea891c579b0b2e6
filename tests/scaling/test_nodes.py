"""Placement, removal order, estimates, scale-down and AKS reservations."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.scaling import aks
from agog_capacity.scaling.estimator import Limiter, NodeTemplate, Threshold, estimate
from agog_capacity.scaling.expanders import Option, PoolSize, balanced, least_waste
from agog_capacity.scaling.node_scaledown import is_in_cooldown, removable
from agog_capacity.scaling.nodes import Node, PodGroup, Resources, failed_filter
from agog_capacity.scaling.scheduling import RankedPod, best_node, logarithmic_age, removal_order

GIB = 2**30
SHAPE = Resources(4000, 16 * GIB)


@given(st.integers(0, 60), st.integers(100, 3900), st.integers(1, 15 * GIB), st.booleans())
def test_one_group_needs_the_ceiling_of_its_count_and_the_shortcut_agrees(count, cpu, memory, fastpath):
    """SPEC 9.3: for a single group both ways give the same count."""
    group = PodGroup("web", count, Resources(cpu, memory))
    each = min(4000 // cpu, 16 * GIB // memory, 30)
    found = estimate([group], NodeTemplate(SHAPE, 30), Limiter([Threshold(0)]), fastpath=fastpath)
    assert found.node_count == -(-count // each)
    assert found.scheduled == (count,)


@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(100, 3000)), min_size=1, max_size=4), st.integers(1, 5)
)
def test_an_estimate_keeps_to_its_limit_and_to_the_nodes(groups, limit):
    listed = [PodGroup(str(n), count, Resources(cpu, GIB)) for n, (count, cpu) in enumerate(groups)]
    found = estimate(listed, NodeTemplate(SHAPE, 10), Limiter([Threshold(limit)]))
    assert found.node_count <= limit
    placed = sum(n * group.request.cpu_milli for n, group in zip(found.scheduled, listed, strict=True))
    assert placed <= found.node_count * SHAPE.cpu_milli


def test_the_default_scheduler_spreads():
    group = PodGroup("web", 0, Resources(500, GIB))
    nodes = [Node("a", SHAPE, 30), Node("b", SHAPE, 30)]
    for _ in range(4):
        best_node(group, 0, [n for n in nodes if failed_filter(group, 0, n, nodes) is None], nodes).place(
            group, 0
        )
    assert [node.pods for node in nodes] == [2, 2]


def test_a_scale_down_takes_the_unplaced_then_the_doubled_up_then_the_newest():
    """SPEC 8.3."""
    old, young = 100_000.0, 40.0
    ranked = [
        RankedPod(True, True, True, 1, old, old),
        RankedPod(True, True, True, 2, old, old),
        RankedPod(True, True, True, 1, young, young),
        RankedPod(False, False, False, 0, -1, 5),
        RankedPod(True, True, True, 1, old, old),
    ]
    assert removal_order(ranked) == [3, 1, 2, 4, 0]


def test_ages_that_are_alike_tie():
    assert logarithmic_age(600) == logarithmic_age(700)
    assert logarithmic_age(0) == -1


def test_cooldown_edges():
    assert is_in_cooldown(599, 0, None, None)
    assert not is_in_cooldown(600, 0, None, None)
    assert is_in_cooldown(9, None, 0, None)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 20), st.integers(0, 5))
def test_removal_never_goes_below_the_minimum(empty, drain, minimum, target, deleting):
    gone = sum(removable(empty, drain, minimum, target, deleting))
    assert gone == 0 or target - deleting - gone >= minimum


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12)), min_size=1, max_size=4), st.integers(0, 40))
def test_balancing_hands_out_what_there_is_room_for(pools, new):
    listed = [PoolSize(str(n), 0, maximum, target) for n, (maximum, target) in enumerate(pools)]
    sizes = balanced(listed, new)
    added = sum(sizes[p.name] - p.target for p in listed if p.name in sizes)
    assert added == min(new, sum(max(0, p.maximum - p.target) for p in listed))


def test_least_waste_of_no_nodes_is_not_chosen():
    options = [Option("none", 0, SHAPE), Option("one", 1, SHAPE, 2, Resources(1000, GIB))]
    assert [option.name for option in least_waste(options[1:])] == ["one"]


def test_aks_reservations_of_the_documentation():
    """Microsoft Learn, "Node resource reservations": 1, 2, 4, 8, 16, 32, 64 cores."""
    assert [aks.cpu_reserved_milli(n) for n in (1, 2, 4, 8, 16, 32, 64)] == [60, 100, 140, 180, 260, 420, 740]
    assert aks.allocatable(4, 16, 250, 0.0).memory_bytes == 16 * GIB - 4 * GIB - 100 * aks.MEBIBYTE
