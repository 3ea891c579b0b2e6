"""Price books are built from tables of prices: whole, deterministic, or refused with the reason."""

from __future__ import annotations

import csv
import json
import random
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agog_capacity.errors import InputError, PriceBookError
from agog_capacity.prices.build import build_books
from agog_capacity.prices.build.azure import REQUIRED_COLUMNS, normalise
from agog_capacity.prices.build.source import (
    Aside,
    Candidate,
    SourceRow,
    age_of,
    exact_text,
    parse_source,
    significant,
)
from agog_capacity.prices.build.write import write_book
from agog_capacity.prices.reader import read_price_book
from agog_capacity.resources import data_directory
from tests.prices.rows import BLOB, PLAIN, POSTGRESQL, build, rows_of, table

HERE = Path(__file__).parent
AZURE_ROWS = HERE / "data" / "azure_rows.csv"
"""Every row the price facts have for a choice of keys; enough to build part of the committed book."""
AWS_ROWS = HERE / "data" / "aws_rows.csv"
FACTS = HERE.parents[2] / "shared" / "prices"
"""The whole price facts, where they lie beside the checkout."""
AZURE_BOOK, AWS_BOOK = "azure-list-2026-10-10", "aws-list-2026-07-20"


def problems_of(content: str | bytes, folder: Path) -> str:
    """Return what is wrong with a table, and check that nothing was written."""
    source = folder / "rows.csv"
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(PriceBookError) as raised:
        build_books(source, None, folder / "books")
    assert not (folder / "books").exists()
    return str(raised.value)


@pytest.mark.skipif(not FACTS.is_dir(), reason="the price facts do not lie beside the checkout")
def test_the_committed_books_are_what_the_facts_give(tmp_path):
    report = build_books(FACTS / "azure_retail.csv", FACTS / "aws.csv", tmp_path)
    assert [book.name for book in report.books] == [AZURE_BOOK, AWS_BOOK]
    for book in report.books:
        for file in sorted(book.directory.iterdir()):
            committed = data_directory() / "prices" / book.name / file.name
            assert file.read_bytes() == committed.read_bytes(), (
                f"build the books again: {book.name}/{file.name}"
            )


@pytest.mark.skipif(not FACTS.is_dir(), reason="the price facts do not lie beside the checkout")
@pytest.mark.parametrize(
    "page", sorted(FACTS.glob("retail_api_pages/*page*.json")), ids=lambda path: path.stem
)
def test_genuine_pages_of_the_api_are_understood(page):
    """Their items have the same columns; prices of every service, kind and unit are on them."""
    for item in json.loads(page.read_text())["Items"]:
        found = {name: str(value) for name, value in item.items() if isinstance(value, str | int | float)}
        found |= {"source": page.name, "source_date": "2022", "confidence": "api-dump"}
        one = normalise(SourceRow(1, found))
        assert isinstance(one, Candidate | Aside)
        assert not (isinstance(one, Candidate) and found["type"] == "DevTestConsumption")


def test_a_part_of_the_facts_gives_that_part_of_the_committed_books(tmp_path):
    """Runs everywhere: the rows beside this test are all the facts have for their keys."""
    report = build_books(AZURE_ROWS, AWS_ROWS, tmp_path)
    for book in report.books:
        for name in ("prices.csv", "rejected.csv", "quarantine.csv"):
            committed = (data_directory() / "prices" / book.name / name).read_text().splitlines()
            built = (book.directory / name).read_text().splitlines()
            assert set(built) <= set(committed)
        assert book.prices > 25


def test_every_row_ends_in_exactly_one_place(tmp_path):
    for source in (AZURE_ROWS, AWS_ROWS):
        count = len(list(csv.reader(source.read_text().splitlines()))) - 1
        (book,) = build_books(
            source if source is AZURE_ROWS else None, source if source is AWS_ROWS else None, tmp_path
        ).books
        assert book.prices + book.rejected + book.quarantined == count


