"""The page: offline, escaped, and drawn by a real browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

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


def test_words_of_a_plan_that_read_like_a_mark_of_the_template_stay_words():
    plain, marked = page_html(page("plain")), page_html(page("@@CHARTS@@ and @@PLOTLY@@"))
    assert plain.count("Plotly.newPlot") == marked.count("Plotly.newPlot")
    assert "<h1>@@CHARTS@@ and @@PLOTLY@@</h1>" in marked
    data = marked.split('<script type="application/json" id="charts">')[1].split("</script>")[0]
    assert json.loads(data)["chart"]["layout"]["title"]["text"] == "@@CHARTS@@ and @@PLOTLY@@"


def test_a_long_title_is_read_out_without_markup():
    html = page_html(page("long & wide " * 20))
    assert f'aria-label="{("long &amp; wide " * 20).strip()}"' in html


def test_the_script_of_plotly_is_taken_without_importing_it():
    program = (
        "import sys; from agog_capacity.report.page import Page, page_html;"
        "page_html(Page('t', (), (), {}, ())); print('plotly' in sys.modules, 'pandas' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "False"]


def browse(path: Path, *arguments: str) -> str:
    """Open a page in a browser without a window and return what it printed."""
    return subprocess.run(
        [
            find_browser(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={path.parent / 'profile'}", "--virtual-time-budget=8000", *arguments, path.as_uri(),
        ],
        capture_output=True, text=True, timeout=90, check=True,
    ).stdout  # fmt: skip


@pytest.mark.browser
def test_a_real_browser_draws_the_charts_and_runs_nothing_hostile(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page_html(page(HOSTILE)), encoding="utf-8")
    drawn = browse(path, "--dump-dom")
    assert 'class="main-svg"' in drawn
    assert "<title>owned</title>" not in drawn
    assert "USD per month" in drawn
    assert 'data-title="Zoom in"' in drawn, "the buttons of the chart are there"
    assert 'data-title="Share chart' not in drawn, "but not the one that sends the figures to a server"


@pytest.mark.browser
def test_a_legend_of_several_lines_touches_neither_the_title_nor_the_drawing(tmp_path):
    names = [f"a-scenario-with-a-long-name-{n}" for n in range(7)]
    chart = grouped_bars("What a month costs", {n: {"a": 1.0} for n in names}, axis="USD", source="a test")
    html = page_html(Page("t", (), (Section("s", charts=("chart",)),), {"chart": chart}, ()))
    measure = """<script>setTimeout(() => {
      const box = (what) => document.querySelector(what).getBoundingClientRect();
      const title = box(".gtitle"), legend = box(".legend"), room = box(".nsewdrag");
      document.title = title.bottom <= legend.top && legend.bottom <= room.top ? "apart" : "touching";
    }, 3000)</script></body>"""
    path = tmp_path / "page.html"
    path.write_text(html.replace("</body>", measure), encoding="utf-8")
    for width in (800, 1280):
        assert "<title>apart</title>" in browse(path, f"--window-size={width},1000", "--dump-dom")


@pytest.mark.browser
def test_printed_charts_are_scaled_to_the_paper(tmp_path):
    """On paper of 816 pixels a chart drawn for a window of 1600 would lose its right half."""
    html = page_html(page("a"))
    before, _, after = html.rpartition("@media print")
    measure = """<script>setTimeout(() => {
      dispatchEvent(new Event("beforeprint"));
      document.body.style.width = "700px";
      const svg = document.querySelector(".main-svg");
      const box = svg.getBoundingClientRect();
      document.title = [svg.hasAttribute("viewBox"), box.width <= 700, box.height > 100].join(" ");
    }, 3000)</script></body>"""
    path = tmp_path / "page.html"
    path.write_text(f"{before}@media all{after}".replace("</body>", measure), encoding="utf-8")
    assert "<title>true true true</title>" in browse(path, "--window-size=1600,1000", "--dump-dom")
