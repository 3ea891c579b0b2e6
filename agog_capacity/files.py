"""Files that are written whole or not at all, and text that a spreadsheet must not run."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def replace_file(path: Path, content: str | bytes) -> Path:
    """Write a file whole, or leave what was there.

    Parameters
    ----------
    path : path
        File to write; its folder must exist.
    content : str or bytes
        Text is written as UTF-8.

    Returns
    -------
    Path
        The path, for a list of what was written.
    """
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def spreadsheet_safe(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: an apostrophe before `= + - @` and tabs."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
