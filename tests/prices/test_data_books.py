"""The committed books; reference values are those of the price facts' README and of the brief."""

from __future__ import annotations

import csv

import pytest

from agog_capacity.prices.book import PriceBook
from agog_capacity.prices.meter import Meter
from agog_capacity.prices.reader import read_price_book
from agog_capacity.resources import data_directory
from tests.prices.rows import POSTGRESQL

AZURE_BOOK, AWS_BOOK = "azure-list-2026-10-10", "aws-list-2026-07-20"
SIZE = "Virtual Machines/Linux/{}/Compute"
EGRESS = "Bandwidth/Rtn Preference: MGN/Standard/Standard Data Transfer Out"
FRONT_DOOR = "Azure Front Door Service/Azure Front Door"
HOT = "Storage/General Block Blob v2/Hot {0}/Hot {0} Data Stored"
LOGS = "Log Analytics/Log Analytics/Analytics Logs/Analytics Logs Data Ingestion"
DSV3 = f"{POSTGRESQL}/Flexible Server General Purpose Dsv3 Series Compute/Dsv3/vCore"


@pytest.fixture(scope="module")
def azure() -> PriceBook:
    return read_price_book(data_directory() / "prices" / AZURE_BOOK)


@pytest.fixture(scope="module")
def aws() -> PriceBook:
    return read_price_book(data_directory() / "prices" / AWS_BOOK)


@pytest.fixture(scope="module")
def planning() -> PriceBook:
    return read_price_book(data_directory() / "prices" / "agog-planning-2026-01-10")


def price(book: PriceBook, meter: str, region: str, option: str = "on-demand", term: str = "") -> float:
    """Return the price of a meter without tiers."""
    (only,) = book.find(Meter.parse(meter), region, option, term).tiers
    return only.unit_price


def tiers(book: PriceBook, meter: str, region: str) -> list[tuple[float, float]]:
    """Return the tiers of a meter as (lower bound, price)."""
    return [(one.tier_start, one.unit_price) for one in book.find(Meter.parse(meter), region).tiers]


# List prices: README of the price facts, "Do sources agree?" and "Against the planning figures".


@pytest.mark.parametrize(
    ("size", "region", "usd_per_hour"),
    [
        ("Standard_D4s_v3", "eastus2", 0.192),
        ("Standard_D8s_v3", "eastus2", 0.384),
        ("Standard_D8s_v3", "westeurope", 0.48),
        ("Standard_D8s_v3", "southeastasia", 0.5),
        ("Standard_E8s_v3", "eastus2", 0.532),
        ("Standard_E8s_v3", "eastus", 0.504),
        ("Standard_D8as_v5", "eastus2", 0.344),
        ("Standard_D4as_v5", "westeurope", 0.208),
    ],
)
def test_linux_sizes_have_their_linux_price(azure, size, region, usd_per_hour):
    assert price(azure, SIZE.format(size), region) == usd_per_hour


def test_a_reservation_total_becomes_hourly_exactly_once(azure):
    """D4s_v5 in eastus2 for a year: 1,038 for the term (README, quirk 3)."""
    meter = SIZE.format("Standard_D4s_v5")
    assert price(azure, meter, "eastus2", "reservation", "1y") == pytest.approx(1038 / 8760, abs=0)
    assert price(azure, meter, "eastus2", "reservation", "3y") == pytest.approx(1993 / 26280, abs=0)
    assert price(azure, meter, "eastus2", "savings-plan", "1y") == 0.13248
    redis = "Redis Cache/Azure Redis Cache Premium/P1/P1 Cache Instance"
    assert price(azure, redis, "eastus", "reservation", "1y") == pytest.approx(1553 / 8760, abs=0)


def test_the_newer_spot_price_is_chosen_and_the_older_stays_beside_it(azure):
    meter = SIZE.format("Standard_D4s_v5")
    assert price(azure, meter, "eastus2", "spot") == 0.061171
    assert price(azure, meter, "eastus", "spot") == 0.040723
    rejected = csv.DictReader(
        (data_directory() / "prices" / AZURE_BOOK / "rejected.csv").read_text().splitlines()
    )
    lost = {
        (row["region"], row["unit_price"], row["chosen_price"])
        for row in rejected
        if row["sku"] == "Standard_D4s_v5" and row["purchase_option"] == "spot"
    }
    assert lost == {("eastus2", "0.02496", "0.061171"), ("eastus", "0.02112", "0.040723")}


