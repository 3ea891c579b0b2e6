"""Log tiers that are advised: what they save in the bill, how they follow the load, and when none pays."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from agog_capacity.advice.commit import optimise_commitments
from agog_capacity.advice.files import write_advice
from agog_capacity.advice.log_tables import log_tiers
from agog_capacity.advice.logs import advise_log_tiers, log_entries, raised_entries
from agog_capacity.advice.tables import advice_text
from agog_capacity.plan import load_plan
from agog_capacity.planning.forecast import forecast
from agog_capacity.planning.loads import load_multiples

PLANS = Path(__file__).parents[2] / "data" / "plans"
SEEDS = (1, 1_000_004)
LARGE = "Azure Monitor/Azure Monitor/200 GB Commitment Tier/200 GB Commitment Tier Capacity Reservation"
DAYS = 1096
"""Of 2027 to 2029."""


@pytest.fixture(scope="module")
def plan():
    return load_plan(PLANS / "agog_commitments.yaml")


@pytest.fixture(scope="module")
def two_tiers(tmp_path_factory):
    """The plan with a price of the tier of 200 GB of its own, for paths between tiers."""
    text = (PLANS / "agog_commitments.yaml").read_text()
    path = tmp_path_factory.mktemp("plan") / "plan.yaml"
    path.write_text(
        text.rstrip()
        + f"""
  - meter: {LARGE}
    regions: [westeurope]
    use: {{price: {{amount: 480.0, unit: 1 Day, currency: USD, source: a test, date: "2026-11-24"}}}}
    because: a test
