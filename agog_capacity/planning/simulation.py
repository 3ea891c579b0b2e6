"""Carry the load of a design through its clusters' autoscalers, or find what was carried before.

What a cluster does depends on its pools, workloads, load and months, never on prices: the result is
kept under a hash of those inputs, so a change of prices simulates nothing and needs no compiler.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Iterator
from dataclasses import replace as dataclass_replace
from typing import TYPE_CHECKING, Any

from agog_capacity import __version__
from agog_capacity.components.node_pool import NodePool
from agog_capacity.design import Design
from agog_capacity.errors import InputError, NotInResult, Problem, nearest
from agog_capacity.periods import FloatArray, Months
from agog_capacity.planning.clusters import (
    bounds_of,
    kernel_autoscaler,
    kernel_pool,
    kernel_workloads,
    left_out_of_manifests,
)
from agog_capacity.planning.loads import region_load
from agog_capacity.roles import application_pools
from agog_capacity.scaling.release_section import SECOND_COLOUR
from agog_capacity.scaling.simulated import (
    SimulatedCluster,
    SimulatedPool,
    SimulatedWorkload,
    SimulationStore,
)
from agog_capacity.scaling.version import simulation_version

if TYPE_CHECKING:
    from agog_capacity.plan import Plan
    from agog_capacity.scaling.pool import Pool
    from agog_capacity.scaling.section import ScalingSection
    from agog_capacity.scaling.trace import ScalingTrace
    from agog_capacity.scaling.workload import Workload

RULES = 3
"""Raised whenever the simulation itself changes, so that what is stored of the former rules is not found."""
_LOG = logging.getLogger(__name__)


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
    ScalingError
        If the design cannot be simulated; with all problems of all its clusters.
    """
    if design.scaling is None:
        return {}
    found = {}
    problems: dict[tuple[str, int | None, str], Problem] = {}
    for cluster, pools in _scaled(design):
        share = design.regions[str(design.components[cluster].region)].traffic_share
        key = _key(plan, design.scaling, pools, share)
        result = store.get(key) if store is not None else None
        hours = store.get_hours(key) if store is not None and hourly is not None else None
        if result is None or (hourly is not None and hours is None):
            if not quiet:
                _LOG.info("simulating %s over %d months; kept for the next time", cluster, plan.months.count)
            try:
                trace = _trace(
                    plan, design.scaling, pools, share, Months(plan.months.first, plan.months.count)
                )
            except InputError as error:
                # What is wrong in the manifests is wrong for every cluster, and told once.
                for p in error.problems:
                    path = f"cluster {cluster}: {p.path}" if p.path else f"cluster {cluster}"
                    problems.setdefault((p.file, p.line, p.message), dataclass_replace(p, path=path))
                continue
            result = _summary(plan, design.scaling, pools, share, trace)
            hours = {pool.name: trace.hourly_nodes(pool.name) for pool in pools if pool.nodes is None}
            if store is not None:
                store.put(key, result)
                if hourly is not None:
                    store.put_hours(key, hours)
        if hourly is not None and hours is not None:
            hourly.update(hours)
        found[cluster] = result
    if problems:
        from agog_capacity.scaling.cluster import ScalingError

        raise ScalingError(problems.values())
    return found


def clusters_without_nodes(design: Design) -> Iterator[str]:
    """Yield a warning for each cluster that gets load and can have no node to run it."""
    if design.scaling is None:
        return
    for cluster, members in _pools_of_applications(design).items():
        share = design.regions[str(design.components[cluster].region)].traffic_share
        if share > 0 and all(bounds_of(pool)[1] == 0 for pool in members):
            names = ", ".join(pool.name for pool in members)
            yield (
                f"{cluster}: nothing can run: {names} may have no node at all, so the {share:.3g} of the load that its "
                "region gets is served by nobody; give it nodes"
            )


def is_simulated(design: Design) -> bool:
    """Tell whether a cluster of a design is simulated."""
    return design.scaling is not None and any(True for _ in _scaled(design))


