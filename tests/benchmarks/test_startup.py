"""What it costs to begin: imports, names, and a whole comparison, as ratios within one run."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.benchmarks.processes import ROOT, in_turn, python

pytestmark = pytest.mark.benchmark

PEERS = python("import pandas, pydantic")


def test_import_alone_costs_at_most_50_ms_over_bare_python():
    bare, ours = in_turn(python("pass"), python("import agog_capacity"), runs=15)
    print(f"import agog_capacity: {1000 * (ours.seconds - bare.seconds):.1f} ms over bare Python")
    assert ours.seconds - bare.seconds <= 0.050


def test_names_cost_at_most_1_3_times_pandas_and_pydantic():
    code = (
        "import sys, agog_capacity as ac; ac.load_plan; ac.compare; "
        "loaded = {'plotly', 'scipy', 'numba', 'azure'} & set(sys.modules); assert not loaded, loaded"
    )
    peers, ours = in_turn(PEERS, python(code), runs=11)
    print(f"names: {ours.seconds / peers.seconds:.2f} x import pandas, pydantic ({peers.seconds:.3f} s)")
    assert ours.seconds <= 1.3 * peers.seconds


def test_a_warm_comparison_with_its_page_costs_at_most_2_5_times_pandas_and_pydantic(tmp_path):
    command = [sys.executable, "-m", "agog_capacity.cli", "compare", str(ROOT / "data/plans/agog.yaml")]
    peers, ours = in_turn(PEERS, [*command, "--out", str(tmp_path / "out")])
    print(
        f"compare with page: {ours.seconds / peers.seconds:.2f} x import pandas, pydantic ({peers.seconds:.3f} s), "
        f"peak {ours.peak_mb:.0f} MB"
    )
    assert ours.seconds <= 2.5 * peers.seconds
    assert ours.peak_mb < 300


def test_a_comparison_that_must_simulate_costs_at_most_12_times_a_stored_one(tmp_path):
    """After compilation: three years of two clusters through the autoscaler, and what the store saves."""
    plan = str(ROOT / "data/plans/agog.yaml")
    code = (
        "import sys, agog_capacity as ac; from agog_capacity.scaling.simulated import SimulationStore; "
        "from pathlib import Path; "
        f"ac.compare(ac.load_plan({plan!r}), store=STORE); "
        "assert ('numba' in sys.modules) == WANTED, WANTED"
    )
    stored = code.replace("STORE", f"SimulationStore(Path({str(tmp_path)!r}))").replace("WANTED", "False")
    subprocess.run(
        python(code.replace("STORE", f"SimulationStore(Path({str(tmp_path)!r}))").replace("WANTED", "True")),
        check=True,
    )
    cold = code.replace("STORE", "SimulationStore(Path(__import__('tempfile').mkdtemp()))").replace(
        "WANTED", "True"
    )
    kept, simulated = in_turn(python(stored), python(cold), runs=3)
    print(
        f"compare: stored {kept.seconds:.2f} s, simulated {simulated.seconds:.2f} s "
        f"({simulated.seconds / kept.seconds:.1f} x), peak {simulated.peak_mb:.0f} MB"
    )
    assert simulated.seconds <= 12 * kept.seconds


def test_a_comparison_with_all_its_assessments_takes_at_most_15_s_after_compilation(tmp_path):
    """Nothing stored: autoscalers, failovers, failures and response times of every scenario of the shipped plan."""
    plan = str(ROOT / "data/plans/agog.yaml")
    code = (
        "import os, tempfile; os.environ['XDG_CACHE_HOME'] = tempfile.mkdtemp(); import agog_capacity as ac; "
        f"found = ac.compare(ac.load_plan({plan!r})); assert len(found.assessments) == 8; found.missed()"
    )
    (cold,) = in_turn(python(code), runs=2)
    print(f"compare with assessments, nothing stored: {cold.seconds:.1f} s of 15, peak {cold.peak_mb:.0f} MB")
    assert cold.seconds <= 15
