"""t-SNE (van der Maaten & Hinton 2008) over the shared neighbour graph."""

from __future__ import annotations

import logging
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

Doubles = NDArray[np.float64]

NEIGHBORS = 15
# Twice as many of each keep .370 of 30,522 words' neighbours, not .364, and take twice as long.
EXAGGERATED, PLAIN = 125, 250
EXAGGERATION = 12.0
# Of more points than this a tree takes longer than a grid, in the plane.
MANY = 300
# Of the start, in units of its spread: the last bits of principal components and of rotations are
# the processor's. Components start with this spread.
DECIMALS = 5
NARROW = 1e-4
# A given start is shrunk: points have room to pass each other, and yet end near where they were.
SHRUNK = 0.25
SUPERVISION = 0.5
# As high a learning rate as a million points have by default.
FASTEST = 1_000_000


def check(
    *,
    points: int,
    perplexity: float | None = None,
    learning_rate: float | None = None,
    supervision: float = SUPERVISION,
) -> None:
    """Refuse too few points, and parameters out of range."""
    if points < 4:
        raise LexiscopeError(f"t-SNE needs at least 4 points, this space has {points}; pca works")
    if perplexity is not None and not 1 <= perplexity <= (points - 1) / 3:
        raise LexiscopeError(
            f"perplexity {perplexity:g}: with {points} points give a number from 1 to "
            f"{(points - 1) // 3}"
        )
    if learning_rate is not None and not 0 < learning_rate <= FASTEST:
        raise LexiscopeError(
            f"learning_rate {learning_rate:g}: give a number above 0 and up to {FASTEST:,}"
        )
    if not 0 <= supervision <= 1:
        raise LexiscopeError(f"supervision {supervision:g}: give a number from 0 to 1")


def neighbors_needed(*, perplexity: float | None = None) -> int:
    """Return how many neighbours a point needs: 15, or three times the perplexity."""
    return NEIGHBORS if perplexity is None else int(3 * perplexity)


def tsne(
    vectors: NDArray[np.float32],
    graph: NeighborGraph,
    *,
    dims: int = 2,
    perplexity: float | None = None,
    learning_rate: float | None = None,
    labels: NDArray[np.integer] | None = None,
    supervision: float = SUPERVISION,
    start: NDArray[np.floating] | None = None,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    watch: Callable[[Doubles], None] | None = None,
) -> Projection:
    """Lay the neighbour graph out so that neighbours stay neighbours.

    By default every point is tied equally to its 15 nearest neighbours, which keeps more of
    them than Gaussian affinities do (Böhm, Berens & Kobak 2022 compare the two); give a
    `perplexity` for the classic affinities. The layout starts from the principal components
    (Kobak & Linderman 2021), so nothing is random and a second run gives the same
    picture: the seed is kept for the record.

    With `labels`, ties between points whose labels are both known and differ are multiplied by
    ``1 - supervision`` before all are divided by their sum, so that such points part.

    Parameters
    ----------
    vectors : ndarray of shape (n_points, dim), float32
        Only the start is computed from them.
    graph : NeighborGraph
        At least `neighbors_needed` neighbours a point, or all there are.
    dims : {2, 3}
    perplexity : float, optional
        Effective number of neighbours; between 1 and a third of the points.
    learning_rate : float, optional
        Above 0, up to 1,000,000; by default the number of points over the exaggeration
        (Belkina et al. 2019).
    labels : ndarray of shape (n_points,), int, optional
        Negative where unknown.
    supervision : float
        In [0, 1]; counts with `labels` only.
    start : ndarray of shape (n_points, dims), optional
        A layout to start from in place of the principal components, at a quarter of its size.
    seed : int
    progress : callable, optional
        Called with the share done, in [0, 1]. What it raises ends the computation.
    watch : callable, optional
        Called every 10 iterations with the layout so far, shape (n_points, dims), float64. It
        may change it in place, and wait; what it raises ends the computation.

    Returns
    -------
    Projection

    Raises
    ------
    LexiscopeError
        With fewer than four points, a perplexity that the points cannot carry, or a
        parameter out of range.
    """
    n = len(vectors)
    check(points=n, perplexity=perplexity, learning_rate=learning_rate, supervision=supervision)
    near = graph.first(neighbors_needed(perplexity=perplexity))
    affinities = _affinities(near, perplexity)
    if labels is not None:
        affinities = _supervised(affinities, labels, supervision)
    begun = _start(vectors, dims, start)
    if dims == 2 and n > MANY:
        from lexiscope.projection.repulsion import descend

        phases = (EXAGGERATED, EXAGGERATION), (PLAIN, 1.0)
        layout = descend(affinities, begun, phases, progress, watch, learning_rate)
    else:
        layout = _by_tree(affinities, begun, seed, _Listener(progress, watch), learning_rate)
    parameters = {
        name: value
        for name, value, usual in (
            ("perplexity", perplexity, None),
            ("learning_rate", learning_rate, None),
            ("supervision", supervision, SUPERVISION),
        )
        if value != usual
    }
    return Projection(
        "tsne",
        np.asarray(layout, dtype=np.float32),
        parameters,
        seed,
        details={"neighbors": near.k, "affinities": "uniform" if perplexity is None else "gauss"},
    )


