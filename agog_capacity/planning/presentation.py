"""Results as finished tables and charts. Rounds and words what was computed; computes nothing new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from agog_capacity.errors import NotInResult, nearest
from agog_capacity.planning.summary import cost_word, span_of
from agog_capacity.report.charts import Specification, grouped_bars, lines, waterfall
from agog_capacity.report.tables import Cell, Heading, Table

if TYPE_CHECKING:
    from agog_capacity.planning.compare import Comparison
    from agog_capacity.planning.explain import Explanation, Part
    from agog_capacity.planning.forecast import Forecast

CHARTS = ("cost_by_component", "cost_by_region", "cost_by_month", "waterfall")
"""Charts a comparison can draw."""


def cost_of(forecast: Forecast) -> Table:
    """Return what a month of one scenario costs on average, by component."""
    amounts = forecast.cost_by("component")
    rows: tuple[tuple[Cell, ...], ...] = tuple(amounts.items())
    return Table(
        f"{forecast.scenario.title}: {'effective ' * forecast.has_commitments}cost of an average month, {forecast.currency}",
        (Heading("component"), Heading("cost a month", decimals=2)),
        rows,
        f"{forecast.months.count} months from {forecast.months.first}.",
        ("sum", forecast.cost_per_month),
    )


def costs(comparison: Comparison, attribute: str) -> Table:
    """Return the average cost of a month by component, region or kind, one column a scenario."""
    amounts = _amounts(comparison, attribute)
    keys = list(dict.fromkeys(key for series in amounts.values() for key in series))
    return Table(
        f"{cost_word(comparison)} a month by {attribute}, {comparison.plan.currency}",
        (Heading(attribute), *(Heading(name) for name in amounts)),
        tuple((key, *(series.get(key) for series in amounts.values())) for key in keys),
        "A dash: the scenario does not have it.",
        ("sum", *(sum(series.values()) for series in amounts.values())),
    )


def years(comparison: Comparison) -> Table:
    """Return the cost of each calendar year, one column a scenario."""
    labels = comparison.plan.months.years
    rows: list[tuple[Cell, ...]] = []
    for year in dict.fromkeys(labels):
        picked = [index for index, label in enumerate(labels) if label == year]
        months = f" ({len(picked)} months)" if len(picked) < 12 else ""
        rows.append((f"{year}{months}", *(float(f.monthly_cost[picked].sum()) for f in comparison.forecasts)))
    return Table(
        f"{cost_word(comparison)} by year, {comparison.plan.currency}",
        (Heading("year"), *(Heading(f.name) for f in comparison.forecasts)),
        tuple(rows),
        total=("all months", *(f.total_cost for f in comparison.forecasts)),
    )


def months(comparison: Comparison) -> Table:
    """Return the cost of each month, one column a scenario."""
    labels = comparison.plan.months.labels
    return Table(
        f"{cost_word(comparison)} by month, {comparison.plan.currency}",
        (Heading("month"), *(Heading(f.name) for f in comparison.forecasts)),
        tuple(
            (label, *(float(f.monthly_cost[index]) for f in comparison.forecasts))
            for index, label in enumerate(labels)
        ),
    )


def targets(comparison: Comparison) -> Table:
    """Return the verdict for each target, one row a target and scenario."""
    verdicts = comparison.verdicts()
    order = list(dict.fromkeys(verdict.target for found in verdicts.values() for verdict in found))
    rows: list[tuple[Cell, ...]] = [
        (verdict.target, name, verdict.word, verdict.result)
        for target in order
        for name, found in verdicts.items()
        for verdict in found
        if verdict.target == target
    ]
    return Table(
        "Targets",
        (Heading("target"), Heading("scenario"), Heading("verdict"), Heading("reached")),
        tuple(rows),
        comparison.plan.targets.source or ("" if rows else "The plan sets no targets."),
    )


def stand_ins(forecasts: Iterable[Forecast]) -> Table:
    """Return the stand-ins in use, with their reasons."""
    regions: dict[tuple[str, str, str], dict[str, None]] = {}
    for one in forecasts:
        for stand_in, charge in one.stand_ins():
            key = (charge.usage.meter.text, stand_in.describe(), stand_in.because)
            regions.setdefault(key, {})[charge.usage.price_region] = None
    return Table(
        "Stand-ins: prices that no book has",
        (Heading("meter"), Heading("missing in"), Heading("used instead"), Heading("because")),
        tuple(
            (meter, ", ".join(where), instead, because)
            for (meter, instead, because), where in regions.items()
        ),
        "" if regions else "Every price is in a book.",
    )


def assumptions(forecasts: Iterable[Forecast]) -> Table:
    """Return what the scenarios assume."""
    rows: dict[tuple[str, str], tuple[Cell, ...]] = {}
    for one in forecasts:
        for found in one.assumptions():
            rows.setdefault((found.name, found.value), (found.name, found.value, found.source))
    return Table(
        "Assumptions",
        (Heading("name"), Heading("value"), Heading("because")),
        tuple(rows.values()),
        "" if rows else "The plan marks nothing as assumed.",
    )


def warnings(forecasts: Iterable[Forecast]) -> Table:
    """Return what a reader must know about how components were counted, and in which scenarios."""
    scenarios: dict[str, list[str]] = {}
    for one in forecasts:
        for warning in one.warnings:
            scenarios.setdefault(warning, []).append(one.name)
    return Table(
        "Warnings",
        (Heading("scenarios"), Heading("what to know")),
        tuple((", ".join(names), warning) for warning, names in scenarios.items()),
        "" if scenarios else "There are none.",
    )


def simulated(forecasts: Iterable[Forecast]) -> Table:
    """Return what the autoscalers did: nodes and replicas, and what bounds them."""
    rows: list[tuple[Cell, ...]] = []
    for one in forecasts:
        for cluster, found in one.simulated.items():
            shares = [w.unserved_share for w in found.workloads.values()]
            unserved: Cell = 100 * max((s for s in shares if s is not None), default=0.0)
            if None in shares:
                unserved = "not judged"
            told = "; ".join(found.bounds)
            for name, pool in found.pools.items():
                rows.append(
                    (
                        one.name,
                        cluster,
                        name,
                        f"{pool.minimum} to {pool.maximum}",
                        pool.mean_nodes,
                        pool.peak_nodes,
                        unserved,
                        told,
                    )
                )
    return Table(
        "Simulated clusters",
        (
            Heading("scenario"), Heading("cluster"), Heading("pool"), Heading("bounds"), Heading("mean nodes", decimals=2),
            Heading("peak nodes"), Heading("unserved in %", decimals=3), Heading("what bounds it"),
        ),
        tuple(rows),
        "" if rows else "No scenario leaves a pool to the autoscaler with a load; node counts are fixed.",
    )  # fmt: skip


def gaps(comparison: Comparison) -> Table:
    """Return what the plan knowingly leaves out."""
    return Table(
        "Left out on purpose",
        (Heading("what"), Heading("why")),
        tuple((gap.what, gap.why) for gap in comparison.plan.gaps),
        "" if comparison.plan.gaps else "The plan names nothing that it leaves out.",
    )


def price_books(comparison: Comparison) -> Table:
    """Return the price books in the order they are asked."""
    return Table(
        "Price books, in the order they are asked",
        (Heading("book"), Heading("as of"), Heading("prices"), Heading("what it is"), Heading("SHA-256")),
        tuple((b.name, b.as_of.isoformat(), len(b), b.title, b.digest) for b in comparison.plan.prices.books),
    )


def parts(explanation: Explanation) -> Table:
    """Return the parts of an explained number; what all of them share is not repeated."""
    several = len({part.component for part in explanation.parts}) > 1
    first = (Heading("component"),) if several else ()
    return Table(
        f"{explanation.title}, {explanation.months}: {explanation.cost:,.2f} {explanation.currency}",
        (
            *first,
            Heading("meter"),
            Heading("region"),
            Heading("quantity", decimals=2),
            Heading("unit"),
            Heading("unit price"),
            Heading("cost", decimals=2),
            Heading("how it comes about"),
        ),
        tuple(
            (
                *((part.component,) if several else ()),
                f"{part.meter} [{part.tier}]" if part.tier else part.meter,
                part.region,
                part.quantity,
                part.unit,
                f"{part.unit_price:.9g}",
                part.cost,
                _story(part),
            )
            for part in explanation.parts
        ),
        " ".join(
            (
                *(() if explanation.parts else ("Nothing is metered here.",)),
                *(f"{promise.rstrip('.')}." for promise in explanation.promises),
            )
        ),
    )


def _story(part: Part) -> str:
    """Return how a part's quantity and price come about, in sentences."""
    sentences = (
        ("", part.rule),
        ("Price: ", f"{part.price_row}, from {part.book} ({part.price_date}): {part.source}"),
        ("Stand-in: ", part.stand_in),
        ("Assumed: ", part.assumptions),
        ("Note: ", part.note),
    )
    return " ".join(f"{label}{text.rstrip('.')}." for label, text in sentences if text)


