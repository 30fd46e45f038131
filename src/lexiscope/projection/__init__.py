"""Projections: one file a method, each a pure function from vectors to coordinates.

To add one, write ``method(vectors, graph, *, dims, seed, start, progress, watch, ...)`` in a file
of its own, giving a `Projection`, and ``check(*, ...)`` beside it; name both in `METHODS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexiscope.projection.axes import axes
from lexiscope.projection.axes import check as check_axes
from lexiscope.projection.pca import check as check_pca
from lexiscope.projection.pca import pca
from lexiscope.projection.placing import place
from lexiscope.projection.procrustes import flipped, turned
from lexiscope.projection.projection import Projection, Quality, projection_id
from lexiscope.projection.quality import quality
from lexiscope.projection.tsne import check as check_tsne
from lexiscope.projection.tsne import neighbors_needed as tsne_neighbors
from lexiscope.projection.tsne import tsne
from lexiscope.projection.umap import check as check_umap
from lexiscope.projection.umap import neighbors_needed as umap_neighbors
from lexiscope.projection.umap import umap


@dataclass(frozen=True)
class Method:
    """A projection method.

    Attributes
    ----------
    compute : callable
        ``compute(vectors, [graph,] ...) -> Projection``.
    check : callable
        Refuses values out of range, without the vectors. It takes what it names of the number of
        `points`, their `dimensions`, the picture's `dims` and the parameters.
    parameters : tuple of str
        What a person may give; `Space.lay_out` turns ``axes``, ``supervise`` and ``spherize``
        into what `compute` takes.
    neighbors : callable or None
        How many neighbours a point it needs, given its parameters; None when it uses no graph,
        no random numbers, no start and nobody watches it.
    align : callable or None
        ``align(layout, onto)`` lays one layout onto another without changing what it says; None
        when a layout's axes and signs have a meaning.
    """

    compute: Callable[..., Projection]
    check: Callable[..., None]
    parameters: tuple[str, ...]
    neighbors: Callable[..., int] | None = None
    align: Callable[..., NDArray[np.float32]] | None = None


METHODS: dict[str, Method] = {
    "pca": Method(pca, check_pca, ("components", "spherize"), align=flipped),
    "tsne": Method(
        tsne,
        check_tsne,
        ("perplexity", "learning_rate", "supervise", "supervision", "spherize"),
        tsne_neighbors,
        turned,
    ),
    "umap": Method(umap, check_umap, ("neighbors", "min_dist", "spherize"), umap_neighbors, turned),
    "axes": Method(axes, check_axes, ("axes",)),
}

__all__ = ["METHODS", "Method", "Projection", "Quality", "place", "projection_id", "quality"]
