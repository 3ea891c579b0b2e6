"""Rules about what can be bought: what a tier cannot do, what is no longer sold, what contradicts itself.

One row of the table is one rule with an id that stays. Its conditions are a flat list of comparisons of
facts with constants, joined by *and*, so that a planner can read them in the table. Unknown facts and
operators are errors when the table is read, not when a plan happens to meet them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from agog_capacity.csv_tables import table_rows
from agog_capacity.errors import DocumentError, Problem, nearest
from agog_capacity.fact_forms import fact_problem, is_day
from agog_capacity.statements import KNOWN_FACTS, Fact

Severity = Literal["error", "warning", "info"]
Operator = Literal["eq", "in", "gt", "lt", "exists"]

_COLUMNS = (
    "id", "service", "tier", "feature", "supported", "severity", "enforceable", "applies_when",
    "planner_rule", "note", "value", "source", "date", "checked_on",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a fact with a constant."""

    fact: str
    operator: Operator
    constant: Any

    def holds(self, facts: Mapping[str, Fact]) -> bool | None:
        """Return whether it holds; None if the fact is not stated."""
        if self.operator == "exists":
            return (self.fact in facts) is self.constant
        if self.fact not in facts:
            return None
        value = facts[self.fact]
        if self.operator == "in":
            return any(same_fact(value, choice) for choice in self.constant)
        if self.operator == "eq":
            return same_fact(value, self.constant)
        constant = self.constant
        if isinstance(value, bool) or isinstance(value, str) is not isinstance(constant, str):
            return False
        return bool(value > constant) if self.operator == "gt" else bool(value < constant)

    def __str__(self) -> str:
        """Return the comparison in words."""
        words = {"eq": "is", "in": "is one of", "gt": "is above", "lt": "is below"}
        if self.operator == "exists":
            return f"{self.fact} is {'stated' if self.constant else 'not stated'}"
        shown = ", ".join(map(str, self.constant)) if self.operator == "in" else str(self.constant)
        return f"{self.fact} {words[self.operator]} {shown}"


