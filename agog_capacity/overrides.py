"""Scenarios as named overrides on a base: merge, remove with null, replace anything else.

Mappings are merged key by key; `null` removes what the base has; lists and single values replace.
Every value keeps its place in the document, so that a problem in a merged design points at the
line that wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import count
from numbers import Integral, Real
from typing import Any

from agog_capacity.documents import MAXIMUM_DEPTH, MAXIMUM_KEY, MAXIMUM_NODES, Place, unprintable
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


def plain_copy(value: Any, place: Place, findings: list[Finding]) -> Any:
    """Return a change that was given in Python as a document would have it; shares nothing with it.

    Parameters
    ----------
    value : any
        Mappings, lists, tuples, text, numbers, booleans, dates and None.
    place : tuple
        Where it will stand in the document.
    findings : list
        Receives what no document could hold: keys that are no text, objects, what contains itself.
    """
    return _Copier(findings).copy(value, place, ())


class _Copier:
    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        self.nodes = 0

    def copy(self, value: Any, place: Place, around: tuple[int, ...]) -> Any:
        self.nodes += 1
        if isinstance(value, str | bool | None):
            return value
        if isinstance(value, Integral):
            return int(value)
        if isinstance(value, Real):
            return float(value)
        if isinstance(value, date):
            return value.isoformat()
        if not isinstance(value, Mapping | list | tuple):
            kind = type(value).__name__
            self.findings.append(
                (place, f"a {kind} cannot stand in a plan; write text, numbers, lists, mappings")
            )
            return None
        if id(value) in around or len(around) > MAXIMUM_DEPTH or self.nodes > MAXIMUM_NODES:
            limits = f"deeper than {MAXIMUM_DEPTH} levels or over {MAXIMUM_NODES:,} values"
            what = "contains itself" if id(value) in around else f"is {limits}"
            self.findings.append((place[:8], f"the change {what}; a plan is neither"))
            return None
        inside = (*around, id(value))
        if not isinstance(value, Mapping):
            return [self.copy(one, (*place, index), inside) for index, one in enumerate(value)]
        return {
            key: self.copy(one, (*place, key), inside)
            for key, one in value.items()
            if self._takes(key, place)
        }

    def _takes(self, key: Any, place: Place) -> bool:
        good = isinstance(key, str) and len(key) <= MAXIMUM_KEY and not unprintable(key)
        if not good:
            self.findings.append((place, f"key {str(key)[:40]!r} is not short plain text, as every key is"))
        return good
