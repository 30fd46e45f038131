"""Regions of pictures: planted, none, quick; names by hand and of the real tables."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest

from lexiscope.measure import Region, region_names, regions
from lexiscope.space import Space


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
    began = time.perf_counter()
    found = regions(layout)
    assert time.perf_counter() - began < 10
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


def test_names_of_the_real_table(word_space: Space):
    """Regions made of the nearest words of a few are called by such words."""
    found = word_space.neighbors(["india", "piano", "7"], 12)
    points = np.array(found["point"].to_pylist()).reshape(3, 12)
    names = region_names([region(*each) for each in points], word_space.points, word_space.vectors)
    for name, row in zip(names[:2], points, strict=False):
        members = {word_space.points["label"][int(each)].as_py() for each in row}
        assert set(name.split(", ")) <= members
    assert names[2].startswith(("numbers", "six"))
