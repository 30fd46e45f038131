from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.neighbors import (
    check_memory,
    nearest,
    nearest_points,
    neighbor_graph,
    normalize,
    pair_cosines,
    scores,
    spherize,
)

FOUR = np.array([[1, 0], [0.8, 0.6], [0, 2], [-1, 0]], dtype=np.float32)


def test_graph_by_hand():
    # Cosines: 0-1 .8, 0-2 0, 0-3 -1, 1-2 .6, 1-3 -.8, 2-3 0.
    graph = neighbor_graph(FOUR, 2)
    assert graph.indices[:3].tolist() == [[1, 2], [0, 2], [1, 0]]
    np.testing.assert_allclose(graph.similarities[:2], [[0.8, 0], [0.8, 0.6]], atol=1e-6)
    assert (graph.method, graph.recall, graph.k) == ("exact", 1.0, 2)
    assert graph.first(1).indices.tolist() == graph.indices[:, :1].tolist()


def test_graph_leaves_each_point_out_even_among_duplicates():
    vectors = np.repeat(np.eye(3, dtype=np.float32), 5, axis=0)
    graph = neighbor_graph(vectors, 4)
    for point, near in enumerate(graph.indices):
        assert point not in near
        assert len(set(near.tolist())) == 4
        assert {other // 5 for other in near.tolist()} == {point // 5}


def test_graph_k_is_cut_and_one_point_is_refused():
    assert neighbor_graph(FOUR, 99).k == 3
    with pytest.raises(LexiscopeError, match="at least 2 points"):
        neighbor_graph(FOUR[:1], 3)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_has_no_neighbours(value: float):
    wrong = np.eye(20, dtype=np.float32)
    wrong[3, 5] = value
    for method in ("exact", "hnsw"):
        with pytest.raises(LexiscopeError, match="1 of 20 points hold NaN or infinity"):
            neighbor_graph(wrong, 5, method=method)


def test_exact_equals_brute_force(word_table: NDArray[np.float32]):
    part = word_table[2000:5000]
    graph = neighbor_graph(part, 15)
    unit = part / np.linalg.norm(part, axis=1, keepdims=True)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -np.inf)
    expected = -np.sort(-similarity, axis=1)[:, :15]
    np.testing.assert_allclose(graph.similarities, expected, atol=2e-6)


def test_approximate_says_its_recall(word_table: NDArray[np.float32]):
    part = word_table[:4000]
    exact = neighbor_graph(part, 10)
    approximate = neighbor_graph(part, 10, method="hnsw")
    truth = np.mean(
        [
            len(np.intersect1d(a, b)) / 10
            for a, b in zip(exact.indices, approximate.indices, strict=True)
        ]
    )
    assert approximate.method == "hnsw"
    assert approximate.recall > 0.9
    assert approximate.recall == pytest.approx(truth, abs=0.03)
    assert (approximate.indices >= 0).all()
    assert (approximate.indices != np.arange(4000)[:, None]).all()


def test_scores_by_hand():
    query = np.array([0, 1], dtype=np.float32)
    assert scores(normalize(FOUR), query, "cosine").tolist() == pytest.approx([0, 0.6, 1, 0])
    assert scores(FOUR, query, "dot").tolist() == pytest.approx([0, 0.6, 2, 0])
    expected = [2**0.5, (0.8**2 + 0.4**2) ** 0.5, 1, 2**0.5]
    assert scores(FOUR, query, "euclidean").tolist() == pytest.approx(expected)


def test_nearest_orders_ties_by_point_and_leaves_out():
    values = np.array([1, 3, 3, 2, 3], dtype=np.float32)
    assert nearest(values, 3, "cosine").tolist() == [1, 2, 4]
    assert nearest(values, 3, "euclidean").tolist() == [0, 3, 1]
    assert nearest(values, 9, "cosine", np.array([1, 1, 4])).tolist() == [2, 3, 0]
    assert nearest(values[:1], 5, "cosine", np.array([0])).tolist() == []


def test_nearest_points_by_hand():
    query = np.array([0, 3], dtype=np.float32)
    for metric, points, values in (
        ("cosine", [2, 1, 0], [1, 0.6, 0]),
        ("dot", [2, 1, 0], [6, 1.8, 0]),
        ("euclidean", [2, 1, 0], [1, (0.64 + 2.4**2) ** 0.5, 10**0.5]),
    ):
        vectors = normalize(FOUR) if metric == "cosine" else FOUR
        near, found = nearest_points(vectors, query, 3, metric)
        assert near.tolist() == points
        assert found.tolist() == pytest.approx(values)
    assert nearest_points(normalize(FOUR), query, 9, "cosine", np.array([2]))[0].tolist() == [
        1,
        0,
        3,
    ]


