"""Node pools: nodes by the hour, OS disks by the month and class."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from pydantic import ValidationError

from agog_capacity.components.aks_cluster import AksCluster
from agog_capacity.components.capacity_reservation import CapacityReservation
from agog_capacity.components.node_pool import NodePool
from tests.components.designs import by_meter, context_of, only

COMPUTE = "Virtual Machines/Linux/Standard_D8s_v3/Compute"
P15 = "Storage/Premium SSD Managed Disks/P15 LRS/P15 LRS Disk"


def pool(**changes) -> NodePool:
    return NodePool.example().replace(**changes)


def test_nodes_are_counted_by_the_hour_and_disks_by_the_month():
    """3 nodes x 744 h in January; 8 vCPU means a disk of 256 GiB, class P15."""
    assert by_meter(pool().usage(context_of())) == {
        (COMPUTE, "eastus2"): [2232.0, 2016.0, 2232.0],
        (P15, "eastus2"): [3.0, 3.0, 3.0],
    }


def test_a_fixed_count_wins_over_the_minimum():
    assert (
        only(pool(nodes=5, min_nodes=2, max_nodes=10).usage(context_of()), "Compute").quantity[0] == 5 * 744
    )


def test_without_a_fixed_count_the_minimum_is_billed_and_says_so():
    line = only(pool(nodes=None, min_nodes=2, max_nodes=10).usage(context_of()), "Compute")
    assert line.quantity[0] == 2 * 744
    assert "the minimum, not simulated" in line.rule


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nodes": None}, "give nodes, or both min_nodes and max_nodes"),
        ({"nodes": None, "min_nodes": 3}, "give nodes, or both min_nodes and max_nodes"),
        ({"min_nodes": 5, "max_nodes": 3}, "min_nodes 5 is above max_nodes 3"),
        ({"mode": "system", "purchase": "spot"}, "a system pool cannot be spot"),
        ({"vm_size": "D8s_v3"}, "write it like 'Standard_D8s_v3'"),
        ({"vm_size": "Standard_DS3_v2"}, "os_disk_gib is missing"),
        ({"os_disk_gib": 40_000.0}, "largest holds 32,767 GiB"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(changes, message):
    with pytest.raises(ValidationError, match=message):
        pool(**changes)


def test_the_kind_of_os_disk_is_never_guessed():
    with pytest.raises(ValidationError, match="os_disk"):
        NodePool.model_validate(
            {"name": "p", "region": "eastus2", "cluster": "cluster", "vm_size": "Standard_D8s_v3", "nodes": 1}
        )


def test_a_stopped_pool_costs_its_disks_only():
    assert by_meter(pool(nodes=0, stopped_nodes=3).usage(context_of())) == {
        (COMPUTE, "eastus2"): [0.0, 0.0, 0.0],
        (P15, "eastus2"): [3.0, 3.0, 3.0],
    }


def test_half_a_month_is_half_a_disk():
    """14 of the 28 days of February."""
    lines = pool(starts=date(2027, 2, 15)).usage(context_of())
    assert only(lines, "P15 LRS Disk").quantity.tolist() == [0.0, 3 * 14 / 28, 3.0]


def test_sizes_without_premium_disks_boot_from_standard_ones():
    lines = pool(vm_size="Standard_D8_v4").usage(context_of())
    assert only(lines, "Disk").meter.text == "Storage/Standard SSD Managed Disks/E15 LRS/E15 LRS Disk"


def test_spot_is_a_purchase_option_of_the_same_meter():
    line = only(pool(purchase="spot").usage(context_of()), "Compute")
    assert (line.meter.text, line.purchase_option) == (COMPUTE, "spot")


def test_an_ephemeral_disk_costs_nothing_and_must_fit():
    """Standard_D8s_v3 has a cache of 200 GiB (table of the size), too small for the default of 256."""
    assert [line.meter.text for line in pool(os_disk="ephemeral", os_disk_gib=200.0).usage(context_of())] == [
        COMPUTE
    ]
    with pytest.raises(ValidationError, match="does not fit Standard_D8s_v3, which holds 200 GiB"):
        pool(os_disk="ephemeral")


def test_the_space_of_an_unknown_size_is_asked_for():
    with pytest.raises(ValidationError, match="give local_disk_gib"):
        pool(vm_size="Standard_D8_v4", os_disk="ephemeral")
    assert pool(vm_size="Standard_D8_v4", os_disk="ephemeral", local_disk_gib=300.0).os_disk == "ephemeral"


@pytest.mark.parametrize(
    ("changes", "configuration"),
    [
        ({}, "2 or more instances across 2 or more zones"),
        ({"zones": 0}, "single instance, Premium SSD or Ultra on all disks"),
        ({"nodes": 1}, "single instance, Premium SSD or Ultra on all disks"),
        ({"zones": 0, "vm_size": "Standard_D8_v4"}, "single instance, Standard SSD"),
    ],
)
def test_the_service_level_follows_zones_then_disks(changes, configuration):
    level = pool(**changes).service_level()
    assert level is not None
    assert level == ("Azure Virtual Machines", "any", configuration)


@pytest.mark.parametrize(
    "changes",
    [{"purchase": "spot"}, {"nodes": 0}, {"zones": 0, "os_disk": "ephemeral", "os_disk_gib": 100.0}],
)
def test_what_has_no_published_level_has_none(changes):
    assert pool(**changes).service_level() is None


def test_a_pool_stands_in_the_region_of_its_cluster():
    clusters = (AksCluster.example(), AksCluster.example().replace(name="cluster-eu", region="westeurope"))
    assert pool().problems(context_of(*clusters)) == ()
    ((field, message),) = pool(region="westeurope").problems(context_of(*clusters))
    assert field == "region"
    assert "'cluster-eu'" in message


class Doubled:
    """A trace of two nodes in the first month, three in the second and so on."""

    def node_hours(self, pool, months):
        assert pool == "app-nodes"
        return months.hours * np.arange(2, 2 + months.count)


def test_a_pool_between_bounds_follows_the_trace_of_its_cluster():
    scaled = pool(nodes=None, min_nodes=2, max_nodes=10)
    context = replace(context_of(scaled), traces={"cluster": Doubled()})
    compute, disks = scaled.usage(context)
    assert compute.quantity.tolist() == [2 * 744, 3 * 672, 4 * 744]
    assert disks.quantity.tolist() == [2, 3, 4]
    assert "3 nodes on average, simulated" in compute.rule
    assert scaled.warnings(context) == ()


def test_a_fixed_count_wins_over_a_trace():
    fixed = pool(nodes=5, min_nodes=2, max_nodes=10)
    context = replace(context_of(fixed), traces={"cluster": Doubled()})
    assert only(fixed.usage(context), "Compute").quantity[0] == 5 * 744


def test_a_pool_counted_at_its_minimum_warns():
    scaled = pool(nodes=None, min_nodes=2, max_nodes=10)
    (warning,) = scaled.warnings(context_of(scaled))
    assert "counted at its minimum of 2 nodes" in warning
    assert pool(nodes=None, min_nodes=2, max_nodes=2).warnings(context_of(scaled)) == ()


def test_reserved_room_is_a_fact_of_the_pool_it_is_for():
    pool, room = NodePool.example(), CapacityReservation.example()
    assert pool.facts(context_of(pool, room))["capacity_reservation"] is True
    # Without one here nobody knows: it may be bought elsewhere.
    assert "capacity_reservation" not in pool.facts(context_of(pool))
