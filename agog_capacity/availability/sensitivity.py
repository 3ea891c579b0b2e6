"""Which of the numbers that were drawn drives what failures cost: ranked by effect, and named with what was not drawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agog_capacity.availability.measures import Measure
from agog_capacity.availability.worth import FailoverWorth
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray

if TYPE_CHECKING:
    import pandas as pd

    from agog_capacity.availability.failures import FailureClass
    from agog_capacity.availability.outcomes import FailureSimulation

_CLASS_WORDS = {
    "rate": "rates", "length": "lengths", "exposure": "exposure", "severity": "severity", "beta": "beta",
    "hits_both": "hits_both",
}  # fmt: skip
_FEW = 3
"""Classes that are named; of more only the number is told."""
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


_NO_SPREAD = 1e-6
"""Of the logarithm of a length that is stated as one number."""


def what_was_drawn(
    classes: Mapping[str, FailureClass],
    drawn: Collection[tuple[str, str]],
    sure_of_failovers: Collection[str],
) -> str:
    """Return in words what was drawn, and what was taken as certain.

    Parameters
    ----------
    classes : mapping
        Failure classes by name.
    drawn : collection
        Class or `failover`, and parameter.
    sure_of_failovers : collection
        Numbers of failovers that were taken as they stand.
    """
    told: list[str] = []
    certain: list[str] = []
    for parameter, word in _CLASS_WORDS.items():
        open_ones = [name for name, c in classes.items() if _is_open(c, parameter)]
        sure = [name for name in open_ones if (name, parameter) not in drawn]
        if any((name, parameter) in drawn for name in classes):
            told.append(word)
        if sure:
            named = ", ".join(sure) if len(sure) <= _FEW else f"{len(sure)} classes"
            certain.append(word if len(sure) == len(open_ones) else f"{word} of {named}")
    text = f"the {_joined(told)}"
    mine = [name for name in FailoverWorth.model_fields if ("failover", name) in drawn]
    text += f" of failures and the {_joined(mine)} of failovers" if mine else ""
    certain += [f"{_joined(list(sure_of_failovers))} of failovers"] if sure_of_failovers else []
    return f"{text} (certain: {'; '.join(certain)})" if certain else text


def _is_open(c: FailureClass, parameter: str) -> bool:
    """Tell whether a number of a class could be other than it is: 0, 1 and lengths without spread are meant so."""
    if parameter == "rate":
        return True
    if parameter == "length":
        return c.length.sigma > _NO_SPREAD
    if parameter == "hits_both":
        return c.scope == "change" and (c.hits_both is None or 0 < c.hits_both < 1)
    return bool(0 < getattr(c, parameter) < 1)


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
