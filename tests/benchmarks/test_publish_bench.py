"""Speed of writing the table of charges, against Python's own writer on the same cells."""

from __future__ import annotations

import csv
import io
import statistics
import time
from collections.abc import Callable

import pytest

from agog_capacity.frames import CHARGES
from agog_capacity.plan import load_plan
from agog_capacity.planning.compare import compare
from agog_capacity.planning.ledger import charge_blocks
from agog_capacity.planning.publish import charges_csv
from tests.conftest import ROOT

pytestmark = pytest.mark.benchmark


def seconds(call: Callable[[], object]) -> float:
    """Median time of a call that has been made before. [s]"""
    call()
    times = []
    for _ in range(9):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def test_charges_are_written_faster_than_by_the_csv_module_without_any_check_of_cells():
    comparison = compare(load_plan(ROOT / "data/plans/agog.yaml"))

    def plainly() -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for forecast in comparison.forecasts:
            for block in charge_blocks(forecast):
                writer.writerows(zip(*(block.column(name).tolist() for name in CHARGES), strict=True))
        return text.getvalue()

    ours, plain = seconds(lambda: charges_csv(comparison)), seconds(plainly)
    print(f"charges.csv: {1000 * ours:.0f} ms; the csv module, cells unchecked: {1000 * plain:.0f} ms")
    assert ours < plain
