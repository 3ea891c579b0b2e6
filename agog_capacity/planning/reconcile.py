"""Hold a stated cost table against a forecast: what is off, counted twice, left out.

Reconciling answers four questions in this order: does the table agree with itself, does it count
anything twice, does each line agree with what the forecast has for the same thing, and what does
the forecast have that no line stands for. Everything is per average month of the forecast, in its
currency. Two identities hold and are checked: what is counted once and what is counted twice add up
to the stated lines, and what is covered and what is left out add up to the forecast.

A line that does not say what it covers is never judged; for it there are proposals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agog_capacity.errors import AgogCapacityError
from agog_capacity.planning.coverage import Coverage, DoubleCount, covered, double_counts
from agog_capacity.planning.findings import CENT, Cell, Finding, LeftOut, LineComparison, findings
from agog_capacity.planning.forecast import Forecast, assumed
from agog_capacity.planning.proposals import Proposal, proposals
from agog_capacity.planning.stated import StatedTable, read_stated_costs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Finding", "LeftOut", "LineComparison", "Reconciliation", "read_stated_costs", "reconcile"]


@dataclass(frozen=True, repr=False)
class Reconciliation:
    """A stated cost table beside a forecast; amounts per average month in the forecast's currency.

    Attributes
    ----------
    table : StatedTable
    forecast : Forecast
    lines : tuple of LineComparison
        Each line of the table, and what the forecast has for what it covers.
    findings : tuple of Finding
        In words: arithmetic of the table, double counts, differences, what is left out.
    left_out : tuple of LeftOut
        What no line stands for, the largest first.
    proposals : tuple of Proposal
        For the lines that do not say what they cover.
    """

    table: StatedTable
    forecast: Forecast
    lines: tuple[LineComparison, ...]
    findings: tuple[Finding, ...]
    left_out: tuple[LeftOut, ...]
    proposals: tuple[Proposal, ...]

    @property
    def stated_total(self) -> float | None:
        """The total as the table states it, or None if it states none."""
        return self.table.total.total if self.table.total is not None else None

    @property
    def total_column(self) -> float:
        """What the lines of the table add up to."""
        return self.table.total_column

    @property
    def counted_twice(self) -> float:
        """What the lines hold that another line holds too."""
        return sum(line.counted_twice for line in self.lines)

    @property
    def counted_once(self) -> float:
        """What the lines add up to with each thing counted once."""
        return self.total_column - self.counted_twice

    @property
    def left_out_cost(self) -> float:
        """What the forecast has that no line stands for."""
        return sum(part.amount for part in self.left_out)

    @property
    def covered_cost(self) -> float:
        """What the forecast has that some line stands for."""
        return self.forecast.cost_per_month - self.left_out_cost

    def to_frame(self) -> pd.DataFrame:
        """Return one row a line, indexed by its label.

        Columns are amounts per month: `stated` and `forecast` with their difference (forecast −
        stated) and its percentage, `counted_twice`, and for each region of the table
        `stated_<region>` and `forecast_<region>`. What a line does not state, and the forecast of a
        line that does not say what it covers, is NaN. `covers` and `note` are text.
        """
        import pandas as pd

        rows = []
        for line in self.lines:
            row: dict[str, object] = {"line": line.label, "stated": line.stated, "forecast": line.forecast}
            row |= {"difference": line.difference, "difference_percent": line.difference_percent}
            row["counted_twice"] = line.counted_twice
            for cell in line.cells:
                row |= {f"stated_{cell.region}": cell.stated, f"forecast_{cell.region}": cell.forecast}
            rows.append(row | {"covers": "; ".join(line.covers), "note": line.note})
        frame = pd.DataFrame(rows).set_index("line")
        numbers = [name for name in frame.columns if name not in ("covers", "note")]
        return frame.astype(dict.fromkeys(numbers, "float64"))

    def __repr__(self) -> str:
        """Return the report as text: the findings, the lines, what is left out, the proposals."""
        from agog_capacity.planning.reconciliation_text import reconciliation_text

        return reconciliation_text(self)

    def _repr_html_(self) -> str:
        from agog_capacity.planning.reconciliation_text import reconciliation_html

        return reconciliation_html(self)


def reconcile(stated: StatedTable, forecast: Forecast) -> Reconciliation:
    """Hold a stated cost table against a forecast.

    Parameters
    ----------
    stated : StatedTable
        Amounts per month in the currency of the forecast.
    forecast : Forecast
        One scenario; its average month is compared.

    Returns
    -------
    Reconciliation

    Raises
    ------
    StatedTableError
        If a column is not a region of the scenario, a selector selects no charge of it, or the
        amounts carry the sign of another currency; with all such problems.

    Examples
    --------
    >>> result = reconcile(read_stated_costs("stated.csv"), forecast(plan, "active-passive"))  # doctest: +SKIP
    >>> result.counted_once, result.left_out_cost  # doctest: +SKIP
    """
    coverage = covered(stated, forecast)
    doubles = double_counts(coverage)
    lines = tuple(_line(coverage, doubles, number) for number in range(len(stated.lines)))
    left_out = _left_out(coverage, forecast)
    result = Reconciliation(
        table=stated,
        forecast=forecast,
        lines=lines,
        findings=findings(coverage, doubles, lines, left_out, forecast),
        left_out=left_out,
        proposals=proposals(coverage, forecast.scenario.design),
    )
    _check(result, coverage, doubles)
    return result


def _line(coverage: Coverage, doubles: tuple[DoubleCount, ...], number: int) -> LineComparison:
    line, charges = coverage.table.lines[number], coverage.counted[number]
    cells = []
    for column, region in coverage.regions.items():
        stated = line.regions.get(column)
        own = coverage.cost([charge for charge in charges if coverage.column_of(charge) == column])
        # A line that states only a total has no cells to compare.
        cells.append(Cell(region, column, stated, own if stated is not None and line.covers else None))
    return LineComparison(
        label=line.label,
        stated=line.amount,
        forecast=coverage.cost(charges) if line.covers else None,
        cells=tuple(cells),
        covers=tuple(selector.text for selector in line.covers),
        counted_twice=sum(double.by_line.get(number, 0.0) for double in doubles),
        note=line.note,
    )


def _left_out(coverage: Coverage, forecast: Forecast) -> tuple[LeftOut, ...]:
    counted = {charge for charges in coverage.counted for charge in charges}
    groups: dict[tuple[str, str], list[int]] = {}
    for number, charge in enumerate(coverage.charges):
        if number not in counted:
            groups.setdefault((charge.usage.component, charge.usage.meter.text), []).append(number)
    found = []
    for (component, meter), numbers in groups.items():
        charges = [coverage.charges[number] for number in numbers]
        assumptions = dict.fromkeys(a.name for charge in charges for a in assumed(forecast, charge))
        stand_ins = dict.fromkeys(c.price.stand_in.describe() for c in charges if c.price.stand_in)
        selected_by = [
            line.label
            for line, charges_ in zip(coverage.table.lines, coverage.unstated, strict=True)
            if set(charges_) & set(numbers)
        ]
        found.append(
            LeftOut(
                component=component,
                meter=meter,
                regions=tuple(dict.fromkeys(charge.usage.region for charge in charges)),
                amount=coverage.cost(numbers),
                assumptions=tuple(assumptions),
                stand_ins=tuple(stand_ins),
                selected_by=tuple(selected_by),
            )
        )
    return tuple(sorted(found, key=lambda part: -part.amount))


def _check(result: Reconciliation, coverage: Coverage, doubles: tuple[DoubleCount, ...]) -> None:
    """Check that the parts add up to the whole, on both sides of the table."""
    counted = {charge for charges in coverage.counted for charge in charges}
    once = sum(line.counted_once for line in result.lines)
    twice = sum(double.amount for double in doubles)
    both_sides = (
        (result.total_column, once + twice),
        (result.forecast.cost_per_month, coverage.cost(sorted(counted)) + result.left_out_cost),
    )
    for whole, parts in both_sides:
        if not math.isclose(whole, parts, rel_tol=1e-9, abs_tol=CENT / 100):
            raise AgogCapacityError(
                "the parts of a reconciliation do not add up; please report this as a defect"
            )
