"""Simulated futures of what a scenario uses by the hour: load draws carried through its autoscalers.

Each future is a whole load over all months of the plan, with a growth and a noise of its own, the same in every
region; boot times differ too. Pools with a fixed count, databases and caches use the same in every future, which a
result says: what does not vary cannot show a risk. The futures are kept in the store of simulations.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.commitments.market import Futures
from agog_capacity.commitments.quotes import Committable, Missing, Quotes, quotes
from agog_capacity.commitments.section import CommitmentSection, redis_tier
from agog_capacity.committed.hours import hourly_usage
from agog_capacity.committed.netting import left_by_existing
from agog_capacity.committed.prices import flexibility_group, flexibility_ratio, own_price, with_own_prices
from agog_capacity.committed.rows import CommittedUse
from agog_capacity.errors import CommitmentError
from agog_capacity.periods import FloatArray, Months

if TYPE_CHECKING:
    from agog_capacity.components.base import Usage
    from agog_capacity.design import Design
    from agog_capacity.plan import Plan
    from agog_capacity.prices.resolve import PriceList
    from agog_capacity.scaling.section import ScalingSection
    from agog_capacity.scaling.simulated import SimulationStore

_LOG = logging.getLogger(__name__)
_SAME_PRICE = 0.005
"""Sizes of one group are one column where their prices per ratio unit agree to this: totals are rounded to dollars."""
_LOWEST_GROWTH = -0.9


@dataclass(frozen=True)
class Subject:
    """Usage that one reservation may cover: a meter in a region, or a flexibility group in its smallest size."""

    item: Committable
    """What is bought; its name is the column of the futures."""
    ratios: Mapping[tuple[str, str], float]
    """Units of it that one hour of each meter (text, region) takes."""
    is_whole_group: bool = True
    """Whether it has all sizes of its flexibility group that are used; else it is bought for its exact size."""

    @property
    def name(self) -> str:
        """Name of the column."""
        return self.item.name


@dataclass(frozen=True)
class Refused:
    """Usage by the hour for which something cannot be bought."""

    name: str
    components: tuple[str, ...]
    """Who uses it."""
    because: str
    in_plan: bool
    """Whether a savings plan pays for it all the same."""


@dataclass(frozen=True)
class Offered:
    """What of a design may be committed to, and at which prices."""

    subjects: tuple[Subject, ...]
    quotes: Quotes
    refused: tuple[Refused, ...]
    """What is used by the hour and has no reservation, or no commitment at all."""


@dataclass(frozen=True)
class FutureNodes:
    """Nodes of one future, as components ask for them."""

    nodes: Mapping[str, FloatArray]

    def node_hours(self, pool: str, months: Months) -> FloatArray:
        """Return the node-hours of a pool in each month, shape (months,). [h]"""
        ends = np.cumsum(months.hours).astype(int)[:-1]
        return np.array([part.sum() for part in np.split(self.nodes[pool], ends)])


def what_is_offered(
    lines: Sequence[Usage], section: CommitmentSection, prices: PriceList, on: date
) -> Offered:
    """Return what some usage may be committed to.

    Parameters
    ----------
    lines : sequence of Usage
    section : CommitmentSection
        For negotiated and other own prices.
    prices : PriceList
    on : date
        First day of purchase.
    """
    prices = with_own_prices(prices, section)
    singles: dict[tuple[str, str], Committable] = {}
    own: dict[str, float] = {}
    users: dict[str, dict[str, None]] = {}
    for line in lines:
        price = own_price(line, section, prices)
        if line.unit != "Hour" or line.purchase_option != "on-demand" or price is None:
            continue
        item = _committable(line, singles)
        singles[line.meter.text, line.price_region] = item
        own[item.name] = price[1]
        users.setdefault(item.name, {})[line.component] = None
    found = quotes(prices, list(singles.values()), on)
    subjects, offers, on_demand = [], [], {}
    for members, is_whole in _groups(singles, found, own):
        smallest = min(members, key=lambda key: flexibility_ratio(singles[key].meter))
        item, base = singles[smallest], flexibility_ratio(singles[smallest].meter)
        reserved = [offer for offer in found.offers if offer.size == item.name]
        in_plan = any(item.name in (offer.plan_prices or {}) for offer in found.offers)
        if not reserved and not in_plan:
            continue
        ratios = {key: flexibility_ratio(singles[key].meter) / base for key in members}
        subjects.append(Subject(item, ratios, is_whole))
        offers += reserved
        on_demand[item.name] = own[item.name]
    for offer in found.offers:
        if offer.size is None:
            rates = {n: rate for n, rate in (offer.plan_prices or {}).items() if n in on_demand}
            offers += [replace(offer, plan_prices=rates)] if rates else []
    refused = tuple(
        Refused(name, tuple(users[name]), because, any(name in (o.plan_prices or {}) for o in found.offers))
        for name in own
        if (because := _refusal([one for one in found.missing if one.usage == name]))
    )
    return Offered(
        tuple(subjects),
        Quotes(on_demand, tuple(offers), found.missing),
        (*refused, *_on_spot(lines, singles)),
    )


def _on_spot(lines: Sequence[Usage], singles: Mapping[tuple[str, str], Committable]) -> Iterator[Refused]:
    """Yield what runs on spot, which no commitment covers."""
    users: dict[str, dict[str, None]] = {}
    for line in lines:
        if line.unit == "Hour" and line.purchase_option == "spot":
            name = f"{_committable(line, singles).name} on spot"
            users.setdefault(name, {})[line.component] = None
    for name, components in users.items():
        yield Refused(
            name,
            tuple(components),
            "spot cannot be reserved, nor does a savings plan pay for it",
            in_plan=False,
        )


def _committable(line: Usage, known: Mapping[tuple[str, str], Committable]) -> Committable:
    """Return what may be committed to for a line, under a short name that nothing else has."""
    meter, region = line.meter, line.price_region
    if (meter.text, region) in known:
        return known[meter.text, region]
    name = f"{meter.sku.removeprefix('Standard_')} {region}"
    if meter.service != "Virtual Machines":
        name = f"{meter.service} {name}"
    if any(item.name == name for item in known.values()):
        name = f"{meter.family} {meter.meter} {name}"
    return Committable(name, meter, region, redis_tier(meter))


def _refusal(missing: Sequence[Missing]) -> str:
    """Return why reservations, or all commitments, are missing; blank where only a savings plan is."""
    reservations = [one for one in missing if one.option == "reservation"]
    if not reservations:
        return ""
    for one in reservations:
        if not one.sold:
            return one.reason
    terms = " and ".join(f"{one.term_years}" for one in reservations)
    return f"no price book of the plan has a reservation of it for {terms} year{'s' * (terms != '1')}"


def _groups(
    singles: Mapping[tuple[str, str], Committable], found: Quotes, own: Mapping[str, float]
) -> list[tuple[list[tuple[str, str]], bool]]:
    """Return meters that one flexible reservation may cover, and whether those are all of their flexibility group.

    Where prices per ratio unit differ in a group, such as by a negotiated price of one size, a flexible reservation would
    flow to whichever size comes first; each size then stands for itself, and is reserved as such.
    """
    groups: dict[tuple[object, ...], list[tuple[str, str]]] = {}
    for key, item in singles.items():
        ratio = flexibility_ratio(item.meter)
        rates = [own[item.name]]
        for offer in found.offers:
            rates += [offer.usd_per_hour] if offer.size == item.name else []
            rates += [offer.plan_prices[item.name]] if item.name in (offer.plan_prices or {}) else []  # type: ignore[index]
        mine = tuple(rate / ratio for rate in rates)
        for known, members in groups.items():
            if known[:2] == (flexibility_group(item.meter), item.region) and _alike(known[2], mine):
                members.append(key)
                break
        else:
            groups[flexibility_group(item.meter), item.region, mine] = [key]
    classes = Counter((group, region) for group, region, _ in groups)
    found_groups: list[tuple[list[tuple[str, str]], bool]] = []
    for (group, region, _), members in groups.items():
        is_whole = classes[group, region] == 1
        found_groups += [(members, True)] if is_whole else [([key], False) for key in members]
    return found_groups


def _alike(one: object, other: tuple[float, ...]) -> bool:
    assert isinstance(one, tuple)  # noqa: S101
    return len(one) == len(other) and all(
        abs(a / b - 1) <= _SAME_PRICE for a, b in zip(one, other, strict=True)
    )


def usage_by_subject(
    design: Design,
    months: Months,
    subjects: Sequence[Subject],
    nodes: Mapping[str, FloatArray],
    prices: PriceList,
) -> FloatArray:
    """Return the hourly usage of each subject with some nodes, shape (hours, subjects). [instance-hours]

    Without what existing commitments of narrow scope or exact size cover (`committed.netting`).
    """
    trace = FutureNodes(nodes)
    clusters = {
        str(getattr(component, "cluster", "")): trace
        for component in design.components.values()
        if component.name in nodes
    }
    context = design.context(months, clusters)
    use = CommittedUse(design.commitments or CommitmentSection(), design.components, nodes)
    result = np.zeros((int(months.hours.sum()), len(subjects)))
    lines = [line for component in design.components.values() for line in component.usage(context)]
    left = left_by_existing(lines, use, prices, months)
    for place, line in enumerate(lines):
        for column, subject in enumerate(subjects):
            ratio = subject.ratios.get((line.meter.text, line.price_region))
            if ratio is not None and line.purchase_option == "on-demand":
                hours = left[place] if place in left else hourly_usage(line, use, months)
                result[:, column] += ratio * hours
    return result


def simulated_futures(
    plan: Plan,
    scenario: str,
    subjects: Sequence[Subject],
    count: int,
    seed: int,
    store: SimulationStore | None = None,
) -> Futures:
    """Simulate futures of a scenario.

    Parameters
    ----------
    plan : Plan
        Calendar months.
    scenario : str
    subjects : sequence of Subject
        Columns of the futures.
    count : int
        How many; one is enough where nothing varies, and one is then returned.
    seed : int
        Chooses them; another seed gives fresh ones.
    store : SimulationStore, optional
        Where simulations are looked up and kept; none if left out.

    Raises
    ------
    CommitmentError
        If `count` is not at least 1.
    """
    if count < 1:
        raise CommitmentError(f"{count} futures cannot be simulated; choose 1 or more")
    design, months = plan.scenario(scenario).design, plan.months
    names = [subject.name for subject in subjects]
    month = np.repeat(np.arange(months.count), months.hours.astype(int))
    if not varies(design):
        return Futures.of(names, [usage_by_subject(design, months, subjects, {}, plan.prices)], month)
    drawn = [drawn_design(design, seed, number) for number in range(count)]
    _LOG.info("simulating %d futures of %d months; kept for the next time", count, months.count)
    # The first compiles, so that the others do not wait for each other.
    nodes = [_nodes(plan, drawn[0], store)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        nodes += executor.map(lambda one: _nodes(plan, one, store), drawn[1:])
    return Futures.of(
        names, [usage_by_subject(design, months, subjects, found, plan.prices) for found in nodes], month
    )


def varies(design: Design) -> bool:
    """Tell whether a pool of a design is left to a simulated autoscaler, so that futures differ."""
    from agog_capacity.planning.simulation import is_simulated

    return is_simulated(design)


def growth_of(design: Design, seed: int, number: int) -> float:
    """Return the yearly growth of one future. [share of 1]"""
    section = _scaling(design)
    outlook = (design.commitments or CommitmentSection()).outlook
    normal = float(np.random.default_rng([seed, number]).normal())
    return max(_LOWEST_GROWTH, section.load.yearly_growth + outlook.yearly_growth_deviation * normal)


def drawn_design(design: Design, seed: int, number: int) -> Design:
    """Return the design with the load of one future."""
    section = _scaling(design)
    rng = np.random.default_rng([seed, number, 1])
    load = section.load.replace(yearly_growth=growth_of(design, seed, number))
    if load.noise is not None:
        load = load.replace(noise=load.noise.replace(seed=int(rng.integers(2**31))))
    return replace(design, scaling=section.replace(load=load, seed=int(rng.integers(2**31))))


def _scaling(design: Design) -> ScalingSection:
    if design.scaling is None:
        raise CommitmentError("the design has no section scaling, so there is no load to draw futures from")
    return design.scaling


def nodes_of(plan: Plan, design: Design, store: SimulationStore | None) -> dict[str, FloatArray]:
    """Return the nodes of each hour by pool that is left to a simulated autoscaler; empty where nothing varies."""
    return _nodes(plan, design, store) if varies(design) else {}


def _nodes(plan: Plan, design: Design, store: SimulationStore | None) -> dict[str, FloatArray]:
    from agog_capacity.planning.simulation import simulated_clusters

    hourly: dict[str, FloatArray] = {}
    simulated_clusters(plan, design, store, hourly, quiet=True)
    return hourly
