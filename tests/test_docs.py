"""Every block of code of the README and the documentation runs, and the site is whole."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import docs_page
import hub_server
import pytest
from safetensors.numpy import load_file, save_file

import lexiscope as lx
from lexiscope.checkpoint import Checkpoint

ROOT = Path(__file__).parents[1]
WRITTEN = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "examples" / "README.md",
        *(ROOT / "docs").rglob("*.md"),
    ]
)
PAGES = [page for page in WRITTEN if docs_page.blocks(page.read_text(encoding="utf-8"))]
FENCE = re.compile(r"^ *```(\S*)$", re.MULTILINE)


def test_blocks_say_what_they_are():
    """A block that is neither run nor plainly text could hold code that nobody runs."""
    for page in WRITTEN:
        opening = FENCE.findall(page.read_text(encoding="utf-8"))[::2]
        assert set(opening) <= {"sh", "python", "text", "toml"}, page


def test_a_block_that_fails_is_noticed(tmp_path: Path):
    page = tmp_path / "page.md"
    for code, right in (
        ("```python\nx = 1\n```\n```python\nassert x == 1\n```", True),
        ("```python\nassert False\n```", False),
        ("```sh\ntrue  # a comment\n```", True),
        ("- item\n\n  ```sh\n  lexiscope near nowhere.atlas word india\n  ```", False),
    ):
        page.write_text(code, encoding="utf-8")
        assert (ran(page, tmp_path, {}).returncode == 0) is right


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path, reported: Path, embedded: Checkpoint):
    for name in ("lexiscope-demo.atlas", "senses.atlas"):
        shutil.copytree(reported, tmp_path / name)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    model = embedded.model_folder()
    tuned = tmp_path / "my-finetuned-bert"
    shutil.copytree(model, tuned)
    tensors = load_file(tuned / "model.safetensors")
    words = next(name for name in tensors if name.endswith("word_embeddings.weight"))
    tensors[words][2000:2010] *= -1
    save_file(tensors, tuned / "model.safetensors")
    with hub_server.serve(**{"bert-base-uncased": model}) as hub:
        done = ran(page, tmp_path, {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path / "hub")})
    assert done.returncode == 0, done.stdout + done.stderr


def ran(page: Path, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a page's code in a folder."""
    commands = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, Path(docs_page.__file__), page],
        cwd=folder,
        env=os.environ | {"PATH": commands, "BROWSER": "true"} | environment,
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )


@pytest.mark.slow
def test_the_site_is_whole(tmp_path: Path):
    """No link leads nowhere, and every public name is documented."""
    site = tmp_path / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", site],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    reference = (site / "reference" / "python" / "index.html").read_text(encoding="utf-8")
    for name in set(lx.__all__) - {"__version__"}:
        assert f'id="lexiscope.{name}"' in reference, name
    commands = (site / "reference" / "command-line" / "index.html").read_text(encoding="utf-8")
    for name in ("build", "near", "report", "export", "import"):
        assert f'id="lexiscope-{name}"' in commands or f">{name}<" in commands, name
