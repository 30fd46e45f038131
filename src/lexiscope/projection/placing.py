"""Where a point that is not in a picture belongs: amid its nearest neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError

STEPS = 200
CLOSE = 1e-7


def place(
    coordinates: NDArray[np.floating],
    neighbors: NDArray[np.integer],
    weights: NDArray[np.floating],
) -> NDArray[np.float32]:
    """Return the weighted geometric median of some points' places.

    The place ``y`` with the smallest ``sum_j w_j |y - y_j|``. Neighbours in two far regions
    draw a mean into the empty space between them; the median stays in the heavier region.
    Weiszfeld's iteration (1937) with the step of Vardi & Zhang (2000) where it meets a point:
    with ``T(y)`` the mean of the other places weighted by ``w_j / |y - y_j|``, ``R`` the sum
    of their pulls ``w_j (y_j - y) / |y - y_j|`` and ``w`` the weight that lies at ``y``::

        y <- max(0, 1 - w / |R|) T(y) + min(1, w / |R|) y

    Parameters
    ----------
    coordinates : ndarray of shape (n_points, dims)
    neighbors : ndarray of shape (k,), int
        Numbers of the nearest points.
    weights : ndarray of shape (k,)
        Not negative, not all zero: similarities, say.

    Returns
    -------
    ndarray of shape (dims,), float32

    Raises
    ------
    LexiscopeError
        Without neighbours, or with weights that are negative or all zero.
    """
    places = np.asarray(coordinates, dtype=np.float64)[neighbors]
    heavy = np.asarray(weights, dtype=np.float64)
    if not len(places) or len(heavy) != len(places):
        raise LexiscopeError("placing a point takes at least one neighbour, and a weight for each")
    if not np.isfinite(heavy).all() or heavy.min() < 0 or heavy.max() <= 0:
        raise LexiscopeError("weights: give numbers of at least 0, one of them above it")
    size = float(np.ptp(places, axis=0).max())
    # Started at the best of the places themselves, it cannot end at a worse one.
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    found = places[int((apart @ heavy).argmin())].copy()
    for _ in range(STEPS):
        away = np.linalg.norm(places - found, axis=1)
        here = away <= CLOSE * size
        if here.all():
            break
        pulls = heavy[~here] / away[~here]
        mean = pulls @ places[~here] / max(float(pulls.sum()), 1e-300)
        force = float(np.linalg.norm(pulls @ (places[~here] - found)))
        stay = min(1.0, float(heavy[here].sum()) / force) if force > 0 else 1.0
        step = (1 - stay) * (mean - found)
        found += step
        if np.linalg.norm(step) <= CLOSE * size:
            break
    return np.asarray(found, dtype=np.float32)
