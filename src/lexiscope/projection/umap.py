"""UMAP (McInnes, Healy & Melville 2018) by umap-learn, over the shared neighbour graph."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.neighbors import NeighborGraph
from lexiscope.projection.pca import pca
from lexiscope.projection.projection import Projection

NEIGHBORS = 15
# How far the first epochs move a point. From a given start little, so that it ends near it.
RATE, RATE_FROM_START = 1.0, 0.05


def check(*, points: int, neighbors: int = NEIGHBORS, min_dist: float = 0.1) -> None:
    """Refuse too few points, and parameters out of range."""
    if points < 4:
        raise LexiscopeError(f"UMAP needs at least 4 points, this space has {points}; pca works")
    # The default serves fewer points too: they have as many neighbours as there are.
    if neighbors != NEIGHBORS and not 2 <= neighbors <= points:
        raise LexiscopeError(
            f"neighbors {neighbors:g}: with {points} points give a whole number from 2 to {points}"
        )
    if not 0 <= min_dist <= 1:
        raise LexiscopeError(f"min_dist {min_dist:g}: give a number from 0 to 1")


def neighbors_needed(*, neighbors: int = NEIGHBORS) -> int:
    """Return how many neighbours a point needs; UMAP counts the point itself as one."""
    return neighbors - 1


def umap(
    vectors: NDArray[np.float32],
    graph: NeighborGraph,
    *,
    dims: int = 2,
    neighbors: int = NEIGHBORS,
    min_dist: float = 0.1,
    start: NDArray[np.floating] | None = None,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    watch: Callable[[NDArray[np.float64]], None] | None = None,
) -> Projection:
    """Lay out the fuzzy neighbour graph.

    The neighbours come from `graph`, so umap-learn neither searches nor compiles PyNNDescent;
    the layout starts from the principal components and runs on one thread, which makes it
    repeatable.

    Parameters
    ----------
    vectors : ndarray of shape (n_points, dim), float32
    graph : NeighborGraph
        At least ``neighbors - 1`` neighbours a point, or all there are.
    dims : {2, 3}
    neighbors : int
        Size of a neighbourhood, the point itself counted: from 2 to all points there are.
    min_dist : float
        How close points may lie in the picture, in [0, 1].
    start : ndarray of shape (n_points, dims), optional
        A layout to start from in place of the principal components.
    seed : int
    progress : callable, optional
        Called with the share done, in [0, 1], after every epoch. What it raises ends the
        computation.
    watch : callable, optional
        Not called: umap-learn shows no layout before the last.

    Returns
    -------
    Projection

    Raises
    ------
    LexiscopeError
        With fewer than four points or parameters out of range.
    """
    n = len(vectors)
    check(points=n, neighbors=neighbors, min_dist=min_dist)
    parameters = {
        name: value
        for name, value, usual in (
            ("neighbors", neighbors, NEIGHBORS),
            ("min_dist", min_dist, 0.1),
        )
        if value != usual
    }
    del watch
    near = graph.first(neighbors - 1)
    own = np.arange(n, dtype=np.int32)[:, None]
    indices = np.hstack([own, near.indices])
    distances = np.hstack(
        [np.zeros((n, 1), np.float32), np.clip(1 - near.similarities, 0, None)]
    ).astype(np.float32)
    begun = np.array(pca(vectors, dims=dims).coordinates if start is None else start, np.float64)
    if begun.shape != (n, dims) or not np.isfinite(begun).all():
        raise LexiscopeError(
            f"start: give finite coordinates of shape {(n, dims)}, not {begun.shape}"
        )
    begun *= 10 / max(float(np.abs(begun).max()), 1e-12)
    with warnings.catch_warnings():
        # It says that a given graph cannot place new points, and that a seed means one thread.
        warnings.simplefilter("ignore")
        from umap import umap_

        random = np.random.RandomState(seed)
        begun += random.normal(scale=1e-4, size=begun.shape)  # equal points must be able to part
        ties, _, _ = umap_.fuzzy_simplicial_set(
            vectors,
            n_neighbors=indices.shape[1],
            random_state=random,
            metric="cosine",
            knn_indices=indices,
            knn_dists=distances,
        )
        epochs = 200 if n > 10_000 else 500
        a, b = umap_.find_ab_params(1.0, min_dist)
        layout, _ = umap_.simplicial_set_embedding(
            vectors,
            ties,
            n_components=dims,
            initial_alpha=RATE if start is None else RATE_FROM_START,
            a=a,
            b=b,
            gamma=1.0,
            negative_sample_rate=5,
            n_epochs=epochs,
            init=begun.astype(np.float32),
            random_state=random,
            metric="cosine",
            metric_kwds={},
            densmap=False,
            densmap_kwds={},
            output_dens=False,
            tqdm_kwds=_reporting(epochs, progress) if progress else None,
        )
    return Projection(
        "umap",
        np.asarray(layout, dtype=np.float32),
        parameters,
        seed,
        details={"neighbors": indices.shape[1]},
    )


def _reporting(epochs: int, progress: Callable[[float], None]) -> dict[str, Any]:
    """Return the options under which umap-learn's progress bar is drawn for `progress` to read."""
    return {
        "disable": False,
        "file": _Bar(epochs, progress),
        "bar_format": "{n}",
        "mininterval": 0,
        "miniters": 1,
        "leave": True,
    }


class _Bar(io.StringIO):
    """A file on which a bar is drawn as the bare number of epochs done."""

    def __init__(self, epochs: int, progress: Callable[[float], None]) -> None:
        super().__init__()
        self.epochs, self.progress, self.done = epochs, progress, 0

    def write(self, text: str) -> int:
        number = text.strip()
        if number.isdecimal() and int(number) > self.done:
            self.done = int(number)
            self.progress(self.done / self.epochs)
        return len(text)
