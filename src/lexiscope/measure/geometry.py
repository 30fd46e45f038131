"""Geometry: how evenly vectors fill their space, and how many dimensions they need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import TooFewError
from lexiscope.measure.evidence import finite
from lexiscope.measure.intrinsic import Intrinsic, intrinsic_dimension
from lexiscope.measure.jackknife import jackknife_groups, jackknife_interval
from lexiscope.neighbors import normalize

FEWEST = 20
TOP = 3
# A mean cosine below this is about none, and shares of it would say nothing.
ABOUT_NONE = 0.01
ROWS = 4096

Interval = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Geometry:
    """How vectors are spread. What is not defined is NaN.

    Attributes
    ----------
    mean_cosine : float
        Of all pairs, in [-1, 1]; 0 where directions are spread evenly.
    mean_cosine_interval : tuple of float
        Its 95 % interval over the points, or the units that these belong to; NaN with fewer
        than 5.
    isoscore : float
        In [0, 1]: 0 where all variance is in one direction, 1 where it is the same in all.
    partition_ratio : float
        In [0, 1]; 1 where no direction is preferred.
    participation_ratio : float
        In [1, dim]: among how many directions the variance is shared.
    participation_interval, isoscore_interval : tuple of float
        Like that of the mean cosine. It allows for which points there are, not for their being
        few, which lowers the figure itself: for that see `participation_even`.
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
    mean_cosine_interval: Interval
    isoscore: float
    isoscore_interval: Interval
    partition_ratio: float
    participation_ratio: float
    participation_interval: Interval
    participation_even: float
    intrinsic: Intrinsic
    top: tuple[tuple[int, float], ...]


def geometry(
    vectors: NDArray[np.floating],
    indices: NDArray[np.int32],
    *,
    units: NDArray[np.integer] | None = None,
    seed: int = 0,
) -> Geometry:
    """Measure how evenly vectors fill their space.

    The intervals are those of a jackknife that leaves out a 64th of the points in turn, see
    `lexiscope.measure.jackknife`; that of the intrinsic dimension is a bootstrap of its ratios,
    over the same units.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim)
    indices : ndarray of shape (n, k), int32
        Their nearest neighbours by cosine, nearest first; k of at least 2, better 5.
    units : ndarray of shape (n,), int, optional
        What the points belong to, where only different units are independent: the words of
        occurrences. By default each is its own.
    seed : int
        Draws the intervals.

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
    groups = jackknife_groups(np.arange(n) if units is None else units, seed=seed)
    cosines, participations = _without(given, groups, center, n * covariance)
    if not variances.any():
        participations[:] = np.nan
    sizes = np.array([len(group) for group in groups])
    participation = participation_ratio(variances)
    low, high = _clipped(jackknife_interval(participation, participations, sizes), 1, dim)
    even = dim - 1 if dim > 1 else np.nan
    return Geometry(
        mean_cosine=mean,
        mean_cosine_interval=_clipped(jackknife_interval(mean, cosines, sizes), -1, 1),
        isoscore=isoscore(variances),
        isoscore_interval=((low - 1) / even, (high - 1) / even),
        partition_ratio=partition_ratio(given, covariance + np.outer(center, center)),
        participation_ratio=participation,
        participation_interval=(low, high),
        participation_even=participation_even(n, dim),
        intrinsic=intrinsic_dimension(given, indices, units=units, seed=seed),
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


def _moments(vectors: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the covariance (by n), in double precision."""
    n, dim = vectors.shape
    center = vectors.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((dim, dim))
    for rows in _blocks(n):
        part = vectors[rows] - center
        covariance += part.T @ part
    return center, covariance / n


def _without(
    vectors: NDArray[np.float32],
    groups: list[NDArray[np.int64]],
    center: NDArray[np.float64],
    scatter: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean cosine and the participation ratio without each group.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim), float32
    groups : list of ndarray of int64
        All points, divided.
    center : ndarray of shape (dim,), float64
        The mean of all.
    scatter : ndarray of shape (dim, dim), float64
        Sum of the squares about it.
    """
    n = len(vectors)
    # What rounding leaves of equal vectors is no variance, as in `geometry`.
    rounding = 1e-12 * (np.trace(scatter) + n * (center @ center))
    sums, directed = np.zeros((len(groups), vectors.shape[1])), np.zeros(len(groups))
    participations = np.full(len(groups), np.nan)
    for number, group in enumerate(groups):
        left = scatter.copy()
        moved = np.zeros_like(center)
        for rows in _blocks(len(group)):
            part = vectors[group[rows]]
            unit = normalize(part)
            sums[number] += unit.sum(axis=0, dtype=np.float64)
            directed[number] += unit.any(axis=1).sum()
            apart = part - center
            left -= apart.T @ apart
            moved += apart.sum(axis=0)
        if len(group) < n:
            # About the mean of those left, which the group had held where it was.
            left -= np.outer(moved, moved) / (n - len(group))
            trace = np.trace(left)
            if trace > rounding:
                participations[number] = trace**2 / np.square(left).sum()
    others, total = directed.sum() - directed, sums.sum(axis=0) - sums
    pairs = np.where(others > 1, others * (others - 1), np.nan)
    return (np.square(total).sum(axis=1) - others) / pairs, participations


def _clipped(interval: Interval, least: float, most: float) -> Interval:
    low, high = np.clip(interval, least, most).tolist()
    return low, high


def _blocks(n: int) -> Iterator[slice]:
    return (slice(start, min(n, start + ROWS)) for start in range(0, n, ROWS))
