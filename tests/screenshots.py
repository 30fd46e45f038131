"""The pictures in docs/images: views of the demonstration's atlas, drawn by `make screenshots`."""

from __future__ import annotations

import io
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser

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
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = {"": (1440, 900), "-narrow": (390, 844)}
COLORS = 256


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


def save(png: bytes, file: Path) -> None:
    """Keep a picture in a third of its bytes: in as many colours as a palette holds."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    # Colours of the legend that few pixels have are kept too.
    picture.quantize(COLORS, Image.Quantize.MAXCOVERAGE).save(file, optimize=True)


if __name__ == "__main__":
    main()
