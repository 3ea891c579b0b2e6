"""Carry a load through HPA, scheduler and cluster autoscaler.

`simulate_scaling` is the whole interface; it runs the kernel, on as many threads as asked for. Nothing here reads a
clock: time boots and random choices come from a seed or from draws that are given.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import ValidationError

from agog_capacity.documents import path_text
from agog_capacity.errors import InputError, Problem, nearest
from agog_capacity.load.curve import LoadCurve
from agog_capacity.scaling.cluster import (
    SYNC_TICKS,
    TICK_S,
    Cluster,
    Draws,
    FloatArray,
    ScalingError,
    checked_rates,
    ticks_of,
)
from agog_capacity.scaling.pool import ClusterAutoscaler, ControllerManager, Pool
from agog_capacity.scaling.trace import TICKS_PER_HOUR, ScalingTrace, read_trace
from agog_capacity.scaling.version import simulation_version
from agog_capacity.scaling.workload import Workload
from agog_capacity.validation import findings_of

Detail = Literal["totals", "hours", "steps"]
DRAWS = 512
"""Draws of each kind for a scenario; they begin anew when used up."""
STEP_LIMIT = 50_000_000
"""Values of steps that are kept at most; a year of one workload has two million syncs."""
HOUR_LIMIT = 250_000_000
"""Values of hours that are kept at most, 2 GB."""


def simulate_scaling(
    load: LoadCurve,
    workloads: Sequence[Workload],
    pools: Sequence[Pool],
    *,
    autoscaler: ClusterAutoscaler | None = None,
    manager: ControllerManager | None = None,
    share_cores: bool = False,
    detail: Detail = "hours",
    scenarios: int = 1,
    seed: int = 0,
    hours: float | None = None,
    draws: Sequence[Draws] | None = None,
    threads: int | None = None,
) -> ScalingTrace:
    """Simulate what a cluster does with a load.

    Parameters
    ----------
    load : LoadCurve
        Of one region; each row names a workload. Its noise, if any, is drawn inside.
    workloads : sequence of Workload
    pools : sequence of Pool
    autoscaler, manager : optional
        Profiles; the defaults are AKS's and Kubernetes'.
    share_cores : bool
        Whether pods share the cores of the ready nodes; without it each uses up to its limit.
    detail : {"totals", "hours", "steps"}
        What is kept. Totals need the same memory for any length; steps are every 15 s.
    scenarios : int
        Runs that differ in noise, boot times and random choices.
    seed : int
        Of boot times and random choices; the noise has its own.
    hours : float, optional
        Length of the simulation; the load begins anew at its end. By default the load's length. [h]
    draws : sequence of Draws, optional
        Boot times and random choices of each scenario, instead of the seed.
    threads : int, optional
        By default one for each processor.

    Returns
    -------
    ScalingTrace

    Raises
    ------
    ScalingError
        If the cluster, the load or a setting cannot be simulated; with all its places.
    """
    cluster = checked_cluster(workloads, pools, autoscaler, manager, share_cores=share_cores)
    rates = _rates_of(load, cluster)
    ticks = _checked_settings(load, cluster, detail, scenarios, seed, hours)
    if draws is not None and len(draws) != scenarios:
        raise ScalingError(f"there are draws for {len(draws)} scenarios, but {scenarios} are simulated")
    key = simulation_key(load, cluster, detail, scenarios, seed, hours)
    if draws is not None:
        key = _with_draws(key, draws)
    records = _run(cluster, load, rates, ticks, detail, scenarios, seed, draws, threads)
    return ScalingTrace.from_records(cluster, load.start, ticks, rates, records, key)


def stored_simulation(
    folder: Path,
    load: LoadCurve,
    workloads: Sequence[Workload],
    pools: Sequence[Pool],
    *,
    autoscaler: ClusterAutoscaler | None = None,
    manager: ControllerManager | None = None,
    detail: Detail = "hours",
    scenarios: int = 1,
    seed: int = 0,
    hours: float | None = None,
) -> ScalingTrace:
    """Return the stored trace of these inputs; simulate and store it if there is none.

    Only a simulation needs numba; a stored trace is found by the content of its inputs, of which prices are no part.

    Parameters
    ----------
    folder : Path
        Of stored traces; made if it is not there.
    load, workloads, pools, autoscaler, manager, detail, scenarios, seed, hours
        See `simulate_scaling`.
    """
    cluster = checked_cluster(workloads, pools, autoscaler, manager)
    ticks = _checked_settings(load, cluster, detail, scenarios, seed, hours)
    trace = read_trace(folder, simulation_key(load, cluster, detail, scenarios, seed, hours))
    if trace is None or (trace.cluster, trace.start, trace.ticks, trace.scenarios) != (
        cluster,
        load.start,
        ticks,
        scenarios,
    ):
        trace = simulate_scaling(
            load,
            workloads,
            pools,
            autoscaler=autoscaler,
            manager=manager,
            detail=detail,
            scenarios=scenarios,
            seed=seed,
            hours=hours,
        )
        # A folder that cannot be written is no failure: the next call simulates again.
        with contextlib.suppress(OSError, InputError):
            trace.write(folder)
    return trace


def checked_cluster(
    workloads: Sequence[Workload],
    pools: Sequence[Pool],
    autoscaler: ClusterAutoscaler | None = None,
    manager: ControllerManager | None = None,
    *,
    share_cores: bool = False,
) -> Cluster:
    """Return workloads and pools as one cluster, checked together.

    Raises
    ------
    ScalingError
        With every problem: a pool that cannot hold a pod, a pool that is not there, a name twice.
    """
    try:
        cluster = Cluster(
            workloads=tuple(workloads),
            pools=tuple(pools),
            autoscaler=autoscaler or ClusterAutoscaler(),
            manager=manager or ControllerManager(),
            share_cores=share_cores,
        )
    except ValidationError as error:
        found = findings_of(error, (), Cluster)
        raise ScalingError(Problem(message, path=path_text(place)) for place, message in found) from None
    return cluster.checked()


def simulation_key(
    load: LoadCurve, cluster: Cluster, detail: Detail, scenarios: int, seed: int, hours: float | None
) -> str:
    """Return a name for the results of a simulation: the same inputs have the same, others another.

    Prices are no part of it, so a change of prices finds the stored trace.
    """
    text = f"{simulation_version()}|{cluster.model_dump_json()}|{load.start.isoformat()}"
    text += f"|{load.step_s}|{load.names}|{load.noise}"
    text += f"|{detail}|{scenarios}|{seed}|{hours}"
    digest = hashlib.blake2b(text.encode(), digest_size=16)
    digest.update(np.ascontiguousarray(load.rates).tobytes())
    return digest.hexdigest()


def _with_draws(key: str, draws: Sequence[Draws]) -> str:
    """Return the key of a run with draws of its own, so that it is not found under that of the seed's."""
    digest = hashlib.blake2b(key.encode(), digest_size=16)
    for each in draws:
        digest.update(
            np.ascontiguousarray(each.boot_ticks).tobytes() + np.ascontiguousarray(each.expander).tobytes()
        )
    return digest.hexdigest()


