"""Properties of the HPA's rules, from SPEC sections 3 to 5 and the traps of section 12."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.scaling.hpa import Controller, Hpa, HpaState, Measurement, Metric, decide, reconcile
from agog_capacity.scaling.hpa_behavior import (
    Behavior,
    Policy,
    Recommendation,
    Rules,
    ScaleEvent,
    convert_with_behavior_rate,
    default_scale_down,
    default_scale_up,
    scale_down_limit,
    scale_up_limit,
    stabilize_with_behaviors,
)
from agog_capacity.scaling.hpa_metrics import utilization_ratio
from agog_capacity.scaling.pods import (
    CalculationFailed,
    Container,
    Pod,
    Sample,
    Tolerance,
    ceiled_int32,
    divided,
)

CPU = Metric("Resource", "cpu", target_utilization_percent=50)


def pods(count: int) -> list[Pod]:
    return [
        Pod(f"p{i}", started_s=-9000, ready_changed_s=-8000, containers=(Container("app", "app", 500),))
        for i in range(count)
    ]


def usage(count: int, milli: int) -> Measurement:
    return Measurement({f"p{i}": Sample({"app": milli}, -10, 15) for i in range(count)})


@given(st.integers(1, 50), st.integers(1, 50))
def test_at_constant_shared_load_the_loop_is_a_fixed_point(count, total_share):
    """SPEC 5.6: ceil(r * n) gives itself back at the new n."""
    hpa, state = Hpa(1000, 1, (CPU,)), HpaState(count, count, ())
    total = total_share * 400
    for now in range(0, 3000, 15):
        replicas = state.spec_replicas
        outcome = reconcile(
            hpa, state, pods(replicas), [usage(replicas, total // replicas)], Controller(), now
        )
        state = HpaState(
            outcome.state.spec_replicas, outcome.state.spec_replicas, outcome.state.recommendations
        )
    again = reconcile(
        hpa,
        state,
        pods(state.spec_replicas),
        [usage(state.spec_replicas, total // state.spec_replicas)],
        Controller(),
        3000,
    )
    assert not again.rescaled


@given(
    st.integers(0, 60),
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(1, 9), st.integers(-200, -1)), max_size=6),
    st.lists(st.tuples(st.integers(1, 9), st.integers(-200, -1)), max_size=6),
)
def test_limits_never_force_the_other_direction(current, desired, ups, downs):
    """SPEC 12.12: a recent burst may stop a change but not turn it round."""
    behavior = Behavior(default_scale_up(), Rules(300, "Max", (Policy("Pods", 2, 60),)))
    up_events = [ScaleEvent(change, at) for change, at in ups]
    down_events = [ScaleEvent(change, at) for change, at in downs]
    replicas, _ = convert_with_behavior_rate(current, desired, 0, 100, behavior, up_events, down_events, 0)
    assert min(current, desired) <= replicas <= max(current, desired)


def test_percent_policies_are_evaluated_in_doubles_as_written():
    """SPEC 4B.2: +10 % of 100 gives 111, -90 % of 10 gives 0."""
    assert scale_up_limit(100, Rules(0, "Max", (Policy("Percent", 10, 60),)), [], [], 0) == 111
    assert scale_down_limit(10, Rules(0, "Max", (Policy("Percent", 90, 60),)), [], [], 0) == 0


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(1, 40), st.integers(-400, 0)), max_size=8),
)
def test_an_old_high_recommendation_never_raises(current, desired, old):
    """SPEC 12.10: stabilisation starts from current."""
    recommendations = [Recommendation(value, at) for value, at in old]
    result, _ = stabilize_with_behaviors(current, desired, 0, 300, recommendations, 0)
    assert result <= max(current, desired)


def test_without_behavior_the_first_step_is_four_and_with_it_five():
    """SPEC 12.8."""
    wanted = 40
    legacy, _ = decide(Hpa(50), HpaState(1, 1), wanted, Controller(), 0)
    behavior = Behavior(default_scale_up(), default_scale_down())
    modern, _ = decide(Hpa(50, behavior=behavior), HpaState(1, 1), wanted, Controller(), 0)
    assert (legacy.spec_replicas, modern.spec_replicas) == (4, 5)


def test_the_window_frees_at_300_with_behavior_and_at_315_without():
    """SPEC 5.1: strict and inclusive edges."""
    behavior = Behavior(default_scale_up(), default_scale_down())
    for hpa, expected in ((Hpa(50, behavior=behavior), 300), (Hpa(50), 315)):
        state, freed = HpaState(10, 10), None
        for now in range(0, 400, 15):
            state, decision = decide(hpa, state, 10 if now == 0 else 5, Controller(), now)
            if decision.replicas < 10:
                freed = now
                break
        assert freed == expected


def test_the_percent_is_cut_before_the_ratio():
    assert utilization_ratio({"a": 661}, {"a": 1000}, 60).ratio == 1.1


def test_tolerance_edges_are_inside():
    assert Tolerance().covers(1.1)
    assert not Tolerance().covers(1.1000001)


def test_arithmetic_at_its_edges():
    assert ceiled_int32(float("inf")) == 2**31 - 1
    assert ceiled_int32(float("nan")) == 0
    assert ceiled_int32(-2.5) == -2
    assert divided(1, 0) == float("inf")
    assert divided(-1.0, 0) == float("-inf")


def test_errors_survive_pickling():
    error = pickle.loads(pickle.dumps(CalculationFailed("no_pods", "the workload has no pods")))  # noqa: S301
    assert error.kind == "no_pods"
    with pytest.raises(CalculationFailed, match="no pods"):
        raise error


def test_no_scale_down_while_a_metric_fails():
    hpa = Hpa(20, 2, (CPU, Metric("External", target_value_milli=5000)))
    state = HpaState(8, 8, ())
    outcome = reconcile(hpa, state, pods(8), [usage(8, 50), Measurement(fetch_error=True)], Controller(), 0)
    assert outcome.state.spec_replicas == 8
    assert outcome.error
