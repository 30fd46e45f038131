"""Labels: what the regions of a map are about."""

from __future__ import annotations

from typing import Any

from lexiscope.atlas import Atlas


def region_labels(
    atlas: Atlas, name: str, id: str, layer: int | None = None
) -> list[dict[str, Any]]:
    """Name the dense regions of a projection."""
    atlas.projection(name, id, layer)
    return []
