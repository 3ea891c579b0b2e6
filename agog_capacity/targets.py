"""What a service must reach: availability, recovery, latency, budget."""

from __future__ import annotations

from typing import Literal

from agog_capacity.model import Fraction, Milliseconds, Minutes, Model, Money, Percent, Text

DEFAULT_CONFIDENCE = 0.95
"""Probability with which a target must hold where a plan does not say; verdicts name it."""


class AvailabilityTarget(Model):
    """Share of time the service must work, and over which window that is measured.

    "99.95 % in every month" is a much stronger promise than "4.38 hours a year", so a plan must
    say which one is meant.
    """

    percent: Percent
    measured: Literal["month", "year"]


class Targets(Model):
    """What a plan is held against. A target that is left out is not checked."""

    availability: AvailabilityTarget | None = None
    recovery_time_minutes: Minutes | None = None
    """RTO: time from failure until the service works again."""
    recovery_point_minutes: Minutes | None = None
    """RPO: span of time whose changes may be lost."""
    latency_p95_ms: Milliseconds | None = None
    budget_per_month: Money | None = None
    """Largest average cost of a month. [currency of the plan]"""
    confidence: Fraction | None = None
    """Probability with which a target of availability or recovery must hold; left out, 0.95, and verdicts say so."""
    source: Text | None = None
    """Where the targets are from."""
