"""Hours that existing commitments leave for new ones, where a single amount a month cannot tell: narrow scopes, exact sizes.

A reservation at the scope of one subscription covers what stands there and nothing else, so what it leaves
depends on who uses which hour. The order is that of a bill (`commitments.cover`); new purchases come after.
New reservations would go before an existing savings plan, whatever its scope: to take a narrow plan off first leaves
less to reserve, never more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from agog_capacity.commitments.cover import cover_order
from agog_capacity.commitments.section import CommitmentSection, ReservationEntry, SavingsPlanEntry
from agog_capacity.commitments.terms import Reservation, SavingsPlan
from agog_capacity.committed.prices import PricedEntry, priced_entries, with_own_prices
from agog_capacity.committed.rows import CommittedUse
from agog_capacity.committed.step import commitment_of, lines_covered
from agog_capacity.components.base import Usage
from agog_capacity.periods import FloatArray, Months
from agog_capacity.prices.resolve import PriceList
from agog_capacity.units import HOURS_PER_DAY


def netted_by_hour(section: CommitmentSection) -> frozenset[str]:
    """Return the commitments that are taken off hour by hour: none where all have shared scope and cover their group.

    With one that has not, all reservations are, in the order of a bill; of savings plans those of narrow scope.
    """
    reservations = section.of_kind(ReservationEntry)
    plans = {n for n, e in section.of_kind(SavingsPlanEntry).items() if e.scope.level != "shared"}
    apart = [e for e in reservations.values() if e.scope.level != "shared" or not e.flexible]
    return frozenset(plans | set(reservations)) if plans or apart else frozenset()


def left_by_existing(
    lines: Sequence[Usage], use: CommittedUse, prices: PriceList, months: Months
) -> Mapping[int, FloatArray]:
    """Return the hours that commitments leave of each line they may cover, by its place.

    Parameters
    ----------
    lines : sequence of Usage
        Of all components of a design.
    use : CommittedUse
    prices : PriceList
    months : Months

    Returns
    -------
    mapping
        Of arrays of shape (hours,); lines that none of them may cover are left out. [units of the line]
    """
    names = netted_by_hour(use.section)
    if not names:
        return {}
    prices = with_own_prices(prices, use.section)
    priced = [one for one in priced_entries(use.section, lines, prices)[0] if one.name in names]
    sizes, members, usage_lines, left = lines_covered(lines, priced, use, prices, months)
    if not members:
        return {}
    covers = [commitment_of(one) for one in priced]
    order = cover_order(
        sizes,
        usage_lines,
        [c for c in covers if isinstance(c, Reservation)],
        [c for c in covers if isinstance(c, SavingsPlan)],
        use.section.rules,
    )
    reserved = [one for one in priced if isinstance(one.entry, ReservationEntry)]
    plans = [one for one in priced if isinstance(one.entry, SavingsPlanEntry)]
    for turn in order.reservations:
        room = order.reserved_units[turn.index] * order.reserved_ratio[turn.index]
        _take(left, room * _in_force(reserved[turn.index], months), turn.lines, turn.rates)
    for turn in order.plans:
        room = order.plan_amount[turn.index] * _in_force(plans[turn.index], months)
        _take(left, room, turn.lines, turn.rates)
    return dict(zip(members, left, strict=True))


def _take(left: FloatArray, room: FloatArray, lines: Sequence[int], rates: Sequence[float]) -> None:
    """Take from lines in order what fits into the room of each hour; `left` is changed."""
    for line, rate in zip(lines, rates, strict=True):
        taken = np.minimum(left[line] * rate, room)
        left[line] = np.maximum(left[line] - (taken / rate if rate else left[line] * (room > 0)), 0.0)
        room = room - taken


def _in_force(one: PricedEntry, months: Months) -> FloatArray:
    """Return 1 for each hour in which a commitment runs, renewals included, shape (hours,)."""
    ends = None if one.entry.auto_renew else one.entry.ends
    return np.repeat(months.days_active(one.entry.starts, ends).astype(float), HOURS_PER_DAY)
