"""Static structures of independent parts: series, alternatives, k of n, zones.

Every function takes and returns unavailability and only multiplies and adds positive numbers, so
that its relative error stays near 1e-15 however small the result is. Nodes in zones are not
independent: a zone takes all its nodes with it, and ignoring that is wrong by orders of magnitude.

References
----------
.. [1] R. E. Barlow, K. D. Heidtmann, "Computing k-out-of-n system reliability",
   IEEE Transactions on Reliability R-33 (1984) 322-323.
.. [2] R. Billinton, R. N. Allan, "Reliability Evaluation of Engineering Systems", 2nd ed., 1992.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from agog_capacity.availability.numbers import at_least_of, probability, whole
from agog_capacity.errors import InputError, nearest
from agog_capacity.periods import FloatArray

MOST_UNITS = 10_000
"""Of one group; counting takes the square of it."""


def series_unavailability(unavailabilities: Iterable[float]) -> float:
    """Return the unavailability of parts that are all needed.

    Parameters
    ----------
    unavailabilities : iterable of float
        q of each part, in [0, 1].

    Returns
    -------
    float
        ``1 - product(1 - q)``, computed without cancellation.

    Examples
    --------
    >>> series_unavailability([0.0001, 0.0005])
    0.00059995
    """
    total = 0.0
    for q in unavailabilities:
        probability("unavailability", q)
        if q == 1:
            return 1.0
        total += math.log1p(-q)
    return -math.expm1(total)


def parallel_unavailability(unavailabilities: Iterable[float]) -> float:
    """Return the unavailability of alternatives of which one is enough, taken as independent.

    Parameters
    ----------
    unavailabilities : iterable of float
        q of each alternative, in [0, 1].
    """
    product, count = 1.0, 0
    for q in unavailabilities:
        product *= probability("unavailability", q)
        count += 1
    if not count:
        raise InputError("no alternatives were given; an empty choice is neither up nor down")
    return product


def count_down(unavailabilities: Sequence[float]) -> FloatArray:
    """Return the probabilities that 0, 1, … n independent units are down, shape (n + 1,) [1]_.

    Parameters
    ----------
    unavailabilities : sequence of float, length n
        q of each unit.
    """
    if len(unavailabilities) > MOST_UNITS:
        raise InputError(f"{len(unavailabilities):,} units are too many; at most {MOST_UNITS:,} are counted")
    chances = np.ones(1)
    for q in unavailabilities:
        probability("unavailability", q)
        with_one_more = np.zeros(len(chances) + 1)
        with_one_more[:-1] = chances * (1 - q)
        with_one_more[1:] += chances * q
        chances = with_one_more
    return chances


def k_of_n_unavailability(needed: int, unavailabilities: Sequence[float]) -> float:
    """Return the unavailability of a group that needs some of its independent units.

    Parameters
    ----------
    needed : int
        How many units must be up.
    unavailabilities : sequence of float
        q of each unit; they may differ.

    Returns
    -------
    float
        Sum of the failing terms, never 1 minus the working ones.
    """
    at_least_of(needed, len(unavailabilities))
    tolerated = len(unavailabilities) - needed
    return float(math.fsum(count_down(unavailabilities)[tolerated + 1 :]))


def zoned_unavailability(
    needed: int, nodes_by_zone: Sequence[int], node_unavailability: float, zone_unavailability: float
) -> float:
    """Return the unavailability of equal nodes spread over zones.

    A node counts if it and its zone are up.

    Parameters
    ----------
    needed : int
        Nodes that must count.
    nodes_by_zone : sequence of int
        Nodes in each zone.
    node_unavailability, zone_unavailability : float
        q of a node in a working zone, and of a zone.
    """
    for nodes in nodes_by_zone:
        whole("nodes of a zone", nodes)
    zone_down = probability("zone unavailability", zone_unavailability)
    at_least_of(needed, sum(nodes_by_zone))
    chances = np.ones(1)
    for nodes in nodes_by_zone:
        of_zone = count_down([node_unavailability] * nodes) * (1 - zone_down)
        of_zone[-1] += zone_down
        chances = np.convolve(chances, of_zone)
    tolerated = sum(nodes_by_zone) - needed
    return float(math.fsum(chances[tolerated + 1 :]))


Join = Literal["series", "parallel", "kofn"]


@dataclass(frozen=True)
class Block:
    """A block of a reliability diagram; its parts are independent and occur once."""

    join: Join
    parts: tuple[Block | float, ...]
    """Blocks, or the unavailability of a leaf."""
    needed: int = 1
    """How many parts must be up; for `kofn` only."""

    def __post_init__(self) -> None:
        if self.join not in get_args(Join):
            raise InputError(f"{self.join!r} joins no parts; {nearest(self.join, get_args(Join))}")

    @property
    def unavailability(self) -> float:
        """Unavailability of the whole block."""
        if not self.parts:
            raise InputError(f"a {self.join} block without parts is neither up nor down")
        inner = [part.unavailability if isinstance(part, Block) else part for part in self.parts]
        if self.join == "series":
            return series_unavailability(inner)
        if self.join == "parallel":
            return parallel_unavailability(inner)
        return k_of_n_unavailability(self.needed, inner)


def path_set_unavailability(
    unavailabilities: dict[str, float], minimal_paths: Iterable[Iterable[str]]
) -> float:
    """Return the unavailability of a system that is up while one of its paths is, with shared parts.

    A part may stand in several paths, so the paths are not independent and must not be multiplied.
    The paths are taken apart part by part: with the part down its paths fall, with it up it drops out
    of them [2]_. Both cases are added, so nothing cancels as it does in inclusion and exclusion.

    Parameters
    ----------
    unavailabilities : dict
        q by name of the part.
    minimal_paths : iterable of iterables of str
        Names of the parts that together keep the system up.

    Raises
    ------
    InputError
        If a path is empty or names an unknown part, or the paths are too entangled to take apart.
    """
    paths = frozenset(frozenset(path) for path in minimal_paths)
    if not paths or frozenset() in paths:
        raise InputError("a system needs at least one path, and every path at least one part")
    unknown = sorted({part for path in paths for part in path} - set(unavailabilities))
    if unknown:
        raise InputError(f"the paths name {', '.join(map(repr, unknown))}, which have no unavailability")
    for name, q in unavailabilities.items():
        probability(f"unavailability of {name!r}", q)
    return _down(_without_supersets(paths), unavailabilities, {})


_Paths = frozenset[frozenset[str]]
_MOST_STATES = 200_000


def _down(paths: _Paths, q: dict[str, float], known: dict[_Paths, float]) -> float:
    if not paths:
        return 1.0
    if frozenset() in paths:
        return 0.0
    if paths in known:
        return known[paths]
    if len(known) > _MOST_STATES:
        raise InputError("the paths share too many parts to be taken apart; merge parts that are in series")
    counts: dict[str, int] = {}
    for path in paths:
        for part in path:
            counts[part] = counts.get(part, 0) + 1
    part = max(sorted(counts), key=counts.__getitem__)
    fallen = frozenset(path for path in paths if part not in path)
    risen = _without_supersets(frozenset(path - {part} for path in paths))
    known[paths] = q[part] * _down(fallen, q, known) + (1 - q[part]) * _down(risen, q, known)
    return known[paths]


def _without_supersets(paths: _Paths) -> _Paths:
    return frozenset(path for path in paths if not any(other < path for other in paths))
