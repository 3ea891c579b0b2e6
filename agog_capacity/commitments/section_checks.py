"""What of the commitments does not fit the design, is not sold, or would be bought twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations, permutations
from typing import Any

from agog_capacity.azure_sizes import SIZES_WITH_KNOWN_SPACE, parse_vm_size
from agog_capacity.commitments.aws import EC2, aws_size
from agog_capacity.commitments.catalogue import check_commitable, check_sold, size_group
from agog_capacity.commitments.section import (
    VIRTUAL_MACHINES,
    CommitmentSection,
    Entry,
    LogTierEntry,
    Placement,
    ReservationEntry,
    SavingsPlanEntry,
    redis_tier,
)
from agog_capacity.commitments.terms import Scope, add_years
from agog_capacity.errors import CommitmentError, nearest
from agog_capacity.prices.meter import Meter
from agog_capacity.validation import Finding

_WHEN_AND_WHY = {"starts", "source", "existing", "auto_renew", "payment", "total_per_unit"}
"""Fields that two purchases of the same thing may differ in."""


def section_findings(
    section: CommitmentSection, regions: Mapping[str, Any], components: Mapping[str, Any]
) -> Iterator[Finding]:
    """Yield what does not fit the design, is not sold, or would be bought twice.

    Parameters
    ----------
    section : CommitmentSection
    regions, components : mapping
        Those of the design, by name.
    """
    accounts = {
        level: {getattr(p, level) for p in section.places.values()} - {None}
        for level in Placement.model_fields
    }
    for name in section.places:
        if name not in components:
            message = f"{name!r} is not a component of the design; {nearest(name, components)}"
            yield ("commitments", "places", name), message
    own: list[tuple[str, str, tuple[str, ...]]] = [
        *(("negotiated", name, price.regions) for name, price in section.negotiated.items()),
        *(("prices", name, quoted.regions) for name, quoted in section.prices.items()),
    ]
    for part, name, named in own:
        for where in named:
            if where not in regions:
                at = ("commitments", part, name, "regions")
                yield at, f"{where!r} is not a region of the design; {nearest(where, regions)}"
    for name, entry in section.bought.items():
        here = ("commitments", "bought", name)
        if name in components:
            yield here, f"{name!r} is also a component; give the commitment a name of its own"
        scope = getattr(entry, "scope", Scope())
        if scope.level != "shared" and scope.id not in accounts[scope.level]:
            known = nearest(scope.id, accounts[scope.level])
            message = f"no component is placed in {scope.level} {scope.id!r}; {known}; say where components are under places"
            yield (*here, "scope"), message
        region = getattr(entry, "region", None)
        if region is not None and region not in regions:
            yield (*here, "region"), f"{region!r} is not a region of the design; {nearest(region, regions)}"
        target = getattr(entry, "component", None)
        if target is not None:
            tier = isinstance(entry, LogTierEntry)
            fitting = {n for n, c in components.items() if not tier or c.kind == "log_analytics"}
            if target not in fitting:
                what = "a log_analytics component" if tier else "a component"
                found = f"{target!r} is not {what} of the design; {nearest(target, fitting)}"
                yield (*here, "component"), found
            elif tier and getattr(components[target], "commitment_tier_gb_per_day", None) is not None:
                message = (
                    f"{target!r} has commitment_tier_gb_per_day of its own; keep one, nothing is bought twice"
                )
                yield (*here, "component"), message
        if isinstance(entry, ReservationEntry):
            wrong = None if entry.vm_size is None else _no_azure_size(entry.vm_size, components)
            if wrong is None:
                yield from _not_sold(entry, here)
            else:
                yield (*here, "vm_size"), wrong
    yield from _overlaps(section, components)
    yield from _priced_twice(section)


def _no_azure_size(size: str, components: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a machine size and what to write instead; None if it is one of Azure."""
    try:
        parse_vm_size(size)
    except ValueError as error:
        meter = Meter(EC2, "Linux", size, "Compute")
        if aws_size(meter) is not None:
            return f"{size!r} is a size of AWS, and vm_size is for Azure; write meter: {meter.text} instead of vm_size"
        own = (getattr(component, "vm_size", None) for component in components.values())
        known = {*SIZES_WITH_KNOWN_SPACE, *(one for one in own if isinstance(one, str))}
        return f"{error}; {nearest(size, sorted(known))}"
    return None


