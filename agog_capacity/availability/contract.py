"""Contract arithmetic: what the published SLAs of a serving path promise together.

This is not a forecast. An SLA is the point at which a refund starts; it often covers something
narrower than one thinks (the API server, not the pods), and the formulas assume independence. For
positively dependent components the series product is a lower bound and the parallel formula an
upper bound [1]_, so a figure for two regions is always too good. Results are therefore labelled
*contractual*, and an upper bound where they rest on alternatives.

Everything is computed in unavailability q = 1 - a, which keeps its digits where 1 - a loses them.

References
----------
.. [1] J. D. Esary, F. Proschan, "Coherent structures of non-identical components",
   Technometrics 5 (1963) 191-209.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

from agog_capacity.availability.published import PublishedLevel, ServiceLevels, published_level
from agog_capacity.availability.structure import (
    parallel_unavailability,
    path_set_unavailability,
    series_unavailability,
)
from agog_capacity.components.base import Component
from agog_capacity.errors import InputError
from agog_capacity.serving_path import AnyOf, PathStep
from agog_capacity.units import HOURS_PER_YEAR

_MOST_PATHS = 4096


@dataclass(frozen=True)
class ContractPart:
    """One component on the serving path and the SLA it falls under."""

    component: str
    branch: str
    """Empty for what every request needs; else which alternative it belongs to."""
    published: PublishedLevel


@dataclass(frozen=True)
class Contract:
    """Contractual availability of a serving path."""

    unavailability: float | None
    """Share of time; None if a part has no SLA or the path is not stated."""
    upper_bound: bool
    """True where alternatives are multiplied as if they failed independently."""
    parts: tuple[ContractPart, ...]
    without_level: tuple[str, ...]
    """Components on the path that have no published SLA."""
    as_of: date | None = None
    """Day from which the age of the figures is counted."""

    @property
    def percent(self) -> float | None:
        """Availability. [%]"""
        return None if self.unavailability is None else 100 * (1 - self.unavailability)

    @property
    def hours_per_year(self) -> float | None:
        """Loss the contracts allow in a year of 8,760 h. [h]"""
        return None if self.unavailability is None else self.unavailability * HOURS_PER_YEAR

    @property
    def label(self) -> str:
        """What kind of figure this is; to be printed beside it."""
        if self.unavailability is None:
            return (
                f"no SLA: {', '.join(self.without_level)}" if self.without_level else "no serving path stated"
            )
        return "contractual, upper bound" if self.upper_bound else "contractual"

    def sources_line(self) -> str:
        """Return one sentence on age and confidence of the figures used."""
        levels = {part.published.level: part.published for part in self.parts}.values()
        if not levels:
            return "no published SLA is used"
        dates = sorted(level.date for level in levels if level.date)
        unsure = sum(not level.certain for level in levels)
        age = f"dated {dates[0]} to {dates[-1]}" if dates else "undated"
        old = ""
        if self.as_of is not None:
            last = self.as_of.replace(year=self.as_of.year - 1, day=min(self.as_of.day, 28)).isoformat()
            aged = sum(not level.date or level.date < last[: len(level.date)] for level in levels)
            old = f", {aged} older than a year on {self.as_of} or undated"
        return f"{len(levels)} published SLAs, {age}{old}, {unsure} not read at the provider's own page"


def contract_availability(
    path: Sequence[PathStep],
    components: Mapping[str, Component],
    levels: ServiceLevels,
    as_of: date | None = None,
) -> Contract:
    """Return what the contracts along a serving path promise together.

    Parameters
    ----------
    path : sequence
        Names of components that every request needs, and alternatives (`AnyOf`) of which one
        branch must work.
    components : mapping
        Components of the design.
    levels : mapping
        Published SLAs.
    as_of : date, optional
        Day from which the age of the figures is counted.

    Returns
    -------
    Contract

    Raises
    ------
    NotInResult
        If a component claims an SLA that the table does not have.
    """
    choices = [step.branches if isinstance(step, AnyOf) else ((step,),) for step in path]
    needed_by: dict[str, list[str]] = {}
    for branches in choices:
        for number, branch in enumerate(branches, start=1):
            for name in branch:
                needed_by.setdefault(name, []).append(f"branch {number}" if len(branches) > 1 else "")
    parts: list[ContractPart] = []
    without: list[str] = []
    q: dict[str, float] = {}
    for name, where in needed_by.items():
        wanted = components[name].service_level()
        published = published_level(levels, wanted) if wanted is not None else None
        if published is None or published.unavailability is None:
            without.append(name)
            continue
        q[name] = published.unavailability
        parts.append(ContractPart(name, ", ".join(dict.fromkeys(where)), published))
    known = bool(path) and not without
    shared = any(len(where) > 1 for where in needed_by.values())
    total = (_with_shared_parts if shared else _without_shared_parts)(choices, q) if known else None
    alternatives = any(len(branches) > 1 for branches in choices)
    return Contract(total, alternatives, tuple(parts), tuple(without), as_of)


_Choices = Sequence[Sequence[Sequence[str]]]


def _without_shared_parts(choices: _Choices, q: Mapping[str, float]) -> float:
    return series_unavailability(
        parallel_unavailability([series_unavailability([q[name] for name in branch]) for branch in branches])
        for branches in choices
    )


def _with_shared_parts(choices: _Choices, q: Mapping[str, float]) -> float:
    """Return the unavailability where a part stands in several branches, which must not be multiplied."""
    paths = math.prod(len(branches) for branches in choices)
    if paths > _MOST_PATHS:
        raise InputError(f"the serving path has {paths:,} ways through; at most {_MOST_PATHS:,} are computed")
    return path_set_unavailability(
        dict(q), [frozenset(name for branch in way for name in branch) for way in product(*choices)]
    )
