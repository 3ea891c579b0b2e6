"""Public addresses by the hour."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agog_capacity.components.public_ip import PublicIp
from tests.components.designs import by_meter, context_of

METER = "Virtual Network/IP Addresses/Standard/Standard IPv4 Static Public IP"


@pytest.mark.parametrize(
    ("changes", "addresses"),
    [
        ({}, 1),
        ({"count": 3}, 3),
        ({"prefix_length": 28}, 16),
        ({"count": 2, "prefix_length": 31}, 4),
        ({"count": 2, "prefix_length": 31, "prefix_bills_each_address": False}, 2),
    ],
)
def test_a_prefix_is_billed_for_each_of_its_addresses(changes, addresses):
    """Billing rules, public IP: per address-hour; a prefix for each of its addresses."""
    quantities = by_meter(PublicIp.example().replace(**changes).usage(context_of()))
    assert quantities == {(METER, "eastus2"): [addresses * 744.0, addresses * 672.0, addresses * 744.0]}


@pytest.mark.parametrize("changes", [{"count": 0}, {"prefix_length": 8}, {"prefix_length": 32}])
def test_numbers_that_make_no_sense_are_refused(changes):
    with pytest.raises(ValidationError):
        PublicIp.example().replace(**changes)


def test_an_address_has_no_published_level():
    assert PublicIp.example().service_level() is None
