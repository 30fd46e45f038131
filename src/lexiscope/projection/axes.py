"""Custom axes: each runs from one group of points to another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.projection.projection import Projection

Group = NDArray[np.integer]
EXAMPLE = "'man, boy -> woman, girl'"


def check(*, dims: int, axes: Sequence[str] = ()) -> None:
    """Refuse axes that are not written as such, or not one for each dimension."""
    if isinstance(axes, str) or not all(isinstance(axis, str) for axis in axes):
        raise LexiscopeError(f"axes: give a list of texts, each like {EXAMPLE}")
    if len(axes) != dims:
        raise LexiscopeError(
            f"axes: {len(axes)} for {dims} dimensions; give one for each, like {EXAMPLE}"
        )
    for axis in axes:
        if "->" not in axis:
            raise LexiscopeError(f"axis {axis!r}: write it like {EXAMPLE}")


def axes(vectors: NDArray[np.float32], pairs: Sequence[tuple[Group, Group]]) -> Projection:
    """Project onto the directions between the means of two groups.

    With ``a`` and ``b`` the means of an axis' two groups and ``u = (b - a) / |b - a|``, a
    point's coordinate is ``x . u - (a + b) . u / 2``: negative on the first group's side,
    positive on the second's, zero half way.

    Parameters
    ----------
    vectors : ndarray of shape (n_points, dim), float32
    pairs : sequence of two or three (group, group)
        Point numbers of each axis' two groups.

    Returns
    -------
    Projection

    Raises
    ------
    LexiscopeError
        For an empty group, or two groups with the same mean.
    """
    if len(pairs) not in (2, 3):
        raise LexiscopeError(f"{len(pairs)} axes: give two or three, each 'LEFT -> RIGHT'")
    coordinates = np.empty((len(vectors), len(pairs)), dtype=np.float32)
    for column, (left, right) in enumerate(pairs):
        if not len(left) or not len(right):
            raise LexiscopeError(f"axis {column + 1}: one of its two groups has no points")
        a = vectors[left].mean(axis=0, dtype=np.float64)
        b = vectors[right].mean(axis=0, dtype=np.float64)
        length = float(np.linalg.norm(b - a))
        if length < 1e-12:
            raise LexiscopeError(f"axis {column + 1}: its two groups have the same mean")
        unit = (b - a) / length
        coordinates[:, column] = vectors @ unit - (a + b) @ unit / 2
    return Projection("axes", coordinates)
