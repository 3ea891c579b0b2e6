"""What is advised for a scenario: on futures that are quick to draw, and once through the real autoscaler."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agog_capacity.advice.commit import optimise_commitments
from agog_capacity.advice.entries import ADVISED
from agog_capacity.advice.existing import existing
from agog_capacity.advice.files import write_advice
from agog_capacity.advice.futures import growth_of
from agog_capacity.advice.notes import notes
from agog_capacity.advice.tables import (
    advice_text,
    calendar,
    chart,
    not_for_sale,
    what_it_saves,
    what_to_buy,
)
from agog_capacity.commitments.portfolio import Caution
from agog_capacity.commitments.rule import cost_in_order
from agog_capacity.errors import CommitmentError, NotInResult
from agog_capacity.plan import load_plan
from agog_capacity.planning.commitments import commitment_results
from agog_capacity.planning.forecast import forecast
from agog_capacity.report.tables import text_table
from agog_capacity.scaling.simulated import SimulationStore

PLANS = Path(__file__).parents[2] / "data" / "plans"
HOURS = 26_304
"""Hours of 2027 to 2029."""


def quick_nodes(plan, design, store):
    """Nodes of one future without a simulation: a day's rhythm, growth, and luck by the drawn seed and growth."""
    rng = np.random.default_rng([design.scaling.seed, design.scaling.load.noise.seed])
    clock = np.arange(HOURS)
    level = rng.uniform(0.6, 1.4) * (1 + design.scaling.load.yearly_growth * clock / HOURS)
    nodes = np.round(6 * level * (1 + 0.6 * np.sin(2 * np.pi * clock / 24))).clip(3)
    return {"app-nodes-us": nodes, "app-nodes-eu": nodes}


@dataclass(frozen=True)
class Bought:
    """A portfolio of which only the purchases are asked."""

    purchases: tuple


def quickly(plan, scenario, **settings):
    """Advise on futures that are drawn instead of simulated."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("agog_capacity.advice.futures._nodes", quick_nodes)
        return optimise_commitments(plan, scenario, **settings)


@pytest.fixture(scope="module")
def plan():
    return load_plan(PLANS / "agog_commitments.yaml")


@pytest.fixture(scope="module")
def grown(plan):
    return quickly(plan, "grown", futures=8)


@pytest.fixture(scope="module")
def fixed(plan):
    return optimise_commitments(plan)


def test_fixed_counts_are_all_reserved_for_the_whole_horizon(fixed):
    """Every node runs every hour: 3 + 2 x 5 units of the smallest size in each region, at 1,993 and 2,388."""
    assert not fixed.varies
    assert fixed.futures == 1
    assert [(p.offer.name, p.label, p.quantity) for p in fixed.purchases] == [
        ("D4s_v5 eastus2 3y", "2027-01", 13),
        ("D4s_v5 westeurope 3y", "2027-01", 13),
    ]
    hours = float(fixed.plan.months.hours.sum())
    saved = 13 * (0.192 * hours - 1993) + 13 * (0.23 * hours - 2388)
    assert fixed.given.saving == pytest.approx(saved, rel=1e-6)
    assert fixed.given.standard_error is None
    assert "nothing here speaks of risk" in advice_text(fixed)


def test_the_bill_of_the_advised_plan_saves_what_was_promised(fixed):
    """Two ways to the same money: the optimiser's closed form, and the step of charges hour by hour."""
    plan, name = fixed.in_plan()
    base, advised = forecast(plan, fixed.scenario), forecast(plan, name)
    # The optimiser counts a term of 8,760 h a year, the bill its days; the last day is the leap day's.
    assert base.total_cost - advised.total_cost == pytest.approx(fixed.given.saving, rel=2e-3)


def test_what_is_advised_takes_free_names_and_loses_nothing_that_is_bought(fixed):
    plan, name = fixed.in_plan()
    again = replace(fixed, plan=plan)
    assert again.in_plan()[1] == "as-advised-2"
    with pytest.raises(CommitmentError, match="has a scenario 'as-advised' already; 'as-advised-2' is free"):
        again.in_plan(name)
    bought = plan.scenario(name).design.commitments.bought
    assert set(bought) == {"advised-1", "advised-2"}
    # Bought on top of what is bought already, as if it were advised a second time at another amount.
    further = tuple(replace(p, quantity=1.0) for p in fixed.purchases)
    more = replace(fixed, plan=plan, scenario=name, portfolio=Bought(further))
    assert list(more.entries()) == ["advised-3", "advised-4"]


