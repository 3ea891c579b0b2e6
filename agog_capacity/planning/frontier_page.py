"""Publishing a frontier: a page and a table of all designs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agog_capacity import __version__
from agog_capacity.files import check_folder, csv_text, replace_files, spreadsheet_safe
from agog_capacity.planning.frontier_tables import (
    answer,
    failures,
    frontier_chart,
    left_out,
    nines,
    unbeaten_designs,
)
from agog_capacity.report.page import Page, Section, page_html

if TYPE_CHECKING:
    from agog_capacity.planning.frontier import Frontier

PAGE = "frontier.html"
TABLE = "designs.csv"
_CHART = "cost_against_hours"


def frontier_page(frontier: Frontier) -> Page:
    """Return the page of a frontier, finished but for its markup."""
    charts = {_CHART: frontier_chart(frontier)}
    sections = [
        Section("The answer", tables=(answer(frontier),)),
        Section(
            "Cost against lost hours",
            text=("A dot is a design; one under and left of another is better in both.",),
            tables=(unbeaten_designs(frontier), nines(frontier)),
            charts=(_CHART,),
        ),
        Section(
            "Why designs fail",
            tables=tuple(table for table in (failures(frontier), left_out(frontier)) if table.rows),
        ),
    ]
    footer = (
        f"{frontier.designs[0].assessment.basis}.",
        f"Plan {frontier.plan.digest}, agog_capacity {__version__}.",
    )
    lead = tuple(line for line in (frontier.plan.description.strip(),) if line)
    return Page(f"{frontier.plan.title}: the price of each nine", lead, tuple(sections), charts, footer)


def write_frontier(frontier: Frontier, folder: Path) -> tuple[Path, ...]:
    """Write page and table of a frontier into a folder, both whole or neither.

    Parameters
    ----------
    frontier : Frontier
    folder : path
        Made if it is not there.

    Returns
    -------
    tuple of path
    """
    check_folder(folder, "page and table")
    frame = frontier.to_frame().reset_index()
    rows = [[spreadsheet_safe(str(cell)) for cell in row] for row in frame.itertuples(index=False)]
    table = csv_text([str(name) for name in frame.columns], rows)
    folder.mkdir(parents=True, exist_ok=True)
    return replace_files({folder / PAGE: page_html(frontier_page(frontier)), folder / TABLE: table})
