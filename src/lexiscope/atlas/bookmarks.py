"""Bookmarks: the views of an atlas that a person wants to find again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lexiscope.atlas.storage import write_json
from lexiscope.errors import LexiscopeError

FILE = "bookmarks.json"
PARTS = ("name", "view", "made")


def read_bookmarks(folder: Path) -> list[dict[str, str]]:
    """Return the bookmarks kept in a folder, in order; none where no file is.

    Raises
    ------
    LexiscopeError
        When the file is damaged.
    """
    path = folder / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise LexiscopeError(f"{path} cannot be read; mend it or remove it") from error
    if not _are_bookmarks(found):
        raise LexiscopeError(f"{path} is damaged; mend it or remove it")
    return list(found)


def write_bookmarks(folder: Path, bookmarks: Sequence[dict[str, str]]) -> None:
    """Keep bookmarks in place of those there were.

    Raises
    ------
    LexiscopeError
        For anything but ``{"name": ..., "view": ..., "made": ...}`` with strings.
    """
    kept = list(bookmarks)
    if not _are_bookmarks(kept):
        raise LexiscopeError("bookmarks: give a list of objects with name, view and made, strings")
    write_json(folder / FILE, kept)


def _are_bookmarks(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, dict)
        and each.keys() == set(PARTS)
        and all(isinstance(part, str) for part in each.values())
        for each in value
    )
