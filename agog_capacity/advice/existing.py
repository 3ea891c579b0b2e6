"""What a scenario has bought already, as a finished table: what an advice nets first, and what it leaves unused of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agog_capacity.commitments.section import CommitmentSection, Entry
from agog_capacity.commitments.terms import Scope
from agog_capacity.committed.netting import netted_by_hour
from agog_capacity.report.tables import Cell, Heading, Table

if TYPE_CHECKING:
    from agog_capacity.advice.advice import CommitmentAdvice

_CENT = 0.01
"""Less is not worth a sentence. [currency]"""


def existing(advice: CommitmentAdvice) -> Table:
    """Return what the scenario has bought or plans already: netted first, nothing is bought twice."""
    section = advice.plan.scenario(advice.scenario).design.commitments or CommitmentSection()
    changes = advice.entries()
    rows: list[tuple[Cell, ...]] = []
    for name, entry in section.bought.items():
        advised = advice.bought_as_advised.get(name)
        rows.append(
            (
                name,
                entry.kind.replace("_", " ") + _scope_text(entry),
                amount_of(entry),
                entry.starts.isoformat(),
                ("existing" if entry.existing else "planned") + _as_advised(changes, name),
                advice.bought[name].billed,
                advice.bought[name].used,
                advice.bought[name].unused,
                None if advised is None else advised.unused,
            )
        )
    return Table(
        f"Bought already, netted first, {advice.plan.currency}",
        (
            Heading("name"),
            Heading("kind"),
            Heading("amount", decimals=3, counts=True),
            Heading("from"),
            Heading("state"),
            Heading("billed"),
            Heading("used"),
            Heading("unused"),
            Heading("unused as advised"),
        ),
        tuple(rows),
        "Billed inside the plan's months; used and unused are their effective cost, with the load of the plan itself, and "
        f"unused as advised that once what is advised is bought as well.{_idled(advice, section)}"
        if rows
        else "The scenario has bought nothing and plans nothing.",
    )


def _as_advised(changes: Mapping[str, Mapping[str, Any] | None], name: str) -> str:
    """Say what the advice does to an entry; blank where it leaves it as it is."""
    if name not in changes:
        return ""
    change = changes[name]
    return ", not bought as advised" if change is None else f", ends {change['ends']} as advised"


def _idled(advice: CommitmentAdvice, section: CommitmentSection) -> str:
    """Say what the advice leaves unused of what is bought already; blank where that is no more than before.

    Of an entry that it ends less is paid, so that one is not compared.
    """
    more = {
        name: rise
        for name, after in advice.bought_as_advised.items()
        if name not in advice.entries() and (rise := after.unused - advice.bought[name].unused) > _CENT
    }
    if not more:
        return ""
    whole = f"{sum(more.values()):,.2f} {advice.plan.currency}"
    of = [f"{name} ({rise:,.2f})" for name, rise in more.items()] if len(more) > 1 else list(more)
    # What is of narrow scope was taken off first instead, so of that the notes speak.
    counted = "" if more.keys() & netted_by_hour(section) else ", and the savings above count that"
    return (
        f" What is advised leaves {whole} more unused, of {' and '.join(of)}, since a new commitment may be applied before "
        f"it; what is bought already is paid either way{counted}."
    )


def _scope_text(entry: Entry) -> str:
    scope = getattr(entry, "scope", Scope())
    return "" if scope.level == "shared" else f", {scope.level.replace('_', ' ')} {scope.id}"


def amount_of(entry: Entry) -> float | int | None:
    """Return how much a commitment is of, in the unit of its kind: a count, an `int`, or the USD per hour of a plan."""
    for name in ("quantity", "usd_per_hour", "gb_per_day"):
        if hasattr(entry, name):
            amount: float | int = getattr(entry, name)
            return amount
    return None
