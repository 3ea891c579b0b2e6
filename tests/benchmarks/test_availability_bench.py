"""Speed of the availability engine: a month's risk, a chain, all checks of a plan, a recovery time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest

from agog_capacity.availability.failover import Probe, failover_stages, recovery_time
from agog_capacity.availability.lengths import Lognormal
from agog_capacity.availability.markov import Chain, steady_service
from agog_capacity.availability.sla_risk import total_exceeds
from agog_capacity.plan import load_plan
from agog_capacity.planning.forecast import feasibility
from tests.conftest import ROOT

pytestmark = pytest.mark.benchmark

REPEATS = 15


def milliseconds(call: Callable[[], object]) -> float:
    """Median time of a call that has been made before. [ms]"""
    call()
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times)


def test_the_risk_of_a_month_on_1000_lattice_points_takes_at_most_10_ms():
    took = milliseconds(lambda: total_exceeds(5 / 12, Lognormal(0.45, 0.9), 0.73, 1000))
    print(f"P(month), 1,000 points, with both bounds: {took:.2f} ms of 10")
    assert took <= 10


def test_a_chain_of_12_states_takes_at_most_5_ms():
    states = [f"s{i}" for i in range(12)]
    moves = [
        (a, b, 10.0 ** ((3 * i + 5 * j) % 9 - 6))
        for i, a in enumerate(states)
        for j, b in enumerate(states)
        if a != b
    ]
    reward = {state: 1.0 if i < 6 else 0.5 for i, state in enumerate(states)}
    took = milliseconds(lambda: steady_service(Chain.of(states, moves), reward))
    print(f"chain of 12 states, built and solved: {took:.2f} ms of 5")
    assert took <= 5


def test_all_checks_of_a_plan_take_at_most_50_ms():
    plan = load_plan(ROOT / "data" / "plans" / "agog.yaml")
    took = milliseconds(lambda: [feasibility(plan, name) for name in plan.scenarios])
    print(f"{len(plan.rules)} rules on {len(plan.scenarios)} scenarios: {took:.2f} ms of 50")
    assert took <= 50


def test_a_recovery_time_is_there_at_once():
    stages = failover_stages(
        Probe(30.0, 2, 10.0), promotion=Lognormal(120.0, 0.6), scale_up=Lognormal(150.0, 0.4), dns_ttl_s=60.0
    )
    took = milliseconds(lambda: recovery_time(stages).quantile(0.95))
    print(f"recovery time of three stages: {took:.2f} ms of 250")
    assert took <= 250
