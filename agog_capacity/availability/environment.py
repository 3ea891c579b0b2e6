"""The environment: which failures happen, drawn once and the same for every design.

With outer draws every number of a class that is not sure is drawn first: its rate, and what its `worth` says of the rest.

A class is a Poisson process; one of zone or region scope has a stream for each region and, with beta, one for what hits
all of them: each region keeps its rate L, of which beta L is shared. The streams' keys come from the seed and the
class's name, so another class, region or design leaves the failures of the others where they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from agog_capacity.availability.failures import FailureClass
from agog_capacity.availability.numbers import together, whole
from agog_capacity.availability.worth import chances, factors, shares_drawn
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray
from agog_capacity.units import HOURS_PER_YEAR

BLOCK_YEARS = 1000
"""Years of a block; a block is a stretch of each stream that one thread takes at once."""
MAXIMUM_REGIONS = 3
MOST_EVENTS = 20_000
"""Failures of a year beyond which nothing is simulated."""
MOST_OUTER_DRAWS = 100_000
"""Draws of the parameters; the sums of each are kept."""
_SHARED_STREAM, _CHANGE_STREAM = -1, -2


@dataclass(frozen=True)
class Stream:
    """A Poisson process of failures of one class."""

    failure_class: str
    region: int
    """Region it takes; -1: all of them; -2: what a rollout has reached."""
    key: int
    """Of its random numbers."""
    is_shared: bool | None = None
    """Whether it is what a class of region scope shares by beta, or what it does not; None: it takes the whole rate."""


@dataclass(frozen=True)
class Environment:
    """What can fail, and with which numbers, for a number of outer draws."""

    classes: Mapping[str, FailureClass]
    seed: int
    streams: tuple[Stream, ...]
    draws: int
    """1 where nothing is drawn."""
    rates_drawn: bool
    drawn: Mapping[tuple[str, str], FloatArray] = field(repr=False)
    """What is drawn by class and parameter, each of shape (draws,): rate before exposure [1/year], exposure, severity,
    beta, and length as a factor on its median. What is not here stands as the class states it."""

    def column(self, name: str, parameter: str, stated: float) -> FloatArray:
        """Return a number of a class under each draw, shape (draws,)."""
        return self.drawn.get((name, parameter), np.full(self.draws, stated))

    @cached_property
    def rates(self) -> FloatArray:
        """Rate of each class after exposure, shape (outer draws, classes). [1/year]"""
        columns = [
            self.column(name, "rate", c.belief.mean) * self.column(name, "exposure", c.exposure)
            for name, c in self.classes.items()
        ]
        return np.stack(columns, axis=1)

    @cached_property
    def per_year(self) -> FloatArray:
        """Rate of each stream, shape (outer draws, streams). [1/year]"""
        number = {name: column for column, name in enumerate(self.classes)}
        columns = []
        for stream in self.streams:
            name = stream.failure_class
            beta = self.column(name, "beta", self.classes[name].beta)
            part = np.ones(self.draws) if stream.is_shared is None else beta if stream.is_shared else 1 - beta
            columns.append(self.rates[:, number[name]] * part)
        return np.stack(columns, axis=1)

    @cached_property
    def severities(self) -> FloatArray:
        """Severity of each class, shape (outer draws, classes)."""
        return np.stack(
            [self.column(name, "severity", c.severity) for name, c in self.classes.items()], axis=1
        )

    @cached_property
    def log_medians(self) -> FloatArray:
        """Median length of each class, shape (outer draws, classes). [ln h]"""
        stated = np.log([c.length.median_h for c in self.classes.values()])
        found = np.stack([np.log(self.column(name, "length", 1.0)) for name in self.classes], axis=1)
        return np.asarray(stated + found, dtype=float)

    @property
    def most_events(self) -> int:
        """Events that a year has room for."""
        highest = float(self.per_year.sum(axis=1).max())
        return int(highest + 15 * np.sqrt(highest)) + 64


def environment(
    classes: Mapping[str, FailureClass], *, seed: int, regions: int = 2, outer_draws: int | None = None
) -> Environment:
    """Return the environment of designs with at most so many regions.

    Parameters
    ----------
    classes : mapping
        Failure classes by name.
    seed : int
    regions : int
        Of the largest design.
    outer_draws : int, optional
        How many times the rates are drawn from their gammas, and the rest from what it is worth; without it all stand
        at their means.

    Raises
    ------
    InputError
        With every class that cannot be simulated.
    """
    together(wrong_classes(classes))
    whole("seed", seed)
    if not 1 <= whole("regions", regions) <= MAXIMUM_REGIONS:
        raise InputError(f"{regions} regions cannot be simulated; between 1 and {MAXIMUM_REGIONS} can")
    streams = tuple(stream for name, c in classes.items() for stream in _streams(name, c, seed, regions))
    drawn = {} if outer_draws is None else _drawn(classes, seed, outer_draws)
    world = Environment(classes, seed, streams, outer_draws or 1, outer_draws is not None, drawn)
    if world.most_events > MOST_EVENTS:
        often = list(classes)[int(world.rates.max(axis=0).argmax())]
        raise InputError(
            f"failures come more than {MOST_EVENTS:,} times a year, most of them of class {often!r} "
            f"({world.rates.max():,.0f} a year); that is an error rate, no failure class"
        )
    return world


def wrong_classes(classes: Mapping[str, FailureClass]) -> list[str]:
    """Return what is wrong with failure classes that are taken together.

    Parameters
    ----------
    classes : mapping
        By name.
    """
    found = [] if classes else ["no failure class was given, so nothing would fail"]
    for name, c in classes.items():
        by_region = c.scope in ("zone", "region")
        if by_region == (c.per == "service-year"):
            fitting = "'region-year' or 'server-year'" if by_region else "'service-year'"
            found.append(f"failure class {name!r} of {c.scope} scope counts per {c.per!r}; write {fitting}")
        if c.length.median_h > HOURS_PER_YEAR:
            found.append(
                f"failure class {name!r} is never repaired: half of its failures last more than "
                f"{c.length.median_h:,.0f} h, longer than a year; model it as another design, or correct the median"
            )
    return found


def _streams(name: str, c: FailureClass, seed: int, regions: int) -> list[Stream]:
    if c.scope == "global":
        return [Stream(name, _SHARED_STREAM, stream_key(seed, name, "all"))]
    if c.scope == "change":
        return [Stream(name, _CHANGE_STREAM, stream_key(seed, name, "change"))]
    found = [Stream(name, r, stream_key(seed, name, f"region {r}"), False) for r in range(regions)]
    if c.beta:
        found.append(Stream(name, _SHARED_STREAM, stream_key(seed, name, "all"), True))
    return found


def stream_key(seed: int, name: str, part: str) -> int:
    """Return the key of a random stream."""
    digest = hashlib.blake2b(f"{seed}\n{name}\n{part}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _drawn(
    classes: Mapping[str, FailureClass], seed: int, outer_draws: int
) -> dict[tuple[str, str], FloatArray]:
    """Return what is drawn of the classes, each number from a stream of its own."""
    if whole("outer draws", outer_draws, 2) > MOST_OUTER_DRAWS:
        raise InputError(f"{outer_draws:,} outer draws are too many; choose 2 to {MOST_OUTER_DRAWS:,}")
    found: dict[tuple[str, str], FloatArray] = {}
    for name, c in classes.items():
        rng = np.random.Generator(np.random.Philox(key=stream_key(seed, name, "rate")))
        found[name, "rate"] = rng.gamma(c.rate.shape, 1 / c.rate.exposure_years, size=outer_draws)
        for parameter in ("exposure", "severity", "beta"):
            value, worth = getattr(c, parameter), getattr(c.worth, parameter)
            if worth is not None and 0 < value < 1:
                shares = shares_drawn(stream_key(seed, name, parameter), outer_draws)
                found[name, parameter] = chances(value, worth, shares)
        if c.worth.length is not None:
            shares = shares_drawn(stream_key(seed, name, "length"), outer_draws)
            found[name, "length"] = factors(c.length.sigma, c.worth.length, shares)
    return found
