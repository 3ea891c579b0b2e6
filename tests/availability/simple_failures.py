"""A small world for failures by hand: fixed failover times, no chance, one class of each scope."""

from __future__ import annotations

from typing import Any

from agog_capacity.availability.failover_plan import FailoverDefaults, read_failover_defaults
from agog_capacity.availability.failures import FailureClass, LengthOfFailure, Rate
from agog_capacity.availability.replay import Failure, ReplayedYear, replay_year
from agog_capacity.availability.service import ServiceDesign
from agog_capacity.resources import data_directory

LIBRARY = read_failover_defaults(data_directory() / "availability")
SURE = 1e-9
"""Sigma of a lognormal that is as good as fixed."""


def failure_class(scope: str, per: str, severity: float, **more: Any) -> FailureClass:
    values: dict[str, Any] = {
        "scope": scope, "per": per, "rate": Rate(shape=1.0, exposure_years=1.0), "exposure": 1.0,
        "length": LengthOfFailure(median_h=1.0, sigma=1.0), "severity": severity,
    }  # fmt: skip
    return FailureClass.model_validate(values | more)


CLASSES = {
    "zone": failure_class("zone", "region-year", 0.3),
    "region": failure_class("region", "region-year", 1.0, failover=True),
    "server": failure_class("region", "server-year", 1.0),
    "edge": failure_class("global", "service-year", 0.5),
    "control": failure_class("global", "service-year", 0.0, blocks_failover=True),
    "change": failure_class("change", "service-year", 1.0, hits_both=0.5, failover=True),
}


def defaults(**changes: Any) -> FailoverDefaults:
    """Detect 0.1 h, promote 0.4 h, by hand 2 h more, scale up 0.2 h, back after 24 h at once; nothing goes wrong."""
    times: dict[str, Any] = {
        "detect": {"low_s": 360.0, "high_s": 360.0},
        "promote": {"median_s": 1440.0, "sigma": SURE},
        "scale_up": {"median_s": 720.0, "sigma": SURE},
        "manual": {"median_h": 2.0, "sigma": SURE},
        "coverage": {"automated": 1.0, "human": 1.0},
        "p_no_capacity": 0.0,
        "election": {"low_s": 36.0, "high_s": 36.0},
        "failback": {
            "delay_h": 24.0, "p_bad": 0.0, "length_h": 0.5, "severity": 0.8, "stages": (1.0,), "stage_h": 0.0,
        },
        "unprotected": {"rebuild_h": 0.0, "without_standby_factor": 10.0},
        "worth": {},
    }  # fmt: skip
    return LIBRARY.replace(times=LIBRARY.times.replace(**(times | changes)))


def single(**changes: Any) -> ServiceDesign:
    return ServiceDesign.model_validate({"name": "one", "regions": 1, "mode": "single"} | changes)


def passive(fraction: float = 0.25, **changes: Any) -> ServiceDesign:
    values = {"name": "ap", "regions": 2, "mode": "active-passive", "standby_fraction": fraction}
    return ServiceDesign.model_validate(values | changes)


def active(**changes: Any) -> ServiceDesign:
    return ServiceDesign.model_validate({"name": "aa", "regions": 2, "mode": "active-active"} | changes)


def replay(
    design: ServiceDesign, *failures: tuple[Any, ...], times: dict[str, Any] | None = None, **options: Any
) -> ReplayedYear:
    """Replay failures given as (class, start, length, region)."""
    given = [Failure(*failure) for failure in failures]
    return replay_year(design, CLASSES, given, defaults=defaults(**(times or {})), **options)
