"""Estimates: intervals that are known, and how often they hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import beta

from agog_capacity.availability.estimates import (
    Estimate,
    histogram_quantile,
    mean_of_draws,
    mean_of_groups,
    mean_of_years,
    share_of,
    share_of_draws,
    share_with_error,
)
from agog_capacity.availability.sweep_work import BINS, LOWEST_H, PER_LOG

EDGES = np.concatenate([[0.0], LOWEST_H * np.exp(np.arange(BINS) / PER_LOG)])


def histogram(values: np.ndarray) -> np.ndarray:
    return np.histogram(values, EDGES)[0].astype(float)


@pytest.mark.parametrize(
    "hits, count, low, high",
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_the_published_one(hits, count, low, high):
    """R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3."""
    found = share_of(hits, count)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


def test_a_share_of_nothing_is_unknown():
    found = share_of(0, 0)
    assert math.isnan(found.value) and (found.low, found.high) == (0.0, 1.0)


def test_dependent_trials_are_worth_fewer():
    sure, unsure = share_with_error(0.2, 0.001, 1e6), share_with_error(0.2, 0.01, 1e6)
    assert unsure.high - unsure.low == pytest.approx(10 * (sure.high - sure.low), rel=0.02)
    assert share_with_error(0.0, 0.0, 1000).high == share_of(0, 1000).high


def test_means_carry_the_usual_errors():
    values = np.random.default_rng(1).exponential(2.0, 400)
    of_years = mean_of_years(values.sum(), (values**2).sum(), len(values))
    error = values.std(ddof=1) / 20
    assert (of_years.value, of_years.standard_error) == pytest.approx((values.mean(), error))
    assert of_years.high - of_years.value == pytest.approx(1.959964 * error, rel=1e-6)
    of_groups = mean_of_groups(values, np.ones(400))
    assert of_groups.standard_error == pytest.approx(error)
    draws = mean_of_draws(values)
    assert draws.interval_of == "parameters"
    assert (draws.low, draws.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))


def test_few_groups_take_students_interval_and_one_has_none():
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(2000):
        found = mean_of_groups(rng.normal(size=4), np.array([1.0, 1.0, 1.0, 1.0]))
        held += found.low <= 0 <= found.high
    assert held / 2000 == pytest.approx(0.95, abs=0.02)
    alone = mean_of_groups(np.array([3.0]), np.array([100.0]))
    assert alone.value == 3 and math.isnan(alone.standard_error) and alone.high == math.inf


def test_groups_count_by_their_years():
    assert mean_of_groups(np.array([1.0, 4.0]), np.array([200.0, 100.0])).value == pytest.approx(2.0)


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_quantiles_of_a_histogram_are_those_of_the_samples(share):
    values = np.random.default_rng(3).lognormal(1.0, 1.0, 100_000)
    found = histogram_quantile(histogram(values)[None, :], EDGES, share)
    assert found.value == pytest.approx(np.quantile(values, share), rel=0.004)
    assert found.low < found.value < found.high
    assert (found.high - found.low) / found.value < 0.1


def test_quantile_intervals_hold_the_truth_where_samples_of_a_batch_resemble_each_other():
    """Batches with a level of their own, as years under the same draw of the rates: the order statistics alone are far
    too narrow, the batches' differences are not."""
    rng = np.random.default_rng(4)
    held = {False: 0, True: 0}
    for _ in range(200):
        levels = rng.normal(size=32)
        by_batch = np.stack([histogram(np.exp(level + rng.normal(size=200))) for level in levels])
        for vary in held:
            found = histogram_quantile(by_batch, EDGES, 0.5, vary)
            held[vary] += found.low <= 1.0 <= found.high
    assert held[True] / 200 > 0.9
    assert held[False] / 200 < 0.6


def test_quantiles_beyond_the_samples_have_no_end():
    found = histogram_quantile(histogram(np.array([1.0, 2.0, 3.0]))[None, :], EDGES, 0.99)
    assert found.high == math.inf and found.value == pytest.approx(3.0, rel=0.02)
    none = histogram_quantile(np.zeros((2, BINS)), EDGES, 0.5)
    assert math.isnan(none.value)
    calm = histogram_quantile(histogram(np.zeros(100))[None, :], EDGES, 0.5)
    assert calm.value == 0.0


def test_estimates_turn_into_other_units_and_complements():
    one = Estimate(0.2, 0.01, 0.18, 0.22)
    assert one.complement() == Estimate(0.8, 0.01, 0.78, 0.8200000000000001)
    assert one.scaled(100).high == pytest.approx(22)
    assert one.not_below(0.19).low == 0.19
    assert str(one) == "0.2 ± 0.01 (0.18 to 0.22)"


def test_a_share_of_draws_has_the_interval_of_the_draws():
    """Draws whose chance differs: the interval is theirs, which trials alone would make far too narrow."""
    rng = np.random.default_rng(5)
    chance = rng.beta(9.0, 1.0, size=400)
    counts = rng.poisson(2000.0, size=400).astype(float)
    hits = rng.binomial(counts.astype(int), chance).astype(float)
    found = share_of_draws(hits, counts)
    assert found.interval_of == "parameters"
    assert found.value == pytest.approx(0.9, abs=4 * found.standard_error)
    assert found.standard_error == pytest.approx(np.sqrt(0.09 / 11 / 400), rel=0.15)
    assert found.low == pytest.approx(beta(9.0, 1.0).ppf(0.025), abs=0.05)
    assert found.high == pytest.approx(beta(9.0, 1.0).ppf(0.975), abs=0.01)
    assert share_of(hits.sum(), counts.sum()).high - found.value < 0.1 * (found.high - found.value)


def test_a_share_of_draws_without_trials_is_not_known():
    found = share_of_draws(np.zeros(3), np.zeros(3))
    assert np.isnan(found.value)
    assert (found.low, found.high) == (0.0, 1.0)
