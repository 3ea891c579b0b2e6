"""The bill of commitments over a term: billed, effective, used, unused, and what is left."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from agog_capacity.commitments.bill import Commitment, commitment_bill
from agog_capacity.commitments.cover import cover_hours, cover_order
from agog_capacity.commitments.terms import Purchase, Reservation, SavingsPlan, Size, UsageLine
from agog_capacity.errors import CommitmentError
from agog_capacity.periods import Months

SIZES = {
    "D4": Size(group="D", ratio=4, on_demand=0.192, plan={1: 0.13248}),
    "D8": Size(group="D", ratio=8, on_demand=0.384, plan={1: 0.26496}),
}
LINES = [UsageLine(id="web", size="D4", region="eastus2"), UsageLine(id="erp", size="D8", region="eastus2")]


def reserved(start, payment="upfront", quantity=3.0):
    return Commitment(
        Reservation(id="r", size="D4", quantity=quantity, region="eastus2", hourly_cost=0),
        Purchase(
            id="r",
            meter="D4",
            quantity=quantity,
            total=1038 * quantity,
            start=start,
            term_years=1,
            payment=payment,
        ),
    )


def plan(start, amount=0.5):
    return Commitment(
        SavingsPlan(id="p", term_years=1, hourly_commitment=amount),
        Purchase(id="p", meter="plan", quantity=amount, total=amount * 8760, start=start, term_years=1),
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("payment", ["upfront", "monthly"])
def test_used_and_unused_are_the_purchase_over_the_term(seed, payment):
    rng = np.random.default_rng(seed)
    months = Months("2027-01", 24)
    usage = rng.integers(0, 6, (2, int(months.hours.sum()))).astype(float)
    start = date(2027, 1 + int(rng.integers(0, 12)), 1 + int(rng.integers(0, 28)))
    bill = commitment_bill(SIZES, LINES, usage, months, [reserved(start, payment), plan(start)])
    for name in ("r", "p"):
        rows = [row for row in bill.rows if row.commitment == name]
        total = sum(row.billed_cost for row in rows)
        assert total == pytest.approx(3 * 1038 if name == "r" else 0.5 * 8760)
        assert sum(row.effective_cost for row in rows) == pytest.approx(total)
    covered = sum(row.quantity for row in bill.rows if row.name == "used")
    assert covered + bill.uncovered.sum() == pytest.approx(usage.sum())


def test_a_month_agrees_with_the_hourly_cover():
    months = Months("2027-02", 1)
    usage = np.random.default_rng(7).integers(0, 5, (2, 672)).astype(float)
    commitments = [reserved(date(2026, 6, 1)), plan(date(2026, 6, 1))]
    bill = commitment_bill(SIZES, LINES, usage, months, commitments)
    order = cover_order(SIZES, LINES, [commitments[0].covers], [commitments[1].covers])
    cover = cover_hours(order, usage)
    assert bill.uncovered[:, 0] == pytest.approx(cover.on_demand_quantity.sum(axis=1))
    unused = {row.commitment: row.quantity for row in bill.rows if row.name == "unused"}
    assert unused == pytest.approx({"r": cover.reserved_unused.sum(), "p": cover.plan_unused.sum()})
    assert bill.total("billed_cost") == 0
    assert bill.total("effective_cost") == pytest.approx(28 * (3 * 1038 + 0.5 * 8760) / 365)


def test_bad_bills_are_named():
    usage = np.zeros((2, 744))
    with pytest.raises(CommitmentError, match="calendar months"):
        commitment_bill(SIZES, LINES, usage, Months("2027-01", 1, "730h"), [])
    with pytest.raises(CommitmentError, match="744 hours; 1 months from 2027-02 have 672"):
        commitment_bill(SIZES, LINES, usage, Months("2027-02", 1), [])
    with pytest.raises(CommitmentError, match="terms overlap"):
        commitment_bill(
            SIZES,
            LINES,
            usage,
            Months("2027-01", 1),
            [reserved(date(2027, 1, 1)), reserved(date(2027, 1, 5))],
        )
