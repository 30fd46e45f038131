"""Position embeddings: how alike neighbouring positions are, and where that breaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexiscope.neighbors import normalize

WINDOW = 15
STRENGTH = 8.0


@dataclass(frozen=True)
class Break:
    """Adjacent places where neighbouring positions are less alike than those around them.

    Attributes
    ----------
    first, last : int
        The first and the last row of the run; ``last = first + 1`` for a single place. A row
        that is unlike both its neighbours makes a run of three.
    cosines : tuple of float, length last - first
        Cosine similarity of row ``first`` with the next, and so on.
    usual : float
        Median of the similarities around them.
    strength : float
        How far the lowest lies below the usual, in robust standard deviations (1.4826 x the
        median absolute deviation over the whole table).
    """

    first: int
    last: int
    cosines: tuple[float, ...]
    usual: float
    strength: float


def neighbor_cosines(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``cos(row i, row i + 1)`` for every i.

    Parameters
    ----------
    table : ndarray of shape (n_positions, dim), float32

    Returns
    -------
    ndarray of shape (n_positions - 1,), float32
    """
    unit = normalize(table)
    return np.asarray(np.einsum("ij,ij->i", unit[:-1], unit[1:]), dtype=np.float32)


def breaks(table: NDArray[np.float32]) -> list[Break]:
    """Find where the similarity of neighbouring positions drops, strongest first.

    A place counts when its similarity lies at least 8 robust standard deviations below the
    median of the 15 on either side of it; adjacent places are one break.

    Parameters
    ----------
    table : ndarray of shape (n_positions, dim), float32

    Returns
    -------
    list of Break
        Empty for fewer than 2 x 15 positions, where there is too little to compare with.
    """
    alike = neighbor_cosines(table).astype(np.float64)
    n = len(alike)
    if n < 2 * WINDOW:
        return []
    usual = np.array(
        [
            np.median(np.delete(alike[max(0, i - WINDOW) : i + WINDOW + 1], min(i, WINDOW)))
            for i in range(n)
        ]
    )
    drop = usual - alike
    spread = 1.4826 * float(np.median(np.abs(drop - np.median(drop))))
    strength = drop / max(spread, 1e-6)
    low = np.flatnonzero(strength >= STRENGTH)
    runs = np.split(low, np.flatnonzero(np.diff(low) > 1) + 1) if len(low) else []
    found = [
        Break(
            first=int(run[0]),
            last=int(run[-1]) + 1,
            cosines=tuple(float(value) for value in alike[run]),
            usual=float(np.median(usual[run])),
            strength=float(strength[run].max()),
        )
        for run in runs
    ]
    return sorted(found, key=lambda each: -each.strength)
