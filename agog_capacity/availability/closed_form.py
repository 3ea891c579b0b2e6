"""The second engine: the closed form of what failures cost a design, for the designs that formulas reach.

Each failure is taken alone and counts whole in the month it starts in, so a year is a compound Poisson sum: rates by
what each class hits, and the loss of one failure as a distribution. The simulation in its closed-form convention must
agree; single writers, quorums and simulated brownouts are beyond it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agog_capacity.availability.closed_form_times import failover_times
from agog_capacity.availability.environment import wrong_classes
from agog_capacity.availability.failover_plan import FailoverDefaults, read_failover_defaults
from agog_capacity.availability.failures import FailureClass
from agog_capacity.availability.lengths import Lognormal
from agog_capacity.availability.numbers import Number, target_share, together, wrong_threshold
from agog_capacity.availability.service import ServiceDesign, unknown_severities
from agog_capacity.availability.sla_risk import LATTICE_POINTS, Risk, checked_points, total_exceeds
from agog_capacity.availability.standby import brownout_of, hits_both_of, server_factor_of
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray
from agog_capacity.resources import data_directory
from agog_capacity.units import HOURS_PER_YEAR, MONTHS_PER_YEAR

FAILS_OVER_FROM = 0.5
"""Severity from which a region fails over; less is endured."""


@dataclass(frozen=True)
class ClosedFormMeasure:
    """What a design loses by one measure, in the closed form."""

    hours_per_year: float
    """[h/year]"""
    year_breaks: Risk
    month_breaks: Risk
    all_months_hold: float


@dataclass(frozen=True)
class ClosedForm:
    """What a design loses, in the closed form."""

    demand: ClosedFormMeasure
    deep: ClosedFormMeasure


@dataclass(frozen=True)
class EnduredLoss:
    """Loss of one failure that lasts until its repair."""

    repair: Lognormal
    """[h]"""
    weight: float
    """Loss an hour."""

    @property
    def mean(self) -> float:
        """Mean loss. [h]"""
        return self.weight * self.repair.mean

    def below(self, lengths: FloatArray) -> FloatArray:
        """Return the probability of losing at most each of these hours."""
        x = np.asarray(lengths, dtype=float)
        return np.ones(len(x)) if self.weight == 0 else self.repair.below(x / self.weight)


@dataclass(frozen=True)
class FailoverLoss:
    """Loss of one failure that is failed over: so much an hour until then, so much after, and once.

    A failure repaired before the failover is complete loses until its repair only.
    """

    repair: Lognormal
    """[h]"""
    times_h: FloatArray
    """Times that a failover may take, shape (times,). [h]"""
    chances: FloatArray
    """Their probabilities."""
    before: float
    """Loss an hour until the failover, or the repair."""
    after: float
    """Loss an hour from the failover to the repair."""
    once_h: FloatArray
    """What a completed failover may lose besides, shape (values,). [h]"""
    once_chances: FloatArray

    @property
    def mean(self) -> float:
        """Mean loss. [h]"""
        within = _mean_until(self.repair, self.times_h)
        beyond = 1 - self.repair.below(self.times_h)
        once = float(self.once_h @ self.once_chances)
        lost = self.before * within + self.after * (self.repair.mean - within) + once * beyond
        return float(self.chances @ lost)

    def below(self, lengths: FloatArray) -> FloatArray:
        """Return the probability of losing at most each of these hours."""
        x = np.atleast_1d(np.asarray(lengths, dtype=float))[:, None]
        within = self.times_h if self.before == 0 else np.minimum(self.times_h, x / self.before)
        beyond = 1 - self.repair.below(self.times_h)
        order = np.argsort(self.once_h)
        left = x - self.before * self.times_h
        if self.after == 0:
            reached = np.concatenate([[0.0], np.cumsum(self.once_chances[order])])
            # 1e-12: what is lost at the instant itself is lost, whatever the rounding.
            switched = beyond * reached[np.searchsorted(self.once_h[order], left + 1e-12, side="right")]
        else:
            switched = np.zeros_like(left)
            for once, chance in zip(self.once_h, self.once_chances, strict=True):
                until = self.times_h + np.maximum(left - once, 0) / self.after
                some = np.maximum(self.repair.below(until) - (1 - beyond), 0)
                switched += chance * np.where(left >= once, some, 0.0)
        return np.asarray((self.repair.below(within) + switched) @ self.chances)


def _mean_until(repair: Lognormal, times_h: FloatArray) -> FloatArray:
    """Return the mean of the shorter of a repair and each time. [h]"""
    from scipy.special import ndtr

    z = np.log(times_h / repair.median) / repair.sigma
    return np.asarray(repair.mean * ndtr(z - repair.sigma) + times_h * ndtr(-z))


@dataclass(frozen=True)
class _Part:
    """Failures of one kind: how many a year, and what each loses."""

    per_year: float
    loss: EnduredLoss | FailoverLoss


@dataclass(frozen=True)
class _Mixture:
    """The loss of a failure that loses something, of several kinds, as far as the risk of a sum asks for it."""

    parts: tuple[_Part, ...]
    nothing: tuple[float, ...]
    """Probability that a failure of each kind loses nothing."""

    @classmethod
    def of(cls, parts: Sequence[_Part]) -> _Mixture:
        # Rounded, since chances add up to 1 only nearly, and what loses nothing must not lose a little less.
        return cls(tuple(parts), tuple(round(float(p.loss.below(np.zeros(1))[0]), 13) for p in parts))

    @property
    def per_year(self) -> float:
        """Failures that lose something. [1/year]"""
        pairs = zip(self.parts, self.nothing, strict=True)
        return math.fsum(part.per_year * (1 - nothing) for part, nothing in pairs)

    @property
    def mean(self) -> float:
        """Mean loss of such a failure. [h]"""
        return math.fsum(part.per_year * part.loss.mean for part in self.parts) / self.per_year

    @property
    def mean_square(self) -> float:
        """Mean of the squared loss: the integral of twice the loss times the chance of more. [h^2]"""
        logs = np.linspace(math.log(1e-6), math.log(1e7), 4001)
        x = np.exp(logs)
        return float(np.trapezoid(2 * x**2 * (1 - self.below(x)), logs))

    def below(self, lengths: FloatArray) -> FloatArray:
        """Return the probability of losing at most each of these hours."""
        found = np.zeros(len(lengths))
        for part, nothing in zip(self.parts, self.nothing, strict=True):
            found += part.per_year * (part.loss.below(np.asarray(lengths)) - nothing)
        return found / self.per_year

    def quantile(self, probability: float) -> float:
        """Return the length that is not exceeded with a probability."""
        low, high = 0.0, 10.0 * HOURS_PER_YEAR
        for _ in range(200):
            middle = (low + high) / 2
            below = float(self.below(np.array([middle]))[0]) < probability
            low, high = (middle, high) if below else (low, middle)
        return high


_Times = tuple[FloatArray, FloatArray]


def closed_form(
    design: ServiceDesign,
    classes: Mapping[str, FailureClass],
    *,
    defaults: FailoverDefaults | None = None,
    deep_threshold: float = 0.5,
    availability_target_percent: Number = 99.95,
    points: int = LATTICE_POINTS,
) -> ClosedForm:
    """Return the closed form of what failures cost a design, by both measures.

    Parameters
    ----------
    design : ServiceDesign
        Single, active-passive, or active-active with homed tenants or several writers.
    classes : mapping
        Failure classes by name; rates at their means.
    defaults : FailoverDefaults, optional
        Without it those of the library's data.
    deep_threshold : float
        Loss above which time counts as deep. [share of 1]
    availability_target_percent : number
        What a year and each of twelve months of 730 h must keep. [%]
    points : int
        Lattice points below each threshold.

    Raises
    ------
    InputError
        If the design is beyond the formulas, which the simulation covers, or a class or a choice cannot be.
    """
    if design.mode == "active-active" and design.database in ("single-writer", "quorum"):
        raise InputError(
            f"design {design.name!r}: database {design.database!r} has no closed form; simulate it, "
            "or compare a design with database 'homed' or 'multi-writer'"
        )
    together(
        [*wrong_classes(classes), *wrong_threshold(deep_threshold), *unknown_severities(design, classes)]
    )
    checked_points(points)
    if design.zone_moved_h is not None:
        raise InputError(
            f"design {design.name!r}: pods that move out of a lost zone have no closed form; simulate it, or leave "
            "zone_moved_h out"
        )
    defaults = defaults or read_failover_defaults(data_directory() / "availability")
    lost = 1 - target_share(availability_target_percent)
    budget = lost * HOURS_PER_YEAR
    threshold = deep_threshold + 1e-12
    times = failover_times(design, defaults)

    def measured(deep: bool) -> ClosedFormMeasure:
        mixture = _Mixture.of(
            [
                part
                for name, c in classes.items()
                for part in _parts(design, name, c, defaults, times, threshold if deep else None)
                if part.per_year > 0
            ]
        )
        if mixture.per_year == 0:
            return ClosedFormMeasure(0.0, Risk(0, 0, 0), Risk(0, 0, 0), 1.0)
        year = total_exceeds(mixture.per_year, mixture, budget, points)
        month = total_exceeds(mixture.per_year / MONTHS_PER_YEAR, mixture, budget / MONTHS_PER_YEAR, points)
        hours = mixture.per_year * mixture.mean
        return ClosedFormMeasure(hours, year, month, (1 - month.value) ** MONTHS_PER_YEAR)

    return ClosedForm(measured(False), measured(True))


def _parts(
    design: ServiceDesign,
    name: str,
    c: FailureClass,
    defaults: FailoverDefaults,
    times: _Times,
    threshold: float | None,
) -> list[_Part]:
    """Return the failures of a class by what they hit."""
    rate, by_region = c.events_per_year, (c.severity,) * design.regions
    factor = server_factor_of(design, defaults) if c.per == "server-year" else 1.0
    repair = Lognormal(c.length.median_h * factor, c.length.sigma)
    everywhere, always = c.severity, False
    if name in design.severity_of:
        by_region = design.severity_of[name]
        everywhere = math.fsum(share * each for share, each in zip(design.shares, by_region, strict=True))
    elif c.scope == "zone" and not design.zone_redundant:
        rate, by_region, always = rate / defaults.single_zone.zones, (1.0,) * design.regions, True
        everywhere = 1.0
    one, both = _hits(design, c, rate, defaults)
    parts = [_Part(both, _endured(repair, everywhere, threshold))]
    for (share, severity), regions in Counter(zip(design.shares, by_region, strict=True)).items():
        if share == 0 or severity == 0:
            continue
        fails_over = always or (c.failover and severity >= FAILS_OVER_FROM)
        if fails_over and design.mode != "single":
            lost = _failed_over(design, repair, share * severity, defaults, times, threshold)
            parts += [_Part(regions * one * chance, loss) for chance, loss in lost]
        else:
            parts.append(_Part(regions * one, _endured(repair, share * severity, threshold)))
    return parts


def _hits(
    design: ServiceDesign, c: FailureClass, rate: float, defaults: FailoverDefaults
) -> tuple[float, float]:
    """Return how often each single region is hit, and all of them. [1/year]"""
    if c.scope == "global" or (c.scope == "change" and design.regions == 1):
        return 0.0, rate
    if c.scope == "change":
        both = hits_both_of(design, c, defaults)
        return rate * (1 - both) / design.regions, rate * both
    return rate * (1 - c.beta), rate * c.beta


def _endured(repair: Lognormal, loss: float, threshold: float | None) -> EnduredLoss:
    """Return what a failure loses that lasts until its repair."""
    return EnduredLoss(repair, _counted(loss, threshold))


def _counted(loss: float, threshold: float | None) -> float:
    """Return what an hour with a loss counts: the loss, or 1 if it is deep."""
    return loss if threshold is None else float(loss > threshold)


def _failed_over(
    design: ServiceDesign,
    repair: Lognormal,
    loss: float,
    defaults: FailoverDefaults,
    times: _Times,
    threshold: float | None,
) -> list[tuple[float, FailoverLoss]]:
    """Return what a failure loses that is failed over, by chance: with capacity, and without."""
    points, chances = times
    before = _counted(loss, threshold)
    if design.mode == "active-active":
        short = max(0.0, 1 - design.sized * (design.regions - 1))
        nothing = np.zeros(1)
        lost = FailoverLoss(repair, points, chances, before, _counted(short, threshold), nothing, np.ones(1))
        return [(1.0, lost)]
    growth = brownout_of(design, defaults, {})
    steps = (growth.lengths_h * _counted_all(1 - growth.served, threshold)).sum(axis=1)
    back, back_chances = _way_back(design, defaults, threshold)
    found = []
    for afterwards in np.unique(growth.afterwards):
        some = growth.afterwards == afterwards
        once = (steps[some][:, None] + back).ravel()
        once_chances = np.repeat(back_chances[None, :], some.sum(), axis=0).ravel() / some.sum()
        after = _counted(1 - float(afterwards), threshold)
        if after > 0:
            # The steps of such a course are 0 long, so only the way back is left.
            once, once_chances = back, back_chances
        found.append(
            (float(some.mean()), FailoverLoss(repair, points, chances, before, after, once, once_chances))
        )
    return found


def _counted_all(losses: FloatArray, threshold: float | None) -> FloatArray:
    return losses if threshold is None else np.asarray(losses > threshold, dtype=float)


def _way_back(
    design: ServiceDesign, defaults: FailoverDefaults, threshold: float | None
) -> tuple[FloatArray, FloatArray]:
    """Return what going back may lose, each stage bad by itself, and the chances."""
    failback = design.times(defaults).failback
    lost, chances = np.zeros(1), np.ones(1)
    for share in failback.stages:
        bad = failback.length_h * _counted(share * failback.severity, threshold)
        lost = np.concatenate([lost, lost + bad])
        chances = np.concatenate([chances * (1 - failback.p_bad), chances * failback.p_bad])
    return lost, chances
