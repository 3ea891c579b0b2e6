"""A plan on AWS from end to end: machines, a database and a cache of the AWS book, bought ahead at its reserved rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agog_capacity.advice.commit import optimise_commitments
from agog_capacity.advice.tables import advice_text
from agog_capacity.errors import CommitmentError, PlanError
from agog_capacity.plan import load_plan
from agog_capacity.planning.commitments import commitment_results
from agog_capacity.planning.forecast import forecast

LARGE, SMALL = "Amazon EC2/Linux/m5.2xlarge/Compute", "Amazon EC2/Linux/m5.xlarge/Compute"
DATABASE = "Amazon RDS/Engine not stated/db.r5.2xlarge/Instance"
CACHE = "Amazon ElastiCache/Node/cache.m6g.12xlarge/Node"
PLAN = f"""
name: on-aws
title: Nodes on AWS
currency: USD
horizon: {{start: "2027-01", months: 36}}
month: calendar
price_books: [aws-list-2026-07-20]
reference: on-demand
targets: {{source: a test}}
base:
  regions:
    us-east-1: {{title: Virginia, continent: North America, role: primary, traffic_share: 1.0}}
    eu-west-1: {{title: Ireland, continent: Europe, role: secondary, traffic_share: 0.0}}
  components:
    eks: {{kind: metered, region: us-east-1, meter: Amazon EKS/Control Plane/Standard Support/Cluster, quantity: 1,
      unit: 1 Hour, per: hour}}
    large: {{kind: metered, region: us-east-1, meter: {LARGE}, quantity: 5, unit: 1 Hour, per: hour}}
    small: {{kind: metered, region: us-east-1, meter: {SMALL}, quantity: 3, unit: 1 Hour, per: hour}}
    large-eu: {{kind: metered, region: eu-west-1, meter: {LARGE}, quantity: 2, unit: 1 Hour, per: hour}}
    database: {{kind: metered, region: us-east-1, meter: {DATABASE}, quantity: 2, unit: 1 Hour, per: hour}}
    cache: {{kind: metered, region: us-east-1, meter: {CACHE}, quantity: 2, unit: 1 Hour, per: hour}}
scenarios:
  on-demand: {{title: Nothing bought ahead}}
