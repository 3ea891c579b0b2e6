"""Stand-ins: what a plan uses where no book has the exact price. Always named, never silent."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from agog_capacity.errors import InputError
from agog_capacity.model import Currency, Day, Label, Model, Money, Text, UnitText
from agog_capacity.prices.book import PriceKey
from agog_capacity.prices.meter import Meter


class OwnPrice(Model):
    """A price the planner brings, with where it is from."""

    amount: Money
    """Price of one `unit`."""
    unit: UnitText
    """Such as '1 GB', '1 Hour', '10K'."""
    currency: Currency
    source: Text
    """Document, page or reasoning."""
    date: Day
    """Date of the source."""


class Substitute(Model):
    """What is used instead: another region, another meter, both, or an own price."""

    region: Label | None = None
    meter: Label | None = None
    price: OwnPrice | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.price is None) == (self.region is None and self.meter is None):
            raise ValueError(
                "name a region and/or a meter to take the price from, or a price of your own, not both"
            )
        return self

    @field_validator("meter")
    @classmethod
    def _meter_is_whole(cls, meter: str | None) -> str | None:
        return meter if meter is None else _whole(meter)


class StandIn(Model):
    """A price that stands in for one that no book has."""

    meter: Label
    """Meter whose price is missing: 'service/product family/SKU/meter'."""
    regions: Annotated[tuple[Label, ...], Field(min_length=1)]
    """Regions, zones or `Global` where it is missing."""
    use: Substitute
    because: Text
    """Why this one is the best there is."""

    @field_validator("meter")
    @classmethod
    def _meter_is_whole(cls, meter: str) -> str:
        return _whole(meter)

    def covers(self, key: PriceKey) -> bool:
        """Return whether this stands in for the on-demand price of a key."""
        return (
            key.meter.text == self.meter and key.region in self.regions and key.purchase_option == "on-demand"
        )

    def target(self, key: PriceKey) -> PriceKey:
        """Return the key whose price is taken instead."""
        meter = Meter.parse(self.use.meter) if self.use.meter else key.meter
        return key._replace(meter=meter, region=self.use.region or key.region)

    def describe(self) -> str:
        """Return what is used instead, for a table."""
        if self.use.price is not None:
            price = self.use.price
            return f"own price {price.amount:g} {price.currency} per {price.unit} ({price.date})"
        parts = [f"{self.use.meter}" if self.use.meter else "the same meter"]
        return " ".join([*parts, f"in {self.use.region}"] if self.use.region else parts)


def _whole(meter: str) -> str:
    try:
        return Meter.parse(meter).text
    except InputError as error:
        raise ValueError(str(error)) from None
