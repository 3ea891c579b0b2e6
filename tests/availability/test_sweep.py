"""Failures by hand, through the compiled sweep: unions, months, failovers of failovers, the way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agog_capacity.availability.brownout import Brownout
from agog_capacity.errors import InputError
from tests.availability.simple_failures import CLASSES, active, passive, replay, single

RTO = 0.5
"""Detect and promote. [h]"""


def near(hours: Any) -> Any:
    return pytest.approx(hours, rel=1e-6, abs=1e-7)


# One region: unions, months, the end of the year


def test_one_failure_loses_its_severity_times_its_length():
    found = replay(single(), ("zone", 100.0, 10.0, 0))
    assert found.hours("demand") == near(3.0) and found.hours("deep") == 0
    assert found.by_cause_h["demand"]["zone"] == near(3.0)


def test_failures_at_once_lose_the_complement_of_the_product():
    """Guide, section 1: 1 - product(1 - severity); 1 if any is full."""
    found = replay(single(), ("zone", 0.0, 10.0, 0), ("edge", 5.0, 10.0, None))
    assert found.hours("demand") == near(5 * 0.3 + 5 * (1 - 0.7 * 0.5) + 5 * 0.5)
    assert found.hours("deep") == near(5.0), "0.65 is above one half, 0.5 alone is not"
    full = replay(single(), ("zone", 0.0, 10.0, 0), ("region", 5.0, 2.0, 0))
    assert full.hours("demand") == near(8 * 0.3 + 2)


def test_causes_of_an_overlap_share_it_by_what_each_loses_alone():
    found = replay(single(), ("zone", 0.0, 10.0, 0), ("edge", 0.0, 10.0, None))
    causes = found.by_cause_h["demand"]
    assert causes["zone"] == near(6.5 * 0.3 / 0.8) and causes["edge"] == near(6.5 * 0.5 / 0.8)
    assert found.by_cause_h["deep"]["zone"] == near(10 * 0.3 / 0.8)


def test_a_failure_over_the_end_of_a_month_belongs_to_both():
    found = replay(single(), ("region", 725.0, 10.0, 0))
    assert found.months_h["demand"][:3] == near(np.array([5.0, 5.0, 0.0]))
    calendar = replay(single(), ("region", 740.0, 10.0, 0), months="calendar")
    assert calendar.months_h["demand"][:2] == near(np.array([4.0, 6.0])), "January has 744 h"
    closed = replay(single(), ("region", 725.0, 10.0, 0), convention="closed_form")
    assert closed.months_h["demand"][:2] == near(np.array([10.0, 0.0])), "whole, where it starts"


def test_the_year_is_circular():
    found = replay(single(), ("region", 8755.0, 10.0, 0))
    assert found.months_h["demand"][[0, 11]] == near(np.array([5.0, 5.0]))
    forever = replay(single(), ("region", 4000.0, 20_000.0, 0))
    assert forever.hours("demand") == near(8760.0)


def test_closed_form_adds_what_overlaps():
    pair = (("region", 10.0, 4.0, 0), ("region", 12.0, 4.0, 0))
    assert replay(single(), *pair).hours("demand") == near(6.0)
    assert replay(single(), *pair, convention="closed_form").hours("demand") == near(8.0)


def test_a_service_in_one_zone_is_lost_with_it():
    assert replay(single(zone_redundant=False), ("zone", 0.0, 10.0, 0)).hours("deep") == near(10.0)


def test_a_server_without_standby_is_down_for_longer():
    assert replay(single(), ("server", 0.0, 0.1, 0)).hours("demand") == near(0.1)
    assert replay(single(database_standby=False), ("server", 0.0, 0.1, 0)).hours("demand") == near(1.0)


# Active-passive


def test_a_failover_costs_its_time_and_what_the_standby_lacks():
    found = replay(passive(0.25), ("region", 100.0, 8.0, 0))
    assert found.hours("demand") == near(RTO + 0.2 * 0.75)
    assert found.hours("deep") == near(RTO + 0.2)
    assert (found.called, found.completed) == (1, 1)
    assert found.switched_h == near(RTO) and found.recovered_h == near(RTO + 0.2)


def test_failures_of_the_standby_cost_nothing_while_it_stands_by():
    assert replay(passive(), ("region", 100.0, 8.0, 1), ("zone", 300.0, 5.0, 1)).hours("demand") == 0


def test_what_hits_both_regions_is_waited_for():
    found = replay(passive(), ("region", 100.0, 8.0, None))
    assert found.hours("deep") == near(8.0) and found.called == 0


def test_a_repair_before_the_failover_ends_the_outage():
    found = replay(passive(), ("region", 100.0, 0.3, 0))
    assert found.hours("demand") == near(0.3)
    assert (found.called, found.completed, found.repaired_first) == (1, 0, 1)


def test_a_lesser_failure_is_endured():
    assert replay(passive(), ("zone", 100.0, 8.0, 0)).called == 0


def test_while_the_standby_serves_its_failures_count_and_those_of_home_do_not():
    found = replay(passive(1.0), ("region", 100.0, 8.0, 0), ("zone", 103.0, 1.0, 0), ("zone", 106.0, 10.0, 1))
    assert found.hours("demand") == near(RTO + 0.3 * 10.0)


def test_home_serves_again_a_day_after_its_return():
    back = 108.0 + 24.0
    found = replay(
        passive(1.0), ("region", 100.0, 8.0, 0), ("zone", back - 1, 3.0, 0), ("zone", back - 1, 3.0, 1)
    )
    assert found.hours("demand") == near(RTO + 0.3 * 1.0 + 0.3 * 2.0), "an hour of the one, two of the other"


def test_the_way_back_waits_for_home_to_stay_up():
    found = replay(
        passive(1.0), ("region", 100.0, 8.0, 0), ("region", 120.0, 10.0, 0), ("zone", 140.0, 1.0, 1)
    )
    assert found.hours("demand") == near(RTO + 0.3), "the second failure hits a region that does not serve"
    assert found.called == 1


def test_a_failover_of_the_failover():
    """The region that took over is lost too, with home back: a second failover, home at its full size."""
    found = replay(passive(0.25), ("region", 100.0, 8.0, 0), ("region", 110.0, 8.0, 1))
    assert found.hours("demand") == near(RTO + 0.2 * 0.75 + RTO)
    assert found.completed == 2


def test_a_target_that_is_down_is_waited_for_and_the_failover_begins_again():
    """Base case: wait until the target region is up, then the whole failover time again."""
    found = replay(passive(1.0), ("region", 100.0, 8.0, 0), ("region", 99.0, 3.0, 1))
    assert found.hours("demand") == near(2.0 + RTO)
    assert (found.completed, found.waited) == (1, 1)
    late = replay(passive(1.0), ("region", 100.0, 8.0, 0), ("region", 99.0, 9.0, 1))
    assert late.hours("demand") == near(8.0) and late.repaired_first == 1


def test_both_regions_down_one_after_the_other_are_a_union():
    found = replay(passive(1.0), ("region", 100.0, 8.0, 0), ("region", 103.0, 2.0, 1))
    assert found.hours("demand") == near(RTO + 2.0), "home is down, so there is nowhere to go"


def test_people_finish_what_the_control_plane_blocks():
    found = replay(passive(1.0), ("control", 99.0, 2.0, None), ("region", 100.0, 8.0, 0))
    assert found.hours("demand") == near(RTO + 2.0)
    before = replay(passive(1.0), ("control", 97.0, 2.0, None), ("region", 100.0, 8.0, 0))
    assert before.hours("demand") == near(RTO)


def test_a_human_decides_in_his_time():
    slow = {"decide": {"automated_s": 0.0, "human": {"median_s": 3600.0, "sigma": 1e-9}}}
    found = replay(passive(1.0, operator="human"), ("region", 100.0, 8.0, 0), times=slow)
    assert found.hours("demand") == near(RTO + 1.0)


def test_the_slowest_switch_counts():
    slow = {"dns_ttl_s": 3600.0}
    assert replay(passive(1.0), ("region", 100.0, 8.0, 0), times=slow).hours() == near(0.1 + 1.0)
    cache = {"cache": {"median_s": 7200.0, "sigma": 1e-9}}
    assert replay(passive(1.0), ("region", 100.0, 8.0, 0), times=cache).hours() == near(0.1 + 2.0)


def test_a_cold_standby_is_restored_in_place_of_a_promotion():
    """Detect 0.1 h, restore 5 h, scale up; the promotion's 0.4 h are no part of it."""
    restore = {"median_h": 5.0, "sigma": 1e-9}
    cold = passive(standby="cold", standby_fraction=None, restore=restore)
    found = replay(cold, ("region", 100.0, 90.0, 0))
    assert found.switched_h == near(0.1 + 5.0)
    cache = {"cache": {"median_s": 6 * 3600.0, "sigma": 1e-9}}
    slowest = replay(cold, ("region", 100.0, 90.0, 0), times=cache)
    assert slowest.switched_h == near(0.1 + 6.0), "restored while the cache is made"
    ended = replay(cold, ("region", 100.0, 4.0, 0))
    assert ended.hours("demand") == near(4.0) and ended.repaired_first == 1


