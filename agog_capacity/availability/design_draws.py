"""What is not sure about the failovers of a design, drawn once for each outer draw.

Every design sees the same share for the same parameter and takes the quantile of its own value at it, so that designs
differ by what they are and not by luck.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from agog_capacity.availability.brownout import Brownout
from agog_capacity.availability.environment import Environment, stream_key
from agog_capacity.availability.failover_plan import FailoverDefaults
from agog_capacity.availability.service import ServiceDesign
from agog_capacity.availability.standby import hits_both_of, standby_of
from agog_capacity.availability.worth import chances, factors, shares_drawn
from agog_capacity.periods import FloatArray

FAILOVER = "failover"
"""Stands for the class where a number is of failovers."""


@dataclass(frozen=True)
class DesignDraws:
    """Numbers of a design under each outer draw, each of shape (draws,)."""

    fields: Mapping[str, FloatArray]
    """Of its record in the sweep."""
    hits_both: Mapping[str, FloatArray]
    """By class of own changes."""
    drawn: Mapping[tuple[str, str], FloatArray]
    """The same for people, by class or `failover`, and parameter; times as the factor on the median promotion."""
    certain: tuple[str, ...]
    """Numbers of its failovers that matter and are taken as they stand."""


def design_draws(
    design: ServiceDesign,
    world: Environment,
    defaults: FailoverDefaults,
    growth: Brownout,
    stated: Mapping[str, float],
) -> DesignDraws:
    """Return what is drawn of a design; nothing where nothing is drawn, or all of it is certain.

    Parameters
    ----------
    design : ServiceDesign
    world : Environment
    defaults : FailoverDefaults
    growth : Brownout
        Its courses.
    stated : mapping
        Its record in the sweep.
    """
    if not world.rates_drawn or design.regions == 1:
        return DesignDraws({}, {}, {}, ())
    times = design.times(defaults)
    worth = times.worth
    fields: dict[str, FloatArray] = {}
    drawn: dict[tuple[str, str], FloatArray] = {}

    def shares(name: str, parameter: str) -> FloatArray:
        return shares_drawn(stream_key(world.seed, name, parameter), world.draws)

    passive = design.mode == "active-passive"
    covered = times.coverage.of(design.operator)
    matters = _what_matters(design, defaults, growth)
    is_drawn = {name: getattr(worth, name) is not None for name in matters}
    if is_drawn.get("coverage"):
        fields["coverage"] = drawn[FAILOVER, "coverage"] = chances(
            covered, worth.coverage, shares("", "failover coverage")
        )
    if is_drawn.get("p_bad"):
        fields["failback_bad"] = drawn[FAILOVER, "p_bad"] = chances(
            times.failback.p_bad, worth.p_bad, shares("", "failover p_bad")
        )
    if is_drawn.get("p_no_capacity"):
        found = chances(times.p_no_capacity, worth.p_no_capacity, shares("", "failover p_no_capacity"))
        # Where only one of two directions can lack capacity, or the table is coarse, the share differs from the chance.
        fields["stuck"] = np.minimum(growth.stuck.mean() / times.p_no_capacity * found, 1.0)
        drawn[FAILOVER, "p_no_capacity"] = found
    if is_drawn.get("times"):
        share = shares("", "failover times")
        for name in ("decide", "promote", "manual"):
            if stated[f"{name}_sigma"] > 0:
                slower = factors(stated[f"{name}_sigma"], worth.times, share)
                fields[f"{name}_log"] = stated[f"{name}_log"] + np.log(slower)
        scale_up = (standby_of(design, defaults).scale_up if passive else None) or times.scale_up
        fields["growth"] = factors(scale_up.sigma, worth.times, share)
        drawn[FAILOVER, "times"] = factors(stated["promote_sigma"], worth.times, share)
    hits_both: dict[str, FloatArray] = {}
    for name, c in world.classes.items():
        value = hits_both_of(design, c, defaults)
        if c.scope == "change" and c.worth.hits_both is not None and 0 < value < 1:
            hits_both[name] = drawn[name, "hits_both"] = chances(
                value, c.worth.hits_both, shares(name, "hits_both")
            )
    return DesignDraws(fields, hits_both, drawn, tuple(name for name in matters if not is_drawn[name]))


def draws_capacity(design: ServiceDesign, defaults: FailoverDefaults, growth: Brownout) -> bool:
    """Tell whether the chance of no capacity is drawn, where anything is."""
    worth = design.times(defaults).worth.p_no_capacity
    return worth is not None and "p_no_capacity" in _what_matters(design, defaults, growth)


def _what_matters(design: ServiceDesign, defaults: FailoverDefaults, growth: Brownout) -> tuple[str, ...]:
    """Return the numbers of a failover that the design meets, and that are neither 0 nor 1."""
    times = design.times(defaults)
    passive = design.mode == "active-passive"
    promotes = passive or (design.mode == "active-active" and design.database in ("homed", "single-writer"))
    found = {
        "coverage": promotes and 0 < times.coverage.of(design.operator) < 1,
        # Its courses must say which of them lack it: where there is room for all, none does.
        "p_no_capacity": 0 < times.p_no_capacity < 1 and 0 < growth.stuck.mean() < 1,
        "p_bad": passive and 0 < times.failback.p_bad < 1,
        "times": promotes,
    }
    return tuple(name for name, it_does in found.items() if it_does)
