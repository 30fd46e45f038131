"""Comparison: two spaces side by side, what they share and what moved between them."""

from __future__ import annotations

from lexiscope.comparison.comparison import FLOOR, Comparison, compare

__all__ = ["FLOOR", "Comparison", "compare"]
