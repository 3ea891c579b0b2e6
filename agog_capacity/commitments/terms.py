"""What a commitment is: its scope, what it covers, for how long and for how much.

Two decisions that the vendors' documents leave open are fields of `CoverRules`, with the guide's reading
as the default: in which order lines of one hour fill a reservation ("first come, first served" [1]_), and
whether a narrow scope or a long term goes first among savings plans.

References
----------
.. [1] MicrosoftDocs/azure-docs, cost-management-billing/manage/understand-vm-reservation-charges, 2024-03.
.. [2] MicrosoftDocs/azure-docs, cost-management-billing/reservations/benefit-application-order, 2026-07-17.
.. [3] AWS EC2 user guide, "How Reserved Instances are applied" (smallest size first).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from agog_capacity.errors import CommitmentError, Problem
from agog_capacity.model import In, Label, Model

ScopeLevel = Literal["resource_group", "subscription", "management_group", "shared"]
PurchaseOption = Literal["on-demand", "spot"]
PlanKey = Literal["scope", "term"]

_LEVELS: tuple[ScopeLevel, ...] = ("resource_group", "subscription", "management_group", "shared")

Price = Annotated[float, Field(ge=0, le=1e12), In("USD per instance-hour")]
PositivePrice = Annotated[float, Field(gt=0, le=1e12), In("USD per instance-hour")]
Amount = Annotated[float, Field(ge=0, le=1e12), In("units")]
Ratio = Annotated[float, Field(gt=0, le=1e9), In("ratio units")]
TermYears = Annotated[int, Field(ge=1, le=10), In("years")]


class Scope(Model):
    """Which usage a commitment may cover."""

    level: ScopeLevel = "shared"
    """`shared` is everything under one enrolment or billing profile."""
    id: Label | None = None
    """Resource group, subscription or management group; nothing for `shared`."""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.level != "shared" and self.id is None:
            raise ValueError(f"a scope of level {self.level!r} needs the id of its {self.level}")
        return self

    @property
    def width(self) -> int:
        """Rank from narrow (0) to wide (3): narrow scopes are applied first."""
        return _LEVELS.index(self.level)

    def covers(self, line: UsageLine) -> bool:
        """Tell whether a line of usage lies in this scope."""
        return self.level == "shared" or getattr(line, self.level) == self.id


class Size(Model):
    """Prices of one size, and its place in an instance-size-flexibility group."""

    group: Label
    """Sizes of one group and region cover each other by their ratios, no other group."""
    ratio: Ratio
    """Raw ratio of the group; only quotients matter."""
    on_demand: PositivePrice
    """Own pay-as-you-go price, negotiated where there is such a price."""
    plan: Mapping[TermYears, Price] = Field(default_factory=dict)
    """Savings plan price by term; without one the size is not eligible for such a plan."""
    spot: Price | None = None
    aws: bool = False
    """Whether AWS sells it: what is not flexible is applied first, and the smallest size fills a reservation first [3]_."""


class UsageLine(Model):
    """One line of usage; its hourly quantities come beside it as an array."""

    id: Label
    size: Label
    region: Label | None = None
    subscription: Label | None = None
    resource_group: Label | None = None
    management_group: Label | None = None
    purchase_option: PurchaseOption = "on-demand"


class Reservation(Model):
    """A quantity of one size in one region that is free each hour once it is paid for."""

    id: Label
    size: Label
    quantity: Amount
    region: Label | None
    hourly_cost: Price
    """Share of one hour and unit: total / hours of the term."""
    flexible: bool = True
    """Covers its whole group by ratio; otherwise the exact size only (capacity priority)."""
    scope: Scope = Scope()


class SavingsPlan(Model):
    """A fixed amount each hour that pays for eligible usage at plan prices, in all regions and sizes."""

    id: Label
    term_years: TermYears
    hourly_commitment: Annotated[float, Field(ge=0, le=1e12), In("USD per hour, at plan prices")]
    scope: Scope = Scope()


class CoverRules(Model):
    """Where the documents are silent; the defaults are the guide's."""

    plan_precedence: tuple[PlanKey, ...] = ("scope", "term")
    """Which key sorts savings plans first: narrow scope, or long term."""
    line_order: Literal["listed", "smallest_first"] | None = None
    """Order in which lines fill a reservation; if left out as listed, and on AWS the smallest size first [3]_."""

    @property
    def plan_keys(self) -> tuple[PlanKey, ...]:
        """Both keys, the one that was not named last."""
        both: tuple[PlanKey, ...] = ("scope", "term")
        return tuple(dict.fromkeys((*self.plan_precedence, *both)))


class Purchase(Model):
    """A commitment with its dates, as one buys it."""

    id: Label
    meter: Label
    """What it is bought for; two purchases of one scope and meter that overlap are checked."""
    quantity: Amount
    total: Annotated[float, Field(ge=0, le=1e15), In("USD for the whole term and quantity")]
    start: date
    term_years: TermYears
    payment: Literal["upfront", "monthly"] = "upfront"
    auto_renew: bool = False
    """On by default for new Azure purchases since 2026: say it, and a renewal is planned at the price of then."""
    existing: bool = False
    """Already bought: netted before anything new is planned."""
    replaces: tuple[Label, ...] = ()
    """Purchases this one takes over from by exchange or trade-in."""

    @property
    def end(self) -> date:
        """Day after the last of the term; 29 February ends on 28 February."""
        return add_years(self.start, self.term_years)


def add_years(day: date, years: int) -> date:
    """Return the same day some years later; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def check_purchases(purchases: tuple[Purchase, ...]) -> None:
    """Refuse purchases that would be paid twice.

    Two purchases with one id, and a renewal or exchange that begins before its predecessor ends,
    are mistakes; a ladder of different ids on one meter is not.

    Raises
    ------
    CommitmentError
        With every problem.
    """
    problems = []
    seen: dict[str, Purchase] = {}
    for purchase in purchases:
        other = seen.get(purchase.id)
        if other is not None and purchase.start < other.end and other.start < purchase.end:
            problems.append(
                Problem(
                    f"commitment {purchase.id!r} runs {purchase.start} to {purchase.end} and again {other.start} to "
                    f"{other.end}: the terms overlap; give each purchase its own id, or begin the second on {other.end}"
                )
            )
        seen[purchase.id] = purchase
    for purchase in purchases:
        for name in purchase.replaces:
            if name not in seen:
                problems.append(
                    Problem(
                        f"commitment {purchase.id!r} replaces {name!r}, which is not listed; there are: {sorted(seen)}"
                    )
                )
            elif seen[name].start > purchase.start:
                problems.append(
                    Problem(
                        f"commitment {purchase.id!r} begins before {name!r}, which it replaces; correct a date"
                    )
                )
    if problems:
        raise CommitmentError(problems)


def hourly_share(total: float, term_hours: float) -> float:
    """Return what one hour of a term costs. [currency per hour]

    A reservation row of the Retail Prices API carries the total of the term under the unit `1 Hour`; this
    is the division that turns it into a price per hour.

    Parameters
    ----------
    total : float
        Price of the whole term. [currency]
    term_hours : float
        8,760 for one year, 26,280 for three, as the provider counts them. [h]
    """
    if term_hours <= 0 or total < 0:
        raise CommitmentError(
            f"a term of {term_hours} h for {total} cannot be shared out; both must be positive"
        )
    return total / term_hours
