"""Carry the load of a design through its clusters' autoscalers, or find what was carried before.

What a cluster does depends on its pools, workloads, load and months, never on prices: the result is
kept under a hash of those inputs, so a change of prices simulates nothing and needs no compiler.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from agog_capacity import __version__
from agog_capacity.azure_sizes import parse_vm_size
from agog_capacity.components.node_pool import NodePool
from agog_capacity.design import Design
from agog_capacity.errors import NotInResult, nearest
from agog_capacity.periods import FloatArray, Months
from agog_capacity.scaling.simulated import (
    SimulatedCluster,
    SimulatedPool,
    SimulatedWorkload,
    SimulationStore,
)

if TYPE_CHECKING:
    from agog_capacity.load.curve import LoadCurve
    from agog_capacity.plan import Plan
    from agog_capacity.scaling.manifests import Manifests
    from agog_capacity.scaling.section import ScalingSection, WorkloadUse
    from agog_capacity.scaling.trace import ScalingTrace
    from agog_capacity.scaling.workload import Workload

_LOG = logging.getLogger(__name__)
_STEP_S = 900
"""Resolution of the load's curve. [s]"""
_GIB_PER_VCPU = {"D": 4, "E": 8, "F": 2}
"""Memory of a size by its family.

Source: the size tables of the provider's documentation, learn.microsoft.com/azure/virtual-machines/sizes,
read 2026-11-24 in stored copies."""
_MIB = 2**20


def simulated_clusters(
    plan: Plan,
    design: Design,
    store: SimulationStore | None,
    hourly: dict[str, FloatArray] | None = None,
    *,
    quiet: bool = False,
) -> dict[str, SimulatedCluster]:
    """Return the clusters of a design that can be simulated, by the name of their component.

    A cluster is simulated where the design says what runs and which load it gets (`scaling`), and
    one of its pools is left to the autoscaler: bounds without a fixed count.

    Parameters
    ----------
    plan : Plan
        For its months and manifests.
    design : Design
    store : SimulationStore or None
        Where results are looked up and kept; None simulates every time.
    hourly : dict, optional
        Receives the nodes of each hour by pool left to the autoscaler, where someone needs them.
    quiet : bool
        Whether nothing is said about what takes long, since the caller does.

    Raises
    ------
    ScalingError, ManifestError, LoadError
        If the design cannot be simulated; with all problems.
    """
    if design.scaling is None:
        return {}
    found = {}
    for cluster, pools in _scaled(design):
        share = design.regions[str(design.components[cluster].region)].traffic_share
        key = _key(plan, design.scaling, pools, share)
        result = store.get(key) if store is not None else None
        hours = store.get_hours(key) if store is not None and hourly is not None else None
        if result is None or (hourly is not None and hours is None):
            if not quiet:
                _LOG.info("simulating %s over %d months; kept for the next time", cluster, plan.months.count)
            trace = _trace(plan, design.scaling, pools, share, Months(plan.months.first, plan.months.count))
            result = _summary(plan, design.scaling, pools, share, trace)
            hours = {pool.name: trace.hourly_nodes(pool.name) for pool in pools if pool.nodes is None}
            if store is not None:
                store.put(key, result)
                if hourly is not None:
                    store.put_hours(key, hours)
        if hourly is not None and hours is not None:
            hourly.update(hours)
        found[cluster] = result
    return found


def is_simulated(design: Design) -> bool:
    """Tell whether a cluster of a design is simulated."""
    return design.scaling is not None and any(True for _ in _scaled(design))


def _scaled(design: Design) -> Iterator[tuple[str, list[NodePool]]]:
    """Yield the clusters with a pool of applications between bounds, with all pools of applications."""
    pools: dict[str, list[NodePool]] = {}
    for component in design.components.values():
        if isinstance(component, NodePool) and component.mode == "user":
            pools.setdefault(component.cluster, []).append(component)
    for cluster, members in pools.items():
        if any(pool.nodes is None and pool.min_nodes != pool.max_nodes for pool in members):
            yield cluster, members


