# mypy: disable-error-code="no-any-return,return-value"
"""The simulation in its fast form, compiled by numba and cached on disk.

It is the twin of `reference`: the same cluster, load and draws give the same steps. One call simulates one
scenario without the interpreter's lock, so scenarios run on threads. Its memory does not grow with the number of
steps unless hours or steps are asked for.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from agog_capacity.scaling.cluster import LONG_AGO, SYNC_TICKS, TICK_S
from agog_capacity.scaling.kernel_compile import compiled, compiled_entry, inlined
from agog_capacity.scaling.kernel_hpa import decided, new_memory, record, synced, write
from agog_capacity.scaling.kernel_nodes import (
    ADDED,
    CHANGED,
    EARLIEST,
    LAST_DELETION,
    LAST_UP,
    LOOK_AGAIN,
    WAITS,
    State,
    add_pods,
    all_waiting,
    counted,
    new_state,
    remove_pods,
    schedule,
)
from agog_capacity.scaling.kernel_noise import Load, advance_noise
from agog_capacity.scaling.kernel_records import (
    AT_MAX_SYNCS,
    AT_MAX_TICKS,
    AT_MIN_TICKS,
    BILLED_TICKS,
    NODE_READY_TICKS,
    PEAK_BILLED,
    PEAK_SPEC,
    READY_TICKS,
    REQUESTS,
    RESCALES,
    SPEC_SYNCS,
    UNSERVED,
    WAITING_TICKS,
    Chance,
    Record,
    Work,
    new_work,
)
from agog_capacity.scaling.kernel_scaledown import scan
from agog_capacity.scaling.kernel_scaleup import add_node, advance
from agog_capacity.scaling.kernel_setup import MAXIMUM_SCRAPES, Config

TICKS_PER_HOUR = 3600 // TICK_S
SOURCES = (
    "kernel.py",
    "kernel_compile.py",
    "kernel_estimate.py",
    "kernel_hpa.py",
    "kernel_nodes.py",
    "kernel_noise.py",
    "kernel_records.py",
    "kernel_scaledown.py",
    "kernel_scaleup.py",
    "kernel_setup.py",
    "cluster.py",
    "scheduling.py",
)


@compiled
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


@compiled
def flush(record_to: Record, hour: int, hours_w: Any, hours_p: Any) -> None:
    """Add an hour to the totals and begin the next."""
    is_asked = hour < len(record_to.workload_hours)
    for w in range(len(hours_w)):
        for column in range(4):
            record_to.workloads[w, column] += hours_w[w, column]
        record_to.workloads[w, PEAK_SPEC] = max(record_to.workloads[w, PEAK_SPEC], hours_w[w, PEAK_SPEC])
        if is_asked:
            for column in range(5):
                record_to.workload_hours[hour, w, column] = hours_w[w, column]
    for p in range(len(hours_p)):
        for column in range(2):
            record_to.pools[p, column] += hours_p[p, column]
        record_to.pools[p, PEAK_BILLED] = max(record_to.pools[p, PEAK_BILLED], hours_p[p, PEAK_BILLED])
        if is_asked:
            for column in range(3):
                record_to.pool_hours[hour, p, column] = hours_p[p, column]
    hours_w[:, :] = 0.0
    hours_p[:, :] = 0.0


@inlined
def refresh(config: Config, state: State, work: Work, tick: int) -> None:
    """Count pods by stage where one passed to the next."""
    for w in range(len(work.ready_pods)):
        if tick >= state.stable_until[w]:
            counted(config, state, w, tick, work.counts[w])
            if work.counts[w, 0] != work.ready_pods[w]:
                work.ready_pods[w] = work.counts[w, 0]
                state.number[CHANGED] = 1


@inlined
def measure(work: Work, w: int) -> None:
    """Scrape: usage is the average of the 15 s before."""
    work.used[w, 0] = work.summed[w, 0] // SYNC_TICKS
    work.used[w, 1] = work.summed[w, 1] // SYNC_TICKS
    at = work.rates[w, MAXIMUM_SCRAPES] % MAXIMUM_SCRAPES
    work.rates[w, at] = work.summed[w, 2] // SYNC_TICKS
    work.totals[w, at] = int(work.total_rate[w] * 1000 / SYNC_TICKS)
    work.rates[w, MAXIMUM_SCRAPES] += 1
    work.totals[w, MAXIMUM_SCRAPES] += 1
    work.summed[w, 0] = work.summed[w, 1] = work.summed[w, 2] = 0
    work.total_rate[w] = 0.0


@inlined
def surge_of(config: Config, w: int, replicas: int) -> int:
    """Return the pods that a release adds to so many replicas."""
    if replicas == 0:
        return 0
    row = config.workloads[w]
    return row.surge_pods if row.surge_pods > 0 else -(-replicas * row.surge_percent // 100)


@inlined
def begin_releases(config: Config, memory: Any, work: Work, w: int, tick: int) -> None:
    """Take up the releases that are due."""
    row = config.workloads[w]
    replicas = memory[row.beside].spec if row.beside >= 0 else memory[w].spec
    while config.releases[w, work.release[w, 0]] <= tick:
        work.release[w, 0] += 1
        surge = surge_of(config, w, replicas)
        if surge > 0:
            lasts = -(-replicas // surge) * (row.pull + row.start) + row.hold
            work.release[w, 1] = max(work.release[w, 1], tick + lasts)
            work.release[w, 2] = surge


@inlined
def follow(
    config: Config, memory: Any, state: State, work: Work, record_to: Record, w: int, tick: int
) -> tuple[int, int]:
    """Let one HPA decide and the workload follow; return the reason and the percent."""
    pods, before = state.pods[w], memory[w].spec
    reason, percent = 0, -1
    begin_releases(config, memory, work, w, tick)
    if config.workloads[w].has_hpa:
        reason, percent = synced(
            config, memory, w, pods, work.counts[w], work.used[w], work.rates[w], work.totals[w], tick
        )
    after = memory[w].spec
    wanted = expected = after
    if tick < work.release[w, 1]:
        if config.workloads[w].beside >= 0:
            wanted = expected = after + work.release[w, 2]
        else:
            wanted += surge_of(config, w, after)
    if expected != work.expected[w]:
        work.expected[w] = expected
        if config.workloads[w].has_budget:
            state.number[CHANGED] = 1
    if wanted > pods:
        add_pods(state, w, wanted - pods, tick)
    elif wanted < pods:
        remove_pods(config, state, w, pods - wanted, tick)
    record_to.workloads[w, RESCALES] += after != before
    record_to.workloads[w, AT_MAX_SYNCS] += (
        config.workloads[w].has_hpa and after >= config.workloads[w].hpa_max
    )
    return reason, percent


@inlined
def rate_of(load: Load, work: Work, w: int, column: int) -> float:
    """Return the requests per second of a workload, its noise included."""
    rate = load.rates[w, column]
    if load.deviation > 0.0:
        rate *= max(0.0, 1.0 + work.noise[w])
    return rate


@inlined
def core_share(config: Config, state: State, load: Load, work: Work, column: int) -> float:
    """Return the share of the cpu wanted by all ready pods that the ready nodes have."""
    wanted = 0.0
    for w in range(len(config.workloads)):
        ready = work.ready_pods[w]
        if ready > 0:
            row = config.workloads[w]
            each = rate_of(load, work, w, column) / ready
            wanted += ready * min(row.cpu_base + row.cpu_slope * each, row.cpu_cap)
    offered = 0.0
    for p in range(len(config.pools)):
        offered += state.pools[p].ready * (config.pools[p].cpu - config.pools[p].daemon_cpu)
    return offered / wanted if wanted > offered else 1.0


@inlined
def serve(config: Config, state: State, work: Work, w: int, rate: float, share: float, span: int) -> None:
    """Share the load of some ticks out over a workload's ready pods."""
    ready = work.ready_pods[w]
    if rate != work.now_rate[w] or ready != work.now_ready[w] or share != work.now_share[w]:
        work.now_rate[w], work.now_ready[w], work.now_share[w] = rate, ready, share
        row = config.workloads[w]
        each = rate / ready if ready > 0 else 0.0
        cpu = min(row.cpu_base + row.cpu_slope * each, row.cpu_cap) * share
        work.now_used[w, 0] = int(cpu)
        work.now_used[w, 1] = int(min(row.memory_base + row.memory_slope * each * 1000.0, row.memory_cap))
        work.now_used[w, 2] = int(each * 1000.0)
        pod_rps = row.capacity_rps
        if share < 1.0 and row.cpu_slope > 0.0:
            pod_rps = min(pod_rps, max(0.0, (cpu - row.cpu_base) / row.cpu_slope))
        served = ready * pod_rps if ready > 0 else 0.0
        work.now_unserved[w] = max(0.0, rate - served) * TICK_S
    for position in range(3):
        work.summed[w, position] += work.now_used[w, position] * span
    for _ in range(span):  # one by one, as the reference adds
        work.total_rate[w] += rate
    work.workload_hour[w, REQUESTS] += rate * TICK_S * span
    work.workload_hour[w, UNSERVED] += work.now_unserved[w] * span
    work.workload_hour[w, READY_TICKS] += ready * span
    if state.number[WAITS] == 0:  # what the scheduler has not seen yet does not wait for a node
        work.workload_hour[w, WAITING_TICKS] += state.waiting[w] * span


