"""Principal components, exactly, by the covariance matrix's eigenvectors (Pearson 1901)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.projection.projection import Projection

Floats = NDArray[np.float32]
REPORTED = 50


def check(*, dimensions: int, dims: int = 2, components: Sequence[int] | None = None) -> None:
    """Refuse components that do not exist, or are not one for each dimension of the picture."""
    if components is None:
        return
    chosen = list(components)
    if len(chosen) != dims:
        raise LexiscopeError(f"components: {len(chosen)} for {dims} dimensions; give one for each")
    are_there = all(type(each) is int and 1 <= each <= dimensions for each in chosen)
    if not are_there or len(set(chosen)) < len(chosen):
        raise LexiscopeError(
            f"components {chosen}: give different whole numbers from 1 to {dimensions}"
        )


def pca(vectors: Floats, *, dims: int = 2, components: Sequence[int] | None = None) -> Projection:
    """Project onto principal components, all points, no approximation.

    The components are the eigenvectors of ``C = (X - m)' (X - m) / n``, in the order of their
    eigenvalues; a component's share of the variance is its eigenvalue over the trace of ``C``.
    Each component's sign makes its largest loading positive, so a second run gives the same
    picture. Components beyond the points' rank (two points have one) are 0 everywhere.

    Parameters
    ----------
    vectors : ndarray of shape (n_points, dim), float32
    dims : {2, 3}
    components : sequence of int, optional
        Which components, counted from 1, e.g. ``(1, 3)``; by default the first.

    Returns
    -------
    Projection
        `details` has ``explained_variance`` (shares of the first 50 components, in [0, 1]).

    Raises
    ------
    LexiscopeError
        For components that do not exist, or are not `dims` of them.
    """
    n, dim = vectors.shape
    check(dimensions=dim, dims=dims, components=components)
    chosen = list(components) if components is not None else list(range(1, dims + 1))
    mean = vectors.mean(axis=0, dtype=np.float64)
    centred = vectors.astype(np.float64) - mean
    values, axes = _leading(centred, max(REPORTED, *chosen))
    total = float(np.einsum("ij,ij->", centred, centred)) / n
    share = values / total if total > 0 else np.zeros_like(values)
    coordinates = np.zeros((n, len(chosen)), dtype=np.float32)
    for column, component in enumerate(chosen):
        if component <= axes.shape[1]:
            coordinates[:, column] = centred @ axes[:, component - 1]
    return Projection(
        "pca",
        coordinates,
        {"components": chosen} if components is not None else {},
        details={
            "components": chosen,
            "explained_variance": [round(float(value), 6) for value in share[:REPORTED]],
        },
    )


def _leading(
    centred: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the largest eigenvalues and eigenvectors (as columns) of the covariance."""
    from scipy.linalg import eigh

    n, dim = centred.shape
    # The smaller of the covariance and the Gram matrix has the same non-zero eigenvalues.
    small = centred.T @ centred if dim <= n else centred @ centred.T
    size = len(small)
    count = min(count, size)
    values, vectors = eigh(small / n, subset_by_index=(size - count, size - 1))
    values, vectors = values[::-1], vectors[:, ::-1]
    # What is not above rounding is no component: two points have one, whatever the dimensions.
    real = values > max(n, dim) * np.finfo(np.float64).eps * max(values[0], 0)
    values, vectors = np.where(real, values, 0), np.where(real, vectors, 0)
    if dim > n:
        vectors = centred.T @ vectors
        norms = np.linalg.norm(vectors, axis=0)
        vectors = vectors / np.where(norms > 0, norms, 1)
    largest = np.abs(vectors).argmax(axis=0)
    signs = np.sign(vectors[largest, np.arange(vectors.shape[1])])
    return values, vectors * np.where(signs == 0, 1, signs)