def drawn(cluster: Cluster, seed: int, scenario: int) -> Draws:
    """Return the boot times and random choices of a scenario, keyed by seed and number."""
    rng = np.random.default_rng([seed, scenario])
    normal = rng.normal(size=(len(cluster.pools), DRAWS))
    boot = np.ones_like(normal, dtype=np.int64)
    for number, pool in enumerate(cluster.pools):
        seconds = pool.boot_s * np.exp(pool.boot_sigma * normal[number])
        boot[number] = np.maximum(1, np.ceil(seconds / TICK_S)).astype(np.int64)
    return Draws(boot, rng.random(DRAWS))


def _rates_of(load: LoadCurve, cluster: Cluster) -> FloatArray:
    """Return the load with one row for each workload, in the cluster's order."""
    if len(load.regions) != 1:
        raise ScalingError(
            f"the load has the regions {', '.join(load.regions)}; simulate one: load.in_region(…)"
        )
    names = [workload.name for workload in cluster.workloads]
    given = [name for _, name in load.names]
    for name in names:
        if name not in given:
            raise ScalingError(
                f"the load has no row for workload {name!r}; {nearest(name, given)}, or give it 0"
            )
    for name in given:
        if name not in names:
            raise ScalingError(
                f"the load has a row for {name!r}, which is no workload; {nearest(name, names)}"
            )
    return checked_rates(load.rates[[given.index(name) for name in names]], len(names))


