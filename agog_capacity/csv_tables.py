"""Tables in CSV files that nobody has vouched for: every row has the cells of the header, or is a problem."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from agog_capacity.documents import read_text
from agog_capacity.errors import DocumentError, Problem


def table_rows(
    path: Path, what: str, columns: Sequence[str], problems: list[Problem]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a table, each with the line it ends in.

    Parameters
    ----------
    path : path
    what : str
        What the file is, for messages.
    columns : sequence of str
        Columns it must have; others are passed through.
    problems : list of Problem
        Gets every row that has fewer or more cells than the header, and what is no CSV.

    Raises
    ------
    DocumentError
        If it cannot be read, lacks a column or has one twice.
    """
    reader = csv.reader(io.StringIO(read_text(path, what), newline=""))
    shown = str(path)
    try:
        header = next(reader, [])
        lacking = [name for name in columns if name not in header]
        twice = sorted({name for name in header if header.count(name) > 1})
        wrong = [f"lacks the columns {', '.join(lacking)}"] if lacking else []
        wrong += [f"has the columns {', '.join(map(repr, twice))} twice; keep one"] if twice else []
        if wrong:
            raise DocumentError(Problem(text, line=1, file=shown) for text in wrong)
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
                message = f"has {count}, the header has {len(header)}; a cell with a comma needs quotes"
                problems.append(Problem(message, line=reader.line_num, file=shown))
                continue
            yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        problems.append(Problem(f"is not CSV: {error}", line=reader.line_num, file=shown))
