"""Projections: one file a method, each a pure function from vectors to coordinates.

To add one, write ``method(vectors, graph, *, dims, seed, progress, ...) -> Projection`` in a
file of its own and name it in `METHODS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lexiscope.projection.axes import axes
from lexiscope.projection.pca import pca
from lexiscope.projection.projection import Projection, Quality, projection_id
from lexiscope.projection.quality import quality
from lexiscope.projection.tsne import neighbors_needed as tsne_neighbors
from lexiscope.projection.tsne import tsne
from lexiscope.projection.umap import neighbors_needed as umap_neighbors
from lexiscope.projection.umap import umap


@dataclass(frozen=True)
class Method:
    """A projection method.

    Attributes
    ----------
    compute : callable
        ``compute(vectors, [graph,] ...) -> Projection``.
    neighbors : callable or None
        How many neighbours a point it needs, given its parameters; None when it uses no graph
        and no random numbers.
    """

    compute: Callable[..., Projection]
    neighbors: Callable[..., int] | None = None


METHODS: dict[str, Method] = {
    "pca": Method(pca),
    "tsne": Method(tsne, tsne_neighbors),
    "umap": Method(umap, umap_neighbors),
    "axes": Method(axes),
}

__all__ = ["METHODS", "Method", "Projection", "Quality", "projection_id", "quality"]
