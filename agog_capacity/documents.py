"""Reading YAML documents that nobody has vouched for.

A plan is untrusted input and its author deserves line numbers, so the document is composed into
nodes and built here: plain mappings, lists and scalars of the YAML 1.2 core schema (`no` is text,
`1e6` a number, a date is text), with the line of every value. Aliases are refused: a plan is short
enough to do without, and they are how a small file becomes a large one; tags, since they change what
a value is. Size and depth are bounded before anything is parsed. Control characters are refused: text
of a plan is printed on terminals.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from agog_capacity.errors import DocumentError, Problem

MAXIMUM_BYTES = 5_000_000
"""Larger files are refused before they are parsed. [bytes]"""
MAXIMUM_DEPTH = 40
MAXIMUM_NODES = 200_000
MAXIMUM_KEY = 320
"""Longest key. [characters] That of a Kubernetes annotation is at most 253 + 1 + 63."""

_INTEGER = re.compile(r"^[-+]?[0-9]{1,18}$")
_NUMBER = re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?$")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A parsed document and the line of every value in it."""

    content: Any
    """Mappings, lists, text, numbers, booleans and None."""
    lines: dict[Place, int] = field(repr=False)
    """Line of each place, from 1. For a key of a mapping, the line of the key."""
    file: str = ""

    def line_of(self, place: Place) -> int | None:
        """Return the line of a place, or of the nearest place around it."""
        for length in range(len(place), -1, -1):
            if place[:length] in self.lines:
                return self.lines[place[:length]]
        return None

    def problem(self, place: Place, message: str) -> Problem:
        """Return a problem at a place of this document."""
        return Problem(message, path=path_text(place), line=self.line_of(place), file=self.file)


