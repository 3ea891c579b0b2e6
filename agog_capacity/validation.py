"""From pydantic's errors to problems in the planner's words, with their places."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from agog_capacity.documents import Place
from agog_capacity.errors import nearest

Finding = tuple[Place, str]
"""Place inside a document and what is wrong there."""


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
    findings: list[Finding] = []
    for detail in error.errors(include_url=False, include_context=True):
        where = tuple(part for part in detail["loc"] if not _is_internal(part))
        finding = ((*place, *where), _message(detail, where, model))
        if finding not in findings:
            findings.append(finding)
    return findings


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
