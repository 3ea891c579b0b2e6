"""Charts as images: one browser a batch, and one clear sentence without one."""

from __future__ import annotations

import pytest

from agog_capacity.errors import BrowserNotFound
from agog_capacity.report import images
from agog_capacity.report.charts import grouped_bars

CHARTS = {
    name: grouped_bars(name, {"one": {"a": 1.0}}, axis="USD per month", source="a test")
    for name in ("first", "second")
}
BEGINNINGS = {".png": b"\x89PNG", ".svg": b"<svg", ".pdf": b"%PDF"}


@pytest.mark.browser
def test_every_chart_is_written_in_every_format_with_one_browser(tmp_path, monkeypatch):
    import kaleido

    started = []
    original = kaleido.Kaleido.__init__

    def counted(self, *args, **kwargs):
        started.append(self)
        original(self, *args, **kwargs)

    monkeypatch.setattr(kaleido.Kaleido, "__init__", counted)
    written = images.write_images(CHARTS, tmp_path / "images")
    assert [path.name for path in written] == [f"{n}.{f}" for n in CHARTS for f in ("png", "svg", "pdf")]
    for path in written:
        assert path.read_bytes().startswith(BEGINNINGS[path.suffix])
    assert len(started) == 1


def test_without_a_browser_one_sentence_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    with pytest.raises(BrowserNotFound, match="apt-get install chromium") as caught:
        images.write_images(CHARTS, tmp_path / "images")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "images").exists()


def test_a_browser_that_does_not_work_is_named_and_nothing_is_written(tmp_path, monkeypatch):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(broken))
    monkeypatch.setattr(images, "_TIMEOUT_SECONDS", 10)
    with pytest.raises(BrowserNotFound, match="'chromium' did not draw them"):
        images.write_images(CHARTS, tmp_path / "images")
    assert not (tmp_path / "images").exists()
