"""Atlas: a folder of spaces, neighbour graphs and projections; the only noun that stores."""

from __future__ import annotations

from lexiscope.atlas.atlas import Atlas
from lexiscope.atlas.building import Progress
from lexiscope.atlas.manifest import MANIFEST
from lexiscope.atlas.report import Report
from lexiscope.atlas.storage import reading, storing
from lexiscope.atlas.writer import SpaceWriter

__all__ = ["MANIFEST", "Atlas", "Progress", "Report", "SpaceWriter", "reading", "storing"]
