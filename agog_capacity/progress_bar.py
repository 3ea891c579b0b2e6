"""A progress bar for long simulations: on a terminal only, on standard error, and loaded when the first step comes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a function that takes steps done and steps in all; None where nobody watches.

    Parameters
    ----------
    what : str
        Beside the bar.
    """
    if not sys.stderr.isatty():
        yield None
        return
    shown: list[Any] = []

    def step(done: int, total: int) -> None:
        if not shown:
            from rich.console import Console
            from rich.progress import Progress

            bar = Progress(console=Console(stderr=True), transient=True)
            bar.start()
            shown.extend([bar, bar.add_task(what, total=total)])
        shown[0].update(shown[1], completed=done, total=total)

    try:
        yield step
    finally:
        if shown:
            shown[0].stop()
