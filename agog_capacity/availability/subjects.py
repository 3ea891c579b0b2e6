"""The objects of a design that rules speak about, with the facts that are known of them.

Components state what they are; comparisons between two objects are facts computed here or by the
component, so that a rule stays a comparison with a constant. What the plan states wins over what is
derived, which is told where the two differ, and nothing is made up: a fact that follows from nothing is
left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from agog_capacity.availability.failover_facts import failover_facts
from agog_capacity.availability.paired_regions import PAIRED_REGIONS
from agog_capacity.availability.rules import same_fact
from agog_capacity.components.base import Component
from agog_capacity.design import Design
from agog_capacity.periods import Months
from agog_capacity.statements import DESIGN, Fact, Tenants
from agog_capacity.targets import Targets

_HOLDS_DATA = (
    "postgres_flexible_server",
    "redis_cache",
    "managed_redis",
    "log_analytics",
    "blob_storage",
    "container_registry",
)
"""Kinds whose copies count as storing a tenant's data: database, cache, logs, files, images."""

_NO_FIELD = frozenset({"capacity_from"})
"""Facts that a component assumes and no field of it can say: to state them is the way to say them."""


@dataclass(frozen=True)
class Subject:
    """An object that rules speak about."""

    kind: str
    name: str
    facts: dict[str, Fact] = field(repr=False)
    overruled: dict[str, Fact] = field(default_factory=dict, repr=False)
    """What the design itself says of facts that the plan states otherwise."""


def subjects_of(design: Design, months: Months, targets: Targets) -> tuple[Subject, ...]:
    """Return every object of a design that rules may speak about.

    Parameters
    ----------
    design : Design
    months : Months
        Horizon of the plan: what has no end is needed until its last day.
    targets : Targets
        For rules that compare with the recovery point.
    """
    context = design.context(months)
    first = months.starts[0].date()
    last = Months(months.first, months.count + 1).starts[-1].date() - timedelta(days=1)
    stated = design.statements

    def common(component: Component | None = None) -> dict[str, Fact]:
        begins = component.starts if component is not None and component.starts else first
        ends = component.ends - timedelta(days=1) if component is not None and component.ends else last
        facts: dict[str, Fact] = {"created_on": begins.isoformat(), "needed_until": ends.isoformat()}
        if stated.environment is not None:
            facts["environment"] = stated.environment
        return facts

    found = []
    room = failover_facts(design)
    for name, component in design.components.items():
        if not component.rule_kind:
            continue
        derived = {**component.facts(context), **room.get(name, {})}
        own = stated.facts.get(name, {})
        facts = {**common(component), **derived, **own}
        if component.rule_kind == "postgres" and targets.recovery_point_minutes is not None:
            facts.setdefault("rpo_target_s", targets.recovery_point_minutes * 60)
        found.append(Subject(component.rule_kind, name, facts, _overruled(derived, own)))
    derived, own = _design_facts(design), stated.facts.get(DESIGN, {})
    found.append(Subject(DESIGN, DESIGN, {**common(), **derived, **own}, _overruled(derived, own)))
    for name, group in stated.tenants.items():
        found.append(Subject("tenant", name, {**common(), **_tenant_facts(design, group)}))
    for name, facts in stated.facts.items():
        if name != DESIGN and name not in design.components:
            own = {key: value for key, value in facts.items() if key != "kind"}
            found.append(Subject(str(facts["kind"]), name, {**common(), **own}))
    return tuple(found)


def _overruled(derived: Mapping[str, Fact], stated: Mapping[str, Fact]) -> dict[str, Fact]:
    """Return what is derived of facts that are stated otherwise."""
    return {
        fact: derived[fact]
        for fact, value in stated.items()
        if fact in derived and fact not in _NO_FIELD and not same_fact(derived[fact], value)
    }


def _design_facts(design: Design) -> dict[str, Fact]:
    # Two spellings of one region are one region.
    distinct = {"".join(c for c in name.casefold() if c.isalnum()) for name in design.regions}
    facts: dict[str, Fact] = {"regions_declared": len(design.regions), "regions_distinct": len(distinct)}
    leading = [name for name, region in design.regions.items() if region.role == "primary"]
    if len(leading) == 1:
        facts["region"] = leading[0]
    return facts


def _tenant_facts(design: Design, group: Tenants) -> dict[str, Fact]:
    allowed = set(group.allowed_regions)
    serving = set(design.regions) if group.failover_required else {group.home_region}
    paired = sorted(_paired_copies(design, group))
    pair = PAIRED_REGIONS.get(group.home_region)
    copies = _copy_regions(design, group) | {
        PAIRED_REGIONS[name] for name in paired if name in PAIRED_REGIONS
    }
    facts: dict[str, Fact] = {
        "home_region": group.home_region,
        "failover_required": group.failover_required,
        "serving_regions_outside_allowed": len(serving - allowed),
        "copy_regions_outside_allowed": len(copies - allowed),
        "allowed_design_regions": len(allowed & set(design.regions)),
        "provider_paired_copy": group.home_region in paired,
    }
    if pair is not None:
        facts["paired_region_allowed"] = pair in allowed
    return facts


def _copy_regions(design: Design, group: Tenants) -> set[str]:
    return {region for component in _holding(design, group) for region in component.data_regions()}


def _paired_copies(design: Design, group: Tenants) -> set[str]:
    """Return the regions whose copies the provider keeps in the paired region."""
    return {
        component.region
        for component in _holding(design, group)
        if component.region is not None and component.copied_to_pair
    }


def _holding(design: Design, group: Tenants) -> Iterator[Component]:
    """Yield the components that hold a group's data.

    Where a kind stands in the home region on its own (a primary, not a copy of another region), the
    group's data are there and in its copies; else they are wherever the kind is.
    """
    for kind in _HOLDS_DATA:
        of_kind = [c for c in design.components.values() if c.kind == kind]
        origins = [c for c in of_kind if c.copy_of is None]
        at_home = [c for c in origins if c.region == group.home_region]
        names = {c.name for c in at_home or origins}
        yield from (c for c in of_kind if c.name in names or c.copy_of in names)


def kinds_by_component(components: Iterable[Component]) -> dict[str, str]:
    """Return the kind of rules that speak about each component."""
    return {component.name: component.rule_kind for component in components}
