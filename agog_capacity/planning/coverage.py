"""Which charges each line of a stated table counts, and what it therefore counts twice.

A line counts a charge where its `covers` selects the charge *and* it states an amount where the
charge belongs: in the cell of the charge's region or, for a charge of no region and a line that
states only a total, in the total. So two lines that both select `redis-*`, one with an amount in
the first region and one in the second, count nothing twice.

What is counted twice is judged in two steps. A line of which every charge is counted by other
lines too adds nothing: its stated amount is the duplicate, and of several such lines the ones with
the fewest charges go first, so that the line that covers more is kept. Where the lines that are
left overlap only in part, nobody has stated what the shared part costs; the forecast's amount is
taken, at most what the line states, and this is said. Either way what is counted once and what is
counted twice add up to the stated lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agog_capacity.charges import Charge
from agog_capacity.errors import Problem, StatedTableError, nearest
from agog_capacity.planning.forecast import Forecast
from agog_capacity.planning.stated import COLUMNS, CURRENCIES, Selector, StatedLine, StatedTable


@dataclass(frozen=True)
class Coverage:
    """A stated table laid over the charges of a forecast.

    Attributes
    ----------
    table : StatedTable
    charges : tuple of Charge
    amounts : tuple of float
        Cost of each charge in an average month. [currency of the forecast]
    regions : mapping of str to str
        Region of each region column.
    counted : tuple of tuple of int
        For each line the charges that it counts.
    unstated : tuple of tuple of int
        For each line the charges that it selects without an amount where they belong.
    """

    table: StatedTable
    charges: tuple[Charge, ...]
    amounts: tuple[float, ...]
    regions: Mapping[str, str]
    counted: tuple[tuple[int, ...], ...]
    unstated: tuple[tuple[int, ...], ...]

    def column_of(self, charge: int) -> str | None:
        """Return the region column a charge belongs to; None where it compares with the total."""
        region = self.charges[charge].usage.region
        return next((column for column, name in self.regions.items() if name == region), None)

    def states(self, line: StatedLine, charge: int) -> bool:
        """Return whether a line states an amount where a charge belongs."""
        column = self.column_of(charge)
        return column is None or not line.regions or column in line.regions

    def cost(self, charges: Sequence[int]) -> float:
        """Return what some charges cost together in an average month."""
        return sum(self.amounts[charge] for charge in charges)

    def name(self, charge: int) -> str:
        """Return a charge as text: component and the provider's meter name."""
        usage = self.charges[charge].usage
        return f"{usage.component}/{usage.meter.meter}"


@dataclass(frozen=True)
class DoubleCount:
    """Charges that several lines count, and the amount that is in the table more than once."""

    line: int | None
    """The line that adds nothing; None where lines overlap only in part."""
    others: tuple[int, ...]
    """The other lines that count the charges; all of them where they overlap only in part."""
    charges: tuple[int, ...]
    by_line: Mapping[int, float]
    """What each line holds that another keeps. [currency]"""
    capped: bool = False
    """Whether the forecast's amount was cut to what the lines state."""

    @property
    def amount(self) -> float:
        """What is counted more than once. [currency]"""
        return sum(self.by_line.values())


def covered(table: StatedTable, forecast: Forecast) -> Coverage:
    """Find the charges of each line.

    Parameters
    ----------
    table : StatedTable
    forecast : Forecast

    Raises
    ------
    StatedTableError
        With every column that is not a region, every selector that selects no charge, and a
        currency sign that is not the forecast's.
    """
    problems: list[Problem] = []
    if table.sign and forecast.currency not in CURRENCIES[table.sign]:
        problems.append(
            table.problem(
                f"states amounts in {table.sign}, the forecast is in {forecast.currency}; convert them"
            )
        )
    regions = _regions(table, forecast, problems)
    chosen = [_selected(table, line, forecast, problems) for line in table.lines]
    if problems:
        raise StatedTableError(problems)
    amounts = tuple(float(charge.monthly_cost.mean()) for charge in forecast.charges)
    empty = Coverage(table, forecast.charges, amounts, regions, (), ())
    counted, unstated = [], []
    for line, charges in zip(table.lines, chosen, strict=True):
        counted.append(tuple(charge for charge in charges if empty.states(line, charge)))
        unstated.append(tuple(charge for charge in charges if not empty.states(line, charge)))
    return Coverage(table, forecast.charges, amounts, regions, tuple(counted), tuple(unstated))


