"""Keep a compiled library's chatter out of standard output.

HiGHS prints a line of its own when it repairs an integer point, past Python and past its own option for output, so
only the file behind descriptor 1 can be changed. That file belongs to the whole process: whoever enters first turns it
away, whoever leaves last turns it back.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_STANDARD_OUTPUT = 1
_lock = threading.Lock()
_inside = 0
_kept: int | None = None


@contextmanager
def quiet_output() -> Iterator[None]:
    """Send what is written to descriptor 1 nowhere; what Python has still to write there is written first.

    Where there is no descriptor 1, nothing is done. What other threads of the process print meanwhile is lost.
    """
    global _inside, _kept
    with _lock:
        if _inside == 0:
            _kept = _turn_away()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0 and _kept is not None:
                _flush_c()
                os.dup2(_kept, _STANDARD_OUTPUT)
                os.close(_kept)
                _kept = None


def _turn_away() -> int | None:
    """Point descriptor 1 at nothing; return a copy of what it was, or None where there is none."""
    with suppress(AttributeError, OSError, ValueError):  # no stream, or one that is closed
        sys.stdout.flush()
    try:
        kept = os.dup(_STANDARD_OUTPUT)
    except OSError:
        return None
    _flush_c()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STANDARD_OUTPUT)
    os.close(nowhere)
    return kept


def _flush_c() -> None:
    """Write out what C holds back: into a pipe or file it is written late, when the descriptor is back."""
    import ctypes

    with suppress(AttributeError, OSError, TypeError):  # no C library of that name, as on Windows
        ctypes.CDLL(None).fflush(None)
