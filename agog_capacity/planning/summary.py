"""The first table of a comparison: what each scenario costs, promises and misses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agog_capacity.planning.assessment import Assessment
from agog_capacity.report.tables import Cell, Heading, Table

if TYPE_CHECKING:
    from agog_capacity.planning.compare import Comparison


def unserved_hours(comparison: Comparison) -> dict[str, float]:
    """Return the simulated unserved demand of each scenario that could be assessed. [h/year]"""
    return {
        name: found.demand.hours_per_year.value
        for name, found in comparison.assessments.items()
        if isinstance(found, Assessment)
    }


def summary(comparison: Comparison) -> Table:
    """Return one row a scenario: cost, difference, contract, missed targets."""
    currency, verdicts = comparison.plan.currency, comparison.verdicts()
    reference = comparison.forecast(comparison.reference) if comparison.forecasts else None
    committed, unserved = comparison.has_commitments, unserved_hours(comparison)
    rows: list[tuple[Cell, ...]] = []
    for one in comparison.forecasts:
        base = reference.cost_per_month if reference is not None else 0.0
        difference = one.cost_per_month - base
        share = 100 * difference / base if base else None
        words = [v.short or v.target for v in verdicts[one.name] if v.met is False]
        missed = list(dict.fromkeys(word.split(" (")[0] for word in words))
        if unserved:
            unknown_ones = [v.short for v in verdicts[one.name] if v.met is None and v.short]
            missed += [f"{word} not judged" for word in unknown_ones]
        if one.contract.percent is None and comparison.plan.targets.availability is not None:
            missed.append("availability not judged")
        rows.append(
            (
                one.name,
                one.cost_per_month,
                *((float(one.monthly_billed.mean()),) if committed else ()),
                float(one.monthly_cost[:12].sum()),
                difference,
                share,
                one.contract.percent,
                *((unserved.get(one.name),) if unserved else ()),
                ", ".join(missed) or ("none" if verdicts[one.name] else "no targets"),
            )
        )
    rows += [
        (one.name, *[None] * (5 + committed + bool(unserved)), f"stopped by {one.reason}")
        for one in comparison.stopped
    ]
    upper = (
        "; two regions are an upper bound"
        if any(f.contract.upper_bound for f in comparison.forecasts)
        else ""
    )
    unknown = "".join(
        f"; {f.name}: {f.contract.label}" for f in comparison.forecasts if f.contract.percent is None
    )
    return Table(
        f"Scenarios, {currency}, {span_of(comparison)}",
        (
            Heading("scenario"),
            Heading(f"{cost_word(comparison).lower()} a month"),
            *((Heading("billed a month"),) if committed else ()),
            Heading(f"first {min(12, comparison.plan.months.count)} months"),
            Heading(f"against {comparison.reference}", signed=True),
            Heading("in %", decimals=1, signed=True),
            Heading("availability in %, contractual", decimals=4),
            *((Heading("unserved h a year, simulated", decimals=2),) if unserved else ()),
            Heading("missed targets"),
        ),
        tuple(rows),
        "A month is the average of the plan's months. Contractual availability is where refunds start, "
        f"not a forecast{upper}{unknown}."
        + (" Effective cost spreads what is bought ahead over its term." if committed else ""),
    )


def cost_word(comparison: Comparison) -> str:
    """Return which cost the tables show: with anything bought ahead it is not what is billed."""
    return "Effective cost" if comparison.has_commitments else "Cost"


def span_of(comparison: Comparison) -> str:
    """Return the months of a comparison in words."""
    span = comparison.plan.months
    length = "calendar months" if span.length == "calendar" else "months of 730 hours"
    return f"{span.count} {length} from {span.first}"
