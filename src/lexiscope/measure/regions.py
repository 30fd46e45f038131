"""Regions: where a picture's points lie dense, at several scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FEWEST = 8
# Cells a side, by dimensions: beyond, a far stray coarsens the grid instead of filling memory.
WIDEST = {2: 600, 3: 64}
SMALLEST = 3


@dataclass(frozen=True, eq=False)
class Region:
    """A dense part of a picture.

    Attributes
    ----------
    level : int
        0 is the coarsest.
    place : ndarray of shape (dims,), float32
        Coordinates of the member nearest the densest spot.
    members : ndarray of shape (size,), int64
        Point numbers, ascending.
    """

    level: int
    place: NDArray[np.float32]
    members: NDArray[np.int64] = field(repr=False)


def regions(coordinates: NDArray[np.floating], counts: Sequence[int] | None = None) -> list[Region]:
    """Find the dense parts of a picture.

    At each level points are counted on a grid and smoothed with a Gaussian a third as wide
    as a region would be if all were alike. Every cell belongs to the peak that the steepest way
    up leads to. A peak's persistence is ``(h - s) / sqrt(h)``, its height over the highest pass
    to a higher one, in standard deviations of a count; the most persistent stay, and each
    other's basin goes to the peak beyond its pass (Edelsbrunner, Letscher & Zomorodian 2002).

    Parameters
    ----------
    coordinates : ndarray of shape (n_points, 2 or 3)
    counts : sequence of int, optional
        The most regions of each level, coarsest first; by default three levels, up to
        ``2 sqrt(n)`` and 250.

    Returns
    -------
    list of Region
        Coarsest level first, within a level the largest first; none for fewer than 8 points.
    """
    n, dims = coordinates.shape
    if n < FEWEST:
        return []
    if counts is None:
        finest = min(250.0, 2 * n**0.5)
        coarsest = min(9.0, finest / 3)
        steps = (coarsest, (coarsest * finest) ** 0.5, finest)
        counts = sorted({max(1, round(step)) for step in steps})
    places = coordinates.astype(np.float64)
    low = places.min(axis=0)
    extent = float(np.ptp(places, axis=0).max())
    if not extent > 0:
        return []
    found = []
    for level, count in enumerate(counts):
        width = _width(places, low, extent, count)
        cell = max(width / 2, extent / WIDEST[dims])
        cells = ((places - low) / cell).astype(np.int64) + 2
        shape = tuple(cells.max(axis=0) + 3)
        flat = np.ravel_multi_index(tuple(cells.T), shape)
        density = _density(flat, shape, width / cell)
        owner = _basins(density, count)
        smallest = max(SMALLEST, n // (20 * count))
        found += _regions(level, places, owner[flat], low, cell, shape, smallest)
    return found


def _width(
    places: NDArray[np.float64], low: NDArray[np.float64], extent: float, count: int
) -> float:
    """Return a third of the radius of one of `count` discs that together are the picture's size.

    That is ``(sum c)^2 / sum c^2`` cells of a coarse grid with `c` points each, which
    a few strays do not change.
    """
    n, dims = places.shape
    side = round(min(64.0 if dims == 2 else 24.0, max(3.0, (n / 2) ** (1 / dims))))
    cells = np.minimum((places - low) / extent * side, side - 1).astype(np.int64)
    numbers = np.bincount(np.ravel_multi_index(tuple(cells.T), (side,) * dims)).astype(np.float64)
    filled = numbers.sum() ** 2 / (numbers**2).sum() / side**dims
    ball = np.pi if dims == 2 else 4 / 3 * np.pi
    radius = extent * (filled / count / ball) ** (1 / dims)
    # Of few points some must lie under one Gaussian for a peak to mean anything.
    return float(radius * max(1 / 3, (0.7 * count / n) ** 0.5))


def _density(flat: NDArray[np.int64], shape: tuple[int, ...], width: float) -> NDArray[np.float64]:
    from scipy.ndimage import gaussian_filter

    numbers = np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)
    smooth = gaussian_filter(numbers.astype(np.float64), width, mode="constant", truncate=3)
    # As many points as lie under one Gaussian, so that heights are counts.
    return np.asarray(smooth * (2 * np.pi * width**2) ** (len(shape) / 2))


def _basins(density: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return every cell's peak, flat, -1 where there is none of the `count` that stay."""
    shape, size = density.shape, density.size
    flat = density.ravel()
    number = np.arange(size).reshape(shape)
    best, way = density.copy(), number.copy()
    pairs = []
    for step in np.ndindex(*(3,) * len(shape)):
        shift = tuple(int(each) - 1 for each in step)
        if not any(shift):
            continue
        here = tuple(slice(max(0, -s), min(0, -s) or None) for s in shift)
        there = tuple(slice(max(0, s), min(0, s) or None) for s in shift)
        # Of equal cells the one with the higher number is up, so that no way is a circle.
        higher = (density[there] > best[here]) | (
            (density[there] == best[here]) & (number[there] > way[here])
        )
        best[here] = np.where(higher, density[there], best[here])
        way[here] = np.where(higher, number[there], way[here])
        if shift > (0,) * len(shape):
            pairs.append((number[here].ravel(), number[there].ravel()))
    peak = way.ravel()
    while True:
        further = peak[peak]
        if (further == peak).all():
            break
        peak = further
    held = flat > 0
    parent, persistence = _merged(flat, peak, held, pairs)
    peaks = sorted(persistence, key=lambda each: (-persistence[each], each))
    stay = set(peaks[:count])
    goal: dict[int, int] = {}
    for each in peaks:  # what a peak falls to is more persistent, so it is known already
        goal[each] = each if each in stay else goal.get(parent.get(each, -1), -1)
    table = np.full(size, -1, dtype=np.int64)
    table[list(goal)] = list(goal.values())
    return np.where(held, table[peak], -1)


