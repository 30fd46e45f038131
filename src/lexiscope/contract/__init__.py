"""What the page is told of an atlas, in the shapes of ``web/src/contract.ts``.

A server answers with it, and an exported page holds it.
"""

from __future__ import annotations

from lexiscope.contract.arrow import as_text, coordinates, stream, typed
from lexiscope.contract.describe import (
    atlas_id,
    atlas_info,
    blank_info,
    findings_info,
    plain,
    space_info,
)
from lexiscope.contract.streams import column_stream, layout_stream, quality_stream

__all__ = [
    "as_text",
    "atlas_id",
    "atlas_info",
    "blank_info",
    "column_stream",
    "coordinates",
    "findings_info",
    "layout_stream",
    "plain",
    "quality_stream",
    "space_info",
    "stream",
    "typed",
]
