"""The command line as a user types it: output, exit codes, messages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agog_capacity.cli import FAILED, FINE, MISSED, run

ROOT = Path(__file__).parents[1]
AGOG = str(ROOT / "data" / "plans" / "agog.yaml")
AS_STATED = str(ROOT / "data" / "plans" / "agog_as_stated.yaml")
STATED = str(ROOT / "data" / "plans" / "agog_stated_costs.csv")


@pytest.fixture
def typed(capsys):
    """Run a command; returns its exit code and what it printed to both streams."""

    def run_it(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        out, err = capsys.readouterr()
        return code, out, err

    return run_it


def test_compare_prints_every_scenario_and_exits_fine_although_targets_are_missed(typed):
    code, out, err = typed("compare", AGOG)
    assert code == FINE
    for name in (
        "single-region",
        "active-passive",
        "active-passive-scaled-down",
        "pilot-light",
        "active-active",
    ):
        assert name in out
    assert "contractual" in out
    assert "missed" in out
    assert "stand-in" in out.casefold()
    assert not err


def test_check_turns_a_miss_into_exit_code_2(typed):
    assert typed("compare", AGOG, "--check")[0] == MISSED


def test_stopped_scenarios_are_named_and_where_nothing_is_left_the_exit_code_is_1(typed, tmp_path):
    """Two writers of one database cannot be bought; the plan with that scenario compares what can."""
    path = tmp_path / "plan.yaml"
    path.write_text(
        Path(AS_STATED)
        .read_text(encoding="utf-8")
        .replace(
            "\nscenarios:\n",
            "\nscenarios:\n  two-writers:\n    title: Two writers\n"
            "    change: {statements: {facts: {postgres-us: {writers: 2}}}}\n",
            1,
        ),
        encoding="utf-8",
    )
    line = "stopped, not forecast: two-writers: pg-no-multi-master (postgres-us)"
    code, out, err = typed("compare", str(path))
    assert code == FINE and "two-writers" in out
    assert line in err.splitlines()
    code, _, err = typed("compare", str(path), "--scenario", "two-writers")
    assert code == FAILED and line in err


def test_formats_go_to_standard_output_whole(typed):
    import json

    code, out, _ = typed("compare", AGOG, "--format", "json", "--scenario", "pilot-light")
    assert code == FINE
    names = [scenario["name"] for scenario in json.loads(out)["scenarios"]]
    assert names == ["active-passive", "pilot-light"]
    code, out, _ = typed("compare", AGOG, "--format", "csv")
    assert code == FINE and out.count("\n") >= 6
    code, out, _ = typed("compare", AGOG, "--format", "html")
    assert code == FINE and out.lstrip().lower().startswith("<!doctype html>")


def test_out_writes_the_page_and_says_where(typed, tmp_path):
    code, out, _ = typed("compare", AGOG, "--out", str(tmp_path / "o"))
    assert code == FINE
    page = tmp_path / "o" / "index.html"
    assert page.is_file()
    assert str(page) in out


@pytest.mark.parametrize(
    "words, message",
    [
        (["compare"], "Missing argument 'PLAN'"),
        (["compar", AGOG], "Did you mean 'compare'"),
        (["compare", AGOG, "--bogus"], "No such option"),
        (["compare", AGOG, "--format", "pdf"], "'pdf'"),
        (["compare", AGOG, "--images"], "needs --out"),
        (["compare", "nothing.yaml"], "does not exist"),
        (["compare", str(ROOT)], "is a folder"),
        (["compare", AGOG, "--scenario", "active-activ"], "nearest: 'active-active'"),
        (["compare", AGOG, "--reference", "nobody"], "has no scenario 'nobody'"),
        (["compare", AGOG, "--prices", "azure-lst-2026-10-10"], "nearest: 'azure-list-2026-10-10'"),
        (["compare", AGOG, "--prices", "aws-list-2026-07-20"], "no price for"),
        (["compare", AGOG, "--prices", "../azure"], "does not exist"),
        (["explain", AGOG, "active-passive", "--component", "postgres"], "nearest: 'postgres-"),
        (["explain", AGOG, "active-passive", "--month", "2040-01"], "has no month"),
        (["reconcile", "nothing.csv", AGOG], "does not exist"),
        (["reconcile", AGOG, AGOG], "column"),
        (["kinds", "node_pol"], "nearest: 'node_pool'"),
        (["prices", "find", "nothing like it"], "no price matches"),
        (["prices", "find", "*", "--option", "on demand"], "nearest: 'on-demand'"),
        (["prices", "find", "*"], "name a region, a book or more"),
        (["prices", "build", "--out", "x"], "at least one of"),
        (["prices", "build", "--out", "x", "--azure", AGOG], "agog.yaml"),
    ],
)  # fmt: skip
def test_bad_input_and_wrong_usage_exit_1_with_words_and_no_traceback(typed, words, message):
    code, out, err = typed(*words)
    assert code == FAILED
    assert message in err
    assert "Traceback" not in out + err


def test_books_may_be_named_in_one_option_or_in_several(typed):
    planning, listed = "agog-planning-2026-01-10", "azure-list-2026-10-10"
    together = typed("compare", AGOG, "--format", "csv", "--prices", f"{planning},{listed}")
    apart = typed("compare", AGOG, "--format", "csv", "--prices", planning, "--prices", listed)
    assert together == apart
    assert together[1] != typed("compare", AGOG, "--format", "csv")[1]


def test_explain_unfolds_to_price_rows_with_their_sources(typed):
    code, out, _ = typed(
        "explain", AGOG, "active-passive", "--component", "postgres-us", "--month", "2027-01"
    )
    assert code == FINE
    for word in ("vCore", "book azure-list", "stand-in", "westus", "assumed", "Backup"):
        assert word in out


def test_kinds_lists_fields_units_and_defaults(typed):
    code, out, _ = typed("kinds", "node_pool")
    assert code == FINE
    assert "vm_size" in out and "[GiB]" in out and "default" in out


def test_prices_are_listed_and_found_with_their_sources(typed):
    code, out, _ = typed("prices", "list")
    assert code == FINE and "azure-list-2026-10-10" in out
    code, out, _ = typed(
        "prices", "find", "*D8s_v3/Compute", "--region", "eastus2", "--book", "azure-list-2026-10-10"
    )
    assert code == FINE
    assert "0.384 USD per 1 Hour" in out
    assert "Windows" not in out


def test_the_installed_program_answers_and_passes_exit_codes_on():
    program = Path(sys.executable).with_name("agog-capacity")
    fine = subprocess.run([program, "--version"], capture_output=True, text=True)
    assert fine.returncode == FINE and fine.stdout.strip()
    failed = subprocess.run([program, "compare", "nothing.yaml"], capture_output=True, text=True)
    assert failed.returncode == FAILED and "Traceback" not in failed.stderr


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_terminal_that_speaks_only_ascii_gets_its_output_too(form):
    program = Path(sys.executable).with_name("agog-capacity")
    done = subprocess.run(
        [program, "compare", AGOG, "--format", form],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == FINE
    assert b"Traceback" not in done.stderr
    assert b"active-passive" in done.stdout


def test_a_reader_that_stops_early_is_no_failure():
    program = Path(sys.executable).with_name("agog-capacity")
    script = f"'{program}' compare '{AGOG}' --format html | head -c 10; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.returncode == FINE
    assert not done.stderr


def test_a_reader_that_stops_early_is_no_failure_where_nothing_flushes_and_the_report_is_written(tmp_path):
    program = Path(sys.executable).with_name("agog-capacity")
    script = f"'{program}' compare '{AGOG}' --out '{tmp_path}/out' | true; exit ${{PIPESTATUS[0]}}"
    environment = {
        name: os.environ[name] for name in ("PATH", "PYTHONPATH", "XDG_CACHE_HOME") if name in os.environ
    }
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=environment)
    assert done.returncode == FINE
    assert not done.stderr
    assert (tmp_path / "out" / "index.html").is_file()


def test_a_report_is_not_written_over_a_file(typed, tmp_path):
    (tmp_path / "out").write_text("mine")
    code, _, err = typed("compare", AGOG, "--out", str(tmp_path / "out"))
    assert code == FAILED
    assert "is a file; name a folder" in err
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("command", ["compare", "commit", "frontier"])
@pytest.mark.parametrize("below", ["", "deeper"])
def test_where_nothing_can_be_written_is_told_before_anything_is_computed(typed, tmp_path, command, below):
    """The plan is not even read: simulations of minutes are not thrown away."""
    (tmp_path / "out").write_text("mine")
    code, _, err = typed(command, str(tmp_path / "none.yaml"), "--out", str(tmp_path / "out" / below))
    assert code == FAILED
    assert "out: is a file; name a folder for the" in err
    assert "none.yaml" not in err


def test_a_defect_is_not_hidden(monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("agog_capacity.plan.load_plan", broken)
    with pytest.raises(ZeroDivisionError):
        run(["compare", AGOG])


def test_prices_are_found_by_purchase_option(typed):
    _, every, _ = typed("prices", "find", "*D4s_v5/Compute", "--region", "eastus2")
    code, out, _ = typed(
        "prices", "find", "*D4s_v5/Compute", "--region", "eastus2", "--option", "reservation"
    )
    assert code == FINE
    heads = [line for line in out.splitlines() if not line.startswith(" ")]
    assert heads == [line for line in every.splitlines() if ", reservation " in line]
    assert heads
    assert len(every) > len(out)


def test_commit_prints_what_to_buy_and_writes_it(typed, tmp_path, monkeypatch):
    """A scenario of fixed counts needs no simulation; the charts need a browser and are left to their own tests."""
    monkeypatch.setattr("agog_capacity.report.images.write_images", lambda charts, folder, formats: [])
    plan, out = str(ROOT / "data" / "plans" / "agog_commitments.yaml"), tmp_path / "advice"
    code, printed, err = typed("commit", plan, "--scenario", "scaled-down", "--out", str(out))
    assert code == FINE
    assert "What to buy, USD" in printed
    assert "What cannot be reserved" in printed
    assert not err
    assert (out / "index.html").is_file()
    assert (out / "advice.txt").read_text(encoding="utf-8").strip() in printed


def test_commit_says_what_is_wrong(typed):
    code, out, err = typed("commit", AS_STATED)
    assert (code, out) == (FAILED, "")
    assert "months of 730 h have none" in err
    code, _, err = typed("commit", AGOG, "--scenario", "activ-passive")
    assert code == FAILED
    assert "nearest: 'active-passive'" in err
    assert typed("commit", AGOG, "--futures", "0")[0] == FAILED
