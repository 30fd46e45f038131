"""Clusters: groups of points that lie denser than what is around them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import TooFewError
from lexiscope.neighbors import cosine_error, neighbor_graph, normalize, pair_cosines

if TYPE_CHECKING:
    from lexiscope.measure.density import Edges

Doubles = NDArray[np.float64]
Numbers = NDArray[np.int64]

# With a cluster of this many being the smallest, and the second neighbour's distance for density,
# a word table has groups of words that people would make, too.
SMALLEST = 8
DENSITY = 2
NEIGHBORS = 15
FEWEST = 2 * SMALLEST
# Hennig (2007): from .6 on a cluster shows a pattern in the data, below .5 it has dissolved.
STABLE = 0.6
# One draw of a cluster of the word table varies by .3 (standard deviation), so the mean over so
# many is known to within .04. Fewer do where all are far from the least already, as is checked
# after every batch.
RESAMPLES = 200
BATCH = 20
# Draws looked at side by side; each may hold some 100 MB.
WORKERS = 4
KEPT = 0.8
LEVEL, CERTAIN = 0.95, 0.999
# The nearest that single precision tells apart, and the farthest that unit vectors can be.
NEAREST, FARTHEST = 1e-3, 2.0
# Points whose nearest in other parts of the graph is looked for, distances held at a time, and
# how many nearly as near are looked at more closely.
LOOKED_AT = 2048
HELD = 2**22
CLOSE = 8


@dataclass(frozen=True, eq=False)
class Clusters:
    """Dense groups of points, the largest first.

    Attributes
    ----------
    members : tuple of ndarray of int64
        The points of each, ascending; no point is in two.
    stability : ndarray of shape (n_clusters,), float64
        Mean Jaccard similarity of each with its like in the resamples, in [0, 1].
    low, high : ndarray of shape (n_clusters,), float64
        The 95 % interval of that mean over all resamples that could be drawn.
    dissolved : int
        How many were found that came again too seldom, and are not among these.
    resamples : int
        How often points were drawn.
    """

    members: tuple[Numbers, ...] = field(repr=False)
    stability: Doubles
    low: Doubles
    high: Doubles
    dissolved: int
    resamples: int

    @property
    def unsure(self) -> NDArray[np.bool_]:
        """Which come again by about the least there must be: 0.6 lies in their interval."""
        return self.low < STABLE


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
    the mean over the draws of the largest ``|C ∩ D| / |C ∪ D|`` (Hennig 2007). Which fifth is left
    out is drawn, so the mean is known to within an interval only: the mean with as many standard
    errors to either side as Student's t has (of clusters of the word table it holds the mean over
    all draws 95 % to 96 % of the time). Clusters whose interval lies below 0.6 are left out, those
    whose interval holds 0.6 are unsure. Of points drawn from a Gaussian in 20 dimensions or
    more none or one is left; in fewer, gaps that are there by chance are as stable as others: see
    `chance_clusters`.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim), float32
    indices : ndarray of shape (n, k), int32
        Nearest neighbours by cosine, nearest first; 15 are used.
    similarities : ndarray of shape (n, k), float32
    resamples : int
        At most so many draws, at least 2; no more after a batch of 20 when a 99.9 % interval of
        none holds 0.6.
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
    from lexiscope.measure.density import edges_of

    n = len(indices)
    if n < FEWEST:
        raise TooFewError(
            f"{n} point{'s' * (n != 1)}: too few to say whether they lie in clusters "
            f"({FEWEST} are needed)"
        )
    distances = _distances(similarities[:, :NEIGHBORS])
    near, unit = np.ascontiguousarray(indices[:, :NEIGHBORS]), normalize(vectors)
    look = _Density(unit, near, distances, edges_of(near, distances))
    found = look.clusters(np.ones(n, dtype=bool), SMALLEST)
    count = int(found.max()) + 1

    def again(draw: int) -> Doubles:
        there = np.zeros(n, dtype=bool)
        rng = np.random.default_rng((seed, draw))
        there[rng.choice(n, round(KEPT * n), replace=False, shuffle=False)] = True
        anew = look.clusters(there, round(KEPT * SMALLEST))
        return _likeness(found[there], anew[there], count)

    alike = np.zeros((0, count))
    with ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1)) as pool:
        while len(alike) < resamples and _undecided(alike):
            batch = range(len(alike), min(resamples, len(alike) + BATCH))
            alike = np.concatenate([alike, list(pool.map(again, batch))])
            if progress:
                progress(len(alike) / resamples)
    stability, low, high = mean_interval(alike)
    sizes = np.bincount(found[found >= 0], minlength=count)
    kept = np.flatnonzero(high >= STABLE)
    kept = kept[np.argsort(-sizes[kept], kind="stable")]
    return Clusters(
        members=tuple(np.flatnonzero(found == each) for each in kept),
        stability=stability[kept],
        low=low[kept],
        high=high[kept],
        dissolved=count - len(kept),
        resamples=len(alike),
    )


def _undecided(alike: Doubles) -> bool:
    """Tell whether more draws are needed; none where there is no cluster to find again."""
    if not len(alike):
        return bool(alike.shape[1])
    _, low, high = mean_interval(alike, level=CERTAIN)
    return bool(((low < STABLE) & (high >= STABLE)).any())


def mean_interval(drawn: Doubles, *, level: float = LEVEL) -> tuple[Doubles, Doubles, Doubles]:
    """Return the means of shares over independent draws, with the intervals of Student's t.

    Parameters
    ----------
    drawn : ndarray of shape (draws, m), float64
        In [0, 1]; at least 2 draws.
    level : float
        In (0, 1).

    Returns
    -------
    mean, low, high : ndarray of shape (m,), float64
        In [0, 1].
    """
    from scipy.special import stdtrit

    draws = len(drawn)
    if not draws:
        return (np.empty(drawn.shape[1]),) * 3
    mean = drawn.mean(axis=0)
    error = drawn.std(axis=0, ddof=1) / draws**0.5
    reach = float(stdtrit(draws - 1, (1 + level) / 2)) * error
    return mean, np.maximum(mean - reach, 0), np.minimum(mean + reach, 1)


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


@dataclass(frozen=True, eq=False)
class _Density:
    """A neighbour graph in which dense clusters are looked for, of all its points or some."""

    unit: NDArray[np.float32]
    near: NDArray[np.int32]
    distances: Doubles
    edges: Edges

    def clusters(self, there: NDArray[np.bool_], smallest: int) -> Numbers:
        """Return every point's cluster of those that are there, -1 for none."""
        from lexiscope.measure.density import (
            core_distances,
            density_groups,
            parts_of,
            reachable,
        )

        core = core_distances(self.near, self.distances, there, DENSITY, FARTHEST)
        edges = reachable(self.edges, core, there)
        while (part := parts_of(edges, there)).max() > 0:
            links = _links(self.unit, core, part)
            one, other, far = (np.concatenate(both) for both in zip(edges, links, strict=True))
            edges = one, other, far
        return density_groups(edges, len(there), smallest)


