"""The strict base of every input model, and the annotated numbers its fields are made of."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from agog_capacity.documents import unprintable
from agog_capacity.errors import UnitError
from agog_capacity.frozen import frozen
from agog_capacity.units import parse_unit


class In(NamedTuple):
    """Unit of a field, shown wherever the field is listed."""

    unit: str


class Model(BaseModel):
    """Base of every input: immutable, no unknown fields, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    def model_post_init(self, _context: Any) -> None:
        """Freeze what the fields hold: a frozen model alone only keeps its fields from being replaced."""
        for name, value in self.__dict__.items():
            if type(value) in (dict, list):
                self.__dict__[name] = frozen(value)

    def replace(self, **changes: Any) -> Self:
        """Return a validated copy (pydantic's `model_copy` does not validate)."""
        return type(self).model_validate({**dict(self), **changes})


# Numbers are strict: text such as "5" is a mistake in a plan, not a 5. The upper bounds are far
# above any real system; they keep sums finite when a plan is hostile or a digit was held down.
_LARGE = 1e15

Fraction = Annotated[float, Field(strict=True, ge=0, le=1), In("share of 1")]
"""Share between 0 and 1, never a percentage."""
Percent = Annotated[float, Field(strict=True, ge=0, le=100), In("%")]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000), In("count")]
PositiveCount = Annotated[int, Field(strict=True, ge=1, le=1_000_000), In("count")]
ZoneCount = Annotated[int, Field(strict=True, ge=0, le=3), In("count")]
"""Availability zones; no region of the providers here has more than 3 that one subscription sees."""
Gib = Annotated[float, Field(strict=True, ge=0, le=_LARGE), In("GiB")]
Gb = Annotated[float, Field(strict=True, ge=0, le=_LARGE), In("GB")]
GbPerMonth = Annotated[float, Field(strict=True, ge=0, le=_LARGE), In("GB per month")]
GbPerDay = Annotated[float, Field(strict=True, ge=0, le=_LARGE), In("GB per day")]
PerMonth = Annotated[float, Field(strict=True, ge=0, le=_LARGE), In("per month")]
Multiple = Annotated[float, Field(strict=True, ge=0, le=1000), In("times")]
Days = Annotated[float, Field(strict=True, ge=0, le=100_000), In("days")]
Seconds = Annotated[float, Field(strict=True, gt=0, le=10_000_000), In("s")]
Minutes = Annotated[float, Field(strict=True, gt=0, le=10_000_000), In("minutes")]
Milliseconds = Annotated[float, Field(strict=True, gt=0, le=10_000_000), In("ms")]
Money = Annotated[float, Field(strict=True, ge=0, le=_LARGE), In("currency of the plan")]


def _printable(text: str) -> str:
    if found := unprintable(text):
        raise ValueError(f"the text holds a {found}; write plain text")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError(f"{text[:40]!r} holds a line break or tab; write one line")
    return _printable(text)


Label = Annotated[str, Field(strict=True, min_length=1, max_length=200), AfterValidator(_one_line)]
"""Short text for people, on one line."""


def _known_unit(text: str) -> str:
    try:
        parse_unit(text)
    except UnitError as error:
        raise ValueError(str(error)) from None
    return text


UnitText = Annotated[Label, AfterValidator(_known_unit)]
"""A unit as price books write it, such as `1 Hour` or `10K`."""
Text = Annotated[str, Field(strict=True, max_length=4000), AfterValidator(_printable)]
NAME = r"^[A-Za-z][A-Za-z0-9_.\-]{0,79}$"
Name = Annotated[str, Field(strict=True, pattern=NAME)]
"""A name that may stand in a path, a column or a command: letters, digits, `_`, `-`, `.`."""
Flag = Annotated[bool, Field(strict=True)]


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise ValueError(f"{text[:20]!r} is not a currency code like 'USD'")
    return text


def _month(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d{3}-(0[1-9]|1[0-2])", text):
        raise ValueError(f"{text[:20]!r} is not a month like '2027-01'")
    return text


def _day(value: object) -> object:
    """Let only days through: a number would be read as seconds since 1970."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise PydanticCustomError("day", "not a day like '2027-01-31'")


Day = Annotated[date, BeforeValidator(_day)]
"""A day in UTC, written like 2027-01-31."""
Currency = Annotated[str, Field(strict=True), AfterValidator(_currency)]
MonthText = Annotated[str, Field(strict=True), AfterValidator(_month)]
