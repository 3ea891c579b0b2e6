"""Books in order, then stand-ins in order; never a path, never a silent choice."""

from __future__ import annotations

import pytest

from agog_capacity.documents import parse_yaml
from agog_capacity.errors import CurrencyMismatch, PriceBookError, PriceNotFound
from agog_capacity.prices.book import PriceKey
from agog_capacity.prices.meter import Meter
from agog_capacity.prices.reader import read_price_book
from agog_capacity.prices.resolve import OWN_PRICE, PriceList, load_price_books
from agog_capacity.prices.stand_in import StandIn
from tests.books import write_book

LOGS = Meter("Log Analytics", "Log Analytics", "Logs", "Ingestion")
KEY = PriceKey(LOGS, "eastus2")


def book(tmp_path, name: str, **prices: str):
    rows = [f"{','.join(LOGS)},{region},on-demand,,0,1 GB,{price},USD" for region, price in prices.items()]
    return read_price_book(write_book(tmp_path / name, rows))


def stand_in(**use) -> StandIn:
    return StandIn.model_validate(
        {"meter": LOGS.text, "regions": ["eastus2"], "use": use, "because": "a test"}
    )


OWN = {"amount": 5.0, "unit": "1 GB", "currency": "USD", "source": "a letter", "date": "2026-05-01"}


def test_the_first_book_that_has_the_price_wins(tmp_path):
    books = (
        book(tmp_path, "planning", westeurope="9"),
        book(tmp_path, "negotiated", eastus2="1"),
        book(tmp_path, "list", eastus2="2"),
    )
    found = PriceList(books).resolve(KEY)
    assert (found.book, found.schedule.per_base_unit, found.stand_in) == ("negotiated", (1.0,), None)


def test_a_stand_in_is_used_only_when_no_book_has_the_price(tmp_path):
    own = stand_in(price=OWN)
    assert PriceList((book(tmp_path, "list", eastus2="2"),), (own,)).resolve(KEY).book == "list"
    found = PriceList((book(tmp_path, "other", westeurope="2"),), (own,)).resolve(KEY)
    assert (found.book, found.schedule.per_base_unit, found.stand_in) == (OWN_PRICE, (5.0,), own)


def test_stand_ins_are_tried_in_order_until_one_has_a_price(tmp_path):
    prices = PriceList(
        (book(tmp_path, "list", westeurope="2"),),
        (stand_in(region="northeurope"), stand_in(region="westeurope")),
    )
    assert prices.resolve(KEY).schedule.key.region == "westeurope"


def test_a_missing_price_shows_the_stand_in_that_would_do(tmp_path):
    """The line of the message, with a reason, is a stand-in that a plan takes as it is."""
    books = (book(tmp_path, "list", westeurope="2"),)
    with pytest.raises(PriceNotFound) as caught:
        PriceList(books).resolve(KEY)
    line = str(caught.value).split("under stand_ins: ")[1].replace("…", "a test")
    proposed = StandIn.model_validate(parse_yaml(line, "stand-in").content)
    assert PriceList(books, (proposed,)).resolve(KEY).schedule.key.region == "westeurope"


def test_a_stand_in_that_leads_nowhere_is_named(tmp_path):
    prices = PriceList((book(tmp_path, "list", westeurope="2"),), (stand_in(region="mars"),))
    with pytest.raises(PriceNotFound, match="its stand-in .* in mars has no price either"):
        prices.resolve(KEY)


def test_a_spot_price_is_never_replaced_by_an_on_demand_stand_in(tmp_path):
    prices = PriceList((book(tmp_path, "list", westeurope="2"),), (stand_in(price=OWN),))
    with pytest.raises(PriceNotFound):
        prices.resolve(KEY._replace(purchase_option="spot"))


def test_two_currencies_are_refused_before_anything_is_summed(tmp_path):
    with pytest.raises(CurrencyMismatch, match="EUR"):
        PriceList((book(tmp_path, "list", eastus2="2"),), (stand_in(price={**OWN, "currency": "EUR"}),))


@pytest.mark.parametrize(
    "use",
    [
        {},
        {"region": "a", "price": OWN},
        {"price": {**OWN, "amount": -1}},
        {"price": {**OWN, "unit": "1 Parsec"}},
        {"price": {**OWN, "currency": "dollar"}},
        {"meter": "a/b"},
    ],
)
def test_a_stand_in_says_exactly_one_thing(use):
    with pytest.raises(ValueError):
        stand_in(**use)


@pytest.mark.parametrize("name", ["../list", "/etc", "list/..", "a b", ""])
def test_a_book_is_named_never_a_path(tmp_path, name):
    write_book(tmp_path / "prices" / "list", [])
    with pytest.raises(PriceBookError, match="does not exist"):
        load_price_books([name], near=tmp_path)


def test_a_book_that_calls_itself_otherwise_is_refused(tmp_path):
    write_book(tmp_path / "prices" / "list", [], name="other")
    with pytest.raises(PriceBookError, match="calls itself 'other'"):
        load_price_books(["list"], near=tmp_path)
