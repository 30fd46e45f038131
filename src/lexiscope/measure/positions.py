"""Position embeddings: how alike positions are, where that breaks and where it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lexiscope.measure.evidence import finite
from lexiscope.neighbors import normalize

WINDOW = 15
STRENGTH = 8.0
# Of two positions 1 or 2 apart, one odd row between two stretches would decide alone.
LAGS = range(3, 11)
# A change of direction or of norm under 8 times this is never counted, however quiet the table.
QUIET = 0.01
SHORTEST = 5
# A drop of cosine under this is no break, however quiet the table.
DROP = 0.05
# One odd row is two places, two odd rows in a row are three.
LONGEST = 3
BESIDE = 3

Floats = NDArray[np.float64]


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


@dataclass(frozen=True)
class ChangePoint:
    """Where a stretch of positions begins that is unlike the one before.

    Attributes
    ----------
    row : int
        First row of the new stretch.
    of : {"direction", "norm"}
        What changes; ``"direction"`` where both do.
    strength : float
        How far the change lies above what it is 15 rows on either side, in robust standard
        deviations (1.4826 x the median absolute deviation over the whole table).
    within, across : float
        How alike positions 3 to 10 apart are: both on one side, within 15 rows of it, and one
        on either side. Means over the distances of median cosine similarities.
    before, after : float
        Median norm of the 15 rows on either side.
    """

    row: int
    of: Literal["direction", "norm"]
    strength: float
    within: float
    across: float
    before: float
    after: float


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

    A place counts when its similarity lies at least 8 robust standard deviations, and .05,
    below the median of the 15 on either side of it; adjacent places are one run. A run is a
    break when it is narrow, of at most 3 places, and abrupt: its lowest lies as far below the
    median of the next 3 other places, on the left as on the right. A stretch where positions
    merely follow each other faster is neither.

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
    least = max(STRENGTH * spread, DROP)
    low = np.flatnonzero(drop >= least)
    runs = np.split(low, np.flatnonzero(np.diff(low) > 1) + 1) if len(low) else []
    others = np.setdiff1d(np.arange(n), low)
    found = []
    for run in runs:
        at = int(np.searchsorted(others, run[0]))
        sides = (others[max(0, at - BESIDE) : at], others[at : at + BESIDE])
        beside = min(float(np.median(alike[side])) for side in sides if len(side))
        if len(run) > LONGEST or beside - alike[run].min() < least:
            continue
        found.append(
            Break(
                first=int(run[0]),
                last=int(run[-1]) + 1,
                cosines=tuple(float(value) for value in alike[run]),
                usual=float(np.median(usual[run])),
                strength=float(drop[run].max() / max(spread, 1e-6)),
            )
        )
    return sorted(found, key=lambda each: -each.strength)


def change_points(table: NDArray[np.float32]) -> list[ChangePoint]:
    """Find where a stretch of positions begins that is unlike the one before, strongest first.

    Every place is tested by the 15 rows on either side of it, as in the screening of Niu &
    Zhang (2012), for two things that may change:

    - direction: how much more alike two positions on one side are than two across, at the same
      distance from each other. Of a smooth table that is about 0, however fast it drifts, as
      well as of rows in any order. It is a mean over distances: a change that makes some pairs
      across more alike and others less does not show. At the smallest distance, 3, it must be
      at least half that mean: of an abrupt change it is about all of it, but where a smooth
      table turns fast it is small, as it grows with the square of the distance.
    - norm: the difference of the medians, in units of the table's median norm.

    It counts when it exceeds what it is 15 rows before and behind, where a steady drift is the
    same, by 8 robust standard deviations and by .08. Medians keep a single odd row from being
    a change, and blur its place by some rows: where exactly the new stretch begins is the best
    cut of the 30 rows into two, the one with the smallest squared distances to the mean of
    either part (ruptures' KernelCPD, which tries all; Celisse et al. 2018). Of changes within
    15 rows the strongest is kept. The first and the last 30 rows, which differ in every model,
    are not tested.

    Parameters
    ----------
    table : ndarray of shape (n_positions, dim), float32

    Returns
    -------
    list of ChangePoint
        Empty for fewer than 4 x 15 positions, where there is too little to compare with.

    Raises
    ------
    LexiscopeError
        For NaN or infinity.
    """
    table = finite(table, "the positions")
    if len(table) < 4 * WINDOW:
        return []
    unit, norms = normalize(table), np.linalg.norm(table, axis=1).astype(np.float64)
    usual = float(np.median(norms)) or 1.0
    medians = np.median(sliding_window_view(norms, WINDOW), axis=1)
    before, after = medians[:-WINDOW], medians[WINDOW:]
    within_each, across_each = _alike(unit)
    within, across = within_each.mean(axis=0), across_each.mean(axis=0)
    turn = within - across
    abrupt = within_each[0] - across_each[0] >= turn / 2
    steps = (after - before) / usual
    directions = _strength(turn, turn) * abrupt
    lengths = _strength(steps, np.abs(steps))
    found: list[ChangePoint] = []
    while (strongest := np.maximum(directions, lengths)).max() >= STRENGTH:
        near = _around(int(strongest.argmax()))
        turns = bool(directions[near].max() >= STRENGTH)
        strength = directions if turns else lengths
        place = near.start + int(strength[near].argmax())
        rows = unit if turns else norms[:, None] / usual
        cut = place + _cut(rows[place : place + 2 * WINDOW])
        exact = cut - WINDOW
        found.append(
            ChangePoint(
                row=cut,
                of="direction" if turns else "norm",
                strength=float(strength[place]),
                within=float(within[exact]),
                across=float(across[exact]),
                before=float(before[exact]),
                after=float(after[exact]),
            )
        )
        for told in (near, _around(place)):
            directions[told] = lengths[told] = 0
    return sorted(found, key=lambda each: (-each.strength, each.row))


def _around(place: int) -> slice:
    return slice(max(0, place - WINDOW), place + WINDOW + 1)


def _alike(unit: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Return how alike rows are within and across, by distance (rows of either), at every place
    from row 15 to 15 before the end.
    """
    places = np.arange(len(unit) - 2 * WINDOW + 1)
    within, across = np.zeros((2, len(LAGS), len(places)))
    for each, lag in enumerate(LAGS):
        cosines = np.einsum("ij,ij->i", unit[:-lag], unit[lag:]).astype(np.float64)
        across[each] = np.median(sliding_window_view(cosines, lag)[places + WINDOW - lag], axis=1)
        sides = sliding_window_view(cosines, WINDOW - lag)
        both = np.hstack([sides[places], sides[places + WINDOW]])
        within[each] = np.median(both, axis=1)
    return within, across


def _strength(values: Floats, size: Floats) -> Floats:
    """Return how far each size lies above those 15 before and behind; 0 where there are none."""
    spread = 1.4826 * float(np.median(np.abs(values - np.median(values))))
    strength = np.zeros(len(size))
    around = np.maximum(size[: -2 * WINDOW], size[2 * WINDOW :])
    strength[WINDOW:-WINDOW] = (size[WINDOW:-WINDOW] - around) / max(spread, QUIET)
    return strength


def _cut(rows: NDArray[np.floating]) -> int:
    """Return where the second part begins in the best cut of some rows into two."""
    from ruptures import KernelCPD

    return int(KernelCPD(kernel="linear", min_size=SHORTEST).fit(rows).predict(n_bkps=1)[0])


def block_side(n: int, most: int = 512) -> int:
    """Return how many positions a cell of `similarities` is the mean of, on either side."""
    return max(1, -(-n // most))


def similarities(table: NDArray[np.float32], most: int = 512) -> NDArray[np.float32]:
    """Return how alike all positions are, at most `most` cells a side.

    Of more positions, each cell is the mean cosine similarity of b x b of them, ``b =
    block_side(n, most)`` (the last block may be smaller; on the diagonal a position's 1 with
    itself is counted). The mean over two blocks is the dot product of their mean unit vectors,
    so all pairs are never held.

    Parameters
    ----------
    table : ndarray of shape (n_positions, dim), float32
    most : int

    Returns
    -------
    ndarray of shape (m, m), float32
        ``m = ceil(n / b)``; cosine similarities in [-1, 1], 0 for a zero row.

    Raises
    ------
    LexiscopeError
        For NaN or infinity.
    """
    unit = normalize(finite(table, "the positions"))
    starts = np.arange(0, len(unit), block_side(len(unit), most))
    sums = np.add.reduceat(unit, starts, axis=0)
    means = sums / np.diff(starts, append=len(unit))[:, None]
    return np.asarray(np.clip(means @ means.T, -1, 1), dtype=np.float32)
