"""The documents of manifest files: what stands between `---`, each line counted from the start of its file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from agog_capacity.documents import Document, parse_yaml
from agog_capacity.errors import DocumentError, Problem

MAXIMUM_DOCUMENTS = 2000
_SEPARATOR = re.compile(r"^---(?:[ \t]+(.*))?[ \t]*$", re.MULTILINE)
_NOTHING = ("#", "%")
"""Begin of lines that are no content: comments, and directives, of which those that change values are refused."""


def documents_of(text: str, file: str, problems: list[Problem]) -> Iterator[Document]:
    """Yield the documents of a file that can be read.

    Parameters
    ----------
    text : str
        With any line ends.
    file : str
        Its name, for messages.
    problems : list of Problem
        Gets what is wrong in the others.
    """
    # As YAML counts lines; a pattern's `$` knows line feeds only.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    begins, chunks, position, line = [0], [], 0, 0
    for mark in _SEPARATOR.finditer(text):
        if len(begins) > MAXIMUM_DOCUMENTS:
            problems.append(Problem(f"has over {MAXIMUM_DOCUMENTS:,} documents", file=file))
            return
        chunks.append(text[position : mark.start()])
        line += text.count("\n", position, mark.start())
        begins.append(line)
        # A document may begin behind the dashes.
        behind = mark[1] is not None and not mark[1].startswith("#")
        position = mark.start(1) if behind else mark.end()
    chunks.append(text[position:])
    for first, chunk in zip(begins, chunks, strict=True):
        if all(not line.strip() or line.lstrip().startswith(_NOTHING) for line in chunk.splitlines()):
            continue
        try:
            found = parse_yaml(chunk, file)
        except DocumentError as error:
            problems += [replace(p, line=None if p.line is None else p.line + first) for p in error.problems]
            continue
        yield Document(found.content, {place: n + first for place, n in found.lines.items()}, file)
