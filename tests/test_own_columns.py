"""A person's own columns, tags and bookmarks; what other processes see of an atlas."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import lance
import numpy as np
import pyarrow as pa
import pytest

from lexiscope.atlas import Atlas
from lexiscope.atlas.building import NOTE
from lexiscope.errors import LexiscopeError, OutdatedError
from lexiscope.projection.pca import pca

POINTS = pa.table({"label": ["a", "b", "c", "d", "e"], "kind": ["word"] * 5})
VECTORS = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


@pytest.fixture
def atlas(tmp_path: Path) -> Atlas:
    made = Atlas.create(tmp_path / "toy.atlas")
    build(made, "k1")
    return made


def build(atlas: Atlas, key: str) -> None:
    writer = atlas.writer("word", key)
    writer.append(POINTS, {None: VECTORS})
    writer.finish({"kind": "toy"})


def test_own_columns_stand_after_the_space_s_and_stay(atlas: Atlas):
    atlas.add_columns("word", pa.table({"z.é": [1, None, 3, 4, 5], "a b": list("vwxyz")}))
    atlas.add_columns("word", pa.table({"yes": [True] * 5, "f": [0.5] * 5}))
    for held in (atlas, Atlas.open(atlas.path)):
        assert held.own_columns("word") == ("z.é", "a b", "yes", "f")
        points = held["word"].points
        assert points.column_names == ["label", "kind", "z.é", "a b", "yes", "f"]
        assert points["z.é"].to_pylist() == [1, None, 3, 4, 5]
        assert points["a b"].to_pylist() == list("vwxyz")
        assert (held["word"].vectors == VECTORS).all()


def test_a_column_is_replaced_in_its_place_and_dropped(atlas: Atlas):
    atlas.add_columns("word", pa.table({"x": [1] * 5, "y": [2] * 5}))
    atlas.add_columns("word", pa.table({"x": ["new"] * 5}))
    assert atlas.own_columns("word") == ("x", "y")
    assert atlas["word"].points["x"].to_pylist() == ["new"] * 5
    atlas.drop_columns("word", ["x", "x"])
    assert atlas.own_columns("word") == ("y",)
    for name in ("x", "label", "vector"):
        with pytest.raises(LexiscopeError, match="your own columns here are y"):
            atlas.drop_columns("word", ["y", name])
    assert atlas.own_columns("word") == ("y",)


def test_a_kill_between_two_commits_loses_nothing(atlas: Atlas, monkeypatch: pytest.MonkeyPatch):
    import lance

    atlas.tag("word", "mine", "old", [0])

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lance.LanceDataset, "drop_columns", killed)
    with pytest.raises(KeyboardInterrupt):
        atlas.tag("word", "mine", "new", [1])
    monkeypatch.undo()
    held = Atlas.open(atlas.path)
    assert held["word"].points["mine"].to_pylist() == ["old", "new", None, None, None]
    held.tag("word", "mine", "", [0])
    assert held["word"].points["mine"].to_pylist() == [None, "new", None, None, None]
    assert held.own_columns("word") == ("mine",)


def test_tags_by_hand(atlas: Atlas):
    atlas.tag("word", "mine", "good", [0, 2])
    atlas.tag("word", "mine", "bad", np.array([2, 3]))
    assert atlas["word"].points["mine"].to_pylist() == ["good", None, "bad", "bad", None]
    atlas.tag("word", "mine", "", [0, 3])
    assert atlas["word"].points["mine"].to_pylist() == [None, None, "bad", None, None]
    atlas.tag("word", "mine", "x", [])
    assert atlas["word"].points["mine"].null_count == 4


@pytest.mark.parametrize(
    ("column", "points", "message"),
    [
        ("mine", [5], "#0 to #4"),
        ("mine", [-1], "#0 to #4"),
        ("mine", [0.5], "point numbers"),
        ("mine", [[0]], "point numbers"),
        ("number", [0], "column of text"),
        ("label", [0], "belongs to the space"),
        ("vector", [0], "belongs to the space"),
        ("map:tsne-2d", [0], "belongs to the space"),
        ("own:1", [0], "belongs to the space"),
        ("", [0], "1 to 100 characters"),
        (" x", [0], "blanks"),
        ("x" * 101, [0], "1 to 100 characters"),
        ("a\nb", [0], "control characters"),
    ],
)
def test_bad_tags_are_refused(atlas: Atlas, column: str, points: list[Any], message: str):
    atlas.add_columns("word", pa.table({"number": [1] * 5}))
    version = atlas.version("word")
    with pytest.raises(LexiscopeError, match=message):
        atlas.tag("word", column, "x", points)
    assert atlas.version("word") == version


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pa.table({"x": [1, 2]}), "2 rows for the 5 points"),
        (pa.table({"label": [1] * 5}), "belongs to the space"),
        (pa.table({"x": [[1]] * 5}), "text, numbers, or true and false"),
        (pa.table([pa.array([1] * 5)] * 2, names=["x", "x"]), "own name"),
    ],
)
def test_bad_columns_are_refused(atlas: Atlas, table: pa.Table, message: str):
    with pytest.raises(LexiscopeError, match=message):
        atlas.add_columns("word", table)
    assert atlas.own_columns("word") == ()


def test_the_version_changes_with_every_commit_and_is_seen_elsewhere(atlas: Atlas):
    other = Atlas.open(atlas.path)
    before = other["word"]
    vectors = before.vectors
    seen = [other.version("word")]
    assert other["word"] is before
    atlas.tag("word", "mine", "x", [1])
    seen.append(other.version("word"))
    assert other["word"].points["mine"].to_pylist()[1] == "x"
    assert other["word"].vectors is vectors  # what has not changed is not read again
    assert "mine" not in before.points.column_names
    atlas.add_projections("word", None, [pca(VECTORS)])
    seen.append(other.version("word"))
    assert list(other.projections("word")) == ["pca-2d"]
    atlas.tag("word", "mine", "y", [2])
    seen.append(other.version("word"))
    build(atlas, "k2-another")
    seen.append(other.version("word"))
    assert other.own_columns("word") == ()
    assert len(set(seen)) == len(seen)


def test_nothing_is_read_to_notice_that_nothing_changed(
    atlas: Atlas, monkeypatch: pytest.MonkeyPatch
):
    space, other = atlas["word"], Atlas.open(atlas.path)

    def read(*_: object, **__: object) -> None:
        raise RuntimeError("it is read")

    for way in ("to_table", "to_batches", "scanner", "take"):
        monkeypatch.setattr(lance.LanceDataset, way, read)
    assert atlas["word"] is space
    with pytest.raises(RuntimeError, match="it is read"):
        other["word"]


def test_the_same_inputs_again_keep_own_columns(atlas: Atlas):
    atlas.tag("word", "mine", "x", [1])
    atlas.writer("word", "k1").finish({"kind": "toy"})
    assert Atlas.open(atlas.path).own_columns("word") == ("mine",)


def test_what_was_computed_for_a_space_that_is_gone_is_not_kept(atlas: Atlas):
    build(atlas, "k2-another")
    with pytest.raises(LexiscopeError, match="other inputs meanwhile"):
        atlas.add_projections("word", None, [pca(VECTORS)], key="k1")
    atlas.add_projections("word", None, [pca(VECTORS)], key="k2-another")
    first = atlas.version("word")
    atlas.add_projections("word", None, [pca(-VECTORS)])
    assert atlas.version("word") == first  # there already


def test_a_person_s_own_does_not_land_on_another_space(atlas: Atlas):
    build(atlas, "k2-another")
    atlas.tag("word", "mine", "x", [1], "k2-another")
    version = atlas.version("word")
    with pytest.raises(OutdatedError, match="other inputs meanwhile"):
        atlas.tag("word", "mine", "y", [1], "k1")
    with pytest.raises(OutdatedError, match="other inputs meanwhile"):
        atlas.add_columns("word", pa.table({"x": [1] * 5}), "k1")
    with pytest.raises(OutdatedError, match="other inputs meanwhile"):
        atlas.drop_columns("word", ["mine"], "k1")
    assert atlas.version("word") == version


def test_the_version_tells_a_space_from_the_same_built_again(atlas: Atlas):
    atlas.tag("word", "mine", "x", [1])
    first = atlas.version("word")
    atlas.discard()
    again = Atlas.create(atlas.path)
    build(again, "k1")
    again.tag("word", "mine", "y", [2])
    assert again.version("word") != first
    assert again.version("word").partition(".")[0] == first.partition(".")[0] == "k1"


def test_tagging_while_another_build_runs(atlas: Atlas):
    with Atlas.open(atlas.path).lock():
        atlas.tag("word", "mine", "x", [0])
    assert atlas.own_columns("word") == ("mine",)


def test_many_taggers_lose_nothing(atlas: Atlas):
    def work(point: int) -> None:
        Atlas.open(atlas.path).tag("word", f"by {point}", "x", [point])
        Atlas.open(atlas.path).tag("word", "all", str(point), [point])

    threads = [threading.Thread(target=work, args=(point,)) for point in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert atlas["word"].points["all"].to_pylist() == ["0", "1", "2", "3", "4"]
    assert len(atlas.own_columns("word")) == 6


def test_bookmarks(atlas: Atlas):
    assert atlas.bookmarks == []
    kept = [{"name": "é", "view": "#a", "made": "2024-01-01T00:00:00Z"}]
    atlas.keep_bookmarks(kept)
    assert Atlas.open(atlas.path).bookmarks == kept
    for bad in ([{"name": "x"}], [{"name": 1, "view": "", "made": ""}], ["x"]):
        with pytest.raises(LexiscopeError, match="name, view and made"):
            atlas.keep_bookmarks(bad)  # type: ignore[arg-type]
    assert atlas.bookmarks == kept
    for text in ("{", "{}", '[{"name": "x"}]'):
        (atlas.path / "bookmarks.json").write_text(text)
        with pytest.raises(LexiscopeError, match=r"bookmarks\.json"):
            atlas.bookmarks  # noqa: B018
    assert len(Atlas.create(atlas.path)["word"]) == 5
    atlas.discard()
    assert not atlas.path.exists()


def test_what_a_build_is_at(atlas: Atlas, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lexiscope.atlas.building.SECONDS", 1e9)
    other = Atlas.open(atlas.path)
    heard: list[tuple[object, ...]] = []
    assert other.building is None
    with atlas.writing(lambda *said: heard.append(said)) as progress:
        progress("reading", "text", 1, 9)
        assert other.building == {"stage": "reading", "unit": "text", "done": 1, "total": 9}
        progress("reading", "text", 2, 9)  # too soon to be told
        assert other.building is not None
        assert other.building["done"] == 1
        progress("mapping", "%", 0, 100)
        assert other.building["stage"] == "mapping"
    assert other.building is None
    assert heard == [("reading", "text", 1, 9), ("reading", "text", 2, 9), ("mapping", "%", 0, 100)]


def test_a_killed_build_is_at_nothing(atlas: Atlas):
    code = (
        "import os, signal, sys; from lexiscope.atlas import Atlas\n"
        "with Atlas.open(sys.argv[1]).writing(lambda *_: None) as progress:\n"
        "    progress('reading', 'text', 1, 9); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(atlas.path)], check=False)
    assert json.loads((atlas.path / NOTE).read_text())["stage"] == "reading"
    assert atlas.building is None
    with atlas.writing(lambda *_: None):
        pass
    assert not (atlas.path / NOTE).exists()
