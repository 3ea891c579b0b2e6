"""The section of a plan: every mistake at once, each with its line, and nothing bought twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from agog_capacity.advice.commit import optimise_commitments
from agog_capacity.errors import CommitmentError, PlanError
from agog_capacity.plan import load_plan
from agog_capacity.planning.forecast import forecast

PLANS = Path(__file__).parents[2] / "data" / "plans"
TEXT = (PLANS / "agog_commitments.yaml").read_text(encoding="utf-8")
HEAD = "  reserved-1y:\n"


def plan_with(tmp_path: Path, bought: str, *, month: str = "calendar", more: str = "") -> Path:
    """Write the plan with one more scenario whose commitments are some lines."""
    lines = "".join(f"          {line}\n" for line in bought.strip().splitlines())
    lines += f"        {more}\n" if more else ""
    scenario = f"  tried:\n    title: Tried\n    change:\n      commitments:\n        bought:\n{lines}"
    path = tmp_path / "plan.yaml"
    path.write_text(
        TEXT.replace(HEAD, scenario + HEAD, 1).replace("month: calendar", f"month: {month}"), encoding="utf-8"
    )
    return path


def problems(tmp_path: Path, bought: str, **more) -> dict[str, str]:
    with pytest.raises(PlanError) as caught:
        load_plan(plan_with(tmp_path, bought, **more))
    assert all(problem.line for problem in caught.value.problems)
    return {p.path.split("bought.")[-1]: p.message for p in caught.value.problems}


def reservation(**changes) -> str:
    entry = {"kind": "reservation", "vm_size": "Standard_D8s_v5", "region": "eastus2", "quantity": 1, "term": "1y",
             "starts": '"2027-01-01"'}  # fmt: skip
    return "{" + ", ".join(f"{k}: {v}" for k, v in {**entry, **changes}.items() if v is not None) + "}"


def test_mistakes_of_form_are_told_together_with_the_nearest_valid_choice(tmp_path):
    found = problems(
        tmp_path,
        f"""
a: {reservation(quantity=-2)}
b: {reservation(kind="reservaton")}
c: {reservation(term="2y")}
d: {reservation(component="postgres-us")}
e: {reservation(payed="upfront")}
f: {{kind: savings_plan, usd_per_hour: 0.0, term: 1y, starts: "2027-01-01"}}
g: {{kind: log_tier, component: logs, gb_per_day: 100, starts: "2027-01-01", ends: "2027-01-10"}}
h: {reservation(total_per_unit="900.0")}
""",
    )
    assert "greater than or equal to 1" in found["a.quantity"]
    assert "nearest: 'reservation'" in found["b.kind"]
    assert "'1y' or '3y'" in found["c.term"]
    assert "one of vm_size, component and meter; vm_size and component is given" in found["d"]
    assert "'payed' is not known here; nearest: 'payment'" in found["e.payed"]
    assert "greater than 0" in found["f.usd_per_hour"]
    assert "binds that long" in found["g"]
    assert "say where total_per_unit is from" in found["h"]


def test_what_does_not_fit_the_design_or_the_market_is_told_together(tmp_path):
    found = problems(
        tmp_path,
        f"""
no-region: {reservation(region="eastus3")}
no-group: {reservation(vm_size="Standard_D8s_v9")}
old: {reservation(vm_size="Standard_D8s_v3")}
redis: {reservation(vm_size=None, region="eastus2", meter="Redis Cache/Azure Redis Cache Standard/C3/C3 Cache Instance")}
scope: {reservation(scope="{level: subscription, id: prod}")}
logs-tier: {{kind: log_tier, component: log, gb_per_day: 100, starts: "2027-01-01"}}
twice: {reservation(quantity=2)}
twice-again: {reservation(quantity=2)}
app-nodes-us: {reservation(quantity=3)}
""",
    )
    assert "nearest: 'eastus2'" in found["no-region.region"]
    assert "flexibility group of 'Standard_D8s_v9' was not read" in found["no-group.vm_size"]
    assert "not sold since 2026-07-01" in found["old"]
    assert "Premium and Enterprise only" in found["redis"]
    assert "no component is placed in subscription 'prod'" in found["scope.scope"]
    assert (
        "'log' is not a log_analytics component of the design; nearest: 'logs'"
        in found["logs-tier.component"]
    )
    assert "overlap: they are the same purchase; nothing is bought twice" in found["twice-again"]
    assert "also a component" in found["app-nodes-us"]


def test_hostile_dates_and_masses_are_refused_quickly(tmp_path):
    found = problems(
        tmp_path,
        f"""
