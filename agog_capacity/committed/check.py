"""What is wrong with the commitments of a design once its prices are known: found when a plan is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from agog_capacity.commitments.section import ReservationEntry
from agog_capacity.commitments.section_checks import check_on_sale
from agog_capacity.commitments.terms import add_years
from agog_capacity.errors import CommitmentError
from agog_capacity.validation import Finding

if TYPE_CHECKING:
    from agog_capacity.commitments.section import CommitmentSection
    from agog_capacity.components.base import Usage
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
    _, problems = priced_entries(section, lines, prices)
    findings: list[Finding] = [(("commitments", "bought", name), message) for name, message in problems]
    findings += _cannot_be_renewed(section, lines, months)
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


def _cannot_be_renewed(
    section: CommitmentSection, lines: Sequence[Usage], months: Months
) -> Iterator[Finding]:
    """Yield each reservation with a renewal up to the plan's last month on whose day it is not sold for that term."""
    from agog_capacity.committed.prices import target_of

    for name, entry in section.of_kind(ReservationEntry).items():
        if not entry.auto_renew:
            continue
        try:
            meter, _ = target_of(entry, lines)
        except CommitmentError:
            continue  # told with its price
        day = entry.ends
        while f"{day:%Y-%m}" <= months.labels[-1]:
            try:
                check_on_sale(meter, entry.years, day)
            except CommitmentError as error:
                message = f"it cannot be renewed on {day}: {error}; set auto_renew: false, and buy by then what is sold"
                yield ("commitments", "bought", name, "auto_renew"), message
                break
            day = add_years(day, entry.years)
