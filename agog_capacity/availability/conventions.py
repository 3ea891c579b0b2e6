"""What the real convention changes: overlaps composed and months split, against every failure alone and whole."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from agog_capacity.availability.estimates import mean_of_draws, mean_of_groups
from agog_capacity.availability.measures import MEASURES, ConventionEffect
from agog_capacity.availability.numbers import together
from agog_capacity.availability.outcomes import FailureSimulation
from agog_capacity.availability.sweep_work import HOURS, MONTHS_BROKEN, PER_MEASURE, YEARS_BROKEN, YEARS_WHOLE
from agog_capacity.units import MONTHS_PER_YEAR

_QUANTITIES = {
    "hours": (HOURS, 1, "h/year"),
    "year breaks": (YEARS_BROKEN, 1, "probability"),
    "month breaks": (MONTHS_BROKEN, MONTHS_PER_YEAR, "probability"),
    "all months hold": (YEARS_WHOLE, 1, "probability"),
}


def convention_effects(
    real: FailureSimulation, closed_form: FailureSimulation
) -> dict[str, tuple[ConventionEffect, ...]]:
    """Return what each figure is in both conventions, and the difference on the same failures.

    Parameters
    ----------
    real, closed_form : FailureSimulation
        The same simulation twice, but for the convention.

    Returns
    -------
    dict
        By design: one effect a measure and quantity.

    Raises
    ------
    InputError
        If the two differ in more than the convention.
    """
    wanted = (real.convention, closed_form.convention) == ("real", "closed_form")
    found = [] if wanted else ["give the simulation in the real convention first, then in the closed form"]
    for name in ("designs", "classes", "seed", "years", "months", "deep_threshold", "target_percent"):
        if getattr(real, name) != getattr(closed_form, name):
            found.append(f"the two simulations differ in {name}; only the convention may differ")
    if len(real.sums.years) != len(closed_form.sums.years):
        found.append("the two simulations differ in what was drawn; only the convention may differ")
    together(found)
    return {name: tuple(_effects(real, closed_form, d)) for d, name in enumerate(real.names)}


def _effects(real: FailureSimulation, closed_form: FailureSimulation, d: int) -> Iterator[ConventionEffect]:
    years = real.sums.years
    for number, measure in enumerate(MEASURES):
        for quantity, (column, per, unit) in _QUANTITIES.items():
            at = number * PER_MEASURE + column
            ours, theirs = (s.sums.sums[:, d, at] / years / per for s in (real, closed_form))
            gap = mean_of_draws(ours - theirs) if real.rates_drawn else mean_of_groups(ours - theirs, years)
            yield ConventionEffect(
                measure,
                quantity,
                unit,
                real=float(ours @ years / years.sum()),
                closed_form=float(theirs @ years / years.sum()),
                difference=gap.value,
                standard_error=gap.standard_error,
            )


def convention_effect(real: FailureSimulation, closed_form: FailureSimulation) -> pd.DataFrame:
    """Return `convention_effects` as a table.

    Parameters
    ----------
    real, closed_form : FailureSimulation
        The same simulation twice, but for the convention.

    Returns
    -------
    DataFrame
        One row a design, measure and quantity: real, closed_form, difference (real - closed_form), its
        standard_error, and how many of those it is (z).

    Raises
    ------
    InputError
        If the two differ in more than the convention.
    """
    found = convention_effects(real, closed_form)
    rows = [{"design": name, **vars(one), "z": one.z} for name, effects in found.items() for one in effects]
    return pd.DataFrame(rows)
