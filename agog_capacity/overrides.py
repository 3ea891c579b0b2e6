"""Scenarios as named overrides on a base: merge, remove with null, replace anything else.

Mappings are merged key by key; `null` removes what the base has; lists and single values replace.
Every value keeps its place in the document, so that a problem in a merged design points at the
line that wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from agog_capacity.documents import Place
from agog_capacity.errors import nearest
from agog_capacity.validation import Finding, Findings, TooManyFindings

Origins = dict[Place, tuple[int, Place]]
"""Place in the document of each merged value that is not from the base, numbered in the order of writing:
what was written later around a value has replaced it."""

_NUMBER = count()


def merged(
    base: Mapping[str, Any], change: Mapping[str, Any], written_at: Place, origins: Origins
) -> tuple[dict[str, Any], list[Finding]]:
    """Return the base with a change applied.

    Parameters
    ----------
    base : mapping
        Sections of a design as plain values; not changed.
    change : mapping
        What differs.
    written_at : tuple
        Where the change stands in the document.
    origins : dict
        Receives the document's place of each changed value.

    Returns
    -------
    merged : dict
    findings : list
        Removals of what is not there, with their places in the document.
    """
    findings = Findings()
    try:
        return _merge(base, change, (), written_at, origins, findings), findings
    except TooManyFindings:
        return dict(base), findings


def _merge(
    base: Mapping[str, Any],
    change: Mapping[str, Any],
    place: Place,
    written_at: Place,
    origins: Origins,
    findings: list[Finding],
) -> dict[str, Any]:
    result = dict(base)
    for key, value in change.items():
        here, there = (*place, key), (*written_at, key)
        if value is None:
            if key in result:
                del result[key]
            else:
                findings.append((there, f"there is no {key!r} to remove; {nearest(key, base)}"))
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merge(result[key], value, here, there, origins, findings)
        else:
            origins[here] = (next(_NUMBER), there)
            result[key] = value
    return result


def place_in_document(place: Place, origins: Origins, base_at: Place) -> Place:
    """Return where a place of a merged design was written."""
    around = [length for length in range(1, len(place) + 1) if place[:length] in origins]
    if not around:
        return (*base_at, *place)
    latest = max(around, key=lambda length: origins[place[:length]][0])
    return (*origins[place[:latest]][1], *place[latest:])
