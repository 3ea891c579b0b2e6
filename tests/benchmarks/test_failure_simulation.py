"""Speed of the failure simulation, as ratios within one run, after compilation."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from agog_capacity.availability.environment import environment
from agog_capacity.availability.simulation import simulate_failures
from agog_capacity.availability.sweep import draw_blocks
from agog_capacity.availability.sweep_arrays import cursor_of, kinds_of, streams_of
from tests.availability.base_case import base_case, classes_of, defaults_of, designs_of
from tests.conftest import ROOT

pytestmark = pytest.mark.benchmark

CASE = base_case()
DESIGNS, CLASSES, DEFAULTS = designs_of(CASE), classes_of(CASE), defaults_of(CASE)
YEARS = 200_000


def seconds_of(run: Callable[[], object], times: int = 3) -> tuple[float, float]:
    """Wall time and processor time of a run that has been made before, the medians of several. [s]"""
    run()
    wall, cpu = [], []
    for _ in range(times):
        begin, begin_cpu = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - begin_cpu)
    return statistics.median(wall), statistics.median(cpu)


def test_200_000_years_of_9_classes_take_at_most_600_ms_and_12_bare_draws():
    """A sweep with failover timelines against drawing the same failures and doing nothing with them; and against
    numpy's own draws of as many random numbers."""
    world = environment(CLASSES, seed=1)
    arrays = (streams_of(world), kinds_of(world), cursor_of(world))
    items = np.array([[0, block, 1000, 0] for block in range(YEARS // 1000)])
    _, bare = seconds_of(lambda: draw_blocks(*arrays, items))
    count = int(world.per_year.sum() * YEARS)
    rng = np.random.Generator(np.random.Philox(1))
    _, numpys = seconds_of(lambda: (rng.exponential(size=count), np.exp(rng.normal(size=count))))
    for design in DESIGNS[1:4:2]:
        run = partial(simulate_failures, [design], CLASSES, years=YEARS, seed=1, defaults=DEFAULTS)
        wall, cpu = seconds_of(run)
        print(
            f"{design.name}: {count / 1e6:.1f} M failures, {cpu:.2f} s of processor time ({wall:.2f} s), "
            f"{cpu / bare:.1f} x the bare draw's {bare:.3f} s, {cpu / numpys:.1f} x numpy's {numpys:.3f} s"
        )
        assert cpu / 2 <= 0.6
        assert cpu <= 12 * bare
        assert cpu <= 12 * numpys


def test_two_levels_of_5_designs_take_at_most_10_s_on_two_cores_and_little_memory():
    """200 draws of the rates × 10,000 years. Judged by processor time over two, so that it holds beside other work."""
    code = (
        "import resource, time\n"
        "from agog_capacity.availability.simulation import simulate_failures\n"
        "from tests.availability.base_case import base_case, classes_of, defaults_of, designs_of\n"
        "case = base_case()\n"
        "designs, classes, defaults = designs_of(case)[:5], classes_of(case), defaults_of(case)\n"
        "simulate_failures(designs, classes, years=100, seed=1, defaults=defaults)\n"
        "wall, cpu = time.perf_counter(), time.process_time()\n"
        "told = []\n"
        "simulate_failures(designs, classes, years=10_000, seed=1, outer_draws=200, defaults=defaults, threads=2,\n"
        "    progress=lambda done, total: told.append(done))\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "print(time.perf_counter() - wall, time.process_time() - cpu, peak, len(told))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    wall, cpu, peak_mb, told = map(float, done.stdout.split())
    print(
        f"200 draws × 10,000 years × 5 designs: {wall:.1f} s, {cpu:.1f} s of processor time, {peak_mb:.0f} MB, "
        f"progress told {told:.0f} times"
    )
    assert cpu / 2 <= 10
    assert peak_mb < 600
    assert told >= 10
