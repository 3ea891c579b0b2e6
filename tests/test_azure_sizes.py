"""Names of virtual machine sizes, and the disks they boot from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.azure_sizes import (
    DISK_CLASSES_GIB,
    default_os_disk_gib,
    disk_class,
    local_space_gib,
    parse_vm_size,
)


@pytest.mark.parametrize(
    ("name", "series", "vcpus", "premium"),
    [
        ("Standard_D8s_v3", "Dsv3", 8, True),
        ("Standard_D8_v4", "Dv4", 8, False),
        ("Standard_D4ads_v5", "Dadsv5", 4, True),
        ("Standard_D4ps_v5", "Dpsv5", 4, True),
        ("Standard_E8-4s_v5", "Esv5", 4, True),
        ("Standard_F8s_v2", "Fsv2", 8, True),
        ("Standard_B1ms", "Bms", 1, True),
        ("Standard_M128ms_v2", "Mmsv2", 128, True),
        ("Standard_NC24ads_A100_v4", "NCadsv4", 24, True),
        ("Standard_DS3_v2", "DSv2", None, True),
        ("Standard_D3_v2", "Dv2", None, False),
    ],
)
def test_a_size_is_read_from_its_name(name, series, vcpus, premium):
    """The provider's naming rules: family, vCPU, constrained vCPU, features, accelerator, version.

    The number of D and DS sizes up to version 2 is an order number: DS3_v2 has 4 vCPU.
    """
    size = parse_vm_size(name)
    assert (size.name, size.series, size.vcpus, size.takes_premium_disks) == (name, series, vcpus, premium)


@pytest.mark.parametrize(
    "name", ["D8s_v3", "Standard_", "standard_d8s_v3", "Standard_D8s v3", "Standard_D8s_v3/../x", ""]
)
def test_what_is_no_size_is_refused_with_an_example(name):
    with pytest.raises(ValueError, match="Standard_D8s_v3'$"):
        parse_vm_size(name)


@pytest.mark.parametrize(
    ("vcpus", "size_gib"),
    [(2, 128), (7, 128), (8, 256), (15, 256), (16, 512), (63, 512), (64, 1024), (96, 1024)],
)
def test_the_default_os_disk_grows_with_the_node(vcpus, size_gib):
    """Billing rules, AKS: under 8 vCPU 128 GiB, under 16 256, under 64 512, else 1,024."""
    assert default_os_disk_gib(vcpus) == size_gib


@pytest.mark.parametrize(
    ("size_gib", "name"),
    [
        (1, "P4"),
        (32, "P4"),
        (33, "P6"),
        (64, "P6"),
        (128, "P10"),
        (129, "P15"),
        (256, "P15"),
        (512, "P20"),
        (1024, "P30"),
        (1025, "P40"),
    ],
)
def test_a_disk_is_billed_as_the_next_class_up(size_gib, name):
    """Size classes as the price list of managed disks names them."""
    assert disk_class(size_gib, "P") == name


@given(st.floats(min_value=0, max_value=32767, allow_nan=False))
def test_the_class_is_the_smallest_that_holds_the_disk(size_gib):
    holds_gib = DISK_CLASSES_GIB[int(disk_class(size_gib, "E")[1:])]
    assert size_gib <= holds_gib
    assert not any(size_gib <= other < holds_gib for other in DISK_CLASSES_GIB.values())


def test_a_disk_beyond_the_largest_class_does_not_exist():
    with pytest.raises(ValueError, match="largest holds 32,767 GiB"):
        disk_class(40_000, "P")


@pytest.mark.parametrize(
    ("name", "space_gib"),
    [
        ("Standard_D4s_v3", 100),
        ("Standard_D8s_v3", 200),
        ("Standard_D4ads_v5", 150),
        ("Standard_D8s_v5", 0),
        ("Standard_D8_v4", None),
    ],
)
def test_the_machine_holds_the_larger_of_cache_and_temporary_disk(name, space_gib):
    """Size tables of the provider's documentation; Standard_D8_v4 is not among those that were read."""
    assert local_space_gib(parse_vm_size(name)) == space_gib