@pytest.mark.skipif(not FACTS.is_dir(), reason="the price facts do not lie beside the checkout")
def test_as_many_keys_have_agreeing_sources_as_the_facts_say(tmp_path):
    """README, "Do sources agree?": 105 keys have two or more independent sources within rounding."""
    report = build_books(FACTS / "azure_retail.csv", None, tmp_path)
    key = ("service", "family", "sku", "meter", "region", "purchase_option", "term", "tier_start")
    source = {tuple(row[name] for name in key): row["source"] for row in rows_of(report)}
    agreeing = {
        place
        for row in rows_of(report, "rejected")
        if row["reason"].startswith("agrees")
        and row["source"] != source.get(place := tuple(row[name] for name in key))
    }
    assert len(agreeing) == 105


def test_the_same_rows_give_the_same_bytes_in_any_order(tmp_path):
    header, *rows = AZURE_ROWS.read_text().splitlines(keepends=True)
    random.Random(7).shuffle(rows)
    shuffled = tmp_path / "azure_rows.csv"
    shuffled.write_text(header + "".join(rows))
    one, two, again = (
        build_books(source, None, tmp_path / name).books[0].directory
        for source, name in ((AZURE_ROWS, "one"), (shuffled, "two"), (AZURE_ROWS, "one"))
    )
    assert again == one
    assert sorted(file.name for file in one.iterdir()) == [
        "book.yaml",
        "prices.csv",
        "quarantine.csv",
        "rejected.csv",
    ]
    for file in one.iterdir():
        assert file.read_bytes() == (two / file.name).read_bytes()
    assert [path.name for path in (tmp_path / "one").iterdir()] == [one.name], (
        "nothing is left of the staging"
    )


def test_the_report_names_books_reasons_and_gaps(tmp_path):
    text = str(build_books(AZURE_ROWS, AWS_ROWS, tmp_path))
    assert f"{AZURE_BOOK}: " in text
    assert "rows: a trap" in text
    assert "no price: Amazon RDS/Engine not stated/db.m5.2xlarge/Instance in us-east-1" in text


def test_a_book_that_exists_is_replaced_file_by_file(tmp_path):
    (book,) = build(tmp_path, {}).books
    (book.directory / "mine.txt").write_text("kept")
    build(tmp_path, {"retailPrice": "0.3"})
    assert "0.3" in (book.directory / "prices.csv").read_text()
    assert (book.directory / "mine.txt").read_text() == "kept"


def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "books").write_text("a file, not a folder")
    with pytest.raises(PriceBookError, match="cannot be written"):
        build(tmp_path, {})


# Hostile input: one of the project's errors, and nothing is written.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"retailPrice": "-0.1"}, "retailPrice is '-0.1'"),
        ({"retailPrice": "NaN"}, "retailPrice is 'NaN'"),
        ({"retailPrice": "inf"}, "retailPrice is 'inf'"),
        ({"retailPrice": ""}, "retailPrice is ''"),
        ({"retailPrice": "1e99"}, "retailPrice is '1e99'"),
        ({"retailPrice": "9e12"}, "a digit too many"),
        ({"retailPrice": "٣"}, "retailPrice is '٣'"),
        ({"tierMinimumUnits": "-5"}, "tierMinimumUnits is '-5'"),
        ({"unitOfMeasure": "1 Fortnight"}, "Fortnight"),
        ({"unitOfMeasure": ""}, "unitOfMeasure"),
        ({"type": "Gift"}, "type is 'Gift'"),
        ({"type": "Reservation"}, "reservations have a term"),
        ({"type": "Reservation", "reservationTerm": "2 Years"}, "reservationTerm is '2 Years'"),
        ({"savingsPlanTerm": "1 Yaer"}, "nearest: '1 Year'"),
        ({"source": ""}, "source is blank"),
        ({"confidence": "rumour"}, "confidence is 'rumour'"),
        ({"currencyCode": "pounds"}, "currencyCode is 'pounds'"),
        ({"currencyCode": "GBP", "retailPrice": "3", "impliedUsd": "9"}, "impliedUsd is 9"),
        ({"effectiveStartDate": "soon"}, "effective start date is 'soon'"),
        ({"effectiveStartDate": "2026-02-31"}, "not in the calendar"),
        ({"source_date": "2026-13"}, "not in the calendar"),
        ({"isSpot": "maybe"}, "isSpot is 'maybe'"),
        ({"serviceName": ""}, "serviceName or meterName is blank"),
        ({"note": "two\nlines"}, "line break or control character"),
        ({"note": "x" * 3000}, "has 3,000 characters"),
    ],
)
def test_a_row_that_cannot_be_understood_is_named_with_its_line(tmp_path, change, message):
    text = problems_of(table({}, {**change}), tmp_path)
    assert message in text
    assert "rows.csv:" in text


