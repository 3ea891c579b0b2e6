"""A kind added by hand in one file appears in the list, in plans and in the contract tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUEUE = '''
"""A message queue, billed by the hour."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from agog_capacity.components.base import Component, Usage, UsageContext
from agog_capacity.model import PositiveCount
from agog_capacity.prices.meter import Meter


class MessageQueue(Component):
    """A message queue, billed by the hour for each of its units."""

    kind: Literal["message_queue"] = "message_queue"
    units: PositiveCount = 1
    """Throughput units."""

    title: ClassVar[str] = "Message queue"

    @classmethod
    def example(cls) -> Self:
        """Return one unit."""
        return cls(name="queue", region="eastus2")

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Unit-hours."""
        meter = Meter("Event Hubs", "Event Hubs", "Standard", "Throughput Unit")
        return (self.line(meter, self.units * context.hours(self), "Hour", "units x hours of the month", fields=("units",)),)
'''
OWN_PRICE = """
  - meter: Event Hubs/Event Hubs/Standard/Throughput Unit
    regions: [eastus2]
    use: {price: {amount: 0.03, unit: 1 Hour, currency: USD, source: a test, date: "2026-11-24"}}
    because: a test
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of the package and its data with one more file in `components/`."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("agog_capacity", "data", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "golden"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "agog_capacity" / "components" / "message_queue.py").write_text(QUEUE)
    return folder


def run(checkout: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=checkout, env={**os.environ, "PYTHONPATH": str(checkout)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_listed_with_its_fields_and_units(checkout):
    listed = run(checkout, "-m", "agog_capacity.cli", "kinds", "message_queue")
    assert "message_queue: A message queue" in listed
    assert "units [count] (default 1)" in listed


def test_a_plan_can_hold_it_and_its_charges_are_priced(checkout):
    text = (checkout / "data" / "plans" / "agog.yaml").read_text(encoding="utf-8")
    text = text.replace(
        "  components:\n", "  components:\n    queue: {kind: message_queue, region: eastus2, units: 2}\n", 1
    )
    plan = checkout / "plan.yaml"
    plan.write_text(text.rstrip() + OWN_PRICE, encoding="utf-8")
    shown = run(
        checkout, "-m", "agog_capacity.cli", "explain", str(plan), "active-passive", "--component", "queue",
        "--month", "2027-01",
    )  # fmt: skip
    assert f"{2 * 744 * 0.03:,.2f} USD" in shown


def test_the_contract_tests_hold_it_to_the_contract(checkout):
    shown = run(
        checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/components/test_contract.py",
        "-k", "message_queue",
    )  # fmt: skip
    assert "passed" in shown
