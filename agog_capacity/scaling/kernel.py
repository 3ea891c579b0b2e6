"""The simulation in its fast form, compiled by numba and cached on disk.

It is the twin of `reference`: the same cluster, load and draws give the same steps. One call simulates one
scenario without the interpreter's lock, so scenarios run on threads. Its memory does not grow with the number of
steps unless hours or steps are asked for.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from agog_capacity.scaling.cluster import LONG_AGO, SYNC_TICKS, TICK_S
from agog_capacity.scaling.kernel_autoscaler import add_node, advance, scan
from agog_capacity.scaling.kernel_hpa import decided, new_memory, record, synced, write
from agog_capacity.scaling.kernel_nodes import (
    ADDED,
    CHANGED,
    LAST_DELETION,
    LAST_UP,
    LOOK_AGAIN,
    UNNEEDED,
    WAITS,
    State,
    add_pods,
    counted,
    new_state,
    remove_pods,
    schedule,
)
from agog_capacity.scaling.kernel_setup import MAXIMUM_SCRAPES, Config

TICKS_PER_HOUR = 3600 // TICK_S
SOURCES = (
    "kernel.py",
    "kernel_autoscaler.py",
    "kernel_hpa.py",
    "kernel_nodes.py",
    "kernel_setup.py",
    "cluster.py",
    "scheduling.py",
)

# Columns of the totals and hours of workloads and pools.
REQUESTS, UNSERVED, READY_TICKS, WAITING_TICKS, PEAK_SPEC, SPEC_SYNCS, AT_MAX_SYNCS, RESCALES = range(8)
BILLED_TICKS, NODE_READY_TICKS, PEAK_BILLED, AT_MAX_TICKS, AT_MIN_TICKS = range(5)


class Load(NamedTuple):
    """Load of one scenario: a table that begins anew at its end, times autocorrelated noise."""

    rates: Any
    """Shape (W, steps). [requests per second]"""
    step: int
    """Length of a step of the table. [ticks]"""
    autocorrelation: float
    """Of the noise from one 15 s to the next."""
    deviation: float
    """Standard deviation of the noise; 0: none. [share of 1]"""
    key: int
    """Of the noise's random streams; each workload has its own."""


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


@njit
def mixed(value: np.uint64) -> np.uint64:
    """Mix 64 bits (the finaliser of SplitMix64)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit
def uniform(key: np.uint64, number: np.uint64) -> float:
    """Return the draw of a number in a stream: above 0, at most 1."""
    bits = mixed(key + number * np.uint64(0x9E3779B97F4A7C15))
    return (float(bits >> np.uint64(11)) + 1.0) * (1.0 / 9007199254740992.0)


@njit
def advance_noise(load: Load, w: int, number: int, noise: Any, spare: Any) -> None:
    """Step a workload's noise to the next 15 s. Two normal draws come from each pair of uniform ones."""
    if number % 2 == 0:
        key = mixed(np.uint64(load.key) + np.uint64(w + 1) * np.uint64(0xD1342543DE82EF95))
        radius = np.sqrt(-2.0 * np.log(uniform(key, np.uint64(number))))
        angle = 2.0 * np.pi * uniform(key, np.uint64(number + 1))
        normal = radius * np.cos(angle)
        spare[w] = radius * np.sin(angle)
    else:
        normal = spare[w]
    if number == 0:
        noise[w] = load.deviation * normal
    else:
        scale = load.deviation * np.sqrt(1.0 - load.autocorrelation * load.autocorrelation)
        noise[w] = load.autocorrelation * noise[w] + scale * normal


@njit
def start(config: Config, memory: Any, state: State) -> None:
    """Set up the cluster as it has been for long."""
    state.number[LAST_UP] = LONG_AGO
    state.number[LAST_DELETION] = LONG_AGO
    state.number[CHANGED] = 1
    for pool in range(len(config.pools)):
        state.pools[pool].target = config.pools[pool].first
        state.pools[pool].backoff_until = LONG_AGO
        state.pools[pool].last_failure = LONG_AGO
        for _ in range(config.pools[pool].first):
            add_node(config, state, pool, LONG_AGO, LONG_AGO)
    for w in range(len(config.workloads)):
        add_pods(state, w, config.workloads[w].replicas, LONG_AGO)
    schedule(config, state, 0, True)


