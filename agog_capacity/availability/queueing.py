"""Response times of servers under load: Erlang's formulas and what follows from them.

All hold in steady state: not during a ramp, where a fluid balance is right, and not above full load.
Below the percentile of the service time alone no number of servers is enough.

References
----------
.. [1] K. S. Trivedi, "Probability and Statistics with Reliability, Queuing, and Computer Science
   Applications", 2nd ed., 2002, ch. 8.
.. [2] A. O. Allen, "Probability, Statistics, and Queueing Theory", 2nd ed., 1990.
.. [3] J. F. C. Kingman, "The single server queue in heavy traffic", 1961.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from agog_capacity.availability.numbers import complement, not_negative, positive, weights, whole
from agog_capacity.errors import InputError

_MOST_SERVERS = 10_000_000


def erlang_b(servers: int, erlangs: float) -> float:
    """Return the share of requests that find all servers busy, where none can wait.

    The recursion has no factorials, which overflow past some 170 servers.

    Parameters
    ----------
    servers : int
    erlangs : float
        Offered load: arrivals x mean service time.
    """
    _servers(servers)
    load = not_negative("offered load", erlangs)
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked


def erlang_c(servers: int, erlangs: float) -> float:
    """Return the share of requests that wait, where all can.

    Raises
    ------
    InputError
        If the load is not below the number of servers: the queue never ends.
    """
    blocked = erlang_b(servers, erlangs)
    if erlangs >= servers:
        raise InputError(
            f"{erlangs:g} erlangs on {servers} servers: the queue grows without end; it takes {math.floor(erlangs) + 1}"
        )
    return blocked / (1 - erlangs / servers * (1 - blocked))


def _servers(servers: int) -> None:
    if whole("servers", servers, 1) > _MOST_SERVERS:
        raise InputError(f"{servers:,} servers are more than the {_MOST_SERVERS:,} that are computed")


@dataclass(frozen=True)
class Queue:
    """Equal servers with one queue, first come first served; random arrivals, exponential service (M/M/c)."""

    arrivals_per_s: float
    service_per_s: float
    """Of one server."""
    servers: int

    def __post_init__(self) -> None:
        not_negative("arrivals", self.arrivals_per_s)
        positive("service rate", self.service_per_s)
        _servers(self.servers)

    @property
    def erlangs(self) -> float:
        """Offered load."""
        return self.arrivals_per_s / self.service_per_s

    @property
    def utilisation(self) -> float:
        """Share of time a server is busy; 1 or more is overload."""
        return self.erlangs / self.servers

    @property
    def stable(self) -> bool:
        """Whether the queue ends."""
        return self.erlangs < self.servers

    @property
    def waits(self) -> float:
        """Share of requests that wait."""
        return erlang_c(self.servers, self.erlangs)

    @property
    def _spare_per_s(self) -> float:
        return self.servers * self.service_per_s - self.arrivals_per_s

    @property
    def mean_wait_s(self) -> float:
        """[s]"""
        return self.waits / self._spare_per_s

    @property
    def mean_response_s(self) -> float:
        """Wait and service. [s]"""
        return self.mean_wait_s + 1 / self.service_per_s

    @property
    def mean_queue(self) -> float:
        """Requests that wait at an instant."""
        return self.arrivals_per_s * self.mean_wait_s

    def wait_quantile(self, share: float) -> float:
        """Return the wait that a share of the requests does not exceed; 0 if fewer wait than are beyond it. [s]"""
        beyond, waits = complement(_inside(share)), self.waits
        return math.log(waits / beyond) / self._spare_per_s if waits > beyond else 0.0

    def response_beyond(self, seconds: float) -> float:
        """Return the share of requests that take longer than this."""
        return _response_beyond(self, self.waits, seconds)

    def response_quantile(self, share: float) -> float:
        """Return the response time that a share of the requests does not exceed. [s]"""
        beyond, waits = complement(_inside(share)), self.waits
        low = service_quantile(self.service_per_s, share)
        high = low + self.wait_quantile(share) + 1e-12
        while _response_beyond(self, waits, high) > beyond:
            high += high
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if _response_beyond(self, waits, middle) > beyond else (low, middle)
            if high - low <= 1e-15 * high:
                break
        return (low + high) / 2


def _response_beyond(queue: Queue, waits: float, seconds: float) -> float:
    # The usual form overflows for long times; near c - 1 = A it divides 0 by 0.
    served = queue.service_per_s * not_negative("time", seconds)
    gap = queue.servers - 1 - queue.erlangs
    alone = math.exp(-served)
    if abs(gap * served) < 1e-3:
        x = gap * served
        return alone * (1 + waits * served * (1 - x / 2 + x**2 / 6 - x**3 / 24 + x**4 / 120))
    return alone + waits * (alone - math.exp(-(gap + 1) * served)) / gap


def _inside(share: float) -> float:
    if not 0 < share < 1:
        raise InputError(f"percentile {share!r} is not inside 0 and 1; write 0.95 for the 95th")
    return share


def service_quantile(service_per_s: float, share: float) -> float:
    """Return the service time that a share does not exceed: the floor of every response time. [s]"""
    return -math.log(complement(_inside(share))) / positive("service rate", service_per_s)


def fewest_servers(arrivals_per_s: float, service_per_s: float, share: float, target_s: float) -> int | None:
    """Return the fewest servers whose response percentile meets a target.

    Parameters
    ----------
    arrivals_per_s, service_per_s : float
        [1/s]
    share : float
        Percentile as a share, such as 0.95.
    target_s : float
        [s]

    Returns
    -------
    int or None
        None if the service alone takes longer than the target: no number is enough.
    """
    positive("target", target_s)
    if service_quantile(service_per_s, share) >= target_s:
        return None

    def meets(servers: int) -> bool:
        return Queue(arrivals_per_s, service_per_s, servers).response_quantile(share) <= target_s

    low = math.floor(arrivals_per_s / service_per_s)
    reach = 1
    while not meets(low + reach):
        reach *= 2
    high, low = low + reach, low + reach // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if meets(middle) else (middle, high)
    return high


def allen_cunneen_wait_s(queue: Queue, arrival_variation2: float, service_variation2: float) -> float:
    """Return the approximate mean wait for other arrivals and services (GI/G/c) [2]_. [s]

    Parameters
    ----------
    queue : Queue
        Its rates and servers.
    arrival_variation2, service_variation2 : float
        Squared coefficients of variation; 1 each for M/M/c.
    """
    factor = not_negative("ca2", arrival_variation2) + not_negative("cs2", service_variation2)
    return queue.mean_wait_s * factor / 2


def kingman_wait_s(
    service_per_s: float, utilisation: float, arrival_variation2: float, service_variation2: float
) -> float:
    """Return the approximate mean wait at one server with general arrivals and services (GI/G/1) [3]_. [s]"""
    if not 0 <= utilisation < 1:
        raise InputError(f"utilisation {utilisation!r} is not below 1: the queue grows without end")
    factor = not_negative("ca2", arrival_variation2) + not_negative("cs2", service_variation2)
    return utilisation / (1 - utilisation) * factor / 2 / positive("service rate", service_per_s)


@dataclass(frozen=True)
class RegionLoss:
    """Two equal regions, and what is left when one is lost."""

    normal: Queue
    lost: Queue
    """The other region with the whole load."""
    survives_with: int | None
    """Fewest servers a region needs to carry the whole load within the target; None if none is enough."""

    @property
    def served(self) -> float:
        """Share that is served after the loss if the rest is shed."""
        return min(1.0, 1 / self.lost.utilisation) if self.lost.utilisation else 1.0


def region_loss(
    arrivals_per_s: float, service_per_s: float, servers_per_region: int, p95_target_s: float
) -> RegionLoss:
    """Return two regions with half of the load each, before and after one of them is lost.

    Parameters
    ----------
    arrivals_per_s : float
        Of both regions together. [1/s]
    service_per_s : float
        Of one server. [1/s]
    servers_per_region : int
    p95_target_s : float
        [s]
    """
    return RegionLoss(
        normal=Queue(arrivals_per_s / 2, service_per_s, servers_per_region),
        lost=Queue(arrivals_per_s, service_per_s, servers_per_region),
        survives_with=fewest_servers(arrivals_per_s, service_per_s, 0.95, p95_target_s),
    )


def mixed_response_beyond(shares: Sequence[float], queues: Sequence[Queue], seconds: float) -> float:
    """Return the share of requests over several regions that take longer than this.

    The tails are weighted by the regions' shares of the requests; percentiles cannot be.
    """
    if len(shares) != len(queues):
        raise InputError(f"{len(shares)} shares for {len(queues)} regions")
    tails = [queue.response_beyond(seconds) for queue in queues]
    return math.fsum(w * tail for w, tail in zip(weights("requests by region", shares), tails, strict=True))