def _priced_twice(section: CommitmentSection) -> Iterator[Finding]:
    """Yield own prices of what another own price is of too: none of them goes before the other."""
    own: list[tuple[str, str, tuple[str, ...], tuple[str, ...]]] = [
        *(("negotiated", n, (p.meter,), p.regions) for n, p in section.negotiated.items()),
        *(("prices", n, (p.meter, p.option, p.term), p.regions) for n, p in section.prices.items()),
    ]
    first: dict[tuple[str, ...], str] = {}
    for part, name, what, regions in own:
        for region in dict.fromkeys(regions):
            one = first.setdefault((part, *what, region), name)
            if one != name:
                message = (
                    f"{one!r} and {name!r} both give a price of {', '.join(what)} in {region}; keep one, or take the "
                    "region out of the other"
                )
                yield ("commitments", part, name, "regions"), message


def _not_sold(entry: ReservationEntry, here: tuple[str, ...]) -> Iterator[Finding]:
    if entry.flexible and entry.vm_size is not None:
        try:
            size_group(entry.vm_size)
        except CommitmentError as error:
            yield (*here, "vm_size"), f"{error}: flexible: false"
    named = _meter_named(entry)
    if entry.existing or named is None:
        return
    try:
        check_on_sale(named, entry.years, entry.starts)
    except CommitmentError as error:
        yield here, str(error)


def check_on_sale(meter: Meter, years: int, day: date) -> None:
    """Refuse a reservation that is not sold on a day.

    Parameters
    ----------
    meter : Meter
        What is reserved.
    years : int
        Its term.
    day : date
        Of the purchase, or of a renewal.

    Raises
    ------
    CommitmentError
        With what is sold instead.
    """
    if meter.service == VIRTUAL_MACHINES:
        check_sold("reservation", meter.sku, years, day)
    check_commitable(meter.service, redis_tier(meter), day, years)


def _meter_named(entry: ReservationEntry) -> Meter | None:
    """Return the meter that an entry names, itself or by a machine size; None where it names a component."""
    if entry.vm_size is not None:
        return Meter(VIRTUAL_MACHINES, "Linux", entry.vm_size, "Compute")
    return None if entry.meter is None else Meter.parse(entry.meter)


def _overlaps(section: CommitmentSection, components: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield log tiers of one workspace, and equal entries, that run at once.

    Several reservations of one size are a ladder; the very same purchase under two names is a mistake, also where it is
    named otherwise or paid otherwise.
    """
    tiers = section.of_kind(LogTierEntry)
    for (one, a), (other, b) in combinations(tiers.items(), 2):
        late = date.max
        if a.component == b.component and a.starts < (b.ends or late) and b.starts < (a.ends or late):
            message = f"the terms of {one!r} and {other!r} on {a.component!r} overlap; end one before the other begins"
            yield ("commitments", "bought", other), message
    first: dict[tuple[object, ...], str] = {}
    for name, entry in section.bought.items():
        if not isinstance(entry, ReservationEntry | SavingsPlanEntry):
            continue
        one = first.setdefault((entry.starts, entry.term, *_what(entry, components)), name)
        if one != name:
            message = (
                f"the terms of {one!r} and {name!r} overlap: they are the same purchase; "
                "nothing is bought twice, give one entry the quantity of both"
            )
            yield ("commitments", "bought", name), message
    yield from _renewed_and_bought(section, components)


def _renewed_and_bought(section: CommitmentSection, components: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield planned purchases of what renews itself on the same day."""
    termed = {n: e for n, e in section.bought.items() if isinstance(e, ReservationEntry | SavingsPlanEntry)}
    what = {name: _what(entry, components) for name, entry in termed.items()}
    for (one, a), (other, b) in permutations(termed.items(), 2):
        if not a.auto_renew or b.starts <= a.starts or what[one] != what[other]:
            continue
        renewal = (b.starts.year - a.starts.year) // a.years * a.years
        if add_years(a.starts, renewal) == b.starts:
            message = (
                f"the terms of {one!r} and {other!r} overlap: {one!r} renews itself on {b.starts}, the day {other!r} begins "
                f"with the same; nothing is bought twice, set auto_renew: false for {one!r} or leave {other!r} out"
            )
            yield ("commitments", "bought", other), message


def _what(entry: Entry, components: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what is bought, whatever it is called: a machine size is its meter, a node pool its size."""
    other = entry.model_dump_json(exclude=_WHEN_AND_WHY | {"term", "vm_size", "meter", "component", "region"})
    if not isinstance(entry, ReservationEntry):
        return entry.kind, other
    meter, region = _meter_named(entry), entry.region
    if meter is None:
        reserved = components.get(str(entry.component))
        size, region = getattr(reserved, "vm_size", None), getattr(reserved, "region", None)
        if not isinstance(size, str):
            return entry.kind, other, entry.component
        meter = Meter(VIRTUAL_MACHINES, "Linux", size, "Compute")
    return entry.kind, other, meter, region
