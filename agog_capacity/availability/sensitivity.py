"""Which of the numbers that were drawn drives what failures cost: ranked by effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.availability.measures import Measure
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray

if TYPE_CHECKING:
    import pandas as pd

    from agog_capacity.availability.outcomes import FailureSimulation

_Z95_SQUARED = 3.8414588206941236


@dataclass(frozen=True)
class Driver:
    """A number that was drawn, and how the hours a year move with it."""

    subject: str
    """Failure class, or `failover`."""
    parameter: str
    low: float
    """Lower end of where 95 % of its draws lie; a rate in 1/year, a length or times as a factor on the median."""
    high: float
    correlation: float
    """Of the ranks, between the number and the hours a year, over the outer draws."""
    noise: float
    """Squared correlation that 95 % of numbers without any effect stay below."""

    @property
    def share(self) -> float:
        """Squared correlation of the ranks: the share of the spread that goes with this number."""
        return self.correlation**2

    @property
    def is_told(self) -> bool:
        """Whether its effect stands out of the noise of so many draws."""
        return self.share > self.noise


def drivers(simulation: FailureSimulation, design: str, measure: Measure = "demand") -> tuple[Driver, ...]:
    """Return what was drawn for a design, the number that moves its hours a year most first.

    Parameters
    ----------
    simulation : FailureSimulation
        With outer draws.
    design : str
    measure : {"demand", "deep"}

    Raises
    ------
    NotInResult
        If there is no such design or measure.
    InputError
        If nothing was drawn.
    """
    hours = _ranks(simulation.hours_by_group(design, measure))
    if not simulation.rates_drawn:
        raise InputError(
            "all numbers stand at their means, so none moves the hours; simulate with outer_draws"
        )
    noise = _Z95_SQUARED / (len(hours) - 1)
    found = []
    for (subject, parameter), values in simulation.drawn[design].items():
        ranks = _ranks(values)
        spread = float(np.sqrt((ranks @ ranks) * (hours @ hours)))
        low, high = np.quantile(values, [0.025, 0.975]).tolist()
        correlation = float(ranks @ hours) / spread if spread > 0 else 0.0
        found.append(Driver(subject, parameter, low, high, correlation, noise))
    return tuple(sorted(found, key=lambda one: (-one.share, one.subject, one.parameter)))


def sensitivity(simulation: FailureSimulation, design: str, measure: Measure = "demand") -> pd.DataFrame:
    """Return `drivers` as a table, ranked by effect.

    Parameters
    ----------
    simulation, design, measure
        See `drivers`.

    Returns
    -------
    DataFrame
        Columns `subject`, `parameter`, `low`, `high`, `correlation`, `share` (its square) and `told`, which says
        whether the share stands out of the noise.
    """
    import pandas as pd

    rows = [
        (one.subject, one.parameter, one.low, one.high, one.correlation, one.share, one.is_told)
        for one in drivers(simulation, design, measure)
    ]
    columns = ["subject", "parameter", "low", "high", "correlation", "share", "told"]
    return pd.DataFrame(rows, columns=columns)


def _ranks(values: FloatArray) -> FloatArray:
    """Return the ranks of values about their mean, equal ones sharing theirs."""
    from scipy.stats import rankdata

    ranks = np.asarray(rankdata(values), dtype=float)
    return np.asarray(ranks - ranks.mean(), dtype=float)
