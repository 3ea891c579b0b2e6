"""One forecast: what it warns of, and where a missing price is."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from agog_capacity.errors import MissingPrices, UnitError
from agog_capacity.plan import Plan, load_plan
from agog_capacity.planning.compare import compare
from agog_capacity.planning.forecast import forecast
from agog_capacity.planning.priced import refuse_unpriced
from agog_capacity.planning.summary import summary
from tests.books import write_book

PLANS = Path(__file__).parents[2] / "data" / "plans"
PLAN = """\
    name: shop
    title: A shop
    currency: USD
    horizon: {start: "2027-01", months: 3}
    price_books: [list]
    reference: one
    targets: {}
    base:
      regions:
        eastus2: {title: US East, continent: North America, role: primary, traffic_share: 1.0}
      components:
        cluster: {kind: aks_cluster, region: eastus2, tier: Standard}
      serving_path: [cluster]
    scenarios:
      one: {title: One}
      two: {title: Two}
"""
AKS = "Azure Kubernetes Service,Azure Kubernetes Service,Standard,Standard Uptime SLA"


@pytest.fixture
def shop(tmp_path: Path):
    def planned(*replacements: tuple[str, str], region: str = "eastus2", more: str = "") -> Plan:
        write_book(tmp_path / "prices" / "list", [f"{AKS},{region},on-demand,,0,1 Hour,0.1,USD"])
        text = textwrap.dedent(PLAN)
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "plan.yaml").write_text(text + more)
        return load_plan(tmp_path / "plan.yaml")

    return planned


def told(caught, plan: Plan) -> list[tuple[str, int | None, str]]:
    """Return place, line and the first words of each problem; all are in the plan's file."""
    assert plan.read_from
    assert {p.file for p in caught.value.problems} == {plan.read_from}
    return [(p.path, p.line, p.message.split(" price ")[0].split(" uses ")[0]) for p in caught.value.problems]


def test_a_missing_price_is_told_once_with_its_line_for_all_scenarios(shop):
    plan = shop(region="westus")
    with pytest.raises(MissingPrices) as caught:
        compare(plan)
    assert told(caught, plan) == [("base.components.cluster", 12, "no")]
    assert caught.value.missing[0].startswith(f"{plan.read_from}:12: base.components.cluster: no price for")


def test_missing_prices_of_all_scenarios_are_told_before_anything_is_simulated(shop, monkeypatch):
    """One that all have, from the base; one of two scenarios, which the first of them writes; one of a scenario's change."""
    vault = "vault: {kind: key_vault, region: eastus2, operations_per_month: 10.0}"
    more = f"""two: {{title: Two, change: {{components: {{{vault}}}}}}}
  three:
    title: Three
    extends: two
    change:
      components:
        cluster: {{tier: Premium}}
"""
    base = ("    cluster: {", "    address: {kind: public_ip, region: eastus2}\n    cluster: {")
    plan = shop(base, ("two: {title: Two}\n", more))
    seen: list[int] = []
    monkeypatch.setattr("agog_capacity.planning.compare.priced_forecast", lambda *_: seen.append(1))
    with pytest.raises(MissingPrices) as caught:
        compare(plan)
    assert not seen
    assert told(caught, plan) == [
        ("base.components.address", 12, "no"),
        ("scenarios.two.change.components.vault", 17, "in scenario two, three: no"),
        ("scenarios.three.change.components.cluster", 23, "no"),
    ]


def test_units_that_do_not_fit_are_told_with_their_lines(shop):
    meter = AKS.replace(",", "/")
    one = f"{{kind: metered, region: eastus2, meter: {meter}, quantity: 2.0, unit: 1 GB, per: month}}"
    change = f"change: {{components: {{a: {one}, b: {one}}}}}"
    plan = shop(("two: {title: Two}", f"two: {{title: Two, {change}}}"))
    with pytest.raises(UnitError) as caught:
        compare(plan)
    assert told(caught, plan) == [
        ("scenarios.two.change.components.a", 16, "component 'a'"),
        ("scenarios.two.change.components.b", 16, "component 'b'"),
    ]
    assert "sells it by Hour; correct the unit of the price row (line 2)" in str(caught.value)
    assert forecast(plan, "one").total_cost > 0


