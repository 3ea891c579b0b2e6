"""Units in which providers sell, and constants of time and size.

A provider writes `1 Hour`, `1/Hour`, `10K`, `100 GB/Month` or `1/Day`. Each is read into a pack
size and a base unit, so that a quantity in the base unit can be multiplied by a price. Nothing
here assumes hours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from agog_capacity.errors import UnitError, nearest

HOURS_PER_DAY = 24
MONTHS_PER_YEAR = 12
HOURS_PER_YEAR = 8760
"""Hours of a 365-day year: the divisor of one year's reservation total."""
CALCULATOR_MONTH_HOURS = 730
"""Hours of a month in the providers' price calculators; a forecast counts real hours."""
CALCULATOR_MONTH_DAYS = 30
"""Days of a month where a plan says `month: 730h`."""
GB_PER_TB = 1000
"""Decimal, as bandwidth and Front Door tiers are counted."""
GIB_PER_TIB = 1024
"""Binary, as blob storage tiers are counted."""

_MULTIPLES = {"": 1, "K": 1_000, "M": 1_000_000, "B": 1_000_000_000}
_THINGS = {
    "hour": "Hour",
    "hours": "Hour",
    "day": "Day",
    "days": "Day",
    "month": "Month",
    "months": "Month",
    "year": "Year",
    "second": "Second",
    "seconds": "Second",
    "gb": "GB",
    "gib": "GiB",
    "tb": "TB",
    "tib": "TiB",
    "mb": "MB",
    "mib": "MiB",
    "rotation": "Rotation",
    "rotations": "Rotation",
    "lcu-hour": "LCU-Hour",
    "nlcu-hour": "NLCU-Hour",
    "iops": "IOPS",
    "mbps": "MBps",
    "": "Count",
}
_PATTERN = re.compile(
    r"^\s*(\d{1,12}(?:\.\d{1,6})?)?\s*([KMB](?![A-Za-z]))?\s*([A-Za-z][A-Za-z-]*)?\s*(?:/\s*([A-Za-z]+))?\s*$",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A provider's unit: `pack` times `base`, where base is `Hour`, `GB`, `GiB/Month`, `Count`, …"""

    pack: float
    """How many base units the price is for: 10,000 of `10K`, 100 of `100 GB/Month`."""
    base: str
    """`Hour`, `Month`, `Day`, `GB`, `GiB/Month`, `Count`, …; a rate is written with a slash."""

    def __str__(self) -> str:
        """Return the unit as a price book writes it."""
        if self.base == "Count":
            for suffix in ("B", "M", "K"):
                if self.pack >= _MULTIPLES[suffix] and self.pack % _MULTIPLES[suffix] == 0:
                    return f"{self.pack / _MULTIPLES[suffix]:g}{suffix}"
            return f"{self.pack:g}"
        return f"{self.pack:g} {self.base}"


@lru_cache(maxsize=512)
def parse_unit(text: str) -> Unit:
    """Read a provider's unit.

    Parameters
    ----------
    text : str
        Such as `1 Hour`, `1/Hour`, `10K`, `1M`, `100 GB/Month`, `1/Day`, `1 Rotation`.

    Returns
    -------
    Unit

    Raises
    ------
    UnitError
        If the text is not a unit that is known.

    Examples
    --------
    >>> parse_unit("10K")
    Unit(pack=10000.0, base='Count')
    >>> parse_unit("1/Day") == parse_unit("1 Day")
    True
    >>> parse_unit("100 GB/Month")
    Unit(pack=100.0, base='GB/Month')
    """
    matched = _PATTERN.match(text)
    if not matched or not text.strip():
        raise UnitError(f"unit {text[:60]!r} is not known; write it like '1 Hour', '10K', '1 GB/Month'")
    number, multiple, thing, rate = matched.groups()
    base = _thing(thing or "", text)
    if rate is not None:
        period = _thing(rate, text)
        if base == "Count" and period in ("Hour", "Day", "Month", "Year", "Second"):
            base = period  # "1/Hour" and "1 Hour" are the same thing to a bill
        else:
            base = f"{base}/{period}"
    pack = float(number or 1) * _MULTIPLES[multiple or ""]
    if pack <= 0:
        raise UnitError(f"unit {text[:60]!r} is for zero of something; write it like '1 Hour', '10K'")
    return Unit(pack, base)


def _thing(word: str, whole: str) -> str:
    try:
        return _THINGS[word.casefold()]
    except KeyError:
        raise UnitError(
            f"unit {whole[:60]!r} has {word[:30]!r}, which is not known; {nearest(word, set(_THINGS.values()))}"
        ) from None
