"""Density: the groups of a graph that last longest while its edges are added, shortest first.

The compiled part of `lexiscope.measure.clusters`. A library's HDBSCAN sorts equal distances in an
order that depends on the processor's instructions, and the distances here are often equal: the core
distance of a point is that of many of its edges. Here all that is equally far joins at once.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Numbers = NDArray[np.int64]
Edges = tuple[Numbers, Numbers, Doubles]

# Masses that differ by less are equal: the order of the edges decides how they are added up.
ROUNDING = 1e-9


def density_groups(edges: Edges, n: int, smallest: int) -> Numbers:
    """Find the groups of points that last longest: HDBSCAN (Campello, Moulavi & Sander 2013).

    Edges are added in the order of their distance, those of one distance at once. Points joined so
    are a group from `smallest` on; a group ends where it joins another. With ``1 / d`` for density,
    its mass is the sum over its points of ``1 / d(joined) - 1 / d(ended)``, and of all groups those
    are taken, none within another, that together have the largest mass. That of all points is
    none.

    Parameters
    ----------
    edges : tuple of ndarray of shape (m,)
        The points at either end of every edge, int64, and its distance, float64, above 0. Points
        without an edge are in no group; all others are connected.
    n : int
        Points.
    smallest : int
        At least 2.

    Returns
    -------
    ndarray of shape (n,), int64
        Every point's group, from 0 on, -1 for none. The same for any order of the edges.
    """
    order = np.argsort(edges[2], kind="stable")
    one, other, far = (each[order] for each in edges)
    first, parent, mass = _grown(one, other, far, n, smallest)
    found: Numbers = _largest(first, parent, mass)
    return found


def parts_of(edges: Edges, there: NDArray[np.bool_]) -> Numbers:
    """Return the part of a graph that every point is in, from 0 on, by their first points.

    Parameters
    ----------
    edges : tuple of ndarray of shape (m,)
    there : ndarray of shape (n,), bool
        The points that are in the graph.

    Returns
    -------
    ndarray of shape (n,), int64
        -1 for those that are not.
    """
    part = np.full(len(there), -1)
    roots = _rooted(edges[0], edges[1], len(there))[there]
    part[there] = np.unique(roots, return_inverse=True)[1]
    return part


def edges_of(near: NDArray[np.int32], distances: Doubles) -> Edges:
    """Return the edges of a neighbour graph, each once.

    Parameters
    ----------
    near : ndarray of shape (n, k), int32
    distances : ndarray of shape (n, k), float64

    Returns
    -------
    tuple of ndarray of shape (m,)
        Both ends, int64, and the distance, float64.
    """
    edges: Edges = _once(near, distances)
    return edges


def reachable(edges: Edges, core: Doubles, there: NDArray[np.bool_]) -> Edges:
    """Return the edges between points that are there, with their mutual reachability distance.

    Parameters
    ----------
    edges : tuple of ndarray of shape (m,)
    core : ndarray of shape (n,), float64
        Core distances: the least that an edge of the point has.
    there : ndarray of shape (n,), bool

    Returns
    -------
    tuple of ndarray
    """
    reached: Edges = _reached(*edges, core, there)
    return reached


def core_distances(
    near: NDArray[np.int32],
    distances: Doubles,
    there: NDArray[np.bool_],
    rank: int,
    farthest: float,
) -> Doubles:
    """Return every point's distance to the neighbour of a rank, of those that are there.

    Parameters
    ----------
    near : ndarray of shape (n, k), int32
        Nearest first.
    distances : ndarray of shape (n, k), float64
    there : ndarray of shape (n,), bool
    rank : int
        1 for the nearest.
    farthest : float
        What it is where fewer are there.

    Returns
    -------
    ndarray of shape (n,), float64
    """
    core: Doubles = _cores(near, distances, there, rank, farthest)
    return core


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _cores(
    near: NDArray[np.int32],
    distances: Doubles,
    there: NDArray[np.bool_],
    rank: int,
    farthest: float,
) -> Doubles:  # pragma: no cover - compiled
    core = np.full(len(near), farthest)
    for point in range(len(near)):
        left = rank
        for step in range(near.shape[1]):
            left -= there[near[point, step]]
            if left == 0:
                core[point] = distances[point, step]
                break
    return core


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _once(
    near: NDArray[np.int32], distances: Doubles
) -> tuple[Numbers, Numbers, Doubles]:  # pragma: no cover - compiled
    """Return all edges but those to a lower point that has this one as a neighbour, too."""
    n, k = near.shape
    one, other = np.empty(n * k, dtype=np.int64), np.empty(n * k, dtype=np.int64)
    far = np.empty(n * k)
    edges = 0
    for a in range(n):
        for step in range(k):
            b = near[a, step]
            if b > a or not (near[b] == a).any():
                one[edges], other[edges], far[edges] = a, b, distances[a, step]
                edges += 1
    return one[:edges].copy(), other[:edges].copy(), far[:edges].copy()


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _reached(
    one: Numbers, other: Numbers, far: Doubles, core: Doubles, there: NDArray[np.bool_]
) -> tuple[Numbers, Numbers, Doubles]:  # pragma: no cover - compiled
    a, b, reach = np.empty_like(one), np.empty_like(one), np.empty_like(far)
    edges = 0
    for edge in range(len(one)):
        if there[one[edge]] and there[other[edge]]:
            a[edges], b[edges] = one[edge], other[edge]
            reach[edges] = max(far[edge], core[a[edges]], core[b[edges]])
            edges += 1
    return a[:edges], b[:edges], reach[:edges]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _find(root: Numbers, point: int) -> int:  # pragma: no cover - compiled
    while root[point] != point:
        root[point] = root[root[point]]
        point = root[point]
    return point


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _rooted(one: Numbers, other: Numbers, n: int) -> Numbers:  # pragma: no cover - compiled
    """Return the lowest point of every point's part."""
    root = np.arange(n)
    for edge in range(len(one)):
        a, b = _find(root, one[edge]), _find(root, other[edge])
        root[max(a, b)] = min(a, b)
    for point in range(n):
        root[point] = _find(root, point)
    return root


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _grown(
    one: Numbers, other: Numbers, far: Doubles, n: int, smallest: int
) -> tuple[Numbers, Numbers, Doubles]:  # pragma: no cover - compiled
    """Return every point's first group, every group's parent (-1: none), and its mass.

    Groups are numbered as they begin, so that a parent has a higher number than its children.
    """
    root, size = np.arange(n), np.ones(n, dtype=np.int64)
    # Points of a part that is no group yet, as a chain from its root on.
    link, last = np.full(n, -1), np.arange(n)
    group, first = np.full(n, -1), np.full(n, -1)
    most = 2 * (n // smallest) + 1
    parent, count, mass = np.full(most, -1), np.zeros(most), np.zeros(most)
    groups, start = 0, 0
    # Of the distance at hand: the parts that its edges touch, and of each that they become how many
    # points and groups it holds, and which group it is.
    old, seen = np.empty(n, dtype=np.int64), np.zeros(n, dtype=np.bool_)
    total, within = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    becomes = np.full(n, -1)
    while start < len(one):
        density, stop, touched = 1 / far[start], start, 0
        while stop < len(one) and far[stop] == far[start]:
            for point in (one[stop], other[stop]):
                part = _find(root, point)
                if not seen[part]:
                    seen[part] = True
                    old[touched] = part
                    touched += 1
            stop += 1
        for edge in range(start, stop):
            root[_find(root, one[edge])] = _find(root, other[edge])
        for part in old[:touched]:
            new = _find(root, part)
            total[new] += size[part]
            if group[part] >= 0:
                within[new] += 1
                becomes[new] = group[part]
        for part in old[:touched]:
            new = _find(root, part)
            begins = within[new] > 1 or (within[new] == 0 and total[new] >= smallest)
            if begins and (becomes[new] < 0 or parent[becomes[new]] != -2):
                becomes[new] = groups
                parent[groups] = -2  # begun at this distance
                groups += 1
        for part in old[:touched]:
            new = _find(root, part)
            joined, before = becomes[new], group[part]
            if joined < 0:
                if part != new:
                    link[last[new]] = part
                    last[new] = last[part]
            elif before < 0:
                count[joined] += size[part]
                mass[joined] += size[part] * density
                point = part
                while point >= 0:
                    first[point] = joined
                    point = link[point]
            elif before != joined:
                parent[before] = joined
                mass[before] -= count[before] * density
                count[joined] += count[before]
                mass[joined] += count[before] * density
        for part in old[:touched]:
            new = _find(root, part)
            if total[new]:
                size[new], group[new] = total[new], becomes[new]
                if becomes[new] >= 0 and parent[becomes[new]] == -2:
                    parent[becomes[new]] = -1
                total[new], within[new], becomes[new] = 0, 0, -1
            seen[part] = False
        start = stop
    return first, parent[:groups], mass[:groups]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _largest(
    first: Numbers, parent: Numbers, mass: Doubles
) -> Numbers:  # pragma: no cover - compiled
    """Return every point's group of those that together have the largest mass."""
    groups = len(parent)
    within = np.zeros(groups)
    taken = np.full(groups, -1)
    for number in range(groups):
        if parent[number] >= 0:
            # Of equal ones the larger group, as in the paper.
            taken[number] = mass[number] >= (1 - ROUNDING) * within[number]
            within[parent[number]] += max(mass[number], within[number])
    names, known = np.full(groups, -1), 0
    for number in range(groups - 1, -1, -1):
        if parent[number] >= 0:
            names[number] = names[parent[number]]
            if names[number] < 0 and taken[number]:
                names[number] = known
                known += 1
    found = np.full(len(first), -1)
    for point in range(len(first)):
        if first[point] >= 0 and names[first[point]] >= 0:
            found[point] = known - 1 - names[first[point]]
    return found
