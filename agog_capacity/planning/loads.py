"""The load of a design over its months: all groups together, a region's share, and when releases begin."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.errors import InputError, Problem
from agog_capacity.periods import FloatArray, Months
from agog_capacity.scaling.release import MOST_RELEASES
from agog_capacity.scaling.release_section import SECOND_COLOUR

if TYPE_CHECKING:
    from agog_capacity.load.curve import LoadCurve
    from agog_capacity.scaling.release_section import ReleaseSection
    from agog_capacity.scaling.section import ScalingSection

MOST_CHARACTERS = 80
"""Of a name."""
STEP_S = 900
"""Resolution of the load's curve. [s]"""


def load_multiples(section: ScalingSection, months: Months) -> tuple[FloatArray, FloatArray]:
    """Return the load of each month and of each calendar day in multiples of its mean before growth and events.

    Without its noise, which nearly cancels over a day: 15 % from one 15 s to the next are 2 % of a day's mean. Of
    tenants who come over time, the mean is that of the first month with any. A design whose tenants all come later
    has no multiple to give for the months before: they are 0.

    Parameters
    ----------
    section : ScalingSection
    months : Months
        Real months are taken whatever their length is set to.

    Returns
    -------
    of_months : ndarray, shape (months,)
    of_days : ndarray, shape (calendar days,)
        From midnight to midnight, UTC, as providers bill.
    """
    real = Months(months.first, months.count)
    demand = demand_of(section, real)
    mean = sum(group.first_requests_per_second for group in section.load.groups)
    if mean == 0:
        return np.zeros(months.count), np.zeros(months.month_of_day.size)
    bounds = np.cumsum(real.hours * 3600 / STEP_S).astype(int)[:-1]
    of_months = np.array([part.mean() for part in np.split(demand, bounds)])
    return of_months / mean, demand.reshape(months.month_of_day.size, -1).mean(axis=1) / mean


def demand_of(section: ScalingSection, months: Months) -> FloatArray:
    """Return the requests of all groups in each step of the months. [requests per second]"""
    from agog_capacity.load.shape import Event, LoadShape
    from agog_capacity.load.tenants import tenants_over_time

    start = start_of(months)
    steps = int(months.hours.sum()) * 3600 // STEP_S
    demand = np.zeros(steps)
    for group in section.load.groups:
        shape = LoadShape(
            time_zone=group.time_zone,
            hours_of_week=group.hours_of_week(),
            month_end_days=section.load.month_end_days,
            month_end_factor=section.load.month_end_factor,
            yearly_growth=section.load.yearly_growth,
            events=tuple(Event(**dict(event)) for event in section.load.events),
        )
        rate: FloatArray | float = group.first_requests_per_second
        if group.tenants is not None:
            tenants = tenants_over_time(group.tenants, start, STEP_S, steps)
            rate = tenants * (group.requests_per_second_per_tenant or 0.0)
        demand += rate * shape.multiples(start, STEP_S, steps)
    return demand


def region_load(section: ScalingSection, months: Months, share: float, *, released: bool = True) -> LoadCurve:
    """Return the load of one region: the sum of all groups, times the region's share of the traffic.

    Parameters
    ----------
    section : ScalingSection
    months : Months
    share : float
        Of the requests of all regions.
    released : bool
        Whether the second colours of blue-green releases stand in it, without load.
    """
    from agog_capacity.load.curve import LoadCurve, Noise

    demand = demand_of(section, months)
    factors = dict(section.load.requests_per_workload)
    factors |= {
        second_name(name): 0.0
        for name, (release, begins_s) in releases_of_weeks(section, months).items()
        if released and release.strategy == "blue_green" and begins_s
    }
    noise = section.load.noise
    return LoadCurve(
        start_of(months),
        STEP_S,
        tuple(("region", name) for name in factors),
        np.array([demand * share * factor for factor in factors.values()]),
        Noise(noise.deviation, noise.autocorrelation, noise.seed) if noise is not None else None,
    )


def releases_of_weeks(
    section: ScalingSection, months: Months
) -> dict[str, tuple[ReleaseSection, tuple[float, ...]]]:
    """Return the releases of each workload that has any, with the times at which they begin. [s]

    Raises
    ------
    InputError
        If there are more than can be simulated.
    """
    hours = int(months.hours.sum())
    found: dict[str, tuple[ReleaseSection, tuple[float, ...]]] = {}
    for index, release in enumerate(section.releases):
        begins_s = release.begins(start_of(months), hours)
        if len(begins_s) > MOST_RELEASES:
            message = (
                f"there are {len(begins_s):,} releases in {months.count} months; at most {MOST_RELEASES:,} are simulated: "
                "name fewer weekdays or hours"
            )
            raise InputError([Problem(message, path=f"scaling.releases[{index}]")])
        found |= dict.fromkeys(release.workloads, (release, begins_s))
    return found


def second_name(name: str) -> str:
    """Return the name of the second colour of a workload."""
    if len(name) + len(SECOND_COLOUR) <= MOST_CHARACTERS:
        return f"{name}{SECOND_COLOUR}"
    # Two long names may differ in their ends only.
    digest = hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
    return f"{name[: MOST_CHARACTERS - len(SECOND_COLOUR) - 9]}-{digest}{SECOND_COLOUR}"


def start_of(months: Months) -> datetime:
    """Return the first instant of the months, UTC."""
    return datetime.fromisoformat(f"{months.first}-01").replace(tzinfo=UTC)
