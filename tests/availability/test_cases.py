"""The runner of worked cases: all examples pass, wrong ones are named, bad files are told."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from tests.availability.adapters import ADAPTERS
from tests.availability.cases import main, read_cases, run

EXAMPLES = Path(__file__).with_name("examples.json")
CASES = read_cases(EXAMPLES)


@pytest.mark.parametrize("case", CASES, ids=[f"{case['id']}-{case['kind']}" for case in CASES])
def test_worked_case(case):
    assert run(case).problems == ()


def test_every_kind_has_a_case_and_a_function():
    assert {case["kind"] for case in CASES} == set(ADAPTERS)
    assert (len(CASES), len(ADAPTERS)) == (41, 29)


def written(folder: Path, *cases: dict) -> str:
    path = folder / "cases.json"
    path.write_text(json.dumps({"schema_version": 1, "cases": cases}))
    return str(path)


def test_the_examples_pass_from_the_command_line(capsys):
    assert main([str(EXAMPLES)]) == 0
    assert capsys.readouterr().out == "41 passed, 0 failed\n"


def test_a_wrong_value_an_unknown_kind_and_a_missing_input_are_named(tmp_path, capsys):
    wrong, unknown, missing = (copy.deepcopy(CASES[0]) for _ in range(3))
    wrong["expected"] |= {"unavailability": 0.0018, "wrong_naive": 5.0, "independent_only": 1.0}
    unknown["kind"] = "rdb_tree"
    missing["inputs"] = {}
    assert main([written(tmp_path, wrong, unknown, missing, CASES[1])]) == 1
    out = capsys.readouterr().out
    assert "FAILED E01 (rbd_tree): unavailability: expected 0.0018, found 0.00179902" in out
    assert "not covered: no function for kind 'rdb_tree'" in out
    assert "the inputs do not fit the kind: KeyError: 'block'" in out
    assert "naive" not in out and "independent" not in out
    assert out.endswith("1 passed, 3 failed\n")


def test_an_input_that_is_refused_is_named(tmp_path, capsys):
    case = copy.deepcopy(CASES[4])
    case["inputs"]["node_availability"] = 99.25
    assert main([written(tmp_path, case)]) == 1
    assert "refused: 99.25 is not between 0 and 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content, words",
    [
        ("{", "is not JSON"),
        ("[]", "is not a file of cases"),
        ('{"schema_version": 2, "cases": []}', "schema_version is 2"),
        ('{"schema_version": 1, "cases": [3]}', "case 1 is not an object"),
        ('{"schema_version": 1, "cases": [{"id": "X", "kind": "mttf"}]}', "case X: inputs is missing"),
    ],
)
def test_a_bad_file_is_told(tmp_path, capsys, content, words):
    path = tmp_path / "cases.json"
    path.write_text(content)
    assert main([str(path), str(EXAMPLES)]) == 1
    told = capsys.readouterr()
    assert words in told.err and str(path) in told.err
    assert told.out.endswith("41 passed, 0 failed\n"), "the other files are still run"


def test_a_missing_file_and_no_file_are_told(capsys):
    assert main(["nowhere.json"]) == 1
    assert main([]) == 1
    assert "nowhere.json: cannot be read" in capsys.readouterr().err
