"""Turning: how near points come to their counterparts when one space is turned onto the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lexiscope.measure.similarity import procrustes_chance, procrustes_cosines

Floats = NDArray[np.float32]
Figures = dict[str, Any]

# A point has moved when its movement is greater. Turning the embedded model's word table in
# single precision leaves 5e-14, storing it in bfloat16 2.5e-6.
FLOOR = 1e-5


def turned(
    x: Floats, y: Floats, directions: tuple[NDArray[np.int64], NDArray[np.int64]], seed: int
) -> tuple[NDArray[np.float64] | None, Figures | None, str | None]:
    """Return every point's cosine after the best rotation and its figures, or why there is none."""
    (n, dim), other = x.shape, y.shape[1]
    if dim != other:
        return None, None, f"vectors of {dim} and {other} dimensions cannot be turned"
    cosines = procrustes_cosines(x, y)
    # So few points can still show that nothing moved, since chance does not bring that about.
    different = len(np.unique(np.stack(directions), axis=1).T)
    if different <= dim and (cosines < 1 - FLOOR).any():
        counted = f"{n:,} points" if different == n else f"{different:,} different directions"
        return None, None, f"a rotation in {dim} dimensions brings any {counted} near any others"
    return (
        cosines,
        {
            "mean": float(cosines.mean()),
            "median": float(np.median(cosines)),
            "low": float(np.quantile(cosines, 0.05)),
            "lowest": float(cosines.min()),
            "chance": procrustes_chance(x, y, np.random.default_rng(seed).permutation(n)),
        },
        None,
    )
