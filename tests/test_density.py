"""Density groups: by hand, as defined, and for edges in any order and of equal length."""

from __future__ import annotations

import numpy as np
import pytest

from lexiscope.measure.density import (
    Edges,
    core_distances,
    density_groups,
    edges_of,
    parts_of,
    reachable,
)


def joined(*edges: tuple[int, int, float]) -> Edges:
    one, other, far = zip(*edges, strict=True)
    return np.array(one), np.array(other), np.array(far, dtype=np.float64)


def told(found: np.ndarray) -> list[list[int]]:
    return sorted(np.flatnonzero(found == each).tolist() for each in range(found.max() + 1))


def by_definition(edges: Edges, n: int, smallest: int) -> list[list[int]]:
    """Cut at every distance from the largest down, as Campello, Moulavi & Sander define it."""

    def parts(points: list[int], below: float) -> list[list[int]]:
        left, found = set(points), []
        while left:
            part, ends = set(), [min(left)]
            while ends:
                point = ends.pop()
                if point not in part:
                    part.add(point)
                    for a, b, far in zip(*edges, strict=True):
                        if far < below and point in (a, b):
                            ends.append(int(b if point == a else a))
            found.append(sorted(part & left))
            left -= part
        return found

    def ended(points: list[int], below: float) -> tuple[list[int], float, list[list[int]], float]:
        """Follow a group down to where it ends: its points there, where, what is left, its mass."""
        mass, here, begun = 0.0, points, below
        for cut in sorted({far for far in edges[2] if far < below}, reverse=True):
            large = [each for each in parts(here, cut) if len(each) >= smallest]
            if len(large) == 1:
                mass += (len(here) - len(large[0])) * (1 / cut - 1 / begun)
                here = large[0]
            else:
                return here, cut, large, mass + len(here) * (1 / cut - 1 / begun)
        raise AssertionError("single points are no group")

    def best(points: list[int], begun: float) -> tuple[float, list[list[int]]]:
        """Return the largest mass that is within a group, and whose it is."""
        _, cut, large, own = ended(points, begun)
        below = [best(each, cut) for each in large]
        within = sum(mass for mass, _ in below)
        if own >= (1 - 1e-9) * within:
            return own, [points]
        return within, [group for _, groups in below for group in groups]

    _, cut, large, _ = ended(list(range(n)), np.inf)
    return sorted(group for each in large for group in best(each, cut)[1])


def test_two_groups_and_a_stray():
    edges = joined((0, 1, 1), (1, 2, 1), (3, 4, 2), (4, 5, 2), (2, 3, 5), (5, 6, 9))
    assert told(density_groups(edges, 7, 3)) == [[0, 1, 2], [3, 4, 5]]
    assert told(density_groups(edges, 8, 3)) == [[0, 1, 2], [3, 4, 5]]  # 7 has no edge
    assert told(density_groups(edges, 7, 4)) == []
    assert told(density_groups(edges, 7, 2)) == [[0, 1, 2], [3, 4, 5]]


def test_the_larger_mass_is_taken():
    # Masses: 3 (1 - 1/2) twice within 6 (1/2 - 1/far); with the last far away, 1.5 + 1.5 < 6/2.
    pairs = [(0, 1, 1), (1, 2, 1), (3, 4, 1), (4, 5, 1), (2, 3, 2)]
    others = [(6, 7, 1), (7, 8, 1)]
    near = joined(*pairs, *others, (5, 6, 3))
    far = joined(*pairs, *others, (5, 6, 1000))
    assert told(density_groups(near, 9, 3)) == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert told(density_groups(far, 9, 3)) == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    # With 1.9 for 2 between the first two, these 6 points last longer than either three.
    lasting = joined(*pairs[:-1], (2, 3, 1.9), *others, (5, 6, 1000))
    assert told(density_groups(lasting, 9, 3)) == [[0, 1, 2, 3, 4, 5], [6, 7, 8]]


def test_what_is_equally_far_joins_at_once():
    # 3 joins when the two groups do: it is in neither, whichever edge comes first.
    edges = [(0, 1, 1), (1, 2, 1), (4, 5, 1), (5, 6, 1), (2, 3, 4), (3, 4, 4), (6, 7, 9), (7, 8, 9)]
    for order in (range(8), [0, 1, 2, 3, 5, 4, 6, 7], reversed(range(8))):
        assert told(density_groups(joined(*(edges[i] for i in order)), 9, 3)) == [
            [0, 1, 2],
            [4, 5, 6],
        ]
    # All at one distance: nowhere is denser than elsewhere.
    assert told(density_groups(joined(*((i, i + 1, 2) for i in range(8))), 9, 3)) == []


@pytest.mark.parametrize("levels", [3, 12, 10**6])
def test_as_defined_and_in_any_order(levels: int):
    rng = np.random.default_rng(levels)
    for _ in range(60):
        n, smallest = int(rng.integers(8, 30)), int(rng.integers(2, 5))
        chain = np.stack([np.arange(n - 1), np.arange(1, n)])
        more = rng.integers(n, size=(2, n))
        one, other = np.concatenate([chain, more[:, more[0] != more[1]]], axis=1)
        far = rng.integers(1, levels + 1, size=len(one)) / 4
        edges = one, other, far
        found = told(density_groups(edges, n, smallest))
        assert found == by_definition(edges, n, smallest)
        order = rng.permutation(len(one))
        assert told(density_groups((other[order], one[order], far[order]), n, smallest)) == found


def test_parts_and_reachability_by_hand():
    near = np.array([[1, 2], [0, 2], [1, 0], [2, 1]], dtype=np.int32)
    distances = np.array([[1.0, 3], [1, 2], [2, 3], [4, 5]])
    everyone = np.ones(4, dtype=bool)
    core = core_distances(near, distances, everyone, 2, 9.0)
    assert core.tolist() == [3, 2, 3, 5]
    one, other, far = reachable(edges_of(near, distances), core, everyone)
    edges = {frozenset(pair): each for *pair, each in zip(one, other, far, strict=True)}
    assert edges == {
        frozenset((0, 1)): 3,
        frozenset((0, 2)): 3,
        frozenset((1, 2)): 3,
        frozenset((2, 3)): 5,
        frozenset((1, 3)): 5,
    }
    assert len(one) == len(edges)
    there = np.array([True, False, True, True])
    core = core_distances(near, distances, there, 2, 9.0)
    assert core[there].tolist() == [9, 9, 9]
    left = reachable(edges_of(near, distances), core, there)
    assert {frozenset(pair) for pair in zip(*left[:2], strict=True)} == {
        frozenset((0, 2)),
        frozenset((2, 3)),
    }
    assert parts_of(left, there).tolist() == [0, -1, 0, 0]
    assert parts_of(joined((2, 3, 1)), everyone).tolist() == [0, 1, 2, 2]
