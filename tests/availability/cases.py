"""Runs worked cases in files against the public functions: `python -m tests.availability.cases FILE…`.

A file is `{"schema_version": 1, "cases": [...]}`; each case has a kind, inputs, expected values and a
tolerance. Prints what fails and why, ends with `N passed, N failed`, and exits with 1 on a failure. A
kind without an adapter counts as failed and is named as not covered.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agog_capacity.errors import AgogCapacityError
from tests.availability.adapters import ADAPTERS

FIELDS = {"id": str, "kind": str, "inputs": dict, "expected": dict, "tolerance": dict}


class CaseFileError(Exception):
    """A file that does not hold cases."""


@dataclass(frozen=True)
class Outcome:
    """How one case went."""

    case: str
    kind: str
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


def read_cases(path: Path) -> list[dict[str, Any]]:
    """Read the cases of a file, or say why it holds none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CaseFileError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise CaseFileError(f"{path}: is not JSON: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("cases"), list):
        raise CaseFileError(
            f'{path}: is not a file of cases; it begins {{"schema_version": 1, "cases": […]}}'
        )
    if content.get("schema_version") != 1:
        raise CaseFileError(f"{path}: schema_version is {content.get('schema_version')!r}; 1 is read")
    problems = []
    for number, case in enumerate(content["cases"], start=1):
        if not isinstance(case, dict):
            problems.append(f"{path}: case {number} is not an object")
            continue
        name = case.get("id", f"number {number}")
        problems += [
            f"{path}: case {name}: {field} is missing or not {kind.__name__}"
            for field, kind in FIELDS.items()
            if not isinstance(case.get(field), kind)
        ]
    if problems:
        raise CaseFileError("\n".join(problems))
    return content["cases"]


def run(case: Mapping[str, Any]) -> Outcome:
    """Run one case."""
    name, kind = case["id"], case["kind"]
    adapter = ADAPTERS.get(kind)
    if adapter is None:
        return Outcome(
            name, kind, (f"not covered: no function for kind {kind!r}; known: {', '.join(ADAPTERS)}",)
        )
    try:
        found = adapter(case["inputs"], case["expected"])
    except AgogCapacityError as error:
        return Outcome(name, kind, (f"refused: {error}",))
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        IndexError,
        ZeroDivisionError,
        OverflowError,
    ) as error:
        return Outcome(name, kind, (f"the inputs do not fit the kind: {type(error).__name__}: {error}",))
    return Outcome(name, kind, tuple(_differences("", case["expected"], found, Tolerance(case["tolerance"]))))


class Tolerance:
    """`rel` and `abs` of a case; `by_key` replaces `rel` for one key. All answers here are analytic."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.rel = float(given.get("rel", 0.0))
        self.abs = float(given.get("abs", 0.0))
        self.by_key = given.get("by_key", {})

    def allows(self, key: str, found: float, expected: float) -> bool:
        own = self.by_key.get(key, {})
        rel = own.get("rel", self.rel) if isinstance(own, dict) else own
        least = own.get("abs", self.abs) if isinstance(own, dict) else self.abs
        return abs(found - expected) <= max(least, rel * abs(expected))


def skipped(key: str) -> bool:
    """Tell whether a key shows what a naive model returns."""
    return key.startswith(("wrong_", "if_")) or key == "independent_only" or key.endswith("_if_zones_ignored")


def _differences(key: str, expected: Any, found: Any, tolerance: Tolerance, where: str = "") -> Iterator[str]:
    if isinstance(expected, dict):
        if not isinstance(found, Mapping):
            yield f"{where}: expected a table, found {found!r}"
            return
        for name, value in expected.items():
            if skipped(name):
                continue
            here = f"{where}.{name}" if where else name
            if name not in found:
                yield f"{here}: not in the result"
            else:
                yield from _differences(name, value, found[name], tolerance, here)
    elif isinstance(expected, list):
        if not isinstance(found, list | tuple) or len(found) != len(expected):
            yield f"{where}: expected {expected!r}, found {found!r}"
            return
        for number, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from _differences(key, one, other, tolerance, f"{where}[{number}]")
    elif not _agrees(key, expected, found, tolerance):
        yield f"{where}: expected {expected!r}, found {found!r}"


def _agrees(key: str, expected: Any, found: Any, tolerance: Tolerance) -> bool:
    if expected is None or isinstance(expected, bool | str) or isinstance(found, bool | str):
        return type(expected) is type(found) and bool(expected == found)
    if found is None or math.isnan(found):
        return False
    if isinstance(expected, int):
        return math.isclose(found, expected, rel_tol=1e-12)
    return math.isfinite(found) and tolerance.allows(key, found, expected)


def main(files: list[str]) -> int:
    """Run every case of the files, print what fails, return the exit code."""
    if not files:
        sys.stderr.write("usage: python -m tests.availability.cases FILE…\n")
        return 1
    outcomes: list[Outcome] = []
    unreadable = 0
    for file in files:
        try:
            outcomes += [run(case) for case in read_cases(Path(file))]
        except CaseFileError as error:
            unreadable += 1
            sys.stderr.write(f"{error}\n")
    for outcome in outcomes:
        for problem in outcome.problems:
            sys.stdout.write(f"FAILED {outcome.case} ({outcome.kind}): {problem}\n")
    failed = sum(not outcome.passed for outcome in outcomes)
    sys.stdout.write(f"{len(outcomes) - failed} passed, {failed} failed\n")
    return 1 if failed or unreadable else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
