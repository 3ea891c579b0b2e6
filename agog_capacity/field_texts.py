"""The texts under the fields of models, read off their source only where someone asks for them.

Pydantic can read them as each class is made, but that tokenizes every module at every start, and only listings show them.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from itertools import pairwise

from pydantic import BaseModel


def field_text(model: type[BaseModel], name: str) -> str:
    """Return the text under a field, on one line; empty where there is none.

    Parameters
    ----------
    model : type
        A model whose source can be read.
    name : str
        Of one of its fields, its own or inherited.
    """
    for cls in model.__mro__:
        if cls in (BaseModel, object):
            break
        texts = _texts_of_module(cls.__module__).get(cls.__qualname__, {})
        if name in texts:
            return " ".join(texts[name].split())
        if name in vars(cls).get("__annotations__", {}):
            return ""
    return ""


@cache
def _texts_of_module(module: str) -> Mapping[str, Mapping[str, str]]:
    """Return the texts under the fields of a module's classes, by the class's qualified name."""
    return dict(_classes(ast.parse(inspect.getsource(sys.modules[module])).body, ""))


def _classes(body: list[ast.stmt], prefix: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    for node in body:
        if isinstance(node, ast.ClassDef):
            name = f"{prefix}{node.name}"
            found += [(name, _fields(node.body)), *_classes(node.body, f"{name}.")]
        elif isinstance(node, ast.FunctionDef):
            found += _classes(node.body, f"{prefix}{node.name}.<locals>.")
    return found


def _fields(body: list[ast.stmt]) -> dict[str, str]:
    texts = {}
    for field, below in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
        ):
            value = below.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                texts[field.target.id] = inspect.cleandoc(value.value)
    return texts
