"""Named inputs of a plan: values with a unit and a source that places refer to as `${name}`.

The only expression is the name itself. A plan that computes is a program without tests; what
deserves a formula belongs into a component.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from agog_capacity.documents import Place
from agog_capacity.errors import nearest
from agog_capacity.model import Flag, Label, Model, Text
from agog_capacity.validation import Finding

_REFERENCE = re.compile(r"^\$\{([^{}]*)\}$")

Number = Annotated[int, Field(strict=True)] | Annotated[float, Field(strict=True)]


class Input(Model):
    """One value a plan rests on: a number, or a choice such as a tier."""

    value: Number | Label
    unit: Label
    """Unit of the value, for readers; the field that refers to it defines what is expected."""
    source: Text
    """Document and section, or why this value is assumed."""
    assumption: Flag = False
    """True where the value is not given but assumed; it is then shown with every result."""


def references_resolved(
    value: Any, inputs: Mapping[str, Input], place: Place, used: dict[Place, str], findings: list[Finding]
) -> Any:
    """Return a value with every `${name}` replaced by the input's value.

    Parameters
    ----------
    value : any
        Plain values as a document has them.
    inputs : mapping
        What there is to refer to.
    place : tuple
        Where the value stands.
    used : dict
        Receives the name of the input behind each place.
    findings : list
        Receives references that lead nowhere.
    """
    if isinstance(value, dict):
        return {k: references_resolved(v, inputs, (*place, k), used, findings) for k, v in value.items()}
    if isinstance(value, list):
        return [references_resolved(v, inputs, (*place, i), used, findings) for i, v in enumerate(value)]
    matched = _REFERENCE.match(value) if isinstance(value, str) else None
    if matched is None:
        return value
    name = matched.group(1).strip()
    if name not in inputs:
        findings.append((place, f"input {name[:60]!r} does not exist; {nearest(name, inputs)}"))
        return value
    used[place] = name
    return inputs[name].value
