"""The timeline of one failover, sampled: how long until it serves again, serves all again, and what is lost.

Detect, decide, then the longest of route, promotion, restore and cache, then the scale-up that the autoscaler takes,
then a cache to warm; where something does not work as planned people finish it by hand. Percentiles do not
add, so the steps are drawn together and every number is read off the sums, with its standard error.

A region that never serves the whole demand before the lost one is back has an infinite recovery time. It
is counted as a miss and shown as one; leaving it out would make the worst case look like the best.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.availability.brownout import Brownout
from agog_capacity.availability.data_loss import ReplicationLag
from agog_capacity.availability.estimates import Estimate
from agog_capacity.availability.lengths import Length
from agog_capacity.availability.numbers import not_negative, probability, together
from agog_capacity.availability.sampling import (
    checked_samples,
    computed,
    drawn_lengths,
    quantile_of,
    rank_of,
    seconds_text,
    share_of_groups,
)
from agog_capacity.availability.scale_up import Overload, ScaleUp
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray

if TYPE_CHECKING:
    import pandas as pd

STAGES = ("detect", "decide", "switch", "manual", "scale up", "warm up")
"""Steps one after the other; `switch` is the longest of `SWITCHES`."""
SWITCHES = ("route", "promote", "restore", "cache")
_QUANTILES = (0.5, 0.95, 0.99)
_STREAMS = (
    "detect", "gray", "is gray", "decide", "route", "promote", "cache", "works", "manual", "no capacity", "scale up",
    "warm up", "restore",
)  # fmt: skip


@dataclass(frozen=True)
class FailoverParts:
    """The steps of a failover; what the design does not have is None and takes no time. [s]"""

    detect: Length
    """Of a failure that the health checks of the one router see."""
    gray: Length | None = None
    """Of a failure that only the rate of errors shows."""
    gray_share: float = 0.0
    """Share of the failures that are gray."""
    decide: Length | None = None
    """Of a person, or of an automation that waits."""
    route: Length | None = None
    """Until clients reach the surviving region; None behind an anycast edge."""
    promote: Length | None = None
    """Of the database replica; None where none is promoted."""
    restore: Length | None = None
    """Of the database from a backup in the surviving region; None where nothing has to come back."""
    cache: Length | None = None
    """Until the surviving region has a cache that takes writes."""
    warm_up: Length | None = None
    """Until a cache that was empty serves as before."""
    coverage: float = 1.0
    """Chance that it works as planned."""
    manual: Length | None = None
    """What people take longer where it does not."""
    p_blocked: float = 0.0
    """Chance that the control plane it needs is out too; people then wait for it or work around it."""
    p_no_capacity: float = 0.0
    """Chance that no node can be had beyond those that run or are reserved."""

    def __post_init__(self) -> None:
        """Check shares, and that what can happen has a length."""
        for name in ("gray_share", "coverage", "p_blocked", "p_no_capacity"):
            probability(name.replace("_", " "), getattr(self, name))
        problems = []
        if self.gray_share and self.gray is None:
            problems.append(
                f"{self.gray_share:g} of the failures are gray; say how long their detection takes"
            )
        if (self.coverage < 1 or self.p_blocked) and self.manual is None:
            problems.append(
                "a failover may not work as planned; say how much longer people then take (manual)"
            )
        together(problems)


@dataclass(frozen=True, eq=False)
class FailoverTimeline:
    """Samples of one failover, from the failure to the whole demand served."""

    name: str
    """Which region hands over to which."""
    parts: FailoverParts
    stages: Mapping[str, FloatArray] = field(repr=False)
    """Samples of each of `STAGES` and `SWITCHES`, shape (samples,). [s]"""
    scale_up: ScaleUp | Length | None = field(repr=False)
    overload: Overload
    lag: ReplicationLag | None
    """Of the replica or the backups; None where nothing is lost with the region. [s]"""
    groups: int
    """Samples of the same number modulo this share a course of the autoscaler and are not independent."""
    served_before: float = 0.0
    """Share of the demand of the surviving region that it serves before the failover too."""
    rto_target_s: float | None = None
    """[s]"""
    rpo_target_s: float | None = None
    """[s]"""
    notes: tuple[str, ...] = ()
    """What to know of it, in sentences."""

    def word(self, stage: str) -> str:
        """Return what a reader calls one of `STAGES`: a switch that waits for a restore is a restore."""
        return "restore" if stage == "switch" and self.parts.restore is not None else stage

    @property
    def serving_s(self) -> FloatArray:
        """Time until the surviving region gets the traffic, shape (samples,). [s]"""
        return self.stages["detect"] + self.stages["decide"] + self.stages["switch"] + self.stages["manual"]

    @property
    def recovered_s(self) -> FloatArray:
        """Time until the whole demand is served, shape (samples,); infinite where it never is. [s]"""
        return self.serving_s + self.stages["scale up"] + self.stages["warm up"]

    def rto_quantile(self, share: float) -> Estimate:
        """Return the recovery time that is not exceeded with a probability. [s]"""
        return quantile_of(self.recovered_s, share, self.groups)

    def rto_within(self, seconds: float) -> Estimate:
        """Return the probability that the whole demand is served within a time."""
        hit = self.recovered_s <= not_negative("target", seconds)
        return share_of_groups(hit, self.groups)

    def rpo_quantile(self, share: float) -> Estimate:
        """Return the loss of data, in seconds of writes, that is not exceeded with a probability. [s]"""
        return computed(0.0 if self.lag is None else self.lag.quantile(share))

    def rpo_within(self, seconds: float) -> Estimate:
        """Return the probability that no more than this is lost; computed, so without an error."""
        return computed(1.0 if self.lag is None else 1 - self.lag.beyond(seconds))

    @property
    def brownout(self) -> Brownout:
        """What the surviving region serves from the arrival of the traffic on, for a simulation of failures."""
        if isinstance(self.scale_up, ScaleUp):
            wait = _wait_for_nodes(self.scale_up, self.stages["switch"])[: self.scale_up.courses]
            if len(wait) < self.scale_up.courses:
                wait = self.scale_up.delay_s
            return self.scale_up.brownout(self.parts.p_no_capacity, self.overload, wait_s=wait)
        if self.scale_up is None:
            return Brownout.none()
        raise InputError(
            "a scale-up that is only a length says nothing of what is served meanwhile; simulate it"
        )

    @property
    def unserved_h(self) -> Mapping[str, float]:
        """Mean unserved demand of one failover by stage, in hours of full outage of what the region takes over. [h]

        Until the traffic arrives all of it; during the scale-up what has no capacity, within the simulated
        hours, whether nodes could be had or not.
        """
        found = {name: float(self.stages[name].mean()) / 3600 for name in STAGES[:4]}
        if isinstance(self.scale_up, ScaleUp):
            p = 0.0 if self.scale_up.room_covers_need else self.parts.p_no_capacity
            grown, stuck = (
                self.scale_up.unserved_h(self.overload, without_capacity=w).mean() for w in (False, True)
            )
            found["wait for nodes"] = (
                float(_wait_for_nodes(self.scale_up, self.stages["switch"]).mean()) / 3600
            )
            found["scale up"] = float((1 - p) * grown)
            found["no capacity"] = float(p * stuck)
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return the steps, the one that takes most of the mean first, and both recovery times.

        Columns `step`, `part_of`, `mean_s`, `p50_s`, `p95_s`, `p99_s`, `share_of_mean`, `share_of_variance`.
        The shares are of the samples in which the whole demand is served at last; those of the parts of
        the switch are the chance to be the longest.
        """
        import pandas as pd

        rows = sorted((self._row(name) for name in STAGES), key=lambda row: -float(row["share_of_mean"]))
        rows += [self._part_row(name) for name in SWITCHES]
        for name, values in (("serving again", self.serving_s), ("all served", self.recovered_s)):
            rows.append(
                {
                    "step": name,
                    "part_of": "",
                    **_spread(values),
                    "share_of_mean": 1.0,
                    "share_of_variance": 1.0,
                }
            )
        return pd.DataFrame(rows)

    def _row(self, name: str) -> dict[str, float | str]:
        total = self.recovered_s
        ends = np.isfinite(total)
        values = self.stages[name]
        if not ends.any():
            return {
                "step": name,
                "part_of": "",
                **_spread(values),
                "share_of_mean": 0.0,
                "share_of_variance": 0.0,
            }
        part, whole_time = values[ends], total[ends]
        variance = float(whole_time.var())
        together_ = float(np.mean((part - part.mean()) * (whole_time - whole_time.mean())))
        return {
            "step": name,
            "part_of": "",
            **_spread(values),
            "share_of_mean": float(part.mean() / whole_time.mean()) if whole_time.mean() else 0.0,
            "share_of_variance": together_ / variance if variance else 0.0,
        }

    def _part_row(self, name: str) -> dict[str, float | str]:
        values, longest = self.stages[name], self.stages["switch"]
        share = float(((values == longest) & (longest > 0)).mean())
        return {
            "step": name,
            "part_of": "switch",
            **_spread(values),
            "share_of_mean": share,
            "share_of_variance": share,
        }

    def __str__(self) -> str:
        """Return the result in a few lines."""
        lines = [f"failover from {self.name}"]
        for share in _QUANTILES:
            lines.append(f"P{100 * share:g} of the recovery time: {seconds_text(self.rto_quantile(share))}")
        if self.rto_target_s is not None:
            lines.append(
                f"P(all served within {self.rto_target_s:g} s): {self.rto_within(self.rto_target_s)}"
            )
        if self.rpo_target_s is not None:
            lines.append(
                f"P(at most {self.rpo_target_s:g} s of writes lost): {self.rpo_within(self.rpo_target_s).value:.5g}"
            )
        return "\n".join([*lines, *(f"note: {text}" for text in self.notes)])


