"""What an argument of a function is: numbers as the interpreter has them, and lists of names.

A flag is no number here, although the interpreter counts with it, and a text is no list of its letters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

from agog_capacity.errors import InputError


def is_number(value: object) -> bool:
    """Tell whether something is a finite number and no flag."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float holds
        return False


def is_whole(value: object, least: int, most: int | None = None) -> bool:
    """Tell whether something is a whole number within bounds and no flag."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        return False
    return least <= int(value) and (most is None or int(value) <= most)


def names_in(what: str, given: Iterable[Any]) -> tuple[str, ...]:
    """Return names as a tuple: one text is one name, not its letters.

    Parameters
    ----------
    what : str
        What they name, for the message.
    given : iterable of str, or str

    Raises
    ------
    InputError
        If one of them is no text.
    """
    names = (given,) if isinstance(given, str) else tuple(given)
    wrong = [repr(name)[:40] for name in names if not isinstance(name, str)]
    if wrong:
        raise InputError(f"{', '.join(wrong[:5])} is no name of a {what}; give names as text")
    return names
