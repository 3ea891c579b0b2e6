"""Results that are kept in files by the content of their inputs, so that nothing is computed twice.

A store is a cache: what cannot be used counts as absent and is computed again, and a file that cannot be
written is no failure. Before the content stands a seal, a digest of content, key and version, so that a
file that was damaged, edited, swapped for another or written by other code is never believed.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

from agog_capacity.errors import InputError
from agog_capacity.files import replace_file

UNUSABLE = (
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    RecursionError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading content raises that is not what was written; such content counts as absent."""
_MARK = b"agog-capacity stored "
_MOST_BYTES = 2**30
"""Larger files are not read back: nothing that is kept comes near it."""


@lru_cache(maxsize=8)
def sources_digest(*packages: str) -> str:
    """Return a digest of the sources of some packages of this library: other code may compute otherwise.

    Parameters
    ----------
    *packages : str
        Folders below the library's own, such as `scaling`.
    """
    digest = hashlib.blake2b(digest_size=16)
    home = Path(__file__).resolve().parent
    for package in packages:
        for path in sorted((home / package).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def sealed(content: bytes, key: str, version: str = "") -> bytes:
    """Return content with the seal that `unsealed` asks for."""
    return _MARK + _seal(content, key, version) + b"\n" + content


def unsealed(data: bytes, key: str, version: str = "") -> bytes:
    """Return the content behind a seal.

    Raises
    ------
    ValueError
        If there is no seal, or it is of another content, key or version.
    """
    head, _, content = data.partition(b"\n")
    if head != _MARK + _seal(content, key, version):
        raise ValueError("a stored result is not what was stored under its key")
    return content


def _seal(content: bytes, key: str, version: str) -> bytes:
    digest = hashlib.blake2b(f"{key}\0{version}\0".encode(), digest_size=20)
    digest.update(content)
    return digest.hexdigest().encode()


def read_stored(path: Path, version: str = "") -> bytes | None:
    """Return what was stored in a file, named by its key; None if there is nothing, or nothing to be believed.

    Parameters
    ----------
    path : path
        Only a regular file is opened: a pipe would wait for ever.
    version : str
        Of what computes it.
    """
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        return unsealed(path.read_bytes(), path.stem, version)
    except (OSError, ValueError, MemoryError):
        return None


def write_stored(path: Path, content: bytes, version: str = "") -> None:
    """Store a result whole, in a folder that is made if it is not there.

    Raises
    ------
    OSError, InputError
        If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, sealed(content, path.stem, version))


def store(path: Path, content: bytes, version: str = "") -> None:
    """Store a result, or leave it: a store that cannot be written is no failure."""
    try:
        write_stored(path, content, version)
    except (OSError, InputError):
        return
