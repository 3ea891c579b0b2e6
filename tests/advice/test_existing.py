"""What an advice leaves unused of what a scenario has bought already, as the bill of the advised plan has it."""

from __future__ import annotations

import html
from unittest.mock import Mock

import pytest

from agog_capacity.advice.bought import bought_as_advised
from agog_capacity.advice.commit import optimise_commitments
from agog_capacity.advice.existing import existing
from agog_capacity.advice.tables import advice_text
from agog_capacity.planning.commitments import commitment_results
from agog_capacity.planning.forecast import forecast
from tests.advice.test_logs import logs, plan, two_tiers  # noqa: F401 - fixtures

OLD = {"kind": "savings_plan", "usd_per_hour": 2.0, "term": "1y", "starts": "2026-07-01", "existing": True}
"""181 of its 365 days are in the plan, at 48 USD a day."""


def has(plan, **entries):  # noqa: F811
    return plan.with_scenario("has", {"commitments": {"bought": entries}})


def rows(advice):
    return {row[0]: row for row in existing(advice).rows}


def billed_unused(advice):
    """Return what each commitment leaves unused in the comparison of the advised plan."""
    bought, name = advice.in_plan()
    return {one.name: one.unused for one in commitment_results(forecast(bought, name))}


def said(advice):
    text = " ".join(advice_text(advice).split())
    assert existing(advice).note in text
    assert html.escape(existing(advice).note) in advice._repr_html_()
    return existing(advice).note


@pytest.fixture(scope="module")
def idling(plan):  # noqa: F811
    """Bought once a year: three years for all machines from the first day pay, though the old plan still runs."""
    return optimise_commitments(has(plan, old=OLD), "has", buy_every=12)


def test_a_plan_that_new_reservations_idle_is_named_with_the_amount(idling):
    """All 26 machines are reserved, and reservations go first, so nothing is left to the old plan: 181 x 48 USD."""
    assert sum(one.quantity for one in idling.purchases) == 26
    assert idling.bought["old"].unused == pytest.approx(0, abs=0.01)
    assert rows(idling)["old"][-2:] == pytest.approx((0, 181 * 48), abs=0.01)
    assert (
        "What is advised leaves 8,688.00 USD more unused, of old, since a new commitment may be applied before it; what is "
        "bought already is paid either way, and the savings above count that."
    ) in said(idling)


def test_what_is_left_unused_is_what_the_comparison_has_and_the_saving_counts_it(idling):
    assert billed_unused(idling)["old"] == pytest.approx(rows(idling)["old"][-1])
    bought, name = idling.in_plan()
    saved = forecast(bought, "has").total_cost - forecast(bought, name).total_cost
    # The optimiser counts a term of 8,760 h a year, the bill its days.
    assert saved == pytest.approx(idling.given.saving, rel=3e-3)


def test_a_commitment_that_stays_in_use_needs_no_sentence(plan):  # noqa: F811
    """Four of five machines are reserved to the end of the plan: what is bought for the rest leaves them as they are."""
    entry = {"kind": "reservation", "vm_size": "Standard_D8s_v5", "region": "eastus2", "quantity": 4, "term": "3y",
             "starts": "2027-01-01"}  # fmt: skip
    advice = optimise_commitments(has(plan, us=entry), "has")
    assert advice.purchases
    assert rows(advice)["us"][-2:] == pytest.approx((0, 0), abs=0.01)
    assert billed_unused(advice)["us"] == pytest.approx(0, abs=0.01)
    assert said(advice).endswith("unused as advised that once what is advised is bought as well.")


def test_several_are_named_with_their_parts(plan):  # noqa: F811
    """Both are of one year; what nothing takes up is of either, and the comparison says how much of which."""
    more = OLD | {"usd_per_hour": 1.0, "starts": "2026-04-01"}
    advice = optimise_commitments(has(plan, old=OLD, older=more), "has", buy_every=12)
    found = billed_unused(advice)
    assert found["old"] > 1
    assert found["older"] > 1
    assert f"of old ({found['old']:,.2f}) and older ({found['older']:,.2f})," in said(advice)
    assert f"leaves {found['old'] + found['older']:,.2f} USD more" in said(advice)


