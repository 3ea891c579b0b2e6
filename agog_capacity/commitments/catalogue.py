"""What the market sells: size groups, services with and without commitments, and what is no longer sold.

Each rule carries the date of the document it was read from; one older than a year is shown with a warning
(`Rule.aged`). What cannot be bought cannot be planned: `check_sold` names it.

References
----------
.. [1] MicrosoftDocs/azure-docs, cost-management-billing/manage/manage-legacy-vm-reservations-after-july-1-2026,
   2026-05-01.
.. [2] microsoft/finops-toolkit, src/open-data/InstanceSizeFlexibility.csv, 2026 copy of the Catalog API.
.. [3] azure-cache-for-redis/cache-reserved-pricing, 2022-08: Premium, Enterprise and Enterprise Flash only.
.. [4] postgresql/flexible-server/concept-reserved-pricing, 2022-06: per vCore, compute only.
.. [5] storage/blobs/storage-blob-reserved-capacity, 2021-05: units of 100 TiB or 1 PiB.
.. [6] cost-management-billing/savings-plan/savings-plan-overview, 2026-03-14.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from agog_capacity.azure_sizes import parse_vm_size
from agog_capacity.errors import CommitmentError

Kind = Literal["reservation", "savings-plan"]

LAST_SALE_OF_OLD_SERIES = date(2026, 7, 1)
"""First day on which the old series are not sold any more [1]_."""
_NOT_SOLD_AT_ALL = frozenset({"Dv3", "Dsv3", "Ev3", "Esv3"})
_NOT_SOLD_FOR_ONE_YEAR = frozenset(
    (
        "Av2",
        "Amv2",
        "B",
        "Bs",
        "Bms",
        "Bls",
        "D",
        "DS",
        "Dv2",
        "DSv2",
        "F",
        "Fs",
        "Fsv2",
        "G",
        "GS",
        "Ls",
        "Lsv2",
    )
)

_TO_64 = "Dv3 DSv3 Dsv3 Dv4 Dsv4 Ddv4 Ddsv4 Dpsv5 Dpdsv5 Dplsv5 Dpldsv5"
_TO_96 = "Dasv4 Dav4 Dv5 Dsv5 Ddv5 Ddsv5 Dasv5 Dadsv5 Dlsv5 Dldsv5 Easv4 Easv5 Eadsv5 Edsv4 Edsv5 Esv5"
_RATIO_IS_VCPUS = frozenset(f"{_TO_64} {_TO_96}".split())
_ESV3_RATIOS = {2: 1.0, 4: 2.0, 8: 4.0, 16: 8.0, 20: 10.0, 32: 16.0, 64: 28.8}
"""2018 table, smallest size 1: the largest is not 32."""
_DSV2_RATIOS = {1: 1.0, 2: 2.0, 3: 4.0, 4: 8.0, 5: 16.0}
_DSV2_HIGH_MEMORY_RATIOS = {11: 2.0, 12: 4.0, 13: 8.0, 14: 16.0, 15: 20.0}


@dataclass(frozen=True)
class Rule:
    """A rule about what may be committed to, and where it was read."""

    text: str
    source: str
    read_on: date

    def aged(self, as_of: date) -> bool:
        """Tell whether the document is more than a year old."""
        return (as_of - self.read_on).days > 365


NOTHING_TO_COMMIT_TO = {
    "Azure Front Door Service": Rule(
        "no reservation is sold", "no reservation rows in the price data", date(2026, 10, 10)
    ),
    "Traffic Manager": Rule(
        "no reservation is sold", "no reservation rows in the price data", date(2026, 10, 10)
    ),
    "Bandwidth": Rule("no reservation is sold", "no reservation rows in the price data", date(2026, 10, 10)),
    "NAT Gateway": Rule(
        "no reservation is sold", "no reservation rows in the price data", date(2026, 10, 10)
    ),
    "Azure Kubernetes Service": Rule(
        "the management fee is no machine", "no reservation rows in the price data", date(2026, 10, 10)
    ),
    **{
        service: Rule("no reservation is sold", "no reservation rows in the price data", date(2026, 7, 20))
        for service in ("AWS Data Transfer", "Amazon EBS", "Amazon Route 53", "Elastic Load Balancing")
    },
    "Amazon EKS": Rule(
        "the fee of the control plane is no machine",
        "no reservation rows in the price data",
        date(2026, 7, 20),
    ),
    "Key Vault": Rule("no reservation is sold", "no reservation rows in the price data", date(2026, 10, 10)),
    "Redis Cache/Basic": Rule(
        "reservations are for Premium and Enterprise only", "cache-reserved-pricing", date(2022, 8, 1)
    ),
    "Redis Cache/Standard": Rule(
        "reservations are for Premium and Enterprise only", "cache-reserved-pricing", date(2022, 8, 1)
    ),
}
"""Services, or services and tiers, for which a commitment is a mistake."""

RETIRES = {
    "Redis Cache/Enterprise": date(2027, 3, 31),
    "Redis Cache/Enterprise Flash": date(2027, 3, 31),
    "Redis Cache/Premium": date(2028, 9, 30),
}
"""Products that end: no term may reach past it."""

RESERVED_STORAGE_UNITS_TIB = (100, 1024)


def _series(size: str) -> str:
    """Return the series of a size, blank for what is no machine size."""
    try:
        return parse_vm_size(size).series
    except ValueError:
        return ""


def size_group(size: str) -> tuple[str, float]:
    """Return the flexibility group of a machine size and its ratio [2]_.

    Parameters
    ----------
    size : str
        Such as `Standard_D8s_v5`.

    Returns
    -------
    tuple
        Group and raw ratio; only quotients inside a group matter.

    Raises
    ------
    CommitmentError
        If the group of the size was not read; reserve it with flexibility off.
    """
    series = _series(size)
    if series:
        number = int("".join(c for c in size.split("_")[1].split("-")[0] if c.isdigit()))
        if series == "Esv3" and number in _ESV3_RATIOS:
            return "ESv3", _ESV3_RATIOS[number]
        if series == "DSv2" and number in _DSV2_RATIOS:
            return "DSv2", _DSV2_RATIOS[number]
        if series == "DSv2" and number in _DSV2_HIGH_MEMORY_RATIOS:
            return "DSv2 High Memory", _DSV2_HIGH_MEMORY_RATIOS[number]
        if series in _RATIO_IS_VCPUS:
            # A constrained size such as E8-2 counts like the full one.
            return ("DSv3" if series == "Dsv3" else series), float(number)
    raise CommitmentError(
        f"the flexibility group of {size!r} was not read; give its group and ratio, or reserve the exact size"
    )


def check_sold(kind: Kind, size: str, term_years: int, on: date) -> None:
    """Refuse what is not sold on a day.

    Parameters
    ----------
    kind : {"reservation", "savings-plan"}
        Savings plans still cover the old series.
    size : str
        Machine size.
    term_years : int
    on : date
        Day of purchase.

    Raises
    ------
    CommitmentError
        With what is sold instead.
    """
    if kind == "savings-plan" or on < LAST_SALE_OF_OLD_SERIES:
        return
    series = _series(size)
    gone = series in _NOT_SOLD_AT_ALL or (series in _NOT_SOLD_FOR_ONE_YEAR and term_years == 1)
    if gone:
        other = "" if series in _NOT_SOLD_AT_ALL else " 3 years are still sold;"
        raise CommitmentError(
            f"a reservation of {size} for {term_years} year{'s' * (term_years > 1)} is not sold since "
            f"{LAST_SALE_OF_OLD_SERIES} (series {series});{other} a savings plan covers it, or move to a newer series "
            "such as Dsv5"
        )


def check_commitable(service: str, tier: str, on: date, term_years: int) -> None:
    """Refuse services that have nothing to commit to, and terms that outlive a product.

    Parameters
    ----------
    service : str
        As the price book names it.
    tier : str
        Such as `Standard`; blank if the service has none.
    on : date
        Day of purchase.
    term_years : int
    """
    key = f"{service}/{tier}" if tier else service
    rule = NOTHING_TO_COMMIT_TO.get(key) or NOTHING_TO_COMMIT_TO.get(service)
    if rule is not None:
        raise CommitmentError(f"{key}: {rule.text} ({rule.source}, {rule.read_on}); plan it on demand")
    end = RETIRES.get(key)
    if end is not None and on.replace(year=on.year + term_years, day=min(on.day, 28)) > end:
        raise CommitmentError(f"{key} retires on {end}; a term of {term_years} years from {on} outlives it")


def reserved_storage_units(stored_tib: float) -> int:
    """Return how many units of 100 TiB could be used in full, 0 for most.

    Parameters
    ----------
    stored_tib : float
        Least that is stored in one region, tier and redundancy. [TiB]
    """
    if stored_tib < 0:
        raise CommitmentError(f"{stored_tib} TiB cannot be stored")
    return int(stored_tib // RESERVED_STORAGE_UNITS_TIB[0])