def test_all_problems_of_both_tables_are_reported_together(tmp_path):
    source = tmp_path / "rows.csv"
    source.write_text(table({"retailPrice": "-1"}, {}, {"unitOfMeasure": "1 Fortnight"}))
    other = tmp_path / "aws.csv"
    other.write_text("service,sku\nEKS,control plane\n")
    with pytest.raises(PriceBookError) as raised:
        build_books(source, other, tmp_path / "books")
    lines = [problem.line for problem in raised.value.problems if problem.file.endswith("rows.csv")]
    assert lines == [2, 4]
    assert any(problem.file.endswith("aws.csv") for problem in raised.value.problems)
    assert not (tmp_path / "books").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"<!DOCTYPE html><html><body>429</body></html>", "has no column 'serviceName'"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"a" * 5_000_001, "5,000,000"),
        (",".join(REQUIRED_COLUMNS).encode(), "no rows"),
        (",".join([*REQUIRED_COLUMNS, "type"]).encode(), "stands twice"),
        ((",".join(REQUIRED_COLUMNS) + "\na,b\n").encode(), "has 2 cells"),
        ((",".join(REQUIRED_COLUMNS) + '\n"open').encode(), "not a CSV table"),
    ],
    ids=["empty", "blank", "html", "utf-16", "huge", "header only", "column twice", "ragged", "open quote"],
)
def test_a_file_that_is_no_price_list_is_refused(tmp_path, content, message):
    assert message in problems_of(content, tmp_path)


def test_a_missing_column_names_the_nearest(tmp_path):
    text = table({}).replace("unitOfMeasure", "unitOfMesure")
    assert "has no column 'unitOfMeasure'; nearest: 'unitOfMesure'" in problems_of(text, tmp_path)


def test_a_file_of_another_kind_is_not_reported_row_by_row(tmp_path):
    text = problems_of(table(*[{"retailPrice": "free"}] * 500), tmp_path)
    assert text.count("\n") == 50


def test_a_missing_file_and_no_file_are_clear_errors(tmp_path):
    with pytest.raises(PriceBookError, match="does not exist"):
        build_books(tmp_path / "none.csv", None, tmp_path)
    with pytest.raises(PriceBookError, match="no table of prices was given"):
        build_books(None, None, tmp_path)


def test_undated_rows_need_a_date_for_the_book(tmp_path):
    assert "say as of which date" in problems_of(table({"source_date": "undated"}), tmp_path)


def test_a_name_with_html_stays_text(tmp_path):
    name = "<script>alert(1)</script>"
    report = build(tmp_path, {**BLOB, "skuName": name})
    assert rows_of(report)[0]["sku"] == "<script>alert(1)< or script>"
    assert len(read_price_book(report.books[0].directory)) == 1


# Properties.

