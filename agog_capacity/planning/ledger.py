"""Charges and summaries as plain rows, for frames and files alike; needs no pandas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from agog_capacity.planning.forecast import Forecast, assumed
from agog_capacity.planning.summary import unserved_hours

if TYPE_CHECKING:
    from agog_capacity.charges import Charge
    from agog_capacity.planning.compare import Comparison


@dataclass(frozen=True)
class ChargeBlock:
    """Rows of charges of one meter and tier: most columns hold one value throughout."""

    rows: int
    values: Mapping[str, Any]
    """By column: an array of shape (rows,), or the value of all rows."""

    def column(self, name: str) -> NDArray[Any]:
        """Return a column, shape (rows,)."""
        value = self.values[name]
        if isinstance(value, np.ndarray):
            return value
        return np.full(self.rows, value, dtype=None if isinstance(value, float) else object)


def charge_blocks(forecast: Forecast, committed: bool = False) -> Iterator[ChargeBlock]:
    """Yield the charges of a forecast, one block for each meter and used tier.

    Columns are those of `agog_capacity.frames.charge_columns(committed)`. A meter that a component uses nothing
    of in a month keeps its first tier as a row at 0, so that what is free is seen.

    Parameters
    ----------
    forecast : Forecast
    committed : bool
        Whether the rows say to which commitment they belong.
    """
    starts = np.array([s.replace(tzinfo=None) for s in forecast.months.starts], dtype="datetime64[s]")
    for charge in forecast.charges:
        yield from _blocks(forecast, charge, starts, committed)


def _blocks(
    forecast: Forecast, charge: Charge, starts: NDArray[Any], committed: bool
) -> Iterator[ChargeBlock]:
    usage, price = charge.usage, charge.price
    idle = charge.quantity.sum(axis=0) == 0
    constant = {
        "scenario": forecast.name,
        "component": usage.component,
        "kind": usage.kind,
        "region_id": usage.region,
        "service_name": usage.meter.service,
        "product_family": usage.meter.family,
        "sku_id": usage.meter.sku,
        "meter": usage.meter.meter,
        "price_region": usage.price_region,
        "price_found_region": price.schedule.key.region,
        "pricing_category": usage.purchase_option,
        "term": usage.term,
        "pricing_unit": usage.unit if price.schedule.lump else price.schedule.base,
        "billing_currency": price.currency,
        "price_book": price.book,
        "stand_in": price.stand_in.describe() if price.stand_in else "",
        "assumption": any(True for _ in assumed(forecast, charge)),
    }
    if committed:
        bought = charge.status == "purchase"
        constant |= {
            "charge_category": "Purchase" if bought else "Usage",
            "commitment_discount_id": charge.commitment,
            "commitment_discount_status": "" if bought else charge.status.capitalize(),
        }
    for tier, row in enumerate(price.schedule.tiers):
        keep = (charge.quantity[tier] > 0) | (idle if tier == 0 else False)
        count = int(keep.sum())
        if not count:
            continue
        # Costs that are equal are one array, which a writer writes once.
        views = {
            id(costs): costs
            for costs in (charge.cost, charge.contracted_cost, charge.billed_cost, charge.effective_cost)
        }
        shown = {key: cost[tier][keep] for key, cost in views.items()}
        values = {
            **constant,
            "billing_period_start": starts[keep],
            "tier_start": float(row.tier_start),
            "pricing_quantity": charge.quantity[tier][keep],
            "list_unit_price": float(charge.unit_price[tier]),
            "list_cost": shown[id(charge.cost)],
            "contracted_cost": shown[id(charge.contracted_cost)],
            "billed_cost": shown[id(charge.billed_cost)],
            "effective_cost": shown[id(charge.effective_cost)],
            "price_date": row.effective_date or row.source_date,
            "price_source": row.source,
            "note": "; ".join(t for t in (charge.note, row.note) if t),
        }
        yield ChargeBlock(count, values)


def summary_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """Return one row a scenario.

    `cost_…` and `difference_per_month` are in the plan's currency, percentages in percent; what is
    not known is NaN.
    """
    reference = comparison.forecast(comparison.reference).cost_per_month if comparison.forecasts else 0.0
    rows = []
    found = comparison.verdicts()
    unserved = unserved_hours(comparison)
    for one in comparison.forecasts:
        missed = [v.target for v in found[one.name] if v.met is False]
        percent = one.contract.percent
        rows.append(
            {
                "scenario": one.name,
                "title": one.scenario.title,
                "cost_per_month": one.cost_per_month,
                **(
                    {"billed_per_month": float(one.monthly_billed.mean())}
                    if comparison.has_commitments
                    else {}
                ),
                "cost_first_12_months": float(one.monthly_cost[:12].sum()),
                "cost_total": one.total_cost,
                "difference_per_month": one.cost_per_month - reference,
                "difference_percent": 100 * (one.cost_per_month / reference - 1)
                if reference
                else float("nan"),
                "availability_contractual_percent": percent if percent is not None else float("nan"),
                "availability_label": one.contract.label,
                "unserved_h_per_year": unserved.get(one.name, float("nan")),
                "missed_targets": "; ".join(missed),
                "assumptions": "; ".join(found.name for found in one.assumptions()),
                "stand_ins": "; ".join(
                    f"{charge.usage.meter.text} in {charge.usage.price_region}: {stand_in.describe()}"
                    for stand_in, charge in one.stand_ins()
                ),
                "currency": one.currency,
                "findings": "; ".join(dict.fromkeys(f.rule.id for f in one.feasibility.findings)),
                "stopped_by": "",
            }
        )
    for stopped in comparison.stopped:
        unknown = dict.fromkeys(_NUMBERS, float("nan"))
        words = dict.fromkeys(("availability_label", "missed_targets", "assumptions", "stand_ins"), "")
        rows.append(
            {
                "scenario": stopped.name,
                "title": stopped.scenario.title,
                **unknown,
                **words,
                "currency": comparison.plan.currency,
                "findings": "; ".join(dict.fromkeys(f.rule.id for f in stopped.feasibility.findings)),
                "stopped_by": stopped.reason,
            }
        )
    return rows


_NUMBERS = (
    "cost_per_month", "cost_first_12_months", "cost_total", "difference_per_month", "difference_percent",
    "availability_contractual_percent", "unserved_h_per_year",
)  # fmt: skip


def finding_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """Return what the rules of feasibility found, one row a scenario, rule and object."""
    return [
        {
            "scenario": name,
            "severity": finding.rule.severity,
            "rule": finding.rule.id,
            "object": finding.subject,
            "found": f"{finding.rule.service}: {finding.rule.feature}: {finding.rule.supported}",
            "because": finding.because,
            "repair": finding.rule.repair,
            "source": finding.source_text,
            "accepted": finding.accepted,
            "stops": finding.stops,
        }
        for name, feasible in comparison.feasibilities().items()
        for finding in feasible.findings
    ]


def contract_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the parts of each scenario's contractual availability, one row a scenario and part."""
    return [
        {
            "scenario": one.name,
            "component": part.component,
            "needed_by": part.branch or "every request",
            "service": part.published.level.service,
            "tier": part.published.level.tier,
            "configuration": part.published.level.configuration,
            "sla_percent": float(part.published.percent)
            if part.published.percent is not None
            else float("nan"),
            "credit_ladder": part.published.ladder_text or "not known",
            "source": part.published.source,
            "date": part.published.date or "undated",
            "confidence": part.published.confidence,
            "note": part.published.note,
        }
        for one in comparison.forecasts
        for part in one.contract.parts
    ]
