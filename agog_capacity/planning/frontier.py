"""Cost against unserved hours over many designs: which no other beats, which meets the targets, what a nine costs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from agog_capacity.arguments import names_in
from agog_capacity.availability.frontier import Candidate
from agog_capacity.availability.frontier import frontier as unbeaten
from agog_capacity.availability.measures import Measure
from agog_capacity.errors import InputError, MissingPrices, NotInResult, nearest
from agog_capacity.planning.assess import OUTER_DRAWS, SEED, assess_scenarios
from agog_capacity.planning.assessment import Assessment, AssessmentStore, NotAssessed
from agog_capacity.planning.forecast import Forecast, feasibility, forecast
from agog_capacity.planning.variants import Variant, variants_of
from agog_capacity.planning.verdicts import Verdict, verdicts
from agog_capacity.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd

    from agog_capacity.availability.feasibility import Acceptance
    from agog_capacity.plan import Plan

YEARS = 250
"""Under each outer draw: many designs, whose differences are certain since they meet the same failures."""
NINES = (99.0, 99.5, 99.9, 99.95, 99.99, 99.999)
"""Levels of availability whose price is told. [%]"""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PricedDesign:
    """A design that was priced and assessed."""

    variant: Variant
    forecast: Forecast
    assessment: Assessment
    verdicts: tuple[Verdict, ...]

    @property
    def name(self) -> str:
        """Scenario and choices."""
        return self.variant.name

    @property
    def cost_per_month(self) -> float:
        """[currency/month]"""
        return self.forecast.cost_per_month

    def hours(self, measure: Measure) -> float:
        """Return the hours lost in a year. [h/year]"""
        return self.assessment.by(measure).hours_per_year.value

    @property
    def failing(self) -> tuple[Verdict, ...]:
        """Targets that it does not meet, the budget aside."""
        return tuple(v for v in self.verdicts if not v.met and not v.target.startswith("budget"))


@dataclass(frozen=True)
class NinePrice:
    """What a level of availability costs."""

    percent: float
    """[%]"""
    hours_per_year: float
    """That it allows. [h/year]"""
    design: str | None
    """The cheapest with no more expected hours; None where none has."""
    cost_per_month: float | None
    """[currency/month]"""
    more_per_month: float | None
    """Than the level before; None for the first and where there is none. [currency/month]"""


@dataclass(frozen=True)
class Frontier:
    """Designs by cost and unserved hours."""

    plan: Plan
    measure: Measure
    designs: tuple[PricedDesign, ...]
    """All that could be priced and assessed, the cheapest first."""
    left_out: Mapping[str, str]
    """Designs that could not, and why."""

    def design(self, name: str) -> PricedDesign:
        """Return a design by its name.

        Raises
        ------
        NotInResult
            If there is no such design.
        """
        for one in self.designs:
            if one.name == name:
                return one
        raise NotInResult(
            f"design {name!r} is not on the list; {nearest(name, [d.name for d in self.designs])}"
        )

    @property
    def efficient(self) -> tuple[PricedDesign, ...]:
        """Designs that no other beats in cost and hours, of equal ones the first; in order of rising cost."""
        found = unbeaten([Candidate(d.name, d.cost_per_month, d.hours(self.measure)) for d in self.designs])
        kept: dict[tuple[float, float], str] = {}
        for one in found:
            kept.setdefault((round(one.cost, 2), round(one.downtime, 4)), one.name)
        return tuple(self.design(name) for name in kept.values())

    @property
    def cheapest(self) -> PricedDesign | None:
        """The cheapest design that meets every target but the budget; None if none does."""
        return next((one for one in self.designs if not one.failing), None)

    @property
    def nearest(self) -> PricedDesign:
        """The design that misses the fewest targets; of those the one with the highest chance, then the cheapest."""
        return min(self.designs, key=lambda one: (len(one.failing), -_chance(one), one.cost_per_month))

    def nines(self) -> tuple[NinePrice, ...]:
        """Return what each level of availability costs, by expected hours a year."""
        found: list[NinePrice] = []
        for percent in NINES:
            allowed = (1 - percent / 100) * HOURS_PER_YEAR
            fitting = [one for one in self.designs if one.hours(self.measure) <= allowed]
            best = fitting[0] if fitting else None
            before = found[-1].cost_per_month if found else None
            cost = None if best is None else best.cost_per_month
            more = None if cost is None or before is None else cost - before
            found.append(NinePrice(percent, allowed, None if best is None else best.name, cost, more))
        return tuple(found)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a design: cost, hours by both measures, probabilities, what it fails."""
        import pandas as pd

        best = {one.name for one in self.efficient}
        return pd.DataFrame(
            [
                {
                    "design": one.name,
                    "scenario": one.variant.scenario,
                    "choices": ", ".join(one.variant.choices) or "as planned",
                    "cost_per_month": one.cost_per_month,
                    "unserved_h_per_year": one.assessment.demand.hours_per_year.value,
                    "deep_h_per_year": one.assessment.deep.hours_per_year.value,
                    "p_year": 1 - one.assessment.by(self.measure).year_breaks.value,
                    "p_every_month": one.assessment.by(self.measure).all_months_hold.value,
                    "unbeaten": one.name in best,
                    "fails": "; ".join(v.target for v in one.failing),
                }
                for one in self.designs
            ]
        ).set_index("design")

    def __repr__(self) -> str:
        """Return the tables as text."""
        from agog_capacity.planning.frontier_tables import frontier_tables
        from agog_capacity.report.tables import text_table

        return "\n\n".join(map(text_table, frontier_tables(self)))

    def _repr_html_(self) -> str:
        from agog_capacity.planning.frontier_tables import frontier_tables
        from agog_capacity.report.tables import notebook_html

        return notebook_html(list(frontier_tables(self)), [])

    def figure(self) -> object:
        """Return the chart of cost against unserved hours."""
        from agog_capacity.planning.frontier_tables import frontier_chart
        from agog_capacity.report.charts import as_figure

        return as_figure(frontier_chart(self))


