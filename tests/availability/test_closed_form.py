"""The two engines beside each other: formulas and simulation, in the closed-form convention, over 33 designs."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from agog_capacity.availability.closed_form import ClosedFormMeasure, FailoverLoss, closed_form
from agog_capacity.availability.failover_plan import read_failover_defaults
from agog_capacity.availability.failures import changed_classes, read_failure_classes
from agog_capacity.availability.lengths import Lognormal
from agog_capacity.availability.measures import MEASURES, MeasureOutcome
from agog_capacity.availability.service import ServiceDesign
from agog_capacity.availability.simulation import simulate_failures
from agog_capacity.availability.sla_risk import yearly_risk
from agog_capacity.errors import InputError
from agog_capacity.resources import data_directory
from tests.availability.simple_failures import active, passive, single

FOLDER = data_directory() / "availability"
CLASSES = read_failure_classes(FOLDER)
DEFAULTS = read_failover_defaults(FOLDER)
YEARS = 20_000
POINTS = 300
CONFLICTS = {"writes_per_s": (10.0, 10.0), "one_way_lag_s": 0.05, "rows": 1000, "zipf_exponent": 1.0}


def designs() -> list[ServiceDesign]:
    """33 designs that the formulas cover, each unlike the others."""
    found = [
        single(zone_redundant=zones, database_standby=standby)
        for zones, standby in itertools.product((True, False), (True, False))
    ]
    found += [
        passive(fraction, operator=operator, hits_both=both)
        for fraction, operator, both in itertools.product(
            (0.0, 0.3, 0.6, 1.0), ("automated", "human"), (0.3, 0.7)
        )
    ]
    found += [
        passive(standby=temperature, standby_fraction=None, zone_redundant=False)
        for temperature in ("cold", "pilot-light", "hot")
    ]
    found += [active(sized=1.0), active(sized=0.7), active(share=(0.8, 0.2), hits_both=0.3)]
    found += [active(regions=3, sized=0.5), active(regions=3, sized=0.4, share=(0.6, 0.2, 0.2))]
    found += [active(zone_redundant=False, database_standby=False)]
    found += [active(database="multi-writer", conflicts=CONFLICTS)]
    found += [
        single(severity_of={"front_door": (0.0,), "dns_wan": (1.0,), "zone": (0.7,)}, zone_redundant=False),
        passive(0.3, severity_of={"front_door": (0.2, 0.9), "region": (0.4, 1.0), "own_change": (0.6, 0.6)}),
        active(
            share=(0.8, 0.2), hits_both=0.1,
            severity_of={"dns_wan": (0.1, 1.0), "region": (1.0, 0.3), "own_change": (0.9, 0.7)},
        ),
    ]  # fmt: skip
    return found


def figures(found: MeasureOutcome | ClosedFormMeasure) -> list[Any]:
    return [found.hours_per_year, found.year_breaks, found.month_breaks, found.all_months_hold]


def test_the_engines_agree_on_33_designs():
    """Fixed seeds, one a design, so that the designs are independent: every |z| < 4.5, and of each quantity the sum
    of z squared over the designs inside its 99.9 % chi-square band, on both sides."""
    some = designs()
    assert len(some) == 33 and len({d.model_dump_json() for d in some}) == 33
    z = np.zeros((len(some), len(MEASURES), 4))
    for number, design in enumerate(some):
        ours = simulate_failures([design], CLASSES, years=YEARS, seed=100 + number, convention="closed_form")
        formulas = closed_form(design, CLASSES, points=POINTS)
        for m, measure in enumerate(MEASURES):
            exact = figures(formulas.demand if measure == "demand" else formulas.deep)
            for q, (simulated, value) in enumerate(
                zip(figures(ours.outcome(design.name).by(measure)), exact, strict=True)
            ):
                expected = value if isinstance(value, float) else value.value
                z[number, m, q] = (simulated.value - expected) / simulated.standard_error
    assert abs(z).max() < 4.5
    low, high = chi2.ppf([0.0005, 0.9995], len(some))
    squares = (z**2).sum(axis=0)
    assert (squares > low).all() and (squares < high).all(), squares


def test_one_class_in_one_region_is_the_compound_poisson_of_the_formulas():
    """`sla_risk.yearly_risk`, held by worked case W8 of the guide."""
    only = {"own_change": CLASSES["own_change"]}
    found = closed_form(single(), only).demand
    wanted = yearly_risk(4.0, Lognormal(0.5, 0.8), "4.38")
    assert found.hours_per_year == pytest.approx(wanted.mean_h)
    assert found.year_breaks.value == pytest.approx(wanted.year_over_budget.value, rel=1e-9)
    assert found.month_breaks.value == pytest.approx(wanted.month_violates.value, rel=1e-9)


def test_the_loss_of_a_failover_has_the_mean_of_its_distribution():
    loss = FailoverLoss(
        Lognormal(0.5, 0.8), np.array([0.1, 0.6]), np.array([0.7, 0.3]), 0.5, 0.2, np.array([0.0, 0.3]), np.array([0.9, 0.1])
    )  # fmt: skip
    x = np.concatenate([np.linspace(0, 5, 20001), np.geomspace(5, 1e4, 4001)])
    assert loss.mean == pytest.approx(float(np.trapezoid(1 - loss.below(x), x)), rel=2e-4)
    none_after = FailoverLoss(
        Lognormal(0.5, 0.8), np.array([0.1, 0.6]), np.array([0.7, 0.3]), 0.5, 0.0, np.array([0.0, 0.3]), np.array([0.9, 0.1])
    )  # fmt: skip
    assert none_after.mean == pytest.approx(float(np.trapezoid(1 - none_after.below(x), x)), rel=2e-3), (
        "it has jumps"
    )


def test_nothing_that_fails_loses_nothing():
    harmless, _ = changed_classes({"control_plane": CLASSES["control_plane"]}, {})
    found = closed_form(single(), harmless)
    assert found.demand.hours_per_year == 0 and found.demand.all_months_hold == 1
    assert found.deep.year_breaks.value == 0


def test_the_base_case_says_where_conventions_differ():
    """Guide, section 12: the second region is worth 1.4 h a year, in the closed form too."""
    one, two = (
        closed_form(d, CLASSES, points=POINTS).demand.hours_per_year
        for d in (single(), passive(0.3, hits_both=0.7))
    )
    assert one - two == pytest.approx(1.43, abs=0.02)


@pytest.mark.parametrize("database", ["single-writer", "quorum"])
def test_what_formulas_do_not_reach_is_told(database):
    design = active(regions=3, database=database, write_share=0.1)
    with pytest.raises(InputError, match=f"database '{database}' has no closed form; simulate it"):
        closed_form(design, CLASSES)


def test_the_mixture_keeps_the_contract_of_a_length():
    from agog_capacity.availability.closed_form import _Mixture, _Part

    mixture = _Mixture.of([_Part(2.0, FailoverLoss(
        Lognormal(1.0, 0.5), np.array([1e9]), np.ones(1), 1.0, 0.0, np.zeros(1), np.ones(1)))])  # fmt: skip
    assert mixture.mean_square == pytest.approx(Lognormal(1.0, 0.5).mean_square, rel=1e-3)
    assert mixture.quantile(0.9) == pytest.approx(Lognormal(1.0, 0.5).quantile(0.9), rel=1e-9)
