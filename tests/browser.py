"""A real browser and a real `lexiscope view`, for the tests, the benchmarks, the screenshots."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

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


def until(page: Page, script: str, timeout: float = 20.0) -> Any:
    """Wait until the script gives something; the page's policy forbids Playwright's own way."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = page.evaluate(script)
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"after {timeout:g} s not yet: {script}")
