"""How the kernel's functions are compiled. Only kernel modules import this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])

# numba's own types know neither its internal options nor that a compiled function is called like its source.
_njit: Any = njit

OPTIONS: dict[str, Any] = {
    # The kernel allocates nothing: its working space comes from outside. Without numba's reference counts, which
    # are atomic and touched at every access of an array, it runs an order of magnitude faster.
    "_nrt": False,
    # Division by zero is guarded where it can happen.
    "error_model": "numpy",
}


def compiled(function: Function) -> Function:
    """Compile a function that others of the kernel call."""
    return cast(Function, _njit(**OPTIONS)(function))


def inlined(function: Function) -> Function:
    """Compile a function that is called at every step: it becomes part of its caller, so no argument is copied."""
    return cast(Function, _njit(forceinline=True, **OPTIONS)(function))


def compiled_entry(function: Function) -> Function:
    """Compile a function that Python calls: cached on disk, without the interpreter's lock."""
    return cast(Function, _njit(cache=True, nogil=True, **OPTIONS)(function))
