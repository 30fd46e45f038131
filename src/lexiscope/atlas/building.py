"""Building: what a build is at, in a small file that other processes read."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# progress(stage, unit, done, total): `done` counts up to `total` within a stage.
Progress = Callable[[str, str, int, int], None]

NOTE = ".building.json"
SECONDS = 0.5


@contextlib.contextmanager
def told(folder: Path, progress: Progress) -> Iterator[Progress]:
    """Give a `Progress` that writes a note into `folder` before it calls `progress`.

    A note is written for every new stage, and twice a second within one. It is a courtesy: a
    disk that takes none stops no build.
    """
    note, aside = folder / NOTE, folder / f"{NOTE}.new"
    last: tuple[str, float] = ("", 0.0)

    def tell(stage: str, unit: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if stage != last[0] or now - last[1] >= SECONDS:
            last = (stage, now)
            with contextlib.suppress(OSError):
                said = {"stage": stage, "unit": unit, "done": done, "total": total}
                aside.write_text(json.dumps(said), encoding="utf-8")
                aside.replace(note)
        progress(stage, unit, done, total)

    try:
        yield tell
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
            note.unlink(missing_ok=True)


def heard(folder: Path) -> dict[str, Any] | None:
    """Return what the note in `folder` says, or None when there is none."""
    try:
        said = json.loads((folder / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None