def same_fact(value: Fact, constant: Any) -> bool:
    """Tell whether a fact has a value: a flag is no number, and the case of letters means nothing."""
    if isinstance(value, str) and isinstance(constant, str):
        # Nobody means another thing by another case: dsv3 is Dsv3.
        return value.casefold() == constant.casefold()
    return isinstance(value, bool) is isinstance(constant, bool) and value == constant


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can or cannot be bought, with its source."""

    id: str
    service: str
    tier: str
    feature: str
    """What it is about, such as `data persistence`."""
    supported: str
    """Whether the feature exists: `yes`, `no`, `preview`, …"""
    severity: Severity
    """`error` stops a scenario unless it is accepted; `warning` and `info` travel with the result."""
    enforceable: bool
    """False for facts to show, which are never evaluated."""
    kind: str
    """Kind of object it speaks about."""
    conditions: tuple[Condition, ...]
    repair: str
    """What to do."""
    note: str
    value: str
    source: str
    date: str
    """Date of the source; empty where it gives none."""
    checked_on: str
    """Day a copy of the source was last read; empty if never, so that it is not verified."""

    @property
    def verified(self) -> bool:
        """Whether a copy of the source was read."""
        return bool(self.checked_on)

    def verdict(self, facts: Mapping[str, Fact]) -> bool | None:
        """Return whether all conditions hold; None where that hangs on facts that are not stated."""
        found = [condition.holds(facts) for condition in self.conditions]
        if False in found:
            return False
        return None if None in found else True

    def missing(self, facts: Mapping[str, Fact]) -> tuple[str, ...]:
        """Return the facts it needs that are not stated."""
        return tuple(c.fact for c in self.conditions if c.holds(facts) is None)


def read_rules(path: Path) -> tuple[Rule, ...]:
    """Read the table of rules.

    Parameters
    ----------
    path : path
        CSV file with the columns of a `Rule`; `applies_when` is one flat JSON object.

    Raises
    ------
    DocumentError
        With every problem of the table: ids that stand twice, unknown kinds, facts and operators.
    """
    rules: dict[str, Rule] = {}
    problems: list[Problem] = []
    for line, row in table_rows(path, "table of rules", _COLUMNS, problems):
        found: list[str] = []
        rule = _rule(row, found)
        if rule.id in rules:
            found.append("stands twice; an id belongs to one rule")
        problems += [Problem(f"rule {rule.id!r}: {text}", line=line, file=str(path)) for text in found]
        rules[rule.id] = rule
    if problems:
        raise DocumentError(problems)
    return tuple(rules.values())


def _rule(row: Mapping[str, str], problems: list[str]) -> Rule:
    if not row["id"].strip():
        problems.append("has no id")
    if row["severity"] not in get_args(Severity):
        problems.append(f"severity {row['severity']!r} is not one of {', '.join(get_args(Severity))}")
    if row["enforceable"] not in ("true", "false"):
        problems.append(f"enforceable {row['enforceable']!r} is neither true nor false")
    kind, conditions = _conditions(row["applies_when"], problems)
    return Rule(
        id=row["id"],
        service=row["service"],
        tier=row["tier"],
        feature=row["feature"],
        supported=row["supported"],
        severity=row["severity"],  # type: ignore[arg-type]  # checked above; the problem is raised
        enforceable=row["enforceable"] == "true",
        kind=kind,
        conditions=conditions,
        repair=row["planner_rule"] or row["note"],
        note=row["note"],
        value=row["value"],
        source=row["source"],
        date=row["date"],
        checked_on=row["checked_on"],
    )


def _conditions(text: str, problems: list[str]) -> tuple[str, tuple[Condition, ...]]:
    try:
        content = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        problems.append(f"applies_when is not JSON: {error}")
        return "", ()
    kind = content.get("kind") if isinstance(content, dict) else None
    if not isinstance(kind, str) or kind not in KNOWN_FACTS:
        problems.append(f"applies_when has no known kind, but {kind!r}; {nearest(kind, KNOWN_FACTS)}")
        return "", ()
    conditions: list[Condition] = []
    for fact, wanted in content.items():
        if fact == "kind":
            continue
        if fact not in KNOWN_FACTS[kind]:
            problems.append(f"fact {fact!r} of {kind} is not known; {nearest(fact, KNOWN_FACTS[kind])}")
            continue
        if wanted == {}:
            problems.append(
                f"{fact}: an empty condition compares with nothing; leave it out, or name a value"
            )
        for operator, constant in (wanted if isinstance(wanted, dict) else {"eq": wanted}).items():
            if not _fits(operator, constant) or (operator == "eq" and isinstance(wanted, dict)):
                problems.append(
                    f"{fact}: {operator!r} with {constant!r} is not a condition; write a plain value, in with a "
                    "list, gt or lt with a number or text, exists with true or false"
                )
                continue
            compared = constant if operator == "in" else () if operator == "exists" else (constant,)
            wrong = [text for each in compared if (text := fact_problem(fact, each))]
            if operator in ("gt", "lt") and isinstance(constant, str) and not is_day(constant):
                wrong.append(
                    f"{fact}: {constant!r} is neither a number nor a day, so nothing is above or below it"
                )
            problems += wrong
            conditions.append(Condition(fact, cast(Operator, operator), constant))
    return kind, tuple(conditions)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = sorted({name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1})
        raise ValueError(f"{', '.join(map(repr, twice))} stands twice")
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a number")


def _fits(operator: str, constant: Any) -> bool:
    plain = isinstance(constant, str | int | float)
    return {
        "eq": plain,
        "in": isinstance(constant, list)
        and bool(constant)
        and all(isinstance(choice, str | int | float) for choice in constant),
        "gt": plain and not isinstance(constant, bool),
        "lt": plain and not isinstance(constant, bool),
        "exists": isinstance(constant, bool),
    }.get(operator, False)


def by_kind(rules: Sequence[Rule]) -> dict[str, list[Rule]]:
    """Return the rules that are evaluated, by the kind of object they speak about."""
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.enforceable:
            found.setdefault(rule.kind, []).append(rule)
    return found
