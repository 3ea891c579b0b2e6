"""What Azure Kubernetes Service keeps of a node for itself, and its autoscaler's defaults.

Sources: Microsoft Learn, "Node resource reservations" and "Use the cluster autoscaler"; the reservations of
karpenter-provider-azure (KubeReservedResources).
"""

from __future__ import annotations

from typing import Literal

from agog_capacity.scaling.nodes import Resources

MEBIBYTE = 1024**2
GIBIBYTE = 1024**3
HARD_MAXIMUM_PODS = 250
SYSTEM_MEMORY_SHARE = 0.075
"""Share of a size's memory that firmware and kernel take before the node sees it, as Karpenter assumes."""

MemoryRule = Literal["1.29+", "<1.29"]

_CORE_SHARES_MILLI = (60, 40, 20, 20)
_OLD_MEMORY_TIERS_GB = ((4.0, 0.25), (4.0, 0.20), (8.0, 0.10), (112.0, 0.06), (float("inf"), 0.02))
_EVICTION_GB = {"1.29+": 0.1, "<1.29": 0.75}


def cpu_reserved_milli(vcpus: int) -> int:
    """Return the cpu that AKS reserves: 6, 4, 2 and 2 % of the first cores, 1 % of the rest.

    Parameters
    ----------
    vcpus : int
        Cores of the size.

    Returns
    -------
    int
        [thousandths of a core]

    Examples
    --------
    >>> [cpu_reserved_milli(cores) for cores in (1, 2, 4, 8, 16, 32, 64)]
    [60, 100, 140, 180, 260, 420, 740]
    """
    return sum(_CORE_SHARES_MILLI[:vcpus]) + 10 * max(0, vcpus - len(_CORE_SHARES_MILLI))


def memory_reserved_gb(
    memory_gb: float, max_pods: int | None, rule: MemoryRule = "1.29+"
) -> tuple[float, float]:
    """Return the memory that AKS reserves and what is left for pods.

    Parameters
    ----------
    memory_gb : float
        Memory of the node. [GB, as the documentation writes them]
    max_pods : int or None
        Pods a node may carry; without effect before 1.29.
    rule : {"1.29+", "<1.29"}
        Version of Kubernetes.

    Returns
    -------
    reserved_gb, allocatable_gb : float
        The eviction threshold (0.1 or 0.75 GB) is taken from allocatable too.
    """
    if rule == "1.29+":
        if max_pods is None:
            raise ValueError("max_pods is not given; from Kubernetes 1.29 on the reservation depends on it")
        reserved = min(0.02 * max_pods + 0.05, 0.25 * memory_gb)
    else:
        reserved, left = 0.0, memory_gb
        for width, share in _OLD_MEMORY_TIERS_GB:
            reserved += min(left, width) * share
            left = max(0.0, left - width)
    return reserved, memory_gb - reserved - _EVICTION_GB[rule]


def allocatable(
    vcpus: int, memory_gib: float, max_pods: int, system_memory_share: float = SYSTEM_MEMORY_SHARE
) -> Resources:
    """Return what a node of AKS 1.29 or later offers to pods, daemon pods included.

    Parameters
    ----------
    vcpus : int
    memory_gib : float
        Of the size, as sold. [GiB]
    max_pods : int
    system_memory_share : float
        Part of the memory that the node does not see. [share of 1]

    Returns
    -------
    Resources
        The node counts in MiB: 20 MiB a pod and 50 MiB, at most a quarter, and 100 MiB for eviction.
    """
    visible = int(memory_gib * GIBIBYTE * (1 - system_memory_share))
    reserved = min((20 * max_pods + 50) * MEBIBYTE, visible // 4)
    return Resources(vcpus * 1000 - cpu_reserved_milli(vcpus), visible - reserved - 100 * MEBIBYTE)
