"""Reading stated cost tables: what people write for amounts, and every way a file can be wrong."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.errors import InputError, StatedTableError
from agog_capacity.planning.stated import (
    MAXIMUM_LINES,
    Selector,
    StatedLine,
    StatedTable,
    parse_stated_costs,
    read_stated_costs,
)
from agog_capacity.prices.meter import Meter

ROOT = Path(__file__).parent.parent.parent
BRIEF = ROOT / "data" / "plans" / "agog_stated_costs.csv"

TRANSFER = Meter("Azure Front Door Service", "Azure Front Door", "Premium", "Premium Data Transfer Out")


def problems_of(text: str) -> list[str]:
    with pytest.raises(StatedTableError) as caught:
        parse_stated_costs(text, "table.csv")
    return [str(problem) for problem in caught.value.problems]


def as_csv(rows: list[list[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def test_the_briefs_table_is_read_as_it_stands():
    table = read_stated_costs(BRIEF)
    assert table.columns == ("US East", "EU West")
    assert len(table.lines) == 10
    assert table.total_column == 7489
    assert [table.column_sum(column) for column in table.columns] == [3255, 2840]
    assert table.total is not None
    assert (table.total.label, table.total.total) == ("Total Monthly", 6095)
    assert table.total.regions == {"US East": 3255, "EU West": 2840}
    assert table.sign == "$"
    assert all(line.covers for line in table.lines)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1825", 1825.0),
        ("1825.00", 1825.0),
        ("$1,825", 1825.0),
        ("1,825.50 $", 1825.5),
        ("1 825", 1825.0),
        ("1\u202f825", 1825.0),
        ("1\xa0234\xa0567.89", 1234567.89),
        ("**$3,255**", 3255.0),
        ("`7`", 7.0),
        ("0", 0.0),
        ("", None),
        ("-", None),
        (" – ", None),
    ],
)
def test_amounts_are_read_as_people_write_them(cell, amount):
    table = parse_stated_costs(as_csv([["line", "total", "covers"], ["a", cell, ""], ["b", "1", ""]]))
    found = [line.total for line in table.lines if line.label == "a"]
    assert found == ([] if amount is None else [amount])


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        ("-5", "is negative"),
        ("−5", "is negative"),
        ("$-5", "is negative"),
        ("-$5", "is negative"),
        ("(5)", "is negative"),
        ("nan", "is not an amount"),
        ("inf", "is not an amount"),
        ("1e3", "is not an amount"),
        ("~250", "is not an amount"),
        ("1,5", "is not an amount"),
        ("1.825,00", "is not an amount"),
        ("1,825 000", "is not an amount"),
        ("12,34,567", "is not an amount"),
        ("١٢", "is not an amount"),
        ("$", "is not an amount"),
        ("free", "is not an amount"),
        ("=1+1", "is not an amount"),
        ("9" * 400, "is larger than any bill"),
    ],
)
def test_what_is_not_an_amount_is_refused_with_its_line(cell, complaint):
    found = problems_of(as_csv([["line", "US", "total"], ["a", "", "1"], ["b", cell, "1"]]))
    assert len(found) == 1
    assert found[0].startswith("table.csv:3: ")
    assert "'US'" in found[0]
    assert complaint in found[0]
    assert len(found[0]) < 300


def test_all_problems_are_reported_together_in_the_order_of_the_file():
    found = problems_of(
        "line,US East,total,covers,note\n"
        "Nodes,$1,$1,nodes/,\n"
        ",5,5,,\n"
        "Nodes,5,5,nodes,\n"
        "nodes,abc,-1,,\n"
        "Sub-total,5,5,,\n"
        "Database,5,5,,\n"
        "DATABASE,€5,5,,\n"
        "Nothing,,,some/*,\n"
        "a,b,c\n"
        "Total,1,1,nodes,\n"
        "Grand total,2,2,,\n"
    )
    assert [message.split(": ")[0] for message in found] == [
        *(f"table.csv:{line}" for line in (2, 3, 5, 5, 6, 8, 9, 10, 11, 12)),
        "table.csv",
    ]
    text = "\n".join(found)
    for words in (
        "covers: 'nodes/' names no charges",
        "has no label",
        "'abc' in column 'US East' is not an amount",
        "'-1' in column 'total' is negative",
        "leave subtotals out",
        "'DATABASE' stands twice (first in line 7)",
        "'Nothing' covers charges but states no amount",
        "has 3 values for 5 columns",
        "'Total' is the stated total; it covers nothing",
        "'Grand total' is a second total (first 'Total' in line 11)",
        "amounts in several currencies: $ (line 2), € (line 8)",
    ):
        assert words in text


@pytest.mark.parametrize(
    "label", ["Total", "TOTAL MONTHLY", "**Total Monthly**", "Sum", "Grand total", "grand sum: all"]
)
def test_a_row_that_begins_with_total_is_the_stated_total(label):
    table = parse_stated_costs(as_csv([["line", "total"], ["a", "1"], [label, "3"]]))
    assert table.total is not None
    assert table.total.total == 3
    assert table.total_column == 1


@pytest.mark.parametrize("label", ["Totally managed database", "Summary service", "The total"])
def test_other_words_that_look_like_total_are_lines(label):
    assert parse_stated_costs(as_csv([["line", "total"], [label, "3"]])).lines[0].label == label


def test_rows_without_amounts_are_headings_and_blank_rows_nothing():
    table = parse_stated_costs("line,US,total\n\n**Compute (AKS)**,,\n,,\nNodes,1,1\nDisks,-,-\n")
    assert table.headings == ("Compute (AKS)", "Disks")
    assert [(line.label, line.row) for line in table.lines] == [("Nodes", 5)]


def test_line_numbers_hold_where_a_cell_spans_lines():
    found = problems_of('line,total,note\na,1,"two\nlines"\nb,x,\n')
    assert [message.split(": ")[0] for message in found] == ["table.csv:4"]


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("label,total", "column 'line' is missing; there are: 'label', 'total'"),
        ("line,totals", "column 'total' is missing; nearest: 'totals'"),
        ("line;total;covers", "columns are separated by commas"),
        ("line,total,US East,us east", "column 'us east' stands twice"),
        ("line,total,,x", "column 3 has no name"),
        ("line,total,a\x1bb", "not plain text"),
        (f"line,total,{'a' * 300}", "too long"),
    ],
)
def test_a_header_that_lacks_a_column_is_refused(header, complaint):
    assert any(complaint in message for message in problems_of(f"{header}\n"))


@pytest.mark.parametrize(
    "header", ["Line,TOTAL,Covers", " line , total ,covers", "**line**,**total**,covers"]
)
def test_the_header_may_be_written_in_any_case_and_marked_up(header):
    assert parse_stated_costs(f"{header}\na,1,b/c\n").lines[0].covers == (Selector("b", "c"),)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b"line,total\n", "states no amount in any line"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is not UTF-8 text"),
        ("line,total\na,1\n".encode("utf-16"), "is not UTF-8 text"),
        (b"line,total\na\x00,1\n", "is a binary file"),
        (b'line,total\n"a,1\n', "is not CSV"),
        (b'line,total\n"a"b,1\n', "is not CSV"),
        (b"line,total\na," + b"1" * 200_000, "is not CSV"),
        (b"line,total\na,1,825\n", "an amount with a comma needs quotes"),
        (b"line,total\n" + b"a" * 300 + b",1\n", "is longer than 200 characters"),
        (b"line,total\na\x1b[31m,1\n", "control characters"),
        ("line,total\na\u202eb,1\n".encode(), "control characters"),
        (b"line,total,covers\na,1," + b"x;" * 60 + b"\n", "covers is more than"),
        (b"line,total\n" + b"a,1\n" * 1_300_000, "bytes; a stated cost table may have 5,000,000"),
    ],
)
def test_hostile_files_are_refused_in_words(tmp_path, content, complaint):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(StatedTableError, match=complaint):
        read_stated_costs(path)


def test_a_file_that_is_not_there_names_those_that_are(tmp_path):
    (tmp_path / "costs.csv").write_text("")
    with pytest.raises(StatedTableError, match=r"does not exist; beside it there are: costs\.csv"):
        read_stated_costs(tmp_path / "cots.csv")
    with pytest.raises(StatedTableError, match="is a folder"):
        read_stated_costs(tmp_path)


def test_problems_and_lines_are_bounded():
    many = problems_of("line,total\n" + "".join(f"a{n},x\n" for n in range(5000)))
    assert 50 <= len(many) <= 55
    assert "has more problems than are listed" in many[-1]
    long = problems_of("line,total\n" + "".join(f"a{n},1\n" for n in range(MAXIMUM_LINES + 100)))
    assert long == [
        f"table.csv:{MAXIMUM_LINES + 2}: is over 500 lines, the most that are read. Is it the right file?"
    ]


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("front-door", True),
        ("front-door/Premium Data Transfer Out", True),
        ("FRONT-door/*data transfer OUT", True),
        ("front-*/*Transfer*", True),
        ("*", True),
        ("front-door/Azure Front Door Service/*/Premium Data Transfer Out", True),
        ("front", False),
        ("front-door/Transfer", False),
        ("front-door/Premium Data Transfer ?ut", False),
        ("front-door/[P]remium*", False),
    ],
)
def test_selectors_know_the_star_and_no_case(text, chosen):
    assert Selector.parse(text).selects("front-door", TRANSFER) is chosen


def test_a_selector_of_many_stars_is_quick():
    meter = Meter("a", "a", "a", "a" * 200)
    assert not Selector.parse("front-door/" + "*a" * 60 + "b").selects("front-door", meter)


@pytest.mark.parametrize("text", ["/Compute", "nodes/", "/", " / "])
def test_half_a_selector_is_refused(text):
    with pytest.raises(InputError, match="names no charges"):
        Selector.parse(text)


def test_tables_made_in_python_are_checked_too():
    line = StatedLine("a", {"US": -1.0}, float("nan"))
    with pytest.raises(StatedTableError) as caught:
        StatedTable((line, line), ("EU",), sign="?")
    text = str(caught.value)
    for words in ("not 0 or more", "stands twice", "has an amount for 'US'", "currency sign '?'"):
        assert words in text
    with pytest.raises(StatedTableError, match="has no lines"):
        StatedTable(())


LABELS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12).map(
    lambda text: f"x{text}x"
)


@given(
    st.lists(
        st.tuples(LABELS, st.integers(0, 10**9), st.booleans()),
        min_size=1,
        unique_by=lambda x: x[0].casefold(),
    )
)
def test_what_is_written_is_read(rows):
    text = as_csv(
        [
            ["line", "total"],
            *(
                [label, f"{cents / 100:,.2f}" if comma else f"{cents / 100:.2f}"]
                for label, cents, comma in rows
            ),
        ]
    )
    table = parse_stated_costs(text)
    assert [(line.label, line.total) for line in table.lines] == [
        (label, cents / 100) for label, cents, _ in rows
    ]


CELLS = st.one_of(
    st.sampled_from(
        ["", "-", "1", "$2", "€3", "nodes", "nodes/*;", "total", "a/b/c/d", '"', "1,5", "**", "\x00", "\r"]
    ),
    st.text(max_size=8),
)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=6), st.booleans())
def test_any_text_is_a_table_or_a_refusal(rows, with_header):
    header = [["line", "US", "total", "covers", "note"]] if with_header else []
    text = "\n".join(",".join(row) for row in [*header, *rows])
    try:
        table = parse_stated_costs(text)
    except StatedTableError as error:
        assert error.problems
        assert all(problem.message for problem in error.problems)
    else:
        assert table.lines


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_a_refusal(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("stated") / "table.csv"
    path.write_bytes(content)
    with pytest.raises(StatedTableError):
        read_stated_costs(path)


def test_a_table_wider_than_any_providers_regions_is_refused_at_its_header():
    header = ",".join(["line", "total", *(f"r{number}" for number in range(20_000))])
    with pytest.raises(StatedTableError, match="1: has 20,002 columns; at most 100 are read"):
        parse_stated_costs(f"{header}\na,1{',' * 20_000}\n")