def test_it_is_never_dearer_than_nothing_or_the_minimum_on_its_own_futures(grown):
    assert grown.portfolio.cost <= grown.portfolio.cost_of_nothing + 1e-6
    assert grown.portfolio.cost <= grown.portfolio.cost_of_minimum + 1e-6
    assert grown.portfolio.optimum.gap <= 1e-6
    assert cost_in_order(grown.portfolio) == pytest.approx(grown.portfolio.cost, rel=1e-6)


def test_fresh_futures_are_others_and_as_many(grown):
    assert len(grown.given.cost) == len(grown.fresh.cost) == 8
    assert not set(grown.given.cost_of_nothing) & set(grown.fresh.cost_of_nothing)
    assert grown.fresh.standard_error is not None
    assert grown.fresh.worst_saving <= grown.fresh.saving


def test_the_same_seed_draws_the_same_futures_and_another_others(plan):
    first, again, other = (quickly(plan, "grown", futures=2, seed=seed) for seed in (1, 1, 2))
    assert first.given.cost.tolist() == again.given.cost.tolist()
    assert first.given.cost.tolist() != other.given.cost.tolist()


def test_each_future_has_a_growth_of_its_own(plan):
    design = plan.scenario("grown").design
    drawn = [growth_of(design, 1, number) for number in range(200)]
    assert np.mean(drawn) == pytest.approx(0.25, abs=0.02)
    assert np.std(drawn) == pytest.approx(0.10, abs=0.02)


def test_the_units_that_are_bought_are_worth_it_and_the_next_are_not(grown):
    for purchase in grown.purchases:
        for unit, worth in grown.unit_worth(purchase):
            assert (worth >= -1e-6) == (unit <= purchase.quantity)


def test_caution_never_buys_a_worse_tail(plan, grown):
    """Expected cost rises, if at all, for less regret in the worst futures (CVaR, certified on the same futures)."""
    careful = quickly(plan, "grown", futures=8, caution=Caution(10.0))
    assert careful.given.saving <= grown.given.saving + 1e-6
    assert careful.portfolio.cost <= careful.portfolio.cost_of_nothing
    bought = {(p.offer.name, p.month): p.quantity for p in careful.purchases}
    assert bought
    assert bought != {(p.offer.name, p.month): p.quantity for p in grown.purchases}
    assert "worst 5% of futures counts with weight 10" in advice_text(careful)


def test_what_is_bought_already_is_not_bought_again(plan):
    bought = plan.with_scenario(
        "some",
        {"commitments": {"bought": {"us": {
            "kind": "reservation", "vm_size": "Standard_D8s_v5", "region": "eastus2", "quantity": 4, "term": "3y",
            "starts": "2027-01-01",
        }}}},
    )  # fmt: skip
    advice = optimise_commitments(bought, "some")
    assert [(p.offer.name, p.quantity) for p in advice.purchases] == [
        ("D4s_v5 eastus2 3y", 13 - 2 * 4),
        ("D4s_v5 westeurope 3y", 13),
    ]
    assert "us" in advice_text(advice).split("Bought already")[1]


def test_what_is_bought_already_is_told_with_what_it_costs(plan):
    """Scaled down after all was reserved: nothing is left to buy, and what is lost is seen, as `compare` has it."""
    advice = optimise_commitments(plan, "reserved-3y-scaled-down")
    assert advice.purchases == ()
    assert advice.given.cost_of_nothing.tolist() == [pytest.approx(0.0)]
    shown = {r.name: r for r in commitment_results(forecast(plan, "reserved-3y-scaled-down"))}
    whole = shown.pop("all")
    assert whole.unused > 10_000
    assert set(advice.bought) == set(shown)
    for name, one in advice.bought.items():
        assert (one.billed, one.used, one.unused) == pytest.approx(
            (shown[name].billed, shown[name].used, shown[name].unused)
        )
    text = " ".join(advice_text(advice).split())
    assert what_it_saves(advice).headings[1].text == "nothing more bought"
    assert "over the horizon What is bought already covers all that could be committed to." in text
    assert f"not in them: {whole.billed:,.0f} billed, {whole.unused:,.0f} of effective cost unused" in text
    rows = {row[0]: row[-4:] for row in existing(advice).rows}
    assert rows["eu-3y"][0] == pytest.approx(5 * 4775)


