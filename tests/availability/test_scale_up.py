"""Courses of a region that grows: arithmetic by hand, properties, and the autoscaler's kernel behind them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from agog_capacity.availability.lengths import Fixed
from agog_capacity.availability.scale_up import ScaleUp, scale_up
from agog_capacity.availability.scale_up_courses import Courses, compressed
from agog_capacity.availability.scale_up_store import ScaleUpStore
from agog_capacity.errors import InputError
from agog_capacity.load.curve import LoadCurve, Noise
from agog_capacity.scaling.pool import Pool
from agog_capacity.scaling.simulate import checked_cluster, drawn, simulate_scaling
from tests.scaling.simple import START, backend, load, pool

CURVES = arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 120)), elements=st.floats(0, 3, width=32))


def courses(capacity: object, demand: float = 1.0, step_s: float = 15.0) -> Courses:
    """Return courses of a constant demand, one a row of capacities."""
    table = np.atleast_2d(np.asarray(capacity, dtype=float))
    return Courses(step_s, np.full(table.shape, demand), table, np.ones(table.shape))


def both(grown: Courses, stuck: Courses, delay_s: float = 0.0) -> ScaleUp:
    count = len(grown.demand)
    starts = tuple(datetime(2027, 1, 1, hour, tzinfo=UTC) for hour in range(count))
    return ScaleUp(starts, grown, stuck, np.full(count, delay_s))


def test_worked_case_w6_a_ramp_after_a_delay():
    """Guide, section 11, W6: f = .3, d = 150 s, ramp 240 s lose .7 (150 + 120) = 189 s of full outage."""
    middles = np.arange(0.5, 3600, 1.0)
    ramp = courses(np.clip(0.3 + 0.7 * (middles - 150) / 240, 0.3, 1.0), step_s=1.0)
    growing = both(ramp, courses(np.full(3600, 0.3), step_s=1.0))
    assert growing.unserved_h()[0] * 3600 == pytest.approx(189, rel=1e-9)
    assert growing.unserved_h(without_capacity=True)[0] == pytest.approx(0.7)
    # Full from 390 s on; 99 % a little before.
    assert growing.time_s()[0] == pytest.approx(390 - 0.01 / 0.7 * 240, abs=1)
    # Where clients retry, all is lost until the last node is there.
    assert growing.unserved_h("collapse")[0] * 3600 == pytest.approx(390, abs=1)
    table = growing.brownout()
    assert table.mean_lost_h * 3600 == pytest.approx(189, rel=1e-9)
    assert table.afterwards.tolist() == [1.0]


@given(CURVES)
def test_an_overloaded_region_that_collapses_never_serves_more_than_one_that_sheds(capacity):
    found = courses(capacity)
    shed, collapsed = found.served("shed"), found.served("collapse")
    assert (collapsed <= shed).all()
    assert ((collapsed == 1) == (capacity >= 1)).all()
    assert shed == pytest.approx(np.minimum(1, capacity))


@given(CURVES, st.floats(0, 2000), st.integers(2, 8))
def test_few_steps_keep_the_unserved_demand(capacity, delay_s, steps):
    found = courses(capacity)
    served = found.served()
    table = compressed(found, served, np.full(len(capacity), delay_s), steps)
    assert table.lengths_h.shape == (len(capacity), steps)
    lost = (table.lengths_h * (1 - table.served)).sum(axis=1)
    assert lost == pytest.approx(delay_s / 3600 + (1 - served).sum(axis=1) * 15 / 3600, abs=1e-9)
    assert table.lengths_h.sum(axis=1) == pytest.approx(delay_s / 3600 + found.hours)


def test_a_course_of_few_steps_is_kept_as_it_is():
    capacity = np.repeat([0.25, 0.5, 1.0], [40, 20, 180])
    table = both(courses(capacity), courses(capacity)).brownout()
    for share, seconds in ((0.25, 600), (0.5, 300), (1.0, 2700)):
        assert table.lengths_h[table.served == share].sum() * 3600 == pytest.approx(seconds)
    used = table.lengths_h[0] > 0
    assert (np.diff(table.served[0][used]) >= 0).all()


def test_a_gust_is_no_recovery_and_no_outage():
    calm = np.full(240, 0.5)
    gust = calm.copy()
    gust[10:12] = 1.0  # 30 s of enough in an outage
    assert np.isinf(courses(gust).time_until_served_s(0.99)[0])
    caught_up = np.where(np.arange(240) < 40, 0.5, 1.0)
    assert courses(caught_up).time_until_served_s(0.99)[0] == 600.0
    assert courses(np.ones(240)).time_until_served_s(0.99)[0] == 0.0


@pytest.mark.parametrize("chance", [0.1, 0.25, 0.5, 1.0])
def test_the_table_holds_courses_without_capacity_by_their_chance(chance):
    grown = np.ones((4, 240))
    stuck = np.full((4, 240), 0.5) * np.array([[0.2], [0.4], [0.6], [0.8]])
    table = both(courses(grown), courses(stuck)).brownout(chance)
    is_stuck = table.afterwards < 1
    assert is_stuck.mean() == pytest.approx(chance)
    # Every course is stuck as often as any other, so no time of the week weighs more.
    counts = [np.isclose(table.afterwards, share).sum() for share in (0.1, 0.2, 0.3, 0.4)]
    assert max(counts) - min(counts) <= 1


def test_parts_that_do_not_belong_together_are_refused():
    with pytest.raises(InputError, match="must have the same"):
        both(courses(np.ones((2, 4))), courses(np.ones((3, 4))))
    with pytest.raises(InputError, match="negative or not a number"):
        courses([np.nan, 1.0])
    with pytest.raises(InputError) as caught:
        scale_up(load(1.0), [backend()], [pool()], before=0.5, after=0.2, hours=100.0, warm_up_h=-1.0)
    assert len(caught.value.problems) == 3


def week(rate: float) -> LoadCurve:
    return LoadCurve(START, 900, (("us", "backend"),), np.full((1, 96), rate), Noise(0.1, 0.9, 1))


def grown(first: int, most: int = 12, rate: float = 3000.0, **changes: object) -> ScaleUp:
    standby = pool().replace(minimum=first, nodes=first, maximum=most)
    settings: dict[str, object] = {"before": 0.0, "courses": 12, "hours": 1.0, "seed": 5, **changes}
    return scale_up(week(rate), [backend(120)], [standby], **settings)  # type: ignore[arg-type]


def test_more_nodes_on_standby_are_sooner_there_and_lose_less():
    small, large = grown(2, rate=1500.0), grown(6, rate=1500.0)
    assert small.starts == large.starts
    assert small.grown.demand.tolist() == large.grown.demand.tolist()
    assert np.mean(small.time_s()) > np.mean(large.time_s()) > 0
    assert (small.unserved_h() > large.unserved_h()).all()
    assert (small.unserved_h(without_capacity=True) > small.unserved_h()).all()
    assert (small.unserved_h("collapse") >= small.unserved_h()).all()
    assert np.isinf(small.time_s(without_capacity=True)).all()


def test_the_cores_of_the_ready_nodes_bound_what_is_served_not_only_the_limits_of_pods():
    """By hand: 2 nodes of 4 cores, less what the system and daemons hold, at 10 thousandths a request."""
    found = grown(2, most=2, rate=5000.0)
    node = pool()
    cores = 2 * (node.cpu_milli - node.daemon_cpu_milli)
    pods = 2 * node.pods_per_node(500, 512 * 2**20)
    assert found.grown.capacity[:, -1] == pytest.approx((cores - pods * 50) / 10, rel=1e-6)
    assert pods * backend().capacity_rps > 1.5 * found.grown.capacity[0, -1]  # limits promise far more


@pytest.mark.parametrize("vcpus, first", [(96, 3), (4, 2)])
def test_it_is_the_kernel_s_own_count_of_what_no_pod_could_take(vcpus, first):
    """Whether the limits of pods bound it, on large nodes, or the cores of small ones."""
    standby = Pool.of_aks_size("app", vcpus=vcpus, memory_gib=4.0 * vcpus, minimum=first, maximum=20)
    flat = LoadCurve(START, 900, (("us", "backend"),), np.full((1, 96), 4000.0))
    found = scale_up(flat, [backend(120)], [standby], before=0.0, courses=1, hours=1.0, warm_up_h=1.0, seed=3)
    step = LoadCurve(START, 900, flat.names, np.repeat([[0.0, 4000.0]], 4, axis=1))
    cluster = checked_cluster([backend(120)], [standby])
    trace = simulate_scaling(step, [backend(120)], [standby], share_cores=True, draws=[drawn(cluster, 3, 0)])
    assert trace.unserved_share("backend") > 0.002
    # Pods that become ready inside 15 s count from the next 15 s on.
    assert found.unserved_h()[0] == pytest.approx(trace.unserved_share("backend"), rel=0.1)


def test_a_region_that_serves_already_keeps_its_share_and_needs_less():
    idle, half = grown(3), grown(3, before=0.5)
    assert half.grown.nodes[:, 0].mean() > idle.grown.nodes[:, 0].mean()
    assert half.unserved_h().mean() < idle.unserved_h().mean()


def test_reserved_room_is_had_where_nothing_else_is():
    bare, reserved, whole = grown(2), grown(2, room={"app": 6}), grown(2, room={"app": 12})
    assert bare.stuck.nodes.max() == 2
    assert reserved.stuck.nodes.max() == 6
    assert bare.unserved_h(without_capacity=True).mean() > reserved.unserved_h(without_capacity=True).mean()
    assert whole.room_covers_need
    assert whole.brownout(0.5).mean_lost_h == whole.brownout().mean_lost_h


def test_nodes_that_must_be_made_first_serve_nothing_until_then_and_never_without_capacity():
    found = grown(3, provisioning=(Fixed(300.0), Fixed(600.0)))
    assert found.delay_s.tolist() == [900.0] * 12
    assert (found.served(without_capacity=True) == 0).all()
    assert found.brownout().lengths_h[:, 0] == pytest.approx(0.25)
    assert (found.brownout().served[:, 0] == 0).all()
    sooner = found.brownout(wait_s=np.full(12, 90.0))
    assert found.brownout().mean_lost_h - sooner.mean_lost_h == pytest.approx((900 - 90) / 3600)


def test_the_same_inputs_have_the_same_courses_and_a_store_keeps_every_digit(tmp_path):
    one, again, other = grown(2), grown(2), grown(2, seed=6)
    assert one.grown.capacity.tolist() == again.grown.capacity.tolist()
    assert one.starts != other.starts
    store = ScaleUpStore(tmp_path / "below")
    assert store.get("key") is None
    store.put("key", one)
    back = store.get("key")
    assert back is not None
    for part in ("grown", "stuck"):
        for name in ("demand", "capacity", "nodes"):
            assert getattr(getattr(back, part), name).tolist() == getattr(getattr(one, part), name).tolist()
    assert (back.starts, back.delay_s.tolist()) == (one.starts, one.delay_s.tolist())
    path = tmp_path / "below" / "key.npz"
    path.with_name("other.npz").write_bytes(path.read_bytes())
    assert store.get("other") is None, "what is stored under another key is not believed"
    path.write_bytes(b"damaged")
    assert store.get("key") is None


def test_a_standby_that_does_not_hold_its_own_share_is_told():
    assert any("before anything has failed" in text for text in grown(1, before=0.5).warnings)
    assert grown(1).warnings == ()
