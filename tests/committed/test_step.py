"""The step of commitments inside a bill: what is paid for, what is left, what is lost, and that it adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.charges import price_usage
from agog_capacity.commitments.section import CommitmentSection, build_section
from agog_capacity.committed.rows import CommittedUse
from agog_capacity.components.base import UsageContext
from agog_capacity.components.log_analytics import LogAnalytics
from agog_capacity.components.node_pool import NodePool
from agog_capacity.errors import CommitmentError
from agog_capacity.periods import Months
from agog_capacity.prices.reader import read_price_book
from agog_capacity.prices.resolve import PriceList
from tests.books import write_book

MONTHS = Months("2027-01", 12)
D8, D4 = "Standard_D8s_v5", "Standard_D4s_v5"
TIER = "100 GB Commitment Tier"


def vm(size: str, price: float, region: str = "east") -> list[str]:
    name = f"Virtual Machines,Linux,{size},Compute,{region}"
    return [
        f"{name},on-demand,,0,1 Hour,{price},USD",
        f"{name},spot,,0,1 Hour,{price / 4:.4g},USD",
        f"{name},reservation,1y,0,1 Hour,{price * 0.6:.4g},USD",
        f"{name},reservation,3y,0,1 Hour,{price * 0.4:.4g},USD",
        f"{name},savings-plan,1y,0,1 Hour,{price * 0.7:.4g},USD",
    ]


ROWS = [
    *vm(D4, 0.2),
    *vm(D8, 0.4),
    *vm(D8, 0.5, "west"),
    "Storage,Premium SSD Managed Disks,P15 LRS,P15 LRS Disk,east,on-demand,,0,1 Month,30,USD",
    "Storage,Premium SSD Managed Disks,P15 LRS,P15 LRS Disk,west,on-demand,,0,1 Month,30,USD",
    "Storage,Premium SSD Managed Disks,P10 LRS,P10 LRS Disk,east,on-demand,,0,1 Month,20,USD",
    "Log Analytics,Log Analytics,Analytics Logs,Analytics Logs Data Ingestion,east,on-demand,,0,1 GB,0,USD",
    "Log Analytics,Log Analytics,Analytics Logs,Analytics Logs Data Ingestion,east,on-demand,,5,1 GB,3,USD",
    "Log Analytics,Log Analytics,Analytics Logs,Analytics Logs Data Retention,east,on-demand,,0,1 GB/Month,0.1,USD",
    f"Azure Monitor,Azure Monitor,{TIER},{TIER} Capacity Reservation,east,on-demand,,0,1 Day,240,USD",
]


@pytest.fixture(scope="module")
def prices(tmp_path_factory) -> PriceList:
    return PriceList((read_price_book(write_book(tmp_path_factory.mktemp("b") / "book", ROWS)),))


def pool(name: str = "pool", nodes: int | None = 4, size: str = D8, **more) -> NodePool:
    disk = {"os_disk": "managed", "cluster": "aks", "region": "east"}
    return NodePool(name=name, nodes=nodes, vm_size=size, **(disk | more))


def section(bought: dict[str, dict], **more) -> CommitmentSection:
    findings: list = []
    built = build_section({"bought": bought, **more}, findings)
    assert built is not None, findings
    return built


def reservation(quantity: int, size: str = D8, **more) -> dict:
    entry = {"kind": "reservation", "vm_size": size, "region": "east", "quantity": quantity, "term": "1y",
             "starts": "2027-01-01"}  # fmt: skip
    return entry | more


def bill(prices, components, commitments, nodes=None, months=MONTHS):
    named = {c.name: c for c in components}
    context = UsageContext(months, {}, None, named)
    lines = [line for component in components for line in component.usage(context)]
    use = None if commitments is None else CommittedUse(commitments, named, nodes or {})
    return price_usage(lines, prices, months, use)


def total(charges, what: str, **wanted) -> float:
    return float(
        sum(
            getattr(c, what).sum()
            for c in charges
            if all(getattr(c, key) == value for key, value in wanted.items())
        )
    )


def test_a_reservation_that_is_used_up_costs_its_total_and_nothing_else(prices):
    charges = bill(prices, [pool(nodes=4)], section({"one": reservation(4)}))
    year = 4 * 0.4 * 0.6 * 8760
    nodes = [c for c in charges if c.usage.meter.service == "Virtual Machines"]
    assert total(nodes, "billed_cost") == pytest.approx(year)
    assert total(nodes, "effective_cost") == pytest.approx(year)
    assert total(nodes, "effective_cost", status="used") == pytest.approx(year)
    assert total(nodes, "billed_cost", status="used") == 0
    used = next(c for c in nodes if c.status == "used")
    assert (used.usage.component, used.usage.purchase_option, used.usage.term) == (
        "pool",
        "reservation",
        "1y",
    )
    assert total(nodes, "cost", status="used") == pytest.approx(4 * 0.4 * 8760)  # list cost stays what it was


def test_what_nobody_uses_is_a_row_under_the_commitment(prices):
    charges = bill(prices, [pool(nodes=3)], section({"one": reservation(5)}))
    unused = [c for c in charges if c.status == "unused"]
    assert [c.usage.component for c in unused] == ["one"]
    assert total(unused, "effective_cost") == pytest.approx(2 * 0.4 * 0.6 * 8760)
    assert total(unused, "billed_cost") == 0
    assert total(unused, "cost") == 0


def test_upfront_is_billed_in_its_month_and_monthly_in_each(prices):
    upfront = bill(prices, [pool()], section({"one": reservation(4)}))
    monthly = bill(prices, [pool()], section({"one": reservation(4, payment="monthly")}))
    billed = [
        sum(c.monthly_billed for c in charges if c.status == "purchase") for charges in (upfront, monthly)
    ]
    assert np.count_nonzero(billed[0]) == 1
    assert billed[1] == pytest.approx(np.full(12, billed[0][0] / 12))
    assert total(upfront, "effective_cost") == pytest.approx(total(monthly, "effective_cost"))


def test_a_flexible_reservation_covers_half_of_the_next_size(prices):
    """GUIDE 1: one D4 covers half of a D8."""
    charges = bill(prices, [pool(nodes=1)], section({"small": reservation(1, D4)}))
    left = next(c for c in charges if c.usage.component == "pool" and not c.commitment)
    assert left.quantity.sum() == pytest.approx(0.5 * 8760)
    with pytest.raises(CommitmentError, match="nothing on demand in east uses Standard_D4s_v5"):
        bill(prices, [pool(nodes=1)], section({"small": reservation(1, D4, flexible=False)}))


def test_hours_count_not_averages(prices):
    """Usage of 8 for half of the hours and 0 for the rest has a mean of 4 and uses 4 reserved nodes half."""
    nodes = np.tile([8.0, 0.0], int(MONTHS.hours.sum()) // 2)
    trace = {"pool": nodes}
    named = [pool(nodes=None, min_nodes=4, max_nodes=8)]
    charges = bill(prices, named, section({"one": reservation(4)}), trace)
    assert total(charges, "effective_cost", status="unused") == pytest.approx(0.5 * 4 * 0.4 * 0.6 * 8760)
    even = bill(prices, named, section({"one": reservation(4)}))
    assert total(even, "effective_cost", status="unused") == pytest.approx(0)


def test_a_savings_plan_pays_at_its_own_price_in_all_regions(prices):
    """1.00 of plan at 30 % off covers 1.43 of on-demand, and 1.40 is there: the plan is in plan dollars."""
    west = pool("other", 2, region="west")
    plan = {
        "kind": "savings_plan",
        "usd_per_hour": 1.0,
        "term": "1y",
        "starts": "2027-01-01",
        "existing": True,
    }
    charges = bill(prices, [pool(nodes=1), west], section({"plan": plan}))
    used = [c for c in charges if c.status == "used"]
    assert {c.usage.component for c in used} == {"pool", "other"}
    assert total(used, "effective_cost") == pytest.approx(0.7 * (0.4 + 2 * 0.5) * 8760)
    assert total(charges, "effective_cost", status="unused") == pytest.approx(0.02 * 8760)


def test_a_savings_plan_above_all_usage_is_refused_unless_it_exists(prices):
    plan = {"kind": "savings_plan", "usd_per_hour": 5.0, "term": "1y", "starts": "2027-01-01"}
    with pytest.raises(CommitmentError, match=r"above all its eligible usage.*at most 0\.28") as caught:
        bill(prices, [pool(nodes=1)], section({"plan": plan}))
    assert caught.value.problems[0].path == "commitments.bought.plan"
    charges = bill(prices, [pool(nodes=1)], section({"plan": plan | {"existing": True}}))
    assert total(charges, "effective_cost", status="unused") == pytest.approx((5 - 0.28) * 8760)


def test_a_narrow_scope_covers_only_what_is_placed_there(prices):
    scope = {"level": "resource_group", "id": "blue"}
    places = {"a": {"resource_group": "green"}, "b": {"resource_group": "blue"}}
    bought = section({"one": reservation(4, scope=scope)}, places=places)
    charges = bill(prices, [pool("a", 2), pool("b", 1)], bought)
    assert {c.usage.component for c in charges if c.status == "used"} == {"b"}


def test_a_negotiated_price_lowers_what_is_contracted_not_the_list(prices):
    sheet = {
        "vms": {
            "meter": f"Virtual Machines/Linux/{D8}/Compute",
            "regions": ["east"],
            "price": 0.3,
            "source": "sheet",
        }
    }
    charges = bill(prices, [pool(nodes=4)], section({"one": reservation(2)}, negotiated=sheet))
    left = [c for c in charges if c.usage.component == "pool" and not c.commitment and c.usage.unit == "Hour"]
    assert total(left, "cost") == pytest.approx(2 * 0.4 * 8760)
    assert total(left, "contracted_cost") == total(left, "billed_cost") == pytest.approx(2 * 0.3 * 8760)
    used = [c for c in charges if c.status == "used"]
    assert total(used, "contracted_cost") == pytest.approx(2 * 0.3 * 8760)  # savings count against this
    assert total(used, "effective_cost") == pytest.approx(
        2 * 0.24 * 8760
    )  # the reservation price still applies


def test_an_own_committed_price_goes_before_the_books(prices):
    own = {
        "quote": {
            "meter": f"Virtual Machines/Linux/{D8}/Compute", "regions": ["east"], "option": "reservation", "term": "1y",
            "price_per_hour": 0.2, "source": "a quote",
        },
        "plan": {
            "meter": f"Virtual Machines/Linux/{D8}/Compute", "regions": ["east"], "option": "savings-plan", "term": "3y",
            "price_per_hour": 0.1, "source": "a quote",
        },
    }  # fmt: skip
    plan = {"kind": "savings_plan", "usd_per_hour": 0.2, "term": "3y", "starts": "2027-01-01"}
    bought = section({"one": reservation(2), "plan": plan}, prices=own)
    charges = bill(prices, [pool(nodes=4)], bought)
    assert total(charges, "billed_cost", status="purchase") == pytest.approx((2 * 0.2 + 3 * 0.2) * 8760)
    assert total(charges, "effective_cost", status="unused") == pytest.approx(0)
    assert {c.price.book for c in charges if c.status == "purchase"} == {"plan"}


def test_spot_is_never_covered(prices):
    spot = {
        "share": 1.0,
        "eviction_probability_per_hour": 0.0,
        "boot_lag_minutes": 0.0,
        "hours_until_spot_returns": 0.0,
    }
    with pytest.raises(CommitmentError, match="only spot uses Standard_D8s_v5 in east"):
        bill(prices, [pool(spot=spot)], section({"one": reservation(1)}))


def test_a_term_that_begins_or_renews_inside_the_plan(prices):
    months = Months("2027-01", 36)
    once = bill(prices, [pool()], section({"one": reservation(4, starts="2027-03-15")}), months=months)
    again = bill(
        prices,
        [pool()],
        section({"one": reservation(4, starts="2027-03-15", auto_renew=True)}),
        months=months,
    )
    year = 4 * 0.24 * 8760
    assert total(once, "effective_cost", status="used") == pytest.approx(year)
    bought = sum(c.monthly_billed for c in again if c.status == "purchase")
    assert [months.labels[i] for i in np.flatnonzero(bought)] == ["2027-03", "2028-03", "2029-03"]


def test_log_tiers_take_the_place_of_ingestion(prices):
    """GUIDE 2: charged each day whether used or not, overage at the tier's own rate."""
    tier = {"kind": "log_tier", "component": "logs", "gb_per_day": 100, "starts": "2027-01-01"}
    for arriving, used_days, lost_days in ((40.0, 0.4, 0.6), (150.0, 1.5, 0.0)):
        logs = LogAnalytics(name="logs", region="east", gb_per_day=arriving, retention_days=30.0)
        charges = bill(prices, [logs], section({"tier": tier}))
        assert total(charges, "effective_cost", status="used") == pytest.approx(365 * 240 * used_days)
        assert total(charges, "effective_cost", status="unused") == pytest.approx(365 * 240 * lost_days)
        rest = [c for c in charges if c.usage.meter.meter.endswith("Ingestion")]
        assert total(rest, "cost") == pytest.approx(0)


