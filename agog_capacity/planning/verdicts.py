"""How a forecast stands against targets. A target that cannot be judged yet says so: silence is not a pass."""

from __future__ import annotations

from dataclasses import dataclass

from agog_capacity.planning.forecast import Forecast
from agog_capacity.targets import Targets

_ROUNDING_PERCENT = 1e-9
"""An SLA equal to its target is no miss; this is the width of float noise. [%]"""


@dataclass(frozen=True)
class Verdict:
    """One target and how a scenario stands against it."""

    target: str
    """The target in words, such as `availability 99.95 % in every month`."""
    result: str
    """What the scenario reaches, with the measure."""
    met: bool | None
    """None where it cannot be judged; `result` then says why."""

    @property
    def word(self) -> str:
        """The verdict in one word or two."""
        return {True: "met", False: "missed", None: "not judged"}[self.met]


def verdicts(forecast: Forecast, targets: Targets) -> tuple[Verdict, ...]:
    """Return the verdict for every target of a plan.

    Parameters
    ----------
    forecast : Forecast
    targets : Targets
    """
    found = []
    if targets.availability is not None:
        found.append(_availability(forecast, targets.availability.percent, targets.availability.measured))
    if targets.budget_per_month is not None:
        cost, budget = forecast.cost_per_month, targets.budget_per_month
        found.append(
            Verdict(
                f"budget {budget:,.0f} {forecast.currency} a month",
                f"{cost:,.2f} {forecast.currency} a month on average",
                round(cost, 2) <= budget,
            )
        )
    for value, words in (
        (targets.recovery_time_minutes, "recovery time (RTO) at most {:g} min"),
        (targets.recovery_point_minutes, "recovery point (RPO) at most {:g} min"),
        (targets.latency_p95_ms, "latency P95 at most {:g} ms"),
    ):
        if value is not None:
            found.append(
                Verdict(
                    words.format(value), "needs a simulated failure or load; not judged by contracts", None
                )
            )
    return tuple(found)


def _availability(forecast: Forecast, percent: float, measured: str) -> Verdict:
    contract = forecast.contract
    window = "in every month" if measured == "month" else "over a year"
    target = f"availability {percent:g} % {window}"
    if contract.percent is None:
        return Verdict(target, contract.label, None)
    return Verdict(
        target,
        f"{contract.percent:.6g} % ({contract.label})",
        contract.percent >= percent - _ROUNDING_PERCENT,
    )
