"""Maps of an atlas: aligned from layer to layer, watched, stopped, stored beside others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from lexiscope.atlas import Atlas
from lexiscope.errors import LexiscopeError
from lexiscope.workflow import build_maps, project, region_labels

N = 400


@pytest.fixture
def atlas(tmp_path: Path) -> Atlas:
    """Three layers of twelve groups that drift, each layer turned at random."""
    rng = np.random.default_rng(0)
    label = np.arange(N) % 12
    middle = rng.normal(size=(12, 16)) * 3
    vectors = {}
    for layer in range(3):
        turn = np.linalg.qr(rng.normal(size=(16, 16)))[0]
        middle = middle + rng.normal(size=middle.shape) * 0.5
        vectors[layer] = ((middle[label] + rng.normal(size=(N, 16))) @ turn).astype(np.float32)
    made = Atlas.create(tmp_path / "toy.atlas")
    writer = made.writer("context", "k")
    points = pa.table({"label": [f"word {i}" for i in label], "target": [f"{i}" for i in label]})
    writer.append(points, vectors)
    writer.finish({"kind": "toy"})
    return made


def moved(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Mean way of a point, relative to the spread of the layout it goes to."""
    spread = np.sqrt(((other - other.mean(axis=0)) ** 2).sum(axis=1).mean())
    return float(np.linalg.norm(one - other, axis=1).mean() / spread)


@pytest.mark.parametrize(("dims", "share"), [(2, 0.4), (3, 0.5)])
def test_points_move_little_between_aligned_layers(atlas: Atlas, dims: int, share: float):
    method = "tsne"
    made = [project(atlas, "context", method, layer=layer, dims=dims) for layer in (2, 1, 0)]
    space = atlas["context"]
    alone = [space.layer(layer).project(method, dims=dims) for layer in (2, 1, 0)]
    assert (made[0].coordinates == alone[0].coordinates).all()  # the last layer keeps its best
    assert "aligned" not in made[0].details
    for below in (1, 2):
        about = made[below].details["aligned"]
        assert about["to"] == 3 - below
        assert alone[below].quality is not None
        assert made[below].quality is not None
        assert about["kept_alone"] == pytest.approx(alone[below].quality.kept, abs=1e-6)
        assert about["trustworthiness_alone"] == pytest.approx(
            alone[below].quality.trustworthiness, abs=1e-6
        )
        assert made[below].quality.kept > about["kept_alone"] - 0.05
        apart = moved(alone[below].coordinates, alone[below - 1].coordinates)
        assert moved(made[below].coordinates, made[below - 1].coordinates) < share * apart
    again = [project(atlas, "context", method, layer=layer, dims=dims) for layer in (2, 1, 0)]
    assert [each.details for each in again] == [each.details for each in made]


def test_of_components_only_signs_change(atlas: Atlas):
    stages: list[str] = []
    build_maps(atlas, "context", ("pca",), lambda stage, *_: stages.append(stage))
    assert any("layer 1, 2 of 3" in stage for stage in stages)
    space = atlas["context"]
    for layer in (1, 0):
        found = atlas.projection("context", "pca-2d", layer)
        alone = space.layer(layer).lay_out("pca")
        np.testing.assert_array_equal(np.abs(found.coordinates), np.abs(alone.coordinates))
        above = atlas.projection("context", "pca-2d", layer + 1).coordinates
        assert (np.einsum("ij,ij->j", found.coordinates, above) >= 0).all()
        assert found.details == alone.details


def test_a_layer_is_aligned_with_the_nearest_that_is_there(atlas: Atlas):
    assert "aligned" not in project(atlas, "context", "tsne", layer=0).details
    assert project(atlas, "context", "tsne", layer=2).details["aligned"]["to"] == 0
    assert project(atlas, "context", "tsne", layer=1).details["aligned"]["to"] == 2
    assert "aligned" not in project(atlas, "context", "tsne", layer=1, perplexity=9).details


def test_points_can_be_tagged_while_a_map_is_made(atlas: Atlas):
    calls = 0

    def watch(layout: NDArray[np.float64]) -> None:
        nonlocal calls
        calls += 1
        assert layout.shape == (N, 2)
        Atlas.open(atlas.path).tag("context", "mine", str(calls), [calls])

    made = project(atlas, "context", "tsne", watch=watch)
    assert calls == 38  # every tenth of 375, and the last
    assert atlas["context"].points["mine"].to_pylist()[1:4] == ["1", "2", "3"]
    assert (atlas.projection("context", "tsne-2d").coordinates == made.coordinates).all()


@pytest.mark.parametrize("hook", ["progress", "watch"])
def test_a_stopped_map_is_not_kept(atlas: Atlas, hook: str):
    def stop(*said: object) -> None:
        if hook == "watch" or "tsne" in str(said[0]):
            raise InterruptedError("enough")

    with pytest.raises(InterruptedError):
        project(atlas, "context", "tsne", **{hook: stop})  # type: ignore[arg-type]
    assert atlas.projections("context") == {}
    with atlas.lock():  # and nothing is left locked
        pass


def test_the_quicker_of_two_processes_is_kept(atlas: Atlas):
    first: list[NDArray[np.float32]] = []

    def other(_: object) -> None:
        if not first:
            quick = Atlas.open(atlas.path)
            first.append(project(quick, "context", "tsne", layer=0).coordinates)

    found = project(atlas, "context", "tsne", layer=0, watch=other)
    assert (found.coordinates == first[0]).all()


def test_a_space_built_anew_meanwhile_takes_no_old_map(atlas: Atlas):
    def rebuild(_: object) -> None:
        if atlas.key("context") == "k":
            writer = atlas.writer("context", "k2")
            writer.append(pa.table({"label": ["a"] * N}), {0: np.ones((N, 4), np.float32)})
            writer.finish({"kind": "toy"})

    with pytest.raises(LexiscopeError, match="other inputs meanwhile"):
        project(atlas, "context", "tsne", watch=rebuild)
    assert atlas.projections("context") == {}


def test_regions_have_names(atlas: Atlas):
    project(atlas, "context", "tsne")
    labels = region_labels(atlas, "context", "tsne-2d")
    assert labels == region_labels(Atlas.open(atlas.path), "context", "tsne-2d", 2)
    finest = [each for each in labels if each["level"] == labels[-1]["level"]]
    assert {each["text"] for each in finest} >= {str(group) for group in range(12)}
    assert all(len(each["place"]) == 2 for each in labels)
    assert max(sum(x["size"] for x in labels if x["level"] == level) for level in range(3)) <= N
    with pytest.raises(LexiscopeError, match="nosuch"):
        region_labels(atlas, "context", "nosuch")
