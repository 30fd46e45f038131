"""How far a picture can be trusted: the true neighbours it keeps, the strangers it adds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from lexiscope.neighbors import EXACT_LIMIT, NeighborGraph, normalize
from lexiscope.projection.projection import Quality

Floats = NDArray[np.float32]
K = 15
SAMPLE = 5000
BLOCK = 512


def quality(
    vectors: Floats,
    graph: NeighborGraph,
    layouts: Sequence[Floats],
    *,
    k: int = K,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> list[Quality | None]:
    """Measure several pictures of the same vectors in one pass over all pairs.

    With ``N(i)`` a point's `k` nearest by cosine similarity, ``M(i)`` its `k` nearest in the
    picture (Euclidean) and ``r(i, j)`` the rank of `j` among all points by similarity to `i`::

        kept(i)            = |N(i) & M(i)| / k
        trustworthiness(i) = 1 - 2 / (k (2n - 3k - 1)) * sum over j in M(i) of max(0, r(i,j) - k)

    The second, averaged over the points, is the trustworthiness of Venna & Kaski (2001).

    Parameters
    ----------
    vectors : ndarray of shape (n_points, dim), float32
    graph : NeighborGraph
        At least `k` neighbours a point.
    layouts : sequence of ndarray of shape (n_points, 2 or 3), float32
    k : int
        Cut to a third of the points, where the penalty is still defined.
    seed : int
        Draws the points whose trustworthiness is measured where all pairs are too many.
    progress : callable, optional
        Called with the share done, in [0, 1].

    Returns
    -------
    list of Quality or None
        One a layout; None for fewer than four points. Where all pairs are too many,
        `trustworthiness_per_point` is NaN outside the sample of 5,000 points.
    """
    n = len(vectors)
    k = min(k, graph.k, n // 3)
    if k < 1:
        return [None for _ in layouts]
    true = np.sort(graph.indices[:, :k], axis=1)
    pictured = [_picture_neighbors(layout, k) for layout in layouts]
    every = n * n * vectors.shape[1] <= EXACT_LIMIT
    rows = np.arange(n)
    if not every:
        rows = np.sort(np.random.default_rng(seed).choice(n, min(SAMPLE, n), replace=False))
    excess = _rank_excess(normalize(vectors), rows, pictured, k, progress)
    worst = k * (2 * n - 3 * k - 1) / 2
    measured: list[Quality | None] = []
    for near, penalty in zip(pictured, excess, strict=True):
        kept = _shared(true, np.sort(near, axis=1)) / np.float32(k)
        trust = np.full(n, np.nan, dtype=np.float32)
        trust[rows] = 1 - penalty / worst
        measured.append(
            Quality(
                k=k,
                kept=float(kept.mean(dtype=np.float64)),
                trustworthiness=float(np.mean(1 - penalty / worst)),
                kept_per_point=kept,
                trustworthiness_per_point=trust,
            )
        )
    return measured


def _picture_neighbors(layout: Floats, k: int) -> NDArray[np.int64]:
    """Return the k nearest points in the picture, the point itself left out."""
    from scipy.spatial import cKDTree

    near = cKDTree(layout).query(layout, k + 1, workers=-1)[1]
    own = near == np.arange(len(layout))[:, None]
    own[~own.any(axis=1), k] = True  # beside points in the very same place
    return np.asarray(near[~own].reshape(-1, k), dtype=np.int64)


def _shared(a: NDArray[np.integer], b: NDArray[np.integer]) -> Floats:
    """Count the numbers that two matrices of distinct numbers share, row by row."""
    both = np.sort(np.hstack([a, b]), axis=1)
    return np.asarray((both[:, 1:] == both[:, :-1]).sum(axis=1), dtype=np.float32)


def _rank_excess(
    unit: Floats,
    rows: NDArray[np.integer],
    pictured: Sequence[NDArray[np.int64]],
    k: int,
    progress: Callable[[float], None] | None,
) -> list[NDArray[np.float64]]:
    """Sum ``max(0, r(i, j) - k)`` over every row's neighbours in each picture."""
    from lexiscope.projection.ranks import count_above

    excess = [np.zeros(len(rows)) for _ in pictured]
    for start in range(0, len(rows), BLOCK):
        part = rows[start : start + BLOCK]
        similarity = unit[part] @ unit.T
        similarity[np.arange(len(part)), part] = -np.inf  # a point is no neighbour of itself
        for near, sums in zip(pictured, excess, strict=True):
            bounds = np.take_along_axis(similarity, near[part], axis=1)
            above = count_above(similarity, bounds)
            sums[start : start + len(part)] = np.clip(above + 1 - k, 0, None).sum(axis=1)
        if progress:
            progress(min(1.0, (start + BLOCK) / len(rows)))
    return excess
