"""Savings that scenarios promise one by one, against what they come to together: what was counted twice.

A reservation, a scale-down and spot that are each taken off the same machines cannot be added. Here each is a
scenario of the plan, and so is their combination, so the difference is measured instead of argued.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agog_capacity.report.tables import Heading, Table

if TYPE_CHECKING:
    from agog_capacity.planning.compare import Comparison


@dataclass(frozen=True, repr=False)
class Stacked:
    """Savings of scenarios alone and together. [currency per month]"""

    reference: str
    currency: str
    alone: Mapping[str, float]
    """What each scenario saves against the reference."""
    combined: str
    together: float
    """What the scenario saves that does all of it."""

    @property
    def added(self) -> float:
        """All savings added, as a table of ideas adds them."""
        return sum(self.alone.values())

    @property
    def counted_twice(self) -> float:
        """What the sum holds twice; negative where one makes another worth more."""
        return self.added - self.together

    def table(self) -> Table:
        """Return the savings, their sum, and what is left of it."""
        rows = (
            *self.alone.items(),
            ("added", self.added),
            ("counted twice", -self.counted_twice),
        )
        return Table(
            f"Savings a month against {self.reference}, {self.currency}",
            (Heading("scenario"), Heading("saves", signed=True)),
            rows,
            "Effective cost of an average month: with everything a reservation costs, used or not.",
            (f"together, {self.combined}", self.together),
        )

    def __repr__(self) -> str:
        """Return the table as text."""
        from agog_capacity.report.tables import text_table

        return text_table(self.table())

    def _repr_html_(self) -> str:
        from agog_capacity.report.tables import notebook_html

        return notebook_html([self.table()])


def stacked_scenarios(comparison: Comparison, alone: Sequence[str], combined: str) -> Stacked:
    """Hold savings of scenarios, one by one, against the scenario that has all of them.

    Parameters
    ----------
    comparison : Comparison
        Holds all of them; savings are against its reference.
    alone : sequence of str
        Scenarios with one saving each.
    combined : str
        Scenario with all of them.

    Returns
    -------
    Stacked

    Raises
    ------
    NotInResult
        If a scenario was not compared.
    """
    base = comparison.forecast(comparison.reference).cost_per_month
    savings = {name: base - comparison.forecast(name).cost_per_month for name in alone}
    together = base - comparison.forecast(combined).cost_per_month
    return Stacked(comparison.reference, comparison.plan.currency, savings, combined, together)
