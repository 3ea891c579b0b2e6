"""Stored assessments: believed as they were stored, and absent where anything about them cannot be."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from agog_capacity.availability.estimates import Estimate
from agog_capacity.availability.measures import Measure, MeasureOutcome
from agog_capacity.planning.assessment import Assessment, AssessmentStore, Recovery, Step
from agog_capacity.stored import sealed, sources_digest

FEW = Estimate(0.25, 0.01, 0.2, 0.3)


def outcome(measure: Measure) -> MeasureOutcome:
    nothing = Estimate(math.nan, math.nan, 0.0, math.inf)
    return MeasureOutcome(measure, "by hand", FEW, FEW, FEW, FEW, {50: FEW, 95: nothing}, {"zone": FEW})


def by_hand() -> Assessment:
    recovery = Recovery(
        "eastus2 to westeurope",
        {50: FEW, 95: Estimate(math.inf, math.nan, 60.0, math.inf)},
        None,
        {50: 1.0},
        None,
        (Step("detect", 60.0, 1.0),),
        {"detect": 0.1},
    )
    return Assessment(
        "one", "by hand", 99.95, 0.5, outcome("demand"), outcome("deep"), None, (recovery,), (), "no section",
        {"demand": (0.2, 0.3), "deep": (0.1, 0.1)}, ("a note",),
    )  # fmt: skip


def test_what_is_stored_is_read_back_to_the_last_digit(tmp_path):
    store = AssessmentStore(tmp_path / "below")
    store.put("key", by_hand())
    found = store.get("key")
    assert found is not None
    assert found.to_json() == by_hand().to_json()
    assert found.recoveries[0].recovered_s[95].value == math.inf
    assert found.demand.percentiles[50] == FEW


def stored(folder: Path, text: str) -> Assessment | None:
    """Return what is read of a text that has the right seal."""
    data = sealed(text.encode(), "key", sources_digest("scaling", "load", "availability"))
    (folder / "key.json").write_bytes(data)
    return AssessmentStore(folder).get("key")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"scenario": "one"', '"scenario": 5'),
        ('"notes": ["a note"]', '"notes": [5]'),
        ('"notes": ["a note"]', '"notes": "a note"'),
        ('"target_percent": 99.95', '"target_percent": true'),
        ('"value": 0.25', '"value": "0.25"'),
        ('"value": 0.25', '"value": -0.25'),
        ('"value": 0.25', '"value": null'),
        ('"notes"', '"remarks"'),
        ('{"50"', '{"half"'),
    ],
)
def test_what_cannot_be_is_absent_even_behind_a_seal(tmp_path, old, new):
    text = by_hand().to_json()
    assert stored(tmp_path, text) is not None
    assert old in text
    assert stored(tmp_path, text.replace(old, new)) is None


def test_odd_text_is_absent(tmp_path):
    more = json.loads(by_hand().to_json()) | {"more": 1}
    for text in ("", "[", "[" * 100_000, "{}", "5", json.dumps(more)):
        assert stored(tmp_path, text) is None


def test_a_file_that_was_edited_or_renamed_is_absent(tmp_path):
    store = AssessmentStore(tmp_path)
    store.put("key", by_hand())
    path = tmp_path / "key.json"
    path.with_name("other.json").write_bytes(path.read_bytes())
    assert store.get("other") is None
    path.write_bytes(path.read_bytes().replace(b"0.25", b"0.24"))
    assert store.get("key") is None
