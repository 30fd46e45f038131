"""Queries and spaces, on a hand-made space and on the real word table."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lexiscope.errors import LexiscopeError
from lexiscope.neighbors import spherize
from lexiscope.projection import METHODS, Projection, quality
from lexiscope.queries import named, resolve, search
from lexiscope.space import Space, projection_name

LOOKUPS = json.loads((Path(__file__).parent / "lookups.json").read_text(encoding="utf-8"))
LABELS = ["king", "queen", "man", "woman", "Ab", "king"]
VECTORS = np.array(
    [[3, 1, 0], [3, -1, 0], [0, 1, 0], [0, -1, 0], [0, 0, 2], [3, 1, 1]], dtype=np.float32
)


@pytest.fixture
def space() -> Space:
    return Space("toy", pa.table({"label": LABELS}), {None: VECTORS})


@pytest.fixture
def layered() -> Space:
    matrices = {0: VECTORS, 2: -VECTORS, 5: VECTORS[:, ::-1].copy()}
    return Space("context", pa.table({"label": LABELS}), matrices)


def test_facts_of_the_real_table(word_space: Space):
    facts = {
        "india": "indian .74, indians .55, bombay .47, delhi .47, pakistan .47, mumbai .47, "
        "##harat .46, hindu .43, calcutta .42, chennai .41",
        "facebook": "myspace .50, twitter .42, ##tagram .39, social .31, youtube .29",
        "7": "seven .70, ##7 .63, 6 .54, 5 .54, 8 .52",
        "1984": "1983 .66, 1985 .66, 1982 .65",
    }
    for query, expected in facts.items():
        wanted = [item.split() for item in expected.split(", ")]
        found = word_space.neighbors(query, len(wanted)).to_pylist()
        got = {row["label"]: round(row["similarity"], 2) for row in found}
        assert got == {label: float(value) for label, value in wanted}, query
        assert found[0]["label"] == wanted[0][0]
    unused = word_space.neighbors("[unused10]", 10).to_pylist()
    assert all(0.835 < row["similarity"] < 0.855 for row in unused)
    assert sum(row["label"].startswith("[unused") for row in unused) >= 4


def test_arithmetic_on_the_real_table(word_space: Space):
    found = word_space.neighbors("king - man + woman", 3).to_pylist()
    assert found[0]["label"] == "queen"


def test_queries_by_label_number_vector_and_several(space: Space):
    by_label = space.neighbors("queen", 2)
    assert (
        by_label.to_pylist()
        == space.neighbors("#1", 2).set_column(0, "query", pa.array(["queen"] * 2)).to_pylist()
    )
    assert space.neighbors(1, 2)["point"].to_pylist() == by_label["point"].to_pylist()
    by_vector = space.neighbors(VECTORS[1], 1)
    assert by_vector["point"].to_pylist() == [1]
    assert by_vector["similarity"].to_pylist() == pytest.approx([1])
    several = space.neighbors(["queen", "#2"], 2)
    assert several["query"].to_pylist() == ["queen", "queen", "#2", "#2"]


def test_metrics_by_hand(space: Space):
    dot = space.neighbors("#2", 2, "dot").to_pylist()
    assert [(row["point"], row["similarity"]) for row in dot] == [(0, 1), (5, 1)]
    far = space.neighbors("#2", 1, "euclidean").to_pylist()
    assert (far[0]["point"], far[0]["distance"]) == (3, 2)
    cosine = space.neighbors("#0", 1).to_pylist()
    assert cosine[0]["point"] == 5
    assert cosine[0]["similarity"] == pytest.approx(10 / (10 * 11) ** 0.5)


def test_spherized_is_cosine_of_the_centred(space: Space):
    centred = VECTORS - VECTORS.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    found = space.neighbors("#1", 5, spherized=True).to_pylist()
    assert {row["point"]: row["similarity"] for row in found} == pytest.approx(
        {point: float(unit[1] @ unit[point]) for point in (0, 2, 3, 4, 5)}, abs=1e-6
    )


def test_a_label_of_several_points_is_their_mean(space: Space):
    query = resolve("king", space.points, VECTORS)
    assert query.vector.tolist() == [3, 1, 0.5]
    assert query.points.tolist() == [0, 5]
    assert 0 not in space.neighbors("king", 9)["point"].to_pylist()


def test_arithmetic_by_hand(space: Space):
    query = resolve("#0 - man + woman", space.points, VECTORS)
    assert query.vector.tolist() == [3, -1, 0]
    assert sorted(query.points.tolist()) == [0, 2, 3]
    assert resolve("- man", space.points, VECTORS).vector.tolist() == [0, -1, 0]


@pytest.mark.parametrize(
    ("points", "term", "found"),
    [(case["points"], *asked) for case in LOOKUPS for asked in case["asked"].items()],
)
def test_what_a_term_names(points: dict[str, list[str | None]], term: str, found: list[int]):
    """The page that is exported is held to the same cases."""
    table = pa.table(points)
    if found:
        assert named(term, table).tolist() == found
    else:
        with pytest.raises(LexiscopeError, match=f"{term!r} is no label"):
            named(term, table)


def test_a_minus_that_is_a_label_is_no_arithmetic():
    points = pa.table({"label": ["-", "+", "a - b", "a", "b"]})
    vectors = np.eye(5, dtype=np.float32)
    assert resolve("-", points, vectors).points.tolist() == [0]
    assert resolve("a - b", points, vectors).points.tolist() == [2]
    assert resolve("a + -", points, vectors).points.tolist() == [3, 0]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("qeen", "nearest spellings are queen"),
        ("#6", "#0 to #5"),
        ("", "no label"),
        ("king - mann", "man"),
        ("man - man", "zero vector"),
        ([1.0, 2.0], "3 dimensions"),
        ([1.0, float("nan"), 0.0], "NaN"),
    ],
)
def test_bad_queries_are_refused(space: Space, query: object, message: str):
    with pytest.raises(LexiscopeError, match=message):
        space.neighbors(query)  # type: ignore[arg-type]


def test_bad_metric_and_k_are_refused(space: Space):
    with pytest.raises(LexiscopeError, match="cosine, euclidean, dot"):
        space.neighbors("queen", metric="manhattan")  # type: ignore[arg-type]
    with pytest.raises(LexiscopeError, match="at least 1"):
        space.neighbors("queen", 0)
    with pytest.raises(LexiscopeError, match="no query"):
        space.neighbors([])


def test_groups_by_label_and_pattern(space: Space):
    assert search("queen, king", space.points).tolist() == [0, 1, 5]
    assert search("/^.*man$/", space.points).tolist() == [2, 3]
    for pattern, message in (("/(/", "regular expression"), ("/zz/", "no label"), (" , ", "empty")):
        with pytest.raises(LexiscopeError, match=message):
            search(pattern, space.points)


def test_layers(layered: Space):
    assert layered.layers == (0, 2, 5)
    assert (layered.vectors == layered.matrices[5]).all()
    assert (layered.layer(2).vectors == -VECTORS).all()
    assert layered.layer(-1).layers == (5,)
    assert layered.layer(2).layers == (2,)
    with pytest.raises(LexiscopeError, match="context has 0, 2, 5"):
        layered.layer(3)


def test_a_table_has_no_layers(space: Space):
    with pytest.raises(LexiscopeError, match="without layers"):
        space.layer(0)


def test_project_measures(word_space: Space):
    part = Space("part", word_space.points.slice(0, 500), {None: word_space.vectors[:500]})
    made = part.project("pca", dims=3)
    assert made.quality is not None
    assert 0 < made.quality.kept < 1
    across = part.project("axes", axes=["#10 -> #20", "#30, #31 -> #40"])
    assert across.coordinates.shape == (500, 2)
    assert across.parameters == {"axes": ["#10 -> #20", "#30, #31 -> #40"]}


def test_a_default_named_is_the_default():
    assert projection_name("umap", 2, 0, {"neighbors": 15, "min_dist": 0.1}) == "umap-2d"
    assert projection_name("umap", 2, 0, {"neighbors": 9}) != "umap-2d"
    assert projection_name("tsne", 3, 0, {"perplexity": None}) == "tsne-3d"


@pytest.fixture
def hundred() -> Space:
    rng = np.random.default_rng(0)
    points = {
        "label": [str(i) for i in range(100)],
        "half": ["a", None] * 25 + ["b", "c"] * 25,
        "none": pa.nulls(100, pa.string()),
        "number": [float("nan"), *range(99)],
    }
    return Space("toy", pa.table(points), {None: rng.normal(5, size=(100, 6)).astype(np.float32)})


def test_a_spherized_picture_is_one_of_the_spherized_vectors(hundred: Space):
    centred = spherize(hundred.vectors)
    other = Space("toy", hundred.points, {None: centred})
    truth = hundred.graph(15)
    for method in ("pca", "tsne", "umap"):
        made = hundred.project(method, spherize=True)
        np.testing.assert_array_equal(made.coordinates, other.lay_out(method).coordinates)
        assert made.parameters == {"spherize": True}
        assert made.id == hundred.projection_id(method, 2, 0, {"spherize": True}) != f"{method}-2d"
        # Measured against the neighbours of the vectors as they are.
        measured = quality(hundred.vectors, truth, [made.coordinates])[0]
        assert measured is not None
        assert made.quality is not None
        assert made.quality.kept == measured.kept
        assert hundred.lay_out(method, spherize=False).id == f"{method}-2d"


def test_a_supervised_picture_is_named_after_its_labels(hundred: Space):
    made = hundred.lay_out("tsne", supervise="half", supervision=0.8)
    assert made.parameters["supervise"] == "half"
    assert made.parameters["supervision"] == 0.8
    asked = {"supervise": "half", "supervision": 0.8}
    assert made.id == hundred.projection_id("tsne", 2, 0, asked)
    codes, known = hundred._labels("half")
    assert codes[:4].tolist() == [0, -1, 0, -1]
    assert known == made.parameters["labels"]
    assert hundred._labels("number")[0][:3].tolist() == [-1, 0, 1]
    changed = hundred.points.set_column(1, "half", pa.array(["a"] * 99 + ["b"]))
    other = Space("toy", changed, hundred.matrices)
    assert other.projection_id("tsne", 2, 0, asked) != made.id  # other labels, another picture


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"supervise": "nosuch"}, "has the columns label, half, none, number"),
        ({"supervise": "none"}, "no point has a value"),
        ({"supervise": "half", "supervision": 2}, "from 0 to 1"),
        ({"supervision": 0.3}, "with supervise"),
        ({"start": [[0, 0]]}, "shape"),
    ],
)
def test_bad_supervision_is_refused(hundred: Space, parameters: dict[str, object], message: str):
    with pytest.raises(LexiscopeError, match=message):
        hundred.project("tsne", **parameters)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "parameters", "message"),
    [
        ("axes", {"axes": ["king -> man"] * 2, "spherize": True}, "it takes axes"),
        ("mds", {}, "pca, tsne, umap, axes"),
        ("pca", {"perplexity": 3}, "it takes components"),
        ("tsne", {"neighbors": 3}, "it takes perplexity"),
        ("pca", {"dims": 4}, "2 or 3"),
        ("axes", {}, "0 for 2 dimensions"),
        ("axes", {"axes": "king -> man"}, "list of texts"),
        ("axes", {"axes": [5, 6]}, "list of texts"),
        ("axes", {"axes": ["king -> man"] * 2, "dims": 3}, "2 for 3 dimensions"),
        ("axes", {"axes": ["king, man", "a -> b"]}, "write it like"),
        ("axes", {"axes": ["/(/ -> king", "king -> man"]}, "no regular expression"),
        ("umap", {"neighbors": 10**15}, "whole number from 2 to"),
        ("tsne", {}, "at least 4|1 point"),
    ],
)
def test_bad_projections_are_refused(
    space: Space, method: str, parameters: dict[str, object], message: str
):
    one = Space("one", space.points.slice(0, 1), {None: VECTORS[:1]})
    with pytest.raises(LexiscopeError, match=message):
        (one if method == "tsne" and not parameters else space).project(method, **parameters)  # type: ignore[arg-type]


def test_a_picture_without_end_is_refused(space: Space, monkeypatch: pytest.MonkeyPatch):
    def run_off(vectors: np.ndarray, **_: object) -> Projection:
        return Projection("pca", np.full((len(vectors), 2), np.inf, np.float32))

    monkeypatch.setitem(METHODS, "pca", replace(METHODS["pca"], compute=run_off))
    with pytest.raises(LexiscopeError, match="no finite place"):
        space.project("pca")


@pytest.mark.parametrize("dims", [2, 3])
def test_the_highest_learning_rate_still_draws(hundred: Space, dims: int):
    made = hundred.lay_out("tsne", dims=dims, learning_rate=1e6)
    assert np.isfinite(made.coordinates).all()
    with pytest.raises(LexiscopeError, match="up to 1,000,000"):
        hundred.lay_out("tsne", dims=dims, learning_rate=1e300)
