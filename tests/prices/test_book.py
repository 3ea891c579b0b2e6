"""The price book: one match or an error that names the nearest; hostile files become words."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.errors import AmbiguousPrice, PriceBookError, PriceNotFound
from agog_capacity.prices.book import COLUMNS
from agog_capacity.prices.meter import Meter
from agog_capacity.prices.reader import read_price_book
from agog_capacity.prices.resolve import load_price_books
from tests.books import write_book

LINUX = Meter("Virtual Machines", "Linux", "Standard_D8s_v5", "Compute")
ROW = "Virtual Machines,Linux,Standard_D8s_v5,Compute,eastus2"


@pytest.fixture
def folder(tmp_path):
    def written(*rows: str, **about):
        return write_book(tmp_path / "book", list(rows), **about)

    return written


def test_windows_and_low_priority_and_commitments_never_match_linux_on_demand(folder):
    book = read_price_book(
        folder(
            f"{ROW},on-demand,,0,1 Hour,0.384,USD",
            ROW.replace("Linux", "Windows") + ",on-demand,,0,1 Hour,0.752,USD",
            ROW.replace("Compute", "Compute Low Priority") + ",on-demand,,0,1 Hour,0.0768,USD",
            f"{ROW},spot,,0,1 Hour,0.12,USD",
            f"{ROW},reservation,1y,0,1 Hour,0.237,USD",
            f"{ROW},savings-plan,1y,0,1 Hour,0.27,USD",
        )
    )
    assert book.find(LINUX, "eastus2").per_base_unit == (0.384,)
    assert book.find(LINUX, "eastus2", "spot").per_base_unit == (0.12,)
    assert book.find(LINUX, "eastus2", "reservation", "1y").per_base_unit == (0.237,)


def test_a_missing_price_names_the_nearest(folder):
    book = read_price_book(folder(f"{ROW},on-demand,,0,1 Hour,0.384,USD", f"{ROW},spot,,0,1 Hour,0.1,USD"))
    with pytest.raises(PriceNotFound, match="it has that meter in eastus2"):
        book.find(LINUX, "westeurope")
    with pytest.raises(PriceNotFound, match="nearest: 'Virtual Machines/Linux/Standard_D8s_v5/Compute'"):
        book.find(LINUX._replace(sku="Standard_D8s_v6"), "eastus2")
    with pytest.raises(PriceNotFound, match="has that meter there on-demand, spot"):
        book.find(LINUX, "eastus2", "reservation", "3y")


def test_tiers_are_in_order_whatever_the_order_of_the_rows(folder):
    egress = "Bandwidth,Internet,Standard,Out,eastus2,on-demand,"
    book = read_price_book(folder(f"{egress},100,1 GB,0.087,USD", f"{egress},0,1 GB,0,USD"))
    schedule = book.find(Meter("Bandwidth", "Internet", "Standard", "Out"), "eastus2")
    assert list(schedule.tier_starts) == [0, 100]
    assert list(schedule.per_base_unit) == [0, 0.087]


def test_a_price_per_ten_thousand_is_divided_once(folder):
    book = read_price_book(folder("Key Vault,Key Vault,Standard,Operations,eastus,on-demand,,0,10K,0.03,USD"))
    assert book.find(Meter("Key Vault", "Key Vault", "Standard", "Operations"), "eastus").per_base_unit == (
        3e-6,
    )


def test_a_lump_beside_a_price_of_its_own_is_ambiguous(folder):
    book = read_price_book(
        folder(
            f"{ROW},on-demand,,0,1 Hour,0.384,USD",
            f"All,-,-,Everything,eastus2,on-demand,,0,1 Month,5,USD,lump,{LINUX.text}",
        )
    )
    with pytest.raises(AmbiguousPrice, match="more than once"):
        book.find(LINUX, "eastus2")


@pytest.mark.parametrize(
    "row, words",
    [
        (f"{ROW},on-demand,,0,1 Hour,-0.384,USD", "not an amount of 0 or more"),
        (f"{ROW},on-demand,,0,1 Hour,nan,USD", "not an amount of 0 or more"),
        (f"{ROW},on-demand,,0,1 Hour,inf,USD", "not an amount of 0 or more"),
        (f"{ROW},on-demand,,0,1 Hour,,USD", "not an amount of 0 or more"),
        (f"{ROW},on-demand,,0,1 Hour,1/0,USD", "not finite"),
        (f"{ROW},on-demand,,0,1 Huor,1,USD", "not known"),
        (f"{ROW},on-demand,,0,1 Hour,1,EUR", "a book has one currency"),
        (f"{ROW},on-demnd,,0,1 Hour,1,USD", "nearest: 'on-demand'"),
        (f"{ROW},reservation,,0,1 Hour,1,USD", "term"),
        (f"{ROW},on-demand,1y,0,1 Hour,1,USD", "term"),
        (f"{ROW},on-demand,,5,1 Hour,1,USD", "no tier from 0"),
        (f"{ROW},on-demand,,0,1 Hour,1,USD\n{ROW},on-demand,,0,1 Hour,2,USD", "two prices for the same tier"),
        (f"{ROW},on-demand,,0,1 Hour,1,USD,lump,", "which meters it pays for"),
        (f"{ROW},on-demand,,0,1 Hour,1,USD,unit,a/b/c/d", "only a lump may"),
        (f"{ROW},on-demand,,0,1 Hour,1,USD,lump,a/b", "is not a meter"),
        (f"{ROW},on-demand,,0,1 Hour,1,USD,unit,,2026,,2026,b,,", "source is empty"),
        (f"{ROW},on-demand,,0,1 Hour,1,USD,unit,,2026,a\x1b[31m,2026,b,,", "source holds a control character (U+001B)"),
        (ROW.replace("eastus2", "east\u202eus2") + ",on-demand,,0,1 Hour,1,USD", "region holds a right-to-left override"),
        (f"{ROW},on-demand,,0,1 Hour,1,USD,unit,,2026,{'a' * 8001},2026,b,,", "source has 8,001 characters"),
        (",,,,eastus2,on-demand,,0,1 Hour,1,USD", "must be filled"),
        (f"{ROW},on-demand", "values for 19 columns"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_with_its_line(folder, row, words):
    with pytest.raises(PriceBookError) as caught:
        read_price_book(folder(*row.split("\n")))
    assert words in str(caught.value)
    assert all(problem.line for problem in caught.value.problems)


def test_all_bad_rows_are_reported_together(folder):
    with pytest.raises(PriceBookError) as caught:
        read_price_book(folder(f"{ROW},on-demand,,0,1 Hour,-1,USD", f"{ROW},spot,,0,1 Hour,x,USD"))
    assert [problem.line for problem in caught.value.problems] == [2, 3]


def test_a_header_that_is_off_names_what_lacks_and_the_nearest(folder):
    path = folder(f"{ROW},on-demand,,0,1 Hour,1,USD")
    text = (path / "prices.csv").read_text().replace("unit_price", "unit_prise")
    (path / "prices.csv").write_text(text)
    with pytest.raises(
        PriceBookError, match="lacks unit_price; has 'unit_prise', which is not known; nearest: 'unit_price'"
    ):
        read_price_book(path)


@given(st.text(max_size=200), st.text(alphabet=',\n"01aH urSD/-.', max_size=200))
def test_any_table_is_read_or_refused_by_the_projects_own_error(tmp_path_factory, about, rows):
    folder = write_book(tmp_path_factory.mktemp("fuzz") / "book", [])
    (folder / "prices.csv").write_text(",".join(COLUMNS) + "\n" + rows, newline="")
    if about:
        (folder / "book.yaml").write_text(about)
    try:
        read_price_book(folder)
    except PriceBookError as error:
        assert error.problems


@given(
    st.lists(
        st.sampled_from(["0", "1", "-1", "nan", "1/3", "1e400", "USD", "", "1 Hour", "a/b", "<b>", "=1+1"]),
        min_size=19,
        max_size=19,
    )
)
def test_any_row_is_read_or_refused_by_the_projects_own_error(tmp_path_factory, values):
    folder = write_book(tmp_path_factory.mktemp("fuzz") / "book", [])
    (folder / "prices.csv").write_text(",".join(COLUMNS) + "\n" + ",".join(values))
    with pytest.raises(PriceBookError):
        read_price_book(folder)


@pytest.mark.parametrize("key, longest", [("title", 200), ("provider", 200), ("description", 4000)])
def test_texts_about_a_book_have_a_longest_length(folder, key, longest):
    path = folder(f"{ROW},on-demand,,0,1 Hour,1,USD")
    text = (path / "book.yaml").read_text()
    lines = [f"{key}: {'x' * (longest + 1)}" if line.startswith(key) else line for line in text.splitlines()]
    (path / "book.yaml").write_text("\n".join(lines))
    with pytest.raises(PriceBookError, match=f"{key} may have {longest:,}"):
        read_price_book(path)


def test_small_and_long_amounts_are_read(folder):
    texts = ("1e-16", "0.123456789012345678", "1/10000000000000000", f"1/3{'0' * 100}")
    for text in texts:
        book = read_price_book(folder(f"{ROW},on-demand,,0,1 Hour,{text},USD"))
        assert book.find(LINUX, "eastus2").per_base_unit == (float(Fraction(text)),)


@pytest.mark.parametrize("inside", [False, True])
def test_a_book_behind_a_symbolic_link_is_not_read(tmp_path, inside):
    real = write_book(tmp_path / "elsewhere" / "book", [f"{ROW},on-demand,,0,1 Hour,1,USD"])
    place = tmp_path / "plan" / "prices"
    if inside:
        write_book(place / "book", [])
        (place / "book" / "prices.csv").unlink()
        (place / "book" / "prices.csv").symlink_to(real / "prices.csv")
    else:
        place.mkdir(parents=True)
        (place / "book").symlink_to(real, target_is_directory=True)
    with pytest.raises(PriceBookError, match="symbolic link"):
        load_price_books(["book"], near=tmp_path / "plan")


def test_a_gap_is_named_with_its_reason_and_nothing_in_it_is_obeyed(folder):
    path = folder(f"{ROW},on-demand,,0,1 Hour,1,USD")
    (path / "quarantine.csv").write_text(f"gap,reason\n{LINUX.text} in mars,sources \x1b[31mdisagree\n")
    with pytest.raises(PriceNotFound, match=r"it is a known gap: sources \\x1b\[31mdisagree"):
        read_price_book(path).find(LINUX, "mars")
