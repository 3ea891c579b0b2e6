"""One offline HTML page: tables, interactive charts, and what stands behind each number.

The page loads nothing from anywhere: plotly's script is inlined once, a content policy forbids
requests, and every text from a plan is escaped. Same inputs, same bytes: it carries no clock.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from pathlib import Path

from agog_capacity.report.charts import Specification
from agog_capacity.report.tables import Table, html_table

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Unfolding:
    """A line of the page that opens to what it is made of."""

    heading: str
    amount: str
    table: Table


@dataclass(frozen=True)
class Section:
    """A part of the page, in the order of its fields."""

    title: str
    text: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[str, ...] = ()
    """Names of the page's charts."""
    unfoldings: tuple[tuple[str, tuple[Unfolding, ...]], ...] = ()
    """Groups of unfolding lines, each with its title."""


@dataclass(frozen=True)
class Page:
    """A finished page: everything in it is text, cells and chart specifications."""

    title: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...]
    charts: Mapping[str, Specification]
    footer: tuple[str, ...]


def page_html(page: Page) -> str:
    """Return a page as one HTML document.

    Parameters
    ----------
    page : Page

    Returns
    -------
    str
        The document; about 5 MB, nearly all of it plotly's script.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # html_table escapes every cell itself, so its result is marked as safe here and nowhere else.
    environment.filters["table"] = lambda table: Markup(html_table(table))  # noqa: S704
    environment.filters["spoken"] = _spoken
    html = environment.get_template("page.html.j2").render(page=page)
    # The data and the script are put in after rendering: five megabytes need no template engine. Their
    # places are the last of their kind: a text of the plan that reads the same stands before them.
    before, _, after = html.rpartition("@@PLOTLY@@")
    start, _, middle = before.rpartition("@@CHARTS@@")
    return "".join((start, _script_json(page.charts), middle, _plotly_script(), after))


def _spoken(chart: Specification) -> str:
    """Return the title of a chart as a reader of the page would hear it."""
    return unescape(str(chart["layout"]["title"]["text"]).replace("<br>", " "))


def _script_json(charts: Mapping[str, Specification]) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(charts, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@lru_cache(maxsize=1)
def _plotly_script() -> str:
    """Return plotly's script from the installed package, without importing the package."""
    found = importlib.util.find_spec("plotly")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("the package plotly is not installed; install agog_capacity again")
    path = Path(next(iter(found.submodule_search_locations))) / "package_data" / "plotly.min.js"
    return path.read_text(encoding="utf-8").replace("</script", "<\\/script")
