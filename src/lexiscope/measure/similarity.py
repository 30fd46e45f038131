"""Similarity: how alike two sets of vectors of the same points are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError, TooFewError

Floats = NDArray[np.floating]

BLOCK = 4096
# Of the rows, this share lies farthest after a first rotation and has no say in the second.
TRIMMED = 0.1


@dataclass(frozen=True)
class Hsic:
    """How much two arrangements of the same points depend on each other, with linear kernels.

    All three lack the same factor, which cancels where they are divided by one another.

    Attributes
    ----------
    value : float
        Of these points (Gretton et al. 2005).
    unbiased : float
        Estimated for all points that these were drawn from (Song et al. 2012); NaN for fewer
        than four.
    chance : float
        Mean of `value` over all orders in which the second set's points could stand.
    """

    value: float
    unbiased: float
    chance: float


@dataclass(frozen=True)
class Cka:
    """Centred kernel alignment of two sets of vectors.

    Attributes
    ----------
    value : float
        In [0, 1]; 1 where one set is the other rotated, scaled and shifted.
    debiased : float
        The same from unbiased estimates, which are not raised by having few points in many
        dimensions; about 0 for unrelated sets, and NaN where the points cannot carry it.
    chance : float
        What `value` is on average once the second set's points are shuffled.
    """

    value: float
    debiased: float
    chance: float


def hsic(x: Floats, y: Floats) -> Hsic:
    """Measure the dependence of two sets of vectors, with linear kernels.

    With both centred, ``k_i = |x_i|²`` and ``l_i = |y_i|²``, the Hilbert-Schmidt independence
    criterion is ``tr(XX' YY') = |X'Y|²`` (Frobenius), so that no pair of points need be looked
    at. Its unbiased estimate, from kernels without their diagonals, comes down to
    ``|X'Y|² - n/(n-2) sum k_i l_i + (sum k)(sum l) / ((n-1)(n-2))``, and its mean over all
    permutations of the points of y to ``(sum k)(sum l) / (n-1)``.

    Parameters
    ----------
    x : ndarray of shape (n, d1)
    y : ndarray of shape (n, d2)
        Of the same points in the same order. Sums are of float64.

    Returns
    -------
    Hsic

    Raises
    ------
    LexiscopeError
        For other numbers of rows.
    """
    _same_points(x, y)
    n = len(x)
    middle_x, middle_y = x.mean(axis=0, dtype=np.float64), y.mean(axis=0, dtype=np.float64)
    cross = np.zeros((x.shape[1], y.shape[1]))
    k, l, both = 0.0, 0.0, 0.0  # noqa: E741
    for start in range(0, n, BLOCK):
        a = x[start : start + BLOCK] - middle_x
        b = a if y is x else y[start : start + BLOCK] - middle_y
        cross += a.T @ b
        lengths_a, lengths_b = np.einsum("ij,ij->i", a, a), np.einsum("ij,ij->i", b, b)
        k, l = k + lengths_a.sum(), l + lengths_b.sum()  # noqa: E741
        both += lengths_a @ lengths_b
    value = float(np.einsum("ij,ij->", cross, cross))
    unbiased = float("nan")
    if n >= 4:
        unbiased = float(value - n / (n - 2) * both + k * l / ((n - 1) * (n - 2)))
    return Hsic(value, unbiased, float(k * l / (n - 1)))


def linear_cka(x: Floats, y: Floats, own: tuple[Hsic, Hsic] | None = None) -> Cka:
    """Compare how two sets of vectors arrange the same points (Kornblith et al. 2019).

    ``HSIC(X, Y) / sqrt(HSIC(X, X) HSIC(Y, Y))``: rotations, a common scale and a shift of
    either set change nothing. With few points in many dimensions it is high for unrelated sets
    too, hence the debiased figure (Nguyen et al. 2021) and the chance level beside it.

    Parameters
    ----------
    x : ndarray of shape (n, d1)
    y : ndarray of shape (n, d2)
        Of the same points in the same order.
    own : pair of Hsic, optional
        ``hsic(x, x)`` and ``hsic(y, y)``, where they are known already.

    Returns
    -------
    Cka

    Raises
    ------
    TooFewError
        For fewer than three points, or where all vectors of a set are equal.
    LexiscopeError
        For other numbers of rows.
    """
    _same_points(x, y)
    if len(x) < 3:
        raise TooFewError(
            f"{len(x)} points: too few to compare two arrangements of them (3 are needed)"
        )
    for each in (x, y):
        if (each == each[0]).all():
            raise TooFewError(f"all {len(each):,} vectors are equal: there is no arrangement")
    of_x, of_y = own or (hsic(x, x), hsic(y, y))
    across = hsic(x, y)
    scale = np.sqrt(of_x.value) * np.sqrt(of_y.value)
    chance = float(across.chance / scale)
    if np.array_equal(x, y):  # exactly, whatever the order in which a sum was taken
        return Cka(1.0, 1.0, chance)
    debiased = float("nan")
    if of_x.unbiased > 0 and of_y.unbiased > 0:
        debiased = float(across.unbiased / (np.sqrt(of_x.unbiased) * np.sqrt(of_y.unbiased)))
    return Cka(min(1.0, float(across.value / scale)), debiased, chance)


def neighbor_overlap(a: NDArray[np.integer], b: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return the share of every point's k nearest neighbours that are the same points.

    By chance it is ``k / (n - 1)``.

    Parameters
    ----------
    a, b : ndarray of shape (n, k), int
        Numbers of the nearest points, in any order, each once a row.

    Returns
    -------
    ndarray of shape (n,), float32
        In [0, 1].

    Raises
    ------
    LexiscopeError
        For arrays of different shapes.
    """
    if a.shape != b.shape:
        raise LexiscopeError(f"neighbours of shapes {a.shape} and {b.shape} cannot be compared")
    shares = np.empty(len(a), dtype=np.float32)
    for start in range(0, len(a), BLOCK):
        rows = slice(start, start + BLOCK)
        both = np.sort(np.concatenate([a[rows], b[rows]], axis=1), axis=1)
        shares[rows] = (both[:, 1:] == both[:, :-1]).sum(axis=1) / a.shape[1]
    return shares


