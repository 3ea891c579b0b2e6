"""What is advised as a plan takes it, and as rows of full numbers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from agog_capacity.advice.logs import log_entries, raised_entries

if TYPE_CHECKING:
    import pandas as pd

    from agog_capacity.advice.advice import CommitmentAdvice


def entries_of(advice: CommitmentAdvice) -> dict[str, dict[str, Any] | None]:
    """Return what is advised as entries of a plan; see `CommitmentAdvice.entries`."""
    design = advice.plan.scenario(advice.scenario).design
    taken = {*design.components, *(design.commitments.bought if design.commitments else ())}
    free = (name for number in itertools.count(1) if (name := f"advised-{number}") not in taken)
    subjects = {subject.name: subject for subject in advice.offered.subjects}
    found: dict[str, dict[str, Any] | None] = {}
    for purchase in advice.purchases:
        entry: dict[str, Any] = {
            "term": f"{purchase.offer.term_years}y",
            "starts": advice.day(purchase).isoformat(),
        }
        if purchase.offer.size is None:
            entry |= {"kind": "savings_plan", "usd_per_hour": round(purchase.quantity, 3)}
        else:
            item = subjects[purchase.offer.size].item
            machine = item.meter.service == "Virtual Machines"
            what = {"vm_size": item.meter.sku} if machine else {"meter": item.meter.text}
            entry |= {
                "kind": "reservation",
                "region": item.region,
                "quantity": round(purchase.quantity),
                **what,
                **({} if subjects[purchase.offer.size].is_whole_group else {"flexible": False}),
            }
        found[next(free)] = entry
    found.update(zip(free, log_entries(advice.log_tiers), strict=False))
    return found | raised_entries(advice.log_tiers)


def purchase_rows(advice: CommitmentAdvice) -> list[dict[str, Any]]:
    """Return one row a purchase, numbers in full."""
    return [
        {
            "offer": one.offer.name,
            "starts": advice.day(one).isoformat(),
            "ends": advice.ends(one).isoformat(),
            "term": f"{one.offer.term_years}y",
            "quantity": one.quantity,
            "price_per_unit_hour": one.offer.usd_per_hour,
            "total": advice.total(one),
            "worth_of_next": one.worth_of_next,
            "currency": advice.plan.currency,
        }
        for one in advice.purchases
    ]


def tier_rows(advice: CommitmentAdvice) -> list[dict[str, Any]]:
    """Return one row an advised log tier, numbers in full; an end is left blank where it goes on."""
    return [
        {
            "workspace": one.component,
            "gb_per_day": tier.gb_per_day,
            "starts": tier.starts.isoformat(),
            "ends": tier.ends.isoformat() if tier.ends else "",
            "arriving_gb_per_day": tier.arriving,
            "saving": tier.saving,
            "next_lower_saves": tier.lower_saves,
            "next_higher_saves": tier.higher_saves,
            "currency": advice.plan.currency,
        }
        for one in advice.log_tiers
        for tier in one.tiers
    ]


ADVISED = (
    "name", "kind", "what", "starts", "ends", "term_years", "quantity_units", "amount_usd_per_hour", "amount_gb_per_day",
    "price_per_hour", "price_per_term", "worth_of_next_unit", "arriving_gb_per_day", "saving", "saving_next_lower",
    "saving_next_higher", "currency",
)  # fmt: skip
"""Columns of `CommitmentAdvice.to_frame`. Prices, worths and savings are in `currency`, savings over the whole horizon; what
does not apply to a kind is None. `name` is that of the entry in a plan."""


def advised_rows(advice: CommitmentAdvice) -> list[dict[str, Any]]:
    """Return one row a purchase and advised log tier, numbers in full, by the columns of `ADVISED`."""
    changed = raised_entries(advice.log_tiers)
    names = iter(name for name in entries_of(advice) if name not in changed)
    rows: list[dict[str, Any]] = []
    for one in advice.purchases:
        plan = one.offer.size is None
        rows.append(
            {
                "name": next(names),
                "kind": "savings_plan" if plan else "reservation",
                "what": one.offer.size or "savings plan",
                "starts": advice.day(one),
                "ends": advice.ends(one),
                "term_years": one.offer.term_years,
                "amount_usd_per_hour" if plan else "quantity_units": one.quantity,
                "price_per_hour": one.quantity * one.offer.usd_per_hour,
                "price_per_term": advice.total(one),
                "worth_of_next_unit": one.worth_of_next,
            }
        )
    for workspace in advice.log_tiers:
        for tier in workspace.tiers:
            rows.append(
                {
                    "name": next(names),
                    "kind": "log_tier",
                    "what": workspace.component,
                    "starts": tier.starts,
                    "ends": tier.ends,
                    "amount_gb_per_day": float(tier.gb_per_day),
                    "arriving_gb_per_day": tier.arriving,
                    "saving": tier.saving,
                    "saving_next_lower": tier.lower_saves,
                    "saving_next_higher": tier.higher_saves,
                }
            )
    return [dict.fromkeys(ADVISED) | row | {"currency": advice.plan.currency} for row in rows]


def advice_frame(advice: CommitmentAdvice) -> pd.DataFrame:
    """Return one row a purchase and log tier, indexed by its name in a plan; see `CommitmentAdvice.to_frame`."""
    import pandas as pd

    frame = pd.DataFrame(advised_rows(advice), columns=list(ADVISED)).set_index("name")
    dates = ["starts", "ends"]
    frame[dates] = frame[dates].apply(pd.to_datetime)
    numbers = [name for name in frame.columns if name not in ("kind", "what", *dates, "currency")]
    frame[numbers] = frame[numbers].astype(float)
    return frame
