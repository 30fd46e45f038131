"""What has one value a point, as Arrow streams."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from lexiscope.atlas import Atlas
from lexiscope.contract.arrow import coordinates, stream, typed
from lexiscope.space import Layer, Space


def column_stream(space: Space, names: Iterable[str]) -> bytes:
    """Return columns of the points, of the types that the page takes."""
    return stream({name: typed(space.points[name]).values for name in names})


def layout_stream(atlas: Atlas, name: str, id: str, layer: Layer) -> bytes:
    """Return the coordinates of a projection: ``x``, ``y`` and, in space, ``z``."""
    return stream(coordinates(atlas.projection(name, id, layer).coordinates))


def quality_stream(atlas: Atlas, name: str, id: str, layer: Layer) -> bytes:
    """Return ``kept`` and ``trust`` of a projection; NaN where they were not measured."""
    quality = atlas.projection(name, id, layer).quality
    nothing = np.full(len(atlas[name]), np.nan, dtype=np.float32)
    return stream(
        {
            "kept": pa.array(quality.kept_per_point if quality else nothing),
            "trust": pa.array(quality.trustworthiness_per_point if quality else nothing),
        }
    )
