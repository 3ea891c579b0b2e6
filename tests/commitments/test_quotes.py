"""Offers of the bundled books: D4s_v5 and D8s_v5 where all prices exist, and what cannot be bought."""

from __future__ import annotations

from datetime import date

import pytest

from agog_capacity.commitments.quotes import Committable, committed_price, quotes
from agog_capacity.errors import CommitmentError
from agog_capacity.prices.meter import Meter
from agog_capacity.prices.resolve import PriceList, load_price_books

ON = date(2027, 1, 1)


@pytest.fixture(scope="module")
def prices():
    return PriceList(load_price_books(["azure-list-2026-10-10"]))


def vm(size, region):
    return Committable(
        f"{size} {region}", Meter("Virtual Machines", "Linux", f"Standard_{size}", "Compute"), region
    )


@pytest.mark.parametrize("region", ["eastus2", "westeurope"])
def test_all_prices_of_two_sizes_exist_in_two_regions(prices, region):
    found = quotes(prices, [vm("D4s_v5", region), vm("D8s_v5", region)], ON)
    assert found.gaps == ()
    assert len(found.offers) == 6
    for offer in found.offers:
        rates = offer.plan_prices or {offer.size or "": offer.usd_per_hour}
        assert all(0.3 < rate / found.on_demand[name] < 0.8 for name, rate in rates.items())


def test_prices_of_the_guide(prices):
    found = quotes(prices, [vm("D4s_v5", "eastus2")], ON)
    by_name = {offer.name: offer for offer in found.offers}
    assert found.on_demand["D4s_v5 eastus2"] == 0.192
    assert by_name["D4s_v5 eastus2 1y"].usd_per_hour == pytest.approx(1038 / 8760)
    assert by_name["savings plan 3y"].plan_prices == {"D4s_v5 eastus2": 0.09024}


def test_what_is_not_sold_is_a_gap_with_its_reason(prices):
    found = quotes(prices, [vm("D4s_v3", "eastus2")], ON, terms=(3,))
    assert not [offer for offer in found.offers if offer.size]
    assert "not sold since 2026-07-01" in found.gaps[0]
    redis = Committable(
        "redis",
        Meter("Redis Cache", "Azure Redis Cache Standard", "C3", "C3 Cache Instance"),
        "eastus",
        "Standard",
    )
    assert all(
        "Premium and Enterprise only" in gap or "savings-plan" in gap
        for gap in quotes(prices, [redis], ON).gaps
    )


def test_a_commitment_on_a_meter_without_that_price_is_named(prices):
    with pytest.raises(CommitmentError, match="'D4s_v5 westus2' cannot be planned.*it has that meter"):
        committed_price(prices, vm("D4s_v5", "westus2"), "reservation", 1)


def test_aws_is_reserved_where_the_book_has_a_row_and_has_no_savings_plan_without_a_price():
    """Rows of aws-list-2026-07-20: m5.xlarge in us-east-1 at 0.121 and 0.083; it has no savings plan rows."""
    book = PriceList(load_price_books(["aws-list-2026-07-20"]))
    item = Committable("m5", Meter("Amazon EC2", "Linux", "m5.xlarge", "Compute"), "us-east-1")
    found = quotes(book, [item], ON)
    assert {offer.name: offer.usd_per_hour for offer in found.offers} == {"m5 1y": 0.121, "m5 3y": 0.083}
    assert [(one.option, one.sold) for one in found.missing] == [("savings-plan", True)] * 2
