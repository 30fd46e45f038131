"""Comparison: two spaces side by side, what they share and what moved between them."""

from __future__ import annotations

from lexiscope.comparison.comparison import Comparison, compare
from lexiscope.comparison.turning import FLOOR

__all__ = ["FLOOR", "Comparison", "compare"]
