"""t-SNE (van der Maaten & Hinton 2008) by openTSNE, over the shared neighbour graph."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.neighbors import NeighborGraph
from lexiscope.projection.pca import pca
from lexiscope.projection.projection import Projection

NEIGHBORS = 15
# Twice as many of each keep .371 of the neighbours instead of .364 and take three times as long.
EXAGGERATED, PLAIN = 125, 250


def neighbors_needed(*, perplexity: float | None = None) -> int:
    """Return how many neighbours a point needs: 15, or three times the perplexity."""
    return NEIGHBORS if perplexity is None else int(3 * perplexity)


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
    (Kobak & Linderman 2021), so nothing is random: the seed is kept for the record.

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
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN, Uniform
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    near = graph.first(neighbors_needed(perplexity=perplexity))
    distances = np.sqrt(np.clip(2 - 2 * near.similarities.astype(np.float64), 0, None))
    index = PrecomputedNeighbors(near.indices.astype(np.int64), distances)
    if perplexity is None:
        affinities = Uniform(knn_index=index, symmetrize="mean")
    else:
        affinities = PerplexityBasedNN(perplexity=perplexity, knn_index=index)
    start = pca(vectors, dims=dims).coordinates.astype(np.float64)
    spread = start[:, 0].std()
    start = start / (spread if spread > 0 else 1) * 1e-4
    model = TSNE(
        n_components=dims,
        early_exaggeration_iter=EXAGGERATED,
        n_iter=PLAIN,
        # Interpolation exists for two dimensions only, and pays from some thousand points.
        negative_gradient_method="fft" if dims == 2 and n > 3000 else "bh",
        n_jobs=os.cpu_count() or 1,
        random_state=seed,
        callbacks=_Report(progress) if progress else None,
        callbacks_every_iters=10,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layout = model.fit(affinities=affinities, initialization=start)
    return Projection(
        "tsne",
        np.asarray(layout, dtype=np.float32),
        {} if perplexity is None else {"perplexity": perplexity},
        seed,
        details={"neighbors": near.k, "affinities": "uniform" if perplexity is None else "gauss"},
    )


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