def chart(comparison: Comparison, name: str, scenario: str | None = None) -> Specification:
    """Return the specification of a chart.

    Parameters
    ----------
    comparison : Comparison
    name : str
        One of `CHARTS`.
    scenario : str, optional
        For the waterfall: what the reference is compared with; the scenario that differs most if
        left out.

    Raises
    ------
    NotInResult
        If there is no such chart or scenario.
    """
    currency, source = comparison.plan.currency, source_of(comparison)
    axis = f"{currency} per month" + (", effective" if comparison.has_commitments else "")
    if name not in CHARTS:
        raise NotInResult(f"there is no chart {name!r}; {nearest(name, CHARTS)}")
    if name == "cost_by_month":
        series = {_series_name(comparison, f.name): f.monthly_cost.tolist() for f in comparison.forecasts}
        title = f"{comparison.plan.title}: cost of each month"
        return lines(title, comparison.plan.months.labels, series, axis=axis, source=source)
    if name == "waterfall":
        return _waterfall(comparison, scenario)
    attribute = name.removeprefix("cost_by_")
    title = f"{comparison.plan.title}: what a month costs, by {attribute}"
    amounts = {
        _series_name(comparison, name): series for name, series in _amounts(comparison, attribute).items()
    }
    return grouped_bars(title, amounts, axis=axis, source=source)


