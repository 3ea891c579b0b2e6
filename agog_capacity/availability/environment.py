"""The environment: which failures happen, drawn once and the same for every design.

A class is a Poisson process; one of zone or region scope has a stream for each region and, with beta, one for what hits
all of them: each region keeps its rate L, of which beta L is shared. The streams' keys come from the seed and the
class's name, so another class, region or design leaves the failures of the others where they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from agog_capacity.availability.failures import FailureClass
from agog_capacity.availability.numbers import together, whole
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray
from agog_capacity.units import HOURS_PER_YEAR

BLOCK_YEARS = 1000
"""Years of a block; a block is a stretch of each stream that one thread takes at once."""
MAXIMUM_REGIONS = 3
MOST_EVENTS = 20_000
"""Failures of a year beyond which nothing is simulated."""
MOST_OUTER_DRAWS = 100_000
"""Draws of the rates; the sums of each are kept."""
_SHARED_STREAM, _CHANGE_STREAM = -1, -2


@dataclass(frozen=True)
class Stream:
    """A Poisson process of failures of one class."""

    failure_class: str
    region: int
    """Region it takes; -1: all of them; -2: what a rollout has reached."""
    key: int
    """Of its random numbers."""
    share: float
    """Its rate as a share of the rate of the class after exposure."""


@dataclass(frozen=True)
class Environment:
    """What can fail, and at which rates, for a number of outer draws."""

    classes: Mapping[str, FailureClass]
    seed: int
    streams: tuple[Stream, ...]
    rates: FloatArray
    """Rate of each class after exposure, shape (outer draws, classes). [1/year]"""
    rates_drawn: bool

    @property
    def per_year(self) -> FloatArray:
        """Rate of each stream, shape (outer draws, streams). [1/year]"""
        column = {name: number for number, name in enumerate(self.classes)}
        return np.stack([self.rates[:, column[s.failure_class]] * s.share for s in self.streams], axis=1)

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
        How many times the rates are drawn from their gammas; without it they stand at their means.

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
    rates = _rates(classes, seed, outer_draws)
    world = Environment(classes, seed, streams, rates, outer_draws is not None)
    if world.most_events > MOST_EVENTS:
        often = list(classes)[int(rates.max(axis=0).argmax())]
        raise InputError(
            f"failures come more than {MOST_EVENTS:,} times a year, most of them of class {often!r} "
            f"({rates.max():,.0f} a year); that is an error rate, no failure class"
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
        return [Stream(name, _SHARED_STREAM, stream_key(seed, name, "all"), 1.0)]
    if c.scope == "change":
        return [Stream(name, _CHANGE_STREAM, stream_key(seed, name, "change"), 1.0)]
    found = [Stream(name, r, stream_key(seed, name, f"region {r}"), 1 - c.beta) for r in range(regions)]
    if c.beta:
        found.append(Stream(name, _SHARED_STREAM, stream_key(seed, name, "all"), c.beta))
    return found


def stream_key(seed: int, name: str, part: str) -> int:
    """Return the key of a random stream."""
    digest = hashlib.blake2b(f"{seed}\n{name}\n{part}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _rates(classes: Mapping[str, FailureClass], seed: int, outer_draws: int | None) -> FloatArray:
    if outer_draws is None:
        return np.array([[c.events_per_year for c in classes.values()]])
    if whole("outer draws", outer_draws, 2) > MOST_OUTER_DRAWS:
        raise InputError(f"{outer_draws:,} outer draws are too many; choose 2 to {MOST_OUTER_DRAWS:,}")
    columns = []
    for name, c in classes.items():
        rng = np.random.Generator(np.random.Philox(key=stream_key(seed, name, "rate")))
        drawn = rng.gamma(c.rate.shape, 1 / c.rate.exposure_years, size=outer_draws)
        columns.append(drawn * c.exposure)
    return np.stack(columns, axis=1)


def draw_events(world: Environment, years: int, outer: int = 0) -> pd.DataFrame:
    """Return the failures of some years as a table, for looking at them; the sweep draws the same ones.

    Parameters
    ----------
    world : Environment
    years : int
        At most one block.
    outer : int
        Which draw of the rates.

    Returns
    -------
    DataFrame
        Columns year, failure_class, region (0, 1, 2; -1: all; -2: what a rollout reached), start_h and end_h,
        both in hours of the year.
    """
    from agog_capacity.availability.sweep import collect_events
    from agog_capacity.availability.sweep_arrays import cursor_of, events_of, kinds_of, streams_of

    if not 1 <= whole("years", years) <= BLOCK_YEARS:
        raise InputError(f"{years} years cannot be shown; between 1 and {BLOCK_YEARS} can")
    kinds, streams = kinds_of(world), streams_of(world)
    room = world.most_events * years
    table = np.zeros((room, 5))
    count = collect_events(
        streams, kinds, cursor_of(world), events_of(world.most_events), outer, years, table
    )
    if count < 0:
        raise InputError("a year has more failures than there is room for; correct the rates")
    names = list(world.classes)
    return pd.DataFrame(
        {
            "year": table[:count, 0].astype(int),
            "failure_class": [names[int(kind)] for kind in table[:count, 1]],
            "region": table[:count, 2].astype(int),
            "start_h": table[:count, 3],
            "end_h": table[:count, 4],
        }
    )