@inlined
def quiet_ticks(state: State, tick: int, node_event: int, next_scan: int) -> int:
    """Return how many ticks pass in which nothing can happen to pods and nodes, at least 1."""
    until = node_event
    for w in range(len(state.stable_until)):
        until = min(until, state.stable_until[w])
    if state.number[WAITS]:
        return 1
    if state.number[CHANGED] or all_waiting(state) > 0:
        until = min(until, next_scan)
    else:
        until = min(until, max(next_scan, min(state.number[LOOK_AGAIN], state.number[EARLIEST])))
    return max(1, until - tick)


def _simulate(
    config: Config,
    memory: Any,
    state: State,
    load: Load,
    chance: Chance,
    record_to: Record,
    work: Work,
    ticks: int,
) -> int:
    """Simulate one scenario from its start; return the number of nodes added."""
    workloads, pools = len(config.workloads), len(config.pools)
    work.now_rate[:] = -1.0
    work.now_ready[:] = -1
    for w in range(workloads):
        row = config.workloads[w]
        work.used[w, 2] = int(min(row.cpu_base, row.cpu_cap))
        work.used[w, 3] = int(min(row.memory_base, row.memory_cap))
    start(config, memory, state)
    node_event = next_scan = next_sync = sync = 0
    column, column_left = 0, load.step
    hour, hour_left = 0, TICKS_PER_HOUR
    steps_asked = len(record_to.counts) > 0
    tick = 0
    while tick < ticks:
        if tick >= node_event:
            node_event = advance(config, state, tick)
        if state.number[WAITS]:
            schedule(config, state, tick, False)
            state.number[WAITS] = 0
        refresh(config, state, work, tick)
        while next_scan < tick:
            next_scan += config.settings[0].scan
        if next_scan == tick:
            next_scan += config.settings[0].scan
            if scan(config, state, work.ready_pods, work.expected, chance.boots, chance.expander, tick):
                node_event = 0
                refresh(config, state, work, tick)
        if next_sync == tick:
            sync = tick // SYNC_TICKS
            next_sync += SYNC_TICKS
            for w in range(workloads):
                if load.deviation > 0.0:
                    advance_noise(load, w, sync, work.noise, work.spare)
                if tick > 0:
                    measure(work, w)
                reason, percent = follow(config, memory, state, work, record_to, w, tick)
                spec = memory[w].spec
                record_to.workloads[w, SPEC_SYNCS] += spec
                work.workload_hour[w, PEAK_SPEC] = max(work.workload_hour[w, PEAK_SPEC], float(spec))
                if steps_asked:
                    record_to.counts[sync, 0, w] = spec
                    record_to.counts[sync, 2, w] = state.waiting[w]
                    record_to.counts[sync, 3, w] = percent
                    record_to.counts[sync, 4, w] = reason
            refresh(config, state, work, tick)
            if steps_asked:
                for w in range(workloads):
                    record_to.counts[sync, 1, w] = work.ready_pods[w]
                for p in range(pools):
                    record_to.nodes[sync, 0, p] = state.pools[p].ready
                    record_to.nodes[sync, 1, p] = state.pools[p].billed
        span = min(next_sync - tick, column_left, hour_left, ticks - tick)
        if span > 1:
            span = min(span, quiet_ticks(state, tick, node_event, next_scan))
        share = 1.0
        if config.settings[0].share_cores:
            share = core_share(config, state, load, work, column)
        for w in range(workloads):
            rate = rate_of(load, work, w, column)
            serve(config, state, work, w, rate, share, span)
            if steps_asked:
                record_to.flows[sync, 0, w] += rate * TICK_S * span
                record_to.flows[sync, 1, w] += work.now_unserved[w] * span
        for p in range(pools):
            row = state.pools[p]
            work.pool_hour[p, BILLED_TICKS] += row.billed * span
            work.pool_hour[p, NODE_READY_TICKS] += row.ready * span
            work.pool_hour[p, PEAK_BILLED] = max(work.pool_hour[p, PEAK_BILLED], float(row.billed))
            record_to.pools[p, AT_MAX_TICKS] += (row.target >= config.pools[p].max) * span
            record_to.pools[p, AT_MIN_TICKS] += (row.target <= config.pools[p].min) * span
        tick += span
        column_left -= span
        if column_left == 0:
            column_left = load.step
            column = column + 1 if column + 1 < load.rates.shape[1] else 0
        hour_left -= span
        if hour_left == 0:
            flush(record_to, hour, work.workload_hour, work.pool_hour)
            hour += 1
            hour_left = TICKS_PER_HOUR
    if hour_left < TICKS_PER_HOUR:
        flush(record_to, hour, work.workload_hour, work.pool_hour)
    return state.number[ADDED]


def _digest() -> int:
    folder = Path(__file__).parent
    text = b"".join((folder / name).read_bytes() for name in SOURCES)
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), "big")


# numba's cache watches only the file of a compiled function, not those it calls into. So the digest of all kernel
# sources stands in the name under which the entry is cached: an edit of any of them is another entry, and an older
# one is never read.
_simulate.__qualname__ = f"simulate_{_digest():014x}"
simulate_scenario = compiled_entry(_simulate)


@compiled
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
    "Work",
    "advance_noise",
    "decide_series",
    "new_memory",
    "new_state",
    "new_work",
    "simulate_scenario",
]