def test_the_way_back_has_stages_and_a_risk_of_its_own():
    back = {
        "delay_h": 24.0, "p_bad": 1.0, "length_h": 0.5, "severity": 0.8, "stages": (0.1, 0.5, 1.0), "stage_h": 2.0,
    }  # fmt: skip
    found = replay(passive(1.0), ("region", 100.0, 8.0, 0), times={"failback": back})
    assert found.by_cause_h["demand"]["failback"] == near(1.6 * 0.8 * 0.5)
    assert found.hours("demand") == near(RTO + 1.6 * 0.8 * 0.5)
    home, guest = ("zone", 132.5, 1.0, 0), ("zone", 132.5, 1.0, 1)
    calm = {"failback": back | {"p_bad": 0.0}}
    assert replay(passive(1.0), ("region", 100.0, 8.0, 0), home, times=calm).hours() == near(RTO + 0.1 * 0.3)
    assert replay(passive(1.0), ("region", 100.0, 8.0, 0), guest, times=calm).hours() == near(RTO + 0.9 * 0.3)


def test_after_a_promotion_there_is_neither_standby_nor_replica():
    bare = {"unprotected": {"rebuild_h": 6.0, "without_standby_factor": 10.0}}
    first = ("region", 100.0, 2.0, 0)
    soon, later = ("server", 103.0, 0.1, 1), ("server", 107.0, 0.1, 1)
    assert replay(passive(1.0), first, soon, times=bare).hours() == near(RTO + 1.0)
    assert replay(passive(1.0), first, later, times=bare).hours() == near(RTO + 0.1)
    # The replica in the region that is back since 102 h may be promoted from 108 h on.
    found = replay(passive(1.0), first, ("region", 103.0, 9.0, 1), times=bare)
    assert found.hours() == near(RTO + (108.0 - 103.0) + RTO)
    assert found.waited == 1 and found.unprotected_h > 6.0


