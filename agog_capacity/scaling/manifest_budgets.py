"""PodDisruptionBudgets, and counts that may be percentages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class BudgetManifest:
    """A PodDisruptionBudget."""

    name: str
    namespace: str
    labels: tuple[tuple[str, str], ...]
    min_available: int | str | None
    max_unavailable: int | str | None


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
            field = name if isinstance(value, int) else f"{name}_percent"
            number = value if isinstance(value, int) else int(value[:-1])
            found[field] = strictest(found.get(field, number), number)
    return found


def is_count_or_percent(value: Any) -> bool:
    """Tell whether a value is a count of pods or a percentage of them."""
    if isinstance(value, str):
        return re.fullmatch(r"[0-9]{1,4}%", value) is not None and int(value[:-1]) <= 1000
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10_000
