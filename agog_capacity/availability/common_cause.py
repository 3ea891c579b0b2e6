"""Common causes: failures that hit several units at once, by the beta factor.

Of the failures of each unit a share beta comes from causes that hit all units together. Two regions
of one provider share control software, so their failures are not independent: 0.05, 0.10 and 0.20
are low, usual and high values; industrial ones are 0.01 to 0.10 [1]_.

A shared failure must not be counted twice. Beta splits the region-scope classes only; classes that
are global to the provider are shared already, and own changes carry `hits_both`.

References
----------
.. [1] IEC 61508-6, annex D; K. N. Fleming, "A reliability model for common mode failures in
   redundant safety systems", 1975.
"""

from __future__ import annotations

import re

from agog_capacity.availability.numbers import complement, not_negative, probability
from agog_capacity.availability.structure import k_of_n_unavailability
from agog_capacity.errors import InputError


def beta_factor_unavailability(needed: int, count: int, unavailability_each: float, beta: float) -> float:
    """Return the unavailability of equal units with a common cause.

    The common shock is one event in series with the block, not one a unit, and the product is exact
    rather than a sum of rare events.

    Parameters
    ----------
    needed, count : int
        How many units must be up, of how many.
    unavailability_each : float
        q of one unit, common cause included.
    beta : float
        Share of q that hits all units at once.
    """
    q = probability("unavailability of a unit", unavailability_each)
    probability("beta", beta)
    shared = beta * q
    alone = k_of_n_unavailability(needed, [complement(beta) * q] * count)
    return shared + (1 - shared) * alone


def voting(architecture: str) -> tuple[int, int]:
    """Read an architecture such as `2oo3`: two of three units are needed.

    Examples
    --------
    >>> voting("2oo3")
    (2, 3)
    """
    matched = re.fullmatch(r"([1-9]\d{0,3})oo([1-9]\d{0,3})", architecture)
    if matched is None or int(matched[1]) > int(matched[2]):
        raise InputError(f"{architecture[:40]!r} is not an architecture; write it like '1oo2' or '2oo3'")
    return int(matched[1]), int(matched[2])


def two_region_events_per_year(rate_per_year: float, beta: float) -> tuple[float, float]:
    """Return how often events hit one of two regions, and both of them.

    Each region keeps its rate L: beta L of it is one event that hits both, so events come at
    (2 - beta) L and a share beta / (2 - beta) of them hits both.

    Parameters
    ----------
    rate_per_year : float
        L, events of one region. [1/year]
    beta : float

    Returns
    -------
    one, both : float
        Events that hit exactly one region, and both. [1/year]
    """
    probability("beta", beta)
    not_negative("events of one region", rate_per_year)
    return 2 * complement(beta) * rate_per_year, beta * rate_per_year