def _scaled(design: Design) -> Iterator[tuple[str, list[NodePool]]]:
    """Yield the clusters with a pool of applications between bounds, with all pools of applications."""
    for cluster, members in _pools_of_applications(design).items():
        if any(pool.nodes is None and pool.min_nodes != pool.max_nodes for pool in members):
            yield cluster, members


def _pools_of_applications(design: Design) -> dict[str, list[NodePool]]:
    pools: dict[str, list[NodePool]] = {}
    for pool in application_pools(design.components):
        pools.setdefault(pool.cluster, []).append(pool)
    return pools


def _key(plan: Plan, section: ScalingSection, pools: list[NodePool], share: float) -> str:
    inputs: dict[str, Any] = {
        "library": [__version__, simulation_version(), RULES],
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
        If the scenario has no such cluster, or none of its pools is left to the autoscaler; the message says which.
    ScalingError, ManifestError, LoadError
        If the cluster cannot be simulated.
    """
    design = plan.scenario(scenario).design
    scaled = dict(_scaled(design))
    if design.scaling is None or cluster not in scaled:
        raise NotInResult(_why_not_simulated(design, scenario, cluster))
    share = design.regions[str(design.components[cluster].region)].traffic_share
    length = Months(plan.months.first, months or plan.months.count)
    return _trace(plan, design.scaling, scaled[cluster], share, length)


def _why_not_simulated(design: Design, scenario: str, cluster: str) -> str:
    clusters = [name for name, component in design.components.items() if component.kind == "aks_cluster"]
    if cluster not in clusters:
        return f"scenario {scenario!r} has no cluster {cluster!r}; {nearest(cluster, clusters)}"
    if design.scaling is None:
        return f"cluster {cluster!r} of scenario {scenario!r} has no load: the design has no section scaling"
    pools = [
        f"{p.name} ({p.billed_nodes} nodes)"
        for p in design.components.values()
        if isinstance(p, NodePool) and p.mode == "user" and p.cluster == cluster
    ]
    held = f"its pools are fixed: {', '.join(pools)}" if pools else "it has no pool of mode user"
    return (
        f"cluster {cluster!r} of scenario {scenario!r} is not simulated, since {held}; give a pool min_nodes and "
        "max_nodes in place of nodes"
    )


def _trace(
    plan: Plan, section: ScalingSection, pools: list[NodePool], share: float, months: Months
) -> ScalingTrace:
    from agog_capacity.scaling.cluster import ScalingError
    from agog_capacity.scaling.simulate import simulate_scaling

    problems: list[Problem] = []
    workloads: list[Workload] = []
    nodes: list[Pool] = []
    try:
        workloads = kernel_workloads(plan, section, [pool.name for pool in pools], months)
    except InputError as error:
        problems += error.problems
    for pool in pools:
        try:
            nodes.append(kernel_pool(pool, section))
        except InputError as error:
            problems += error.problems
    if problems:
        raise ScalingError(problems)
    return simulate_scaling(
        region_load(section, months, share),
        workloads,
        nodes,
        autoscaler=kernel_autoscaler(section),
        seed=section.seed,
    )


def _known(share: float) -> float | None:
    return None if math.isnan(share) else share


def _summary(
    plan: Plan, section: ScalingSection, pools: list[NodePool], share: float, trace: ScalingTrace
) -> SimulatedCluster:
    real = Months(plan.months.first, plan.months.count)
    return SimulatedCluster(
        months=real.labels,
        pools={
            pool.name: SimulatedPool(
                *bounds_of(pool),
                trace.mean_nodes(pool.name),
                trace.peak_nodes(pool.name),
                tuple((trace.node_hours(pool.name, real) / real.hours).tolist()),
            )
            for pool in pools
        },
        workloads={
            name: SimulatedWorkload(
                trace.mean_replicas(name), trace.peak_replicas(name), _known(trace.unserved_share(name))
            )
            for name in section.workloads
        },
        bounds=trace.bounds,
        # A standby without traffic is meant to have no load; elsewhere it is worth a word.
        warnings=tuple(
            text
            for text in trace.warnings
            if not text.endswith("has no load at all") or (share > 0 and SECOND_COLOUR not in text)
        ),
        left_out=left_out_of_manifests(plan, section),
    )
