"""What it costs to begin: imports, names, and a whole comparison, as ratios within one run."""

from __future__ import annotations

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
