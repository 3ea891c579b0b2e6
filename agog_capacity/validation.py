"""From pydantic's errors to problems in the planner's words, with their places."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sized
from typing import Any, Self

from pydantic import BaseModel, ValidationError

from agog_capacity.documents import Document, Place
from agog_capacity.errors import Problem, nearest

Finding = tuple[Place, str]
"""Place inside a document and what is wrong there."""

MOST_FINDINGS = 200
"""Findings after which no more are looked for: nobody corrects as many in one go, and looking takes time."""


MOST_NAMES = 1000
"""Entries that a section may have: far above any real design, and quick for 200 scenarios."""


class TooManyFindings(Exception):
    """Enough was found; what was found before stands in the list."""


class Findings(list[Finding]):
    """A list that says when it is full, by `TooManyFindings`."""

    def append(self, finding: Finding) -> None:
        """Add a finding.

        Raises
        ------
        TooManyFindings
            If there are as many as `MOST_FINDINGS`.
        """
        if len(self) >= MOST_FINDINGS:
            raise TooManyFindings
        super().append(finding)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add findings one by one."""
        for finding in findings:
            self.append(finding)

    def __iadd__(self, findings: Iterable[Finding]) -> Self:  # type: ignore[override, misc]
        """Add findings one by one."""
        self.extend(findings)
        return self


class Collected:
    """Findings of a plan, each once: what is wrong in the base is found again in every scenario."""

    def __init__(self) -> None:
        self._found: dict[tuple[Place, str], tuple[str, dict[str, None]]] = {}

    def __bool__(self) -> bool:
        """Tell whether anything was found."""
        return bool(self._found)

    @property
    def full(self) -> bool:
        """Whether no more should be looked for."""
        return len(self._found) >= MOST_FINDINGS

    def add(self, findings: Iterable[Finding], scenario: str = "") -> None:
        """Add what was found, in a scenario or in the document itself."""
        for place, message in findings:
            # Behind the semicolon stand the nearest names, which may differ between scenarios.
            _, names = self._found.setdefault((place, message.split(";")[0]), (message, {}))
            if scenario:
                names[scenario] = None

    def problems(self, document: Document, scenarios: Collection[str]) -> list[Problem]:
        """Return all as problems, by line; what only some of the scenarios have, names them."""
        problems = []
        for (place, _), (message, found_in) in self._found.items():
            names = list(found_in)
            at_home = place[:1] == ("scenarios",) and place[1:2] == tuple(names)
            if names and not at_home and not self.full and len(names) < len(scenarios):
                more = f" and {len(names) - 3} more" if len(names) > 3 else ""
                message = f"in scenario {', '.join(names[:3])}{more}: {message}"
            problems.append(document.problem(place, message))
        problems.sort(key=lambda problem: problem.line or 0)
        if self.full:
            problems.append(Problem("has more problems than these; correct them first", file=document.file))
        return problems


def findings_of(error: ValidationError, place: Place, model: type[BaseModel]) -> list[Finding]:
    """Return what pydantic found, with the nearest valid name for what is misspelt.

    Parameters
    ----------
    error : ValidationError
        Raised by `model.model_validate`.
    place : tuple
        Where the validated value stands in its document.
    model : type
        The model, for the names it knows.
    """
    findings: dict[Finding, None] = {}
    details = error.errors(include_url=False, include_context=True)[:MOST_FINDINGS]
    around = {detail["loc"][:length] for detail in details for length in range(len(detail["loc"]))}
    for detail in details:
        # Entries that are wrong are not counted: what they leave is too short only for that.
        if detail["type"] == "too_short" and detail["loc"] in around:
            continue
        where = tuple(part for part in detail["loc"] if not _is_internal(part))
        findings[(*place, *where), _message(detail, where, model)] = None
    return list(findings)


def _is_internal(part: object) -> bool:
    """Tell whether pydantic named a branch of a union or a validator instead of a place."""
    return isinstance(part, str) and (part in ("int", "float", "str", "date", "[key]") or "[" in part)


def _message(detail: Any, where: Place, model: type[BaseModel]) -> str:
    kind, shown = detail["type"], repr(detail.get("input"))[:60]
    name = str(where[-1]) if where else "value"
    if kind == "extra_forbidden":
        return f"{name[:60]!r} is not known here; {nearest(name, _names_at(model, where[:-1]))}"
    if kind == "missing":
        return f"{name!r} is missing"
    if kind == "literal_error":
        return f"{name} {shown} is not one of {detail['ctx']['expected']}"
    if kind == "value_error":
        return str(detail["msg"]).removeprefix("Value error, ")
    if kind == "string_pattern_mismatch":
        return f"{name} {shown} is not a name; use letters, digits, '_', '-' and '.', beginning with a letter"
    text = str(detail["msg"])
    return f"{name} is {shown}: {text[0].lower()}{text[1:]}"


def _names_at(model: type[BaseModel], where: Place) -> list[str]:
    """Return the field names at a place inside a model, as far as the annotations tell."""
    current: Any = model
    for part in where:
        if (
            not isinstance(part, str)
            or not hasattr(current, "model_fields")
            or part not in current.model_fields
        ):
            return sorted(current.model_fields) if hasattr(current, "model_fields") else []
        annotation = current.model_fields[part].annotation
        inner = [
            a for a in getattr(annotation, "__args__", ()) if isinstance(a, type) and issubclass(a, BaseModel)
        ]
        current = inner[0] if inner else annotation
    return [n for n in getattr(current, "model_fields", {}) if n != "name" or current is not model]


def too_many(section: str, content: Sized) -> str:
    """Return what to say of a section with too many entries."""
    return f"{section} has {len(content):,} entries; a design may have {MOST_NAMES:,}"
