"""The runner of case files, and all examples with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.scaling import vectors

EXAMPLES = Path(__file__).parent / "data" / "examples.json"
CASES = vectors.read(EXAMPLES)["cases"]


@pytest.mark.parametrize("case", CASES, ids=[f"{case['function']}: {case['name']}" for case in CASES])
def test_example(case):
    assert vectors.run_case(case).differences == []


def test_every_function_of_the_schema_has_an_example():
    assert {case["function"] for case in CASES} == set(vectors.FUNCTIONS)


def test_the_runner_names_what_fails_and_counts(tmp_path, capsys):
    case = {
        "name": "wrong on purpose",
        "function": "min_limit",
        "inputs": {"a": 7, "b": 4},
        "expected": {"limit": 7},
    }
    right = {**case, "name": "right", "expected": {"limit": 4}}
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"schema_version": 1, "cases": [case, right]}))
    assert vectors.main([str(path)]) == 1
    printed = capsys.readouterr().out
    assert "wrong on purpose" in printed
    assert printed.splitlines()[-1] == "1 passed, 1 failed"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"schema_version": 2, "cases": []}', '{"schema_version": 1, "cases": [{"name": "x"}]}'],
)
def test_a_file_of_another_schema_is_refused_in_words(tmp_path, capsys, text):
    path = tmp_path / "cases.json"
    path.write_text(text)
    assert vectors.main([str(path)]) == 2
    assert str(path) in capsys.readouterr().err


def test_an_unknown_function_is_a_failure_with_a_list_of_those_there_are():
    result = vectors.run_case({"name": "x", "function": "guess", "inputs": {}, "expected": {}})
    assert "not known" in result.differences[0]


def test_an_expected_error_is_compared_by_its_kind():
    case = {
        "name": "x",
        "function": "usage_ratio",
        "inputs": {"usage_milli": {}, "target_milli": 5},
        "expected": {"error": "no_metrics"},
    }
    assert vectors.run_case(case).differences == []
    wrong = {**case, "expected": {"error": "no_pods"}}
    assert vectors.run_case(wrong).differences


def test_overflowing_integers_are_exact():
    case = {
        "name": "x",
        "function": "external_value",
        "inputs": {
            "current_replicas": 2,
            "target_milli": 2**62,
            "tolerance": {"scale_up": 0.1, "scale_down": 0.1},
            "pods": [],
            "metric_values_milli": [2**62, 1],
        },
        "expected": {"usage_milli": 2**62 + 1, "replicas": 2},
    }
    assert vectors.run_case(case).differences == []
