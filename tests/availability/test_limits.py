"""What cannot be is refused in words at the functions of availability too, and nothing runs without an end."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from agog_capacity.availability.capacity import brownout, region_sizing
from agog_capacity.availability.common_cause import two_region_events_per_year
from agog_capacity.availability.error_budget import BurnAlert
from agog_capacity.availability.frontier import Candidate, cheapest_within
from agog_capacity.availability.lengths import Exponential, Fixed, Lognormal
from agog_capacity.availability.markov import Chain, duplex, hours_to
from agog_capacity.availability.renewal import active_passive
from agog_capacity.availability.sla_risk import monthly_risk, total_exceeds, total_quantile
from agog_capacity.availability.structure import Block, zoned_unavailability
from agog_capacity.errors import InputError

TWO = ("up", "down")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (lambda: zoned_unavailability(2, [3, -1], 0.01, 0.001), "nodes of a zone -1 must be a whole number"),
        (lambda: two_region_events_per_year(-1.0, 0.1), "must be a finite number, 0 or above"),
        (lambda: two_region_events_per_year(math.nan, 0.1), "must be a finite number"),
        (lambda: two_region_events_per_year(math.inf, 0.1), "must be a finite number"),
        (lambda: Chain(TWO, np.array([[0.0, -1.0], [1.0, 0.0]])), "negative or not finite"),
        (lambda: Chain(TWO, np.array([[0.0, np.nan], [1.0, 0.0]])), "negative or not finite"),
        (lambda: Chain(TWO, np.array([[1.0, 1.0], [1.0, 0.0]])), "from a state to itself"),
        (lambda: Chain(TWO, np.zeros((3, 3))), "2 states need a square"),
        (lambda: Chain.of_generator(("a", "a"), np.array([[-1.0, 1.0], [1.0, -1.0]])), "'a' stands twice"),
        (lambda: duplex(1e-320, 1.0, 0.5), "so small that it never happens"),
        (
            lambda: hours_to(Chain(TWO, np.array([[0.0, 5e-324], [1.0, 0.0]])), ["down"], "up"),
            "longer than can be",
        ),
        (lambda: active_passive(5e-324, 0.1, 0.9, 1.0, 1.0), "so small that it never happens"),
        (lambda: Lognormal(1.0, 40.0), "sigma 40.0 is above 10"),
        (lambda: Lognormal(1e200, 1.0), "longer than anything lasts"),
        (lambda: Exponential(1e200), "longer than anything lasts"),
        (lambda: Fixed(1e200), "longer than anything lasts"),
        (lambda: monthly_risk(1e12, Exponential(1.0), 0.9995), "are too many; at most 100,000 of a period"),
        (lambda: total_quantile(1e7, Exponential(1.0), 0.5), "are too many"),
        (lambda: brownout(0.5, 60.0, 10**8, 60.0), "steps are too many"),
        (lambda: region_sizing(100_000, 0.01), "regions are too many"),
        (lambda: Block("paralel", (0.1, 0.2)), "'paralel' joins no parts; nearest: 'parallel'"),  # type: ignore[arg-type]
        (lambda: Candidate("a", math.nan, 1.0), "cost of 'a'"),
        (lambda: Candidate("a", 1.0, -1.0), "downtime of 'a'"),
        (lambda: cheapest_within([Candidate("a", 1.0, 1.0)], math.nan), "downtime nan"),
        (lambda: BurnAlert(14.4, -1.0, 5.0), "long window -1.0 must be above 0"),
        (lambda: BurnAlert(14.4, 1.0, -5.0), "short window -5.0 must be above 0"),
    ],
)
def test_what_cannot_be_is_refused_in_words(asked, words):
    with pytest.raises(InputError, match=re.escape(words)):
        asked()


def test_far_tails_are_none_without_being_counted():
    """Ten billion outages of a nanohour fill ten hours; one is expected."""
    assert total_exceeds(1.0, Fixed(1e-9), 10).value == 0.0
    assert total_exceeds(1.0, Exponential(1e-9), 10).value < 1e-300
    assert total_exceeds(1.0, Fixed(1.0), 3).value == pytest.approx(
        1 - math.exp(-1) * (1 + 1 + 1 / 2 + 1 / 6)
    )


@pytest.mark.parametrize("outages", [0.5, 3.0, 400.0, 100_000.0])
def test_quantiles_of_fixed_lengths_are_those_of_poisson(outages):
    from scipy.stats import poisson

    for share in (0.7, 0.95, 0.999):
        assert total_quantile(outages, Fixed(2.0), share) == 2.0 * poisson.ppf(share, outages)


def test_the_longest_lengths_have_numbers_for_means():
    found = Lognormal(1e100, 10.0)
    assert math.isfinite(found.mean)
    assert math.isfinite(found.mean_square)
