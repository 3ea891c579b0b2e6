"""The command `agog-capacity frontier`: thin over `planning.frontier`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agog_capacity.cli_arguments import Books, PlanFile, book_names
from agog_capacity.errors import visible
from agog_capacity.progress_bar import progress_bar


def frontier(
    plan: PlanFile,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            "-s",
            help="Scenario that variants are made of; may be given again. All if left out.",
            show_default=False,
        ),
    ] = None,
    axis: Annotated[
        list[str] | None,
        typer.Option(
            help="What differs: automation, rollout, standby, zones, sizes; may be given again. All if left out.",
            show_default=False,
        ),
    ] = None,
    prices: Books = None,
    years: Annotated[
        int,
        typer.Option(help="Simulated under each of 200 draws of rates and all else that is not sure.", min=1),
    ] = 250,
    seed: Annotated[int, typer.Option(help="Of the failures.", min=0)] = 20261124,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the page and the table of designs; nothing is written if left out.",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 2 if no design meets every target, the budget aside.")
    ] = False,
) -> int:
    """Price and assess variants of a plan's scenarios: what fewer lost hours cost, and what meets the targets."""
    from agog_capacity.files import check_folder
    from agog_capacity.plan import load_plan
    from agog_capacity.planning.frontier import frontier as found_frontier

    if out is not None:
        check_folder(out, "page and table")
    loaded = load_plan(plan, price_books=book_names(prices))
    with progress_bar("simulating failures") as progress:
        found = found_frontier(
            loaded, scenario or None, axes=axis or None, years=years, seed=seed, progress=progress
        )
    written: tuple[Path, ...] = ()
    if out is not None:
        from agog_capacity.planning.frontier_page import write_frontier

        written = write_frontier(found, out)
    print(f"{found!r}")
    for path in written:
        print(f"written: {visible(str(path))}")
    return 2 if check and found.cheapest is None else 0
