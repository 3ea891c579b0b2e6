"""What a comparison says of commitments: which cost is the headline, what is billed, who used what."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from agog_capacity.errors import NotInResult
from agog_capacity.frames import CHARGES, COMMITMENTS
from agog_capacity.periods import Months
from agog_capacity.plan import load_plan
from agog_capacity.planning.commitment_tables import commitments
from agog_capacity.planning.commitments import commitment_results
from agog_capacity.planning.compare import compare
from agog_capacity.planning.comparison_page import page_charts
from agog_capacity.planning.publish import (
    charges_csv,
    comparison_csv,
    comparison_json,
    comparison_text,
)

PLANS = Path(__file__).parents[2] / "data" / "plans"


@pytest.fixture(scope="module")
def bought():
    return compare(load_plan(PLANS / "agog_commitments.yaml"), ["reserved-3y-scaled-down"])


@pytest.fixture(scope="module")
def plain():
    return compare(load_plan(PLANS / "agog_commitments.yaml"), ["pay-as-you-go", "scaled-down"])


def test_the_headline_is_labelled_where_it_is_not_what_is_billed(bought, plain):
    text = comparison_text(bought)
    assert "effective cost" in text
    assert "billed a month" in text
    assert "Effective cost a month by component" in text
    assert bought.figure("cost_by_month").layout.yaxis.title.text == "USD per month, effective"
    assert "ffective" not in comparison_text(plain)
    assert "billed" not in comparison_text(plain)
    assert plain.figure("cost_by_month").layout.yaxis.title.text == "USD per month"


def test_effective_and_billed_agree_over_the_term_and_differ_in_every_month(bought):
    one = bought.forecast("reserved-3y-scaled-down")
    assert one.total_cost == pytest.approx(float(one.monthly_billed.sum()))
    assert abs(one.monthly_cost - one.monthly_billed).min() > 1
    assert one.monthly_billed[0] > 10 * one.monthly_cost[0] / 2


def test_charges_say_which_commitment_they_belong_to(bought, plain):
    assert list(plain.charges().columns) == list(CHARGES)
    frame = bought.charges()
    assert list(frame.columns) == [*CHARGES, *COMMITMENTS]
    mine = frame[frame["commitment_discount_id"] == "eu-3y"]
    assert set(mine["charge_category"]) == {"Purchase", "Usage"}
    assert set(mine["commitment_discount_status"]) == {"", "Used", "Unused"}
    purchase = mine[mine["charge_category"] == "Purchase"]
    usage = mine[mine["charge_category"] == "Usage"]
    assert purchase["billed_cost"].sum() == pytest.approx(5 * 4775)
    assert usage["effective_cost"].sum() == pytest.approx(5 * 4775)
    assert purchase["effective_cost"].sum() == usage["billed_cost"].sum() == 0
    # Where there is a list cost it is quantity x price, also of what was bought; unused parts have none.
    listed = mine[mine["commitment_discount_status"] != "Unused"]
    assert (listed["pricing_quantity"] * listed["list_unit_price"]).to_numpy() == pytest.approx(
        listed["list_cost"].to_numpy()
    )
    assert (mine.loc[mine["commitment_discount_status"] == "Unused", "list_cost"] == 0).all()


def test_the_written_charges_are_those_of_the_frame(bought):
    rows = list(csv.DictReader(io.StringIO(charges_csv(bought))))
    frame = bought.charges()
    assert len(rows) == len(frame)
    assert sum(float(row["effective_cost"]) for row in rows) == pytest.approx(frame["effective_cost"].sum())
    assert [row["commitment_discount_id"] for row in rows] == list(frame["commitment_discount_id"])


def test_json_and_csv_carry_what_is_billed(bought, plain):
    content = json.loads(comparison_json(bought))
    one = next(s for s in content["scenarios"] if s["name"] == "reserved-3y-scaled-down")
    assert sum(one["billed_by_month"]) == pytest.approx(one["cost_total"])
    assert one["billed_per_month"] == pytest.approx(one["cost_total"] / 36)
    row = next(
        r
        for r in csv.DictReader(io.StringIO(comparison_csv(bought)))
        if r["scenario"] == "reserved-3y-scaled-down"
    )
    assert one["billed_per_month"] == pytest.approx(float(row["billed_per_month"]))
    assert {row["commitment"] for row in content["commitments"]} >= {"us-3y", "eu-3y", "all"}
    assert "billed_per_month" in comparison_csv(bought)
    assert "commitments" not in json.loads(comparison_json(plain))
    assert "billed_per_month" not in comparison_csv(plain)


def test_an_unused_commitment_unfolds_like_a_component(bought):
    explained = bought.explain("reserved-3y-scaled-down", component="eu-system-3y")
    assert explained.cost == pytest.approx(3 * 2388)
    assert "unused: committed and paid for" in repr(explained)
    assert "3 x Standard_D4s_v5, 3y from 2027-01-01, upfront" in repr(explained)
    used = bought.explain("reserved-3y-scaled-down", component="app-nodes-eu")
    assert "covered by eu-3y" in repr(used)


def test_the_parts_of_a_scenario_add_up_to_it(bought):
    one = bought.forecast("reserved-3y-scaled-down")
    for attribute in ("component", "region", "kind"):
        assert sum(one.cost_by(attribute).values()) == pytest.approx(one.cost_per_month)
    assert one.cost_by("kind")["commitment"] == pytest.approx(
        sum(r.unused for r in commitment_results(one)[:-1]) / one.months.count
    )


def test_the_measures_of_a_commitment(bought):
    """GUIDE 8 on the EU reservations: 8 units of D4 stand for 5 D8 and 3 D4 bought, 3 + 2 x 2 are used of 13."""
    found = {r.name: r for r in commitment_results(bought.forecast("reserved-3y-scaled-down"))}
    assert found["us-3y"].utilisation == pytest.approx(1)
    europe = [found["eu-3y"], found["eu-system-3y"]]
    units = sum(r.used for r in europe) / sum(r.used + r.unused for r in europe)
    assert units == pytest.approx(7 / 13, rel=1e-3)
    whole = found["all"]
    assert whole.savings is not None
    assert whole.covered is not None
    assert whole.eligible is not None
    assert whole.savings == pytest.approx(whole.covered - whole.billed)
    assert whole.effective_savings_rate == pytest.approx(whole.savings / whole.eligible)
    assert whole.coverage == pytest.approx(1)
    assert whole.break_even is not None


@pytest.mark.parametrize(("months", "paid_back"), [(12, "not within the plan"), (36, "2028-09")])
def test_nothing_is_paid_back_before_it_is_bought(months, paid_back):
    """5 machines x 4,775 on 2027-07-01 against 5 x 0.46 an hour on demand: 10,381 hours, in the 15th month."""
    plan = replace(load_plan(PLANS / "agog_commitments.yaml"), months=Months("2027-01", months))
    plan = plan.with_scenario(
        "later",
        {"commitments": {"bought": {"eu": {
            "kind": "reservation", "vm_size": "Standard_D8s_v5", "region": "westeurope", "quantity": 5, "term": "3y",
            "starts": "2027-07-01",
        }}}},
    )  # fmt: skip
    comparison = compare(plan, ["later"])
    (found,) = commitment_results(comparison.forecast("later"))
    assert found.billed == pytest.approx(5 * 4775)
    assert found.paid_back == paid_back
    assert commitments(comparison.forecasts).rows[0][-1] == paid_back


def test_together_they_are_paid_back_after_the_last_is_bought():
    """The first is on the money's side each month; the second is bought in the last month and takes it back."""
    plan = replace(load_plan(PLANS / "agog_commitments.yaml"), months=Months("2027-01", 12))
    plan = plan.with_scenario(
        "two",
        {"commitments": {"bought": {
            "monthly": {
                "kind": "reservation", "vm_size": "Standard_D8s_v5", "region": "eastus2", "quantity": 5,
                "term": "3y", "starts": "2027-01-01", "payment": "monthly",
            },
            "late": {
                "kind": "reservation", "vm_size": "Standard_D8s_v5", "region": "westeurope", "quantity": 5,
                "term": "3y", "starts": "2027-12-01",
            },
        }}},
    )  # fmt: skip
    found = {r.name: r.paid_back for r in commitment_results(compare(plan, ["two"]).forecast("two"))}
    assert found == {
        "monthly": "2027-01",
        "late": "not within the plan",
        "all": "not within the plan",
    }


