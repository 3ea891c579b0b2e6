"""Where the data that comes with the library lies."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


@lru_cache(maxsize=1)
def data_directory() -> Path:
    """Return the folder of price books, SLA tables and example plans.

    In an installed package it lies inside it; in a checkout beside it.

    Raises
    ------
    FileNotFoundError
        If neither exists: the installation is not complete.
    """
    for folder in (_PACKAGE / "data", _PACKAGE.parent / "data"):
        if (folder / "prices").is_dir():
            return folder
    raise FileNotFoundError(
        "the data folder of agog_capacity is missing; install the package again, or work in a full checkout"
    )
