"""Intrinsic dimension: in how many directions one can go from a point to those near it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexiscope.measure.evidence import percentile_interval

# The intrinsic dimension of so few distances is off by a quarter already (standard deviation).
FEWEST_DISTANCES = 30
# Neighbours measured anew: those that single precision may have put in the wrong order.
CANDIDATES = 5
# Unit vectors this near are copies: single precision does not tell them apart.
COPY = 1e-7
DISCARDED = 0.1
RESAMPLES = 200
ROWS = 512


@dataclass(frozen=True, eq=False)
class Intrinsic:
    """An intrinsic dimension, its 95 % interval, and the points it was not measured at.

    Attributes
    ----------
    duplicates : int
        Points that have a copy, which were left out.
    dimension, low, high : float
        NaN with fewer than 30 points that are no copies; without an interval also for such points
        of fewer than 5 units.
    """

    duplicates: int
    dimension: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")


def intrinsic_dimension(
    vectors: NDArray[np.floating],
    indices: NDArray[np.int32],
    *,
    units: NDArray[np.integer] | None = None,
    seed: int = 0,
) -> Intrinsic:
    """Measure the intrinsic dimension from two neighbours (Facco, d'Errico, Rodriguez & Laio 2017).

    Where the density hardly changes up to a point's second neighbour, the ratio of the distances
    to the second and the first is ``m`` or less with the probability ``1 - m^-d``. Of the ratios
    in ascending order the largest tenth is left out, as in the paper, and d is the slope of
    ``-ln(1 - i / N)`` over ``ln m_i``, through the origin. Distances are those of unit vectors,
    measured in double precision. Points that have a copy have no ratio and are left out.

    It is the dimension at the scale of the neighbours' distances: few points, or noise about a
    surface, make it another. The interval is a bootstrap of the ratios, all those of a unit drawn
    together, see `lexiscope.measure.evidence.percentile_interval`.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim)
    indices : ndarray of shape (n, k), int32
        Nearest neighbours by cosine, nearest first.
    units : ndarray of shape (n,), int, optional
        What the points belong to, where only different units are independent. By default each
        is its own.
    seed : int

    Returns
    -------
    Intrinsic
    """
    near = indices[:, :CANDIDATES]
    squares = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
    has = squares > 0
    norms = np.sqrt(np.where(has, squares, 1))
    ratios, points, duplicates = [np.empty(0)], [np.empty(0, dtype=np.int64)], 0
    for start in range(0, len(vectors), ROWS):
        own = np.flatnonzero(has[start : start + ROWS]) + start
        apart = vectors[near[own]] / norms[near[own], None]
        apart -= (vectors[own] / norms[own, None])[:, None]
        far = np.sqrt(np.einsum("nkd,nkd->nk", apart, apart))
        far[~has[near[own]]] = np.inf
        far.sort(axis=1)
        copied = far[:, :1].min(axis=1, initial=np.inf) < COPY
        duplicates += int(copied.sum())
        if far.shape[1] > 1:
            able = ~copied & np.isfinite(far[:, 1])
            ratios.append(far[able, 1] / far[able, 0])
            points.append(own[able])
    logs = np.log(np.concatenate(ratios))
    if len(logs) < FEWEST_DISTANCES or not logs.any():
        return Intrinsic(duplicates)
    order = np.argsort(logs)
    logs, rows = logs[order], np.concatenate(points)[order]
    known, unit = np.unique(rows if units is None else units[rows], return_inverse=True)
    n, rng = len(known), np.random.default_rng(seed)
    drawn = np.array(
        [
            _slope(np.repeat(logs, np.bincount(rng.integers(n, size=n), minlength=n)[unit]))
            for _ in range(RESAMPLES)
        ]
    )
    return Intrinsic(duplicates, _slope(logs), *percentile_interval(drawn, n))


def _slope(logs: NDArray[np.float64]) -> float:
    """Return d of the logarithms of the ratios, ascending."""
    n = len(logs)
    kept = max(2, int(n * (1 - DISCARDED)))
    x = logs[:kept]
    y = -np.log1p(-np.arange(1, kept + 1) / n)
    squares = float(x @ x)
    return float(x @ y) / squares if squares else float("nan")
