"""Response times: against the single queue, and what mixing, networks and overload do."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.availability.latency import Path, erlang_c_of, response_time
from agog_capacity.availability.queueing import Queue, erlang_c, service_quantile
from agog_capacity.availability.round_trips import read_round_trips, round_trip
from agog_capacity.errors import DocumentError, InputError, NotInResult

TRIPS = File(__file__).parents[2] / "data" / "availability" / "round_trip.csv"
HERE = (Path(1.0, 0.0),)


def test_one_hour_is_the_queue_of_the_guide() -> None:
    """Guide W7: 150 requests per second, 12.5 per second and server, 16 servers: P95 0.244935 s."""
    found = response_time([150.0], [16.0], workers_per_pod=1, service_ms=80.0, paths=HERE)
    assert found.waits[0] == pytest.approx(0.204574, abs=1e-6)
    assert found.quantile(0.95) == pytest.approx(0.244935, abs=1e-6)


@given(st.lists(st.tuples(st.integers(1, 60), st.floats(0.05, 0.97)), min_size=1, max_size=5))
def test_hours_are_mixed_by_their_requests(hours: list[tuple[int, float]]) -> None:
    servers = np.array([count for count, _ in hours])
    rates = np.array([count * load * 10.0 for count, load in hours])
    found = response_time(rates, servers, workers_per_pod=1, service_ms=100.0, paths=HERE)
    at = found.quantile(0.95)
    assert at is not None
    queues = [Queue(rate, 10.0, int(count)) for rate, count in zip(rates, servers, strict=True)]
    tails = [queue.response_beyond(at) for queue in queues]
    assert np.dot(rates / rates.sum(), tails) == pytest.approx(0.05, rel=1e-6)


@given(st.lists(st.tuples(st.integers(1, 200), st.floats(0.01, 1.5)), min_size=1, max_size=6))
def test_many_erlang_formulas_at_once_are_the_single_one(hours: list[tuple[int, float]]) -> None:
    servers = np.array([count for count, _ in hours])
    erlangs = np.array([count * load for count, load in hours])
    wanted = [erlang_c(int(c), float(a)) if a < c else 1.0 for c, a in zip(servers, erlangs, strict=True)]
    assert erlang_c_of(servers, erlangs) == pytest.approx(wanted, rel=1e-9)


def test_a_network_is_added_to_every_time_and_a_share_pays_for_the_writer_far_away() -> None:
    calm: dict[str, Any] = {"workers_per_pod": 1000, "service_ms": 50.0}
    floor = service_quantile(20.0, 0.95)
    near = response_time([1.0], [3.0], paths=(Path(1.0, 30.0),), **calm)
    assert near.quantile(0.95) == pytest.approx(floor + 0.030, rel=1e-6)
    far = response_time([1.0], [3.0], paths=(Path(0.8, 30.0), Path(0.2, 30.0, 270.0)), **calm)
    at = far.quantile(0.95)
    assert at is not None
    # A fifth of the requests takes 0.27 s more: of those a quarter may be beyond.
    assert 0.8 * np.exp(-20 * (at - 0.03)) + 0.2 * np.exp(-20 * (at - 0.30)) == pytest.approx(0.05)


def test_workers_held_by_a_database_far_away_make_others_wait() -> None:
    free = response_time([100.0], [1.0], workers_per_pod=8, service_ms=50.0, paths=HERE)
    held = response_time([100.0], [1.0], workers_per_pod=8, service_ms=50.0, paths=HERE, held_ms=20.0)
    assert held.waits[0] > free.waits[0]
    assert (held.quantile(0.95) or 0.0) > (free.quantile(0.95) or 1.0)


def test_overload_has_no_percentile_once_it_takes_more_than_is_left_out() -> None:
    rare = response_time([100.0] * 50 + [900.0], [10.0] * 51, workers_per_pod=1, service_ms=50.0, paths=HERE)
    assert rare.overloaded == pytest.approx(900 / 5900)
    assert rare.quantile(0.95) is None
    assert rare.quantile(0.80) is not None


def test_pods_that_are_not_there_answer_nothing() -> None:
    assert response_time([1.0], [0.0], workers_per_pod=8, service_ms=50.0, paths=HERE).quantile(0.5) is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"service_ms": 0.0}, "service time"),
        ({"workers_per_pod": 0}, "workers of a pod 0 must be"),
        ({"paths": (Path(0.5, 1.0),)}, "add up to 1"),
        ({"rates_per_s": [0.0]}, "some load"),
        ({"rates_per_s": [float("nan")]}, "of hour 0 nan must be a finite number"),
        ({"pods": [1.0, 2.0]}, "as many counts"),
    ],
)
def test_what_is_no_response_time_says_why(changes: dict[str, Any], says: str) -> None:
    values: dict[str, Any] = {
        "rates_per_s": [1.0],
        "pods": [1.0],
        "workers_per_pod": 8,
        "service_ms": 50.0,
        "paths": HERE,
    }
    values |= changes
    with pytest.raises(InputError, match=says):
        response_time(values.pop("rates_per_s"), values.pop("pods"), **values)


def test_published_round_trips_are_directed_and_have_no_percentile() -> None:
    """Guide, section 9: eastus2 to westeurope 90 to 92 ms by direction, medians."""
    trips = read_round_trips(TRIPS)
    assert round_trip(trips, "eastus2", "westeurope").median_ms == 90
    assert round_trip(trips, "westeurope", "eastus2").median_ms == 92
    assert round_trip(trips, "eastus2", "westeurope").p95_ms is None
    assert all(trip.source and trip.date for trip in trips.values())


def test_a_pair_that_nobody_publishes_names_the_nearest() -> None:
    with pytest.raises(NotInResult, match="westeurope"):
        round_trip(read_round_trips(TRIPS), "eastus2", "westeurpe")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["azure:a,azure:b,-1,,s,d,c"], "above 0"),
        (["azure:a,azure:b,5,x,s,d,c"], "above 0"),
        (["azure:a,azure:b,5,,s,d,c", "azure:a,azure:b,6,,s,d,c"], "stands twice"),
    ],
)
def test_a_table_of_round_trips_with_mistakes_names_their_lines(tmp_path, rows, says) -> None:
    file = tmp_path / "trips.csv"
    file.write_text("\n".join(["from,to,p50_ms,p95_ms,source,date,confidence", *rows]), encoding="utf-8")
    with pytest.raises(DocumentError, match=says) as caught:
        read_round_trips(file)
    assert str(len(rows) + 1) in str(caught.value)


def test_what_no_pod_could_take_never_ends() -> None:
    calm: dict[str, Any] = {"workers_per_pod": 8, "service_ms": 50.0, "paths": HERE}
    found = response_time([10.0, 10.0], [3.0, 3.0], lost=[0.0, 0.08], **calm)
    assert found.overloaded == pytest.approx(0.04)
    at, without = found.quantile(0.95), response_time([10.0], [3.0], **calm).quantile(0.95)
    assert at is not None
    assert without is not None
    assert at > without
    assert response_time([10.0], [3.0], lost=[0.06], **calm).quantile(0.95) is None
