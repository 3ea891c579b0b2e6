"""What was drawn and what was taken as certain, in words for a caption."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from agog_capacity.availability.worth import FailoverWorth

if TYPE_CHECKING:
    from agog_capacity.availability.failures import FailureClass

_CLASS_WORDS = {
    "rate": "rates", "length": "lengths", "exposure": "exposure", "severity": "severity", "beta": "beta",
    "hits_both": "hits_both",
}  # fmt: skip
_FEW = 3
"""Classes that are named; of more only the number is told."""
_NO_SPREAD = 1e-6
"""Of the logarithm of a length that is stated as one number."""


def what_was_drawn(
    classes: Mapping[str, FailureClass],
    drawn: Collection[tuple[str, str]],
    sure_of_failovers: Collection[str],
) -> str:
    """Return in words what was drawn, and what was taken as certain.

    Parameters
    ----------
    classes : mapping
        Failure classes by name.
    drawn : collection
        Class or `failover`, and parameter.
    sure_of_failovers : collection
        Numbers of failovers that were taken as they stand.
    """
    told: list[str] = []
    certain: list[str] = []
    for parameter, word in _CLASS_WORDS.items():
        open_ones = [name for name, c in classes.items() if _is_open(c, parameter)]
        sure = [name for name in open_ones if (name, parameter) not in drawn]
        if any((name, parameter) in drawn for name in classes):
            told.append(word)
        if sure:
            named = ", ".join(sure) if len(sure) <= _FEW else f"{len(sure)} classes"
            certain.append(word if len(sure) == len(open_ones) else f"{word} of {named}")
    text = f"the {_joined(told)}"
    mine = [name for name in FailoverWorth.model_fields if ("failover", name) in drawn]
    text += f" of failures and the {_joined(mine)} of failovers" if mine else ""
    certain += [f"{_joined(list(sure_of_failovers))} of failovers"] if sure_of_failovers else []
    return f"{text} (certain: {'; '.join(certain)})" if certain else text


def _is_open(c: FailureClass, parameter: str) -> bool:
    """Tell whether a number of a class could be other than it is: 0, 1 and lengths without spread are meant so."""
    if parameter == "rate":
        return True
    if parameter == "length":
        return c.length.sigma > _NO_SPREAD
    if parameter == "hits_both":
        return c.scope == "change" and (c.hits_both is None or 0 < c.hits_both < 1)
    return bool(0 < getattr(c, parameter) < 1)


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
