"""What reconciling a stated cost table finds, as records and in the words a reviewer reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from agog_capacity.planning.coverage import Coverage, DoubleCount
from agog_capacity.planning.forecast import Forecast
from agog_capacity.planning.stated import StatedLine, StatedTable

FindingKind = Literal[
    "arithmetic", "double count", "counted once", "not judged", "difference", "left out", "forecast"
]

CENT = 0.01
"""Amounts that are nearer than half of this are the same. [currency]"""

_NAMED_AT_MOST = 6


@dataclass(frozen=True)
class Finding:
    """One thing a reviewer should know."""

    kind: FindingKind
    lines: tuple[str, ...]
    """Labels of the lines it is about; empty where it is about the whole table."""
    amount: float
    """How much it is about. [currency per month]"""
    text: str


@dataclass(frozen=True)
class Cell:
    """One region of a line."""

    region: str
    column: str
    """The region as the table names it."""
    stated: float | None
    forecast: float | None
    """None where the line states nothing, or does not say what it covers."""

    @property
    def agrees(self) -> bool:
        """Whether what is stated is the forecast to the cent, or there is nothing to compare."""
        return self.stated is None or self.forecast is None or same(self.stated, self.forecast)


@dataclass(frozen=True)
class LineComparison:
    """A line of the table and what the forecast has for what it covers. [currency per month]"""

    label: str
    stated: float
    forecast: float | None
    """None where the line does not say what it covers."""
    cells: tuple[Cell, ...]
    covers: tuple[str, ...]
    counted_twice: float
    """Part of `stated` that another line holds too."""
    note: str

    @property
    def difference(self) -> float | None:
        """Forecast less stated."""
        return None if self.forecast is None else self.forecast - self.stated

    @property
    def difference_percent(self) -> float | None:
        """The difference in percent of what is stated; None where that is nothing. [%]"""
        return percent(self.stated, self.forecast)

    @property
    def counted_once(self) -> float:
        """What is stated, less what another line holds too."""
        return self.stated - self.counted_twice

    @property
    def agrees(self) -> bool:
        """Whether the total and every stated cell agree with the forecast to the cent."""
        whole = self.forecast is not None and same(self.stated, self.forecast)
        return whole and all(cell.agrees for cell in self.cells)


@dataclass(frozen=True)
class LeftOut:
    """A meter of a component that no line stands for."""

    component: str
    meter: str
    """Id of the meter, as in a price book."""
    regions: tuple[str, ...]
    amount: float
    """Cost in the forecast. [currency per month]"""
    assumptions: tuple[str, ...]
    """Names of the assumptions its quantity rests on."""
    stand_ins: tuple[str, ...]
    """What its price stands in with; empty where the price is exact."""
    selected_by: tuple[str, ...]
    """Lines that cover it but state nothing for its region."""


def findings(
    coverage: Coverage,
    doubles: Sequence[DoubleCount],
    lines: Sequence[LineComparison],
    left_out: Sequence[LeftOut],
    forecast: Forecast,
) -> tuple[Finding, ...]:
    """Return everything there is to say, in the order a reviewer reads.

    Parameters
    ----------
    coverage : Coverage
    doubles : sequence of DoubleCount
    lines : sequence of LineComparison
    left_out : sequence of LeftOut
    forecast : Forecast
    """
    found = list(_arithmetic(coverage.table))
    found += [_double_count(coverage, double) for double in doubles]
    found += _counted_once(coverage.table, doubles)
    found += [_difference(coverage, number, line) for number, line in enumerate(lines) if _differs(line)]
    if any(line.covers for line in lines):
        found.append(_left_out(coverage.table, left_out))
    found.append(_forecast(forecast, lines, left_out))
    return tuple(found)


def money(amount: float) -> str:
    """Return an amount with thousands separators and cents; never a negative zero."""
    return f"{round(amount, 2) + 0.0:,.2f}"


def same(one: float, other: float) -> bool:
    """Return whether two amounts are the same to the cent."""
    return abs(one - other) < CENT / 2


def percent(stated: float | None, forecast: float | None) -> float | None:
    """Return by how much a forecast is above what is stated, None where there is nothing to compare. [%]"""
    return 100 * (forecast / stated - 1) if stated and forecast is not None else None


def _arithmetic(table: StatedTable) -> Iterator[Finding]:
    yield _total(table)
    for column in table.columns if table.total is not None else ():
        stated, summed = (table.total.regions.get(column) if table.total else None), table.column_sum(column)
        if stated is not None and not same(stated, summed):
            text = f"the stated total of {column} is {money(stated)}; its column adds up to {money(summed)}"
            yield Finding("arithmetic", (), summed - stated, text)
    for line in table.lines:
        summed = sum(line.regions.values())
        if line.total is not None and line.regions and not same(line.total, summed):
            text = (
                f"{line.label!r} states {money(line.total)} in total; its regions add up to {money(summed)}, "
                f"{money(abs(line.total - summed))} {'less' if summed < line.total else 'more'}"
            )
            yield Finding("arithmetic", (line.label,), line.total - summed, text)
    without = [line for line in table.lines if line.total is None]
    if without:
        labels, amount = tuple(line.label for line in without), sum(line.amount for line in without)
        text = f"{_listed(map(repr, labels))} {_verb(labels, 'states', 'state')} no total; "
        text += f"the sum of the regions is taken ({money(amount)})"
        yield Finding("arithmetic", labels, amount, text)


def _total(table: StatedTable) -> Finding:
    """Say what the stated total is the sum of."""
    row, whole = table.total, table.total_column
    column = f"the Total column adds up to {money(whole)}"
    if row is None:
        return Finding("arithmetic", (), 0.0, f"the table states no total; {column}")
    read_as = f"{row.label!r}" + (f" in line {row.row}" if row.row else "") + " is read as the stated total"
    if row.total is None:
        return Finding("arithmetic", (), 0.0, f"{row.label!r} states no total; {column}")
    sums = [table.column_sum(name) for name in table.columns]
    regional, said = sum(sums), f"the stated total {money(row.total)} is"
    without = [line for line in table.lines if not line.regions]
    gap = sum(line.amount for line in without)
    if same(row.total, whole):
        text = f"{said} the sum of the Total column"
    elif sums and same(row.total, regional):
        text = f"{said} the sum of the regional columns ({' + '.join(map(_short, sums))}); "
        if same(whole - regional, gap):
            noun = "the line" if len(without) == 1 else f"the {len(without)} lines"
            text += f"it leaves out {noun} ({money(gap)}) that {_verb(without, 'has', 'have')} no region; "
        text += column
    else:
        gap, word = abs(whole - row.total), "less" if row.total < whole else "more"
        text = f"{said} {money(gap)} {word} than the Total column, which adds up to {money(whole)}"
        text += f"; the regional columns add up to {money(regional)}" if sums else ""
    return Finding("arithmetic", (), whole - row.total, f"{text} ({read_as})")


def _double_count(coverage: Coverage, double: DoubleCount) -> Finding:
    labels = [coverage.table.lines[number].label for number in double.others]
    names = _listed(dict.fromkeys(coverage.name(charge) for charge in double.charges))
    if double.line is not None:
        label = coverage.table.lines[double.line].label
        text = (
            f"{label!r} covers only what {_listed(map(repr, labels))} {_verb(labels, 'covers', 'cover')} too "
            f"({names}): its stated {money(double.amount)} is counted twice"
        )
        return Finding("double count", (label, *labels), double.amount, text)
    basis = "at most what they state" if double.capped else "the forecast's amount"
    text = (
        f"{_listed(map(repr, labels))} each cover {names} beside other things; no line states what it costs: "
        f"{money(double.amount)} is taken to be counted twice ({basis})"
    )
    return Finding("double count", tuple(labels), double.amount, text)


def _counted_once(table: StatedTable, doubles: Sequence[DoubleCount]) -> list[Finding]:
    silent = tuple(line.label for line in table.lines if not line.covers)
    found = []
    if len(silent) < len(table.lines):
        twice = sum(double.amount for double in doubles)
        once = table.total_column - twice
        text = (
            f"each thing counted once, the lines add up to {money(once)}: {money(table.total_column)} less "
            f"{money(twice)} counted twice"
            if doubles
            else f"no line covers what another covers too; the lines add up to {money(once)}"
        )
        found.append(Finding("counted once", (), once, text))
    if silent:
        amount = sum(line.amount for line in table.lines if not line.covers)
        text = (
            f"{_listed(map(repr, silent))} {_verb(silent, 'does', 'do')} not say in 'covers' what "
            f"{_verb(silent, 'it stands', 'they stand')} for: "
            f"{money(amount)} is neither compared nor judged; see the proposals"
        )
        found.append(Finding("not judged", silent, amount, text))
    return found


def _differs(line: LineComparison) -> bool:
    return line.forecast is not None and not line.agrees


def _difference(coverage: Coverage, number: int, line: LineComparison) -> Finding:
    text = f"{line.label!r}: {_step(line.stated, line.forecast)}"
    cells = [cell for cell in line.cells if cell.stated is not None and cell.forecast is not None]
    apart = [f"{cell.column} {_step(cell.stated, cell.forecast)}" for cell in cells if not cell.agrees]
    # One cell that is the whole line says nothing more.
    if apart and (len(cells) > 1 or not same(cells[0].stated or 0.0, line.stated)):
        text += f"; {'; '.join(apart)}"
    if not coverage.counted[number]:
        text += "; it states nothing for the regions of what it covers"
    return Finding("difference", (line.label,), line.difference or 0.0, text)


def _step(stated: float | None, forecast: float | None) -> str:
    """Return `stated 100.00, forecast 90.00: -10.00 (-10.0 %)`."""
    stated, forecast = stated or 0.0, forecast or 0.0
    share = percent(stated, forecast)
    suffix = f" ({share:+,.1f} %)" if share is not None else ""
    difference = f"{round(forecast - stated, 2) + 0.0:+,.2f}{suffix}"
    return f"stated {money(stated)}, forecast {money(forecast)}: {difference}"


def _left_out(table: StatedTable, left_out: Sequence[LeftOut]) -> Finding:
    total = sum(part.amount for part in left_out)
    if not left_out:
        return Finding("left out", (), 0.0, "the table leaves out nothing that the forecast has")
    by_component: dict[str, float] = {}
    for part in left_out:
        by_component[part.component] = by_component.get(part.component, 0.0) + part.amount
    ordered = sorted(by_component.items(), key=lambda item: -item[1])
    costly = [f"{name} {money(amount)}" for name, amount in ordered if not same(amount, 0)]
    silent = [line for line in table.lines if not line.covers]
    text = (
        f"no line says that it covers {money(total)} of the forecast"
        if silent
        else f"the table leaves out {money(total)} of the forecast"
    )
    text += f": {_listed(costly)}" if costly else ""
    text += "; the lines that do not say what they cover may stand for some of it" if silent else ""
    for words, amount in (
        ("rests on an assumption", sum(part.amount for part in left_out if part.assumptions)),
        ("is priced with a stand-in", sum(part.amount for part in left_out if part.stand_ins)),
    ):
        text += f"; {money(amount)} of it {words}" if not same(amount, 0) else ""
    selected = [part for part in left_out if part.selected_by and not same(part.amount, 0)]
    labels = tuple(dict.fromkeys(label for part in selected for label in part.selected_by))
    if selected:
        amount = sum(part.amount for part in selected)
        text += f"; {money(amount)} of it is selected by {_listed(map(repr, labels))} "
        text += "without an amount for its region"
    return Finding("left out", labels, total, text)


def _forecast(forecast: Forecast, lines: Sequence[LineComparison], left_out: Sequence[LeftOut]) -> Finding:
    whole, rest = forecast.cost_per_month, sum(part.amount for part in left_out)
    saying = [line for line in lines if line.forecast is not None]
    text = (
        f"the forecast of {forecast.name!r} costs {money(whole)} {forecast.currency} in an average month: "
        f"{money(whole - rest)} covered by lines, {money(rest)} not"
    )
    if saying:
        agreeing = sum(line.agrees for line in saying)
        text += f"; {agreeing} of {len(saying)} lines that say what they cover agree with it to the cent"
    return Finding("forecast", (), whole, text)


def _listed(texts: Iterable[str]) -> str:
    items = list(texts)
    if len(items) > _NAMED_AT_MOST + 1:
        items = [*items[:_NAMED_AT_MOST], f"{len(items) - _NAMED_AT_MOST} more"]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _verb(things: Sequence[str | StatedLine], one: str, many: str) -> str:
    return one if len(things) == 1 else many


def _short(amount: float) -> str:
    return f"{amount:,.0f}" if same(amount, round(amount)) else money(amount)
