"""Checked probabilities and rates, and complements that keep their digits.

Near 1 the digits of an availability vanish, so everything is computed in unavailability q = 1 - a.
An input that is given as a is turned into q once, exactly, from its decimal text: `1 - 0.9999` is
off by 1e-13 of itself, and a later product of such numbers cannot win the digits back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Integral

from agog_capacity.arguments import is_number
from agog_capacity.errors import InputError, Problem

Number = int | float | str | Decimal | Fraction
"""A number; text and decimals are taken as they are written, a float as it is shown."""
LEAST_RATE = 1e-100
"""Rates below are of nothing that can be counted, and their inverse is no number."""


def exact(value: Number) -> Fraction:
    """Return a number as the fraction that its decimal text says.

    Parameters
    ----------
    value : int, float, str, Decimal or Fraction

    Raises
    ------
    InputError
        If it is not a finite number.

    Examples
    --------
    >>> exact(0.9999)
    Fraction(9999, 10000)
    """
    if isinstance(value, Fraction):
        return value
    try:
        if isinstance(value, int | Decimal):
            return Fraction(value)
        return Fraction(value if isinstance(value, str) else repr(float(value)))
    except (ValueError, OverflowError, TypeError, ZeroDivisionError):
        raise InputError(f"{str(value)[:40]!r} is not a finite number") from None


def complement(share: Number) -> float:
    """Return 1 - share, exact before it is rounded once.

    Parameters
    ----------
    share : number
        In [0, 1].

    Examples
    --------
    >>> complement(0.9999)
    0.0001
    """
    found = 1 - exact(share)
    if not 0 <= found <= 1:
        raise InputError(f"{str(share)[:40]} is not between 0 and 1")
    return float(found)


def _number(what: str, value: object) -> None:
    """Refuse what cannot be held against a bound, such as text."""
    if isinstance(value, str | bytes) or not hasattr(value, "__float__"):
        raise InputError(f"{what} {str(value)[:40]!r} is not a number")


def probability(what: str, value: float) -> float:
    """Return a probability or share as float, or say why it is none."""
    _number(what, value)
    if not 0 <= value <= 1:
        hint = "; a percentage is divided by 100" if 1 < value <= 100 else ""
        raise InputError(f"{what} {value!r} is not between 0 and 1{hint}")
    return float(value)


def rate(what: str, value: float) -> float:
    """Return the rate of an event that can happen: above 0 and finite."""
    _number(what, value)
    if value == 0:
        raise InputError(
            f"{what} is 0: none seen in T years is not a rate of 0 but one of at most 3/T (95 %); "
            "give a small rate, or leave the event out"
        )
    if 0 < value < LEAST_RATE:
        raise InputError(f"{what} {value!r} is so small that it never happens; leave the event out")
    return positive(what, value)


def positive(what: str, value: float) -> float:
    """Return a number that must be above 0 and finite, such as a mean repair time."""
    _number(what, value)
    if not 0 < value < math.inf:
        reason = "is infinite: it never ends" if value == math.inf else "must be above 0"
        raise InputError(f"{what} {value!r} {reason}")
    return float(value)


def not_negative(what: str, value: float) -> float:
    """Return a number that must be finite and not below 0."""
    _number(what, value)
    if not 0 <= value < math.inf:
        raise InputError(f"{what} {value!r} must be a finite number, 0 or above")
    return float(value)


def weights(what: str, values: Sequence[float]) -> tuple[float, ...]:
    """Return shares that must add up to 1, or say what they add up to."""
    found = tuple(probability(f"{what}: share", value) for value in values)
    if abs(math.fsum(found) - 1) > 1e-9:
        raise InputError(f"{what}: the shares add up to {math.fsum(found):g}; they must add up to 1")
    return found


def whole(what: str, value: object, least: int = 0) -> int:
    """Return a whole number that is not below the least, or say why it is none."""
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        raise InputError(f"{what} {value!r} must be a whole number from {least} on")
    return int(value)


def target_share(percent: Number) -> Fraction:
    """Return an availability target as a share, exact, or say why it is none.

    Parameters
    ----------
    percent : number
        From 0 to 100. [%]
    """
    share = exact(percent) / 100
    if not 0 <= share <= 1:
        raise InputError(f"availability target {str(percent)[:40]} % is not between 0 and 100")
    return share


def wrong_threshold(value: object) -> list[str]:
    """Return what is wrong with a loss above which time counts as deep; nothing where it is a share below 1."""
    if is_number(value) and 0 <= float(value) < 1:  # type: ignore[arg-type]
        return []
    return [f"deep threshold {str(value)[:40]} must be a share from 0 to below 1"]


def at_least_of(needed: int, count: int) -> None:
    """Check that `needed` of `count` is a choice that exists."""
    if whole("needed units", needed) < 1 or needed > count:
        raise InputError(f"{needed} of {count} is not possible; between 1 and {count} can be needed")


def together(problems: Iterable[str]) -> None:
    """Raise once with all problems, if there are any."""
    found = [Problem(text) for text in problems]
    if found:
        raise InputError(found)
