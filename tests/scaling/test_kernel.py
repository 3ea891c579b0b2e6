"""The kernel does what the reference does, step by step."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from agog_capacity.scaling import kernel
from agog_capacity.scaling.cluster import Cluster
from agog_capacity.scaling.kernel_setup import config_of
from agog_capacity.scaling.pool import ControllerManager, Pool
from agog_capacity.scaling.workload import (
    HorizontalPodAutoscaler,
    ScalingBehavior,
    ScalingPolicy,
    ScalingRules,
    Workload,
)
from tests.scaling import vectors
from tests.scaling.both import differences
from tests.scaling.cases import Case, cases

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
EXAMPLES = Path(__file__).parent / "data" / "examples.json"
SIMULATE = [case for case in vectors.read(EXAMPLES)["cases"] if case["function"] == "simulate"]
GIB = 2**30


@settings(max_examples=300, deadline=None, suppress_health_check=QUIET, derandomize=True)
@given(cases())
def test_kernel_and_reference_agree_step_by_step(case: Case) -> None:
    assert differences(case) == []


@pytest.mark.soak
@settings(max_examples=10_000, deadline=None, suppress_health_check=QUIET)
@given(cases())
def test_kernel_and_reference_agree_over_many_cases(case: Case) -> None:
    assert differences(case) == []


def _rules(raw: dict | None) -> ScalingRules:
    raw = raw or {}
    policies = raw.get("policies")
    return ScalingRules(
        stabilization_window_s=raw.get("stabilization_window_s"),
        select_policy=raw.get("select_policy"),
        policies=None if policies is None else tuple(ScalingPolicy(**each) for each in policies),
        tolerance=raw.get("tolerance"),
    )


@pytest.mark.parametrize("case", SIMULATE, ids=[case["name"] for case in SIMULATE])
def test_kernel_passes_the_cases_of_simulate(case: dict) -> None:
    inputs = case["inputs"]
    behavior = inputs["behavior"]
    scaler = HorizontalPodAutoscaler(
        minimum=inputs["min_replicas"],
        maximum=inputs["max_replicas"],
        behavior=None
        if behavior is None
        else ScalingBehavior(
            scale_up=_rules(behavior.get("scale_up")), scale_down=_rules(behavior.get("scale_down"))
        ),
    )
    workload = Workload(
        name="w",
        cpu_request_milli=1,
        memory_request_bytes=1,
        replicas=inputs["start_replicas"],
        autoscaler=scaler,
    )
    config = config_of(
        Cluster(
            workloads=(workload,),
            pools=(Pool(name="p", cpu_milli=1000, memory_bytes=GIB, minimum=1, maximum=1),),
            manager=ControllerManager(downscale_stabilization_s=inputs["downscale_stabilization_s"]),
        )
    )
    replicas = np.zeros(len(inputs["proposals"]), np.int64)
    kernel.decide_series(
        config,
        kernel.new_memory(config),
        np.array(inputs["proposals"], np.int64),
        inputs["interval_s"],
        replicas,
    )
    assert replicas.tolist() == case["expected"]["replicas"]


def test_a_second_process_compiles_nothing() -> None:
    """The cache on disk is hit: numba says so itself."""
    program = (
        "from tests.scaling.both import by_kernel\n"
        "from tests.scaling.simple import simple_case\n"
        "from agog_capacity.scaling import kernel\n"
        "by_kernel(simple_case())\n"
        "stats = kernel.simulate_scenario.stats\n"
        "print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))\n"
    )
    root = Path(__file__).parents[2]
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=300, check=True
        )
    assert done.stdout.split() == ["1", "0"]
