"""Recovery time: the worked case W5 and distributions that are known."""

from __future__ import annotations

import math

import pytest

from agog_capacity.availability.failover import Probe, Stage, failover_stages, recovery_time
from agog_capacity.availability.lengths import Exponential, Fixed, Lognormal, Uniform
from agog_capacity.errors import InputError

PROBE = Probe(30.0, 2, 10.0)
PROMOTION, SCALE_UP = Lognormal(120.0, 0.6), Lognormal(150.0, 0.4)


def test_worked_case_w5_automated_and_human():
    """Guide, section 11, W5 (percentiles +-0.5 %)."""
    stages = failover_stages(PROBE, promotion=PROMOTION, scale_up=SCALE_UP, dns_ttl_s=60.0)
    fast = recovery_time(stages)
    assert [fast.quantile(p) for p in (0.5, 0.95, 0.99)] == pytest.approx([371, 607, 770], rel=0.005)
    assert fast.beyond(900) == pytest.approx(0.0031, rel=0.02)
    slow = recovery_time(
        failover_stages(
            PROBE, promotion=PROMOTION, scale_up=SCALE_UP, dns_ttl_s=60.0, decision=Lognormal(600.0, 0.8)
        )
    )
    assert [slow.quantile(p) for p in (0.5, 0.95)] == pytest.approx([1002, 2640], rel=0.005)
    assert slow.beyond(900) == pytest.approx(0.589, abs=0.001)


def test_two_uniforms_make_a_triangle():
    found = recovery_time([Stage("a", (Uniform(0, 10),)), Stage("b", (Uniform(0, 10),))])
    assert found.mean_s == pytest.approx(10)
    assert found.beyond(15) == pytest.approx(0.125, rel=1e-4)
    assert found.quantile(0.5) == pytest.approx(10, rel=1e-4)


def test_the_longest_of_parallel_parts_counts():
    found = recovery_time([Stage("switch", (Exponential(10.0), Exponential(10.0), Fixed(5.0)))])
    assert found.beyond(30) == pytest.approx(1 - (1 - math.exp(-3)) ** 2, rel=1e-3)
    assert found.beyond(4.9) == pytest.approx(1.0)
    both = 5 + 2 * 10 * math.exp(-0.5) - 5 * math.exp(-1)
    assert found.mean_s == pytest.approx(both, rel=1e-5)


def test_samples_of_an_edge_are_tolerated_failures():
    """Guide, section 6: (4, 2) gives N = 2, 70 to 100 s; the default (4, 3) 40 to 70 s."""
    assert Probe.of_samples(30.0, 4, 2, 10.0).detection == Uniform(70.0, 100.0)
    assert Probe.of_samples(30.0, 4, 3, 10.0).detection == Uniform(40.0, 70.0)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: Probe(0.0, 2, 10.0), "probe interval 0.0 must be above 0"),
        (lambda: Probe.of_samples(30.0, 4, 5, 10.0), "5 of 4 samples"),
        (lambda: recovery_time([]), "at least one stage"),
        (
            lambda: recovery_time(failover_stages(PROBE, promotion=PROMOTION, scale_up=None)).quantile(1.0),
            "inside",
        ),
        (
            lambda: recovery_time(failover_stages(PROBE, promotion=PROMOTION, scale_up=None)).beyond(-1),
            "time -1",
        ),
    ],
)
def test_bad_inputs_are_refused_by_name(call, words):
    with pytest.raises(InputError, match=words):
        call()