def test_without_capacity_the_standby_stays_small_until_the_region_is_back():
    found = replay(passive(0.25), ("region", 100.0, 8.0, 0), times={"p_no_capacity": 1.0})
    assert found.hours() == near(RTO + (8.0 - RTO) * 0.75)


def test_a_simulated_brownout_replaces_the_closed_form():
    courses = Brownout(np.array([[1.0, 2.0]]), np.array([[0.2, 0.6]]), np.array([0.9]))
    found = replay(passive(0.25), ("region", 100.0, 8.0, 0), brownout=courses)
    assert found.hours("demand") == near(RTO + 0.8 + 2 * 0.4 + (8 - RTO - 3) * 0.1)
    assert found.hours("deep") == near(RTO + 1.0)


# Active-active


def test_a_lost_region_costs_its_share_until_it_is_promoted_elsewhere():
    found = replay(active(), ("region", 100.0, 8.0, 0))
    assert found.hours("demand") == near(0.5 * RTO) and found.hours("deep") == 0
    uneven = replay(active(share=(0.8, 0.2)), ("region", 100.0, 8.0, 0))
    assert uneven.hours("deep") == near(RTO)


def test_regions_that_cannot_carry_each_other_shed_what_is_too_much():
    found = replay(active(sized=0.7), ("region", 100.0, 8.0, 0))
    assert found.hours("demand") == near(0.5 * RTO + 0.3 * (8 - RTO)) and found.hours("deep") == 0
    three = replay(active(regions=3, sized=0.5), ("region", 100.0, 8.0, 0))
    assert three.hours("demand") == near(RTO / 3)


def test_what_moved_is_lost_with_the_region_it_moved_to():
    found = replay(active(), ("region", 100.0, 8.0, 0), ("zone", 102.0, 2.0, 1))
    assert found.hours() == near(0.5 * RTO + 0.3 * 2)
    calm = replay(active(), ("zone", 102.0, 2.0, 1))
    assert calm.hours() == near(0.5 * 0.3 * 2)


def test_both_active_regions_lost_by_themselves():
    found = replay(active(), ("region", 100.0, 8.0, 0), ("region", 103.0, 2.0, 1))
    assert found.hours() == near(0.5 * RTO + 2.0), "all requests were in the second region"


