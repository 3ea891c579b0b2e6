"""The failovers of a scenario: which region takes over from which, and what the design has for it.

A design says where pools stand, what detects, what promotes a replica; here that becomes the parts of a
timeline, and the surviving region's pools go through the autoscaler's kernel. What was carried through it
is kept under a hash of its inputs.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from agog_capacity import __version__
from agog_capacity.availability.failover_section import FailoverSection
from agog_capacity.availability.lengths import Fixed
from agog_capacity.availability.scale_up_store import ScaleUpStore
from agog_capacity.azure_sizes import parse_vm_size
from agog_capacity.components.capacity_reservation import CapacityReservation
from agog_capacity.components.node_pool import NodePool
from agog_capacity.design import Design
from agog_capacity.errors import InputError
from agog_capacity.periods import Months
from agog_capacity.planning.clusters import kernel_autoscaler, kernel_pool, kernel_workloads
from agog_capacity.planning.failover_parts import designed_failover
from agog_capacity.planning.loads import region_load
from agog_capacity.roles import application_pools, running_vcpus

if TYPE_CHECKING:
    from agog_capacity.availability.lengths import Length
    from agog_capacity.availability.scale_up import ScaleUp
    from agog_capacity.availability.timeline import FailoverTimeline
    from agog_capacity.plan import Plan
    from agog_capacity.scaling.pool import Pool
    from agog_capacity.scaling.section import ScalingSection

_LOG = logging.getLogger(__name__)
_VERSION = 2
"""Raised when the same inputs give other courses; part of the key of stored ones."""


@dataclass(frozen=True)
class Direction:
    """One region that is lost and one that takes over what it did."""

    lost: str
    surviving: str
    lost_share: float
    """Share of the demand that the lost region served."""
    before: float
    """Share that the surviving region serves before."""
    after: float
    """Share that it serves afterwards."""

    def __str__(self) -> str:
        """Return `eastus2 to westeurope`."""
        return f"{self.lost} to {self.surviving}"


def directions(design: Design) -> tuple[Direction, ...]:
    """Return the failovers that a design can come to: one for each region with traffic and each that takes over.

    What a lost region served is split over the others as their traffic is, or evenly where none has any.

    Raises
    ------
    InputError
        If the design has one region only.
    """
    regions = design.regions
    if len(regions) < 2:
        raise InputError(
            f"the design has the region {next(iter(regions))!r} only; nothing can take over from it"
        )
    found = []
    for lost, region in regions.items():
        others = {name: other.traffic_share for name, other in regions.items() if name != lost}
        if region.traffic_share == 0:
            continue
        total = sum(others.values())
        for name, share in others.items():
            part = share / total if total else 1 / len(others)
            if part:
                after = share + region.traffic_share * part
                found.append(Direction(lost, name, region.traffic_share, share, min(1.0, after)))
    return tuple(found)


@dataclass(frozen=True)
class StandbyPool:
    """A node pool of the surviving region as it is when the traffic arrives, and how far it can go."""

    component: NodePool
    first: int
    """Nodes that run. [nodes]"""
    most: int
    """Most nodes that bounds and quota allow. [nodes]"""
    reserved: int
    """Nodes there is reserved room for, running ones included. [nodes]"""
    is_made: bool
    """Whether the region has no such pool and must make it first."""


def standby_pools(design: Design, direction: Direction) -> tuple[StandbyPool, ...]:
    """Return the pools of applications of the surviving region; those of the lost one where it has none.

    A fixed pool grows up to `max_nodes` if it is marked `failover_scale_out`; else it stays as it is.

    Raises
    ------
    InputError
        If neither region has a pool of applications, or pools of two clusters would have to share the load.
    """
    own = application_pools(design.components, direction.surviving)
    pools = own or application_pools(design.components, direction.lost)
    if not pools:
        raise InputError(
            f"neither {direction.lost!r} nor {direction.surviving!r} has a node pool of mode user; nothing could serve"
        )
    clusters = sorted({pool.cluster for pool in pools})
    if len(clusters) > 1:
        raise InputError(
            f"the pools of {direction.surviving!r} belong to the clusters {', '.join(clusters)}; a scale-up is simulated "
            "of one: put its pools into one cluster"
        )
    left = _quota_left(design, direction.surviving)
    found = []
    for pool in pools:
        first = pool.billed_nodes
        most = first
        if pool.nodes is None or pool.failover_scale_out or not own:
            most = max(first, pool.max_nodes or first)
        vcpus = parse_vm_size(pool.vm_size).vcpus or 0
        if left is not None and vcpus:
            most = min(most, (first if own else 0) + max(0, left) // vcpus)
            left -= (most - (first if own else 0)) * vcpus
        found.append(StandbyPool(pool, min(first, most), most, _reserved(design, pool), not own))
    return tuple(found)


def _quota_left(design: Design, region: str) -> int | None:
    """Return the vCPU that a region may still start; None where no quota is stated."""
    quota = _section(design).capacity.vcpu_quota.get(region)
    return None if quota is None else quota - running_vcpus(design.components, region)


def _reserved(design: Design, pool: NodePool) -> int:
    return sum(
        c.instances
        for c in design.components.values()
        if isinstance(c, CapacityReservation) and c.node_pool == pool.name
    )


def _section(design: Design) -> FailoverSection:
    if design.failover is None:
        raise InputError("the design does not say how a failover goes; add the section failover")
    return design.failover


def failover_scale_up(
    plan: Plan, design: Design, direction: Direction, *, store: ScaleUpStore | None = None
) -> ScaleUp:
    """Carry a failover through the surviving region's autoscaler, or find what was carried before.

    Parameters
    ----------
    plan : Plan
        For its months and manifests.
    design : Design
        With the sections `scaling` and `failover`.
    direction : Direction
    store : ScaleUpStore, optional
        Where results are looked up and kept; the user's cache by default.

    Raises
    ------
    InputError
        If the design does not say what runs, with which load, or how a failover goes; or if the cluster
        cannot be simulated.
    """
    if design.scaling is None:
        raise InputError("the design does not say what runs on its clusters; add the section scaling")
    section, pools = _section(design), standby_pools(design, direction)
    provisioning = _provisioning(design, direction, pools)
    kept = store or ScaleUpStore.default()
    key = _key(plan, design.scaling, section, direction, pools, provisioning)
    found = kept.get(key)
    if found is None:
        _LOG.info("simulating the failover from %s; kept for the next time", direction)
        found = _simulated(plan, design.scaling, section, direction, pools, provisioning)
        kept.put(key, found)
    return found


def _provisioning(design: Design, direction: Direction, pools: tuple[StandbyPool, ...]) -> tuple[Length, ...]:
    """Return what must be made before the first node can run; where none runs, at least nothing may run before."""
    if not any(pool.is_made for pool in pools):
        empty = direction.before == 0 and not any(pool.first or pool.reserved for pool in pools)
        return (Fixed(0.0),) if empty else ()
    capacity = _section(design).capacity
    has_cluster = any(
        c.kind == "aks_cluster" and c.region == direction.surviving for c in design.components.values()
    )
    wanted = {"pool": capacity.pool} if has_cluster else {"cluster": capacity.cluster, "pool": capacity.pool}
    lacking = [name for name, value in wanted.items() if value is None]
    if lacking:
        raise InputError(
            f"{direction.surviving!r} has no node pool for the applications; say how long making it takes: "
            f"failover.capacity needs {' and '.join(lacking)}"
        )
    return tuple(value.length for value in wanted.values() if value is not None)


def _simulated(
    plan: Plan,
    scaling: ScalingSection,
    section: FailoverSection,
    direction: Direction,
    pools: tuple[StandbyPool, ...],
    provisioning: tuple[Length, ...],
) -> ScaleUp:
    from agog_capacity.availability.scale_up import scale_up

    names = [pool.component.name for pool in pools]
    return scale_up(
        region_load(scaling, Months(plan.months.first, plan.months.count), 1.0, released=False),
        kernel_workloads(plan, scaling, names),
        [_kernel_pool(pool, scaling, section) for pool in pools],
        before=direction.before,
        after=direction.after,
        room={pool.component.name: pool.reserved for pool in pools},
        provisioning=provisioning,
        autoscaler=kernel_autoscaler(scaling),
        courses=section.courses,
        seed=section.seed,
    )


def standby_kernel_pool(pool: StandbyPool, scaling: ScalingSection | None) -> Pool:
    """Return a pool of the surviving region as the kernel takes it: from what runs to the most it may have."""
    # A fixed pool must not shrink, and one between bounds keeps its own minimum.
    return kernel_pool(pool.component, scaling).replace(
        minimum=pool.first, maximum=pool.most, nodes=pool.first
    )


def _kernel_pool(pool: StandbyPool, scaling: ScalingSection, section: FailoverSection) -> Pool:
    made, boot = standby_kernel_pool(pool, scaling), section.capacity.node_boot
    return made if boot is None else made.replace(boot_s=boot.median_s, boot_sigma=boot.sigma)


def _key(
    plan: Plan,
    scaling: ScalingSection,
    section: FailoverSection,
    direction: Direction,
    pools: tuple[StandbyPool, ...],
    provisioning: tuple[Length, ...],
) -> str:
    boot = section.capacity.node_boot
    inputs: dict[str, Any] = {
        "library": [__version__, _VERSION],
        "months": [plan.months.first, plan.months.count],
        "scaling": scaling.model_dump(mode="json"),
        "manifests": dict(plan.manifest_texts[scaling.manifests]),
        "pools": [
            [
                p.component.name,
                p.component.vm_size,
                p.component.zones,
                p.component.memory_gib,
                p.first,
                p.most,
                p.reserved,
            ]
            for p in pools
        ],
        "shares": [direction.before, direction.after],
        "boot": None if boot is None else [boot.median_s, boot.sigma],
        "provisioning": [repr(length) for length in provisioning],
        "courses": [section.courses, section.seed],
    }
    return hashlib.blake2b(json.dumps(inputs, sort_keys=True).encode(), digest_size=20).hexdigest()


def failover_timelines(
    plan: Plan, scenario: str, *, samples: int = 50_000, store: ScaleUpStore | None = None
) -> tuple[FailoverTimeline, ...]:
    """Return the timelines of all failovers that a scenario can come to.

    Parameters
    ----------
    plan : Plan
    scenario : str
        Name of a scenario with the sections `scaling` and `failover`.
    samples : int
        Failovers that are drawn for each.
    store : ScaleUpStore, optional
        Where simulated scale-ups are looked up and kept; the user's cache by default.

    Returns
    -------
    tuple of FailoverTimeline
        One for each region with traffic and each region that takes over from it.

    Raises
    ------
    NotInResult
        If the plan has no such scenario.
    InputError
        If the scenario has one region only, lacks a section, or has a step that cannot be.
    """
    design = plan.scenario(scenario).design
    return tuple(_timeline(plan, design, direction, samples, store) for direction in directions(design))


def _timeline(
    plan: Plan, design: Design, direction: Direction, samples: int, store: ScaleUpStore | None
) -> FailoverTimeline:
    from agog_capacity.availability.data_loss import refuse_lag_longer_than_outage
    from agog_capacity.availability.timeline import failover_timeline

    section, pools = _section(design), standby_pools(design, direction)
    found = designed_failover(
        design,
        direction.lost,
        direction.surviving,
        plan.failure_classes,
        makes_pools=any(pool.is_made for pool in pools),
    )
    if found.lag is not None:
        outages = {
            name: each.lengths.median
            for name, each in plan.failure_classes.items()
            if each.failover and each.scope == "region"
        }
        refuse_lag_longer_than_outage(found.lag, outages, restored=found.restored)
    scale_up = failover_scale_up(plan, design, direction, store=store)
    targets = plan.targets
    return failover_timeline(
        found.parts,
        scale_up,
        lag=found.lag,
        overload=section.overload,
        name=str(direction),
        served_before=direction.before / direction.after,
        rto_target_s=None if targets.recovery_time_minutes is None else targets.recovery_time_minutes * 60,
        rpo_target_s=None if targets.recovery_point_minutes is None else targets.recovery_point_minutes * 60,
        notes=(*found.notes, *_capacity_notes(scale_up, pools, direction), *scale_up.warnings),
        samples=samples,
        seed=section.seed,
    )


def _capacity_notes(scale_up: ScaleUp, pools: tuple[StandbyPool, ...], direction: Direction) -> Iterator[str]:
    """Say what the nodes of the surviving region have to do with the result."""
    first, most = sum(p.first for p in pools), sum(p.most for p in pools)
    never = float(np.isinf(scale_up.time_s()).mean())
    if scale_up.room_covers_need and never == 0:
        where = "are made" if any(p.is_made for p in pools) else "run"
        yield (
            f"the {first} nodes that {where} in {direction.surviving}, or are reserved, serve as much as any number would: "
            "nodes decide nothing here"
        )
    elif not scale_up.room_covers_need:
        made = any(p.is_made for p in pools) or not first
        begins, without = (
            ("first makes", "has none") if made else ("begins with", "keeps what runs or is reserved")
        )
        yield (
            f"{direction.surviving} {begins} {first} nodes, reaches up to {scale_up.needed_nodes} and may have {most}; "
            f"without capacity it {without}"
        )
    if never:
        hours = scale_up.grown.hours
        yield f"in {never:.0%} of the simulated failovers {most} nodes do not serve the demand within {hours:g} h"
