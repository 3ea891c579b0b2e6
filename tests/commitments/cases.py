"""Runs files of worked commitment cases: `python -m tests.commitments.cases FILE…`.

Each file is `{"schema_version": 1, "cases": [...]}`; a case has `id`, `kind`, `inputs`, `expected` and
`tolerance`. What differs is named with both values; the last line is `N passed, N failed`, and the exit
code 1 if any failed or a file cannot be read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.commitments.kinds import KINDS

SCHEMA_VERSION = 1
_REL, _ABS = 1e-8, 1e-7


class BadFile(ValueError):
    """A file that holds no cases."""


def read_cases(path: Path) -> list[dict[str, Any]]:
    """Return the cases of a file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except OSError as error:
        raise BadFile(f"{path}: cannot be read: {error.strerror or error}") from None
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadFile(f"{path}: is not JSON: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("cases"), list):
        raise BadFile(f'{path}: has no cases; write {{"schema_version": {SCHEMA_VERSION}, "cases": [...]}}')
    if document.get("schema_version") != SCHEMA_VERSION:
        raise BadFile(
            f"{path}: has schema version {document.get('schema_version')!r}; this runner reads {SCHEMA_VERSION}"
        )
    for number, case in enumerate(document["cases"], 1):
        missing = [
            k for k in ("id", "kind", "inputs", "expected") if not isinstance(case, dict) or k not in case
        ]
        if missing:
            raise BadFile(f"{path}: case {number} lacks {', '.join(missing)}")
    return list(document["cases"])


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number of a case")


def differences(case: dict[str, Any]) -> list[str]:
    """Return how the library differs from a case; nothing if it agrees."""
    run = KINDS.get(case["kind"])
    if run is None:
        return [f"kind {case['kind']!r} is not covered; there are: {', '.join(KINDS)}"]
    if not isinstance(case["inputs"], dict) or not isinstance(case["expected"], dict):
        return ["inputs and expected must be tables"]
    try:
        result = run(case["inputs"])
    except KeyError as error:
        return [f"inputs lack {error}"]
    except Exception as error:  # a case that breaks the library is a failed case, the others still run
        return [f"{type(error).__name__}: {error}"]
    tolerance = case.get("tolerance") or {}
    rel, absolute = float(tolerance.get("rel", _REL)), float(tolerance.get("abs", _ABS))
    return list(_compare(case["expected"], result, "", rel, absolute))


def _compare(expected: Any, found: Any, place: str, rel: float, absolute: float) -> Iterator[str]:
    where = place or "result"
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            yield f"{where}: expected a table, found {found!r}"
            return
        for key, value in expected.items():
            if key.startswith("wrong_"):
                continue
            inner = f"{place}.{key}" if place else key
            if key not in found:
                yield f"{inner}: missing"
            else:
                yield from _compare(value, found[key], inner, rel, absolute)
    elif isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            yield f"{where}: expected {expected!r}, found {found!r}"
            return
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from _compare(one, other, f"{where}[{index}]", rel, absolute)
    elif isinstance(expected, bool) or expected is None or isinstance(expected, str):
        if found != expected or type(found) is not type(expected):
            yield f"{where}: expected {expected!r}, found {found!r}"
    elif (
        isinstance(found, bool)
        or not isinstance(found, int | float)
        or not abs(found - expected) <= max(absolute, rel * abs(expected))
    ):
        yield f"{where}: expected {expected!r}, found {found!r}"


def run(paths: list[Path]) -> int:
    """Run files, print what fails and the count; return the exit code."""
    passed = failed = 0
    readable = True
    for path in paths:
        try:
            cases = read_cases(path)
        except BadFile as error:
            sys.stderr.write(f"error: {error}\n")
            readable = False
            continue
        for case in cases:
            wrong = differences(case)
            if wrong:
                failed += 1
                sys.stdout.write(f"{path.name} {case['id']} ({case['kind']}): {'; '.join(wrong)}\n")
            else:
                passed += 1
    sys.stdout.write(f"{passed} passed, {failed} failed\n")
    return 1 if failed or not readable else 0


def main(arguments: list[str]) -> int:
    """Run the command."""
    if not arguments:
        sys.stderr.write("usage: python -m tests.commitments.cases FILE…\n")
        return 1
    return run([Path(argument) for argument in arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
