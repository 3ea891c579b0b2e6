"""One scenario forecast: the verbs called in their order, and the result with its provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.availability.contract import Contract, contract_availability
from agog_capacity.availability.feasibility import Feasibility, check_feasibility
from agog_capacity.charges import Charge, price_usage, without_use_and_price
from agog_capacity.components.base import NodeTrace
from agog_capacity.errors import InfeasibleDesign, InputError, NotInResult, Problem, nearest
from agog_capacity.frozen import freeze_mappings, read_only
from agog_capacity.periods import FloatArray, Months
from agog_capacity.plan import Plan, Scenario
from agog_capacity.planning.assumptions import (
    Assumption,
    assumptions_behind,
    assumptions_of,
    cluster_assumptions_of,
)
from agog_capacity.planning.priced import refuse_unpriced, told_in_plan
from agog_capacity.prices.stand_in import StandIn
from agog_capacity.scaling.simulated import SimulatedCluster, SimulationStore
from agog_capacity.serving_path import AnyOf

if TYPE_CHECKING:
    import pandas as pd


ATTRIBUTES = ("component", "region", "kind")
"""What costs can be shown by, beside the time."""


@dataclass(frozen=True, repr=False, eq=False)
class Forecast:
    """What one scenario costs and promises, month by month.

    Equal to nothing but itself: figures are compared by their tables.

    Attributes
    ----------
    scenario : Scenario
    months : Months
    currency : str
    charges : tuple of Charge
        One for each meter that a component uses.
    contract : Contract
        Contractual availability of the serving path.
    feasibility : Feasibility
        What the rules say about the design: findings, with what is accepted, and what is undecided.
    warnings : tuple of str
        What a reader must know about how components were counted.
    simulated : mapping of str to SimulatedCluster
        What the autoscalers did, by the name of the cluster.
    """

    scenario: Scenario
    months: Months
    currency: str
    charges: tuple[Charge, ...]
    contract: Contract
    feasibility: Feasibility = field(default_factory=Feasibility, repr=False)
    warnings: tuple[str, ...] = ()
    simulated: Mapping[str, SimulatedCluster] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep what was simulated from being changed."""
        freeze_mappings(self, "simulated")

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return self.scenario.name

    @property
    def has_commitments(self) -> bool:
        """Whether anything was bought ahead, so that billed and effective cost differ."""
        return any(charge.commitment for charge in self.charges)

    @property
    def monthly_billed(self) -> FloatArray:
        """What the invoice of each month says, shape (months,). [currency]"""
        billed = [charge.monthly_billed for charge in self.charges]
        return np.asarray(np.sum(billed, axis=0) if billed else np.zeros(self.months.count), dtype=float)

    @cached_property
    def monthly_cost(self) -> FloatArray:
        """Cost of each month, shape (months,): effective, with what was bought ahead spread over its term. [currency]"""
        costs = [charge.monthly_cost for charge in self.charges]
        return read_only(np.sum(costs, axis=0) if costs else np.zeros(self.months.count))

    @property
    def total_cost(self) -> float:
        """Cost of all months. [currency]"""
        return float(self.monthly_cost.sum())

    @property
    def cost_per_month(self) -> float:
        """Average cost of a month. [currency]"""
        return self.total_cost / self.months.count

    def cost_by(self, attribute: str) -> dict[str, float]:
        """Return the average cost of a month by an attribute of usage.

        Parameters
        ----------
        attribute : str
            `component`, `region` or `kind`.

        Raises
        ------
        NotInResult
            If there is no such attribute.
        """
        if attribute not in ATTRIBUTES:
            raise NotInResult(f"costs cannot be shown by {attribute!r}; {nearest(attribute, ATTRIBUTES)}")
        totals: dict[str, float] = {}
        for charge in self.charges:
            key = str(getattr(charge.usage, attribute))
            totals[key] = totals.get(key, 0.0) + float(charge.monthly_cost.sum()) / self.months.count
        return totals

    def stand_ins(self) -> tuple[tuple[StandIn, Charge], ...]:
        """Return the stand-ins in use, each with the first charge that uses it in a region."""
        found: dict[tuple[str, str], tuple[StandIn, Charge]] = {}
        for charge in self.charges:
            if charge.price.stand_in is not None:
                key = (charge.usage.meter.text, charge.usage.price_region)
                found.setdefault(key, (charge.price.stand_in, charge))
        return tuple(found.values())

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what the scenario assumes: inputs and components marked so, and how simulated clusters are run."""
        clusters = cluster_assumptions_of(self.scenario.design) if self.simulated else ()
        return (*assumptions_of(self.scenario.design), *clusters)

    def to_frame(self) -> pd.DataFrame:
        """Return the charges, one row for each month, component, meter and used tier.

        Returns
        -------
        DataFrame
            Columns as in `agog_capacity.frames.CHARGES`.
        """
        from agog_capacity.planning.tables import charges_frame

        return charges_frame((self,))

    def __repr__(self) -> str:
        """Return the scenario with its cost and contract."""
        return (
            f"Forecast({self.name!r}, {self.cost_per_month:,.2f} {self.currency} a month over "
            f"{self.months.count} months from {self.months.first})"
        )

    def _repr_html_(self) -> str:
        from agog_capacity.planning.presentation import (
            assumptions,
            cost_of,
            simulated,
            stand_ins,
        )
        from agog_capacity.planning.promises import contract_parts
        from agog_capacity.report.tables import notebook_html

        tables = [cost_of(self), contract_parts(self), assumptions([self]), stand_ins([self])]
        tables[1:1] = [simulated([self])] if self.simulated else []
        return notebook_html(tables, [f"Warning: {warning}." for warning in self.warnings])


def forecast(
    plan: Plan,
    scenario: str,
    *,
    traces: Mapping[str, NodeTrace] | None = None,
    store: SimulationStore | None = None,
) -> Forecast:
    """Forecast one scenario of a plan.

    Parameters
    ----------
    plan : Plan
    scenario : str
        Name of a scenario of the plan.
    traces : mapping of str to NodeTrace, optional
        Simulated clusters by the name of their component (`simulate_scaling` makes them). Node pools
        of such a cluster that have no fixed count follow the trace; its pools carry their names.
        Left out, the clusters are simulated if the design says with which load.
    store : SimulationStore, optional
        Where simulations are looked up and kept; in the user's cache folder if left out.

    Returns
    -------
    Forecast

    Raises
    ------
    NotInResult
        If the plan has no such scenario, or a trace names no cluster of it.
    InfeasibleDesign
        With every rule that stops the scenario and that the plan does not accept.
    MissingPrices
        With every meter that has neither a price nor a stand-in.
    UnitError
        With every quantity that cannot be converted to the unit of its price.
    CommitmentError
        With every planned savings plan above all usage.
    """
    chosen = plan.scenario(scenario)
    feasible = feasibility(plan, scenario)
    if feasible.stopping:
        raise InfeasibleDesign(
            Problem(
                f"{finding} Or accept it: {{rule: {finding.rule.id}, reason: …}}", path=f"scenario {scenario}"
            )
            for finding in feasible.stopping
        )
    check_traces(chosen, traces or {})
    refuse_unpriced(plan, [scenario], {} if traces is None else {scenario: traces})
    return priced_forecast(plan, chosen, feasible, traces, store)


def check_traces(scenario: Scenario, traces: Mapping[str, NodeTrace]) -> None:
    """Refuse traces of what is no cluster of a scenario.

    Raises
    ------
    NotInResult
        With the nearest cluster.
    """
    clusters = [c.name for c in scenario.design.components.values() if c.kind == "aks_cluster"]
    for name in traces:
        if name not in clusters:
            raise NotInResult(f"there is a trace of {name!r}, which is no cluster; {nearest(name, clusters)}")


def priced_forecast(
    plan: Plan,
    chosen: Scenario,
    feasible: Feasibility,
    traces: Mapping[str, NodeTrace] | None,
    store: SimulationStore | None,
) -> Forecast:
    """Forecast a scenario that can be bought and whose prices are there; see `forecast`."""
    scenario = chosen.name
    simulated: Mapping[str, SimulatedCluster] = {}
    of_scaling: tuple[str, ...] = ()
    hourly: dict[str, FloatArray] | None = {} if chosen.design.commitments is not None else None
    if traces is None and chosen.design.scaling is not None:
        from agog_capacity.planning.simulation import clusters_without_nodes, simulated_clusters

        try:
            simulated = simulated_clusters(plan, chosen.design, store or SimulationStore.default(), hourly)
        except InputError as error:
            raise type(error)(
                replace(p, path=f"scenario {scenario}: {p.path}" if p.path else f"scenario {scenario}")
                for p in error.problems
            ) from None
        of_scaling += tuple(clusters_without_nodes(chosen.design))
        of_scaling += tuple(dict.fromkeys(line for found in simulated.values() for line in found.left_out))
    multiples = None
    if chosen.design.follows_load and chosen.design.scaling is not None:
        from agog_capacity.planning.loads import load_multiples

        multiples = load_multiples(chosen.design.scaling, plan.months)
    context = chosen.design.context(plan.months, simulated if traces is None else traces, multiples)
    usage = [line for component in chosen.design.components.values() for line in component.usage(context)]
    committed = None
    if hourly is not None:
        from agog_capacity.planning.commitments import committed_use

        committed = committed_use(chosen.design, plan.months, hourly, traces)
    needed, unneeded = without_use_and_price(usage, plan.prices)
    with told_in_plan(plan, scenario):
        charges = price_usage(needed, plan.prices, plan.months, committed)
    try:
        contract = contract_availability(
            chosen.design.serving_path,
            chosen.design.components,
            plan.service_levels,
            max(book.as_of for book in plan.prices.books),
        )
    except InputError as error:
        raise InputError(Problem(p.message, path=f"scenario {scenario}") for p in error.problems) from None
    warnings = tuple(
        w for component in chosen.design.components.values() for w in component.warnings(context)
    )
    warnings += tuple(
        f"{line.component}: {line.meter.text} in {line.price_region} is used in no month and has no price; "
        "it is left out"
        for line in unneeded
    )
    warnings += tuple(_never_there(chosen, plan.months))
    warnings += feasible.contradictions
    if chosen.design.commitments is not None:
        from agog_capacity.planning.commitments import bought_in_vain

        warnings += tuple(bought_in_vain(plan, chosen.design, charges))
    warnings += tuple(f"{name}: {w}" for name, found in simulated.items() for w in found.warnings)
    warnings += of_scaling
    if multiples is not None and not multiples[0].all():
        idle = [label for label, part in zip(plan.months.labels, multiples[0], strict=True) if part == 0]
        text = f"amounts that follow the load are those of the first tenants; in {_months(len(idle))} from {idle[0]} "
        warnings += (f"{text}there is no load, so they are 0",)
    return Forecast(chosen, plan.months, plan.currency, charges, contract, feasible, warnings, simulated)


def _months(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"


def _never_there(scenario: Scenario, months: Months) -> Iterator[str]:
    """Yield a warning for each component that exists in no month, first those of the serving path."""
    steps = scenario.design.serving_path
    names = [n for s in steps for branch in (s.branches if isinstance(s, AnyOf) else ((s,),)) for n in branch]
    for name in dict.fromkeys((*names, *scenario.design.components)):
        component = scenario.design.components[name]
        if months.share_active(component.starts, component.ends).any():
            continue
        if name in names:
            yield (
                f"{name}: stands on the serving path and exists in no month of the plan; its SLA is counted "
                "as if it did"
            )
        else:
            yield (
                f"{name}: exists in no month of the plan ({months.labels[0]} to {months.labels[-1]}), so it costs "
                "nothing; correct starts or ends, or leave it out"
            )


def feasibility(plan: Plan, scenario: str) -> Feasibility:
    """Hold the rules of what can be bought against one scenario of a plan.

    Parameters
    ----------
    plan : Plan
    scenario : str
        Name of a scenario of the plan.

    Returns
    -------
    Feasibility
        Findings, errors first, and the rules that are undecided for want of a fact.
    """
    chosen = plan.scenario(scenario)
    return check_feasibility(chosen.design, plan.months, plan.targets, plan.rules, plan.accept, chosen.name)


def assumed(forecast: Forecast, charge: Charge) -> Iterator[Assumption]:
    """Yield the assumptions that the quantity of a charge rests on."""
    yield from assumptions_behind(forecast.scenario.design, charge.usage)
