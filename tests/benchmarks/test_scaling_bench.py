"""Speed of the autoscaler simulation, as ratios within one run, after compilation."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
from numba import njit

from agog_capacity.load.curve import LoadCurve
from agog_capacity.scaling.hpa import Controller, Hpa, HpaState, Measurement, Metric, reconcile
from agog_capacity.scaling.hpa_behavior import Behavior, Recommendation, default_scale_down, default_scale_up
from agog_capacity.scaling.pods import Container, Pod, Sample
from agog_capacity.scaling.simulate import simulate_scaling
from tests.benchmarks.processes import ROOT, in_turn, python
from tests.scaling.simple import backend, pool

pytestmark = pytest.mark.benchmark

SYNCS = 365 * 24 * 240


def year_of_load(mean: float = 450.0, seed: int = 1) -> np.ndarray:
    """Diurnal load at 15 s with AR(0.98) noise of 15 %. [requests per second]"""
    rng = np.random.default_rng(seed)
    noise = np.zeros(SYNCS)
    innovations = rng.normal(size=SYNCS) * 0.15 * np.sqrt(1 - 0.98**2)
    value = 0.0
    for number, innovation in enumerate(innovations.tolist()):
        value = 0.98 * value + innovation
        noise[number] = value
    hours = np.arange(SYNCS) / 240
    diurnal = 1 + 0.8 * np.sin((hours - 9) / 24 * 2 * np.pi)
    return mean * diurnal * np.maximum(0.0, 1 + noise)


@njit
def bare_recursion(rates: np.ndarray) -> int:
    """The least an HPA can be: usage, integer percent, tolerance, ceiling, bounds. No time, no window, no node."""
    replicas, total = 3, 0
    for number in range(len(rates)):
        percent = int(100 * (50 + int(10.0 * rates[number] / replicas)) / 500)
        ratio = percent / 70
        if not 0.9 <= ratio <= 1.1:
            replicas = min(max(int(np.ceil(ratio * replicas)), 3), 120)
        total += replicas
    return total


def seconds_of(run: Callable[[], object], times: int = 3) -> float:
    """Processor time of a run on one core, the median of several; others on the machine hardly disturb it. [s]"""
    run()
    taken = []
    for _ in range(times):
        begin = time.process_time()
        run()
        taken.append(time.process_time() - begin)
    return statistics.median(taken)


def test_a_year_runs_at_ten_million_syncs_a_second_on_one_core():
    rates = year_of_load()
    curve = LoadCurve(datetime(2027, 1, 1, tzinfo=UTC), 15, (("us", "backend"),), rates[None, :])
    bare = seconds_of(lambda: bare_recursion(rates))
    ours = seconds_of(lambda: simulate_scaling(curve, [backend(120)], [pool()], detail="totals", threads=1))
    trace = simulate_scaling(curve, [backend(120)], [pool()], detail="totals")
    print(
        f"a year: {SYNCS / ours / 1e6:.1f} M syncs a second, {1e9 * ours / SYNCS:.0f} ns each, {ours / bare:.1f} x the bare "
        f"recursion's {1e9 * bare / SYNCS:.1f} ns; {trace.mean_nodes('app'):.2f} nodes on average, "
        f"{trace.peak_nodes('app')} at most, {trace.records['workloads'][0, 0, 7]:,.0f} changes of replicas"
    )
    assert trace.peak_nodes("app") > 5
    assert SYNCS / ours >= 10e6
    assert ours <= 20 * bare


def test_a_thousand_draws_of_four_weeks_take_at_most_15_s_on_two_cores_and_400_mb():
    """Judged by processor time over two, so that it holds beside other work; the wall time is printed."""
    code = (
        "import resource, time\n"
        "from datetime import UTC, datetime\n"
        "from agog_capacity.load.curve import Noise\n"
        "from agog_capacity.load.shape import LoadShape, office_week\n"
        "from agog_capacity.load.tenants import load_from_shape\n"
        "from agog_capacity.scaling.simulate import simulate_scaling\n"
        "from tests.scaling.simple import START, backend, pool\n"
        "shape = LoadShape(time_zone='Europe/Berlin', hours_of_week=office_week())\n"
        "load = load_from_shape(shape, {'backend': 400.0}, start=START, hours=672, noise=Noise())\n"
        "simulate_scaling(load, [backend(120)], [pool()], detail='totals')\n"
        "wall, cpu = time.perf_counter(), time.process_time()\n"
        "simulate_scaling(load, [backend(120)], [pool()], scenarios=1000, detail='totals', threads=2)\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "print(time.perf_counter() - wall, time.process_time() - cpu, peak)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    wall, cpu, peak_mb = map(float, done.stdout.split())
    print(f"1,000 draws of 4 weeks: {wall:.1f} s, {cpu:.1f} s of processor time, {peak_mb:.0f} MB")
    assert cpu / 2 <= 15
    assert peak_mb < 400


def test_a_second_process_starts_simulating_soon():
    code = (
        "from agog_capacity.scaling.simulate import simulate_scaling\n"
        "from tests.scaling.simple import backend, load, pool\n"
        "simulate_scaling(load(100.0, 200.0), [backend()], [pool()])\n"
    )
    peers, ours = in_turn(python("import numpy, numba, pandas, pydantic"), python(code), runs=5)
    print(f"to begin: {ours.seconds:.2f} s, import numpy, numba, pandas, pydantic {peers.seconds:.2f} s")
    assert ours.seconds <= 1.3 * peers.seconds + 1.2


def test_the_reference_reconciles_20_000_times_a_second():
    pods = [Pod(f"p{i}", containers=(Container("app", "app", 500),)) for i in range(20)]
    hpa = Hpa(
        40,
        2,
        (Metric("Resource", "cpu", target_utilization_percent=70),),
        Behavior(default_scale_up(), default_scale_down()),
    )
    state = HpaState(20, 20, tuple(Recommendation(20, -15 * i) for i in range(21)))
    measured = [Measurement({pod.name: Sample({"app": 350}, 990, 15) for pod in pods})]
    controller = Controller()

    def run() -> None:
        for _ in range(2000):
            reconcile(hpa, state, pods, measured, controller, 1000.0)

    rate = 2000 / seconds_of(run, 5)
    print(f"reference: {rate:,.0f} reconciles a second")
    assert rate >= 20_000