def _start(vectors: NDArray[np.float32], dims: int, given: NDArray[np.floating] | None) -> Doubles:
    if given is None:
        components = pca(vectors, dims=dims).coordinates.astype(np.float64)
        spread = components[:, 0].std()
        # What only rounding tells apart must not grow into another picture.
        return np.asarray((components / (spread if spread > 0 else 1)).round(DECIMALS) * NARROW)
    start = np.array(given, dtype=np.float64)
    if start.shape != (len(vectors), dims) or not np.isfinite(start).all():
        raise LexiscopeError(
            f"start: give finite coordinates of shape {(len(vectors), dims)}, not {start.shape}"
        )
    start -= start.mean(axis=0)
    spread = np.abs(start).max()
    return np.asarray((start / (spread if spread > 0 else 1)).round(DECIMALS) * spread * SHRUNK)


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


def _supervised(affinities: Any, labels: NDArray[np.integer], supervision: float) -> Any:
    """Loosen the ties between points whose labels are known and differ."""
    ties = affinities.tocsr(copy=True)
    left = np.repeat(labels, np.diff(ties.indptr))
    right = labels[ties.indices]
    ties.data[(left >= 0) & (right >= 0) & (left != right)] *= 1 - supervision
    total = ties.sum()
    if not total > 0:
        raise LexiscopeError(
            f"supervision {supervision:g} leaves no ties: no point has a neighbour of its label; "
            "give less than 1"
        )
    return ties / total


def _by_tree(
    affinities: Any,
    start: Doubles,
    seed: int,
    listener: _Listener,
    learning_rate: float | None,
) -> Doubles:
    """Descend by openTSNE, the repulsion from a tree (Barnes & Hut): any number of dimensions."""
    from openTSNE import TSNE
    from openTSNE.affinity import PrecomputedAffinities

    model = TSNE(
        n_components=start.shape[1],
        early_exaggeration_iter=EXAGGERATED,
        early_exaggeration=EXAGGERATION,
        n_iter=PLAIN,
        learning_rate="auto" if learning_rate is None else learning_rate,
        negative_gradient_method="bh",
        # Around a short loop threads wait longer for each other than they work.
        n_jobs=os.cpu_count() or 1 if len(start) > 1000 else 1,
        random_state=seed,
        callbacks=listener,
        callbacks_every_iters=10,
    )
    ties = PrecomputedAffinities(affinities, normalize=False)
    # It would warn of a start as wide as a given one is.
    logging.getLogger("openTSNE").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(model.fit(affinities=ties, initialization=start))


class _Listener:
    """Turns openTSNE's callbacks, counted anew in each of its two phases, into ours."""

    def __init__(
        self,
        progress: Callable[[float], None] | None,
        watch: Callable[[Doubles], None] | None,
    ) -> None:
        self.progress, self.watch = progress, watch
        self.done_before = -EXAGGERATED

    def optimization_about_to_start(self) -> None:
        self.done_before = 0 if self.done_before < 0 else EXAGGERATED

    def __call__(self, iteration: int, error: float, embedding: Doubles) -> bool:
        del error
        if self.watch:
            self.watch(np.asarray(embedding))
        if self.progress:
            self.progress((self.done_before + iteration) / (EXAGGERATED + PLAIN))
        return False
