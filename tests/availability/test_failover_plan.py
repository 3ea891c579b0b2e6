"""How failovers go: the library's data beside the guide's base case, and what is refused."""

from __future__ import annotations

import shutil

import pytest
from pydantic import ValidationError

from agog_capacity.availability.failover_plan import (
    Between,
    Failback,
    FailoverDefaults,
    read_failover_defaults,
)
from agog_capacity.availability.lengths import Fixed, Lognormal, Uniform
from agog_capacity.errors import DocumentError
from agog_capacity.resources import data_directory
from tests.availability.base_case import base_case, defaults_of

FOLDER = data_directory() / "availability"
DEFAULTS = read_failover_defaults(FOLDER)


def test_the_data_holds_the_failover_of_the_base_case():
    """base_case.yaml, `failover`; the data adds what the illustration leaves out: stages, rebuilding, elections."""
    theirs = defaults_of(base_case()).times
    for name in (
        "detect",
        "decide",
        "promote",
        "dns_ttl_s",
        "coverage",
        "manual",
        "scale_up",
        "p_no_capacity",
    ):
        assert getattr(DEFAULTS.times, name) == getattr(theirs, name), name
    ours, back = DEFAULTS.times.failback, theirs.failback
    assert (ours.delay_h, ours.p_bad, ours.length_h, ours.severity) == (
        back.delay_h,
        back.p_bad,
        back.length_h,
        back.severity,
    )
    assert ours.stages == (0.1, 0.5, 1.0)


def test_designs_of_the_base_case_are_those_of_the_defaults():
    rows = {row["id"]: row for row in base_case()["designs"]}
    assert DEFAULTS.standby["warm"].standby_fraction == rows["active_passive_automated"]["standby_fraction"]
    assert DEFAULTS.hits_both["all-at-once"] == rows["active_active_full"]["hits_both"]
    assert DEFAULTS.hits_both["region-by-region"] == rows["active_active_full_staged"]["hits_both"]


def test_every_value_names_its_source():
    values = DEFAULTS.model_dump()
    values["sources"].pop("times.promote")
    values["sources"]["times.promot"] = "?"
    with pytest.raises(ValidationError, match="lacking times.promote; not a value here: times.promot"):
        FailoverDefaults.model_validate(values)


def test_times_are_distributions():
    assert DEFAULTS.times.detect.length == Uniform(70.0, 100.0)
    assert Between(low_s=60.0, high_s=60.0).length == Fixed(60.0)
    assert DEFAULTS.times.decision("automated") == Fixed(0.0)
    assert DEFAULTS.times.decision("human") == Lognormal(1200.0, 0.8)
    assert DEFAULTS.times.manual.length == Lognormal(1.5, 0.6)


@pytest.mark.parametrize(
    "stages, words",
    [((0.5, 0.1, 1.0), "must rise"), ((0.1, 0.5), "end at 1"), ((), "at least 1")],
)
def test_stages_of_the_way_back_must_rise_to_all(stages, words):
    values = {"delay_h": 1.0, "p_bad": 0.1, "length_h": 1.0, "severity": 1.0, "stage_h": 1.0}
    with pytest.raises(ValidationError, match=words):
        Failback.model_validate({**values, "stages": stages})


def test_bounds_that_fall_are_refused():
    with pytest.raises(ValidationError, match="from 100 s to 70 s"):
        Between(low_s=100.0, high_s=70.0)


def test_every_mistake_of_the_file_is_told_with_its_line(tmp_path):
    shutil.copy(FOLDER / "failover.yaml", tmp_path)
    file = tmp_path / "failover.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("p_no_capacity: 0.10", "p_no_capacity: 10.0").replace("  promote:", "  promoted:"),
        encoding="utf-8",
    )
    with pytest.raises(DocumentError) as caught:
        read_failover_defaults(tmp_path)
    told = str(caught.value)
    assert "failover.yaml:9" in told and "'promoted' is not known here; nearest: 'promote'" in told
    assert "p_no_capacity" in told and "'promote' is missing" in told
