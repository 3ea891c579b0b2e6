"""What the kernel is given beside a cluster, where it works and where its results go."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agog_capacity.scaling.kernel_setup import MAXIMUM_SCRAPES, Config

# Columns of the totals and hours of workloads and pools.
REQUESTS, UNSERVED, READY_TICKS, WAITING_TICKS, PEAK_SPEC, SPEC_SYNCS, AT_MAX_SYNCS, RESCALES = range(8)
BILLED_TICKS, NODE_READY_TICKS, PEAK_BILLED, AT_MAX_TICKS, AT_MIN_TICKS = range(5)


class Chance(NamedTuple):
    """Draws from outside."""

    boots: Any
    expander: Any


class Record(NamedTuple):
    """Where results go. Arrays without rows are left alone."""

    workloads: Any
    """Totals, shape (W, 8)."""
    pools: Any
    """Totals, shape (P, 5)."""
    workload_hours: Any
    """Shape (hours, W, 5): the first five columns."""
    pool_hours: Any
    """Shape (hours, P, 3)."""
    counts: Any
    """Spec, ready, waiting, percent, reason of each sync, shape (syncs, 5, W)."""
    nodes: Any
    """Ready and billed nodes of each sync, shape (syncs, 2, P)."""
    flows: Any
    """Requests and unserved of the 15 s from each sync on, shape (syncs, 2, W)."""


class Work(NamedTuple):
    """Working space of the loop, by workload."""

    counts: Any
    ready_pods: Any
    used: Any
    """Cpu and memory of a pod that serves, and of one that only runs, as last measured. [thousandths]"""
    summed: Any
    """Cpu, memory and rate of a pod that serves, since the last measurement. [thousandths]"""
    total_rate: Any
    now_used: Any
    now_rate: Any
    now_ready: Any
    now_share: Any
    now_unserved: Any
    rates: Any
    """Ring of measured rates per pod; the last element counts them. [thousandths]"""
    totals: Any
    noise: Any
    spare: Any
    workload_hour: Any
    pool_hour: Any
    release: Any
    """Number of the next release, the tick at which the running one ends, and the pods of a second colour."""
    expected: Any
    """Replicas that each workload's budget counts: those wanted at the last sync, without surge."""


def new_work(config: Config) -> Work:
    """Return working space."""
    workloads = len(config.workloads)

    def whole(*columns: int) -> Any:
        return np.zeros((workloads, *columns), np.int64)

    return Work(
        whole(8),
        whole(),
        whole(4),
        whole(3),
        np.zeros(workloads),
        whole(3),
        np.zeros(workloads),
        whole(),
        np.zeros(workloads),
        np.zeros(workloads),
        whole(MAXIMUM_SCRAPES + 1),
        whole(MAXIMUM_SCRAPES + 1),
        np.zeros(workloads),
        np.zeros(workloads),
        np.zeros((workloads, 5)),
        np.zeros((len(config.pools), 3)),
        whole(3),
        config.workloads["replicas"].copy(),
    )
