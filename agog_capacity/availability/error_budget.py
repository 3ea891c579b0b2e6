"""Error budgets and the alerts on how fast they burn.

References
----------
.. [1] B. Beyer et al., "The Site Reliability Workbook", O'Reilly 2018, ch. 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from agog_capacity.availability.numbers import Number, complement, exact, positive, probability
from agog_capacity.errors import InputError

MINUTES_PER_DAY = 1440


@dataclass(frozen=True)
class BurnAlert:
    """An alert that fires when the budget burns this many times too fast, over two windows."""

    burn: float
    long_h: float
    """[h]"""
    short_min: float
    """[min]"""

    def __post_init__(self) -> None:
        positive("burn", self.burn)
        positive("long window", self.long_h)
        positive("short window", self.short_min)


STANDARD_ALERTS = (BurnAlert(14.4, 1.0, 5.0), BurnAlert(6.0, 6.0, 30.0), BurnAlert(1.0, 72.0, 360.0))
"""The three alerts of the workbook: two that page, one that opens a ticket [1]_."""


@dataclass(frozen=True)
class ErrorBudget:
    """What a service level objective leaves to lose in a window."""

    objective: Number
    """Share of requests or time that must be good."""
    window_days: float
    """[days]"""

    def __post_init__(self) -> None:
        if complement(self.objective) == 0:
            raise InputError("an objective of 1 leaves no error budget to burn")
        positive("window", self.window_days)

    @property
    def share(self) -> float:
        """Share that may be bad."""
        return complement(self.objective)

    @property
    def minutes(self) -> float:
        """Budget in minutes of full outage. [min]"""
        return float((1 - exact(self.objective)) * exact(self.window_days) * MINUTES_PER_DAY)

    def burn_rate(self, error_rate: float) -> float:
        """Return how many times too fast the budget burns at a share of errors."""
        return float(exact(probability("error rate", error_rate)) / (1 - exact(self.objective)))

    def hours_to_exhaust(self, error_rate: float) -> float:
        """Return how long a full budget lasts at a share of errors. [h]"""
        return float(exact(self.window_days) * 24) / self.burn_rate(positive("error rate", error_rate))

    def spent_at(self, alert: BurnAlert) -> float:
        """Return the share of the budget that is spent when an alert fires at its own burn rate."""
        return float(exact(alert.burn) * exact(alert.long_h) / (exact(self.window_days) * 24))

    def minutes_to_fire(self, alert: BurnAlert, error_rate: float) -> float | None:
        """Return how long an alert takes from a clean history, or None if it never fires. [min]

        It fires when the average over the long window reaches its burn rate; the short window is
        over the threshold by then.
        """
        share = exact(positive("burn", alert.burn)) * (1 - exact(self.objective))
        filled = share / exact(positive("error rate", probability("error rate", error_rate)))
        return float(filled * exact(alert.long_h) * 60) if filled <= 1 else None
