"""A small cluster for tests: the brief's backend on nodes of 4 cores."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from agog_capacity.load.curve import LoadCurve
from agog_capacity.scaling.cluster import Cluster, Draws
from agog_capacity.scaling.pool import Pool
from agog_capacity.scaling.workload import HorizontalPodAutoscaler, HpaMetric, ScalingBehavior, Workload
from tests.scaling.cases import Case

MIB = 2**20
START = datetime(2027, 1, 1, tzinfo=UTC)


def backend(maximum: int = 20) -> Workload:
    return Workload(
        name="backend",
        cpu_request_milli=500,
        memory_request_bytes=512 * MIB,
        cpu_limit_milli=2000,
        memory_limit_bytes=2048 * MIB,
        cpu_base_milli=50,
        cpu_milli_per_rps=10.0,
        memory_base_bytes=200 * MIB,
        memory_bytes_per_rps=float(MIB),
        replicas=3,
        autoscaler=HorizontalPodAutoscaler(
            minimum=3,
            maximum=maximum,
            metrics=(
                HpaMetric(type="Resource", resource="cpu", target_utilization_percent=70),
                HpaMetric(type="Resource", resource="memory", target_utilization_percent=80),
            ),
            behavior=ScalingBehavior(),
        ),
    )


def pool(maximum: int = 20) -> Pool:
    return Pool.of_aks_size("app", vcpus=4, memory_gib=16, minimum=3, maximum=maximum, zones=("1", "2", "3"))


def load(*rates: float, step_s: int = 3600) -> LoadCurve:
    return LoadCurve(START, step_s, (("us", "backend"),), np.array([rates], dtype=float))


def simple_case() -> Case:
    cluster = Cluster(workloads=(backend(),), pools=(pool(),))
    rates = np.array([[100.0, 900.0, 50.0]])
    return Case(cluster, rates, 60, Draws(np.full((1, 3), 24), np.array([0.5])), 180)
