"""What existing commitments of narrow scope or exact size leave to be advised, as the bill has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agog_capacity.advice.commit import optimise_commitments
from agog_capacity.advice.tables import advice_text
from agog_capacity.plan import load_plan
from agog_capacity.planning.forecast import forecast

PLANS = Path(__file__).parents[2] / "data" / "plans"
PLACES = {"system-nodes-us": {"subscription": "platform"}, "app-nodes-us": {"subscription": "shop"}}


@pytest.fixture(scope="module")
def plan():
    return load_plan(PLANS / "agog_commitments.yaml")


def reserved(quantity: int, subscription: str | None = None, **more):
    entry = {"kind": "reservation", "vm_size": "Standard_D8s_v5", "region": "eastus2", "quantity": quantity,
             "term": "3y", "starts": "2027-01-01", "existing": True}  # fmt: skip
    scope = {"scope": {"level": "subscription", "id": subscription}} if subscription else {}
    return entry | scope | more


def advised(plan, places=PLACES, **entries):
    changed = plan.with_scenario("has", {"commitments": {"bought": entries, "places": places}})
    return optimise_commitments(changed, "has")


def units(advice, region="eastus2"):
    """Return the advised units of D4s_v5 in a region, and what the bill of the advised plan saves."""
    plan, name = advice.in_plan()
    saved = forecast(plan, "has").total_cost - forecast(plan, name).total_cost
    # The optimiser counts a term of 8,760 h a year, the bill its days.
    assert saved == pytest.approx(advice.given.saving, rel=3e-3)
    bought = [(p.offer.size, p.offer.term_years, p.quantity) for p in advice.purchases]
    return sum(n for size, term, n in bought if size == f"D4s_v5 {region}" and term == 3)


def test_one_subscription_does_not_net_what_another_uses(plan):
    """8 D8 for the platform: 1.5 of them cover its three D4, the shop's five D8 are all still to be reserved."""
    assert units(advised(plan, us=reserved(8, "platform"))) == 2 * 5
    assert units(advised(plan, us=reserved(8))) == 0  # at shared scope they cover both


def test_each_subscription_is_netted_by_its_own(plan):
    """One D8 for the platform covers 2 of its 3 D4 units, two for the shop 4 of its 10: 1 + 6 are left."""
    assert units(advised(plan, a=reserved(1, "platform"), b=reserved(2, "shop"))) == 7


def test_a_narrow_one_goes_before_a_wide_one(plan):
    """The narrow D8 takes 2 units of the platform, the shared ones 4 x 2 of the 11 units that are left, in any order."""
    for entries in (
        {"a": reserved(1, "platform"), "b": reserved(4)},
        {"b": reserved(4), "a": reserved(1, "platform")},
    ):
        assert units(advised(plan, **entries)) == 13 - 2 - 8


def test_an_exact_size_nets_only_that_size(plan):
    """8 D8 at exact size: five are used, and no D4 is."""
    assert units(advised(plan, us=reserved(8, flexible=False))) == 3


def test_a_narrow_one_nets_only_while_it_runs(plan):
    """Bought three years before the second year begins: in 2027 its D8s cover the shop, from 2028 on all is to be bought."""
    advice = advised(plan, us=reserved(5, "shop", starts="2025-01-01"))
    at = {(p.label, p.offer.term_years): p.quantity for p in advice.purchases if "eastus2" in p.offer.name}
    assert at["2027-01", 3] == 3
    assert sum(n for (label, _), n in at.items() if label == "2028-01") == 10


def test_a_narrow_savings_plan_nets_what_its_subscription_uses(plan):
    """3 x 0.13248 an hour pay for the three D4 of the platform for a year, and nothing of the shop."""
    entry = {"kind": "savings_plan", "usd_per_hour": 0.4, "term": "3y", "starts": "2027-01-01", "existing": True,
             "scope": {"level": "subscription", "id": "platform"}}  # fmt: skip
    advice = advised(plan, sp=entry)
    assert sum(p.quantity for p in advice.purchases if p.offer.size == "D4s_v5 eastus2") == 10


def test_a_resource_group_is_a_scope_too_and_is_shown(plan):
    places = {"system-nodes-us": {"resource_group": "rg-1"}, "app-nodes-us": {"resource_group": "rg-2"}}
    entry = reserved(8) | {"scope": {"level": "resource_group", "id": "rg-1"}}
    advice = advised(plan, places, us=entry)
    assert units(advice) == 10
    assert "resource group rg-1" in " ".join(advice_text(advice).split())
