"""From a proposal to a decision: stabilisation, rate limits, clamps and the ledger of scale events.

Follows `horizontal.go` of pkg/controller/podautoscaler. Without `behavior` the legacy rules apply (stabilise,
at most double, clamp); with it the proposal is stabilised first, then limited by what happened in each
policy's period. An absent `behavior` is not the default behaviour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from agog_capacity.scaling.pods import MAXIMUM_INT32

Direction = Literal["up", "down"]
SelectPolicy = Literal["Max", "Min", "Disabled"]
Reason = Literal["DesiredWithinRange", "TooManyReplicas", "ScaleUpLimit", "TooFewReplicas", "ScaleDownLimit"]


@dataclass(frozen=True, slots=True)
class Policy:
    """How much may change within a period."""

    type: Literal["Pods", "Percent"]
    value: int
    """Pods, or percent of the replicas at the period's start."""
    period_s: float


@dataclass(frozen=True, slots=True)
class Rules:
    """Scaling rules of one direction, with the defaults filled in."""

    stabilization_window_s: float
    select_policy: SelectPolicy
    policies: tuple[Policy, ...]
    tolerance: float | None = None
    """None: the controller's."""


@dataclass(frozen=True, slots=True)
class Behavior:
    """Both directions of `spec.behavior`."""

    scale_up: Rules
    scale_down: Rules


class Recommendation(NamedTuple):
    """An unstabilised proposal and when it was made. [s]"""

    value: int
    at_s: float


class ScaleEvent(NamedTuple):
    """A decided change and when it was stored. [s]"""

    change: int
    at_s: float
    outdated: bool = False


class Decision(NamedTuple):
    """Replicas and what limited them."""

    replicas: int
    reason: Reason


def default_scale_up() -> Rules:
    """Return the rules of scaling up that `behavior` fills in (autoscaling/v2/defaults.go)."""
    return Rules(0, "Max", (Policy("Pods", 4, 15), Policy("Percent", 100, 15)))


def default_scale_down(downscale_stabilization_s: float = 300) -> Rules:
    """Return the rules of scaling down that `behavior` fills in; the window is the controller's. [s]"""
    return Rules(downscale_stabilization_s, "Max", (Policy("Percent", 100, 15),))


def scale_up_limit(
    current: int,
    rules: Rules,
    up_events: Sequence[ScaleEvent],
    down_events: Sequence[ScaleEvent],
    now_s: float,
) -> int:
    """Return the most replicas that the policies allow; it may lie below current.

    Parameters
    ----------
    current : int
        Replicas now.
    rules : Rules
        Of scaling up.
    up_events, down_events : sequence of ScaleEvent
        Both kinds count for both directions.
    now_s : float
        The present. [s]

    References
    ----------
    horizontal.go: calculateScaleUpLimitWithScalingRules. Doubles as written: 10 % more than 100 is 111.
    """
    if rules.select_policy == "Disabled":
        return current
    limits = []
    for policy in rules.policies:
        start = _at_period_start(current, policy.period_s, up_events, down_events, now_s)
        if policy.type == "Pods":
            limits.append(start + policy.value)
        else:
            limits.append(math.ceil(start * (1 + policy.value / 100)))
    if rules.select_policy == "Min":
        return min(limits, default=MAXIMUM_INT32)
    return max(limits, default=-MAXIMUM_INT32 - 1)


def scale_down_limit(
    current: int,
    rules: Rules,
    up_events: Sequence[ScaleEvent],
    down_events: Sequence[ScaleEvent],
    now_s: float,
) -> int:
    """Return the fewest replicas that the policies allow; it may lie above current.

    Parameters are those of `scale_up_limit`, `rules` those of scaling down. `Max` is the largest change,
    so the smallest result.

    References
    ----------
    horizontal.go: calculateScaleDownLimitWithBehaviors. 90 % less than 10 is 0 in doubles.
    """
    if rules.select_policy == "Disabled":
        return current
    limits = []
    for policy in rules.policies:
        start = _at_period_start(current, policy.period_s, up_events, down_events, now_s)
        if policy.type == "Pods":
            limits.append(start - policy.value)
        else:
            limits.append(int(start * (1 - policy.value / 100)))
    if rules.select_policy == "Min":
        return max(limits, default=-MAXIMUM_INT32 - 1)
    return min(limits, default=MAXIMUM_INT32)


def _at_period_start(
    current: int,
    period_s: float,
    up_events: Sequence[ScaleEvent],
    down_events: Sequence[ScaleEvent],
    now_s: float,
) -> int:
    added = change_within(up_events, period_s, now_s)
    removed = change_within(down_events, period_s, now_s)
    return current - added + removed


def change_within(events: Sequence[ScaleEvent], period_s: float, now_s: float) -> int:
    """Add up the events younger than a period (horizontal.go: getReplicasChangePerPeriod)."""
    return sum(event.change for event in events if now_s - event.at_s < period_s)


