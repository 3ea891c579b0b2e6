"""What the facts of a design look like, so that none is compared with a constant of another kind.

A count that is written as text is above no number, and a day written another way comes after no day: the
rule would pass without a word. So the form of a fact is checked where it is stated, and where a rule
compares it.
"""

from __future__ import annotations

import math
import re
from datetime import date

from agog_capacity.errors import nearest

_FLAGS = {
    "autoscale_down", "capacity_reservation", "existing_customer", "existing_server", "failback_reenables_ha",
    "failover_required", "failover_scale_out", "geo_backup", "geo_backup_added_later", "geo_replication",
    "images_copied", "long_lived_connections", "paired_region_allowed", "private_origins", "provider_paired_copy",
    "replica_tier_equal", "standby_serves_reads", "virtual_endpoints", "zone_redundant",
}  # fmt: skip
_COUNTS = {
    "allowed_design_regions", "copy_regions_outside_allowed", "detection_routers", "max_nodes", "max_pods", "pools",
    "regions", "regions_declared", "regions_distinct", "regions_served", "replicas",
    "serving_regions_outside_allowed", "tolerated_failures", "vaults", "version", "voting_regions", "writers",
}  # fmt: skip
_NUMBERS = {
    "capacity_after_zone_loss", "dns_ttl_counted_s", "failover_nodes_over_max", "failover_vcpu_over_quota",
    "min_nodes_per_zone", "monthly_cost", "pods_over_max_pods", "probe_interval_s", "replica_storage_ratio",
    "replicas_per_zone", "rpo_target_s", "secondary_size_ratio",
}  # fmt: skip
_DAYS = {"bought_on", "created_on", "needed_until"}
_CHOICES = {
    "commitment": ("reservation", "savings-plan"),
    "environment": ("production", "test"),
    "ha": ("none", "same_zone", "zone_redundant"),
    "persistence": ("none", "rdb", "aof"),
    "promotion": ("planned", "forced"),
    "promotion_trigger": ("provider", "automation", "human"),
    "geo_failover": ("manual", "automatic"),
    "redundancy": ("LRS", "ZRS", "GRS", "RA-GRS", "GZRS", "RA-GZRS"),
    "role": ("primary", "replica"),
    "survive": ("zone", "region"),
    "must_survive": ("zone", "region"),
    "capacity_from": ("stock", "reservation", "savings_plan"),
}
"""Facts with few values, and all of them. Other text is free, such as a tier or a series of machines."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def fact_problem(fact: str, value: object) -> str:
    """Return why a value cannot be that of a fact; empty if it can.

    Parameters
    ----------
    fact : str
        Name of a fact that rules know.
    value : object
        As a plan states it, or as a rule compares it.

    Examples
    --------
    >>> fact_problem("detection_routers", "2")
    "detection_routers '2' is not a whole number from 0 on"
    >>> fact_problem("detection_routers", 2)
    ''
    """
    shown = f"{fact} {str(value)[:60]!r}" if isinstance(value, str) else f"{fact} {str(value)[:60]}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if fact in _FLAGS:
        return "" if isinstance(value, bool) else f"{shown} is neither true nor false"
    if fact in _COUNTS:
        whole = is_number and isinstance(value, int) and value >= 0
        return "" if whole else f"{shown} is not a whole number from 0 on"
    if fact in _NUMBERS:
        return "" if is_number and value >= 0 else f"{shown} is not a number from 0 on"  # type: ignore[operator]
    if fact in _DAYS:
        return "" if is_day(value) else f"{shown} is not a day like '2027-01-31'"
    if not isinstance(value, str) or not value.strip():
        return f"{shown} is not text"
    choices = _CHOICES.get(fact)
    if choices is not None and value.casefold() not in map(str.casefold, choices):
        return f"{shown} is not known; {nearest(value, choices)}"
    return ""


def is_day(value: object) -> bool:
    """Tell whether a value is a day of the calendar as text."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
