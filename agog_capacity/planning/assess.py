"""Assess scenarios: failures, failovers and response times, simulated once and kept by the content of their inputs.

All scenarios of one call meet the same failures: first the numbers that are not sure are drawn, then years under them.
So their differences are far more certain than each of them is.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from agog_capacity import __version__
from agog_capacity.arguments import names_in
from agog_capacity.availability.estimates import Estimate
from agog_capacity.availability.measures import MEASURES
from agog_capacity.errors import InputError
from agog_capacity.planning.assessment import Assessment, AssessmentStore, NotAssessed, Recovery, Step
from agog_capacity.resources import data_directory

if TYPE_CHECKING:
    from agog_capacity.availability.outcomes import FailureSimulation
    from agog_capacity.availability.timeline import FailoverTimeline
    from agog_capacity.plan import Plan
    from agog_capacity.planning.response import Hours
    from agog_capacity.planning.service import Service
    from agog_capacity.planning.tenant_latency import TenantLatency

_LOG = logging.getLogger(__name__)
_VERSION = 7
"""Raised when the same inputs give another assessment; part of the key of stored ones."""
YEARS = 1000
"""Under each outer draw."""
OUTER_DRAWS = 200
SEED = 20261124
NO_TARGET_PERCENT = 99.95
"""Availability that probabilities are of where a plan has no target: named with every result."""
NO_RECOVERY_TARGET_MINUTES = 15.0
NO_DATA_LOSS_TARGET_MINUTES = 5.0
"""Of the simulated failovers where a plan has no targets; no verdict is made of them then. [min]"""
_PERCENTILES = (50, 95, 99)
_DATA = ("failover.yaml", "round_trip.csv")

Progress = Callable[[int, int], None]
Assessed = Assessment | NotAssessed


def assess(
    plan: Plan,
    scenario: str,
    *,
    years: int = YEARS,
    outer_draws: int = OUTER_DRAWS,
    seed: int = SEED,
    store: AssessmentStore | None = None,
    progress: Progress | None = None,
) -> Assessment:
    """Assess one scenario of a plan: availability, recovery, data loss and response times.

    Parameters
    ----------
    plan : Plan
    scenario : str
        Name of a scenario. With several regions it needs the sections `scaling` and `failover`; for response times
        `latency`.
    years : int
        Simulated under each outer draw. [years]
    outer_draws : int
        Draws of the rates and of all else that is not sure.
    seed : int
        Of all random numbers; the same seed gives the same figures.
    store : AssessmentStore, optional
        Where assessments are looked up and kept; the user's cache by default.
    progress : callable, optional
        Called with the years done and the years in all.

    Raises
    ------
    NotInResult
        If the plan has no such scenario.
    InputError
        If the scenario lacks something that its failover needs; with all of it.
    """
    plan.scenario(scenario)
    found = assess_scenarios(
        plan,
        [scenario],
        years=years,
        outer_draws=outer_draws,
        seed=seed,
        store=store,
        progress=progress,
    )[scenario]
    if isinstance(found, NotAssessed):
        raise InputError("; ".join(found.reasons))
    return found


def assess_scenarios(
    plan: Plan,
    scenarios: Sequence[str],
    *,
    years: int = YEARS,
    outer_draws: int = OUTER_DRAWS,
    seed: int = SEED,
    store: AssessmentStore | None = None,
    progress: Progress | None = None,
) -> dict[str, Assessed]:
    """Assess scenarios of a plan on the same failures.

    Parameters
    ----------
    plan, years, outer_draws, seed, store, progress
        See `assess`.
    scenarios : sequence of str

    Returns
    -------
    dict
        By scenario, in the order given: its assessment, or why there is none.
    """
    scenarios = names_in("scenario", scenarios)
    kept = store or AssessmentStore.default()
    shared = _of_all_scenarios(plan, years, outer_draws, seed)
    keys = {name: _key(plan, name, shared) for name in scenarios}
    found: dict[str, Assessed] = {}
    for name in scenarios:
        stored = kept.get(keys[name])
        if stored is not None:
            found[name] = _named(stored, name)
    missing = [name for name in scenarios if name not in found]
    if missing:
        made = _assessed(plan, missing, years, outer_draws, seed, progress)
        for name, one in made.items():
            if isinstance(one, Assessment):
                kept.put(keys[name], one)
        found |= made
    return {name: found[name] for name in scenarios}


def _named(found: Assessment, name: str) -> Assessment:
    """Return a stored assessment under the name that is asked: the content decides, not the name."""
    return found if found.scenario == name else replace(found, scenario=name)


def _of_all_scenarios(plan: Plan, years: int, outer_draws: int, seed: int) -> dict[str, Any]:
    """Return what the assessment of every scenario of a plan depends on."""
    targets = plan.targets
    folder = data_directory() / "availability"
    return {
        "library": [__version__, _VERSION],
        "months": [plan.months.first, plan.months.count],
        "targets": [
            _percent(plan),
            targets.recovery_time_minutes,
            targets.recovery_point_minutes,
        ],
        "classes": {name: each.model_dump(mode="json") for name, each in plan.failure_classes.items()},
        "data": [hashlib.blake2b((folder / name).read_bytes()).hexdigest() for name in _DATA],
        "simulation": [years, outer_draws, seed],
    }


def _key(plan: Plan, scenario: str, shared: Mapping[str, Any]) -> str:
    design = plan.scenario(scenario).design
    inputs = {
        **shared,
        "regions": {name: region.model_dump(mode="json") for name, region in design.regions.items()},
        "components": {
            name: component.model_dump(mode="json") for name, component in design.components.items()
        },
        "sections": [
            None if section is None else section.model_dump(mode="json")
            for section in (design.scaling, design.failover, design.latency, design.statements)
        ],
        "manifests": dict(plan.manifest_texts[design.scaling.manifests])
        if design.scaling is not None
        else None,
    }
    return hashlib.blake2b(json.dumps(inputs, sort_keys=True).encode(), digest_size=20).hexdigest()


def _percent(plan: Plan) -> float:
    target = plan.targets.availability
    return NO_TARGET_PERCENT if target is None else target.percent


def _assessed(
    plan: Plan,
    names: Sequence[str],
    years: int,
    outer_draws: int,
    seed: int,
    progress: Progress | None,
) -> dict[str, Assessed]:
    """Simulate scenarios that are not stored, all on the same failures."""
    from agog_capacity.availability.conventions import convention_effects
    from agog_capacity.availability.simulation import simulate_failures
    from agog_capacity.planning.service import service_of
    from agog_capacity.planning.simulated_together import meeting_the_same, part_of

    services: dict[str, Service] = {}
    found: dict[str, Assessed] = {}
    for name in names:
        try:
            services[name] = service_of(plan, name)
        except InputError as error:
            found[name] = NotAssessed(name, tuple(map(str, error.problems)))
    if not services:
        return found
    _LOG.info("simulating failures of %s; kept for the next time", ", ".join(services))
    targets = plan.targets
    carried: dict[str, Hours] = {}
    groups = meeting_the_same(services)
    for number, group in enumerate(groups):
        simulate = partial(
            simulate_failures,
            [service.design for service in group.values()],
            {**plan.failure_classes, **next(iter(group.values())).evictions.classes},
            years=years,
            outer_draws=outer_draws,
            seed=seed,
            months="calendar",
            availability_target_percent=_percent(plan),
            brownouts={name: each.brownout for name, each in group.items() if each.brownout is not None},
            recovery_target_s=60.0 * (targets.recovery_time_minutes or NO_RECOVERY_TARGET_MINUTES),
            data_loss_target_s=60.0 * (targets.recovery_point_minutes or NO_DATA_LOSS_TARGET_MINUTES),
        )
        simulation = simulate(progress=part_of(progress, 2 * number, 2 * len(groups)))
        closed = simulate(
            convention="closed_form", progress=part_of(progress, 2 * number + 1, 2 * len(groups))
        )
        effects = convention_effects(simulation, closed)
        for name, service in group.items():
            one = _assessment(plan, name, service, simulation, carried)
            found[name] = replace(one, conventions=effects[name])
    return found


def _assessment(
    plan: Plan, name: str, service: Service, simulation: FailureSimulation, carried: dict[str, Hours]
) -> Assessment:
    from agog_capacity.availability.sensitivity import drivers

    outcome = simulation.outcome(name)
    latencies, missing = _latencies(plan, name, carried)
    recoveries = [_recovery(timeline) for timeline in service.timelines]
    if service.brownout is None:
        recoveries = list(_repairs(plan, name))
    return Assessment(
        scenario=name,
        basis=simulation.basis_of(name),
        failures=simulation.basis,
        drivers=drivers(simulation, name),
        target_percent=simulation.target_percent,
        deep_threshold=simulation.deep_threshold,
        demand=outcome.demand,
        deep=outcome.deep,
        failovers=None if service.brownout is None else outcome.failovers,
        recoveries=tuple(recoveries),
        latencies=latencies,
        latency_missing=missing,
        hours_by_draw={
            measure: tuple(simulation.hours_by_group(name, measure).tolist()) for measure in MEASURES
        },
        notes=(*_overload_notes(latencies), *service.evictions.notes, *service.notes),
        evictions=service.evictions.found,
        made_of=dict(_made_of(service, plan)),
    )


def _made_of(service: Service, plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield what a design makes of the failure classes that do not alone say what they do to it."""
    from agog_capacity.availability.failover_plan import read_failover_defaults
    from agog_capacity.availability.standby import hits_both_of

    design, defaults = service.design, read_failover_defaults(data_directory() / "availability")
    for name, c in plan.failure_classes.items():
        if c.scope == "change" and design.regions > 1:
            yield name, f"hits both {hits_both_of(design, c, defaults):g}"
        if c.scope == "zone" and not design.zone_redundant:
            yield name, f"takes the whole region, one time in {defaults.single_zone.zones}"
        elif c.scope == "zone" and design.zone_moved_h is not None:
            yield name, f"counts for at most {design.zone_moved_h:g} h, until its pods have moved"


