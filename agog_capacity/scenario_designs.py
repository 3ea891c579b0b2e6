"""The designs that the scenarios of a plan file describe, merged from its base and what they change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agog_capacity.documents import Place
from agog_capacity.errors import nearest
from agog_capacity.overrides import Origins, merged
from agog_capacity.plan_file import MAXIMUM_SCENARIOS
from agog_capacity.validation import Collected, Finding


def unused_inputs(content: Mapping[str, Any], used: set[str]) -> list[Finding]:
    """Return the inputs that no scenario refers to, with their places."""
    declared: dict[str, Place] = {
        name: ("base", "inputs", name) for name in (content["base"].get("inputs") or {})
    }
    for scenario, spec in content["scenarios"].items():
        change = (spec.get("change") or {}).get("inputs") or {}
        declared |= {n: ("scenarios", scenario, "change", "inputs", n) for n in change if n not in declared}
    return [
        (place, f"input {name!r} is used by no scenario; refer to it as '${{{name}}}' or leave it out")
        for name, place in declared.items()
        if name not in used
    ]


def scenario_designs(
    content: Mapping[str, Any], found: Collected
) -> dict[str, tuple[dict[str, Any], Origins]]:
    """Merge every scenario that can be merged; what cannot is a finding."""
    base, specs = content.get("base"), content.get("scenarios")
    if not isinstance(base, dict) or not isinstance(specs, dict):
        return {}
    usable = {name: spec for name, spec in list(specs.items())[:MAXIMUM_SCENARIOS] if isinstance(spec, dict)}
    result = {}
    for name in usable:
        findings: list[Finding] = []
        chain = _chain(name, usable, findings)
        found.add(findings)
        if chain is None or found.full:
            continue
        origins: Origins = {}
        design = dict(base)
        for link in chain:
            change = usable[link].get("change") or {}
            if isinstance(change, dict):
                design, problems = merged(design, change, ("scenarios", link, "change"), origins)
                found.add(problems, link)
        result[name] = (design, origins)
    return result


def _chain(name: str, specs: Mapping[str, Any], findings: list[Finding]) -> list[str] | None:
    """Return a scenario and what it extends, from the root down; None if that leads nowhere."""
    chain = [name]
    while (parent := specs[chain[0]].get("extends")) is not None:
        place: Place = ("scenarios", chain[0], "extends")
        if not isinstance(parent, str) or parent not in specs:
            findings.append(
                (place, f"scenario {str(parent)[:60]!r} does not exist; {nearest(parent, specs)}")
            )
            return None
        if parent in chain:
            circle = " -> ".join([*reversed(chain[: chain.index(parent) + 1]), parent])
            findings.append(
                (("scenarios", name, "extends"), f"scenarios extend each other in a circle: {circle}")
            )
            return None
        chain.insert(0, parent)
    return chain
