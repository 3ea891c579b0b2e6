"""Releases: how many pods stand beside the wanted ones, for how long, and the room they need."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agog_capacity.errors import InputError
from agog_capacity.load.curve import LoadCurve
from agog_capacity.scaling.manifests import parse_manifests
from agog_capacity.scaling.release import Releases
from agog_capacity.scaling.release_section import ReleaseSection
from agog_capacity.scaling.simulate import checked_cluster, simulate_scaling
from agog_capacity.scaling.workload import Workload
from tests.scaling.simple import START, backend, load, pool

WAVE_S = 45  # of the backend: 20 s to pull its image, 25 s to be ready


def trace_of(releases: Releases | None, replicas: int = 3, rate: float = 1.0) -> Any:
    workload = backend().replace(autoscaler=None, replicas=replicas, releases=releases)
    return simulate_scaling(load(rate, rate), [workload], [pool()], detail="steps")


def blue_green(first: Workload, releases: Releases) -> Any:
    second = first.replace(
        name="green", replicas=0, autoscaler=None, releases=releases, stands_beside=first.name
    )
    both = LoadCurve(START, 3600, (("us", "backend"), ("us", "green")), np.array([[60.0, 60.0], [0.0, 0.0]]))
    return simulate_scaling(both, [first, second], [pool()], detail="steps")


def pods_of(trace: Any) -> np.ndarray:
    """Return ready and waiting pods of each sync."""
    return trace.to_frame("steps")["backend", "ready pods"].to_numpy()


@pytest.mark.parametrize(
    ("replicas", "percent", "surge"), [(10, 25, 3), (3, 25, 1), (1, 25, 1), (4, 100, 4), (0, 25, 0)]
)
def test_a_percentage_is_rounded_up(replicas: int, percent: int, surge: int) -> None:
    """kubernetes.io, Deployments, "Max Surge": 25 % by default, rounded up."""
    assert Releases(at_s=(0.0,), surge_percent=percent).surge(replicas) == surge


@given(st.integers(1, 500), st.integers(1, 60), st.integers(0, 100), st.integers(1, 50))
def test_a_release_lasts_one_wave_for_each_surge_of_pods(
    replicas: int, wave: int, hold: int, pods: int
) -> None:
    releases = Releases(at_s=(0.0,), surge_pods=pods)
    waves = (releases.ticks(replicas, wave, hold) - hold) / wave
    assert (waves - 1) * pods < replicas <= waves * pods


def test_surge_pods_stand_for_as_long_as_the_waves_take() -> None:
    ready = pods_of(trace_of(Releases(at_s=(600.0,), surge_pods=1)))
    begin, end = 600 // 15, (600 + 3 * WAVE_S) // 15  # one at a time, three to replace
    assert set(ready[:begin]) == {3}
    assert ready[end - 1] == 4
    assert set(ready[end + 1 :]) == {3}


def test_both_colours_of_a_blue_green_release_need_room_at_once() -> None:
    """18 pods of 500 m fit on the pool's three nodes only without a second colour."""
    calm = trace_of(None, replicas=18)
    releases = Releases(at_s=(600.0,), surge_percent=100, hold_s=900.0)
    released = blue_green(backend().replace(autoscaler=None, replicas=18), releases)
    assert calm.peak_nodes("app") == 3
    assert released.peak_nodes("app") > 3
    held = released.to_frame("steps")["green", "ready pods"].to_numpy()
    assert held.max() == 18
    assert (held == 18).sum() * 15 >= 600  # most of the hold, once the nodes have booted
    assert held[0] == held[-1] == 0


def test_a_second_colour_is_no_part_of_what_the_autoscaler_measures() -> None:
    """Its idle pods would pull an average down, and its memory would push the replicas to their maximum."""
    first = backend()
    alone = simulate_scaling(load(60, 60), [first], [pool()], detail="steps")
    beside = blue_green(first, Releases(at_s=(600.0,), surge_percent=100, hold_s=900.0))
    one, other = (trace.to_frame("steps")["backend", "replicas"].to_numpy() for trace in (alone, beside))
    assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"stands_beside": "backnd"}, "backend"),
        ({"replicas": 2}, "no replicas"),
        ({"releases": None}, "needs releases"),
    ],
)
def test_a_second_colour_without_a_first_says_so(changes: dict[str, Any], says: str) -> None:
    releases = Releases(at_s=(600.0,), surge_percent=100)
    values = {"name": "green", "replicas": 0, "autoscaler": None, "releases": releases}
    with pytest.raises((ValidationError, InputError), match=says):
        checked_cluster(
            [backend(), backend().replace(**values | {"stands_beside": "backend"} | changes)], [pool()]
        )


