"""Charts as PNG, SVG and PDF. One browser is started for the whole batch; without one, one clear sentence."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from agog_capacity.errors import BrowserNotFound
from agog_capacity.files import replace_file
from agog_capacity.report.charts import Specification

ImageFormat = Literal["png", "svg", "pdf"]

IMAGE_FORMATS: tuple[ImageFormat, ...] = ("png", "svg", "pdf")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_WIDTH = 1100
"""Width of an image. [pixels]"""
_SCALE = 2
"""Pixels of a PNG for each of its points, so that it is sharp in print."""
_TIMEOUT_SECONDS = 120
"""After this the browser is ended."""
_UNWINDING_SECONDS = 20
"""How long an ended browser may keep what waited for it."""


def find_browser() -> str:
    """Return the path of a Chrome or Chromium.

    Raises
    ------
    BrowserNotFound
        If there is none; the message says how to get images.
    """
    given = os.environ.get("BROWSER_PATH")
    if given:
        found = shutil.which(given)
    else:
        found = next(filter(None, map(shutil.which, BROWSERS)), None) or _installed_elsewhere()
    if found is None:
        raise BrowserNotFound(
            "no images were written: they need a Chrome or Chromium on the PATH (on Debian: apt-get install "
            "chromium) or its path in BROWSER_PATH; everything else was written"
        )
    return found


def _installed_elsewhere() -> str | None:
    """Return a browser where the system puts its applications, which is not on the PATH on macOS and Windows."""
    try:
        from choreographer.browsers.chromium import Chromium
    except ImportError:
        return None
    found = Chromium.find_browser(skip_local=False)
    return str(found) if found else None


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
        # No MathJax: it would be loaded from a network.
        drawing = kaleido.Kaleido(n=1, timeout=_TIMEOUT_SECONDS, path=browser, mathjax=False)
        # Everything the drawing waits for is an answer of the browser, also when it is cancelled. So a
        # browser that does not answer is ended, which ends the waiting.
        alarm = asyncio.get_running_loop().call_later(_TIMEOUT_SECONDS, _end_browser, drawing)
        try:
            await drawing.open()
            images = await _images(drawing, charts, formats)
            await drawing.close()
            return images
        except asyncio.CancelledError:
            raise TimeoutError("the browser was ended, since it did not answer") from None
        finally:
            alarm.cancel()
            _end_browser(drawing)

    try:
        with _quiet("choreographer", "kaleido"):
            return _run(draw, _TIMEOUT_SECONDS + _UNWINDING_SECONDS)
    # Whatever it is, the rest of a report must not be lost for its pictures; the cause stays attached.
    except Exception as error:
        raise BrowserNotFound(
            f"no images were written: the browser {Path(browser).name!r} did not draw them "
            f"({type(error).__name__}); everything else was written"
        ) from error


@contextlib.contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Keep loggers silent for a while: what they would say is said in one sentence afterwards."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


async def _images(
    drawing: Any, charts: Mapping[str, Specification], formats: Sequence[ImageFormat]
) -> dict[str, bytes]:
    images: dict[str, bytes] = {}
    for name, chart in charts.items():
        height = chart["layout"].get("height", 500)
        for form in formats:
            options = {"format": form, "width": _WIDTH, "height": height}
            options |= {"scale": _SCALE} if form == "png" else {}
            images[f"{name}.{form}"] = await drawing.calc_fig(chart, opts=options)
    return images


def _end_browser(drawing: Any) -> None:
    """End the browser of a drawing and its helpers, if it is still there."""
    process = getattr(drawing, "subprocess", None)
    if process is None or process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # kaleido starts it in a group of its own
    process.wait(_UNWINDING_SECONDS)


def _run(draw: Callable[[], Coroutine[Any, Any, dict[str, bytes]]], seconds: float) -> dict[str, bytes]:
    """Run a coroutine to its end, also where a notebook already runs an event loop; never longer than that."""
    import asyncio
    from concurrent.futures import Future
    from threading import Thread

    result: Future[dict[str, bytes]] = Future()

    def work() -> None:
        try:
            result.set_result(asyncio.run(draw()))
        except BaseException as error:
            result.set_exception(error)

    Thread(target=work, daemon=True).start()
    return result.result(seconds)
