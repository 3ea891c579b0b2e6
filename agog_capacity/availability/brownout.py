"""How much of the demand is served while a region grows after traffic has reached it.

A table of equally likely courses rather than a formula: the closed form (a fixed share until a scale-up ends) and
courses out of an autoscaler's simulation are then the same input. The event simulation draws one course a failover.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from agog_capacity.availability.lengths import Length
from agog_capacity.availability.numbers import probability, together, whole
from agog_capacity.errors import InputError
from agog_capacity.periods import FloatArray

COURSES = 1000
"""Courses that a distribution is turned into: its quantiles, whose mean is off by less than 0.1 %."""


@dataclass(frozen=True, eq=False)
class Brownout:
    """How much of the demand a region serves while it grows after traffic has reached it.

    A table of equally likely courses, each piecewise constant. Time 0 is when traffic arrives at the surviving region.
    """

    lengths_h: FloatArray
    """Length of each step, shape (courses, steps); steps that are not used have length 0. [h]"""
    served: FloatArray
    """Share of the demand served in each step, shape (courses, steps)."""
    afterwards: FloatArray
    """Share served after the last step until the failed region is back, shape (courses,)."""
    stuck: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    """Whether a course stands for no capacity, shape (courses,), so that its chance may be drawn; empty: none does."""

    def __post_init__(self) -> None:
        for name, dimensions in (("lengths_h", 2), ("served", 2), ("afterwards", 1)):
            values = _numbers(name, getattr(self, name))
            values.setflags(write=False)
            object.__setattr__(self, name, values)
            together(
                [f"brownout: {name} has {values.ndim} dimensions, not {dimensions}"]
                if values.ndim != dimensions
                else []
            )
        together(self._wrong())
        stuck = np.array(self.stuck if len(self.stuck) else np.zeros(len(self.afterwards)), dtype=bool)
        stuck.setflags(write=False)
        object.__setattr__(self, "stuck", stuck)

    def _wrong(self) -> list[str]:
        found = []
        if self.lengths_h.shape != self.served.shape:
            found.append(
                f"brownout: lengths_h has shape {self.lengths_h.shape} and served {self.served.shape}; "
                "each step needs both"
            )
        if len(self.afterwards) != len(self.lengths_h):
            found.append(
                f"brownout: afterwards has {len(self.afterwards)} courses and lengths_h {len(self.lengths_h)}"
            )
        if len(self.stuck) not in (0, len(self.afterwards)):
            found.append(
                f"brownout: stuck has {len(self.stuck)} courses and afterwards {len(self.afterwards)}"
            )
        if len(self.afterwards) == 0:
            found.append("brownout: no course; give at least one, such as Brownout.none()")
        if not (np.isfinite(self.lengths_h).all() and (self.lengths_h >= 0).all()):
            found.append("brownout: every length must be a finite number of hours, 0 or above")
        for name in ("served", "afterwards"):
            values = getattr(self, name)
            if not ((values >= 0) & (values <= 1)).all():
                found.append(f"brownout: every share in {name} must lie between 0 and 1")
        return found

    @classmethod
    def none(cls) -> Self:
        """Return a region that serves everything at once."""
        return cls(np.zeros((1, 1)), np.ones((1, 1)), np.ones(1))

    @classmethod
    def step(cls, lengths_h: ArrayLike, served: ArrayLike, afterwards: ArrayLike = 1.0) -> Self:
        """Return courses of one step each.

        Parameters
        ----------
        lengths_h : array-like, shape (courses,) or one number
            [h]
        served, afterwards : array-like, shape (courses,) or one number
            Share of the demand served in the step, and after it.
        """
        given = (
            np.atleast_1d(_numbers("lengths_h", lengths_h)),
            _numbers("served", served),
            _numbers("afterwards", afterwards),
        )
        try:
            lengths, shares, after = np.broadcast_arrays(*given)
        except ValueError:
            raise InputError(
                f"brownout: lengths_h, served and afterwards have shapes {', '.join(str(g.shape) for g in given)}; give one "
                "number or one for each course"
            ) from None
        return cls(lengths[:, None], shares[:, None], after)

    @classmethod
    def until_scaled_up(
        cls, scale_up_h: Length, standby_fraction: float, p_no_capacity: float = 0.0, courses: int = COURSES
    ) -> Self:
        """Return the closed form: a standby of a fixed size until its scale-up ends, or for good.

        Parameters
        ----------
        scale_up_h : Length
            [h]
        standby_fraction : float
            Share of the demand that the standby carries before.
        p_no_capacity : float
            Chance that the provider has none: the size stays until the failed region is back.
        courses : int
            How many equally likely courses stand for the distribution.
        """
        fraction = probability("standby fraction", standby_fraction)
        never = probability("chance of no capacity", p_no_capacity)
        count = whole("courses", courses, 1)
        if fraction == 1:
            return cls.none()
        stuck = round(never * count)
        if never and abs(stuck / count - never) > 1e-9:
            count = _denominator(never, count)
            stuck = round(never * count)
        growing = count - stuck
        lengths = [scale_up_h.quantile((number + 0.5) / growing) for number in range(growing)]
        return cls(
            np.concatenate([np.asarray(lengths), np.zeros(stuck)])[:, None],
            np.full((count, 1), fraction),
            np.concatenate([np.ones(growing), np.full(stuck, fraction)]),
            np.arange(count) >= growing,
        )

    @property
    def stuck_last(self) -> Self:
        """The same courses, those without capacity after the others."""
        order = np.argsort(self.stuck, kind="stable")
        return type(self)(
            self.lengths_h[order], self.served[order], self.afterwards[order], self.stuck[order]
        )

    @property
    def mean_lost_h(self) -> float:
        """Mean demand lost in the steps, as hours of full outage; what is lost afterwards is not in it. [h]"""
        return float((self.lengths_h * (1 - self.served)).sum(axis=1).mean())


def _numbers(name: str, values: ArrayLike) -> FloatArray:
    """Return a copy as numbers, or say that it has something else, or rows of different lengths."""
    try:
        return np.array(values, dtype=np.float64)
    except (ValueError, TypeError):
        raise InputError(f"brownout: {name} must be numbers, as many in each row") from None


def _denominator(share: float, about: int) -> int:
    """Return a number of courses near the wanted one that holds a share best."""
    candidates = np.arange(about, 2 * about)
    return int(candidates[np.argmin(np.abs(np.round(share * candidates) / candidates - share))])
