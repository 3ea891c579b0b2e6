"""Two levels of chance: every number that is not sure is drawn, then years are simulated under it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agog_capacity.availability.brownout import Brownout
from agog_capacity.availability.closed_form import closed_form
from agog_capacity.availability.environment import environment
from agog_capacity.availability.failures import LengthOfFailure, Rate, read_failure_classes
from agog_capacity.availability.lengths import Lognormal
from agog_capacity.availability.sensitivity import drivers, sensitivity
from agog_capacity.availability.simulation import simulate_failures
from agog_capacity.errors import InputError, NotInResult
from agog_capacity.resources import data_directory
from tests.availability.base_case import base_case, defaults_of, designs_of, simulate
from tests.availability.simple_failures import LIBRARY as DEFAULTS
from tests.availability.simple_failures import active, defaults, failure_class, passive, single

CASE = base_case()
LIBRARY = read_failure_classes(data_directory() / "availability")
CERTAIN = {name: c.replace(worth={}) for name, c in LIBRARY.items()}
PARAMETERS = ("exposure", "severity", "beta", "length")


def run(designs, classes=LIBRARY, **options):
    given: dict[str, Any] = {"years": 200, "seed": 7, "defaults": DEFAULTS} | options
    return simulate_failures(designs, classes, **given)


def hours(found, name):
    return found.outcome(name).demand.hours_per_year


def sums_are_equal(one, other):
    return all(
        (getattr(one.sums, name) == getattr(other.sums, name)).all()
        for name in ("sums", "causes", "histograms")
    )


@pytest.mark.parametrize(
    "years, draws, wanted",
    [
        (300, None, [5.218194608231, 4.047958031466, 4.241941976939, 3.849041558281, 2.801352609106, 4.448035787099]),
        (100, 4, [5.737113966006, 4.239219812595, 4.441474590279, 4.067389454119, 3.040671620813, 4.742292500083]),
    ],
    ids=["at their means", "rates drawn"],
)  # fmt: skip
def test_what_is_certain_gives_the_figures_of_the_rates_alone(years, draws, wanted):
    """Pinned before anything but rates was drawn."""
    found = simulate(CASE, years, draws, seed=7)
    assert [hours(found, name).value for name in found.names] == pytest.approx(wanted, rel=1e-11)


def test_without_outer_draws_no_worth_changes_anything():
    designs = designs_of(CASE)
    sure = DEFAULTS.replace(times=DEFAULTS.times.replace(worth={}))
    assert sums_are_equal(run(designs), run(designs, CERTAIN, defaults=sure))


def test_results_with_all_drawn_are_the_same_for_any_number_of_threads():
    designs = [*designs_of(CASE), passive(0.3)]
    one, two = (run(designs, years=1500, outer_draws=3, threads=threads) for threads in (1, 2))
    assert sums_are_equal(one, two)


def test_every_class_has_draws_of_its_own():
    world = environment(LIBRARY, seed=8, outer_draws=500)
    without = {name: c for name, c in LIBRARY.items() if name != "zone"}
    other = environment(without, seed=8, outer_draws=500)
    assert {key for key in world.drawn if key[0] != "zone"} == set(other.drawn)
    assert all((world.drawn[key] == values).all() for key, values in other.drawn.items())
    named = list(world.drawn.values())
    spread = np.abs(np.corrcoef(named) - np.eye(len(named)))
    assert spread.max() < 0.25, "no two numbers share their chance"
    for (name, parameter), values in world.drawn.items():
        stated = {"rate": LIBRARY[name].belief.mean, "length": 1.0}.get(
            parameter, getattr(LIBRARY[name], parameter)
        )
        rel = 4 / np.sqrt(500 * LIBRARY[name].rate.shape) if parameter == "rate" else 0.03
        assert values.mean() == pytest.approx(stated, rel=rel), (name, parameter)


def test_beta_splits_each_draws_rate_and_loses_none():
    world = environment({"region": LIBRARY["region"]}, seed=3, outer_draws=50)
    own, other, shared = world.per_year.T
    assert own == pytest.approx(other) and own + shared == pytest.approx(world.rates[:, 0])
    assert shared / (own + shared) == pytest.approx(world.drawn["region", "beta"])


def test_the_spread_between_draws_is_that_of_a_product_of_independent_numbers():
    """Var(product) = product of (mean² + variance) - product of mean²; a failure's hours are rate x exposure x severity x
    length, and the years under each draw add their own."""
    often = failure_class(
        "global", "service-year", 0.4, rate=Rate(shape=50.0, exposure_years=10.0), exposure=0.6,
        length=LengthOfFailure(median_h=1.0, sigma=0.5), worth={"exposure": 9, "severity": 19, "length": 4},
    )  # fmt: skip
    draws, years = 3000, 200
    found = run([single()], {"x": often}, years=years, outer_draws=draws, convention="closed_form")
    values = found.hours_by_group("one")
    numbers = [(5.0, 0.5), (0.6, 0.24 / 10), (0.4, 0.24 / 20), (1.0, np.exp(0.25 / 4) - 1)]
    length = Lognormal(1.0, 0.5)
    mean = np.prod([m for m, _ in numbers]) * length.mean
    between = (np.prod([m**2 + v for m, v in numbers]) - np.prod([m**2 for m, _ in numbers])) * length.mean**2
    squares = [5.0 * 0.6, 0.4**2 + 0.24 / 20, length.mean_square * np.exp(0.25 / 4)]
    within = np.prod(squares) / years
    assert values.mean() == pytest.approx(mean, rel=4 * np.sqrt(between / draws) / mean)
    assert values.var(ddof=1) == pytest.approx(between + within, rel=0.15)
    alone = run([single()], {"x": often.replace(worth={})}, years=years, outer_draws=draws)
    assert alone.hours_by_group("one").var() < 0.2 * values.var()


def test_means_stay_and_intervals_widen():
    designs = designs_of(CASE)
    fixed = run(designs, years=40_000)
    rates = run(
        designs,
        CERTAIN,
        outer_draws=1000,
        defaults=DEFAULTS.replace(times=DEFAULTS.times.replace(worth={})),
    )
    drawn = run(designs, outer_draws=1000)
    for name in drawn.names:
        a, b, c = hours(fixed, name), hours(rates, name), hours(drawn, name)
        assert abs(c.value - a.value) < 4.5 * np.hypot(a.standard_error, c.standard_error), name
        assert c.high - c.low > 1.15 * (b.high - b.low), name
        assert c.standard_error > 1.1 * b.standard_error


FAILING = {
    "region": LIBRARY["region"].replace(
        rate=Rate(shape=4e6, exposure_years=1e6), exposure=1.0, beta=0.0, worth={}
    )
}


@pytest.mark.parametrize(
    "worth, parameter, times",
    [
        ({"coverage": 3}, "coverage", {"coverage": {"automated": 0.7, "human": 0.7}}),
        ({"p_bad": 3}, "p_bad", {"failback": {**DEFAULTS.times.failback.model_dump(), "p_bad": 0.6, "length_h": 2.0}}),
        ({"p_no_capacity": 3}, "p_no_capacity", {"p_no_capacity": 0.4}),
        ({"times": 1}, "times", {"promote": {"median_s": 1440.0, "sigma": 0.8}}),
    ],
)  # fmt: skip
def test_each_number_of_a_failover_is_drawn_and_keeps_the_mean(worth, parameter, times):
    sure, unsure = defaults(**times), defaults(**times, worth=worth)
    fixed = hours(run([passive()], FAILING, years=20_000, defaults=sure), "ap")
    rates = run([passive()], FAILING, outer_draws=400, years=100, defaults=sure)
    found = run([passive()], FAILING, outer_draws=400, years=100, defaults=unsure)
    assert set(found.drawn["ap"]) - set(rates.drawn["ap"]) == {("failover", parameter)}
    mean = hours(found, "ap")
    assert abs(mean.value - fixed.value) < 4.5 * np.hypot(mean.standard_error, fixed.standard_error)
    assert found.hours_by_group("ap").var() > 1.3 * rates.hours_by_group("ap").var()
    first = drivers(found, "ap")[0]
    assert (first.subject, first.parameter) == ("failover", parameter)
    assert first.is_told and (first.correlation < 0) == (parameter == "coverage")


def test_designs_see_the_same_chance_through_their_own_values():
    worth = {"coverage": 10}
    unsure = defaults(coverage={"automated": 0.9, "human": 0.6}, worth=worth)
    classes = {"change": LIBRARY["own_change"]}
    designs = [passive(), passive(name="h", operator="human", hits_both=0.3)]
    found = run(designs, classes, outer_draws=100, years=1, defaults=unsure).drawn
    for key in (("failover", "coverage"), ("change", "hits_both")):
        a, b = found["ap"][key], found["h"][key]
        assert (np.argsort(a) == np.argsort(b)).all() and (a > b).all()
    alone = run([designs[1]], classes, outer_draws=100, years=1, defaults=unsure).drawn
    assert (alone["h"]["failover", "coverage"] == found["h"]["failover", "coverage"]).all()
    certain = run([passive(hits_both=1.0)], classes, outer_draws=10, years=1, defaults=unsure)
    assert ("change", "hits_both") not in certain.drawn["ap"], "1 is exact"


def test_courses_without_capacity_keep_their_share_of_the_table():
    """Of two directions one may lack capacity: half of the chance, whatever is drawn of it."""
    stuck = np.arange(20) < 4
    table = Brownout(np.full((20, 1), 0.5), np.full((20, 1), 0.5), np.where(stuck, 0.2, 1.0), stuck)
    sure, unsure = defaults(p_no_capacity=0.4), defaults(p_no_capacity=0.4, worth={"p_no_capacity": 4})
    given: dict[str, Any] = {"brownouts": {"ap": table}}
    fixed = hours(run([passive()], FAILING, years=20_000, defaults=sure, **given), "ap")
    drawn = hours(run([passive()], FAILING, outer_draws=400, defaults=unsure, **given), "ap")
    assert abs(drawn.value - fixed.value) < 4.5 * np.hypot(fixed.standard_error, drawn.standard_error)
    without = Brownout(table.lengths_h, table.served, table.afterwards)
    found = run([passive()], FAILING, outer_draws=2, years=1, defaults=unsure, brownouts={"ap": without})
    assert ("failover", "p_no_capacity") not in found.drawn["ap"], "nobody says which courses lack it"
    with pytest.raises(InputError, match="stuck has 3 courses and afterwards 20"):
        Brownout(table.lengths_h, table.served, table.afterwards, stuck[:3])


def test_a_severity_that_is_drawn_low_still_makes_a_region_fail_over():
    """What a class is does not change from draw to draw; only how much it takes."""
    unsure = {"region": FAILING["region"].replace(severity=0.6, worth={"severity": 2})}
    found = run([passive()], unsure, outer_draws=50, years=20).outcome("ap").failovers
    assert found is not None and found.called_per_year.low > 0
    mild = {"region": unsure["region"].replace(severity=0.4)}
    none = run([passive()], mild, outer_draws=50, years=20).outcome("ap").failovers
    assert none is not None and none.called_per_year.high == 0


# --- gray failures -----------------------------------------------------------------------------------------

GRAY = {"share": 0.25, "low_s": 1800.0, "high_s": 3600.0}


def test_gray_failures_are_detected_as_a_mixture_and_move_nothing_else():
    seldom = Rate(shape=1e5, exposure_years=1e6)
    long = {
        "region": FAILING["region"].replace(rate=seldom, length=LengthOfFailure(median_h=100.0, sigma=0.1))
    }
    times: dict[str, Any] = {"promote": {"median_s": 10.0, "sigma": 0.01}}
    clear, gray, none = (
        run([passive(1.0)], long, years=60_000, defaults=defaults(**times, gray=given))
        for given in (None, GRAY, {**GRAY, "share": 0.0})
    )
    assert sums_are_equal(clear, none)
    a, b = clear.outcome("ap").failovers, gray.outcome("ap").failovers
    assert a is not None and b is not None
    assert b.switched_s[50].value == pytest.approx(370, rel=0.02)
    assert b.switched_s[95].value == pytest.approx(1800 + 0.8 * 1800 + 10, rel=0.02), (
        "quantile 0.8 of the gray"
    )
    assert b.called_per_year.value == a.called_per_year.value and b.by_hand.value == a.by_hand.value


def test_the_closed_form_agrees_on_gray_failures():
    given = DEFAULTS.replace(times=DEFAULTS.times.replace(gray=GRAY))
    rare = {
        "region": FAILING["region"].replace(
            rate=Rate(shape=3e5, exposure_years=1e6), length=LengthOfFailure(median_h=2.0, sigma=0.5)
        )
    }
    for design in (passive(1.0), active()):
        found = run([design], rare, years=60_000, defaults=given, convention="closed_form").outcome(
            design.name
        )
        wanted = closed_form(design, rare, defaults=given)
        gap = found.demand.hours_per_year.value - wanted.demand.hours_per_year
        assert abs(gap) < 4.5 * found.demand.hours_per_year.standard_error + 1e-4


# --- what drives it, and what was drawn ----------------------------------------------------------------------


def test_numbers_are_ranked_by_effect():
    sure = failure_class("global", "service-year", 0.5, rate=Rate(shape=4e6, exposure_years=1e6))
    classes = {"wide": sure.replace(worth={"severity": 3}), "narrow": sure.replace(worth={"severity": 100})}
    found = sensitivity(run([single()], classes, outer_draws=300), "one")
    assert list(found.iloc[0][["subject", "parameter"]]) == ["wide", "severity"]
    assert found["share"].iloc[0] > 0.8 and found["told"].iloc[0]
    assert (np.diff(found["share"]) <= 0).all() and found["share"].to_numpy() == pytest.approx(
        found["correlation"] ** 2
    )
    rates = found[found["parameter"] == "rate"]
    assert (rates["share"] < 0.05).all(), "as good as certain"
    narrow = found.query("subject == 'narrow' and parameter == 'severity'").iloc[0]
    assert 0.3 < narrow["low"] < 0.5 < narrow["high"] < 0.7


def test_nothing_drawn_has_nothing_that_drives():
    with pytest.raises(InputError, match="simulate with outer_draws"):
        drivers(run([single()]), "one")
    with pytest.raises(NotInResult, match="was not simulated"):
        drivers(run([single()], outer_draws=2, years=1), "two")


def test_the_basis_names_what_was_drawn_and_what_is_certain():
    designs = [single(), passive()]
    found = run(designs, outer_draws=3, years=1)
    assert "3 draws of the rates, lengths, exposure, severity, beta and hits_both × 1 years" in found.basis
    assert "of failures and the coverage, p_no_capacity, p_bad and times of failovers × " in found.basis_of(
        "ap"
    )
    assert found.basis_of("one") == found.basis == run([single()], outer_draws=3, years=1).basis
    some = {**LIBRARY, "zone": LIBRARY["zone"].replace(worth={"length": 8})}
    sure = DEFAULTS.replace(times=DEFAULTS.times.replace(worth={"coverage": 10}))
    told = run(designs, some, outer_draws=3, years=1, defaults=sure).basis_of("ap")
    assert (
        "(certain: exposure of zone; severity of zone; p_no_capacity, p_bad and times of failovers)" in told
    )
    rates = simulate(CASE, 1, 3, seed=1).basis
    assert "3 draws of the rates (certain: lengths; exposure; severity; beta; hits_both) × " in rates
    assert "rates and all else at their means" in run(designs, years=1).basis
    assert defaults_of(CASE).times.worth.coverage is None
