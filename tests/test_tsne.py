"""t-SNE: the gradient against the exact sums, the picture against planted clusters."""

from __future__ import annotations

import os

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from lexiscope.errors import LexiscopeError
from lexiscope.neighbors import NeighborGraph, neighbor_graph
from lexiscope.projection import Projection, tsne
from lexiscope.projection.procrustes import turned
from lexiscope.projection.repulsion import MOST, SPACING, Forces, _spacing, descend
from lexiscope.projection.tsne import MANY, _supervised, neighbors_needed

Doubles = NDArray[np.float64]


def exact(layout: Doubles, affinities: Doubles) -> tuple[Doubles, Doubles]:
    """Attraction and repulsion, all pairs."""
    apart = layout[:, None] - layout[None]
    kernel = 1 / (1 + (apart**2).sum(axis=2))
    np.fill_diagonal(kernel, 0)
    attraction = ((affinities * kernel)[:, :, None] * apart).sum(axis=1)
    return attraction, (kernel[:, :, None] ** 2 * apart).sum(axis=1) / kernel.sum()


def some_affinities(n: int, seed: int = 0) -> Doubles:
    drawn = np.random.default_rng(seed).random((n, n)) * (
        np.random.default_rng(seed + 1).random((n, n)) < 20 / n
    )
    both = drawn + drawn.T
    np.fill_diagonal(both, 0)
    return both / both.sum()


def off(found: Doubles, true: Doubles) -> float:
    """Relative error, root mean square."""
    return float(np.sqrt(((found - true) ** 2).sum() / (true**2).sum()))


def planted(n: int, clusters: int, dim: int, seed: int = 0) -> tuple[NDArray[np.float32], Doubles]:
    rng = np.random.default_rng(seed)
    label = rng.integers(clusters, size=n)
    centers = rng.standard_normal((clusters, dim)) * 3
    return (centers[label] + rng.standard_normal((n, dim))).astype(np.float32), label


def lay_out(vectors: NDArray[np.float32], **options: object) -> Projection:
    return tsne(vectors, neighbor_graph(vectors, 15), **options)  # type: ignore[arg-type]


def agreement(layout: NDArray[np.float32], label: Doubles) -> float:
    """Share of points whose nearest in the picture has the same label."""
    from scipy.spatial import cKDTree

    near = cKDTree(layout).query(layout, 2)[1][:, 1]
    return float((label[near] == label).mean())


@pytest.mark.parametrize(
    ("width", "bound"),
    [(1e-3, 1e-4), (0.1, 1e-4), (3.0, 1e-4), (15.0, 1e-4), (30.0, 0.01), (100.0, 0.02)],
)
def test_forces_are_the_exact_sums(width: float, bound: float) -> None:
    n = 1000
    layout = np.random.default_rng(3).random((n, 2)) * (width, width / 2)
    affinities = some_affinities(n)
    attraction, repulsion = exact(layout, affinities)
    with Forces(sparse.csr_matrix(affinities)) as forces:
        found = forces(layout)
    assert off(found[0], attraction) < 1e-12
    assert off(found[1], repulsion) < bound


def test_forces_of_clumps_and_strays() -> None:
    rng = np.random.default_rng(5)
    clumps = rng.random((12, 2)) * 80
    layout = clumps[rng.integers(12, size=1500)] + rng.standard_normal((1500, 2))
    layout[:3] += [[90, 0], [-90, 20], [0, 120]]
    affinities = some_affinities(1500)
    with Forces(sparse.csr_matrix(affinities)) as forces:
        assert off(forces(layout)[1], exact(layout, affinities)[1]) < 0.02


def test_forces_do_not_depend_on_what_was_asked_before() -> None:
    rng = np.random.default_rng(6)
    layouts = [rng.standard_normal((400, 2)) * width for width in (1e-4, 20, 0.5, 20)]
    affinities = sparse.csr_matrix(some_affinities(400))
    with Forces(affinities) as used:
        for layout in layouts:
            with Forces(affinities) as fresh:
                expected = fresh(layout)
                found = used(layout)
                assert np.array_equal(found[0], expected[0])
                assert np.array_equal(found[1], expected[1])


