"""The lockfile of a run: the same for the same inputs, another for any other."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from agog_capacity import __version__
from agog_capacity.plan import Plan, load_plan
from agog_capacity.planning.compare import compare
from agog_capacity.planning.lockfile import canonical, lock_hash, lock_of

PLAN = Path(__file__).parents[2] / "data" / "plans" / "agog.yaml"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan(PLAN)


def test_a_lock_names_what_the_numbers_were_made_from(plan):
    lock = lock_of(compare(plan))
    assert lock["library"] == {"name": "agog_capacity", "version": __version__}
    assert lock["plan"] == {"name": "agog", "sha256": plan.digest}
    assert [(book["name"], book["as_of"]) for book in lock["price_books"]] == [
        (book.name, book.as_of.isoformat()) for book in plan.prices.books
    ]
    assert lock["scenarios"] == list(plan.scenarios)
    assert lock["reference"] == "active-passive"
    hashes = re.findall(r'"sha256": "(.*?)"', json.dumps(lock))
    assert len(hashes) == 5
    assert all(re.fullmatch(r"[0-9a-f]{64}", found) for found in hashes)


def test_the_hash_depends_on_the_content_and_not_on_its_order():
    assert lock_hash({"a": 1, "b": "ä"}) == lock_hash({"b": "ä", "a": 1})
    assert lock_hash({"a": 1}) != lock_hash({"a": 2})
    assert canonical({"b": "ä", "a": 1}) == '{"a":1,"b":"\\u00e4"}'


@pytest.mark.parametrize(
    "change",
    [
        {"percent": Decimal("12.5")},
        {"source": "else"},
        {"date": "1999-01-01"},
        {"confidence": "else"},
        {"note": "else"},
    ],
)
def test_every_part_of_a_published_sla_that_results_show_is_locked(plan, change):
    level, row = next(iter(plan.service_levels.items()))
    other = replace(plan, service_levels={**plan.service_levels, level: replace(row, **change)})
    scenarios = ["single-region"]
    assert lock_hash(lock_of(compare(other, scenarios))) != lock_hash(lock_of(compare(plan, scenarios)))