def failover_timeline(
    parts: FailoverParts,
    scale_up: ScaleUp | Length | None = None,
    *,
    lag: ReplicationLag | None = None,
    overload: Overload = "shed",
    name: str = "",
    served_before: float = 0.0,
    rto_target_s: float | None = None,
    rpo_target_s: float | None = None,
    notes: tuple[str, ...] = (),
    samples: int = 50_000,
    seed: int = 0,
) -> FailoverTimeline:
    """Draw the timeline of a failover.

    Parameters
    ----------
    parts : FailoverParts
        [s]
    scale_up : ScaleUp, Length or None
        Courses out of the autoscaler; a length in seconds where that is all one has; None where the region
        serves everything at once.
    lag : ReplicationLag, optional
        [s]
    overload : {"shed", "collapse"}
        What an overloaded region does.
    name : str
        Which region hands over to which.
    served_before : float
        Share of the surviving region's demand that it serves before too.
    rto_target_s, rpo_target_s : float, optional
        Targets to be judged. [s]
    notes : tuple of str
        What to know of it.
    samples : int
        Failovers that are drawn.
    seed : int
        Each step has a stream of its own, so that two designs differ by their steps and not by luck.

    Raises
    ------
    InputError
        If a number cannot be.
    """
    checked_samples(samples)
    rngs = {name: np.random.default_rng([seed, number]) for number, name in enumerate(_STREAMS)}

    def drawn(stream: str, length: Length | None) -> FloatArray:
        return np.zeros(samples) if length is None else drawn_lengths(length, rngs[stream], samples)

    detect = drawn("detect", parts.detect)
    is_gray = rngs["is gray"].random(samples) < parts.gray_share
    detect = np.where(is_gray, drawn("gray", parts.gray), detect)
    switches = {name: drawn(name, getattr(parts, name)) for name in SWITCHES}
    works = rngs["works"].random(samples) < parts.coverage * (1 - parts.p_blocked)
    switch = np.maximum.reduce(list(switches.values()))
    is_stuck = rngs["no capacity"].random(samples) < parts.p_no_capacity
    groups, growth = _growth(scale_up, overload, switch, is_stuck, rngs["scale up"])
    stages = {
        "detect": detect,
        "decide": drawn("decide", parts.decide),
        "switch": switch,
        "manual": np.where(works, 0.0, drawn("manual", parts.manual)),
        "scale up": growth,
        "warm up": drawn("warm up", parts.warm_up),
        **switches,
    }
    return FailoverTimeline(
        name=name,
        parts=parts,
        stages=stages,
        scale_up=scale_up,
        overload=overload,
        lag=lag,
        groups=groups,
        served_before=probability("share served before", served_before),
        rto_target_s=rto_target_s,
        rpo_target_s=rpo_target_s,
        notes=notes,
    )


