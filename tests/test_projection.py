"""PCA, custom axes, UMAP and the measured quality; t-SNE has a file of its own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from lexiscope.errors import LexiscopeError
from lexiscope.neighbors import neighbor_graph
from lexiscope.projection import METHODS, projection_id, quality
from lexiscope.projection.axes import axes
from lexiscope.projection.pca import pca
from lexiscope.projection.procrustes import turned
from lexiscope.projection.ranks import count_above
from lexiscope.projection.umap import umap


def clusters(n: int, groups: int, dim: int = 20, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    label = np.arange(n) % groups
    return (rng.normal(size=(groups, dim)) * 8)[label].astype(np.float32) + rng.normal(
        size=(n, dim)
    ).astype(np.float32), label


def test_pca_by_hand():
    # Variance 8 along (1, 1), 2 along (1, -1), over four points with mean (1, 0).
    vectors = np.array([[3, 2], [-1, -2], [2, -1], [0, 1]], dtype=np.float32)
    made = pca(vectors)
    assert made.details["explained_variance"] == pytest.approx([0.8, 0.2])
    expected = np.array([[8**0.5, 0], [-(8**0.5), 0], [0, 2**0.5], [0, -(2**0.5)]])
    np.testing.assert_allclose(np.abs(made.coordinates), np.abs(expected), atol=1e-6)
    assert (made.seed, made.id) == (None, "pca-2d")


@pytest.mark.parametrize(("n", "dim"), [(300, 12), (8, 40), (40, 40)])
def test_pca_equals_scikit_learn(n: int, dim: int):
    vectors = np.random.default_rng(1).normal(size=(n, dim)).astype(np.float32) + 5
    model = PCA(4, svd_solver="full").fit(vectors)
    made = pca(vectors, dims=3, components=(2, 4, 1))
    expected = model.transform(vectors)[:, [1, 3, 0]]
    np.testing.assert_allclose(np.abs(made.coordinates), np.abs(expected), atol=2e-4)
    np.testing.assert_allclose(
        made.details["explained_variance"][:4], model.explained_variance_ratio_, atol=1e-5
    )
    assert made.parameters == {"components": [2, 4, 1]}
    assert made.id.startswith("pca-3d-")


def test_pca_of_degenerate_spaces():
    one = pca(np.ones((1, 5), dtype=np.float32))
    assert one.coordinates.tolist() == [[0, 0]]
    two = pca(np.array([[0, 0, 0], [0, 3, 4]], dtype=np.float32), dims=3)
    np.testing.assert_allclose(np.abs(two.coordinates), [[2.5, 0, 0]] * 2, atol=1e-6)
    # Beyond the rank there is nothing, not the rounding's own direction.
    pair = np.random.default_rng(3).normal(size=(2, 384)).astype(np.float32)
    apart = pca(pair, dims=3)
    assert not apart.coordinates[:, 1:].any()
    assert apart.details["explained_variance"] == [1.0, 0.0]
    flat = np.outer(np.arange(9), np.ones(4)).astype(np.float32)
    assert not pca(flat, dims=3).coordinates[:, 1:].any()
    same = pca(np.full((6, 4), 0.1, dtype=np.float32))
    assert np.isfinite(same.coordinates).all()


@pytest.mark.parametrize(
    ("components", "says"),
    [
        ((), "0 for 2 dimensions"),
        ((1,), "1 for 2 dimensions"),
        ((1, 2, 3), "3 for 2 dimensions"),
        ((1, 1), "different whole numbers from 1 to 4"),
        ((0, 2), "from 1 to 4"),
        ((1, 9), "from 1 to 4"),
        ((True, 2), "from 1 to 4"),
        ((1, "x"), "from 1 to 4"),
    ],
)
def test_pca_refuses_components_that_are_not_there(components: tuple[int, ...], says: str):
    with pytest.raises(LexiscopeError, match=says):
        pca(np.eye(4, dtype=np.float32), components=components)


def test_axes_by_hand():
    vectors = np.array([[0, 0, 7], [4, 0, 7], [1, 3, 7]], dtype=np.float32)
    made = axes(vectors, [(np.array([0]), np.array([1])), (np.array([0, 1]), np.array([2]))])
    # First axis: x - 2. Second: from (2, 0) to (1, 3), a unit of (-1, 3)/sqrt(10), midpoint
    # (1.5, 1.5).
    np.testing.assert_allclose(made.coordinates[:, 0], [-2, 2, -1], atol=1e-6)
    root = 10**0.5
    np.testing.assert_allclose(made.coordinates[:, 1], [-3 / root, -7 / root, 5 / root], atol=1e-5)


def test_axes_refuse_empty_and_equal_groups():
    points = np.eye(3, dtype=np.float32)
    none, zero, one = np.array([], dtype=int), np.array([0]), np.array([1])
    with pytest.raises(LexiscopeError, match="no points"):
        axes(points, [(none, one), (zero, one)])
    with pytest.raises(LexiscopeError, match="same mean"):
        axes(points, [(zero, zero), (zero, one)])
    with pytest.raises(LexiscopeError, match="two or three"):
        axes(points, [(zero, one)])


@pytest.mark.parametrize("n", [60, 900])
def test_umap_keeps_planted_clusters_and_repeats(n: int):
    vectors, label = clusters(n, 4)
    graph = neighbor_graph(vectors, 15)
    shares: list[float] = []
    first = umap(vectors, graph, progress=shares.append)
    again = umap(vectors, graph)
    assert (first.coordinates == again.coordinates).all()
    distance = np.linalg.norm(first.coordinates[:, None] - first.coordinates[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert (label[distance.argmin(axis=1)] == label).mean() > 0.98
    assert shares[-1] == 1
    assert umap(vectors, graph, seed=1).coordinates.tolist() != first.coordinates.tolist()
    assert umap(vectors, graph, dims=3).coordinates.shape == (n, 3)


def test_umap_tells_every_epoch_and_can_be_stopped():
    vectors, _ = clusters(200, 4)
    graph = neighbor_graph(vectors, 15)
    shares: list[float] = []
    umap(vectors, graph, progress=shares.append)
    assert shares == pytest.approx(np.arange(1, 501) / 500)

    def stop(share: float) -> None:
        if share > 0.1:
            raise InterruptedError("enough")

    with pytest.raises(InterruptedError, match="enough"):
        umap(vectors, graph, progress=stop)


def test_umap_stays_near_a_given_start(word_table: np.ndarray):
    vectors = word_table[5000:5400]
    graph = neighbor_graph(vectors, 15)
    first = umap(vectors, graph).coordinates
    spread = np.sqrt(((first - first.mean(axis=0)) ** 2).sum(axis=1).mean())

    def moved(start: np.ndarray | None) -> float:
        """How far points move on average, in spreads; a UMAP's details are its seed's."""
        again = [
            turned(umap(vectors, graph, start=start, seed=n).coordinates, first) for n in (1, 2, 3)
        ]
        return float(
            np.mean([np.linalg.norm(each - first, axis=1).mean() for each in again]) / spread
        )

    # .13 and .42 here, .12 to .15 for each of three seeds and stretches of the table.
    assert moved(first) < 0.25
    assert moved(first) < 0.7 * moved(None)
    with pytest.raises(LexiscopeError, match="start: give finite coordinates"):
        umap(vectors, graph, start=first[:5])


def test_umap_takes_few_and_equal_points_and_refuses_fewer():
    few = np.eye(5, dtype=np.float32)
    assert np.isfinite(umap(few, neighbor_graph(few, 15)).coordinates).all()
    same = np.ones((30, 4), dtype=np.float32)
    assert np.isfinite(umap(same, neighbor_graph(same, 15)).coordinates).all()
    with pytest.raises(LexiscopeError, match="at least 4"):
        umap(few[:3], neighbor_graph(few[:3], 2))
    with pytest.raises(LexiscopeError, match="min_dist"):
        umap(few, neighbor_graph(few, 2), min_dist=2)
    for neighbors in (-1, 1, 6, 10**15):
        with pytest.raises(LexiscopeError, match="whole number from 2 to 5"):
            umap(few, neighbor_graph(few, 2), neighbors=neighbors)


def test_count_above_by_hand():
    values = np.array([[1, 5, 3, 3], [0, 0, 9, 2]], dtype=np.float32)
    bounds = np.array([[3, 0], [9, 1]], dtype=np.float32)
    assert count_above(values, bounds).tolist() == [[1, 4], [0, 2]]


def test_quality_by_hand():
    # Six points on a circle, in order; the picture swaps two of them.
    angle = np.radians([0, 20, 50, 90, 180, 280])
    vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    graph = neighbor_graph(vectors, 1)
    assert graph.indices[:, 0].tolist() == [1, 0, 1, 2, 3, 0]
    picture = np.array([[0, 0], [5, 0], [1, 0], [9, 0], [18, 0], [30, 0]], dtype=np.float32)
    measured = quality(vectors, graph, [picture], k=1)[0]
    assert measured is not None
    # Nearest in the picture: 0-2, 1-2 (4 away, as is 3: the tree may take either), 2-0, 3-1.
    assert measured.kept_per_point[[0, 2, 4]].tolist() == [0, 0, 1]
    # Point 0's stranger 2 is its 2nd nearest: one place too many, of 2 (2n - 3k - 1) / 2 = 8 / 2.
    assert measured.trustworthiness_per_point[0] == pytest.approx(1 - 1 / 4)
    assert measured.trustworthiness_per_point[4] == 1


@pytest.mark.parametrize("seed", [0, 1])
def test_quality_agrees_with_scikit_learn(word_table: NDArray[np.float32], seed: int):
    part = word_table[3000:3800]
    graph = neighbor_graph(part, 15)
    layouts = [
        pca(part).coordinates,
        np.random.default_rng(seed).normal(size=(800, 3)).astype(np.float32),
    ]
    for layout, measured in zip(layouts, quality(part, graph, layouts), strict=True):
        assert measured is not None
        expected = trustworthiness(part, layout, n_neighbors=15, metric="cosine")
        assert measured.trustworthiness == pytest.approx(expected, abs=1e-6)
        assert measured.trustworthiness_per_point.mean() == pytest.approx(expected, abs=1e-5)
        assert measured.kept == pytest.approx(measured.kept_per_point.mean(), abs=1e-6)


def test_a_faithful_picture_keeps_everything():
    angle = np.sort(np.random.default_rng(0).uniform(0, np.pi, 100))
    vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    measured = quality(vectors, neighbor_graph(vectors, 15), [vectors])[0]
    assert measured is not None
    assert measured.kept > 0.99
    assert measured.trustworthiness > 0.999


def test_quality_of_too_few_points_is_none():
    points = np.eye(2, dtype=np.float32)
    assert quality(points, neighbor_graph(points, 1), [points, points]) == [None, None]


def test_ids_tell_projections_apart():
    assert projection_id("tsne", 2, {}) == projection_id("tsne", 2, {}, 0) == "tsne-2d"
    several = {
        projection_id("tsne", 2, {}),
        projection_id("tsne", 3, {}),
        projection_id("tsne", 2, {}, 1),
        projection_id("tsne", 2, {"perplexity": 30}),
        projection_id("umap", 2, {}),
    }
    assert len(several) == 5


def test_the_methods_are_the_command_lines():
    from lexiscope.cli import METHODS as OFFERED

    assert tuple(METHODS) == OFFERED
