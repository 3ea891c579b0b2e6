"""Charts as PNG, SVG and PDF. One browser is started for the whole batch; without one, one clear sentence."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from agog_capacity.errors import BrowserNotFound
from agog_capacity.report.charts import Specification
from agog_capacity.report.files import replace_file

ImageFormat = Literal["png", "svg", "pdf"]

IMAGE_FORMATS: tuple[ImageFormat, ...] = ("png", "svg", "pdf")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_WIDTH = 1100
"""Width of an image. [pixels]"""
_SCALE = 2
"""Pixels of a PNG for each of its points, so that it is sharp in print."""
_TIMEOUT_SECONDS = 120


def find_browser() -> str:
    """Return the path of a Chrome or Chromium.

    Raises
    ------
    BrowserNotFound
        If there is none; the message says how to get images.
    """
    given = os.environ.get("BROWSER_PATH")
    found = shutil.which(given) if given else next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise BrowserNotFound(
            "no images were written: they need a Chrome or Chromium on the PATH (on Debian: apt-get install "
            "chromium) or its path in BROWSER_PATH; everything else was written"
        )
    return found


def write_images(
    charts: Mapping[str, Specification], folder: Path, formats: Sequence[ImageFormat] = IMAGE_FORMATS
) -> list[Path]:
    """Write charts as images.

    Parameters
    ----------
    charts : mapping of str to specification
        Charts by the name of their files.
    folder : path
        Where the images are written; made if it does not exist.
    formats : sequence of {"png", "svg", "pdf"}

    Returns
    -------
    list of Path
        The files, in the order of the charts.

    Raises
    ------
    BrowserNotFound
        If no browser or no kaleido is installed, or the browser does not answer. Nothing is written then.
    """
    browser = find_browser()
    try:
        import kaleido
    except ImportError:
        raise BrowserNotFound(
            "no images were written: they need the package kaleido (pip install 'agog-capacity[export]'); "
            "everything else was written"
        ) from None
    images = _drawn(kaleido, browser, charts, formats)
    folder.mkdir(parents=True, exist_ok=True)
    return [replace_file(folder / name, content) for name, content in images.items()]


def _drawn(
    kaleido: Any, browser: str, charts: Mapping[str, Specification], formats: Sequence[ImageFormat]
) -> dict[str, bytes]:
    """Draw every chart in every format with one browser, before any file is touched."""
    import asyncio

    async def draw() -> dict[str, bytes]:
        images: dict[str, bytes] = {}
        async with kaleido.Kaleido(n=1, timeout=_TIMEOUT_SECONDS, path=browser) as drawing:
            for name, chart in charts.items():
                height = chart["layout"].get("height", 500)
                for form in formats:
                    options = {"format": form, "width": _WIDTH, "height": height}
                    options |= {"scale": _SCALE} if form == "png" else {}
                    images[f"{name}.{form}"] = await drawing.calc_fig(chart, opts=options)
        return images

    async def draw_in_time() -> dict[str, bytes]:
        return await asyncio.wait_for(draw(), timeout=_TIMEOUT_SECONDS)

    try:
        return _run(draw_in_time)
    except (TimeoutError, OSError, RuntimeError) as error:
        raise BrowserNotFound(
            f"no images were written: the browser {Path(browser).name!r} did not draw them "
            f"({type(error).__name__}); everything else was written"
        ) from error


def _run(draw: Callable[[], Coroutine[Any, Any, dict[str, bytes]]]) -> dict[str, bytes]:
    """Run a coroutine to its end, also where a notebook already runs an event loop."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=1) as worker:
        return worker.submit(asyncio.run, draw()).result()
