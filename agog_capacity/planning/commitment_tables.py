"""What was bought ahead in the scenarios of a comparison, as a finished table and charts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from agog_capacity.planning.commitments import commitment_results
from agog_capacity.report.tables import Cell, Heading, Table

if TYPE_CHECKING:
    from agog_capacity.planning.compare import Comparison
    from agog_capacity.planning.forecast import Forecast
    from agog_capacity.report.charts import Specification

PAYBACK = "payback"
"""Name of the chart; on a page one a scenario."""
_MOST_LINES = 8
"""More cannot be told apart in print."""


def commitments(forecasts: Iterable[Forecast]) -> Table:
    """Return the measures of each commitment: use, waste and savings, in the plan's months."""
    shown = [(one, found) for one in forecasts if one.has_commitments for found in commitment_results(one)]
    sunk = any(found.paid_before for _, found in shown)
    rows: list[tuple[Cell, ...]] = []
    for one, found in shown:
        rows.append(
            (
                one.name,
                found.name,
                found.what,
                _percent(found.utilisation),
                _percent(found.coverage),
                found.billed,
                found.used,
                found.unused,
                *((found.paid_before,) if sunk else ()),
                found.savings,
                _percent(found.effective_savings_rate),
                found.paid_back,
            )
        )
    return Table(
        f"Bought ahead, {', '.join(sorted({one.currency for one, _ in shown}))} over the plan's months",
        (
            Heading("scenario"),
            Heading("commitment"),
            Heading("what"),
            Heading("used in %", decimals=1),
            Heading("covers in %", decimals=1),
            Heading("billed"),
            Heading("used"),
            Heading("unused"),
            *((Heading("paid before"),) if sunk else ()),
            Heading("saves", signed=True),
            Heading("rate in %", decimals=1, signed=True),
            Heading("paid back"),
        ),
        tuple(rows),
        "Covers: share of that usage, in money on demand; of logs, on pay as you go. Rate: savings as a share of all of it "
        "on demand, the effective savings rate. Unused is a charge of its own, under the name of the commitment. Billed and "
        "paid back are cash; used, unused and saves are accrual: each term spread over its days. Paid back: first month, "
        "from the first payment on, at whose end no more was paid than on demand would have cost"
        + (
            ", both without what was paid before the plan; its effective cost in the plan's months stands under paid before "
            "and is in used, unused and saves."
            if sunk
            else "."
        ),
    )


def payback_chart(comparison: Comparison, scenario: str | None = None) -> Specification:
    """Return when the payments of each commitment of a scenario, and of all together, are back.

    Parameters
    ----------
    comparison : Comparison
    scenario : str, optional
        The first one that has bought something ahead if left out.

    Raises
    ------
    NotInResult
        If there is no such scenario.
    """
    from agog_capacity.planning.presentation import source_of
    from agog_capacity.report.commitment_charts import payback_lines

    bought = [one for one in comparison.forecasts if one.has_commitments]
    chosen = comparison.forecast(scenario) if scenario is not None else next(iter(bought), None)
    results = () if chosen is None else commitment_results(chosen)
    of_all, each = results[-1:], results[:-1] or results
    shown = sorted(each, key=lambda one: -one.billed)[:_MOST_LINES]
    rest = f", the {_MOST_LINES} of {len(each)} with most billed" if len(each) > len(shown) else ""
    curves = {one.name: one.payback.tolist() for one in (*shown, *of_all)}
    return payback_lines(
        f"{chosen.name if chosen else comparison.plan.title}: cost on demand avoided less payments{rest}",
        comparison.plan.months.labels,
        curves,
        axis=comparison.plan.currency,
        source=source_of(comparison),
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
