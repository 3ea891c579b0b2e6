"""How the surviving region grows into the whole load: the recovery time that the autoscaler decides.

Sampled failures reach a cluster that has long served its own share. The kernel of `scaling` carries each
through the step of the demand: HPA, scheduler, cluster autoscaler, boot times. What comes out is not one
number but a course of capacity against demand. A second run, with no node beyond what runs or is
reserved, says what is served where the provider has no machines to give.

Pods share the cores of the ready nodes here: limits may promise several times what a node has, and right
after a failover all pods want them at once. What is not served at once counts as lost; nothing queues.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from agog_capacity.availability.brownout import Brownout
from agog_capacity.availability.lengths import Length
from agog_capacity.availability.numbers import probability, together, whole
from agog_capacity.availability.sampling import drawn_lengths
from agog_capacity.availability.scale_up_courses import Courses, compressed
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray

if TYPE_CHECKING:
    from agog_capacity.load.curve import LoadCurve
    from agog_capacity.scaling.pool import ClusterAutoscaler, Pool
    from agog_capacity.scaling.workload import Workload

Overload = Literal["shed", "collapse"]
"""What a region does with more than it can carry: serve what it can, or, as where clients retry, nothing."""

FULL = 0.99
"""Share of the demand from which on a region counts as serving all of it."""
SYNC_S = 15.0
_MOST_COURSES = 4096
_COPIES = 10
"""How often a course enters a table of grown and stuck ones."""


@dataclass(frozen=True)
class ScaleUp:
    """Courses of a surviving region from the arrival of the traffic on; equally likely.

    Courses of the same number share their time of the week, noise and boot times in `grown` and `stuck`,
    and between clusters that were given the same demand and seed.
    """

    starts: tuple[datetime, ...] = field(repr=False)
    """When the traffic arrives, one instant of the load curve a course. [UTC]"""
    grown: Courses = field(repr=False)
    """Where nodes can be had."""
    stuck: Courses = field(repr=False)
    """Where no node can be had beyond those that run or are reserved."""
    delay_s: FloatArray = field(repr=False)
    """Until the region has nodes at all, where a pool or cluster must be made first, shape (courses,). [s]"""
    warnings: tuple[str, ...] = ()
    """What to know of the inputs, in sentences."""

    def __post_init__(self) -> None:
        """Check that the parts have the same courses."""
        shapes = {self.grown.demand.shape[0], self.stuck.demand.shape[0], len(self.starts), len(self.delay_s)}
        if len(shapes) != 1:
            raise InputError(
                f"the parts of a scale-up have {sorted(shapes)} courses; they must have the same"
            )

    @property
    def courses(self) -> int:
        """Number of sampled failovers."""
        return len(self.starts)

    @property
    def needed_nodes(self) -> int:
        """Most nodes that any course reaches where they can be had."""
        return int(self.grown.nodes.max(initial=0))

    @property
    def room_covers_need(self) -> bool:
        """Whether the nodes that run or are reserved serve as much as those that can be had."""
        return bool(np.allclose(self.grown.capacity, self.stuck.capacity))

    def time_s(self, overload: Overload = "shed", *, without_capacity: bool = False) -> FloatArray:
        """Return when each course serves the demand and keeps it up for 5 minutes, shape (courses,). [s]

        From the traffic's arrival, or after `delay_s` where nodes must be made first. Infinite where it does not
        happen within the simulated hours: the region then never serves all before the lost one is back.
        """
        courses = self.stuck if without_capacity else self.grown
        return courses.time_until_served_s(FULL, overload)

    def served(self, overload: Overload = "shed", *, without_capacity: bool = False) -> FloatArray:
        """Return the share of the demand that is served after the delay, shape (courses, steps)."""
        return (self.stuck if without_capacity else self.grown).served(overload)

    def unserved_h(self, overload: Overload = "shed", *, without_capacity: bool = False) -> FloatArray:
        """Return the unserved demand of each course within the simulated hours, shape (courses,).

        After `delay_s`; in hours of the full outage of the region's whole demand. [h]
        """
        lost = (1 - self.served(overload, without_capacity=without_capacity)).sum(axis=1)
        return np.asarray(lost * self.grown.step_s / 3600)

    def brownout(
        self,
        p_no_capacity: float = 0.0,
        overload: Overload = "shed",
        *,
        wait_s: FloatArray | None = None,
        steps: int = 8,
    ) -> Brownout:
        """Return the table of courses for the simulation of failures.

        Parameters
        ----------
        p_no_capacity : float
            Chance that no node can be had; that share of the table, rounded to a tenth of a course, is of
            courses that are stuck. 0 where the reader of the table draws that chance itself.
        overload : {"shed", "collapse"}
        wait_s : ndarray, shape (courses,), optional
            How long the traffic finds no node at all; `delay_s` by default, less where nodes are made while
            the traffic is still on its way. [s]
        steps : int
            Most steps of a course; its unserved demand is kept, only its form is made coarser.
        """
        chance = probability("chance that there is no capacity", p_no_capacity)
        wait = self.delay_s if wait_s is None else wait_s
        grown = compressed(self.grown, self.served(overload), wait, steps)
        if chance == 0 or self.room_covers_need:
            return grown
        stuck = compressed(self.stuck, self.served(overload, without_capacity=True), wait, steps)
        # Every course enters ten times, grown or stuck: a chance of a tenth is then exact in a table of any
        # length, and no course is stuck more often than another by more than one.
        rows = np.arange(_COPIES * self.courses)
        is_stuck = np.floor((rows + 1) * chance + 1e-9) > np.floor(rows * chance + 1e-9)
        course = rows // _COPIES

        def mixed(name: str) -> FloatArray:
            a, b = getattr(grown, name)[course], getattr(stuck, name)[course]
            return np.asarray(np.where(is_stuck.reshape(-1, *[1] * (a.ndim - 1)), b, a), dtype=float)

        return Brownout(mixed("lengths_h"), mixed("served"), mixed("afterwards"), is_stuck)


def scale_up(
    demand: LoadCurve,
    workloads: Sequence[Workload],
    pools: Sequence[Pool],
    *,
    before: float,
    after: float = 1.0,
    room: Mapping[str, int] | None = None,
    provisioning: Sequence[Length] = (),
    autoscaler: ClusterAutoscaler | None = None,
    courses: int = 96,
    hours: float = 4.0,
    warm_up_h: float = 2.0,
    seed: int = 0,
) -> ScaleUp:
    """Simulate how a region grows after it has taken over another one's traffic.

    Parameters
    ----------
    demand : LoadCurve
        Of all users, each row a workload's; failures happen at times drawn evenly over its length. Its
        noise is drawn anew for each course.
    workloads, pools : sequence
        What runs in the surviving region. A pool starts with its `nodes`, or its minimum.
    before, after : float
        Share of the demand that the region serves before and after.
    room : mapping of str to int, optional
        Nodes of a pool that are sure to be had, running ones included; what is left out has its first
        nodes only. [nodes]
    provisioning : sequence of Length
        What must be made before the first node can run, one after the other. The region then has no
        steady state; its pools start with their first nodes. [s]
    autoscaler : ClusterAutoscaler, optional
        AKS's profile by default.
    courses : int
        Sampled failovers.
    hours : float
        Simulated time after the step. [h]
    warm_up_h : float
        Simulated time before it, in which the region comes to its steady state. [h]
    seed : int
        Of the times, boot times and noise.

    Returns
    -------
    ScaleUp

    Raises
    ------
    InputError
        If the shares or counts cannot be, with every problem; `ScalingError` where the cluster cannot be
        simulated.
    """
    _check(before, after, courses, hours, warm_up_h)
    instants = _instants(demand, courses, seed)
    own = 0.0 if provisioning else warm_up_h
    sure = {pool.name: 0 if provisioning else pool.first_nodes for pool in pools} | dict(room or {})
    limited = [_without_growth(pool, sure[pool.name], runs=not provisioning) for pool in pools]
    arguments = (demand, workloads, instants, before, after, autoscaler, hours, own, seed)
    grown = _carried(pools, *arguments)
    same = all(a.maximum == b.maximum for a, b in zip(pools, limited, strict=True))
    stuck = grown if same else _carried(limited, *arguments)
    rng = np.random.default_rng([seed, 1])
    delay = np.zeros(courses)
    for length in provisioning:
        delay = delay + drawn_lengths(length, rng, courses)
    starts = tuple(demand.start + timedelta(seconds=int(i) * demand.step_s) for i in instants)
    return ScaleUp(starts, grown, stuck, delay, tuple(_warnings(workloads, pools, grown, own)))


def _check(before: float, after: float, courses: int, hours: float, warm_up_h: float) -> None:
    probability("share before", before)
    probability("share after", after)
    whole("courses", courses, 1)
    problems = []
    if after < before:
        problems.append(
            f"a region cannot serve {after:g} of the demand after a failover and {before:g} before"
        )
    if courses > _MOST_COURSES:
        problems.append(f"{courses} courses are too many; choose 1 to {_MOST_COURSES:,}")
    if not 0.25 <= hours <= 48:
        problems.append(f"hours is {hours:g}; simulate 0.25 to 48 hours after the step")
    if not 0 <= warm_up_h <= 48:
        problems.append(f"warm_up_h is {warm_up_h:g}; choose 0 to 48 hours")
    together(problems)


def _instants(demand: LoadCurve, courses: int, seed: int) -> np.ndarray:
    """Draw steps of the load curve: one in each of as many equal parts, so that all seasons are there."""
    steps = demand.rates.shape[1]
    places = (np.arange(courses) + np.random.default_rng([seed, 0]).random(courses)) / courses
    return np.asarray(places * steps, dtype=np.int64)


def _without_growth(pool: Pool, sure: int, *, runs: bool) -> Pool:
    """Return the pool bounded by the nodes that run or are sure to be had."""
    most = min(pool.maximum, max(sure, pool.first_nodes if runs else 0))
    first = min(pool.first_nodes, most)
    return pool.replace(minimum=min(pool.minimum, first), maximum=most, nodes=first)


def _carried(
    pools: Sequence[Pool],
    demand: LoadCurve,
    workloads: Sequence[Workload],
    instants: np.ndarray,
    before: float,
    after: float,
    autoscaler: ClusterAutoscaler | None,
    hours: float,
    warm_up_h: float,
    seed: int,
) -> Courses:
    """Carry every course through the kernel and read capacity, demand and nodes off its steps."""
    from agog_capacity.load.curve import LoadCurve as Curve
    from agog_capacity.load.curve import Noise
    from agog_capacity.scaling.simulate import checked_cluster, drawn, simulate_scaling

    cluster = checked_cluster(workloads, pools, autoscaler)
    ahead, rest = round(warm_up_h * 3600 / demand.step_s), -(-round(hours * 3600) // demand.step_s)
    shares = np.concatenate([np.full(ahead, before), np.full(rest, after)])
    skipped, kept = int(ahead * demand.step_s / SYNC_S), round(hours * 3600 / SYNC_S)
    found: dict[str, list[FloatArray]] = {"demand": [], "capacity": [], "nodes": []}
    for course, instant in enumerate(instants):
        places = np.arange(instant - ahead, instant + rest) % demand.rates.shape[1]
        noise = demand.noise
        if noise is not None:
            noise = Noise(noise.deviation, noise.autocorrelation, noise.seed * 1_000_003 + course)
        begin = demand.start + timedelta(seconds=int(instant - ahead) * demand.step_s)
        load = Curve(begin, demand.step_s, demand.names, demand.rates[:, places] * shares, noise)
        trace = simulate_scaling(
            load,
            workloads,
            pools,
            autoscaler=autoscaler,
            share_cores=True,
            detail="steps",
            draws=[drawn(cluster, seed, course)],
            threads=1,
        )
        records = {
            name: trace.records[name][0, skipped : skipped + kept] for name in ("counts", "nodes", "flows")
        }
        rates = records["flows"][:, 0, :] / SYNC_S
        wanted, possible = _demand_and_capacity(demand, workloads, pools, rates, records)
        found["demand"].append(wanted)
        found["capacity"].append(possible)
        found["nodes"].append(np.asarray(records["nodes"][:, 0, :].sum(axis=1), dtype=float))
    # Rounded to 32 bits, so that what was stored and read back is the same to the last digit.
    rounded = (
        np.array(found[name]).astype(np.float32).astype(float) for name in ("demand", "capacity", "nodes")
    )
    return Courses(SYNC_S, *rounded)


def _demand_and_capacity(
    demand: LoadCurve,
    workloads: Sequence[Workload],
    pools: Sequence[Pool],
    rates: FloatArray,
    records: Mapping[str, np.ndarray],
) -> tuple[FloatArray, FloatArray]:
    """Return users' requests, and those there is capacity for, shape (steps,). [requests per second]

    A user's request is one of the busiest workload; the others get theirs in proportion. What is served
    is what every workload can serve, and what the cores of the ready nodes can.
    """
    order = [[name for _, name in demand.names].index(workload.name) for workload in workloads]
    means = demand.rates[order].mean(axis=1)
    factors = means / means.max() if means.max() > 0 else np.ones(len(means))
    used = factors > 0
    wanted = (rates[:, used] / factors[used]).mean(axis=1)
    ready = records["counts"][:, 1, :].astype(float)
    each = np.array([workload.capacity_rps for workload in workloads])
    with np.errstate(invalid="ignore"):
        by_pods = np.where(ready > 0, ready * each, 0.0)[:, used] / factors[used]
    cores = records["nodes"][:, 0, :] @ np.array(
        [p.cpu_milli - p.daemon_cpu_milli for p in pools], dtype=float
    )
    idle = ready @ np.array([workload.cpu_base_milli for workload in workloads], dtype=float)
    per_request = float(np.dot(factors, [workload.cpu_milli_per_rps for workload in workloads]))
    possible = by_pods.min(axis=1)
    if per_request > 0:
        possible = np.minimum(possible, np.maximum(0.0, cores - idle) / per_request)
    return wanted, possible


def _warnings(
    workloads: Sequence[Workload], pools: Sequence[Pool], grown: Courses, warm_up_h: float
) -> list[str]:
    found = []
    if all(np.isinf(each.capacity_rps) for each in workloads) and not any(
        w.cpu_milli_per_rps for w in workloads
    ):
        found.append("no workload costs CPU, so capacity is never short; give cpu_milli_per_rps")
    first = sum(pool.first_nodes for pool in pools)
    fixed = any(pool.nodes is not None for pool in pools)
    if warm_up_h and fixed and (grown.nodes[:, 0] > first).any():
        found.append(
            f"the {first} nodes do not hold the region's own share: pods wait for room before anything has failed"
        )
    return found
