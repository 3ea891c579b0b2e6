"""Anything a price book has a meter for and the library no kind: a machine of another provider, a database, a queue.

The plan names the meter as the book writes it and says how much of it is used. What runs all the time is told
by the hour (five machines), what is counted by the day or month (500 GB); what is sold by the month, such
as a disk or stored GiB, is there as long as the component is.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from agog_capacity.components.base import Component, Usage, UsageContext
from agog_capacity.errors import InputError
from agog_capacity.model import In, Label, UnitText
from agog_capacity.periods import FloatArray
from agog_capacity.prices.meter import Meter
from agog_capacity.units import parse_unit

_Quantity = Annotated[
    float, Field(strict=True, gt=0, le=1e12), In("units of the meter, per hour, day or month")
]


class Metered(Component):
    """Metered usage: a quantity of any one meter of a price book, for what no other kind counts."""

    kind: Literal["metered"] = "metered"
    meter: Label
    """Meter as the price book writes it: `service/product family/SKU/meter`; `agog-capacity prices find` lists them."""
    quantity: _Quantity
    """How many units are used in each hour, day or month: 5 with `unit: 1 Hour` and `per: hour` are five that run."""
    unit: UnitText
    """Unit as the price book writes it, such as `1 Hour`, `1 GB`, `10K`, `1 GiB/Month`."""
    per: Literal["hour", "day", "month"]
    """What the quantity is counted by; `month` where the unit itself is by the month."""
    purchase_option: Literal["on-demand", "spot"] = "on-demand"
    """How it is bought; what is bought ahead stands under `commitments`."""
    price_region: Label | None = None
    """Zone or `Global` under which the book lists the meter, where that is not the region."""

    title: ClassVar[str] = "Metered usage"

    @field_validator("meter")
    @classmethod
    def _meter_is_whole(cls, meter: str) -> str:
        try:
            return Meter.parse(meter).text
        except InputError as error:
            raise ValueError(str(error)) from None

    @model_validator(mode="after")
    def _counted_by_what_it_is_sold_by(self) -> Self:
        base = parse_unit(self.unit).base
        period = base.rpartition("/")[2]
        if (period in ("Month", "Year") and self.per != "month") or (period == "Day" and self.per == "hour"):
            fitting = "day" if period == "Day" else "month"
            raise ValueError(f"per {self.per} does not fit unit {self.unit!r}; write per: {fitting}")
        return self

    @classmethod
    def example(cls) -> Self:
        """Return three AWS machines that always run."""
        return cls(
            name="machines",
            region="us-east-1",
            meter="Amazon EC2/Linux/m5.xlarge/Compute",
            quantity=3.0,
            unit="1 Hour",
            per="hour",
        )

    @property
    def runs(self) -> bool:
        """Whether the quantity is how many run at any time, and not how much is used up in a while."""
        return self.per == "hour" and parse_unit(self.unit).base == "Hour"

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """The quantity of the one meter."""
        unit = parse_unit(self.unit)
        pack = "" if unit.pack == 1 else f" x {unit.pack:,.10g}"
        counted = f"{self.quantity:,.10g}{pack}"
        of = "" if unit.base == "Count" else f" {unit.base}"
        what = f"{counted} running" if self.runs else f"{counted}{of} a {self.per}"
        return (
            self.line(
                Meter.parse(self.meter),
                self.quantity * unit.pack * self._times(context),
                unit.base,
                f"{what} x {self.per}s" + ("" if self.per == "month" else " of the month"),
                fields=("meter", "quantity", "unit", "per", "purchase_option"),
                price_region=self.price_region,
                purchase_option=self.purchase_option,
            ),
        )

    def _times(self, context: UsageContext) -> FloatArray:
        if self.per == "hour":
            return context.hours(self)
        return np.asarray(
            context.days(self) if self.per == "day" else context.share_active(self), dtype=float
        )

    def warnings(self, context: UsageContext) -> tuple[str, ...]:
        """Hours that are told by the day or month are taken as even, which matters to what is bought ahead."""
        if parse_unit(self.unit).base != "Hour" or self.runs:
            return ()
        return (
            (
                f"{self.name}: its hours are told by the {self.per} and taken as even over it; a commitment may cover "
                "less of them than it shows. Give how many run, per hour, where that is known"
            ),
        )
