"""Regions of pictures: planted, none, the same again; names by hand and of the real tables."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import lexiscope as lx
from lexiscope.atlas import Report
from lexiscope.findings import Finding
from lexiscope.measure import Region, region_names, regions
from lexiscope.measure.names import group_names
from lexiscope.space import Space
from lexiscope.workflow import region_labels


def planted(dims: int, groups: int, each: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    grid = np.array(list(np.ndindex(*(3,) * dims)))[:groups] * 20.0
    label = np.repeat(np.arange(groups), each)
    return grid[label] + rng.normal(size=(len(label), dims)), label


@pytest.mark.parametrize(("dims", "each"), [(2, 40), (2, 3000), (3, 60), (3, 2000)])
def test_planted_groups_are_found(dims: int, each: int):
    places, label = planted(dims, 7, each)
    found = regions(places, counts=[7])
    assert len(found) == 7
    for region in found:
        of = np.unique(label[region.members])
        assert len(of) == 1
        assert len(region.members) > 0.95 * each
        # A real point, near its group's middle.
        middle = places[label == of[0]].mean(axis=0)
        assert np.linalg.norm(region.place - middle) < 1.5
        assert (np.abs(places - region.place).max(axis=1) < 1e-5).any()


def test_fewer_regions_are_wanted_than_there_are():
    places, _ = planted(2, 9, 200)
    found = regions(places, counts=[4, 9])
    assert [each.level for each in found] == [0] * 4 + [1] * 9
    sizes = [len(each.members) for each in found if each.level == 0]
    assert sizes == sorted(sizes, reverse=True)


def test_levels_are_finer_and_points_in_one_region_only(word_space: Space):
    from lexiscope.projection.pca import pca

    layout = pca(word_space.vectors).coordinates
    found = regions(layout)
    counts = [sum(each.level == level for each in found) for level in range(3)]
    assert counts == sorted(counts)
    assert counts[0] >= 3
    assert 100 <= counts[2] <= 250
    for level in range(3):
        members = np.concatenate([each.members for each in found if each.level == level])
        assert len(np.unique(members)) == len(members)
        assert len(members) > 0.9 * len(layout)
    again = regions(layout)
    assert [each.members.tolist() for each in again] == [each.members.tolist() for each in found]


def test_few_and_equal_points():
    rng = np.random.default_rng(0)
    assert regions(rng.normal(size=(7, 2))) == []
    assert regions(np.ones((50, 2))) == []
    assert 1 <= len(regions(rng.normal(size=(20, 2)))) <= 20
    far = rng.normal(size=(500, 3))
    far[0] = 1e6  # one stray must not fill the memory
    assert len(regions(far)) < 50


def region(*members: int, level: int = 0) -> Region:
    return Region(level, np.zeros(2, dtype=np.float32), np.array(members))


def test_positions_are_named_by_their_range():
    n = 300
    points = pa.table(
        {"label": [str(i) for i in range(n)], "position": range(n), "kind": ["position"] * n}
    )
    rows = [region(*range(128)), region(*range(10), *range(64, 74)), region(7)]
    vectors = np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)
    assert region_names(rows, points, vectors) == ["0–127", "0–9, 64–73", "7"]


def test_kinds_are_named_for_what_they_are():
    kinds = ["unused"] * 5 + ["number"] * 5 + ["single character"] * 5 + ["word"] * 5
    labels = [f"[unused{i}]" for i in range(5)] + ["1990", "1991", "1992", "1995", "1999"]
    labels += [*"你好吗我们", "india", "indian", "delhi", "pakistan", "mumbai"]
    scripts = ["Common"] * 10 + ["Han"] * 5 + ["Latin"] * 5
    points = pa.table({"label": labels, "kind": kinds, "script": scripts})
    vectors = np.eye(20, 6, dtype=np.float32)
    vectors[15:] = np.eye(6)[5]
    groups = [region(*range(start, start + 5)) for start in (0, 5, 10, 15)]
    named = region_names(groups, points, vectors)
    # "indian" says nothing beside "india".
    assert named == ["unused tokens", "numbers 1990–1999", "Han characters",
                     "india, delhi, pakistan"]  # fmt: skip


def test_words_in_context_are_named_by_target_and_sense():
    targets = ["bank"] * 10 + ["light"] * 6 + ["crane"] * 6
    senses = ["river"] * 5 + ["money"] * 5 + ["lamp"] * 6 + [None] * 6
    points = pa.table({"label": targets, "target": targets, "sense": senses})
    vectors = np.random.default_rng(0).normal(size=(22, 4)).astype(np.float32)
    groups = [
        region(*range(5)),
        region(5, 6, 7, 8, 0),
        region(*range(16, 22)),
        region(*range(13, 19)),
    ]
    assert region_names(groups, points, vectors) == [
        "bank · river", "bank · money", "crane", "crane, light"
    ]  # fmt: skip


def test_names_of_one_level_differ():
    points = pa.table({"label": ["same"] * 9})
    groups = [region(0, 1, 2), region(3, 4, 5), region(6, 7, 8), region(0, 1, level=1)]
    names = region_names(groups, points, np.ones((9, 2), dtype=np.float32))
    assert names == ["same", "same (2)", "same (3)", "same"]


def test_regions_that_are_clusters_have_their_names():
    n = 60
    points = pa.table({"label": [f"word{i:02}" for i in range(n)], "kind": ["word"] * n})
    vectors = np.random.default_rng(0).normal(size=(n, 6)).astype(np.float32)
    clusters = [("ten", np.arange(10)), ("six", np.arange(10, 16)), ("two", np.arange(40, 42))]
    groups = [
        region(*range(8), *range(50, 60)),  # most of one
        region(*range(5), *range(20, 25), level=1),  # half of it only
        region(*range(7), *range(10, 16), level=2),  # more of another, though the whole of six
        region(*range(40, 52), level=3),  # too little of the region
        region(*range(10, 16), *range(30, 40), level=4),
    ]
    own = region_names(groups, points, vectors)
    known = region_names(groups, points, vectors, clusters)
    assert known == ["ten", own[1], "ten", own[3], "six"]
    assert not {"ten", "six", "two"} & set(own)
    again = [region(*range(10)), region(*range(6), *range(20, 22))]
    assert region_names(again, points, vectors, clusters)[1] != "ten"


def test_what_points_are_goes_before_their_cluster():
    points = pa.table({"label": [str(i) for i in range(30)], "kind": ["number"] * 30})
    vectors = np.ones((30, 3), dtype=np.float32)
    [name] = region_names([region(*range(30))], points, vectors, [("numbers 1–9", np.arange(10))])
    assert name == "numbers 3–26"


def test_groups_of_one_sort_have_different_names():
    points = pa.table({"label": ["same"] * 6})
    groups = [np.arange(3), np.arange(3, 6)]
    assert group_names(groups, points, np.ones((6, 2), dtype=np.float32)) == ["same", "same (2)"]


def test_labels_of_a_map_are_those_of_the_clusters_kept(small_atlas: Path, tmp_path: Path):
    folder = tmp_path / "small.atlas"
    shutil.copytree(small_atlas, folder)
    atlas = lx.Atlas.open(folder)
    name = "context"
    layer = atlas[name].layers[-1]
    id = next(iter(atlas.projections(name, layer)))
    before = region_labels(atlas, name, id)
    assert region_labels(atlas, name, id, layer) == before
    largest = max(regions(atlas.projection(name, id).coordinates), key=lambda r: len(r.members))
    cluster = {"name": "this one", "points": largest.members.tolist()}

    def kept(space: str, at: int | None, figures: dict[str, Any]) -> list[dict[str, Any]]:
        keys = {each: atlas.key(each) for each in atlas.spaces}
        finding = Finding("clusters", space, at, "", figures)
        atlas.keep_report(Report("2026-01-01", lx.__version__, {}, keys, (finding,)))
        return region_labels(atlas, name, id)

    assert kept(name, layer - 1, {"clusters": [cluster]}) == before
    assert kept("word", None, {"clusters": [cluster]}) == before
    assert kept(name, layer, {"n": 1, "refused": True}) == before
    after = kept(name, layer, {"clusters": [cluster]})
    assert "this one" in {each["text"] for each in after}
    assert [{**each, "text": ""} for each in after] == [{**each, "text": ""} for each in before]


def test_names_of_the_real_table(word_space: Space):
    """Regions made of the nearest words of a few are called by such words."""
    found = word_space.neighbors(["india", "piano", "7"], 12)
    points = np.array(found["point"].to_pylist()).reshape(3, 12)
    names = region_names([region(*each) for each in points], word_space.points, word_space.vectors)
    for name, row in zip(names[:2], points, strict=False):
        members = {word_space.points["label"][int(each)].as_py() for each in row}
        assert set(name.split(", ")) <= members
    assert names[2].startswith(("numbers", "six"))
