"""Scenarios side by side: cost by month and year, component and region, contract, targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from agog_capacity.arguments import names_in
from agog_capacity.availability.feasibility import Feasibility, acceptance_notes
from agog_capacity.components.base import NodeTrace
from agog_capacity.errors import MissingPrices, NotInResult, Problem, nearest
from agog_capacity.plan import Plan, Scenario
from agog_capacity.planning.assess import assess_scenarios
from agog_capacity.planning.assessment import Assessment, NotAssessed
from agog_capacity.planning.explain import Explanation, explain
from agog_capacity.planning.forecast import Forecast, check_traces, feasibility, priced_forecast
from agog_capacity.planning.priced import refuse_unpriced
from agog_capacity.planning.verdicts import Verdict, verdicts
from agog_capacity.scaling.simulated import SimulationStore

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


@dataclass(frozen=True)
class StoppedScenario:
    """A scenario that is not forecast, since it cannot be bought or run as it is written."""

    scenario: Scenario
    feasibility: Feasibility

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return self.scenario.name

    @property
    def reason(self) -> str:
        """What stops it, by rule and object."""
        found: dict[str, list[str]] = {}
        for finding in self.feasibility.stopping:
            found.setdefault(finding.rule.id, []).append(finding.subject)
        return "; ".join(f"{rule} ({', '.join(names)})" for rule, names in found.items())


@dataclass(frozen=True, repr=False, eq=False)
class Comparison:
    """Forecasts of several scenarios of one plan.

    Attributes
    ----------
    plan : Plan
    forecasts : tuple of Forecast
        In the order of the plan.
    reference : str
        Scenario that differences are taken from.
    stopped : tuple of StoppedScenario
        What cannot be bought or run as it is written, and so is not forecast.
    """

    plan: Plan
    forecasts: tuple[Forecast, ...]
    reference: str
    stopped: tuple[StoppedScenario, ...] = ()

    @property
    def has_commitments(self) -> bool:
        """Whether any scenario has bought ahead: costs are then effective, with what is billed beside them."""
        return any(one.has_commitments for one in self.forecasts)

    def feasibilities(self) -> dict[str, Feasibility]:
        """Return what the rules say about each scenario, also about those that are stopped."""
        return {
            **{one.name: one.feasibility for one in self.forecasts},
            **{one.name: one.feasibility for one in self.stopped},
        }

    def acceptance_notes(self) -> tuple[str, ...]:
        """Return which acceptances of the plan do nothing: their rule does not fire, or another has said it."""
        return acceptance_notes(self.plan.accept, self.feasibilities(), self.plan.scenarios)

    def forecast(self, scenario: str) -> Forecast:
        """Return the forecast of one scenario.

        Raises
        ------
        NotInResult
            If it was not compared; the message names the nearest.
        """
        for candidate in self.forecasts:
            if candidate.name == scenario:
                return candidate
        for stopped in self.stopped:
            if stopped.name == scenario:
                raise NotInResult(f"scenario {scenario!r} is not forecast: {stopped.reason}")
        names = [candidate.name for candidate in self.forecasts]
        raise NotInResult(f"scenario {scenario!r} is not in this comparison; {nearest(scenario, names)}")

    @cached_property
    def assessments(self) -> Mapping[str, Assessment | NotAssessed]:
        """What failures and load make of each scenario, by its name; empty where no scenario says how a failover goes.

        Simulated when they are first asked for and then kept in the user's cache by the content of their inputs.
        """
        return self.assess()

    def assess(
        self, progress: Callable[[int, int], None] | None = None
    ) -> Mapping[str, Assessment | NotAssessed]:
        """Return `assessments`, with a call of `progress` (years done, years in all) while they are simulated."""
        if "assessments" in self.__dict__:
            return self.assessments
        found: Mapping[str, Assessment | NotAssessed] = {}
        if self.forecasts and any(s.design.failover is not None for s in self.plan.scenarios.values()):
            found = assess_scenarios(self.plan, [f.name for f in self.forecasts], progress=progress)
        self.__dict__["assessments"] = found
        return found

    def verdicts(self) -> dict[str, tuple[Verdict, ...]]:
        """Return how each scenario stands against each target of the plan."""
        return dict(self._verdicts)

    @cached_property
    def _verdicts(self) -> Mapping[str, tuple[Verdict, ...]]:
        found = self.assessments
        return {f.name: verdicts(f, self.plan.targets, found.get(f.name)) for f in self.forecasts}

    def missed(self) -> tuple[tuple[str, Verdict], ...]:
        """Return the targets that are missed, with their scenarios."""
        return tuple((name, v) for name, all_ in self.verdicts().items() for v in all_ if v.met is False)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a scenario: cost, difference to the reference, contract, missed targets."""
        from agog_capacity.planning.tables import summary_frame

        return summary_frame(self)

    def findings_frame(self) -> pd.DataFrame:
        """Return what the rules of feasibility found, one row a scenario, rule and object.

        Columns: severity, what is found, repair, source with its date, the reason it is accepted
        (empty if it is not), and whether it stops the scenario.
        """
        from agog_capacity.planning.tables import findings_frame

        return findings_frame(self)

    def contract_frame(self) -> pd.DataFrame:
        """Return the parts of each scenario's contractual availability, one row a scenario and part."""
        from agog_capacity.planning.tables import contract_frame

        return contract_frame(self)

    def failure_tables(self) -> dict[str, pd.DataFrame]:
        """Return what failures and load make of the scenarios: availability, failovers, response times, causes, worth.

        One frame a table of the report, by its title; empty where no scenario says how a failover goes.
        """
        from agog_capacity.planning.assessment_tables import assessment_tables
        from agog_capacity.planning.tables import frame_of

        return {table.title: frame_of(table) for table in assessment_tables(self)}

    def recommendation(self) -> tuple[str, ...]:
        """Return what follows from the numbers, in sentences; none where failures are not simulated."""
        from agog_capacity.planning.recommendation import recommendation

        return recommendation(self)

    def verdict_frame(self) -> pd.DataFrame:
        """Return one row a scenario and target: the verdict in a word, and what is reached."""
        from agog_capacity.planning.tables import verdict_frame

        return verdict_frame(self)

    def commitments(self) -> pd.DataFrame:
        """Return how each commitment of each scenario works: utilisation, coverage, waste, savings, break-even."""
        from agog_capacity.planning.tables import commitments_frame

        return commitments_frame(self.forecasts)

    def stand_ins(self) -> pd.DataFrame:
        """Return the stand-ins in use: for which meter and region, what is used instead, why."""
        from agog_capacity.planning.tables import stand_in_frame

        return stand_in_frame(self.forecasts)

    def simulated(self) -> pd.DataFrame:
        """Return what the autoscalers did: nodes of each simulated pool, bounds, mean and peak."""
        from agog_capacity.planning.tables import simulated_frame

        return simulated_frame(self.forecasts)

    def charges(self) -> pd.DataFrame:
        """Return every charge of every scenario; columns as in `agog_capacity.frames.CHARGES`."""
        from agog_capacity.planning.tables import charges_frame

        return charges_frame(self.forecasts)

    def by(self, attribute: str) -> pd.DataFrame:
        """Return the average cost of a month by an attribute, one column a scenario.

        Parameters
        ----------
        attribute : {"component", "region", "kind", "month", "year"}
            What makes the rows. By month and year the costs are those of the month and year.

        Returns
        -------
        DataFrame
            NaN where a scenario does not have the component, region or kind: 0 is what is free.
        """
        from agog_capacity.planning.tables import cost_frame

        return cost_frame(self, attribute)

    def explain(
        self,
        scenario: str,
        *,
        component: str | None = None,
        region: str | None = None,
        month: str | None = None,
    ) -> Explanation:
        """Unfold a number of this comparison; see `agog_capacity.explain`."""
        return explain(self.forecast(scenario), component=component, region=region, month=month)

    def figure(self, name: str, *, scenario: str | None = None) -> go.Figure:
        """Return a chart of this comparison.

        Parameters
        ----------
        name : {"cost_by_component", "cost_by_region", "cost_by_month", "waterfall", "unserved_by_cause", "payback"}
            Which chart.
        scenario : str, optional
            For the waterfall: what the reference is compared with; the scenario that differs most
            if left out. For the payback: whose commitments; the first scenario that has some if left out.

        Raises
        ------
        NotInResult
            If there is no such chart or scenario.
        """
        from agog_capacity.planning.assessment_tables import UNSERVED, unserved_chart
        from agog_capacity.planning.commitment_tables import PAYBACK, payback_chart
        from agog_capacity.planning.presentation import CHARTS, chart
        from agog_capacity.report.charts import as_figure

        known = (*CHARTS, UNSERVED, PAYBACK)
        if name not in known:
            raise NotInResult(f"there is no chart {name!r}; {nearest(name, known)}")
        if name == PAYBACK:
            return as_figure(payback_chart(self, scenario))
        if name == UNSERVED:
            return as_figure(unserved_chart(self))
        return as_figure(chart(self, name, scenario))

    def __repr__(self) -> str:
        """Return the summary as text."""
        from agog_capacity.planning.summary import summary
        from agog_capacity.report.tables import text_table

        return text_table(summary(self))

    def _repr_html_(self) -> str:
        from agog_capacity.planning.presentation import provenance
        from agog_capacity.planning.summary import summary
        from agog_capacity.report.tables import notebook_html

        return notebook_html([summary(self)], provenance(self))


