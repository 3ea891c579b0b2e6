"""What the name of an Azure virtual machine size says, and the disks such a machine boots from.

Shared by the kinds that run on virtual machines; this module has no kind of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_SIZE = re.compile(
    r"^Standard_(?P<family>[A-Z]{1,3})(?P<number>\d{1,3})(?:-(?P<constrained>\d{1,3}))?"
    r"(?P<features>[a-z]{0,6})(?P<accelerator>(?:_[A-Z][A-Z0-9]+)?)(?P<version>(?:_v\d{1,2})?)$"
)
_NUMBER_IS_NO_VCPU_COUNT = {("D", ""), ("D", "_v2"), ("DS", ""), ("DS", "_v2"), ("G", ""), ("GS", "")}

DISK_CLASSES_GIB = {
    4: 32,
    6: 64,
    10: 128,
    15: 256,
    20: 512,
    30: 1024,
    40: 2048,
    50: 4096,
    60: 8192,
    70: 16384,
    80: 32767,
}
"""Size class of a managed disk and what it holds. [GiB] A disk is billed as the next class up."""

_OS_DISK_DEFAULTS_GIB = ((8, 128), (16, 256), (64, 512))
_OS_DISK_LARGEST_DEFAULT_GIB = 1024

# Local space of the sizes in the price data as (cache, temporary disk), from the size tables of
# the provider's documentation (MicrosoftDocs/azure-docs, articles/virtual-machines: dsv3.md of
# 2022-06, ev3-esv3-series.md of 2020-02, fsv2-series.md of 2022-12, ddv5-ddsv5-series.md and
# dv5-dsv5-series.md of 2021-10, dasv5-dadsv5-series.md of 2021-10; read 2026-11-24). "Remote
# storage only" is 0: those series do not support ephemeral OS disks. A size whose table was not
# read is left out, and its space is then asked for.
_LOCAL_SPACE_GIB = {
    "Standard_D2s_v3": (50, 16),
    "Standard_D4s_v3": (100, 32),
    "Standard_D8s_v3": (200, 64),
    "Standard_D16s_v3": (400, 128),
    "Standard_D2s_v5": (0, 0),
    "Standard_D4s_v5": (0, 0),
    "Standard_D8s_v5": (0, 0),
    "Standard_D16s_v5": (0, 0),
    "Standard_D4as_v5": (0, 0),
    "Standard_D8as_v5": (0, 0),
    "Standard_D4ads_v5": (100, 150),
    "Standard_D8ads_v5": (200, 300),
    "Standard_D4ds_v5": (0, 150),
    "Standard_E8s_v3": (200, 128),
    "Standard_F8s_v2": (128, 64),
}
SIZES_WITH_KNOWN_SPACE = tuple(_LOCAL_SPACE_GIB)
"""Sizes whose table was read: what a misspelt one is compared with."""


@dataclass(frozen=True, slots=True)
class VmSize:
    """A virtual machine size, read from its name."""

    name: str
    """As the provider spells it, such as `Standard_D8s_v3`; what is billed."""
    family: str
    """Capital letters before the number, such as `D`."""
    vcpus: int | None
    """Virtual processors; None for old sizes whose number is not their count."""
    features: str
    """Small letters after the number, such as `ads`."""
    version: str
    """Such as `v3`; empty for the first generation."""

    @property
    def series(self) -> str:
        """Series the size belongs to, such as `Dsv3`."""
        return f"{self.family}{self.features}{self.version}"

    @property
    def takes_premium_disks(self) -> bool:
        """Whether premium SSDs can be attached: an `s` among the features, or at the end of an old family."""
        return "s" in self.features or (len(self.family) > 1 and self.family.endswith("S"))


def parse_vm_size(name: str) -> VmSize:
    """Read the name of a virtual machine size.

    Parameters
    ----------
    name : str
        Such as `Standard_D8s_v3`; of a constrained size such as `Standard_E8-4s_v5` the second
        number counts.

    Raises
    ------
    ValueError
        If the name is not of that form.

    Examples
    --------
    >>> parse_vm_size("Standard_D4ads_v5").series
    'Dadsv5'
    >>> parse_vm_size("Standard_E8-4s_v5").vcpus
    4
    """
    matched = _SIZE.match(name)
    if not matched:
        raise ValueError(f"{name[:60]!r} is not a virtual machine size; write it like 'Standard_D8s_v3'")
    family, version = matched["family"], matched["version"]
    known = (family, version) not in _NUMBER_IS_NO_VCPU_COUNT
    return VmSize(
        name=name,
        family=family,
        vcpus=int(matched["constrained"] or matched["number"]) if known else None,
        features=matched["features"],
        version=version.removeprefix("_"),
    )


def default_os_disk_gib(vcpus: int) -> int:
    """Return the size of an OS disk where none is asked for.

    Parameters
    ----------
    vcpus : int
        Virtual processors of the node.

    Returns
    -------
    int
        128 below 8 vCPU, 256 below 16, 512 below 64, else 1024. [GiB]
    """
    for below, size_gib in _OS_DISK_DEFAULTS_GIB:
        if vcpus < below:
            return size_gib
    return _OS_DISK_LARGEST_DEFAULT_GIB


def disk_class(size_gib: float, letter: Literal["P", "E", "S"]) -> str:
    """Return the size class a managed disk is billed as.

    Parameters
    ----------
    size_gib : float
        What the disk must hold. [GiB]
    letter : {"P", "E", "S"}
        Premium SSD, standard SSD or standard HDD.

    Raises
    ------
    ValueError
        If no disk is that large.

    Examples
    --------
    >>> disk_class(130, "P")
    'P15'
    """
    for number, holds_gib in DISK_CLASSES_GIB.items():
        if size_gib <= holds_gib:
            return f"{letter}{number}"
    raise ValueError(
        f"a disk of {size_gib:g} GiB does not exist; the largest holds {max(DISK_CLASSES_GIB.values()):,} GiB"
    )


def local_space_gib(size: VmSize) -> float | None:
    """Return the largest OS disk the machine itself can hold, in its cache or temporary disk.

    Returns
    -------
    float or None
        0 where it can hold none; None where the size is not in the table. [GiB]
    """
    space = _LOCAL_SPACE_GIB.get(size.name)
    return None if space is None else float(max(space))
