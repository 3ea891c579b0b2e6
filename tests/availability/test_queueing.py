"""Queues: the worked case W7, a birth-death chain, sizes beyond factorials."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.availability.markov import Chain, steady_state
from agog_capacity.availability.queueing import (
    Queue,
    allen_cunneen_wait_s,
    erlang_b,
    erlang_c,
    fewest_servers,
    kingman_wait_s,
    mixed_response_beyond,
    region_loss,
    service_quantile,
)
from agog_capacity.errors import InputError


def test_worked_case_w7():
    """Guide, section 11, W7."""
    found = region_loss(300, 12.5, 16, 0.3)
    assert found.normal.waits == pytest.approx(0.204574, abs=5e-7)
    assert found.normal.response_quantile(0.95) == pytest.approx(0.244935, abs=5e-7)
    assert not found.lost.stable and found.served == pytest.approx(2 / 3)
    assert found.survives_with == 26
    assert Queue(300, 12.5, 30).response_quantile(0.95) == pytest.approx(0.242378, abs=5e-7)
    assert service_quantile(12.5, 0.95) == pytest.approx(0.239659, abs=5e-7)
    assert fewest_servers(300, 12.5, 0.95, 0.2396) is None


@pytest.mark.parametrize("servers, load", [(1, 0.5), (3, 2.2), (8, 5.0)])
def test_erlang_c_is_the_busy_share_of_a_birth_death_chain(servers, load):
    states = [str(n) for n in range(servers + 200)]
    moves = []
    for n in range(len(states) - 1):
        moves += [(states[n], states[n + 1], load), (states[n + 1], states[n], float(min(n + 1, servers)))]
    shares = steady_state(Chain.of(states, moves))
    assert erlang_c(servers, load) == pytest.approx(shares[servers:].sum(), rel=1e-9)


def test_ten_thousand_servers_do_not_overflow():
    assert 0 < erlang_b(10_000, 9_900.0) < 1
    assert Queue(9_900.0, 1.0, 10_000).response_beyond(5_000.0) == 0.0


@given(st.floats(0.01, 0.99), st.integers(1, 60), st.floats(0.02, 0.99))
def test_quantiles_are_where_the_tail_is(utilisation, servers, share):
    queue = Queue(utilisation * servers * 3.0, 3.0, servers)
    t = queue.response_quantile(share)
    assert queue.response_beyond(t) == pytest.approx(1 - share, rel=1e-8)
    assert t >= service_quantile(3.0, share) * (1 - 1e-12)


def test_the_tail_is_smooth_where_its_usual_form_divides_zero_by_zero():
    """c - 1 = A: the limit is exp(-mu t) (1 + C mu t)."""
    at, near = Queue(3.0, 1.0, 4), Queue(3.0 - 1e-9, 1.0, 4)
    limit = math.exp(-2.0) * (1 + at.waits * 2.0)
    assert at.response_beyond(2.0) == pytest.approx(limit, rel=1e-12)
    assert near.response_beyond(2.0) == pytest.approx(limit, rel=1e-7)


@pytest.mark.parametrize("target", [0.2397, 0.25, 0.3, 1.0])
def test_the_fewest_servers_are_the_fewest(target):
    best = fewest_servers(300, 12.5, 0.95, target)
    assert best is not None
    assert Queue(300, 12.5, best).response_quantile(0.95) <= target
    assert best == 25 or Queue(300, 12.5, best - 1).response_quantile(0.95) > target


def test_no_variation_halves_and_kingman_is_one_server():
    queue = Queue(48.0, 6.4, 9)
    assert allen_cunneen_wait_s(queue, 1.0, 0.0) == pytest.approx(queue.mean_wait_s / 2)
    one = Queue(5.0, 10.0, 1)
    assert kingman_wait_s(10.0, 0.5, 1.0, 1.0) == pytest.approx(one.mean_wait_s)


def test_tails_of_regions_are_weighted():
    calm, busy = Queue(10, 12.5, 16), Queue(190, 12.5, 16)
    mixed = mixed_response_beyond([0.05, 0.95], [calm, busy], 0.3)
    assert mixed == pytest.approx(0.05 * calm.response_beyond(0.3) + 0.95 * busy.response_beyond(0.3))


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: erlang_b(0, 1.0), "servers 0 must be a whole number from 1 on"),
        (lambda: erlang_b(20_000_000, 1.0), "more than the 10,000,000"),
        (lambda: Queue(24, 1.0, 16).waits, "the queue grows without end; it takes 25"),
        (lambda: Queue(24, 0.0, 16), "service rate 0.0 must be above 0"),
        (lambda: Queue(8, 1.0, 16).response_quantile(95), "95 is not inside 0 and 1; write 0.95"),
        (lambda: mixed_response_beyond([0.5, 0.4], [Queue(8, 1.0, 16)] * 2, 1.0), "add up to 0.9"),
        (lambda: mixed_response_beyond([1.0], [Queue(8, 1.0, 16)] * 2, 1.0), "1 shares for 2 regions"),
        (lambda: kingman_wait_s(1.0, 1.0, 1.0, 1.0), "is not below 1"),
    ],
)
def test_bad_inputs_are_refused_by_name(call, words):
    with pytest.raises(InputError, match=words):
        call()