def test_what_only_a_simulation_shows_to_be_used_is_told_after_it_with_its_line():
    """A pool from 0 nodes up, of a size without a price: nothing is sure to use it before its load is drawn."""
    plan = load_plan(PLANS / "agog_commitments.yaml")
    change = {
        "components": {
            "app-nodes-us": {"nodes": None, "min_nodes": 0, "max_nodes": 5, "vm_size": "Standard_D8s_v9"}
        }
    }
    refuse_unpriced(plan.with_scenario("tried", change), ["tried"])
    change["components"]["app-nodes-us"]["min_nodes"] = 1
    with pytest.raises(
        MissingPrices, match=r"scenarios.tried.change.components.app-nodes-us: no price for .*D8s_v9"
    ):
        refuse_unpriced(plan.with_scenario("tried", change), ["tried"])


def test_without_targets_none_is_missed_and_none_is_met(shop):
    assert {row[-1] for row in summary(compare(shop())).rows} == {"no targets"}
    rich = ("targets: {}", "targets: {budget_per_month: 1000.0}")
    assert {row[-1] for row in summary(compare(shop(rich))).rows} == {"none"}


@pytest.mark.parametrize("life", ["ends: 2026-12-31", "starts: 2027-04-01"])
def test_what_exists_in_no_month_is_named_where_the_serving_path_needs_it(shop, life):
    plan = shop(("tier: Standard", f"tier: Standard, {life}"))
    (warning,) = forecast(plan, "one").warnings
    assert warning.startswith("cluster: stands on the serving path and exists in no month of the plan")


@pytest.mark.parametrize("life", ["ends: 2026-12-31", "starts: 2027-04-01"])
def test_what_exists_in_no_month_is_named_off_the_serving_path_too(shop, life):
    cluster = "cluster: {kind: aks_cluster, region: eastus2, tier: Standard"
    plan = shop((cluster, f"spare{cluster.removeprefix('cluster')}, {life}}}\n    {cluster}"))
    (warning,) = forecast(plan, "one").warnings
    assert warning.startswith(
        "spare: exists in no month of the plan (2027-01 to 2027-03), so it costs nothing"
    )


def test_what_exists_in_some_month_is_not_warned_of(shop):
    assert forecast(shop(("tier: Standard", "tier: Standard, ends: 2027-01-02")), "one").warnings == ()


def test_a_meter_that_no_month_uses_needs_no_price_and_is_named(shop):
    """Used in no month: no cost. Used in one month: the price is missing."""
    plan = shop(("tier: Standard", "tier: Standard, starts: 2027-04-01"), region="westus")
    result = forecast(plan, "one")
    assert result.charges == ()
    assert result.total_cost == 0
    assert any("is used in no month and has no price; it is left out" in text for text in result.warnings)
    with pytest.raises(MissingPrices):
        forecast(shop(("tier: Standard", "tier: Standard, starts: 2027-03-31"), region="westus"), "one")


def test_charges_say_which_region_a_price_was_found_in(shop):
    meter = AKS.replace(",", "/")
    stand_in = (
        f"stand_ins: [{{meter: {meter}, regions: [eastus2], use: {{region: westus}}, because: near}}]\n"
    )
    charges = forecast(shop(region="westus", more=stand_in), "one").to_frame()
    assert set(charges["price_region"]) == {"eastus2"}
    assert set(charges["price_found_region"]) == {"westus"}
    charges = forecast(shop(), "one").to_frame()
    assert (charges["price_found_region"] == charges["price_region"]).all()


def test_a_fact_that_the_plan_states_against_its_own_design_is_a_warning():
    """The shipped plan states that its standby has no reserved room; a scenario that adds some hears of it."""
    plan = load_plan(PLANS / "agog.yaml").with_scenario(
        "with-room",
        {"components": {"room-eu": {
            "kind": "capacity_reservation", "region": "westeurope", "node_pool": "app-nodes-eu", "instances": 5,
            "zones": 3,
        }}},
        extends="active-passive",
    )  # fmt: skip
    told = "statements.facts.app-nodes-eu: capacity_reservation is stated as False, but the design itself has True"
    assert [w for w in forecast(plan, "with-room").warnings if w.startswith(told)]
    assert not [w for w in forecast(plan, "active-passive").warnings if "stated as" in w]