def _latencies(plan: Plan, name: str, carried: dict[str, Hours]) -> tuple[tuple[TenantLatency, ...], str]:
    from agog_capacity.planning.response import tenant_latencies

    try:
        found = tenant_latencies(plan, name, carried=carried)
    except InputError as error:
        return (), "; ".join(map(str, error.problems))
    return found.latencies, "; ".join(dict.fromkeys(found.unknown.values()))


def _overload_notes(latencies: Sequence[TenantLatency]) -> Iterator[str]:
    """Yield where there is more load than room before anything fails: hours lost by failures leave that out."""
    from agog_capacity.planning.tenant_latency import NORMAL

    seen: dict[str, float] = {}
    for one in latencies:
        if one.state == NORMAL and one.overloaded > 0:
            seen[one.region] = one.overloaded
    for region, share in seen.items():
        yield (
            f"in normal operation {share:.2%} of the requests to {region} find no room in the busiest month; the hours "
            "lost here are of failures alone and leave that out"
        )


def _recovery(timeline: FailoverTimeline) -> Recovery:
    frame = timeline.to_frame()
    steps = frame[(frame["part_of"] == "") & ~frame["step"].isin(["serving again", "all served"])]
    lag = timeline.lag
    rto, rpo = timeline.rto_target_s, timeline.rpo_target_s
    return Recovery(
        direction=timeline.name,
        recovered_s={percent: timeline.rto_quantile(percent / 100) for percent in _PERCENTILES},
        within_target=None if rto is None else timeline.rto_within(rto),
        lost_s={} if lag is None else {percent: lag.quantile(percent / 100) for percent in _PERCENTILES},
        lost_within_target=None if rpo is None else timeline.rpo_within(rpo).value,
        steps=tuple(
            Step(timeline.word(str(row["step"])), float(row["mean_s"]), float(row["share_of_mean"]))
            for row in steps.to_dict("records")
            if row["mean_s"] > 0
        ),
        unserved_h=dict(timeline.unserved_h),
    )