def rotation(cross: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the orthogonal matrix that turns x onto y best (Schönemann 1966).

    With ``X'Y = U S V'``, the orthogonal ``Q = U V'`` makes ``|X Q - Y|`` smallest. Reflections
    are allowed; nothing is centred.

    Parameters
    ----------
    cross : ndarray of shape (d, d), float64
        X'Y.

    Returns
    -------
    ndarray of shape (d, d), float64
    """
    left, _, right = np.linalg.svd(cross)
    return np.asarray(left @ right)


def procrustes_cosines(x: Floats, y: Floats) -> NDArray[np.float64]:
    """Return every vector's cosine with its counterpart, after the best rotation.

    The rotation is that of orthogonal Procrustes between the vectors divided by their lengths,
    since cosines are what is asked for: long vectors have no more say than short ones. It is
    fitted twice, the second time without the tenth of the points that lies farthest after the
    first, so that a few that moved do not tilt all others. The fewer the points and the more
    the dimensions, the higher are the cosines of unrelated sets too: see `procrustes_chance`.

    Parameters
    ----------
    x, y : ndarray of shape (n, d)
        Of the same points in the same order.

    Returns
    -------
    ndarray of shape (n,), float64
        In [-1, 1]; exactly 1 where x and y are equal throughout. A vector of zeros has the
        cosine 1 with another of zeros and 0 with any else.

    Raises
    ------
    LexiscopeError
        For arrays of different shapes.
    """
    _same_size(x, y)
    if np.array_equal(x, y):
        return np.ones(len(x))
    everywhere = np.arange(len(x))
    cosines = _cosines(x, y, rotation(_cross(x, y, everywhere, everywhere)))
    kept = np.sort(np.argsort(-cosines, kind="stable")[: len(x) - int(TRIMMED * len(x))])
    if x.shape[1] < len(kept) < len(x):  # with fewer, they would not hold the rotation
        cosines = _cosines(x, y, rotation(_cross(x, y, kept, kept)))
    return cosines


def procrustes_chance(x: Floats, y: Floats, order: NDArray[np.integer]) -> float:
    """Return the mean cosine after the best rotation once the points of y are exchanged.

    With X and Y of vectors divided by their lengths it is ``sum(S) / n``, S being the singular
    values of X'Y: the most that any rotation reaches.

    Parameters
    ----------
    x, y : ndarray of shape (n, d)
    order : ndarray of shape (n,), int
        Which point of y takes each one's place.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    LexiscopeError
        For arrays of different shapes.
    """
    _same_size(x, y)
    cross = _cross(x, y, np.arange(len(x)), order)
    return float(np.linalg.svd(cross, compute_uv=False).sum() / len(x))


def _cross(
    x: Floats, y: Floats, rows_x: NDArray[np.integer], rows_y: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return X'Y of some rows divided by their lengths, the first of x with the first of y."""
    cross = np.zeros((x.shape[1], y.shape[1]))
    for start in range(0, len(rows_x), BLOCK):
        some = slice(start, start + BLOCK)
        cross += _unit(x[rows_x[some]]).T @ _unit(y[rows_y[some]])
    return cross


def _cosines(x: Floats, y: Floats, turn: NDArray[np.float64]) -> NDArray[np.float64]:
    cosines = np.empty(len(x))
    for start in range(0, len(x), BLOCK):
        rows = slice(start, start + BLOCK)
        cosines[rows] = np.einsum("ij,ij->i", _unit(x[rows]) @ turn, _unit(y[rows]))
    cosines[~x.any(axis=1) & ~y.any(axis=1)] = 1
    return np.clip(cosines, -1, 1)


def _unit(vectors: Floats) -> NDArray[np.float64]:
    double = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(double, axis=1, keepdims=True)
    return np.asarray(double / np.where(lengths > 0, lengths, 1))


def _same_points(x: Floats, y: Floats) -> None:
    if len(x) != len(y):
        raise LexiscopeError(f"{len(x):,} and {len(y):,} vectors: they are not of the same points")


def _same_size(x: Floats, y: Floats) -> None:
    _same_points(x, y)
    if x.shape[1] != y.shape[1]:
        raise LexiscopeError(
            f"vectors of {x.shape[1]} and of {y.shape[1]} dimensions cannot be turned onto "
            "each other"
        )
