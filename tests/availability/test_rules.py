"""The table of rules: every row is understood, fires on what it speaks about and on nothing else."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from agog_capacity.availability.rules import Condition, Rule, read_rules
from agog_capacity.errors import DocumentError
from agog_capacity.fact_forms import fact_problem
from agog_capacity.resources import data_directory
from agog_capacity.statements import KNOWN_FACTS

TABLE = data_directory() / "availability" / "constraints.csv"
RULES = read_rules(TABLE)
ENFORCED = [rule for rule in RULES if rule.enforceable]
INFORMATIONAL = [rule for rule in RULES if not rule.enforceable]


def fitting(rule: Rule) -> dict[str, Any]:
    """Return facts on which every condition of a rule holds."""
    facts: dict[str, Any] = {}
    for c in rule.conditions:
        if c.operator == "eq":
            facts[c.fact] = c.constant
        elif c.operator == "in":
            facts[c.fact] = c.constant[-1]
        elif c.operator in ("gt", "lt"):
            above = c.operator == "gt"
            if isinstance(c.constant, str):
                facts[c.fact] = "9999-12-31" if above else "0001-01-01"
            else:
                facts[c.fact] = c.constant + (0.5 if above else -0.5)
        elif c.constant:
            facts[c.fact] = 1
    return facts


def violating(condition: Condition) -> Any:
    """Return a value on which a condition does not hold, or None where the fact must be left out."""
    if condition.operator in ("gt", "lt"):
        return condition.constant  # strictly: equal is not above
    if condition.operator == "exists":
        return None if condition.constant else 1
    return not condition.constant if isinstance(condition.constant, bool) else "something else"


def test_every_row_is_read_and_is_a_predicate_or_informational():
    with TABLE.open(encoding="utf-8", newline="") as file:
        ids = [row["id"] for row in csv.DictReader(file)]
    assert [rule.id for rule in RULES] == ids
    assert len(ENFORCED) + len(INFORMATIONAL) == len(ids) > 90
    assert all(rule.conditions for rule in ENFORCED), "an enforced rule says when it applies"


@pytest.mark.parametrize("rule", ENFORCED, ids=lambda rule: rule.id)
def test_a_rule_fires_on_what_it_speaks_about_and_on_nothing_else(rule):
    facts = fitting(rule)
    assert rule.verdict(facts) is True
    for condition in rule.conditions:
        other = violating(condition)
        changed = {k: v for k, v in facts.items() if k != condition.fact}
        if other is not None:
            changed[condition.fact] = other
        assert rule.verdict(changed) is False, condition


@pytest.mark.parametrize("rule", ENFORCED, ids=lambda rule: rule.id)
def test_a_fact_that_is_not_stated_leaves_a_rule_undecided(rule):
    facts = fitting(rule)
    for condition in rule.conditions:
        if condition.operator != "exists":
            without = {k: v for k, v in facts.items() if k != condition.fact}
            assert rule.verdict(without) is None
            assert rule.missing(without) == (condition.fact,)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_source_and_words_for_people(rule):
    assert rule.source
    assert rule.service and rule.feature and rule.supported
    assert all(str(condition) for condition in rule.conditions)
    if rule.severity == "error":
        assert rule.repair or rule.feature


def test_numbers_and_flags_are_not_mixed_up():
    """In Python True == 1; a plan that states a flag does not mean a count."""
    assert Condition("x", "eq", 1).holds({"x": True}) is False
    assert Condition("x", "eq", True).holds({"x": 1}) is False
    assert Condition("x", "gt", 0).holds({"x": True}) is False
    assert Condition("x", "gt", 3).holds({"x": "4"}) is False
    assert Condition("x", "gt", "2026-06-30").holds({"x": "2026-07-01"}) is True


def table(folder: Path, **changes: str) -> Path:
    """Write a table with one good row, changed."""
    row = {
        "id": "a-rule", "service": "S", "tier": "T", "feature": "F", "supported": "no", "severity": "error",
        "enforceable": "true", "applies_when": json.dumps({"kind": "aks", "tier": "Free"}),
        "planner_rule": "Do it", "note": "", "value": "", "source": "A test", "date": "", "checked_on": "",
    } | changes  # fmt: skip
    path = folder / "rules.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow(row)
    return path


@pytest.mark.parametrize(
    "changes, words",
    [
        (
            {"applies_when": '{"kind": "aks", "tiers": "Free"}'},
            "fact 'tiers' of aks is not known; nearest: 'tier'",
        ),
        ({"applies_when": '{"kind": "aks", "max_nodes": {"ge": 5}}'}, "'ge' with 5 is not a condition"),
        ({"applies_when": '{"kind": "aks", "tier": {"eq": "Free"}}'}, "'eq' with 'Free' is not a condition"),
        ({"applies_when": '{"kind": "aks", "tier": {"in": "Free"}}'}, "'in' with 'Free' is not a condition"),
        ({"applies_when": '{"kind": "aks", "tier": {"in": []}}'}, "is not a condition"),
        ({"applies_when": '{"kind": "aks", "tier": {"exists": "no"}}'}, "exists with true or false"),
        ({"applies_when": '{"kind": "aks", "tier": null}'}, "is not a condition"),
        ({"applies_when": '{"kind": "kubernetes"}'}, "no known kind, but 'kubernetes'"),
        ({"applies_when": '{"tier": "Free"}'}, "no known kind, but None"),
        ({"applies_when": "tier=Free"}, "is not JSON"),
        ({"applies_when": "[]"}, "no known kind"),
        ({"applies_when": '{"kind": "aks", "tier": "Free", "tier": "Standard"}'}, "'tier' stands twice"),
        ({"applies_when": '{"kind": "aks", "max_nodes": {"gt": NaN}}'}, "NaN is not a number"),
        ({"applies_when": '{"kind": "aks", "max_nodes": {"gt": 1' + "0" * 5000 + "}}"}, "is not JSON"),
        ({"applies_when": '{"kind": "aks", "tier": {}}'}, "an empty condition compares with nothing"),
        ({"applies_when": '{"kind": "aks", "max_nodes": {"gt": "5"}}'}, "is not a whole number from 0 on"),
        ({"applies_when": '{"kind": "aks", "tier": {"gt": "Free"}}'}, "is neither a number nor a day"),
        ({"applies_when": '{"kind": "aks", "needed_until": {"gt": "2027-13-45"}}'}, "is not a day"),
        (
            {"applies_when": '{"kind": "postgres", "geo_backup": {"in": ["true"]}}'},
            "is neither true nor false",
        ),
        ({"severity": "fatal"}, "severity 'fatal' is not one of error, warning, info"),
        ({"enforceable": "yes"}, "enforceable 'yes' is neither true nor false"),
        ({"id": ""}, "has no id"),
    ],
)
def test_what_is_no_rule_is_an_error_when_the_table_is_read(tmp_path, changes, words):
    with pytest.raises(DocumentError, match=r"rules\.csv:2: .*" + words.replace("[", r"\[")):
        read_rules(table(tmp_path, **changes))


def test_a_row_with_too_few_cells_is_told_with_its_line(tmp_path):
    path = table(tmp_path)
    path.write_text(path.read_text() + "b-rule,S\n")
    with pytest.raises(DocumentError, match=r"rules\.csv:3: has 2 cells, the header has 14"):
        read_rules(path)


def test_case_makes_no_other_text():
    assert Condition("vm_series", "in", ["Dsv3"]).holds({"vm_series": "dsv3"}) is True
    assert Condition("tier", "eq", "Free").holds({"tier": "free"}) is True


def test_an_id_that_stands_twice_and_a_column_that_lacks_are_told(tmp_path):
    path = table(tmp_path)
    text = path.read_text()
    path.write_text(text + text.splitlines()[1] + "\n")
    with pytest.raises(DocumentError, match="stands twice"):
        read_rules(path)
    path.write_text(text.replace("severity", "severeness"))
    with pytest.raises(DocumentError, match="lacks the columns severity"):
        read_rules(path)


def test_every_known_fact_has_a_form_that_its_rules_keep():
    """What is no flag, count, number or day is text; a fact that is added must be thought of."""
    for kind, facts in KNOWN_FACTS.items():
        for fact in facts:
            assert sum(not fact_problem(fact, value) for value in (True, 1.5, "2027-01-31", "text")) <= 2, (
                kind,
                fact,
            )
            assert fact_problem(fact, float("nan"))
            assert fact_problem(fact, None)


def test_all_facts_that_rules_ask_for_are_known():
    for rule in RULES:
        assert {c.fact for c in rule.conditions} <= KNOWN_FACTS[rule.kind]
