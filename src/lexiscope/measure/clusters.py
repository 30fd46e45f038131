"""Clusters: groups of points that lie denser than what is around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import TooFewError
from lexiscope.neighbors import neighbor_graph, normalize

# With a cluster of this many being the smallest, and the second neighbour's distance for density,
# a word table has groups of words that people would make, too.
SMALLEST = 8
DENSITY = 2
NEIGHBORS = 15
FEWEST = 2 * SMALLEST
# Hennig (2007): from .6 on a cluster shows a pattern in the data, below .5 it has dissolved.
STABLE = 0.6
RESAMPLES = 10
KEPT = 0.8
# The nearest that single precision tells apart, and the farthest that unit vectors can be.
NEAREST, FARTHEST = 1e-3, 2.0
# Points whose nearest in other parts of the graph is looked for, and distances held at a time.
LOOKED_AT = 2048
HELD = 2**24


@dataclass(frozen=True, eq=False)
class Clusters:
    """Dense groups of points, the largest first.

    Attributes
    ----------
    members : tuple of ndarray of int64
        The points of each, ascending; no point is in two.
    stability : ndarray of shape (n_clusters,), float64
        Mean Jaccard similarity of each with its like in the resamples, in [`STABLE`, 1].
    dissolved : int
        How many were found that came again too seldom, and are not among these.
    """

    members: tuple[NDArray[np.int64], ...] = field(repr=False)
    stability: NDArray[np.float64]
    dissolved: int


def clusters(
    vectors: NDArray[np.float32],
    indices: NDArray[np.int32],
    similarities: NDArray[np.float32],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Clusters:
    """Find the dense clusters of a neighbour graph that come again in parts of the points.

    HDBSCAN (Campello, Moulavi & Sander 2013): a point's core distance is that to its 2nd nearest
    neighbour, and the distance of two neighbours, as unit vectors ``sqrt(2 - 2 cos)``, is at
    least the core distance of either. Lowering the density from the highest, clusters of 8 or
    more points grow and join, and of all that there ever are those are taken, none within another,
    that together last longest (excess of mass). Only pairs of the neighbour graph are looked at,
    so that memory grows with n. Where it falls apart, each part is joined to the nearest point of
    another (Borůvka 1926), which is looked for from at most 2,048 points of all parts but the
    largest, evenly taken, or one of each.

    In many dimensions even points without structure have such clusters, by chance. Therefore all
    is done again, `resamples` times, with four fifths of the points drawn at random and clusters
    of 6 or more. With C the drawn points of a cluster and D those of any found anew, stability is
    the mean over the draws of the largest ``|C ∩ D| / |C ∪ D|`` (Hennig 2007). Clusters with less
    than 0.6 are left out. Of points drawn from a Gaussian in 20 dimensions or more none or one is
    left; in fewer, gaps that are there by chance are as stable as others: see `chance_clusters`.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim), float32
    indices : ndarray of shape (n, k), int32
        Nearest neighbours by cosine, nearest first; 15 are used.
    similarities : ndarray of shape (n, k), float32
    resamples : int
    seed : int
        Draws the points of the resamples.
    progress : callable, optional
        Called with the share done, in [0, 1].

    Returns
    -------
    Clusters

    Raises
    ------
    TooFewError
        For fewer than 16 points.
    """
    n = len(indices)
    if n < FEWEST:
        raise TooFewError(
            f"{n} point{'s' * (n != 1)}: too few to say whether they lie in clusters "
            f"({FEWEST} are needed)"
        )
    near = indices[:, :NEIGHBORS]
    cosines = similarities[:, :NEIGHBORS].astype(np.float64)
    distances = np.sqrt((2 - 2 * cosines).clip(NEAREST**2, FARTHEST**2))
    unit = normalize(vectors)
    found = _density_clusters(unit, near, distances, SMALLEST)
    count = int(found.max()) + 1
    rng = np.random.default_rng(seed)
    alike = np.zeros(count)
    # Where none is found there is nothing to look for again.
    for done in range(resamples if count else 0):
        drawn = np.sort(rng.choice(n, round(KEPT * n), replace=False))
        number = np.full(n, -1, dtype=np.int32)
        number[drawn] = np.arange(len(drawn))
        again = _density_clusters(
            unit[drawn], number[near[drawn]], distances[drawn], round(KEPT * SMALLEST)
        )
        alike += _likeness(found[drawn], again, count)
        if progress:
            progress((done + 1) / resamples)
    stability = alike / resamples
    sizes = np.bincount(found[found >= 0], minlength=count)
    stable = np.flatnonzero(stability >= STABLE)
    stable = stable[np.argsort(-sizes[stable], kind="stable")]
    return Clusters(
        members=tuple(np.flatnonzero(found == each) for each in stable),
        stability=stability[stable],
        dissolved=count - len(stable),
    )


def chance_clusters(
    vectors: NDArray[np.float32],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Clusters:
    """Find what `clusters` finds in the same numbers, each dimension shuffled among the points.

    Every dimension keeps its values and loses what they have to do with those of the others
    (Buja & Eyuboglu 1992, who ask so how many components there are): what is found now is owed to
    the number of points and dimensions and to the values in each, not to points that are alike.
    Of one or two large groups the shuffled numbers still have a dense middle, which is found.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim), float32
    resamples : int
    seed : int
        Draws the shuffles, and the points of the resamples.
    progress : callable, optional
        Called with the share done, in [0, 1].

    Returns
    -------
    Clusters

    Raises
    ------
    TooFewError
        For fewer than 16 points.
    """
    shuffled = np.empty_like(vectors)
    rng = np.random.default_rng(seed)
    for dimension in range(vectors.shape[1]):
        shuffled[:, dimension] = rng.permutation(vectors[:, dimension])
    graph = neighbor_graph(shuffled, NEIGHBORS)
    return clusters(
        shuffled,
        graph.indices,
        graph.similarities,
        resamples=resamples,
        seed=seed,
        progress=progress,
    )


def _density_clusters(
    unit: NDArray[np.float32],
    near: NDArray[np.int32],
    distances: NDArray[np.float64],
    smallest: int,
) -> NDArray[np.int64]:
    """Return every point's cluster, -1 for none; neighbours below 0 are not there."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from sklearn.cluster import HDBSCAN

    n = len(near)
    there = near >= 0
    core = np.sort(np.where(there, distances, FARTHEST), axis=1)[:, DENSITY - 1]
    one, other = np.nonzero(there)[0], near[there]
    reach = np.maximum(distances[there], np.maximum(core[one], core[other]))
    graph = coo_matrix((reach, (one, other)), shape=(n, n)).tocsr()
    graph = graph.maximum(graph.T)
    parts, part = connected_components(graph, directed=False)
    if parts == 1 and (reach == reach[0]).all():  # nowhere is denser than elsewhere
        return np.full(n, -1)
    while parts > 1:
        links = coo_matrix(_links(unit, core, part), shape=(n, n)).tocsr()
        graph = graph.maximum(links).maximum(links.T)
        parts, part = connected_components(graph, directed=False)
    # Core distances are in the distances already: with one neighbour it finds no larger ones.
    model = HDBSCAN(min_cluster_size=smallest, min_samples=1, metric="precomputed", copy=False)
    labels: NDArray[np.int64] = model.fit(graph.tocsr()).labels_.astype(np.int64)
    return labels


