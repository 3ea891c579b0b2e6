"""Forecasts and comparisons as DataFrames; the only planning module that needs pandas to run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from agog_capacity.errors import NotInResult, nearest
from agog_capacity.frames import CHARGES, checked
from agog_capacity.planning.forecast import Forecast, assumed
from agog_capacity.planning.verdicts import verdicts

if TYPE_CHECKING:
    from agog_capacity.charges import Charge
    from agog_capacity.planning.compare import Comparison

_ATTRIBUTES = ("component", "region", "kind", "month", "year")


def charges_frame(forecasts: Sequence[Forecast]) -> pd.DataFrame:
    """Return the charges of forecasts, one row for each month, component, meter and used tier.

    A meter that a component uses nothing of in a month keeps its first tier as a row at 0, so that
    what is free is seen.
    """
    blocks = [block for one in forecasts for charge in one.charges for block in _blocks(one, charge)]
    columns = (
        {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]} if blocks else {}
    )
    frame = pd.DataFrame(columns, columns=list(CHARGES))
    frame["billing_period_start"] = pd.to_datetime(frame["billing_period_start"], utc=True)
    return checked(frame, CHARGES, "the table of charges")


def _blocks(forecast: Forecast, charge: Charge) -> Iterator[dict[str, Any]]:
    usage, price = charge.usage, charge.price
    starts = np.array([s.replace(tzinfo=None) for s in forecast.months.starts], dtype="datetime64[s]")
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
        "pricing_category": usage.purchase_option,
        "term": usage.term,
        "pricing_unit": usage.unit if price.schedule.lump else price.schedule.base,
        "billing_currency": price.currency,
        "price_book": price.book,
        "stand_in": price.stand_in.describe() if price.stand_in else "",
        "assumption": any(True for _ in assumed(forecast, charge)),
    }
    for tier, row in enumerate(price.schedule.tiers):
        keep = (charge.quantity[tier] > 0) | (idle if tier == 0 else False)
        count = int(keep.sum())
        if not count:
            continue
        cost = charge.cost[tier][keep]
        block: dict[str, Any] = {
            name: np.full(count, value, dtype=object) for name, value in constant.items()
        }
        block |= {
            "billing_period_start": starts[keep],
            "tier_start": np.full(count, row.tier_start),
            "pricing_quantity": charge.quantity[tier][keep],
            "list_unit_price": np.full(count, charge.unit_price[tier]),
            "list_cost": cost,
            "contracted_cost": cost,
            "billed_cost": cost,
            "effective_cost": cost,
            "price_date": np.full(count, row.effective_date or row.source_date, dtype=object),
            "price_source": np.full(count, row.source, dtype=object),
            "note": np.full(count, "; ".join(t for t in (charge.note, row.note) if t), dtype=object),
        }
        yield block


def summary_frame(comparison: Comparison) -> pd.DataFrame:
    """Return one row a scenario, indexed by its name.

    Columns are amounts in the plan's currency (`cost_…`, `difference_…`), the contractual
    availability in percent with its label, and the targets that are missed.
    """
    reference = comparison.forecast(comparison.reference)
    first_year = slice(0, min(12, comparison.plan.months.count))
    rows = []
    for one in comparison.forecasts:
        monthly = one.monthly_cost
        missed = [v.target for v in verdicts(one, comparison.plan.targets) if v.met is False]
        rows.append(
            {
                "scenario": one.name,
                "title": one.scenario.title,
                "cost_per_month": one.cost_per_month,
                "cost_first_12_months": float(monthly[first_year].sum()),
                "cost_total": one.total_cost,
                "difference_per_month": one.cost_per_month - reference.cost_per_month,
                "difference_percent": 100 * (one.cost_per_month / reference.cost_per_month - 1)
                if reference.cost_per_month
                else float("nan"),
                "availability_contractual_percent": one.contract.percent
                if one.contract.percent is not None
                else float("nan"),
                "availability_label": one.contract.label,
                "missed_targets": "; ".join(missed),
                "currency": one.currency,
            }
        )
    return pd.DataFrame(rows).set_index("scenario")


def verdict_frame(comparison: Comparison) -> pd.DataFrame:
    """Return one row a scenario and target, indexed by both; see `Comparison.verdict_frame`."""
    rows = [
        {"scenario": one.name, "target": verdict.target, "verdict": verdict.word, "result": verdict.result}
        for one in comparison.forecasts
        for verdict in verdicts(one, comparison.plan.targets)
    ]
    return pd.DataFrame(rows, columns=["scenario", "target", "verdict", "result"]).set_index(["scenario", "target"])


def stand_in_frame(forecasts: Sequence[Forecast]) -> pd.DataFrame:
    """Return the stand-ins in use, one row a meter and region; see `Comparison.stand_ins`."""
    rows = {
        (charge.usage.meter.text, charge.usage.price_region): {
            "meter": charge.usage.meter.text,
            "region": charge.usage.price_region,
            "used_instead": stand_in.describe(),
            "because": stand_in.because,
        }
        for one in forecasts
        for stand_in, charge in one.stand_ins()
    }
    return pd.DataFrame(list(rows.values()), columns=["meter", "region", "used_instead", "because"])


def cost_frame(comparison: Comparison, attribute: str) -> pd.DataFrame:
    """Return costs by an attribute, one column a scenario; see `Comparison.by`."""
    if attribute not in _ATTRIBUTES:
        raise NotInResult(f"costs cannot be shown by {attribute!r}; {nearest(attribute, _ATTRIBUTES)}")
    months = comparison.plan.months
    columns: dict[str, dict[Any, float]] = {}
    for one in comparison.forecasts:
        if attribute in ("month", "year"):
            keys = months.labels if attribute == "month" else months.years
            series: dict[Any, float] = {}
            for key, cost in zip(keys, one.monthly_cost, strict=True):
                series[key] = series.get(key, 0.0) + float(cost)
            columns[one.name] = series
        else:
            columns[one.name] = one.cost_by(attribute)
    order = list(dict.fromkeys(key for series in columns.values() for key in series))
    frame = pd.DataFrame(columns).reindex(order)
    # A component that a scenario does not have costs it nothing: that zero is a fact, not a gap.
    return frame.fillna(0.0).rename_axis(attribute)
