"""Vectors out of other programs' files, with the points they belong to."""

from __future__ import annotations

from lexiscope.vectors.sources import find_sources
from lexiscope.vectors.vectors import Source, Vectors, space_name

__all__ = ["Source", "Vectors", "find_sources", "space_name"]
