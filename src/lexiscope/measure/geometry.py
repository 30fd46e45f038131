"""Geometry: how evenly vectors fill their space, and how many dimensions they need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import TooFewError
from lexiscope.measure.evidence import finite
from lexiscope.neighbors import normalize

FEWEST = 20
TOP = 3
# The intrinsic dimension of so few distances is off by a quarter already (standard deviation).
FEWEST_DISTANCES = 30
# A mean cosine below this is about none, and shares of it would say nothing.
ABOUT_NONE = 0.01
# Neighbours measured anew: those that single precision may have put in the wrong order.
CANDIDATES = 5
# Unit vectors this near are copies: single precision does not tell them apart.
COPY = 1e-7
DISCARDED = 0.1
RESAMPLES = 200
ROWS = 4096


@dataclass(frozen=True, eq=False)
class Geometry:
    """How vectors are spread. What is not defined is NaN.

    Attributes
    ----------
    mean_cosine : float
        Of all pairs, in [-1, 1]; 0 where directions are spread evenly.
    isoscore : float
        In [0, 1]: 0 where all variance is in one direction, 1 where it is the same in all.
    partition_ratio : float
        In [0, 1]; 1 where no direction is preferred.
    participation_ratio : float
        In [1, dim]: among how many directions the variance is shared.
    participation_even : float
        What it would be of as many points spread evenly.
    intrinsic : Intrinsic
        Dimensions of the surface near the points.
    top : tuple of (int, float)
        The dimensions that the mean cosine owes most to, and its share of each; the shares of
        all dimensions add up to 1, and those below zero leave more than 1 to the others. NaN
        where the mean cosine is about 0.
    """

    mean_cosine: float
    isoscore: float
    partition_ratio: float
    participation_ratio: float
    participation_even: float
    intrinsic: Intrinsic
    top: tuple[tuple[int, float], ...]


@dataclass(frozen=True, eq=False)
class Intrinsic:
    """An intrinsic dimension, its 95 % interval, and the points it was not measured at.

    Attributes
    ----------
    duplicates : int
        Points that have a copy, which were left out.
    dimension, low, high : float
        NaN with fewer than 30 points that are no copies.
    """

    duplicates: int
    dimension: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")


def geometry(
    vectors: NDArray[np.floating], indices: NDArray[np.int32], *, seed: int = 0
) -> Geometry:
    """Measure how evenly vectors fill their space.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim)
    indices : ndarray of shape (n, k), int32
        Their nearest neighbours by cosine, nearest first; k of at least 2, better 5.
    seed : int
        Draws the interval of the intrinsic dimension.

    Returns
    -------
    Geometry

    Raises
    ------
    TooFewError
        For fewer than 20 points.
    LexiscopeError
        For NaN or infinity.
    """
    given = finite(vectors)
    n, dim = given.shape
    if n < FEWEST:
        raise TooFewError(
            f"{n} point{'s' * (n != 1)}: too few to say how they are spread ({FEWEST} are needed)"
        )
    contributions = cosine_contributions(given)
    mean = float(contributions.sum())
    center, covariance = _moments(given)
    variances = np.linalg.eigvalsh(covariance).clip(0)
    # What rounding leaves of equal vectors is no variance.
    if variances.sum() <= 1e-12 * (center @ center):
        variances[:] = 0
    best = np.argsort(-contributions, kind="stable")[:TOP]
    # By chance the mean of so few points may be more than about none: three standard deviations
    # of it for independent directions, a pair's cosine having the variance 1 / dim.
    said = mean > max(ABOUT_NONE, 3 * (2 / (n * (n - 1) * dim)) ** 0.5)
    return Geometry(
        mean_cosine=mean,
        isoscore=isoscore(variances),
        partition_ratio=partition_ratio(given, covariance + np.outer(center, center)),
        participation_ratio=participation_ratio(variances),
        participation_even=participation_even(n, dim),
        intrinsic=intrinsic_dimension(given, indices, seed=seed),
        top=tuple(
            (int(each), float(contributions[each] / mean) if said else float("nan"))
            for each in best
        ),
    )


def cosine_contributions(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return what every dimension contributes to the mean cosine of all pairs.

    With u the vectors at unit length, dimension d contributes the mean of ``u_i[d] u_j[d]`` over
    all pairs of different points (Timkey & van Schijndel 2021), which is
    ``((sum_i u_i[d])^2 - sum_i u_i[d]^2) / (n (n - 1))``: exact without looking at pairs. The sum
    over the dimensions is the mean cosine (Ethayarajh 2019), which is 0 for directions that are
    spread evenly. Zero vectors have no direction and are left out.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim)

    Returns
    -------
    ndarray of shape (dim,), float64
        NaN when fewer than two vectors have a direction.
    """
    unit = normalize(finite(vectors))
    n = int(unit.any(axis=1).sum())
    if n < 2:
        return np.full(unit.shape[1], np.nan)
    total, squares = np.zeros((2, unit.shape[1]))
    for rows in _blocks(len(unit)):
        part = unit[rows].astype(np.float64)
        total += part.sum(axis=0)
        squares += (part**2).sum(axis=0)
    return np.asarray((total**2 - squares) / (n * (n - 1)))


def participation_ratio(variances: NDArray[np.floating]) -> float:
    """Return among how many directions the variance is shared.

    ``(sum l)^2 / sum l^2`` of the covariance's eigenvalues l: 1 for all in one direction, dim for
    the same in all. That of few points is low whatever they are: see `participation_even`.

    Parameters
    ----------
    variances : ndarray of shape (dim,)
        Not negative.

    Returns
    -------
    float
        In [1, dim]; NaN without any variance.
    """
    values = np.asarray(variances, dtype=np.float64)
    largest = values.max(initial=0)
    if not largest > 0:
        return float("nan")
    values = values / largest
    return float(values.sum() ** 2 / (values**2).sum())


