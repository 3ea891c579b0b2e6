"""Failure classes: the terms of the guide's base case come out of the evidence, and plans change them."""

from __future__ import annotations

import shutil

import pytest
from pydantic import ValidationError

from agog_capacity.availability.failures import (
    FailureClass,
    changed_classes,
    read_evidence,
    read_failure_classes,
)
from agog_capacity.errors import DocumentError
from agog_capacity.resources import data_directory

FOLDER = data_directory() / "availability"
CLASSES = read_failure_classes(FOLDER)
EVIDENCE = read_evidence(FOLDER / "failure_evidence.csv")


@pytest.mark.parametrize(
    "name, hours",
    [
        ("own_change", 2.75), ("front_door", 0.97), ("region", 0.65), ("zone", 0.41), ("dns_wan", 0.26),
        ("region_db", 0.24), ("db_ha_failover", 0.16), ("identity", 0.12), ("control_plane", 0.0),
    ],
)  # fmt: skip
def test_losses_by_cause_are_those_of_the_guide(name, hours):
    """Guide, section 12, "Reading": by cause, one region, demand; simulated there over 400,000 years."""
    assert CLASSES[name].lost_h_per_year == pytest.approx(hours, abs=0.011)


def test_the_sum_is_the_simulated_loss_of_one_region():
    """Guide, section 12: 5.57 +- 0.009; overlaps make the union a little less than the sum."""
    assert sum(c.lost_h_per_year for c in CLASSES.values()) == pytest.approx(5.569, abs=0.03)


def test_rates_are_the_gammas_of_the_evidence():
    """base_case.yaml: events + 1/2 over the exposure."""
    assert (CLASSES["zone"].rate.shape, CLASSES["zone"].rate.exposure_years) == (8.5, 55)
    assert (CLASSES["control_plane"].rate.shape, CLASSES["control_plane"].rate.exposure_years) == (26.5, 4.98)
    assert CLASSES["own_change"].belief.mean == pytest.approx(4.0)
    assert (
        CLASSES["own_change"].belief.quantile(0.05) < 1.0 < 8.0 < CLASSES["own_change"].belief.quantile(0.95)
    )


def test_every_row_of_the_evidence_is_read_with_its_source():
    rows = read_evidence(FOLDER / "failure_evidence.csv")
    assert len(rows) == 31
    assert all(row.source and row.caveat is not None for row in rows.values())
    assert rows["F21"].rate is None, "a share of records is no rate"
    assert rows["F09"].length is None, "one event has no spread"


def test_a_plan_changes_adds_and_removes_classes():
    strike = {
        "scope": "global", "per": "service-year", "rate": {"shape": 0.5, "exposure_years": 10.0},
        "length": {"median_h": 24.0, "sigma": 0.5}, "exposure": 1.0, "severity": 0.1,
    }  # fmt: skip
    changes = {
        "own_change": {"hits_both": 0.3, "length": {"median_h": 0.4}},
        "identity": None,
        "strike": strike,
    }
    classes, findings = changed_classes(CLASSES, changes, EVIDENCE)
    assert findings == []
    assert classes["own_change"].hits_both == 0.3
    assert (classes["own_change"].length.median_h, classes["own_change"].length.sigma) == (0.4, 0.8)
    assert "identity" not in classes and classes["strike"].events_per_year == 0.05
    assert CLASSES["own_change"].hits_both == 0.7, "the library's own are not changed"


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"region": {"hits_both": 0.5}}, "beta and hits_both share the same failures twice"),
        (
            {"front_door": {"beta": 0.1}},
            "beta is for classes of region scope; a global class must not have it",
        ),
        ({"zone": {"hits_both": 0.1}}, "hits_both is for own changes; a zone class must not have it"),
        ({"zone": {"severity": 33.0}}, "less than or equal to 1"),
        ({"zone": {"rate": {"shape": 0.0}}}, "greater than 0"),
        ({"zone": {"length": {"median_h": float("inf")}}}, "median_h"),
        ({"zone": {"lenght": {}}}, "'lenght' is not known here; nearest: 'length'"),
        ({"zones": None}, "there is no failure class 'zones' to remove; nearest: 'zone'"),
        ({"zone": 3}, "is a mapping of what differs"),
        ({"new": {"scope": "zone"}}, "A new one needs per, rate, length, exposure, severity"),
        ({"zon": {"exposure": 0.5}}, "'zon' is no failure class of the library; nearest: 'zone'"),
        ({"zone": {"evidence": "F99"}}, "evidence 'F99' is not a row; nearest: 'F29'"),
        ({"zone": {"evidence": ["F03"]}}, "is not a row"),
        ({"zone": {"evidence": "F01"}}, "counts provider-years, but the class counts by region-year"),
        ({"zone": {"evidence": "F21"}}, "it changes nothing"),
    ],
)
def test_what_is_no_class_is_told(changes, words):
    _, findings = changed_classes(CLASSES, changes, EVIDENCE)
    assert any(words in message for _, message in findings), findings


