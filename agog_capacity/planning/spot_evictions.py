"""Evictions of spot nodes as failures: how often, for how long, and how much of the demand finds no room meanwhile.

All spot nodes of one size and region go at once, since evictions come together [1]_. A failure lasts until replacements
serve. What it takes comes out of the autoscaler's kernel: each hour of the plan is carried on the nodes that stay, and on
all of them, and what finds no room on the former only is lost. Pods are taken to move to nodes that stay at once.

References
----------
.. [1] MicrosoftDocs/azure-docs, virtual-machines/spot-vms: the eviction rate is a chance per hour, of a size and region.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.availability.failures import FailureClass, LengthOfFailure, Rate
from agog_capacity.availability.numbers import together
from agog_capacity.commitments.spot import hazard_per_hour
from agog_capacity.commitments.spot_pool import MINUTES_PER_HOUR
from agog_capacity.components.node_pool import NodePool
from agog_capacity.design import Design
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray, Months
from agog_capacity.planning.clusters import kernel_autoscaler, kernel_pool, kernel_workloads
from agog_capacity.planning.eviction import Eviction
from agog_capacity.planning.failover import directions, standby_kernel_pool, standby_pools
from agog_capacity.planning.loads import region_load
from agog_capacity.roles import application_pools
from agog_capacity.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from agog_capacity.plan import Plan
    from agog_capacity.scaling.pool import Pool
    from agog_capacity.scaling.trace import ScalingTrace

MOST_EVICTIONS = 6000
"""Evictions a year of one size and region that are simulated; more is no place to run a service. [1/year]"""
_MOST_LEVELS = 12
"""Counts of remaining nodes that are carried through the kernel; those between count as the next lower one."""
_SURE_EVENTS = 1e8
"""Events behind a rate that a plan states: so many that drawing it changes nothing."""
_FIXED_SIGMA = 1e-9
"""Spread of a length that a plan states as one number."""


@dataclass(frozen=True)
class SpotEvictions:
    """What evictions do to one scenario."""

    found: tuple[Eviction, ...] = ()
    classes: Mapping[str, FailureClass] = field(default_factory=dict)
    """Those that take something. Their own severity is 0: only a design that says so loses to them."""
    severity_of: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """By class, in the order of the service's regions."""
    notes: tuple[str, ...] = ()


def spot_evictions(plan: Plan, scenario: str, order: Sequence[str]) -> SpotEvictions:
    """Return the evictions that a scenario meets, and what each takes.

    Parameters
    ----------
    plan : Plan
    scenario : str
    order : sequence of str
        Regions as the service counts them.

    Raises
    ------
    InputError
        If nodes are evicted so often that nothing could be simulated, or what their evictions take is not known: a gap
        is no zero.
    """
    design = plan.scenario(scenario).design
    found: list[Eviction] = []
    unknown = _without_evictions(design)
    notes: list[str] = []
    for (region, size, probability, lag_minutes, away_h), pools in _together(design).items():
        per_year = _per_year(probability, lag_minutes / MINUTES_PER_HOUR, away_h)
        names = " and ".join(pool.name for pool in pools)
        if per_year > MOST_EVICTIONS:
            raise InputError(
                f"the spot nodes of {names} would be evicted {per_year:,.0f} times a year; at most {MOST_EVICTIONS:,} are "
                "simulated: correct eviction_probability_per_hour, or leave spot"
            )
        try:
            severity = _severity(plan, design, region, pools)
        except InputError as error:
            reasons = "; ".join(map(str, error.problems))
            unknown.append(f"what evictions of {names} take is not known: {reasons}")
            continue
        cause = f"spot evictions of {size} in {region}"
        if any(each.cause == cause for each in found):
            cause += f" ({names})"  # the same machines with other chances stated
        found.append(
            Eviction(
                cause,
                region,
                tuple(pool.name for pool in pools),
                probability,
                per_year,
                lag_minutes,
                severity,
            )
        )
        notes.append(_told(found[-1], names))
    together(unknown)
    taking = [each for each in found if each.severity > 0]
    return SpotEvictions(
        tuple(found),
        {each.cause: _class_of(each) for each in taking},
        {
            each.cause: tuple(each.severity if region == each.region else 0.0 for region in order)
            for each in taking
        },
        tuple(notes),
    )


def source_of_evictions(design: Design, pool: str) -> str:
    """Return where chance and lag of a pool's evictions come from: the source of an input, or the plan itself.

    Parameters
    ----------
    design : Design
    pool : str
        Name of a component with spot nodes.
    """
    found = []
    for name, what in (("eviction_probability_per_hour", "chance"), ("boot_lag_minutes", "lag")):
        used = design.used_inputs.get(("components", pool, "spot", name))
        # A component's own source is about the machines.
        source = design.inputs[used].source if used is not None else ""
        found.append(f"{what}: {source or 'stated by the plan without a source'}")
    return "; ".join(found)


def _without_evictions(design: Design) -> list[str]:
    """Return what is on spot and says nothing of evictions: a gap, not a zero."""
    return [
        f"{pool.name} is on spot and says nothing of its evictions, so the hours lost are not known; give it spot with "
        "eviction_probability_per_hour, boot_lag_minutes and hours_until_spot_returns"
        for pool in application_pools(design.components)
        if pool.purchase == "spot" and pool.spot is None
    ]


def _together(design: Design) -> dict[tuple[str, str, float, float, float], list[NodePool]]:
    """Return the pools that lose their spot nodes at once: of one region and size, with the same things stated."""
    found: dict[tuple[str, str, float, float, float], list[NodePool]] = {}
    for pool in application_pools(design.components):
        use = pool.spot
        if use is None:
            continue
        # Spot that is back before the replacement serves ends the gap, as in the bill.
        missing_minutes = min(use.boot_lag_minutes, use.hours_until_spot_returns * MINUTES_PER_HOUR)
        if use.share and use.eviction_probability_per_hour and missing_minutes:
            stated = (use.eviction_probability_per_hour, missing_minutes, use.hours_until_spot_returns)
            found.setdefault((str(pool.region), pool.vm_size, *stated), []).append(pool)
    return found