def test_where_nothing_is_bought_nothing_is_said_of_it(fixed):
    assert fixed.bought == {}
    assert "bought already is paid either way" not in " ".join(advice_text(fixed).split())
    assert what_it_saves(fixed).headings[1].text == "nothing bought"


def test_of_a_simulated_pool_it_is_used_hour_by_hour(plan):
    """The nodes that are drawn swing between 3 and 15, so five reserved ones a region are idle in some hours."""
    advice = quickly(plan, "autoscaled-reserved-3y", futures=2)
    us = advice.bought["us-3y"]
    assert us.unused > 0
    assert us.used + us.unused == pytest.approx(us.billed)


def test_an_existing_commitment_that_ends_is_followed_up(plan):
    """The reservation ends after six months; a 3-year term from then on lies half beyond the horizon."""
    bought = plan.with_scenario(
        "ending",
        {"commitments": {"bought": {"us": {
            "kind": "reservation", "vm_size": "Standard_D4s_v5", "region": "eastus2", "quantity": 13, "term": "1y",
            "starts": "2026-07-01", "existing": True,
        }}}},
    )  # fmt: skip
    later = [p for p in optimise_commitments(bought, "ending").purchases if "eastus2" in p.offer.name]
    assert later
    assert min(p.label for p in later) == "2027-07"


def test_the_old_series_has_no_reservation_and_says_why():
    advice = optimise_commitments(load_plan(PLANS / "agog.yaml"))
    assert all(p.offer.size is None for p in advice.purchases)
    refused = {name: one for one in advice.offered.refused for name in one.components}
    assert "not sold since 2026-07-01" in refused["app-nodes-us"].because
    assert "Premium and Enterprise only" in refused["redis-us"].because
    assert "no machine" in refused["aks-us"].because
    assert "no price book of the plan" in refused["postgres-us"].because
    assert refused["app-nodes-eu"].in_plan
    assert not refused["app-nodes-us"].in_plan


def test_what_cannot_be_planned_is_a_named_error(plan):
    with pytest.raises(CommitmentError, match="months of 730 h have none"):
        optimise_commitments(load_plan(PLANS / "agog_as_stated.yaml"))
    with pytest.raises(NotInResult, match="nearest: 'grown'"):
        optimise_commitments(plan, "grow")
    with pytest.raises(CommitmentError, match="0 futures"):
        optimise_commitments(plan, futures=0)
    with pytest.raises(CommitmentError, match="every 0 months"):
        optimise_commitments(plan, buy_every=0)


def test_every_choice_out_of_its_bounds_is_told_at_once(plan):
    wrong: Any = ((10**9, -1, 1.5), (True, "a", 0), (1.5, 1.0, True), ("x", None, 10**9))
    number: Any = 5.0
    for futures, seed, every in wrong:
        with pytest.raises(CommitmentError) as caught:
            optimise_commitments(plan, futures=futures, seed=seed, buy_every=every, caution=number)
        text = str(caught.value)
        assert len(caught.value.problems) == 4
        for part in ("1 to 1,000", "from 0 on", "1 to 600", "Caution(5.0)"):
            assert part in text


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "a", -1, True, None])
def test_caution_is_a_number(wrong):
    with pytest.raises(CommitmentError, match="of caution must be a number from 0"):
        Caution(wrong)
    with pytest.raises(CommitmentError, match="from 0 to below 1"):
        Caution(1.0, wrong)


def test_a_plan_above_all_usage_is_refused_as_a_bill_refuses_it(plan):
    """Nothing else would be advised beside it, as if it were used."""
    entry = {"kind": "savings_plan", "usd_per_hour": 1e6, "term": "3y", "starts": "2027-01-01"}
    above = plan.with_scenario("above", {"commitments": {"bought": {"all": entry}}})
    with pytest.raises(CommitmentError, match="above all its eligible usage, which is at most") as billed:
        forecast(above, "above")
    with pytest.raises(CommitmentError) as advised:
        optimise_commitments(above, "above")
    assert [p.message for p in advised.value.problems] == [p.message for p in billed.value.problems]
    # What is bought already is as it is: the money is spent, and netted.
    existing = plan.with_scenario("sunk", {"commitments": {"bought": {"all": entry | {"existing": True}}}})
    assert optimise_commitments(existing, "sunk").purchases == ()