def test_a_narrow_plan_is_named_without_a_claim_that_it_is_counted(plan):  # noqa: F811
    """It is taken off first, while the bill applies new reservations before it; the notes say so."""
    places = {"system-nodes-us": {"subscription": "platform"}, "app-nodes-us": {"subscription": "shop"}}
    narrow = OLD | {"scope": {"level": "subscription", "id": "platform"}, "usd_per_hour": 0.4, "term": "3y"}
    changed = plan.with_scenario("has", {"commitments": {"bought": {"old": narrow}, "places": places}})
    advice = optimise_commitments(changed, "has")
    assert rows(advice)["old"][-1] == pytest.approx(billed_unused(advice)["old"])
    assert rows(advice)["old"][-1] > advice.bought["old"].unused + 1
    assert said(advice).endswith("what is bought already is paid either way.")


def test_a_tier_that_is_raised_says_when_it_ends_and_is_not_compared(two_tiers):  # noqa: F811
    """At 90 GB a day it is a tenth unused until the load has grown enough for 200 GB."""
    there = {"tier": {"kind": "log_tier", "component": "logs", "gb_per_day": 100, "starts": "2026-06-01"}}
    growing = logs(two_tiers, 90.0, 0.5, bought=there, follows_load=True)
    advice = optimise_commitments(growing, "logs", futures=2)
    row, change = rows(advice)["tier"], advice.entries()["tier"]
    assert change is not None
    assert row[4] == f"planned, ends {change['ends']} as advised"
    assert 0 < row[-1] <= row[-2]
    assert row[-1] == pytest.approx(billed_unused(advice)["tier"])
    assert "more unused" not in said(advice)


def test_a_tier_that_is_raised_before_it_begins_is_not_bought(two_tiers):  # noqa: F811
    there = {"tier": {"kind": "log_tier", "component": "logs", "gb_per_day": 100, "starts": "2027-03-01"}}
    advice = optimise_commitments(logs(two_tiers, 300.0, bought=there), "logs", futures=1)
    assert advice.entries()["tier"] is None
    row = rows(advice)["tier"]
    assert row[4] == "planned, not bought as advised"
    assert row[-1] is None
    assert "tier" not in advice.bought_as_advised
    assert "more unused" not in said(advice)


def test_where_nothing_is_advised_nothing_is_computed_again(plan):  # noqa: F811
    advice = optimise_commitments(plan, "reserved-3y-scaled-down")
    assert advice.bought_as_advised is advice.bought
    shown = rows(advice)
    assert {name: row[-1] for name, row in shown.items()} == {name: row[-2] for name, row in shown.items()}


def test_it_is_computed_for_those_who_print_only(plan, monkeypatch):  # noqa: F811
    advice = optimise_commitments(has(plan, old=OLD), "has")
    once = Mock(wraps=bought_as_advised)
    monkeypatch.setattr("agog_capacity.advice.advice.bought_as_advised", once)
    assert advice.purchases
    once.assert_not_called()
    assert advice_text(advice) == advice_text(advice)
    once.assert_called_once()


def test_an_advice_for_larger_futures_than_the_plans_own_load_is_shown(plan):  # noqa: F811
    """Futures of any load may ask for a savings plan above all usage of the plan's own; that stops no table."""
    entry = {"kind": "savings_plan", "usd_per_hour": 900.0, "term": "3y", "starts": "2027-01-01"}
    advice = optimise_commitments(has(plan, old=OLD), "has")
    object.__setattr__(advice, "entries", lambda: {"advised-1": entry})
    assert "old" in rows(advice)
