"""Two spaces side by side: what is shared, what moved, and what cannot be said."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes
from sklearn.decomposition import PCA

from lexiscope import neighbors
from lexiscope.comparison import FLOOR, Comparison, compare, layers
from lexiscope.comparison.matching import match
from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.measure.similarity import (
    hsic,
    linear_cka,
    neighbor_overlap,
    procrustes_chance,
    procrustes_cosines,
    rotation,
)
from lexiscope.neighbors import neighbor_graph
from lexiscope.space import Space

Floats = NDArray[np.float32]


def turn(dim: int, seed: int = 0) -> Floats:
    """A random orthogonal matrix."""
    square = np.random.default_rng(seed).normal(size=(dim, dim))
    return np.linalg.qr(square)[0].astype(np.float32)


def normal(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def table(vectors: Floats, labels: list[str] | None = None) -> Space:
    names = labels or [f"w{number}" for number in range(len(vectors))]
    return Space("word", pa.table({"label": names}), {None: vectors})


def direct_hsic(x: Floats, y: Floats) -> tuple[float, float]:
    """The biased and the unbiased estimate from all pairs of points."""
    n = len(x)
    k, l = (each.astype(np.float64) @ each.astype(np.float64).T for each in (x, y))  # noqa: E741
    center = np.eye(n) - 1 / n
    biased = float(np.trace(k @ center @ l @ center))
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))  # noqa: E741
    unbiased = (
        np.trace(k @ l)
        + k.sum() * l.sum() / ((n - 1) * (n - 2))
        - 2 / (n - 2) * (k.sum(axis=0) @ l.sum(axis=0))
    )
    return biased, float(unbiased)


@pytest.fixture(scope="module")
def real(word_space: Space) -> Space:
    """3,000 points of the real word table: words, pieces, signs, unused rows."""
    some = np.sort(np.random.default_rng(0).choice(len(word_space), 3000, replace=False))
    points = word_space.points.take(pa.array(some))
    return Space("word", points, {None: word_space.vectors[some]})


# ---- measures ------------------------------------------------------------------------------------


def test_hsic_agrees_with_all_pairs():
    x, y = normal(60, 7) + 3, normal(60, 5, seed=1) @ normal(5, 5, seed=2)
    found, (biased, unbiased) = hsic(x, y), direct_hsic(x, y)
    assert found.value == pytest.approx(biased, rel=1e-9)
    assert found.unbiased == pytest.approx(unbiased, rel=1e-9)


def test_cka_agrees_with_all_pairs():
    x, y = normal(50, 8), normal(50, 6, seed=1)
    y[:, :3] += x[:, :3]
    xy, xx, yy = direct_hsic(x, y), direct_hsic(x, x), direct_hsic(y, y)
    found = linear_cka(x, y)
    assert found.value == pytest.approx(xy[0] / np.sqrt(xx[0] * yy[0]), rel=1e-9)
    assert found.debiased == pytest.approx(xy[1] / np.sqrt(xx[1] * yy[1]), rel=1e-9)


def test_cka_by_hand():
    # Centred, x is (-1, 0, 1) and y (-1, 2, -1) / 3: orthogonal.
    x = np.array([[0], [1], [2]], dtype=np.float32)
    y = np.array([[0], [1], [0]], dtype=np.float32)
    assert linear_cka(x, y).value == pytest.approx(0, abs=1e-12)
    assert linear_cka(x, 5 - 3 * x).value == pytest.approx(1)


def test_chance_of_cka_is_the_mean_over_shuffles():
    x, y = normal(40, 30), normal(40, 20, seed=1) ** 3
    rng = np.random.default_rng(0)
    shuffled = [linear_cka(x, y[rng.permutation(40)]).value for _ in range(300)]
    error = np.std(shuffled) / np.sqrt(300)
    assert linear_cka(x, y).chance == pytest.approx(np.mean(shuffled), abs=4 * error)


def test_debiased_cka_is_not_raised_by_many_dimensions():
    x, y = normal(100, 400), normal(100, 400, seed=1)
    found = linear_cka(x, y)
    assert found.value > 0.7  # unrelated
    assert found.value == pytest.approx(found.chance, abs=0.03)
    assert abs(found.debiased) < 0.05


def test_cka_of_real_vectors(real: Space):
    x = real.vectors
    same = linear_cka(x, x.copy())
    assert (same.value, same.debiased) == (1.0, 1.0)
    turned = linear_cka(x, 3 * (x @ turn(384)) + 1)
    assert turned.value == pytest.approx(1, abs=1e-6)
    assert turned.debiased == pytest.approx(1, abs=1e-6)
    assert linear_cka(x, np.random.default_rng(0).permutation(x)).debiased < 0.02


def test_cka_refuses_what_has_no_arrangement():
    with pytest.raises(TooFewError, match="3 are needed"):
        linear_cka(normal(2, 4), normal(2, 4))
    with pytest.raises(TooFewError, match="equal"):
        linear_cka(normal(9, 4), np.full((9, 4), 0.1, dtype=np.float32))
    with pytest.raises(LexiscopeError, match="not of the same points"):
        linear_cka(normal(9, 4), normal(8, 4))


def test_neighbor_overlap_by_hand():
    a = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], dtype=np.int32)
    b = np.array([[3, 2, 1], [9, 6, 8], [1, 2, 3]], dtype=np.int32)
    assert neighbor_overlap(a, b).tolist() == pytest.approx([1, 1 / 3, 0])
    with pytest.raises(LexiscopeError, match="cannot be compared"):
        neighbor_overlap(a, b[:, :2])


def test_rotation_agrees_with_scipy():
    x, y = normal(80, 6).astype(np.float64), normal(80, 6, seed=1).astype(np.float64)
    assert rotation(x.T @ y) == pytest.approx(orthogonal_procrustes(x, y)[0], abs=1e-9)


def test_cosines_agree_with_scipy_where_all_points_count():
    # Of seven points in six dimensions none can be spared.
    x, y = normal(7, 6), normal(7, 6, seed=1)
    unit_x, unit_y = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (x, y))
    expected = ((unit_x @ orthogonal_procrustes(unit_x, unit_y)[0]) * unit_y).sum(axis=1)
    assert procrustes_cosines(x, y) == pytest.approx(expected, abs=1e-6)


def test_a_rotated_copy_is_unmoved_and_a_few_moved_points_do_not_tilt_it(real: Space):
    x = real.vectors
    y = x @ turn(384)
    assert 1 - procrustes_cosines(x, y).min() < 1e-12
    y[:5] = y[[1, 2, 3, 4, 0]]
    movement = 1 - procrustes_cosines(x, y)
    assert movement[:5].min() > 0.02
    assert movement[5:].max() < 1e-12


def test_cosines_of_zeros_and_of_equal_arrays():
    x = normal(30, 3)
    x[0] = 0
    assert (procrustes_cosines(x, x.copy()) == 1).all()
    y = x @ turn(3)
    y[1] = 0
    cosines = procrustes_cosines(x, y)
    assert cosines[0] == 1
    assert cosines[1] == 0
    with pytest.raises(LexiscopeError, match="3 and of 2 dimensions"):
        procrustes_cosines(x, x[:, :2])


def test_what_a_rotation_reaches_by_chance_falls_with_the_points():
    few, many = (
        procrustes_chance(normal(n, 50), normal(n, 50, seed=1), np.arange(n)) for n in (50, 5000)
    )
    assert few > 0.7
    assert many < 0.15
    x, y = normal(400, 20), normal(400, 20, seed=1)
    # Of unrelated points it is what any order gives, but for the refitting without a tenth.
    assert procrustes_chance(x, y, np.arange(len(x))) == pytest.approx(
        procrustes_cosines(x, y).mean(), abs=0.05
    )


def test_cosines_take_no_memory_that_grows_with_the_points():
    x, y = normal(40_000, 32), normal(40_000, 32, seed=1)
    tracemalloc.start()
    procrustes_cosines(x, y)
    procrustes_chance(x, y, np.arange(len(x))[::-1])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * x.nbytes  # both in double precision are 4


# ---- matching ------------------------------------------------------------------------------------


def test_points_are_matched_by_unique_labels_and_else_by_tokens():
    a = pa.table({"label": ["x", "é", "é", "y", "z"], "token": ["x", "é", "Ã©", "y", "z"]})
    b = pa.table({"label": ["z", "é", "é", "x", "new"], "token": ["Ġz", "Ã©", "e9", "x", "new"]})
    found = match(a, b)
    assert found.a.tolist() == [0, 2, 4]
    assert found.b.tolist() == [3, 1, 0]
    assert (found.lost, found.gained, found.ambiguous) == (["y"], ["new"], 1)


def test_the_same_list_is_matched_as_it_stands():
    a = pa.table({"label": ["x", "x", "x"]})
    assert match(a, a).b.tolist() == [0, 1, 2]
    assert match(a, a.slice(0, 2)).ambiguous == 1


def test_occurrences_are_matched_by_their_place_in_the_text():
    rows = {"label": ["bat"] * 3, "target": ["bat"] * 3, "text": ["a bat", "bat bat", "bat bat"]}
    a = pa.table({**rows, "start": [2, 0, 4], "end": [5, 3, 7]})
    b = a.take(pa.array([2, 0])).append_column("own", pa.array(["p", "q"]))
    found = match(a, b)
    assert found.a.tolist() == [0, 2]
    assert found.b.tolist() == [1, 0]
    assert found.lost == ["bat"]


def test_long_texts_are_held_once():
    texts = ["a long text " * 1000] * 300
    rows = {"label": ["a"] * 300, "target": ["a"] * 300, "text": texts}
    a = pa.table({**rows, "start": range(300), "end": range(1, 301)})
    tracemalloc.start()
    found = match(a, a.slice(1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.a.tolist() == list(range(1, 300))
    assert peak < 1_000_000 < len("".join(texts))


# ---- comparisons ---------------------------------------------------------------------------------


def text(found: Comparison) -> str:
    return " ".join(found.statements)


def test_identical_tables_are_exactly_so(real: Space):
    found = compare(real, table_like(real, real.vectors.copy()))
    assert found.identical
    assert found.shared == len(real)
    assert (found.movement == 0).all()
    assert (found.moved, list(found.most_moved)) == (0, [])
    assert found.cka["values"] == [[1.0]]
    assert (found.overlap or {})["mean"] == 1
    assert (found.cosine or {})["lowest"] == 1
    assert "identical, bit for bit" in text(found)


def table_like(space: Space, vectors: Floats) -> Space:
    return Space(space.name, space.points, {None: vectors})


def test_a_rotated_table_is_unmoved(real: Space):
    found = compare(real, table_like(real, real.vectors @ turn(384)))
    assert not found.identical
    assert found.moved == 0
    assert found.movement.max() < 1e-12 < FLOOR
    assert (found.overlap or {})["mean"] > 0.999
    assert found.cka["values"][0][0] == pytest.approx(1, abs=1e-6)
    assert "Nothing moved" in text(found)
    assert "rotated, and nothing else" in text(found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: 2 * (x @ turn(x.shape[1])), "rotated and scaled by 2"),
        (lambda x: -x, "rotated, and nothing else"),
        (lambda x: 3 * x, "A scaled by 3"),
        (lambda x: x * (1 + np.arange(len(x), dtype=np.float32))[:, None], "lengths"),
        (lambda x: x.astype(np.float16).astype(np.float32), "but for rounding"),
    ],
)
def test_what_an_unmoved_table_differs_in_is_said(change: object, said: str):
    x = normal(200, 16)
    found = compare(table(x), table(change(x)))  # type: ignore[operator]
    assert found.moved == 0
    assert said in text(found)


def test_bfloat16_leaves_the_real_table_unmoved(real: Space):
    # To the nearest of the numbers that keep the upper half of a float's bits.
    bits = real.vectors.view(np.uint32)
    rounded = ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).view(np.float32)
    found = compare(real, table_like(real, rounded))
    assert not found.identical
    assert 0 < found.movement.max() < FLOOR
    assert "but for rounding" in text(found)


def test_planted_moves_are_found_with_their_neighbours(real: Space):
    x = real.vectors
    words = [place for place, kind in enumerate(real.points["kind"].to_pylist()) if kind == "word"]
    moved = words[:5]
    y = x @ turn(384)
    y[moved] = y[np.roll(moved, 1)]
    found = compare(real, table_like(real, y))
    labels = real.points["label"].to_pylist()
    assert found.moved == 5
    assert {each["a"] for each in found.most_moved} == set(moved)
    graph = neighbor_graph(x, 10).indices
    came = dict(zip(moved, np.roll(moved, 1), strict=True))
    for each in found.most_moved:
        assert each["label"] == labels[each["a"]]
        assert each["before"] == [labels[other] for other in graph[each["a"]]]
        # It lies where another lay, so that its neighbours are that one's; names are swapped too.
        gone = {labels[other] for other in (*moved, came[each["a"]])}
        assert set(each["after"]) - gone == (
            {labels[other] for other in graph[came[each["a"]]]} - gone
        )
    assert "5 of 3,000 points moved" in text(found)


def test_other_dimensions_are_compared_by_neighbours(real: Space):
    for kept, (low, high) in ((256, (0.6, 1)), (2, (0, 0.2))):
        cut = PCA(kept, random_state=0).fit_transform(real.vectors).astype(np.float32)
        found = compare(real, table_like(real, cut))
        assert found.cosine is None
        assert "384 and" in (found.cosine_reason or "")
        assert found.movement_by == "overlap"
        overlap = found.overlap or {}
        assert low < overlap["low"] <= overlap["mean"] <= overlap["high"] < high
        assert found.movement.mean() == pytest.approx(1 - overlap["mean"], abs=1e-6)
        assert overlap["chance"] == pytest.approx(10 / 2999)


def test_unrelated_tables_say_that_it_is_chance():
    found = compare(table(normal(500, 20)), table(normal(500, 30, seed=1)))
    assert "so not shown to be more than chance" in text(found)
    assert abs(found.cka["debiased"][0][0]) < 0.03
    found = compare(table(normal(500, 20)), table(normal(500, 20, seed=1)))
    assert found.cosine is not None
    assert found.cosine["mean"] == pytest.approx(found.cosine["chance"], abs=0.04)


def test_what_came_and_what_went():
    x = normal(40, 4)
    labels = [f"w{number}" for number in range(40)]
    a = table(x[:35], labels[:35])
    b = table(x[::-1][:30].copy(), labels[::-1][:30])  # w39 down to w10
    found = compare(a, b)
    assert found.shared == 25
    assert found.identical
    assert found.points_a.tolist() == list(range(10, 35))
    assert found.points_b.tolist() == list(range(29, 4, -1))
    assert found.lost == {"n": 10, "labels": labels[:10]}
    assert found.gained == {"n": 5, "labels": labels[:34:-1]}
    by_point = found.by_point()
    assert by_point["a"] == [None] * 10 + [0.0] * 25
    assert by_point["b"] == [None] * 5 + [0.0] * 25


def test_layers_are_compared_pair_by_pair():
    low, high = normal(60, 8), normal(60, 8, seed=1)
    points = pa.table({"label": [f"w{number}" for number in range(60)]})
    a = Space("context", points, {0: low, 1: high})
    b = Space("context", points, {0: high, 3: np.ones((60, 8), dtype=np.float32), 4: low})
    found = compare(a, b, layers=(0, 4))
    assert found.identical
    assert (found.a["layer"], found.b["layer"]) == (0, 4)
    assert (found.cka["layers_a"], found.cka["layers_b"]) == ([0, 1], [0, 3, 4])
    values = found.cka["values"]
    assert values[1][0] == values[0][2] == 1
    assert values[0][1] is values[1][1] is None
    assert values[0][0] == pytest.approx(linear_cka(low, high).value)
    assert not compare(a, b).identical
    assert compare(a, b, layers=(1, 0)).identical
    assert compare(a, a, layers=(0, -1)).moved == 60
    with pytest.raises(LexiscopeError, match="layer 7"):
        compare(a, b, layers=(7, 0))


def test_a_constant_layer_has_no_arrangement():
    found = compare(table(normal(20, 3)), table(np.ones((20, 3), dtype=np.float32)))
    assert found.cka["values"] == [[None]]
    assert found.cka["chance"] is None
    assert "CKA" not in text(found)


def test_few_points_in_many_dimensions_are_not_turned_but_a_rotation_is_seen():
    x, y = normal(30, 64), normal(30, 64, seed=1)
    found = compare(table(x), table(y))
    assert found.cosine is None
    assert "64 dimensions" in (found.cosine_reason or "")
    assert found.movement_by == "overlap"
    assert compare(table(x), table(x @ turn(64))).moved == 0


def test_what_cannot_be_said_is_refused():
    x = normal(40, 6)
    with pytest.raises(TooFewError, match=r"40 points.* 40, and they share 0: too few"):
        compare(table(x), table(x, [f"v{number}" for number in range(40)]))
    with pytest.raises(TooFewError, match="share 1, equal bit for bit"):
        compare(table(x), table(x[:1]))
    assert compare(table(x), table(x[:8] + 1)).overlap is None
    bad = x.copy()
    bad[3, 2] = np.nan
    with pytest.raises(LexiscopeError, match="word vectors of B hold NaN"):
        compare(table(x), table(bad))


def test_movement_is_not_told_of_points_too_few_for_it():
    x = normal(8, 6)
    found = compare(table(x), table(normal(8, 4, seed=1)))
    assert (found.moved, found.overlap, found.cosine) == (None, None, None)
    assert list(found.most_moved) == []
    assert found.by_point() == {"a": [None] * 8, "b": [None] * 8}
    assert found.cka["values"][0][0] == pytest.approx(found.cka["chance"], abs=0.3)
    assert "too few to say what moved" in text(found)
    json.dumps(found.as_json(), allow_nan=False)


def test_it_is_json_and_repeats_itself():
    x = normal(80, 5)
    y = x + 0.3 * normal(80, 5, seed=1)
    first, again = (compare(table(x), table(y), seed=3, most=7) for _ in range(2))
    plain = first.as_json()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain == again.as_json()
    assert len(plain["most_moved"]) == 7
    assert plain["most_moved"][0]["movement"] == pytest.approx(first.movement.max(), rel=1e-5)
    assert plain.keys() >= {"space", "a", "b", "shared", "gained", "lost", "ambiguous", "identical"}
    assert plain.keys() >= {"cka", "overlap", "cosine", "cosine_reason", "movement_by", "moved"}
    assert 3 <= len(plain["statements"]) <= 5
    assert plain["seed"] == 3


def test_progress_is_told_and_ends():
    shares: list[float] = []
    compare(table(normal(50, 4)), table(normal(50, 4, seed=1)), progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


def test_occurrences_are_compared_with_others_of_their_word():
    rng = np.random.default_rng(0)
    words = np.repeat(["bank", "bat", "seal"], 40)
    centres = np.repeat(10 * np.eye(3, 8), 40, axis=0)

    def context(noise: np.ndarray) -> Space:
        texts = [f"{number} {word}" for number, word in enumerate(words)]
        starts = [len(text) - len(word) for text, word in zip(texts, words, strict=True)]
        points = {"label": words, "target": words, "text": texts, "start": starts}
        ends = [len(text) for text in texts]
        vectors = (centres + noise).astype(np.float32)
        return Space("context", pa.table(points | {"end": ends}), {0: vectors})

    first, second = rng.standard_normal((2, 120, 8))
    found = compare(context(first), context(second), k=5)
    # Only the words are the same in both, so exchanging occurrences within them changes nothing.
    assert found.within_words is not None
    assert found.cka["values"][0][0] == pytest.approx(found.within_words["cka"], abs=0.02)
    assert found.overlap is not None
    assert found.overlap["mean"] == pytest.approx(found.within_words["overlap"], abs=0.04)
    assert found.within_words["overlap"] == pytest.approx(5 / 39, abs=0.04)
    # Where the occurrences have their places too, it does.
    same = compare(context(first), context(first + 0.01 * second), k=5)
    assert same.within_words is not None
    assert same.overlap is not None
    assert same.overlap["mean"] > 0.9 > 0.3 > same.within_words["overlap"]
    assert compare(table(normal(20, 4)), table(normal(20, 4, seed=1))).within_words is None


def test_of_equal_overlap_those_moved_most_whose_neighbours_went_farthest():
    x, y = normal(300, 32), normal(300, 16, seed=1)
    found = compare(table(x), table(y), most=6)
    chosen = [each["a"] for each in found.most_moved]
    none_kept = np.flatnonzero(found.movement == 1)
    assert len(none_kept) > 100
    similarity = y @ y.T / np.linalg.norm(y, axis=1) / np.linalg.norm(y, axis=1)[:, None]
    np.fill_diagonal(similarity, -np.inf)
    before = neighbor_graph(x, 10).indices
    lost = np.sort(similarity, axis=1)[:, -10:].mean(axis=1)
    lost -= np.take_along_axis(similarity, before, axis=1).mean(axis=1)
    assert chosen == none_kept[np.argsort(-lost[none_kept])][:6].tolist()
    assert "(of equal ones those whose former neighbours are farthest now): " in text(found)
    # By chance C(289, 10) / C(299, 10) = .708 of the 300 keep none.
    assert "300 of 300 points have at least one other neighbour than before (300 by" in text(found)
    assert f"{len(none_kept)} have none of the same (212 by chance)" in text(found)


def test_those_that_moved_as_far_are_said_to_be_among_others():
    # Ten points at each of ten right-angled places; in b one of each has come to every place.
    x = np.repeat(np.eye(10, 12, dtype=np.float32), 10, axis=0)
    y = np.tile(np.eye(10, 14, dtype=np.float32), (10, 1))
    found = compare(table(x), table(y), k=9)
    assert (found.movement == 1).all()
    assert "with others that moved as far: " in text(found)


def test_many_copies_are_left_out_of_the_overlap():
    x = np.repeat(normal(20, 32), 15, axis=0)
    y = np.repeat(normal(20, 32, seed=1), 15, axis=0)
    found = compare(table(x), table(y))
    assert (found.overlap, found.moved, found.cosine) == (None, None, None)
    assert "any 20 different directions" in (found.cosine_reason or "")
    assert "300 of 300 points have so many others equally near" in text(found)
    assert found.by_point()["a"] == [None] * 300
    json.dumps(found.as_json(), allow_nan=False)
    # Beside 400 single points they are left out, and the others keep to chance.
    x = np.concatenate([x, normal(400, 32, seed=2)])
    y = np.concatenate([y, normal(400, 32, seed=3)])[:, :20]
    found = compare(table(x), table(y))
    assert found.overlap is not None
    assert found.overlap["mean"] < 0.05
    # And those single points to which, on either side, copies of one vector are the ten nearest.
    crowded = np.zeros(700, dtype=bool)
    for vectors in (x, y):
        place = np.where(np.arange(700) < 300, np.arange(700) // 15, np.arange(700))
        near = place[neighbor_graph(vectors, 10).indices]
        crowded |= (near == near[:, :1]).all(axis=1)
    assert crowded[:300].all()
    assert 300 < crowded.sum() < 360
    assert np.array_equal(np.isnan(found.movement), crowded)
    assert (
        f"{crowded.sum()} points are left out, being zero or having more than 10 others all "
        "equally near"
    ) in text(found)
    assert f"of {(~crowded).sum()} points have at least one other neighbour" in text(found)
    assert np.isnan(found.movement[:300]).all()
    assert found.by_point()["a"][:300] == [None] * 300
    assert all(each["a"] >= 300 for each in found.most_moved)
    assert found.moved == int((found.movement > FLOOR).sum()) > 340
    json.dumps(found.as_json(), allow_nan=False)


def lengths(n: int) -> Floats:
    return np.random.default_rng(9).uniform(0.1, 10, (n, 1)).astype(np.float32)


def test_copies_of_other_lengths_are_left_out_of_the_overlap_too():
    """Rounding and the order of rows, not the vectors, tell which of them are nearest."""
    many, few = np.ones((30, 1), dtype=np.float32), normal(400, 24, seed=2)
    x = np.concatenate([many * normal(1, 24) * lengths(30), few])
    y = np.concatenate([many * normal(1, 24) * lengths(30)[::-1], few])[:, :23]
    found = compare(table(x), table(y))
    assert np.flatnonzero(np.isnan(found.overlap_per_point)).tolist() == list(range(30))
    assert "30 points are left out" in text(found)
    # With as many copies as neighbours these are the copies, and nothing is arbitrary.
    some = np.r_[0:11, 30:430]
    found = compare(table(x[some]), table(y[some]))
    assert found.overlap_per_point is not None
    assert found.overlap_per_point[:11].tolist() == [1] * 11
    assert "left out" not in text(found)


def test_copies_of_other_lengths_are_one_direction_to_a_rotation():
    x = np.repeat(normal(20, 32), 15, axis=0) * lengths(300)
    y = np.repeat(normal(20, 32, seed=1), 15, axis=0) * lengths(300)[::-1]
    found = compare(table(x), table(y))
    assert found.cosine is None
    assert "brings any 20 different directions near any others" in found.cosine_reason
    found = compare(table(normal(300, 32)), table(normal(300, 32, seed=1)))
    assert found.cosine is not None


def test_vectors_of_zeros_have_no_neighbours_to_keep():
    x, y = normal(200, 6), normal(200, 5)
    x[3] = x[4] = y[5] = 0
    found = compare(table(x), table(y))
    assert found.overlap_per_point is not None
    assert np.flatnonzero(np.isnan(found.overlap_per_point)).tolist() == [3, 4, 5]
    assert "3 points are left out, being zero or" in text(found)
    x[4], y[5], y[3] = 1, 1, 0
    one = compare(table(x), table(y))
    assert "1 point is left out, being zero or" in text(one)


def test_neighbours_that_others_are_as_near_as_are_told():
    # 200 places, each with three points: of two neighbours none is arbitrary, of four two are.
    x = np.repeat(normal(200, 12), 3, axis=0) * lengths(600)
    y = np.repeat(normal(200, 11, seed=1), 3, axis=0)
    clear = compare(table(x), table(y), k=2)
    assert clear.overlap is not None
    assert (clear.overlap["mean"], clear.overlap["arbitrary"]) == (1, 0)
    assert "arbitrary" not in text(clear)
    # Two of the same place, and two of the three of the next.
    found = compare(table(x), table(y), k=4)
    assert found.overlap is not None
    assert found.overlap["arbitrary"] == 0.5
    assert "50 % of them have others just as near" in text(found)


def test_a_k_without_bounds_is_refused(monkeypatch: pytest.MonkeyPatch):
    x, y = normal(40, 6), normal(40, 6, seed=1)
    with pytest.raises(LexiscopeError, match="k is 0"):
        compare(table(x), table(y), k=0)
    assert compare(table(x), table(y), k=10**9).overlap is None
    monkeypatch.setattr(neighbors, "MEMORY", 2 * 8 * 400)
    assert compare(table(x), table(y), k=10).overlap is not None
    with pytest.raises(LexiscopeError, match="at most 10"):
        compare(table(x), table(y), k=11)


class Read(Mapping[int, Floats]):
    """Layers that count how often each is read."""

    def __init__(self, layers: dict[int, Floats]) -> None:
        self.layers = layers
        self.times: Counter[int] = Counter()

    def __getitem__(self, layer: int) -> Floats:
        self.times[layer] += 1
        return self.layers[layer]

    def __iter__(self) -> Iterator[int]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)


def test_layers_are_read_once_or_in_parts_that_fit(monkeypatch: pytest.MonkeyPatch):
    points = pa.table({"label": [f"w{number}" for number in range(60)]})

    def read(seed: int) -> tuple[Read, Space]:
        layers = Read({layer: normal(60, 8, seed=seed + layer) for layer in range(6)})
        return layers, Space("context", points, layers)

    (of_a, a), (of_b, b) = read(0), read(3)
    expected = compare(a, b).cka
    assert max(of_a.times[layer] for layer in range(5)) == 1
    assert max(of_b.times[layer] for layer in range(5)) == 1
    # Two layers of b fit: a is read for each of three parts, b still once.
    monkeypatch.setattr(layers, "HELD", 2 * 60 * 8 * 4)
    (of_a, a), (of_b, b) = read(0), read(3)
    assert compare(a, b).cka == expected
    assert max(of_a.times[layer] for layer in range(5)) == 3
    assert max(of_b.times[layer] for layer in range(5)) == 1


def test_what_is_nearly_all_is_not_said_to_be_all():
    """5 of 30,000 changed: neither the cosine nor the share nor the arrangement is rounded to 1."""
    from lexiscope.comparison.statements import _near_one, _percent

    written = {1: "1", 0.999837: "0.9998", 0.9994: "0.999", 0.858: "0.858", -0.042: "-0.042"}
    assert {value: _near_one(value) for value in written} == written
    assert _near_one(1 - 5e-14) == "1"  # a rotation, by rounding
    shares = {1: "100 %", 0.999646: "99.96 %", 0.858: "85.8 %", 0.0003: "0.03 %"}
    assert {value: _percent(value) for value in shares} == shares


def test_a_space_of_equal_vectors_has_nothing_to_say():
    from lexiscope.summary import print_comparison

    labels = [f"w{n}" for n in range(40)]
    rng = np.random.default_rng(0)
    points = pa.table({"label": labels, "target": [f"t{n % 5}" for n in range(40)]})
    a = Space("word", points, {None: rng.normal(size=(40, 8)).astype(np.float32)})
    b = Space("word", points, {None: np.ones((40, 9), np.float32)})
    found = compare(a, b, k=3)
    said = " ".join(found.statements)
    assert "too few" not in said
    assert "neighbours are arbitrary" in said
    assert "there are still" not in said
    print_comparison(found)


def test_a_rotated_table_with_copies_says_why_neighbours_differ():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2000, 16)).astype(np.float32)
    x[1500:1512] = x[:4].repeat(3, axis=0)
    turn = np.linalg.qr(rng.normal(size=(16, 16)))[0]
    points = pa.table({"label": [f"w{n}" for n in range(2000)]})
    a = Space("word", points, {None: x})
    found = compare(a, Space("word", points, {None: (x @ turn).astype(np.float32)}), k=3)
    assert found.moved == 0
    assert found.overlap is not None
    if found.overlap["mean"] < 1:
        assert "others just as near" in " ".join(found.statements)