def _links(
    unit: NDArray[np.float32], core: NDArray[np.float64], part: NDArray[np.int32]
) -> tuple[NDArray[np.float64], tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return how far each part but the largest is from another, and between which two points."""
    sizes = np.bincount(part)
    share = max(1, LOOKED_AT // (len(sizes) - 1))
    rows = np.concatenate(
        [
            members[np.linspace(0, len(members) - 1, min(share, len(members))).astype(np.intp)]
            for number, members in enumerate(
                np.split(np.argsort(part, kind="stable"), np.cumsum(sizes)[:-1])
            )
            if number != sizes.argmax()
        ]
    )
    nearest = np.empty(len(rows), dtype=np.intp)
    reach = np.empty(len(rows))
    step = max(1, HELD // len(unit))
    for first in range(0, len(rows), step):
        block = rows[first : first + step]
        cosines = unit[block] @ unit.T
        far = np.sqrt((2 - 2 * cosines).clip(NEAREST**2, FARTHEST**2))
        for each in (core[block, None], core):
            np.maximum(far, each, out=far, casting="same_kind")
        far[part[block, None] == part] = np.inf
        nearest[first : first + step] = far.argmin(axis=1)
        reach[first : first + step] = far.min(axis=1)
    # Of every part the row that is nearest.
    order = np.lexsort((reach, part[rows]))
    best = order[np.unique(part[rows][order], return_index=True)[1]]
    return reach[best], (rows[best], nearest[best])


def _likeness(
    found: NDArray[np.int64], again: NDArray[np.int64], count: int
) -> NDArray[np.float64]:
    """Return the Jaccard similarity of each cluster with the one most like it."""
    both = (found >= 0) & (again >= 0)
    width = int(again.max()) + 2
    pairs, shared = np.unique(found[both] * width + again[both], return_counts=True)
    one, other = pairs // width, pairs % width
    sizes = np.bincount(found[found >= 0], minlength=count)
    sizes_again = np.bincount(again[again >= 0], minlength=width)
    alike = np.zeros(count)
    np.maximum.at(alike, one, shared / (sizes[one] + sizes_again[other] - shared))
    return alike
