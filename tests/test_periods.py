"""Months: real hours by default, 730 h where a plan matches a calculator."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.errors import InputError
from agog_capacity.periods import Months


def test_calendar_months_have_their_real_hours():
    months = Months("2027-12", 4)
    assert months.labels == ("2027-12", "2028-01", "2028-02", "2028-03")
    assert months.days.tolist() == [31, 31, 29, 31]
    assert months.hours.tolist() == [744, 744, 696, 744]


def test_calculator_months_have_730_hours_and_30_days():
    months = Months("2027-02", 2, "730h")
    assert months.hours.tolist() == [730, 730]
    assert months.days.tolist() == [30, 30]


def test_a_component_that_starts_in_a_month_has_its_share_of_it():
    months = Months("2027-01", 3)
    share = months.share_active(date(2027, 1, 17), date(2027, 3, 1))
    assert share.tolist() == pytest.approx([15 / 31, 1, 0])


@given(st.integers(0, 400), st.integers(1, 400))
def test_two_parts_of_a_life_make_the_whole(first, length):
    months = Months("2027-01", 24)
    start = date.fromordinal(date(2027, 1, 1).toordinal() + first)
    middle = date.fromordinal(start.toordinal() + length)
    whole = months.share_active(start, None)
    assert (months.share_active(start, middle) + months.share_active(middle, None)).tolist() == pytest.approx(
        whole.tolist()
    )


@pytest.mark.parametrize(
    "first, count", [("2027-13", 1), ("2027", 1), ("2027-01", 0), ("2027-01", 601), ("9999-12", 2)]
)
def test_impossible_months_are_refused(first, count):
    with pytest.raises(InputError):
        Months(first, count)


def test_the_last_month_there_is_can_be_planned():
    months = Months("9999-11", 2)
    assert months.labels == ("9999-11", "9999-12")
    assert months.share_active(date(9999, 12, 1), None).tolist() == [0, 1]
    assert months.starts[-1].year == 9999


def test_days_add_up_to_their_months():
    months = Months("2028-01", 3)  # a leap year
    assert months.sum_of_days(np.ones(91)).tolist() == [31, 29, 31]
    assert Months("2028-01", 3, "730h").sum_of_days(np.ones((2, 91))).tolist() == [[30, 30, 30]] * 2


@pytest.mark.parametrize("length", ["calendar", "730h"])
@pytest.mark.parametrize(
    ("starts", "ends"),
    [(None, None), (date(2027, 2, 10), None), (date(2027, 1, 5), date(2027, 3, 2)), (date(2028, 1, 1), None)],
)
def test_days_and_shares_of_months_agree(length, starts, ends):
    months = Months("2027-01", 4, length)
    days = months.sum_of_days(months.days_active(starts, ends))
    assert days == pytest.approx(months.days * months.share_active(starts, ends))
