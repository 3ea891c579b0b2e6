"""Choosing among the rows of a key, on rows made up for one question each."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.prices.rows import BLOB, POSTGRESQL, build, rows_of


@pytest.mark.parametrize(
    ("rival", "chosen"),
    [
        ({"source_date": "2026-07-01", "confidence": "golden"}, "0.192"),
        ({"source_date": "2026-07-01"}, "0.2"),
        ({"source_date": "2026"}, "0.192"),
        ({"source_date": "undated, older than the 2026 dumps"}, "0.192"),
        ({"source_date": "undated", "effectiveStartDate": "2026-08-01T00:00:00Z"}, "0.2"),
        ({"source_date": "2026-09-01", "effectiveStartDate": "2017-07-01T00:00:00Z"}, "0.192"),
        ({"source_date": "2026-10-10", "currencyCode": "EUR", "impliedUsd": "0.2"}, "0.192"),
    ],
)
def test_usd_then_confidence_then_age_decide(tmp_path, rival, chosen):
    report = build(tmp_path, {}, {"retailPrice": "0.2", "source": "two", **rival})
    (row,) = rows_of(report)
    assert row["unit_price"] == chosen
    (lost,) = rows_of(report, "rejected")
    assert lost["chosen_price"] == chosen
    assert lost["reason"].startswith("differs: ")


def test_values_equal_to_rounding_agree(tmp_path):
    report = build(tmp_path, {}, {"retailPrice": "0.19203", "source": "two"})
    assert len(rows_of(report)) == 1
    (lost,) = rows_of(report, "rejected")
    assert lost["reason"] == "agrees: same rank and age; one of them is enough"


@pytest.mark.parametrize("source", ["one", "two"], ids=["inside one source", "between sources"])
def test_an_unresolved_tie_is_a_gap_with_its_values(tmp_path, source):
    other = {"armRegionName": "westeurope"}
    worse = {"retailPrice": "0.21", "confidence": "third-party", "source": "three"}
    report = build(tmp_path, other, {}, {"retailPrice": "0.2", "source": source}, worse)
    assert [row["region"] for row in rows_of(report)] == ["westeurope"]
    aside = rows_of(report, "quarantine")
    assert sorted(row["retailPrice"] for row in aside) == ["0.192", "0.2", "0.21"]
    assert {row["gap"] for row in aside} == {"Virtual Machines/Linux/Standard_D4s_v5/Compute in eastus2"}
    assert all("disagree: 0.192, 0.2" in row["reason"] for row in aside)


def test_tiers_of_two_sources_are_never_mixed(tmp_path):
    """A newer dump that kept the last tier, and one that kept the first, lose to the whole schedule."""
    old = {**BLOB, "source": "whole", "source_date": "2025-01-01"}
    whole = [
        {**old, "tierMinimumUnits": bound, "retailPrice": usd}
        for bound, usd in (("0", "0.03"), ("51200", "0.02"), ("512000", "0.01"))
    ]
    last = {**BLOB, "source": "last", "tierMinimumUnits": "512000", "retailPrice": "0.011"}
    first = {**BLOB, "source": "first", "retailPrice": "0.031"}
    report = build(tmp_path, *whole, last, first)
    assert [(row["tier_start"], row["unit_price"]) for row in rows_of(report)] == [
        ("0", "0.03"),
        ("51200", "0.02"),
        ("512000", "0.01"),
    ]
    reasons = {row["source"]: row["reason"] for row in rows_of(report, "rejected")}
    assert reasons["last"].startswith("lost tiers: known from 512,000 only")
    assert reasons["first"].startswith("lost tiers: has 0, another source 0 / 51,200 / 512,000")


def test_dev_test_dedicated_hosts_and_cloud_services_are_put_aside(tmp_path):
    report = build(
        tmp_path,
        {},
        {"type": "DevTestConsumption", "retailPrice": "0.1"},
        {"productName": "Dsv5 Series Cloud Services", "retailPrice": "0.3"},
        {"productName": "Dsv5 Series Dedicated Host", "retailPrice": "4"},
        {"meterName": "D4s v5 Spot", "isSpot": "", "retailPrice": "0.05"},
    )
    assert [(row["purchase_option"], row["unit_price"]) for row in rows_of(report)] == [
        ("on-demand", "0.192"),
        ("spot", "0.05"),
    ]
    assert sorted(row["reason"].split(":")[0] for row in rows_of(report, "quarantine")) == [
        "a Cloud Services row",
        "a Dev/Test price",
        "product is not named 'Virtual Machines …'",
    ]


def test_both_series_names_of_a_size_are_one_meter(tmp_path):
    """`D4 v3/D4s v3` under Dv3 and `D4s v3` under DSv3 have one meterId (README, quirk 6)."""
    size = {"armSkuName": "Standard_D4s_v3"}
    report = build(
        tmp_path,
        {
            **size,
            "productName": "Virtual Machines Dv3 Series",
            "meterName": "D4 v3/D4s v3",
            "skuName": "D4 v3",
        },
        {**size, "productName": "Virtual Machines DSv3 Series", "meterName": "D4s v3", "skuName": "D4s v3"},
    )
    assert len(rows_of(report)) == 1
    assert len(rows_of(report, "rejected")) == 1


def test_rows_dated_after_the_book_are_put_aside(tmp_path):
    later = {"effectiveStartDate": "2027-01-01T00:00:00Z", "retailPrice": "0.5", "source": "two"}
    report = build(tmp_path, {}, later, as_of=date(2026, 12, 31))
    assert report.books[0].name == "azure-list-2026-12-31"
    assert [row["unit_price"] for row in rows_of(report)] == ["0.192"]
    assert [row["reason"] for row in rows_of(report, "quarantine")] == [
        "after the date of the book: 2027-01-01"
    ]


def test_a_reservation_in_another_unit_than_hours_is_no_hourly_price(tmp_path):
    """Storage reserved capacity: a term's total under `1 GB/Month` (page reconstructed in the facts)."""
    reserved = {**BLOB, "type": "Reservation", "reservationTerm": "10 Years", "retailPrice": "37245480"}
    report = build(tmp_path, {}, reserved)
    (aside,) = rows_of(report, "quarantine")
    assert "not a price per hour" in aside["reason"]