def _links(unit: NDArray[np.float32], core: Doubles, part: Numbers) -> Edges:
    """Return for each part but the largest which of its points is nearest another, and how far."""
    sizes = np.bincount(part[part >= 0])
    share = max(1, LOOKED_AT // (len(sizes) - 1))
    order = np.argsort(part, kind="stable")[-sizes.sum() :]
    rows = np.concatenate(
        [
            members[np.linspace(0, len(members) - 1, min(share, len(members))).astype(np.intp)]
            for number, members in enumerate(np.split(order, np.cumsum(sizes)[:-1]))
            if number != sizes.argmax()
        ]
    )
    step = max(1, HELD // len(unit))
    found = [
        _nearest_elsewhere(unit, core, part, rows[first : first + step])
        for first in range(0, len(rows), step)
    ]
    nearest, reach = (np.concatenate(each) for each in zip(*found, strict=True))
    # Of every part the row that is nearest.
    order = np.lexsort((rows, reach, part[rows]))
    best = order[np.unique(part[rows][order], return_index=True)[1]]
    return rows[best], nearest[best], reach[best]


def _nearest_elsewhere(
    unit: NDArray[np.float32], core: Doubles, part: Numbers, rows: Numbers
) -> tuple[Numbers, Doubles]:
    """Return the nearest point of another part to each of some points, and how far it is."""
    far = _reach(unit[rows] @ unit.T, core[rows, None], core)
    far[(part[rows, None] == part) | (part < 0)] = np.inf
    # Single precision only proposes: of those that it can hardly tell apart the first few.
    error = 2 * cosine_error(unit.shape[1])
    close = far**2 <= far.min(axis=1, keepdims=True) ** 2 + error
    at = np.argsort(~close, axis=1, kind="stable")[:, :CLOSE]
    exact = _reach(pair_cosines(unit, rows, at), core[rows, None], core[at])
    exact[~np.take_along_axis(close, at, axis=1)] = np.inf
    best = exact.argmin(axis=1)[:, None]
    return np.take_along_axis(at, best, axis=1)[:, 0], exact.min(axis=1)


def _reach(cosines: NDArray[np.floating], core: Doubles, others: Doubles) -> Doubles:
    """Return distances of unit vectors, at least the core distance of either end."""
    return np.asarray(np.maximum(_distances(cosines), np.maximum(core, others)))


def _distances(cosines: NDArray[np.floating]) -> Doubles:
    squares = (2 - 2 * cosines.astype(np.float64)).clip(NEAREST**2, FARTHEST**2)
    return np.asarray(np.sqrt(squares))


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
