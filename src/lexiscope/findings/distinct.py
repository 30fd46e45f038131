"""Distinct: a space without the points whose nearest neighbours are anybody's guess."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.measure.evidence import finite
from lexiscope.neighbors import check_memory
from lexiscope.space import Space

# As many neighbours as are usually asked for; cut to the points there are.
USUAL = 10
# Bytes that a neighbour takes at most: 8 in the graph, 4 in its copy of k columns, and what the
# random groups look up, for at most half of the points.
LOOKED_UP = 24


def distinct(space: Space, k: int) -> tuple[Space, NDArray[np.int64]]:
    """Leave out vectors of zeros, and those with more than k exact copies.

    All their neighbours are equally near, so which k of them are listed follows from the order of
    the rows and from nothing else: padded, untrained and added rows would seem to gather.

    Parameters
    ----------
    space : Space
        One of a single matrix.
    k : int

    Returns
    -------
    space : Space
        The same where there is nothing to leave out.
    numbers : ndarray of shape (n,), int64
        Numbers of its points in the space given.

    Raises
    ------
    LexiscopeError
        For k below 1, or above 10 and not below the number of points, or so large that the
        neighbours would not fit, and for NaN or infinity.
    """
    if k < 1:
        raise LexiscopeError(f"k {k}: look at 1 neighbour at least")
    if k > max(len(space) - 1, USUAL):
        raise LexiscopeError(
            f"k {k:,}: {space.name} has {len(space):,} points, look at fewer neighbours than that"
        )
    check_memory(len(space), k, LOOKED_UP)
    vectors = finite(space.vectors, f"the vectors of {space.name}")
    rows = [row.tobytes() for row in vectors + 0.0]  # -0 is 0
    copies = Counter(rows)
    zero = bytes(vectors.itemsize * vectors.shape[1])
    numbers = np.flatnonzero([copies[row] <= k + 1 and row != zero for row in rows])
    if len(numbers) == len(space):
        return space, numbers
    layer = space.resolve_layer(None)
    points = space.points.take(numbers)
    return replace(space, points=points, matrices={layer: vectors[numbers]}, graphs={}), numbers


def left_out(space: Space, kept: Space, k: int) -> str:
    """Say how many points were left out; nothing where none were."""
    number = len(space) - len(kept)
    if not number:
        return ""
    are = "1 point is" if number == 1 else f"{number:,} points are"
    return f"; {are} left out, being zero or having more than {k} copies"
