"""A pool that is partly on spot: what is paid, what is missing, what may not run there."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agog_capacity.commitments.spot_pool import SpotUse, spot_effect
from agog_capacity.components.base import UsageContext
from agog_capacity.components.node_pool import NodePool
from agog_capacity.periods import Months

MONTHS = Months("2027-01", 3)


def pool(**changes) -> NodePool:
    fields: dict[str, Any] = {
        "name": "app", "region": "eastus2", "cluster": "aks", "vm_size": "Standard_D8s_v5", "nodes": 10,
        "os_disk": "managed",
    }  # fmt: skip
    return NodePool(**fields | changes)


def use(**changes) -> dict[str, Any]:
    return {"share": 0.5, "eviction_probability_per_hour": 0.2, "boot_lag_minutes": 6.0,
            "hours_until_spot_returns": 6.0} | changes  # fmt: skip


def test_the_cycle_of_a_spot_node():
    """GUIDE 9: 1/hazard hours on spot, then the lag missing, then the rest of the absence at the full price."""
    hazard = -math.log(0.8)
    cycle = 1 / hazard + 6.0
    effect = spot_effect(0.5, 0.2, 0.1, 6.0)
    assert effect.lost_share == pytest.approx(0.5 * 0.1 / cycle)
    assert effect.fallback_share == pytest.approx(0.5 * 5.9 / cycle)
    assert effect.paid_spot_share == pytest.approx(0.5 / hazard / cycle)
    assert effect.evictions_per_hour == pytest.approx(1 / cycle)


@given(st.floats(0, 1), st.floats(0, 0.99), st.floats(0, 24), st.floats(0, 100))
def test_hours_on_spot_at_full_price_and_missing_are_all_hours_of_the_share(share, chance, lag, away):
    effect = spot_effect(share, chance, lag, away)
    parts = effect.paid_spot_share + effect.fallback_share + effect.lost_share
    assert parts == pytest.approx(share)
    assert min(effect.paid_spot_share, effect.fallback_share, effect.lost_share) >= -1e-12


def test_a_pool_pays_what_runs_at_two_prices_and_nothing_for_what_is_missing():
    shared = pool(spot=use())
    context = UsageContext(MONTHS, {}, None, {"app": shared})
    lines = {line.purchase_option: line for line in shared.usage(context) if line.unit == "Hour"}
    effect = spot_effect(0.5, 0.2, 0.1, 6.0)
    hours = 10 * MONTHS.hours
    assert lines["spot"].quantity == pytest.approx(hours * effect.paid_spot_share)
    assert lines["on-demand"].quantity == pytest.approx(hours * (0.5 + effect.fallback_share))
    told = sum(line.quantity.sum() for line in lines.values())
    assert told == pytest.approx(hours.sum() * (1 - effect.lost_share))
    assert "evictions come together" in shared.warnings(context)[0]


def test_a_spot_pool_without_details_counts_as_it_did():
    plain = pool(purchase="spot")
    context = UsageContext(MONTHS, {}, None, {"app": plain})
    line = plain.usage(context)[0]
    assert line.purchase_option == "spot"
    assert line.quantity == pytest.approx(10 * MONTHS.hours)
    assert plain.warnings(context) == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mode": "system", "spot": use()}, "a spot pool cannot be the system pool"),
        ({"vm_size": "Standard_B4ms", "spot": use()}, "a B size, which is not offered on spot"),
        ({"purchase": "spot", "spot": use()}, "use purchase on-demand for a share"),
        ({"spot": use(eviction_probability_per_hour=1.0)}, "less than 1"),
        (
            {
                "spot": use(
                    workloads={"db": {"replicas_minimum": 3, "replicas_on_demand": 1, "stateful": True}}
                )
            },
            "keeps state",
        ),
        (
            {"spot": use(workloads={"one": {"replicas_minimum": 1, "replicas_on_demand": 0}})},
            "its only replica would be on spot",
        ),
        (
            {
                "spot": use(
                    workloads={"in": {"replicas_minimum": 3, "replicas_on_demand": 1, "ingress": True}}
                )
            },
            "ingress replicas are off spot",
        ),
    ],
)
def test_what_may_not_run_on_spot_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        pool(**changes)


def test_a_share_of_nothing_changes_nothing():
    effect = SpotUse(**use(share=0.0)).effect
    assert (effect.lost_share, effect.paid_spot_share, effect.evictions_per_hour) == (0, 0, 0)


@pytest.mark.parametrize(
    ("share", "configuration", "words"),
    [
        (1.0, None, "at once, and spot has no SLA"),
        (0.5, "2 or more instances across 2 or more zones", "that of the 5 nodes on demand"),
        (0.9, "single instance, Premium SSD or Ultra on all disks", "that of the 1 node on demand"),
        (0.95, None, "no whole node is on demand"),
    ],
)
def test_only_what_is_on_demand_has_an_sla(share, configuration, words):
    shared = pool(zones=3, spot=use(share=share))
    level = shared.service_level()
    assert (level.configuration if level else None) == configuration
    (warning,) = shared.warnings(UsageContext(MONTHS, {}, None, {"app": shared}))
    assert words in warning
    assert ("what it shows" in warning) == (level is not None), "no promise is shown where there is none"


def test_a_share_of_nothing_is_a_pool_on_demand():
    """No price on spot is asked for, no warning is given, and the SLA stays."""
    none, plain = pool(zones=3, spot=use(share=0.0)), pool(zones=3)
    context = UsageContext(MONTHS, {}, None, {"app": none})
    assert none.warnings(context) == ()
    assert none.service_level() == plain.service_level()
    assert [line.purchase_option for line in none.usage(context)] == [
        line.purchase_option for line in plain.usage(context)
    ]
