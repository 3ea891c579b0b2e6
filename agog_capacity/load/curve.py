"""A load curve: requests per second over time, of each workload in each region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agog_capacity.errors import InputError, nearest

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
STEP_MULTIPLE_S = 5


class LoadError(InputError):
    """A load that cannot be used."""


@dataclass(frozen=True)
class Noise:
    """Autocorrelated noise: each 15 s the load is `1 + x` times its curve, x an AR(1) process.

    Parameters
    ----------
    deviation : float
        Standard deviation of x. [share of 1]
    autocorrelation : float
        Of x from one 15 s to the next.
    seed : int
        Chooses the random streams; each scenario and workload has its own.
    """

    deviation: float = 0.15
    autocorrelation: float = 0.98
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 0 <= self.deviation <= 2:
            raise LoadError(f"noise has deviation {self.deviation!r}; choose 0 to 2 (0.15 is 15 %)")
        if not 0 <= self.autocorrelation < 1:
            raise LoadError(f"noise has autocorrelation {self.autocorrelation!r}; choose 0 up to below 1")


@dataclass(frozen=True)
class LoadCurve:
    """Requests per second by region and workload.

    Parameters
    ----------
    start : datetime
        Begin of the first step. [UTC]
    step_s : int
        Length of a step, a multiple of 5. [s]
    names : tuple of (region, workload)
        One for each row.
    rates : ndarray, shape (len(names), steps)
        [requests per second]
    noise : Noise or None
        Drawn in the simulation, so that it needs no room.

    Raises
    ------
    LoadError
        With the place of the first rate that is negative or not a number.
    """

    start: datetime
    step_s: int
    names: tuple[tuple[str, str], ...]
    rates: FloatArray = field(repr=False)
    noise: Noise | None = None

    def __post_init__(self) -> None:
        """Check the rates."""
        if self.start.tzinfo is None or self.start.utcoffset() != timedelta(0):
            raise LoadError(
                f"the load starts at {self.start}, which is not in UTC; give datetime(…, tzinfo=UTC)"
            )
        # The kernel is compiled for whole numbers: a float would fail there, after a minute.
        step: object = self.step_s
        whole = isinstance(step, int) and not isinstance(step, bool)
        if not whole or self.step_s < STEP_MULTIPLE_S or self.step_s % STEP_MULTIPLE_S:
            raise LoadError(
                f"a step of the load has {self.step_s!r} s; it must be a whole multiple of {STEP_MULTIPLE_S} s"
            )
        if len(set(self.names)) != len(self.names) or not self.names:
            raise LoadError("the load needs one name (region, workload) for each row, and no name twice")
        try:
            rates = np.ascontiguousarray(self.rates, dtype=np.float64)
        except (TypeError, ValueError):
            raise LoadError("the rates of the load are no table of numbers with rows of one length") from None
        if rates.ndim != 2 or rates.shape[0] != len(self.names) or rates.shape[1] == 0:
            raise LoadError(f"the load has shape {rates.shape}; it must be ({len(self.names)}, steps)")
        bad = np.argwhere(~np.isfinite(rates) | (rates < 0))
        if len(bad):
            row, step = (int(number) for number in bad[0])
            at = self.start + timedelta(seconds=step * self.step_s)
            raise LoadError(
                f"the load of {'/'.join(self.names[row])} is {rates[row, step]} requests per second at {at:%Y-%m-%d %H:%M}"
                f" UTC (step {step}; {len(bad)} such values in all); a rate is a number from 0"
            )
        rates.setflags(write=False)
        object.__setattr__(self, "rates", rates)

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions in the order of their first row."""
        return tuple(dict.fromkeys(region for region, _ in self.names))

    @property
    def seconds(self) -> int:
        """Length of the curve. [s]"""
        return self.step_s * int(self.rates.shape[1])

    def in_region(self, region: str) -> LoadCurve:
        """Return the rows of one region.

        Raises
        ------
        LoadError
            If the region is not in the curve.
        """
        rows = [number for number, (name, _) in enumerate(self.names) if name == region]
        if not rows:
            raise LoadError(f"the load has no region {region!r}; {nearest(region, self.regions)}")
        names = tuple(self.names[number] for number in rows)
        return LoadCurve(self.start, self.step_s, names, self.rates[rows], self.noise)

    def scaled(self, factor: float) -> LoadCurve:
        """Return the curve times a factor."""
        return LoadCurve(self.start, self.step_s, self.names, self.rates * factor, self.noise)

    def to_frame(self) -> pd.DataFrame:
        """Return the rates, one column for each region and workload, indexed by UTC time."""
        import pandas as pd

        index = pd.date_range(self.start, periods=self.rates.shape[1], freq=f"{self.step_s}s", name="time")
        columns = pd.MultiIndex.from_tuples(self.names, names=["region", "workload"])
        return pd.DataFrame(self.rates.T, index=index, columns=columns)


def constant_load(
    rates: Mapping[str, float],
    *,
    hours: int,
    start: datetime = datetime(2027, 1, 1, tzinfo=UTC),
    region: str = "all",
) -> LoadCurve:
    """Return the same requests per second, by workload, in every hour."""
    names = tuple((region, workload) for workload in rates)
    table = np.repeat(np.array([list(rates.values())], dtype=float).T, hours, axis=1)
    return LoadCurve(start, 3600, names, table)
