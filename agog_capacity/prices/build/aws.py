"""From rows of AWS list prices, one price a row, to prices of meters.

AWS has no short table of names like Azure's retail API, so the source describes each price in
words and the rules below say which meter the words mean. Services carry the names that FOCUS
exports use. A row that no rule knows is put aside, not guessed at.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from agog_capacity.errors import nearest
from agog_capacity.prices.build.source import (
    Aside,
    Candidate,
    RowProblem,
    SourceRow,
    age_of,
    amount,
    confidence_of,
    exact_text,
    joined,
)
from agog_capacity.prices.meter import Meter
from agog_capacity.units import GB_PER_TB

REQUIRED_COLUMNS = (
    "service",
    "sku",
    "region",
    "purchase_option",
    "term",
    "unit",
    "price_usd",
    "source",
    "source_date",
    "confidence",
    "note",
)

_Value = TypeVar("_Value")

_TB, _BILLION = GB_PER_TB, 1_000_000_000
_TIERED = (
    "tier bounds decimal (10 TB = 10,000 GB), as the guide has them; "
    "no free grant in the source, so none in this schedule"
)

_UNITS = {
    "hour": ("1 Hour", ""),
    "node-hour": ("1 Hour", "per node-hour"),
    "LCU-hour": ("1 LCU-Hour", ""),
    "NLCU-hour": ("1 NLCU-Hour", ""),
    "month": ("1 Month", ""),
    "GB": ("1 GB", ""),
    "GB-month": ("1 GiB/Month", "provider writes GB, means GiB"),
    "IOPS-month": ("1 IOPS/Month", ""),
    "MBps-month": ("1 MBps/Month", ""),
    "1M queries": ("1M", ""),
}
_PURCHASES = {
    "on-demand": ("on-demand", ""),
    "spot": ("spot", ""),
    "reserved no upfront": ("reservation", "no upfront payment"),
    "reserved (payment option not stated)": ("reservation", "payment option not stated"),
}
_TERMS = {"": "", "1 year": "1y", "3 years": "3y"}
_REGIONS = {"global": "Global"}


@dataclass(frozen=True, slots=True)
class _Rule:
    """How the words of a service's SKU name a meter."""

    service: str
    pattern: re.Pattern[str]
    meter: str
    """Text form of the meter; names in braces are groups of the pattern."""
    tier_start: int = 0
    """[single base units]"""
    note: str = ""


def _rule(service: str, pattern: str, meter: str, tier_start: int = 0, note: str = "") -> _Rule:
    return _Rule(service, re.compile(f"^(?:{pattern})$"), meter, tier_start, note)


_INTERNET = "AWS Data Transfer/Internet/-/Data Transfer Out"
_DATABASE = r"(?P<size>db\.\w+\.\w+) (?P<engine>PostgreSQL|MySQL)"
_QUERIES = r"(?P<kind>standard|latency|geo) queries"
_ENDPOINT = r"(?P<end>AWS|non-AWS) endpoint"

_RULES = (
    _rule("EC2 Linux", r"(?P<size>[a-z0-9-]+\.[a-z0-9]+)", "Amazon EC2/Linux/{size}/Compute"),
    _rule("EKS", "control plane", "Amazon EKS/Control Plane/Standard Support/Cluster"),
    _rule("EKS", "control plane, extended support", "Amazon EKS/Control Plane/Extended Support/Cluster"),
    _rule(
        "ELB", "Application Load Balancer", "Elastic Load Balancing/Application Load Balancer/-/Load Balancer"
    ),
    _rule("ELB", "ALB LCU", "Elastic Load Balancing/Application Load Balancer/-/LCU"),
    _rule("ELB", "Network Load Balancer", "Elastic Load Balancing/Network Load Balancer/-/Load Balancer"),
    _rule("ELB", "NLB NLCU", "Elastic Load Balancing/Network Load Balancer/-/NLCU"),
    _rule(
        "Route 53", f"health check, {_ENDPOINT}", "Amazon Route 53/Health Check/{end} endpoint/Health Check"
    ),
    _rule(
        "Route 53",
        f"optional feature, {_ENDPOINT}",
        "Amazon Route 53/Health Check/{end} endpoint/Optional Feature",
    ),
    _rule(
        "Route 53",
        r"hosted zone \(first 25\)",
        "Amazon Route 53/Hosted Zone/-/Hosted Zone",
        note="the price from the 26th zone on is not in the sources; this one goes on",
    ),
    _rule("Route 53", f"{_QUERIES}, first 1B", "Amazon Route 53/DNS Queries/{kind}/Queries"),
    _rule("Route 53", f"{_QUERIES}, over 1B", "Amazon Route 53/DNS Queries/{kind}/Queries", _BILLION),
    _rule("Data transfer", "internet out, first 10 TB", _INTERNET, 0, _TIERED),
    _rule("Data transfer", "internet out, next 40 TB", _INTERNET, 10 * _TB),
    _rule("Data transfer", "internet out, next 100 TB", _INTERNET, 50 * _TB),
    _rule("Data transfer", "internet out, over 150 TB", _INTERNET, 150 * _TB),
    _rule(
        "Data transfer",
        r"intra-region \(between zones\), each direction",
        "AWS Data Transfer/Intra-Region/-/Data Transfer Between Zones",
        note="charged in each direction",
    ),
    _rule("Data transfer", "inter-region out", "AWS Data Transfer/Inter-Region/-/Data Transfer Out"),
    _rule(
        "Data transfer",
        r"us-east-1 to (?P<to>us-east-2)",
        "AWS Data Transfer/Inter-Region/to {to}/Data Transfer Out",
    ),
    _rule("EBS", r"(?P<kind>gp[23]) storage", "Amazon EBS/General Purpose SSD/{kind}/Storage"),
    _rule("EBS", r"(?P<kind>gp3) IOPS over 3000", "Amazon EBS/General Purpose SSD/{kind}/IOPS over 3000"),
    _rule(
        "EBS",
        r"(?P<kind>gp3) throughput over 125 MB/s",
        "Amazon EBS/General Purpose SSD/{kind}/Throughput over 125 MBps",
    ),
    _rule("RDS", f"{_DATABASE} single-AZ", "Amazon RDS/{engine}/{size}/Single-AZ Instance"),
    _rule("RDS", f"{_DATABASE} multi-AZ", "Amazon RDS/{engine}/{size}/Multi-AZ Instance"),
    _rule(
        "RDS",
        r"(?P<size>db\.\w+\.\w+)(?: \(engine not stated\))?",
        "Amazon RDS/Engine not stated/{size}/Instance",
    ),
    _rule("RDS", r"(?P<kind>gp[23]) storage single-AZ", "Amazon RDS/Storage/{kind}/Single-AZ Storage"),
    _rule("RDS", r"(?P<kind>gp[23]) storage multi-AZ", "Amazon RDS/Storage/{kind}/Multi-AZ Storage"),
    _rule("RDS", "backup storage beyond the free amount", "Amazon RDS/Storage/-/Backup Storage"),
    _rule("ElastiCache", r"(?P<size>cache\.\w+\.\w+)", "Amazon ElastiCache/Node/{size}/Node"),
    _rule("ElastiCache", "backup storage", "Amazon ElastiCache/Storage/-/Backup Storage"),
)