def _key(plan: Plan, section: ScalingSection, pools: list[NodePool], share: float) -> str:
    inputs: dict[str, Any] = {
        "library": __version__,
        "months": [plan.months.first, plan.months.count],
        "scaling": section.model_dump(mode="json"),
        "manifests": dict(plan.manifest_texts[section.manifests]),
        "pools": [
            [p.name, p.vm_size, p.nodes, p.min_nodes, p.max_nodes, p.zones, p.memory_gib] for p in pools
        ],
        "share": share,
    }
    return hashlib.blake2b(json.dumps(inputs, sort_keys=True).encode(), digest_size=20).hexdigest()


def cluster_trace(plan: Plan, scenario: str, cluster: str, *, months: int | None = None) -> ScalingTrace:
    """Simulate one cluster of a scenario and return the whole trace, hour by hour.

    Parameters
    ----------
    plan : Plan
    scenario : str
        Name of a scenario whose design says what runs and with which load.
    cluster : str
        Name of the cluster's component.
    months : int, optional
        How many months from the plan's first; all of them if left out.

    Returns
    -------
    ScalingTrace

    Raises
    ------
    NotInResult
        If the scenario has no such cluster with a pool between bounds.
    ScalingError, ManifestError, LoadError
        If the cluster cannot be simulated.
    """
    design = plan.scenario(scenario).design
    scaled = dict(_scaled(design)) if design.scaling is not None else {}
    if design.scaling is None or cluster not in scaled:
        raise NotInResult(
            f"scenario {scenario!r} has no cluster {cluster!r} to simulate; {nearest(cluster, scaled)}"
        )
    share = design.regions[str(design.components[cluster].region)].traffic_share
    length = Months(plan.months.first, months or plan.months.count)
    return _trace(plan, design.scaling, scaled[cluster], share, length)


def _trace(
    plan: Plan, section: ScalingSection, pools: list[NodePool], share: float, months: Months
) -> ScalingTrace:
    from agog_capacity.scaling.simulate import simulate_scaling

    workloads = _workloads(_manifests(plan, section), section, pools)
    return simulate_scaling(
        _load(section, months, share), workloads, [_pool(pool) for pool in pools], seed=section.seed
    )


def _summary(
    plan: Plan, section: ScalingSection, pools: list[NodePool], share: float, trace: ScalingTrace
) -> SimulatedCluster:
    real = Months(plan.months.first, plan.months.count)
    return SimulatedCluster(
        months=real.labels,
        pools={
            pool.name: SimulatedPool(
                *_bounds(pool),
                trace.mean_nodes(pool.name),
                trace.peak_nodes(pool.name),
                tuple((trace.node_hours(pool.name, real) / real.hours).tolist()),
            )
            for pool in pools
        },
        workloads={
            name: SimulatedWorkload(
                trace.mean_replicas(name), trace.peak_replicas(name), trace.unserved_share(name)
            )
            for name in section.workloads
        },
        bounds=trace.bounds,
        # A standby without traffic is meant to have no load; elsewhere it is worth a word.
        warnings=tuple(
            text for text in trace.warnings if share > 0 or not text.endswith("has no load at all")
        ),
    )


def _manifests(plan: Plan, section: ScalingSection) -> Manifests:
    from agog_capacity.scaling.manifests import parse_manifests

    texts = plan.manifest_texts[section.manifests]
    return parse_manifests("\n---\n".join(text for _, text in texts), file=f"manifests {section.manifests!r}")


def _workloads(manifests: Manifests, section: ScalingSection, pools: list[NodePool]) -> list[Workload]:
    names = [pool.name for pool in pools]
    workloads = []
    for name, use in section.workloads.items():
        workload = manifests.workload(
            name,
            cpu_base_milli=use.cpu_base_milli,
            cpu_milli_per_rps=use.cpu_milli_per_request_per_second,
            memory_base_bytes=use.memory_base_mib * _MIB,
            memory_bytes_per_rps=use.memory_mib_per_request_per_second * _MIB,
            image_pull_s=use.image_pull_s,
            start_s=use.start_s,
            pools=names,
        )
        workloads.append(_with_sidecar(workload, use))
    return workloads


