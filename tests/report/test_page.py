"""The page: offline, escaped, and drawn by a real browser."""

from __future__ import annotations

import re
import subprocess

import pytest

from agog_capacity.report.charts import grouped_bars
from agog_capacity.report.images import find_browser
from agog_capacity.report.page import Page, Section, Unfolding, page_html
from agog_capacity.report.tables import Heading, Table

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"


def page(text: str) -> Page:
    table = Table(text, (Heading(text), Heading("cost")), ((text, 1.0),), text)
    chart = grouped_bars(text, {text: {text: 1.0}}, axis="USD per month", source=text)
    section = Section(text, (text,), (table,), ("chart",), ((text, (Unfolding(text, "1.00", table),)),))
    return Page(text, (text,), (section,), {"chart": chart}, (text,))


def test_no_text_of_a_plan_becomes_markup_or_script():
    html = page_html(page(HOSTILE))
    assert "<script>document.title" not in html
    assert "<img src=x" not in html
    assert html.count("<script") == 3, "the data, plotly, and the few lines that draw"


def test_the_page_loads_nothing_from_anywhere():
    html = page_html(page("a"))
    body = html[: html.index('<script type="application/json"')] + html[html.rindex("<script>") :]
    assert not re.search(r"""(src|href)\s*=\s*["']?(?!#)[a-z]*:?//""", body)
    assert "@import" not in body
    assert "url(" not in body
    assert "default-src 'none'" in body


def test_the_same_page_has_the_same_bytes():
    assert page_html(page("a")) == page_html(page("a"))


@pytest.mark.browser
def test_a_real_browser_draws_the_charts_and_runs_nothing_hostile(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page_html(page(HOSTILE)), encoding="utf-8")
    drawn = subprocess.run(
        [
            find_browser(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=8000", "--dump-dom", path.as_uri(),
        ],
        capture_output=True, text=True, timeout=90, check=True,
    ).stdout  # fmt: skip
    assert 'class="main-svg"' in drawn
    assert "<title>owned</title>" not in drawn
    assert "USD per month" in drawn
