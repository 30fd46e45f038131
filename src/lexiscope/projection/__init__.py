"""Projections: one file a method, each a pure function from vectors to coordinates."""

from __future__ import annotations

from lexiscope.projection.projection import Projection, Quality

__all__ = ["Projection", "Quality"]
