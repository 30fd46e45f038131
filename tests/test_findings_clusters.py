"""Clusters: planted ones, none in noise, equal and few points, names, and the real table."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from sklearn.cluster import HDBSCAN

from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.findings.clusters import clusters
from lexiscope.measure.clusters import (
    LOOKED_AT,
    STABLE,
    Clusters,
    _links,
    chance_clusters,
    mean_interval,
)
from lexiscope.measure.clusters import clusters as measure
from lexiscope.neighbors import neighbor_graph, normalize
from lexiscope.space import Space


def gaussian(n: int, dim: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def found_in(vectors: np.ndarray, **options: int) -> Clusters:
    graph = neighbor_graph(vectors, 15)
    return measure(vectors, graph.indices, graph.similarities, **options)


def planted(sizes: list[int], noise: int = 0, dim: int = 40) -> tuple[np.ndarray, np.ndarray]:
    label = np.repeat(np.arange(len(sizes)), sizes)
    centers = 6 * gaussian(len(sizes), dim, seed=9)
    vectors = centers[label] + gaussian(len(label), dim)
    return (
        np.concatenate([vectors, 6 * gaussian(noise, dim, seed=5)]).astype(np.float32),
        np.concatenate([label, np.full(noise, -1)]),
    )


def space_of(vectors: np.ndarray) -> Space:
    points = pa.table({"label": [f"p{i}" for i in range(len(vectors))]})
    return Space("word", points, {None: vectors})


def test_planted_clusters_are_found():
    vectors, label = planted([200, 60, 30, 12], noise=300)
    order = np.random.default_rng(1).permutation(len(vectors))
    found = found_in(vectors[order])
    # Some of the noise is taken in, and may count as one more: HDBSCAN's sparser side.
    assert 4 <= len(found.members) <= 5
    for number, (members, stability) in enumerate(
        zip(found.members[:4], found.stability, strict=False)
    ):
        of = label[order][members]
        assert (of == number).sum() == (label == number).sum()
        assert set(of) <= {number, -1}
        assert (of == -1).sum() <= 10
        assert stability > 0.7
    sizes = [len(members) for members in found.members]
    assert sizes == sorted(sizes, reverse=True)
    assert all((np.diff(members) > 0).all() for members in found.members)


def test_planted_clusters_alone_are_found_whole():
    vectors, label = planted([200, 60, 30, 12])
    found = found_in(vectors)
    assert [label[members].tolist() for members in found.members] == [
        [number] * size for number, size in enumerate([200, 60, 30, 12])
    ]


def test_clusters_are_those_of_hdbscan_over_all_pairs():
    vectors, _ = planted([80, 40, 20], noise=60)
    unit = normalize(vectors).astype(np.float64)
    # Its neighbours count the point itself.
    expected = HDBSCAN(min_cluster_size=8, min_samples=3, copy=True).fit(unit).labels_
    found = found_in(vectors)
    theirs = [set(np.flatnonzero(expected == each)) for each in range(expected.max() + 1)]
    # Of distances that are equal it takes one after the other, in an order of the processor's; the
    # three that were planted are the largest.
    for members in found.members[:3]:
        same = max(theirs, key=lambda each: len(each & set(members)))
        assert len(same & set(members)) > 0.9 * len(same | set(members))


def test_parts_of_the_graph_are_as_far_apart_as_their_nearest_points():
    # Of four equally distant clusters two touch in the graph, by one pair; all are clusters.
    label = np.arange(400) % 4
    noise = np.random.default_rng(0).normal(size=(400, 32))
    vectors = (6 * np.eye(32)[label] + noise).astype(np.float32)
    indices = neighbor_graph(vectors, 15).indices
    assert np.unique(np.sort(label[indices] * 4 + label[:, None])).size > 4
    found = found_in(vectors)
    assert len(found.members) == 4
    for members in found.members:
        assert len(members) >= 99
        assert len(set(label[members])) == 1


@pytest.mark.parametrize("most", [LOOKED_AT, 3])
def test_links_of_parts(monkeypatch: pytest.MonkeyPatch, most: int):
    monkeypatch.setattr("lexiscope.measure.clusters.LOOKED_AT", most)
    monkeypatch.setattr("lexiscope.measure.clusters.HELD", 100)
    unit = normalize(gaussian(60, 5))
    part = np.random.default_rng(2).permutation(np.repeat([2, 0, 1, 3], [30, 15, 10, 5]))
    core = np.random.default_rng(3).uniform(0.1, 1.2, size=60)
    one, other, reach = _links(unit, core, part)
    far = np.linalg.norm(unit[:, None] - unit[None], axis=2)
    far = np.maximum(far, np.maximum(core[:, None], core))
    far[part[:, None] == part] = np.inf
    assert part[one].tolist() == [0, 1, 3]  # the largest part is joined by the others
    assert (part[one] != part[other]).all()
    np.testing.assert_allclose(reach, far[one, other], atol=1e-5)
    least = [far[part == each].min() for each in (0, 1, 3)]
    if most == LOOKED_AT:
        np.testing.assert_allclose(reach, least, atol=1e-5)
    else:  # one point of each is looked from
        assert (one == [np.flatnonzero(part == each)[0] for each in (0, 1, 3)]).all()
        np.testing.assert_allclose(reach, far[one].min(axis=1), atol=1e-5)


@pytest.mark.parametrize(("n", "dim"), [(300, 20), (1000, 50), (3000, 384)])
def test_no_clusters_in_noise(n: int, dim: int):
    for seed in range(3):
        assert len(found_in(gaussian(n, dim, seed)).members) <= 1


def test_stability_is_that_of_the_resamples():
    apart, _ = planted([60, 60, 60])
    found = found_in(apart)
    for each in (found.stability, found.low, found.high):
        np.testing.assert_array_equal(each, [1, 1, 1])
    assert (found.resamples, found.unsure.any()) == (20, False)
    vectors, _ = planted([60, 30], noise=40)
    many = found_in(vectors, resamples=40)
    assert (many.high >= STABLE).all()
    assert ((many.low <= many.stability) & (many.stability <= many.high)).all()
    assert (many.unsure == (many.low < STABLE)).all()
    again = found_in(vectors, resamples=40)
    assert (again.stability == many.stability).all()
    assert (found_in(vectors, resamples=40, seed=1).stability != many.stability).any()


def test_mean_interval_by_hand():
    mean, low, high = mean_interval(np.array([[0.2, 1.0], [0.4, 1.0], [0.6, 1.0], [0.8, 1.0]]))
    # The standard error is sqrt(0.2 / 3) / 2, Student's t for 3 degrees of freedom 3.1824.
    np.testing.assert_allclose(mean, [0.5, 1])
    np.testing.assert_allclose(low, [0.5 - 3.1824 * 0.1291, 1], atol=1e-4)
    np.testing.assert_allclose(high, [0.5 + 3.1824 * 0.1291, 1], atol=1e-4)


@pytest.mark.slow
def test_intervals_hold_the_mean_over_many_draws(word_table: np.ndarray):
    part = word_table[2000:5000]
    graph = neighbor_graph(part, 15)

    def drawn(draws: int, seed: int) -> Clusters:
        return measure(part, graph.indices, graph.similarities, resamples=draws, seed=seed)

    # All that are found: none is left out where the least is 0.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lexiscope.measure.clusters.STABLE", 0.0)
        patch.setattr("lexiscope.measure.clusters._undecided", lambda _: True)
        truth = drawn(2000, 10**6).stability
        some = [drawn(40, seed) for seed in range(40)]
    assert len(truth) > 20
    held = np.mean([(each.low <= truth) & (truth <= each.high) for each in some])
    # 40 times some 30 clusters, which are not independent.
    assert 0.92 < held < 0.98


def test_copies_and_equal_points():
    assert found_in(np.ones((100, 4), dtype=np.float32)).members == ()
    assert found_in(np.zeros((50, 4), dtype=np.float32)).members == ()
    # Parts that know nothing of each other, all of them copies.
    found = found_in(np.repeat(np.eye(3, dtype=np.float32), [40, 30, 20], axis=0))
    assert [len(each) for each in found.members] == [40, 30, 20]
    np.testing.assert_array_equal(found.members[0], np.arange(40))


@pytest.mark.parametrize("n", [0, 1, 2, 15])
def test_few_points_are_refused(n: int):
    nothing = np.zeros((n, 0), dtype=np.float32)
    with pytest.raises(TooFewError, match="16 are needed"):
        measure(gaussian(n, 4), nothing.astype(np.int32), nothing)
    [finding] = clusters(space_of(gaussian(n, 4)))
    assert finding.refused
    assert finding.figures == {"n": n, "refused": True}
    assert finding.statement.startswith(f"{n} point")


def test_finding_of_planted_clusters():
    vectors, label = planted([70, 30])
    done: list[float] = []
    [finding] = clusters(space_of(vectors), progress=done.append)
    figures = finding.as_json()["figures"]
    assert done == sorted(done)
    assert 0 < done[0] <= 0.5 < done[-1] <= 1
    # After one batch it is certain that both come again.
    assert (figures["n"], figures["found"], figures["resamples"]) == (100, 2, 20)
    assert (figures["unsure"], figures["unsure_clustered"]) == (0, 0)
    assert figures["clustered"] + figures["unclustered"] == 100
    assert figures["found"] + figures["unsure"] == len(figures["clusters"])
    assert figures["clustered"] == sum(each["size"] for each in figures["clusters"])
    assert figures["share"] == figures["clustered"] / 100
    assert finding.points == tuple(
        sorted(p for each in figures["clusters"] for p in each["points"])
    )
    assert "they overlap with what they were by" in finding.statement
    assert "unsure" not in finding.statement
    assert "dealt out anew, there would be" in finding.statement
    for number, each in enumerate(figures["clusters"]):
        assert each["size"] == len(each["points"])
        assert 0.6 < each["low"] <= each["stability"] <= each["high"] <= 1
        assert each["unsure"] is False
        assert each["center"] in each["points"]
        assert label[each["center"]] == number
        cosines = normalize(vectors[each["points"]]) @ normalize(vectors[each["points"]]).T
        assert each["center"] == each["points"][int(cosines.mean(axis=1).argmax())]
        assert set(each["name"].split(", ")) <= {f"p{point}" for point in each["points"]}
        assert each["name"] in finding.statement
    assert finding.statement.startswith(f"{figures['clustered']} of 100 points lie in 2 dense")
    json.dumps(finding.as_json(), allow_nan=False)
    assert clusters(space_of(vectors))[0].as_json() == finding.as_json()


def test_few_dimensions_have_as_many_clusters_shuffled():
    vectors = gaussian(1000, 2)
    [finding] = clusters(space_of(vectors))
    figures = finding.figures
    assert figures["found"] > 20
    assert figures["chance_found"] == pytest.approx(figures["found"], rel=0.4)
    assert figures["chance_clustered"] == pytest.approx(figures["clustered"], rel=0.4)
    told = f"there would be {figures['chance_found']} with {figures['chance_clustered']} points"
    assert told in finding.statement


def test_chance_keeps_every_dimensions_numbers():
    # Only what two dimensions have to do with each other makes these groups.
    signs = np.repeat(np.sign(gaussian(6, 60)), 50, axis=0)
    vectors = (signs + 0.05 * gaussian(300, 60)).astype(np.float32)
    before = vectors.copy()
    assert len(found_in(vectors).members) == 6
    assert len(chance_clusters(vectors).members) == 0
    [finding] = clusters(space_of(vectors))
    assert (finding.figures["chance_found"], finding.figures["chance_clustered"]) == (0, 0)
    assert finding.statement.endswith("dealt out anew, there would be 0.")
    np.testing.assert_array_equal(vectors, before)


def test_chance_is_not_asked_of_too_many(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lexiscope.findings.clusters.SHUFFLED", 99)
    [finding] = clusters(space_of(planted([70, 30])[0]))
    assert finding.figures["chance_found"] is None
    assert finding.figures["chance_clustered"] is None
    assert "of more than 99 points it was not asked" in finding.statement


def test_finding_of_none():
    [finding] = clusters(space_of(gaussian(200, 50)))
    assert not finding.refused
    assert finding.figures["clusters"] == []
    assert finding.figures["unclustered"] == 200
    assert finding.statement.startswith("No dense clusters among 200 points")
    [finding] = clusters(space_of(np.ones((30, 3), dtype=np.float32)))
    assert "none is denser" in finding.statement


def test_last_layer_and_wrong_vectors():
    vectors, _ = planted([50, 20])
    points = pa.table({"label": ["x"] * 70})
    [finding] = clusters(Space("context", points, {0: gaussian(70, 40), 3: vectors}))
    assert finding.layer == 3
    assert finding.figures["found"] == 2
    assert "at layer 3" in finding.statement
    assert [each["name"] for each in finding.figures["clusters"]] == ["x", "x (2)"]
    vectors[3, 3] = np.inf
    with pytest.raises(LexiscopeError, match="infinity"):
        clusters(space_of(vectors))


def test_real_word_table(word_space: Space):
    rows = np.arange(15000)  # the more frequent half
    space = Space("word", word_space.points.take(rows), {None: word_space.vectors[rows]})
    [finding] = clusters(space)
    figures = finding.figures
    assert 80 < figures["found"] < 250
    assert 0.15 < figures["share"] < 0.4
    assert figures["clusters"][0]["name"].startswith("unused tokens, ")
    assert figures["clusters"][0]["size"] > 1000
    assert figures["chance_found"] <= 1
    assert figures["chance_clustered"] < 0.1 * figures["clustered"]
    sizes = [each["size"] for each in figures["clusters"]]
    assert sizes == sorted(sizes, reverse=True)
    names = [each["name"] for each in figures["clusters"]]
    assert len(set(names)) == len(names)
    # Words that people would put together are together, in clusters that are far from unsure: their
    # stability is .9, .8 and nearly 1, known to within .04.
    labels = np.array(space.points["label"].to_pylist(), dtype=object)
    cluster = np.full(len(space), -1)
    for number, each in enumerate(figures["clusters"]):
        assert (cluster[list(each["points"])] == -1).all()
        cluster[list(each["points"])] = number
    for words in (
        ["october", "january", "february"],
        ["uganda", "tanzania", "kenya"],
        ["1840", "1912", "1946"],
    ):
        found = {int(cluster[np.flatnonzero(labels == word)[0]]) for word in words}
        [number] = found
        assert number >= 0
        assert figures["clusters"][number]["low"] > 0.65


def test_shuffled_columns_of_the_real_table_have_none(word_space: Space):
    rng = np.random.default_rng(0)
    vectors = word_space.vectors[::6]
    mixed = np.stack([rng.permutation(column) for column in vectors.T], axis=1)
    assert len(found_in(mixed).members) <= 1
