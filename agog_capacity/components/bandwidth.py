"""Data transfer between regions and to the internet, derived from the design.

- *Internet egress* is what clients receive and no Front Door carries. It leaves the regions by
  their share of the traffic; the first gigabytes are free once for the billing account.
- *Inter-region transfer* is what replicas receive from a primary in another region, and the flows
  named here. It is charged at its source, by the continents of both ends.
- *Global peering* of virtual networks is charged at both ends, at each region's price.

Transfer inside a region is not charged. What a flow between continents costs outside the four
continents below is not known: such a flow is a problem, not a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from agog_capacity.components.base import Component, Usage, UsageContext
from agog_capacity.components.front_door import FrontDoor
from agog_capacity.components.postgres import PostgresFlexibleServer
from agog_capacity.components.redis_cache import RedisCache
from agog_capacity.errors import nearest
from agog_capacity.model import GbPerDay, Label, Model, Name
from agog_capacity.periods import FloatArray
from agog_capacity.prices.meter import Meter

_MGN = ("Bandwidth", "Rtn Preference: MGN", "Standard")
_INTERNET = Meter(*_MGN, "Standard Data Transfer Out")
_INSIDE_CONTINENT = Meter(*_MGN, "Standard Inter-Region Data Transfer")
_PEERING = ("Virtual Network", "Virtual Network Peering", "Inter-Region")
_SOURCES = {
    "North America": "NAM or EU",
    "Europe": "NAM or EU",
    "Asia": "ASIA or OCEANIA",
    "Oceania": "ASIA or OCEANIA",
}
"""Continents with a known meter for transfer to another continent, and how the meter names them."""


class Flow(Model):
    """Data that one region sends to another, beside what components replicate."""

    name: Label
    """What the data are, for a reader."""
    from_region: Name
    """Region that sends."""
    to_region: Name
    """Region that receives."""
    gb_per_day: GbPerDay
    """Amount a day, decimal."""

    @model_validator(mode="after")
    def _ends_differ(self) -> Self:
        if self.from_region == self.to_region:
            raise ValueError(f"the flow {self.name!r} stays inside {self.from_region!r}; name two regions")
        return self


@dataclass(frozen=True, slots=True)
class _Transfer:
    """One stream of data between two regions of the design."""

    label: str
    source: str
    target: str
    gb_per_day: float
    field: str
    parties: tuple[Component, ...] = ()
    """Components that must exist for it."""


class Bandwidth(Component):
    """Data transfer derived from the design: internet egress, replication between regions, global peering."""

    kind: Literal["bandwidth"] = "bandwidth"
    flows: tuple[Flow, ...] = ()
    """Further data between regions."""
    peering: tuple[Flow, ...] = ()
    """Data over globally peered virtual networks, one entry for each direction."""

    regional: ClassVar[bool] = False
    meters_traffic: ClassVar[bool] = True
    title: ClassVar[str] = "Bandwidth"

    @classmethod
    def example(cls) -> Self:
        """Return transfer with one flow of its own."""
        flow = Flow(name="nightly copy", from_region="eastus2", to_region="westeurope", gb_per_day=5.0)
        return cls(name="bandwidth", flows=(flow,))

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Internet egress of each region, each transfer between regions, both ends of each peering."""
        transfers = (self._transfer_line(context, transfer) for transfer in self._transfers(context))
        return (*self._egress(context), *transfers, *self._peering_lines(context))

    def _active(self, context: UsageContext, *others: Component) -> FloatArray:
        """Share of each month in which this and all the others exist, shape (months,)."""
        everything = (self, *others)
        starts = [c.starts for c in everything if c.starts is not None]
        ends = [c.ends for c in everything if c.ends is not None]
        return context.months.share_active(max(starts, default=None), min(ends, default=None))

    def _egress(self, context: UsageContext) -> Iterator[Usage]:
        traffic = context.traffic
        if traffic is None:
            return
        share = self._active(context)
        for door in context.components.values():
            if isinstance(door, FrontDoor) and door.azure_origin_to_edge_free:
                share = share - door.traffic_share * self._active(context, door)
        share = share.clip(0)
        if not share.any():
            return
        for name, region in context.regions.items():
            if region.traffic_share == 0:
                continue
            yield self.line(
                _INTERNET,
                traffic.to_clients_gb_per_month * region.traffic_share * share * context.traffic_multiples,
                "GB",
                f"{traffic.to_clients_gb_per_month:,.12g} GB to clients a month x {region.traffic_share:g} of the traffic, "
                "without what goes through Front Door",
                fields=("traffic.to_clients_gb_per_month", f"regions.{name}.traffic_share"),
                region=name,
                pool="billing account",
            )

    def _transfers(self, context: UsageContext) -> Iterator[_Transfer]:
        """Yield the streams between different regions that have a volume.

        A replica without one is a problem of the replica, which reports it.
        """
        for copy in context.components.values():
            if isinstance(copy, PostgresFlexibleServer):
                primary_name, volume, field = (
                    copy.replica_of,
                    copy.replication_gb_per_day,
                    "replication_gb_per_day",
                )
            elif isinstance(copy, RedisCache):
                primary_name, volume, field = (
                    copy.geo_replication_with,
                    copy.geo_replication_gb_per_day,
                    "geo_replication_gb_per_day",
                )
            else:
                continue
            primary = context.components.get(primary_name) if primary_name else None
            if primary is None or primary.region is None or copy.region is None or volume is None:
                continue
            if primary.region != copy.region:
                label = f"{primary.name} to {copy.name}"
                yield _Transfer(
                    label, primary.region, copy.region, volume, f"{copy.name}.{field}", (primary, copy)
                )
        for flow in self.flows:
            yield _Transfer(flow.name, flow.from_region, flow.to_region, flow.gb_per_day, "flows")

    def _transfer_line(self, context: UsageContext, transfer: _Transfer) -> Usage:
        here, there = context.regions[transfer.source].continent, context.regions[transfer.target].continent
        meter = _INSIDE_CONTINENT
        if here != there:
            names = f"Inter Continent Data Transfer Out - {_SOURCES[here]} To Any"
            meter = Meter("Bandwidth", "Bandwidth Inter-Region", "Inter-Region", names)
        return self.line(
            meter,
            transfer.gb_per_day * context.months.days * self._active(context, *transfer.parties),
            "GB",
            f"{transfer.label}, {transfer.source} to {transfer.target}: {transfer.gb_per_day:g} GB x days of the month",
            fields=(transfer.field,),
            region=transfer.source,
        )

    def _peering_lines(self, context: UsageContext) -> Iterator[Usage]:
        days = context.days(self)
        for flow in self.peering:
            for end, region in (("Egress", flow.from_region), ("Ingress", flow.to_region)):
                yield self.line(
                    Meter(*_PEERING, f"Inter-Region {end}"),
                    flow.gb_per_day * days,
                    "GB",
                    f"{flow.name}, {flow.from_region} to {flow.to_region}, {end.lower()}: "
                    f"{flow.gb_per_day:g} GB x days of the month",
                    fields=("peering",),
                    region=region,
                )

    def problems(self, context: UsageContext) -> tuple[tuple[str, str], ...]:
        """Regions exist, transfer has a known meter, and there is traffic to derive egress from."""
        found = [
            (
                field,
                f"{region!r} of {flow.name!r} is not a region of the design; {nearest(region, context.regions)}",
            )
            for field, flows in (("flows", self.flows), ("peering", self.peering))
            for flow in flows
            for region in (flow.from_region, flow.to_region)
            if region not in context.regions
        ]
        if not found:
            found += self._continents_without_a_meter(context)
        others = [other.name for other in context.of_kind("bandwidth") if other.name != self.name]
        if others:
            found.append(
                (
                    "kind",
                    f"{others[0]!r} derives the same transfer; a design has one component of kind bandwidth",
                )
            )
        if context.traffic is None and not context.of_kind("front_door"):
            found.append(
                (
                    "kind",
                    "internet egress follows from the traffic, and the design has none; add the section traffic",
                )
            )
        return tuple(found)

    def _continents_without_a_meter(self, context: UsageContext) -> Iterator[tuple[str, str]]:
        for transfer in self._transfers(context):
            if transfer.source not in context.regions or transfer.target not in context.regions:
                continue  # the region of a component is checked with the component
            here, there = (
                context.regions[transfer.source].continent,
                context.regions[transfer.target].continent,
            )
            if here != there and here not in _SOURCES:
                message = (
                    f"{transfer.label!r} leaves {here} for {there}, for which no meter is known; "
                    f"known are transfers from {', '.join(_SOURCES)}"
                )
                yield "flows", message
