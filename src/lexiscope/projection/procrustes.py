"""Turning one layout onto another, so that their points can be followed by the eye."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def turned(layout: Floats, onto: Floats) -> NDArray[np.float32]:
    """Rotate, reflect and shift a layout onto another of the same points; distances stay.

    The orthogonal Procrustes problem (Schönemann 1966): with ``A`` and ``B`` the two layouts,
    centred, and ``A'B = U S V'``, the orthogonal ``Q = U V'`` makes ``|A Q - B|`` smallest.

    Parameters
    ----------
    layout, onto : ndarray of shape (n_points, dims)

    Returns
    -------
    ndarray of shape (n_points, dims), float32
    """
    a, b = layout.astype(np.float64), onto.astype(np.float64)
    a, middle = a - a.mean(axis=0), b.mean(axis=0)
    left, _, right = np.linalg.svd(a.T @ (b - middle))
    return np.asarray(a @ (left @ right) + middle, dtype=np.float32)


def flipped(layout: Floats, onto: Floats) -> NDArray[np.float32]:
    """Change the signs of a layout's axes where that agrees better with another layout.

    An axis stays the component that it is: its sign, which means nothing, becomes that of
    ``sum_i a_i b_i``, over the points' coordinates on it in both layouts, centred.

    Parameters
    ----------
    layout, onto : ndarray of shape (n_points, dims)

    Returns
    -------
    ndarray of shape (n_points, dims), float32
    """
    a, b = layout.astype(np.float64), onto.astype(np.float64)
    agreement = np.einsum("ij,ij->j", a - a.mean(axis=0), b - b.mean(axis=0))
    return np.asarray(a * np.where(agreement < 0, -1, 1), dtype=np.float32)