def _merged(
    flat: NDArray[np.float64],
    peak: NDArray[np.int64],
    held: NDArray[np.bool_],
    pairs: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> tuple[dict[int, int], dict[int, float]]:
    """Return what peak each peak falls to beyond its highest pass, and its persistence."""
    ends, passes = [], []
    for a, b in pairs:
        between = (peak[a] != peak[b]) & held[a] & held[b]
        a, b = a[between], b[between]
        ends.append(np.sort(np.stack([peak[a], peak[b]], axis=1), axis=1))
        passes.append(np.minimum(flat[a], flat[b]))
    edges, heights = np.concatenate(ends), np.concatenate(passes)
    order = np.argsort(-heights, kind="stable")
    root = {int(each): int(each) for each in np.unique(peak[held])}
    persistence = {each: float(flat[each] ** 0.5) for each in root}
    parent: dict[int, int] = {}

    def find(each: int) -> int:
        while root[each] != each:
            root[each] = root[root[each]]
            each = root[each]
        return each

    _, first = np.unique(edges[order], axis=0, return_index=True)
    for edge in order[np.sort(first)]:
        ends_at = {find(int(end)) for end in edges[edge]}
        if len(ends_at) == 2:
            lower, higher = sorted(ends_at, key=lambda each: (flat[each], each))
            persistence[lower] = float((flat[lower] - heights[edge]) / flat[lower] ** 0.5)
            parent[lower] = root[lower] = higher
    return parent, persistence


def _regions(
    level: int,
    places: NDArray[np.float64],
    owner: NDArray[np.int64],
    low: NDArray[np.float64],
    cell: float,
    shape: tuple[int, ...],
    smallest: int,
) -> list[Region]:
    found = []
    order = np.argsort(owner, kind="stable")
    peaks, starts = np.unique(owner[order], return_index=True)
    for peak, members in zip(peaks, np.split(order, starts[1:]), strict=True):
        if peak < 0 or len(members) < smallest:
            continue
        spot = (np.array(np.unravel_index(peak, shape)) - 1.5) * cell + low
        nearest = members[((places[members] - spot) ** 2).sum(axis=1).argmin()]
        found.append(Region(level, places[nearest].astype(np.float32), np.sort(members)))
    return sorted(found, key=lambda each: (-len(each.members), int(each.members[0])))
