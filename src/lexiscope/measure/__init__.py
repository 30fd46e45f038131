"""Measurements: one file each, pure functions from vectors to figures."""

from __future__ import annotations

from lexiscope.measure.names import region_names
from lexiscope.measure.positions import Break, breaks, neighbor_cosines
from lexiscope.measure.regions import Region, regions
from lexiscope.measure.separation import Separation, separation

__all__ = [
    "Break",
    "Region",
    "Separation",
    "breaks",
    "neighbor_cosines",
    "region_names",
    "regions",
    "separation",
]
