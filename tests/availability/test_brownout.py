"""Brownout: a table of courses, and the closed form as one."""

from __future__ import annotations

import numpy as np
import pytest

from agog_capacity.availability.brownout import Brownout
from agog_capacity.availability.lengths import Fixed, Lognormal
from agog_capacity.errors import InputError


def test_the_closed_form_loses_what_the_formula_says():
    """Guide, section 7: passive at a fraction f and delay d loses (1 - f) d full-outage seconds."""
    assert Brownout.until_scaled_up(Fixed(150 / 3600), 0.3).mean_lost_h == pytest.approx(0.7 * 150 / 3600)
    scale_up = Lognormal(150 / 3600, 0.4)
    courses = Brownout.until_scaled_up(scale_up, 0.3, 0.1)
    assert courses.mean_lost_h == pytest.approx(0.9 * 0.7 * scale_up.mean, rel=1e-3)
    assert courses.afterwards.mean() == pytest.approx(0.9 + 0.1 * 0.3)


@pytest.mark.parametrize("share", [0.0, 0.1, 1 / 3, 0.123456, 1.0])
def test_the_chance_of_no_capacity_is_kept_by_the_table(share):
    courses = Brownout.until_scaled_up(Fixed(1.0), 0.5, share)
    assert (courses.afterwards < 1).mean() == pytest.approx(share, abs=2e-6)


def test_a_standby_of_full_size_loses_nothing():
    assert Brownout.until_scaled_up(Fixed(1.0), 1.0, 0.5).mean_lost_h == 0
    assert (Brownout.none().served == 1).all() and (Brownout.none().afterwards == 1).all()


def test_a_step_takes_one_number_or_one_a_course():
    courses = Brownout.step([0.1, 0.2], 0.5, [1.0, 0.5])
    assert courses.lengths_h.tolist() == [[0.1], [0.2]]
    assert courses.served.tolist() == [[0.5], [0.5]]
    with pytest.raises(ValueError, match="read-only"):
        courses.served[0, 0] = 1.0


@pytest.mark.parametrize(
    "values, words",
    [
        (([[1.0]], [[0.5, 1.0]], [1.0]), r"shape \(1, 1\) and served \(1, 2\)"),
        (([[1.0]], [[0.5]], [1.0, 1.0]), "afterwards has 2 courses"),
        (([[-1.0]], [[0.5]], [1.0]), "every length must be a finite number"),
        (([[np.nan]], [[1.5]], [1.0]), "every share in served must lie between 0 and 1"),
        (([[1.0]], [[0.5]], [np.nan]), "every share in afterwards"),
        (([1.0], [[0.5]], [1.0]), "lengths_h has 1 dimensions, not 2"),
        ((np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(0)), "no course"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(values, words):
    with pytest.raises(InputError, match=words):
        Brownout(*(np.asarray(v) for v in values))