def normalise(row: SourceRow) -> Candidate | Aside:
    """Read one row of the AWS table.

    Parameters
    ----------
    row : SourceRow
        With the columns of `REQUIRED_COLUMNS`.

    Returns
    -------
    Candidate or Aside
        A price per unit of one meter; or the reason why the row is none.

    Raises
    ------
    RowProblem
        If the row cannot be understood.
    """
    price = amount(row["price_usd"], "price_usd")
    confidence, age = confidence_of(row), age_of("", row["source_date"])
    unit, unit_note = _known(row["unit"], _UNITS, "unit")
    option, payment = _known(row["purchase_option"], _PURCHASES, "purchase_option")
    term = _known(row["term"], _TERMS, "term")
    if (option == "reservation") != bool(term):
        raise RowProblem(
            f"purchase option is {option!r} and term {row['term']!r}; reservations have a term, others none"
        )
    named = _rule_of(row)
    if named is None:
        return Aside(row, "no rule says which meter these words mean; add one to prices/build/aws.py")
    if not row["region"]:
        return Aside(row, "the region is not known, so it cannot be said where the price holds")
    rule, meter = named
    return Candidate(
        row=row,
        meter=meter,
        region=_REGIONS.get(row["region"], row["region"]),
        purchase_option=option,
        term=term,
        tier_start=Fraction(rule.tier_start),
        unit=unit,
        unit_price=price,
        price_text=exact_text(price),
        effective_date=age,
        confidence=confidence,
        derived="",
        converted=False,
        note=joined(row["note"], unit_note, payment, rule.note),
    )


def note_open_schedules(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Note where a schedule ends below the last tier that another region has.

    The last price then goes on for ever; that is the best one can say, and is said.
    """
    bounds: dict[Meter, set[Fraction]] = defaultdict(set)
    highest: dict[tuple[object, ...], Fraction] = {}
    found = list(candidates)
    for one in found:
        bounds[one.meter].add(one.tier_start)
        key = (*one.key, one.row["source"])
        highest[key] = max(highest.get(key, one.tier_start), one.tier_start)
    return [_with_open_end(one, highest[(*one.key, one.row["source"])], bounds[one.meter]) for one in found]


def _with_open_end(one: Candidate, highest: Fraction, bounds: set[Fraction]) -> Candidate:
    beyond = sorted(bound for bound in bounds if bound > highest)
    if one.tier_start != highest or not beyond:
        return one
    missing = f"the price from {int(beyond[0]):,} on is not in the sources for {one.region}; this one goes on"
    return replace(one, note=joined(one.note, missing))


def _rule_of(row: SourceRow) -> tuple[_Rule, Meter] | None:
    for rule in _RULES:
        matched = rule.pattern.match(row["sku"]) if rule.service == row["service"] else None
        if matched:
            return rule, Meter.parse(rule.meter.format(**matched.groupdict()))
    return None


def _known(text: str, known: Mapping[str, _Value], column: str) -> _Value:
    if text not in known:
        raise RowProblem(f"{column} is {text[:40]!r}; {nearest(text, known)}")
    return known[text]
