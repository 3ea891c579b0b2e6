# mypy: disable-error-code="no-any-return,return-value"
"""The HPA's part of the kernel: the rules of `hpa_metrics`, `totals` and `hpa_behavior` for pods that are alike.

Every function here has a readable twin there; comments only say what is different. Only `kernel` imports this.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agog_capacity.scaling.cluster import TICK_S
from agog_capacity.scaling.kernel_compile import compiled, inlined
from agog_capacity.scaling.kernel_setup import (
    CPU_AVERAGE,
    CPU_PERCENT,
    MEMORY_AVERAGE,
    MEMORY_PERCENT,
    POD_RATE,
    TOTAL,
    Config,
)

INT32_MAX = 2**31 - 1
INT32_MIN = -(2**31)
INT64_LIMIT = 9.223372036854775807e18
FAILED = -1

# Numbers in `REASONS` of the cluster module.
WITHIN, TOO_MANY, UP_LIMIT, TOO_FEW, DOWN_LIMIT, FAILED_METRICS, DISABLED, OUTSIDE = 1, 2, 3, 4, 5, 6, 7, 8

# Columns of a workload's counts.
READY, WAITING, PENDING, MISSING, CPU_BUSY, CPU_IDLE, BUSY, IDLE = range(8)


MOST_RECOMMENDATIONS = 3600 // 15 + 3
"""Of the longest window that Kubernetes takes, one each sync."""
MOST_EVENTS = 1800 // 15 + 3
# What the controller remembers of a workload: a ring of recommendations, whose count is of all
# ever recorded, and lists of scale events, up and down; no recommendation yet means that the controller has just started.
MEMORY_ROW = np.dtype(
    [
        ("spec", "i8"),
        ("recommended_count", "i8"),
        ("recommended", "i8", (MOST_RECOMMENDATIONS,)),
        ("recommended_at", "i8", (MOST_RECOMMENDATIONS,)),
        ("changed_count", "i8", (2,)),
        ("change", "i8", (2, MOST_EVENTS)),
        ("changed_at", "i8", (2, MOST_EVENTS)),
    ]
)


def new_memory(config: Config) -> Any:
    """Return the memory of controllers that have just started: rows of `MEMORY_ROW`."""
    memory = np.zeros(len(config.workloads), MEMORY_ROW)
    memory["spec"] = config.workloads["replicas"]
    return memory


@inlined
def ceiled(value: float) -> int:
    """Round up to 32 bits."""
    if value != value:
        return 0
    if value >= INT32_MAX:
        return INT32_MAX
    return int(np.ceil(value))


@inlined
def divided(numerator: float, denominator: float) -> float:
    """Divide as IEEE 754 does."""
    if denominator != 0.0:
        return numerator / denominator
    if numerator == 0.0:
        return np.nan
    return np.inf


@inlined
def covers(config: Config, w: int, ratio: float) -> bool:
    """Tell whether a ratio is inside the tolerance."""
    return (1.0 - config.workloads[w].tolerance[1]) <= ratio <= (1.0 + config.workloads[w].tolerance[0])


@inlined
def ratio_of(total: int, count: int, request: int, target: int) -> float:
    """Return the ratio of a sum over pods; `request` is 0 for a plain average."""
    if request > 0:
        return ((total * 100) // (count * request)) / target
    return (total // count) / target


@inlined
def per_pod(
    config: Config,
    w: int,
    current: int,
    target: int,
    request: int,
    busy_pods: int,
    busy: int,
    idle_pods: int,
    idle: int,
    unready: int,
    missing: int,
) -> int:
    """Propose replicas from samples of two kinds: of pods that serve and of pods that only run."""
    ready = busy_pods + idle_pods
    if ready == 0:
        return FAILED
    total = busy_pods * busy + idle_pods * idle
    ratio = ratio_of(total, ready, request, target)
    up_with_unready = unready > 0 and ratio > 1.0
    if not up_with_unready and missing == 0:
        return current if covers(config, w, ratio) else ceiled(ratio * ready)
    held = ready
    if missing > 0 and ratio != 1.0:
        held += missing
        if ratio < 1.0:
            total += missing * ((request * max(100, target)) // 100 if request > 0 else target)
    if up_with_unready:
        held += unready
    again = ratio_of(total, held, request, target)
    if covers(config, w, again) or (ratio < 1.0 < again) or (again < 1.0 < ratio):
        return current
    replicas = ceiled(again * held)
    if (again < 1.0 and replicas > current) or (again > 1.0 and replicas < current):
        return current
    return replicas


@inlined
def from_total(
    config: Config, w: int, is_shared: bool, spec: int, pods: int, target: int, total: int, ready: int
) -> int:
    """Propose replicas from a total, or from a total per pod."""
    if is_shared:
        ratio = divided(float(total), float(target) * float(pods))
        return pods if covers(config, w, ratio) else ceiled(float(total) / float(target))
    ratio = float(total) / float(target)
    if spec == 0:
        return ceiled(ratio)
    if covers(config, w, ratio):
        return spec
    if pods == 0:
        return FAILED
    return ceiled(ratio * ready)


@inlined
def proposed(
    config: Config, w: int, spec: int, pods: int, counts: Any, used: Any, rates: Any, totals: Any
) -> tuple[int, int]:
    """Return the largest proposal of all metrics, -1 where none counts, and the reported percent.

    `used` has cpu and memory of a pod that serves and of one that only runs.
    """
    largest = 0
    failures = 0
    percent = -1
    for m in range(config.workloads[w].metrics):
        kind = config.workloads[w].metric_kind[m]
        target = config.workloads[w].metric_target[m]
        if kind in (CPU_PERCENT, CPU_AVERAGE):
            request = config.workloads[w].metric_request[m] if kind == CPU_PERCENT else 0
            busy_pods, idle_pods = counts[CPU_BUSY], counts[CPU_IDLE]
            unready = counts[PENDING] + counts[BUSY] + counts[IDLE] - busy_pods - idle_pods
            busy, idle = used[0], used[2]
        elif kind in (MEMORY_PERCENT, MEMORY_AVERAGE):
            request = config.workloads[w].metric_request[m] if kind == MEMORY_PERCENT else 0
            busy_pods, idle_pods, unready = counts[BUSY], counts[IDLE], counts[PENDING]
            busy, idle = used[1], used[3]
        else:
            scrapes = config.workloads[w].metric_scrapes[m]
            request = 0
            busy_pods, idle_pods, unready = counts[BUSY], counts[IDLE], counts[PENDING]
            busy, idle = windowed(rates, scrapes), 0
            if kind != POD_RATE:
                total = windowed(totals, scrapes)
                proposal = from_total(config, w, kind != TOTAL, spec, pods, target, total, counts[READY])
                if proposal == FAILED:
                    failures += 1
                largest = max(largest, proposal)
                continue
        proposal = per_pod(
            config, w, spec, target, request, busy_pods, busy, idle_pods, idle, unready, counts[MISSING]
        )
        if proposal == FAILED:
            failures += 1
            continue
        if percent < 0 and request > 0 and config.workloads[w].metric_is_pods[m]:
            percent = ((busy_pods * busy + idle_pods * idle) * 100) // ((busy_pods + idle_pods) * request)
        largest = max(largest, proposal)
    if failures == config.workloads[w].metrics or (failures > 0 and largest < spec):
        return FAILED, percent
    return largest, percent


@inlined
def windowed(ring: Any, scrapes: int) -> int:
    """Return the average of the last scrapes; the last element of the ring counts them all."""
    size = len(ring) - 1
    count = min(scrapes, ring[size])
    total = 0
    for back in range(count):
        total += ring[(ring[size] - 1 - back) % size]
    return total // count


@inlined
def decided(config: Config, memory: Any, w: int, proposal: int, now_s: int) -> tuple[int, int]:
    """Stabilise and limit a proposal, record it and the change; return replicas and reason."""
    current = memory[w].spec
    if config.workloads[w].has_behavior == 0:
        stabilized = highest_recommendation(
            config, memory, w, proposal, config.settings[0].downscale_window_s + 1, now_s
        )
        record(memory, w, proposal, now_s)
        limit = max(2 * current, 4)
        cap = min(config.workloads[w].hpa_max, limit)
        if stabilized < config.workloads[w].hpa_min:
            return config.workloads[w].hpa_min, TOO_FEW
        if stabilized > cap:
            return cap, UP_LIMIT if limit < config.workloads[w].hpa_max else TOO_MANY
        return stabilized, WITHIN
    stabilized = current
    if proposal > current:
        stabilized = lowest_recommendation(config, memory, w, proposal, config.workloads[w].window[0], now_s)
        stabilized = max(current, stabilized)
    elif proposal < current:
        highest = highest_recommendation(config, memory, w, proposal, config.workloads[w].window[1], now_s)
        stabilized = min(current, highest)
    record(memory, w, proposal, now_s)
    if stabilized > current:
        limit = max(current, policy_limit(config, memory, w, 0, now_s))
        allowed = min(limit, config.workloads[w].hpa_max)
        if stabilized > allowed:
            return allowed, UP_LIMIT if limit < config.workloads[w].hpa_max else TOO_MANY
    elif stabilized < current:
        limit = min(current, policy_limit(config, memory, w, 1, now_s))
        allowed = max(limit, config.workloads[w].hpa_min)
        if stabilized < allowed:
            return allowed, DOWN_LIMIT if limit > config.workloads[w].hpa_min else TOO_FEW
    return stabilized, WITHIN


@inlined
def record(memory: Any, w: int, value: int, now_s: int) -> None:
    """Record a recommendation."""
    position = memory[w].recommended_count % MOST_RECOMMENDATIONS
    memory[w].recommended[position] = value
    memory[w].recommended_at[position] = now_s
    memory[w].recommended_count += 1


@inlined
def highest_recommendation(config: Config, memory: Any, w: int, start: int, window_s: int, now_s: int) -> int:
    """Return the highest recommendation younger than a window."""
    size = MOST_RECOMMENDATIONS
    count = memory[w].recommended_count
    for back in range(min(count, size)):
        position = (count - 1 - back) % size
        if now_s - memory[w].recommended_at[position] >= window_s:
            break
        start = max(start, memory[w].recommended[position])
    return start


@inlined
def lowest_recommendation(config: Config, memory: Any, w: int, start: int, window_s: int, now_s: int) -> int:
    """Return the lowest recommendation younger than a window."""
    size = MOST_RECOMMENDATIONS
    count = memory[w].recommended_count
    for back in range(min(count, size)):
        position = (count - 1 - back) % size
        if now_s - memory[w].recommended_at[position] >= window_s:
            break
        start = min(start, memory[w].recommended[position])
    return start


@compiled
def policy_limit(config: Config, memory: Any, w: int, direction: int, now_s: int) -> int:
    """Return how far the policies of a direction let replicas go."""
    current = memory[w].spec
    select = config.workloads[w].select[direction]
    if select == 2:
        return current
    wants_largest = (direction == 0) == (select == 0)
    limit = INT32_MIN if wants_largest else INT32_MAX
    for p in range(config.workloads[w].policies[direction]):
        period_s = config.workloads[w].policy_period[direction, p]
        start = current - changed(memory, w, 0, period_s, now_s) + changed(memory, w, 1, period_s, now_s)
        value = config.workloads[w].policy_value[direction, p]
        if direction == 0:
            if config.workloads[w].policy_is_percent[direction, p]:
                result = int(np.ceil(start * (1 + value / 100)))
            else:
                result = start + value
        elif config.workloads[w].policy_is_percent[direction, p]:
            result = int(start * (1 - value / 100))
        else:
            result = start - value
        limit = max(limit, result) if wants_largest else min(limit, result)
    return limit


@compiled
def changed(memory: Any, w: int, direction: int, period_s: int, now_s: int) -> int:
    """Add up the events of a direction younger than a period."""
    total = 0
    for position in range(memory[w].changed_count[direction]):
        if now_s - memory[w].changed_at[direction, position] < period_s:
            total += memory[w].change[direction, position]
    return total


@inlined
def write(config: Config, memory: Any, w: int, replicas: int, now_s: int) -> None:
    """Set the desired replicas and store the event."""
    change = replicas - memory[w].spec
    memory[w].spec = replicas
    if change == 0 or config.workloads[w].has_behavior == 0:
        return
    direction = 0 if change > 0 else 1
    # An event older than the periods of its own direction gives its slot, also where the other direction's
    # policies would still have counted it.
    position = memory[w].changed_count[direction]
    for slot in range(memory[w].changed_count[direction]):
        if now_s - memory[w].changed_at[direction, slot] > config.workloads[w].longest_period[direction]:
            position = slot
    memory[w].change[direction, position] = abs(change)
    memory[w].changed_at[direction, position] = now_s
    memory[w].changed_count[direction] = max(memory[w].changed_count[direction], position + 1)


@inlined
def synced(
    config: Config,
    memory: Any,
    w: int,
    pods: int,
    counts: Any,
    used: Any,
    rates: Any,
    totals: Any,
    tick: int,
) -> tuple[int, int]:
    """Let one HPA decide; return the reason and the reported percent. The spec is in the memory."""
    now_s = tick * TICK_S
    current = memory[w].spec
    if memory[w].recommended_count == 0:
        record(memory, w, current, now_s)
    if current == 0 and config.workloads[w].hpa_min != 0:
        return DISABLED, -1
    if current > config.workloads[w].hpa_max:
        write(config, memory, w, config.workloads[w].hpa_max, now_s)
        return OUTSIDE, -1
    if current < config.workloads[w].hpa_min:
        write(config, memory, w, config.workloads[w].hpa_min, now_s)
        return OUTSIDE, -1
    if tick == 0:  # nothing has been measured yet
        return FAILED_METRICS, -1
    proposal, percent = proposed(config, w, current, pods, counts, used, rates, totals)
    if proposal == FAILED:
        return FAILED_METRICS, percent
    replicas, reason = decided(config, memory, w, proposal, now_s)
    write(config, memory, w, replicas, now_s)
    return reason, percent
