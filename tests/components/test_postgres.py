"""PostgreSQL Flexible Server: compute, storage, backups, replicas."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agog_capacity.components.bandwidth import Bandwidth
from agog_capacity.components.postgres import PostgresFlexibleServer
from agog_capacity.periods import Months
from tests.components.designs import by_meter, context_of, only

VCORE = "Azure Database for PostgreSQL/Flexible Server General Purpose Dsv3 Series Compute/Dsv3/vCore"
STORAGE = "Azure Database for PostgreSQL/Flexible Server Storage/Storage/Storage Data Stored"
BACKUP = "Azure Database for PostgreSQL/Flexible Server Backup Storage/Backup Storage LRS/Backup Storage LRS Data Stored"
JANUARY = Months("2027-01", 1)


def server(**changes) -> PostgresFlexibleServer:
    return PostgresFlexibleServer.example().replace(**changes)


def replica(**changes) -> PostgresFlexibleServer:
    return PostgresFlexibleServer(
        name="copy",
        region="westeurope",
        vm_size="Standard_D8s_v3",
        storage_gib=512,
        replica_of="database",
        replication_gb_per_day=20.0,
    ).replace(**changes)


def test_high_availability_doubles_compute_and_storage_but_not_backups():
    """8 vCore x 2 servers x 744 h; 512 GiB x 2; 1,024 GiB of backups less 512 free (billing rules, PostgreSQL)."""
    assert by_meter(server().usage(context_of(months=JANUARY))) == {
        (VCORE, "eastus2"): [11904.0],
        (STORAGE, "eastus2"): [1024.0],
        (BACKUP, "eastus2"): [512.0],
    }


def test_the_list_price_of_the_brief_needs_this_many_vcore_hours():
    """0.0975 a vCore-hour at 730 h gives 1,138.80 a month (price facts, planning figures)."""
    line = only(server().usage(context_of(months=Months("2027-01", 1, "730h"))), "vCore")
    assert line.quantity[0] * 0.0975 == pytest.approx(1138.80)


def test_a_replica_is_a_full_server_of_its_own():
    assert by_meter(replica().usage(context_of(months=JANUARY))) == {
        (VCORE, "westeurope"): [5952.0],
        (STORAGE, "westeurope"): [512.0],
        (BACKUP, "westeurope"): [0.0],
    }


def test_the_readings_of_the_field_can_be_corrected():
    changed = server(ha_compute_multiple=1.5, ha_storage_multiple=1.0, free_backup_share=2.0)
    assert list(by_meter(changed.usage(context_of(months=JANUARY))).values()) == [[8928.0], [512.0], [0.0]]


def test_backups_that_are_not_stated_say_so_on_their_line():
    line = only(server(backup_gib=None).usage(context_of()), "LRS Data Stored")
    assert line.quantity.sum() == 0
    assert "not stated" in line.rule


@pytest.mark.parametrize(
    ("asked_gib", "provisioned_gib"), [(32, 32), (33, 64), (500, 512), (512, 512), (32767, 32767)]
)
def test_storage_grows_in_steps(asked_gib, provisioned_gib):
    line = only(
        server(storage_gib=asked_gib, high_availability="none").usage(context_of(months=JANUARY)), STORAGE
    )
    assert line.quantity[0] == provisioned_gib


@pytest.mark.parametrize(
    ("vm_size", "meter"),
    [
        ("Standard_E16ds_v5", "Flexible Server Memory Optimized Edsv5 Series Compute/Edsv5/vCore"),
        ("Standard_D4ads_v5", "Flexible Server General Purpose Dadsv5 Series Compute/Dadsv5/vCore"),
        ("Standard_B1ms", "Flexible Server Burstable BS Series Compute/B1MS/Server"),
    ],
)
def test_the_series_is_in_the_name_of_the_size(vm_size, meter):
    line = server(vm_size=vm_size, high_availability="none").usage(context_of())[0]
    assert line.meter.text == f"Azure Database for PostgreSQL/{meter}"


def test_a_burstable_server_is_billed_whole():
    line = server(vm_size="Standard_B2ms", high_availability="none").usage(context_of(months=JANUARY))[0]
    assert (line.meter.sku, line.quantity[0], line.unit) == ("B2MS", 744.0, "Hour")


@pytest.mark.parametrize("redundancy", ["ZRS", "GRS"])
def test_other_redundancies_of_backups_have_their_own_meter(redundancy):
    line = server(backup_redundancy=redundancy).usage(context_of())[2]
    assert line.meter.text == BACKUP.replace("LRS", redundancy)


def test_a_copy_of_the_backups_in_another_region_counts_as_backups_too():
    """Microsoft Learn, backup and restore of the flexible server, 2026-07-05: (2 x local size - provisioned) x price."""
    local, geo = (
        server(storage_gib=512, backup_gib=1024.0, backup_redundancy=redundancy).usage(context_of())[2]
        for redundancy in ("LRS", "GRS")
    )
    assert (local.quantity[0], geo.quantity[0]) == (1024 - 512, 2 * 1024 - 512)
    assert "1024 GiB of backups x 2 with the copy in the paired region less 512 GiB free" in geo.rule
    held = server(backup_gib=1024.0, backup_redundancy="GRS", geo_backup_multiple=1.0)
    assert held.usage(context_of())[2].quantity[0] == 1024 - 512


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vm_size": "Standard_B1ms"}, "Burstable server has no high availability"),
        (
            {"vm_size": "Standard_B1ms", "high_availability": "none", "replica_of": "x"},
            "Burstable server has no replicas",
        ),
        ({"replica_of": "x"}, "a read replica has no high availability"),
        ({"vm_size": "Standard_F8s_v2"}, "not a size of this service"),
        ({"replication_gb_per_day": 1.0}, "set it on the server that has replica_of"),
        ({"storage_gib": 16}, "greater than or equal to 32"),
    ],
)
def test_what_the_tier_cannot_do_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        server(**changes)


def test_replication_between_regions_needs_a_volume():
    context = context_of(server(), Bandwidth(name="bandwidth"))
    assert replica().problems(context) == ()
    ((field, message),) = replica(replication_gb_per_day=None).problems(context)
    assert field == "replication_gb_per_day"
    assert "'database'" in message
    assert replica(replication_gb_per_day=None, region="eastus2").problems(context) == ()


def test_replication_between_regions_needs_something_that_meters_it():
    ((field, message),) = replica().problems(context_of(server()))
    assert field == "replica_of"
    assert "add a component of kind bandwidth" in message


def test_a_burstable_primary_has_no_replicas():
    primary = server(vm_size="Standard_B2ms", high_availability="none")
    problems = replica().problems(context_of(primary, Bandwidth(name="bandwidth")))
    assert [field for field, _ in problems] == ["replica_of"]


@pytest.mark.parametrize(
    ("high_availability", "tier", "configuration"),
    [
        ("zone_redundant", "General Purpose / Memory Optimized", "zone-redundant HA"),
        ("same_zone", "General Purpose / Memory Optimized", "same-zone (zonal) HA"),
        ("none", "any incl. Burstable", "no HA"),
    ],
)
def test_the_service_level_follows_high_availability(high_availability, tier, configuration):
    level = server(high_availability=high_availability).service_level()
    assert level == ("Azure Database for PostgreSQL Flexible Server", tier, configuration)