def _chance(one: PricedDesign) -> float:
    chances = [v.probability for v in one.verdicts if v.probability is not None]
    return min(chances, default=0.0)


def frontier(
    plan: Plan,
    scenarios: Sequence[str] | None = None,
    *,
    axes: Sequence[str] | None = None,
    measure: Measure = "demand",
    years: int = YEARS,
    outer_draws: int = OUTER_DRAWS,
    seed: int = SEED,
    store: AssessmentStore | None = None,
    progress: Progress | None = None,
) -> Frontier:
    """Price and assess variants of a plan's scenarios, all on the same failures.

    Parameters
    ----------
    plan : Plan
    scenarios : sequence of str, optional
        That variants are made of; all of the plan if left out.
    axes : sequence of str, optional
        What differs: automation, rollout, standby, zones, sizes; all of them if left out.
    measure : {"demand", "deep"}
        That hours are counted by.
    years, outer_draws, seed, store, progress
        See `assess`.

    Returns
    -------
    Frontier

    Raises
    ------
    InputError
        If no design could be priced and assessed, or there are too many.
    """
    chosen = (
        list(plan.scenarios)
        if scenarios is None
        else [plan.scenario(n).name for n in names_in("scenario", scenarios)]
    )
    variants = variants_of(plan, chosen, axes)
    widened, left_out = _widened(plan, variants)
    widened = replace(widened, accept=tuple(_accepted(widened, variants)))
    priced = _priced(widened, [v for v in variants if v.name not in left_out], left_out)
    unique = _without_twins(widened, priced, left_out)
    assessed = assess_scenarios(
        widened,
        list(unique),
        years=years,
        outer_draws=outer_draws,
        seed=seed,
        store=store,
        progress=progress,
    )
    by_name = {variant.name: variant for variant in variants}
    found = []
    for name, one in unique.items():
        outcome = assessed[name]
        if isinstance(outcome, NotAssessed):
            left_out[name] = "; ".join(outcome.reasons)
            continue
        found.append(PricedDesign(by_name[name], one, outcome, verdicts(one, plan.targets, outcome)))
    if not found:
        reasons = "; ".join(f"{name}: {why}" for name, why in list(left_out.items())[:5])
        raise InputError(f"no design could be priced and assessed ({reasons})")
    found.sort(key=lambda one: (one.cost_per_month, one.hours(measure), len(one.variant.choices)))
    return Frontier(widened, measure, tuple(found), left_out)