def test_every_problem_is_told_at_once(prices):
    bought = section({
        "no-price": reservation(1, "Standard_E8s_v5", flexible=False, existing=True),
        "no-use": reservation(1, region="west"),
        "no-plan": {"kind": "savings_plan", "usd_per_hour": 1.0, "term": "3y", "starts": "2027-01-01"},
        "tier": {"kind": "log_tier", "component": "pool", "gb_per_day": 100, "starts": "2027-01-01"},
    })  # fmt: skip
    with pytest.raises(CommitmentError) as caught:
        bill(prices, [pool()], bought)
    assert [p.path.rsplit(".", 1)[-1] for p in caught.value.problems] == [
        "no-price",
        "no-use",
        "no-plan",
        "tier",
    ]


def test_without_commitments_a_bill_is_what_it_was(prices):
    plain = bill(prices, [pool()], None)
    empty = bill(prices, [pool()], CommitmentSection())
    assert [c.cost.tolist() for c in plain] == [c.cost.tolist() for c in empty]
    for charge in plain:
        assert charge.billed_cost is charge.effective_cost is charge.contracted_cost is charge.cost


SIZES = st.sampled_from([D4, D8])
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 1))


@given(
    counts=st.lists(st.integers(0, 6), min_size=2, max_size=2),
    bought=st.lists(
        st.tuples(st.integers(1, 8), DAYS, st.sampled_from(["upfront", "monthly"]), SIZES, st.booleans()),
        min_size=1, max_size=3,
    ),
    plan=st.none() | st.tuples(st.floats(0.01, 3.0), DAYS),
    seed=st.integers(0, 100),
)  # fmt: skip
def test_used_and_unused_are_the_purchase_and_usage_is_all_there(prices, counts, bought, plan, seed):
    months = Months("2026-01", 36)  # holds every term whole
    entries = {
        f"r{i}": reservation(
            n, size, starts=day.isoformat(), payment=payment, flexible=flexible, existing=True
        )
        for i, (n, day, payment, size, flexible) in enumerate(bought)
    }
    if plan is not None:
        entries["plan"] = {
            "kind": "savings_plan", "usd_per_hour": plan[0], "term": "1y", "starts": plan[1].isoformat(), "existing": True,
        }  # fmt: skip
    rng = np.random.default_rng(seed)
    nodes = {"b": rng.integers(0, 5, int(months.hours.sum())) + rng.random()}
    pools = [pool("a", counts[0]), pool("b", None, D4, min_nodes=counts[1], max_nodes=9)]
    distinct = {repr(sorted(e.items())): (n, e) for n, e in entries.items()}
    charges = bill(prices, pools, section(dict(distinct.values())), nodes, months)
    for name, _ in distinct.values():
        mine = [c for c in charges if c.commitment == name]
        purchase = total(mine, "billed_cost", status="purchase")
        spread = total(mine, "effective_cost", status="used") + total(mine, "effective_cost", status="unused")
        assert spread == pytest.approx(purchase, rel=1e-9)
        assert total(mine, "effective_cost", status="purchase") == 0
    plain = bill(prices, pools, None, months=months)
    for name in ("a", "b"):
        whole = sum(
            c.quantity.sum(axis=0) for c in plain if c.usage.component == name and c.usage.unit == "Hour"
        )
        parts = sum(
            c.quantity.sum(axis=0) for c in charges if c.usage.component == name and c.usage.unit == "Hour"
        )
        assert parts == pytest.approx(whole)
    assert total(charges, "billed_cost") == pytest.approx(total(charges, "effective_cost"))


