"""Load balancer: rules by the hour, data by the GB."""

from __future__ import annotations

from datetime import date

import pytest

from agog_capacity.components.load_balancer import LoadBalancer
from agog_capacity.errors import InputError
from agog_capacity.periods import Months
from tests.components.designs import by_meter, context_of, only

METER = "Load Balancer/Load Balancer/Standard/Standard"
INCLUDED = f"{METER} Included LB Rules and Outbound Rules"
FURTHER = f"{METER} Overage LB Rules and Outbound Rules"
DATA = f"{METER} Data Processed"
JANUARY = Months("2027-01", 1)


def balancer(**changes) -> LoadBalancer:
    return LoadBalancer.example().replace(**changes)


@pytest.mark.parametrize(
    ("changes", "hours"),
    [
        ({"rules": 0}, {}),
        ({"rules": 1}, {INCLUDED: 744.0}),
        ({"rules": 5}, {INCLUDED: 744.0}),
        ({"rules": 7}, {INCLUDED: 744.0, FURTHER: 1488.0}),
        ({"rules": 7, "included_rules": 6}, {INCLUDED: 744.0, FURTHER: 744.0}),
    ],
)
def test_the_first_five_rules_are_one_price_and_each_further_one_its_own(changes, hours):
    """Billing rules, load balancer."""
    lines = balancer(data_gb_per_month=100.0, **changes).usage(context_of(months=JANUARY))
    expected = {(meter, "Global"): [value] for meter, value in hours.items()}
    assert by_meter(lines) == {**expected, (DATA, "Global"): [100.0]}
    assert {line.region for line in lines} == {"eastus2"}


def test_data_follow_from_the_traffic_of_the_region():
    """10,000 GB to clients and 1,000 from them, three quarters of it in this region."""
    one = balancer()
    line = only(one.usage(context_of(one, months=JANUARY)), "Data Processed")
    assert line.quantity[0] == pytest.approx(8250)


def test_balancers_of_a_region_share_its_traffic():
    first, second = balancer(), balancer(name="other", starts=date(2027, 2, 1))
    stated = balancer(name="stated", data_gb_per_month=5.0)
    context = context_of(first, second, stated, balancer(name="elsewhere", region="westeurope"))
    assert only(first.usage(context), "Data Processed").quantity == pytest.approx([8250, 4125, 4125])
    assert only(second.usage(context), "Data Processed").quantity == pytest.approx([0, 4125, 4125])
    assert only(stated.usage(context), "Data Processed").quantity.tolist() == [5.0, 5.0, 5.0]


def test_data_that_nothing_tells_are_a_problem_not_zero():
    context = context_of(traffic=None)
    assert balancer(data_gb_per_month=1.0).problems(context) == ()
    assert balancer().problems(context)[0][0] == "data_gb_per_month"
    with pytest.raises(InputError, match="cannot be metered"):
        balancer().usage(context)