def _per_year(probability_per_hour: float, lag_h: float, away_h: float) -> float:
    """Return how often spot nodes are evicted over all hours: a spell on spot, then one away from it."""
    hazard = hazard_per_hour(probability_per_hour)
    return HOURS_PER_YEAR * hazard / (1 + hazard * max(away_h, lag_h))


def _class_of(each: Eviction) -> FailureClass:
    lag_h = each.boot_lag_minutes / MINUTES_PER_HOUR
    return FailureClass(
        scope="global",
        per="service-year",
        rate=Rate(shape=_SURE_EVENTS, exposure_years=_SURE_EVENTS / each.per_year),
        length=LengthOfFailure(median_h=lag_h, sigma=_FIXED_SIGMA),
        exposure=1.0,
        severity=0.0,
    )


def _told(each: Eviction, names: str) -> str:
    how = (
        f"evictions take the spot nodes of {names} at once, {each.per_year:,.0f} times a year for "
        f"{each.boot_lag_minutes:g} min"
    )
    if each.severity == 0:
        return f"{how}; the nodes that stay carry the load of every hour, so nothing is lost to them"
    return (
        f"{how}, and {100 * each.severity:.3g} % of the demand of {each.region} finds no room meanwhile: the mean over the "
        "hours of the plan, which also decides whether a loss is deep. Pods are taken to move to what stays at once, no "
        "region fails over for it, and chance and lag are taken as certain"
    )


def _severity(plan: Plan, design: Design, region: str, pools: Sequence[NodePool]) -> float:
    """Return the share of a region's demand that finds no room while the spot nodes of some pools are gone."""
    share, own = _demand_and_pools(design, region)
    clusters = {pool.cluster for pool, _ in own}
    if len(clusters) > 1:
        raise InputError(f"region {region!r} has pools in several clusters; a load is carried by one cluster")
    kernel = {pool.name: made for pool, made in own}
    whole = _carried(plan, design, share, list(kernel.values()))
    on_spot = {pool.name: pool.on_spot for pool in pools}
    # 10 nodes at a share of 0.9 are 0.99… in binary; that is one.
    kept = np.stack(
        [np.floor(whole.hourly_nodes(name) * (1 - on_spot.get(name, 0.0)) + 1e-9) for name in kernel], axis=1
    ).astype(int)
    requests, lost = _requests_and_lost(whole)
    if requests.sum() <= 0:
        raise InputError(f"region {region!r} gets no load at all")
    more = np.zeros_like(lost)
    for counts, hours in _levels(kept):
        fewer = [
            made.replace(minimum=count, maximum=count, nodes=count)
            for made, count in zip(kernel.values(), counts.tolist(), strict=True)
            if count
        ]
        found = np.ones_like(lost)
        if fewer:
            _, found = _requests_and_lost(_carried(plan, design, share, fewer))
        more[hours] = np.maximum(found - lost, 0.0)[hours]
    return min(1.0, float(np.average(more, weights=requests)))


def _demand_and_pools(design: Design, region: str) -> tuple[float, list[tuple[NodePool, Pool]]]:
    """Return the share of the demand that a region serves, and its pools: a standby's as after a failover."""
    share = design.regions[region].traffic_share
    if share > 0 or len(design.regions) == 1:
        pools = application_pools(design.components, region)
        return share, [(pool, kernel_pool(pool, design.scaling)) for pool in pools]
    ways = [way for way in directions(design) if way.surviving == region]
    if not ways:
        raise InputError(f"region {region!r} serves nothing, and no failover goes there")
    way = max(ways, key=lambda each: each.after)
    standby = standby_pools(design, way)
    return way.after, [(each.component, standby_kernel_pool(each, design.scaling)) for each in standby]


def _carried(plan: Plan, design: Design, share: float, pools: list[Pool]) -> ScalingTrace:
    """Carry the load of a region over the months of the plan through its autoscaler."""
    from agog_capacity.scaling.simulate import simulate_scaling

    scaling = design.scaling
    if scaling is None:
        raise InputError(
            "the design does not say what runs on its clusters, and with which load; add the section scaling"
        )
    return simulate_scaling(
        region_load(scaling, Months(plan.months.first, plan.months.count), share, released=False),
        kernel_workloads(plan, scaling, [pool.name for pool in pools]),
        pools,
        autoscaler=kernel_autoscaler(scaling),
        detail="hours",
        seed=scaling.seed,
        share_cores=True,  # pods that want more than their nodes have leave requests unserved
    )


def _requests_and_lost(trace: ScalingTrace) -> tuple[FloatArray, FloatArray]:
    """Return the requests of each hour, and the share that found no room at the workload with the least."""
    hours = trace.records["workload_hours"][0]
    requests, unserved = hours[:, :, 0], hours[:, :, 1]
    lost = np.divide(unserved, requests, out=np.zeros_like(requests), where=requests > 0)
    return requests.max(axis=1), np.minimum(lost.max(axis=1), 1.0)


def _levels(kept: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield counts of nodes that stay, by pool, with the hours they stand for; of several the fewest count."""
    distinct, which = np.unique(kept, axis=0, return_inverse=True)
    by_total = np.argsort(distinct.sum(axis=1), kind="stable")
    for some in np.array_split(by_total, min(len(by_total), _MOST_LEVELS)):
        yield distinct[some].min(axis=0), np.isin(which.ravel(), some)
