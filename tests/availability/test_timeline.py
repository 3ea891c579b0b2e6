"""The sampled timeline of a failover: the guide's worked case, convolution, and what must never be hidden."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.availability.data_loss import ReplicationLag
from agog_capacity.availability.estimates import Estimate
from agog_capacity.availability.failover import failover_stages, recovery_time
from agog_capacity.availability.lengths import Exponential, Fixed, Lognormal, Uniform
from agog_capacity.availability.sampling import (
    drawn_lengths,
    error_of_share,
    quantile_of,
    seconds_text,
)
from agog_capacity.availability.timeline import (
    FailoverParts,
    FailoverTimeline,
    failover_timeline,
)
from agog_capacity.availability.timeline_course import course_of, loss_curve, recovery_curve
from agog_capacity.errors import InputError
from tests.availability.test_failover import PROBE, PROMOTION, SCALE_UP
from tests.availability.test_scale_up import both, courses

AUTOMATED = FailoverParts(detect=PROBE.detection, route=Fixed(60.0), promote=PROMOTION)
HUMAN = FailoverParts(
    detect=PROBE.detection, route=Fixed(60.0), promote=PROMOTION, decide=Lognormal(600.0, 0.8)
)
LAG = ReplicationLag(Lognormal(5.0, 1.0), 0.0, 0.0)


def near(found: Estimate, expected: float, of_rounding: float = 0.0) -> bool:
    """Tell whether an estimate is within 4.5 of its standard errors, and says that it has one."""
    return found.standard_error > 0 and abs(found.value - expected) < 4.5 * found.standard_error + of_rounding


@pytest.mark.parametrize(
    "parts, quantiles, beyond",
    [(AUTOMATED, (371, 607, 770), 0.0031), (HUMAN, (1002, 2640, None), 0.589)],
)
def test_worked_case_w5_automated_and_human(parts, quantiles, beyond):
    """Guide, section 11, W5 (percentiles +-0.5 %)."""
    found = failover_timeline(parts, SCALE_UP, samples=400_000, seed=3)
    for share, expected in zip((0.5, 0.95, 0.99), quantiles, strict=True):
        if expected is not None:
            assert near(found.rto_quantile(share), expected, of_rounding=0.005 * expected)
    assert near(found.rto_within(900), 1 - beyond, of_rounding=0.0005)


def test_samples_agree_with_the_convolution():
    exact = recovery_time(
        failover_stages(PROBE, promotion=PROMOTION, scale_up=SCALE_UP, decision=Lognormal(600.0, 0.8))
    )
    parts = FailoverParts(detect=PROBE.detection, decide=Lognormal(600.0, 0.8), promote=PROMOTION)
    found = failover_timeline(parts, SCALE_UP, samples=200_000)
    for seconds in (400, 900, 1800, 3600):
        assert near(found.rto_within(seconds), 1 - exact.beyond(seconds))
    assert found.recovered_s.mean() == pytest.approx(exact.mean_s, rel=0.01)


def test_the_recovery_point_is_computed_from_the_lag():
    """Guide, section 11, W5: lag lognormal 5 s, 1.0: P99 51.2 s, P(over 5 min) 2.12e-5."""
    found = failover_timeline(AUTOMATED, lag=LAG, samples=10)
    assert found.rpo_quantile(0.99).value == pytest.approx(51.2, rel=0.001)
    assert found.rpo_quantile(0.99).standard_error == 0
    assert 1 - found.rpo_within(300).value == pytest.approx(2.12e-5, rel=0.005)
    # A standstill for a hundredth of the time, noticed after an hour, decides what the median cannot.
    stalls = failover_timeline(AUTOMATED, lag=ReplicationLag(LAG.healthy, 0.01, 3600.0), samples=10)
    assert 1 - stalls.rpo_within(300).value == pytest.approx(0.01 * (1 - 300 / 3600), rel=0.005)
    assert failover_timeline(AUTOMATED, samples=10).rpo_within(0).value == 1


def test_gray_failures_wait_for_the_rule_on_errors():
    parts = FailoverParts(detect=Uniform(70, 100), gray=Uniform(300, 360), gray_share=0.25)
    found = failover_timeline(parts, samples=100_000)
    assert near(found.rto_within(100), 0.75)
    assert found.stages["detect"].mean() == pytest.approx(0.75 * 85 + 0.25 * 330, rel=0.01)


def test_what_does_not_work_as_planned_takes_people():
    parts = FailoverParts(detect=Fixed(60.0), coverage=0.8, p_blocked=0.1, manual=Fixed(5400.0))
    found = failover_timeline(parts, samples=100_000)
    assert near(found.rto_within(60), 0.8 * 0.9)
    assert found.recovered_s.max() == 5460.0


def test_a_region_that_never_serves_all_is_a_miss_not_a_gap():
    lasting = both(courses(np.ones((1, 240))), courses(np.full((1, 240), 0.3)))
    parts = FailoverParts(detect=Fixed(60.0), p_no_capacity=0.2)
    found = failover_timeline(parts, lasting, samples=100_000)
    assert abs(found.rto_within(10**9).value - 0.8) < 0.01
    assert found.rto_quantile(0.5).value == 60.0
    assert found.rto_quantile(0.95).value == math.inf
    assert seconds_text(found.rto_quantile(0.95)) == "not before the lost region is back"
    assert found.unserved_h["no capacity"] == pytest.approx(0.2 * 0.7)
    assert found.unserved_h["detect"] == pytest.approx(60 / 3600)


def test_nodes_are_made_while_the_switch_goes_on():
    made = both(courses(np.ones((1, 240))), courses(np.zeros((1, 240))), delay_s=500.0)
    found = failover_timeline(FailoverParts(detect=Fixed(60.0), promote=Fixed(120.0)), made, samples=100)
    assert found.recovered_s.tolist() == [60 + 500.0] * 100
    assert found.brownout.lengths_h[0, 0] * 3600 == pytest.approx(380)
    slow = failover_timeline(FailoverParts(detect=Fixed(60.0), promote=Fixed(900.0)), made, samples=100)
    assert slow.recovered_s.tolist() == [60 + 900.0] * 100
    assert slow.brownout.mean_lost_h == 0


def test_the_step_that_takes_most_stands_first_and_the_shares_add_up():
    frame = failover_timeline(HUMAN, SCALE_UP, samples=20_000).to_frame()
    steps = frame[(frame["part_of"] == "") & ~frame["step"].isin(["serving again", "all served"])]
    assert steps["step"].iloc[0] == "decide"
    assert steps["share_of_mean"].is_monotonic_decreasing
    assert steps["share_of_mean"].sum() == pytest.approx(1)
    assert steps["share_of_variance"].sum() == pytest.approx(1)
    longest = frame[frame["part_of"] == "switch"].set_index("step")["share_of_mean"]
    # The promotion is longer than the 60 s of DNS with the probability of a lognormal.
    assert longest["promote"] == pytest.approx(Lognormal(120.0, 0.6).beyond(60), abs=0.02)


def test_steps_have_streams_of_their_own():
    """Another step changes nothing else, so two designs differ by their steps and not by luck."""
    one, other = (failover_timeline(parts, SCALE_UP, samples=1000, seed=7) for parts in (AUTOMATED, HUMAN))
    for name in ("detect", "promote", "scale up"):
        assert one.stages[name].tolist() == other.stages[name].tolist()


def test_more_samples_of_the_same_courses_are_no_more_knowledge():
    times = np.where(np.arange(240) < np.arange(20, 220, 20)[:, None], 0.5, 1.0)
    few = both(courses(times), courses(times))
    errors = [
        failover_timeline(FailoverParts(detect=Fixed(1.0)), few, samples=n).rto_within(1300).standard_error
        for n in (1000, 100_000)
    ]
    assert errors[0] == pytest.approx(errors[1], rel=0.01)
    assert errors[0] == pytest.approx(math.sqrt(0.4 * 0.6 / 9), rel=0.01)  # ten draws, four of them a hit


@given(st.floats(0.01, 0.99), st.integers(100, 5000))
def test_errors_of_independent_samples_are_binomial(share, count):
    hit = np.arange(count) < round(share * count)
    p = hit.mean()
    assert error_of_share(hit, count) == pytest.approx(math.sqrt(p * (1 - p) / count))


def test_a_quantile_lies_where_so_many_samples_are_below():
    values = np.arange(1.0, 101.0)
    assert [quantile_of(values, share, 100).value for share in (0.01, 0.5, 0.99)] == [1, 50, 99]
    assert quantile_of(values, 0.5, 100).standard_error == pytest.approx(5)
    with pytest.raises(InputError, match="not inside 0 and 1"):
        quantile_of(values, 1.0, 100)


class Always3:
    """A length of no kind that is known, by its quantiles."""

    mean = mean_square = 3.0

    def below(self, lengths):
        return np.asarray(lengths) >= 3.0

    def quantile(self, probability):
        return 3.0


@pytest.mark.parametrize(
    "length", [Fixed(2.0), Uniform(1, 3), Lognormal(2.0, 0.3), Exponential(2.0), Always3()]
)
def test_lengths_are_drawn_from_their_distribution(length):
    drawn = drawn_lengths(length, np.random.default_rng(1), 40_000)
    assert drawn.mean() == pytest.approx(length.mean, rel=0.02)
    assert np.square(drawn).mean() == pytest.approx(
        length.mean_square if length.mean_square != 3 else 9, rel=0.05
    )


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: FailoverParts(detect=Fixed(1.0), coverage=1.2), "coverage 1.2 is not between 0 and 1"),
        (lambda: FailoverParts(detect=Fixed(1.0), gray_share=0.1), "say how long their detection takes"),
        (lambda: FailoverParts(detect=Fixed(1.0), coverage=0.9), "how much longer people then take"),
        (lambda: failover_timeline(AUTOMATED, samples=0), "samples 0 must be a whole number from 1"),
        (lambda: failover_timeline(AUTOMATED, SCALE_UP, samples=10).brownout, "simulate it"),
        (lambda: course_of(failover_timeline(AUTOMATED, SCALE_UP, samples=10)), "no simulated scale-up"),
    ],
)
def test_what_cannot_be_is_said(call, words):
    with pytest.raises(InputError, match=words):
        call()


def shrunk(share_before: float = 0.0) -> FailoverTimeline:
    half_then_all = np.repeat([0.5, 1.0], [40, 440])[None, :]
    return failover_timeline(
        FailoverParts(detect=Fixed(60.0), decide=Fixed(540.0)),
        both(courses(half_then_all, demand=1.0), courses(np.full((1, 480), 0.5))),
        served_before=share_before,
        samples=10,
    )


def test_one_failover_over_time_by_hand():
    course = course_of(shrunk())
    at = {minute: int(np.argmin(np.abs(course.minutes - minute))) for minute in (-1, 1, 12, 25)}
    assert [course.unserved[at[m]] for m in (-1, 1, 12, 25)] == [0.0, 1.0, 0.5, 0.0]
    assert [course.capacity[at[m]] for m in (1, 12, 25)] == [0.5, 0.5, 1.0]
    assert list(course.phases) == [("detect", 0, 1), ("decide", 1, 10), ("scale up", 10, 20)]
    lost = float(course.unserved.sum()) * 15 / 60
    assert lost == pytest.approx(10 + 5)  # ten minutes of all, ten of half
    stuck = course_of(shrunk(), without_capacity=True)
    assert stuck.minutes.tolist() == course.minutes.tolist()
    assert stuck.unserved[at[25]] == 0.5
    assert [name for name, _, _ in stuck.phases] == ["detect", "decide"]  # what never ends is no step
    half = course_of(shrunk(0.5))
    assert half.unserved[at[1]] == 0.5
    assert list(course.to_frame().columns) == ["minutes", "demand", "capacity", "unserved"]


def test_curves_are_those_of_the_samples():
    curve = recovery_curve(shrunk(), 100)
    assert curve["recovered"].iloc[-1] == 1
    assert curve[curve["minutes"] < 20]["recovered"].max() == 0
    assert curve[curve["minutes"] > 10]["serving"].min() == 1
    losses = loss_curve(failover_timeline(AUTOMATED, lag=LAG, samples=10))
    assert losses["chance"].is_monotonic_decreasing
    assert loss_curve(failover_timeline(AUTOMATED, samples=10)).empty
