"""What is wrong with the commitments of a design once its prices are known: found when a plan is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from agog_capacity.commitments.catalogue import check_commitable, check_sold
from agog_capacity.commitments.section import ReservationEntry, redis_tier
from agog_capacity.commitments.terms import add_years
from agog_capacity.errors import CommitmentError
from agog_capacity.validation import Finding

if TYPE_CHECKING:
    from agog_capacity.committed.prices import PricedEntry
    from agog_capacity.design import Design
    from agog_capacity.periods import Months
    from agog_capacity.prices.resolve import PriceList


def price_findings(design: Design, prices: PriceList, months: Months) -> list[Finding]:
    """Return every commitment that has no price or nothing to cover, with its place in the design.

    Parameters
    ----------
    design : Design
    prices : PriceList
    months : Months
    """
    section = design.commitments
    if section is None:
        return []
    from agog_capacity.committed.prices import priced_entries

    if months.length != "calendar" and section.bought:
        message = "commitments are used or lost by the hour of a date, and months of 730 h have none; write month: calendar"
        return [(("commitments", "bought"), message)]
    context = design.context(months)
    lines = [line for component in design.components.values() for line in component.usage(context)]
    priced, problems = priced_entries(section, lines, prices)
    problems += _cannot_be_renewed(priced, months)
    findings: list[Finding] = [(("commitments", "bought", name), message) for name, message in problems]
    used = {(line.meter.text, line.price_region) for line in lines}
    for name, price in section.negotiated.items():
        if not any((price.meter, region) in used for region in price.regions):
            findings.append(
                (
                    ("commitments", "negotiated", name),
                    f"nothing uses {price.meter!r} in {', '.join(price.regions)}",
                )
            )
    return findings


def _cannot_be_renewed(priced: Sequence[PricedEntry], months: Months) -> Iterator[tuple[str, str]]:
    """Yield each reservation with a renewal in the plan's months on whose day it is not sold for that term."""
    for one in priced:
        entry = one.entry
        if not isinstance(entry, ReservationEntry) or not entry.auto_renew:
            continue
        day = entry.ends
        while f"{day:%Y-%m}" <= months.labels[-1]:
            try:
                if entry.vm_size is not None:
                    check_sold("reservation", entry.vm_size, entry.years, day)
                check_commitable(one.meter.service, redis_tier(one.meter), day, entry.years)
            except CommitmentError as error:
                yield (
                    one.name,
                    f"it cannot be renewed on {day}: {error}; set auto_renew: false, and buy by then what is sold",
                )
                break
            day = add_years(day, entry.years)
