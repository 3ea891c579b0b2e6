"""What was bought ahead in the scenarios of a comparison, as a finished table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from agog_capacity.planning.commitments import commitment_results
from agog_capacity.report.tables import Cell, Heading, Table

if TYPE_CHECKING:
    from agog_capacity.planning.forecast import Forecast


def commitments(forecasts: Iterable[Forecast]) -> Table:
    """Return the measures of each commitment: use, waste and savings, in the plan's months."""
    rows: list[tuple[Cell, ...]] = []
    currencies = set()
    for one in forecasts:
        if not one.has_commitments:
            continue
        currencies.add(one.currency)
        for found in commitment_results(one):
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
                    found.savings,
                    _percent(found.effective_savings_rate),
                    found.paid_back,
                )
            )
    return Table(
        f"Bought ahead, {', '.join(sorted(currencies))} over the plan's months",
        (
            Heading("scenario"),
            Heading("commitment"),
            Heading("what"),
            Heading("used in %", decimals=1),
            Heading("covers in %", decimals=1),
            Heading("billed"),
            Heading("used"),
            Heading("unused"),
            Heading("saves", signed=True),
            Heading("rate in %", decimals=1, signed=True),
            Heading("paid back"),
        ),
        tuple(rows),
        "Covers: share of that usage, in money on demand. Rate: savings as a share of all of it on demand, the effective "
        "savings rate. Unused is a charge of its own, under the name of the commitment. Paid back: first month, from the "
        "first payment on, at whose end no more was paid than on demand would have cost.",
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
