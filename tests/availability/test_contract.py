"""Contract arithmetic against worked case W1 of the availability guide and exact fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.availability.contract import Contract, contract_availability
from agog_capacity.availability.published import read_service_levels
from agog_capacity.availability.structure import (
    parallel_unavailability,
    path_set_unavailability,
    series_unavailability,
)
from agog_capacity.components.aks_cluster import AksCluster
from agog_capacity.errors import DocumentError, InputError
from agog_capacity.resources import data_directory
from agog_capacity.serving_path import AnyOf, PathStep

FRONT_DOOR, AKS, NODES, POSTGRES_HA, POSTGRES, REDIS = 0.0001, 0.0005, 0.0001, 0.0001, 0.001, 0.001


def test_worked_case_w1_all_hard():
    """All five services are needed: 0.9982009798, 15.76 h a year."""
    q = series_unavailability([FRONT_DOOR, AKS, NODES, POSTGRES_HA, REDIS])
    assert 1 - q == pytest.approx(0.9982009798, abs=5e-11)
    assert q * 8760 == pytest.approx(15.76, abs=0.005)


def test_worked_case_w1_redis_optional():
    q = series_unavailability([FRONT_DOOR, AKS, NODES, POSTGRES_HA])
    assert 1 - q == pytest.approx(0.9992001800, abs=5e-11)


def test_worked_case_w1_two_regions_behind_one_front_door():
    us = series_unavailability([AKS, NODES, POSTGRES_HA, REDIS])
    eu = series_unavailability([AKS, NODES, POSTGRES, REDIS])
    q = series_unavailability([FRONT_DOOR, parallel_unavailability([us, eu])])
    assert 1 - q == pytest.approx(0.9998955864, abs=5e-11)
    assert q * 8760 == pytest.approx(0.915, abs=0.0005)


CLUSTER = AksCluster(name="x", region="eastus2", tier="Standard")
LEVELS = read_service_levels(data_directory() / "availability" / "sla.csv")


def contract(*path: PathStep) -> Contract:
    names = [
        n
        for step in path
        for n in ([step] if isinstance(step, str) else [n for b in step.branches for n in b])
    ]
    return contract_availability(path, {name: CLUSTER.replace(name=name) for name in names}, LEVELS)


def test_a_part_in_both_branches_is_counted_once():
    """Two clusters behind one shared third: the third is in series, whatever the way it is written."""
    shared = contract(AnyOf((("a", "writer"), ("b", "writer"))))
    apart = contract("writer", AnyOf((("a",), ("b",))))
    assert shared.unavailability == pytest.approx(apart.unavailability, rel=1e-14)
    assert shared.unavailability == pytest.approx(AKS + AKS**2 - AKS**3, rel=1e-12)
    assert {part.component: part.branch for part in shared.parts}["writer"] == "branch 1, branch 2"
    assert shared.upper_bound and not contract("a").upper_bound


def test_a_part_that_two_choices_share_is_counted_once():
    """Way in and database may be in the same region or not; each region's gateway stands in both choices."""
    both = contract(AnyOf((("g1", "a"), ("g2", "b"))), AnyOf((("g1", "c"), ("g2", "d"))))
    ways = [{"g1", "a", "c"}, {"g1", "a", "g2", "d"}, {"g2", "b", "g1", "c"}, {"g2", "b", "d"}]
    q = dict.fromkeys("abcd", AKS) | {"g1": AKS, "g2": AKS}
    assert both.unavailability == pytest.approx(path_set_unavailability(q, ways), rel=1e-14)


def test_too_many_ways_are_told():
    many = [AnyOf((("shared", f"a{i}"), ("shared", f"b{i}"))) for i in range(13)]
    with pytest.raises(InputError, match="has 8,192 ways through; at most 4,096"):
        contract(*many)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "99.95",
            "0.9995",
            "sla_percent '0.9995' looks like a share of 1; write it in percent, such as 99.95",
        ),
        ("99.95", "NaN", "sla_percent 'NaN' is not a percentage"),
        ("99.95", "1e3", "is not a percentage"),
        ("Azure Kubernetes Service,Standard", ",Standard", "none may be empty"),
        ('"control plane, availability zones"', "control plane, availability zones", "csv:3: has 11 cells"),
        ("Azure Kubernetes Service,Free", "Azure Kubernetes Service", "csv:2: has 9 cells"),
        ("service,tier", "service,tier,tier", "has the columns 'tier' twice"),
        ("primary", "x" * 140_000, "is not CSV: field larger than field limit"),
    ],
)
def test_a_table_of_promises_that_cannot_be_is_told(tmp_path, old, new, words):
    text = (data_directory() / "availability" / "sla.csv").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "sla.csv"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        read_service_levels(path)
    assert words in str(caught.value)


def test_a_serving_path_that_is_not_stated_promises_nothing():
    assert contract().label == "no serving path stated"


_SMALL = st.integers(1, 10**6).map(lambda n: Fraction(n, 10**15))


@given(st.lists(_SMALL, min_size=1, max_size=6))
def test_unavailability_keeps_twelve_digits_down_to_1e_15(parts):
    exact_up = Fraction(1)
    for q in parts:
        exact_up *= 1 - q
    exact = 1 - exact_up
    assert abs(Fraction(series_unavailability(map(float, parts))) - exact) <= exact * Fraction(1, 10**12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_series_is_no_better_than_its_worst_part_and_parallel_no_worse_than_its_best(parts):
    assert series_unavailability(parts) >= max(parts) * (1 - 1e-12)
    assert parallel_unavailability(parts) <= min(parts)


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(bad):
    with pytest.raises(ValueError, match="between 0 and 1"):
        series_unavailability([bad])
    with pytest.raises(ValueError, match="between 0 and 1"):
        parallel_unavailability([bad])


def test_a_certain_failure_stays_certain():
    assert series_unavailability([0.5, 1.0]) == 1.0
