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

from tests.browser import find_chromium, launched, viewing

IMAGES = Path(__file__).parents[1] / "docs" / "images"
ATLAS = "lexiscope-demo.atlas"
# Each picture's name, and what stands behind the page's address.
VIEWS = {"words": ""}
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
        page.goto(address)
        page.wait_for_function("performance.getEntriesByName('lexiscope:ready').length")
        return page.screenshot()


def save(png: bytes, file: Path) -> None:
    """Keep a picture in a third of its bytes: in as many colours as a palette holds."""
    Image.open(io.BytesIO(png)).convert("RGB").quantize(COLORS).save(file, optimize=True)


if __name__ == "__main__":
    main()
