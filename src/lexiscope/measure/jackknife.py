"""Jackknife: how much a figure depends on which points there are, by leaving some out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lexiscope.measure.evidence import FEWEST

# Groups left out in turn. Of so many a standard error is known to about 9 %.
GROUPS = 64


def jackknife_groups(units: NDArray[np.integer], *, seed: int = 0) -> list[NDArray[np.int64]]:
    """Divide points into the groups that are left out in turn, at most 64.

    Parameters
    ----------
    units : ndarray of shape (n,), int
        What each point belongs to. Only different units are taken for independent, so a unit is
        never divided.
    seed : int
        Draws which units make a group where there are more than 64.

    Returns
    -------
    list of ndarray of int64
        Numbers of points, of every group; none for fewer than 5 units.
    """
    known, unit = np.unique(units, return_inverse=True)
    if len(known) < FEWEST:
        return []
    dealt = np.random.default_rng(seed).permutation(len(known)) % GROUPS
    group = dealt[unit]
    order = np.argsort(group, kind="stable")
    return np.split(order, np.cumsum(np.bincount(group))[:-1])


def jackknife_interval(
    value: float, without: NDArray[np.floating], sizes: NDArray[np.integer], *, level: float = 0.95
) -> tuple[float, float]:
    """Return an interval of a figure from its values without each of g groups of points.

    With ``h_j = n / m_j`` for the m_j of n points in group j, the pseudo-values
    ``h_j t - (h_j - 1) t_j`` of the figure t vary about
    ``g t - sum_j (1 - m_j / n) t_j`` with the variance ``1 / g sum_j d_j^2 / (h_j - 1)``, d_j
    being their distance to it: the delete-m_j jackknife for groups of unequal size (Busing,
    Meijer & van der Leeden 1999). The interval is the figure with as many standard errors to
    either side as Student's t has for ``g - 1`` degrees of freedom.

    A bootstrap would draw points several times. Such copies have the cosine 1 with each other
    and span fewer directions than as many points do, so it would be wrong about both.

    Parameters
    ----------
    value : float
        The figure of all points.
    without : ndarray of shape (g,)
        The figure without each group.
    sizes : ndarray of shape (g,), int
        Points of each group; all points together.
    level : float
        In (0, 1).

    Returns
    -------
    low, high : float
        NaN for fewer than 5 groups, and where any of the values is NaN.
    """
    from scipy.special import stdtrit

    g = len(without)
    if g < FEWEST:
        return float("nan"), float("nan")
    times = sizes.sum() / sizes
    center = g * value - ((1 - 1 / times) * without).sum()
    pseudo = times * value - (times - 1) * without
    error = float(np.sqrt(np.mean((pseudo - center) ** 2 / (times - 1))))
    reach = error * float(stdtrit(g - 1, (1 + level) / 2))
    return value - reach, value + reach