def _accepted(plan: Plan, variants: Sequence[Variant]) -> Iterator[Acceptance]:
    """Yield the acceptances of a plan; what is accepted in some scenarios is so in their variants too."""
    for one in plan.accept:
        too = [v.name for v in variants if v.scenario in one.scenarios and v.name not in one.scenarios]
        too = [name for name in too if name in plan.scenarios]
        yield one.replace(scenarios=(*one.scenarios, *too)) if too else one


def _widened(plan: Plan, variants: Sequence[Variant]) -> tuple[Plan, dict[str, str]]:
    """Return the plan with all variants as scenarios, and those that are no valid design."""
    from agog_capacity.errors import PlanError
    from agog_capacity.plan import Changed

    wanted = {v.name: Changed(v.change, v.scenario) for v in variants if v.choices}
    try:
        return plan.with_scenarios(wanted), {}
    except PlanError:
        pass
    left_out: dict[str, str] = {}
    for name, changed in wanted.items():
        try:
            plan.with_scenarios({name: changed})
        except PlanError as error:
            left_out[name] = error.problems[0].message
    kept = {name: changed for name, changed in wanted.items() if name not in left_out}
    return plan.with_scenarios(kept), left_out


def _priced(plan: Plan, variants: Sequence[Variant], left_out: dict[str, str]) -> dict[str, Forecast]:
    """Return the forecast of each variant; of designs that differ in no price, one is made for all."""
    known: dict[str, Forecast] = {}
    found: dict[str, Forecast] = {}
    for variant in variants:
        feasible = feasibility(plan, variant.name)
        if feasible.stopping:
            left_out[variant.name] = "stopped by " + ", ".join(
                dict.fromkeys(f.rule.id for f in feasible.stopping)
            )
            continue
        key = _priced_by(plan, variant.name)
        try:
            if key not in known:
                known[key] = forecast(plan, variant.name)
        except MissingPrices as error:
            first = error.problems[0]
            left_out[variant.name] = f"{first.path}: {first.message}"
            continue
        scenario = plan.scenario(variant.name)
        found[variant.name] = replace(known[key], scenario=scenario, feasibility=feasible)
    return found


def _priced_by(plan: Plan, name: str) -> str:
    """Return what the cost of a scenario depends on, as a digest."""
    design = plan.scenario(name).design
    components = [c.model_dump(mode="json") for c in design.components.values()]
    for each in components:
        each.pop("promotion_trigger", None)  # who promotes a replica costs nothing
    sections = [
        None if section is None else section.model_dump(mode="json")
        for section in (design.scaling, design.traffic, design.commitments)
    ]
    regions = {region: each.model_dump(mode="json") for region, each in design.regions.items()}
    content = json.dumps([components, sections, regions, repr(design.serving_path)], sort_keys=True)
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


def _without_twins(
    plan: Plan, priced: Mapping[str, Forecast], left_out: dict[str, str]
) -> dict[str, Forecast]:
    """Return the first of each group of designs that are the same in everything; the others are left out and told."""
    seen: dict[str, str] = {}
    for name in priced:
        design = plan.scenario(name).design
        parts = [
            repr(getattr(design, each.name))
            for each in fields(design)
            if each.name not in ("inputs", "used_inputs")
        ]
        key = hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()
        if seen.setdefault(key, name) != name:
            left_out[name] = f"the same design as {seen[key]}"
    kept = set(seen.values())
    return {name: one for name, one in priced.items() if name in kept}
