"""Figures: maps and findings on paper, arrays in and a matplotlib figure out."""

from __future__ import annotations

from lexiscope.figures.findings import figure_of
from lexiscope.figures.map import (
    MOST_NAMES,
    Axis,
    Colors,
    Name,
    map_figure,
    quality_text,
    spread_names,
)
from lexiscope.figures.paper import styled

__all__ = [
    "MOST_NAMES",
    "Axis",
    "Colors",
    "Name",
    "figure_of",
    "map_figure",
    "quality_text",
    "spread_names",
    "styled",
]