"""
    )
    return load_plan(path)


def logs(plan, gb, growth=None, bought=None, outlook=None, **fields):
    """Return the plan with a workspace in westeurope, on the fixed nodes."""
    change = {"components": {"logs": {"region": "westeurope", "gb_per_day": gb, **fields}}}
    if growth is not None:
        change["scaling"] = {"load": {"yearly_growth": growth}}
    if bought:
        change["commitments"] = {"bought": bought}
    if outlook:
        change.setdefault("commitments", {})["outlook"] = outlook
    return plan.with_scenario("logs", change)


def advised(plan, futures=4):
    (found,) = advise_log_tiers(plan, "logs", futures, SEEDS)
    return found


def advice_of(*found) -> Any:
    """Return an advice of which only the log tiers are asked."""
    return SimpleNamespace(log_tiers=found, plan=SimpleNamespace(currency="USD"))


def saving(found, fresh=False):
    outcome = found.fresh if fresh else found.given
    assert outcome is not None
    return outcome.saving


def test_ten_gb_a_day_have_no_tier_and_the_break_even_is_told(plan):
    """252.84 a day for 100 GB against 2.99 per GB: 84.6 GB a day."""
    found = advised(logs(plan, 10.0))
    assert found.tiers == ()
    assert found.because == (
        "no tier pays at 10 GB a day; that of 100 GB, at 252.84 a day, pays above 84.6 GB a day"
    )
    assert saving(found) == 0


def test_the_break_even_is_where_the_advice_turns(plan):
    """The free 5 GB a month move it by 0.16 GB a day."""
    assert not advised(logs(plan, 84.6)).tiers
    assert [t.gb_per_day for t in advised(logs(plan, 84.8)).tiers] == [100]


def test_a_region_without_a_tier_names_one_that_has(plan):
    (found,) = advise_log_tiers(plan, "pay-as-you-go", 1, SEEDS)
    assert "no price book of the plan has a commitment tier in eastus2" in found.because
    assert "in westeurope that of 100 GB pays above 84.6 GB a day" in found.because


def test_what_it_saves_is_what_the_bill_saves_and_is_counted_once(plan):
    """90 GB a day on pay as you go less 5 free a month, against 252.84 a day."""
    advice = optimise_commitments(logs(plan, 90.0), "logs")
    (found,) = advice.log_tiers
    by_hand = DAYS * 90 * 2.99 - 36 * 5 * 2.99 - DAYS * 252.84
    assert saving(found) == pytest.approx(by_hand)
    assert saving(found, fresh=True) == pytest.approx(by_hand)
    (tier,) = found.tiers
    assert tier.saving == pytest.approx(by_hand)
    assert tier.lower_saves == pytest.approx(-by_hand)
    assert tier.higher_saves is None
    entry = advice.entries()["advised-3"]
    assert entry == {"kind": "log_tier", "component": "logs", "gb_per_day": 100, "starts": "2027-01-01"}
    bought, name = advice.in_plan()
    saved = forecast(bought, "logs").total_cost - forecast(bought, name).total_cost
    assert saved == pytest.approx(advice.given.saving + by_hand, rel=2e-3)
    again = optimise_commitments(bought, name)
    assert again.log_tiers[0].because == (
        "it has the tier of 100 GB a day already, and no price book of the plan has a larger one here"
    )
    assert not again.purchases
    text = " ".join(advice_text(advice).split())
    assert "log tier of logs (advised)" in text
    assert f"{by_hand:+,.0f}" in text


def test_logs_that_follow_the_load_have_the_growth_of_each_future(plan):
    found = advised(logs(plan, 60.0, 0.5, follows_load=True))
    assert len(set(found.given.cost_of_nothing)) == 4
    assert not set(found.given.cost_of_nothing) & set(found.fresh.cost_of_nothing)
    assert found.given.standard_error is not None
    assert found.tiers[0].starts.isoformat() > "2027-06"  # it pays when the load has grown
    assert found.tiers[-1].ends is None
    fixed = advised(logs(plan, 60.0, 0.5))
    assert len(fixed.given.cost) == 1
    assert not fixed.tiers


def test_a_growing_workspace_is_raised_and_the_bill_agrees(two_tiers):
    """Pay as you go, then 100, then 200 GB: each entry ends where the next begins."""
    grown = logs(two_tiers, 60.0, 0.7, follows_load=True)
    found = advised(grown, 1)
    assert [t.gb_per_day for t in found.tiers] == [100, 200]
    assert found.tiers[0].ends == found.tiers[1].starts
    assert found.tiers[1].ends is None
    for tier in found.tiers:
        assert tier.saving > 0
        assert tier.lower_saves < 0
        assert tier.higher_saves is None or tier.higher_saves < 0
    # One future whose growth is the plan's own: the bill and the advice are then of the same load.
    same = grown.with_scenario(
        "logs-same", {"commitments": {"outlook": {"yearly_growth_deviation": 0.0}}}, extends="logs"
    )
    advice = optimise_commitments(same, "logs-same", futures=1)
    bought, name = advice.in_plan()
    saved = forecast(bought, "logs-same").total_cost - forecast(bought, name).total_cost
    assert saved == pytest.approx(advice.given.saving + saving(advice.log_tiers[0]), rel=2e-3)


def fixed_growth(plan, gb, growth):
    """Return the plan with one future, that of the plan itself, and the daily amounts of a workspace."""
    grown = logs(plan, gb, growth, outlook={"yearly_growth_deviation": 0.0}, follows_load=True)
    scaling = grown.scenario("logs").design.scaling
    _, of_days = load_multiples(scaling, grown.months)
    return grown, gb * of_days


def test_the_start_month_is_the_best_of_all_by_day(plan):
    """Brute force over the month in which one tier begins, on what arrives each day of three years."""
    grown, daily = fixed_growth(plan, 60.0, 0.6)
    found = advised(grown, 1)
    month = grown.months.month_of_day
    payg = np.array([2.99 * max(daily[month == m].sum() - 5, 0) for m in range(36)])
    tier = np.array([2.5284 * np.maximum(daily[month == m], 100).sum() for m in range(36)])
    best = max((payg[m:] - tier[m:]).sum() for m in range(37))
    assert saving(found) >= best * (1 - 1e-9)  # it may also leave the tier for a month
    assert found.given.cost_of_nothing == pytest.approx([payg.sum()])
    runs = [(t.starts.isoformat()[:7], t.ends.isoformat()[:7] if t.ends else "9") for t in found.tiers]
    on_tier = np.array([any(a <= label < b for a, b in runs) for label in grown.months.labels])
    assert saving(found) == pytest.approx((payg - tier)[on_tier].sum())
    by_mean = sum(
        max(payg[m] - 252.84 * days * max(1, daily[month == m].mean() / 100), 0)
        for m, days in enumerate(grown.months.days)
    )
    assert saving(found) < 0.9 * by_mean  # weekends count


@pytest.mark.parametrize(("gb", "growth"), [(70.0, 0.3), (110.0, 0.0), (95.0, 0.8)])
def test_logs_that_vary_over_the_week_save_in_the_bill_what_is_advised(two_tiers, gb, growth):
    grown, _ = fixed_growth(two_tiers, gb, growth)
    found = advised(grown, 1)
    assert found.tiers
    entries = {f"t{n}": e for n, e in enumerate(log_entries([found]))}
    bought = grown.with_scenario("bought", {"commitments": {"bought": entries}}, extends="logs")
    saved = forecast(bought, "logs").total_cost - forecast(bought, "bought").total_cost
    assert saved == pytest.approx(saving(found))


def test_a_tier_that_is_there_is_kept(plan):
    assert (
        "has the tier of 100 GB a day already"
        in advised(logs(plan, 300.0, commitment_tier_gb_per_day=100)).because
    )
    first_year = {"t": {"kind": "log_tier", "component": "logs", "gb_per_day": 100, "starts": "2027-01-01",
                        "ends": "2028-01-01"}}  # fmt: skip
    (tier,) = advised(logs(plan, 90.0, bought=first_year)).tiers
    assert tier.starts.isoformat() == "2028-01-01"


def test_a_tier_without_an_end_is_raised_and_the_bill_agrees(two_tiers):
    """300 GB a day on 100 cost 3 x 252.84 a day, on 200 they cost 1.5 x 480."""
    there = {"t": {"kind": "log_tier", "component": "logs", "gb_per_day": 100, "starts": "2026-06-01"}}
    grown = logs(two_tiers, 300.0, bought=there)
    found = advised(grown)
    assert [(t.gb_per_day, t.starts.isoformat()) for t in found.tiers] == [(200, "2027-01-01")]
    assert saving(found) == pytest.approx(DAYS * (3 * 252.84 - 1.5 * 480))
    entries = {"raise": log_entries([found])[0], **raised_entries([found])}
    assert entries["t"] == {"ends": "2027-01-01"}
    bought = grown.with_scenario("bought", {"commitments": {"bought": entries}}, extends="logs")
    saved = forecast(bought, "logs").total_cost - forecast(bought, "bought").total_cost
    assert saved == pytest.approx(saving(found))
    assert (
        "against pay as you go, of a raise against the tier that stands, and"
        in log_tiers(advice_of(found)).note
    )
    assert "of a raise" not in log_tiers(advice_of(advised(logs(two_tiers, 300.0)))).note


def test_a_workspace_that_begins_and_ends_within_the_plan(plan):
    (tier,) = advised(logs(plan, 90.0, starts="2027-03-10", ends="2028-05-20")).tiers
    assert (tier.starts.isoformat(), tier.ends.isoformat()) == ("2027-03-10", "2028-05-20")


def test_several_workspaces_are_each_advised(plan):
    change = {"components": {
        "logs": {"region": "westeurope", "gb_per_day": 90.0},
        "cheap": {"kind": "log_analytics", "region": "westeurope", "gb_per_day": 400.0, "plan": "Basic",
                  "retention_days": 30, "searched_gb_per_month": 10},
    }}  # fmt: skip
    found = {x.component: x for x in advise_log_tiers(plan.with_scenario("logs", change), "logs", 1, SEEDS)}
    assert found["logs"].tiers
    assert found["cheap"].because == "tables of plan Basic have no commitment tier"


def test_logs_alone_are_advised_on(plan):
    nothing = {
        n: None
        for n, c in plan.scenario("pay-as-you-go").design.components.items()
        if c.kind != "log_analytics"
    }
    only = plan.with_scenario(
        "only",
        {
            "components": {**nothing, "logs": {"region": "westeurope", "gb_per_day": 90.0}},
            "serving_path": None,
        },
    )
    advice = optimise_commitments(only, "only")
    assert advice.purchases == ()
    assert list(advice.entries()) == ["advised-1"]
    text = " ".join(advice_text(advice).split())
    assert "No reservation or savings plan is sold for what the scenario uses; log tiers are below." in text
    for absent in (
        "cover the minimum",
        "as advised",
        "fresh",
        "worst 5 %",
        "Proven",
        "is worth nothing",
        "all futures are one",
    ):
        assert absent not in text
    frame = advice.to_frame()
    assert (frame.loc["advised-1", "kind"], frame.loc["advised-1", "what"]) == ("log_tier", "logs")
    assert frame.loc["advised-1", "amount_gb_per_day"] == 100
    assert frame.loc["advised-1", "saving"] == pytest.approx(saving(advice.log_tiers[0]))
    assert not frame[["ends", "quantity_units", "price_per_term"]].notna().to_numpy().any()


def test_logs_that_vary_have_fresh_futures_in_their_table(plan):
    (varied,) = advise_log_tiers(logs(plan, 90.0, growth=0.2, follows_load=True), "logs", 2, SEEDS)
    (fixed,) = advise_log_tiers(logs(plan, 90.0), "logs", 2, SEEDS)
    shown = [
        [heading.text for heading in log_tiers(advice_of(one)).headings[8:]] for one in (varied, fixed)
    ]  # fmt: skip
    assert shown == [["in all", "fresh futures", "worst 5 %"], ["in all"]]


def test_a_raise_within_the_days_that_bind_is_allowed_and_a_fall_is_not(two_tiers):
    tier = {
        "kind": "log_tier",
        "component": "logs",
        "gb_per_day": 100,
        "starts": "2027-02-01",
        "ends": "2027-03-01",
    }
    raised = {"a": tier, "b": tier | {"gb_per_day": 200, "starts": "2027-03-01", "ends": "2027-06-01"}}
    logs(two_tiers, 150.0, bought=raised)
    with pytest.raises(ValueError, match="a tier binds that long, unless a larger one begins on that day"):
        logs(two_tiers, 150.0, bought={"a": tier})


def test_tiers_are_in_the_files_of_an_advice(plan, tmp_path, monkeypatch):
    """Text, purchases as a plan takes them, and numbers in full."""
    monkeypatch.setattr("agog_capacity.report.images.write_images", lambda *_: [])
    advice = optimise_commitments(logs(plan, 90.0), "logs")
    write_advice(advice, tmp_path / "out")
    bought = json.loads((tmp_path / "out" / "purchases.json").read_text())["commitments"]["bought"]
    assert [entry["kind"] for entry in bought.values()] == ["reservation", "reservation", "log_tier"]
    (row,) = csv.DictReader((tmp_path / "out" / "log_tiers.csv").read_text().splitlines())
    assert (row["workspace"], row["gb_per_day"], row["ends"], row["next_higher_saves"]) == (
        "logs",
        "100",
        "",
        "",
    )
    assert float(row["saving"]) == advice.log_tiers[0].tiers[0].saving
    assert "Log commitment tiers" in (tmp_path / "out" / "index.html").read_text()
