"""Estimates of a simulation: a value, its standard error and an interval, and what the interval is of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from agog_capacity.periods import FloatArray

IntervalOf = Literal["sampling", "parameters"]
"""What the interval is of. `sampling`: what more years would narrow. `parameters`: what the numbers that were drawn, such
as rates, leave open (with the sampling of the years under each draw in it)."""

_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A simulated figure."""

    value: float
    standard_error: float
    """Of the value: what more years, or more outer draws, would narrow."""
    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end of the 95 % interval."""
    interval_of: IntervalOf = "sampling"

    def scaled(self, factor: float) -> Estimate:
        """Return the figure in another unit."""
        return Estimate(
            self.value * factor,
            self.standard_error * factor,
            self.low * factor,
            self.high * factor,
            self.interval_of,
        )

    def not_below(self, least: float) -> Estimate:
        """Return the figure with its interval cut where it cannot be."""
        return Estimate(self.value, self.standard_error, max(self.low, least), self.high, self.interval_of)

    def complement(self) -> Estimate:
        """Return 1 minus a probability."""
        return Estimate(1 - self.value, self.standard_error, 1 - self.high, 1 - self.low, self.interval_of)

    def __str__(self) -> str:
        return f"{self.value:.4g} ± {self.standard_error:.2g} ({self.low:.4g} to {self.high:.4g})"


def mean_of_years(total: float, squares: float, count: float) -> Estimate:
    """Return a mean from sums over independent years, with the normal interval."""
    mean = total / count
    error = math.sqrt(max(squares / count - mean**2, 0.0) / max(count - 1, 1))
    return Estimate(mean, error, max(mean - _Z95 * error, 0.0), mean + _Z95 * error)


def share_of(hits: float, count: float) -> Estimate:
    """Return a share of independent trials with Wilson's interval, which keeps its width at 0 and 1."""
    if count <= 0:
        return Estimate(math.nan, math.nan, 0.0, 1.0)
    share = hits / count
    return Estimate(share, math.sqrt(share * (1 - share) / count), *_wilson(share, count))


def share_of_draws(hits: FloatArray, counts: FloatArray) -> Estimate:
    """Return a share of trials that come in outer draws; the interval is where 95 % of the draws with trials lie.

    Parameters
    ----------
    hits, counts : ndarray, shape (draws,)
    """
    count = float(counts.sum())
    if count <= 0:
        return Estimate(math.nan, math.nan, 0.0, 1.0, "parameters")
    share = float(hits.sum()) / count
    gaps = hits - share * counts
    error = math.sqrt(float(gaps @ gaps) * len(hits) / max(len(hits) - 1, 1)) / count
    low, high = np.quantile(hits[counts > 0] / counts[counts > 0], [0.025, 0.975])
    return Estimate(share, error, min(float(low), share), max(float(high), share), "parameters")


def share_with_error(share: float, error: float, trials: float) -> Estimate:
    """Return a share whose trials depend on each other a little; its error says how many they are worth."""
    worth = share * (1 - share) / error**2 if error > 0 else trials
    return Estimate(share, error, *_wilson(share, worth))


def _wilson(share: float, count: float) -> tuple[float, float]:
    z2 = _Z95**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z95 / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def mean_of_draws(values: FloatArray) -> Estimate:
    """Return the mean over outer draws; the interval is where 95 % of the draws lie."""
    error = float(values.std(ddof=1) / math.sqrt(len(values)))
    low, high = np.quantile(values, [0.025, 0.975])
    return Estimate(float(values.mean()), error, float(low), float(high), "parameters")


def mean_of_groups(values: FloatArray, weights: FloatArray) -> Estimate:
    """Return the mean over groups of years that differ in length, with Student's interval.

    One group alone tells nothing about its error: its interval has no ends.
    """
    share = weights / weights.sum()
    mean = float(share @ values)
    count = len(values)
    if count < 2:
        return Estimate(mean, math.nan, -math.inf, math.inf)
    error = math.sqrt(float((share**2) @ (values - mean) ** 2) * count / (count - 1))
    half = _student(count - 1) * error
    return Estimate(mean, error, mean - half, mean + half)


def _student(freedom: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))


def histogram_quantile(
    by_batch: FloatArray, edges: FloatArray, share: float, batches_vary: bool = False
) -> Estimate:
    """Return a quantile from a histogram, with the interval of the order statistics.

    Parameters
    ----------
    by_batch : ndarray, shape (batches, bins)
        Counts.
    edges : ndarray, shape (bins + 1,)
        Rise from 0; between two the logarithm is interpolated.
    share : float
        In (0, 1).
    batches_vary : bool
        Whether samples of a batch resemble each other: the interval then comes from how the batches differ.
    """
    counts = by_batch.sum(axis=0)
    total = float(counts.sum())
    if total == 0:
        return Estimate(math.nan, math.nan, 0.0, math.inf)
    value = _at(counts, edges, share)
    spread = _Z95 * math.sqrt(share * (1 - share) / total)
    if batches_vary and len(by_batch) > 1:
        below = np.array([_below(batch, edges, value) for batch in by_batch])
        gaps = (below - share * by_batch.sum(axis=1)) / total
        error = math.sqrt(float(gaps @ gaps) * len(gaps) / (len(gaps) - 1))
        spread = max(spread, _student(len(gaps) - 1) * error)
    # With few samples the rank beside the quantile may be none: then nothing bounds it from that side.
    low = _at(counts, edges, share - spread) if share - spread > 0 else 0.0
    high = _at(counts, edges, share + spread) if share + spread < 1 else math.inf
    error = (high - low) / (2 * _Z95) if high < math.inf else math.nan
    return Estimate(value, error, low, high)


def _below(counts: FloatArray, edges: FloatArray, value: float) -> float:
    """Return how many samples lie below a value."""
    bin_ = min(int(np.searchsorted(edges, value, side="right")) - 1, len(counts) - 1)
    if bin_ <= 0:
        return float(counts[0])
    part = math.log(value / edges[bin_]) / math.log(edges[bin_ + 1] / edges[bin_])
    return float(counts[:bin_].sum() + min(part, 1.0) * counts[bin_])


def _at(counts: FloatArray, edges: FloatArray, share: float) -> float:
    """Return the value below which a share of the samples lies."""
    below = np.cumsum(counts)
    rank = share * below[-1]
    bin_ = int(np.searchsorted(below, rank))
    if bin_ == 0:
        return 0.0
    part = (rank - below[bin_ - 1]) / counts[bin_]
    return float(edges[bin_] * (edges[bin_ + 1] / edges[bin_]) ** part)
