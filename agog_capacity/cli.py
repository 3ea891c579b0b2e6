"""The commands: thin over the library. Exit codes: 0 fine, 1 bad input, wrong usage or failure, 2 a target missed.

A scenario that the rules stop is named on standard error; where every scenario that was asked for is stopped, the
exit code is 1.

Everything is imported where it is used, so that `agog-capacity --help` is quick and `compare`
loads nothing it does not need.
"""

from __future__ import annotations

import io
import os
import sys
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agog_capacity import __version__
from agog_capacity.cli_arguments import Books, PlanFile, book_names
from agog_capacity.cli_commit import commit
from agog_capacity.cli_frontier import frontier
from agog_capacity.errors import AgogCapacityError, visible
from agog_capacity.progress_bar import progress_bar

FINE, FAILED, MISSED = 0, 1, 2

app = typer.Typer(
    name="agog-capacity",
    help="Cost modelling and capacity planning of a SaaS on Kubernetes and managed services.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
prices_app = typer.Typer(
    help="Price books: list, look up, build.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(prices_app, name="prices")
app.command()(commit)
app.command()(frontier)


class Format(StrEnum):
    """What `compare` prints."""

    table = "table"
    json = "json"
    csv = "csv"
    html = "html"


@app.command()
def compare(
    plan: PlanFile,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            "-s",
            help="Scenario to compare; may be given again. All if left out.",
            show_default=False,
        ),
    ] = None,
    prices: Books = None,
    reference: Annotated[
        str | None,
        typer.Option(
            help="Scenario that differences are taken from; the plan's own if left out.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the page, tables and lockfile; nothing is written if left out.",
            show_default=False,
        ),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="What is printed.")] = Format.table,
    images: Annotated[
        bool, typer.Option("--images", help="Also write charts as PNG, SVG and PDF into OUT.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Exit with 2 if a compared scenario, the reference included, misses a target."
        ),
    ] = False,
) -> int:
    """Compare scenarios of a plan: cost, contract availability, targets."""
    from agog_capacity.plan import load_plan
    from agog_capacity.planning.compare import compare as compare_scenarios

    if images and out is None:
        raise typer.BadParameter("--images needs --out, the folder they are written to")
    if out is not None:
        from agog_capacity.files import check_folder

        check_folder(out, "report")
    loaded = load_plan(plan, price_books=book_names(prices))
    comparison = compare_scenarios(loaded, scenario or None, reference=reference)
    with progress_bar("simulating failures") as progress:
        comparison.assess(progress)
    written = None
    if out is not None:
        # First what lasts: a reader of the output who has seen enough ends the program.
        from agog_capacity.planning.publish import write_report

        written = write_report(comparison, out, images=images)
    if format_ is Format.table:
        from agog_capacity.planning.publish import comparison_text

        print(comparison_text(comparison))
    elif format_ is Format.html:
        from agog_capacity.planning.publish import comparison_html

        _print_file(comparison_html(comparison))
    else:
        from agog_capacity.planning.publish import comparison_csv, comparison_json

        _print_file(comparison_json(comparison) if format_ is Format.json else comparison_csv(comparison))
    if written is not None:
        for warning in written.warnings:
            print(warning, file=sys.stderr)
        page = visible(str(written.page))
        print(f"page: {page}", file=sys.stdout if format_ is Format.table else sys.stderr)
    for one in comparison.stopped:
        print(visible(f"stopped, not forecast: {one.name}: {one.reason}"), file=sys.stderr)
    if set(scenario or loaded.scenarios) <= {one.name for one in comparison.stopped}:
        return FAILED
    return MISSED if check and comparison.missed() else FINE


@app.command()
def explain(
    plan: PlanFile,
    scenario: Annotated[str, typer.Argument(help="Scenario of the plan.", show_default=False)],
    component: Annotated[str | None, typer.Option(help="Only this component.", show_default=False)] = None,
    region: Annotated[str | None, typer.Option(help="Only this region.", show_default=False)] = None,
    month: Annotated[
        str | None, typer.Option(help="Only this month, such as 2027-01.", show_default=False)
    ] = None,
    failures: Annotated[
        bool,
        typer.Option(
            "--failures", help="Unfold availability, recovery and response times instead of a cost."
        ),
    ] = False,
    prices: Books = None,
) -> int:
    """Unfold a cost to meters, tiers, quantities and price rows with their sources; or what failures make of it."""
    from agog_capacity.plan import load_plan
    from agog_capacity.planning.explain import explain as explain_forecast
    from agog_capacity.planning.forecast import forecast

    loaded = load_plan(plan, price_books=book_names(prices))
    if failures:
        if component or region or month:
            raise typer.BadParameter(
                "--failures is of the whole scenario; leave out component, region and month"
            )
        from agog_capacity.planning.explain_failures import failures_text

        with progress_bar("simulating failures") as progress:
            print(failures_text(loaded, scenario, progress=progress))
        return FINE
    result = forecast(loaded, scenario)
    print(explain_forecast(result, component=component, region=region, month=month))
    return FINE


