"""The page of `lexiscope view` in a real browser: first picture, hover, neighbours, many points."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from benchmarks import tensorboard
from benchmarks.measure import fresh, in_turn
from benchmarks.report import Options, Table, rounds

if TYPE_CHECKING:
    from playwright.sync_api import Page

REPEATS = 3
WORDS = 30_522
MANY, MANY_DIMENSIONS, CLUSTERS = 1_000_000, 8, 40
MOVES, DRAGS, QUERIES = 100, 20, 200
WAIT = 300.0
# In every frame of a page: when WebGL was first told to draw all words, since the tab set out.
WATCH = """
for (const type of [WebGLRenderingContext, WebGL2RenderingContext])
  for (const name of ["drawArrays", "drawElements"]) {
    const draw = type.prototype[name];
    type.prototype[name] = function (mode, ...rest) {
      if (Math.max(...rest) >= %d)
        window.pictured ??= performance.timeOrigin + performance.now();
      return draw.call(this, mode, ...rest);
    };
  }
"""
# From the pointer's event to the point's name in the page, and to the end of the frame it is in.
HOVER = """
  window.hovered = [];
  let moved = 0;
  addEventListener("pointermove", (event) => (moved = event.timeStamp), true);
  new MutationObserver(([{ target }]) => {
    const found = performance.now() - moved;
    if (target.dataset.hovered) requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => hovered.push([found, performance.now() - moved]);
      channel.port2.postMessage(null);
    });
  }).observe(document.querySelector("[data-testid=map]"), { attributeFilter: ["data-hovered"] });
"""
FRAMES = """
  window.frames_at = [];
  const next = (now) => { frames_at.push(now); requestAnimationFrame(next); };
  requestAnimationFrame(next);
"""


def run(options: Options) -> list[Table]:
    """Open the same table with both, then use the page."""
    repeats = options.repeats or REPEATS
    with tempfile.TemporaryDirectory() as folder:
        words, many = f"{folder}/words.atlas", f"{folder}/many.atlas"
        projector = f"{folder}/projector"
        fresh(build_words, words)
        fresh(tensorboard.by_lexiscope, projector)
        runs = in_turn(
            repeats,
            {
                "lexiscope view": partial(fresh, open_view, words),
                "TensorBoard": partial(fresh, open_projector, projector),
            },
        )
        opened = [
            {"opened with": name} | _medians([each.value for each in results])
            for name, results in runs.items()
        ]
        hovered = fresh(hover, words).value
        asked = fresh(ask, words).value
        fresh(build_many, many)
        wide = fresh(open_and_drag, many).value
    browser = "headless Chromium, drawing on the processor, 1440 x 900"
    return [
        Table(
            "First picture of the word table",
            f"From the tab's setting out to all 30,522 points drawn, on a server that is up; "
            f"{browser}, a new process and an empty cache each time, {rounds(repeats)}. Lexiscope: "
            "until the graphics have finished; everything: labels, colours, regions too. "
            "TensorBoard: until the first draw call of all points, over `write_projector`'s files, "
            "which it reads soonest; what it draws is a PCA that it computes then and there.",
            opened,
        ),
        Table(
            "Hover and neighbours",
            f"{MOVES} moves of the mouse over the word table, from the event to the point's name "
            "in the page and to the end of the frame that shows it; then, without a browser, the "
            f"10 nearest of {QUERIES} words drawn at random, whole HTTP requests.",
            [_latency(name, times) for name, times in (hovered | asked).items()],
        ),
        Table(
            "A million points",
            f"{MANY:,} points of {MANY_DIMENSIONS} dimensions in {CLUSTERS} clusters, with labels "
            f"and a PCA; then the map is dragged by {DRAGS} moves of the mouse. {browser}; once.",
            [wide],
        ),
    ]


def build_words(path: str) -> None:
    """Build the atlas of the embedded model's tables, with its pictures."""
    import lexiscope

    lexiscope.build("embedded", output=path)


def build_many(path: str) -> None:
    """Build an atlas of synthetic points."""
    import numpy as np
    import pyarrow as pa

    from lexiscope import Atlas
    from lexiscope.projection.pca import pca

    draw = np.random.default_rng(0)
    clusters = draw.integers(CLUSTERS, size=MANY)
    centres = 6 * draw.standard_normal((CLUSTERS, MANY_DIMENSIONS), np.float32)
    vectors = centres[clusters] + draw.standard_normal((MANY, MANY_DIMENSIONS), np.float32)
    points = pa.table(
        {
            "label": [f"point {number}" for number in range(MANY)],
            "cluster": [f"cluster {number}" for number in clusters],
        }
    )
    atlas = Atlas.create(path)
    writer = atlas.writer("many", "synthetic")
    writer.append(points, {None: vectors})
    about = {"name": "synthetic", "family": "none", "fingerprint": "", "tables": {}, "notes": []}
    writer.finish({"kind": "word", "checkpoint": about})
    atlas.add_projections("many", None, [pca(vectors)])


