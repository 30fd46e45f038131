"""Nearest neighbours of vectors, exact where that is quick and approximate beyond.

A sum of products in single precision differs in its last bits from one processor to the next. So a
search in single precision only proposes neighbours, some more than are asked for; which they are,
and in what order, is decided by cosines in double precision, rounded to a millionth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError

Metric = Literal["cosine", "euclidean", "dot"]
METRICS: tuple[Metric, ...] = get_args(Metric)
Floats = NDArray[np.float32]

# All pairs take n * n * dim multiply-adds. On two cores 1e12 of them are 8 s (measured:
# `benchmarks/neighbors.py`), about what building an approximate index of that size costs too.
EXACT_LIMIT = 2e12
RECALL_SAMPLE = 1000
# Differences held at once, so few that they stay in the cache: four times as quick.
DIFFERENCES = 2**18
# Bytes that all neighbours together may take, and that one takes in a graph.
MEMORY = 2**30
NEIGHBOR = 8
# Rows searched, or held in double precision, at once.
ROWS = 4096
# Neighbours proposed beyond those asked for, products held at once, so few that they stay in the
# cache, and cosines of all points held at once.
SPARE = 8
PRODUCTS = 2**19
COSINES = 2**22
# Decimals of a cosine: what single precision carries. Cosines that are equal so far are equal, and
# the point with the lower number comes first.
DECIMALS = 6


@dataclass(frozen=True, eq=False)
class NeighborGraph:
    """The k nearest neighbours of every point by cosine similarity, itself left out.

    Attributes
    ----------
    indices : ndarray of shape (n_points, k), int32
        Nearest first.
    similarities : ndarray of shape (n_points, k), float32
        Cosine similarities, descending, rounded to a millionth; equal ones in point order.
    method : str
        ``"exact"`` or ``"hnsw"``.
    recall : float
        Share of the true neighbours found: 1.0 when exact, otherwise measured against the
        exact neighbours of 1,000 points drawn from these very vectors.
    """

    indices: NDArray[np.int32]
    similarities: Floats
    method: str
    recall: float

    @property
    def k(self) -> int:
        """Number of neighbours a point has."""
        return int(self.indices.shape[1])

    def first(self, k: int) -> NeighborGraph:
        """Return the same graph cut to its `k` nearest."""
        return NeighborGraph(
            self.indices[:, :k], self.similarities[:, :k], self.method, self.recall
        )


def normalize(vectors: Floats) -> Floats:
    """Divide every row by its Euclidean norm; zero rows stay zero.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim), float32

    Returns
    -------
    ndarray of shape (n, dim), float32, C order
    """
    unit = np.empty(vectors.shape, dtype=np.float32)
    for start in range(0, len(vectors), ROWS):
        # In double precision no square of a single-precision number overflows or vanishes.
        part = vectors[start : start + ROWS].astype(np.float64)
        norms = np.sqrt(np.square(part).sum(axis=1))
        unit[start : start + ROWS] = part / np.where(norms > 0, norms, 1)[:, None]
    return unit


def spherize(vectors: Floats) -> Floats:
    """Subtract the mean of all rows, then normalise: what TensorBoard calls spherize.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim), float32

    Returns
    -------
    ndarray of shape (n, dim), float32
    """
    return normalize(vectors - vectors.mean(axis=0, dtype=np.float64).astype(np.float32))


def scores(vectors: Floats, query: Floats, metric: Metric) -> Floats:
    """Compare every row with one query vector.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim), float32
        For ``"cosine"`` normalised rows: see `normalize`.
    query : ndarray of shape (dim,), float32
    metric : {"cosine", "euclidean", "dot"}

    Returns
    -------
    ndarray of shape (n,), float32
        Cosine similarity in [-1, 1], dot product, or Euclidean distance (smaller is nearer).
    """
    if metric == "cosine":
        return np.asarray(vectors @ normalize(query[None])[0], dtype=np.float32)
    if metric == "euclidean":
        return _distances(vectors, query)
    return np.asarray(vectors @ query, dtype=np.float32)


def _distances(vectors: Floats, query: Floats) -> Floats:
    squares = np.empty(len(vectors), dtype=np.float32)
    rows = max(1, DIFFERENCES // vectors.shape[1])
    for start in range(0, len(vectors), rows):
        apart = vectors[start : start + rows] - query
        np.einsum("ij,ij->i", apart, apart, out=squares[start : start + rows])
    return np.sqrt(squares, out=squares)


def nearest(
    values: Floats, k: int, metric: Metric, exclude: NDArray[np.integer] | None = None
) -> NDArray[np.int64]:
    """Return the points with the best scores, best first; equal scores in point order.

    Parameters
    ----------
    values : ndarray of shape (n,), float32
        From `scores`.
    k : int
        Fewer are returned when fewer points are left.
    metric : {"cosine", "euclidean", "dot"}
    exclude : ndarray of int, optional
        Points never returned.

    Returns
    -------
    ndarray of shape (min(k, n - excluded),), int64
    """
    cost = values.astype(np.float64) if metric == "euclidean" else -values.astype(np.float64)
    excluded = np.unique(exclude) if exclude is not None else np.empty(0, dtype=np.int64)
    cost[excluded] = np.inf
    k = min(k, len(cost) - len(excluded))
    if k <= 0:
        return np.empty(0, dtype=np.int64)
    # A partition finds the k-th cost; all points at or under it are then sorted stably.
    bound = np.partition(cost, k - 1)[k - 1]
    candidates = np.flatnonzero(cost <= bound)
    return candidates[np.argsort(cost[candidates], kind="stable")][:k].astype(np.int64)


def nearest_points(
    vectors: Floats,
    query: Floats,
    k: int,
    metric: Metric,
    exclude: NDArray[np.integer] | None = None,
) -> tuple[NDArray[np.int64], Floats]:
    """Return the points nearest to a vector, and how near they are, best first.

    As in a graph, single precision proposes some more than are asked for, and double precision
    decides; points equally near to a millionth (other metrics: in single precision) are in point
    order.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim), float32
        For ``"cosine"`` normalised rows: see `normalize`.
    query : ndarray of shape (dim,), float32
    k : int
    metric : {"cosine", "euclidean", "dot"}
    exclude : ndarray of int, optional
        Points never returned.

    Returns
    -------
    points : ndarray of shape (min(k, n - excluded),), int64
    values : ndarray of the same shape, float32
        See `scores`.
    """
    values = scores(vectors, query, metric)
    near = nearest(values, k, metric, exclude)
    if not len(near):
        return near, values[near]
    # All that single precision cannot tell from the last of these.
    last, largest = float(values[near[-1]]), float(np.abs(values).max())
    error = 2 * cosine_error(vectors.shape[1]) * max(largest, 1.0 if metric == "cosine" else 0.0)
    close = values <= last + error if metric == "euclidean" else values >= last - error
    close[exclude if exclude is not None else []] = False
    near = np.flatnonzero(close)
    exact = np.empty(len(near))
    asked = normalize(query[None])[0] if metric == "cosine" else query
    step = max(1, PRODUCTS // vectors.shape[1])
    for start in range(0, len(near), step):
        rows = vectors[near[start : start + step]].astype(np.float64)
        if metric == "euclidean":
            exact[start : start + step] = np.sqrt(np.square(rows - asked).sum(axis=1))
        else:
            exact[start : start + step] = (rows * asked).sum(axis=1)
    exact = exact.round(DECIMALS) if metric == "cosine" else exact.astype(np.float32)
    order = np.lexsort((near, exact if metric == "euclidean" else -exact))[:k]
    return near[order], exact[order].astype(np.float32)


def cosine_error(dimensions: int) -> float:
    """Return how far a cosine in single precision may lie from the rounded one.

    It grows with the square root of the dimensions, as rounding errors add up at random: of 700,000
    pairs of words, with 384 dimensions, the largest was a quarter of this.

    Parameters
    ----------
    dimensions : int

    Returns
    -------
    float
    """
    return float(np.finfo(np.float32).eps * dimensions**0.5 + 10.0**-DECIMALS)


def check_memory(n: int, k: int, each: int = NEIGHBOR) -> None:
    """Refuse so many neighbours that they would take more than 1 GiB.

    Parameters
    ----------
    n : int
        Points.
    k : int
        Neighbours of each.
    each : int
        Bytes that one neighbour takes in all that is held of it at once.

    Raises
    ------
    LexiscopeError
    """
    if n * k * each > MEMORY:
        raise LexiscopeError(
            f"k {k:,}: so many neighbours of each of {n:,} points take "
            f"{n * k * each / 2**30:,.1f} GiB of memory, and {MEMORY / 2**30:.3g} GiB are allowed; "
            f"give a k of at most {max(1, MEMORY // (n * each)):,}"
        )


def neighbor_graph(
    vectors: Floats,
    k: int = 15,
    *,
    method: Literal["auto", "exact", "hnsw"] = "auto",
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> NeighborGraph:
    """Find every point's `k` nearest neighbours by cosine similarity.

    An exact graph follows from the vectors alone: it is the same on every processor, with any
    number of threads and whatever `k` it is cut from.

    Parameters
    ----------
    vectors : ndarray of shape (n_points, dim), float32
    k : int
        Cut to ``n_points - 1``.
    method : {"auto", "exact", "hnsw"}
        ``"auto"`` is exact while ``n_points**2 * dim`` stays under `EXACT_LIMIT`, and beyond
        it searches a navigable small-world graph (Malkov & Yashunin 2018).
    seed : int
        Draws the points on which an approximate graph's recall is measured.
    progress : callable, optional
        Called with the share done, in [0, 1].

    Returns
    -------
    NeighborGraph

    Raises
    ------
    LexiscopeError
        With fewer than two points, and for vectors that hold NaN or infinity.
    """
    n = len(vectors)
    if n < 2:
        raise LexiscopeError(f"a neighbour graph needs at least 2 points, this space has {n}")
    wrong = sum(
        int((~np.isfinite(vectors[at : at + ROWS])).any(axis=1).sum()) for at in range(0, n, ROWS)
    )
    if wrong:
        raise LexiscopeError(
            f"the vectors of {wrong:,} of {n:,} points hold NaN or infinity, to which nothing is "
            "near: leave these out"
        )
    k = min(k, n - 1)
    unit = normalize(vectors)
    if method == "auto":
        method = "exact" if n * n * unit.shape[1] <= EXACT_LIMIT else "hnsw"
    if method == "exact":
        found, values = _search_exact(unit, np.arange(n), k, progress)
        return NeighborGraph(found, values, "exact", 1.0)
    found, values = _search_hnsw(unit, k, progress)
    sample = np.random.default_rng(seed).choice(n, min(RECALL_SAMPLE, n), replace=False)
    truth, _ = _search_exact(unit, sample, k, None)
    hits = sum(np.intersect1d(a, b).size for a, b in zip(truth, found[sample], strict=True))
    return NeighborGraph(found, values, "hnsw", hits / truth.size)


def pair_cosines(
    unit: Floats, rows: NDArray[np.integer], others: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return cosines of some rows with others, the same to the last bit on every processor.

    Products of single-precision numbers are exact in double precision, and NumPy adds up a row of
    them pairwise, in an order of its own making; a matrix product's order is the processor's.

    Parameters
    ----------
    unit : ndarray of shape (n, dim), float32
        Normalised rows.
    rows : ndarray of shape (m,), int
    others : ndarray of shape (m, k), int

    Returns
    -------
    ndarray of shape (m, k), float64
        Rounded to a millionth.
    """
    cosines = np.empty(others.shape)
    step = max(1, PRODUCTS // max(1, others.shape[1] * unit.shape[1]))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        products = np.multiply(unit[others[part]], unit[rows[part], None], dtype=np.float64)
        cosines[part] = products.sum(axis=2)
    return cosines.round(DECIMALS)


def _search_exact(
    unit: Floats, rows: NDArray[np.integer], k: int, progress: Callable[[float], None] | None
) -> tuple[NDArray[np.int32], Floats]:
    import faiss

    index = faiss.IndexFlatIP(unit.shape[1])
    index.add(unit)
    return _search(index, unit, rows, k, progress, exact=True)


def _search_hnsw(
    unit: Floats, k: int, progress: Callable[[float], None] | None
) -> tuple[NDArray[np.int32], Floats]:
    import faiss

    index = faiss.IndexHNSWFlat(unit.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 100
    index.hnsw.efSearch = max(128, 4 * k)
    index.add(unit)
    return _search(index, unit, np.arange(len(unit)), k, progress, exact=False)


def _search(
    index: Any,
    unit: Floats,
    rows: NDArray[np.integer],
    k: int,
    progress: Callable[[float], None] | None,
    *,
    exact: bool,
) -> tuple[NDArray[np.int32], Floats]:
    """Search `rows` of `unit` in `index`, each row itself left out.

    Rows for which what is proposed may lack a neighbour are searched among all points: those that
    have more copies than fit, and those of an approximate search that ended too soon.
    """
    n, dim = unit.shape
    proposed, error = min(n, k + 1 + SPARE), cosine_error(dim)
    found = np.empty((len(rows), k), dtype=np.int32)
    values = np.empty((len(rows), k), dtype=np.float32)
    unsettled = [np.empty(0, dtype=np.int64)]
    for start in range(0, len(rows), ROWS):
        part = slice(start, start + ROWS)
        similarity, near = index.search(unit[rows[part]], proposed)
        # A point is usually its own first hit, but not beside many copies.
        other = (near >= 0) & (near != rows[part, None])
        cosines = np.where(other, pair_cosines(unit, rows[part], near), -np.inf)
        order = np.lexsort((near, -cosines))[:, :k]
        found[part] = np.take_along_axis(near, order, axis=1)
        values[part] = (best := np.take_along_axis(cosines, order, axis=1))
        short = ~np.isfinite(best[:, -1])
        if exact and proposed < n:
            short |= similarity[:, -1] + error >= best[:, -1]
        unsettled.append(start + np.flatnonzero(short))
        if progress:
            progress(min(1.0, (start + ROWS) / len(rows)))
    again = np.concatenate(unsettled)
    found[again], values[again] = _search_all(unit, rows[again], k)
    return found, values


def _search_all(
    unit: Floats, rows: NDArray[np.integer], k: int
) -> tuple[NDArray[np.int32], Floats]:
    """Search all points in double precision, copies only once."""
    found = np.empty((len(rows), k), dtype=np.int32)
    values = np.empty((len(rows), k), dtype=np.float32)
    if not len(rows):
        return found, values
    firsts, copy_of = np.unique(unit[rows], axis=0, return_index=True, return_inverse=True)[1:]
    copies = np.split(np.argsort(copy_of, kind="stable"), np.cumsum(np.bincount(copy_of))[:-1])
    step = max(1, COSINES // len(unit))
    for start in range(0, len(firsts), step):
        some = unit[rows[firsts[start : start + step]]].astype(np.float64)
        cosines = np.concatenate(
            [some @ unit[first : first + ROWS].T for first in range(0, len(unit), ROWS)], axis=1
        ).round(DECIMALS)
        for row, same in zip(cosines, copies[start : start + step], strict=True):
            # One more than asked for, as the point itself is among them, or copies before it.
            bound = np.partition(row, -k - 1)[-k - 1]
            best = np.flatnonzero(row >= bound)
            best = best[np.argsort(-row[best], kind="stable")][: k + 1]
            for at in same:
                own = best == rows[at]
                own[k] |= not own.any()
                found[at], values[at] = best[~own], row[best[~own]]
    return found, values