far: {reservation(starts='"9999-12-31"', term="3y")}
early: {reservation(starts='"0001-01-01"')}
""",
    )
    assert "2199-12-31" in found["far.starts"]
    assert "2000-01-01" in found["early.starts"]
    many = "\n".join(f"r{i}: {reservation(quantity=i + 1)}" for i in range(301))
    assert "a design may have 300" in problems(tmp_path, many)["scenarios.tried.change.commitments.bought"]


def test_an_old_series_may_exist_but_not_be_renewed(tmp_path):
    own = {"vm_size": "Standard_D8s_v3", "existing": "true", "total_per_unit": "1800.0", "source": "invoice",
           "starts": '"2026-06-01"'}  # fmt: skip
    found = problems(tmp_path, f"a: {reservation(**own, auto_renew='true')}")
    assert "it cannot be renewed" in found["a.auto_renew"]
    plan = load_plan(plan_with(tmp_path, f"a: {reservation(**own)}"))
    assert plan.scenario("tried").design.commitments is not None


def test_a_size_that_is_none_of_azure_is_told_with_what_to_write(tmp_path):
    sizes = {"small": "standard_d4s_v5", "aws": "m5.xlarge"}
    found = problems(tmp_path, "\n".join(f"{n}: {reservation(vm_size=size)}" for n, size in sizes.items()))
    assert set(found) == {"small.vm_size", "aws.vm_size"}
    assert "nearest: 'Standard_D4s_v5'" in found["small.vm_size"]
    assert "write meter: Amazon EC2/Linux/m5.xlarge/Compute instead of vm_size" in found["aws.vm_size"]


def test_of_two_own_prices_of_one_thing_none_wins_silently():
    machine = "Virtual Machines/Linux/Standard_D8s_v5/Compute"
    agreed = {"meter": machine, "regions": ["eastus2"], "price": 0.3, "source": "sheet"}
    quoted = {
        "meter": machine,
        "option": "reservation",
        "term": "1y",
        "price_per_hour": 0.2,
        "source": "quote",
    }
    plan = load_plan(PLANS / "agog_commitments.yaml")
    with pytest.raises(PlanError) as caught:
        plan.with_scenario(
            "tried",
            {
                "commitments": {
                    "negotiated": {
                        "a": agreed,
                        "b": {**agreed, "regions": ["westeurope", "eastus2"], "price": 0.2},
                    },
                    "prices": {
                        "c": {**quoted, "regions": ["eastus2"]},
                        "d": {**quoted, "regions": ["eastus2"], "price_per_hour": 0.1},
                        "longer": {**quoted, "regions": ["eastus2"], "term": "3y"},
                        "elsewhere": {**quoted, "regions": ["westeurope"]},
                    },
                }
            },
        )
    found = {p.path.split("commitments.")[-1]: p.message for p in caught.value.problems}
    assert set(found) == {"negotiated.b.regions", "prices.d.regions"}
    assert f"'a' and 'b' both give a price of {machine} in eastus2; keep one" in found["negotiated.b.regions"]
    assert f"'c' and 'd' both give a price of {machine}, reservation, 1y" in found["prices.d.regions"]


def test_every_renewal_in_the_plan_must_be_sold(tmp_path):
    """Redis Premium retires on 2028-09-30, old series are sold until 2026-06: each is met at a second renewal."""
    redis = '"Redis Cache/Azure Redis Cache Premium/P1/P1 Cache Instance"'
    own: dict[str, str | None] = {
        "existing": "true",
        "total_per_unit": "1800.0",
        "source": "invoice",
        "auto_renew": "true",
    }
    second: dict[str, dict[str, str | None]] = {
        "cache": {"vm_size": None, "meter": redis, "starts": '"2026-06-01"'},
        "old": {"vm_size": "Standard_D8s_v3", "starts": '"2024-08-01"'},
    }
    found = problems(tmp_path, "\n".join(f"{n}: {reservation(**own, **e)}" for n, e in second.items()))
    assert (
        "it cannot be renewed on 2028-06-01: Redis Cache/Premium retires on 2028-09-30"
        in found["cache.auto_renew"]
    )
    assert "it cannot be renewed on 2026-08-01: a reservation of Standard_D8s_v3" in found["old.auto_renew"]


def test_what_has_no_price_or_no_use_is_told_when_the_plan_is_read(tmp_path):
    found = problems(
        tmp_path,
        f"""
