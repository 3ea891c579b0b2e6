"""Component kinds, one file each. A file placed here is a kind; nothing else has to be edited."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from agog_capacity.components.base import Component, Usage, UsageContext

__all__ = ["Component", "Usage", "UsageContext", "kinds"]


@lru_cache(maxsize=1)
def _import_all() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")


def kinds() -> dict[str, type[Component]]:
    """Return every component kind by name, also those defined outside this package.

    Returns
    -------
    dict
        Class of each kind, in alphabetical order of the kind.

    Raises
    ------
    TypeError
        If a kind has no name, or two classes share one.
    """
    _import_all()
    found: dict[str, type[Component]] = {}
    for subclass in Component.__subclasses__():
        name = subclass.model_fields["kind"].default
        if not isinstance(name, str):
            raise TypeError(f"{subclass.__qualname__} needs a default kind: kind: Literal['name'] = 'name'")
        other = found.get(name)
        if other is not None and (other.__module__, other.__qualname__) != (
            subclass.__module__,
            subclass.__qualname__,
        ):
            raise TypeError(f"kind {name!r} is defined by {other.__qualname__} and {subclass.__qualname__}")
        found[name] = subclass  # a class defined again in a notebook cell replaces the older one
    return dict(sorted(found.items()))
