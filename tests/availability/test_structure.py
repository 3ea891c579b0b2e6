"""Static structures against exact fractions: 12 digits of U down to 1e-15, by enumeration."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.availability.numbers import complement
from agog_capacity.availability.structure import (
    Block,
    k_of_n_unavailability,
    parallel_unavailability,
    path_set_unavailability,
    series_unavailability,
    zoned_unavailability,
)
from agog_capacity.errors import InputError

TWELVE_DIGITS = Fraction(1, 10**12)
SMALL = st.tuples(st.integers(1, 999), st.integers(3, 15)).map(lambda t: t[0] * 10.0 ** -t[1])
"""Unavailabilities from 1e-15 to nearly 1, as floats that are taken for exact."""


def close(found: float, exact: Fraction) -> bool:
    return abs(Fraction(found) - exact) <= exact * TWELVE_DIGITS


def enumerated(q: list[float], is_up) -> Fraction:
    """Add up the probability of every state that is down, in exact fractions."""
    total = Fraction(0)
    for states in product((True, False), repeat=len(q)):
        if not is_up(states):
            chance = Fraction(1)
            for up, down in zip(states, q, strict=True):
                chance *= 1 - Fraction(down) if up else Fraction(down)
            total += chance
    return total


@given(st.lists(SMALL, min_size=1, max_size=6))
def test_series_and_parallel_keep_twelve_digits(q):
    assert close(series_unavailability(q), enumerated(q, all))
    assert close(parallel_unavailability(q), enumerated(q, any))


@given(st.lists(SMALL, min_size=1, max_size=6), st.data())
def test_k_of_n_keeps_twelve_digits(q, data):
    needed = data.draw(st.integers(1, len(q)))
    assert close(k_of_n_unavailability(needed, q), enumerated(q, lambda states: sum(states) >= needed))


@given(SMALL, SMALL, st.lists(st.integers(1, 2), min_size=1, max_size=3), st.data())
def test_zones_keep_twelve_digits(node, zone, nodes, data):
    needed = data.draw(st.integers(1, sum(nodes)))
    of_zone = [z for z, count in enumerate(nodes) for _ in range(count)]

    def is_up(states):
        zones, rest = states[: len(nodes)], states[len(nodes) :]
        return sum(up and zones[z] for up, z in zip(rest, of_zone, strict=True)) >= needed

    exact = enumerated([zone] * len(nodes) + [node] * sum(nodes), is_up)
    assert close(zoned_unavailability(needed, nodes, node, zone), exact)


PATHS = st.lists(st.frozensets(st.sampled_from("abcdef"), min_size=1, max_size=4), min_size=1, max_size=5)


@given(PATHS, st.lists(SMALL, min_size=6, max_size=6))
def test_path_sets_keep_twelve_digits(paths, q):
    names = "abcdef"
    exact = enumerated(q, lambda states: any(all(states[names.index(p)] for p in path) for path in paths))
    assert close(path_set_unavailability(dict(zip(names, q, strict=True)), paths), exact)


def test_worked_case_w2_zones_are_not_to_be_ignored():
    """Guide, section 11, W2."""
    assert zoned_unavailability(4, [2, 2, 2], 0.001, 0.0001) == pytest.approx(1.2479086215e-6, rel=1e-10)
    naive = k_of_n_unavailability(4, [1 - 0.999 * 0.9999] * 6)
    assert naive == pytest.approx(2.65e-8, rel=2e-3)


def test_a_tree_of_blocks_is_its_parts():
    cell = Block("series", (0.001, Block("kofn", (0.01, 0.01, 0.01), needed=2)))
    inner = k_of_n_unavailability(2, [0.01] * 3)
    both = Block("parallel", (cell, cell))
    assert both.unavailability == pytest.approx(series_unavailability([0.001, inner]) ** 2)


def test_many_shared_paths_are_still_quick():
    """A grid of 8 stages with 2 choices each has 256 paths over 16 parts."""
    paths = [{f"{stage}{side}" for stage, side in enumerate(choice)} for choice in product("ab", repeat=8)]
    q = {f"{stage}{side}": 0.01 for stage in range(8) for side in "ab"}
    assert path_set_unavailability(q, paths) == pytest.approx(series_unavailability([1e-4] * 8), rel=1e-12)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: series_unavailability([1.5]), "1.5 is not between 0 and 1; a percentage is divided by 100"),
        (lambda: series_unavailability([float("nan")]), "not between 0 and 1"),
        (lambda: parallel_unavailability([]), "no alternatives were given"),
        (lambda: k_of_n_unavailability(4, [0.1] * 3), "4 of 3 is not possible"),
        (lambda: k_of_n_unavailability(0, [0.1] * 3), "0 of 3 is not possible"),
        (lambda: zoned_unavailability(5, [2, 2], 0.1, 0.1), "5 of 4 is not possible"),
        (lambda: Block("series", ()).unavailability, "without parts"),
        (lambda: path_set_unavailability({"a": 0.1}, [["a", "b"]]), "'b', which have no unavailability"),
        (lambda: path_set_unavailability({"a": 0.1}, [[]]), "every path at least one part"),
        (lambda: path_set_unavailability({"a": -0.1}, [["a"]]), "unavailability of 'a' -0.1"),
        (lambda: complement(99.95), "99.95 is not between 0 and 1"),
    ],
)
def test_what_is_no_structure_is_refused_by_name(call, words):
    with pytest.raises(InputError, match=words):
        call()
