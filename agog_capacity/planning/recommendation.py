"""What the numbers say in words: each sentence follows from figures of the comparison, none from taste."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agog_capacity.planning.assessment import Assessment
from agog_capacity.planning.returns import Return, certain, returns_against
from agog_capacity.planning.verdicts import Verdict, chance_text, wanted_probability

if TYPE_CHECKING:
    from agog_capacity.planning.compare import Comparison

_CURABLE = 0.05
"""Share of all unserved hours from which a cause is worth a sentence."""


def recommendation(comparison: Comparison) -> tuple[str, ...]:
    """Return what follows from a comparison, in sentences; none where failures are not simulated.

    Parameters
    ----------
    comparison : Comparison
    """
    known = {name: found for name, found in comparison.assessments.items() if isinstance(found, Assessment)}
    if not known or not comparison.forecasts:
        return ()
    return (*_targets(comparison), *_ranking(comparison, known), *_money(comparison), *_causes(known))


def _targets(comparison: Comparison) -> Iterator[str]:
    verdicts = comparison.verdicts()
    costs = {one.name: one.cost_per_month for one in comparison.forecasts}
    currency = comparison.plan.currency
    meeting = [name for name, found in verdicts.items() if found and all(v.met for v in found)]
    if meeting:
        best = min(meeting, key=lambda name: costs[name])
        yield f"{best} is the cheapest scenario that meets every target: {costs[best]:,.0f} {currency} a month."
        return
    words = list(dict.fromkeys(v.target for found in verdicts.values() for v in found))
    if words:
        yield "No scenario meets every target."
    for target in words:
        at = {name: v for name, found in verdicts.items() for v in found if v.target == target}
        met = [name for name, v in at.items() if v.met]
        if len(met) == len(at):
            yield f"{target}: all meet it."
        elif met:
            least = min(costs[name] for name in met)
            best = " and ".join(name for name in met if costs[name] <= least + 0.005)
            verb = "are the cheapest that meet" if " and " in best else "is the cheapest that meets"
            yield f"{target}: {best} {verb} it, at {least:,.0f} {currency} a month."
        else:
            yield from _nearest(target, at, wanted_probability(comparison.plan.targets)[0])


def _nearest(target: str, at: dict[str, Verdict], wanted: float) -> Iterator[str]:
    chances = {name: v.probability for name, v in at.items() if v.probability is not None}
    if chances:
        best = max(chances, key=lambda name: chances[name])
        chance = chance_text(chances[best], wanted)
        yield f"{target}: none meets it; {best} comes nearest with a probability of {chance}."
    elif any(v.met is False for v in at.values()):
        yield f"{target}: none meets it."
    else:
        yield f"{target}: not judged for any."


def _ranking(comparison: Comparison, known: dict[str, Assessment]) -> Iterator[str]:
    """Say where the two measures disagree about which scenario is better."""
    best = {
        measure: min(known, key=lambda name: known[name].by(measure).hours_per_year.value)
        for measure in ("demand", "deep")
    }
    if best["demand"] != best["deep"]:
        yield (
            f"The measures disagree: {best['demand']} leaves the least demand unserved, {best['deep']} the least time "
            "with more than half lost."
        )


def _money(comparison: Comparison) -> Iterator[str]:
    forecasts = {one.name: one for one in comparison.forecasts}
    for one in returns_against(comparison.reference, forecasts, comparison.assessments):
        yield _sentence(one, comparison.plan.currency)


def _sentence(one: Return, currency: str) -> str:
    bought = one.hours_bought
    head = f"{one.dearer} costs {one.cost_per_year:,.0f} {currency} a year more than {one.cheaper}"
    if one.cost_per_year == 0:
        head = f"{one.dearer} costs as much as {one.cheaper}"
    if not certain(bought):
        return f"{head} and buys no hours that the simulation can tell from none."
    if bought.value < 0:
        return f"{head} and loses {-bought.value:.2f} h a year more."
    text = f"{head} and buys {bought.value:.2f} h a year"
    if one.worth_per_year is None:
        return f"{text}; it pays if a lost hour costs {one.break_even_per_hour or 0:,.0f} {currency} or more."
    text += f", worth {one.worth_per_year:,.0f} {currency} to the tenants"
    if one.pays:
        return f"{text}: it pays."
    text += f": it does not pay below {one.break_even_per_hour or 0:,.0f} {currency} a lost hour"
    if one.incidents is not None:
        text += f", or {one.incidents:.1f} major incidents avoided a year"
    return f"{text}."


def _causes(known: dict[str, Assessment]) -> Iterator[str]:
    best = min(known, key=lambda name: known[name].demand.hours_per_year.value)
    total = known[best].demand.hours_per_year.value
    large = [(cause, hours.value) for cause, hours in known[best].causes() if hours.value > _CURABLE * total]
    if large:
        listed = ", ".join(f"{cause} {hours:.2f} h" for cause, hours in large[:4])
        yield f"What is left in {best}, {total:.2f} h a year, is mostly {listed}."