def _repairs(plan: Plan, name: str) -> Iterator[Recovery]:
    """Yield the recovery of a single region: nothing takes over, so it is the repair of what took the region."""
    from agog_capacity.availability.sampling import computed

    classes = [
        each
        for each in plan.failure_classes.values()
        if each.scope == "region" and each.failover and each.events_per_year > 0
    ]
    target = plan.targets.recovery_time_minutes
    if not classes:
        return
    rates = np.array([each.events_per_year for each in classes])

    def below(hours: float) -> float:
        parts = [float(each.lengths.below(np.array([hours]))[0]) for each in classes]
        return float(np.average(parts, weights=rates))

    def quantile(share: float) -> float:
        low, high = 0.0, max(each.lengths.quantile(share) for each in classes)
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if below(middle) < share else (low, middle)
        return high * 3600

    region = next(iter(plan.scenario(name).design.regions))
    mean = float(np.average([each.lengths.mean for each in classes], weights=rates))
    yield Recovery(
        direction=f"repair of {region}",
        recovered_s={percent: computed(quantile(percent / 100)) for percent in _PERCENTILES},
        within_target=None if target is None else computed(below(target / 60)),
        lost_s={},
        lost_within_target=None,
        steps=(Step("repair", mean * 3600, 1.0),),
        unserved_h={"repair": mean},
    )


def difference(one: Assessment, other: Assessment, measure: Any = "demand") -> Estimate:
    """Return how many hours a year a scenario loses more than another, on the same outer draws. [h/year]

    Parameters
    ----------
    one, other : Assessment
        Of the same draws: same seed, years and failure classes.
    measure : {"demand", "deep"}

    Raises
    ------
    InputError
        If they are not of the same draws.
    """
    from agog_capacity.availability.estimates import mean_of_draws

    one.by(measure)
    if one.failures != other.failures or len(one.hours_by_draw[measure]) != len(other.hours_by_draw[measure]):
        raise InputError(
            f"{one.scenario!r} and {other.scenario!r} were simulated on different failures ({one.failures}; "
            f"{other.failures}); assess them with the same years, draws and seed"
        )
    gap = np.subtract(one.hours_by_draw[measure], other.hours_by_draw[measure])
    return mean_of_draws(np.asarray(gap, dtype=float))


def assessed_only(found: Mapping[str, Assessed]) -> dict[str, Assessment]:
    """Return the scenarios that could be assessed."""
    return {name: one for name, one in found.items() if isinstance(one, Assessment)}
