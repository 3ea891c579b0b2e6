"""The market of a plan: what its price books sell, in which months, and what there is already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.advice.futures import Offered, Subject
from agog_capacity.arguments import is_whole
from agog_capacity.commitments.catalogue import RETIRES
from agog_capacity.commitments.market import Futures, Market, Offer
from agog_capacity.commitments.portfolio import Caution
from agog_capacity.commitments.section import CommitmentSection, ReservationEntry, SavingsPlanEntry
from agog_capacity.committed.netting import netted_by_hour
from agog_capacity.committed.prices import flexibility_group, flexibility_ratio, priced_entries
from agog_capacity.errors import CommitmentError, Problem
from agog_capacity.periods import FloatArray, Months
from agog_capacity.prices.meter import Meter

if TYPE_CHECKING:
    from agog_capacity.components.base import Usage
    from agog_capacity.plan import Plan


MOST_FUTURES = 1000
"""Each is a simulation of all months and a row of hours in memory."""
MOST_MONTHS_BETWEEN = 600


def check_choices(futures: object, seed: object, buy_every: object, caution: object) -> None:
    """Refuse what cannot be optimised over.

    Parameters
    ----------
    futures, seed, buy_every, caution : object
        As `optimise_commitments` takes them.

    Raises
    ------
    CommitmentError
        With each of them that is out of its bounds.
    """
    found = []
    if not is_whole(futures, 1, MOST_FUTURES):
        found.append(
            f"{futures!r} futures cannot be simulated; choose a whole number from 1 to {MOST_FUTURES:,}"
        )
    if not is_whole(seed, 0, 2**63 - 1):
        found.append(f"seed {seed!r} must be a whole number from 0 on")
    if not is_whole(buy_every, 1, MOST_MONTHS_BETWEEN):
        found.append(
            f"purchases every {buy_every!r} months cannot be; choose a whole number from 1 to {MOST_MONTHS_BETWEEN}"
        )
    if not (caution is None or isinstance(caution, Caution)):
        found.append(f"caution {caution!r} is none; write Caution(weight), such as Caution(5.0)")
    if found:
        raise CommitmentError([Problem(text) for text in found])


def offers_for(offers: Sequence[Offer], futures: Futures) -> list[Offer]:
    """Return the offers for something that any future uses."""
    used = {name for k, name in enumerate(futures.sizes) if futures.usage[:, :, k].any()}
    return [o for o in offers if (o.size in used if o.size is not None else used & set(o.plan_prices or {}))]


def market_of(
    offered: Offered, section: CommitmentSection, lines: Sequence[Usage], plan: Plan, buy_every: int
) -> Market:
    """Return the market of a plan: what is sold in which month, and what there is already.

    Parameters
    ----------
    offered : Offered
    section : CommitmentSection
        What is bought already, and how terms beyond the horizon count.
    lines : sequence of Usage
        Of the design, for what existing commitments cover.
    plan : Plan
    buy_every : int
        Months between dates of purchase.
    """
    months, outlook = plan.months, section.outlook
    priced, problems = priced_entries(section, lines, plan.prices)
    if problems:
        raise CommitmentError(
            Problem(message, path=f"commitments.bought.{name}") for name, message in problems
        )
    names = [subject.name for subject in offered.subjects]
    reserved = np.zeros((months.count, len(names)))
    plans: dict[str, FloatArray] = {}
    by_hour = netted_by_hour(section)  # off the usage of the futures already
    for one in priced:
        entry = one.entry
        if one.name in by_hour:
            continue
        share = months.share_active(entry.starts, None if entry.auto_renew else entry.ends)
        if isinstance(entry, SavingsPlanEntry):
            name = f"savings plan {entry.years}y"
            plans[name] = plans.get(name, np.zeros(months.count)) + share * entry.usd_per_hour
        elif isinstance(entry, ReservationEntry):
            for column, subject in enumerate(offered.subjects):
                ratio = _units_of(
                    subject, one.meter.text, one.region, flexibility_group(one.meter), entry.flexible
                )
                reserved[:, column] += share * entry.quantity * ratio
                if ratio:
                    break
    retire = {s.name: RETIRES.get(f"{s.item.meter.service}/{s.item.tier}") for s in offered.subjects}
    offers = tuple(
        replace(offer, latest_end=_month_of(end, months))
        if offer.size is not None and (end := retire[offer.size]) is not None
        else offer
        for offer in offered.quotes.offers
    )
    return Market(
        on_demand=offered.quotes.on_demand,
        offers=offers,
        months=months,
        buy_in=tuple(range(0, months.count, buy_every)),
        residual=outlook.residual,
        early_termination_fee=outlook.early_termination_fee,
        refund_limit=outlook.refund_limit,
        existing_reserved=reserved if reserved.any() else None,
        existing_plan=plans or None,
        monthly_discount_rate=outlook.monthly_discount_rate,
    )


def _units_of(subject: Subject, meter: str, region: str, group: str, flexible: bool) -> float:
    """Return how many units of a subject one unit of a reservation is; 0 where it is for something else."""
    exact = subject.ratios.get((meter, region))
    if exact is not None:
        return exact
    own = subject.item
    same = flexible and own.region == region and flexibility_group(own.meter) == group
    if not same:
        return 0.0
    return flexibility_ratio(Meter.parse(meter)) / flexibility_ratio(own.meter)


def _month_of(day: date, months: Months) -> int:
    """Return a day as a month of the horizon, which may lie beyond it."""
    first = months.starts[0]
    return (day.year - first.year) * 12 + day.month - first.month
