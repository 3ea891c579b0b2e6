"""The YAML reader: what it reads, what it refuses, and that every refusal has a line."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.documents import MAXIMUM_BYTES, parse_yaml, path_text, read_text, unprintable
from agog_capacity.errors import DocumentError


def test_core_schema_scalars_are_read_as_a_planner_means_them():
    content = parse_yaml("a: 1\nb: 1.5e3\nc: no\nd: 2027-01\ne: true\nf: ~\ng: '7'\nh: 010\ni: .5\n").content
    assert content == {
        "a": 1,
        "b": 1500.0,
        "c": "no",
        "d": "2027-01",
        "e": True,
        "f": None,
        "g": "7",
        "h": 10,
        "i": 0.5,
    }


def test_every_value_keeps_its_line():
    document = parse_yaml("a:\n  b:\n    - 1\n    - 2\n")
    assert document.line_of(("a", "b", 1)) == 4
    assert document.line_of(("a", "b", 1, "unknown")) == 4
    assert path_text(("a", "b", 1, "c")) == "a.b[1].c"


@pytest.mark.parametrize(
    "text, words",
    [
        ("a: 1\nb: 2\na: 3\n", "stands twice (first in line 1)"),
        ("a: &x [1]\nb: *x\n", "alias"),
        ("a: !!python/object/apply:os.system ['ls']\n", "tag"),
        ("a: !thing 5\n", "tag"),
        ("a: .nan\n", "not a number"),
        ("a: -.inf\n", "not a number"),
        ("a: 1e999\n", "too large"),
        ("? [1, 2]\n: 3\n", "a key must be text"),
        ("a: [1, 2\n", "not valid YAML"),
        ("a: 1\n--- \nb: 2\n", "not valid YAML"),
        ("[" * 60 + "]" * 60, "deeper than"),
        ("a: \x00", "not valid YAML"),
    ],
)
def test_what_is_refused_is_refused_with_its_reason(text, words):
    with pytest.raises(DocumentError, match=None) as caught:
        parse_yaml(text, file="plan.yaml")
    assert words in str(caught.value)


def test_all_problems_of_a_document_are_reported_at_once():
    with pytest.raises(DocumentError) as caught:
        parse_yaml("a: 1\na: 2\nb: !x 3\nc: .nan\n")
    assert [problem.line for problem in caught.value.problems] == [2, 3, 4]


def test_a_bomb_of_aliases_is_refused_before_it_is_built():
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    with pytest.raises(DocumentError, match="alias"):
        parse_yaml(f"l0: &l0 [x]\n{levels}\n")


def test_a_file_over_five_megabytes_is_refused_before_parsing(tmp_path, monkeypatch):
    path = tmp_path / "large.yaml"
    path.write_bytes(b"a" * (MAXIMUM_BYTES + 1))
    monkeypatch.setattr(type(path), "read_bytes", lambda _: pytest.fail("the file was read"))
    with pytest.raises(DocumentError, match="5,000,001 bytes"):
        read_text(path, "plan")


def test_files_that_are_no_files_are_named(tmp_path):
    (tmp_path / "latin.yaml").write_bytes("a: \xe9".encode("latin-1"))
    for name, words in {".": "is a folder", "nothing.yaml": "latin.yaml", "latin.yaml": "not UTF-8"}.items():
        with pytest.raises(DocumentError, match=words):
            read_text(tmp_path / name, "plan")


def test_a_missing_file_with_an_odd_suffix_is_named(tmp_path):
    for number in range(10):
        (tmp_path / f"{number}.**").write_text("")
    with pytest.raises(DocumentError, match=r"0\.\*\*, .*7\.\*\* and 2 more"):
        read_text(tmp_path / "plan.**", "plan")


@pytest.mark.parametrize("tag", ["!!int", "!!str", "!thing", "!!python/name:os.system"])
@pytest.mark.parametrize("value", ['"5"', "5", "[1]", "|\n  5"])
def test_no_tag_is_read_on_any_value(tag, value):
    with pytest.raises(DocumentError, match="tag .* is not read"):
        parse_yaml(f"a: {tag} {value}\n")


@pytest.mark.parametrize(
    "escape", [r"\0", r"\e[31m", r"\r", r"\u202e", r"\u2066", r"\x9b", r"\u2028", r"\uFEFF"]
)
def test_what_a_terminal_would_obey_is_refused_in_keys_and_values_and_shown_in_the_message(escape):
    for text in (f'a: "x{escape}y"', f'"x{escape}y": 1'):
        with pytest.raises(DocumentError, match="write plain text") as caught:
            parse_yaml(f"{text}\n", file="plan.yaml")
        assert str(caught.value).isprintable()
        assert "U+" in str(caught.value)


def test_line_breaks_tabs_and_letters_of_all_scripts_are_text():
    text = "zwei Zeilen\n\tund Ümläute, العربية, 日本語, नमस्\u200dते"
    assert parse_yaml(yaml.safe_dump({"a": text}, allow_unicode=True)).content == {"a": text}


def test_file_names_are_shown_and_not_obeyed(tmp_path):
    with pytest.raises(DocumentError) as caught:
        read_text(tmp_path / "\x1b[31m\udcff.yaml", "plan")
    assert "\\x1b[31m\\udcff.yaml" in str(caught.value)


def test_of_very_many_problems_the_first_are_shown_and_the_rest_counted():
    with pytest.raises(DocumentError) as caught:
        parse_yaml("a: 1\n" * 3000)
    assert len(caught.value.problems) == 2999
    lines = str(caught.value).splitlines()
    assert len(lines) == 51
    assert lines[-1] == "… and 2,949 more problems; correct these first"


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_by_the_projects_own_error(text):
    try:
        parse_yaml(text)
    except DocumentError as error:
        assert error.problems


_TEXT = st.text(max_size=20).filter(lambda text: not unprintable(text))
_KEYS = _TEXT.filter(bool)
_VALUES = st.recursive(
    _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=5))
def test_what_yaml_writes_with_quotes_is_read_back(value):
    text = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=10_000)
    assert parse_yaml(text).content == value