def _waterfall(comparison: Comparison, scenario: str | None) -> Specification:
    if not comparison.forecasts:
        nothing = "No scenario can be bought as it is written, so there is nothing to compare."
        currency, source = comparison.plan.currency, source_of(comparison)
        return waterfall("", ("", 0.0), {}, ("", 0.0), axis=currency, source=source, empty=nothing)
    reference = comparison.forecast(comparison.reference)
    others = [f for f in comparison.forecasts if f.name != reference.name]
    if scenario is not None:
        other = comparison.forecast(scenario)
    else:
        other = max(others, key=lambda f: abs(f.total_cost - reference.total_cost), default=reference)
    before, after = reference.cost_by("component"), other.cost_by("component")
    steps = {key: after.get(key, 0.0) - before.get(key, 0.0) for key in dict.fromkeys([*before, *after])}
    changed = sorted(((k, v) for k, v in steps.items() if abs(v) >= 0.005), key=lambda item: item[1])
    empty = ""
    if other is reference:
        empty = "One scenario was compared, so there is no difference to show."
    elif not changed:
        empty = f"{other.name} costs exactly what {reference.name} costs."
    return waterfall(
        f"From {reference.name} to {other.name}: what changes the cost of a month",
        (reference.name, reference.cost_per_month),
        dict(changed),
        (other.name, other.cost_per_month),
        axis=f"{comparison.plan.currency} per month" + (", effective" if comparison.has_commitments else ""),
        source=source_of(comparison),
        empty=empty,
    )


def provenance(comparison: Comparison) -> tuple[str, ...]:
    """Return the sentences under a result: books, months, how many stand-ins and assumptions it rests on."""
    used, assumed = stand_ins(comparison.forecasts), assumptions(comparison.forecasts)
    told = dict.fromkeys(warning for one in comparison.forecasts for warning in one.warnings)
    return (
        *(f"Warning: {warning}." for warning in told),
        source_of(comparison),
        _resting(len(used.rows), len(assumed.rows), len(comparison.plan.gaps)),
    )


def _resting(used: int, assumed: int, left_out: int) -> str:
    return f"{used} prices are stand-ins, {assumed} things are assumed, {left_out} are left out on purpose."


def _amounts(comparison: Comparison, attribute: str) -> Mapping[str, Mapping[str, float]]:
    return {one.name: one.cost_by(attribute) for one in comparison.forecasts}


def _series_name(comparison: Comparison, scenario: str) -> str:
    return f"{scenario} (reference)" if scenario == comparison.reference else scenario


def source_of(comparison: Comparison) -> str:
    """Return what stands under a chart: price books, plan and months."""
    books = ", ".join(f"{book.name} ({book.as_of.isoformat()})" for book in comparison.plan.prices.books)
    return f"Prices: {books}. Plan: {comparison.plan.name}, {span_of(comparison)}."
