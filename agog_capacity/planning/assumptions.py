"""Which assumptions a result rests on, and which of them a single charge rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agog_capacity.components.base import Usage
from agog_capacity.design import Design

_NO_COST = ("failover", "latency", "downtime")
"""Sections that change no cost."""


@dataclass(frozen=True)
class Assumption:
    """Something a plan takes to be so without being told."""

    name: str
    """Name of the input or component."""
    value: str
    """The value with its unit, or the kind of the component."""
    source: str
    """Why it is assumed."""


def assumptions_of(design: Design) -> tuple[Assumption, ...]:
    """Return every assumption that a forecast of a design may rest on, inputs first.

    How a failover goes changes no cost; see `failover_assumptions_of`.
    """
    used = {name for place, name in design.used_inputs.items() if place[0] not in _NO_COST}
    components = [_of_component(design, name) for name, c in design.components.items() if c.assumption]
    return (*_of_inputs(design, used), *components)


def failover_assumptions_of(design: Design) -> tuple[Assumption, ...]:
    """Return the assumptions that an assessment rests on: failover, response times, downtime, load, CPU and spot."""
    used = {
        name
        for place, name in design.used_inputs.items()
        if place[0] in (*_NO_COST, "scaling") or (place[0] == "components" and place[2:3] == ("spot",))
    }
    return (*_of_inputs(design, used), *cluster_assumptions_of(design))


def cluster_assumptions_of(design: Design) -> tuple[Assumption, ...]:
    """Return how the clusters of a design are taken to be run, defaults included, where they are simulated."""
    if design.scaling is None:
        return ()
    return tuple(Assumption(*each) for each in design.scaling.cluster.assumed())


def assumptions_behind(design: Design, usage: Usage) -> Iterator[Assumption]:
    """Yield the assumptions that one usage rests on.

    A component that is assumed makes all its usage assumed. An assumed input counts where a field
    that the usage names refers to it: a field of the component, `traffic.…` of the design, or
    `other-component.field`.
    """
    component = design.components.get(usage.component)  # a commitment is none
    if component is not None and component.assumption:
        yield _of_component(design, usage.component)
    seen = set()
    for place, name in design.used_inputs.items():
        if name in seen or not design.inputs[name].assumption:
            continue
        if place[0] == "components":
            own = place[1] == usage.component and place[2] in usage.fields
            other = f"{place[1]}.{place[2]}" in usage.fields if len(place) > 2 else False
            hit = own or other
        else:
            hit = any(".".join(map(str, place)).startswith(field) for field in usage.fields if "." in field)
        if hit:
            seen.add(name)
            yield _of_input(design, name)


def _of_inputs(design: Design, used: set[str]) -> tuple[Assumption, ...]:
    return tuple(
        _of_input(design, name) for name, i in design.inputs.items() if i.assumption and name in used
    )


def _of_input(design: Design, name: str) -> Assumption:
    found = design.inputs[name]
    value = found.value if isinstance(found.value, str) else f"{found.value:,} {found.unit}"
    return Assumption(name, value, found.source)


def _of_component(design: Design, name: str) -> Assumption:
    component = design.components[name]
    return Assumption(name, type(component).title or component.kind, component.source or "no source is given")
