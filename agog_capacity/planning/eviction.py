"""Evictions of spot nodes as an assessment tells them: light, since stored assessments are read without a simulation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Eviction:
    """Evictions of the spot nodes of one size in one region."""

    cause: str
    """Name of the failure class; the same in every scenario, so that all meet the same evictions."""
    region: str
    pools: tuple[str, ...]
    probability_per_hour: float
    """Of nodes that are on spot."""
    per_year: float
    """Over all hours: while replacements at the full price stand in, there is nothing to evict. [1/year]"""
    boot_lag_minutes: float
    """[minutes]"""
    severity: float
    """Share of the region's demand that finds no room meanwhile, the mean over the hours weighted with their demand."""
