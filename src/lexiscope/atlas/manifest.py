"""Manifest: the file that names the spaces which are whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import lexiscope
from lexiscope.errors import LexiscopeError

FORMAT = 1
MANIFEST = "atlas.json"
SPACES = "spaces"


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of an atlas.

    Raises
    ------
    LexiscopeError
        When there is none, it is damaged, or a newer version wrote it.
    """
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        what = "holds no atlas" if folder.exists() else "does not exist"
        raise LexiscopeError(
            f"{folder} {what}; make one with: lexiscope build MODEL -o {folder}"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise LexiscopeError(f"{folder / MANIFEST} cannot be read: {error}") from error
    damaged = f"{folder / MANIFEST} is damaged; remove {folder} and build it anew"
    try:
        manifest: dict[str, Any] = json.loads(text)
        version = int(manifest["format"])
    except (ValueError, KeyError, TypeError) as error:
        raise LexiscopeError(damaged) from error
    if version > FORMAT:
        raise LexiscopeError(
            f"{folder} was written by lexiscope {manifest.get('lexiscope', '?')} in format "
            f"{version}; this is {lexiscope.__version__}, which reads up to format {FORMAT}: "
            "update it"
        )
    if not _is_whole(manifest.get("spaces")):
        raise LexiscopeError(damaged)
    return manifest


def _is_whole(spaces: Any) -> bool:
    """Tell whether a manifest's spaces have what they need, and lie inside the atlas."""

    def inside(path: Any) -> bool:
        return isinstance(path, str) and path.startswith(f"{SPACES}/") and path.count("/") == 1

    return isinstance(spaces, dict) and all(
        isinstance(entry, dict)
        and isinstance(entry.get("key"), str)
        and isinstance(entry.get("recipe"), dict)
        and inside(entry.get("path"))
        and (entry.get("skipped") is None or inside(entry["skipped"]))
        for entry in spaces.values()
    )
