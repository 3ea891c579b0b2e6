"""Component kinds as text for people: fields, units, defaults, meanings."""

from __future__ import annotations

import inspect
import textwrap
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from agog_capacity.components import Component, kinds
from agog_capacity.errors import NotInResult, nearest
from agog_capacity.field_texts import field_text
from agog_capacity.model import In

_OF_EVERY_KIND = tuple(name for name in Component.model_fields if name != "kind")


def kinds_text(kind: str | None = None) -> str:
    """Return the kinds, each field with its unit, default and meaning.

    Parameters
    ----------
    kind : str, optional
        Only this kind, and with it the fields that every kind has.

    Raises
    ------
    NotInResult
        If there is no such kind.
    """
    known = kinds()
    if kind is not None and kind not in known:
        raise NotInResult(f"kind {kind!r} does not exist; {nearest(kind, known)}")
    chosen = {kind: known[kind]} if kind is not None else known
    blocks = [_block(name, cls) for name, cls in chosen.items()]
    common = "Fields of every kind\n" + "\n".join(field_line(Component, name) for name in _OF_EVERY_KIND)
    return "\n\n".join([*blocks, common])


def _block(name: str, cls: type[Component]) -> str:
    about = (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " ")
    fields = [
        field_line(cls, field)
        for field in cls.model_fields
        if field != "kind" and field not in _OF_EVERY_KIND
    ]
    return "\n".join([f"{name}: {about}", *fields])


def field_line(model: type[BaseModel], name: str, leads_to: str = "") -> str:
    """Return a field with its unit or type, default and meaning; one that is a mapping leads to where that stands."""
    info = model.model_fields[name]
    default = "required" if info.is_required() else f"default {_shown(info)}"
    unit = unit_of(info)
    if leads_to:
        head = f"  {name}: see {leads_to} ({default})"
    else:
        head = (
            f"  {name} [{unit}] ({default})"
            if unit
            else f"  {name}: {type_text(info.annotation)} ({default})"
        )
    meaning = field_text(model, name)
    return head + (f"\n{textwrap.indent(textwrap.fill(meaning, 100), '      ')}" if meaning else "")


def _shown(info: FieldInfo) -> str:
    value: Any = (
        info.get_default(call_default_factory=True) if info.default is PydanticUndefined else info.default
    )
    if isinstance(value, BaseModel):
        return "as its fields say"
    return "none" if value in (None, (), {}, "") else str(value)


def unit_of(info: FieldInfo) -> str:
    """Return the unit of a field, empty for one that is no number."""
    marks = [mark for mark in info.metadata if isinstance(mark, In)]
    return marks[0].unit if marks else _unit_inside(info.annotation)


def _unit_inside(annotation: Any) -> str:
    """Find a unit inside `Optional` and containers, where pydantic leaves it in the annotation."""
    for part in get_args(annotation):
        if isinstance(part, In):
            return part.unit
        found = _unit_inside(part)
        if found:
            return found
    return ""


def type_text(annotation: Any) -> str:
    """Return the type of a field in words."""
    origin = get_origin(annotation)
    if origin is None:
        return getattr(annotation, "__name__", str(annotation))
    if origin is Annotated:
        return type_text(get_args(annotation)[0])
    parts = [part for part in get_args(annotation) if part is not type(None) and part is not Ellipsis]
    texts = [repr(part) if isinstance(part, str | int) else type_text(part) for part in parts]
    return f"{origin.__name__} of {', '.join(texts)}" if origin in (tuple, dict) else " | ".join(texts)
