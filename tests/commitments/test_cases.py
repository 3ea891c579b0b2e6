"""The worked cases of the guide, and the runner that reads any file of their schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commitments.cases import differences, main, read_cases

EXAMPLES = Path(__file__).with_name("examples.json")
CASES = read_cases(EXAMPLES)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_worked_case(case):
    assert differences(case) == []


def test_the_runner_counts_and_names_what_fails(tmp_path, capsys):
    wrong = json.loads(EXAMPLES.read_text())
    wrong["cases"] = wrong["cases"][:3]
    wrong["cases"][1]["expected"]["effective_cost_total"] += 1
    wrong["cases"][2]["kind"] = "horoscope"
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(wrong))
    assert main([str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "1 passed, 2 failed"
    assert "C02" in lines[0] and "effective_cost_total" in lines[0]
    assert "horoscope" in lines[1] and "hourly_cover" in lines[1]
    assert main([str(EXAMPLES)]) == 0


@pytest.mark.parametrize(
    "text, words",
    [
        ("{", "not JSON"),
        ("[]", "has no cases"),
        ('{"schema_version": 2, "cases": []}', "schema version 2"),
        ('{"schema_version": 1, "cases": [{"id": "x"}]}', "lacks kind, inputs, expected"),
        ('{"schema_version": 1, "cases": [NaN]}', "NaN"),
    ],
)
def test_a_bad_file_is_named(tmp_path, capsys, text, words):
    path = tmp_path / "bad.json"
    path.write_text(text)
    assert main([str(path)]) == 1
    assert words in capsys.readouterr().err
    assert main([str(tmp_path / "none.json")]) == 1
    assert main([]) == 1


def test_inputs_that_lack_a_field_fail_their_case_only():
    assert differences({"kind": "spot_mix", "inputs": {}, "expected": {}})
    assert differences({"kind": "measures", "inputs": {}, "expected": {}}) == ["inputs lack 'usage'"]
