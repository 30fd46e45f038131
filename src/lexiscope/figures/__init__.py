"""Figures: maps and findings on paper, arrays in and a matplotlib figure out."""

from __future__ import annotations

from lexiscope.figures.colors import Colors
from lexiscope.figures.findings import figure_of
from lexiscope.figures.map import Axis, map_figure, quality_text
from lexiscope.figures.names import MOST_NAMES, Name, spread_names
from lexiscope.figures.paper import styled, subject

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
    "subject",
]
