"""The example notebooks run from top to bottom in a kernel of their own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def test_there_are_some_and_they_are_kept_without_outputs():
    assert len(NOTEBOOKS) >= 2
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            assert not cell.get("outputs"), path.name


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the kernel's own packages
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, reported: Path, tmp_path: Path):
    shutil.copy(EXAMPLES / "word-senses.csv", tmp_path)
    # What its first cell makes; with these inputs it is found again.
    shutil.copytree(reported, tmp_path / "senses.atlas")
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=550, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    said = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in said if output["output_type"] == "error"]
    shown = [kind for output in said for kind in output.get("data", {})]
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    views = len(re.findall(r"^\w+ = atlas\.view\(|^atlas\.view\(", code, re.MULTILINE))
    assert views
    assert shown.count("application/vnd.jupyter.widget-view+json") >= views
    assert shown.count("image/png") >= len(re.findall(r"\.figure\(", code))
