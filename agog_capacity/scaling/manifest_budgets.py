"""PodDisruptionBudgets, and counts that may be percentages."""

from __future__ import annotations

import math
import re
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

    def least_available(self, replicas: int) -> int:
        """Return how many of some pods must stay available, percentages rounded up as Kubernetes does."""
        if self.min_available is not None:
            return scaled(self.min_available, replicas)
        if self.max_unavailable is not None:
            return max(0, replicas - scaled(self.max_unavailable, replicas))
        return 0


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