def test_egress_has_its_free_grant_and_five_bounds(azure):
    """Bounds of README quirk 5; the last two tiers cost the same."""
    assert tiers(azure, EGRESS, "eastus2") == [
        (0, 0),
        (100, 0.087),
        (10335, 0.083),
        (51295, 0.07),
        (153695, 0.05),
        (512095, 0.05),
    ]
    assert tiers(azure, EGRESS, "westeurope") == tiers(azure, EGRESS, "eastus2")[:-1]


def test_hot_blobs_in_west_europe_keep_the_whole_schedule(azure):
    """The USD dump has only the last tier, 0.018032; the first is 0.0196 in the GBP extract."""
    assert tiers(azure, HOT.format("LRS"), "westeurope") == [(0, 0.0196), (51200, 0.01882), (512000, 0.01803)]
    first = azure.find(Meter.parse(HOT.format("LRS")), "westeurope").tiers[0]
    assert first.unit.base == "GiB/Month"
    assert "4 significant digits" in first.derived
    assert "GBP" in first.note


@pytest.mark.parametrize("redundancy", ["GRS", "ZRS"])
def test_a_schedule_without_its_first_tier_is_a_gap_not_a_start_at_512000(azure, redundancy):
    with pytest.raises(LookupError, match="no source has the first tier"):
        azure.find(Meter.parse(HOT.format(redundancy)), "westeurope")


def test_front_door_is_priced_by_zone_and_by_single_requests(azure):
    assert price(azure, f"{FRONT_DOOR}/Premium/Premium Base Fees", "Zone 1") == 330
    assert price(azure, f"{FRONT_DOOR}/Standard/Standard Base Fees", "Zone 1") == 35
    assert tiers(azure, f"{FRONT_DOOR}/Standard/Standard Data Transfer Out", "Zone 1")[0] == (0, 0.0825)
    requests = tiers(azure, f"{FRONT_DOOR}/Premium/Premium Requests", "Zone 1")
    assert requests[:2] == [(0, 0.015), (250_000_000, 0.0141)]
    assert (
        azure.find(Meter.parse(f"{FRONT_DOOR}/Premium/Premium Requests"), "Zone 1").tiers[0].unit.pack
        == 10_000
    )


def test_logs_keep_their_free_five_gb(azure):
    assert tiers(azure, LOGS, "eastus2") == [(0, 0), (5, 2.76)]
    assert tiers(azure, LOGS, "westeurope") == [(0, 0), (5, 2.99)]


def test_postgresql_is_priced_by_the_vcore_whatever_server_it_was_found_for(azure):
    compute = POSTGRESQL + "/Flexible Server General Purpose {0} Series Compute/{0}/vCore"
    assert price(azure, DSV3, "westus") == 0.0975
    assert price(azure, compute.format("Ddsv5"), "westus") == 0.1015
    assert price(azure, compute.format("Dadsv5"), "northeurope") == 0.099
    burstable = f"{POSTGRESQL}/Flexible Server Burstable BS Series Compute/B1MS/Server"
    assert price(azure, burstable, "westeurope") == 0.0199
    backup = f"{POSTGRESQL}/Flexible Server Backup Storage/Backup Storage LRS/Backup Storage LRS Data Stored"
    assert price(azure, backup, "westus") == 0.095


def test_redis_is_priced_by_the_node(azure):
    standard = "Redis Cache/Azure Redis Cache Standard/{0}/{0} Cache Instance"
    assert price(azure, standard.format("C3"), "eastus") == 0.225
    assert price(azure, standard.format("C1"), "eastus2") == 0.069
    assert price(azure, "Redis Cache/Azure Redis Cache Basic/C0/C0 Cache Instance", "eastus2") == 0.022


