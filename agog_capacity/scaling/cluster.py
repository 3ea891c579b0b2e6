"""A whole cluster to be simulated, the draws that stand for chance, and what a run must record."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from agog_capacity.errors import InputError, Problem, nearest
from agog_capacity.model import Flag, Model
from agog_capacity.scaling.nodes import PodGroup, Resources, TopologySpread
from agog_capacity.scaling.pool import ClusterAutoscaler, ControllerManager, Pool
from agog_capacity.scaling.workload import Workload

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

TICK_S = 5
"""Base tick of the simulation. [s]"""
SYNC_TICKS = 3
"""The HPA decides, and usage is measured, every 15 s."""
LONG_AGO = -200_000
"""Tick at which what exists at the start began to exist: 11 days before."""
MOST_NODES = 2000
"""That a cluster may be simulated with; AKS allows 5,000."""
BACKOFF_S = (300, 1800)
"""First and longest time for which a pool is not tried after a node that did not come. [s]"""
BACKOFF_RESET_S = 10_800

REASONS = (
    "NoAutoscaler",
    "DesiredWithinRange",
    "TooManyReplicas",
    "ScaleUpLimit",
    "TooFewReplicas",
    "ScaleDownLimit",
    "FailedGetMetrics",
    "ScalingDisabled",
    "OutsideBounds",
)
"""What limited a decision, by its number in a trace."""


class ScalingError(InputError):
    """A cluster, a load or a setting that cannot be simulated."""


class Draws(NamedTuple):
    """Chance, given from outside; each array is used from its start and begins anew at its end."""

    boot_ticks: IntArray
    """Time to boot of the next new node if it is of a pool, shape (pools, draws). [ticks]"""
    expander: FloatArray
    """Position among the options that an expander leaves, from 0 to below 1."""


class Steps(NamedTuple):
    """What happened, one row per HPA sync (15 s)."""

    spec: IntArray
    """Desired replicas after the sync, shape (syncs, workloads)."""
    ready: IntArray
    """Ready pods at the sync, shape (syncs, workloads)."""
    waiting: IntArray
    """Pods without a node, shape (syncs, workloads)."""
    percent: IntArray
    """Utilisation that the HPA saw, -1 where none, shape (syncs, workloads). [%]"""
    reason: IntArray
    """Number in `REASONS`, shape (syncs, workloads)."""
    nodes_ready: IntArray
    """Shape (syncs, pools)."""
    nodes_billed: IntArray
    """Booting, ready and going, shape (syncs, pools)."""
    unserved: FloatArray
    """Requests of the 15 s from the sync on that no pod could take, shape (syncs, workloads)."""
    requests: FloatArray
    """All requests of the 15 s from the sync on, shape (syncs, workloads)."""


def ticks_of(seconds: float) -> int:
    """Return a time in whole ticks, rounded up."""
    return math.ceil(round(seconds / TICK_S, 9))


class Cluster(Model):
    """Workloads on pools, with the two autoscalers' settings."""

    workloads: Annotated[tuple[Workload, ...], Field(min_length=1, max_length=64)]
    pools: Annotated[tuple[Pool, ...], Field(min_length=1, max_length=32)]
    autoscaler: ClusterAutoscaler = ClusterAutoscaler()
    manager: ControllerManager = ControllerManager()
    share_cores: Flag = False
    """Whether ready pods share the cores of the ready nodes. Without it a pod uses up to its limit, whatever
    else runs beside it: near enough while autoscalers keep up, far too much right after a failover."""

    def checked(self) -> Self:
        """Return the cluster itself if it can be simulated.

        Raises
        ------
        ScalingError
            With every problem. (Raised inside pydantic's validation it would lose its places.)
        """
        problems = list(self._problems())
        if problems:
            raise ScalingError(problems)
        return self

    def _problems(self) -> Iterator[Problem]:
        names = [pool.name for pool in self.pools]
        if sum(pool.maximum for pool in self.pools) > MOST_NODES:
            yield Problem(f"together they may have over {MOST_NODES:,} nodes; lower a maximum", path="pools")
        for kind, listed in (("pools", names), ("workloads", [each.name for each in self.workloads])):
            for name in sorted({name for name in listed if listed.count(name) > 1}):
                yield Problem(f"{name!r} stands twice; names must differ", path=kind)
        for workload in self.workloads:
            path = f"workloads.{workload.name}"
            for name in workload.pools:
                if name not in names:
                    yield Problem(f"pool {name!r} is not there; {nearest(name, names)}", path=f"{path}.pools")
            first = [each for each in self.workloads if each.name == workload.stands_beside]
            if workload.stands_beside is not None and (not first or first[0].stands_beside is not None):
                others = [each.name for each in self.workloads if each.stands_beside is None]
                yield Problem(
                    f"{workload.stands_beside!r} is no workload that it can stand beside; "
                    f"{nearest(workload.stands_beside, others)}",
                    path=f"{path}.stands_beside",
                )
            allowed = [pool for pool in self.pools if not workload.pools or pool.name in workload.pools]
            request = (workload.cpu_request_milli, workload.memory_request_bytes)
            if allowed and not any(pool.pods_per_node(*request) for pool in allowed):
                yield Problem(
                    f"no node of {', '.join(pool.name for pool in allowed)} can hold one pod: it requests {request[0]} "
                    f"thousandths of a core and {request[1]:,} bytes, the roomiest node offers "
                    f"{max(p.cpu_milli - p.daemon_cpu_milli for p in allowed)} and "
                    f"{max(p.memory_bytes - p.daemon_memory_bytes for p in allowed):,} after its daemon pods; "
                    "lower the requests or choose a larger size",
                    path=path,
                )
        for pool in self.pools:
            if pool.pods_per_node(1, 1) == 0:
                yield Problem("its daemon pods leave no room for a pod", path=f"pools.{pool.name}")

    def most_pods(self, workload: Workload) -> int:
        """Return the most pods that a workload can have, those of its releases included."""
        if workload.stands_beside is None or workload.releases is None:
            return workload.most_pods
        first = next(each for each in self.workloads if each.name == workload.stands_beside)
        return workload.releases.surge(first.most_replicas)

    def usage_caps(self) -> tuple[tuple[int, int], ...]:
        """Return the most cpu and memory that a pod of each workload can use. [thousandths of a core, of a byte]

        Its limit; without one what the largest node has. Sums over all pods times 100 must fit into 64 bits, so
        together they use at most 90 TB of memory.
        """
        cpu = max(pool.cpu_milli for pool in self.pools)
        memory = max(pool.memory_bytes for pool in self.pools)
        return tuple(
            (
                each.cpu_limit_milli or cpu,
                min(each.memory_limit_bytes or memory, 9 * 10**13 // max(1, self.most_pods(each))) * 1000,
            )
            for each in self.workloads
        )

    def groups(self) -> tuple[PodGroup, ...]:
        """Return what the scheduler needs to know of each workload's pods."""
        numbers = {pool.name: number for number, pool in enumerate(self.pools)}
        return tuple(
            PodGroup(
                workload.name,
                0,
                Resources(workload.cpu_request_milli, workload.memory_request_bytes),
                None,
                None
                if workload.spread is None
                else TopologySpread(
                    workload.spread.max_skew, workload.spread.key, workload.spread.min_domains
                ),
                frozenset(numbers[name] for name in workload.pools) if workload.pools else None,
            )
            for workload in self.workloads
        )

    def similar_pools(self) -> tuple[int, ...]:
        """Return for each pool the number of the first pool that is like it: itself unless balancing is on.

        Upstream compares capacity (memory within 1.5 %), allocatable and free (5 %) and labels; here sizes,
        daemon pods and who may run there must be the same.
        """
        first: list[int] = []
        for number, pool in enumerate(self.pools):
            like = number
            if self.autoscaler.balance_similar_pools:
                for earlier in range(number):
                    if first[earlier] == earlier and self._alike(self.pools[earlier], pool):
                        like = earlier
                        break
            first.append(like)
        return tuple(first)

    def _alike(self, one: Pool, other: Pool) -> bool:
        same = all(
            getattr(one, name) == getattr(other, name)
            for name in ("cpu_milli", "memory_bytes", "max_pods", "capacity", "daemons", "daemon_pods")
        )
        return same and all(
            not each.pools or (one.name in each.pools) == (other.name in each.pools)
            for each in self.workloads
        )


def checked_rates(rates: FloatArray, workloads: int) -> FloatArray:
    """Return a load as a contiguous array, shape (workloads, steps).

    Raises
    ------
    ScalingError
        If the shape is another, or a rate is negative or not a number.
    """
    array = np.ascontiguousarray(rates, dtype=np.float64)
    if array.ndim != 2 or array.shape[0] != workloads or array.shape[1] == 0:
        raise ScalingError(
            f"the load has shape {array.shape}; it must be ({workloads}, steps): one row for each workload"
        )
    bad = np.argwhere(~np.isfinite(array) | (array < 0))
    if len(bad):
        workload, step = (int(number) for number in bad[0])
        raise ScalingError(
            f"the load of workload {workload} is {array[workload, step]} requests per second in step {step} "
            f"({len(bad)} such values in all); a rate is a number from 0"
        )
    if array.max() > 1e9:
        raise ScalingError(f"the load reaches {array.max():g} requests per second; at most 1e9 are simulated")
    return array
