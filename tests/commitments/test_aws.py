"""Size flexibility of AWS: the factors of its user guides, and what is apart."""

from __future__ import annotations

import numpy as np
import pytest

from agog_capacity.commitments.aws import aws_size, is_aws, returnable
from agog_capacity.commitments.cover import cover_hours, cover_order
from agog_capacity.commitments.terms import CoverRules, Reservation, Size, UsageLine
from agog_capacity.prices.meter import Meter


@pytest.mark.parametrize(
    ("size", "factor"),
    [("t3.nano", 0.25), ("t3.micro", 0.5), ("t3.small", 1), ("t3.medium", 2), ("m5.large", 4), ("m5.xlarge", 8),
     ("m5.2xlarge", 16), ("m6g.12xlarge", 96), ("c5.24xlarge", 192), ("u-6tb1.56xlarge", 448)],
)  # fmt: skip
def test_factors_of_sizes(size, factor):
    found = aws_size(Meter("Amazon EC2", "Linux", size, "Compute"))
    assert found is not None
    assert found[1] == factor


@pytest.mark.parametrize(
    "meter",
    [
        Meter("Amazon EC2", "Windows", "m5.xlarge", "Compute"),
        Meter("Amazon EC2", "Linux", "m5.metal", "Compute"),
        Meter("Amazon EC2", "Linux", "-", "Compute"),
        Meter("Amazon RDS", "Engine not stated", "db.r5.2xlarge", "Instance"),
        Meter("Amazon RDS", "SQL Server", "db.r5.2xlarge", "Instance"),
        Meter("Virtual Machines", "Linux", "Standard_D4s_v5", "Compute"),
    ],
)
def test_what_is_not_flexible(meter):
    assert aws_size(meter) is None


def test_groups_are_a_family_of_one_engine_and_deployment():
    def group(family, sku, meter, service="Amazon RDS"):
        found = aws_size(Meter(service, family, sku, meter))
        assert found is not None
        return found[0]

    single = group("MySQL", "db.t3.large", "Single-AZ Instance")
    assert single == group("MySQL", "db.t3.xlarge", "Single-AZ Instance")
    assert single != group("MySQL", "db.t3.large", "Multi-AZ Instance")
    assert single != group("PostgreSQL", "db.t3.large", "Single-AZ Instance")
    assert single != group("MySQL", "db.m5.large", "Single-AZ Instance")
    nodes = [group("Node", f"cache.r5.{s}", "Node", "Amazon ElastiCache") for s in ("large", "4xlarge")]
    assert nodes[0] == nodes[1]


def test_services_and_what_they_take_back():
    assert is_aws("Amazon EC2")
    assert is_aws("AWS Data Transfer")
    assert is_aws("Elastic Load Balancing")
    assert not is_aws("Virtual Machines")
    assert returnable("Amazon EC2") == "sale, if Standard"
    assert returnable("Amazon RDS") == "no"


@pytest.mark.parametrize(
    ("aws", "rule", "covered"),
    [
        (True, None, [0.5, 1.0]),  # the small one is full first: 8 of 16 units are left for half of the large
        (False, None, [1.0, 0.0]),
        (True, "listed", [1.0, 0.0]),
        (False, "smallest_first", [0.5, 1.0]),
    ],
)
def test_the_smallest_is_filled_first_on_aws_unless_a_plan_says_otherwise(aws, rule, covered):
    sizes = {
        "large": Size(group="g", ratio=16.0, on_demand=2.0, aws=aws),
        "small": Size(group="g", ratio=8.0, on_demand=1.0, aws=aws),
    }
    lines = [UsageLine(id="a", size="large"), UsageLine(id="b", size="small")]
    bought = Reservation(id="r", size="large", quantity=1.0, region=None, hourly_cost=1.0)
    order = cover_order(sizes, lines, [bought], rules=CoverRules(line_order=rule))
    found = cover_hours(order, np.ones((2, 1))).reserved_quantity[0, :, 0]
    assert found.tolist() == covered
