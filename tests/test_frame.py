"""The project's frame: locks that install anywhere, a light import, helpers that report well."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
HEAVY = ("pandas", "numpy", "scipy", "numba", "plotly", "pydantic", "azure", "kaleido")

pytest_plugins = ["pytester"]


def entries(lock: Path) -> dict[str, str]:
    """Each locked requirement by its name, with its continuation lines joined and comments left out."""
    joined = re.sub(r"\s*\\\n\s*", " ", lock.read_text(encoding="utf-8"))
    lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {line.split("==")[0].strip().lower(): line for line in lines}


def version(entry: str) -> str:
    return entry.split("==")[1].split()[0]


def test_there_are_locks_for_running_and_for_testing():
    assert {"core.txt", "dev.txt"} <= {lock.name for lock in LOCKS}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_registry_host_or_local_path(lock):
    text = lock.read_text(encoding="utf-8")
    told = re.compile(
        r"://|\bfile:|\s@\s|^\s*-(?!-hash)|--(?!hash=)\w|[\w-]+\.(?:org|com|net|io)\b"
        r"|(?:^|\s)/\w|\.whl|\.tar\.gz|site-packages",
        re.MULTILINE,
    )
    found = [match.group() for match in told.finditer(text)]
    assert not found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_entry_of_a_lock_is_one_exact_version_with_hashes(lock):
    for name, entry in entries(lock).items():
        assert re.match(r"[\w.\-\[\],]+==[\w.!+]+(?: ;.*?)?(?: --hash=sha256:[0-9a-f]{64})+$", entry), name


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_one_version_for_all_pythons(lock):
    """Otherwise the same plan could give other last digits on another Python."""
    lines = [line for line in lock.read_text(encoding="utf-8").splitlines() if re.match(r"\w", line)]
    assert len(lines) == len(entries(lock))


def test_the_lock_for_testing_extends_the_lock_for_running():
    core, dev = (entries(ROOT / "requirements" / f"{name}.txt") for name in ("core", "dev"))
    assert {name: version(entry) for name, entry in core.items()}.items() <= {
        name: version(entry) for name, entry in dev.items()
    }.items()


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = entries(ROOT / "requirements" / "core.txt")
    named = {re.split(r"[><=\[]", dependency)[0].lower() for dependency in project["dependencies"]}
    assert named <= set(locked)


def test_import_of_the_package_loads_no_heavy_library():
    program = "import sys, agog_capacity; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in answer.stdout.split()}
    assert not loaded & set(HEAVY)


class TestHelpers:
    """What other tests trust: golden files, the browser or a clear skip, benchmarks apart."""

    CONFTEST = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")

    @pytest.fixture
    def project(self, pytester, monkeypatch):
        pytester.makeconftest(self.CONFTEST)
        without = ("benchmark", "hypothesispytest", "nbmake", "xdist")
        pytester.makeini(
            "[pytest]\nmarkers =\n    browser: x\naddopts = " + " ".join(f"-p no:{name}" for name in without)
        )
        monkeypatch.delenv("BROWSER_PATH", raising=False)
        return pytester

    def run(self, project, *arguments, **environment):
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            return project.runpytest_subprocess(*arguments)

    def test_a_missing_file_says_how_to_write_it(self, project):
        project.makepyfile("def test_it(golden): golden('a.txt', 'one\\n')")
        self.run(project).stdout.fnmatch_lines(["*a.txt is missing*--update-golden*"])

    def test_the_flag_writes_and_the_next_run_agrees(self, project):
        project.makepyfile("def test_it(golden): golden('deep/a.txt', 'one\\ntwo\\n')")
        self.run(project, "--update-golden").assert_outcomes(passed=1)
        assert (project.path / "golden" / "deep" / "a.txt").read_bytes() == b"one\ntwo\n"
        self.run(project).assert_outcomes(passed=1)

    def test_a_difference_is_shown_by_line(self, project):
        project.makepyfile("def test_it(golden): golden('a.txt', 'one\\nthree\\n')")
        (project.path / "golden").mkdir()
        (project.path / "golden" / "a.txt").write_bytes(b"one\ntwo\n")
        result = self.run(project)
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["-two", "+three", "*--update-golden*"])

    def test_a_frame_is_compared_as_csv(self, project):
        frame = pd.DataFrame({"component": ["postgres"], "cost_usd": [0.1 + 0.2]})
        program = (
            "import pandas as pd\n"
            f"def test_it(golden): golden('a.csv', pd.DataFrame({frame.to_dict(orient='list')!r}))"
        )
        project.makepyfile(program)
        self.run(project, "--update-golden")
        assert (project.path / "golden" / "a.csv").read_text() == "component,cost_usd\npostgres,0.3\n"

    def test_without_a_browser_a_test_is_skipped_with_the_way_to_get_one(self, project):
        project.makepyfile("import pytest\n@pytest.mark.browser\ndef test_it(): pass")
        result = self.run(project, "-rs", PATH="/nowhere", CI="")
        result.assert_outcomes(skipped=1)
        result.stdout.fnmatch_lines(["*apt-get install chromium*"])

    def test_without_a_browser_ci_fails_instead(self, project):
        project.makepyfile("import pytest\n@pytest.mark.browser\ndef test_it(): pass")
        result = self.run(project, PATH="/nowhere", CI="true")
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["*not skipped, since CI=true*"])

    def test_a_browser_can_be_named(self, project):
        project.makepyfile("import pytest\n@pytest.mark.browser\ndef test_it(): pass")
        self.run(project, PATH="/nowhere", CI="", BROWSER_PATH=sys.executable).assert_outcomes(passed=1)

    def test_benchmarks_run_only_where_they_are_named(self, project):
        folder = project.mkdir("benchmarks")
        (folder / "test_speed.py").write_text("def test_speed(): pass")
        project.makepyfile("def test_it(): pass")
        self.run(project).assert_outcomes(passed=1)
        self.run(project, "benchmarks").assert_outcomes(passed=1)
        self.run(project, "benchmarks/test_speed.py::test_speed").assert_outcomes(passed=1)
