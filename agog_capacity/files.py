"""Files that are written whole or not at all, and tables in which a spreadsheet finds nothing to run."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from agog_capacity.errors import InputError, Problem

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# A lone carriage return ends a row for a spreadsheet, though not for Python's own writer.
_NEEDS_QUOTES = re.compile(r'[",\r\n]')


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
    return replace_files({path: content})[0]


def replace_files(contents: Mapping[Path, str | bytes]) -> tuple[Path, ...]:
    """Write files whole; none is replaced before all are written beside their places.

    Parameters
    ----------
    contents : mapping of path to str or bytes
        As for `replace_file`.

    Returns
    -------
    tuple of Path
        The paths, for a list of what was written.

    Raises
    ------
    InputError
        If a folder stands where a file is to be.
    OSError
        If a file cannot be written; it carries the name of that file.
    """
    folders = [path for path in contents if path.is_dir()]
    if folders:
        raise InputError(
            Problem("is a folder; move it away, a file is to be here", file=str(p)) for p in folders
        )
    staged: dict[Path, Path] = {}
    path = Path()
    try:
        for path, content in contents.items():
            data = content.encode() if isinstance(content, str) else content
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.")
            staged[path] = Path(name)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            staged[path].chmod(0o644)
        for path, temporary in staged.items():
            temporary.replace(path)
    except OSError as error:
        if error.filename is None:
            raise
        # Not the name it has for a moment, which nobody would find.
        raise type(error)(error.errno, error.strerror, str(path)) from error
    finally:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)
    return tuple(contents)


def check_folder(folder: Path, what: str) -> None:
    """Refuse a place where no folder can be, before what is written into it is computed.

    Parameters
    ----------
    folder : path
        Need not exist.
    what : str
        What is written into it, such as `report`.

    Raises
    ------
    InputError
        If it, or something above it, is a file.
    """
    for place in (folder, *folder.parents):
        if place.exists():
            if not place.is_dir():
                raise InputError([Problem(f"is a file; name a folder for the {what}", file=str(place))])
            return


def spreadsheet_safe(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: an apostrophe before `= + - @` and tabs."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA_STARTS) else text


def from_spreadsheet_safe(text: str) -> str:
    """Return the text that `spreadsheet_safe` was given."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA_STARTS) else text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of text as CSV, quoted where it must be, lines ended by a line feed."""
    return "".join(",".join(map(csv_quoted, row)) + "\n" for row in (header, *rows))


def csv_quoted(text: str) -> str:
    """Return a cell as CSV writes it: in quotes if it holds a comma, a quote or a line break."""
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text
