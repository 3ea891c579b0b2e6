"""Sums of a simulation by groups of years, in memory that does not grow with the years."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from agog_capacity.availability.sweep_work import BINS, HISTOGRAMS, SUMS
from agog_capacity.periods import FloatArray

BATCHES = 32
"""Groups of groups whose histograms are kept apart."""


@dataclass(frozen=True)
class Groups:
    """What sums are kept by: outer draws, or stretches of years under the same rates."""

    years: FloatArray
    """Of each group, shape (groups,). [years]"""
    of_part: Any = field(repr=False)
    """Group of each part, shape (items x parts,)."""
    parts: int
    """Parts of an item."""
    part_years: int
    """Years of a part. [years]"""

    @classmethod
    def of(cls, group: Any, years: FloatArray, *, parts: int, part_years: int) -> Self:
        """Return groups from the group and the years of each part."""
        return cls(np.bincount(group, weights=years).astype(float), group, parts, part_years)


@dataclass
class Sums:
    """Sums over groups of years."""

    groups: Groups
    sums: FloatArray = field(repr=False)
    """Shape (groups, designs, SUMS)."""
    causes: FloatArray = field(repr=False)
    """Shape (groups, designs, 2, causes). [h]"""
    histograms: FloatArray = field(repr=False)
    """Shape (batches, designs, HISTOGRAMS, BINS)."""

    @property
    def years(self) -> FloatArray:
        """Years of each group, shape (groups,). [years]"""
        return self.groups.years

    @classmethod
    def empty(cls, groups: Groups, designs: int, causes: int) -> Self:
        """Return sums of nothing."""
        count = len(groups.years)
        return cls(
            groups,
            np.zeros((count, designs, SUMS)),
            np.zeros((count, designs, 2, causes)),
            np.zeros((min(BATCHES, count), designs, HISTOGRAMS, BINS)),
        )

    def add(self, first: int, count: int, results: Any) -> None:
        """Add the rows of the next items, in their order whatever thread made them."""
        parts = self.groups.parts
        group = self.groups.of_part[first * parts : (first + count) * parts]
        np.add.at(self.sums, group, results.sums[: count * parts])
        np.add.at(self.causes, group, results.causes[: count * parts])
        batch = group[::parts] * len(self.histograms) // len(self.groups.years)
        for number in np.unique(batch):
            self.histograms[number] += results.histograms[:count][batch == number].sum(axis=0)
