"""Charts as images: one browser a batch, and one clear sentence without one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agog_capacity.errors import BrowserNotFound
from agog_capacity.report import images
from agog_capacity.report.charts import grouped_bars

CHARTS = {
    name: grouped_bars(name, {"one": {"a": 1.0}}, axis="USD per month", source="a test")
    for name in ("first", "second")
}
BEGINNINGS = {".png": b"\x89PNG", ".svg": b"<svg", ".pdf": b"%PDF"}


def script(folder: Path, lines: str) -> Path:
    """Write something that is started like a browser."""
    path = folder / "chromium"
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return path


@pytest.mark.browser
def test_every_chart_is_written_in_every_format_with_one_browser(tmp_path, monkeypatch):
    starts = tmp_path / "starts"
    counting = script(tmp_path, f'echo start >> {starts}\nexec "{images.find_browser()}" "$@"')
    monkeypatch.setenv("BROWSER_PATH", str(counting))
    written = images.write_images(CHARTS, tmp_path / "images")
    assert [path.name for path in written] == [f"{n}.{f}" for n in CHARTS for f in ("png", "svg", "pdf")]
    assert sorted(tmp_path.glob("images/*")) == sorted(written)
    for path in written:
        assert path.read_bytes().startswith(BEGINNINGS[path.suffix])
    assert starts.read_text().split() == ["start"]


def test_images_load_nothing_from_a_network(tmp_path, monkeypatch):
    kaleido = pytest.importorskip("kaleido")
    asked = {}

    class Refusing:
        def __init__(self, **options):
            asked.update(options)
            raise RuntimeError("enough")

    monkeypatch.setenv("BROWSER_PATH", sys.executable)
    monkeypatch.setattr(kaleido, "Kaleido", Refusing)
    with pytest.raises(BrowserNotFound):
        images.write_images(CHARTS, tmp_path)
    assert asked["mathjax"] is False


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for a browser is a shell script")
def test_a_browser_that_never_answers_is_ended_and_the_program_goes_on(tmp_path):
    """In a process of its own: what hangs at the end of a process is seen only there."""
    pid = tmp_path / "pid"
    browser = script(tmp_path, f"echo $$ > {pid}\nexec sleep 600")
    program = """
import sys, pathlib
from agog_capacity.report import images
images._TIMEOUT_SECONDS = 3
try:
    images.write_images({"a": {"data": [], "layout": {}}}, pathlib.Path(sys.argv[1]))
except images.BrowserNotFound as error:
    print(error)
"""
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "images")],
        capture_output=True, text=True, timeout=60, check=True, env={**os.environ, "BROWSER_PATH": str(browser)},
    )  # fmt: skip
    assert "did not draw them" in answer.stdout
    assert answer.stdout.count("\n") == 1
    assert answer.stderr == ""
    assert not (tmp_path / "images").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_without_a_browser_one_sentence_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    monkeypatch.setattr(images, "_installed_elsewhere", lambda: None)
    with pytest.raises(BrowserNotFound, match="apt-get install chromium") as caught:
        images.write_images(CHARTS, tmp_path / "images")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "images").exists()


def test_a_browser_that_does_not_work_is_named_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", str(script(tmp_path, "exit 1")))
    monkeypatch.setattr(images, "_TIMEOUT_SECONDS", 10)
    with pytest.raises(BrowserNotFound, match="'chromium' did not draw them"):
        images.write_images(CHARTS, tmp_path / "images")
    assert not (tmp_path / "images").exists()


def test_without_kaleido_the_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", sys.executable)
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(BrowserNotFound, match=r"agog-capacity\[export\]"):
        images.write_images(CHARTS, tmp_path)
