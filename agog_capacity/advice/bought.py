"""What a scenario has bought already, and what it costs: an advice nets it first and counts none of it.

Without these amounts a scenario that has bought too much looks like one that costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agog_capacity.advice.futures import FutureNodes, nodes_of
from agog_capacity.commitments.section import LogTierEntry
from agog_capacity.committed.rows import CommittedUse
from agog_capacity.committed.step import apply_commitments

if TYPE_CHECKING:
    from agog_capacity.advice.advice import CommitmentAdvice
    from agog_capacity.commitments.section import CommitmentSection
    from agog_capacity.plan import Plan
    from agog_capacity.scaling.simulated import SimulationStore


@dataclass(frozen=True)
class BoughtAlready:
    """Money of one commitment inside the plan's months, with the load of the plan itself."""

    billed: float
    """[currency]"""
    used: float
    """Effective cost of what is used. [currency]"""
    unused: float
    """Effective cost of what nothing takes up. [currency]"""


def bought_already(
    plan: Plan, scenario: str, section: CommitmentSection, store: SimulationStore | None
) -> Mapping[str, BoughtAlready]:
    """Return what each commitment of a scenario is billed, and how much of it is used.

    The same amounts as in a comparison: with the plan's own load, not with that of simulated futures.

    Parameters
    ----------
    plan : Plan
    scenario : str
    section : CommitmentSection
        Of the scenario.
    store : SimulationStore or None
        Where simulations are looked up and kept.

    Raises
    ------
    CommitmentError
        With every commitment that has no price, nothing to cover, or commits more than there can be.
    """
    if not section.bought:
        return {}
    design, months = plan.scenario(scenario).design, plan.months
    nodes = nodes_of(plan, design, store)
    multiples = None
    if design.follows_load and design.scaling is not None:
        from agog_capacity.planning.loads import load_multiples

        multiples = load_multiples(design.scaling, months)
    clusters = {
        str(getattr(component, "cluster", "")): FutureNodes(nodes)
        for component in design.components.values()
        if component.name in nodes
    }
    context = design.context(months, clusters, multiples)
    lines = [line for component in design.components.values() for line in component.usage(context)]
    use = CommittedUse(section, design.components, nodes)
    _, rows = apply_commitments(lines, use, plan.prices, months)
    found = {}
    for name in section.bought:
        mine = [row for row in rows if row.commitment == name]
        found[name] = BoughtAlready(
            billed=float(sum(row.billed.sum() for row in mine)),
            used=float(sum(row.effective.sum() for row in mine if row.status == "used")),
            unused=float(sum(row.effective.sum() for row in mine if row.status == "unused")),
        )
    return found


def bought_as_advised(advice: CommitmentAdvice, store: SimulationStore | None) -> Mapping[str, BoughtAlready]:
    """Return the same of each commitment of a scenario once what is advised is bought as well.

    Parameters
    ----------
    advice : CommitmentAdvice
    store : SimulationStore or None
        Where simulations are looked up and kept; those of the advice are there.

    Returns
    -------
    mapping
        By the names of `advice.bought`, without those that the advice takes out.
    """
    changes = advice.entries()
    if not advice.bought or not changes:
        return advice.bought
    plan, name = advice.in_plan()
    section = plan.scenario(name).design.commitments
    if section is None:  # a plan that buys has the section
        return advice.bought
    # As if it were bought: whether the plan's own load is enough for what other futures asked for is no question here.
    bought = {
        key: entry.replace(existing=True) if key in changes and not isinstance(entry, LogTierEntry) else entry
        for key, entry in section.bought.items()
    }
    found = bought_already(plan, name, section.replace(bought=bought), store)
    return {key: found[key] for key in advice.bought if key in found}
