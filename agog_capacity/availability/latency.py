"""Response time of a service over a day's load: waiting for a worker, being served, and the network.

A pod answers a fixed number of requests at once, its workers. A worker is held for the service itself and for the
round trips to a database in another region. Waiting is that of a queue with random arrivals (M/M/c) whose servers
are all workers of the ready pods in an hour; the hours are mixed by their requests, tails and not percentiles.
Queue formulas are for a steady state: what happens while a region grows is a brownout, not a response time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from agog_capacity.availability.numbers import not_negative, positive, probability, whole
from agog_capacity.errors import InputError

FloatArray = NDArray[np.float64]
_MOST_WORKERS = 100_000


@dataclass(frozen=True)
class Path:
    """One way that a share of the requests takes, apart from waiting and service."""

    share: float
    """Of all requests."""
    network_ms: float
    """Between user and service, there and back. [ms]"""
    database_ms: float = 0.0
    """Round trips to the database that hold the worker. [ms]"""

    def __post_init__(self) -> None:
        """Check the share and both times.

        Raises
        ------
        InputError
            If one of them cannot be.
        """
        probability("share of a path", self.share)
        not_negative("network time of a path", self.network_ms)
        not_negative("database time of a path", self.database_ms)


@dataclass(frozen=True)
class ResponseTime:
    """Distribution of the response time of one group of users."""

    waits: FloatArray
    """Share of the requests of each hour that wait, shape (hours,); 1 where the hour is overloaded."""
    spare_per_s: FloatArray
    """Rate at which the wait of those ends, shape (hours,); 0 where the hour is overloaded. [1/s]"""
    weights: FloatArray
    """Share of the requests in each hour, shape (hours,)."""
    service_per_s: float
    """Of one worker. [1/s]"""
    paths: tuple[Path, ...]
    lost: FloatArray
    """Share of the requests of each hour that no pod could take, shape (hours,)."""

    @property
    def overloaded(self) -> float:
        """Share of the requests that no pod could take, or that come while there is more to do than the workers can."""
        return float(np.dot(self.weights, np.where(self.spare_per_s <= 0, 1.0, self.lost)))

    def beyond(self, seconds: float) -> float:
        """Return the share of the requests that take longer than this."""
        return math.fsum(
            path.share * self._service_beyond(seconds - (path.network_ms + path.database_ms) / 1000)
            for path in self.paths
        )

    def _service_beyond(self, seconds: float) -> float:
        """Share whose wait and service take longer: an exponential wait for some, plus an exponential service."""
        if seconds <= 0:
            return 1.0
        mu, spare = self.service_per_s, np.where(self.spare_per_s > 0, self.spare_per_s, np.nan)
        alone = math.exp(-mu * seconds)
        gap = spare - mu
        close = np.abs(gap) * seconds < 1e-6
        apart = np.where(close, 1.0, gap)
        both = np.where(
            close,
            alone * (1 + mu * seconds),
            (spare * alone - mu * np.exp(-np.minimum(spare * seconds, 700.0))) / apart,
        )
        tails = np.where(np.isnan(spare), 1.0, (1 - self.waits) * alone + self.waits * both)
        tails = self.lost + (1 - self.lost) * np.clip(tails, 0.0, 1.0)
        return float(np.dot(self.weights, tails))

    def quantile(self, share: float) -> float | None:
        """Return the response time that a share of the requests does not exceed. [s]

        Returns
        -------
        float or None
            None where more requests than are left out come in overloaded hours: there is no such time.
        """
        if not 0 < share < 1:
            raise InputError(f"percentile {share!r} is not inside 0 and 1; write 0.95 for the 95th")
        if self.overloaded >= 1 - share:
            return None
        low, high = 0.0, 1.0
        while self.beyond(high) > 1 - share:
            low, high = high, 2 * high
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if self.beyond(middle) > 1 - share else (low, middle)
            if high - low <= 1e-12 * high:
                break
        return (low + high) / 2


def response_time(
    rates_per_s: ArrayLike,
    pods: ArrayLike,
    *,
    workers_per_pod: int,
    service_ms: float,
    paths: Sequence[Path],
    held_ms: float = 0.0,
    lost: ArrayLike | None = None,
) -> ResponseTime:
    """Return the response time over hours of load.

    Parameters
    ----------
    rates_per_s : array-like, shape (hours,)
        Requests of all users of the region. [1/s]
    pods : array-like, shape (hours,)
        Ready pods on average.
    workers_per_pod : int
        Requests that a pod answers at once.
    service_ms : float
        Mean time of a request at a worker; its distribution is taken as exponential. [ms]
    paths : sequence of Path
        Their shares add up to 1.
    held_ms : float
        Mean time that workers are held beside the service, over all requests of the region. [ms]
    lost : array-like, shape (hours,), optional
        Share of the requests of each hour that no pod could take, for want of cores; none if left out.

    Raises
    ------
    InputError
        If shares do not add up to 1, there is no load at all, or a rate, a count or a time cannot be.
    """
    rates, ready = _of_hours("requests per second", rates_per_s), _of_hours("pods", pods)
    positive("service time", service_ms)
    not_negative("time that workers are held", held_ms)
    whole("workers of a pod", workers_per_pod, 1)
    if abs(math.fsum(path.share for path in paths) - 1) > 1e-9:
        raise InputError("the shares of the paths must add up to 1")
    if rates.shape != ready.shape or rates.sum() <= 0:
        raise InputError("a response time needs hours with some load, and as many counts of pods")
    servers = np.minimum(np.floor(ready * workers_per_pod), _MOST_WORKERS).astype(np.int64)
    held_per_s = 1000 / (service_ms + held_ms)
    erlangs = rates / held_per_s
    waits = erlang_c_of(servers, erlangs)
    spare = np.where(erlangs < servers, servers * held_per_s - rates, 0.0)
    gone = np.zeros_like(rates) if lost is None else np.clip(_of_hours("share lost", lost), 0.0, 1.0)
    if gone.shape != rates.shape:
        raise InputError(f"the share lost is given of {len(gone)} hours, the requests of {len(rates)}")
    return ResponseTime(waits, spare, rates / rates.sum(), 1000 / service_ms, tuple(paths), gone)


def _of_hours(what: str, values: ArrayLike) -> FloatArray:
    """Return one number for each hour, finite and not below 0."""
    try:
        found = np.asarray(values, dtype=float)
    except (ValueError, TypeError):
        raise InputError(f"{what} must be one number for each hour") from None
    if found.ndim != 1 or not len(found):
        raise InputError(f"{what} must be one number for each hour; the shape given is {found.shape}")
    wrong = np.flatnonzero(~(np.isfinite(found) & (found >= 0)))
    if wrong.size:
        raise InputError(
            f"{what} of hour {wrong[0]} {found[wrong[0]]} must be a finite number, 0 or above ({wrong.size} of "
            f"{len(found)} hours are wrong)"
        )
    return found


def erlang_c_of(servers: NDArray[Any], erlangs: FloatArray) -> FloatArray:
    """Return the share of requests that wait, of many queues at once; 1 where a queue is overloaded.

    Parameters
    ----------
    servers : ndarray of int, shape (n,)
    erlangs : ndarray, shape (n,)
        Offered load.
    """
    blocked = np.ones_like(erlangs)
    found = np.ones_like(erlangs)
    for count in range(1, int(servers.max(initial=0)) + 1):
        blocked = erlangs * blocked / (count + erlangs * blocked)
        here = servers == count
        load = erlangs[here] / count
        stable = load < 1
        value = np.ones_like(load)
        value[stable] = blocked[here][stable] / (1 - load[stable] * (1 - blocked[here][stable]))
        found[here] = value
    return found