def compare(
    plan: Plan,
    scenarios: Sequence[str] | None = None,
    *,
    reference: str | None = None,
    traces: Mapping[str, Mapping[str, NodeTrace]] | None = None,
    store: SimulationStore | None = None,
) -> Comparison:
    """Forecast scenarios of a plan and set them side by side.

    Parameters
    ----------
    plan : Plan
    scenarios : sequence of str, optional
        Names of the scenarios; all of the plan if left out.
    reference : str, optional
        Scenario that differences are taken from; the plan's own if left out. It is always
        compared, also when it is not among `scenarios`; where it is stopped, the first that is not
        takes its place.
    traces : mapping, optional
        For a scenario its simulated clusters, as `forecast` takes them.
    store : SimulationStore, optional
        Where simulations are looked up and kept, as `forecast` takes it.

    Returns
    -------
    Comparison

    Raises
    ------
    NotInResult
        If a scenario does not exist. One that cannot be bought as it is written is no exception,
        but stands under `stopped` with its reason.
    MissingPrices
        With every meter that has neither a price nor a stand-in in some scenario, each once, before anything is simulated.
    UnitError
        With every quantity that cannot be converted to the unit of its price.
    CommitmentError
        With every planned savings plan above all usage of a scenario.
    """
    base = plan.scenario(reference or plan.reference).name
    chosen = (
        [plan.scenario(name).name for name in names_in("scenario", scenarios)]
        if scenarios is not None
        else list(plan.scenarios)
    )
    if base not in chosen:
        chosen = [base, *chosen]
    simulated = traces or {}
    for name in simulated:
        plan.scenario(name)
    judged = {name: feasibility(plan, name) for name in dict.fromkeys(chosen)}
    stopped = [
        StoppedScenario(plan.scenario(name), found) for name, found in judged.items() if found.stopping
    ]
    bought = {name: found for name, found in judged.items() if not found.stopping}
    for name in bought:
        check_traces(plan.scenario(name), simulated.get(name, {}))
    refuse_unpriced(plan, bought, simulated)
    forecasts: list[Forecast] = []
    missing: dict[Problem, None] = {}
    for name, feasible in bought.items():
        try:
            forecasts.append(priced_forecast(plan, plan.scenario(name), feasible, simulated.get(name), store))
        except MissingPrices as error:  # of what only a simulation shows to be used
            missing |= dict.fromkeys(error.problems)
    if missing:
        raise MissingPrices(missing)
    if forecasts and base in [one.name for one in stopped]:
        base = forecasts[0].name
    return Comparison(plan, tuple(forecasts), base, tuple(stopped))
