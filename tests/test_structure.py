"""The order in which modules may import one another, and what an import brings in."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import lexiscope

SOURCE = Path(lexiscope.__file__).parent
KEPT = {".py", ".md", ".toml", ".txt", ".ts", ".js", ".svelte", ".html", ".css", ".json", ""}
ARCHITECTURE = Path(__file__).parents[1] / "docs" / "architecture.md"


def order() -> list[str]:
    """The modules in the order that docs/architecture.md gives."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    block = re.search(r"## Layout and import order.*?```text\n(.*?)```", text, re.DOTALL)
    assert block
    return [line.split()[0].rstrip("/") for line in block[1].splitlines() if line.strip()]


def modules() -> dict[str, list[Path]]:
    """Every top-level module or package with its files."""
    found: dict[str, list[Path]] = {}
    for path in SOURCE.rglob("*.py"):
        name = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        if name not in ("__init__", "__main__"):
            found.setdefault(name, []).append(path)
    return found


def imported(path: Path) -> set[str]:
    """The modules of lexiscope that a file imports anywhere, lazily or not."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "lexiscope":
            found |= {alias.name for alias in node.names if alias.name in modules()}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lexiscope."):
            found.add(str(node.module).split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {
                alias.name.split(".")[1]
                for alias in node.names
                if alias.name.startswith("lexiscope.")
            }
    return found


def test_every_module_stands_in_the_order():
    assert sorted(order()) == sorted(modules())


def test_modules_import_only_what_stands_above():
    place = {name: number for number, name in enumerate(order())}
    wrong = [
        f"{path.relative_to(SOURCE)} imports {other}"
        for name, paths in modules().items()
        for path in paths
        for other in imported(path)
        if other != name and place[other] > place[name]
    ]
    assert wrong == []


def test_import_is_light():
    code = (
        "import sys, lexiscope, lexiscope.cli; "
        "print([name for name in ('torch', 'transformers', 'numba', 'umap', 'openTSNE', 'lance',"
        " 'huggingface_hub') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_are_there():
    for name in lexiscope.__all__:
        assert getattr(lexiscope, name) is not None


def test_the_project_speaks_of_itself_alone():
    """No path of a developer's machine, no registry's host in what is kept."""
    root = SOURCE.parents[1]
    kept = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    foreign = re.compile("/" + "work/|/" + "root/|pypi" + r"\.org|npmjs" + r"\.org|/tmp" + "/[a-z]")
    found = [
        name
        for name in kept
        if (root / name).suffix in KEPT
        and (root / name).is_file()
        and foreign.search((root / name).read_text(encoding="utf-8"))
    ]
    assert found == []
