"""How a forecast stands against targets. A target that cannot be judged yet says so: silence is not a pass.

Where failures are simulated, a target of availability, recovery or data loss is met with a probability, and the
verdict compares that with the confidence the plan wants. Where they are not, contracts are all there is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from agog_capacity.availability.measures import MEASURES, Measure
from agog_capacity.planning.assessment import Assessment, NotAssessed, Recovery
from agog_capacity.planning.forecast import Forecast
from agog_capacity.planning.tenant_latency import NORMAL, TenantLatency
from agog_capacity.targets import DEFAULT_CONFIDENCE, AvailabilityTarget, Targets

_MOST_DIGITS = 12
_ROUNDING_PERCENT = 1e-9
"""An SLA equal to its target is no miss; this is the width of float noise. [%]"""
MEASURE_WORDS: dict[Measure, str] = {
    "demand": "by unserved demand",
    "deep": "by time with more than half lost",
}


@dataclass(frozen=True)
class Verdict:
    """One target and how a scenario stands against it."""

    target: str
    """The target in words, such as `availability 99.95 % in every month, by unserved demand`."""
    result: str
    """What the scenario reaches, with the measure."""
    met: bool | None
    """None where it cannot be judged; `result` then says why."""
    probability: float | None = None
    """That the target is met; None where it is not one of chance."""
    short: str = ""
    """The target in a word or two, such as `RTO`."""

    @property
    def word(self) -> str:
        """The verdict in one word or two."""
        return {True: "met", False: "missed", None: "not judged"}[self.met]


def verdicts(
    forecast: Forecast, targets: Targets, assessed: Assessment | NotAssessed | None = None
) -> tuple[Verdict, ...]:
    """Return the verdict for every target of a plan.

    Parameters
    ----------
    forecast : Forecast
    targets : Targets
    assessed : Assessment or NotAssessed, optional
        What failures and load make of the scenario; without it contracts alone are judged.
    """
    found = []
    if targets.availability is not None:
        if isinstance(assessed, Assessment):
            found += [_simulated(assessed, targets, targets.availability, measure) for measure in MEASURES]
        else:
            found.append(_contractual(forecast, targets.availability))
    if targets.budget_per_month is not None:
        cost, budget = forecast.cost_per_month, targets.budget_per_month
        found.append(
            Verdict(
                f"budget {budget:,.0f} {forecast.currency} a month",
                f"{cost:,.2f} {forecast.currency} a month on average{', effective' * forecast.has_commitments}",
                round(cost, 2) <= budget,
                short="budget",
            )
        )
    if isinstance(assessed, Assessment):
        found += _judged(assessed, targets)
    else:
        why = "; ".join(assessed.reasons) if assessed is not None else _NOT_SIMULATED
        found += [Verdict(words, why, None, short=words.split(" at ")[0]) for words in _target_words(targets)]
    return tuple(found)


_NOT_SIMULATED = "needs a simulated failure or load; not judged by contracts"


def _target_words(targets: Targets) -> Iterator[str]:
    for value, words in (
        (targets.recovery_time_minutes, "recovery time (RTO) at most {:g} min"),
        (targets.recovery_point_minutes, "recovery point (RPO) at most {:g} min"),
        (targets.latency_p95_ms, "latency P95 at most {:g} ms"),
    ):
        if value is not None:
            yield words.format(value)


def _window(target: AvailabilityTarget) -> str:
    return "in every month" if target.measured == "month" else "over a year"


def _contractual(forecast: Forecast, availability: AvailabilityTarget) -> Verdict:
    contract = forecast.contract
    target = f"availability {availability.percent:g} % {_window(availability)}"
    if contract.percent is None:
        return Verdict(target, contract.label, None, short="availability")
    return Verdict(
        target,
        f"{contract.percent:.6g} % ({contract.label})",
        contract.percent >= availability.percent - _ROUNDING_PERCENT,
        short="availability",
    )


def wanted_probability(targets: Targets) -> tuple[float, str]:
    """Return the probability with which a target must hold, and how a verdict says so."""
    if targets.confidence is None:
        return DEFAULT_CONFIDENCE, f"{DEFAULT_CONFIDENCE:g} wanted, since the plan does not say"
    return targets.confidence, f"{targets.confidence:g} wanted"


def chance_text(value: float, wanted: float, digits: int = 2) -> str:
    """Return a probability as text, with the digits that show on which side of a wanted one it lies.

    Parameters
    ----------
    value, wanted : float
        In [0, 1].
    digits : int
        At least.
    """
    while digits < _MOST_DIGITS and (round(value, digits) >= wanted) != (value >= wanted):
        digits += 1
    return f"{value:.{digits}f}"


def _simulated(
    assessed: Assessment, targets: Targets, availability: AvailabilityTarget, measure: Measure
) -> Verdict:
    outcome = assessed.by(measure)
    wanted, words = wanted_probability(targets)
    if availability.measured == "month":
        what, value, low, high = (
            "all 12 months of a year hold",
            outcome.all_months_hold.value,
            outcome.all_months_hold.low,
            outcome.all_months_hold.high,
        )
    else:
        breaks = outcome.year_breaks
        what, value, low, high = "a year holds", 1 - breaks.value, 1 - breaks.high, 1 - breaks.low
    return Verdict(
        f"availability {availability.percent:g} % {_window(availability)}, {MEASURE_WORDS[measure]}",
        f"probability {chance_text(value, wanted)} that {what} (95 % interval {low:.2f} to {high:.2f}; {words}); "
        f"{outcome.hours_per_year.value:.1f} h a year expected",
        value >= wanted,
        value,
        f"availability ({measure})",
    )


def _judged(assessed: Assessment, targets: Targets) -> Iterator[Verdict]:
    wanted, words = wanted_probability(targets)
    if targets.recovery_time_minutes is not None:
        target = f"recovery time (RTO) at most {targets.recovery_time_minutes:g} min"
        worst = min(assessed.recoveries, key=_chance_in_time, default=None)
        if worst is None or worst.within_target is None:
            yield Verdict(target, "no failure takes a region of this scenario", None, short="RTO")
        else:
            chance = worst.within_target
            yield Verdict(
                target,
                f"probability {chance_text(chance.value, wanted, 3)} ± {chance.standard_error:.3f} ({words}); "
                f"{worst.direction}: P50 {_minutes(worst, 50)}, P95 {_minutes(worst, 95)}, P99 {_minutes(worst, 99)}"
                f"{_with_repairs(assessed)}",
                chance.value >= wanted,
                chance.value,
                "RTO",
            )
    if targets.recovery_point_minutes is not None:
        target = f"recovery point (RPO) at most {targets.recovery_point_minutes:g} min"
        known = [each.lost_within_target for each in assessed.recoveries]
        chances = [chance for chance in known if chance is not None]
        if len(chances) < len(known) or not chances:
            why = "no replica in another region; what a backup loses is its age"
            yield Verdict(target, why, None, short="RPO")
        else:
            lost = [each.lost_s for each in assessed.recoveries if each.lost_s]
            text = f"; P99 {max(each[99] for each in lost):.0f} s of writes" if lost else "; no write is lost"
            yield Verdict(
                target,
                f"probability {chance_text(min(chances), wanted, 4)} ({words}){text}",
                min(chances) >= wanted,
                min(chances),
                "RPO",
            )
    if targets.latency_p95_ms is not None:
        for normal in (True, False):
            yield from _latency(assessed, targets.latency_p95_ms, normal=normal)


def _with_repairs(assessed: Assessment) -> str:
    """Return the same of all simulated calls, with what the numbers that are not sure leave open; empty if not drawn."""
    known = None if assessed.failovers is None else assessed.failovers.recovered_in_time
    if known is None or known.interval_of != "parameters" or not math.isfinite(known.value):
        return ""
    return (
        f"; of all calls, repairs that come first counted, {known.value:.2f} ({known.low:.2f} to {known.high:.2f} over the "
        "numbers drawn)"
    )


def _latency(assessed: Assessment, most_ms: float, *, normal: bool) -> Iterator[Verdict]:
    worst = assessed.worst_latency(normal=normal)
    short = "latency" if normal else "latency, region lost"
    state = f"in {NORMAL}" if normal else "after a region is lost"
    target = f"latency P95 at most {most_ms:g} ms {state}"
    met = worst is not None and worst.p95_ms is not None and worst.p95_ms <= most_ms
    unknown = assessed.latency_missing
    judges_normal = assessed.worst_latency(normal=True) is not None
    if unknown and (not judges_normal or (not normal and (worst is None or met))):
        if normal or judges_normal:  # where nothing can be judged, one line says why
            yield Verdict(target, unknown, None, short=short)
    elif worst is None:
        why = "no other region serves once its one region is lost"
        yield Verdict(target, why, None, short=short)
    else:
        yield Verdict(target, _slowest(worst), met, short=short)


def _slowest(worst: TenantLatency) -> str:
    where = f"{worst.tenants} answered by {worst.region}"
    if worst.state != NORMAL:
        where += f" with {worst.state}"
    if worst.p95_ms is None:
        return f"{where}: {worst.overloaded:.0%} of the requests come in overloaded hours"
    return f"{worst.p95_ms:.0f} ms at worst, {where}"


def _chance_in_time(recovery: Recovery) -> float:
    return 2.0 if recovery.within_target is None else recovery.within_target.value


def _minutes(recovery: Recovery, percent: int) -> str:
    seconds = recovery.recovered_s[percent].value
    return "never" if math.isinf(seconds) else f"{seconds / 60:.1f} min"
