"""The part of a design that says what is committed to: what is bought, at which scope, by which rules.

Entries have names, so that a scenario can change or remove one. What a book does not price is a problem, never
a discount assumed; a price of one's own stands in the entry, with where it is from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, ValidationError, model_validator

from agog_capacity.commitments.log_tiers import LOCK_DAYS
from agog_capacity.commitments.terms import CoverRules, Scope, add_years
from agog_capacity.errors import InputError, nearest
from agog_capacity.model import Flag, In, Label, Model, Money, Name, PositiveCount, Text
from agog_capacity.prices.meter import Meter
from agog_capacity.validation import Finding, findings_of

Term = Literal["1y", "3y"]
VIRTUAL_MACHINES = "Virtual Machines"

MOST_ENTRIES = 300
"""Commitments a design may have: far above any real one, and quick to check in every scenario."""

_Rate = Annotated[float, Field(strict=True, gt=0, le=1e9), In("currency per unit")]


class Entry(Model):
    """One commitment: bought before the plan, or planned."""

    kind: str
    starts: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
    """First day, in UTC."""
    existing: Flag = False
    """Already bought: it may be of what is no longer sold, and is netted before anything new is planned."""
    source: Text | None = None
    """Where it, or a price of its own, comes from."""


class _Termed(Entry):
    term: Term
    payment: Literal["upfront", "monthly"] = "upfront"
    """Once, or in equal instalments; the total is the same."""
    scope: Scope = Scope()
    auto_renew: Flag = False
    """Whether it is bought again at its end, at the price of then; on by default for new Azure purchases."""

    @property
    def years(self) -> int:
        """Length of the term. [years]"""
        return int(self.term[0])

    @property
    def ends(self) -> date:
        """Day after the last of the term."""
        return add_years(self.starts, self.years)


class ReservationEntry(_Termed):
    """A quantity of a machine size, or of what a component uses by the hour, that is free once paid for."""

    kind: Literal["reservation"] = "reservation"
    vm_size: Label | None = None
    """Machine size, such as `Standard_D8s_v5`; or name a component or a meter."""
    component: Name | None = None
    """Component whose hourly meter is reserved: vCores of PostgreSQL, nodes of a cache; for all that use it there."""
    meter: Label | None = None
    """Meter as `service/product family/SKU/meter`, for what is neither."""
    region: Name | None = None
    """Region of the design; left out with a component, which has its own."""
    quantity: PositiveCount
    """Machines, vCores, nodes or units of storage."""
    flexible: Flag = True
    """Covers its whole size group by ratio; otherwise the exact size only."""
    total_per_unit: Annotated[Money, Field(ge=0.01)] | None = None
    """Own price of one unit for the whole term, where no book has it or it was bought at another."""

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        named = [n for n in ("vm_size", "component", "meter") if getattr(self, n) is not None]
        if len(named) != 1:
            raise ValueError(
                f"a reservation is for one of vm_size, component and meter; {' and '.join(named) or 'none'} is given"
            )
        if self.component is None and self.region is None:
            raise ValueError("region is missing; a reservation is for one region of the design")
        if self.component is not None and self.region is not None:
            raise ValueError("region must be left out; the component has its own")
        if self.total_per_unit is not None and self.source is None:
            raise ValueError("source is missing; say where total_per_unit is from")
        if self.meter is not None:
            try:
                Meter.parse(self.meter)
            except InputError as error:
                raise ValueError(str(error)) from None
        return self


class SavingsPlanEntry(_Termed):
    """A fixed amount each hour over machines of all sizes and regions."""

    kind: Literal["savings_plan"] = "savings_plan"
    usd_per_hour: Annotated[float, Field(strict=True, gt=0, le=1e9), In("USD per hour, at plan prices")]


class LogTierEntry(Entry):
    """A daily quantity of log ingestion, paid whether it comes or not."""

    kind: Literal["log_tier"] = "log_tier"
    component: Name
    """Workspace, a component of kind log_analytics."""
    gb_per_day: PositiveCount
    ends: date | None = None
    """Day after the last; at least 31 days after the first, unless a larger tier follows on that day."""

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.ends is not None and self.ends <= self.starts:
            raise ValueError(f"ends {self.ends} is not after starts {self.starts}")
        return self


KINDS: Mapping[str, type[Entry]] = {
    "reservation": ReservationEntry,
    "savings_plan": SavingsPlanEntry,
    "log_tier": LogTierEntry,
}
AnyEntry = ReservationEntry | SavingsPlanEntry | LogTierEntry


class Placement(Model):
    """Where a component is in the owner's accounts, for scopes narrower than shared."""

    subscription: Label | None = None
    resource_group: Label | None = None
    management_group: Label | None = None


