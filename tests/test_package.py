"""What is shipped: the page is in the wheel, and only what the package needs is."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = "lexiscope/server/page/"
# What a first visit may weigh, data aside.
HEAVIEST_PAGE = 200_000

pytestmark = pytest.mark.slow


def build(target: str, folder: Path) -> Path:
    """Build with what is installed here, and return the file."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target], cwd=folder, check=True
    )
    (built,) = (folder / "dist").iterdir()
    return built


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source distribution, made from a checkout in which nothing was built."""
    checkout = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
    return build("sdist", checkout)


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel made from it."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    built = build("wheel", unpacked)
    # The page came built: no node was needed.
    assert not (unpacked / "web" / "node_modules").exists()
    with zipfile.ZipFile(built) as archive:
        yield archive


def test_source_can_build_the_page(source: Path):
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"web/package-lock.json", "web/src/main.ts", "hatch_build.py"} <= names
    assert not [name for name in names if "node_modules" in name]


def test_wheel_has_the_page_and_nothing_of_its_making(wheel: zipfile.ZipFile):
    names = wheel.namelist()
    assert PAGE + "index.html" in names
    assert {Path(name).suffix for name in names if name.startswith(PAGE + "assets/")} >= {
        ".js",
        ".css",
    }
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"lexiscope"}


def test_page_is_light(wheel: zipfile.ZipFile):
    # What a browser fetches; the reports, exports and notebooks have pages of their own.
    fetched = (PAGE + "index.html", PAGE + "icon.svg", PAGE + "assets/")
    files = [name for name in wheel.namelist() if name.startswith(fetched)]
    weight = sum(len(gzip.compress(wheel.read(name))) for name in files)
    assert weight <= HEAVIEST_PAGE
