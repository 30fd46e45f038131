"""What an atlas keeps, shows and refuses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lexiscope import workflow
from lexiscope.atlas import MANIFEST, Atlas, reading, storing
from lexiscope.errors import LexiscopeError
from lexiscope.neighbors import neighbor_graph

POINTS = pa.table({"label": ["a", "b", "c", "d", "e", "f"], "a b": [1, 2, None, 4, 5, 6]})
VECTORS = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
RECIPE = {"kind": "toy", "checkpoint": {"name": "toy", "fingerprint": "1"}}
SKIPPED = pa.table({"row": [3], "reason": ["empty text"], "text": [""], "target": ["x"]})


@pytest.fixture
def atlas(tmp_path: Path) -> Atlas:
    made = Atlas.create(tmp_path / "toy.atlas")
    writer = made.writer("word", "k1")
    writer.append(POINTS, {None: VECTORS})
    writer.finish(RECIPE)
    writer = made.writer("context", "k2")
    writer.append(POINTS.slice(0, 2), {0: VECTORS[:2], 3: VECTORS[:2] * 2})
    writer.append(POINTS.slice(2), {0: VECTORS[2:], 3: VECTORS[2:] * 2})
    writer.finish(RECIPE, SKIPPED)
    return made


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def test_what_was_put_in_comes_out(atlas: Atlas):
    held = Atlas.open(atlas.path)
    assert held.spaces == tuple(held) == ("word", "context")
    assert held.unfinished == ()
    assert "word" in held
    assert "position" not in held
    assert held["word"].points.equals(POINTS)
    assert (held["word"].vectors == VECTORS).all()
    assert held["context"].layers == (0, 3)
    assert (held["context"].layer(3).vectors == VECTORS * 2).all()
    assert held["context"].points["label"].to_pylist() == POINTS["label"].to_pylist()
    assert held.dimensions("context") == 4
    assert held.recipe("word") == RECIPE
    assert held.skipped("context").to_pylist() == SKIPPED.to_pylist()
    assert held.skipped("word").num_rows == 0


def test_a_space_is_not_there_before_it_is_finished(tmp_path: Path):
    atlas = Atlas.create(tmp_path / "x")
    writer = atlas.writer("word", "k")
    writer.append(POINTS, {None: VECTORS})
    assert Atlas.open(tmp_path / "x").spaces == ()
    assert Atlas.open(tmp_path / "x").unfinished == ("word",)
    again = Atlas.open(tmp_path / "x").writer("word", "k")
    assert again.rows == 6
    assert Atlas.open(tmp_path / "x").writer("word", "other").rows == 0
    again.finish(RECIPE)
    assert Atlas.open(tmp_path / "x").spaces == ("word",)


def test_a_new_space_takes_the_old_ones_place(atlas: Atlas):
    before = set(os.listdir(atlas.path / "spaces"))
    writer = atlas.writer("word", "k9")
    writer.append(POINTS.slice(0, 3), {None: VECTORS[:3]})
    writer.finish(RECIPE)
    assert len(Atlas.open(atlas.path)["word"]) == 3
    after = set(os.listdir(atlas.path / "spaces"))
    assert len(before - after) == len(after - before) == 1


def test_graphs_and_projections_are_kept_with_their_quality(atlas: Atlas):
    made = workflow.project(atlas, "context", "pca", layer=0)
    held = Atlas.open(atlas.path)
    again = held.projection("context", "pca-2d", 0)
    assert (again.coordinates == made.coordinates).all()
    assert again.quality is not None
    assert made.quality is not None
    assert (again.quality.kept_per_point == made.quality.kept_per_point).all()
    assert again.details == made.details
    assert held.projections("context", 0)["pca-2d"]["quality"]["k"] == 2
    assert held.projections("context", 3) == {}
    graph = held["context"].layer(0).graphs[0]
    expected = neighbor_graph(VECTORS, 15)
    assert (graph.indices == expected.indices).all()
    assert (graph.method, graph.recall) == ("exact", 1.0)


def test_a_projection_is_computed_once(atlas: Atlas, monkeypatch: pytest.MonkeyPatch):
    first = workflow.project(atlas, "word", "pca")
    monkeypatch.setattr("lexiscope.space.Space.lay_out", None)
    assert (workflow.project(atlas, "word", "pca").coordinates == first.coordinates).all()


def test_the_picture_that_keeps_most_comes_first(atlas: Atlas):
    for method in ("pca", "tsne"):
        workflow.project(atlas, "word", method)
    kept = [about["quality"]["kept"] for about in atlas.projections("word").values()]
    assert len(kept) == 2
    assert kept == sorted(kept, reverse=True)


def test_a_larger_graph_takes_a_smaller_ones_place(atlas: Atlas):
    atlas.add_graph("word", None, neighbor_graph(VECTORS, 2))
    assert atlas["word"].graphs[None].k == 2
    atlas.add_graph("word", None, neighbor_graph(VECTORS, 4))
    assert Atlas.open(atlas.path)["word"].graphs[None].k == 4


def test_two_writers_are_one_too_many(atlas: Atlas):
    with (
        atlas.lock(),
        pytest.raises(LexiscopeError, match="another lexiscope"),
        Atlas.open(atlas.path).lock(),
    ):
        pass


@pytest.mark.parametrize(
    ("name", "message"), [("nosuch", "has word, context"), ("position", "has word, context")]
)
def test_unknown_names_are_refused(atlas: Atlas, name: str, message: str):
    with pytest.raises(LexiscopeError, match=message):
        atlas[name]
    with pytest.raises(LexiscopeError, match="has none at this layer"):
        atlas.projection("word", "tsne-2d")


def test_open_refuses_what_is_no_atlas(tmp_path: Path):
    with pytest.raises(LexiscopeError, match="does not exist"):
        Atlas.open(tmp_path / "none")
    with pytest.raises(LexiscopeError, match="holds no atlas"):
        Atlas.open(tmp_path)
    entry = {"key": "k", "recipe": {}, "path": "../../elsewhere"}
    bad = [entry, entry | {"path": "spaces/../x"}, {}, []]
    texts = [json.dumps({"format": 1, "spaces": {"word": each}}) for each in bad]
    for text in (*texts, "", "[]", '{"format": 1}', '{"format": 1, "spaces": []}', "\xff"):
        (tmp_path / MANIFEST).write_text(text, encoding="latin-1")
        with pytest.raises(LexiscopeError, match=r"damaged|cannot be read"):
            Atlas.open(tmp_path)


def test_a_newer_version_is_refused(atlas: Atlas):
    manifest = json.loads((atlas.path / MANIFEST).read_text())
    manifest |= {"format": 2, "lexiscope": "9.0", "spaces": ["in another shape"]}
    (atlas.path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(LexiscopeError, match=r"lexiscope 9\.0.*update"):
        Atlas.open(atlas.path)


def test_create_touches_nothing_of_others(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(LexiscopeError, match="holds other files"):
        Atlas.create(tmp_path)
    with pytest.raises(LexiscopeError, match="is a file"):
        Atlas.create(tmp_path / "thesis.txt")
    assert files(tmp_path) == {"thesis.txt": b"mine"}


def test_a_damaged_dataset_is_named(atlas: Atlas):
    for path in (atlas.path / "spaces").rglob("*.lance"):
        if path.is_file():
            path.write_bytes(b"")
    held = Atlas.open(atlas.path)
    with pytest.raises(LexiscopeError, match="damaged or was removed"):
        held["word"].vectors  # noqa: B018
    with pytest.raises(LexiscopeError, match="damaged or was removed"):
        held.skipped("context")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(28, "No space left on device"), "disk is full"),
        (OSError("LanceError(IO): No space left on device (os error 28)"), "disk is full"),
        (PermissionError(13, "Permission denied"), "cannot be written"),
        (OSError(30, "Read-only file system"), "cannot be written"),
    ],
)
def test_failed_writes_say_why(tmp_path: Path, error: OSError, message: str):
    with pytest.raises(LexiscopeError, match=message), storing(tmp_path):
        raise error


@pytest.mark.parametrize("guard", [reading, storing])
def test_an_interrupt_within_arrow_is_an_interrupt(tmp_path: Path, guard: Callable[..., Any]):
    with pytest.raises(KeyboardInterrupt), guard(tmp_path):
        raise pa.ArrowInvalid("External error: KeyboardInterrupt: ")


def test_other_errors_keep_their_traceback(tmp_path: Path):
    with pytest.raises(OSError, match="odd"), storing(tmp_path):
        raise OSError("odd")
    with pytest.raises(KeyError), reading(tmp_path):
        raise KeyError("bug")


def test_a_full_disk_loses_nothing(atlas: Atlas, monkeypatch: pytest.MonkeyPatch):
    """The manifest is written aside and put in place whole, or not at all."""
    before = files(atlas.path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    writer = atlas.writer("word", "k5")
    monkeypatch.setattr("os.fsync", full)
    writer.append(POINTS, {None: VECTORS})
    with pytest.raises(LexiscopeError, match="disk is full"):
        writer.finish(RECIPE)
    monkeypatch.undo()
    after = files(atlas.path)
    assert {name: after[name] for name in before} == before
    assert len(Atlas.open(atlas.path)["word"]) == 6
