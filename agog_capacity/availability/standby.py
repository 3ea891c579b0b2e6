"""What a design leaves to the defaults: its standby, how that grows, and how far a failed change has reached."""

from __future__ import annotations

from collections.abc import Mapping

from agog_capacity.availability.brownout import Brownout
from agog_capacity.availability.failover_plan import (
    FailoverDefaults,
    LognormalHours,
    LognormalSeconds,
    StandbyDefaults,
)
from agog_capacity.availability.failures import FailureClass
from agog_capacity.availability.lengths import Lognormal
from agog_capacity.availability.service import SECONDS_PER_HOUR, ServiceDesign


def brownout_of(
    design: ServiceDesign, defaults: FailoverDefaults, brownouts: Mapping[str, Brownout]
) -> Brownout:
    """Return how the other region grows: as simulated, or the closed form of its standby."""
    if design.name in brownouts:
        return brownouts[design.name]
    if design.mode != "active-passive":
        return Brownout.none()
    times = design.times(defaults)
    standby = standby_of(design, defaults)
    scale_up = (standby.scale_up or times.scale_up).length
    hours = Lognormal(scale_up.median / SECONDS_PER_HOUR, scale_up.sigma)
    return Brownout.until_scaled_up(hours, standby.standby_fraction, times.p_no_capacity)


def standby_of(design: ServiceDesign, defaults: FailoverDefaults) -> StandbyDefaults:
    """Return what the standby of a design is; what it says itself wins."""
    if design.standby is None:
        return StandbyDefaults(standby_fraction=design.standby_fraction or 0.0)
    own = {"standby_fraction": design.standby_fraction, "restore": design.restore}
    return defaults.standby[design.standby].replace(**{k: v for k, v in own.items() if v is not None})


def promotion_of(design: ServiceDesign, defaults: FailoverDefaults) -> LognormalSeconds | LognormalHours:
    """Return until the database of a design takes writes elsewhere: its replica, or what comes back from a backup."""
    restore = standby_of(design, defaults).restore if design.mode == "active-passive" else None
    return restore or design.times(defaults).promote


def hits_both_of(design: ServiceDesign, c: FailureClass, defaults: FailoverDefaults) -> float:
    """Return the chance that an own change that fails hits every region of a design."""
    if design.hits_both is not None:
        return design.hits_both
    if design.rollout is not None or c.hits_both is None:
        return defaults.hits_both[design.rollout or "all-at-once"]
    return c.hits_both


def server_factor_of(design: ServiceDesign, defaults: FailoverDefaults) -> float:
    """Return how much longer the failure of a database server lasts: 1 with a standby in its region."""
    return 1.0 if design.database_standby else design.times(defaults).unprotected.without_standby_factor
