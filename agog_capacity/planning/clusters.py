"""Pools and workloads of a design as the autoscaler simulation takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import ValidationError

from agog_capacity.azure_sizes import parse_vm_size
from agog_capacity.components.node_pool import NodePool
from agog_capacity.documents import path_text
from agog_capacity.errors import InputError, Problem
from agog_capacity.model import Model
from agog_capacity.periods import Months
from agog_capacity.planning.loads import releases_of_weeks, second_name
from agog_capacity.scaling.manifest_folders import ManifestTexts
from agog_capacity.validation import findings_of

if TYPE_CHECKING:
    from agog_capacity.plan import Plan
    from agog_capacity.scaling.manifests import Manifests
    from agog_capacity.scaling.pool import ClusterAutoscaler, Pool
    from agog_capacity.scaling.release_section import ReleaseSection
    from agog_capacity.scaling.section import ScalingSection, WorkloadUse
    from agog_capacity.scaling.workload import Workload

_GIB_PER_VCPU = {"D": 4, "E": 8, "F": 2}
"""Memory of a size by its family.

Source: the size tables of the provider's documentation, learn.microsoft.com/azure/virtual-machines/sizes,
read 2026-11-24 in stored copies."""
_MIB = 2**20


_MOST_LEFT_OUT = 20
"""Lines on what a simulation passes over; how many more there are is said."""


def _manifests(plan: Plan, section: ScalingSection) -> Manifests:
    return _parsed(section.manifests, plan.manifest_texts[section.manifests])


@lru_cache(maxsize=8)
def _parsed(folder: str, texts: ManifestTexts) -> Manifests:
    from agog_capacity.scaling.manifests import parse_manifest_files

    return parse_manifest_files((f"manifests/{folder}/{name}", text) for name, text in texts)


def left_out_of_manifests(plan: Plan, section: ScalingSection) -> tuple[str, ...]:
    """Return what the manifests of a design warn about, and what they hold and the simulation passes over.

    One line each with file and line; a long list is cut, with a count.

    Raises
    ------
    ManifestError
        If the manifests cannot be used.
    """
    lines = list(dict.fromkeys(map(str, _manifests(plan, section).left_out(section.workloads))))
    more = len(lines) - _MOST_LEFT_OUT
    tail = [f"… and {more:,} more in manifests/{section.manifests} that the simulation passes over"]
    return (*lines[:_MOST_LEFT_OUT], *(tail if more > 0 else []))


def kernel_workloads(
    plan: Plan, section: ScalingSection, pools: Sequence[str], months: Months | None = None
) -> list[Workload]:
    """Return the workloads of a design as the kernel takes them, on the pools of these names.

    Parameters
    ----------
    plan : Plan
    section : ScalingSection
    pools : sequence of str
    months : Months, optional
        Those of the simulation, for its releases; left out, nothing is released.

    Raises
    ------
    ManifestError
        With every workload that is not in the manifests, or cannot be simulated.
    """
    from agog_capacity.scaling.manifests import ManifestError

    manifests = _manifests(plan, section)
    releases = releases_of_weeks(section, months) if months is not None else {}
    workloads: list[Workload] = []
    problems: list[Problem] = []
    for name, use in section.workloads.items():
        release, begins_s = releases.get(name, (None, ()))
        try:
            workload = manifests.workload(
                name,
                cpu_base_milli=use.cpu_base_milli,
                cpu_milli_per_rps=use.cpu_milli_per_request_per_second,
                memory_base_bytes=use.memory_base_mib * _MIB,
                memory_bytes_per_rps=use.memory_mib_per_request_per_second * _MIB,
                image_pull_s=use.image_pull_s,
                start_s=use.start_s,
                pools=tuple(pools),
                releases_s=begins_s if release is not None and release.strategy == "rolling" else (),
            )
            workloads.append(_with_sidecar(workload, use))
            if release is not None and release.strategy == "blue_green" and begins_s:
                workloads.append(_second_colour(workloads[-1], release, begins_s))
        except ValidationError as error:
            found = findings_of(error, ("scaling", "workloads", name), Model)
            problems += [Problem(message, path=path_text(place)) for place, message in found]
        except InputError as error:
            # A problem of the manifests knows its own place.
            path = f"scaling.workloads.{name}"
            problems += [p if p.file or p.path else replace(p, path=path) for p in error.problems]
    if problems:
        raise ManifestError(problems)
    return workloads


def _second_colour(workload: Workload, release: ReleaseSection, begins_s: tuple[float, ...]) -> Workload:
    """Return the pods that a blue-green release holds beside a workload's own: as many again, without load."""
    from agog_capacity.scaling.release import Releases

    return workload.replace(
        name=second_name(workload.name),
        replicas=0,
        autoscaler=None,
        releases=Releases(at_s=begins_s, surge_percent=100, hold_s=release.hold_minutes * 60),
        stands_beside=workload.name,
    )


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


def bounds_of(pool: NodePool) -> tuple[int, int]:
    """Return the fewest and the most nodes of a pool; the same for a fixed count."""
    if pool.nodes is not None:
        return pool.nodes, pool.nodes
    return pool.min_nodes or 0, pool.max_nodes or 0


def kernel_autoscaler(section: ScalingSection) -> ClusterAutoscaler:
    """Return the cluster autoscaler's profile of a design as the kernel takes it."""
    from agog_capacity.scaling.pool import ClusterAutoscaler

    settings = dict(section.cluster.autoscaler_profile)
    return ClusterAutoscaler(balance_similar_pools=settings.pop("balance_similar_node_groups"), **settings)


def kernel_pool(pool: NodePool, section: ScalingSection | None) -> Pool:
    """Return a node pool as the kernel takes it: fixed, or between its bounds.

    Parameters
    ----------
    pool : NodePool
    section : ScalingSection or None
        Says how its cluster is run; None takes the defaults.

    Raises
    ------
    ScalingError
        If the memory of its size is not known, or no node can be simulated as it is.
    """
    from agog_capacity.scaling.cluster import ScalingError
    from agog_capacity.scaling.cluster_section import ClusterSection
    from agog_capacity.scaling.pool import Pool

    size = parse_vm_size(pool.vm_size)
    memory_gib = pool.memory_gib
    if memory_gib is None and size.vcpus and size.family in _GIB_PER_VCPU:
        memory_gib = float(_GIB_PER_VCPU[size.family] * size.vcpus)
    if memory_gib is None or not size.vcpus:
        message = f"the memory of {pool.vm_size} is not known; give memory_gib on pool {pool.name!r}"
        raise ScalingError([Problem(message, path=f"components.{pool.name}.vm_size")])
    low, high = bounds_of(pool)
    run = ClusterSection() if section is None else section.cluster
    try:
        return Pool.of_aks_size(
            pool.name,
            vcpus=size.vcpus,
            memory_gib=memory_gib,
            minimum=low,
            maximum=high,
            max_pods=run.max_pods,
            daemon_cpu_milli=run.daemons.cpu_request_milli,
            daemon_memory_bytes=run.daemons.memory_request_mib * _MIB,
            daemon_pods=run.daemons.pods,
            boot_s=run.boot_s,
            boot_sigma=run.boot_sigma,
            delete_s=run.delete_s,
            zones=tuple(f"zone {number}" for number in range(1, pool.zones + 1)),
        )
    except ValidationError as error:
        found = findings_of(error, ("components", pool.name), Pool)
        raise ScalingError(
            Problem(f"a node of {pool.vm_size} cannot be simulated: {message}", path=path_text(place))
            for place, message in found
        ) from None
