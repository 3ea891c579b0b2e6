"""Units as providers write them (Azure Retail Prices API, field `unitOfMeasure`)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.errors import UnitError
from agog_capacity.units import parse_unit


@pytest.mark.parametrize(
    "text, pack, base",
    [
        ("1 Hour", 1, "Hour"),
        ("1/Hour", 1, "Hour"),
        ("100 Hours", 100, "Hour"),
        ("10K", 10_000, "Count"),
        ("1M", 1_000_000, "Count"),
        ("1", 1, "Count"),
        ("1/Day", 1, "Day"),
        ("1/Month", 1, "Month"),
        ("1 GB", 1, "GB"),
        ("1 GB/Month", 1, "GB/Month"),
        ("100 GB/Month", 100, "GB/Month"),
        ("1 GiB/Month", 1, "GiB/Month"),
        ("1 GB/Day", 1, "GB/Day"),
        ("1 Rotation", 1, "Rotation"),
        ("1 Second", 1, "Second"),
        ("1 MB", 1, "MB"),
        ("1 Month", 1, "Month"),
    ],
)
def test_every_unit_of_the_price_data_is_read(text, pack, base):
    unit = parse_unit(text)
    assert (unit.pack, unit.base) == (pack, base)


@pytest.mark.parametrize(
    "text", ["", " ", "1 Parsec", "0 GB", "-1 GB", "GB per Month", "1 GB/", "1e9 GB", "1 GB/Month/Day"]
)
def test_an_unknown_unit_is_an_error_never_hours(text):
    with pytest.raises(UnitError):
        parse_unit(text)


def test_the_nearest_unit_is_named():
    with pytest.raises(UnitError, match="nearest: 'Month'"):
        parse_unit("1 GB/Mnth")


@given(st.text(max_size=40))
def test_any_text_is_a_unit_or_the_projects_own_error(text):
    try:
        unit = parse_unit(text)
    except UnitError:
        return
    assert unit.pack > 0
    assert parse_unit(str(unit)) == unit