class _OwnPrice(Model):
    """What prices of the owner's own sheet have in common."""

    meter: Label
    """`service/product family/SKU/meter`."""
    regions: Annotated[tuple[Name, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _meter_is_one(self) -> Self:
        try:
            Meter.parse(self.meter)
        except InputError as error:
            raise ValueError(str(error)) from None
        return self


class NegotiatedPrice(_OwnPrice):
    """A pay-as-you-go price from the owner's price sheet; list price × (1 - x) is none."""

    price: _Rate
    """Of one base unit, such as an hour."""
    source: Text


class CommittedPrice(_OwnPrice):
    """A reservation or savings plan price from a quote or price sheet, where no book has it or another holds."""

    option: Literal["reservation", "savings-plan"]
    term: Term
    price_per_hour: _Rate
    """Of one unit; a total for the term is divided by 8,760 or 26,280. [currency per hour]"""
    source: Text


class Outlook(Model):
    """What the futures of `agog-capacity commit` are drawn from, and how they are judged."""

    yearly_growth_deviation: Annotated[float, Field(strict=True, ge=0, le=2), In("share of 1 per year")] = 0.1
    """Standard deviation of the load's yearly growth between futures; no document gives one."""
    residual: Literal["nothing", "refund", "in use"] = "nothing"
    """What a term is worth beyond the plan's months."""
    early_termination_fee: Annotated[float, Field(strict=True, ge=0, le=1), In("share of 1")] = 0.0
    """Kept of a refund: 0 today, 0.12 is announced as possible without a date."""
    refund_limit: Money = 50_000.0
    """Most that comes back in 12 months."""
    monthly_discount_rate: Annotated[float, Field(strict=True, ge=0, le=1), In("share of 1 per month")] = 0.0
    """Payments are discounted only where a rate is given."""


class CommitmentSection(Model):
    """Commitments of a design."""

    bought: Annotated[dict[Name, AnyEntry], Field(max_length=MOST_ENTRIES)] = Field(default_factory=dict)
    """Existing and planned commitments by name."""
    places: dict[Name, Placement] = Field(default_factory=dict)
    """Accounts of components, needed for narrow scopes only."""
    negotiated: dict[Name, NegotiatedPrice] = Field(default_factory=dict)
    """Own pay-as-you-go prices by name."""
    prices: dict[Name, CommittedPrice] = Field(default_factory=dict)
    """Own committed prices by name; they go before those of the books."""
    rules: CoverRules = CoverRules()
    """Where the provider's documents are silent."""
    outlook: Outlook = Outlook()

    KINDS: ClassVar[Mapping[str, type[Entry]]] = KINDS

    def of_kind(self, kind: type[Any]) -> dict[str, Any]:
        """Return the entries of a kind by name."""
        return {name: entry for name, entry in self.bought.items() if isinstance(entry, kind)}


def build_section(raw: Any, findings: list[Finding]) -> CommitmentSection | None:
    """Validate the section of a design.

    Parameters
    ----------
    raw : mapping
        As it stands in a plan.
    findings : list
        Receives every problem with its place.

    Returns
    -------
    CommitmentSection or None
        None if it has problems.
    """
    place = ("commitments",)
    if not isinstance(raw, dict):
        findings.append((place, "commitments is a mapping, with what is bought by name under bought"))
        return None
    before = len(findings)
    bought = raw.get("bought") or {}
    entries: dict[str, Entry] = {}
    if not isinstance(bought, dict):
        findings.append(((*place, "bought"), "bought is a mapping of names"))
        bought = {}
    if len(bought) > MOST_ENTRIES:
        findings.append(
            ((*place, "bought"), f"bought has {len(bought):,} entries; a design may have {MOST_ENTRIES}")
        )
        return None
    for name, value in bought.items():
        here = (*place, "bought", name)
        kind = value.get("kind") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in KINDS:
            what = f"kind {str(kind)[:60]!r} is not known" if kind is not None else "kind is missing"
            findings.append(((*here, "kind"), f"{what}; {nearest(kind or name, KINDS)}"))
            continue
        try:
            entries[name] = KINDS[kind].model_validate(value)
        except ValidationError as error:
            findings.extend(findings_of(error, here, KINDS[kind]))
    findings.extend(_left_too_soon(entries))
    try:
        section = CommitmentSection.model_validate({**raw, "bought": entries})
    except ValidationError as error:
        findings.extend(findings_of(error, place, CommitmentSection))
        return None
    return section if len(findings) == before else None


def _left_too_soon(entries: Mapping[str, Entry]) -> Iterator[Finding]:
    """Yield log tiers that end within the days they bind, and are not raised on that day."""
    tiers = {name: entry for name, entry in entries.items() if isinstance(entry, LogTierEntry)}
    for name, entry in tiers.items():
        if entry.ends is None or entry.ends >= entry.starts + timedelta(days=LOCK_DAYS):
            continue
        raised = any(
            other.component == entry.component
            and other.starts == entry.ends
            and other.gb_per_day > entry.gb_per_day
            for other in tiers.values()
        )
        if not raised:
            message = (
                f"ends {entry.ends} is less than {LOCK_DAYS} days after starts {entry.starts}; a tier binds that long, "
                "unless a larger one begins on that day"
            )
            yield ("commitments", "bought", name), message


def redis_tier(meter: Meter) -> str:
    """Return the tier of a Redis meter, on which commitments depend; blank for others."""
    family = "Azure Redis Cache "
    return meter.family.removeprefix(family) if meter.family.startswith(family) else ""
