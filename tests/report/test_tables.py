"""Tables of finished cells as text and HTML."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.report.tables import Heading, Table, html_table, notebook_html, text_table, written

HEADINGS = (Heading("name"), Heading("cost", decimals=2), Heading("change", signed=True), Heading("why"))


def table(*rows, **details) -> Table:
    return Table("Costs", HEADINGS, tuple(rows), **details)


def test_numbers_are_written_with_separators_and_signs_and_never_a_false_zero():
    text = text_table(
        table(("a", 1234567.891, -12.4, "x"), ("b", None, float("nan"), "y"), ("c", 0.0, -0.4, "z"))
    )
    assert "1,234,567.89" in text
    assert "-12" in text
    lines = text.splitlines()
    assert lines[3].split() == ["b", "–", "–", "y"]
    assert lines[4].split() == ["c", "0.00", "0", "z"]


def test_a_plus_marks_a_rise_and_nothing_marks_no_change():
    assert written(12.0, HEADINGS[2]) == "+12"
    assert written(0.2, HEADINGS[2]) == "0"


def test_counts_among_amounts_are_whole():
    column = Heading("quantity", decimals=3, counts=True)
    assert [written(cell, column) for cell in (15, 15.0, 12345, None)] == ["15", "15.000", "12,345", "–"]
    assert written(15, Heading("quantity", decimals=3)) == "15.000"
    assert (
        html_table(Table("", (Heading("what"), column), (("a", 15), ("b", 1.5)))).count("class='number'") == 2
    )


def test_an_empty_table_says_why():
    assert "there is nothing" in text_table(table(note="there is nothing"))
    assert "there is nothing" in html_table(table(note="there is nothing"))


@given(
    st.lists(
        st.tuples(st.text(max_size=60), st.floats(-1e9, 1e9), st.floats(-1e3, 1e3), st.text(max_size=300)),
        max_size=5,
    )
)
def test_text_fits_the_terminal_when_words_can_be_wrapped(rows):
    text = text_table(table(*rows, total=("sum", 1.0, 2.0, "")), width=100)
    assert all(len(line) <= 100 for line in text.splitlines())


def test_no_word_is_lost_by_wrapping():
    words = [f"word{n}" for n in range(60)]
    text = text_table(table(("a", 1.0, 2.0, " ".join(words))), width=80)
    assert [part for part in text.split() if part.startswith("word")] == words


@given(st.text(max_size=80))
def test_every_text_is_escaped(text):
    hostile = f"<script>{text}</script>"
    html = html_table(Table(hostile, (Heading(hostile),), ((hostile,),), hostile, (hostile,)))
    assert "<script" not in html
    assert "<script" not in notebook_html([], [hostile])
