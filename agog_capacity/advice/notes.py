"""What an advice of `agog-capacity commit` rests on, in sentences. Computes nothing new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agog_capacity.commitments.aws import is_aws
from agog_capacity.commitments.catalogue import NOTHING_TO_COMMIT_TO
from agog_capacity.commitments.joint import GAP
from agog_capacity.commitments.section import CommitmentSection, SavingsPlanEntry, redis_tier
from agog_capacity.errors import PriceNotFound
from agog_capacity.prices.book import PriceKey

if TYPE_CHECKING:
    from agog_capacity.advice.advice import CommitmentAdvice
    from agog_capacity.commitments.joint import JointOptimum
    from agog_capacity.commitments.portfolio import Purchase


def label_of(one: Purchase) -> str:
    """Return a purchase in words."""
    term = f"{one.offer.term_years} year{'s' * (one.offer.term_years > 1)}"
    return f"savings plan, {term}" if one.offer.size is None else f"{one.offer.size}, {term}"


def notes(advice: CommitmentAdvice) -> list[str]:
    """Return what the advice rests on, in sentences."""
    design = advice.plan.scenario(advice.scenario).design
    outlook = (design.commitments or CommitmentSection()).outlook
    portfolio = advice.portfolio
    told = []
    if advice.varies and design.scaling is not None:
        growth = design.scaling.load.yearly_growth
        noise = (
            "noise of its own"
            if design.scaling.load.noise is not None
            else "no noise, since the load has none"
        )
        told.append(
            f"{advice.futures} futures and as many fresh ones (seed {advice.seed}), each a whole load through the "
            f"autoscaler with {noise} and a yearly growth drawn around {growth:.0%} with a deviation of "
            f"{outlook.yearly_growth_deviation:.0%}, an assumption."
        )
        told.append("Pools with a fixed count, databases and caches use the same in every future.")
    elif advice.anything_sold:
        told.append(
            "Every count of this scenario is fixed, so all futures are one and nothing here speaks of risk; leave a pool to "
            "the autoscaler (nodes: null, with a section scaling) to see it."
        )
    section = design.commitments or CommitmentSection()
    narrow = [n for n, e in section.of_kind(SavingsPlanEntry).items() if e.scope.level != "shared"]
    if narrow:
        told.append(
            f"{', '.join(narrow)}: of narrow scope, so what it pays for is taken off first. The provider would apply new "
            "reservations before it, so this rather buys too little."
        )
    varied = [x.component for x in advice.log_tiers if x.varies]
    if varied:
        told.append(f"What arrives at {', '.join(varied)} follows the load, with the growth of each future.")
    if advice.caution is not None:
        told.append(
            f"Beside the expected cost, the mean regret of the worst {1 - advice.caution.alpha:.0%} of futures counts with "
            f"weight {advice.caution.weight:g}."
        )
    residual = {
        "nothing": "nothing, the cautious choice",
        "refund": f"its refund within {outlook.refund_limit:,.0f}, less a fee of {outlook.early_termination_fee:.0%}",
        "in use": "its cost, as if use went on",
    }[outlook.residual]
    if advice.anything_sold:
        told.append(f"A term beyond the {advice.plan.months.count} months is worth {residual}.")
    refundable = [p for p in advice.purchases if p.offer.size is not None and p.offer.refundable]
    reserved = sum(advice.total(p) for p in refundable)
    if reserved > outlook.refund_limit:
        told.append(
            f"Azure reservations come to {reserved:,.0f}; cancelled ones are refunded up to {outlook.refund_limit:,.0f} in "
            "twelve months, and a request above what is left of that is refused whole."
        )
    if advice.purchases and advice.varies:
        back = advice.break_even_month
        told.append(
            f"Paid upfront, payments are back by {back} on average."
            if back
            else "Payments are not back within the horizon."
        )
    if advice.anything_sold:
        told.append(_proven(portfolio.optimum))
    if abs(advice.missed_by_order) > 0.005:
        told.append(
            f"The provider fills the 3-year plan first whatever is best: that costs {advice.missed_by_order:,.0f} more than "
            "the split the optimum assumes."
        )
    as_of = max(book.as_of for book in advice.plan.prices.books)
    aged = sorted(_aged_rules(advice))
    books = ", ".join(book.name for book in advice.plan.prices.books)
    told.append(
        f"Prices: {books} (as of {as_of}). A savings plan keeps its amount, not its rates; a reservation keeps its price."
    )
    unsaid = list(dict.fromkeys(_unsaid_payments(advice)))
    if unsaid:
        told.append(
            "AWS sells at another total with no, partial or all upfront, and takes nothing back. The price rows say: "
            f"{'; '.join(unsaid)}. Buy on a quote."
        )
    if aged:
        told.append(f"Rules read over a year before the plan begins, to be checked again: {', '.join(aged)}.")
    return told


def _proven(optimum: JointOptimum) -> str:
    how = f"{optimum.cuts} cuts" if optimum.cuts else "every hour in one programme"
    text = f"Proven: nothing that is sold here costs less by more than {max(optimum.gap, GAP):.4%} on these futures ({how})."
    if optimum.gap <= GAP:
        return text
    return f"{text} There the search ended at its limit of branches; fewer dates of purchase (--every 3) bring it closer."


def _unsaid_payments(advice: CommitmentAdvice) -> Iterator[str]:
    """Yield what price rows of AWS say of themselves."""
    items = {subject.name: subject.item for subject in advice.offered.subjects}
    for one in advice.purchases:
        item = items.get(one.offer.size or "")
        if item is None or not is_aws(item.meter.service):
            continue
        key = PriceKey(item.meter, item.region, "reservation", f"{one.offer.term_years}y")
        try:
            note = advice.plan.prices.resolve(key).schedule.tiers[0].note
        except PriceNotFound:
            continue  # a price of the plan's own
        if note:
            yield f"{label_of(one)}: {note}"


def _aged_rules(advice: CommitmentAdvice) -> set[str]:
    """Return what no commitment is sold for by a rule that is old, of what the scenario uses."""
    months = advice.plan.months
    design = advice.plan.scenario(advice.scenario).design
    context = design.context(months)
    found = set()
    for component in design.components.values():
        for line in component.usage(context):
            found |= {
                line.meter.service,
                f"{line.meter.service}/{redis_tier(line.meter)}",
            } & NOTHING_TO_COMMIT_TO.keys()
    return {name for name in found if NOTHING_TO_COMMIT_TO[name].aged(months.starts[0].date())}
