"""The page of `lexiscope export html`: the file's size, and its first picture from disk."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.measure import fresh, in_turn
from benchmarks.page import WAIT
from benchmarks.report import Options, Table, rounds

REPEATS = 5


def run(options: Options) -> list[Table]:
    """Write the word table as one file, and open it."""
    repeats = options.repeats or REPEATS
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/words.html"
        written = fresh(write, path)
        opened = in_turn(repeats, {"opened": partial(fresh, open_file, path)})["opened"]
        row = {
            "file": "word table, 30,522 points",
            "MB": Path(path).stat().st_size / 1e6,
            "written in, s": written.value,
            "first picture, s": median(each.value["first-picture"] for each in opened),
            "everything, s": median(each.value["ready"] for each in opened),
        }
    return [
        Table(
            "An exported page",
            "`lexiscope export ATLAS html words.html --space word`: three projections (t-SNE, PCA "
            "in the plane and in space) with their quality and the names of their regions, all "
            "columns, 15 neighbours of every point. Then opened from disk in headless Chromium, "
            f"drawing on the processor, 1440 x 900, a new process each time, {rounds(repeats)}: "
            "until all points are drawn; everything: labels, colours, regions too.",
            [row],
        )
    ]


def write(path: str) -> float:
    """Build the atlas, write the page, and return how many seconds the writing took."""
    import time

    import lexiscope
    from lexiscope.export import Choice, export

    with tempfile.TemporaryDirectory() as folder:
        atlas = lexiscope.build("embedded", output=f"{folder}/words.atlas")
        lexiscope.project(atlas, "word", "pca", dims=3)
        begin = time.perf_counter()
        export(atlas, "html", path, Choice(spaces=("word",)))
        return time.perf_counter() - begin


def open_file(path: str) -> dict[str, float]:
    """Return after how many seconds the page had its first picture, and all the rest."""
    from tests.browser import find_chromium, launched, until

    chromium = find_chromium()
    if chromium is None:
        raise RuntimeError("this benchmark needs Chromium or Chrome")
    with launched(chromium) as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script("localStorage.setItem('lexiscope:welcomed', '1')")
        page.goto(Path(path).as_uri(), wait_until="commit")
        until(page, "performance.getEntriesByName('lexiscope:ready').length", WAIT)
        return {
            name: page.evaluate(
                f"performance.getEntriesByName('lexiscope:{name}')[0].startTime / 1000"
            )
            for name in ("first-picture", "ready")
        }
