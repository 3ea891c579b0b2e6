"""How a manifest's rollouts go: what they add to the wanted pods while they run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agog_capacity.documents import Document
from agog_capacity.errors import InputError, Problem
from agog_capacity.scaling.manifest_budgets import is_count_or_percent
from agog_capacity.scaling.release import Releases

DEFAULT_SURGE = "25%"
"""Of Kubernetes, where a Deployment does not say."""


class RolloutError(InputError):
    """A release of a workload that cannot be simulated."""


def read_surge(document: Document, spec: dict[str, Any], kind: str, problems: list[Problem]) -> int | str:
    """Return the pods above the count in a rollout, or their percentage; only Deployments surge."""
    strategy = spec.get("strategy")
    if kind != "Deployment" or (isinstance(strategy, dict) and strategy.get("type") == "Recreate"):
        return 0
    rolling = strategy.get("rollingUpdate") if isinstance(strategy, dict) else None
    value = rolling.get("maxSurge", DEFAULT_SURGE) if isinstance(rolling, dict) else DEFAULT_SURGE
    if not is_count_or_percent(value):
        place = ("spec", "strategy", "rollingUpdate", "maxSurge")
        problems.append(
            document.problem(place, f"maxSurge {str(value)[:40]!r} is neither a count nor a percentage")
        )
        return 0
    return value if isinstance(value, int) else str(value)


def releases_of(at: Problem, name: str, surge: int | str, begins_s: Sequence[float]) -> Releases | None:
    """Return rolling releases of a workload; None without any.

    Parameters
    ----------
    at : Problem
        Where the workload stands.
    name : str
        Kind and name, for messages.
    surge : int or str
        `maxSurge`: pods, or a percentage.
    begins_s : sequence of float
        From the start of the simulation. [s]

    Raises
    ------
    RolloutError
        If a rollout adds no pods.
    """
    if not begins_s:
        return None
    pods, percent = (surge, 0) if isinstance(surge, int) else (0, int(surge[:-1]))
    if not pods and not percent:
        message = (
            f"a rollout of {name} adds no pods (a StatefulSet, Recreate or maxSurge 0): it replaces them in place, "
            "which is not simulated; leave it out of the releases, or give it a maxSurge"
        )
        raise RolloutError([Problem(message, at.path, at.line, at.file)])
    return Releases(
        at_s=tuple(float(begin) for begin in begins_s),
        surge_percent=percent or None,
        surge_pods=pods or None,
    )
