"""Directions: which vectors are the same but for their length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lexiscope.neighbors import normalize

# Places along a random line that are nearer than this are one: scaling a vector moves it by 1e-7
# in single precision.
SAME = 1e-6


def directions(vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return a number of every row that rows of the same direction have in common.

    Rows are told apart by their place along one random line, so that two in a million of
    different direction may pass for one.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim), float32
        At least one row.

    Returns
    -------
    ndarray of shape (n,), int64
        From 0 on; -1 for vectors of zeros, which have none.
    """
    line = np.random.default_rng(0).standard_normal(vectors.shape[1])
    along = normalize(vectors) @ line
    order = np.argsort(along, kind="stable")
    numbers = np.empty(len(along), dtype=np.int64)
    numbers[order] = np.cumsum(np.diff(along[order], prepend=along[order[0]]) > SAME)
    numbers[~vectors.any(axis=1)] = -1
    return numbers
