"""Where folders of Kubernetes manifests lie. A plan names a folder, never a path."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from agog_capacity.documents import read_text
from agog_capacity.errors import DocumentError, Problem, nearest
from agog_capacity.resources import data_directory

ManifestTexts = tuple[tuple[str, str], ...]
"""File name and text of each manifest of a folder, by name."""


def manifest_homes(near: Path) -> tuple[Path, ...]:
    """Return the folders in which manifests are looked for: beside a plan, one level up, then the library's own."""
    return (near / "manifests", near.parent / "manifests", data_directory() / "manifests")


def read_manifest_folders(
    names: Iterable[str], homes: Iterable[Path]
) -> tuple[dict[str, ManifestTexts], list[Problem]]:
    """Read folders of manifests by name.

    Parameters
    ----------
    names : iterable of str
    homes : iterable of path
        Where they are looked for, in order.

    Returns
    -------
    texts : dict
        The manifests of each folder that could be read.
    problems : list
        Folders that do not exist, with the nearest, and files that cannot be read.
    """
    homes = tuple(homes)
    existing = [home for home in homes if home.is_dir()]
    known = {
        folder.name: folder for home in reversed(existing) for folder in home.iterdir() if folder.is_dir()
    }
    texts: dict[str, ManifestTexts] = {}
    problems: list[Problem] = []
    for name in dict.fromkeys(names):
        if name not in known:
            places = ", ".join(dict.fromkeys(str(home) for home in homes))
            problems.append(
                Problem(
                    f"there are no manifests {name!r}; {nearest(name, known)}; each is a folder of .yaml files in one of "
                    f"{places}"
                )
            )
            continue
        files = sorted(path for path in known[name].iterdir() if path.suffix in (".yaml", ".yml"))
        try:
            texts[name] = tuple((path.name, read_text(path, "manifest")) for path in files)
        except DocumentError as error:
            problems.extend(error.problems)
    return texts, problems
