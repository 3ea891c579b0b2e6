"""The environment: the base case's classes, streams that do not disturb each other, and the laws they follow."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri
from scipy.stats import chi2, kstest

from agog_capacity.availability.drawn_events import draw_events
from agog_capacity.availability.environment import Environment, environment
from agog_capacity.availability.failures import FailureClass, LengthOfFailure, Rate, read_failure_classes
from agog_capacity.availability.sweep_draws import normal_quantile, philox
from agog_capacity.errors import InputError
from agog_capacity.resources import data_directory
from tests.availability.base_case import base_case, classes_of

CLASSES = read_failure_classes(data_directory() / "availability")
YEARS = 1000


def one_class(**changes: object) -> FailureClass:
    return FailureClass.model_validate({**CLASSES["region"].model_dump(), **changes})


def events(world: Environment, name: str, region: int | None = None) -> pd.DataFrame:
    found = draw_events(world, YEARS)
    found = found[found["failure_class"] == name]
    return found if region is None else found[found["region"] == region]


def test_the_librarys_classes_are_those_of_the_base_case():
    """base_case.yaml, `classes`; hits_both stands with the designs there."""
    theirs = classes_of(base_case())
    assert list(theirs) == list(CLASSES)
    for name, c in theirs.items():
        ours = CLASSES[name].model_dump(exclude={"evidence", "note", "hits_both", "worth"})
        assert ours == c.model_dump(exclude={"evidence", "note", "hits_both", "worth"}), name


@pytest.mark.parametrize(
    "key, counter, words",
    [
        (0, (0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (2**64 - 1, (2**32 - 1,) * 4, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            0x299F31D0A4093822,
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_published_numbers(key, counter, words):
    """Known answers of philox4x32-10 in the Random123 distribution (kat_vectors)."""
    found = cast(Any, philox).py_func(np.uint64(key), *(np.uint64(word) for word in counter))
    assert tuple(int(word) for word in found) == words


def test_the_normal_quantile_is_that_of_scipy():
    p = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 2001), 10.0 ** -np.arange(1.0, 16)])
    found = np.array([normal_quantile(x) for x in p])
    assert found == pytest.approx(ndtri(p), rel=1e-9, abs=1e-9)


def test_counts_and_lengths_follow_their_laws():
    world = environment(CLASSES, seed=11)
    counts = events(world, "own_change").groupby("year").size().reindex(range(YEARS), fill_value=0)
    assert counts.mean() == pytest.approx(4.0, abs=4 * 2 / np.sqrt(YEARS))
    spread = float(((counts - counts.mean()) ** 2).sum() / counts.mean())
    assert chi2.ppf(1e-4, YEARS - 1) < spread < chi2.ppf(1 - 1e-4, YEARS - 1), "Poisson: variance = mean"
    some = events(world, "db_ha_failover")
    assert kstest(some["end_h"] - some["start_h"], CLASSES["db_ha_failover"].lengths.below).pvalue > 1e-4
    assert kstest(some["start_h"] / 8760, "uniform").pvalue > 1e-4


def test_beta_shares_a_regions_events_and_counts_none_twice():
    """Guide, section 12: events come at (2 - beta) x rate, a share beta / (2 - beta) hits both."""
    often = {"region": one_class(rate=Rate(shape=400.0, exposure_years=10.0), exposure=1.0, beta=0.25)}
    found = events(environment(often, seed=5), "region")["region"].value_counts()
    assert found.sum() / YEARS == pytest.approx(1.75 * 40, rel=0.02)
    assert found[-1] / found.sum() == pytest.approx(0.25 / 1.75, rel=0.03)
    assert found[0] / YEARS == pytest.approx(30, rel=0.03) and found[1] / YEARS == pytest.approx(30, rel=0.03)


def test_another_class_or_region_leaves_the_failures_of_the_others_alone():
    few = {name: CLASSES[name] for name in ("own_change", "region")}
    small, large = environment(few, seed=3, regions=1), environment(CLASSES, seed=3, regions=3)
    for name, region in (("own_change", None), ("region", 0), ("region", -1)):
        a, b = events(small, name, region), events(large, name, region)
        assert len(a) > 0
        pd.testing.assert_frame_equal(a.reset_index(drop=True), b.reset_index(drop=True))
    other = events(environment(few, seed=4, regions=1), "own_change")
    assert not np.isin(other["start_h"], events(small, "own_change")["start_h"]).any()


def test_rates_are_drawn_from_their_gammas_class_by_class():
    world = environment(CLASSES, seed=8, outer_draws=4000)
    assert world.rates.shape == (4000, len(CLASSES))
    for name, c in CLASSES.items():
        drawn = world.drawn[name, "rate"]
        assert drawn.mean() == pytest.approx(c.belief.mean, rel=4 / np.sqrt(c.rate.shape * 4000)), name
        assert np.quantile(drawn, 0.9) == pytest.approx(c.belief.quantile(0.9), rel=0.06), name
    without = {name: c for name, c in CLASSES.items() if name != "zone"}
    assert (environment(without, seed=8, outer_draws=4000).rates == world.rates[:, 1:]).all()


@pytest.mark.parametrize(
    "classes, words",
    [
        ({}, "no failure class was given"),
        ({"x": one_class(per="service-year")}, "'x' of region scope counts per 'service-year'; write 'region-year'"),
        (
            {"x": one_class(scope="global", beta=0.0, worth={})},
            "'x' of global scope counts per 'region-year'; write 'service-year'",
        ),
        (
            {"x": one_class(length=LengthOfFailure(median_h=1e6, sigma=1.0))},
            "'x' is never repaired: half of its failures last more than 1,000,000 h",
        ),
        ({"x": one_class(rate=Rate(shape=1e6, exposure_years=1.0))}, "most of them of class 'x'"),
    ],
)  # fmt: skip
def test_what_cannot_be_simulated_is_told(classes, words):
    with pytest.raises(InputError, match=words):
        environment(classes, seed=1)


def test_all_problems_of_the_classes_are_told_at_once():
    bad = {"a": one_class(per="service-year"), "b": one_class(per="service-year")}
    with pytest.raises(InputError) as caught:
        environment(bad, seed=1)
    assert len(caught.value.problems) == 2
