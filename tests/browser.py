"""A real browser and a real `lexiscope view`, for the tests, the benchmarks, the screenshots."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    # Drawn by the processor, so that every machine draws alike.
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    # Whatever a page asks for, nothing leaves this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
ADDRESS = re.compile(r"http://[\w.:]+/")
# Seconds that a busy machine may take for anything: it is waited for states, never for times.
PATIENCE = 60.0
# For what a server computes: beside others' work it gets the little that they leave it.
COMPUTED = 900.0
expect.set_options(timeout=1000 * PATIENCE)
# Whether every map shows what it is to show: all is fetched, nothing moves.
SETTLED = """(async () => {
  const rest = ({ scene, waiting, asking }) => scene?.resting && !waiting && !asking;
  // What lies over a map is measured when a frame is over, and may have it drawn anew.
  for (let frame = 0; frame < 3; frame++) {
    if (!lexiscope.panes.every(rest)) return false;
    await new Promise(requestAnimationFrame);
  }
  return lexiscope.panes.every(rest);
})()"""
# Goes to a layer, and notes in each frame where the point is that moves most on the way. Each frame
# is told that a tenth of a second has passed, however long it took.
GLIDE = """async (layer) => {
  const [pane] = lexiscope.panes;
  const { scene, projection } = pane;
  const before = pane.coordinates.columns[0];
  const after = (await pane.data.coordinates(projection.id, layer))[0];
  const moves = Array.from(before, (x, i) => Math.abs(x - after[i]));
  const point = moves.indexOf(Math.max(...moves));
  const frame = requestAnimationFrame.bind(globalThis);
  let now = performance.now();
  globalThis.requestAnimationFrame = (draw) => frame(() => draw(now));
  const places = [scene.locate(point).x];
  pane.toLayer(layer);
  do {
    await new Promise(frame);
    now += 100;
    places.push(scene.locate(point).x);
  } while (!pane.settled || pane.waiting || !scene.resting);
  return places;
}"""


def find_chromium() -> str | None:
    """Return the path of the system's Chromium or Chrome; Playwright downloads none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    """Run a browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def visiting(browser: Browser, **how: Any) -> Iterator[BrowserContext]:
    """Give a browser without history, patient in whatever its pages are asked to do."""
    with browser.new_context(**how) as context:
        context.set_default_timeout(1000 * PATIENCE)
        yield context


@contextmanager
def viewing(*atlases: Path | str, port: int = 0) -> Iterator[str]:
    """Run `lexiscope view`, on a free port unless one is named, and give the address it prints."""
    command = [sys.executable, "-m", "lexiscope", "view", *map(str, atlases), "--port", str(port)]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            found = next(filter(None, map(ADDRESS.search, server.stdout)), None)
            if found is None:
                raise RuntimeError(f"{' '.join(command)} ended without an address")
            yield found[0]
        finally:
            server.terminate()


def until(page: Page, script: str, timeout: float = PATIENCE) -> Any:
    """Wait until the script gives something; the page's policy forbids Playwright's own way."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = page.evaluate(script)
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"after {timeout:g} s not yet: {script}")


def opened(page: Page, address: str, view: str = "") -> Page:
    """Open a view without the first visit's greeting, and wait until all of it is drawn."""
    page.add_init_script("try { localStorage.setItem('lexiscope:welcomed', '1') } catch {}")
    page.goto(address + view)
    until(page, "performance.getEntriesByName('lexiscope:ready').length > 0")
    return page


def settled(page: Page) -> None:
    """Wait until every map shows what it is to show, and nothing moves."""
    until(page, SETTLED)


def addressed(page: Page) -> None:
    """Wait until the address is that of the view, as it follows each step."""
    until(page, "lexiscope.link === location.href")


def frames(page: Page) -> None:
    """Wait until what was done is laid out, and what is measured of that is laid out too."""
    frame = "await new Promise(requestAnimationFrame);"
    page.evaluate(f"(async () => {{ {3 * frame} }})()")


def glided(page: Page, layer: int) -> list[float]:
    """Go to a layer; return the place, frame by frame, of the point that moves most."""
    return list(page.evaluate(GLIDE, layer))


def drawn(page: Page, pane: int = 0) -> int:
    return int(page.evaluate(f"lexiscope.panes[{pane}].scene.drawn"))


def selected(page: Page, pane: int = 0) -> list[int]:
    return list(page.evaluate(f"Array.from(lexiscope.panes[{pane}].view.selected)"))


def picture(page: Page, pane: int = 0) -> NDArray[np.uint8]:
    """The pixels of a map once it is at rest."""
    settled(page)
    png = page.get_by_test_id("map").nth(pane).screenshot()
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def share_apart(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Share of pixels that differ visibly."""
    return float((np.abs(a.astype(int) - b.astype(int)).max(axis=2) > 24).mean())


def search(page: Page, text: str) -> None:
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search points").fill(text)


def hits(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Matches").get_by_role("option")
