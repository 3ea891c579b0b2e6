"""A node pool that is partly on spot: what it pays for, what is missing, and what may not run there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from agog_capacity.commitments.spot import SpotCandidate, check_spot, spot_mix
from agog_capacity.model import Count, Flag, Fraction, In, Model, Name

MINUTES_PER_HOUR = 60

_Chance = Annotated[float, Field(strict=True, ge=0, lt=1), In("share of 1 per hour")]
_Hours = Annotated[float, Field(strict=True, ge=0, le=8760), In("h")]
_Lag = Annotated[float, Field(strict=True, ge=0, le=1440), In("minutes")]


@dataclass(frozen=True)
class SpotEffect:
    """What spot does to the capacity of a pool; for availability."""

    share: float
    """Share of the nodes on spot: what one eviction of all of them takes away."""
    lost_share: float
    """Expected share of the pool's node-hours that do not run, while replacements boot."""
    paid_spot_share: float
    """Share of the pool's node-hours at the spot price."""
    fallback_share: float
    """Share of them at the full price, until spot is back."""
    evictions_per_hour: float
    """Of one node in the long run; evictions of a size and region come together, so this is not a count of
    independent events. [1/h]"""


def spot_effect(
    spot_share: float,
    eviction_probability_per_hour: float,
    boot_lag_h: float,
    hours_until_spot_returns: float,
) -> SpotEffect:
    """Return what a share on spot does to a pool.

    Parameters
    ----------
    spot_share : float
        Share of the nodes on spot.
    eviction_probability_per_hour : float
        Chance that a node is evicted within an hour.
    boot_lag_h : float
        Until the replacement serves. [h]
    hours_until_spot_returns : float
        Mean, from the eviction. [h]

    Returns
    -------
    SpotEffect
        `lost_share` is an average over all hours. In the hour of an eviction the whole `share` is missing for
        the boot lag: model it as one event of a fleet, never as independent nodes.

    Raises
    ------
    CommitmentError
        If a share or chance is none, or a time negative.

    Examples
    --------
    >>> round(spot_effect(0.5, 0.05, 1 / 12, 6.0).lost_share, 6)
    0.001634
    """
    mix = spot_mix(
        nodes=1.0,
        spot_share=spot_share,
        hours=1.0,
        on_demand=1.0,
        spot_price=1.0,
        eviction_probability_per_hour=eviction_probability_per_hour,
        boot_lag_h=boot_lag_h,
        mean_hours_until_spot_returns=hours_until_spot_returns,
    )
    each = mix.evictions / spot_share if spot_share else 0.0
    return SpotEffect(spot_share, mix.missing_node_hours, mix.spot_node_hours, mix.fallback_node_hours, each)


class SpotWorkload(Model):
    """A workload that is to run on spot nodes, as far as it decides whether it may."""

    replicas_minimum: Count
    """Fewest replicas that must serve."""
    replicas_on_demand: Count
    """Replicas that stay off spot."""
    stateful: Flag = False
    """Keeps state, which an eviction interrupts: not on spot."""
    ingress: Flag = False
    """Takes requests from outside, so its minimum stays off spot."""


class SpotUse(Model):
    """How much of a pool is on spot, and what that does."""

    share: Fraction = 1.0
    """Share of the nodes on spot; they are a pool of their own in AKS, with the spot taint."""
    eviction_probability_per_hour: _Chance
    """Shown beside a size in bands: 0 to 5, 5 to 10, 10 to 15, 15 to 20, above 20 %."""
    boot_lag_minutes: _Lag
    """Until a replacement serves."""
    hours_until_spot_returns: _Hours
    """Mean from an eviction; meanwhile a node at the full price takes its place."""
    workloads: dict[Name, SpotWorkload] = Field(default_factory=dict)
    """What runs on the spot nodes; what may not is refused."""

    @property
    def effect(self) -> SpotEffect:
        """What the share does to the pool."""
        lag = self.boot_lag_minutes / MINUTES_PER_HOUR
        return spot_effect(self.share, self.eviction_probability_per_hour, lag, self.hours_until_spot_returns)

    def check(self, vm_size: str, system: bool) -> None:
        """Refuse what may not run on spot.

        Raises
        ------
        CommitmentError
            With every reason.
        """
        pool = SpotCandidate("of the pool", vm_size, 2, 2, system=system)
        check_spot(
            (
                pool,
                *(
                    SpotCandidate(
                        name, "", w.replicas_minimum, w.replicas_on_demand, False, w.stateful, w.ingress
                    )
                    for name, w in self.workloads.items()
                ),
            )
        )
