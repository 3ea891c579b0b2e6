"""Designs with a severity of their own: what is taken from one and not from another, by hand and beside formulas."""

from __future__ import annotations

import pytest

from agog_capacity.availability.closed_form import closed_form
from agog_capacity.availability.failures import FailureClass, LengthOfFailure, Rate
from agog_capacity.availability.replay import Failure, replay_year
from agog_capacity.availability.simulation import simulate_failures
from agog_capacity.errors import InputError
from tests.availability.simple_failures import CLASSES, SURE, active, defaults, passive, replay, single

EVICTIONS_A_YEAR, LAG_H = 400.0, 0.1
EVICTED = FailureClass(
    scope="global",
    per="service-year",
    rate=Rate(shape=1e8, exposure_years=1e8 / EVICTIONS_A_YEAR),
    length=LengthOfFailure(median_h=LAG_H, sigma=SURE),
    exposure=1.0,
    severity=0.0,
)
WITH = {**CLASSES, "evicted": EVICTED}


def lost(design, *failures, **options):
    """Replay failures given as (class, start, length, region), evictions among them."""
    return replay_year(design, WITH, [Failure(*each) for each in failures], defaults=defaults(), **options)


@pytest.mark.parametrize("convention", ["real", "closed_form"])
def test_hours_lost_are_the_rate_times_length_times_severity(convention):
    """400 a year × 0.1 h × 0.25 = 10 h. Two at once lose 0.0625 less, λ²L²/2 hours of the year: the closed form has none."""
    only = {"evicted": EVICTED}
    designs = [single(severity_of={"evicted": (0.25,)}), single(name="other")]
    found = simulate_failures(designs, only, years=4000, seed=1, convention=convention)
    hours = found.outcome("one").demand.hours_per_year
    overlapping = 0.0 if convention == "closed_form" else (0.25 * EVICTIONS_A_YEAR * LAG_H) ** 2 / (2 * 8760)
    assert abs(hours.value - (10 - overlapping)) < 4.5 * hours.standard_error
    assert hours.standard_error < 0.01
    assert found.outcome("other").demand.hours_per_year.value == 0


def test_a_quarter_lost_is_never_deep_and_all_of_it_always():
    designs = [single(severity_of={"evicted": (0.25,)}), single(name="all", severity_of={"evicted": (1.0,)})]
    found = simulate_failures(designs, {"evicted": EVICTED}, years=500, seed=1)
    assert found.outcome("one").deep.hours_per_year.value < 0.2  # of the few that overlap
    whole = found.outcome("all")
    assert whole.deep.hours_per_year.value == pytest.approx(whole.demand.hours_per_year.value)
    # Where all is lost, two at once lose no more than one: the union of both.
    assert whole.demand.hours_per_year.value == pytest.approx(
        EVICTIONS_A_YEAR * LAG_H * (1 - 20 / 8760), abs=0.2
    )


def test_each_region_loses_its_own_share():
    """A failure of all regions takes 0.2 of the requests of one and 0.6 of the other's: 0.75 × 0.2 + 0.25 × 0.6."""
    design = active(share=(0.75, 0.25), severity_of={"evicted": (0.2, 0.6)})
    assert lost(design, ("evicted", 100.0, 10.0)).hours() == pytest.approx(10 * (0.15 + 0.15))
    assert lost(design, ("evicted", 100.0, 10.0)).hours("deep") == 0
    assert lost(passive(severity_of={"evicted": (0.0, 1.0)}), ("evicted", 100.0, 10.0)).hours() == 0
    assert lost(single(severity_of={"evicted": (0.6,)}), ("evicted", 100.0, 10.0)).hours("deep") == 10


def test_what_a_region_loses_follows_its_requests():
    """Home is lost at 100 h and served by the other region from 100.5 h on: evictions there count, those at home not."""
    outage = ("region", 100.0, 10.0, 0)
    alone = replay(passive(), outage).hours()
    home = passive(severity_of={"evicted": (1.0, 0.0)})
    other = passive(severity_of={"evicted": (0.0, 1.0)})
    assert lost(home, outage, ("evicted", 105.0, 1.0)).hours() == pytest.approx(alone)
    assert lost(other, outage, ("evicted", 105.0, 1.0)).hours() == pytest.approx(alone + 1.0)
    assert lost(other, outage, ("evicted", 50.0, 1.0)).hours() == pytest.approx(alone)


