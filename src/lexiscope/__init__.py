"""See what a language model knows about words."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Loaded on first use, so that `import lexiscope` is quick and brings in neither torch nor
# transformers.
_PUBLIC = {
    "Atlas": "lexiscope.atlas",
    "Checkpoint": "lexiscope.checkpoint",
    "Columns": "lexiscope.corpus",
    "Comparison": "lexiscope.comparison",
    "Context": "lexiscope.workflow",
    "Corpus": "lexiscope.corpus",
    "EncodeOptions": "lexiscope.encoder",
    "Finding": "lexiscope.findings",
    "LexiscopeError": "lexiscope.errors",
    "NeighborGraph": "lexiscope.neighbors",
    "Projection": "lexiscope.projection",
    "Quality": "lexiscope.projection",
    "Space": "lexiscope.space",
    "build": "lexiscope.workflow",
    "diff": "lexiscope.workflow",
    "import_vectors": "lexiscope.workflow",
    "project": "lexiscope.workflow",
    "report": "lexiscope.workflow",
    "view": "lexiscope.notebook",
}

__all__ = [
    "Atlas",
    "Checkpoint",
    "Columns",
    "Comparison",
    "Context",
    "Corpus",
    "EncodeOptions",
    "Finding",
    "LexiscopeError",
    "NeighborGraph",
    "Projection",
    "Quality",
    "Space",
    "__version__",
    "build",
    "diff",
    "import_vectors",
    "project",
    "report",
    "view",
]

if TYPE_CHECKING:
    from lexiscope.atlas import Atlas
    from lexiscope.checkpoint import Checkpoint
    from lexiscope.comparison import Comparison
    from lexiscope.corpus import Columns, Corpus
    from lexiscope.encoder import EncodeOptions
    from lexiscope.errors import LexiscopeError
    from lexiscope.findings import Finding
    from lexiscope.neighbors import NeighborGraph
    from lexiscope.notebook import view
    from lexiscope.projection import Projection, Quality
    from lexiscope.space import Space
    from lexiscope.workflow import Context, build, diff, import_vectors, project, report


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        value = getattr(importlib.import_module(_PUBLIC[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'lexiscope' has no attribute {name!r}")