def participation_even(n: int, dim: int) -> float:
    """Return the participation ratio of points drawn from a Gaussian that is the same all around.

    With ``m = n - 1`` times their covariance drawn from Wishart's distribution, whose trace has
    the mean square ``(m dim)^2 + 2 m dim`` and whose square has the mean trace
    ``m dim (m + dim + 1)`` (Wishart 1928), the ratio of these means: ``(m dim + 2) / (m + dim +
    1)``. It is about dim for many points and about n for few.

    Parameters
    ----------
    n : int
        Points, at least 2.
    dim : int

    Returns
    -------
    float
        In [1, dim].
    """
    return ((n - 1) * dim + 2) / (n + dim)


def isoscore(variances: NDArray[np.floating]) -> float:
    """Return the IsoScore of a point cloud (Rudman, Gillman, Rayne & Eickhoff 2022).

    The paper turns the cloud onto its principal components, scales their variances to the length
    ``sqrt(dim)``, takes their distance to ``(1, ..., 1)`` as defect, and from it the share of the
    dimensions that is used evenly. Written out this is ``(P - 1) / (dim - 1)`` with P the
    `participation_ratio`.

    Parameters
    ----------
    variances : ndarray of shape (dim,)
        Eigenvalues of the covariance, not negative.

    Returns
    -------
    float
        In [0, 1]; NaN without any variance, and in one dimension.
    """
    if len(variances) < 2:
        return float("nan")
    return (participation_ratio(variances) - 1) / (len(variances) - 1)


def partition_ratio(vectors: NDArray[np.floating], second: NDArray[np.float64]) -> float:
    """Return how much the partition function depends on the direction (Mu & Viswanath 2018).

    ``Z(c) = sum_i exp(<c, w_i>)``, the smallest by the largest over the eigenvectors c of
    ``W^T W`` as unit vectors. Of each the opposite is asked as well, as the sign of an
    eigenvector means nothing. Vectors are taken as they are, so long ones show more.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim)
    second : ndarray of shape (dim, dim), float64
        ``W^T W``, or a multiple of it.

    Returns
    -------
    float
        In [0, 1].
    """
    directions = np.linalg.eigh(second)[1].astype(np.float32)
    logs = np.full((2, len(second)), -np.inf)
    for rows in _blocks(len(vectors)):
        along = vectors[rows] @ directions
        for log, way in zip(logs, (along, -along), strict=True):
            # The largest exponent is taken out, so that none is too large to be a number.
            largest = way.max(axis=0)
            added = np.log(np.exp(way - largest).sum(axis=0, dtype=np.float64)) + largest
            np.logaddexp(log, added, out=log)
    return float(np.exp(logs.min() - logs.max()))


def intrinsic_dimension(
    vectors: NDArray[np.floating], indices: NDArray[np.int32], *, seed: int = 0
) -> Intrinsic:
    """Measure the intrinsic dimension from two neighbours (Facco, d'Errico, Rodriguez & Laio 2017).

    Where the density hardly changes up to a point's second neighbour, the ratio of the distances
    to the second and the first is ``m`` or less with the probability ``1 - m^-d``. Of the ratios
    in ascending order the largest tenth is left out, as in the paper, and d is the slope of
    ``-ln(1 - i / N)`` over ``ln m_i``, through the origin. Distances are those of unit vectors,
    measured in double precision. Points that have a copy have no ratio and are left out.

    It is the dimension at the scale of the neighbours' distances: few points, or noise about a
    surface, make it another. The interval is a bootstrap of the ratios.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim)
    indices : ndarray of shape (n, k), int32
        Nearest neighbours by cosine, nearest first.
    seed : int

    Returns
    -------
    Intrinsic
    """
    near = indices[:, :CANDIDATES]
    squares = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
    has = squares > 0
    norms = np.sqrt(np.where(has, squares, 1))
    ratios, duplicates = [np.empty(0)], 0
    for rows in _blocks(len(vectors), ROWS // 8):
        own = np.flatnonzero(has[rows]) + rows.start
        apart = vectors[near[own]] / norms[near[own], None]
        apart -= (vectors[own] / norms[own, None])[:, None]
        far = np.sqrt(np.einsum("nkd,nkd->nk", apart, apart))
        far[~has[near[own]]] = np.inf
        far.sort(axis=1)
        copied = far[:, 0] < COPY
        duplicates += int(copied.sum())
        if far.shape[1] > 1:
            able = ~copied & np.isfinite(far[:, 1])
            ratios.append(far[able, 1] / far[able, 0])
    logs = np.log(np.concatenate(ratios))
    if len(logs) < FEWEST_DISTANCES or not logs.any():
        return Intrinsic(duplicates)
    rng = np.random.default_rng(seed)
    drawn = [_slope(logs[rng.integers(len(logs), size=len(logs))]) for _ in range(RESAMPLES)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Intrinsic(duplicates, _slope(logs), float(low), float(high))


def _slope(logs: NDArray[np.float64]) -> float:
    n = len(logs)
    kept = max(2, int(n * (1 - DISCARDED)))
    x = np.sort(logs)[:kept]
    y = -np.log1p(-np.arange(1, kept + 1) / n)
    squares = float(x @ x)
    return float(x @ y) / squares if squares else float("nan")


def _moments(vectors: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the covariance (by n), in double precision."""
    n, dim = vectors.shape
    center = vectors.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((dim, dim))
    for rows in _blocks(n):
        part = vectors[rows] - center
        covariance += part.T @ part
    return center, covariance / n


def _blocks(n: int, rows: int = ROWS) -> Iterator[slice]:
    return (slice(start, min(n, start + rows)) for start in range(0, n, rows))
