"""Sections of a plan file as text for people: the reference of the format, read off the models that check it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, get_args, get_origin

from agog_capacity.design import SECTIONS
from agog_capacity.errors import NotInResult, nearest
from agog_capacity.inputs import Input
from agog_capacity.kinds_listing import field_line
from agog_capacity.late_sections import late_model
from agog_capacity.model import Model
from agog_capacity.plan_file import PlanFile
from agog_capacity.serving_path import AnyOf
from agog_capacity.statements import Statements
from agog_capacity.topology import Region, Traffic

TOP = "plan"
"""Name of the top of the file among the sections."""
_NAME, _ITEM = ".NAME", "[]"


@dataclass(frozen=True)
class Block:
    """A mapping of the plan file: where it stands, what it is, its fields."""

    place: str
    about: str
    model: type[Model] | None
    """None where it is not read by a model of its own."""

    @property
    def text(self) -> str:
        """The block as it is printed."""
        head = f"{self.place}: {self.about}"
        if self.model is None:
            return head
        lines = [field_line(self.model, name, _leads_to(self, name)) for name in self.model.model_fields]
        return "\n".join([head, *lines])


def sections_text(name: str | None = None) -> str:
    """Return the sections of a plan file and of a design, each field with its unit, default and meaning.

    Parameters
    ----------
    name : str, optional
        Only this section or place, such as `scaling` or `scaling.load`, and what stands below it.

    Raises
    ------
    NotInResult
        If there is no such place.
    """
    found = blocks()
    if name is not None:
        wanted = re.compile(rf"{re.escape(name)}(?:$|[.\[])")
        chosen = [block for block in found if wanted.match(block.place)]
        if not chosen:
            raise NotInResult(f"section {name!r} does not exist; {nearest(name, [b.place for b in found])}")
        return "\n\n".join(block.text for block in chosen)
    design = ", ".join(SECTIONS)
    return "\n\n".join(
        [*(block.text for block in found), f"Sections of a design, under base and change: {design}"]
    )


def blocks() -> tuple[Block, ...]:
    """Return all blocks: the top of the file, its sections, then those of a design, nested ones after their own."""
    from agog_capacity.availability.failures import FailureClass

    found = [Block(TOP, "The top of the file.", PlanFile)]
    for name, info in PlanFile.model_fields.items():
        if name == "base":
            continue
        for suffix, model in _models_in(info.annotation):
            found += _nested(f"{name}{suffix}", model)
    own = "Values of a failure class; of one that the library has only those that differ."
    first, *inside = _nested(f"failures{_NAME}", FailureClass)
    found += [replace(first, about=own), *inside]
    found.append(Block("base", "The design that scenarios start from; its sections are those below.", None))
    for name in SECTIONS:
        found += _of_design(name)
    return tuple(found)


def _of_design(name: str) -> Iterator[Block]:
    from agog_capacity.commitments.section import CommitmentSection

    if name == "components":
        about = "What is run or bought, by name; the fields of each kind: `agog-capacity kinds`."
        yield Block(f"components{_NAME}", about, None)
    elif name == "serving_path":
        about = (
            "What a request needs, in order: names of components, and any_of with two or more lists of them."
        )
        yield Block(f"serving_path{_ITEM}", f"{about} {_first_sentence(AnyOf)}", None)
    else:
        named: dict[str, type[Model]] = {"inputs": Input, "regions": Region}
        whole: dict[str, type[Model]] = {
            "traffic": Traffic,
            "statements": Statements,
            "commitments": CommitmentSection,
        }
        place = f"{name}{_NAME}" if name in named else name
        model: type[Model] = named.get(name) or whole.get(name) or late_model(name)
        yield from _nested(place, model)


def _nested(place: str, model: type[Model], above: tuple[type[Model], ...] = ()) -> Iterator[Block]:
    """Yield a model's block and those of the models inside it."""
    yield Block(place, _first_sentence(model), model)
    for name, info in model.model_fields.items():
        for suffix, inner in _models_in(info.annotation):
            if inner not in (*above, model):
                yield from _nested(f"{place}.{name}{suffix}", inner, (*above, model))


def _leads_to(block: Block, field: str) -> str:
    """Return the place of the block that a field is, empty for one that is a value."""
    if block.model is None:
        return ""
    annotation = block.model.model_fields[field].annotation
    prefix = "" if block.place == TOP else f"{block.place}."
    places = dict.fromkeys(f"{prefix}{field}{suffix}" for suffix, _ in _models_in(annotation))
    if block.place == TOP and field in ("base", "failures"):
        return "base" if field == "base" else f"failures{_NAME}"
    return " or ".join(places)


def _models_in(annotation: Any) -> Iterator[tuple[str, type[Model]]]:
    """Yield the models inside an annotation, each with what its place ends in."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield "", annotation
        return
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        parts = parts[:1]
    suffix = _ITEM if origin in (tuple, list) else _NAME if origin is dict else ""
    for part in parts:
        for inside, model in _models_in(part):
            yield f"{suffix}{inside}", model


def _first_sentence(cls: type) -> str:
    text = " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", text)[0]
