"""Block blobs: capacity, operations, retrieval, early deletion."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agog_capacity.components.blob_storage import BlobStorage
from agog_capacity.periods import Months
from tests.components.designs import by_meter, context_of, only

JANUARY = Months("2027-01", 1)


def blobs(access_tier: str, redundancy: str = "LRS", **changes) -> BlobStorage:
    values = {"name": "files", "region": "eastus2", "stored_gib": 300.0, **changes}
    return BlobStorage.model_validate({**values, "access_tier": access_tier, "redundancy": redundancy})


def meters_of(one: BlobStorage) -> list[str]:
    return [
        line.meter.text.removeprefix("Storage/General Block Blob v2/") for line in one.usage(context_of())
    ]


def test_what_is_stored_counts_by_the_month():
    """300 GB in the cool tier cost 3.00 at 0.01 (price facts, planning figures)."""
    lines = blobs("Cool").usage(context_of())
    assert by_meter(lines) == {
        ("Storage/General Block Blob v2/Cool LRS/Cool LRS Data Stored", "eastus2"): [300.0] * 3
    }
    assert lines[0].quantity[0] * 0.01 == pytest.approx(3.00)


BUSY = {
    "write_operations_per_month": 10.0,
    "read_operations_per_month": 20.0,
    "retrieved_gib_per_month": 30.0,
    "deleted_early_gib_per_month": 40.0,
}


@pytest.mark.parametrize(
    ("access_tier", "redundancy", "meters"),
    [
        ("Hot", "LRS", ["Hot LRS Data Stored", "Hot LRS Write Operations", "Hot Read Operations"]),
        ("Hot", "GRS", ["Hot GRS Data Stored", "Hot GRS Write Operations", "Hot Read Operations"]),
        ("Hot", "ZRS", ["Hot ZRS Data Stored", "Hot ZRS Write Operations", "Hot ZRS Read Operations"]),
        (
            "Cool",
            "LRS",
            [
                "Cool LRS Data Stored",
                "Cool LRS Write Operations",
                "Cool Read Operations",
                "Cool Data Retrieval",
                "Cool LRS Early Delete",
            ],
        ),
        (
            "Cold",
            "LRS",
            [
                "Cold LRS Data Stored",
                "Cold LRS Write Operations",
                "Cold LRS Read Operations",
                "Cold LRS Data Retrieval",
                "Cold LRS Early Delete",
            ],
        ),
        (
            "Archive",
            "LRS",
            [
                "Archive LRS Data Stored",
                "Archive LRS Write Operations",
                "Archive Read Operations",
                "Archive Data Retrieval",
                "Archive LRS Early Delete",
            ],
        ),
    ],
)
def test_meters_are_named_as_in_the_price_list(access_tier, redundancy, meters):
    assert meters_of(blobs(access_tier, redundancy, **BUSY)) == [
        f"{access_tier} {redundancy}/{m}" for m in meters
    ]


@pytest.mark.parametrize(
    ("access_tier", "age_days", "months"),
    [("Cool", 0.0, 1.0), ("Cool", 15.0, 0.5), ("Cold", 30.0, 2.0), ("Archive", 0.0, 6.0)],
)
def test_early_deletion_pays_the_rest_of_the_minimum(access_tier, age_days, months):
    """Billing rules, blob: 30, 90 and 180 days in cool, cold and archive; 40 GiB deleted."""
    one = blobs(access_tier, deleted_early_gib_per_month=40.0, deleted_after_days=age_days)
    assert only(one.usage(context_of(months=JANUARY)), "Early Delete").quantity[0] == pytest.approx(
        40 * months
    )


@pytest.mark.parametrize("changes", [{"deleted_after_days": 30.0}, {"minimum_storage_days": 0.0}])
def test_data_that_were_kept_long_enough_pay_nothing_more(changes):
    assert meters_of(blobs("Cool", deleted_early_gib_per_month=40.0, **changes)) == [
        "Cool LRS/Cool LRS Data Stored"
    ]


def test_the_archive_is_not_zone_redundant():
    with pytest.raises(ValidationError, match="not offered with GZRS"):
        blobs("Archive", "GZRS")


@pytest.mark.parametrize(
    ("access_tier", "redundancy", "level"),
    [
        ("Hot", "ZRS", ("Azure Storage", "LRS / ZRS / GRS", "read and write, hot")),
        ("Hot", "RA-GRS", ("Azure Storage", "RA-GRS / RA-GZRS", "read (primary or secondary), hot")),
        ("Hot", "GZRS", None),
        ("Cool", "LRS", None),
    ],
)
def test_only_the_hot_tier_has_a_row_in_the_table(access_tier, redundancy, level):
    assert blobs(access_tier, redundancy).service_level() == level
