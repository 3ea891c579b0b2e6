"""Offers from price books: what of the usage in question can be committed to, and what cannot and why.

A price that a book does not have is a named gap, never a discount assumed: Azure's percentages differ from
size to size (D4s_v5 in eastus2 38 % and 60.5 %, not "20 %" and "40 %").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agog_capacity.commitments.aws import is_aws
from agog_capacity.commitments.catalogue import check_commitable, check_sold
from agog_capacity.commitments.market import Offer
from agog_capacity.errors import CommitmentError, PriceNotFound
from agog_capacity.prices.book import PriceKey
from agog_capacity.prices.meter import Meter
from agog_capacity.prices.resolve import PriceList

TERMS = (1, 3)
_VIRTUAL_MACHINES = "Virtual Machines"
_HOUR = "Hour"


@dataclass(frozen=True)
class Committable:
    """Usage that someone may commit to: a meter in a region."""

    name: str
    """Name of its column in the futures, such as `D4s_v5 eastus2`."""
    meter: Meter
    region: str
    tier: str = ""
    """Service tier where commitments depend on it, such as `Standard` of Redis."""


@dataclass(frozen=True)
class Missing:
    """Something that cannot be bought, or has no price."""

    usage: str
    """Name of the committable usage."""
    option: str
    """`reservation` or `savings-plan`."""
    term_years: int
    reason: str
    sold: bool
    """Whether the market sells it and only a price is missing."""


@dataclass(frozen=True)
class Quotes:
    """What the books say about some usage."""

    on_demand: dict[str, float]
    """By name. [currency per hour]"""
    offers: tuple[Offer, ...]
    missing: tuple[Missing, ...]

    @property
    def gaps(self) -> tuple[str, ...]:
        """What cannot be bought or has no price, each with its reason."""
        return tuple(one.reason for one in self.missing)


def committed_price(prices: PriceList, usage: Committable, option: str, term_years: int) -> float:
    """Return the price of a commitment, or say what is missing.

    Parameters
    ----------
    prices : PriceList
    usage : Committable
    option : {"reservation", "savings-plan"}
    term_years : int

    Returns
    -------
    float
        [currency per unit-hour]

    Raises
    ------
    CommitmentError
        If no book has that price, or it is not by the hour.
    """
    key = PriceKey(usage.meter, usage.region, option, f"{term_years}y")
    try:
        schedule = prices.resolve(key).schedule
    except PriceNotFound as error:
        raise CommitmentError(
            f"a {option} of {term_years} year{'s' * (term_years > 1)} on {usage.name!r} cannot be planned: {error}"
        ) from None
    if schedule.base != _HOUR or len(schedule.tiers) > 1:
        raise CommitmentError(
            f"a {option} on {usage.name!r} is priced by {schedule.base} in {len(schedule.tiers)} tiers, not by the hour"
        )
    return schedule.per_base_unit[0]


def quotes(prices: PriceList, usage: Sequence[Committable], on: date, terms: Sequence[int] = TERMS) -> Quotes:
    """Collect what can be bought for some usage on a day.

    Parameters
    ----------
    prices : PriceList
        On-demand prices must exist; committed ones may be gaps.
    usage : sequence of Committable
        Each becomes a size of the portfolio.
    on : date
        Day of purchase; what is not sold then becomes a gap with its reason.
    terms : sequence of int
        [years]

    Returns
    -------
    Quotes
        A reservation for each usage and term, and one savings plan for each term over all of them.

    Raises
    ------
    PriceNotFound
        If an on-demand price is missing.
    """
    own = {
        item.name: prices.resolve(PriceKey(item.meter, item.region)).schedule.per_base_unit[0]
        for item in usage
    }
    offers: list[Offer] = []
    missing: list[Missing] = []
    for term in terms:
        plan: dict[str, float] = {}
        for item in usage:
            sold = False
            try:
                check_commitable(item.meter.service, item.tier, on, term)
                if item.meter.service == _VIRTUAL_MACHINES:
                    check_sold("reservation", item.meter.sku, term, on)
                sold = True
                price = committed_price(prices, item, "reservation", term)
                offers.append(
                    Offer(
                        f"{item.name} {term}y",
                        term,
                        item.name,
                        price,
                        refundable=not is_aws(item.meter.service),
                    )
                )
            except CommitmentError as error:
                missing.append(Missing(item.name, "reservation", term, str(error), sold))
            try:
                plan[item.name] = committed_price(prices, item, "savings-plan", term)
            except CommitmentError as error:
                missing.append(Missing(item.name, "savings-plan", term, str(error), True))
        if plan:
            offers.append(Offer(f"savings plan {term}y", term, plan_prices=plan))
    return Quotes(own, tuple(offers), tuple(missing))
