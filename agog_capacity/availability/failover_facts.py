"""Facts about the room a region needs when it takes over from another: comparisons between pools of two regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agog_capacity.azure_sizes import parse_vm_size
from agog_capacity.components.node_pool import NodePool
from agog_capacity.design import Design
from agog_capacity.roles import application_pools, running_vcpus
from agog_capacity.statements import Fact


def failover_facts(design: Design) -> Mapping[str, dict[str, Fact]]:
    """Return what each pool of applications needs after the loss of another region, in shares of what it may have.

    The need of a standby is that of the fixed pools of the region that is lost. Nothing is said where a count is left
    to the autoscaler, nor of a region that serves too, which may be sized for all: what is needed then comes out of a
    simulation.

    Parameters
    ----------
    design : Design

    Returns
    -------
    mapping of str to dict
        By pool: `failover_nodes_over_max`, and `failover_vcpu_over_quota` where the plan states a quota.
    """
    found: dict[str, dict[str, Fact]] = {}
    for region in design.regions:
        lost = [name for name, each in design.regions.items() if name != region and each.traffic_share > 0]
        mine = application_pools(design.components, region)
        if not lost or not mine or design.regions[region].traffic_share > 0:
            continue
        others = [_fixed_vcpus(application_pools(design.components, name)) for name in lost]
        known = [vcpus for vcpus in others if vcpus is not None]
        most = sum(_most_nodes(pool) * _vcpus(pool) for pool in mine)
        if len(known) < len(others) or not most:
            continue
        need = max(known)
        for pool in mine:
            found[pool.name] = {"failover_nodes_over_max": need / most}
        found |= dict(_against_quota(design, region, mine, need, found))
    return found


def _against_quota(
    design: Design, region: str, pools: list[NodePool], need: float, found: Mapping[str, dict[str, Fact]]
) -> Iterator[tuple[str, dict[str, Fact]]]:
    quota = design.failover.capacity.vcpu_quota.get(region) if design.failover is not None else None
    if quota is None:
        return
    beside = running_vcpus(design.components, region) - sum(
        pool.billed_nodes * _vcpus(pool) for pool in pools
    )
    for pool in pools:
        yield pool.name, {**found[pool.name], "failover_vcpu_over_quota": (beside + need) / quota}


def _vcpus(pool: NodePool) -> int:
    return parse_vm_size(pool.vm_size).vcpus or 0


def _most_nodes(pool: NodePool) -> int:
    """Return how far a pool can go: fixed pools only where they are marked to grow in a failover."""
    if pool.nodes is not None and not pool.failover_scale_out:
        return pool.nodes
    return max(pool.nodes or 0, pool.max_nodes or 0)


def _fixed_vcpus(pools: list[NodePool]) -> int | None:
    """Return the vCPU of pools with fixed counts; None where one is left to the autoscaler."""
    if not pools or any(pool.nodes is None for pool in pools):
        return None
    return sum((pool.nodes or 0) * _vcpus(pool) for pool in pools)
