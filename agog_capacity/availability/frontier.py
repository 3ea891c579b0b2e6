"""Which designs are worth a look: lower cost and less downtime are both better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agog_capacity.availability.numbers import not_negative
from agog_capacity.errors import InputError


@dataclass(frozen=True)
class Candidate:
    """A design with its cost and its downtime; the units are the caller's, the same for all."""

    name: str
    cost: float
    downtime: float

    def __post_init__(self) -> None:
        not_negative(f"cost of {self.name!r}", self.cost)
        not_negative(f"downtime of {self.name!r}", self.downtime)


def frontier(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the designs that no other beats, in order of rising cost.

    A design is beaten by one that is better in cost or downtime and not worse in the other; of two
    that are equal in both neither beats the other.
    """
    names = [candidate.name for candidate in candidates]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{', '.join(map(repr, twice))} stands twice among the designs")
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: (c.cost, c.downtime)):
        best = kept[-1] if kept else None
        equal = best is not None and (best.cost, best.downtime) == (candidate.cost, candidate.downtime)
        if best is None or candidate.downtime < best.downtime or equal:
            kept.append(candidate)
    return tuple(kept)


def cheapest_within(candidates: Sequence[Candidate], downtime: float) -> Candidate | None:
    """Return the cheapest design with at most this downtime, or None if none keeps it."""
    not_negative("downtime", downtime)
    fitting = [c for c in candidates if c.downtime <= downtime]
    return min(fitting, key=lambda c: (c.cost, c.downtime)) if fitting else None


def total_cost(candidate: Candidate, price_of_downtime: float) -> float:
    """Return the cost of a design and of its downtime together."""
    return candidate.cost + candidate.downtime * not_negative("price of downtime", price_of_downtime)


def cheapest_in_total(candidates: Sequence[Candidate], price_of_downtime: float) -> Candidate:
    """Return the design with the lowest cost of itself and its downtime together."""
    if not candidates:
        raise InputError("no designs were given")
    return min(candidates, key=lambda c: total_cost(c, price_of_downtime))


def break_even_price(dearer: Candidate, cheaper: Candidate) -> float | None:
    """Return the price of downtime from which the dearer design pays, or None if it never does."""
    saved = cheaper.downtime - dearer.downtime
    return (dearer.cost - cheaper.cost) / saved if saved > 0 else None
