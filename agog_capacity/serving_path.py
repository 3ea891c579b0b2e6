"""The path a request depends on: components that every request needs, and alternatives of which one must work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agog_capacity.components import Component
from agog_capacity.documents import Place
from agog_capacity.errors import nearest
from agog_capacity.validation import MOST_NAMES, Finding, too_many


@dataclass(frozen=True)
class AnyOf:
    """Alternatives on the serving path: the request is served while one branch works."""

    branches: tuple[tuple[str, ...], ...]
    """Component names; all components of a branch are needed for it to work."""


PathStep = str | AnyOf


def read_serving_path(
    raw: Mapping[str, Any], components: Mapping[str, Component], findings: list[Finding]
) -> tuple[PathStep, ...]:
    """Return the steps of a serving path; what is wrong with them is added to the findings.

    Parameters
    ----------
    raw : mapping
        All sections of the design as plain values.
    components : mapping of str to Component
        Those that are valid.
    findings : list
    """
    content = raw.get("serving_path", [])
    place: Place = ("serving_path",)
    if not isinstance(content, list):
        findings.append((place, "serving_path is a list of component names and of any_of"))
        return ()
    if len(content) > MOST_NAMES:
        findings.append((place, too_many("serving_path", content)))
        return ()
    declared = raw.get("components")
    names = declared if isinstance(declared, dict) else {}

    def name_at(value: Any, where: Place) -> Iterator[str]:
        if not isinstance(value, str) or value not in names:
            findings.append(
                (where, f"{str(value)[:60]!r} is not a component of the design; {nearest(value, names)}")
            )
        else:
            yield value

    steps: list[PathStep] = []
    for index, step in enumerate(content):
        here = (*place, index)
        if not isinstance(step, dict):
            steps.extend(name_at(step, here))
            continue
        branches = step.get("any_of")
        if set(step) != {"any_of"} or not isinstance(branches, list) or len(branches) < 2:
            findings.append(
                (here, "a step is a component's name, or any_of with a list of two or more branches")
            )
            continue
        built = []
        for number, branch in enumerate(branches):
            at = (*here, "any_of", number)
            if not isinstance(branch, list) or not branch:
                findings.append((at, "a branch is a list of component names"))
                continue
            built.append(tuple(name for i, part in enumerate(branch) for name in name_at(part, (*at, i))))
        steps.append(AnyOf(tuple(built)))
    for name in _repeated(steps):
        message = (
            f"{name!r} stands twice on the serving path; it may be in several branches, but not twice in "
            "one and not both in a branch and where every request needs it"
        )
        findings.append((place, message))
    return tuple(steps)


def _repeated(steps: list[PathStep]) -> list[str]:
    """Return the components that stand twice where once says all: in a branch, or needed by every request."""
    always = Counter(step for step in steps if isinstance(step, str))
    branches = [Counter(branch) for step in steps if isinstance(step, AnyOf) for branch in step.branches]
    twice = {name for names in (always, *branches) for name, times in names.items() if times > 1}
    return sorted(twice | {name for branch in branches for name in branch if name in always})