def test_overlapping_failures_compose_and_share_the_loss_by_cause():
    """Half of the requests fail at the edge and 0.4 of the others on nodes: 1 - 0.5 × 0.6 = 0.7."""
    found = lost(single(severity_of={"evicted": (0.4,)}), ("edge", 100.0, 10.0), ("evicted", 102.0, 3.0))
    assert found.hours() == pytest.approx(7 * 0.5 + 3 * 0.7)
    assert found.by_cause_h["demand"]["evicted"] == pytest.approx(3 * 0.7 * 0.4 / 0.9)


def test_an_eviction_calls_for_no_failover():
    found = lost(passive(severity_of={"evicted": (1.0, 1.0)}), ("evicted", 100.0, 10.0))
    assert (found.called, found.hours()) == (0, 10)


def test_a_region_that_loses_less_than_half_is_endured():
    """The class makes a region fail over; this design loses 0.3 of it and stays, and nothing of it in the other."""
    mild = passive(severity_of={"region": (0.3, 0.0)})
    found = replay(mild, ("region", 100.0, 10.0, 0), ("region", 200.0, 10.0, 1))
    assert found.called == 0
    assert found.hours() == pytest.approx(3.0)
    assert replay(passive(), ("region", 100.0, 10.0, 0)).called == 1
    assert replay(passive(severity_of={"region": (0.9, 0.0)}), ("region", 100.0, 10.0, 0)).called == 1


def test_its_own_severity_wins_where_a_design_stands_in_one_zone():
    one_zone = single(zone_redundant=False, severity_of={"zone": (0.1,)})
    assert replay(one_zone, ("zone", 100.0, 10.0, 0)).hours() == pytest.approx(1.0)


def outcomes(designs, classes, **options):
    found = simulate_failures(designs, classes, years=300, seed=5, defaults=defaults(), **options)
    return [repr((found.outcome(each.name).demand, found.outcome(each.name).deep)) for each in designs]


@pytest.mark.parametrize("convention", ["real", "closed_form"])
@pytest.mark.parametrize("outer_draws", [None, 3])
def test_the_severities_of_the_classes_said_again_change_no_digit(convention, outer_draws):
    plain = [single(), passive(), active()]
    said = [
        each.replace(
            severity_of={
                name: (c.severity,) * each.regions
                for name, c in CLASSES.items()
                if c.scope in ("zone", "region")
            }
        )
        for each in plain
    ]
    options = {"convention": convention, "outer_draws": outer_draws}
    assert outcomes(said, CLASSES, **options) == outcomes(plain, CLASSES, **options)


def test_what_takes_nothing_from_a_design_changes_no_digit_of_its_hours():
    """Another class, however often it comes, leaves the failures of the others where they are."""
    designs = [single(), passive(), active(), active(name="sw", database="single-writer", write_share=0.2)]
    beside = [each.replace(severity_of={"evicted": (0.0,) * each.regions}) for each in designs]
    before = simulate_failures(designs, CLASSES, years=300, seed=5, defaults=defaults())
    after = simulate_failures(beside, WITH, years=300, seed=5, defaults=defaults())
    for each in designs:
        one, two = before.outcome(each.name).demand, after.outcome(each.name).demand
        assert repr(one.hours_per_year) == repr(two.hours_per_year)
        assert two.by_cause["evicted"].value == 0
        assert {name: repr(h) for name, h in two.by_cause.items() if name != "evicted"} == {
            name: repr(h) for name, h in one.by_cause.items()
        }


@pytest.mark.parametrize("ask", [
    lambda design: simulate_failures([design], CLASSES, years=10, seed=1),
    lambda design: closed_form(design, CLASSES),
    lambda design: replay(design, ("region", 100.0, 10.0, 0)),
])  # fmt: skip
def test_a_severity_of_no_class_names_the_nearest(ask):
    with pytest.raises(InputError, match="severity of 'regoin', which is no failure class.*'region'"):
        ask(single(severity_of={"regoin": (0.5,)}))
