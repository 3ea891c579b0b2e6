"""Runs one case on the reference and on the kernel."""

from __future__ import annotations

import numpy as np

from agog_capacity.scaling import kernel
from agog_capacity.scaling.cluster import SYNC_TICKS, Steps
from agog_capacity.scaling.kernel_setup import config_of, most_nodes, most_pods
from agog_capacity.scaling.reference import Simulation
from tests.scaling.cases import Case


def by_reference(case: Case) -> Steps:
    return Simulation(case.cluster, case.rates, case.step_ticks, case.draws).run(case.ticks)


def by_kernel(case: Case) -> Steps:
    config = config_of(case.cluster)
    workloads, pools, syncs = len(config.workloads), len(config.pools), -(-case.ticks // SYNC_TICKS)
    record = kernel.Record(
        np.zeros((workloads, 8)),
        np.zeros((pools, 5)),
        np.zeros((0, workloads, 5)),
        np.zeros((0, pools, 3)),
        np.zeros((syncs, 5, workloads), np.int64),
        np.zeros((syncs, 2, pools), np.int64),
        np.zeros((syncs, 2, workloads)),
    )
    kernel.simulate_scenario(
        config,
        kernel.new_memory(config),
        kernel.new_state(config, most_pods(case.cluster), most_nodes(case.cluster)),
        kernel.Load(case.rates, case.step_ticks, 0.0, 0.0, 0),
        kernel.Chance(case.draws.boot_ticks, case.draws.expander),
        record,
        kernel.new_work(config),
        case.ticks,
    )
    spec, ready, waiting, percent, reason = (record.counts[:, column] for column in range(5))
    return Steps(
        spec,
        ready,
        waiting,
        percent,
        reason,
        nodes_ready=record.nodes[:, 0],
        nodes_billed=record.nodes[:, 1],
        unserved=record.flows[:, 1],
        requests=record.flows[:, 0],
    )


def differences(case: Case) -> list[str]:
    found = []
    for name, one, other in zip(Steps._fields, by_reference(case), by_kernel(case), strict=True):
        same = np.allclose(one, other, rtol=1e-12) if one.dtype == np.float64 else np.array_equal(one, other)
        if not same:
            row = int(np.argwhere(~np.isclose(one, other))[0][0])
            found.append(
                f"{name} at sync {row}: {one[row].tolist()} by the reference, {other[row].tolist()} by the kernel"
            )
    return found
