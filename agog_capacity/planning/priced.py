"""Whether everything that scenarios use has a price, told all at once and with its lines, before anything is simulated."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

from agog_capacity.charges import resolved_prices
from agog_capacity.components.base import NodeTrace, Usage
from agog_capacity.documents import Place
from agog_capacity.errors import CommitmentError, MissingPrices, Problem, UnitError
from agog_capacity.overrides import Origins, place_in_document
from agog_capacity.plan import Plan
from agog_capacity.scenario_designs import scenario_designs
from agog_capacity.validation import Collected

Traces = Mapping[str, NodeTrace]
_NAMED: tuple[Place, ...] = (("commitments", "bought"), ("components",))
"""Parts of a design whose entries have names, which may hold a full stop."""


def refuse_unpriced(
    plan: Plan, scenarios: Collection[str], traces: Mapping[str, Traces] | None = None
) -> None:
    """Refuse scenarios that use what has no price, or is sold by another unit. Nothing is simulated for it.

    Pools between bounds count at their minimum: what only a simulation could show to be used is priced after it.

    Parameters
    ----------
    plan : Plan
    scenarios : collection of str
        Names of scenarios of the plan.
    traces : mapping, optional
        For a scenario its simulated clusters, where they were given.

    Raises
    ------
    MissingPrices
        With every meter that has neither a price nor a stand-in: each once, with the scenarios that use it.
    UnitError
        With every quantity that cannot be converted to the unit of its price.
    """
    missing: dict[str, tuple[Problem, ...]] = {}
    unfit: dict[str, tuple[Problem, ...]] = {}
    for name in scenarios:
        given = (traces or {}).get(name)
        try:
            try:
                resolved_prices(_used(plan, name, given), plan.prices)
            except MissingPrices:
                # Only now: what follows a load of nothing needs no price, and loads take a while to draw.
                resolved_prices(_used(plan, name, given, loaded=True), plan.prices)
        except MissingPrices as error:
            missing[name] = error.problems
        except UnitError as error:
            unfit[name] = error.problems
    if missing:
        raise MissingPrices(problems_in_plan(plan, missing, scenarios))
    if unfit:
        raise UnitError(problems_in_plan(plan, unfit, scenarios))


def _used(plan: Plan, scenario: str, traces: Traces | None, *, loaded: bool = False) -> list[Usage]:
    """Return what a scenario is sure to use in some month, without a simulation."""
    design, multiples = plan.scenario(scenario).design, None
    if loaded and design.follows_load and design.scaling is not None:
        from agog_capacity.planning.loads import load_multiples

        multiples = load_multiples(design.scaling, plan.months)
    context = design.context(plan.months, traces, multiples)
    lines = (line for component in design.components.values() for line in component.usage(context))
    return [line for line in lines if line.quantity.any()]


@contextmanager
def told_in_plan(plan: Plan, scenario: str) -> Iterator[None]:
    """Give what is wrong with prices, units and commitments of a scenario its file and line in the plan.

    Parameters
    ----------
    plan : Plan
    scenario : str
        Whose design the problems are in.

    Raises
    ------
    MissingPrices, UnitError, CommitmentError
        As raised inside, with their places.
    """
    try:
        yield
    except (MissingPrices, UnitError, CommitmentError) as error:
        raise type(error)(problems_in_plan(plan, {scenario: error.problems}, plan.scenarios)) from None


def problems_in_plan(
    plan: Plan, found: Mapping[str, Iterable[Problem]], scenarios: Collection[str]
) -> list[Problem]:
    """Return problems of designs at their places in the plan, each once, with the scenarios that have it.

    Parameters
    ----------
    plan : Plan
    found : mapping
        Problems of each scenario, with their paths inside its design.
    scenarios : collection of str
        All that were looked at: what each of them has needs no name.
    """
    document = plan.document()
    written: Mapping[str, tuple[object, Origins]] = scenario_designs(document.content, Collected())
    collected = Collected()
    elsewhere: dict[Problem, None] = {}
    placed: list[tuple[str, Place, str]] = []
    of_price: dict[str, Place] = {}
    for name, problems in found.items():
        for problem in problems:
            inside = _place(problem.path)
            if inside is None or problem.file:
                elsewhere[problem] = None
                continue
            place = _written_at(inside, written[name][1] if name in written else {})
            if inside[0] == "components":
                # The same price is missing to whoever uses it: one place is enough, in the base if it is there.
                known = of_price.setdefault(problem.message, place)
                of_price[problem.message] = place if place[0] == "base" else known
            placed.append((name, place, problem.message))
    for name, place, message in placed:
        collected.add([(of_price.get(message, place), message)], name)
    return [*collected.problems(document, scenarios), *elsewhere]


def _written_at(entry: Place, origins: Origins) -> Place:
    """Return where an entry of a design was written, or changed last."""
    inside = [place for place in origins if place[: len(entry)] == entry and len(place) > len(entry)]
    if not inside:
        return place_in_document(entry, origins, ("base",))
    latest = max(inside, key=lambda place: origins[place][0])
    return origins[latest][1][: len(entry) - len(latest)]


def _place(path: str) -> Place | None:
    """Return the place of a named entry in a design, None for what is none."""
    for part in _NAMED:
        start = ".".join(map(str, part)) + "."
        if path.startswith(start):
            return (*part, path.removeprefix(start))
    return None