def test_what_is_paid_for_and_covers_nothing_is_told_with_what_it_costs(plan):
    """Two of 900 each for a year that lies in the plan."""
    other = {
        "kind": "reservation", "vm_size": "Standard_E8s_v5", "region": "eastus2", "quantity": 2, "term": "1y",
        "starts": "2027-01-01", "existing": True, "total_per_unit": 900.0, "source": "invoice",
    }  # fmt: skip
    used = {**other, "vm_size": "Standard_D8s_v5", "quantity": 1}
    changed = plan.with_scenario("other", {"commitments": {"bought": {"other": other, "used": used}}})
    told = [text for text in forecast(changed, "other").warnings if "covers nothing in any month" in text]
    assert len(told) == 1
    assert told[0].startswith(
        "other: covers nothing in any month of the plan, so 1,800 USD of effective cost"
    )


def test_an_own_committed_price_above_the_price_on_demand_is_told(plan):
    """D8s_v5 in eastus2 is 0.384 on demand: 0.385 can only lose, and so can 0.3 where 0.29 is agreed."""
    machine = "Virtual Machines/Linux/Standard_D8s_v5/Compute"
    quoted = {"meter": machine, "option": "savings-plan", "term": "1y", "source": "q", "regions": ["eastus2"]}
    prices = {
        "dear": {**quoted, "price_per_hour": 0.385},
        "fair": {**quoted, "price_per_hour": 0.3, "term": "3y"},
    }
    agreed = {"meter": machine, "regions": ["eastus2"], "price": 0.29, "source": "sheet"}
    changed = plan.with_scenario("listed", {"commitments": {"prices": prices}})
    changed = changed.with_scenario(
        "agreed", {"commitments": {"negotiated": {"own": agreed}}}, extends="listed"
    )
    found = {
        name: [text.split(":")[0] for text in forecast(changed, name).warnings if "can only lose" in text]
        for name in ("listed", "agreed")
    }
    assert found == {"listed": ["dear"], "agreed": ["dear", "fair"]}


def test_a_commitment_in_no_month_of_the_plan_is_told(plan):
    def bought(starts, term="1y", **more):
        return {"kind": "reservation", "vm_size": "Standard_D8s_v5", "region": "eastus2", "quantity": 1, "term": term,
                "starts": starts, "existing": True, **more}  # fmt: skip

    changed = plan.with_scenario(
        "dates",
        {"commitments": {"bought": {
            "over": bought("2025-12-31"), "later": bought("2030-01-01"), "now": bought("2026-01-02"),
            "renewed": bought("2020-01-01", term="3y"),
        }}},
    )  # fmt: skip
    told = [text for text in forecast(changed, "dates").warnings if "in no month of the plan" in text]
    assert [text.split(":")[0] for text in told] == ["over", "later", "renewed"]
    assert "from 2025-12-31 until before 2026-12-31" in told[0]


def test_other_ways_are_held_against_it_on_the_same_futures(grown):
    costs = {name: cost for name, (cost, _) in grown.alternatives.items()}
    assert min(costs.values()) == pytest.approx(costs["what is advised"])
    assert max(grown.by_term.values()) <= grown.given.saving + 1e-6
    # A ladder pays on demand until its rungs begin, and its last terms reach beyond the horizon.
    assert costs["the same in four quarterly steps"] > costs["what is advised"]


def test_the_payback_ends_at_the_saving(grown):
    """Nothing reaches beyond the horizon here, so cash and cost agree at its end."""
    assert all(p.month == 0 for p in grown.purchases)
    mean = float(grown.fresh.probability @ grown.payback[:, -1])
    assert mean == pytest.approx(grown.fresh.saving, rel=1e-6)
    assert grown.break_even_month is not None


def test_payments_are_not_back_before_the_last_of_them(plan):
    """The reservation ends after six months; only then its follower is bought, and until then nothing is owed."""
    quiet = plan.with_scenario(
        "ending",
        {
            "components": {"app-nodes-eu": None, "aks-eu": None, "system-nodes-eu": None},
            "regions": {"westeurope": None},
            "serving_path": None,
            "scaling": None,
            "commitments": {"bought": {"us": {
                "kind": "reservation", "vm_size": "Standard_D4s_v5", "region": "eastus2", "quantity": 13, "term": "1y",
                "starts": "2026-07-01", "existing": True,
            }}},
        },
    )  # fmt: skip
    advice = optimise_commitments(quiet, "ending")
    assert {p.label for p in advice.purchases} == {"2027-07"}
    assert (advice.payback[0, :6] == 0).all()
    assert advice.break_even_month is None or advice.break_even_month > "2027-07"


