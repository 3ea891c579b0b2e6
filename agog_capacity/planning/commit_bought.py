"""What a scenario has bought already, and what it costs: an advice nets it first and counts none of it.

Without these amounts a scenario that has bought too much looks like one that costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agog_capacity.committed.rows import CommittedUse
from agog_capacity.committed.step import apply_commitments
from agog_capacity.planning.futures import FutureNodes, nodes_of

if TYPE_CHECKING:
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
