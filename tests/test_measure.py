from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from lexiscope.checkpoint import Checkpoint
from lexiscope.errors import LexiscopeError
from lexiscope.measure import breaks, neighbor_cosines, separation


def smooth(n: int, seed: int = 0) -> np.ndarray:
    """Positions on a slow walk through many dimensions: neighbours alike, ends not."""
    angle = np.linspace(0, 6, n)[:, None] * np.arange(1, 9)
    noise = np.random.default_rng(seed).normal(scale=0.02, size=(n, 16))
    return (np.hstack([np.sin(angle), np.cos(angle)]) + noise).astype(np.float32)


def test_neighbor_cosines_by_hand():
    table = np.array([[1, 0], [3, 4], [0, 2]], dtype=np.float32)
    assert neighbor_cosines(table).tolist() == pytest.approx([0.6, 0.8])


def test_the_real_position_table_breaks_at_127(embedded: Checkpoint):
    table = embedded.table("position")
    alike = neighbor_cosines(table)
    assert alike[[0, 5, 100, 126, 127]].tolist() == pytest.approx(
        [0.276, 0.88, 0.86, 0.439, 0.554], abs=0.005
    )
    inner = [each for each in breaks(table) if each.first > 0 and each.last < 511]
    assert len(inner) == 1
    assert (inner[0].first, inner[0].last) == (126, 128)
    assert inner[0].cosines == pytest.approx((0.439, 0.554), abs=0.001)


def test_no_break_in_smooth_or_shuffled_tables(embedded: Checkpoint):
    assert breaks(smooth(200)) == []
    shuffled = np.random.default_rng(0).permutation(embedded.table("position"))
    assert breaks(shuffled) == []


def test_a_planted_break_is_found():
    table = np.vstack([smooth(100), -smooth(100, 1)[::-1]])
    found = breaks(table)
    assert [(each.first, each.last) for each in found] == [(99, 100)]


@pytest.mark.parametrize("row", [1, 50, 198])
def test_an_odd_row_is_one_break_of_two_places(row: int):
    table = smooth(200)
    table[row] = 3 * np.random.default_rng(0).normal(size=16)
    assert [(each.first, each.last) for each in breaks(table)] == [(row - 1, row + 1)]


def test_odd_rows_close_to_one_another_are_a_break_each():
    table = smooth(200)
    table[[50, 53, 56]] = np.random.default_rng(0).normal(size=(3, 16))
    found = sorted((each.first, each.last) for each in breaks(table))
    assert found == [(49, 51), (52, 54), (55, 57)]


def test_a_faster_stretch_is_no_break():
    # 20 steps of 20 degrees between steps of 1 degree; then from there on.
    for faster in (slice(100, 120), slice(100, 200)):
        steps = np.ones(200)
        steps[faster] = 20
        angle = np.deg2rad(np.cumsum(steps))
        table = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
        assert breaks(table) == []


def test_too_few_positions_have_no_break():
    assert breaks(np.zeros((5, 3), dtype=np.float32)) == []
    assert breaks(np.ones((60, 3), dtype=np.float32)) == []


def test_separation_by_hand():
    half = 0.5**0.5
    vectors = np.array([[1, 0], [half, half], [0, 1], [-half, half]], dtype=np.float32)
    measured = separation(vectors, ["a", "a", "b", "b"])
    assert measured.within == pytest.approx(half, abs=1e-6)
    # Across: 0-2 0, 0-3 -half, 1-2 half, 1-3 0.
    assert measured.between == pytest.approx(0, abs=1e-6)
    # 0 is nearest 1; 1 as near to 0 as to 2 (the first counts); 2 likewise to 1; 3 to 2.
    assert measured.chance == 0.5
    assert measured.silhouette == pytest.approx(
        silhouette_score(vectors, ["a", "a", "b", "b"], metric="cosine"), abs=1e-6
    )


def test_separation_agrees_with_scikit_learn():
    rng = np.random.default_rng(3)
    labels = [str(number) for number in rng.integers(0, 4, 80)] + ["alone"]
    vectors = rng.normal(size=(81, 12)).astype(np.float32)
    vectors[:, 0] += np.array([hash(label) % 3 for label in labels])
    measured = separation(vectors, labels)
    expected = silhouette_score(vectors, labels, metric="cosine")
    assert measured.silhouette == pytest.approx(expected, abs=1e-5)


def test_planted_senses_are_told_apart_and_noise_is_not():
    rng = np.random.default_rng(0)
    labels = ["a"] * 30 + ["b"] * 30
    noise = rng.normal(size=(60, 20)).astype(np.float32)
    planted = noise.copy()
    planted[:30, 0] += 10
    planted[30:, 1] += 10
    assert separation(planted, labels).accuracy == 1
    assert separation(noise, labels).accuracy < 0.75


@pytest.mark.parametrize("labels", [["a", "a", "a"], ["a", "b", "c"]])
def test_too_few_labels_are_refused(labels: list[str]):
    with pytest.raises(LexiscopeError, match="too few"):
        separation(np.eye(3, dtype=np.float32), labels)