def test_components_that_come_and_go_are_covered_while_they_exist(prices):
    late = pool(nodes=4).replace(starts=date(2027, 7, 16))
    charges = bill(prices, [late], section({"one": reservation(4)}))
    days = (date(2028, 1, 1) - date(2027, 7, 16)).days
    assert total(charges, "effective_cost", status="used") == pytest.approx(4 * 0.24 * 24 * days)


def test_the_usage_that_came_in_is_not_changed(prices):
    named = {"pool": pool()}
    lines = list(named["pool"].usage(UsageContext(MONTHS, {}, None, named)))
    before = [replace(line, quantity=line.quantity.copy()) for line in lines]
    price_usage(lines, prices, MONTHS, CommittedUse(section({"one": reservation(4)}), named))
    for line, kept in zip(lines, before, strict=True):
        assert line.quantity.tolist() == kept.quantity.tolist()


def test_the_price_of_a_reservation_is_above_nothing_and_a_number(prices):
    """A total of 0 divides by nothing, and one above every budget is a slip of the pen."""
    findings: list = []
    entry = reservation(5, total_per_unit=0.0, source="quote")
    assert build_section({"bought": {"one": entry}}, findings) is None
    assert "0.01" in findings[0][1]
    with pytest.raises(
        CommitmentError, match="cost 1.5e.15 for the term; .* at most 1e.12 in all is a price"
    ):
        bill(prices, [pool(nodes=4)], section({"one": reservation(5, total_per_unit=3e14, source="quote")}))
    cheap = bill(
        prices, [pool(nodes=4)], section({"one": reservation(4, total_per_unit=0.01, source="quote")})
    )
    assert total(cheap, "billed_cost", status="purchase") == pytest.approx(0.04)
