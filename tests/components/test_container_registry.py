"""Container registry: days by region, storage beyond the tier's, builds."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agog_capacity.components.container_registry import ContainerRegistry
from agog_capacity.periods import Months
from tests.components.designs import by_meter, context_of, only

UNIT = "Container Registry/Container Registry/Premium/Premium Registry Unit"
STORED = "Container Registry/Container Registry/-/Data Stored"
JANUARY = Months("2027-01", 1)


def registry(**changes) -> ContainerRegistry:
    return ContainerRegistry.example().replace(**changes)


def test_each_replica_region_is_billed_again():
    """Billing rules, container registry: by the day, included 500 GB, each replica region again."""
    assert by_meter(registry(stored_gib=620.0).usage(context_of(months=JANUARY))) == {
        (UNIT, "eastus2"): [31.0],
        (STORED, "eastus2"): [120.0],
        (UNIT, "westeurope"): [31.0],
        (STORED, "westeurope"): [120.0],
    }


@pytest.mark.parametrize(
    ("tier", "stored_gib", "beyond_gib"),
    [("Basic", 25, 15), ("Standard", 100, 0), ("Premium", 501, 1), ("Basic", None, 0)],
)
def test_the_tier_includes_storage(tier, stored_gib, beyond_gib):
    line = only(registry(tier=tier, replicas=(), stored_gib=stored_gib).usage(context_of()), "Data Stored")
    assert line.quantity[0] == beyond_gib


@pytest.mark.parametrize(
    ("seconds", "free", "billed"), [(10_000, 6000, 4000), (5000, 6000, 0), (5000, 0, 5000)]
)
def test_builds_pay_beyond_the_free_seconds(seconds, free, billed):
    one = registry(task_seconds_per_month=seconds, free_task_seconds_per_month=free)
    line = only(one.usage(context_of(months=JANUARY)), "Task vCPU Duration")
    assert (line.quantity[0], line.unit) == (billed, "Second")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tier": "Standard"}, "tier Standard has no replicas; choose Premium"),
        ({"replicas": ("eastus2",)}, "'eastus2' stands twice"),
        ({"replicas": ("westus2", "westus2")}, "'westus2' stands twice"),
    ],
)
def test_replicas_need_premium_and_regions_of_their_own(changes, message):
    with pytest.raises(ValidationError, match=message):
        registry(**changes)


def test_replicas_stand_in_regions_of_the_design():
    ((field, message),) = registry(replicas=("westus",)).problems(context_of())
    assert field == "replicas"
    assert "'westus2'" in message
