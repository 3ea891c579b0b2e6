"""Savings that are counted twice: discounts stacked on one base against discounts taken in turn.

A reservation, spot and a scale-down that are each a share of the same compute cannot simply be added: a
machine that is removed needs no reservation, and a spot machine cannot have one.
"""

from __future__ import annotations

from dataclasses import dataclass

from agog_capacity.errors import CommitmentError


@dataclass(frozen=True)
class StackedSavings:
    """Three savings on one compute bill. [currency per month]"""

    compute: float
    reserved: float
    """Reservation saving on the whole of it."""
    spot: float
    """Spot saving on the whole of it."""
    scale_down: float
    sequential: float
    """Scale-down first, then the reservation on what is left, then spot on what is left of that."""

    @property
    def stacked(self) -> float:
        """All three added."""
        return self.reserved + self.spot + self.scale_down

    @property
    def double_counted(self) -> float:
        """What the sum counts twice."""
        return self.stacked - self.sequential


def stacked_savings(
    compute: float, reserved_share: float, spot_share: float, scale_down: float
) -> StackedSavings:
    """Take three savings on one compute bill, added and in turn.

    Parameters
    ----------
    compute : float
        [currency per month]
    reserved_share, spot_share : float
        Discounts, each as a share of the compute it applies to.
    scale_down : float
        Machines that are removed. [currency per month]
    """
    if not 0 <= scale_down <= compute:
        raise CommitmentError(f"a scale-down of {scale_down} cannot be taken off compute of {compute}")
    for name, share in (("reserved", reserved_share), ("spot", spot_share)):
        if not 0 <= share <= 1:
            raise CommitmentError(f"the {name} discount is {share}; it is a share between 0 and 1")
    left = (compute - scale_down) * (1 - reserved_share) * (1 - spot_share)
    return StackedSavings(compute, compute * reserved_share, compute * spot_share, scale_down, compute - left)


def compute_with_spot_share(
    compute: float, spot_share: float, reserved_discount: float, spot_discount: float
) -> float:
    """Return compute with a share of it on spot and the rest reserved. [currency per month]

    A spot node cannot be reserved, so each part has its own discount.

    Parameters
    ----------
    compute : float
        [currency per month]
    spot_share : float
        Share of the nodes on spot.
    reserved_discount, spot_discount : float
        [share of 1]
    """
    return compute * ((1 - spot_share) * (1 - reserved_discount) + spot_share * (1 - spot_discount))
