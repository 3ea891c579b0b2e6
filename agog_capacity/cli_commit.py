"""The command `agog-capacity commit`: thin over `advice.commit`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from agog_capacity.cli_arguments import Books, PlanFile, book_names


def commit(
    plan: PlanFile,
    scenario: Annotated[
        str | None,
        typer.Option(
            "--scenario", "-s", help="Scenario; the plan's reference if left out.", show_default=False
        ),
    ] = None,
    futures: Annotated[
        int, typer.Option(min=1, max=1000, help="Simulated futures, and as many fresh ones to judge by.")
    ] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the futures.")] = 1,
    every: Annotated[int, typer.Option(min=1, max=120, help="Months between dates of purchase.")] = 1,
    caution: Annotated[
        float,
        typer.Option(
            min=0, max=100, help="Weight on regret in the worst 5 % of futures, beside the expected cost."
        ),
    ] = 0.0,
    prices: Books = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the text, charts and purchases; nothing is written if left out.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Plan what to buy ahead: reservations and savings plans, when, for how long, what they save and risk.

    Needs a plan of calendar months, 36 or more where terms of three years are sold.
    """
    from agog_capacity.advice.commit import optimise_commitments
    from agog_capacity.commitments.portfolio import Caution
    from agog_capacity.files import check_folder
    from agog_capacity.plan import load_plan

    if out is not None:
        check_folder(out, "advice")
    loaded = load_plan(plan, price_books=book_names(prices))
    weighed = Caution(caution) if caution else None
    advice = optimise_commitments(
        loaded, scenario, futures=futures, seed=seed, buy_every=every, caution=weighed
    )
    print(advice)
    if out is not None:
        from agog_capacity.advice.files import write_advice

        written = write_advice(advice, out)
        for warning in written.warnings:
            print(warning, file=sys.stderr)
        print(f"page: {written.page}")
    return 0
