"""What the step of commitments takes and gives: shared by machines, databases and logs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agog_capacity.commitments.section import CommitmentSection
from agog_capacity.components.base import Component, Usage
from agog_capacity.periods import FloatArray
from agog_capacity.prices.resolve import ResolvedPrice

Status = Literal["", "purchase", "used", "unused"]
"""What a charge is to a commitment; blank for all that is none of it."""

COMMITMENT = "commitment"
"""Kind under which purchases and unused parts are reported."""

UNUSED_NOTE = "unused: committed and paid for, and nothing took it up"


@dataclass(frozen=True)
class CommittedUse:
    """What the step needs to know of a design beside its usage."""

    section: CommitmentSection
    components: Mapping[str, Component]
    nodes: Mapping[str, FloatArray] = field(default_factory=dict)
    """Nodes of each hour of the plan by simulated pool, shape (hours,)."""


@dataclass(frozen=True)
class CommittedRow:
    """One row of a bill that a commitment makes, month by month; all arrays have shape (months,)."""

    usage: Usage
    price: ResolvedPrice
    unit_price: float
    """[currency per base unit of the price]"""
    list_cost: FloatArray
    """[currency]; of a purchase the amount billed, which accrual sums leave out."""
    contracted: FloatArray
    """At the negotiated price. [currency]"""
    billed: FloatArray
    """[currency]"""
    effective: FloatArray
    """[currency]"""
    commitment: str
    status: Status
    note: str


def negotiated_price(line: Usage, section: CommitmentSection) -> float | None:
    """Return the negotiated pay-as-you-go price of a line; agreements leave spot out, so it has none."""
    for price in section.negotiated.values():
        if price.meter == line.meter.text and line.price_region in price.regions:
            return price.price if line.purchase_option == "on-demand" else None
    return None
