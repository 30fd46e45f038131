"""Layouts turned onto each other, and points placed amid their neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from lexiscope.errors import LexiscopeError
from lexiscope.projection import place
from lexiscope.projection.procrustes import flipped, turned


def test_a_quarter_turn_by_hand():
    onto = np.array([[0, 0], [2, 0], [2, 1]])
    # The same, turned by 90 degrees and shifted by (5, 5).
    layout = np.array([[5, 5], [5, 7], [4, 7]], dtype=np.float32)
    np.testing.assert_allclose(turned(layout, onto), onto, atol=1e-6)
    mirrored = onto * [-1, 1]
    np.testing.assert_allclose(turned(mirrored, onto), onto, atol=1e-6)


@pytest.mark.parametrize("dims", [2, 3])
def test_any_turn_is_undone_and_distances_stay(dims: int):
    rng = np.random.default_rng(dims)
    onto = rng.normal(size=(50, dims))
    turn = np.linalg.qr(rng.normal(size=(dims, dims)))[0]
    layout = onto @ turn * 3 + rng.normal(size=dims)
    found = turned(layout, onto)
    assert found.dtype == np.float32
    middle = onto.mean(axis=0)
    np.testing.assert_allclose(found, 3 * (onto - middle) + middle, atol=1e-5)


def test_it_is_the_best_turn_of_all_tried():
    rng = np.random.default_rng(1)
    layout, onto = rng.normal(size=(2, 30, 2))
    best = np.linalg.norm(turned(layout, onto) - onto)
    centred = layout - layout.mean(axis=0)
    for angle in np.linspace(0, 2 * np.pi, 200):
        c, s = np.cos(angle), np.sin(angle)
        for mirror in (1, -1):
            other = centred @ np.array([[c, -s], [s, c]]) * [1, mirror] + onto.mean(axis=0)
            assert best <= np.linalg.norm(other - onto) + 1e-5


def test_only_signs_are_changed_by_hand():
    onto = np.array([[1, 1, 0], [2, -1, 0], [3, 0, 0]])
    layout = np.array([[-1, 5, 1], [-2, 1, 2], [-3, 2, 3]])
    assert flipped(layout, onto).tolist() == [[1, 5, 1], [2, 1, 2], [3, 2, 3]]


def test_the_median_of_a_line_and_of_a_square_by_hand():
    line = np.array([[0, 0], [1, 0], [10, 0]], dtype=np.float32)
    np.testing.assert_allclose(place(line, np.arange(3), np.ones(3)), [1, 0], atol=1e-5)
    square = np.array([[0, 0], [2, 0], [0, 2], [2, 2]], dtype=np.float32)
    np.testing.assert_allclose(place(square, np.arange(4), np.ones(4)), [1, 1], atol=1e-5)
    # Three corners of an equilateral triangle: its centre.
    triangle = np.array([[0, 0], [2, 0], [1, 3**0.5]])
    found = place(triangle, np.arange(3), np.ones(3))
    np.testing.assert_allclose(found, [1, 3**0.5 / 3], atol=1e-5)
    # A corner that outweighs the pull of the others keeps the point.
    np.testing.assert_allclose(
        place(triangle, np.arange(3), np.array([2.0, 1, 1])), [0, 0], atol=1e-5
    )


def test_it_stays_out_of_the_empty_middle():
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(9, 3)), rng.normal(size=(6, 3)) + np.array([100, 0, 0])
    both = np.vstack([left, right]).astype(np.float32)
    found = place(both, np.arange(15), np.ones(15))
    assert found.shape == (3,)
    assert found.dtype == np.float32
    assert np.linalg.norm(found) < 3


def test_one_neighbour_and_equal_places():
    coordinates = np.array([[3, 4], [1, 1], [1, 1]], dtype=np.float32)
    assert place(coordinates, np.array([0]), np.array([0.5])).tolist() == [3, 4]
    assert place(coordinates, np.array([1, 2]), np.array([0.5, 0])).tolist() == [1, 1]


@pytest.mark.parametrize("weights", [[], [1.0], [0.0, 0.0], [1.0, -1.0], [1.0, float("nan")]])
def test_bad_weights_are_refused(weights: list[float]):
    with pytest.raises(LexiscopeError, match="weight"):
        place(np.zeros((4, 2)), np.arange(2), np.array(weights))
