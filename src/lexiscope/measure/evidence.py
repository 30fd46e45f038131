"""Evidence: what a figure rests on. Intervals, corrected p-values, samples, and refusals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError

RESAMPLES = 2000


def finite(vectors: NDArray[np.floating], what: str = "the vectors") -> NDArray[np.float32]:
    """Return vectors as float32, refusing those that hold NaN or infinity.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim)
    what : str
        How an error names them.

    Returns
    -------
    ndarray of shape (n, dim), float32, C order

    Raises
    ------
    LexiscopeError
        For NaN, infinity, or an array that is not two-dimensional.
    """
    if vectors.ndim != 2:
        raise LexiscopeError(f"{what} have shape {vectors.shape}: give one row a point")
    single = np.ascontiguousarray(vectors, dtype=np.float32)
    wrong = ~np.isfinite(single).all(axis=1)
    if wrong.any():
        raise LexiscopeError(
            f"{what} hold NaN or infinity in {wrong.sum():,} of {len(single):,} rows, the first "
            f"being row {int(wrong.argmax())}; leave these out"
        )
    return single


def bootstrap_interval(
    values: Sequence[float] | NDArray[np.floating],
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a mean (Efron 1979).

    The values are drawn anew with replacement, `resamples` times, and the outer
    ``(1 - level) / 2`` of the means are cut off on either side.

    Parameters
    ----------
    values : sequence of float, length n
        Independent observations.
    level : float
        In (0, 1).
    resamples : int
    seed : int

    Returns
    -------
    low, high : float
        NaN for fewer than two values, which have no spread to judge by.
    """
    given = np.asarray(values, dtype=np.float64)
    if len(given) < 2:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    # In parts of a few million draws, so that memory does not grow with n.
    part = max(1, 2**22 // len(given))
    means = np.concatenate(
        [
            given[rng.integers(len(given), size=(min(part, resamples - start), len(given)))].mean(1)
            for start in range(0, resamples, part)
        ]
    )
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def holm(p_values: Sequence[float] | NDArray[np.floating]) -> NDArray[np.float64]:
    """Correct p-values for being several (Holm 1979).

    With the p-values ascending, the i-th of m (from 0) becomes
    ``max over j <= i of min(1, (m - j) p_j)``: the chance that any is wrongly called
    significant stays below the level, whatever they have to do with one another.

    Parameters
    ----------
    p_values : sequence of float in [0, 1], length m

    Returns
    -------
    ndarray of shape (m,), float64
        In the order given.
    """
    given = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(given, kind="stable")
    stepped = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    corrected = np.empty_like(given)
    corrected[order] = np.minimum(stepped, 1)
    return corrected


def sample(n: int, most: int, seed: int = 0) -> NDArray[np.int64]:
    """Return `most` of n numbers, drawn without replacement and ascending; all if they fit.

    Parameters
    ----------
    n, most : int
    seed : int

    Returns
    -------
    ndarray of shape (min(n, most),), int64
    """
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))
