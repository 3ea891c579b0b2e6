"""Terms, amortisation, rows, measures, payback, ladders, returns, tiers, spot: what the cases leave open."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.commitments.amortise import amortise, months_from
from agog_capacity.commitments.catalogue import (
    NOTHING_TO_COMMIT_TO,
    check_commitable,
    check_sold,
    reserved_storage_units,
    size_group,
)
from agog_capacity.commitments.ladder import Rung, climb, equal_rungs
from agog_capacity.commitments.log_tiers import TierChange, TierPrice, tier_changes, tier_month
from agog_capacity.commitments.measures import marginal_unit_worth, measure
from agog_capacity.commitments.payback import payback, term_costs
from agog_capacity.commitments.returns import Cancellation, ExchangeRequest, exchange, refunds
from agog_capacity.commitments.rows import month_rows
from agog_capacity.commitments.spot import SpotCandidate, check_spot, spot_mix, spot_price_with_limit
from agog_capacity.commitments.stacked import compute_with_spot_share, stacked_savings
from agog_capacity.commitments.terms import Purchase, add_years, check_purchases, hourly_share
from agog_capacity.errors import CommitmentError

DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))


@given(
    total=st.floats(0, 1e6),
    start=DAYS,
    years=st.sampled_from([1, 3]),
    payment=st.sampled_from(["upfront", "monthly"]),
    share=st.floats(0, 1),
)
def test_used_and_unused_are_the_purchase_over_the_term(total, start, years, payment, share):
    result = amortise(total, start, years, payment)
    used, unused = result.split(dict.fromkeys(result.effective, share))
    assert sum(used.values()) + sum(unused.values()) == pytest.approx(total)
    assert sum(result.billed.values()) == pytest.approx(total)
    assert len(result.billed) == (12 * years if payment == "monthly" else 1)


def test_a_leap_day_start_ends_on_the_28th():
    assert add_years(date(2028, 2, 29), 1) == date(2029, 2, 28)
    assert amortise(366.0, date(2028, 2, 29), 1).days == 365


@given(st.lists(st.floats(0, 8), min_size=24, max_size=24), st.floats(0.1, 6))
def test_rows_of_the_months_of_a_term_add_up_to_its_price(usage, units):
    # A year of 12 equal months, for the identity: purchase billed = used + unused in effect.
    hours, total = 730.0, 1000.0
    rows = [
        month_rows(
            term_total=total,
            term_hours=8760,
            units=units,
            payment="monthly",
            purchased_this_month=month == 0,
            month_hours=hours,
            used_unit_hours=hours * min(usage[month], units),
            on_demand_unit_hours=hours * max(usage[month] - units, 0),
            list_price=0.4,
            contracted_price=0.3,
        )
        for month in range(12)
    ]
    assert sum(r["purchase"].billed_cost for r in rows) == pytest.approx(total)
    assert sum(r["used"].effective_cost + r["unused"].effective_cost for r in rows) == pytest.approx(total)


def test_more_used_than_bought_is_an_error():
    with pytest.raises(CommitmentError, match="800 unit-hours are used of 730"):
        month_rows(
            term_total=1.0,
            term_hours=8760,
            units=1,
            payment="upfront",
            purchased_this_month=True,
            month_hours=730,
            used_unit_hours=800,
            on_demand_unit_hours=0,
            list_price=1,
            contracted_price=1,
        )


def test_full_coverage_can_lose_money():
    result = measure([10] * 6 + [5] * 18, 10, 0.28, 0.4)
    assert result.coverage == 1 and result.savings < 0
    assert measure([0.0, 0.0], 0, 0.1, 0.2).utilisation is None
    assert measure([0.0, 0.0], 0, 0.1, 0.2).effective_savings_rate is None


def test_the_next_unit_is_worth_its_used_share_less_its_price():
    worth = marginal_unit_worth([2, 2, 3, 5], [0, 1, 2, 3, 4], committed=0.6, on_demand=1.0)
    assert worth == pytest.approx([0.4, 0.4, -0.1, -0.35, -0.35])


def test_payback_and_terms():
    assert payback(3000, 0, [150.0] * 12).break_even_month is None
    assert payback(0, 10, [10.0] * 3).curve == pytest.approx([0, 0, 0])
    assert "three_year_refunded" not in term_costs(40, 1, 1, 1).costs
    with pytest.raises(CommitmentError):
        payback(-1, 0, [1.0])


def test_a_ladder_has_no_cliff():
    all_now = climb([Rung(12, "2027-01", 1)], "2027-01", [12] * 24)
    rungs = equal_rungs(12, "2027-01", 1, 4, 3)
    ladder = climb(rungs, "2027-01", [12] * 24)
    assert all_now.largest_drop == 12 and ladder.largest_drop == 3
    assert sum(r.quantity for r in rungs) == 12
    assert months_from("2027-11", 3) == ("2027-11", "2027-12", "2028-01")
    with pytest.raises(CommitmentError, match="'2027-13'"):
        climb([], "2027-13", [1])


def test_the_refund_pool_refuses_whole_requests_and_wants_dates_in_order():
    day = date(2026, 1, 1)
    results = refunds([Cancellation(day, 60_000), Cancellation(day, 50_000)], early_termination_fee=0.12)
    assert [r.accepted for r in results] == [False, True]
    assert results[1].refund == pytest.approx(44_000)
    with pytest.raises(CommitmentError, match="list them by date"):
        refunds([Cancellation(date(2026, 2, 1), 1), Cancellation(day, 1)])


def test_an_exchange_on_the_policy_day_counts_as_after():
    request = ExchangeRequest(date(2027, 2, 1), date(2027, 3, 1), 1, 365.0, 1000.0, "reservation", True)
    assert not exchange(request).allowed
    with pytest.raises(CommitmentError, match="before the purchase"):
        exchange(ExchangeRequest(date(2027, 2, 1), date(2027, 1, 1), 1, 1, 1, "reservation", True))


def test_log_tiers_pay_above_their_break_even():
    month = tier_month([84.0] * 30, 2.99, [TierPrice(100, 252.84)])
    assert month.best == 0
    assert tier_month([85.0] * 30, 2.99, [TierPrice(100, 252.84)]).best == 100
    assert tier_changes([TierChange(0, 0), TierChange(0, 100)])[0] == (True, True)


def test_spot_without_evictions_is_the_headline_discount():
    calm = {
        "nodes": 4,
        "spot_share": 1.0,
        "hours": 100,
        "on_demand": 0.2,
        "spot_price": 0.05,
        "boot_lag_h": 0.1,
    }
    mix = spot_mix(**calm, eviction_probability_per_hour=0.0, mean_hours_until_spot_returns=2.0)
    assert mix.saving_share == pytest.approx(0.75) and mix.evictions == 0
    stormy = spot_mix(**calm, eviction_probability_per_hour=0.2, mean_hours_until_spot_returns=6.0)
    assert stormy.spot_node_hours + stormy.fallback_node_hours + stormy.missing_node_hours == pytest.approx(
        400
    )
    with pytest.raises(CommitmentError, match="eviction probability"):
        spot_mix(**calm, eviction_probability_per_hour=1.5, mean_hours_until_spot_returns=2.0)
    assert spot_price_with_limit(0.3, 0.2) == 0.2
    assert spot_price_with_limit(0.1, 0.2, 0.05) is None


def test_what_may_not_run_on_spot_is_named_together():
    candidates = (
        SpotCandidate("db", "Standard_D8s_v5", 1, 0, stateful=True),
        SpotCandidate("web", "Standard_B2s", 3, 1, ingress=True),
        SpotCandidate("jobs", "Standard_D4s_v5", 0, 1),
    )
    with pytest.raises(CommitmentError) as error:
        check_spot(candidates)
    text = str(error.value)
    assert "'db'" in text and "only replica" in text and "B size" in text and "1 of its minimum of 3" in text
    assert "'jobs'" not in text


def test_the_brief_counts_savings_twice():
    three = stacked_savings(4524.0, 0.2, 0.15, 1095.0)
    assert three.double_counted == pytest.approx(486.12)
    assert compute_with_spot_share(3429.0, 0.0, 0.2, 0.15) == pytest.approx(3429 * 0.8)


def test_size_groups_and_their_ratios():
    assert size_group("Standard_D8s_v5") == ("Dsv5", 8.0)
    assert size_group("Standard_E64s_v3") == ("ESv3", 28.8)
    assert size_group("Standard_E8-2s_v5") == ("Esv5", 8.0)
    with pytest.raises(CommitmentError, match="was not read"):
        size_group("Standard_M128s")


def test_what_the_market_no_longer_sells_cannot_be_planned():
    check_sold("reservation", "Standard_D4s_v3", 3, date(2026, 6, 30))
    with pytest.raises(CommitmentError, match="Dsv3.*not sold|not sold.*Dsv3"):
        check_sold("reservation", "Standard_D4s_v3", 3, date(2026, 7, 1))
    with pytest.raises(CommitmentError, match="3 years are still sold"):
        check_sold("reservation", "Standard_F8s_v2", 1, date(2027, 1, 1))
    check_sold("reservation", "Standard_F8s_v2", 3, date(2027, 1, 1))
    check_sold("savings-plan", "Standard_D4s_v3", 1, date(2027, 1, 1))
    check_sold("reservation", "Standard_D4s_v5", 1, date(2027, 1, 1))
    with pytest.raises(CommitmentError, match="Premium and Enterprise only"):
        check_commitable("Redis Cache", "Standard", date(2027, 1, 1), 1)
    with pytest.raises(CommitmentError, match="retires on 2028-09-30"):
        check_commitable("Redis Cache", "Premium", date(2027, 1, 1), 3)
    check_commitable("Redis Cache", "Premium", date(2027, 1, 1), 1)
    assert reserved_storage_units(1.0) == 0
    assert NOTHING_TO_COMMIT_TO["Redis Cache/Standard"].aged(date(2026, 11, 24))


def _bought(name, start, **more):
    return Purchase(id=name, meter="m", quantity=1, total=1, start=start, term_years=1, **more)


def test_nothing_is_bought_twice():
    first = _bought("a", date(2027, 1, 1))
    with pytest.raises(CommitmentError, match="the terms overlap"):
        check_purchases((first, _bought("a", date(2027, 6, 1))))
    check_purchases((first, _bought("a", date(2028, 1, 1))))
    check_purchases((first, _bought("b", date(2027, 6, 1), replaces=("a",))))
    with pytest.raises(CommitmentError, match="replaces 'c'"):
        check_purchases((first, _bought("b", date(2027, 6, 1), replaces=("c",))))


def test_a_reservation_row_is_a_total():
    assert hourly_share(1038, 8760) == pytest.approx(0.118493, abs=1e-6)
    with pytest.raises(CommitmentError):
        hourly_share(1, 0)
    assert np.isfinite(hourly_share(0, 1))