no-price: {reservation(vm_size="Standard_E8s_v4", flexible="false", existing="true")}
no-use: {reservation(vm_size="Standard_E8s_v5")}
postgres: {reservation(vm_size=None, region=None, component="postgres-us", quantity=16)}
tier: {{kind: log_tier, component: logs, gb_per_day: 100, starts: "2027-01-01"}}
""",
    )
    assert "cannot be planned: no price for" in found["no-price"]
    assert "nothing on demand in eastus2 uses Standard_E8s_v5" in found["no-use"]
    assert "cannot be planned: no price for" in found["postgres"]
    assert "a log tier of 100 GB cannot be planned" in found["tier"]


def test_months_of_730_hours_have_no_dates(tmp_path):
    with pytest.raises(PlanError, match="months of 730 h have none"):
        load_plan(plan_with(tmp_path, f"a: {reservation()}", month="730h"))


def test_an_own_price_stands_where_no_book_has_one(tmp_path):
    own = reservation(vm_size=None, region=None, component="postgres-us", quantity=16, total_per_unit="519.0",
                      source='"quote of the provider"')  # fmt: skip
    plan = load_plan(plan_with(tmp_path, f"postgres: {own}"))
    charges = [c for c in forecast(plan, "tried").charges if c.commitment == "postgres"]
    assert sum(c.billed_cost.sum() for c in charges) == pytest.approx(16 * 519)
    assert {c.usage.component for c in charges if c.status == "used"} == {"postgres-us"}
    assert not any(c.effective_cost.sum() > 1e-6 for c in charges if c.status == "unused")


def test_a_scenario_may_change_and_remove_what_is_bought():
    plan = load_plan(PLANS / "agog_commitments.yaml").with_scenario(
        "less",
        {"commitments": {"bought": {"us-3y": None, "eu-3y": {"quantity": 2}}}},
        extends="reserved-3y",
    )
    section = plan.scenario("less").design.commitments
    assert section is not None
    bought = section.bought
    assert set(bought) == {"us-system-3y", "eu-3y", "eu-system-3y"}
    assert getattr(bought["eu-3y"], "quantity", None) == 2


def test_what_renews_itself_is_not_bought_again(tmp_path):
    found = problems(
        tmp_path,
        f"""
old: {reservation(auto_renew=True)}
new: {reservation(starts="2029-01-01", term="1y")}
more: {reservation(starts="2029-01-01", quantity=9)}
later: {reservation(starts="2029-02-01")}
""",
    )
    assert set(found) == {"new"}
    assert "renews itself on 2029-01-01, the day 'new' begins with the same" in found["new"]


def test_a_scope_in_which_nothing_could_use_it_is_refused(tmp_path):
    places = "places: {redis-us: {subscription: db}}"
    found = problems(tmp_path, f"a: {reservation(scope='{level: subscription, id: db}')}", more=places)
    assert "nothing in subscription 'db' uses Standard_D8s_v5" in found["a"]
    assert "say under places where they are, or widen the scope" in found["a"]


def test_one_purchase_under_another_name_or_payment_is_told_as_the_same(tmp_path):
    """By size, meter or pool, at once or by the month, existing or planned: one purchase has one entry."""
    meter = "Virtual Machines/Linux/Standard_D8s_v5/Compute"
    savings = '{kind: savings_plan, usd_per_hour: 0.1, term: 1y, starts: "2027-01-01"'
    found = problems(
        tmp_path,
        f"""
