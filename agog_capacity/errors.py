"""What can go wrong, in words a planner can act on.

Every rejection of an input is one of these, never a bare traceback. An input with several
problems raises once, with all of them: a plan that is corrected one message at a time is
a plan nobody finishes.
"""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_SHOWN = 50
"""Problems of one input that are shown; how many more there are is said."""
_MOST_COMPARED = 500
"""Names that a misspelt one is compared with letter by letter, which takes time."""


class AgogCapacityError(Exception):
    """Base of every error this library raises on purpose."""


def visible(text: str) -> str:
    """Return text in which control characters and the like are seen instead of obeyed."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def _shown(lines: Sequence[object], what: str) -> str:
    more = len(lines) - MOST_SHOWN
    tail = [f"… and {more:,} more {what}; correct these first"] if more > 0 else []
    return "\n".join([*map(str, lines[:MOST_SHOWN]), *tail])


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input, and where."""

    message: str
    """What is wrong and how to repair it."""
    path: str = ""
    """Place inside the document, such as `design.components.app-nodes-us.nodes`."""
    line: int | None = None
    """Line in the file, from 1."""
    file: str = ""
    """File as the user named it."""

    def __str__(self) -> str:
        """Return `file:line: path: message`, leaving out what is not known."""
        place = ":".join(part for part in (self.file, str(self.line or "")) if part)
        return visible(": ".join(part for part in (place, self.path, self.message) if part))


class InputError(AgogCapacityError, ValueError):
    """An input that cannot be used; carries all its problems.

    Attributes
    ----------
    problems : tuple of Problem
        Everything found in the input, in the order of the document.
    """

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        self.problems = (Problem(problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__(_shown(self.problems, "problems"))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        """Pickle by the problems, so that errors survive worker processes."""
        return type(self), (self.problems,)


class DocumentError(InputError):
    """A file that is not readable as the document it should be."""


class PlanError(InputError):
    """A plan file, or a change to a plan, that is not valid."""


class PriceBookError(InputError):
    """A price book, or a source of one, that is not valid."""


class StatedTableError(InputError):
    """A stated cost table that cannot be compared with a forecast."""


class UnitError(InputError):
    """A unit that is not known, or two units that cannot be converted."""


class CurrencyMismatch(InputError):
    """Amounts in different currencies where one sum was asked for."""


class CommitmentError(InputError):
    """A commitment that cannot be planned, or usage that it cannot be applied to."""


class PriceNotFound(AgogCapacityError, LookupError):
    """No price book on the plan's list, and no stand-in, has the price."""


class AmbiguousPrice(AgogCapacityError, LookupError):
    """More than one price answers the same question."""


class MissingPrices(AgogCapacityError, LookupError):
    """Several prices of a plan are missing; all are listed.

    Attributes
    ----------
    problems : tuple of Problem
        Each missing price once, at what uses it first.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(_shown(self.problems, "prices"))

    @property
    def missing(self) -> tuple[str, ...]:
        """The missing prices as text."""
        return tuple(map(str, self.problems))

    def __reduce__(self) -> tuple[type[MissingPrices], tuple[tuple[Problem, ...]]]:
        """Pickle by the problems, so that errors survive worker processes."""
        return type(self), (self.problems,)


class InfeasibleDesign(InputError):
    """A scenario that cannot be bought or run as it is written; carries what stops it."""


class NotInResult(AgogCapacityError, LookupError):
    """Something was asked of a result that it does not hold."""


class BrowserNotFound(AgogCapacityError, RuntimeError):
    """Images were asked for and no Chrome or Chromium is installed."""


def nearest(wanted: object, choices: Iterable[object], count: int = 3) -> str:
    """Return the choices most like `wanted`, as text for a message.

    Parameters
    ----------
    wanted : object
        What was asked for; its text is compared without regard to case.
    choices : iterable
        What there is.
    count : int
        How many to name at most.

    Returns
    -------
    str
        `nearest: 'a', 'b'`, or what there is if nothing is alike, or `none exist`.
    """
    by_folded = {str(choice).casefold(): str(choice) for choice in choices}
    if not by_folded:
        return "none exist"
    folded = str(wanted)[:200].casefold()
    # Names of about the same length come first: of very many, only those are compared.
    alike = heapq.nsmallest(_MOST_COMPARED, by_folded, key=lambda name: abs(len(name) - len(folded)))
    if len(by_folded) <= _MOST_COMPARED:
        alike = list(by_folded)
    close = difflib.get_close_matches(folded, alike, n=count, cutoff=0.6)
    if close:
        return "nearest: " + ", ".join(repr(by_folded[name]) for name in close)
    shown = sorted(by_folded.values())[:8]
    more = "" if len(by_folded) <= len(shown) else f", … ({len(by_folded)} in all)"
    return "there are: " + ", ".join(map(repr, shown)) + more
