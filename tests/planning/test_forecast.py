"""One forecast: what it warns of, and where a missing price is."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from agog_capacity.errors import MissingPrices
from agog_capacity.plan import Plan, load_plan
from agog_capacity.planning.compare import compare
from agog_capacity.planning.forecast import forecast
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


def test_missing_prices_are_named_for_every_scenario(shop):
    with pytest.raises(MissingPrices) as caught:
        compare(shop(region="westus"))
    assert [text.split(": no price")[0] for text in caught.value.missing] == [
        "scenario 'one': component 'cluster'",
        "scenario 'two': component 'cluster'",
    ]


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
