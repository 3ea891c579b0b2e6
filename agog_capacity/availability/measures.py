"""What failures cost a design, by two measures that are always named: unserved demand, and time of deep loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from agog_capacity.availability.estimates import Estimate

Measure = Literal["demand", "deep"]
"""`demand`: unserved demand, hours of full outage. `deep`: hours with a loss above the threshold."""
MEASURES: tuple[Measure, ...] = get_args(Measure)
Percentiles = Mapping[int, Estimate]
"""By percent."""


@dataclass(frozen=True)
class MeasureOutcome:
    """What a design loses by one measure."""

    measure: Measure
    convention: str
    hours_per_year: Estimate
    """[h/year]"""
    year_breaks: Estimate
    """Probability that a year loses more than the target allows."""
    month_breaks: Estimate
    """Probability that a month does."""
    all_months_hold: Estimate
    """Probability that none of the twelve months of a year does."""
    percentiles: Mapping[int, Estimate]
    """Hours lost in a year that are not exceeded with so many percent. [h]"""
    by_cause: Mapping[str, Estimate]
    """Hours lost by cause; they add up to `hours_per_year`. [h/year]"""


@dataclass(frozen=True)
class ConventionEffect:
    """One figure in both conventions of counting, on the same failures."""

    measure: Measure
    quantity: str
    """`hours`, `year breaks`, `month breaks` or `all months hold`."""
    unit: str
    real: float
    """Overlaps composed, outages split at the ends of months: what is reported."""
    closed_form: float
    """Every failure alone, whole in the month it starts in: what formulas compute."""
    difference: float
    """Real less closed form."""
    standard_error: float
    """Of the difference."""

    @property
    def z(self) -> float:
        """How many standard errors the difference is."""
        return self.difference / self.standard_error if self.standard_error else 0.0


@dataclass(frozen=True)
class DataLoss:
    """Data that promotions lost: the lag of the replica at the failure."""

    promotions: int
    """In all years."""
    mean_s: float
    """[s]"""
    percentiles_s: Percentiles
    """[s]"""
    in_time: Estimate
    """Probability that a promotion loses no more than the target."""
    beyond_outage: Estimate
    """Share of promotions that lost more than the outage lasted until then: waiting would have lost less."""


@dataclass(frozen=True)
class FailoverOutcome:
    """The failovers of a design."""

    called_per_year: Estimate
    """Incidents that called for one. [1/year]"""
    completed_per_year: Estimate
    """Those that were complete before the repair. [1/year]"""
    repaired_first: Estimate
    """Share of those called for that the repair overtook."""
    by_hand: Estimate
    """Share of those called for that people had to finish."""
    waited: Estimate
    """Share of the completed ones that had to wait for their target."""
    switched_s: Percentiles
    """Time until requests were moved, of the completed ones. [s]"""
    recovered_s: Percentiles
    """Time until everything was served again, of all called for: by the failover with its growth, or by the repair. [s]"""
    recovered_in_time: Estimate
    """Probability that everything is served again within the recovery target, of all called for."""
    completed_in_time: Estimate
    """The same of the completed ones: what a drill would show."""
    unprotected_h_per_year: Estimate
    """Without standby or replica after a promotion. [h/year]"""
    failbacks_per_year: Estimate
    bad_failback_stages_per_year: Estimate
    data_loss: DataLoss | None
    """None where the design has no `replication`, or nothing was promoted."""
    conflicts_per_year: float | None
    """Conflicting writes of several writers, from the formula; None where there is one writer."""
