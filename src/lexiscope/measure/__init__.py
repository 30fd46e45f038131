"""Measurements: one file each, pure functions from vectors to figures."""

from __future__ import annotations

from lexiscope.measure.positions import Break, breaks, neighbor_cosines
from lexiscope.measure.senses import Separation, separation

__all__ = ["Break", "Separation", "breaks", "neighbor_cosines", "separation"]