def test_another_row_of_evidence_brings_its_rate_and_length():
    changed, findings = changed_classes(CLASSES, {"zone": {"evidence": "F02"}}, EVIDENCE)
    assert findings == []
    assert (changed["zone"].rate, changed["zone"].length) == (
        CLASSES["region"].rate,
        CLASSES["region"].length,
    )
    assert changed["zone"].exposure == CLASSES["zone"].exposure
    own = {"evidence": "F02", "rate": {"shape": 9.0, "exposure_years": 3.0}}
    changed, _ = changed_classes(CLASSES, {"zone": own}, EVIDENCE)
    assert (changed["zone"].rate.shape, changed["zone"].rate.exposure_years) == (9.0, 3.0)
    same, _ = changed_classes(CLASSES, {"own_change": {"evidence": "F30"}}, EVIDENCE)
    assert same["own_change"] == CLASSES["own_change"], "the library's own rate stays"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("F03,Azure", "F02,Azure", "F02: stands twice"),
        ("F03,Azure", ",Azure", "has no id"),
        ("F03,Azure", "F03", "csv:4: has 17 cells, the header has 18"),
        ("F03,Azure", "F03,Azure,x", "has 19 cells"),
        (",8,55,", f",{'9' * 400},55,", "is not a count"),
        (",8,55,", ",8,nan,", "exposure"),
        ("26.1,54.2,8,", "26.1,54.2,0,", "F03: dur_events '0' is not a count of lengths"),
        ("8.2,,,GitHub", "8.2,,3,GitHub", "F09: counts lengths in dur_events, but has no dur_median_h"),
        ("dur_events", "events_dur", "lacks the columns dur_events"),
        ("rate_low95", "events", "has the columns 'events' twice"),
        ("what,events", f"what,{'x' * 140_000}", "is not CSV: field larger than field limit"),
    ],
)
def test_a_table_of_evidence_that_cannot_be_is_told(tmp_path, old, new, words):
    text = (FOLDER / "failure_evidence.csv").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "evidence.csv"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        read_evidence(path)
    assert words in str(caught.value)


def test_a_zone_class_may_say_that_it_shares_nothing():
    assert FailureClass.model_validate({**CLASSES["zone"].model_dump(), "beta": 0.0}).beta == 0
    with pytest.raises(ValidationError):
        FailureClass.model_validate({**CLASSES["zone"].model_dump(), "beta": 0.1})


def test_a_class_that_names_no_evidence_is_told(tmp_path):
    shutil.copy(FOLDER / "failure_evidence.csv", tmp_path)
    text = (FOLDER / "failure_classes.yaml").read_text(encoding="utf-8")
    (tmp_path / "failure_classes.yaml").write_text(
        text.replace("evidence: F03", "evidence: F3"), encoding="utf-8"
    )
    with pytest.raises(DocumentError, match="zone: evidence 'F3' is not a row; nearest: 'F3"):
        read_failure_classes(tmp_path)
    (tmp_path / "failure_classes.yaml").write_text("")
    with pytest.raises(DocumentError, match="holds no failure classes"):
        read_failure_classes(tmp_path)
