"""Own incidents: counts move rates, lengths are refitted with open ones censored, each feeds one class."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

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
    assert (after.worth.exposure, after.worth.severity, after.worth.length) == (5, 4, 4), "what was counted"
    assert after.worth.hits_both == CLASSES["own_change"].worth.hits_both
    assert after.worth.because.startswith(
        "Incidents of the owner, where learned from them; before that: Assum"
    )


def test_what_is_counted_is_drawn_as_surely_as_it_was_counted(tmp_path):
    """Four of five reached the service: Beta(4, 1), so a standard deviation of 0.163; below five the prior stays."""
    from agog_capacity.availability.environment import environment

    rows = [DEPLOY.format(month=m, hour=11) for m in (1, 2, 3, 4)]
    rows.append("2026-02-01T10:00Z,2026-02-01T18:00+02:00,change,0,config\n")
    after = updated_classes(CLASSES, read_incidents(written(tmp_path, *rows), BEGAN, UNTIL), HISTORY)
    drawn = environment(after, seed=1, outer_draws=4000).drawn["own_change", "exposure"]
    assert drawn.mean() == pytest.approx(0.8, abs=1e-3)
    assert drawn.std() == pytest.approx(math.sqrt(0.8 * 0.2 / 6), rel=0.01)
    few = updated_classes(CLASSES, read_incidents(written(tmp_path, *rows[:3]), BEGAN, UNTIL), HISTORY)
    assert few["own_change"].worth.exposure == CLASSES["own_change"].worth.exposure
    assert few["own_change"].worth.length == 3
    assert few["zone"].worth.exposure == 4 and few["zone"].worth.length == 8, "none was seen"


def test_a_class_that_has_learned_says_from_what(tmp_path):
    rows = [DEPLOY.format(month=m, hour=11) for m in (1, 2, 3)]
    some = updated_classes(CLASSES, read_incidents(written(tmp_path, *rows), BEGAN, UNTIL), HISTORY)
    told = some["own_change"].note
    assert told.startswith(
        "Rate and length learned from 3 incidents of the owner in 2.0 years; noted before that: "
    )
    assert told.endswith(CLASSES["own_change"].note)
    assert some["zone"].note.startswith(
        "Rate learned from no incidents of the owner in 2.0 years of 2 regions; "
    )
    assert some["front_door"].note == "Rate learned from no incidents of the owner in 2.0 years"
    assert some["region"].note == CLASSES["region"].note, "no cause feeds it"

    long = {**CLASSES, "own_change": CLASSES["own_change"].replace(note="x" * 4000)}
    assert updated_classes(long, (), HISTORY)["own_change"].note.startswith("Rate learned from no incidents")

    rows = [DEPLOY.format(month=m, hour=11) for m in (1, 2, 3, 4, 5)]
    many = updated_classes(CLASSES, read_incidents(written(tmp_path, *rows), BEGAN, UNTIL), HISTORY)
    told = many["own_change"].note
    assert told.startswith(
        "Rate, length, exposure and severity learned from 5 incidents of the owner in 2.0 years"
    )


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
        ("0001-01-01T00:00+14:00,,change,0.5,deploy\n", "is not between 1970 and 2999"),
        (
            "2026-03-01T10:00Z,2030-01-01T00:00Z,change,0.5,deploy\n",
            "is after the records, which end on 2026-12-31",
        ),
        ("2026-03-01T10:00Z,,change,0.5,deploy,more\n", "has 6 cells, the header has 5"),
        ("2026-03-01T10:00Z,,change\n", "has 3 cells"),
    ],
)
def test_a_row_that_is_no_incident_is_told_with_its_line(tmp_path, row, words):
    with pytest.raises(DocumentError, match=r"incidents\.csv:2: .*" + words):
        read_incidents(written(tmp_path, row), BEGAN, UNTIL)


def test_an_incident_that_stands_twice_is_told_with_both_lines(tmp_path):
    row = "2026-03-01T10:00Z,2026-03-01T11:00Z,change,0.5,deploy\n"
    with pytest.raises(DocumentError, match=r"csv:4: stands twice, first in line 2"):
        read_incidents(written(tmp_path, row, DEPLOY.format(month=1, hour=11), row), BEGAN, UNTIL)


def test_an_open_incident_of_the_last_day_counts_in_rate_and_length(tmp_path):
    closed = [DEPLOY.format(month=m, hour=11) for m in (1, 2)]
    late = "2026-12-31T12:00Z,,change,0.5,deploy\n"
    incidents = read_incidents(written(tmp_path, *closed, late), BEGAN, UNTIL)
    after = updated_classes(CLASSES, incidents, HISTORY)["own_change"]
    assert after.rate.shape == 2.5 + 3
    prior = CLASSES["own_change"].lengths
    assert after.length.median_h == pytest.approx(fitted_length([1.0, 1.0], [12.0], prior).median)
    assert after.length.median_h > 1.0


@pytest.mark.parametrize("still", [[4.0, 0.2], [1e2] * 12, [3.0] * 5000 + [7.0] * 500])
def test_the_fit_of_open_incidents_is_the_top_of_the_likelihood(still):
    """Nothing near it is more likely, however many are open."""
    from scipy.stats import norm

    closed = [0.3, 0.5, 0.9, 1.4, 6.0, 2.2]

    def likelihood(mean: float, sigma: float) -> float:
        inside = norm.logpdf((np.log(closed) - mean) / sigma).sum() - len(closed) * math.log(sigma)
        return float(inside + norm.logsf((np.log(still) - mean) / sigma).sum())

    found = fitted_length(closed, still, Lognormal(1.0, 1.0))
    mean, sigma = math.log(found.median), found.sigma
    best = likelihood(mean, sigma)
    for step in (1e-3, 1e-2, 0.1):
        for a, b in ((step, 0), (-step, 0), (0, step), (0, -step), (step, step), (-step, -step)):
            assert likelihood(mean + a * sigma, sigma * (1 + b)) < best


def test_lengths_that_fit_no_failure_are_told(tmp_path):
    """Four of a microsecond and four of three years: no spread of lengths holds both."""
    rows = [f"2023-0{m}-01T10:00:00Z,2023-0{m}-01T10:00:00.000001Z,change,0.5,deploy\n" for m in (1, 2, 3, 4)]
    rows += [f"2023-0{m}-02T10:00Z,2026-0{m}-02T10:00Z,change,0.5,deploy\n" for m in (1, 2, 3, 4)]
    incidents = read_incidents(written(tmp_path, *rows), date(2023, 1, 1), UNTIL)
    with pytest.raises(InputError, match="the 8 incidents of 'own_change' fit no length of a failure"):
        updated_classes(CLASSES, incidents, HISTORY)


@pytest.mark.parametrize(
    "change", [{"regions": 1_000_000}, {"records_began": "0001-01-01"}, {"records_until": "9998-01-01"}]
)
def test_records_that_cannot_be_are_refused(change):
    with pytest.raises(ValidationError):
        HISTORY.replace(**change)


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
    with pytest.raises(ValidationError, match="is not after records_began"):
        HISTORY.replace(records_until=BEGAN)