def test_what_was_paid_before_the_plan_pays_nothing_back():
    """One of 5 machines' terms is paid in 2026: sunk. Its use saves, but the other's payment is not back by it.

    2 x 3,985 on 2027-01-01 for two machines at 0.384 an hour on demand: 10,378 hours, in the 15th month; counted with
    the three that cost nothing any more it would be the 5th.
    """
    plan = replace(load_plan(PLANS / "agog_commitments.yaml"), months=Months("2027-01", 24))
    entry = {"kind": "reservation", "vm_size": "Standard_D8s_v5", "region": "eastus2", "term": "3y"}
    plan = plan.with_scenario(
        "has",
        {"commitments": {"bought": {
            "old": {**entry, "quantity": 3, "starts": "2026-01-01", "existing": True},
            "new": {**entry, "quantity": 2, "starts": "2027-01-01"},
        }}},
    )  # fmt: skip
    comparison = compare(plan, ["has"])
    found = {r.name: r for r in commitment_results(comparison.forecast("has"))}
    old, new, whole = found["old"], found["new"], found["all"]
    assert old.billed == 0
    assert old.paid_back == "paid before the plan"
    assert old.paid_before == pytest.approx(old.used + old.unused)
    assert old.covered is not None
    assert old.savings == pytest.approx(old.covered - old.paid_before)  # the amortised cost counts
    assert new.paid_before == 0
    assert whole.paid_before == old.paid_before
    assert whole.paid_back == new.paid_back == "2028-03"
    assert whole.savings == pytest.approx((old.savings or 0) + (new.savings or 0))
    table = commitments(comparison.forecasts)
    assert "paid before" in [h.text for h in table.headings]
    assert "are cash" in table.note


