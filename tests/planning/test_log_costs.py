"""What a log tier is worth on pay as you go: the same in an advice, in the measures of a bill, and in the bill itself."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agog_capacity.advice.commit import optimise_commitments
from agog_capacity.advice.logs import advise_log_tiers, log_entries, raised_entries
from agog_capacity.periods import Months
from agog_capacity.planning.commitment_tables import commitments
from agog_capacity.planning.commitments import commitment_results
from agog_capacity.planning.forecast import forecast
from agog_capacity.planning.log_costs import Tariff, bill_of_pool
from tests.advice.test_logs import DAYS, SEEDS, logs, plan, two_tiers  # noqa: F401 - fixtures

CENT = 0.01
INGESTION = "Log Analytics/Log Analytics/Analytics Logs/Analytics Logs Data Ingestion"
TIER = "Azure Monitor/Azure Monitor/100 GB Commitment Tier/100 GB Commitment Tier Capacity Reservation"
NO_SPREAD = {"yearly_growth_deviation": 0.0}
"""With it and one future, that future is the plan's own load."""


FIRST_YEAR = {"old": {"kind": "log_tier", "component": "logs", "gb_per_day": 100, "starts": "2027-01-01",
                      "ends": "2028-01-01"}}  # fmt: skip


def agreed(meter, price):
    return {"meter": meter, "regions": ["westeurope"], "price": price, "source": "a test"}


def second(gb, region="westeurope", **fields):
    """Return a change with a second workspace."""
    return {"components": {"more": {"kind": "log_analytics", "region": region, "gb_per_day": gb,
                                    "retention_days": 30, **fields}}}  # fmt: skip


def changed(plan, *changes):  # noqa: F811
    """Return the plan with its scenario `logs` changed step by step, under the name `case`."""
    before = "logs"
    for number, change in enumerate(changes):
        before, plan = f"step-{number}", plan.with_scenario(f"step-{number}", change, extends=before)
    return plan.with_scenario("case", {}, extends=before)


def without_commitments(plan, name):  # noqa: F811
    """Return the total of a scenario that buys nothing ahead, at the same negotiated prices."""
    bought = plan.scenario(name).design.commitments.bought
    bare = plan.with_scenario("bare", {"commitments": {"bought": dict.fromkeys(bought)}}, extends=name)
    return forecast(bare, "bare").total_cost


def measured(plan, name):  # noqa: F811
    return {one.name: one for one in commitment_results(forecast(plan, name))}


def said_and_got(plan):  # noqa: F811
    """Return what is said of each advised tier of scenario `case` and what the measures of the advised plan have.

    On the way: all of them together are what the bill saves against one without commitments.
    """
    advice = advise_log_tiers(plan, "case", 1, SEEDS)
    tiers = [tier for one in advice for tier in one.tiers]
    entries = {f"t{number}": entry for number, entry in enumerate(log_entries(advice))}
    change = {"commitments": {"bought": {**entries, **raised_entries(advice)}}}
    bought = plan.with_scenario("bought", change, extends="case")
    found = measured(bought, "bought")
    saved = without_commitments(bought, "bought") - forecast(bought, "bought").total_cost
    whole = found["all"].savings if "all" in found else sum(one.savings for one in found.values())
    assert whole == pytest.approx(saved, abs=CENT)
    return [tier.saving for tier in tiers], [found[name].savings for name in entries]