def test_a_reserved_vcore_is_divided_by_hours_and_vcores(tmp_path):
    """Canada Central Ddsv4: 519 a year for one vCore (README, Missing)."""
    compute = {
        "serviceName": POSTGRESQL,
        "productName": f"{POSTGRESQL} Flexible Server General Purpose Ddsv4 Series Compute",
        "meterName": "vCore",
        "type": "Reservation",
        "reservationTerm": "1 Year",
    }
    report = build(
        tmp_path,
        {**compute, "skuName": "vCore", "retailPrice": "519"},
        {**compute, "skuName": "4 vCore", "retailPrice": "2076", "armRegionName": "westus"},
    )
    assert [Fraction(row["unit_price"]) for row in rows_of(report)] == [Fraction(519, 8760)] * 2


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "tierMinimumUnits": st.sampled_from(["0", "51200", "512000"]),
                "retailPrice": st.sampled_from(["0.01", "0.02", "0.03"]),
                "source": st.sampled_from(["one", "two"]),
                "source_date": st.sampled_from(["2026-01-01", "2026-02-01", "undated", "2026"]),
                "confidence": st.sampled_from(["api-dump", "golden"]),
            }
        ),
        min_size=1,
        max_size=6,
    )
)
def test_a_schedule_begins_at_zero_and_has_one_source(tmp_path_factory, changes):
    report = build(tmp_path_factory.mktemp("choice"), {}, *({**BLOB, **change} for change in changes))
    chosen = [row for row in rows_of(report) if row["service"] == "Storage"]
    gaps = [row for row in rows_of(report, "quarantine") if row["gap"]]
    assert bool(chosen) != bool(gaps), "a key is priced or a gap"
    if chosen:
        starts = [int(row["tier_start"]) for row in chosen]
        assert starts == sorted(set(starts))
        assert starts[0] == 0
        assert len({(row["source"], row["confidence"]) for row in chosen}) == 1
    assert len(rows_of(report)) + len(rows_of(report, "rejected")) + len(gaps) == len(changes) + 1
