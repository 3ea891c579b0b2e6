"""The failovers of several scenarios side by side: how long, what is lost, and one of them over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agog_capacity.arguments import names_in
from agog_capacity.availability.sampling import checked_samples
from agog_capacity.errors import InputError, NotInResult, nearest
from agog_capacity.planning.failover import failover_timelines

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from agog_capacity.availability.scale_up_store import ScaleUpStore
    from agog_capacity.availability.timeline import FailoverTimeline
    from agog_capacity.plan import Plan
    from agog_capacity.report.charts import Specification

CHARTS = ("course", "recovery", "data_loss")
"""Charts of failovers."""


@dataclass(frozen=True, repr=False)
class Failovers:
    """Timelines of the failovers of several scenarios."""

    plan: Plan
    timelines: Mapping[str, tuple[FailoverTimeline, ...]]
    """By scenario, one for each direction."""

    def timeline(self, scenario: str, direction: str | None = None) -> FailoverTimeline:
        """Return one timeline; the first direction of its scenario if none is named.

        Raises
        ------
        NotInResult
            If there is no such scenario or direction.
        """
        if scenario not in self.timelines:
            raise NotInResult(f"scenario {scenario!r} is not here; {nearest(scenario, self.timelines)}")
        found = {each.name: each for each in self.timelines[scenario]}
        if direction is None:
            return next(iter(found.values()))
        if direction not in found:
            raise NotInResult(f"{scenario!r} has no failover from {direction!r}; {nearest(direction, found)}")
        return found[direction]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a scenario and direction: percentiles in minutes, probabilities, unserved minutes."""
        import pandas as pd

        rows = []
        for scenario, timelines in self.timelines.items():
            for one in timelines:
                rto, rpo = one.rto_target_s, one.rpo_target_s
                rows.append(
                    {
                        "scenario": scenario,
                        "direction": one.name,
                        **{f"p{p}_min": one.rto_quantile(p / 100).value / 60 for p in (50, 95, 99)},
                        "p_recovered_in_time": None if rto is None else one.rto_within(rto).value,
                        "p_data_loss_in_time": None if rpo is None else one.rpo_within(rpo).value,
                        "unserved_min": 60 * sum(one.unserved_h.values()),
                    }
                )
        return pd.DataFrame(rows).set_index(["scenario", "direction"])

    def steps(self, scenario: str, direction: str | None = None) -> pd.DataFrame:
        """Return the steps of one failover, the one that takes most of the mean first."""
        return self.timeline(scenario, direction).to_frame()

    def chart(self, name: str, *, scenario: str | None = None, direction: str | None = None) -> Specification:
        """Return the specification of a chart; see `figure`."""
        from agog_capacity.availability.timeline_course import course_of, loss_curve, recovery_curve
        from agog_capacity.report.failover_charts import data_losses, failover_over_time, recovery_times

        if name not in CHARTS:
            raise NotInResult(f"there is no chart {name!r}; {nearest(name, CHARTS)}")
        targets, title = self.plan.targets, self.plan.title
        source = f"Simulated failovers of {self.plan.name}; every step is an assumption of the plan"
        if name == "course":
            chosen = scenario or next(iter(self.timelines))
            one = self.timeline(chosen, direction)
            course = course_of(one)
            return failover_over_time(
                f"{chosen}: the failover from {one.name} at the median", course.to_frame(), course.phases, source=source
            )  # fmt: skip
        named = {
            name_ if len(found) == 1 else f"{name_}, {one.name}": one
            for name_, found in self.timelines.items()
            for one in found
        }
        if name == "recovery":
            return recovery_times(
                f"{title}: how soon everything is served again",
                {label: recovery_curve(one) for label, one in named.items()},
                target_minutes=targets.recovery_time_minutes,
                source=source,
            )
        minutes = targets.recovery_point_minutes
        return data_losses(
            f"{title}: writes lost with a region",
            {label: loss_curve(one) for label, one in named.items()},
            target_seconds=None if minutes is None else 60 * minutes,
            source=source,
        )

    def figure(self, name: str, *, scenario: str | None = None, direction: str | None = None) -> go.Figure:
        """Return a chart.

        Parameters
        ----------
        name : {"course", "recovery", "data_loss"}
            One failover over time, the chance to be over within a time, the chance to lose more than so much.
        scenario, direction : str, optional
            Of the course; the first if left out.

        Raises
        ------
        NotInResult
            If there is no such chart, scenario or direction.
        """
        from agog_capacity.report.charts import as_figure

        return as_figure(self.chart(name, scenario=scenario, direction=direction))

    def __repr__(self) -> str:
        """Return the scenarios with their directions."""
        listed = "; ".join(
            f"{name}: {', '.join(each.name for each in found)}" for name, found in self.timelines.items()
        )
        return f"Failovers({listed})"


def failovers(
    plan: Plan,
    scenarios: Sequence[str] | None = None,
    *,
    samples: int = 50_000,
    store: ScaleUpStore | None = None,
) -> Failovers:
    """Return the failovers of scenarios, with the surviving region's scale-up out of its simulated autoscaler.

    Parameters
    ----------
    plan : Plan
    scenarios : sequence of str, optional
        All of the plan with several regions and a section `failover` if left out.
    samples : int
        Failovers that are drawn for each.
    store : ScaleUpStore, optional
        Where simulated scale-ups are looked up and kept.

    Raises
    ------
    NotInResult
        If a scenario does not exist.
    InputError
        If there is no scenario to draw, one has one region only or lacks something that its failover needs, or samples
        are too few or many.
    """
    checked_samples(samples)
    if scenarios is not None:
        chosen = names_in("scenario", scenarios)
        if not chosen:
            raise InputError(
                "no scenario is named, so there is no failover to draw; name one, or leave it out"
            )
    else:
        chosen = tuple(
            name
            for name, each in plan.scenarios.items()
            if len(each.design.regions) > 1 and each.design.failover is not None
        )
        if not chosen:
            raise InputError(
                f"no scenario of {plan.name} has several regions and a section failover; a failover needs both"
            )
    return Failovers(
        plan, {name: failover_timelines(plan, name, samples=samples, store=store) for name in chosen}
    )
