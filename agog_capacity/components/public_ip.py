"""Standard static public IPv4 addresses, one by one or as prefixes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from agog_capacity.components.base import Component, Usage, UsageContext
from agog_capacity.model import Flag, In, PositiveCount
from agog_capacity.prices.meter import Meter
from agog_capacity.statements import Fact

_ADDRESS_BITS = 32

PrefixLength = Annotated[int, Field(strict=True, ge=21, le=31), In("bits")]


class PublicIp(Component):
    """Standard static public IPv4 addresses, billed by address and hour whether used or not."""

    kind: Literal["public_ip"] = "public_ip"
    count: PositiveCount = 1
    """Number of addresses, or of prefixes where a prefix length is given."""
    prefix_length: PrefixLength | None = None
    """Leading bits of each prefix, such as 28 for 16 addresses."""
    prefix_bills_each_address: Flag = True
    """Whether a prefix costs as much as all its addresses, or as one.
    The field's reading; to be checked against an invoice."""

    title: ClassVar[str] = "Public IP"
    rule_kind: ClassVar[str] = "public_ip"

    @classmethod
    def example(cls) -> Self:
        """Return one address."""
        return cls(name="public-ip", region="eastus2")

    @property
    def billed_addresses(self) -> int:
        """Addresses that are paid for."""
        if self.prefix_length is None or not self.prefix_bills_each_address:
            return self.count
        return self.count * int(2 ** (_ADDRESS_BITS - self.prefix_length))

    def usage(self, context: UsageContext) -> tuple[Usage, ...]:
        """Address-hours."""
        return (
            self.line(
                Meter("Virtual Network", "IP Addresses", "Standard", "Standard IPv4 Static Public IP"),
                self.billed_addresses * context.hours(self),
                "Hour",
                f"{self.billed_addresses} address{'es' * (self.billed_addresses > 1)} x hours of the month",
                fields=("count", "prefix_length", "prefix_bills_each_address"),
            ),
        )

    def facts(self, context: UsageContext) -> dict[str, Fact]:
        """The tier; the Basic one is no longer sold."""
        return {"tier": "Standard"}