def test_everything_that_was_asked_for_is_printed(grown):
    text = advice_text(grown)
    for wanted in (
        "What to buy", "fresh futures", "interval from", "worst 5 %", "The worth of each unit", "four quarterly steps",
        "Calendar", "What cannot be reserved", "an assumption", "worth nothing, the cautious choice",
    ):  # fmt: skip
        assert wanted in text
    with pytest.raises(NotInResult, match="nearest: 'saving_curve'"):
        chart(grown, "saving")


def test_the_curve_has_its_top_where_the_advice_is(grown):
    lines = [part for part in chart(grown, "saving_curve")["data"] if part["mode"] == "lines"]
    dots = [part for part in chart(grown, "saving_curve")["data"] if part["mode"] == "markers"]
    assert len(lines) == len(dots) == len(grown.purchases)
    for line, dot in zip(lines, dots, strict=True):
        assert max(line["y"]) == pytest.approx(dot["y"][0])
        assert line["x"][int(np.argmax(line["y"]))] == pytest.approx(dot["x"][0])


def test_the_files_of_an_advice_can_be_read_back(grown, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "agog_capacity.report.images.find_browser", lambda: (_ for _ in ()).throw(_no_browser())
    )
    written = write_advice(grown, tmp_path / "out")
    assert {path.name for path in written.files} == {
        "index.html",
        "advice.txt",
        "purchases.csv",
        "log_tiers.csv",
        "purchases.json",
    }
    assert len(written.warnings) == 1
    rows = (tmp_path / "out" / "purchases.csv").read_text().splitlines()
    assert len(rows) == 1 + len(grown.purchases)
    plan, name = grown.in_plan()
    assert len(plan.scenario(name).design.commitments.bought) == len(grown.purchases)


def _no_browser():
    from agog_capacity.errors import BrowserNotFound

    return BrowserNotFound("there is none")


@pytest.mark.slow
def test_a_future_through_the_real_autoscaler_is_kept_and_found(plan, tmp_path):
    """Nodes of every hour, once simulated, once from the store; the second needs no compiler."""
    store = SimulationStore(tmp_path)
    first = optimise_commitments(plan, "grown", futures=1, store=store)
    stored = sorted(path.name for path in tmp_path.glob("*.npz"))
    assert len(stored) == 4  # given and fresh, two clusters
    second = optimise_commitments(plan, "grown", futures=1, store=store)
    assert second.given.cost.tolist() == first.given.cost.tolist()
    usage = first.portfolio.futures.usage[0]
    assert usage.min() >= 3 + 2 * 3  # system nodes and the minimum, in the smallest size
    assert usage.max() > 3 + 2 * 8


def test_a_price_of_ones_own_for_one_size_leaves_no_flexible_advice(plan):
    """A flexible unit would flow to the cheap size first, and the bill would save less than is promised."""
    machines = "Virtual Machines/Linux/Standard_D8s_v5/Compute"
    cheap = {"meter": machines, "regions": ["eastus2"], "price": 0.25, "source": "price sheet"}
    made = plan.with_scenario(
        "cheap", {"commitments": {"negotiated": {"eights": cheap}}}, extends=plan.reference
    )
    advice = optimise_commitments(made, "cheap")
    entries = [each for each in advice.entries().values() if each is not None]
    assert {each["vm_size"]: each.get("flexible", True) for each in entries if each["region"] == "eastus2"} == {
        "Standard_D4s_v5": False, "Standard_D8s_v5": False,
    }  # fmt: skip
    assert all(each.get("flexible", True) for each in entries if each["region"] == "westeurope")
    fed, name = advice.in_plan()
    saved = forecast(fed, "cheap").total_cost - forecast(fed, name).total_cost
    assert saved == pytest.approx(advice.given.saving, rel=2e-3)


def test_machines_are_counted_and_plans_are_in_dollars(plan, grown):
    """In the frame in full, in the tables whole where they are whole."""
    first = what_to_buy(grown).rows[0]
    assert isinstance(first[3], int) == (grown.purchases[0].offer.size is not None)
    frame = grown.to_frame()
    assert list(frame.index) == list(grown.entries())
    for row, one in zip(frame.itertuples(), grown.purchases, strict=True):
        plan_of = one.offer.size is None
        assert (row.amount_usd_per_hour if plan_of else row.quantity_units) == one.quantity
        assert np.isnan(row.quantity_units if plan_of else row.amount_usd_per_hour)
        assert row.price_per_term == pytest.approx(row.price_per_hour * 8760 * row.term_years)
        assert (row.starts.date(), row.ends.date()) == (grown.day(one), grown.ends(one))
    assert set(frame["currency"]) == {plan.currency}


