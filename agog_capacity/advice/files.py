"""Publishing an advice: page, text, charts, and the purchases as a plan takes them.

`purchases.json` is the change that a scenario makes to be as advised: what is new under names of its own, and, where a log
tier is raised, the entry it takes over from under its own name, with only its new `ends`, or `null`, which takes it out,
where it would have begun later.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agog_capacity import __version__
from agog_capacity.advice.entries import purchase_rows, tier_rows
from agog_capacity.advice.notes import notes
from agog_capacity.advice.tables import advice_text, all_charts, tables
from agog_capacity.errors import BrowserNotFound
from agog_capacity.files import check_folder, replace_file, spreadsheet_safe
from agog_capacity.planning.publish import Written
from agog_capacity.report.page import Page, Section, page_html

if TYPE_CHECKING:
    from agog_capacity.advice.advice import CommitmentAdvice


def advice_page(advice: CommitmentAdvice) -> Page:
    """Return the page of an advice, finished but for its markup."""
    charts = all_charts(advice)
    first, saved, logs, *rest = tables(advice)
    sections = (
        Section("What to buy", tables=(first, saved, logs), charts=tuple(charts)),
        Section("Behind it", tables=tuple(rest)),
        Section("What this rests on", text=tuple(notes(advice))),
    )
    lead = (advice.plan.scenario(advice.scenario).description.strip(),)
    title = f"{advice.plan.title}: what to buy ahead for {advice.scenario}"
    footer = (f"Plan {advice.plan.digest}, seed {advice.seed}, agog_capacity {__version__}.",)
    return Page(title, tuple(line for line in lead if line), sections, charts, footer)


_PURCHASE = (
    "offer",
    "starts",
    "ends",
    "term",
    "quantity",
    "price_per_unit_hour",
    "total",
    "worth_of_next",
    "currency",
)
_TIER = (
    "workspace",
    "gb_per_day",
    "starts",
    "ends",
    "arriving_gb_per_day",
    "saving",
    "next_lower_saves",
    "next_higher_saves",
    "currency",
)


def _csv(names: tuple[str, ...], rows: list[dict[str, Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: spreadsheet_safe(value) if isinstance(value, str) else value for key, value in row.items()}
        for row in rows
    )
    return buffer.getvalue()


def write_advice(advice: CommitmentAdvice, folder: Path | str) -> Written:
    """Write an advice into a folder; each file whole or not at all.

    Parameters
    ----------
    advice : CommitmentAdvice
    folder : path
        Made if it does not exist. `index.html`, `advice.txt`, `purchases.csv`, `log_tiers.csv`, `purchases.json` (all
        of both as the change of a scenario takes it; entries that a raise ends have only `ends` or are `null`) and the
        charts as images are written into it.

    Returns
    -------
    Written
        The files; without a browser also a sentence on how to get images.
    """
    folder = Path(folder)
    check_folder(folder, "advice")
    contents = {
        "index.html": page_html(advice_page(advice)),
        "advice.txt": f"{advice_text(advice)}\n",
        "purchases.csv": _csv(_PURCHASE, purchase_rows(advice)),
        "log_tiers.csv": _csv(_TIER, tier_rows(advice)),
        "purchases.json": json.dumps({"commitments": {"bought": advice.entries()}}, indent=2) + "\n",
    }
    folder.mkdir(parents=True, exist_ok=True)
    files = [replace_file(folder / name, content) for name, content in contents.items()]
    warnings: list[str] = []
    from agog_capacity.report.images import write_images

    try:
        files += write_images(all_charts(advice), folder, ("png", "svg"))
    except BrowserNotFound as error:
        warnings.append(str(error))
    return Written(folder / "index.html", tuple(files), tuple(warnings))
