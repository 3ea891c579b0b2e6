"""Time zones, by their IANA names."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator

from agog_capacity.errors import nearest
from agog_capacity.model import Label


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(name, available_timezones())
        raise ValueError(f"time zone {name!r} is not known; write it like 'Europe/Berlin'; {near}") from None
    return name


TimeZone = Annotated[Label, AfterValidator(_known)]
"""IANA name of a time zone, such as `Europe/Berlin`."""