@njit
def flush(record_to: Record, hour: int, hours_w: Any, hours_p: Any) -> None:
    """Add an hour to the totals and begin the next."""
    if hour < len(record_to.workload_hours):
        record_to.workload_hours[hour] = hours_w
        record_to.pool_hours[hour] = hours_p
    for w in range(len(hours_w)):
        for column in range(4):
            record_to.workloads[w, column] += hours_w[w, column]
        record_to.workloads[w, PEAK_SPEC] = max(record_to.workloads[w, PEAK_SPEC], hours_w[w, PEAK_SPEC])
    for p in range(len(hours_p)):
        record_to.pools[p, BILLED_TICKS] += hours_p[p, BILLED_TICKS]
        record_to.pools[p, NODE_READY_TICKS] += hours_p[p, NODE_READY_TICKS]
        record_to.pools[p, PEAK_BILLED] = max(record_to.pools[p, PEAK_BILLED], hours_p[p, PEAK_BILLED])
    hours_w[:, :] = 0.0
    hours_p[:, :] = 0.0


def _simulate(
    config: Config,
    memory: Any,
    state: State,
    load: Load,
    chance: Chance,
    record_to: Record,
    ticks: int,
) -> int:
    """Simulate one scenario from its start; return the number of nodes added."""
    workloads, pools = len(config.workloads), len(config.pools)
    counts = np.zeros((workloads, 8), np.int64)
    ready_pods = np.zeros(workloads, np.int64)
    used = np.zeros((workloads, 4), np.int64)
    summed = np.zeros((workloads, 3), np.int64)
    total_rate = np.zeros(workloads)
    now_used = np.zeros((workloads, 3), np.int64)
    now_rate = np.full(workloads, -1.0)
    now_ready = np.full(workloads, -1, np.int64)
    now_unserved = np.zeros(workloads)
    rates = np.zeros((workloads, MAXIMUM_SCRAPES + 1), np.int64)
    totals = np.zeros((workloads, MAXIMUM_SCRAPES + 1), np.int64)
    noise, spare = np.zeros(workloads), np.zeros(workloads)
    hours_w = np.zeros((workloads, 5))
    hours_p = np.zeros((pools, 3))
    for w in range(workloads):
        used[w, 2] = int(min(config.workloads[w].cpu_base, config.workloads[w].cpu_cap))
        used[w, 3] = int(min(config.workloads[w].memory_base, config.workloads[w].memory_cap))
    start(config, memory, state)
    node_event = 0
    steps = load.rates.shape[1]
    column, column_left = 0, load.step
    scan_in = sync_in = 0
    sync = -1
    hour, hour_left = 0, TICKS_PER_HOUR
    steps_asked = len(record_to.counts) > 0
    for tick in range(ticks):
        if tick >= node_event:
            node_event = advance(config, state, tick)
        if state.number[WAITS]:
            schedule(config, state, tick, False)
            state.number[WAITS] = 0
        for w in range(workloads):
            if tick >= state.stable_until[w]:
                counted(config, state, w, tick, counts[w])
                if counts[w, 0] != ready_pods[w]:
                    ready_pods[w] = counts[w, 0]
                    state.number[CHANGED] = 1
        if scan_in == 0:
            scan_in = config.settings[0].scan
            if (
                state.number[CHANGED]
                or state.number[UNNEEDED]
                or tick >= state.number[LOOK_AGAIN]
                or state.waiting.sum() > 0
            ) and scan(config, state, ready_pods, chance.boots, chance.expander, tick):
                node_event = 0
                for w in range(workloads):
                    if tick >= state.stable_until[w]:
                        counted(config, state, w, tick, counts[w])
                        ready_pods[w] = counts[w, 0]
        scan_in -= 1
        if sync_in == 0:
            sync_in = SYNC_TICKS
            sync += 1
            for w in range(workloads):
                if load.deviation > 0.0:
                    advance_noise(load, w, sync, noise, spare)
                if tick > 0:
                    for position in range(2):
                        used[w, position] = summed[w, position] // SYNC_TICKS
                    at = rates[w, MAXIMUM_SCRAPES] % MAXIMUM_SCRAPES
                    rates[w, at] = summed[w, 2] // SYNC_TICKS
                    totals[w, at] = int(total_rate[w] * 1000 / SYNC_TICKS)
                    rates[w, MAXIMUM_SCRAPES] += 1
                    totals[w, MAXIMUM_SCRAPES] += 1
                    summed[w, :] = 0
                    total_rate[w] = 0.0
                reason, percent = 0, -1
                if config.workloads[w].has_hpa:
                    pods = state.pods[w]
                    before = memory[w].spec
                    reason, percent = synced(
                        config, memory, w, pods, counts[w], used[w], rates[w], totals[w], tick
                    )
                    change = memory[w].spec - pods
                    if change > 0:
                        add_pods(state, w, change, tick)
                    elif change < 0:
                        remove_pods(config, state, w, -change, tick)
                    record_to.workloads[w, RESCALES] += memory[w].spec != before
                    record_to.workloads[w, AT_MAX_SYNCS] += memory[w].spec >= config.workloads[w].hpa_max
                    if tick >= state.stable_until[w]:
                        counted(config, state, w, tick, counts[w])
                        ready_pods[w] = counts[w, 0]
                record_to.workloads[w, SPEC_SYNCS] += memory[w].spec
                hours_w[w, PEAK_SPEC] = max(hours_w[w, PEAK_SPEC], memory[w].spec)
                if steps_asked:
                    record_to.counts[sync, 0, w] = memory[w].spec
                    record_to.counts[sync, 1, w] = ready_pods[w]
                    record_to.counts[sync, 2, w] = state.waiting[w]
                    record_to.counts[sync, 3, w] = percent
                    record_to.counts[sync, 4, w] = reason
            if steps_asked:
                for p in range(pools):
                    record_to.nodes[sync, 0, p] = state.pools[p].ready
                    record_to.nodes[sync, 1, p] = state.pools[p].billed
        sync_in -= 1
        for w in range(workloads):
            rate = load.rates[w, column]
            if load.deviation > 0.0:
                rate *= max(0.0, 1.0 + noise[w])
            ready = ready_pods[w]
            if rate != now_rate[w] or ready != now_ready[w]:
                now_rate[w], now_ready[w] = rate, ready
                each = rate / ready if ready > 0 else 0.0
                now_used[w, 0] = int(
                    min(
                        config.workloads[w].cpu_base + config.workloads[w].cpu_slope * each,
                        config.workloads[w].cpu_cap,
                    )
                )
                now_used[w, 1] = int(
                    min(
                        config.workloads[w].memory_base + config.workloads[w].memory_slope * each * 1000.0,
                        config.workloads[w].memory_cap,
                    )
                )
                now_used[w, 2] = int(each * 1000.0)
                served = ready * config.workloads[w].capacity_rps if ready > 0 else 0.0
                now_unserved[w] = max(0.0, rate - served) * TICK_S
            summed[w, 0] += now_used[w, 0]
            summed[w, 1] += now_used[w, 1]
            summed[w, 2] += now_used[w, 2]
            total_rate[w] += rate
            hours_w[w, REQUESTS] += rate * TICK_S
            hours_w[w, UNSERVED] += now_unserved[w]
            hours_w[w, READY_TICKS] += ready
            hours_w[w, WAITING_TICKS] += state.waiting[w]
            if steps_asked:
                record_to.flows[sync, 0, w] += rate * TICK_S
                record_to.flows[sync, 1, w] += now_unserved[w]
        for p in range(pools):
            billed = state.pools[p].billed
            hours_p[p, BILLED_TICKS] += billed
            hours_p[p, NODE_READY_TICKS] += state.pools[p].ready
            hours_p[p, PEAK_BILLED] = max(hours_p[p, PEAK_BILLED], billed)
            record_to.pools[p, AT_MAX_TICKS] += state.pools[p].target >= config.pools[p].max
            record_to.pools[p, AT_MIN_TICKS] += state.pools[p].target <= config.pools[p].min
        column_left -= 1
        if column_left == 0:
            column_left = load.step
            column = column + 1 if column + 1 < steps else 0
        hour_left -= 1
        if hour_left == 0:
            flush(record_to, hour, hours_w, hours_p)
            hour += 1
            hour_left = TICKS_PER_HOUR
    if hour_left < TICKS_PER_HOUR:
        flush(record_to, hour, hours_w, hours_p)
    return state.number[ADDED]


def _digest() -> int:
    folder = Path(__file__).parent
    text = b"".join((folder / name).read_bytes() for name in SOURCES)
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), "big")


# numba's cache watches only the file of a compiled function, not those it calls into. So the digest of all kernel
# sources stands in the name under which the entry is cached: an edit of any of them is another entry, and an older
# one is never read.
_simulate.__qualname__ = f"simulate_{_digest():014x}"
simulate_scenario = njit(cache=True, nogil=True)(_simulate)


@njit
def decide_series(config: Config, memory: Any, proposals: Any, interval_s: int, replicas: Any) -> None:
    """Take raw proposals through the first workload's HPA, one each interval."""
    record(memory, 0, memory[0].spec, 0)
    for number in range(len(proposals)):
        now_s = number * interval_s
        wanted, _ = decided(config, memory, 0, proposals[number], now_s)
        write(config, memory, 0, wanted, now_s)
        replicas[number] = memory[0].spec


__all__ = [
    "Chance",
    "Load",
    "Record",
    "advance_noise",
    "decide_series",
    "new_memory",
    "new_state",
    "simulate_scenario",
]
