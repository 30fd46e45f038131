"""Exports: one file a format, each a function from an atlas, a destination and a choice."""

from __future__ import annotations

from lexiscope.export.choice import Choice, Part
from lexiscope.export.formats import FORMATS, Format, export
from lexiscope.export.tensorboard import export_tensorboard
from lexiscope.export.written import Written

__all__ = ["FORMATS", "Choice", "Format", "Part", "Written", "export", "export_tensorboard"]
