"""How well two labellings of the same points agree: F1 and adjusted mutual information."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Numbers held at once by what goes over blocks: 8 MB in double precision.
BLOCK = 2**20
# Information is a sum of logarithms: less than this, in nats, is rounding.
ROUNDING = 1e-12

Codes = NDArray[np.integer]
Doubles = NDArray[np.float64]


def macro_f1(truth: Codes, found: Codes, labels: int) -> Doubles:
    """Return the mean F1 over the labels that are there or were found.

    Of a label with t points, given to f points and r times rightly, the F1 is ``2 r / (t + f)``.

    Parameters
    ----------
    truth, found : ndarray of shape (..., n), int
        In ``[0, labels)``.
    labels : int

    Returns
    -------
    ndarray of shape (...), float64
        In [0, 1].
    """
    both = _counts(truth, labels) + _counts(found, labels)
    right = _counts(truth, labels, truth == found)
    return np.asarray((2 * right / np.maximum(both, 1)).sum(axis=-1) / (both > 0).sum(axis=-1))


def adjusted_mutual_information(codes: Codes, clusters: Codes) -> Doubles:
    """Return the adjusted mutual information of a clustering with labels given in several ways.

    With the entropies ``H`` of the labels and of the clusters, their mutual information ``I``
    and its mean ``E`` over all ways to deal out the labels,
    ``(I - E) / ((H_labels + H_clusters) / 2 - E)`` (Vinh, Epps & Bailey 2010, JMLR 11).

    Parameters
    ----------
    codes : ndarray of shape (n_ways, n), int
        From 0; every row has as many of each, as when labels are shuffled.
    clusters : ndarray of shape (n,), int
        From 0.

    Returns
    -------
    ndarray of shape (n_ways,), float64
        1 where they are the same, 0 on average by chance, and exactly 0 where all points are in
        one cluster.
    """
    sizes = np.bincount(codes[0]), np.bincount(clusters)
    entropies = [float(_entropy(each)) for each in sizes]
    cells = len(sizes[0]) * len(sizes[1])
    height = max(1, BLOCK // max(cells, codes.shape[1]))
    joint = [
        _entropy(_counts(part.astype(np.int64) * len(sizes[1]) + clusters, cells))
        for part in np.split(codes, range(height, len(codes), height))
    ]
    expected = _expected_information(*sizes)
    most = sum(entropies) / 2 - expected
    if min(entropies) < ROUNDING or most < ROUNDING:
        return np.zeros(len(codes))
    return np.asarray((sum(entropies) - np.concatenate(joint) - expected) / most)


def _counts(codes: Codes, many: int, weights: NDArray[np.bool_] | None = None) -> Doubles:
    """Return how often each code is in every row; shape (..., many)."""
    rows = codes.reshape(-1, codes.shape[-1]).astype(np.int64)
    numbered = rows + many * np.arange(len(rows))[:, None]
    each = None if weights is None else weights.ravel()
    counted = np.bincount(numbered.ravel(), weights=each, minlength=many * len(rows))
    return counted.reshape(*codes.shape[:-1], many).astype(np.float64)


def _entropy(counts: NDArray[np.integer] | Doubles) -> Doubles:
    from scipy.special import xlogy

    n = counts.sum(axis=-1)
    return np.asarray(np.log(n) - xlogy(counts, counts).sum(axis=-1) / n)


def _expected_information(one: Codes, other: Codes) -> float:
    """Return the mean mutual information over all ways to deal out labels of these counts.

    How many points of a label with a of n fall into a cluster of b is hypergeometric.
    """
    from scipy.special import gammaln

    n = int(one.sum())
    factorial = gammaln(np.arange(n + 1) + 1.0)
    expected = 0.0
    others = list(zip(*np.unique(other[other > 0], return_counts=True), strict=True))
    for a, as_large in zip(*np.unique(one[one > 0], return_counts=True), strict=True):
        for b, as_many in others:
            both = np.arange(max(1, a + b - n), min(a, b) + 1)
            ways = factorial[a] + factorial[b] + factorial[n - a] + factorial[n - b] - factorial[n]
            ways -= factorial[both] + factorial[a - both] + factorial[b - both]
            ways -= factorial[n - a - b + both]
            shared = both / n * np.log(n * both / (a * b)) * np.exp(ways)
            expected += as_large * as_many * shared.sum()
    return float(expected)
