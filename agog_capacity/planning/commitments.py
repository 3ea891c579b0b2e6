"""Commitments of a forecast: what the step of charges needs, and how well each of them works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agog_capacity.committed.rows import CommittedUse
from agog_capacity.components.node_pool import NodePool
from agog_capacity.errors import CommitmentError

if TYPE_CHECKING:
    from agog_capacity.components.base import NodeTrace
    from agog_capacity.design import Design
    from agog_capacity.periods import FloatArray, Months


def committed_use(
    design: Design,
    months: Months,
    hourly: Mapping[str, FloatArray],
    traces: Mapping[str, NodeTrace] | None = None,
) -> CommittedUse | None:
    """Return the commitments of a design with the hours they meet.

    Parameters
    ----------
    design : Design
    months : Months
    hourly : mapping
        Nodes of each hour by simulated pool, each of shape (hours,).
    traces : mapping, optional
        Simulated clusters that were given instead; one that knows no hours is even within its months.

    Returns
    -------
    CommittedUse or None
        None where the design has no commitments.
    """
    if design.commitments is None:
        return None
    nodes = dict(hourly)
    for component in design.components.values():
        trace = (traces or {}).get(getattr(component, "cluster", ""))
        of_hours = getattr(trace, "hourly_nodes", None)
        if isinstance(component, NodePool) and component.nodes is None and of_hours is not None:
            nodes[component.name] = of_hours(component.name)
    count = int(months.hours.sum())
    for name, found in nodes.items():
        if len(found) != count:
            raise CommitmentError(
                f"the trace of {name!r} has {len(found):,} hours, the plan {count:,}; simulate the plan's months from "
                f"{months.first}, since commitments are used by the hour"
            )
    return CommittedUse(design.commitments, design.components, nodes)
