"""Cost modelling and capacity planning of a SaaS on Kubernetes and managed services.

Three lines are the whole interface for a start::

    import agog_capacity as ac

    comparison = ac.compare(ac.load_plan("data/plans/agog.yaml"))
    comparison  # a table; .to_frame(), .figure("cost_by_component"), .explain("active-passive")

Names are imported when they are first used, so that `import agog_capacity` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agog_capacity.advice.advice import CommitmentAdvice
    from agog_capacity.advice.commit import optimise_commitments
    from agog_capacity.components import Component, kinds
    from agog_capacity.errors import AgogCapacityError, InputError
    from agog_capacity.load.curve import LoadCurve
    from agog_capacity.plan import Plan, Scenario, load_plan
    from agog_capacity.planning.assess import assess
    from agog_capacity.planning.assessment import Assessment
    from agog_capacity.planning.commitments import CommitmentResult, commitment_results
    from agog_capacity.planning.compare import Comparison, compare
    from agog_capacity.planning.explain import Explanation, explain
    from agog_capacity.planning.failovers import Failovers, failovers
    from agog_capacity.planning.forecast import Forecast, forecast
    from agog_capacity.planning.frontier import Frontier, frontier
    from agog_capacity.planning.publish import write_report
    from agog_capacity.planning.reconcile import Reconciliation, read_stated_costs, reconcile
    from agog_capacity.planning.simulation import cluster_trace
    from agog_capacity.prices.book import PriceBook
    from agog_capacity.prices.reader import read_price_book
    from agog_capacity.scaling.simulate import simulate_scaling
    from agog_capacity.scaling.trace import ScalingTrace
    from agog_capacity.scaling.workload import Workload

__version__ = "0.1.0"

_HOME = {
    "AgogCapacityError": "errors",
    "Assessment": "planning.assessment",
    "CommitmentAdvice": "advice.advice",
    "CommitmentResult": "planning.commitments",
    "Comparison": "planning.compare",
    "Component": "components",
    "Explanation": "planning.explain",
    "Failovers": "planning.failovers",
    "Forecast": "planning.forecast",
    "Frontier": "planning.frontier",
    "InputError": "errors",
    "LoadCurve": "load.curve",
    "Plan": "plan",
    "PriceBook": "prices.book",
    "Reconciliation": "planning.reconcile",
    "ScalingTrace": "scaling.trace",
    "Scenario": "plan",
    "Workload": "scaling.workload",
    "assess": "planning.assess",
    "cluster_trace": "planning.simulation",
    "commitment_results": "planning.commitments",
    "compare": "planning.compare",
    "explain": "planning.explain",
    "failovers": "planning.failovers",
    "forecast": "planning.forecast",
    "frontier": "planning.frontier",
    "kinds": "components",
    "load_plan": "plan",
    "optimise_commitments": "advice.commit",
    "read_price_book": "prices.reader",
    "read_stated_costs": "planning.reconcile",
    "reconcile": "planning.reconcile",
    "simulate_scaling": "scaling.simulate",
    "write_report": "planning.publish",
}

__all__ = [
    "AgogCapacityError",
    "Assessment",
    "CommitmentAdvice",
    "CommitmentResult",
    "Comparison",
    "Component",
    "Explanation",
    "Failovers",
    "Forecast",
    "Frontier",
    "InputError",
    "LoadCurve",
    "Plan",
    "PriceBook",
    "Reconciliation",
    "ScalingTrace",
    "Scenario",
    "Workload",
    "assess",
    "cluster_trace",
    "commitment_results",
    "compare",
    "explain",
    "failovers",
    "forecast",
    "frontier",
    "kinds",
    "load_plan",
    "optimise_commitments",
    "read_price_book",
    "read_stated_costs",
    "reconcile",
    "simulate_scaling",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, also those not imported yet."""
    return sorted([*__all__, "__version__"])
