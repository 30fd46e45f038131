"""What several tests share: the real table, the installed command, a real browser over an atlas."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from browser import find_chromium, launched, viewing, visiting
from filelock import FileLock
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, Request

import lexiscope as lx
from lexiscope.checkpoint import Checkpoint
from lexiscope.space import Space

ROOT = Path(__file__).parents[1]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def embedded() -> Checkpoint:
    return Checkpoint.open("embedded")


@pytest.fixture(scope="session")
def word_space(embedded: Checkpoint) -> Space:
    """The real word table, 30,522 points."""
    return Space("word", embedded.points("word"), {None: embedded.table("word")})


@pytest.fixture(scope="session")
def word_table(word_space: Space) -> NDArray[np.float32]:
    return word_space.vectors


def built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """Return a folder that the first process of this run to need it has filled."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / name, shared / f"{name}.done"
    with FileLock(shared / f"{name}.lock"):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            build(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def small_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model's atlas, to be read only."""
    import server_atlas

    return built_once(tmp_path_factory, "small", server_atlas.build) / "small.atlas"


@pytest.fixture(scope="session")
def run() -> Run:
    """Run the installed command line in a process of its own."""

    def call(*arguments: str | Path, **kwargs: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lexiscope", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
            **kwargs,  # type: ignore[call-overload]
        )

    return call


@pytest.fixture(scope="session")
def senses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The atlas that most people see first: the embedded model with the example sentences."""
    texts = ROOT / "examples" / "word-senses.csv"

    def build(folder: Path) -> None:
        lx.build("embedded", texts, folder / "senses.atlas", context=lx.Context(match="prefix"))

    return built_once(tmp_path_factory, "senses", build) / "senses.atlas"


@pytest.fixture(scope="session")
def served(senses: Path) -> Iterator[str]:
    """The address of a real `lexiscope view` over it."""
    with viewing(senses) as address:
        yield address


@pytest.fixture(scope="session")
def reported(senses: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same atlas with its findings kept in it."""

    def build(folder: Path) -> None:
        shutil.copytree(senses, folder / "reported.atlas")
        lx.report(folder / "reported.atlas")

    return built_once(tmp_path_factory, "reported", build) / "reported.atlas"


# One a module: while it is there, nothing else in this thread can run an event loop.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up("no Chromium or Chrome is installed")
    with launched(path) as browser:
        yield browser


@pytest.fixture
def wrong() -> list[str]:
    """What went wrong in the page; a test that provokes it takes it out."""
    return []


@pytest.fixture
def page(chromium: Browser, wrong: list[str]) -> Iterator[Page]:
    """A page of a browser without history, in which nothing may go wrong."""
    with visiting(chromium, viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()

        def failed(request: Request) -> None:
            # The page gives up requests itself, when what they ask for is no longer wanted.
            if request.failure != "net::ERR_ABORTED":
                wrong.append(f"{request.url}: {request.failure}")

        def requested(request: Request) -> None:
            place = urlsplit(request.url)
            if place.scheme.startswith("http") and place.hostname != "127.0.0.1":
                wrong.append(f"{request.url} is on another machine")

        page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", failed)
        page.on("request", requested)
        yield page
    assert wrong == []


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Ask axe what a page does wrong for people who use it otherwise than by sight and mouse."""
    source = (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")

    def violations(page: Page) -> list[str]:
        page.evaluate(source)
        found: list[dict[str, Any]] = page.evaluate("axe.run()")["violations"]
        return [
            f"{each['id']} ({each['impact']}): {node['target']}"
            for each in found
            for node in each["nodes"]
        ]

    return violations