def convert_with_behavior_rate(
    current: int,
    desired: int,
    minimum: int,
    maximum: int,
    behavior: Behavior,
    up_events: Sequence[ScaleEvent],
    down_events: Sequence[ScaleEvent],
    now_s: float,
) -> Decision:
    """Limit a stabilised wish by the policies and the bounds.

    A limit never crosses current: a burst just past cannot force a change the other way.

    References
    ----------
    horizontal.go: convertDesiredReplicasWithBehaviorRate.
    """
    if desired > current:
        limit = max(current, scale_up_limit(current, behavior.scale_up, up_events, down_events, now_s))
        if desired > min(limit, maximum):
            return (
                Decision(limit, "ScaleUpLimit") if limit < maximum else Decision(maximum, "TooManyReplicas")
            )
    elif desired < current:
        limit = min(current, scale_down_limit(current, behavior.scale_down, up_events, down_events, now_s))
        if desired < max(limit, minimum):
            return (
                Decision(limit, "ScaleDownLimit") if limit > minimum else Decision(minimum, "TooFewReplicas")
            )
    return Decision(desired, "DesiredWithinRange")


def convert_legacy(
    current: int, desired: int, minimum: int, maximum: int, factor: float = 2, least: float = 4
) -> Decision:
    """Limit a stabilised wish where the HPA has no `behavior`.

    Parameters
    ----------
    current, desired, minimum, maximum : int
        Replicas.
    factor, least : float
        One sync may multiply by the factor, or reach `least`; 2 and 4 in production.

    References
    ----------
    horizontal.go: convertDesiredReplicasWithRules. There is no memory: doubling is allowed at every sync.
    """
    limit = int(max(factor * current, least))
    cap = min(maximum, limit)
    if desired < minimum:
        return Decision(minimum, "TooFewReplicas")
    if desired > cap:
        return Decision(cap, "ScaleUpLimit" if limit < maximum else "TooManyReplicas")
    return Decision(desired, "DesiredWithinRange")


def stabilize_legacy(
    desired: int, window_s: float, recommendations: Sequence[Recommendation], now_s: float
) -> tuple[int, list[Recommendation]]:
    """Take the largest recommendation of the window, its edge included, and record the new one.

    References
    ----------
    horizontal.go: stabilizeRecommendation.
    """
    result, slot = desired, None
    for index, (value, at_s) in enumerate(recommendations):
        if now_s - at_s > window_s:
            slot = index
        elif value > result:
            result = value
    return result, _recorded(recommendations, Recommendation(desired, now_s), slot)


def stabilize_with_behaviors(
    current: int,
    desired: int,
    up_window_s: float,
    down_window_s: float,
    recommendations: Sequence[Recommendation],
    now_s: float,
) -> tuple[int, list[Recommendation]]:
    """Move from current only as far as the recommendations of both windows agree; record the proposal.

    A high old recommendation holds up a scale-down, but never causes a scale-up.

    References
    ----------
    horizontal.go: stabilizeRecommendationWithBehaviors. The edges of the windows are outside.
    """
    low = high = desired
    slot = None
    for index, (value, at_s) in enumerate(recommendations):
        age = now_s - at_s
        if age < up_window_s and value < low:
            low = value
        if age < down_window_s and value > high:
            high = value
        if age > up_window_s and age > down_window_s:
            slot = index
    result = max(current, low)
    result = min(result, high)
    return result, _recorded(recommendations, Recommendation(desired, now_s), slot)


def _recorded(
    recommendations: Sequence[Recommendation], new: Recommendation, slot: int | None
) -> list[Recommendation]:
    stored = list(recommendations)
    if slot is None:
        stored.append(new)
    else:
        stored[slot] = new
    return stored


def store_scale_event(
    events: Sequence[ScaleEvent], change: int, rules: Rules | None, now_s: float
) -> list[ScaleEvent]:
    """Record a change that was decided.

    Parameters
    ----------
    events : sequence of ScaleEvent
        Of the same direction.
    change : int
        Its size, above 0.
    rules : Rules or None
        Of the direction; None where the HPA has no `behavior`: then nothing is stored or marked.
    now_s : float
        The present. [s]

    References
    ----------
    horizontal.go: storeScaleEvent. The last outdated event gives its slot.
    """
    stored = list(events)
    if rules is None:
        return stored
    longest = max((policy.period_s for policy in rules.policies), default=0.0)
    slot = None
    for index, event in enumerate(stored):
        if now_s - event.at_s > longest:
            stored[index] = event._replace(outdated=True)
            slot = index
    new = ScaleEvent(change, now_s)
    if slot is None:
        stored.append(new)
    else:
        stored[slot] = new
    return stored
