"""Variants of a plan's scenarios along the axes that decide availability.

Who promotes, how changes roll out, how large the standby is, how many zones, which size of node: each axis reads off a
design what can differ there; a choice is a change as in a plan file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil
from typing import TYPE_CHECKING, Any

from agog_capacity.arguments import names_in
from agog_capacity.components.node_pool import NodePool
from agog_capacity.design import Design
from agog_capacity.errors import InputError, nearest
from agog_capacity.roles import application_pools, database_servers

if TYPE_CHECKING:
    from agog_capacity.plan import Plan

STANDBY_SHARES = (0.4, 1.0)
"""Sizes of a standby that are tried, in shares of the nodes that serve."""
MOST_VARIANTS = 400
_LONGEST_NAME = 79
AS_PLANNED = ""
"""Name of the choice that changes nothing."""

Choices = dict[str, Mapping[str, Any]]
"""Changes by the word that a variant's name carries for it."""


@dataclass(frozen=True)
class Variant:
    """A scenario with one choice on each axis."""

    name: str
    scenario: str
    """It builds on."""
    choices: tuple[str, ...]
    """Words of what differs; none: the scenario as it is."""
    change: Mapping[str, Any]


def _automation(design: Design) -> Choices:
    section = design.failover
    if len(design.regions) < 2 or section is None:
        return {}
    replicas = [
        server.name
        for server in database_servers(design.components)
        if server.replica_of is not None and server.promotion_trigger != "automation"
    ]
    if section.operator == "automated" and not replicas:
        return {}
    change: dict[str, Any] = {"failover": {"operator": "automated"}}
    if replicas:
        change["components"] = {name: {"promotion_trigger": "automation"} for name in replicas}
    return {"automated": change}


def _rollout(design: Design) -> Choices:
    section = design.failover
    if len(design.regions) < 2 or section is None or section.rollout == "region-by-region":
        return {}
    return {"staged": {"failover": {"rollout": "region-by-region"}}}


def _pools(design: Design, *, serving: bool) -> list[NodePool]:
    return [
        pool
        for pool in application_pools(design.components)
        if pool.region is not None and (design.regions[pool.region].traffic_share > 0) == serving
    ]


def _standby(design: Design) -> Choices:
    """Return other sizes of the pools in regions without traffic."""
    pools = _pools(design, serving=False)
    served = sum(pool.billed_nodes for pool in _pools(design, serving=True))
    if not pools or not served:
        return {}
    found: Choices = {}
    now = sum(pool.billed_nodes for pool in pools)
    for share in STANDBY_SHARES:
        each = max(1, ceil(share * served / len(pools)))
        if each * len(pools) == now:
            continue
        change = {
            pool.name: (
                {"nodes": each, "min_nodes": min(each, pool.min_nodes or each)}
                if pool.nodes is not None
                else {"min_nodes": each}
            )
            for pool in pools
            if pool.max_nodes is None or each <= pool.max_nodes
        }
        if len(change) == len(pools):
            found[f"standby-{each * len(pools)}"] = {"components": change}
    return found


def _zones(design: Design) -> Choices:
    pools = application_pools(design.components)
    writers = [
        server
        for server in database_servers(design.components)
        if server.replica_of is None and server.high_availability == "zone_redundant"
    ]
    if not pools or not all(pool.zones > 1 for pool in pools):
        return {}
    change: dict[str, Any] = {pool.name: {"zones": 1} for pool in pools}
    change |= {server.name: {"high_availability": "none"} for server in writers}
    return {"one-zone": {"components": change}}


def _sizes(design: Design) -> Choices:
    """Return the next smaller size of the application nodes, the count as it is."""
    pools = application_pools(design.components)
    smaller = {pool.name: _half(pool.vm_size) for pool in pools}
    if not pools or not all(smaller.values()):
        return {}
    return {"half-size": {"components": {name: {"vm_size": size} for name, size in smaller.items()}}}


def _half(size: str) -> str | None:
    """Return a size of the same series with half the cores, such as D4s_v5 of D8s_v5; None below four cores."""
    found = re.fullmatch(r"(Standard_[A-Z]+)(\d+)([a-z]*_v\d+)", size)
    if found is None or int(found[2]) < 4 or int(found[2]) % 2:
        return None
    return f"{found[1]}{int(found[2]) // 2}{found[3]}"


AXES: Mapping[str, Callable[[Design], Choices]] = {
    "automation": _automation,
    "rollout": _rollout,
    "standby": _standby,
    "zones": _zones,
    "sizes": _sizes,
}
"""What can differ, by name."""


def variants_of(
    plan: Plan, scenarios: Sequence[str], axes: Sequence[str] | None = None
) -> tuple[Variant, ...]:
    """Return every combination of choices on the axes, for each scenario.

    Parameters
    ----------
    plan : Plan
    scenarios : sequence of str
    axes : sequence of str, optional
        Names of `AXES`; all of them if left out.

    Raises
    ------
    InputError
        If an axis is not known, or there would be more than `MOST_VARIANTS`.
    """
    chosen = list(AXES) if axes is None else list(dict.fromkeys(names_in("axis", axes)))
    unknown = [name for name in chosen if name not in AXES]
    if unknown:
        raise InputError("; ".join(f"axis {name!r} is not known; {nearest(name, AXES)}" for name in unknown))
    found: list[Variant] = []
    for scenario in scenarios:
        design = plan.scenario(scenario).design
        tables = [{AS_PLANNED: {}, **AXES[axis](design)} for axis in chosen]
        for words in product(*tables):
            changes = [table[word] for table, word in zip(tables, words, strict=True)]
            named = tuple(word for word in words if word != AS_PLANNED)
            name = ".".join([scenario, *named])
            while named and name in plan.scenarios:
                name += ".variant"  # a scenario of the plan has that name
            if len(name) > _LONGEST_NAME:
                raise InputError(f"the name {name!r} of a variant is too long; shorten that of the scenario")
            found.append(Variant(name, scenario, named, _merged(changes)))
    if len(found) > MOST_VARIANTS:
        raise InputError(
            f"{len(scenarios)} scenarios on {len(chosen)} axes are {len(found):,} designs; at most {MOST_VARIANTS} are "
            "tried: name fewer scenarios or axes"
        )
    return tuple(found)


def _merged(changes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for change in changes:
        for key, value in _flat(change):
            place = result
            for part in key[:-1]:
                place = place.setdefault(part, {})
            place[key[-1]] = value
    return result


def _flat(change: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in change.items():
        if isinstance(value, Mapping):
            yield from _flat(value, (*at, key))
        else:
            yield (*at, key), value