def nearly_equal(n: int, dim: int = 40) -> NDArray[np.float32]:
    """Points equally far from the first but for their last bits, the later ones a bit nearer."""
    vectors = np.random.default_rng(0).normal(size=(n, dim)).astype(np.float32)
    vectors[n // 2 :] = vectors[1] + 1e-8 * np.arange(n - n // 2)[:, None].astype(np.float32)
    return vectors


def test_what_only_rounding_tells_apart_is_in_point_order():
    vectors = nearly_equal(60)
    graph = neighbor_graph(vectors, 20)
    # All of the later half are copies of point 1, to single precision.
    assert graph.indices[1].tolist() == list(range(30, 50))
    assert graph.indices[45].tolist() == [1, *range(30, 45), *range(46, 50)]
    near, values = nearest_points(normalize(vectors), vectors[1], 20, "cosine", np.array([1]))
    assert near.tolist() == list(range(30, 50))
    assert set(values.tolist()) == {1.0}


def test_graph_is_that_of_double_precision(word_table: NDArray[np.float32]):
    part = word_table[:3000].copy()
    part[100:160] = part[100]  # more copies than are proposed
    part[200:240] = 0
    unit = normalize(part)
    cosines = (unit.astype(np.float64) @ unit.T.astype(np.float64)).round(6)
    np.fill_diagonal(cosines, -np.inf)
    expected = np.argsort(-cosines, axis=1, kind="stable")[:, :15]
    graph = neighbor_graph(part, 15)
    np.testing.assert_array_equal(graph.indices, expected)
    np.testing.assert_array_equal(
        graph.similarities, np.take_along_axis(cosines, expected, axis=1).astype(np.float32)
    )
    longer = neighbor_graph(part, 40)
    np.testing.assert_array_equal(longer.first(15).indices, graph.indices)
    rows = np.arange(0, 3000, 7)
    np.testing.assert_array_equal(
        pair_cosines(unit, rows, expected[rows]), np.take_along_axis(cosines, expected, 1)[rows]
    )


def test_spherize_centres_then_normalises():
    done = spherize(np.array([[1, 1], [3, 1], [2, 4]], dtype=np.float32))
    # The mean is (2, 2): the rows less it are (-1, -1), (1, -1), (0, 2).
    half = 0.5**0.5
    np.testing.assert_allclose(done, [[-half, -half], [half, -half], [0, 1]], atol=1e-6)


def test_zero_rows_stay_zero():
    vectors = np.array([[0, 0], [3, 4]], dtype=np.float32)
    np.testing.assert_allclose(normalize(vectors), [[0, 0], [0.6, 0.8]], rtol=1e-6)


@pytest.mark.parametrize("size", [3e38, 1e20, 1.0, 1e-30, 1e-38])
def test_vectors_of_any_size_are_normalised(size: float):
    vectors = np.array([[0.6, -0.8], [0, 0], [0.28, 0.96]]).astype(np.float32)
    sized = (vectors.astype(np.float64) * size).astype(np.float32)
    np.testing.assert_allclose(normalize(sized), vectors, atol=1e-6)
    assert normalize(sized).dtype == np.float32
    np.testing.assert_allclose(scores(vectors, sized[0], "cosine"), [1, 0, -0.6], atol=1e-6)
    assert neighbor_graph(np.concatenate([sized, sized]), 1).indices[[0, 2], 0].tolist() == [3, 5]


def test_usual_vectors_are_normalised_as_ever(word_table: NDArray[np.float32]):
    expected = word_table / np.linalg.norm(word_table, axis=1, keepdims=True)
    np.testing.assert_allclose(normalize(word_table), expected, rtol=0, atol=1e-7)


def test_neighbours_that_would_not_fit_are_refused():
    check_memory(2**20, 2**7)
    with pytest.raises(LexiscopeError) as refused:
        check_memory(30_522, 20_000, 24)
    assert "k 20,000" in str(refused.value)
    assert "13.6 GiB" in str(refused.value)
    assert "at most 1,465" in str(refused.value)
    check_memory(30_522, 1465, 24)
    with pytest.raises(LexiscopeError, match="at most 1,465"):
        check_memory(30_522, 1466, 24)