def _growth(
    scale_up: ScaleUp | Length | None,
    overload: Overload,
    switch: FloatArray,
    is_stuck: np.ndarray,
    rng: np.random.Generator,
) -> tuple[int, FloatArray]:
    """Return the groups of samples that share a course, and the time of the scale-up. [s]"""
    samples = len(is_stuck)
    if scale_up is None:
        return samples, np.zeros(samples)
    if not isinstance(scale_up, ScaleUp):
        return samples, np.where(is_stuck, np.inf, drawn_lengths(scale_up, rng, samples))
    # Courses take turns: each weighs the same, and samples of a course are recognised by their number.
    course = np.arange(samples) % scale_up.courses
    grown, stuck = (scale_up.time_s(overload, without_capacity=without)[course] for without in (False, True))
    wait = _wait_for_nodes(scale_up, switch)
    return min(samples, scale_up.courses), wait + np.where(is_stuck, stuck, grown)


def _wait_for_nodes(scale_up: ScaleUp, switch: FloatArray) -> FloatArray:
    """Return how long the traffic finds no node, shape (samples,): they are made while the switch goes on. [s]"""
    return np.maximum(0.0, scale_up.delay_s[np.arange(len(switch)) % scale_up.courses] - switch)


def _spread(values: FloatArray) -> dict[str, float]:
    ordered = np.sort(values)
    quantiles = {f"p{100 * share:g}_s": float(ordered[rank_of(share, len(ordered))]) for share in _QUANTILES}
    return {"mean_s": float(values.mean()), **quantiles}
