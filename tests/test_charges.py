"""The charges engine: tiers, free grants, lumps, and that the parts add up to the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.charges import graduated_quantities, price_usage
from agog_capacity.components.base import Usage
from agog_capacity.errors import MissingPrices, UnitError
from agog_capacity.periods import Months
from agog_capacity.prices.meter import Meter
from agog_capacity.prices.reader import read_price_book
from agog_capacity.prices.resolve import PriceList
from agog_capacity.prices.stand_in import StandIn
from tests.books import write_book

MONTHS = Months("2027-01", 3)
EGRESS = Meter("Bandwidth", "Internet", "Standard", "Data Transfer Out")
LOGS = Meter("Log Analytics", "Log Analytics", "Logs", "Ingestion")
NODES = Meter("Virtual Machines", "Linux", "Standard_D8s_v3", "Compute")
DISK = Meter("Storage", "Premium SSD Managed Disks", "P10 LRS", "P10 LRS Disk")
EGRESS_BOUNDS = (0, 100, 10_335, 51_295, 153_695, 512_095)
"""Bounds of internet egress per billing account [GB], and the prices in zone 1 (Azure price list)."""
EGRESS_PRICES = (0.0, 0.087, 0.083, 0.07, 0.05, 0.05)


@pytest.fixture(scope="module")
def prices(tmp_path_factory) -> PriceList:
    def row(meter: Meter, region: str, start: float, unit: str, price: str) -> str:
        return f"{','.join(meter)},{region},on-demand,,{start},{unit},{price},USD"

    rows = [
        row(EGRESS, region, start, "1 GB", str(price * factor))
        for region, factor in (("east", 1.0), ("west", 2.0))
        for start, price in zip(EGRESS_BOUNDS, EGRESS_PRICES, strict=True)
    ]
    rows += [
        row(LOGS, "east", 0, "1 GB", "0"),
        row(LOGS, "east", 5, "1 GB", "2.76"),
        row(LOGS, "flat", 0, "1 GB", "1"),
    ]
    rows += [row(NODES, "east", 0, "1 Hour", "437/2190"), row(DISK, "east", 0, "1 Month", "17.92")]
    lump = "Database,Backup,-,Backups,east,on-demand,,0,1 Month,50,USD,lump,Database/Backup/LRS/A | Database/Backup/LRS/B"
    return PriceList((read_price_book(write_book(tmp_path_factory.mktemp("b") / "book", [*rows, lump])),))


def usage(
    meter: Meter, quantity, unit: str = "GB", *, component: str = "a", region: str = "east", **details
) -> Usage:
    amounts = np.full(MONTHS.count, quantity, dtype=float)
    return Usage(component, "kind", region, region, meter, amounts, unit, "as tested", **details)


def total(charges) -> np.ndarray:
    return np.sum([charge.monthly_cost for charge in charges], axis=0)


def test_graduated_tiers_follow_the_egress_table(prices):
    """60 TB from one region: (10,335 - 100) x 0.087 + (51,295 - 10,335) x 0.083 + (60,000 - 51,295) x 0.07."""
    cost = total(price_usage([usage(EGRESS, 60_000)], prices, MONTHS))
    assert cost.tolist() == pytest.approx([10_235 * 0.087 + 40_960 * 0.083 + 8_705 * 0.07] * 3)


def test_a_free_grant_counts_once_for_all_components_of_a_region(prices):
    charges = price_usage([usage(LOGS, 300, component="a"), usage(LOGS, 100, component="b")], prices, MONTHS)
    assert total(charges).tolist() == pytest.approx([395 * 2.76] * 3)
    assert charges[0].monthly_cost[0] == pytest.approx(395 * 2.76 * 300 / 400)


def test_a_free_grant_of_the_billing_account_counts_once_for_all_regions(prices):
    lines = [usage(EGRESS, 100, region=region, pool="billing account") for region in ("east", "west")]
    charges = price_usage(lines, prices, MONTHS)
    assert charges[0].monthly_cost[0] == pytest.approx(50 * 0.087)
    assert charges[1].monthly_cost[0] == pytest.approx(50 * 0.174)


def test_regions_with_different_bounds_share_a_pool_exactly(prices):
    lines = [
        usage(LOGS, 10, region="east", pool="billing account"),
        usage(LOGS, 10, region="flat", pool="billing account"),
    ]
    charges = price_usage(lines, prices, MONTHS)
    assert charges[0].monthly_cost[0] == pytest.approx(7.5 * 2.76)
    assert charges[1].monthly_cost[0] == pytest.approx(10 * 1.0)


def test_without_the_free_grant_the_first_paid_price_counts_from_the_start(prices):
    (charge,) = price_usage([usage(LOGS, 300, free_grant=False)], prices, MONTHS)
    assert charge.monthly_cost[0] == pytest.approx(300 * 2.76)
    assert charge.note == "free grant does not apply"


def test_three_nodes_keep_their_exact_fraction(prices):
    """Brief 4.2: three D4s_v3 for 437 a month of 730 h; a rounded 0.1995 an hour would lose it."""
    (charge,) = price_usage([usage(NODES, 3 * 730, "Hour")], prices, MONTHS)
    assert charge.monthly_cost.tolist() == pytest.approx([437.0] * 3, abs=1e-9)


def test_hours_of_a_disk_sold_by_the_month_are_its_share_of_that_month(prices):
    (charge,) = price_usage([usage(DISK, 372, "Hour")], prices, MONTHS)
    assert charge.monthly_cost.tolist() == pytest.approx(
        [17.92 * 372 / 744, 17.92 * 372 / 672, 17.92 * 372 / 744]
    )


def test_units_that_cannot_be_converted_are_an_error(prices):
    with pytest.raises(UnitError, match="uses .* in GiB, but price book 'book' sells it by GB"):
        price_usage([usage(LOGS, 1, "GiB")], prices, MONTHS)


def test_a_lump_is_paid_once_and_only_when_used(prices):
    first, second = Meter("Database", "Backup", "LRS", "A"), Meter("Database", "Backup", "LRS", "B")
    lines = [
        usage(first, [100, 0, 0], "GiB/Month", component="a"),
        usage(first, [300, 0, 0], "GiB/Month", component="b"),
        usage(second, [5, 5, 0], "GiB/Month", component="c"),
    ]
    charges = price_usage(lines, prices, MONTHS)
    assert total(charges).tolist() == [50, 50, 0]
    assert [charge.monthly_cost.tolist() for charge in charges] == [[12.5, 0, 0], [37.5, 0, 0], [0, 50, 0]]
    assert "lump of 50 USD" in charges[0].note


@pytest.mark.parametrize("use", [{"region": "east"}, {"meter": "Database/Backup/LRS/B", "region": "east"}])
def test_a_lump_never_stands_in_since_its_amount_would_be_shared_out_again(prices, use):
    meter = Meter("Database", "Backup", "LRS", "A" if len(use) == 1 else "C")
    asked = {"meter": meter.text, "regions": ["west"], "use": use, "because": "a test"}
    with_stand_in = PriceList(prices.books, (StandIn.model_validate(asked),))
    with pytest.raises(MissingPrices, match="in east .a lump for certain meters, which no other can share"):
        price_usage([usage(meter, 1, "GiB/Month", region="west")], with_stand_in, MONTHS)


def test_all_missing_prices_are_named_at_once_and_none_becomes_zero(prices):
    wrong = [usage(LOGS._replace(meter=name), 1) for name in ("Ingestoin", "Nothing")]
    with pytest.raises(MissingPrices) as caught:
        price_usage([*wrong, usage(LOGS, 1)], prices, MONTHS)
    assert len(caught.value.missing) == 2
    assert "nearest: 'Log Analytics/Log Analytics/Logs/Ingestion'" in caught.value.missing[0]


_AMOUNT = st.floats(0, 1e7, allow_nan=False)


@given(
    amounts=st.lists(st.tuples(_AMOUNT, st.sampled_from(["east", "west"])), min_size=1, max_size=6),
    pool=st.sampled_from(["billing account", "region", "resource"]),
)
def test_the_parts_add_up_to_the_whole(prices, amounts, pool):
    lines = [
        usage(EGRESS, amount, component=f"c{i}", region=region, pool=pool)
        for i, (amount, region) in enumerate(amounts)
    ]
    charges = price_usage(lines, prices, MONTHS)
    for line, charge in zip(lines, charges, strict=True):
        assert charge.quantity.sum(axis=0) == pytest.approx(line.quantity, rel=1e-9, abs=1e-6)
    if pool == "region":
        for region, factor in (("east", 1.0), ("west", 2.0)):
            whole = sum(amount for amount, where in amounts if where == region)
            expected = (
                float(graduated_quantities([whole], EGRESS_BOUNDS)[:, 0] @ np.array(EGRESS_PRICES)) * factor
            )
            found = sum(c.monthly_cost[0] for c in charges if c.usage.region == region)
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-6)


@given(st.lists(_AMOUNT, min_size=2, max_size=6))
def test_pooling_is_never_cheaper_than_free_grants_for_each(prices, amounts):
    """One free grant for all cannot be worth more than one for each; the price falls with volume after that."""
    each = [usage(LOGS, amount, component=f"c{i}", pool="resource") for i, amount in enumerate(amounts)]
    together = [usage(LOGS, amount, component=f"c{i}", pool="region") for i, amount in enumerate(amounts)]
    assert (
        total(price_usage(together, prices, MONTHS))[0] >= total(price_usage(each, prices, MONTHS))[0] - 1e-6
    )


@given(_AMOUNT, _AMOUNT)
def test_more_usage_never_costs_less(prices, one, other):
    small, large = sorted((one, other))
    costs = [total(price_usage([usage(EGRESS, amount)], prices, MONTHS))[0] for amount in (small, large)]
    assert costs[0] <= costs[1] + 1e-9


@pytest.mark.parametrize("starts", [[1, 2], [0, 0], [0, 5, 3]])
def test_tiers_that_do_not_rise_from_zero_are_refused(starts):
    with pytest.raises(ValueError, match="begin at 0 and rise"):
        graduated_quantities([1.0], starts)