def test_an_advice_of_nothing_is_an_empty_frame_with_all_columns(fixed):
    frame = replace(fixed, portfolio=Bought(())).to_frame()
    assert frame.empty
    assert [*frame.index.names, *frame.columns] == list(ADVISED)


def test_columns_stay_apart_at_any_quantity(plan):
    """1,234,567 machines of a size that is sold, and 40,000 of one that only a savings plan pays for."""
    machines = {"kind": "metered", "unit": "1 Hour", "per": "hour"}
    meter = "Virtual Machines/Linux/Standard_{}/Compute"
    change: dict[str, Any] = {
        "components": {
            **dict.fromkeys(plan.scenario("pay-as-you-go").design.components),
            "new": {**machines, "meter": meter.format("D8s_v5"), "region": "eastus2", "quantity": 1234567.0},
            "old": {**machines, "meter": meter.format("D8s_v3"), "region": "westeurope", "quantity": 40000.0},
        },
        "serving_path": None,
    }
    advice = optimise_commitments(plan.with_scenario("many", change), "many", buy_every=12)
    amounts = {one.offer.size: f"{one.quantity:,.{0 if one.offer.size else 3}f}" for one in advice.purchases}
    assert amounts["D8s_v5 eastus2"] == "1,234,567"
    assert len(amounts[None]) >= len("10,000.000")
    for table, column in ((what_to_buy(advice), 3), (calendar(advice), 3)):
        lines = text_table(table).splitlines()
        ends = set()
        for amount in amounts.values():
            of_it = [line for line in lines if f"  {amount} " in f"  {line} " and line.startswith("  ")]
            assert len(of_it) >= 1, (table.title, amount)
            ends |= {line.index(f"  {amount}") + 2 + len(amount) for line in of_it}
        assert len(ends) == 1, "right aligned"
        assert table.headings[column].counts


def test_where_nothing_varies_no_fresh_futures_are_spoken_of(fixed, grown):
    text = " ".join(advice_text(fixed).split())
    for absent in ("fresh", "interval", "worst 5 %"):
        assert absent not in text
    assert len(what_it_saves(fixed).rows) == 1
    assert "Judge by the fresh ones" in what_it_saves(grown).note


def test_only_rules_of_what_is_used_are_to_be_checked_again(plan, fixed):
    (told,) = [note for note in notes(fixed) if note.startswith("Rules read")]
    assert told.endswith("to be checked again: Redis Cache/Standard.")
    without = plan.with_scenario("no-cache", {"components": {"redis-us": None}, "serving_path": None})
    assert not [note for note in notes(optimise_commitments(without, "no-cache")) if "Rules read" in note]


def test_spot_is_told_to_have_no_reservation(plan):
    components = plan.scenario("pay-as-you-go").design.components
    pool = {"app-nodes-us": {"purchase": "spot"}}
    advice = optimise_commitments(plan.with_scenario("part", {"components": pool}), "part")
    (told,) = [row for row in not_for_sale(advice).rows if "on spot" in str(row[0])]
    assert told[0] == "app-nodes-us (D8s_v5 eastus2 on spot)"
    assert "spot cannot be reserved" in str(told[1])
    kept = ("aks-us", "app-nodes-us", "system-nodes-us")
    alone: dict[str, Any] = {name: None for name in components if name not in kept}
    alone["system-nodes-us"] = None
    change = {"components": {**alone, **pool}, "serving_path": None}
    with pytest.raises(CommitmentError, match="spot cannot be reserved, nor does a savings plan pay for it"):
        optimise_commitments(plan.with_scenario("all", change), "all")


def test_a_search_that_ended_at_its_limit_is_told_with_what_it_proved(monkeypatch):
    advice = quickly(load_plan(PLANS / "agog_commitments.yaml"), "grown", futures=2, buy_every=12)
    reached = next(note for note in notes(advice) if note.startswith("Proven"))
    assert "more than 0.0001% on these" in reached and "limit" not in reached
    optimum = advice.portfolio.optimum
    loose = replace(optimum, bound=optimum.cost * (1 - 4e-4))
    looser = replace(advice, portfolio=replace(advice.portfolio, optimum=loose))
    told = next(note for note in notes(looser) if note.startswith("Proven"))
    assert "more than 0.0400% on these" in told
    assert told.endswith("limit of branches; fewer dates of purchase (--every 3) bring it closer.")
