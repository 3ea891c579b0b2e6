"""PodDisruptionBudgets, and counts that may be percentages."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agog_capacity.documents import Document
from agog_capacity.errors import Problem, nearest

_FIELDS = ("minAvailable", "maxUnavailable", "selector", "unhealthyPodEvictionPolicy")


@dataclass(frozen=True)
class BudgetManifest:
    """A PodDisruptionBudget."""

    name: str
    namespace: str
    labels: tuple[tuple[str, str], ...]
    min_available: int | str | None
    max_unavailable: int | str | None
    problem_at: Problem = field(default_factory=lambda: Problem(""))
    """Where it stands, with no message."""

    def covers(self, namespace: str, labels: tuple[tuple[str, str], ...]) -> bool:
        """Tell whether it selects pods with these labels."""
        return self.namespace == namespace and set(self.labels) <= set(labels)

    def least_available(self, replicas: int) -> int:
        """Return how many of some pods must stay available, percentages rounded up as Kubernetes does."""
        if self.min_available is not None:
            return scaled(self.min_available, replicas)
        if self.max_unavailable is not None:
            return max(0, replicas - scaled(self.max_unavailable, replicas))
        return 0


def workload_budget(budgets: Iterable[BudgetManifest]) -> dict[str, Any]:
    """Return the fields of a workload that stand for the budgets of its pods: the strictest of each form.

    Percentages and `maxUnavailable` stay what they are: they follow the count of the moment.
    """
    found: dict[str, int] = {}
    for budget in budgets:
        for name, value, strictest in (
            ("min_available", budget.min_available, max),
            ("max_unavailable", budget.max_unavailable, min),
        ):
            if value is None:
                continue
            key = name if isinstance(value, int) else f"{name}_percent"
            number = value if isinstance(value, int) else int(value[:-1])
            found[key] = strictest(found.get(key, number), number)
    return found


def is_count_or_percent(value: Any) -> bool:
    """Tell whether a value is a count of pods or a percentage of them."""
    if isinstance(value, str):
        return re.fullmatch(r"[0-9]{1,4}%", value) is not None and int(value[:-1]) <= 1000
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10_000


def scaled(value: int | str, replicas: int) -> int:
    """Return a count, or a percentage of replicas rounded up."""
    if isinstance(value, int):
        return value
    return math.ceil(int(value[:-1]) * replicas / 100)


def read_budget(
    document: Document, name: str, namespace: str, problems: list[Problem], not_modelled: list[Problem]
) -> BudgetManifest | None:
    """Read a PodDisruptionBudget; problems and what is not modelled are added to the lists."""
    spec = document.content["spec"]
    before = len(problems)
    for key in spec:
        if key not in _FIELDS:
            message = f"{key[:60]!r} of a budget is not known; {nearest(key, _FIELDS)}"
            problems.append(document.problem(("spec", key), message))
    values = {key: spec.get(key) for key in ("minAvailable", "maxUnavailable")}
    for key, value in values.items():
        if value is None:
            continue
        if not is_count_or_percent(value):
            message = f"{key} {str(value)[:40]!r} is neither a count nor a percentage"
            problems.append(document.problem(("spec", key), message))
        elif isinstance(value, str) and int(value[:-1]) > 100:
            message = f"{key} {value} is above 100 %, which Kubernetes refuses; lower it"
            problems.append(document.problem(("spec", key), message))
    if all(value is not None for value in values.values()):
        problems.append(document.problem(("spec",), "set minAvailable or maxUnavailable, not both"))
    selector = spec.get("selector")
    labels = selector.get("matchLabels") if isinstance(selector, dict) else None
    if len(problems) > before:
        return None
    if not isinstance(labels, dict) or not labels or set(selector) != {"matchLabels"}:
        message = f"budget {name!r} does not select by matchLabels alone; passed over"
        not_modelled.append(document.problem(("spec", "selector"), message))
        return None
    pairs = tuple(sorted((str(key), str(value)) for key, value in labels.items()))
    at = document.problem(("spec",), "")
    return BudgetManifest(name, namespace, pairs, values["minAvailable"], values["maxUnavailable"], at)