by-size: {reservation(quantity=2)}
by-meter: {reservation(vm_size=None, meter=meter, quantity=2)}
by-pool: {reservation(vm_size=None, region=None, component="app-nodes-us", quantity=2)}
by-month: {reservation(quantity=2, payment="monthly")}
there: {reservation(quantity=2, existing="true")}
plan: {savings}}}
plan-by-month: {savings}, payment: monthly}}
longer: {reservation(quantity=2, term="3y")}
later: {reservation(quantity=2, starts="2027-02-01")}
elsewhere: {reservation(quantity=2, region="westeurope")}
more: {reservation(quantity=3)}
exact: {reservation(quantity=2, flexible="false")}
""",
    )
    assert set(found) == {"by-meter", "by-pool", "by-month", "there", "plan-by-month"}
    assert "terms of 'by-size' and 'by-meter' overlap: they are the same purchase" in found["by-meter"]
    assert "give one entry the quantity of both" in found["plan-by-month"]


def test_an_old_series_is_not_sold_by_its_meter_either(tmp_path):
    meter = "Virtual Machines/Linux/Standard_D8s_v3/Compute"
    found = problems(tmp_path, f"a: {reservation(vm_size=None, meter=meter)}")
    assert "not sold since 2026-07-01" in found["a"]


def test_what_cannot_be_renewed_is_told_beside_what_has_no_price(tmp_path):
    old = reservation(vm_size="Standard_D8s_v3", existing="true", auto_renew="true", starts="2026-06-01")
    found = problems(tmp_path, f"a: {old}")
    assert "no price for" in found["a"]
    assert "it cannot be renewed on 2027-06-01" in found["a.auto_renew"]


@pytest.mark.parametrize(
    "what",
    [{}, {"vm_size": None, "meter": "Virtual Machines/Linux/Standard_D8s_v5/Compute"}],
    ids=["vm_size", "meter"],
)
def test_spot_cannot_be_reserved_however_it_is_named(what):
    """The size is only on spot; the system pool's on-demand nodes are of its group, so flexible it is of use."""
    plan = load_plan(PLANS / "agog_commitments.yaml")
    entry = {
        "kind": "reservation", "vm_size": "Standard_D8s_v5", "region": "eastus2", "quantity": 1, "term": "1y",
        "starts": "2027-01-01", **what,
    }  # fmt: skip
    entry = {key: value for key, value in entry.items() if value is not None}
    change = {"components": {"app-nodes-us": {"purchase": "spot"}}}
    bought = {"commitments": {"bought": {"r": entry | {"flexible": False}}}}
    with pytest.raises(
        PlanError, match="only spot uses Standard_D8s_v5 in eastus2, and no reservation covers spot"
    ):
        plan.with_scenario("tried", change | bought)
    plan.with_scenario("tried", change | {"commitments": {"bought": {"r": entry}}})
    by_pool = {
        "kind": "reservation",
        "component": "app-nodes-us",
        "quantity": 1,
        "term": "1y",
        "starts": "2027-01-01",
    }
    with pytest.raises(PlanError, match="'app-nodes-us' uses only spot, which no reservation covers"):
        plan.with_scenario("tried", change | {"commitments": {"bought": {"r": by_pool}}})


def test_a_savings_plan_above_all_usage_is_told_with_its_line(tmp_path):
    """By a bill and by an advice: both need the nodes of each hour, so reading the plan cannot tell."""
    above = '{kind: savings_plan, usd_per_hour: 1000.0, term: 1y, starts: "2027-01-01"}'
    path = plan_with(tmp_path, f"above: {above}\nbelow: {above.replace('1000.0', '0.5')}")
    plan = load_plan(path)
    line = 1 + next(
        i for i, text in enumerate(path.read_text().splitlines()) if text.strip().startswith("above:")
    )
    for verb in (forecast, optimise_commitments):
        with pytest.raises(
            CommitmentError, match="commits 1000 USD an hour, above all its eligible usage"
        ) as caught:
            verb(plan, "tried")
        (problem,) = caught.value.problems
        assert (problem.file, problem.line) == (str(path), line)
        assert problem.path == "scenarios.tried.change.commitments.bought.above"
