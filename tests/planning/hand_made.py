"""Forecasts made by hand: charges with the amounts a test wants, no price books and no quantities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from agog_capacity.availability.contract import Contract
from agog_capacity.charges import Charge
from agog_capacity.components.aks_cluster import AksCluster
from agog_capacity.components.base import GLOBAL, Component, Usage
from agog_capacity.design import Design
from agog_capacity.periods import Months
from agog_capacity.plan import Scenario
from agog_capacity.planning.forecast import Forecast
from agog_capacity.prices.book import Price, PriceKey, Schedule
from agog_capacity.prices.meter import Meter
from agog_capacity.prices.resolve import ResolvedPrice
from agog_capacity.prices.stand_in import OwnPrice, StandIn, Substitute
from agog_capacity.topology import Region
from agog_capacity.units import Unit

US, EU = "eastus2", "westeurope"
REGIONS = {
    US: Region(title="US East", continent="North America", role="primary", traffic_share=1.0),
    EU: Region(title="EU West", continent="Europe", role="secondary", traffic_share=0.0),
}


class Item(NamedTuple):
    """A charge to be made."""

    component: str
    meter: str
    amount: float
    """Cost of an average month. [USD]"""
    region: str = GLOBAL
    sku: str = "Standard"
    service: str = "Service"
    assumed: bool = False
    stand_in: bool = False


def forecast_of(items: Sequence[Item], months: int = 2, currency: str = "USD") -> Forecast:
    """A forecast whose average month has these charges; its months differ, the average does not."""
    components: dict[str, Component] = {}
    for item in items:
        components[item.component] = AksCluster(
            name=item.component, region=US, tier="Free", assumption=item.assumed, source="made by hand"
        )
    design = Design(REGIONS, None, components, (), {})
    scenario = Scenario("by-hand", "By hand", "", design)
    charges = tuple(_charge(item, months, currency) for item in items)
    return Forecast(scenario, Months("2027-01", months), currency, charges, Contract(None, False, (), ()))


def _charge(item: Item, months: int, currency: str) -> Charge:
    meter = Meter(item.service, "Family", item.sku, item.meter)
    swing = np.linspace(0.5, 1.5, months) if months > 1 else np.ones(1)
    usage = Usage(item.component, "made_by_hand", item.region, item.region, meter, swing, "Month", "by hand")
    key = PriceKey(meter, item.region)
    price = Price(
        key=key,
        tier_start=0.0,
        unit=Unit(1.0, "Month"),
        unit_price=item.amount,
        currency=currency,
        lump=False,
        covers=(),
        effective_date="2027-01-01",
        source="made by hand",
        source_date="",
        confidence="",
        derived="",
        note="",
        line=1,
    )
    own = OwnPrice(
        amount=item.amount, unit="1 Month", currency=currency, source="hand", date=date(2027, 1, 1)
    )
    use = Substitute(price=own)
    stand_in = StandIn(meter=meter.text, regions=(item.region,), use=use, because="made by hand")
    resolved = ResolvedPrice(
        key, Schedule((price,)), "hand", "2027-01-01", stand_in if item.stand_in else None
    )
    quantity = swing[None, :]
    return Charge(usage, resolved, quantity, quantity * item.amount, np.array([item.amount]))


BRIEF = (
    Item("system-nodes-us", "Compute", 437, US, "Standard_D4s_v3", "Virtual Machines"),
    Item("system-nodes-us", "P10 LRS Disk", 59.13, US, "P10 LRS", "Storage"),
    Item("system-nodes-eu", "Compute", 437, EU, "Standard_D4s_v3", "Virtual Machines"),
    Item("system-nodes-eu", "P10 LRS Disk", 65.04, EU, "P10 LRS", "Storage"),
    Item("app-nodes-us", "Compute", 1825, US, "Standard_D8s_v3", "Virtual Machines"),
    Item("app-nodes-eu", "Compute", 1825, EU, "Standard_D8s_v3", "Virtual Machines"),
    Item("postgres-us", "vCore", 730, US, "Dsv3", "Azure Database for PostgreSQL"),
    Item("postgres-us", "Storage Data Stored", 0, US, "Storage", "Azure Database for PostgreSQL"),
    Item("postgres-us", "Backup Storage LRS Data Stored", 50, US, "LRS", "Azure Database for PostgreSQL"),
    Item("postgres-eu", "vCore", 365, EU, "Dsv3", "Azure Database for PostgreSQL"),
    Item("postgres-eu", "Storage Data Stored", 0, EU, "Storage", "Azure Database for PostgreSQL"),
    Item("redis-us", "C3 Cache Instance", 213, US, "C3", "Redis Cache"),
    Item("redis-eu", "C3 Cache Instance", 213, EU, "C3", "Redis Cache"),
    Item("front-door", "Premium Base Fees", 428, sku="Premium", service="Azure Front Door Service"),
    Item("front-door", "Premium Data Transfer Out", 350, sku="Premium", service="Azure Front Door Service"),
    Item("front-door", "Premium Requests", 225, sku="Premium", service="Azure Front Door Service"),
    Item("logs", "Analytics Logs Data Ingestion", 250, US, "Analytics Logs", "Log Analytics"),
    Item("logs-cool", "Cool LRS Data Stored", 6, US, "Cool LRS", "Storage"),
    Item("logs-archive", "Archive LRS Data Stored", 2, US, "Archive LRS", "Storage"),
    Item("public-ip-us", "Standard IPv4 Static Public IP", 3.65, US, service="Virtual Network", assumed=True),
    Item("aks-us", "Standard Uptime SLA", 73, US, service="Azure Kubernetes Service", stand_in=True),
)
"""The brief's 8.1 at its planning prices, with some of what it leaves out at invented ones."""