"""
HOURS = 26_304.0
TERM = 26_280.0


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    path = Path(tmp_path_factory.mktemp("plan")) / "plan.yaml"
    path.write_text(PLAN)
    return load_plan(path)


def reserved(meter=LARGE, region="us-east-1", quantity=4, term="3y", **more):
    entry = {"kind": "reservation", "meter": meter, "region": region, "quantity": quantity, "term": term,
             "starts": "2027-01-01"}  # fmt: skip
    return entry | more


def bought(plan, prices=None, **entries):
    section = {"bought": entries, **({"prices": prices} if prices else {})}
    return forecast(plan.with_scenario("bought", {"commitments": section}), "bought")


def covered(found, name):
    """Return what a commitment covers of each component, in mean machines of its own size."""
    return {
        c.usage.component: float(c.quantity.sum()) / HOURS
        for c in found.charges
        if c.commitment == name and c.status == "used"
    }


def test_a_regional_reservation_fills_the_smallest_size_first(plan):
    """4 m5.2xlarge are 64 normalised units: 24 for the three m5.xlarge, 40 for 2.5 of the five larger ones."""
    found = bought(plan, m5=reserved())
    assert covered(found, "m5") == {"small": pytest.approx(3), "large": pytest.approx(2.5)}
    (result,) = commitment_results(found)
    assert result.billed == pytest.approx(4 * 0.166 * TERM)
    assert result.savings == pytest.approx((3 * 0.192 + 2.5 * 0.384) * HOURS - 4 * 0.166 * TERM, rel=1e-6)


def test_as_listed_where_the_plan_says_so(plan):
    """The larger machines are listed first and take 64 of their 80 units."""
    changed = plan.with_scenario(
        "listed", {"commitments": {"bought": {"m5": reserved()}, "rules": {"line_order": "listed"}}}
    )
    assert covered(forecast(changed, "listed"), "m5") == {"large": pytest.approx(4)}


def test_an_exact_reservation_goes_before_a_flexible_one(plan):
    """Listed last, the exact one still takes its three of the larger; 24 + 16 units are left for the flexible one."""
    found = bought(
        plan,
        flexible=reserved(meter=SMALL, quantity=5),
        exact=reserved(quantity=3, flexible=False),
    )
    assert covered(found, "exact") == {"large": pytest.approx(3)}
    assert covered(found, "flexible") == {"small": pytest.approx(3), "large": pytest.approx(1)}


def test_what_is_not_used_is_a_row_of_its_own_and_another_region_is_not_covered(plan):
    """20 small ones are bought for 13 that run, and the two in Europe pay on demand all the same."""
    found = bought(plan, m5=reserved(meter=SMALL, quantity=20))
    assert set(covered(found, "m5")) == {"small", "large"}
    (lost,) = [c for c in found.charges if c.status == "unused"]
    assert lost.quantity.sum() == pytest.approx(7 * HOURS)
    (europe,) = [c for c in found.charges if c.usage.component == "large-eu"]
    assert europe.cost.sum() == pytest.approx(2 * 0.428 * HOURS)


def test_databases_and_caches_are_reserved_at_the_rows_of_the_book(plan):
    """3 years of the database at 3,543 USD a year, one year of the cache at 2.428 an hour; engines are exact."""
    found = bought(
        plan,
        db={
            "kind": "reservation",
            "component": "database",
            "quantity": 2,
            "term": "3y",
            "starts": "2027-01-01",
        },
        nodes=reserved(meter=CACHE, quantity=2, term="1y", payment="monthly", auto_renew=True),
    )
    results = {r.name: r for r in commitment_results(found)}
    assert results["db"].billed == pytest.approx(2 * 3 * 3543, rel=1e-5)
    assert results["nodes"].billed == pytest.approx(3 * 2 * 2.428 * 8760)
    assert results["db"].utilisation == results["nodes"].utilisation == pytest.approx(1)


def test_how_a_price_of_the_book_is_paid_is_told(plan):
    (told,) = [w for w in bought(plan, m5=reserved()).warnings if w.startswith("m5:")]
    assert "payment option not stated" in told
    own = bought(plan, m5=reserved(total_per_unit=4000.0, source="a quote, all upfront"))
    assert not [w for w in own.warnings if w.startswith("m5:")]


def test_a_savings_plan_needs_a_price_of_its_own(plan):
    """The book has none. At 0.25 an hour of 0.384, 1.00 an hour pays for 4 of the five machines."""
    entry = {"kind": "savings_plan", "usd_per_hour": 1.0, "term": "1y", "starts": "2027-01-01"}
    with pytest.raises(PlanError, match="no usage on demand has a savings plan price of 1y"):
        bought(plan, sp=entry)
    quote = {"meter": LARGE, "regions": ["us-east-1"], "option": "savings-plan", "term": "1y",
             "price_per_hour": 0.25, "source": "a quote"}  # fmt: skip
    found = bought(plan, {"quote": quote}, sp=entry)
    first = np.array([c.quantity.sum(axis=0) for c in found.charges if c.status == "used"]).sum(axis=0)
    assert first[0] == pytest.approx(4 * 744)
    assert first[12] == 0  # the year is over


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"meter": DATABASE, "term": "1y", "quantity": 1}, "1 year .*cannot be planned.*reservation 3y"),
        ({"meter": "Amazon EKS/Control Plane/Standard Support/Cluster"}, "is no machine"),
        (
            {"meter": "Amazon EC2/Linux/m6i.xlarge/Compute"},
            "nothing on demand in us-east-1 uses .*m6i.xlarge",
        ),
        (
            {"meter": "Amazon EC2/Linux/m5.4xlarge/Compute"},
            "add a row to a book, an own price with its source",
        ),
    ],
)
def test_what_the_book_does_not_sell_is_named(plan, entry, message):
    with pytest.raises(PlanError, match=message):
        bought(plan, wrong=reserved(**entry))


@pytest.fixture(scope="module")
def advice(plan):
    return optimise_commitments(plan)


def test_the_advice_reserves_all_that_always_runs(advice):
    """13 small ones in Virginia (3 + 2 x 5), 2 large in Ireland, the database for three years, the cache yearly."""
    assert [(p.offer.size, p.offer.term_years, p.label, p.quantity) for p in advice.purchases] == [
        ("Amazon EC2 m5.2xlarge eu-west-1", 3, "2027-01", 2),
        ("Amazon EC2 m5.xlarge us-east-1", 3, "2027-01", 13),
        ("Amazon ElastiCache cache.m6g.12xlarge us-east-1", 1, "2027-01", 2),
        ("Amazon RDS db.r5.2xlarge us-east-1", 3, "2027-01", 2),
        ("Amazon ElastiCache cache.m6g.12xlarge us-east-1", 1, "2028-01", 2),
        ("Amazon ElastiCache cache.m6g.12xlarge us-east-1", 1, "2029-01", 2),
    ]


def test_the_bill_of_the_advised_plan_saves_what_was_promised(advice):
    plan, name = advice.in_plan()
    saved = forecast(plan, "on-demand").total_cost - forecast(plan, name).total_cost
    assert saved == pytest.approx(advice.given.saving, rel=2e-3)


def test_nothing_is_given_back_to_aws(advice):
    text = advice_text(advice)
    assert "sale, if" in text
    assert "refunded up to" not in text
    assert "payment option not stated" in text


def test_a_term_beyond_the_horizon_is_not_refunded_by_aws(plan):
    """With a refund as residual Azure would pay back what lies beyond; here it counts for nothing."""
    refunded = plan.with_scenario("r", {"commitments": {"outlook": {"residual": "refund"}}})
    problem = optimise_commitments(refunded, "r").portfolio.optimum.problem
    late = [c.cost for c in problem.columns if c.name.startswith("Amazon RDS") and c.name.endswith("2029-12")]
    assert late == [pytest.approx(3 * 3543, rel=1e-5)]


def test_what_is_bought_already_is_netted_across_sizes(plan):
    """2 large ones are 4 of the 13 units."""
    some = plan.with_scenario("some", {"commitments": {"bought": {"m5": reserved(quantity=2)}}})
    sizes = {p.offer.size: p.quantity for p in optimise_commitments(some, "some").purchases}
    assert sizes["Amazon EC2 m5.xlarge us-east-1"] == 13 - 4


def test_a_planned_savings_plan_above_all_usage_is_refused(plan):
    quote = {"meter": LARGE, "regions": ["us-east-1"], "option": "savings-plan", "term": "1y",
             "price_per_hour": 0.25, "source": "a quote"}  # fmt: skip
    entry = {"kind": "savings_plan", "usd_per_hour": 9.0, "term": "1y", "starts": "2027-01-01"}
    much = plan.with_scenario("much", {"commitments": {"bought": {"sp": entry}, "prices": {"q": quote}}})
    with pytest.raises(CommitmentError, match="above all its eligible usage, which is at most 1.25 USD"):
        optimise_commitments(much, "much")
