"""The README's examples: each is taken by a plan, and what it says of commands and fields is so."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from agog_capacity.cli import app
from agog_capacity.design import SECTIONS
from agog_capacity.errors import MissingPrices
from agog_capacity.plan import load_plan
from agog_capacity.plan_file import PlanFile
from agog_capacity.planning.compare import compare
from agog_capacity.prices.resolve import PriceList
from agog_capacity.scaling.trace import ScalingTrace

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
AGOG = ROOT / "data" / "plans" / "agog.yaml"
COMMITTED = ROOT / "data" / "plans" / "agog_commitments.yaml"
LOG_TIER = {
    "meter": "Azure Monitor/Azure Monitor/100 GB Commitment Tier/100 GB Commitment Tier Capacity Reservation",
    "regions": ["eastus2"],
    "use": {"region": "westeurope"},
    "because": "The book has the tier in westeurope only",
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


SNIPPETS = {" ".join(yaml.safe_load(text)): text for text in blocks("yaml")}


@pytest.mark.parametrize("text", SNIPPETS.values(), ids=SNIPPETS)
def test_every_example_is_part_of_a_valid_plan(tmp_path, text):
    """Sections of the file take the place of the complete example's; those of a design change its autoscaled scenario."""
    snippet = yaml.safe_load(text)
    # Reservations are of sizes that are still sold with terms, which the complete example does not use.
    base, extends = (COMMITTED, None) if "commitments" in snippet else (AGOG, "active-passive-autoscaled")
    content: dict[str, Any] = yaml.safe_load(base.read_text(encoding="utf-8"))
    top = {name: value for name, value in snippet.items() if name in PlanFile.model_fields}
    change = {name: value for name, value in snippet.items() if name in SECTIONS}
    assert {**top, **change} == snippet, "a section that neither a plan nor a design has"
    content |= top
    content["scenarios"]["readme"] = {"title": "As in the README", "change": change, "extends": extends}
    if "commitments" in snippet:
        content["stand_ins"].append(LOG_TIER)
    (tmp_path / "incidents.csv").write_text(blocks("csv")[0], encoding="utf-8")
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    plan = load_plan(path)
    design = plan.scenario("readme").design
    if "failures" in top:
        usual = load_plan(AGOG).failure_classes
        assert "identity" in usual and "identity" not in plan.failure_classes
        assert plan.failure_classes["own_change"].rate != usual["own_change"].rate
    if "scaling" in change:
        assert design.scaling is not None
        assert [release.strategy for release in design.scaling.releases] == ["rolling", "blue_green"]
        assert design.scaling.load.groups[0].first_requests_per_second == 20
    if "statements" in change:
        assert design.statements.facts["postgres-eu"]["promotion_trigger"] == "automation"


def test_every_command_stands_in_the_readme_and_no_other():
    (listing,) = [text for text in blocks("sh") if text.startswith("agog-capacity ")]
    shown = {line.split()[1] for line in listing.splitlines()}
    there = {str(c.name or c.callback.__name__) for c in app.registered_commands if c.callback is not None}
    groups = {str(g.name) for g in app.registered_groups}
    assert shown <= there | groups
    assert {"sections", "kinds", "compare", "explain", "reconcile", "prices"} <= shown


def test_the_prices_that_the_readme_says_are_missing_are_missing_and_told_with_what_would_do():
    plan = load_plan(AGOG)
    bare = plan.__class__(**{**plan.__dict__, "prices": PriceList(plan.prices.books)})
    with pytest.raises(MissingPrices) as caught:
        compare(bare, ["single-region"])
    for words in ("Standard Uptime SLA", "P15 LRS Disk", "PostgreSQL"):
        lines = [line for line in caught.value.missing if words in line and " in eastus2 " in line]
        assert lines and "under stand_ins: {meter: " in lines[0], words


def test_a_trace_is_in_totals_unless_hours_are_asked_for():
    assert 'to_frame("hours")' in README and "`to_frame()` the totals" in README
    assert inspect.signature(ScalingTrace.to_frame).parameters["view"].default == "totals"


def test_the_examples_in_python_run(monkeypatch):
    """Those that simulate nothing; the comparison's is the command `compare`, which has tests of its own."""
    monkeypatch.chdir(ROOT)
    (example,) = [text for text in blocks("python") if "optimise_commitments" in text]
    found: dict[str, Any] = {}
    exec(example, found)  # noqa: S102
    assert found["bought"]["quantity_units"].tolist() == [13, 13]
    assert len(found["advice"].figure("payback").data) > 0
    plan, name = found["advice"].in_plan()
    assert set(found["bought"].index) <= set(plan.scenario(name).design.commitments.bought)
