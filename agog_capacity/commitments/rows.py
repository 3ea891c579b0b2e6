"""The rows a commitment adds to a bill, in the words of FOCUS.

A purchase is billed and costs nothing in effect; covered usage costs its share of the term and is billed
nothing; what is not used is a row of its own with the rest of the share. Over the term the purchase equals
used plus unused; in each hour used plus unused is the quantity at its hourly share [1]_.

References
----------
.. [1] FOCUS specification, columns BilledCost, EffectiveCost, CommitmentDiscountStatus.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agog_capacity.commitments.amortise import Payment
from agog_capacity.errors import CommitmentError
from agog_capacity.units import MONTHS_PER_YEAR

RowName = Literal["purchase", "used", "unused", "on_demand"]
HOURS_PER_YEAR = 8760


@dataclass(frozen=True)
class Row:
    """One charge row of a month."""

    name: RowName
    category: Literal["Purchase", "Usage"]
    frequency: Literal["One-Time", "Recurring", "Usage-Based"]
    status: Literal["Used", "Unused", ""]
    """CommitmentDiscountStatus; blank where there is none."""
    pricing_category: Literal["Standard", "Committed"]
    quantity: float
    """[unit-hours], of a purchase units bought."""
    billed_cost: float
    """[currency]"""
    effective_cost: float
    """[currency]"""
    list_cost: float | None
    """At list price; None where a list price has no meaning (a purchase in accrual sums, unused). [currency]"""
    contracted_cost: float | None
    """At the negotiated price. [currency]"""


@dataclass(frozen=True)
class MonthRows:
    """The rows of one commitment and the usage under it, in one month."""

    rows: tuple[Row, ...]

    def __getitem__(self, name: RowName) -> Row:
        """Return the row of a name."""
        return next(row for row in self.rows if row.name == name)

    @property
    def billed_total(self) -> float:
        """[currency]"""
        return sum(row.billed_cost for row in self.rows)

    @property
    def effective_total(self) -> float:
        """[currency]"""
        return sum(row.effective_cost for row in self.rows)

    @property
    def list_total_accrual(self) -> float:
        """Usage at list price, purchases left out. [currency]"""
        return sum(row.list_cost or 0.0 for row in self.rows if row.category == "Usage")

    @property
    def savings_against_contracted(self) -> float:
        """Contracted cost of all usage less what it cost in effect. [currency]"""
        contracted = sum(row.contracted_cost or 0.0 for row in self.rows if row.category == "Usage")
        return contracted - self.effective_total


def month_rows(
    *,
    term_total: float,
    term_hours: float,
    units: float,
    payment: Payment,
    purchased_this_month: bool,
    month_hours: float,
    used_unit_hours: float,
    on_demand_unit_hours: float,
    list_price: float,
    contracted_price: float,
    instalments: int | None = None,
) -> MonthRows:
    """Return what one month of one commitment adds to the bill.

    Parameters
    ----------
    term_total : float
        Price of the term for all units. [currency]
    term_hours : float
        Hours the provider counts in the term. [h]
    units : float
        Units bought.
    payment : {"upfront", "monthly"}
    purchased_this_month : bool
        Whether an upfront payment falls in this month; instalments fall in every month.
    month_hours : float
        Hours of the month in which the commitment runs. [h]
    used_unit_hours, on_demand_unit_hours : float
        Usage that it covered, and usage beside it. [unit-hours]
    list_price, contracted_price : float
        Pay-as-you-go price without and with the negotiated discount. [currency per unit-hour]
    instalments : int, optional
        Number of instalments of the term; 12 a year if not given.

    Raises
    ------
    CommitmentError
        If more is used than there is, or a quantity is negative.
    """
    committed = units * month_hours
    if min(used_unit_hours, on_demand_unit_hours, units, month_hours, term_total) < 0 or term_hours <= 0:
        raise CommitmentError(
            "units, hours, usage and price of a commitment must not be negative, its term not 0"
        )
    if used_unit_hours > committed * (1 + 1e-9):
        raise CommitmentError(
            f"{used_unit_hours:g} unit-hours are used of {committed:g} committed; count the rest as on demand"
        )
    share = term_total / term_hours / units if units else 0.0
    count = instalments or max(1, round(term_hours / HOURS_PER_YEAR * MONTHS_PER_YEAR))
    if payment == "monthly":
        billed = term_total / count
    else:
        billed = term_total if purchased_this_month else 0.0
    unused = max(committed - used_unit_hours, 0.0)

    def usage(
        name: RowName, quantity: float, billed: float, effective: float, list_price: float, own: float
    ) -> Row:
        status: Literal["Used", "Unused", ""] = (
            "Used" if name == "used" else "Unused" if name == "unused" else ""
        )
        return Row(
            name,
            "Usage",
            "Usage-Based",
            status,
            "Committed" if status else "Standard",
            quantity,
            billed,
            effective,
            None if name == "unused" else quantity * list_price,
            None if name == "unused" else quantity * own,
        )

    own_cost = on_demand_unit_hours * contracted_price
    return MonthRows(
        (
            Row(
                "purchase",
                "Purchase",
                "Recurring" if payment == "monthly" else "One-Time",
                "",
                "Standard",
                units,
                billed,
                0.0,
                billed,
                billed,
            ),
            usage("used", used_unit_hours, 0.0, share * used_unit_hours, list_price, contracted_price),
            usage("unused", unused, 0.0, share * unused, list_price, contracted_price),
            usage("on_demand", on_demand_unit_hours, own_cost, own_cost, list_price, contracted_price),
        )
    )
