"""Contracts of the tables that connect the verbs: each column with its type, unit and meaning.

Words are FOCUS's where it has one (FinOps Open Cost and Usage Specification 1.2), in snake case, so
that a forecast and an invoice speak alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from agog_capacity.errors import InputError, Problem, nearest

if TYPE_CHECKING:
    import pandas as pd


class Column(NamedTuple):
    """One column of a table."""

    kind: str
    """`text`, `number`, `time` or `flag`."""
    unit: str
    meaning: str


CHARGES: Mapping[str, Column] = {
    "scenario": Column("text", "-", "name of the scenario"),
    "billing_period_start": Column("time", "UTC", "first instant of the billing month"),
    "component": Column("text", "-", "name of the component"),
    "kind": Column("text", "-", "kind of the component"),
    "region_id": Column("text", "-", "region it is reported under; 'global' for services without one"),
    "service_name": Column("text", "-", "service as the provider names it"),
    "product_family": Column("text", "-", "product family of the meter"),
    "sku_id": Column("text", "-", "SKU of the meter"),
    "meter": Column("text", "-", "meter as the provider names it"),
    "price_region": Column("text", "-", "region, zone or 'Global' whose price was looked up"),
    "price_found_region": Column("text", "-", "region of the price that is used: another where it stands in"),
    "pricing_category": Column("text", "-", "on-demand, spot, reservation or savings-plan"),
    "term": Column("text", "-", "term of a commitment"),
    "tier_start": Column("number", "pricing_unit", "lower bound of the graduated tier"),
    "pricing_quantity": Column("number", "pricing_unit", "amount billed in the tier"),
    "pricing_unit": Column("text", "-", "base unit of quantity and price"),
    "list_unit_price": Column("number", "billing_currency per pricing_unit", "price of the tier"),
    "list_cost": Column("number", "billing_currency", "quantity x list unit price"),
    "contracted_cost": Column("number", "billing_currency", "after negotiated discounts"),
    "billed_cost": Column("number", "billing_currency", "what the invoice of the month says"),
    "effective_cost": Column("number", "billing_currency", "with purchases spread over their term"),
    "billing_currency": Column("text", "-", "currency of all costs of the row"),
    "price_book": Column("text", "-", "book the price is from; 'plan' for a price of the plan's own"),
    "price_date": Column("text", "-", "date of the price"),
    "price_source": Column("text", "-", "where the book has the price from"),
    "stand_in": Column("text", "-", "what the price stands in with, empty where it is exact"),
    "assumption": Column("flag", "-", "whether the quantity rests on an assumption of the plan"),
    "note": Column("text", "-", "what a reader must know"),
}


COMMITMENTS: Mapping[str, Column] = {
    "charge_category": Column("text", "-", "Purchase or Usage"),
    "commitment_discount_id": Column("text", "-", "commitment of the plan; empty for pay as you go"),
    "commitment_discount_status": Column("text", "-", "Used, Unused, or empty"),
}
"""Further columns of charges where something was bought ahead."""


def charge_columns(committed: bool) -> Mapping[str, Column]:
    """Return the columns of charges, of plans with or without commitments."""
    return {**CHARGES, **COMMITMENTS} if committed else CHARGES


def checked(frame: pd.DataFrame, contract: Mapping[str, Column], what: str) -> pd.DataFrame:
    """Return the frame if it has the columns of a contract and no missing number.

    Raises
    ------
    InputError
        With every column that is missing, unknown or holds what its kind forbids.
    """
    problems = [Problem(f"{what} lacks column {name!r}") for name in contract if name not in frame.columns]
    problems += [
        Problem(f"{what} has column {name!r}, which is not known; {nearest(name, contract)}")
        for name in frame.columns
        if name not in contract
    ]
    for name, column in contract.items():
        if name in frame.columns and column.kind == "number" and frame[name].isna().any():
            problems.append(Problem(f"{what} has no number in some rows of column {name!r}"))
    if problems:
        raise InputError(problems)
    return frame[list(contract)]
