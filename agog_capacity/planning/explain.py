"""Unfold a number to its parts: meter, tier, quantity, price row with source and date, stand-in, assumption."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.charges import Charge
from agog_capacity.errors import NotInResult, nearest
from agog_capacity.planning.forecast import Forecast, assumed

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Part:
    """One tier of one meter of one component, and everything its cost rests on."""

    component: str
    region: str
    meter: str
    tier: str
    """Bounds of the graduated tier, empty where there is one tier only."""
    quantity: float
    unit: str
    unit_price: float
    """Price of one unit. [currency per unit]"""
    cost: float
    """Cost in the months asked for. [currency]"""
    rule: str
    """How the quantity comes about."""
    price_row: str
    """The row of the book: region, unit price as sold, purchase option."""
    book: str
    price_date: str
    source: str
    stand_in: str
    assumptions: str
    note: str


@dataclass(frozen=True, repr=False)
class Explanation:
    """A number and the parts it is the sum of."""

    title: str
    months: str
    currency: str
    parts: tuple[Part, ...]
    promises: tuple[str, ...] = ()
    """The SLA, with credits, source and age, of each component that is explained, and the rules that fire on it."""

    @property
    def cost(self) -> float:
        """Sum of the parts. [currency]"""
        return sum(part.cost for part in self.parts)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a part."""
        import pandas as pd

        return pd.DataFrame([asdict(part) for part in self.parts])

    def __repr__(self) -> str:
        """Return the parts as an indented text."""
        lines = [f"{self.title}, {self.months}: {self.cost:,.2f} {self.currency}"]
        for part in self.parts:
            tier = f" [{part.tier}]" if part.tier else ""
            lines.append(f"  {part.component}, {part.region}: {part.cost:,.2f}  {part.meter}{tier}")
            lines.append(f"    {part.quantity:,.10g} {part.unit} x {part.unit_price:.9g}  ({part.rule})")
            lines.append(f"    price: {part.price_row}; book {part.book} of {part.price_date}; {part.source}")
            for label, text in (
                ("stand-in", part.stand_in),
                ("assumed", part.assumptions),
                ("note", part.note),
            ):
                if text:
                    lines.append(f"    {label}: {text}")
        return "\n".join([*lines, *(f"  {promise}" for promise in self.promises)])

    def _repr_html_(self) -> str:
        from agog_capacity.planning.presentation import parts
        from agog_capacity.report.tables import notebook_html

        return notebook_html([parts(self)])


def explain(
    forecast: Forecast, *, component: str | None = None, region: str | None = None, month: str | None = None
) -> Explanation:
    """Unfold a cost of a forecast.

    Parameters
    ----------
    forecast : Forecast
    component : str, optional
        Only this component.
    region : str, optional
        Only this region; `global` for services without one.
    month : str, optional
        Only this month, such as `2027-01`; all months together if left out.

    Returns
    -------
    Explanation

    Raises
    ------
    NotInResult
        If the forecast has no such component, region or month; the message names the nearest.
    """
    usages = [charge.usage for charge in forecast.charges]
    names = dict.fromkeys([*forecast.scenario.design.components, *(usage.component for usage in usages)])
    _must_exist("component", component, list(names))
    _must_exist("region", region, [usage.region for usage in usages])
    _must_exist("month", month, forecast.months.labels)
    chosen = [
        charge
        for charge in forecast.charges
        if component in (None, charge.usage.component) and region in (None, charge.usage.region)
    ]
    first = 0 if month is None else forecast.months.labels.index(month)
    window = slice(first, forecast.months.count if month is None else first + 1)
    parts = tuple(part for charge in chosen for part in _parts(forecast, charge, window))
    title = " ".join(part for part in (forecast.name, component or "", region or "") if part)
    span = f"all {forecast.months.count} months from {forecast.months.first}" if month is None else month
    return Explanation(title, span, forecast.currency, parts, tuple(_promises(forecast, component, region)))


def _must_exist(what: str, wanted: str | None, choices: list[str] | tuple[str, ...]) -> None:
    if wanted is not None and wanted not in choices:
        raise NotInResult(f"the forecast has no {what} {wanted!r}; {nearest(wanted, choices)}")


def _promises(forecast: Forecast, component: str | None, region: str | None) -> Iterator[str]:
    def asked(name: str) -> bool:
        known = forecast.scenario.design.components.get(name)
        there = region is None or (known is not None and known.region == region)
        return there and component in (None, name)

    for part in forecast.contract.parts:
        if asked(part.component):
            level = part.published
            credit = level.ladder_text or "not known"
            note = f"; {level.note.rstrip('.')}" if level.note else ""
            yield (
                f"SLA of {part.component}: {level.percent} % of a month ({', '.join(level.level)}); credits, below "
                f"%: % of its fee: {credit}; {level.source}, {level.date or 'undated'}, {level.confidence}{note}"
            )
    for finding in forecast.feasibility.findings:
        if asked(finding.subject):
            yield f"rule: {finding}"


def _parts(forecast: Forecast, charge: Charge, window: slice) -> Iterator[Part]:
    usage, price = charge.usage, charge.price
    tiers = price.schedule.tiers
    quantities = charge.quantity[:, window].sum(axis=1)
    costs = charge.effective_cost[:, window].sum(axis=1)
    used = np.flatnonzero(quantities)
    starts = price.schedule.tier_starts
    for tier in used if len(used) else [0]:
        row = tiers[tier]
        upper = f"{starts[tier + 1]:,.12g}" if tier + 1 < len(starts) else "…"
        sold = f"{row.unit_price:.9g} {row.currency} per {row.unit}"
        yield Part(
            component=usage.component,
            region=usage.region,
            meter=usage.meter.text,
            tier=f"{starts[tier]:,.12g} to {upper} {price.schedule.base}" if len(starts) > 1 else "",
            quantity=float(quantities[tier]),
            unit=usage.unit if price.schedule.lump else price.schedule.base,
            unit_price=float(charge.unit_price[tier]),
            cost=float(costs[tier]),
            rule=usage.rule,
            price_row=f"{sold}, {row.key.region}, {row.key.purchase_option} {row.key.term}".rstrip(),
            book=price.book,
            price_date=row.effective_date or row.source_date or "undated",
            source=row.source + (f" ({row.derived})" if row.derived else ""),
            stand_in=f"{price.stand_in.describe()}: {price.stand_in.because}" if price.stand_in else "",
            assumptions="; ".join(f"{a.name} = {a.value}" for a in assumed(forecast, charge)),
            note="; ".join(text for text in (charge.note, row.note) if text),
        )
