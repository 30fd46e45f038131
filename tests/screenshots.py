"""The pictures in docs/images: views of the demonstration's atlas, drawn by `make screenshots`."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser

import lexiscope as lx
from lexiscope.figures import figure_of
from tests.browser import find_chromium, launched, until, viewing

IMAGES = Path(__file__).parents[1] / "docs" / "images"
ATLAS = "lexiscope-demo.atlas"
# Each picture's name, and what stands behind the page's address.
VIEWS = {
    "words": "#s=word",
    "india": "#s=word&sel=216&cam=52_-14.8_0_9_0_0",
    "trust": "#s=word&c=~kept&density=1",
    "senses": "#s=context&q=he+sat+on+the+bank+of+the+river&at=14&s2=context&l2=1",
}
# Those that are drawn as a telephone shows them too.
NARROW = {"words"}
# What docs/findings.md shows: a picture's name, and what was found of which space.
FINDINGS = {
    "groups": ("word", "group"),
    "positions": ("position", "positions"),
    "senses": ("context", "senses_overall"),
    "contextuality": ("context", "contextuality"),
    "geometry": ("context", "geometry"),
    "frequency": ("word", "norm_by_rank"),
    "hubness": ("word", "hubness"),
    "clusters": ("word", "clusters"),
}
DIFF = ".comparison"
# What the pictures leave out: words that docs/findings.md says itself, and the ends of long lists.
WORDS = """
.statement, .how, .comparison > dl, details.table, article > header, .chips,
.comparison .check, .comparison > section ~ section li:nth-child(n + 9) { display: none !important }
.shown { padding: 16px !important; border: 0 !important; background: white !important }
"""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = {"": (1440, 900), "-narrow": (390, 844)}
COLORS = 256
# A heatmap in all of them is heavier than a picture of a page should be.
FEWER_COLORS = 96
DOTS = 200


def main() -> None:
    """Draw every view, light and dark, on a screen and on a telephone."""
    path = find_chromium()
    if path is None:
        sys.exit("screenshots need Chromium or Chrome")
    subprocess.run(
        [sys.executable, "-m", "lexiscope", "demo", "--no-view", "-o", ATLAS],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    IMAGES.mkdir(exist_ok=True)
    with viewing(ATLAS) as address, launched(path) as browser:
        for (name, view), scheme, (suffix, size) in product(VIEWS.items(), SCHEMES, SIZES.items()):
            if suffix and name not in NARROW:
                continue
            file = IMAGES / f"{name}-{scheme}{suffix}.png"
            save(draw(browser, address + view, scheme, size), file)
            print(f"{file.name}  {file.stat().st_size / 1000:.0f} kB")
        draw_findings(browser, ATLAS)


def draw_findings(browser: Browser, atlas: str) -> None:
    """Draw an atlas's findings as figures, and its first layer beside its last as the page does."""
    found = lx.report(atlas)
    for name, (space, kind) in FINDINGS.items():
        of_kind = [each for each in found if (each.space, each.name) == (space, kind)]
        last = of_kind[-1]
        figure = figure_of(
            kind,
            [each.figures for each in of_kind],
            model=last.model,
            space=last.space,
            layer=last.layer,
        )
        with io.BytesIO() as png:
            figure.savefig(png, format="png", dpi=DOTS)
            keep(png.getvalue(), f"findings-{name}.png")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "diff.html"
        command = ["diff", atlas, "--space", "context", "--layers", "0,6", "--html", str(report)]
        subprocess.run(
            [sys.executable, "-m", "lexiscope", *command], check=True, stdout=subprocess.DEVNULL
        )
        keep(draw_part(browser, report.as_uri(), DIFF), "findings-diff.png")


def keep(png: bytes, name: str) -> None:
    """Keep a picture of what was found, and say how heavy it is."""
    file = IMAGES / name
    save(png, file, FEWER_COLORS)
    print(f"{file.name}  {file.stat().st_size / 1000:.0f} kB")


def draw_part(browser: Browser, address: str, selector: str) -> bytes:
    """Open a report and return a PNG of a part of it without its sentences."""
    with browser.new_context(
        viewport={"width": 800, "height": 900},
        device_scale_factor=2,
        color_scheme="light",
        reduced_motion="reduce",
    ) as context:
        page = context.new_page()
        page.goto(address)
        page.evaluate(
            """(rules) => {
                const sheet = new CSSStyleSheet();
                sheet.replaceSync(rules);
                document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
            }""",
            WORDS,
        )
        part = page.locator(selector).first
        part.wait_for()
        part.evaluate("(part) => part.classList.add('shown')")
        page.wait_for_timeout(300)
        return part.screenshot()


def draw(
    browser: Browser, address: str, scheme: Literal["light", "dark"], size: tuple[int, int]
) -> bytes:
    """Open an address, wait until all of it is drawn, and return a PNG."""
    width, height = size
    with browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",
    ) as context:
        page = context.new_page()
        page.add_init_script("try { localStorage.setItem('lexiscope:welcomed', '1') } catch {}")
        page.goto(address)
        until(page, "performance.getEntriesByName('lexiscope:ready').length")
        until(page, "lexiscope.sentence === null || lexiscope.live?.word", 120)
        until(page, "lexiscope.panes.every((pane) => !pane.waiting && !pane.asking)")
        page.wait_for_timeout(1000)
        return page.screenshot()


def save(png: bytes, file: Path, colors: int = COLORS) -> None:
    """Keep a picture in a third of its bytes: in as many colours as a palette holds."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    # Colours of the legend that few pixels have are kept too.
    picture.quantize(colors, Image.Quantize.MAXCOVERAGE).save(file, optimize=True)


if __name__ == "__main__":
    main()