@app.command()
def reconcile(
    stated: Annotated[
        Path, typer.Argument(metavar="STATED", help="Stated cost table (CSV).", show_default=False)
    ],
    plan: PlanFile,
    scenario: Annotated[
        str | None,
        typer.Option(
            "--scenario", "-s", help="Scenario; the plan's reference if left out.", show_default=False
        ),
    ] = None,
    prices: Books = None,
) -> int:
    """Hold a stated cost table against a forecast: what is off, counted twice, left out."""
    from agog_capacity.plan import load_plan
    from agog_capacity.planning.forecast import forecast
    from agog_capacity.planning.reconcile import read_stated_costs
    from agog_capacity.planning.reconcile import reconcile as reconcile_table

    loaded = load_plan(plan, price_books=book_names(prices))
    print(reconcile_table(read_stated_costs(stated), forecast(loaded, scenario or loaded.reference)))
    return FINE


@app.command()
def kinds(
    kind: Annotated[str | None, typer.Argument(help="Only this kind.", show_default=False)] = None,
) -> int:
    """List the component kinds with their fields, units and defaults."""
    from agog_capacity.kinds_listing import kinds_text

    print(kinds_text(kind))
    return FINE


@app.command()
def sections(
    name: Annotated[
        str | None,
        typer.Argument(help="Only this section or place, such as scaling.load.", show_default=False),
    ] = None,
) -> int:
    """List the sections of a plan file with their fields, units and defaults."""
    from agog_capacity.sections_listing import sections_text

    print(sections_text(name))
    return FINE


@prices_app.command("list")
def list_prices() -> int:
    """List the price books that plans can name."""
    from agog_capacity.prices.resolve import book_folders, load_price_books

    names = sorted(
        {path.parent.name for folder in book_folders(Path.cwd()) for path in folder.glob("*/book.yaml")}
    )
    for book in load_price_books(names, near=Path.cwd()):
        print(
            f"{book.name}  {book.as_of}  {book.currency}  {len(book):,} prices, {len(book.gaps)} gaps  {book.title}"
        )
    return FINE


@prices_app.command("find")
def find_price(
    meter: Annotated[
        str,
        typer.Argument(help="'service/product family/SKU/meter'; * matches anything.", show_default=False),
    ],
    region: Annotated[
        str | None, typer.Option(help="Only this region, zone or Global.", show_default=False)
    ] = None,
    option: Annotated[
        str | None,
        typer.Option(help="Only on-demand, spot, reservation or savings-plan prices.", show_default=False),
    ] = None,
    book: Annotated[str | None, typer.Option(help="Only this book.", show_default=False)] = None,
) -> int:
    """Show the prices of a meter with their sources."""
    from agog_capacity.prices.listing import prices_text

    print(prices_text(meter, region=region, purchase_option=option, book=book, near=Path.cwd()))
    return FINE


@prices_app.command("build")
def build_prices(
    out: Annotated[Path, typer.Option(help="Folder the books are written to.", show_default=False)],
    azure: Annotated[
        Path | None,
        typer.Option(help="Azure prices (CSV in the columns of the Retail Prices API).", show_default=False),
    ] = None,
    aws: Annotated[
        Path | None, typer.Option(help="AWS prices (CSV, one price a row).", show_default=False)
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Date of the books; that of their newest price if left out.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Build list price books from collected prices; what cannot be trusted goes to a quarantine file."""
    from agog_capacity.prices.build import build_books

    if azure is None and aws is None:
        raise typer.BadParameter("name at least one of --azure and --aws")
    when: date | None = as_of.date() if as_of is not None else None
    print(build_books(azure, aws, out, when))
    return FINE


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit()


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Cost modelling and capacity planning of a SaaS on Kubernetes and managed services."""


def _print_file(text: str) -> None:
    """Print what is meant to become a file: in UTF-8 whatever the terminal speaks."""
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    binary.write(text.encode())
    binary.flush()


def run(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    arguments : list of str, optional
        As typed after the program's name; those of the process if left out.

    Returns
    -------
    int
        0 fine; 1 bad input, wrong usage or failure; 2 a target missed where `--check` asked for it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a dash that a terminal cannot show is no reason to fail
    if sys.stderr.isatty():
        _say_what_takes_long()
    try:
        code = app(arguments, prog_name="agog-capacity", standalone_mode=False)
        sys.stdout.flush()  # here and not at exit, where a closed pipe cannot be handled any more
    except AgogCapacityError as error:
        print(visible(str(error)), file=sys.stderr)
        return FAILED
    except (typer.Abort, KeyboardInterrupt):
        print("stopped", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        return _no_reader_left()
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # typer's own handling, which calls it a failure
            return _no_reader_left()
        raise
    except OSError as error:
        print(visible(f"{error.filename or 'a file'}: {error.strerror or error}"), file=sys.stderr)
        return FAILED
    except Exception as error:
        show = getattr(error, "show", None)  # wrong usage: typer's own exceptions know how to say it
        if show is None:
            raise
        show()
        return FAILED
    return code if isinstance(code, int) else FINE


def _no_reader_left() -> int:
    """Whoever read the output has seen enough, as `| head` does; what is left goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FINE


def _say_what_takes_long() -> None:
    """Let the library's own messages appear where a person waits for them."""
    import logging

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("agog_capacity")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run())


if __name__ == "__main__":
    main()
