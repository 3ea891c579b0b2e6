# ruff: noqa: T201  (a command)
"""Runs case files of the autoscaling rules: `python -m tests.scaling.vectors FILE…`.

Prints the name of every case that fails with what differs, then `N passed, N failed`; exits 1 on a failure and
2 on a file that is not of the schema.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from agog_capacity.scaling.pods import CalculationFailed
from tests.scaling.vector_hpa import HPA_FUNCTIONS
from tests.scaling.vector_nodes import NODE_FUNCTIONS

Inputs = Mapping[str, Any]
FUNCTIONS: dict[str, Callable[[Any], Mapping[str, Any]]] = {**HPA_FUNCTIONS, **NODE_FUNCTIONS}
DEFAULT_TOLERANCE = 1e-9
_SPECIAL_TOLERANCE = {"aks_memory_reserved": 1e-6}


class BadFile(Exception):
    """A file that is not a case file."""


class Result(NamedTuple):
    name: str
    differences: list[str]


class Closeness(NamedTuple):
    relative: float
    absolute: float


def main(arguments: list[str]) -> int:
    if not arguments:
        print("usage: python -m tests.scaling.vectors FILE…", file=sys.stderr)
        return 2
    passed = failed = 0
    bad = False
    for argument in arguments:
        try:
            results = run_file(Path(argument))
        except BadFile as error:
            print(f"{argument}: {error}", file=sys.stderr)
            bad = True
            continue
        for result in results:
            if result.differences:
                failed += 1
                print(f"FAILED {argument}: {result.name}")
                for difference in result.differences:
                    print(f"    {difference}")
            else:
                passed += 1
    print(f"{passed} passed, {failed} failed")
    return 2 if bad else int(failed > 0)


def run_file(path: Path) -> list[Result]:
    document = read(path)
    closeness = _closeness(document)
    return [run_case(case, closeness) for case in document["cases"]]


def read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadFile("does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"cannot be read: {error}") from None
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadFile(f"is not JSON: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("cases"), list):
        raise BadFile("is not a case file: it must be an object with a list 'cases'")
    if document.get("schema_version") != 1:
        raise BadFile(f"has schema_version {document.get('schema_version')!r}; this runner reads 1")
    for number, case in enumerate(document["cases"]):
        if not isinstance(case, dict) or not all(
            key in case for key in ("name", "function", "inputs", "expected")
        ):
            raise BadFile(f"case {number} lacks one of name, function, inputs, expected")
        if not isinstance(case["inputs"], dict) or not isinstance(case["expected"], dict):
            raise BadFile(f"case {number} ({case['name']!r}): inputs and expected must be objects")
    count = document.get("count")
    if count is not None and count != len(document["cases"]):
        raise BadFile(f"says count {count!r} but has {len(document['cases'])} cases")
    return document


def run_case(case: Mapping[str, Any], closeness: Closeness = Closeness(DEFAULT_TOLERANCE, 0.0)) -> Result:  # noqa: B008
    name, function = str(case["name"]), case["function"]
    if not isinstance(function, str) or function not in FUNCTIONS:
        return Result(name, [f"function {function!r} is not known; there are {', '.join(sorted(FUNCTIONS))}"])
    if function in _SPECIAL_TOLERANCE:
        special = _SPECIAL_TOLERANCE[function]
        closeness = Closeness(max(closeness.relative, special), max(closeness.absolute, special))
    try:
        actual: Mapping[str, Any] = FUNCTIONS[function](case["inputs"])
    except CalculationFailed as error:
        actual = {"error": error.kind}
    except Exception as error:  # one bad case must not hide the others
        return Result(name, [f"could not be run: {type(error).__name__}: {error}"])
    return Result(name, differences(case["expected"], actual, closeness, case.get("compare")))


def differences(
    expected: Mapping[str, Any], actual: Mapping[str, Any], closeness: Closeness, compare: str | None
) -> list[str]:
    found = []
    for key, wanted in expected.items():
        if key not in actual:
            found.append(f"{key}: expected {wanted!r}, got nothing (there is {dict(actual)!r})")
        elif compare == "multiset_of_sizes" and key == "sizes":
            if sorted(wanted.values()) != sorted(actual[key].values()):
                found.append(f"{key}: expected the sizes {wanted!r}, got {actual[key]!r}")
        elif not same(wanted, actual[key], closeness):
            found.append(f"{key}: expected {wanted!r}, got {actual[key]!r}")
    return found


def same(wanted: Any, actual: Any, closeness: Closeness) -> bool:
    if isinstance(wanted, bool) or isinstance(actual, bool) or wanted is None or actual is None:
        return wanted is actual
    if isinstance(wanted, dict):
        return (
            isinstance(actual, Mapping)
            and set(wanted) == set(actual)
            and all(same(value, actual[key], closeness) for key, value in wanted.items())
        )
    if isinstance(wanted, list):
        return (
            isinstance(actual, list | tuple)
            and len(wanted) == len(actual)
            and all(same(a, b, closeness) for a, b in zip(wanted, actual, strict=True))
        )
    if isinstance(wanted, int) and isinstance(actual, int):
        return wanted == actual
    if isinstance(wanted, int | float) and isinstance(actual, int | float):
        return math.isclose(wanted, actual, rel_tol=closeness.relative, abs_tol=closeness.absolute)
    return bool(wanted == actual)


def _closeness(document: Mapping[str, Any]) -> Closeness:
    relative, absolute = document.get("tolerance_relative"), document.get("tolerance_absolute")
    for name, value in (("tolerance_relative", relative), ("tolerance_absolute", absolute)):
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0
        ):
            raise BadFile(f"has {name} {value!r}; it must be a number from 0")
    if relative is None and absolute is None:
        return Closeness(DEFAULT_TOLERANCE, 0.0)
    return Closeness(relative or 0.0, absolute or 0.0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