@pytest.mark.parametrize("width", [0.0, 1e-12, 1e-4, 1.0, 19.99, 20.0, 500.0, 1e5])
def test_a_grid_has_enough_nodes_and_not_too_many(width: float) -> None:
    spacing = _spacing(width)
    assert spacing == SPACING * 2.0 ** round(np.log2(spacing / SPACING))
    assert width / spacing <= MOST
    if width > 1e-6:
        assert width / spacing >= 50 or spacing == SPACING


def test_descending_with_exact_forces_and_with_the_grid_agree(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    affinities = some_affinities(250)
    start = np.random.default_rng(8).standard_normal((250, 2)) * 1e-4
    phases = ((20, 12.0), (5, 1.0))
    found = descend(sparse.csr_matrix(affinities), start, phases)
    monkeypatch.setattr(Forces, "__call__", lambda _, layout: exact(layout, affinities))
    assert off(found, descend(sparse.csr_matrix(affinities), start, phases)) < 1e-3


def test_descending_is_opentsne_s_way() -> None:
    from openTSNE.tsne import gradient_descent, kl_divergence_fft

    affinities = sparse.csr_matrix(some_affinities(400))
    start = np.random.default_rng(8).standard_normal((400, 2)) * 1e-4
    start -= start.mean(axis=0)
    found = descend(affinities, start, ((20, 12.0),))
    expected = gradient_descent()(
        start.copy(), affinities, 20, kl_divergence_fft, learning_rate=400 / 12, exaggeration=12
    )[1]  # fmt: skip
    assert off(found, expected) < 1e-4


def test_the_same_input_gives_the_same_picture_with_any_number_of_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors, _ = planted(1500, 10, 20)
    pictures = []
    for cores in (1, 2, 2, 5):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        pictures.append(lay_out(vectors).coordinates)
    for picture in pictures[1:]:
        assert np.array_equal(picture, pictures[0])


def test_clusters_stay_together() -> None:
    vectors, label = planted(4000, 20, 50)
    shares: list[float] = []
    made = lay_out(vectors, progress=shares.append)
    assert made.method == "tsne"
    assert made.parameters == {}
    assert made.coordinates.dtype == np.float32
    assert made.coordinates.shape == (4000, 2)
    assert agreement(made.coordinates, label) > 0.98
    assert shares == sorted(shares)
    assert shares[0] > 0
    assert shares[-1] == 1


@pytest.mark.parametrize(("n", "dims"), [(200, 2), (MANY + 1, 2), (400, 3)])
def test_few_points_and_three_dimensions(n: int, dims: int) -> None:
    vectors, label = planted(n, 5, 20)
    shares: list[float] = []
    made = lay_out(vectors, dims=dims, progress=shares.append)
    assert made.coordinates.shape == (n, dims)
    assert agreement(made.coordinates, label) > 0.95
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert np.array_equal(made.coordinates, lay_out(vectors, dims=dims).coordinates)


@pytest.mark.parametrize("perplexity", [1.0, 30.0])
def test_perplexity(perplexity: float) -> None:
    vectors, label = planted(600, 6, 20)
    graph = neighbor_graph(vectors, neighbors_needed(perplexity=perplexity))
    made = tsne(vectors, graph, perplexity=perplexity, seed=4)
    assert made.parameters == {"perplexity": perplexity}
    assert made.seed == 4
    assert made.details == {"neighbors": 3 * perplexity, "affinities": "gauss"}
    assert agreement(made.coordinates, label) > 0.9


@pytest.mark.parametrize("n", [4, MANY + 50])
def test_points_in_the_same_place(n: int) -> None:
    vectors = np.ones((n, 8), dtype=np.float32)
    made = lay_out(vectors)
    assert made.coordinates.shape == (n, 2)
    assert np.isfinite(made.coordinates).all()


def test_too_few_points() -> None:
    vectors = np.eye(3, dtype=np.float32)
    nearest = np.array([[1, 2], [0, 2], [0, 1]], dtype=np.int32)
    graph = NeighborGraph(nearest, np.zeros((3, 2), dtype=np.float32), "exact", 1.0)
    with pytest.raises(LexiscopeError, match="at least 4 points, this space has 3"):
        tsne(vectors, graph)


@pytest.mark.parametrize("perplexity", [0.5, 7.0, float("nan")])
def test_a_perplexity_that_the_points_cannot_carry(perplexity: float) -> None:
    vectors, _ = planted(20, 2, 5)
    with pytest.raises(LexiscopeError, match="with 20 points give a number from 1 to 6"):
        tsne(vectors, neighbor_graph(vectors, 15), perplexity=perplexity)


@pytest.mark.parametrize(("n", "dims"), [(500, 2), (80, 2), (200, 3)])
def test_a_layout_is_watched_changed_and_stopped(n: int, dims: int) -> None:
    vectors, _ = planted(n, 4, 10)
    plain = lay_out(vectors, dims=dims).coordinates
    seen: list[Doubles] = []
    watched = lay_out(vectors, dims=dims, watch=lambda layout: seen.append(layout.copy()))
    assert np.array_equal(watched.coordinates, plain)  # looking changes nothing
    assert len(seen) == 37
    assert {each.shape for each in seen} == {(n, dims)}
    assert {each.dtype for each in seen} == {np.dtype(np.float64)}
    assert np.abs(seen[-1]).max() > np.abs(seen[0]).max()

    def shake(layout: Doubles) -> None:
        layout += np.random.default_rng(0).normal(size=layout.shape)

    assert not np.array_equal(lay_out(vectors, dims=dims, watch=shake).coordinates, plain)

    def stop(_: object) -> None:
        raise InterruptedError("enough")

    for hook in ("progress", "watch"):
        with pytest.raises(InterruptedError, match="enough"):
            lay_out(vectors, dims=dims, **{hook: stop})


def test_ties_are_loosened_by_hand() -> None:
    ties = sparse.csr_matrix(np.array([[0, 1, 1], [1, 0, 2], [1, 2, 0]]) / 8)
    found = _supervised(ties, np.array([0, 1, -1]), 0.5)
    # Only points 0 and 1 have labels, and they differ: of 8 eighths 7 are left.
    assert (found.toarray() * 7).tolist() == [[0, 0.5, 1], [0.5, 0, 2], [1, 2, 0]]
    assert (ties.toarray() * 8).tolist() == [[0, 1, 1], [1, 0, 2], [1, 2, 0]]
    with pytest.raises(LexiscopeError, match="leaves no ties"):
        _supervised(ties, np.array([0, 1, 2]), 1.0)


def test_supervision_parts_what_the_vectors_do_not() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((600, 10)).astype(np.float32)
    label = rng.integers(2, size=600)
    assert agreement(lay_out(vectors).coordinates, label) < 0.6
    made = lay_out(vectors, labels=label, supervision=0.9)
    assert agreement(made.coordinates, label) > 0.85
    assert made.parameters == {"supervision": 0.9}
    unknown = lay_out(vectors, labels=np.full(600, -1))
    np.testing.assert_allclose(unknown.coordinates, lay_out(vectors).coordinates, atol=1e-3)


def test_a_learning_rate() -> None:
    vectors, label = planted(500, 5, 20)
    slow = lay_out(vectors, learning_rate=0.001)
    assert slow.parameters == {"learning_rate": 0.001}
    assert np.abs(slow.coordinates).max() < 1 < np.abs(lay_out(vectors).coordinates).max()
    assert agreement(lay_out(vectors, learning_rate=100.0).coordinates, label) > 0.95


@pytest.mark.parametrize(("n", "dims"), [(500, 2), (100, 3)])
def test_from_its_own_layout_it_hardly_moves(n: int, dims: int) -> None:
    vectors, _ = planted(n, 5, 20)
    first = lay_out(vectors, dims=dims).coordinates
    again = turned(lay_out(vectors, dims=dims, start=first).coordinates, first)
    spread = np.sqrt(((first - first.mean(axis=0)) ** 2).sum(axis=1).mean())
    # Within a group points change places; the groups stay.
    assert np.linalg.norm(again - first, axis=1).mean() < 0.35 * spread


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate 0: give a number above 0"),
        ({"learning_rate": float("nan")}, "above 0"),
        ({"supervision": 1.5}, "supervision 1.5: give a number from 0 to 1"),
        ({"start": np.zeros((3, 2))}, r"shape \(20, 2\), not \(3, 2\)"),
        ({"start": np.full((20, 2), np.nan)}, "finite"),
    ],
)
def test_parameters_out_of_range(options: dict[str, object], message: str) -> None:
    with pytest.raises(LexiscopeError, match=message):
        lay_out(planted(20, 2, 5)[0], **options)