def test_a_renewal_is_paid_back_by_its_own_months_only():
    """Paid in 2026-07 for a year and renewed: the months before the renewal are sunk, so they pay nothing of it."""
    plan = replace(load_plan(PLANS / "agog_commitments.yaml"), months=Months("2027-01", 12))
    entry = {"kind": "reservation", "vm_size": "Standard_D8s_v5", "region": "eastus2", "term": "1y", "quantity": 5,
             "starts": "2026-07-01", "existing": True, "auto_renew": True}  # fmt: skip
    plan = plan.with_scenario("has", {"commitments": {"bought": {"old": entry}}})
    (found,) = commitment_results(compare(plan, ["has"]).forecast("has"))
    assert found.billed > 0
    assert found.paid_before == pytest.approx(found.billed * 181 / 365)
    assert found.paid_back == "not within the plan"


def test_the_payback_of_each_commitment_and_of_all_is_a_curve(bought):
    one = bought.forecast("reserved-3y-scaled-down")
    *each, whole = commitment_results(one)
    assert len(each) > 1 and whole.name == "all"
    assert whole.payback == pytest.approx(sum(found.payback for found in each))
    for found in (*each, whole):
        # At the end of the plan all that was paid and all that it covered is in it.
        assert found.payback[-1] == pytest.approx(found.covered - found.billed)
        labels = [*one.months.labels, None]  # the last one: never within the plan
        back = labels.index(found.break_even)
        assert (found.payback[:back] < 0).all() and (found.payback[back : back + 1] >= 0).all()
    figure = bought.figure("payback")
    assert [line.name for line in figure.data] == [
        found.name for found in sorted(each, key=lambda f: -f.billed)
    ] + ["all"]
    assert list(figure.data[-1].y) == pytest.approx(whole.payback.tolist())
    assert figure.layout.yaxis.title.text == "USD"


def test_the_page_has_a_payback_for_each_scenario_that_bought_something(bought, plain):
    assert [name for name in page_charts(bought) if name.startswith("payback")] == [
        "payback_reserved-3y-scaled-down"
    ]
    assert not [name for name in page_charts(plain) if name.startswith("payback")]
    assert "bought nothing ahead" in str(plain.figure("payback").layout.annotations)


def test_an_unknown_chart_names_all_that_there_are(bought):
    with pytest.raises(NotInResult, match="paybak.*payback"):
        bought.figure("paybak")
    with pytest.raises(NotInResult, match="nope"):
        bought.figure("payback", scenario="nope")
