"""Forecasts and comparisons as DataFrames; the only planning module that needs pandas to run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from agog_capacity.errors import NotInResult, nearest
from agog_capacity.frames import charge_columns, checked
from agog_capacity.planning.forecast import ATTRIBUTES, Forecast
from agog_capacity.planning.ledger import charge_blocks, contract_rows, finding_rows, summary_rows

if TYPE_CHECKING:
    from agog_capacity.planning.compare import Comparison
    from agog_capacity.report.tables import Table

_ATTRIBUTES = (*ATTRIBUTES, "month", "year")


def charges_frame(forecasts: Sequence[Forecast]) -> pd.DataFrame:
    """Return the charges of forecasts, one row for each month, component, meter and used tier.

    A meter that a component uses nothing of in a month keeps its first tier as a row at 0, so that
    what is free is seen.
    """
    committed = any(one.has_commitments for one in forecasts)
    contract = charge_columns(committed)
    blocks = [block for one in forecasts for block in charge_blocks(one, committed)]
    columns = (
        {name: np.concatenate([block.column(name) for block in blocks]) for name in contract}
        if blocks
        else {}
    )
    frame = pd.DataFrame(columns, columns=list(contract))
    frame["billing_period_start"] = pd.to_datetime(frame["billing_period_start"], utc=True)
    return checked(frame, contract, "the table of charges")


def frame_of(table: Table) -> pd.DataFrame:
    """Return a finished table as a frame, indexed by its first column; headings that stand twice are numbered."""
    names: list[str] = []
    for heading in table.headings:
        twice = sum(name.split(" #")[0] == heading.text for name in names)
        names.append(heading.text if not twice else f"{heading.text} #{twice + 1}")
    return pd.DataFrame(list(table.rows), columns=names).set_index(names[0])


def summary_frame(comparison: Comparison) -> pd.DataFrame:
    """Return one row a scenario, indexed by its name; columns as in `ledger.summary_rows`."""
    return pd.DataFrame(summary_rows(comparison)).set_index("scenario")


def verdict_frame(comparison: Comparison) -> pd.DataFrame:
    """Return one row a scenario and target, indexed by both; see `Comparison.verdict_frame`."""
    found = comparison.verdicts()
    rows = [
        {"scenario": one.name, "target": verdict.target, "verdict": verdict.word, "result": verdict.result}
        for one in comparison.forecasts
        for verdict in found[one.name]
    ]
    return pd.DataFrame(rows, columns=["scenario", "target", "verdict", "result"]).set_index(
        ["scenario", "target"]
    )


def findings_frame(comparison: Comparison) -> pd.DataFrame:
    """Return what the rules of feasibility found; see `Comparison.findings_frame`."""
    columns = (
        "scenario", "severity", "rule", "object", "found", "because", "repair", "source", "accepted", "stops",
    )  # fmt: skip
    return pd.DataFrame(finding_rows(comparison), columns=list(columns))


def contract_frame(comparison: Comparison) -> pd.DataFrame:
    """Return the parts of contractual availabilities; see `Comparison.contract_frame`."""
    columns = (
        "scenario", "component", "needed_by", "service", "tier", "configuration", "sla_percent",
        "credit_ladder", "source", "date", "confidence", "note",
    )  # fmt: skip
    return pd.DataFrame(contract_rows(comparison), columns=list(columns))


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


def commitments_frame(forecasts: Sequence[Forecast]) -> pd.DataFrame:
    """Return one row a scenario and commitment, with its measures; see `Comparison.commitments`."""
    from agog_capacity.planning.commitments import commitment_results

    names = (
        "scenario", "commitment", "what", "utilisation", "coverage", "billed", "used", "unused", "savings",
        "effective_savings_rate", "break_even", "paid_before",
    )  # fmt: skip
    rows = [
        (
            one.name, r.name, r.what, r.utilisation, r.coverage, r.billed, r.used, r.unused, r.savings,
            r.effective_savings_rate, r.break_even, r.paid_before,
        )
        for one in forecasts
        if one.has_commitments
        for r in commitment_results(one)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(names))


def simulated_frame(forecasts: Sequence[Forecast]) -> pd.DataFrame:
    """Return what the autoscalers did, one row a simulated pool; see `Comparison.simulated`."""
    names = ["scenario", "cluster", "pool", "minimum", "maximum", "mean_nodes", "peak_nodes"]
    rows = [
        (one.name, cluster, name, pool.minimum, pool.maximum, pool.mean_nodes, pool.peak_nodes)
        for one in forecasts
        for cluster, found in one.simulated.items()
        for name, pool in found.pools.items()
    ]
    return pd.DataFrame(rows, columns=names)


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
    return pd.DataFrame(columns).reindex(order).rename_axis(attribute)
