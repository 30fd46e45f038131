"""The workflow: from a checkpoint and a corpus to an atlas; get or compute, and go on."""

from __future__ import annotations

from lexiscope.atlas import Progress
from lexiscope.workflow.comparing import Difference, diff
from lexiscope.workflow.importing import import_vectors
from lexiscope.workflow.labels import region_labels
from lexiscope.workflow.maps import MAPS, build_maps, project
from lexiscope.workflow.reporting import report
from lexiscope.workflow.run import build, default_path
from lexiscope.workflow.spaces import TABLES, Context, build_context, build_tables

__all__ = [
    "MAPS",
    "TABLES",
    "Context",
    "Difference",
    "Progress",
    "build",
    "build_context",
    "build_maps",
    "build_tables",
    "default_path",
    "diff",
    "import_vectors",
    "project",
    "region_labels",
    "report",
]
