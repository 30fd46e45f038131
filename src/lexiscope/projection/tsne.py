"""t-SNE (van der Maaten & Hinton 2008) over the shared neighbour graph."""

from __future__ import annotations

import os
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
# Twice as many of each keep .370 of 30,522 words' neighbours, not .364, and take twice as long.
EXAGGERATED, PLAIN = 125, 250
EXAGGERATION = 12.0
# Of more points than this a tree takes longer than a grid, in the plane.
MANY = 300


def neighbors_needed(*, perplexity: float | None = None) -> int:
    """Return how many neighbours a point needs: 15, or three times the perplexity."""
    if perplexity is None:
        return NEIGHBORS
    if not 1 <= perplexity < float("inf"):
        raise LexiscopeError(f"perplexity {perplexity:g}: give a number of at least 1")
    return int(3 * perplexity)


def tsne(
    vectors: NDArray[np.float32],
    graph: NeighborGraph,
    *,
    dims: int = 2,
    perplexity: float | None = None,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Projection:
    """Lay the neighbour graph out so that neighbours stay neighbours.

    By default every point is tied equally to its 15 nearest neighbours, which keeps more of
    them than Gaussian affinities do (Böhm, Berens & Kobak 2022 compare the two); give a
    `perplexity` for the classic affinities. The layout starts from the principal components
    (Kobak & Linderman 2021), so nothing is random and a second run gives the same
    picture: the seed is kept for the record.

    Parameters
    ----------
    vectors : ndarray of shape (n_points, dim), float32
        Only the start is computed from them.
    graph : NeighborGraph
        At least `neighbors_needed` neighbours a point, or all there are.
    dims : {2, 3}
    perplexity : float, optional
        Effective number of neighbours; between 1 and a third of the points.
    seed : int
    progress : callable, optional
        Called with the share done, in [0, 1].

    Returns
    -------
    Projection

    Raises
    ------
    LexiscopeError
        With fewer than four points, or a perplexity that the points cannot carry.
    """
    n = len(vectors)
    if n < 4:
        raise LexiscopeError(f"t-SNE needs at least 4 points, this space has {n}; pca works")
    if perplexity is not None and not 1 <= perplexity <= (n - 1) / 3:
        raise LexiscopeError(
            f"perplexity {perplexity:g}: with {n} points give a number from 1 to {(n - 1) // 3}"
        )
    near = graph.first(neighbors_needed(perplexity=perplexity))
    affinities = _affinities(near, perplexity)
    start = pca(vectors, dims=dims).coordinates.astype(np.float64)
    spread = start[:, 0].std()
    start = start / (spread if spread > 0 else 1) * 1e-4
    if dims == 2 and n > MANY:
        from lexiscope.projection.repulsion import descend

        phases = (EXAGGERATED, EXAGGERATION), (PLAIN, 1.0)
        layout = descend(affinities, start, phases, progress)
    else:
        layout = _by_tree(affinities, start, seed, progress)
    return Projection(
        "tsne",
        np.asarray(layout, dtype=np.float32),
        {} if perplexity is None else {"perplexity": perplexity},
        seed,
        details={"neighbors": near.k, "affinities": "uniform" if perplexity is None else "gauss"},
    )


def _affinities(near: NeighborGraph, perplexity: float | None) -> Any:
    """Return the matrix of ties, symmetric and summing to one."""
    n, k = near.indices.shape
    if perplexity is None:
        from scipy.sparse import csr_matrix

        rows = np.arange(0, n * k + 1, k)
        ties = csr_matrix((np.ones(n * k), near.indices.ravel(), rows), shape=(n, n))
        both = ties + ties.T
        return both / both.sum()
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    distances = np.sqrt(np.clip(2 - 2 * near.similarities.astype(np.float64), 0, None))
    index = PrecomputedNeighbors(near.indices.astype(np.int64), distances)
    return PerplexityBasedNN(perplexity=perplexity, knn_index=index).P


def _by_tree(
    affinities: Any,
    start: NDArray[np.float64],
    seed: int,
    progress: Callable[[float], None] | None,
) -> NDArray[np.float64]:
    """Descend by openTSNE, the repulsion from a tree (Barnes & Hut): any number of dimensions."""
    from openTSNE import TSNE
    from openTSNE.affinity import PrecomputedAffinities

    model = TSNE(
        n_components=start.shape[1],
        early_exaggeration_iter=EXAGGERATED,
        early_exaggeration=EXAGGERATION,
        n_iter=PLAIN,
        negative_gradient_method="bh",
        # Around a short loop threads wait longer for each other than they work.
        n_jobs=os.cpu_count() or 1 if len(start) > 1000 else 1,
        random_state=seed,
        callbacks=_Report(progress) if progress else None,
        callbacks_every_iters=10,
    )
    ties = PrecomputedAffinities(affinities, normalize=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(model.fit(affinities=ties, initialization=start))


class _Report:
    """Turns openTSNE's callbacks, counted anew in each of its two phases, into one share."""

    def __init__(self, progress: Callable[[float], None]) -> None:
        self.progress = progress
        self.done_before = -EXAGGERATED

    def optimization_about_to_start(self) -> None:
        self.done_before = 0 if self.done_before < 0 else EXAGGERATED

    def __call__(self, iteration: int, error: float, embedding: object) -> bool:
        del error, embedding
        self.progress((self.done_before + iteration) / (EXAGGERATED + PLAIN))
        return False
