"""What a plan or result holds cannot be changed from outside: mappings and arrays to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

K = TypeVar("K")
V = TypeVar("V")


class FrozenDict(dict[K, V]):
    """A mapping to read; equal to a dict of the same content, and copied into one by `dict()`.

    Not a `MappingProxyType`, which can be neither pickled nor written as JSON.
    """

    def _refused(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("this mapping belongs to a plan or result and cannot be changed; copy it with dict()")

    __setitem__ = __delitem__ = __ior__ = _refused
    clear = pop = popitem = setdefault = update = _refused

    def __reduce__(self) -> tuple[type[FrozenDict[K, V]], tuple[dict[K, V]]]:
        """Pickle and copy by the content, not item by item."""
        return type(self), (dict(self),)


def frozen(value: Any) -> Any:
    """Return plain values with every mapping frozen and every list a tuple."""
    if isinstance(value, dict):
        return FrozenDict({key: frozen(inner) for key, inner in value.items()})
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def freeze_mappings(owner: object, *names: str) -> None:
    """Replace mappings of a frozen dataclass by frozen copies; for its `__post_init__`."""
    for name in names:
        mapping: Mapping[Any, Any] = getattr(owner, name)
        object.__setattr__(owner, name, FrozenDict(mapping))


def read_only(values: ArrayLike) -> NDArray[np.float64]:
    """Return an array of floats that cannot be written; a view where it is one already."""
    array = np.asarray(values, dtype=float).view()
    array.setflags(write=False)
    return array