CASES: dict[str, tuple[float, dict[str, Any], tuple[dict[str, Any], ...]]] = {
    "alone, with the free grant": (90.0, {}, ()),
    "another that stays": (90.0, {}, (second(10.0),)),
    "another that stays in another region": (90.0, {}, (second(10.0, "eastus2"),)),
    "another that uses less than the free grant": (90.0, {}, (second(0.1),)),
    "another without the free grant": (90.0, {}, (second(10.0, sentinel=True),)),
    "without the free grant": (90.0, {"sentinel": True}, ()),
    "a negotiated price": (90.0, {}, ({"commitments": {"negotiated": {"n": agreed(INGESTION, 2.9)}}},)),
    "a negotiated price of the tier, which another has as a setting": (
        60.0,
        {},
        (
            second(100.0, commitment_tier_gb_per_day=100),
            {"commitments": {"negotiated": {"n": agreed(TIER, 150.0)}}},
        ),
    ),
    "follows the load and grows": (60.0, {"growth": 0.6, "follows_load": True, "outlook": NO_SPREAD}, ()),
    "follows the load beside another": (
        60.0, {"growth": 0.6, "follows_load": True, "outlook": NO_SPREAD}, (second(10.0, follows_load=True),)
    ),
    "begins and ends in mid plan": (90.0, {"starts": "2027-03-10", "ends": "2028-05-20"}, ()),
    "a tier by an entry in the first year": (90.0, {"bought": FIRST_YEAR}, ()),
    "the other is on a tier by an entry, so the free grant goes": (
        90.0,
        {},
        (second(95.0), {"commitments": {"bought": {"old": {"kind": "log_tier", "component": "more", "gb_per_day": 100,
                                                           "starts": "2026-06-01"}}}}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_said_of_a_tier_is_what_its_measures_have(plan, case):  # noqa: F811
    gb, fields, changes = CASES[case]
    said, got = said_and_got(changed(logs(plan, gb, **fields), *changes))
    assert said
    assert got == pytest.approx(said, abs=CENT)


def test_the_tiers_of_a_growing_workspace_each_save_what_is_said(two_tiers):  # noqa: F811
    """Pay as you go, then 100, then 200 GB; their coverage adds up, since both are of the same logs."""
    grown = changed(logs(two_tiers, 60.0, 0.9, follows_load=True, outlook=NO_SPREAD))
    said, got = said_and_got(grown)
    assert len(said) == 2
    assert got == pytest.approx(said, abs=CENT)


def test_the_whole_advice_says_what_the_measures_of_its_plan_have(plan):  # noqa: F811
    advice = optimise_commitments(logs(plan, 90.0), "logs")
    bought, name = advice.in_plan()
    found = measured(bought, name)
    tier = found["advised-3"]
    assert tier.savings == pytest.approx(advice.log_tiers[0].tiers[0].saving, abs=CENT)
    by_hand = DAYS * 90 * 2.99 - 36 * 5 * 2.99
    assert tier.covered == tier.eligible == pytest.approx(by_hand)
    assert (tier.used, tier.unused) == pytest.approx((DAYS * 252.84 * 0.9, DAYS * 252.84 * 0.1))
    assert tier.utilisation == pytest.approx(0.9)
    assert tier.coverage == pytest.approx(1)
    assert tier.effective_savings_rate == pytest.approx(1 - DAYS * 252.84 / by_hand)
    assert tier.paid_back == "2027-01"
    assert tier.what == "100 GB a day on logs from 2027-01-01"
    whole = found.pop("all")
    for measure in ("billed", "used", "unused", "covered", "eligible", "savings", "paid_before"):
        assert getattr(whole, measure) == pytest.approx(sum(getattr(x, measure) for x in found.values()))


def test_a_raise_saves_against_the_tier_that_was_there(two_tiers):  # noqa: F811
    """Said is against staying on 100 GB; measured is each tier against pay as you go, so their sum rises by what is said."""
    there = {"old": {"kind": "log_tier", "component": "logs", "gb_per_day": 100, "starts": "2026-06-01"}}
    growing = changed(logs(two_tiers, 90.0, 0.5, bought=there, follows_load=True, outlook=NO_SPREAD))
    (found,) = advise_log_tiers(growing, "case", 1, SEEDS)
    (raised,) = found.tiers
    assert raised.starts.isoformat() > "2027-02"
    entries = {"new": log_entries([found])[0], **raised_entries([found])}
    bought = growing.with_scenario("bought", {"commitments": {"bought": entries}}, extends="case")
    before, after = measured(growing, "case"), measured(bought, "bought")
    assert after["all"].savings == pytest.approx(after["old"].savings + after["new"].savings)
    assert after["all"].savings - before["old"].savings == pytest.approx(raised.saving, abs=CENT)
    assert after["new"].savings > raised.saving  # against nothing it saves more than against the old tier
    assert after["old"].coverage + after["new"].coverage == pytest.approx(1)
    assert after["all"].coverage == pytest.approx(1)


def test_a_tier_from_within_a_month_leaves_the_rest_on_pay_as_you_go(plan):  # noqa: F811
    """16 of 31 days of March; 15 x 90 GB stay there and have the 5 free, so what moved is worth its full price."""
    tier = {
        "kind": "log_tier",
        "component": "logs",
        "gb_per_day": 100,
        "starts": "2027-03-16",
        "ends": "2027-04-16",
    }
    bought = logs(plan, 90.0, bought={"t": tier})
    (found,) = commitment_results(forecast(bought, "logs"))
    # In both months some stays, and the free 5 GB with it.
    assert found.covered == pytest.approx(31 * 90 * 2.99)
    assert found.eligible == pytest.approx(DAYS * 90 * 2.99 - 36 * 5 * 2.99)
    assert found.what == "100 GB a day on logs from 2027-03-16 until before 2027-04-16"
    assert found.savings == pytest.approx(
        without_commitments(bought, "logs") - forecast(bought, "logs").total_cost
    )


def test_of_two_that_move_the_second_loses_the_free_grant(plan):  # noqa: F811
    """Each alone would leave the free grant to the other; together they lose it, and the bill does."""
    both = {
        f"tier-{name}": {"kind": "log_tier", "component": name, "gb_per_day": 100, "starts": "2027-01-01"}
        for name in ("logs", "more")
    }
    bought = changed(logs(plan, 90.0), second(95.0), {"commitments": {"bought": both}})
    found = measured(bought, "case")
    assert found["tier-logs"].covered == pytest.approx(DAYS * 90 * 2.99)
    assert found["tier-more"].covered == pytest.approx(DAYS * 95 * 2.99 - 36 * 5 * 2.99)
    saved = without_commitments(bought, "case") - forecast(bought, "case").total_cost
    assert found["all"].savings == pytest.approx(saved)


def test_a_tier_that_loses_says_so(plan):  # noqa: F811
    """84.6 GB a day are where it turns; at 50 it is paid back in no month."""
    tier = {"kind": "log_tier", "component": "logs", "gb_per_day": 100, "starts": "2027-02-01"}
    bought = logs(plan, 50.0, bought={"t": tier})
    one = forecast(bought, "logs")
    (found,) = commitment_results(one)
    assert found.savings == pytest.approx((DAYS - 31) * (50 * 2.99 - 252.84) - 35 * 5 * 2.99)
    assert found.paid_back == "not within the plan"
    table = commitments([one])
    assert table.rows[0][2] == "100 GB a day on logs from 2027-02-01"
    assert None not in table.rows[0]


@settings(max_examples=25, deadline=None)
@given(
    gb=st.floats(0.05, 400),
    other=st.floats(0.05, 150),
    region=st.sampled_from(["westeurope", "eastus2"]),
    follows=st.booleans(),
    first=st.integers(0, 3),
    day=st.integers(1, 28),
    second_tier=st.booleans(),
    negotiated=st.booleans(),
    reserved=st.integers(0, 6),
)
def test_all_that_is_saved_is_what_the_bill_saves(
    plan, gb, other, region, follows, first, day, second_tier, negotiated, reserved  # noqa: F811
):  # fmt: skip
    """Against the total of the scenario that buys nothing, over six months, with reservations beside the tiers.

    Nothing is paid before the plan; terms reach beyond it, so costs are effective.
    """
    small = replace(plan, months=Months("2027-01", 6))
    tier = {
        "kind": "log_tier",
        "component": "logs",
        "gb_per_day": 100,
        "starts": f"2027-0{first + 1}-{day:02}",
    }
    bought = {"t": tier}
    if second_tier and region == "westeurope":
        bought["u"] = tier | {"component": "more", "starts": "2027-02-01", "ends": "2027-05-11"}
    if reserved:
        bought["r"] = {"kind": "reservation", "vm_size": "Standard_D8s_v5", "region": "eastus2", "quantity": reserved,
                       "term": "1y", "starts": "2027-02-01"}  # fmt: skip
    agreed_on = {"negotiated": {"n": agreed(INGESTION, 2.5)}} if negotiated else {}
    grown = logs(small, gb, 0.2, follows_load=follows)
    case = changed(grown, second(other, region), {"commitments": {"bought": bought, **agreed_on}})
    found = measured(case, "case")
    saved = without_commitments(case, "case") - forecast(case, "case").total_cost
    assert (found.get("all") or found["t"]).savings == pytest.approx(saved, abs=1e-4)
    parts = [one for name, one in found.items() if name != "all"]
    if "all" in found:
        assert found["all"].savings == pytest.approx(sum(one.savings for one in parts), abs=1e-4)


@given(
    amounts=st.lists(st.floats(0, 1e4), min_size=1, max_size=4),
    prices=st.lists(st.floats(0.1, 5), min_size=4, max_size=4),
    starts=st.lists(st.floats(1, 500), min_size=4, max_size=4),
)
def test_the_bill_of_a_pool_is_the_sum_over_its_single_units(amounts, prices, starts):
    """Against a mean over the total in thin slices: every slice is shared out by quantity, at each one's own tiers."""
    tariffs = [
        Tariff(np.array([0.0, s, 2 * s]), np.array([0.0, p, p / 2]))
        for p, s in itertools.islice(zip(prices, starts, strict=True), len(amounts))
    ]
    total = sum(amounts)
    cost = bill_of_pool([np.array([a]) for a in amounts], tariffs)
    edges = np.unique([0.0, total, *(b for t in tariffs for b in t.starts if b < total)])
    expected = 0.0
    for low, high in itertools.pairwise(edges):
        for amount, tariff in zip(amounts, tariffs, strict=True):
            place = int(np.flatnonzero(tariff.starts <= (low + high) / 2)[-1])
            expected += (high - low) * amount / total * tariff.price[place]
    assert cost == pytest.approx([expected], rel=1e-9, abs=1e-9)
