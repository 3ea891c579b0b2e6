"""The contract of a component kind: it says what is metered and how much, never what that costs.

Tiers, free grants and commitments span components, so only the charges engine sees prices. A kind
is one file beside this one: a subclass of `Component` with a `kind`, fields with units and
defaults, `example()` and `usage()`. Nothing else has to be edited for it to exist.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Protocol, Self

import numpy as np
from pydantic import model_validator

from agog_capacity.frozen import read_only
from agog_capacity.model import Day, Flag, Label, Model, Name, Text
from agog_capacity.periods import FloatArray, Months
from agog_capacity.prices.meter import Meter
from agog_capacity.statements import Fact
from agog_capacity.topology import Region, Traffic
from agog_capacity.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Pool = Literal["billing account", "region", "resource"]
"""Whose usage is added up before tiers and free grants apply."""

PurchaseOption = Literal["on-demand", "spot", "reservation", "savings-plan"]

GLOBAL = "global"
"""Region of a charge that belongs to no region, in reports."""


class RefersTo(NamedTuple):
    """Mark of a field that names another component of the design."""

    kind: str


class ServiceLevel(NamedTuple):
    """Row of the table of published SLAs that a component falls under."""

    service: str
    tier: str
    configuration: str


Averaged = tuple[FloatArray, FloatArray]
"""Node-hours and hours of each month, both of shape (months,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Usage:
    """Quantity of one meter that one component uses, month by month."""

    component: str
    kind: str
    region: str
    """Region of the design it is reported under; `global` for services without one."""
    price_region: str
    """Region, zone or `Global` under which the price book lists the meter."""
    meter: Meter
    quantity: FloatArray
    """Amount of each month, shape (months,). [unit]"""
    unit: str
    """Base unit of the quantity: `Hour`, `GB`, `GiB/Month`, `Count`, `Month`, `Day`, …"""
    rule: str
    """How the quantity comes about, for a reader: `5 nodes x hours of the month`; see `rule_over`."""
    fields: tuple[str, ...] = ()
    """What the quantity depends on: fields of the component, `traffic.requests_per_month` of the
    design, or `other-component.field`. Tells `explain` which assumptions stand behind it."""
    purchase_option: PurchaseOption = "on-demand"
    term: str = ""
    pool: Pool = "region"
    free_grant: bool = True
    """False where a free grant of the meter does not apply, such as log ingestion under Sentinel."""
    averaged: Averaged | None = None
    """What `{average}` in the rule is the quotient of; None where nothing is averaged."""
    daily: FloatArray | None = None
    """Amount of each calendar day, shape (calendar days,), which adds up to the quantity; None where it is the same on
    each day of a month on which the component exists. [unit a day]"""

    def rule_over(self, window: slice) -> str:
        """Return the rule as it reads for some months: an average is that of their hours."""
        if self.averaged is None:
            return self.rule
        amount, hours = (float(part[window].sum()) for part in self.averaged)
        return self.rule.replace("{average}", f"{amount / hours:.3g}" if hours else "0")

    def __post_init__(self) -> None:
        """Keep a copy of the quantity that cannot be changed."""
        object.__setattr__(self, "quantity", read_only(np.array(self.quantity, dtype=float)))
        if self.averaged is not None:
            copies = tuple(read_only(np.array(part, dtype=float)) for part in self.averaged)
            object.__setattr__(self, "averaged", copies)
        if self.daily is not None:
            object.__setattr__(self, "daily", read_only(np.array(self.daily, dtype=float)))


class NodeTrace(Protocol):
    """What a simulated cluster tells about its node pools; `scaling.trace.ScalingTrace` is one."""

    def node_hours(self, pool: str, months: Months) -> FloatArray:
        """Return the billed node-hours of a pool in each month, shape (months,). [h]"""


@dataclass(frozen=True)
class UsageContext:
    """What a component may know of the design around it."""

    months: Months
    regions: Mapping[str, Region]
    traffic: Traffic | None
    components: Mapping[str, Component]
    traces: Mapping[str, NodeTrace] = field(default_factory=dict)
    """Simulated clusters by the name of their component."""
    load_multiples: FloatArray | None = None
    """Load of each month in multiples of its mean before growth, shape (months,); None where no load is given."""
    day_multiples: FloatArray | None = None
    """The same of each calendar day, shape (calendar days,); None where the days of a month are alike."""

    @property
    def traffic_multiples(self) -> FloatArray:
        """What to multiply amounts of the traffic with, shape (months,): 1 where they do not follow a load."""
        if self.traffic is None or not self.traffic.follows_load or self.load_multiples is None:
            return np.ones(self.months.count)
        return self.load_multiples

    def share_active(self, component: Component) -> FloatArray:
        """Share of each month in which the component exists, shape (months,)."""
        return self.months.share_active(component.starts, component.ends)

    def hours(self, component: Component) -> FloatArray:
        """Hours of each month in which the component exists, shape (months,). [h]"""
        return self.months.hours * self.share_active(component)

    def days(self, component: Component) -> FloatArray:
        """Days of each month in which the component exists, shape (months,). [days]"""
        return (
            self.hours(component) / HOURS_PER_DAY
            if self.months.length == "calendar"
            else (self.months.days * self.share_active(component))
        )

    def load_of_days(self, component: Component) -> FloatArray | None:
        """Return the load of each calendar day on which a component exists, shape (calendar days,), 0 on the others.

        In the multiples of `load_multiples`: over the days of a month on which the component exists the mean is the
        month's own, so that amounts by the day add up to those by the month. None where no load is given.
        """
        if self.load_multiples is None:
            return None
        months = self.months
        active = months.days_active(component.starts, component.ends)
        load = active if self.day_multiples is None else active * self.day_multiples
        idle = months.sum_of_days(load) == 0
        load = np.where(idle[months.month_of_day], active, load)
        total = months.sum_of_days(load)
        wanted = self.load_multiples * self.days(component)
        scale = np.divide(wanted, total, out=np.zeros(months.count), where=total > 0)
        return np.asarray(load * scale[months.month_of_day], dtype=float)

    def of_kind(self, kind: str) -> tuple[Component, ...]:
        """Return the components of a kind, in the order of the design."""
        return tuple(component for component in self.components.values() if component.kind == kind)


class Component(Model):
    """Something we run or buy; it knows what it uses, never what that costs."""

    kind: str
    name: Name
    """Name in the design; the key under `components`."""
    region: Name | None = None
    """Region of the design it stands in; left out for global services."""
    starts: Day | None = None
    """First day it exists, in UTC; from the beginning of the plan if left out."""
    ends: Day | None = None
    """Day after its last, in UTC; to the end of the plan if left out."""
    assumption: Flag = False
    """True where the component is not given but assumed; it is then shown with every result."""
    source: Text | None = None
    """Where the component comes from: a document and section, or why it is assumed."""
    cost_centre: Label | None = None
    """Who pays, for reports that are split by it."""

    regional: ClassVar[bool] = True
    """Whether a component of this kind stands in a region."""
    title: ClassVar[str] = ""
    """Name of the kind for people."""
    rule_kind: ClassVar[str] = ""
    """Kind of object under which rules of feasibility speak about it; empty where none do."""
    meters_traffic: ClassVar[bool] = False
    """Whether a component of this kind meters what the design sends to its clients."""

    @model_validator(mode="after")
    def _place_and_time_are_possible(self) -> Self:
        if self.regional and self.region is None:
            raise ValueError("region is missing; name a region of the design")
        if not self.regional and self.region is not None:
            raise ValueError(f"region must be left out; a {self.kind} is global")
        if self.starts and self.ends and self.ends <= self.starts:
            raise ValueError(f"ends {self.ends} is not after starts {self.starts}")
        return self

    @classmethod
    @abstractmethod
    def example(cls) -> Self:
        """Return a small valid component, for the documentation and the contract tests."""

    @abstractmethod
    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Return what the component uses, one entry a meter.

        Parameters
        ----------
        context : UsageContext
            Months, regions, traffic and the other components of the design.
        """

    def service_level(self) -> ServiceLevel | None:
        """Return the published SLA the component falls under, or None if it has none."""
        return None

    def warnings(self, context: UsageContext) -> tuple[str, ...]:
        """Return what a reader of a forecast must know about how this component was counted."""
        return ()

    def facts(self, context: UsageContext) -> dict[str, Fact]:
        """Return what rules of feasibility may know of it; what is not known is left out.

        Names are those of `agog_capacity.statements.KNOWN_FACTS` for its `rule_kind`.
        """
        return {}

    @property
    def copy_of(self) -> str | None:
        """Component in whose data this one is a copy, or None if it is an original."""
        return None

    @property
    def copied_to_pair(self) -> bool:
        """Whether the provider keeps a copy of its data in the paired region."""
        return False

    def data_regions(self) -> tuple[str, ...]:
        """Return the regions of the design in which it holds data."""
        return () if self.region is None else (self.region,)

    def problems(self, context: UsageContext) -> tuple[tuple[str, str], ...]:
        """Return what does not fit the design around it, as (field, message)."""
        return ()

    def line(
        self,
        meter: Meter,
        quantity: ArrayLike,
        unit: str,
        rule: str,
        *,
        fields: tuple[str, ...] = (),
        region: str | None = None,
        price_region: str | None = None,
        purchase_option: PurchaseOption = "on-demand",
        term: str = "",
        pool: Pool = "region",
        free_grant: bool = True,
        averaged: Averaged | None = None,
        daily: FloatArray | None = None,
    ) -> Usage:
        """Return one entry of usage of this component.

        Parameters
        ----------
        meter : Meter
            What is metered.
        quantity : array-like, shape (months,)
            Amount of each month. [unit]
        unit : str
            Base unit of the quantity.
        rule : str
            How the quantity comes about, for a reader.
        fields : tuple of str
            Fields of the component it depends on.
        region : str, optional
            Region it is reported under, if not the component's own.
        price_region : str, optional
            Where the price book lists the meter, if not the component's region.
        purchase_option, term, pool, free_grant, averaged, daily
            As in `Usage`.
        """
        own = region or self.region or GLOBAL
        return Usage(
            component=self.name,
            kind=self.kind,
            region=own,
            price_region=price_region or own,
            meter=meter,
            quantity=np.asarray(quantity, dtype=float),
            unit=unit,
            rule=rule,
            fields=fields,
            purchase_option=purchase_option,
            term=term,
            pool=pool,
            free_grant=free_grant,
            averaged=averaged,
            daily=daily,
        )
