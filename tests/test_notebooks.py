"""Exported notebooks: every chart is in the page, and no notebook holds results or logic."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def code_of(notebook: Path) -> list[str]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_exported_page_shows_every_chart(notebook, tmp_path):
    """Plotly draws nothing in an exported page unless the renderer is set where it is executed."""
    subprocess.run(
        [
            sys.executable, "-m", "jupyter", "nbconvert", "--log-level", "ERROR", "--to", "html", "--execute",
            "--output-dir", str(tmp_path), str(notebook),
        ],
        env={**os.environ, "PLOTLY_RENDERER": "notebook"}, check=True, timeout=300, cwd=notebook.parent,
    )  # fmt: skip
    page = (tmp_path / f"{notebook.stem}.html").read_text(encoding="utf-8")
    charts = sum(cell.count(".figure(") for cell in code_of(notebook))
    assert charts
    assert page.count("Plotly.newPlot(") == charts


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_a_thin_story(notebook):
    """Inputs first, tagged for a schedule; no functions, classes or loops; cells that fit a screen."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    first = next(cell for cell in content["cells"] if cell["cell_type"] == "code")
    assert first["metadata"].get("tags") == ["parameters"]
    for source in code_of(notebook):
        assert source.count("\n") < 30
        assert not any(
            isinstance(node, ast.FunctionDef | ast.ClassDef | ast.For | ast.While)
            for node in ast.walk(ast.parse(source))
        )