CELLS = st.sampled_from(
    [
        "",
        "0",
        "5",
        "0.192",
        "1 Hour",
        "10K",
        "1 GB/Month",
        "USD",
        "GBP",
        "2026",
        "2026-08-22",
        "true",
        "vCore",
        "16 vCore",
        "0 vCore",
        "1 Year",
        "Reservation",
        "Consumption",
        "golden",
        "Storage",
        "Redis Cache",
        POSTGRESQL,
        "C1 Cache",
        "a/b",
        "|",
        "/",
        "-",
        "=1+1",
        "Azure Redis Cache Standard",
        "1e-9",
        "0x10",
        "½",
        "TRAP",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(list(PLAIN)), CELLS, max_size=4), min_size=1, max_size=4))
def test_any_cells_give_a_readable_book_or_one_of_our_errors(tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("fuzz")
    try:
        report = build(folder, *changes)
    except InputError:
        assert not (folder / "books").exists()
        return
    (book,) = report.books
    assert len(read_price_book(book.directory)) == book.prices
    assert book.prices + book.rejected + book.quarantined == len(changes)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet=',"\n\ra1', max_size=80))
def test_any_text_is_a_table_or_one_of_our_errors(text):
    try:
        source = parse_source(text, "any.csv", ())
    except PriceBookError:
        return
    assert all(set(row.cells) == set(source.columns) for row in source.rows)


@given(st.fractions(min_value=0, max_value=10**9))
def test_a_price_is_written_exactly(value):
    assert Fraction(exact_text(value)) == value


@given(st.decimals(min_value="1e-9", max_value="1e9", places=12).map(Fraction))
def test_four_significant_digits_are_half_a_unit_off_at_most(value):
    rounded = significant(value, 4)
    assert abs(rounded - value) <= value * Fraction(5, 10_000)
    assert significant(rounded, 4) == rounded


@pytest.mark.parametrize(
    ("effective", "source_date", "age"),
    [
        ("2025-07-01T00:00:00Z", "2026-08-22", "2025-07-01"),
        ("", "2026-07-01 (last change of the folder)", "2026-07-01"),
        ("", "2026 (file undated)", "2026"),
        ("", "2026-08", "2026-08"),
        ("", "undated, older than the 2026 dumps", ""),
        ("", "mock; folder last changed 2026-05-10", ""),
    ],
)
def test_the_age_of_a_row(effective, source_date, age):
    assert age_of(effective, source_date) == age


def test_no_cell_of_a_built_book_is_a_formula_and_the_reader_reads_it_back(tmp_path):
    names = {**BLOB, "skuName": "=cmd|calc", "meterName": "+1+1", "productName": ""}
    lost = {**names, "source": "@old", "source_date": "2020-01-01"}
    report = build(tmp_path, names, lost, {**names, "source": "-odd", "type": "DevTestConsumption"})
    for name in ("prices", "rejected", "quarantine"):
        cells = [cell for row in rows_of(report, name) for cell in row.values()]
        assert not [cell for cell in cells if cell != "-" and cell.startswith(("=", "+", "-", "@"))]
    (meter,) = {key.meter for key in read_price_book(report.books[0].directory).schedules}
    assert (meter.family, meter.sku, meter.meter) == ("-", "=cmd|calc", "+1+1")


@pytest.mark.parametrize(
    "change",
    [
        {"retailPrice": "1e-16"},
        {"retailPrice": "0.123456789012345678"},
        {"retailPrice": "999999999999.123456789012345678e-30"},
    ],
)
def test_what_is_built_is_read_again_whatever_the_digits(tmp_path, change):
    report = build(tmp_path, {**BLOB, **change})
    (schedule,) = read_price_book(report.books[0].directory).schedules.values()
    assert schedule.tiers[0].unit_price == float(Fraction(change["retailPrice"]))


def test_a_book_that_could_not_be_read_again_is_not_put_in_place(tmp_path):
    files = {"book.yaml": b"name: x\n", "prices.csv": b"a,b\n"}
    with pytest.raises(PriceBookError, match="could not be read again"):
        write_book(tmp_path / "book", files)
    assert list(tmp_path.iterdir()) == []
