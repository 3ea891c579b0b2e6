"""The simulation: the guide's base case, threads, conventions, intervals, and inputs that do not work."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from agog_capacity.availability.brownout import Brownout
from agog_capacity.availability.conventions import convention_effect
from agog_capacity.availability.failures import LengthOfFailure, Rate, read_failure_classes
from agog_capacity.availability.measures import MEASURES
from agog_capacity.availability.service import ServiceDesign
from agog_capacity.availability.simulation import month_edges, simulate_failures
from agog_capacity.errors import InputError, NotInResult
from agog_capacity.resources import data_directory
from tests.availability.base_case import base_case, classes_of, defaults_of, designs_of, gaps, simulate
from tests.availability.simple_failures import active, passive, single

CASE = base_case()
DESIGNS, CLASSES, DEFAULTS = designs_of(CASE), classes_of(CASE), defaults_of(CASE)
LIBRARY = read_failure_classes(data_directory() / "availability")


def run(designs=DESIGNS, **options):
    given: dict[str, Any] = {"years": 2000, "seed": 7, "defaults": DEFAULTS} | options
    return simulate_failures(designs, CLASSES, **given)


@pytest.mark.parametrize(
    "years, draws", [(60_000, None), (100, 600)], ids=["rates at their means", "rates drawn"]
)
def test_the_base_case_is_reproduced_within_its_standard_errors(years, draws):
    """base_case.yaml: 48 figures of another program each way; `python -m tests.availability.base_case` takes all years."""
    found = gaps(CASE, simulate(CASE, years, draws, seed=20261125))
    assert len(found) == 48
    assert max(abs(row.z) for row in found) < 4.5, max(found, key=lambda row: abs(row.z))
    assert max(abs(row.z) for row in found) > 0.1, "too good is a bug too"


@pytest.mark.soak
@pytest.mark.parametrize("years, draws", [(400_000, None), (100, 4000)])
def test_the_base_case_is_reproduced_at_its_own_size(years, draws):
    found = gaps(CASE, simulate(CASE, years, draws, seed=20261124))
    assert max(abs(row.z) for row in found) < 4.5


@pytest.mark.parametrize("draws", [None, 3])
def test_results_are_the_same_for_any_number_of_threads(draws):
    found = [run(years=2500, outer_draws=draws, threads=threads) for threads in (1, 2, 3)]
    for other in found[1:]:
        assert (other.sums.sums == found[0].sums.sums).all()
        assert (other.sums.causes == found[0].sums.causes).all()
        assert (other.sums.histograms == found[0].sums.histograms).all()


def test_a_design_does_not_change_what_the_others_see():
    alone = run([DESIGNS[1]]).outcome(DESIGNS[1].name).demand.hours_per_year.value
    assert alone == run().outcome(DESIGNS[1].name).demand.hours_per_year.value
    with_three = run([DESIGNS[1], active(regions=3, sized=0.5)])
    assert alone == with_three.outcome(DESIGNS[1].name).demand.hours_per_year.value


def test_causes_add_up_to_the_hours():
    for convention in ("real", "closed_form"):
        found = run(convention=convention)
        for name in found.names:
            for measure in MEASURES:
                outcome = found.outcome(name).by(measure)
                causes = sum(cause.value for cause in outcome.by_cause.values())
                assert causes == pytest.approx(outcome.hours_per_year.value, rel=1e-9)


def test_causes_are_those_of_the_guide():
    """Guide, section 12, reading: own changes 2.75 h, Front Door 0.97, region 0.65, zone 0.41, DNS 0.26, …"""
    causes = run(years=20_000).outcome("one_region").demand.by_cause
    wanted = {
        "own_change": 2.75,
        "front_door": 0.97,
        "region": 0.65,
        "zone": 0.41,
        "region_db": 0.24,
        "identity": 0.12,
    }
    for name, hours in wanted.items():
        estimate = causes[name]
        assert abs(estimate.value - hours) < 4.5 * estimate.standard_error + 0.006, name
    assert causes["control_plane"].value == 0


def test_differences_on_common_failures_are_far_surer_than_of_two_runs():
    """Guide, section 12: errors of differences are 2/5 down to 1/15 of those of independent runs."""
    found = run(years=40_000)
    a, b = (
        found.outcome(name).demand.hours_per_year
        for name in ("active_passive_automated", "active_passive_human")
    )
    paired = found.difference("active_passive_human", "active_passive_automated")
    assert paired.value == pytest.approx(b.value - a.value)
    assert paired.value == pytest.approx(0.216, abs=5 * paired.standard_error)
    assert paired.standard_error < 0.2 * np.hypot(a.standard_error, b.standard_error)


def test_the_standard_error_is_the_spread_of_runs():
    found = [run([DESIGNS[0]], years=1000, seed=seed).outcome("one_region").demand for seed in range(60)]
    for name in ("hours_per_year", "year_breaks", "month_breaks", "all_months_hold"):
        estimates = [getattr(outcome, name) for outcome in found]
        spread = np.std([e.value for e in estimates], ddof=1)
        told = np.mean([e.standard_error for e in estimates])
        assert 0.65 < spread / told < 1.5, name


def test_the_real_convention_differs_where_failures_overlap_months_and_each_other():
    """Guide, section 12: with long outages P(month) differs by many standard errors, so conventions are never mixed."""
    often = LIBRARY["zone"].replace(
        rate=Rate(shape=200.0, exposure_years=55.0),
        length=LengthOfFailure(median_h=60.0, sigma=0.8),
        severity=1.0,
    )
    real, closed = (
        simulate_failures([single()], {"zone": often}, years=20_000, seed=5, convention=convention)
        for convention in ("real", "closed_form")
    )
    a, b = (found.outcome("one").demand for found in (real, closed))
    assert a.convention == "real" and b.convention == "closed_form"
    assert a.month_breaks.value - b.month_breaks.value > 10 * a.month_breaks.standard_error, (
        "two months, not one"
    )
    assert a.hours_per_year.value < b.hours_per_year.value, "a union, not a sum"
    effect = convention_effect(real, closed).query("measure == 'demand'").set_index("quantity")
    assert effect["difference"]["month breaks"] == pytest.approx(a.month_breaks.value - b.month_breaks.value)
    assert effect["z"]["month breaks"] > 10
    assert effect["closed_form"]["hours"] == pytest.approx(b.hours_per_year.value)
    with pytest.raises(InputError, match="give the simulation in the real convention first"):
        convention_effect(closed, real)
    other = simulate_failures([single()], {"zone": often}, years=100, seed=6, convention="closed_form")
    with pytest.raises(InputError, match="differ in seed"):
        convention_effect(real, other)


def test_every_figure_names_its_measure_convention_and_interval():
    found = run(years=1000)
    frame = found.to_frame()
    assert set(frame["measure"]) == {"demand", "deep"} and set(frame["convention"]) == {"real"}
    assert (frame["low"] <= frame["value"]).all() and (frame["value"] <= frame["high"]).all()
    assert set(frame["interval_of"]) == {"sampling"}
    for words in ("convention real", "months 730h", "seed 7", "target 99.95 %", "deep above 0.5"):
        assert words in found.basis
    drawn = run(years=100, outer_draws=20)
    assert "20 draws of the rates" in drawn.basis
    hours = drawn.outcome("one_region").demand.hours_per_year
    assert hours.interval_of == "parameters" and hours.high - hours.low > 4 * hours.standard_error


def test_a_probability_of_none_seen_keeps_its_interval():
    rare = {"region": LIBRARY["region"].replace(rate=Rate(shape=0.5, exposure_years=1e6))}
    outcome = simulate_failures([single()], rare, years=1000, seed=1).outcome("one").demand
    assert outcome.year_breaks.value == 0 and 0 < outcome.year_breaks.high < 0.01
    assert outcome.all_months_hold.low > 0.99


def test_percentiles_of_years_are_those_of_the_distribution():
    """P(year > 4.38 h) of the base case lies between the percentiles around it."""
    found = run(years=20_000).outcome("one_region").demand
    assert found.percentiles[50].value < 4.38 < found.percentiles[95].value, "P(year > 4.38 h) is 0.479"
    assert found.percentiles[50].low <= found.percentiles[50].value <= found.percentiles[50].high


def test_recovery_times_are_those_of_the_timeline():
    """Guide, section 11, W5 without repair: detect U(70, 100), then promotion; here with failures that never end soon."""
    long = LIBRARY["region"].replace(length=LengthOfFailure(median_h=100.0, sigma=0.1), beta=0.0)
    design = passive(0.3, hits_both=0.7)
    times = DEFAULTS.times.replace(coverage={"automated": 1.0, "human": 1.0}, p_no_capacity=0.0)
    found = (
        simulate_failures(
            [design],
            {"region": long},
            years=60_000,
            seed=2,
            defaults=DEFAULTS.replace(times=times),
            recovery_target_s=371.0,
        )
        .outcome("ap")
        .failovers
    )
    assert found is not None
    rng = np.random.default_rng(1)
    switched = rng.uniform(70, 100, 10**6) + 120 * np.exp(0.6 * rng.normal(size=10**6))
    whole = switched + 150 * np.exp(0.4 * rng.normal(size=10**6))
    for p in (50, 95, 99):
        for simulated, drawn in ((found.switched_s[p], switched), (found.recovered_s[p], whole)):
            wanted = np.percentile(drawn, p)
            assert abs(simulated.value - wanted) < 5 * simulated.standard_error + 0.01 * wanted
    share = float((whole <= 371).mean())
    assert abs(found.recovered_in_time.value - share) < 4.5 * found.recovered_in_time.standard_error
    assert abs(found.completed_in_time.value - share) < 4.5 * found.completed_in_time.standard_error
    assert found.repaired_first.value < 1e-3 and found.by_hand.value == 0


def test_coverage_is_the_share_that_people_need_not_finish():
    found = run(years=20_000).outcome("active_passive_human").failovers
    assert found is not None
    assert abs(found.by_hand.value - 0.2) < 4.5 * found.by_hand.standard_error + 0.001, (
        "and a blocked one now and then"
    )


def test_lost_data_is_the_lag_at_the_failure():
    """Guide, section 11, W5: healthy lag lognormal 5 s/1.0; the stalled part decides P(more than 5 min)."""
    replication = {"healthy": {"median_s": 5.0, "sigma": 1.0}, "stalled": 0.1, "stalled_max_s": 600.0}
    design = passive(1.0, hits_both=0.0, replication=replication)
    failovers = run([design], years=20_000).outcome("ap").failovers
    assert design.replication is not None and failovers is not None and failovers.data_loss is not None
    found, lag = failovers.data_loss, design.replication.lag
    assert abs(found.in_time.value - (1 - lag.beyond(300.0))) < 4.5 * found.in_time.standard_error
    assert found.percentiles_s[50].value == pytest.approx(lag.quantile(0.5), rel=0.1)
    assert found.mean_s == pytest.approx(lag.mean_s, rel=0.1)
    assert found.promotions > 1000


def test_a_lag_longer_than_the_outage_is_counted():
    """Promotion then loses more data than the outage it ended: an answer, not an exception."""
    replication = {"healthy": {"median_s": 86_400.0, "sigma": 0.1}, "stalled": 0.0, "stalled_max_s": 0.0}
    failovers = (
        run([passive(1.0, hits_both=0.0, replication=replication)], years=2000).outcome("ap").failovers
    )
    assert failovers is not None and failovers.data_loss is not None
    assert failovers.data_loss.beyond_outage.value > 0.99 and failovers.data_loss.in_time.value == 0


def test_conflicts_of_several_writers_stand_beside_the_hours():
    conflicts = {"writes_per_s": (10.0, 10.0), "one_way_lag_s": 0.05, "rows": 1000, "zipf_exponent": 1.0}
    found = run([active(database="multi-writer", conflicts=conflicts), active(name="homed")], years=1000)
    several, one = (found.outcome(name).failovers for name in ("aa", "homed"))
    assert several is not None and several.conflicts_per_year is not None and several.conflicts_per_year > 0
    assert one is not None and one.conflicts_per_year is None and one.data_loss is None
    assert run([single()], years=10).outcome("one").failovers is None


def test_more_of_everything_helps():
    """Zones, standby, region-by-region rollout, size and automation never cost hours, on the same failures."""
    better = {
        "standby": (single(), single(name="worse", database_standby=False)),
        "rollout": (active(rollout="region-by-region"), active(name="worse", rollout="all-at-once")),
        "size": (active(), active(name="worse", sized=0.6)),
        "operator": (passive(), passive(name="worse", operator="human")),
        "temperature": (passive(1.0), passive(0.0, name="worse")),
        "writes": (active(), active(name="worse", database="single-writer", write_share=0.9)),
    }
    for what, pair in better.items():
        gap = simulate_failures(pair, LIBRARY, years=4000, seed=3).difference("worse", pair[0].name)
        assert gap.value > 0, what
    zones = simulate_failures(
        [single(), single(name="worse", zone_redundant=False)], LIBRARY, years=4000, seed=3
    )
    assert zones.difference("worse", "one", "deep").value > 0.2, (
        "a third of incidents take all: no more demand, but deep"
    )


def test_a_target_that_no_design_meets_is_answered_with_the_nearest():
    found = run(years=4000)
    answer = found.meeting("every month", 0.5)
    assert answer.meeting == () and answer.nearest == "active_active_full_staged"
    assert "no design keeps its every month with a probability of 0.5 (demand, real); nearest:" in str(answer)
    assert "active_active_full_staged" in found.meeting("year", 0.7).meeting
    assert found.meeting("month", 0.5, "deep").meeting == found.names
    with pytest.raises(
        InputError, match="promise 'week' is not known; there are: 'every month', 'month', 'year'"
    ):
        found.meeting("week", 0.5)


def test_memory_does_not_grow_with_the_years():
    many, few = run(years=200_000, designs=[DESIGNS[0]]), run(years=100_000, designs=[DESIGNS[0]])
    assert len(many.sums.years) <= 1000
    assert few.sums.histograms.nbytes == many.sums.histograms.nbytes
    assert many.sums.years.sum() == 200_000


def test_progress_is_told_in_years():
    told = []
    run(years=150_000, designs=[DESIGNS[0]], progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (150_000, 150_000) and len(told) > 1
    assert told == sorted(told)


def test_months_are_equal_or_the_calendars():
    assert month_edges("730h").tolist() == [730.0 * m for m in range(13)]
    assert month_edges("calendar")[[1, 2, 12]].tolist() == [744.0, 1416.0, 8760.0]
    assert run(years=500, months="calendar").months == "calendar"


def test_years_with_very_many_failures_find_room():
    often = {"change": LIBRARY["own_change"].replace(rate=Rate(shape=3000.0, exposure_years=1.0))}
    found = simulate_failures([single(), active()], often, years=20, seed=1).outcome("one").demand
    # 3000 failures of 0.69 h overlap: the share of time in at least one is 1 - exp(-rate x mean).
    busy = 8760 * (1 - np.exp(-3000 * LIBRARY["own_change"].lengths.mean / 8760))
    assert found.hours_per_year.value == pytest.approx(busy, rel=0.02)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"designs": []}, "no design was given"),
        ({"designs": [single(), single()]}, "design 'one' stands twice"),
        ({"convention": "closed"}, "convention 'closed' is not known; nearest: 'closed_form'"),
        ({"months": "30d"}, "months '30d' is not known"),
        ({"deep_threshold": 50.0}, "deep threshold 50.0 must be a share"),
        ({"years": 0}, "years 0 must be a whole number from 1"),
        ({"outer_draws": 1}, "outer draws 1 must be a whole number from 2"),
        ({"threads": 0}, "threads 0 must be a whole number from 1"),
        ({"seed": -1}, "seed -1"),
        ({"availability_target_percent": 101.0}, "not between 0 and 1"),
        ({"recovery_target_s": -1.0}, "recovery target -1"),
        ({"brownouts": {"one_regio": Brownout.none()}}, "'one_regio': there is no such design; nearest: 'one_region'"),
        ({"brownouts": {"one_region": Brownout.none()}}, "a single region has no failover to grow after"),
    ],
)  # fmt: skip
def test_what_cannot_be_simulated_is_told(options, words):
    with pytest.raises(InputError, match=words):
        run(**{"years": 100, **options})


def test_what_was_not_simulated_is_told():
    found = run(years=100)
    with pytest.raises(NotInResult, match="design 'one_regio' was not simulated; nearest: 'one_region'"):
        found.outcome("one_regio")
    with pytest.raises(NotInResult, match="measure 'depth' is not known"):
        found.outcome("one_region").by("depth")


def test_designs_of_the_file_are_strict_models():
    assert all(isinstance(design, ServiceDesign) for design in DESIGNS)


def test_the_sweep_is_compiled_once_for_all_inputs():
    """Another type of any argument would compile again, for half a minute."""
    from agog_capacity.availability.sweep import sweep_blocks
    from tests.availability.simple_failures import replay

    replay(single(), ("zone", 1.0, 2.0, 0), convention="closed_form", months="calendar")
    replay(passive(), ("region", 1.0, 2.0, 0), brownout=Brownout.none())
    run(
        [DESIGNS[0]],
        years=10,
        deep_threshold=0,
        availability_target_percent=99,
        recovery_target_s=60,
        months="calendar",
    )
    run([passive(), active()], years=10, outer_draws=2, brownouts={"ap": Brownout.step([0.1, 0.2], 0.5)})
    assert len(cast(Any, sweep_blocks).signatures) == 1