def path_text(place: Place) -> str:
    """Return a place as text: `design.components.app-nodes.zones[2]`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def unprintable(text: str) -> str | None:
    """Return the first character that a terminal would obey instead of show, by name; None if there is none.

    Line feeds and tabs are text. Marks of the writing direction are not: they make text read as
    something else than it is.
    """
    if text.isprintable():
        return None
    for character in text:
        if character in "\n\t\u200c\u200d":  # the last two join letters in several scripts
            continue
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            name = unicodedata.name(character, "control character").lower()
            return f"{name} (U+{ord(character):04X})"
    return None


def read_text(path: Path, what: str) -> str:
    """Read a text file that is not too large.

    Raises
    ------
    DocumentError
        If it does not exist, is not a regular file, is over 5 MB or is not UTF-8.
    """
    shown = str(path)
    try:
        if path.is_dir():
            raise DocumentError([Problem(f"is a folder; name the {what} in it", file=shown)])
        if path.exists() and not path.is_file():
            raise DocumentError([Problem(f"is not a regular file, so not a {what}", file=shown)])
        size = path.stat().st_size
        if size > MAXIMUM_BYTES:
            raise DocumentError(
                [
                    Problem(
                        f"has {size:,} bytes; a {what} may have {MAXIMUM_BYTES:,}. Is it the right file?",
                        file=shown,
                    )
                ]
            )
        return path.read_bytes().decode("utf-8-sig")
    except DocumentError:
        raise
    except FileNotFoundError:
        near = _beside(path)
        more = f" and {len(near) - 8} more" if len(near) > 8 else ""
        hint = f"; beside it there are: {', '.join(near[:8])}{more}" if near else ""
        raise DocumentError([Problem(f"does not exist{hint}", file=shown)]) from None
    except UnicodeDecodeError as error:
        raise DocumentError(
            [Problem(f"is not UTF-8 text (byte {error.start}); save it as UTF-8", file=shown)]
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DocumentError([Problem(f"cannot be read: {reason}", file=shown)]) from None


def _beside(path: Path) -> list[str]:
    """Return the files of the same suffix in the same folder."""
    try:
        return sorted(p.name for p in path.parent.iterdir() if p.suffix == path.suffix)
    except OSError:
        return []


def read_yaml(path: Path, what: str) -> Document:
    """Read a YAML file; see `parse_yaml`."""
    return parse_yaml(read_text(path, what), file=str(path))


def parse_yaml(text: str, file: str = "") -> Document:
    """Parse one YAML document into plain values with their lines.

    Parameters
    ----------
    text : str
        The document.
    file : str
        Its name, for messages.

    Raises
    ------
    DocumentError
        With every duplicate key, alias, unknown tag and non-text key of the document; or with the
        first syntax error.
    """
    if len(text) > MAXIMUM_BYTES:
        raise DocumentError(
            [Problem(f"has {len(text):,} characters; at most {MAXIMUM_BYTES:,} are read", file=file)]
        )
    try:
        tagged = _check_events(text, file)
        node = yaml.compose(text, Loader=_LOADER)
    except DocumentError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        message = " ".join(part for part in (error.context, error.problem) if part) or "is not YAML"
        raise DocumentError([Problem(f"is not valid YAML: {message}", line=line, file=file)]) from None
    except yaml.YAMLError as error:
        raise DocumentError(
            [Problem(f"is not valid YAML: {str(error).splitlines()[0][:200]}", file=file)]
        ) from None
    except (RecursionError, ValueError):
        raise DocumentError([Problem("is nested too deeply to be read", file=file)]) from None
    builder = _Builder(file)
    content = builder.build(node, ()) if node is not None else None
    if problems := sorted([*tagged, *builder.problems], key=lambda problem: problem.line or 0):
        raise DocumentError(problems)
    return Document(content, builder.lines, file)


def _check_events(text: str, file: str) -> list[Problem]:
    """Refuse aliases, deep nesting and floods before any tree is built; return the tags."""
    depth, nodes, problems = 0, 0, []
    tagged: list[Problem] = []
    for event in _events(text):
        if isinstance(event, yaml.AliasEvent):
            problems.append(
                Problem(
                    f"'*{event.anchor}' is an alias; aliases are not read. Write the value out, or use an input",
                    line=_line(event),
                    file=file,
                )
            )
            if len(problems) >= 20:
                break
        tag = getattr(event, "tag", None)
        if tag is not None:
            message = f"tag {tag[:60]!r} is not read; leave it out, and write text in quotes"
            tagged.append(Problem(message, line=_line(event), file=file))
        nodes += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAXIMUM_DEPTH or nodes > MAXIMUM_NODES:
            limit = (
                f"deeper than {MAXIMUM_DEPTH} levels"
                if depth > MAXIMUM_DEPTH
                else f"over {MAXIMUM_NODES:,} values"
            )
            problems.append(Problem(f"is {limit}", line=_line(event), file=file))
            break
    if problems:
        raise DocumentError([*tagged, *problems])
    return tagged


def _line(event: yaml.Event) -> int | None:
    return event.start_mark.line + 1 if event.start_mark else None


def _events(text: str) -> Iterator[Any]:
    yield from yaml.parse(text, Loader=_LOADER)


class _Builder:
    """Builds plain values from nodes and notes lines and problems on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []

    def build(self, node: Any, place: Place) -> Any:
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*place, index)) for index, child in enumerate(node.value)]
        return self._scalar(node, place)

    def _mapping(self, node: Any, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._reject(key_node, place, "a key must be text")
                continue
            key = str(key_node.value)
            if len(key) > MAXIMUM_KEY:
                message = f"key {key[:40]!r}… has {len(key):,} characters; at most {MAXIMUM_KEY} are read"
                self._reject(key_node, place, message)
                continue
            if found := unprintable(key):
                self._reject(key_node, (*place, key), f"the key holds a {found}; write plain text")
            if key in result:
                first = self.lines[(*place, key)]
                self._reject(
                    key_node,
                    (*place, key),
                    f"key {key[:80]!r} stands twice (first in line {first}); keep one",
                )
                continue
            self.lines[(*place, key)] = key_node.start_mark.line + 1
            result[key] = self.build(value_node, (*place, key))
        return result

    def _scalar(self, node: Any, place: Place) -> Any:
        text = str(node.value)
        if found := unprintable(text):
            self._reject(node, place, f"the text holds a {found}; write plain text")
        return text if node.style in ("'", '"', "|", ">") else self._plain(node, place, text)

    def _plain(self, node: Any, place: Place, text: str) -> Any:
        if text in ("", "~", "null", "Null", "NULL"):
            return None
        if text in ("true", "True", "TRUE"):
            return True
        if text in ("false", "False", "FALSE"):
            return False
        if _INTEGER.match(text):
            return int(text)
        if _NUMBER.match(text):
            number = float(text)
            if number in (float("inf"), float("-inf")):
                self._reject(node, place, f"{text[:40]} is too large for a number")
            return number
        if text.lower().lstrip("+-") in (".nan", ".inf"):
            self._reject(node, place, f"{text} is not a number that can be planned with")
            return None
        return text

    def _reject(self, node: Any, place: Place, message: str) -> None:
        self.problems.append(
            Problem(message, path=path_text(place), line=node.start_mark.line + 1, file=self.file)
        )