def _checked_settings(
    load: LoadCurve, cluster: Cluster, detail: Detail, scenarios: int, seed: int, hours: float | None
) -> int:
    """Return the length of a simulation whose settings can be used. [5 s]"""
    ticks = _ticks(load, hours)
    if not _is_whole(scenarios) or not 1 <= scenarios <= 1_000_000:
        raise ScalingError(f"scenarios is {scenarios!r}; choose a whole number from 1 to 1,000,000")
    if not _is_whole(seed) or not 0 <= seed < 2**63:
        raise ScalingError(f"seed is {seed!r}; choose a whole number from 0 to 2^63 - 1")
    if detail not in ("totals", "hours", "steps"):
        raise ScalingError(f"detail {detail!r} is not known; choose totals, hours or steps")
    workloads = len(cluster.workloads)
    if detail == "steps" and scenarios * ticks // SYNC_TICKS * workloads > STEP_LIMIT:
        raise ScalingError(
            f"these would be over {STEP_LIMIT:,} steps; ask for hours or totals, or a shorter time"
        )
    kept = scenarios * -(-ticks // TICKS_PER_HOUR) * (5 * workloads + 3 * len(cluster.pools))
    if detail == "hours" and kept > HOUR_LIMIT:
        raise ScalingError(
            f"these would be {kept:,} values of hours, over {HOUR_LIMIT:,}; ask for totals, fewer scenarios or a "
            "shorter time"
        )
    return ticks


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _ticks(load: LoadCurve, hours: float | None) -> int:
    seconds = load.seconds if hours is None else hours * 3600
    if not 0 < seconds <= 100 * 366 * 86_400:
        raise ScalingError(f"hours is {hours}; simulate more than 0 hours and at most a hundred years")
    return ticks_of(seconds)


def _run(
    cluster: Cluster,
    load: LoadCurve,
    rates: FloatArray,
    ticks: int,
    detail: Detail,
    scenarios: int,
    seed: int,
    draws: Sequence[Draws] | None,
    threads: int | None,
) -> dict[str, Any]:
    """Run the kernel for each scenario and return its records, stacked over scenarios."""
    from agog_capacity.scaling import kernel
    from agog_capacity.scaling.kernel_setup import config_of, most_nodes, most_pods

    config = config_of(cluster)
    counts, count_pools = len(cluster.workloads), len(cluster.pools)
    hours = -(-ticks // kernel.TICKS_PER_HOUR) if detail != "totals" else 0
    syncs = -(-ticks // SYNC_TICKS) if detail == "steps" else 0
    stacked = {
        "workloads": np.zeros((scenarios, counts, 8)),
        "pools": np.zeros((scenarios, count_pools, 5)),
        "workload_hours": np.zeros((scenarios, hours, counts, 5)),
        "pool_hours": np.zeros((scenarios, hours, count_pools, 3)),
        "counts": np.zeros((scenarios, syncs, 5, counts), np.int64),
        "nodes": np.zeros((scenarios, syncs, 2, count_pools), np.int64),
        "flows": np.zeros((scenarios, syncs, 2, counts)),
    }
    noise = load.noise
    pods, nodes = most_pods(cluster), most_nodes(cluster)

    def one(scenario: int) -> None:
        chance = drawn(cluster, seed, scenario) if draws is None else draws[scenario]
        kernel.simulate_scenario(
            config,
            kernel.new_memory(config),
            kernel.new_state(config, pods, nodes),
            kernel.Load(
                rates,
                load.step_s // TICK_S,
                0.0 if noise is None else float(noise.autocorrelation),
                0.0 if noise is None else float(noise.deviation),
                noise_key(0 if noise is None else noise.seed, scenario),
            ),
            kernel.Chance(
                np.ascontiguousarray(chance.boot_ticks, np.int64),
                np.ascontiguousarray(chance.expander, np.float64),
            ),
            kernel.Record(**{name: array[scenario] for name, array in stacked.items()}),
            kernel.new_work(config),
            ticks,
        )

    workers = min(scenarios, threads or os.cpu_count() or 1)
    if workers <= 1:
        for scenario in range(scenarios):
            one(scenario)
    else:
        one(0)  # compiles, so that the threads do not wait for each other
        with ThreadPoolExecutor(workers) as executor:
            list(executor.map(one, range(1, scenarios)))
    return stacked


def noise_key(seed: int, scenario: int) -> int:
    """Return the key of a scenario's random streams, below 2^62."""
    digest = hashlib.blake2b(f"{seed}|{scenario}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 2