def _with_sidecar(workload: Workload, use: WorkloadUse) -> Workload:
    """Return a workload whose pods carry a sidecar: its requests count for the scheduler and the HPA alike."""
    cpu, memory = use.sidecar_cpu_request_milli, use.sidecar_memory_request_mib * _MIB
    if not cpu and not memory:
        return workload
    limits = {
        name: limit + part
        for name, limit, part in (
            ("cpu_limit_milli", workload.cpu_limit_milli, cpu),
            ("memory_limit_bytes", workload.memory_limit_bytes, memory),
        )
        if limit is not None
    }
    return workload.replace(
        cpu_request_milli=workload.cpu_request_milli + cpu,
        memory_request_bytes=workload.memory_request_bytes + memory,
        **limits,
    )


def load_multiples(section: ScalingSection, months: Months) -> FloatArray:
    """Return the load of each month in multiples of its mean before growth and events, shape (months,).

    Parameters
    ----------
    section : ScalingSection
    months : Months
        Real months are taken whatever their length is set to.
    """
    real = Months(months.first, months.count)
    demand = _demand(section, real)
    mean = sum(group.requests_per_second for group in section.load.groups)
    if mean == 0:
        return np.zeros(months.count)
    bounds = np.cumsum(real.hours * 3600 / _STEP_S).astype(int)[:-1]
    return np.array([part.mean() for part in np.split(demand, bounds)]) / mean


def _demand(section: ScalingSection, months: Months) -> FloatArray:
    """Return the requests of all groups in each step of the months. [requests per second]"""
    from agog_capacity.load.shape import Event, LoadShape

    start = datetime.fromisoformat(f"{months.first}-01").replace(tzinfo=UTC)
    steps = int(months.hours.sum()) * 3600 // _STEP_S
    demand = np.zeros(steps)
    for group in section.load.groups:
        shape = LoadShape(
            time_zone=group.time_zone,
            hours_of_week=group.hours_of_week(),
            month_end_days=section.load.month_end_days,
            month_end_factor=section.load.month_end_factor,
            yearly_growth=section.load.yearly_growth,
            events=tuple(Event(**dict(event)) for event in section.load.events),
        )
        demand += group.requests_per_second * shape.multiples(start, _STEP_S, steps)
    return demand


def _load(section: ScalingSection, months: Months, share: float) -> LoadCurve:
    """Return the load of one region: the sum of all groups, times the region's share of the traffic."""
    from agog_capacity.load.curve import LoadCurve, Noise

    demand = _demand(section, months)
    factors: Mapping[str, float] = section.load.requests_per_workload
    noise = section.load.noise
    return LoadCurve(
        datetime.fromisoformat(f"{months.first}-01").replace(tzinfo=UTC),
        _STEP_S,
        tuple(("region", name) for name in factors),
        np.array([demand * share * factor for factor in factors.values()]),
        Noise(noise.deviation, noise.autocorrelation, noise.seed) if noise is not None else None,
    )


def _bounds(pool: NodePool) -> tuple[int, int]:
    if pool.nodes is not None:
        return pool.nodes, pool.nodes
    return pool.min_nodes or 0, pool.max_nodes or 0


def _pool(pool: NodePool) -> Any:
    from agog_capacity.scaling.cluster import ScalingError
    from agog_capacity.scaling.pool import Pool

    size = parse_vm_size(pool.vm_size)
    memory_gib = pool.memory_gib
    if memory_gib is None and size.vcpus and size.family in _GIB_PER_VCPU:
        memory_gib = float(_GIB_PER_VCPU[size.family] * size.vcpus)
    if memory_gib is None or not size.vcpus:
        raise ScalingError(
            f"the memory of {pool.vm_size} is not known; give memory_gib on pool {pool.name!r}"
        )
    low, high = _bounds(pool)
    return Pool.of_aks_size(
        pool.name,
        vcpus=size.vcpus,
        memory_gib=memory_gib,
        minimum=low,
        maximum=high,
        zones=tuple(f"zone {number}" for number in range(1, pool.zones + 1)),
    )