def _regions(table: StatedTable, forecast: Forecast, problems: list[Problem]) -> dict[str, str]:
    """Return the region of each column, by its id or its title in any case."""
    known = forecast.scenario.design.regions
    choices = [*known, *(region.title for region in known.values()), *COLUMNS[2:]]
    found: dict[str, str] = {}
    for column in table.columns:
        wanted = column.casefold()
        fitting = [name for name in known if name.casefold() == wanted] or [
            name for name, region in known.items() if region.title.casefold() == wanted
        ]
        if len(fitting) == 1 and fitting[0] not in found.values():
            found[column] = fitting[0]
        elif len(fitting) == 1:
            message = f"is region {fitting[0]!r}, which another column is too; keep one"
            problems.append(table.problem(f"column {column!r} {message}"))
        elif fitting:
            message = f"is the title of several regions; use one of {', '.join(fitting)}"
            problems.append(table.problem(f"column {column!r} {message}"))
        else:
            message = f"is not a region of scenario {forecast.name!r}; {nearest(column, choices)}"
            problems.append(table.problem(f"column {column!r} {message}"))
    return found


def _selected(
    table: StatedTable, line: StatedLine, forecast: Forecast, problems: list[Problem]
) -> tuple[int, ...]:
    charges: set[int] = set()
    for selector in line.covers:
        fitting = {
            number
            for number, charge in enumerate(forecast.charges)
            if selector.selects(charge.usage.component, charge.usage.meter)
        }
        if not fitting:
            problems.append(table.problem(_selects_nothing(selector, forecast), line))
        charges |= fitting
    return tuple(sorted(charges))


def _selects_nothing(selector: Selector, forecast: Forecast) -> str:
    what = f"{selector.text[:120]!r} selects no charge of scenario {forecast.name!r}"
    usages = [charge.usage for charge in forecast.charges]
    meters = dict.fromkeys(u.meter.meter for u in usages if selector.selects_component(u.component))
    if meters:
        return f"{what}; among the meters of the component, {nearest(selector.meter.strip('*'), meters)}"
    components = dict.fromkeys(usage.component for usage in usages)
    return f"{what}; among the components, {nearest(selector.component, components)}"


def double_counts(coverage: Coverage) -> tuple[DoubleCount, ...]:
    """Find what the table counts more than once; the rule is in the docstring of the module.

    Parameters
    ----------
    coverage : Coverage

    Returns
    -------
    tuple of DoubleCount
        Their amounts never add up to more than the lines state.
    """
    remaining = [line.amount for line in coverage.table.lines]
    holders: dict[int, list[int]] = {}
    for line, charges in enumerate(coverage.counted):
        for charge in charges:
            holders.setdefault(charge, []).append(line)
    found = []
    for line in sorted(range(len(remaining)), key=lambda n: (len(coverage.counted[n]), -n)):
        charges = coverage.counted[line]
        if charges and all(len(holders[charge]) > 1 for charge in charges):
            others = sorted({other for charge in charges for other in holders[charge]} - {line})
            found.append(DoubleCount(line, tuple(others), charges, {line: remaining[line]}))
            remaining[line] = 0.0
            for charge in charges:
                holders[charge].remove(line)
    found.sort(key=lambda double: double.line or 0)
    return (*found, *_overlaps(coverage, holders, remaining))


def _overlaps(
    coverage: Coverage, holders: Mapping[int, list[int]], remaining: list[float]
) -> list[DoubleCount]:
    """Return the partial overlaps of the lines that are left, one for each set of lines."""
    shared: dict[tuple[int, ...], list[int]] = {}
    for charge in sorted(holders):
        if len(holders[charge]) > 1:
            shared.setdefault(tuple(holders[charge]), []).append(charge)
    found = []
    for lines, charges in shared.items():
        cost = coverage.cost(charges)
        # Each line holds the shared part once, and cannot hold more of it than it states.
        holds = {line: min(cost, remaining[line]) for line in lines}
        keeps = max(lines, key=lambda line: holds[line])
        twice = {line: held for line, held in holds.items() if line != keeps}
        for line, held in twice.items():
            remaining[line] -= held
        capped = any(held < cost for held in twice.values())
        found.append(DoubleCount(None, lines, tuple(charges), twice, capped))
    return found