def test_an_autoscaler_keeps_what_it_wants_beside_a_surge() -> None:
    releases = Releases(at_s=(300.0, 1800.0), surge_percent=25)
    trace = simulate_scaling(load(60, 60), [backend().replace(releases=releases)], [pool()], detail="steps")
    frame = trace.to_frame("steps")
    assert frame["backend", "ready pods"].max() > frame["backend", "replicas"].max()


def test_a_release_keeps_no_pods_of_a_workload_without_any() -> None:
    assert pods_of(trace_of(Releases(at_s=(60.0,), surge_pods=2), replicas=0, rate=0.0)).max() == 0


DEPLOYMENT = """
apiVersion: apps/v1
kind: {kind}
metadata: {{name: app}}
spec:
  replicas: 4
  {strategy}
  template:
    spec:
      containers: [{{name: app, resources: {{requests: {{cpu: 100m, memory: 64Mi}}}}}}]
"""


@pytest.mark.parametrize(
    ("strategy", "pods"),
    [
        ("", 1),
        ("strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 2}}", 2),
        ("strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 50%}}", 2),
    ],
)
def test_a_manifest_says_what_its_rollouts_add(strategy: str, pods: int) -> None:
    manifests = parse_manifests(DEPLOYMENT.format(kind="Deployment", strategy=strategy), file="m.yaml")
    releases = manifests.workload("app", cpu_milli_per_rps=1.0, releases_s=(60.0,)).releases
    assert releases is not None
    assert releases.surge(4) == pods


@pytest.mark.parametrize(
    ("kind", "strategy"),
    [
        ("StatefulSet", ""),
        ("Deployment", "strategy: {type: Recreate}"),
        ("Deployment", "strategy: {rollingUpdate: {maxSurge: 0}}"),
    ],
)
def test_what_is_replaced_in_place_cannot_be_released_here(kind: str, strategy: str) -> None:
    manifests = parse_manifests(DEPLOYMENT.format(kind=kind, strategy=strategy), file="m.yaml")
    assert manifests.workload("app", cpu_milli_per_rps=1.0).releases is None
    with pytest.raises(InputError, match="adds no pods") as caught:
        manifests.workload("app", cpu_milli_per_rps=1.0, releases_s=(60.0,))
    assert "m.yaml" in str(caught.value)


def weekly(**changes: Any) -> ReleaseSection:
    values = {"workloads": ("app",), "weekdays": ("wednesday",), "hours": (10,), "time_zone": "Europe/Berlin"}
    return ReleaseSection(**{**values, **changes})


def test_releases_keep_their_local_hour_when_the_clocks_change() -> None:
    """Berlin leaves UTC+1 for UTC+2 on 2027-03-28; the Wednesdays around are 24 and 31 March."""
    start = datetime(2027, 3, 22, tzinfo=UTC)
    begins = [at / 3600 for at in weekly().begins(start, 14 * 24)]
    assert begins == [2 * 24 + 9, 9 * 24 + 8]


def test_releases_of_several_days_and_hours_rise() -> None:
    start = datetime(2027, 1, 1, tzinfo=UTC)
    begins = weekly(weekdays=("friday", "monday"), hours=(17, 9)).begins(start, 31 * 24)
    assert len(begins) == 2 * (5 + 4)
    assert list(begins) == sorted(begins)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"time_zone": "Europe/Berln"}, "is not known"),
        ({"weekdays": ("monday", "monday")}, "names something twice"),
        ({"hold_minutes": 5.0}, "for blue_green releases"),
    ],
)
def test_a_release_that_is_not_one_says_why(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        weekly(**changes)


@pytest.mark.parametrize(
    "values",
    [
        {"at_s": (1.0,)},
        {"at_s": (1.0,), "surge_pods": 1, "surge_percent": 5},
        {"at_s": (2.0, 1.0), "surge_pods": 1},
        {"at_s": (), "surge_pods": 1},
        {"at_s": (1.0,), "surge_pods": 0},
    ],
)
def test_releases_without_times_or_surge_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Releases(**values)