def test_names_of_one_meter_are_unified(azure):
    health = "Traffic Manager/Traffic Manager/-/Azure endpoint health check"
    assert price(azure, health, "Global") == 0.36
    assert tiers(azure, "Traffic Manager/Traffic Manager/-/DNS queries", "Global") == [
        (0, 0.54),
        (1e9, 0.375),
    ]
    peering = "Virtual Network/Virtual Network Peering/Intra-Region/Intra-Region Egress or Ingress"
    assert price(azure, peering, "Global") == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize(
    ("meter", "region", "option", "term"),
    [
        (SIZE.format("Standard_D4s_v3"), "eastus2", "reservation", "1y"),
        (SIZE.format("Standard_D8s_v3"), "westeurope", "savings-plan", "3y"),
        (SIZE.format("Standard_D4s_v5"), "westus2", "reservation", "1y"),
        (SIZE.format("Standard_D4s_v5"), "southeastasia", "spot", ""),
        (SIZE.format("Standard_D8as_v5"), "southeastasia", "on-demand", ""),
        (
            f"{POSTGRESQL}/Flexible Server General Purpose Dsv3 Series Compute/Dsv3/vCore",
            "eastus2",
            "on-demand",
            "",
        ),
        (
            f"{POSTGRESQL}/Flexible Server General Purpose Dsv3 Series Compute/Dsv3/vCore",
            "westeurope",
            "on-demand",
            "",
        ),
        ("Redis Cache/Azure Redis Cache Premium/P5/P5 Cache Instance", "eastus", "on-demand", ""),
        ("Redis Cache/Azure Redis Cache Standard/C3/C3 Cache Instance", "francecentral", "on-demand", ""),
        (f"{FRONT_DOOR}/Premium/Premium Base Fees", "Zone 5", "on-demand", ""),
        (EGRESS, "southeastasia", "on-demand", ""),
        ("Storage/Premium SSD Managed Disks/P20 LRS/P20 LRS Disk", "eastus2", "on-demand", ""),
    ],
)
def test_what_the_facts_list_as_missing_stays_missing(azure, meter, region, option, term):
    with pytest.raises(LookupError):
        azure.find(Meter.parse(meter), region, option, term)


def test_no_linux_price_comes_from_another_kind_of_machine(azure):
    """Windows, Low Priority, Dev/Test and Cloud Services rows name other meters or none."""
    meters = {key.meter for key in azure.schedules if key.meter.service == "Virtual Machines"}
    assert {meter.family for meter in meters} == {"Linux", "Windows"}
    assert {meter.meter for meter in meters} == {"Compute", "Compute Low Priority"}
    assert price(azure, "Virtual Machines/Windows/Standard_D8s_v3/Compute", "westeurope") == 0.848
    assert price(azure, "Virtual Machines/Linux/Standard_D8s_v3/Compute Low Priority", "westeurope") == 0.096


def test_a_region_nobody_asked_for_keeps_its_real_prices(azure):
    schedule = azure.find(Meter.parse(SIZE.format("Standard_D4s_v3")), "polandcentral", "reservation", "1y")
    assert schedule.tiers[0].unit_price == pytest.approx(1162 / 8760)
    assert "term total restored" in schedule.tiers[0].note


def test_aws_names_are_those_of_focus_and_tiers_are_decimal(aws):
    assert price(aws, "Amazon EC2/Linux/m5.xlarge/Compute", "us-east-1") == 0.192
    assert price(aws, "Amazon EC2/Linux/m5.xlarge/Compute", "us-east-1", "spot") == 0.07044
    egress = "AWS Data Transfer/Internet/-/Data Transfer Out"
    assert tiers(aws, egress, "eu-west-1") == [(0, 0.09), (10_000, 0.085), (50_000, 0.07), (150_000, 0.05)]
    open_end = aws.find(Meter.parse(egress), "us-east-1").tiers[-1]
    assert open_end.tier_start == 50_000
    assert "from 150,000 on is not in the sources" in open_end.note
    queries = "Amazon Route 53/DNS Queries/standard/Queries"
    assert tiers(aws, queries, "Global") == [(0, 0.4), (1e9, 0.2)]
    assert (
        aws.find(Meter.parse("Amazon EBS/General Purpose SSD/gp3/Storage"), "us-east-1").base == "GiB/Month"
    )


