"""Random clusters, loads and draws for which the kernel must do what the reference does."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from agog_capacity.scaling.cluster import Cluster, Draws, FloatArray
from agog_capacity.scaling.pool import ClusterAutoscaler, ControllerManager, Pool
from agog_capacity.scaling.release import Releases
from agog_capacity.scaling.workload import (
    HorizontalPodAutoscaler,
    HpaMetric,
    ScalingBehavior,
    ScalingPolicy,
    ScalingRules,
    Spread,
    Workload,
)

MIB = 2**20


class Case(NamedTuple):
    cluster: Cluster
    rates: FloatArray
    step_ticks: int
    draws: Draws
    ticks: int


def _policy() -> Any:
    periods = st.sampled_from([15, 20, 30, 45, 60, 90, 180])
    return st.builds(
        ScalingPolicy,
        type=st.sampled_from(["Pods", "Percent"]),
        value=st.sampled_from([1, 2, 4, 10, 33, 50, 100, 200]),
        period_s=periods,
    )


def _rules() -> Any:
    return st.builds(
        ScalingRules,
        stabilization_window_s=st.sampled_from([None, 0, 15, 30, 50, 60, 120, 300]),
        select_policy=st.sampled_from([None, "Max", "Min", "Disabled", "Max"]),
        policies=st.none() | st.lists(_policy(), min_size=1, max_size=3).map(tuple),
        tolerance=st.sampled_from([None, None, 0.0, 0.05, 0.3]),
    )


def _metric() -> Any:
    resource = st.sampled_from(["cpu", "cpu", "memory"])
    return st.one_of(
        st.builds(
            HpaMetric,
            type=st.just("Resource"),
            resource=resource,
            target_utilization_percent=st.sampled_from([30, 50, 70, 80, 120]),
        ),
        st.builds(
            HpaMetric,
            type=st.just("ContainerResource"),
            container=st.just("app"),
            resource=resource,
            target_utilization_percent=st.sampled_from([50, 70]),
        ),
        st.builds(
            HpaMetric,
            type=st.just("Resource"),
            resource=st.just("cpu"),
            target_average_value_milli=st.integers(50, 900),
        ),
        st.builds(
            HpaMetric,
            type=st.just("Pods"),
            target_average_value_milli=st.integers(1000, 40_000),
            window_s=st.sampled_from([15, 60, 120]),
        ),
        st.builds(
            HpaMetric,
            type=st.sampled_from(["Object", "External"]),
            target_value_milli=st.integers(5_000, 400_000),
            window_s=st.sampled_from([15, 60]),
        ),
        st.builds(
            HpaMetric,
            type=st.sampled_from(["Object", "External"]),
            target_average_value_milli=st.integers(1000, 40_000),
            window_s=st.sampled_from([15, 60]),
        ),
    )


@st.composite
def _autoscaler(draw: Any) -> HorizontalPodAutoscaler:
    minimum = draw(st.integers(1, 4))
    return HorizontalPodAutoscaler(
        minimum=minimum,
        maximum=draw(st.integers(minimum, 24)),
        metrics=tuple(draw(st.lists(_metric(), max_size=3))),
        behavior=draw(st.none() | st.builds(ScalingBehavior, scale_up=_rules(), scale_down=_rules())),
    )


@st.composite
def _releases(draw: Any) -> Releases:
    times = sorted(draw(st.sets(st.integers(0, 1400), min_size=1, max_size=3)))
    pods = draw(st.none() | st.integers(1, 6))
    return Releases(
        at_s=tuple(float(at) for at in times),
        surge_pods=pods,
        surge_percent=draw(st.sampled_from([25, 100, 33])) if pods is None else None,
        hold_s=draw(st.sampled_from([0.0, 0.0, 90.0, 313.0])),
    )


@st.composite
def _workload(draw: Any, name: str, pools: tuple[str, ...]) -> Workload:
    cpu = draw(st.sampled_from([100, 250, 300, 500, 900]))
    memory = draw(st.sampled_from([128, 256, 512, 1000])) * MIB
    return Workload(
        name=name,
        cpu_request_milli=cpu,
        memory_request_bytes=memory,
        cpu_limit_milli=draw(st.sampled_from([None, cpu, 2 * cpu, 4 * cpu])),
        memory_limit_bytes=draw(st.sampled_from([None, memory, 2 * memory])),
        container_cpu_request_milli=draw(st.sampled_from([None, cpu // 2])),
        cpu_base_milli=draw(st.sampled_from([0, 10, 60])),
        cpu_milli_per_rps=draw(st.sampled_from([0.0, 1.0, 7.3, 20.0])),
        memory_base_bytes=draw(st.sampled_from([0, 50, 120])) * MIB,
        memory_bytes_per_rps=draw(st.sampled_from([0.0, 1e6, 3.3e6])),
        image_pull_s=draw(st.sampled_from([0.0, 10.0, 20.0, 47.0])),
        start_s=draw(st.sampled_from([0.0, 5.0, 25.0, 70.0, 320.0])),
        replicas=draw(st.integers(0, 8)),
        autoscaler=draw(st.none() | _autoscaler() | _autoscaler()),
        pools=draw(st.sampled_from([(), (), (pools[0],), pools])),
        spread=draw(
            st.none()
            | st.builds(
                Spread,
                max_skew=st.integers(1, 4),
                over=st.sampled_from(["nodes", "zones"]),
                min_domains=st.integers(1, 3),
            )
        ),
        min_available=draw(st.sampled_from([0, 0, 1, 3])),
        min_available_percent=draw(st.sampled_from([None, None, 0, 30, 80, 100])),
        max_unavailable=draw(st.sampled_from([None, None, None, 0, 1, 3])),
        max_unavailable_percent=draw(st.sampled_from([None, None, None, 0, 25, 60])),
        blocks_node_removal=draw(st.sampled_from([False, False, False, True])),
        releases=draw(st.none() | st.none() | _releases()),
    )


@st.composite
def _pool(draw: Any, name: str, is_twin: bool = False) -> Pool:
    minimum = draw(st.integers(0, 3))
    maximum = draw(st.integers(max(1, minimum), 9))
    return Pool(
        name=name,
        cpu_milli=1930 if is_twin else draw(st.sampled_from([1930, 3860, 5500])),
        memory_bytes=(4000 if is_twin else draw(st.sampled_from([4000, 9000, 12_000]))) * MIB,
        max_pods=30 if is_twin else draw(st.sampled_from([8, 30, 110])),
        daemon_cpu_milli=200,
        daemon_memory_bytes=400 * MIB,
        daemon_pods=3,
        minimum=minimum,
        maximum=maximum,
        nodes=draw(st.none() | st.integers(minimum, maximum)),
        zones=draw(st.sampled_from([(), ("1",), ("1", "2", "3"), ("2", "1")])),
        priority=draw(st.integers(0, 2)),
        delete_s=draw(st.sampled_from([0.0, 30.0, 60.0])),
    )


@st.composite
def cases(draw: Any) -> Case:
    twins = draw(st.booleans())
    count = draw(st.integers(1, 3))
    pools = tuple(draw(_pool(f"pool-{number}", twins)) for number in range(count))
    names = tuple(pool.name for pool in pools)
    workloads = tuple(draw(_workload(f"w-{number}", names)) for number in range(draw(st.integers(1, 3))))
    if draw(st.integers(0, 3)) == 0:
        percent = draw(st.sampled_from([50, 100]))
        releases = draw(_releases()).replace(surge_pods=None, surge_percent=percent)
        second = workloads[0].replace(
            name="second", replicas=0, autoscaler=None, releases=releases, stands_beside="w-0"
        )
        workloads = draw(st.permutations([*workloads, second]).map(tuple))
    autoscaler = ClusterAutoscaler(
        expander=draw(st.sampled_from(["random", "least-waste", "least-nodes", "most-pods", "priority"])),
        scan_interval_s=draw(st.sampled_from([10, 10, 10, 15, 30])),
        scale_down_delay_after_add_s=draw(st.sampled_from([0.0, 60.0, 120.0])),
        scale_down_delay_after_delete_s=draw(st.sampled_from([0.0, 10.0, 40.0])),
        scale_down_unneeded_time_s=draw(st.sampled_from([0.0, 30.0, 60.0, 120.0])),
        scale_down_utilization_threshold=draw(st.sampled_from([0.3, 0.5, 0.5, 0.9])),
        unremovable_recheck_s=draw(st.sampled_from([0.0, 60.0, 300.0])),
        max_node_provision_time_s=draw(st.sampled_from([60.0, 200.0, 900.0])),
        max_empty_bulk_delete=draw(st.sampled_from([1, 2, 10])),
        max_nodes_total=draw(st.sampled_from([0, 0, 12])),
        ignore_daemonsets_utilization=draw(st.booleans()),
        balance_similar_pools=draw(st.booleans()),
    )
    manager = ControllerManager(
        tolerance=draw(st.sampled_from([0.1, 0.1, 0.0])),
        configurable_tolerance=draw(st.booleans()),
        downscale_stabilization_s=draw(st.sampled_from([0, 60, 300])),
        cpu_initialization_period_s=draw(st.sampled_from([0, 40, 300])),
        initial_readiness_delay_s=draw(st.sampled_from([0, 30])),
    )
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    steps = draw(st.sampled_from([6, 20, 50]))
    scale = draw(st.sampled_from([5.0, 60.0, 250.0]))
    rates = scale * rng.random((len(workloads), steps)) ** 2
    rates[:, rng.random(steps) < draw(st.sampled_from([0.0, 0.2]))] = 0.0
    return Case(
        Cluster(
            workloads=workloads,
            pools=pools,
            autoscaler=autoscaler,
            manager=manager,
            share_cores=draw(st.booleans()),
        ),
        np.ascontiguousarray(rates),
        draw(st.sampled_from([1, 3, 7, 24])),
        Draws(rng.integers(1, 60, (count, 40)), rng.random(17)),
        draw(st.sampled_from([90, 200, 301])),
    )
