"""Kubernetes quantities, read exactly: `500m`, `2`, `1.5`, `512Mi`, `1e3`."""

from __future__ import annotations

import re
from fractions import Fraction

_SUFFIXES = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "": Fraction(1),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "P": Fraction(10**15),
    "E": Fraction(10**18),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
    "Ti": Fraction(2**40),
    "Pi": Fraction(2**50),
    "Ei": Fraction(2**60),
}
_PATTERN = re.compile(
    r"^([+-]?)(\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE]([+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i))?$",
    re.ASCII,
)


def quantity(value: object) -> Fraction:
    """Read a quantity.

    Parameters
    ----------
    value : text or number
        As it stands in a manifest.

    Returns
    -------
    Fraction
        [cores, bytes or whatever it counts]

    Raises
    ------
    ValueError
        If it is not a quantity, or negative.

    Examples
    --------
    >>> quantity("500m"), quantity("1.5Gi"), quantity(2)
    (Fraction(1, 2), Fraction(1610612736, 1), Fraction(2, 1))
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{str(value)[:40]!r} is not a quantity; write it like '500m', '2' or '512Mi'")
    text = repr(value) if isinstance(value, float) else str(value)
    matched = _PATTERN.match(text.strip())
    if not matched:
        raise ValueError(f"{text[:40]!r} is not a quantity; write it like '500m', '2' or '512Mi'")
    sign, digits, exponent, suffix = matched.groups()
    if sign == "-" and Fraction(digits) != 0:
        raise ValueError(f"{text[:40]!r} is negative; a quantity is 0 or more")
    return Fraction(digits) * (Fraction(10) ** int(exponent) if exponent else _SUFFIXES[suffix or ""])


def thousandths(value: object) -> int:
    """Return a quantity in thousandths, rounded up as Kubernetes does (MilliValue).

    Raises
    ------
    ValueError
        If it is not a quantity.
    """
    return _up(quantity(value) * 1000)


def whole(value: object) -> int:
    """Return a quantity in whole units, rounded up as Kubernetes does (Value).

    Raises
    ------
    ValueError
        If it is not a quantity.
    """
    return _up(quantity(value))


def _up(number: Fraction) -> int:
    return -(-number.numerator // number.denominator)
