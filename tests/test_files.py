"""Files whole or not at all; text that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.files import csv_text, from_spreadsheet_safe, replace_file, replace_files, spreadsheet_safe


def test_a_file_is_replaced_whole_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    assert replace_file(path, "new ä") == path
    assert path.read_text(encoding="utf-8") == "new ä"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_failure_leaves_the_old_file_and_no_part_of_the_new(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        replace_file(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_the_file_that_cannot_be_written_is_named_and_no_other_is_replaced(tmp_path, monkeypatch):
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text("old")

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied", str(tmp_path / ".two.txt.x7f"))

    monkeypatch.setattr("agog_capacity.files.os.fdopen", refused)
    with pytest.raises(PermissionError, match="one.txt'$"):
        replace_files({one: "new", two: "new"})
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_what_a_spreadsheet_would_run_is_made_text(text):
    assert spreadsheet_safe(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a=1", "1-2", "plain"])
def test_what_is_harmless_stays_as_it_is(text):
    assert spreadsheet_safe(text) == text


@given(st.text(alphabet="'=+-@\t\rab"))
def test_safe_text_starts_no_formula_and_is_read_back(text):
    safe = spreadsheet_safe(text)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert from_spreadsheet_safe(safe) == text


@given(
    st.lists(
        st.lists(st.text(alphabet='a,"\r\n= ', min_size=1), min_size=3, max_size=3), min_size=1, max_size=4
    )
)
def test_every_cell_stays_in_its_row_for_readers_that_end_rows_at_any_line_break(rows):
    text = csv_text(rows[0], rows[1:])
    # Newline translation is what spreadsheets do; Python's writer leaves a lone carriage return bare.
    translated = list(csv.reader(io.StringIO(text, newline=None)))
    even = [[cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row] for row in rows]
    assert translated == even
    assert list(csv.reader(io.StringIO(text, newline=""))) == rows