def open_view(path: str) -> dict[str, float | None]:
    """Return after how many seconds the page had its first picture, and all the rest."""
    with _viewed(path) as page:
        return _marks(page)


def open_projector(folder: str) -> dict[str, float | None]:
    """Return after how many seconds TensorBoard's projector had its first picture."""
    import time

    from lexiscope.tensorboard import Server

    with Server(folder, port=0) as server, _tab() as page:
        page.add_init_script(WATCH % WORDS)
        page.goto(server.url, wait_until="commit")
        begin: float = page.evaluate("performance.timeOrigin")
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline:
            # The projector draws in a frame within a frame.
            for frame in page.frames:
                if pictured := frame.evaluate("window.pictured"):
                    return {"first picture, s": (pictured - begin) / 1000, "everything, s": None}
            time.sleep(0.1)
    raise TimeoutError(f"no picture in {WAIT:.0f} s")


def hover(path: str) -> dict[str, list[float]]:
    """Return how many milliseconds each move of the mouse took to be answered."""
    import random

    with _viewed(path) as page:
        box = page.get_by_test_id("map").bounding_box()
        assert box
        page.evaluate(f"(() => {{{HOVER}}})()")
        place = random.Random(0)
        for _ in range(MOVES):
            x, y = place.uniform(0.3, 0.7), place.uniform(0.3, 0.7)
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            page.wait_for_timeout(50)
        found, shown = zip(*page.evaluate("hovered"), strict=True)
    return {"the point's name": found, "its frame": shown}


def ask(path: str) -> dict[str, list[float]]:
    """Return how many milliseconds each request for neighbours took."""
    import http.client
    import json
    import random
    import time
    from urllib.parse import quote, urlsplit

    from tests.browser import viewing

    times = []
    with viewing(path) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc)

        def get(route: str) -> Any:
            connection.request("GET", route)
            return json.loads(connection.getresponse().read())

        atlas = get("/api/atlases")["atlases"][0]["id"]
        route = f"/api/atlases/{atlas}/spaces/word/neighbors?k=10&query="
        get(route + quote("#0"))
        for point in random.Random(0).sample(range(WORDS), QUERIES):
            begin = time.perf_counter()
            assert len(get(route + quote(f"#{point}"))["neighbors"]) == 10
            times.append(1000 * (time.perf_counter() - begin))
        connection.close()
    return {"neighbours": times}


def open_and_drag(path: str) -> dict[str, float | None]:
    """Return how long many points take to appear, and a frame while they are moved."""
    with _viewed(path) as page:
        figures = _marks(page)
        box = page.get_by_test_id("map").bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.evaluate(f"(() => {{{FRAMES}}})()")
        for number in range(DRAGS):
            page.mouse.move(x + 10 * number, y + 5 * number)
        at: list[float] = page.evaluate("frames_at")
        page.mouse.up()
    frames = [after - before for before, after in pairwise(at)]
    return figures | {"frames of the drag": len(frames), "a frame, ms": median(frames)}


@contextmanager
def _tab() -> Iterator[Page]:
    """Give a tab of a browser just started."""
    from tests.browser import find_chromium, launched

    path = find_chromium()
    if path is None:
        raise RuntimeError("this benchmark needs Chromium or Chrome")
    with launched(path) as browser:
        yield browser.new_page(viewport={"width": 1440, "height": 900})


@contextmanager
def _viewed(path: str) -> Iterator[Page]:
    """Give a tab in which `lexiscope view` has shown all it has to show of an atlas."""
    from tests.browser import until, viewing

    with viewing(path) as address, _tab() as page:
        page.add_init_script("localStorage.setItem('lexiscope:welcomed', '1')")
        page.goto(address, wait_until="commit")
        until(page, "performance.getEntriesByName('lexiscope:ready').length", WAIT)
        yield page


def _marks(page: Page) -> dict[str, float | None]:
    first, ready = page.evaluate(
        "['first-picture', 'ready'].map((name) =>"
        " performance.getEntriesByName(`lexiscope:${name}`)[0].startTime / 1000)"
    )
    return {"first picture, s": first, "everything, s": ready}


def _medians(results: list[dict[str, float | None]]) -> dict[str, float | None]:
    return {
        name: None if results[0][name] is None else median(each[name] or 0 for each in results)
        for name in results[0]
    }


def _latency(name: str, times: list[float]) -> dict[str, Any]:
    return {
        "until": name,
        "times": len(times),
        "median, ms": median(times),
        "95th percentile, ms": quantiles(times, n=20)[-1],
    }
