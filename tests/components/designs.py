"""A small design around the components under test."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from agog_capacity.components import Component, Usage, UsageContext, kinds
from agog_capacity.periods import Months
from agog_capacity.topology import Region, Traffic

JANUARY_TO_MARCH = Months("2027-01", 3)
"""31, 28 and 31 days."""
REGIONS = {
    "eastus2": Region(title="US East", continent="North America", role="primary", traffic_share=0.75),
    "westeurope": Region(title="EU West", continent="Europe", role="secondary", traffic_share=0.25),
    "westus2": Region(title="US West", continent="North America", role="secondary", traffic_share=0.0),
    "southeastasia": Region(title="Singapore", continent="Asia", role="secondary", traffic_share=0.0),
    "brazilsouth": Region(title="Brazil", continent="South America", role="secondary", traffic_share=0.0),
}
TRAFFIC = Traffic(
    requests_per_month=250e6,
    to_clients_gb_per_month=10_000.0,
    to_origin_gb_per_month=1_000.0,
    client_zones={"Zone 1": 0.75, "Zone 2": 0.25},
)


def context_of(
    *components: Component,
    months: Months = JANUARY_TO_MARCH,
    traffic: Traffic | None = TRAFFIC,
    regions: Mapping[str, Region] = REGIONS,
) -> UsageContext:
    """Return what the components may know of a design that holds only them."""
    return UsageContext(months, regions, traffic, {component.name: component for component in components})


def examples_with(component: Component) -> tuple[Component, ...]:
    """Return the example of every kind, with one component in the place of its namesake."""
    examples = {example.name: example for example in (kind.example() for kind in kinds().values())}
    return tuple({**examples, component.name: component}.values())


def by_meter(lines: tuple[Usage, ...]) -> dict[tuple[str, str], list[float]]:
    """Return the monthly quantities by text of the meter and region of the price, lines of one meter added up."""
    found: dict[tuple[str, str], list[float]] = {}
    for line in lines:
        key = (line.meter.text, line.price_region)
        found[key] = (np.array(found.get(key, 0.0)) + line.quantity).tolist()
    return found


def only(lines: tuple[Usage, ...], meter: str) -> Usage:
    """Return the one line whose meter ends with a text."""
    (line,) = [line for line in lines if line.meter.text.endswith(meter)]
    return line
