"""Response times of a scenario's tenants, in normal operation and after a region is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.availability.latency import Path, response_time
from agog_capacity.availability.round_trips import RoundTrip, RoundTrips, read_round_trips, round_trip
from agog_capacity.components.node_pool import NodePool
from agog_capacity.design import Design
from agog_capacity.errors import InputError, NotInResult
from agog_capacity.periods import FloatArray, Months
from agog_capacity.planning.clusters import kernel_autoscaler, kernel_pool, kernel_workloads
from agog_capacity.planning.failover import Direction, directions, standby_kernel_pool, standby_pools
from agog_capacity.planning.loads import STEP_S, demand_of, start_of
from agog_capacity.planning.tenant_latency import NORMAL, TenantLatency
from agog_capacity.resources import data_directory
from agog_capacity.roles import application_pools, database_servers

if TYPE_CHECKING:
    from agog_capacity.availability.latency_section import LatencySection
    from agog_capacity.plan import Plan
    from agog_capacity.scaling.pool import Pool

_SHARE = 0.95


@dataclass(frozen=True)
class _State:
    """Which share of the demand each region serves, from which pools, and where the database is written."""

    name: str
    shares: Mapping[str, float]
    pools: Mapping[str, list[Pool]]
    writers: tuple[str, ...]


@dataclass(frozen=True)
class Hours:
    """The busiest month of one region, hour by hour."""

    rates: FloatArray
    """[1/s]"""
    pods: FloatArray
    """Ready ones of the workload that answers."""
    lost: FloatArray
    """Share of the requests that the nodes had no cores for."""


@dataclass(frozen=True)
class Responses:
    """Response times of a scenario in the states of the service that could be judged."""

    latencies: tuple[TenantLatency, ...]
    unknown: Mapping[str, str]
    """Why another state could not be, by state."""


def tenant_latencies(plan: Plan, scenario: str, *, carried: dict[str, Hours] | None = None) -> Responses:
    """Return the response time of each group of tenants, in normal operation and after each region is lost.

    The busiest month of the plan is carried through the autoscaler of every region that serves.

    Parameters
    ----------
    plan : Plan
    scenario : str
        Name of a scenario with the sections `scaling` and `latency`, and tenants in its statements.
    carried : dict, optional
        Hours that were carried through an autoscaler before, by their inputs; new ones are added.

    Raises
    ------
    InputError
        If a section is missing, or a cluster cannot be simulated.
    """
    design = plan.scenario(scenario).design
    section = design.latency
    if section is None or design.scaling is None:
        raise InputError("a response time needs the sections latency and scaling")
    if not design.statements.tenants:
        raise InputError("a response time needs to know where tenants are; state them as statements.tenants")
    trips = _round_trips(section)
    found: list[TenantLatency] = []
    unknown: dict[str, str] = {}
    known = {} if carried is None else carried
    for state in _states(design):
        in_state: list[TenantLatency] = []
        for region, share in state.shares.items():
            pools = [pool.model_dump_json(exclude={"name"}) for pool in state.pools[region]]
            key = f"{share!r} {pools} {design.scaling.model_dump_json()}"
            if key not in known:
                known[key] = _hours(plan, design, section, state.pools[region], share)
            try:
                in_state += _of_region(design, section, trips, state, region, known[key])
            except NotInResult as error:
                unknown[state.name] = str(error)
        found += in_state if state.name not in unknown else []
    order = list(design.statements.tenants)
    found.sort(key=lambda each: (each.state != NORMAL, each.state, order.index(each.tenants)))
    return Responses(tuple(found), unknown)


def _round_trips(section: LatencySection) -> RoundTrips:
    """Return the published round trips with those of the plan, which win."""
    trips = dict(read_round_trips(data_directory() / "availability" / "round_trip.csv"))
    for one in section.round_trips:
        for pair in (one.between, one.between[::-1]):
            origin, target = (f"azure:{name}" for name in pair)
            trips[origin, target] = RoundTrip(one.median_ms, one.p95_ms, one.source, "", "stated")
    return trips


def _states(design: Design) -> Iterator[_State]:
    shares = {name: region.traffic_share for name, region in design.regions.items() if region.traffic_share}
    servers = database_servers(design.components)
    writers = tuple(str(s.region) for s in servers if s.replica_of is None)
    pools = {
        name: [kernel_pool(pool, design.scaling) for pool in _pools_of_one_cluster(design, name)]
        for name in shares
    }
    yield _State(NORMAL, shares, pools, writers)
    if len(design.regions) < 2:
        return
    by_lost: dict[str, list[Direction]] = {}
    for way in directions(design):
        by_lost.setdefault(way.lost, []).append(way)
    for lost, ways in by_lost.items():
        promoted = {
            str(s.region) for s in servers for writer in servers
            if writer.region == lost and writer.replica_of is None and s.replica_of == writer.name
        }  # fmt: skip
        if lost in writers and not promoted:  # a cold design: the database comes back where the requests go
            promoted = {way.surviving for way in ways}
        yield _State(
            f"{lost} lost",
            {way.surviving: way.after for way in ways},
            {
                way.surviving: [standby_kernel_pool(p, design.scaling) for p in standby_pools(design, way)]
                for way in ways
            },
            tuple(dict.fromkeys([*(w for w in writers if w != lost), *promoted])),
        )


def _pools_of_one_cluster(design: Design, region: str) -> list[NodePool]:
    pools = application_pools(design.components, region)
    if not pools:
        raise InputError(f"region {region!r} serves requests and has no node pool of mode user")
    if len({pool.cluster for pool in pools}) > 1:
        raise InputError(
            f"region {region!r} has pools in several clusters; response times are of one cluster"
        )
    return pools


def _hours(plan: Plan, design: Design, section: LatencySection, pools: list[Pool], share: float) -> Hours:
    """Carry the busiest month of one region through its autoscaler."""
    from agog_capacity.load.curve import LoadCurve, Noise
    from agog_capacity.scaling.simulate import simulate_scaling

    scaling = design.scaling
    if scaling is None:
        raise InputError("a response time needs the section scaling")
    real = Months(plan.months.first, plan.months.count)
    demand = demand_of(scaling, real) * share
    ends = np.cumsum(real.hours * 3600 / STEP_S).astype(int)
    parts = np.split(demand, ends[:-1])
    busiest = int(np.argmax([part.mean() for part in parts]))
    if demand.max() <= 0:
        raise InputError("a response time needs a load; the one of this design is 0 everywhere")
    factors = scaling.load.requests_per_workload
    noise = scaling.load.noise
    load = LoadCurve(
        start_of(Months(real.labels[busiest], 1)),
        STEP_S,
        tuple(("region", name) for name in factors),
        np.array([parts[busiest] * factor for factor in factors.values()]),
        Noise(noise.deviation, noise.autocorrelation, noise.seed) if noise is not None else None,
    )
    workloads = kernel_workloads(plan, scaling, [pool.name for pool in pools])
    trace = simulate_scaling(
        load,
        workloads,
        pools,
        autoscaler=kernel_autoscaler(scaling),
        detail="hours",
        seed=scaling.seed,
        share_cores=True,  # pods that want more than their nodes have leave requests unserved
    )
    frame = trace.to_frame("hours")
    mine = frame[(frame["kind"] == "workload") & (frame["name"] == section.workload)]
    table = mine.pivot_table(index="time", columns="quantity", values="value")
    requests = table["requests"].to_numpy()
    # Of a pod without a limit nobody can say what it leaves unserved; its workers alone bound it then.
    unserved = (
        table["unserved requests"].to_numpy() if "unserved requests" in table else np.zeros_like(requests)
    )
    lost = np.divide(unserved, requests, out=np.zeros_like(requests), where=requests > 0)
    return Hours(requests / 3600, table["ready pods"].to_numpy(), lost)


def _of_region(
    design: Design,
    section: LatencySection,
    trips: RoundTrips,
    state: _State,
    region: str,
    hours: Hours,
) -> Iterator[TenantLatency]:
    """Yield the response times of the tenants that a region answers."""

    def apart_ms(origin: str, target: str) -> float:
        if origin == target:
            return section.same_region_round_trip_ms
        found = round_trip(trips, origin, target)
        return found.p95_ms or found.median_ms * section.network_p95_factor

    write_ms, read_ms = 0.0, 0.0
    if region not in state.writers and state.writers:
        nearest_ms = min(apart_ms(region, writer) for writer in state.writers)
        write_ms = section.round_trips_per_write * nearest_ms
        if not _reads_here(design, region):
            read_ms = section.round_trips_per_read * nearest_ms
    held_ms = section.write_share * write_ms + (1 - section.write_share) * read_ms
    for name, group in design.statements.tenants.items():
        near = group.nearest_region or group.home_region
        if _answers(group.home_region, near, state, apart_ms) != region:
            continue
        network_ms = section.access_p95_ms + apart_ms(near, region)
        paths = [
            Path(section.write_share, network_ms, write_ms),
            Path(1 - section.write_share, network_ms, read_ms),
        ]
        found = response_time(
            hours.rates,
            hours.pods,
            workers_per_pod=section.workers_per_pod,
            service_ms=section.service_ms,
            paths=paths,
            held_ms=held_ms,
            lost=hours.lost,
        )
        quantile = found.quantile(_SHARE)
        yield TenantLatency(
            name,
            group.home_region,
            state.name,
            region,
            None if quantile is None else 1000 * quantile,
            network_ms,
            write_ms,
            found.overloaded,
            float(np.average(hours.pods, weights=hours.rates)),
        )


def _reads_here(design: Design, region: str) -> bool:
    return any(
        server.region == region and server.serves_reads for server in database_servers(design.components)
    )


def _answers(home: str, near: str, state: _State, apart_ms: Callable[[str, str], float]) -> str:
    """Return the region that answers a group: its home where that serves, else the nearest to its users."""
    if home in state.shares:
        return home
    if len(state.shares) == 1:
        return next(iter(state.shares))
    known = {}
    for region in state.shares:
        try:
            known[region] = apart_ms(near, region)
        except NotInResult:
            continue
    if not known:
        raise NotInResult(
            f"no round trip from {near!r} to any of {', '.join(state.shares)} is published; add a row to the table"
        )
    return min(known, key=lambda region: known[region])
