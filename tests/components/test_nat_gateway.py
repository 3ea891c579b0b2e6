"""NAT gateways by the hour and GB."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agog_capacity.components.nat_gateway import NatGateway
from agog_capacity.periods import Months
from tests.components.designs import by_meter, context_of

METER = "NAT Gateway/NAT Gateway/Standard/Standard"


def test_gateways_by_the_hour_and_data_by_the_gb():
    """Billing rules, NAT gateway; prices are listed once for all regions."""
    lines = NatGateway.example().replace(count=3).usage(context_of(months=Months("2027-01", 1)))
    assert by_meter(lines) == {
        (f"{METER} Gateway", "Global"): [2232.0],
        (f"{METER} Data Processed", "Global"): [100.0],
    }
    assert {line.region for line in lines} == {"eastus2"}


def test_data_are_never_guessed():
    with pytest.raises(ValidationError, match="data_gb_per_month"):
        NatGateway.model_validate({"name": "nat", "region": "eastus2"})
