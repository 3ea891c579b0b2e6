"""What every test may use: golden files, a browser or a clear skip, hypothesis that repeats itself in CI."""

from __future__ import annotations

import difflib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden"
BENCHMARKS = Path(__file__).parent / "benchmarks"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DIFF_LINES = 60

# Simulations are kept per test run, shared by its workers, and never taken from the user's own cache.
_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid()}"
os.environ["XDG_CACHE_HOME"] = str(Path(tempfile.gettempdir()) / f"agog-capacity-tests-{_RUN}")

IN_CI = os.environ.get("CI", "").lower() == "true"

# A first example may import and compile, which says nothing about the property: no deadline.
settings.register_profile(
    "ci", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("desk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if IN_CI else "desk")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the files in tests/golden with what the tests found; review the diff like code",
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the benchmarks unless they are named, as `make bench` does."""
    if collection_path != BENCHMARKS:
        return None
    named = ((config.invocation_params.dir / arg.split("::")[0]).resolve() for arg in config.args)
    return None if any(path.is_relative_to(BENCHMARKS) for path in named) else True


def missing_browser() -> str | None:
    """Why there is no browser for image export and how to get one; None where there is one."""
    given = os.environ.get("BROWSER_PATH")
    if given:
        return None if shutil.which(given) else f"BROWSER_PATH is {given!r}, which cannot be run"
    if any(shutil.which(name) for name in BROWSERS):
        return None
    return (
        f"image export needs one of {', '.join(BROWSERS)} on the PATH; on Debian: apt-get install chromium; "
        "elsewhere install Chrome or set BROWSER_PATH"
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and (reason := missing_browser()):
        if IN_CI:
            pytest.fail(f"not skipped, since CI=true: {reason}", pytrace=False)
        pytest.skip(reason)


class Golden:
    """Compares a result with its file in `tests/golden`, or rewrites the file where asked to."""

    def __init__(self, folder: Path, update: bool) -> None:
        self.folder = folder
        self.update = update

    def __call__(self, name: str, actual: str | pd.DataFrame) -> None:
        """Compare a text, or a frame as CSV with 10 significant digits, with the file of that name."""
        text = actual if isinstance(actual, str) else _as_csv(actual)
        path = self.folder / name
        if self.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            return
        if not path.is_file():
            pytest.fail(f"tests/golden/{name} is missing; `pytest --update-golden` writes it", pytrace=False)
        expected = path.read_bytes().decode()
        if text != expected:
            pytest.fail(_difference(name, expected, text), pytrace=False)


def _as_csv(frame: pd.DataFrame) -> str:
    # Ten digits are finer than any cent and coarser than what a sum's order of terms changes.
    text: str = frame.to_csv(index=False, float_format="%.10g", lineterminator="\n")
    return text


def _difference(name: str, expected: str, actual: str) -> str:
    lines = list(
        difflib.unified_diff(
            expected.splitlines(), actual.splitlines(), f"tests/golden/{name}", "this run", lineterm="", n=1
        )
    ) or ["(only line endings differ)"]
    cut = [f"... {len(lines) - DIFF_LINES} more lines"] if len(lines) > DIFF_LINES else []
    advice = "if the new numbers are meant: pytest --update-golden, and say so in CHANGELOG.md"
    return "\n".join([f"the result differs from tests/golden/{name}", *lines[:DIFF_LINES], *cut, advice])


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """`golden("name.csv", frame_or_text)` compares with tests/golden/name.csv."""
    return Golden(GOLDEN, bool(request.config.getoption("--update-golden")))
