"""Usage of any one meter: what is counted, and what is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agog_capacity.charges import price_usage
from agog_capacity.components.metered import Metered
from agog_capacity.errors import MissingPrices, UnitError
from agog_capacity.prices.resolve import PriceList, load_price_books
from tests.components.designs import JANUARY_TO_MARCH, context_of

M5 = {"meter": "Amazon EC2/Linux/m5.xlarge/Compute", "unit": "1 Hour", "per": "hour", "quantity": 3.0}


def metered(**changes) -> Metered:
    return Metered.model_validate({"name": "it", "region": "us-east-1"} | M5 | changes)


def cost(component: Metered, book: str = "aws-list-2026-07-20") -> list[float]:
    lines = component.usage(context_of(component))
    (charge,) = price_usage(lines, PriceList(load_price_books([book])), JANUARY_TO_MARCH)
    return charge.monthly_cost.tolist()


@pytest.mark.parametrize(
    ("unit", "per", "quantity", "base", "january"),
    [
        ("1 Hour", "hour", 3.0, "Hour", 3 * 744),
        ("1 Hour", "month", 100.0, "Hour", 100),
        ("1/Hour", "day", 8.0, "Hour", 8 * 31),
        ("10K", "month", 25.0, "Count", 250_000),
        ("1M", "day", 2.0, "Count", 62_000_000),
        ("1 GB", "hour", 2.0, "GB", 2 * 744),
        ("1 GiB/Month", "month", 512.0, "GiB/Month", 512),
        ("1 Month", "month", 2.0, "Month", 2),
        ("1/Day", "day", 1.0, "Day", 31),
        ("1 LCU-Hour", "hour", 4.0, "LCU-Hour", 4 * 744),
    ],
)
def test_the_quantity_is_in_units_of_the_book(unit, per, quantity, base, january):
    component = metered(unit=unit, per=per, quantity=quantity)
    (line,) = component.usage(context_of(component))
    assert (line.unit, line.quantity[0]) == (base, pytest.approx(january))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"unit": "1 GiB/Month", "per": "hour"},
            "per hour does not fit unit '1 GiB/Month'; write per: month",
        ),
        ({"unit": "1 Month", "per": "day"}, "write per: month"),
        ({"unit": "1/Day"}, "write per: day"),
        ({"unit": "1 Parsec"}, "Parsec"),
        ({"meter": "Amazon EC2/m5.xlarge"}, "is not a meter"),
        ({"quantity": 0.0}, "greater than 0"),
        ({"quantity": -2.0}, "greater than 0"),
        ({"quantity": "3"}, "number"),
        ({"purchase_option": "reservation"}, "on-demand"),
    ],
)
def test_what_cannot_be_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        metered(**changes)


def test_meters_of_both_providers_have_their_price():
    """3 x 0.192 and 2 x 0.096 an hour; the spot row of m5.xlarge is 0.07044."""
    assert cost(metered())[0] == pytest.approx(3 * 744 * 0.192)
    assert cost(metered(purchase_option="spot"))[0] == pytest.approx(3 * 744 * 0.07044)
    azure = metered(meter="Virtual Machines/Linux/Standard_D4s_v5/Compute", region="eastus2", quantity=2.0)
    assert cost(azure, "azure-list-2026-10-10")[1] == pytest.approx(2 * 672 * 0.192)


def test_what_is_listed_under_global_and_in_tiers():
    """250 million queries at 0.40 a million: 100 USD a month."""
    queries = metered(
        meter="Amazon Route 53/DNS Queries/standard/Queries", unit="1M", per="month", quantity=250.0,
        price_region="Global",
    )  # fmt: skip
    assert cost(queries) == pytest.approx([100.0] * 3)


def test_a_meter_without_a_price_names_the_nearest():
    with pytest.raises(MissingPrices, match=r"m5\.4xlarge.*nearest: .*m5\.xlarge"):
        cost(metered(meter="Amazon EC2/Linux/m5.4xlarge/Compute"))


def test_another_unit_than_the_books_is_refused():
    with pytest.raises(UnitError, match="in GB, but price book 'aws-list-2026-07-20' sells it by Hour"):
        cost(metered(unit="1 GB"))


def test_hours_by_the_month_are_told_to_be_even():
    assert not metered().warnings(context_of(metered()))
    (told,) = metered(per="month").warnings(context_of(metered()))
    assert "taken as even" in told