def test_a_single_writer_takes_all_writes_with_it():
    design = active(database="single-writer", write_share=0.2)
    writer = replay(design, ("region", 100.0, 8.0, 0))
    assert writer.hours() == near(0.1 * (0.5 + 0.5 * 0.2) + 0.4 * 0.2), "half and all writes, then all writes"
    reader = replay(design, ("region", 100.0, 8.0, 1))
    assert reader.hours() == near(0.1 * 0.5)
    moved = replay(design, ("region", 100.0, 8.0, 0), ("server", 102.0, 0.5, 1))
    assert moved.hours() == near(writer.hours() + 0.5), "the promoted writer's server fails"


CONFLICTS = {"writes_per_s": (10.0, 10.0), "one_way_lag_s": 0.05, "rows": 1000, "zipf_exponent": 1.0}


def test_several_writers_need_no_promotion():
    found = replay(active(database="multi-writer", conflicts=CONFLICTS), ("region", 100.0, 8.0, 0))
    assert found.hours() == near(0.5 * 0.1)


def test_a_quorum_costs_an_election_and_detection():
    found = replay(active(regions=3, database="quorum"), ("region", 100.0, 8.0, 0))
    third, election = 1 / 3, 0.01
    both = 1 - (1 - third) * (1 - third * (1 - third))
    assert found.hours() == near(both * election + third * (0.1 - election))


def test_two_of_three_are_no_majority():
    pair = (("region", 100.0, 8.0, 0), ("region", 103.0, 2.0, 1))
    found = replay(active(regions=3, database="quorum"), *pair)
    homed = replay(active(regions=3), *pair)
    assert found.hours("deep") == near(2.0)
    assert homed.hours("deep") == 0 and homed.hours() < 0.5 * RTO + 0.5 * RTO + 1e-9


# Properties

SOME = st.lists(
    st.tuples(
        st.sampled_from([name for name in CLASSES if name not in ("edge", "control")]),
        st.floats(0, 8759.0),
        st.floats(0.01, 400.0),
        st.sampled_from([0, 1, None]),
    ),
    max_size=12,
)
DESIGNS = [
    single(),
    passive(),
    passive(1.0, operator="human"),
    active(),
    active(sized=0.6),
    active(database="single-writer", write_share=0.3),
    active(database="multi-writer", conflicts=CONFLICTS),
    active(regions=3, sized=0.5),
    active(regions=3, database="quorum"),
]


@pytest.mark.parametrize("design", DESIGNS, ids=range(len(DESIGNS)))
@given(failures=SOME)
@settings(max_examples=60, deadline=None)
def test_losses_are_bounded_and_causes_add_up(design, failures):
    kept = [(n, s, length, r if design.regions > 1 else 0) for n, s, length, r in failures]
    for rebuild in (0.0, 6.0):
        bare = {"unprotected": {"rebuild_h": rebuild, "without_standby_factor": 10.0}}
        found = replay(design, *kept, times=bare)
        for measure in ("demand", "deep"):
            assert (found.months_h[measure] >= 0).all()
            assert (found.months_h[measure] <= 730 + 1e-6).all()
            causes = sum(found.by_cause_h[measure].values())
            assert causes == pytest.approx(found.hours(measure), rel=1e-9, abs=1e-9)
        assert 0.5 * found.hours("deep") <= found.hours("demand") + 1e-9
        assert found.called == found.completed + found.repaired_first
    if design.mode != "single":
        return
    alone = replay(design, *kept, convention="closed_form")
    assert replay(design, *kept).hours() <= alone.hours() + 1e-6, "a union is at most the sum"


@given(failures=SOME)
@settings(max_examples=60, deadline=None)
def test_a_second_region_that_stands_by_whole_and_at_once_never_costs_more(failures):
    """Without chance and delay of its own, and with failovers of seconds, a standby only helps."""
    at_once = {"detect": {"low_s": 0.0, "high_s": 0.0}, "promote": {"median_s": 0.001, "sigma": 1e-9}}
    home = [(n, s, length, 0) for n, s, length, _ in failures]
    one = replay(single(), *home).hours()
    two = replay(passive(1.0), *home, times=at_once).hours()
    assert two <= one + 1e-3


@pytest.mark.parametrize(
    "failure, words",
    [
        (("zon", 0.0, 1.0, 0), "failure 1: there is no failure class 'zon'; nearest: 'zone'"),
        (("zone", 8760.0, 1.0, 0), "start 8760.0 h is not inside the year"),
        (("zone", 0.0, float("inf"), 0), "length inf h must be a finite number"),
        (("zone", 0.0, 1.0, 1), "region 1 does not exist; the design has 0 to 0"),
    ],
)
def test_failures_that_cannot_be_replayed_are_told(failure, words):
    with pytest.raises(InputError, match=words):
        replay(single(), failure)


def test_a_calm_year_costs_nothing():
    assert replay(single()).hours() == 0
