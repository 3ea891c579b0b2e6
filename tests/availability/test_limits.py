"""What cannot be is refused in words at the functions of availability too, and nothing runs without an end."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any

import numpy as np
import pytest

from agog_capacity.availability.brownout import Brownout
from agog_capacity.availability.capacity import brownout, region_sizing
from agog_capacity.availability.closed_form import closed_form
from agog_capacity.availability.common_cause import two_region_events_per_year
from agog_capacity.availability.error_budget import BurnAlert
from agog_capacity.availability.frontier import Candidate, cheapest_within
from agog_capacity.availability.latency import Path, ResponseTime, response_time
from agog_capacity.availability.lengths import Exponential, Fixed, Lognormal, Uniform
from agog_capacity.availability.markov import Chain, duplex, hours_to
from agog_capacity.availability.measured import MeasuredAvailability, measured_availability
from agog_capacity.availability.renewal import active_passive
from agog_capacity.availability.replay import Failure, ReplayedYear, replay_year
from agog_capacity.availability.simulation import simulate_failures
from agog_capacity.availability.sla_risk import monthly_risk, total_exceeds, total_quantile
from agog_capacity.availability.structure import Block, zoned_unavailability
from agog_capacity.availability.timeline import FailoverParts, failover_timeline
from agog_capacity.errors import InputError
from tests.availability.simple_failures import CLASSES, passive, single

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


NAN, INF = math.nan, math.inf
ONE = single()


def answered(
    rates: Any = (1.0,), pods: Any = (3.0,), workers: Any = 1, held_ms: float = 0.0, lost: Any = None
) -> ResponseTime:
    return response_time(
        rates,
        pods,
        workers_per_pod=workers,
        service_ms=50.0,
        held_ms=held_ms,
        paths=(Path(1.0, 0.0),),
        lost=lost,
    )


def replayed(*failures: Failure, **more: Any) -> ReplayedYear:
    return replay_year(passive(), CLASSES, failures, **more)


def recorded(**more: Any) -> MeasuredAvailability:
    given: dict[str, Any] = {
        "incidents": (), "began": date(2026, 1, 1), "until": date(2026, 12, 31), "target_percent": 99.95,
    }  # fmt: skip
    return measured_availability(**given | more)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (lambda: Path(1.0, NAN), "network time of a path nan must be a finite number, 0 or above"),
        (lambda: Path(1.0, -1.0), "network time of a path -1.0"),
        (lambda: Path(1.0, 0.0, INF), "database time of a path inf"),
        (lambda: Path(1.0, "a"), "network time of a path 'a' is not a number"),  # type: ignore[arg-type]
        (lambda: Path(NAN, 0.0), "share of a path nan"),
        (lambda: answered(rates=[1.0, -1.0], pods=[3.0, 3.0]), "requests per second of hour 1 -1.0 must be"),
        (lambda: answered(rates=["a"]), "requests per second must be one number for each hour"),
        (lambda: answered(rates=[[1.0]]), "the shape given is (1, 1)"),
        (lambda: answered(pods=[NAN]), "pods of hour 0 nan must be a finite number"),
        (lambda: answered(pods=[-1.0]), "pods of hour 0 -1.0"),
        (lambda: answered(workers=NAN), "workers of a pod nan must be a whole number from 1 on"),
        (lambda: answered(workers=0), "workers of a pod 0"),
        (lambda: answered(held_ms=NAN), "time that workers are held nan"),
        (lambda: answered(held_ms=-50.0), "time that workers are held -50.0"),
        (lambda: answered(lost=[NAN]), "share lost of hour 0 nan must be"),
        (lambda: answered(lost=[0.0, 0.0]), "the share lost is given of 2 hours, the requests of 1"),
        (lambda: replayed(convention="foo"), "convention 'foo' is not known"),
        (lambda: replayed(months="foo"), "months 'foo' is not known"),
        (lambda: replayed(deep_threshold=NAN), "deep threshold nan must be a share from 0 to below 1"),
        (lambda: replayed(deep_threshold=5), "deep threshold 5"),
        (lambda: replayed(deep_threshold=-1), "deep threshold -1"),
        (lambda: replayed(Failure("region", 0.0, 1.0, 0.5)), "region 0.5 does not exist"),  # type: ignore[arg-type]
        (lambda: replayed(Failure("region", "a", 1.0)), "start 'a' h is not inside the year"),  # type: ignore[arg-type]
        (lambda: closed_form(ONE, CLASSES, points=0), "lattice points 0 must be a whole number from 1 on"),
        (lambda: closed_form(ONE, CLASSES, points=-1), "lattice points -1"),
        (lambda: closed_form(ONE, CLASSES, points=10**9), "1,000,000,000 lattice points are too many"),
        (lambda: total_exceeds(1.0, Lognormal(1.0, 1.0), 1, 10**9), "lattice points are too many"),
        (lambda: closed_form(ONE, CLASSES, deep_threshold=NAN), "deep threshold nan"),
        (lambda: closed_form(ONE, CLASSES, deep_threshold=2), "deep threshold 2"),
        (lambda: closed_form(ONE, CLASSES, availability_target_percent=-5), "target -5 % is not between 0 and 100"),
        (lambda: closed_form(ONE, {}), "no failure class was given"),
        (lambda: recorded(target_percent=NAN), "is not a finite number"),
        (lambda: recorded(target_percent=500), "target 500 % is not between 0 and 100"),
        (lambda: recorded(target_percent=-1), "target -1 %"),
        (lambda: recorded(deep_threshold=NAN), "deep threshold nan"),
        (lambda: recorded(deep_threshold=2), "deep threshold 2"),
        (lambda: recorded(until=date(9999, 12, 31)), "write years from 1970 to 2999"),
        (lambda: Lognormal(1.0, 1.0).quantile(0), "probability 0 of a length must be above 0 to below 1"),
        (lambda: Lognormal(1.0, 1.0).quantile(2), "probability 2 of a length"),
        (lambda: Exponential(1.0).quantile(1), "probability 1 of a length must be from 0 to below 1"),
        (lambda: Exponential(1.0).quantile(NAN), "probability nan of a length"),
        (lambda: Uniform(1.0, 2.0).quantile(-1), "probability -1 of a length"),
        (lambda: Lognormal(1e300, 50), "longer than anything lasts"),
        (lambda: Brownout.step([1, 2], [1, 2, 3]), "have shapes (2,), (3,), ()"),
        (lambda: Brownout.step(["a"], 0.5), "lengths_h must be numbers"),
        (lambda: simulate_failures([ONE], CLASSES, years=1, seed=1, deep_threshold="x"), "deep threshold x"),  # type: ignore[arg-type]
        (lambda: simulate_failures([ONE], CLASSES, years=10**10, seed=1), "at most 2,000,000,000 years"),
        (
            lambda: simulate_failures([ONE], CLASSES, years=10**9, seed=1, outer_draws=3),
            "3,000,000,000 years for 1 design are too many",
        ),
        (
            lambda: simulate_failures([ONE], CLASSES, years=1, seed=1, outer_draws=10**9),
            "1,000,000,000 outer draws are too many; choose 2 to 100,000",
        ),
        (lambda: failover_timeline(FailoverParts(Fixed(1.0)), samples=1), "samples 1 must be a whole number from 10"),
    ],
)  # fmt: skip
def test_what_was_taken_for_a_number_is_refused_in_words(asked, words):
    with pytest.raises(InputError, match=re.escape(words)):
        asked()


def test_all_choices_of_a_replay_that_are_not_known_are_told_at_once():
    with pytest.raises(InputError) as caught:
        replayed(Failure("regoin", 0.0, 1.0), convention="foo", months="foo", deep_threshold=2)
    assert len(caught.value.problems) == 4


def test_bounds_themselves_are_taken():
    assert recorded(target_percent=100, deep_threshold=0.0).percent("demand") == 100
    assert Exponential(1.0).quantile(0) == 0
    assert answered(pods=[0.0]).overloaded == 1
