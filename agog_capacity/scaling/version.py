"""What tells one simulation from another that would answer the same inputs otherwise."""

from __future__ import annotations

from agog_capacity.stored import sources_digest

VERSION = 1
"""Raised when the same inputs give other results, though the sources here are the same."""


def simulation_version() -> str:
    """Return a name for this simulation, part of every key: the version, and a digest of the sources."""
    return f"{VERSION} {sources_digest('scaling', 'load')}"
