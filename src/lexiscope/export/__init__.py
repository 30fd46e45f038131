"""Exports: one file a format, each a function from an atlas and a destination."""

from __future__ import annotations

import os
from collections.abc import Callable

from lexiscope.atlas import Atlas
from lexiscope.export.tensorboard import export_tensorboard

FORMATS: dict[str, Callable[[Atlas, str | os.PathLike[str]], None]] = {
    "tensorboard": export_tensorboard,
}

__all__ = ["FORMATS", "export_tensorboard"]