def test_three_tables_that_disagree_are_a_gap(aws):
    with pytest.raises(LookupError, match=r"disagree: 0\.684, 0\.7, 0\.768"):
        aws.find(Meter.parse("Amazon RDS/Engine not stated/db.m5.2xlarge/Instance"), "us-east-1")


def test_a_reservation_whose_payment_is_not_stated_says_so(aws):
    schedule = aws.find(Meter.parse("Amazon EC2/Linux/m5.xlarge/Compute"), "eu-west-1", "reservation", "1y")
    assert schedule.tiers[0].unit_price == 0.135
    assert "payment option not stated" in schedule.tiers[0].note


# The planning book: figures of the brief, sections 4.2 to 8.


@pytest.mark.parametrize(
    ("meter", "region", "quantity", "usd_per_month"),
    [
        (SIZE.format("Standard_D4s_v3"), "eastus2", 3 * 730, 437),
        (SIZE.format("Standard_D8s_v3"), "westeurope", 5 * 730, 1825),
        (
            f"{POSTGRESQL}/Flexible Server General Purpose Dsv3 Series Compute/Dsv3/vCore",
            "eastus2",
            2 * 8 * 730,
            730,
        ),
        (
            f"{POSTGRESQL}/Flexible Server General Purpose Dsv3 Series Compute/Dsv3/vCore",
            "westeurope",
            8 * 730,
            365,
        ),
        (f"{POSTGRESQL}/Flexible Server Storage/Storage/Storage Data Stored", "eastus2", 512, 0),
        ("Redis Cache/Azure Redis Cache Standard/C3/C3 Cache Instance", "eastus2", 2 * 730, 213),
        (f"{FRONT_DOOR}/Premium/Premium Base Fees", "Zone 1", 1, 428),
        (f"{FRONT_DOOR}/Premium/Premium Data Transfer Out", "Zone 1", 10_000, 350),
        (LOGS, "eastus2", 10 * 30, 250),
        ("Storage/General Block Blob v2/Cool LRS/Cool LRS Data Stored", "eastus2", 300, 6),
        ("Storage/General Block Blob v2/Archive LRS/Archive LRS Data Stored", "eastus2", 1024, 2),
    ],
)
def test_planning_prices_give_the_briefs_figures(planning, meter, region, quantity, usd_per_month):
    assert price(planning, meter, region) * quantity == pytest.approx(usd_per_month, rel=1e-15)


def test_planning_reservations_save_what_the_brief_says(planning):
    """Section 8.2: 20 % and 40 % of the 4,524 for compute, 904.80 and 1,809.60 a month."""
    hours = {"Standard_D4s_v3": 2 * 3 * 730, "Standard_D8s_v3": 2 * 5 * 730}
    for term, saved in (("1y", 904.80), ("3y", 1809.60)):
        full, reserved = (
            sum(price(planning, SIZE.format(size), "eastus2", *how) * hours[size] for size in hours)
            for how in ((), ("reservation", term))
        )
        assert full - reserved == pytest.approx(saved)


def test_backups_are_a_lump_and_the_unpriced_has_no_row(planning):
    backup = Meter.parse(
        f"{POSTGRESQL}/Flexible Server Backup Storage/Backup Storage LRS/Backup Storage LRS Data Stored"
    )
    assert planning.find(backup, "eastus2").lump
    assert planning.find(backup, "eastus2").tiers[0].unit_price == 50
    assert all("section" in schedule.tiers[0].source for schedule in planning.schedules.values())
    services = {key.meter.service for key in planning.schedules}
    assert services == {
        "Virtual Machines",
        POSTGRESQL,
        "Redis Cache",
        "Azure Front Door Service",
        "Log Analytics",
        "Storage",
    }
    assert not any("E8s" in key.meter.sku for key in planning.schedules)
