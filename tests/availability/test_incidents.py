"""Own incidents: counts move rates, lengths are refitted with open ones censored, each feeds one class."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from agog_capacity.availability.failures import read_failure_classes
from agog_capacity.availability.incidents import (
    IncidentHistory,
    fitted_length,
    read_incidents,
    updated_classes,
)
from agog_capacity.availability.lengths import Lognormal
from agog_capacity.errors import DocumentError, InputError
from agog_capacity.resources import data_directory

CLASSES = read_failure_classes(data_directory() / "availability")
BEGAN, UNTIL = date(2025, 1, 1), date(2026, 12, 31)
HISTORY = IncidentHistory(
    file="incidents.csv",
    records_began=BEGAN,
    records_until=UNTIL,
    causes={"deploy": "own_change", "config": "own_change", "front door": "front_door", "zone": "zone"},
    regions=2,
)
HEAD = "start,end,scope,severity,cause\n"
DEPLOY = "2025-0{month}-01T10:00Z,2025-0{month}-01T{hour}:00Z,change,0.5,deploy\n"


def written(folder: Path, *rows: str) -> Path:
    path = folder / "incidents.csv"
    path.write_text(HEAD + "".join(rows), encoding="utf-8")
    return path


def test_counts_move_the_rate_by_the_years_of_the_records(tmp_path):
    rows = [DEPLOY.format(month=m, hour=11) for m in (1, 2, 3)]
    incidents = read_incidents(written(tmp_path, *rows), BEGAN, UNTIL)
    after = updated_classes(CLASSES, incidents, HISTORY)
    years = 729 / 365.25
    assert after["own_change"].rate.shape == 2.5 + 3
    assert after["own_change"].rate.exposure_years == pytest.approx(0.625 + years)
    assert after["own_change"].length.median_h == pytest.approx(1.0), "three of one hour each"
    assert after["own_change"].length.sigma == 0.8, "below five incidents the spread stays"
    assert (after["own_change"].severity, after["own_change"].exposure) == (1.0, 1.0)


def test_none_seen_is_evidence_too_and_what_no_cause_feeds_stays(tmp_path):
    after = updated_classes(CLASSES, (), HISTORY)
    assert after["front_door"].belief.mean < CLASSES["front_door"].belief.mean
    assert after["zone"].rate.exposure_years == pytest.approx(55 + 2 * 729 / 365.25), (
        "two regions, two years each"
    )
    assert after["region"] == CLASSES["region"]


def test_five_incidents_have_their_own_spread_severity_and_exposure(tmp_path):
    rows = [DEPLOY.format(month=m, hour=10 + m) for m in (1, 2, 3, 4)]
    rows.append("2026-02-01T10:00Z,2026-02-01T18:00+02:00,change,0,config\n")
    incidents = read_incidents(written(tmp_path, *rows), BEGAN, UNTIL)
    after = updated_classes(CLASSES, incidents, HISTORY)["own_change"]
    assert (after.severity, after.exposure) == (0.5, 0.8)
    logs = np.log([1, 2, 3, 4])
    assert after.length.median_h == pytest.approx(math.exp(logs.mean()))
    assert after.length.sigma == 0.8, "four reached the service"


def test_a_fit_without_open_incidents_is_the_closed_form():
    hours = [0.3, 0.5, 0.9, 1.4, 6.0]
    found = fitted_length(hours, [], Lognormal(1.0, 1.0))
    assert found.median == pytest.approx(math.exp(np.log(hours).mean()))
    assert found.sigma == pytest.approx(np.log(hours).std())


def test_open_incidents_are_censored_as_the_likelihood_says():
    from scipy.optimize import minimize
    from scipy.stats import norm

    closed, still = [0.3, 0.5, 0.9, 1.4, 6.0, 2.2], [4.0, 0.2]

    def loss(x: np.ndarray) -> float:
        z = (np.log(closed) - x[0]) / np.exp(x[1])
        censored = norm.logsf((np.log(still) - x[0]) / np.exp(x[1])).sum()
        return float(-(norm.logpdf(z).sum() - len(closed) * x[1] + censored))

    best = minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12}).x
    found = fitted_length(closed, still, Lognormal(1.0, 1.0))
    assert (math.log(found.median), math.log(found.sigma)) == pytest.approx(tuple(best), abs=1e-6)
    assert found.median > fitted_length(closed, [], Lognormal(1.0, 1.0)).median


def test_what_cannot_be_fitted_keeps_what_is_known():
    prior = Lognormal(3.2, 0.58)
    assert fitted_length([], [5.0], prior) == prior
    alike = fitted_length([2.0] * 6, [], prior)
    assert alike.median == pytest.approx(2.0)
    assert alike.sigma == 0.58


@pytest.mark.parametrize(
    "row, words",
    [
        ("2025-03-01T10:00Z,2025-03-01T09:00Z,change,0.5,deploy\n", "is not after start"),
        ("2025-03-01T10:00,,change,0.5,deploy\n", "has no time zone; end it with Z"),
        ("yesterday,,change,0.5,deploy\n", "'yesterday' is not a time"),
        ("2025-03-01T10:00Z,,chance,0.5,deploy\n", "scope 'chance' is not known; nearest: 'change'"),
        ("2025-03-01T10:00Z,,change,50,deploy\n", "severity '50' is not between 0 and 1"),
        ("2025-03-01T10:00Z,,change,,deploy\n", "severity '' is not between 0 and 1"),
        ("2024-03-01T10:00Z,,change,0.5,deploy\n", "is outside the records"),
    ],
)
def test_a_row_that_is_no_incident_is_told_with_its_line(tmp_path, row, words):
    with pytest.raises(DocumentError, match=r"incidents\.csv:2: .*" + words):
        read_incidents(written(tmp_path, row), BEGAN, UNTIL)


def test_columns_that_lack_are_told(tmp_path):
    path = tmp_path / "incidents.csv"
    path.write_text("start,end\n")
    with pytest.raises(DocumentError, match="lacks the columns scope, severity, cause"):
        read_incidents(path, BEGAN, UNTIL)


def test_an_incident_feeds_one_class_of_its_own_scope(tmp_path):
    unknown = read_incidents(written(tmp_path, "2025-03-01T10:00Z,,change,0.5,deplyo\n"), BEGAN, UNTIL)
    with pytest.raises(InputError, match="cause 'deplyo' feeds no class; nearest: 'deploy'") as caught:
        updated_classes(CLASSES, unknown, HISTORY)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(tmp_path / "incidents.csv"), 2)
    other = read_incidents(written(tmp_path, "2025-03-01T10:00Z,,zone,0.5,deploy\n"), BEGAN, UNTIL)
    with pytest.raises(
        InputError, match="has scope zone, but cause 'deploy' feeds 'own_change' of scope change"
    ):
        updated_classes(CLASSES, other, HISTORY)
    with pytest.raises(
        InputError, match="feeds 'own_chnge', which is no failure class; nearest: 'own_change'"
    ):
        updated_classes(CLASSES, (), HISTORY.replace(causes={"deploy": "own_chnge"}))
    with pytest.raises(InputError, match="is not after records_began"):
        updated_classes(CLASSES, (), HISTORY.replace(records_until=BEGAN))
