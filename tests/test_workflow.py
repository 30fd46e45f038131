"""From a checkpoint and a corpus to an atlas: real weights, resumed, again, refused."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import lance
import numpy as np
import pyarrow as pa
import pytest
import tiny_models
from safetensors.numpy import load_file, save_file

import lexiscope as lx
from lexiscope.errors import LexiscopeError
from lexiscope.workflow import default_path

EXAMPLES = Path(__file__).parents[1] / "examples" / "word-senses.csv"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.build("bert", tmp_path_factory.mktemp("models") / "tiny-bert")


def texts(*rows: tuple[str, str]) -> pa.Table:
    return pa.table({"text": [row[0] for row in rows], "target": [row[1] for row in rows]})


TWO = texts(("the bank of the river", "bank"), ("a bank lends money", "bank"))


def test_one_call_builds_everything(tiny: Path, tmp_path: Path):
    stages: list[str] = []
    atlas = lx.build(
        str(tiny),
        texts(("the bank of the river", "bank"), ("no such word", "bank"), ("", "bank")),
        tmp_path / "a",
        progress=lambda stage, *_: stages.append(stage),
    )
    assert atlas.spaces == ("word", "position", "token_type", "context")
    context = atlas["context"]
    assert context.points.select(["label", "target", "text", "row"]).to_pylist() == [
        {"label": "bank", "target": "bank", "text": "the bank of the river", "row": 1}
    ]
    assert [row["row"] for row in atlas.skipped().to_pylist()] == [2, 3]
    assert atlas.recipe("context")["corpus"]["skipped"] == 2
    assert set(atlas.projections("word")) == {"pca-2d", "tsne-2d"}
    assert atlas.projections("context").keys() == {"pca-2d"}  # one point is too few for more
    assert {"reading tables", "reading words in context"} <= set(stages)


def test_a_second_run_computes_nothing(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    lx.build(str(tiny), TWO, tmp_path / "a")
    before = {
        path: path.stat().st_mtime_ns for path in (tmp_path / "a" / "spaces").rglob("*.lance")
    }
    monkeypatch.setattr("lexiscope.encoder.Encoder.__init__", None)
    monkeypatch.setattr("lexiscope.space.Space.lay_out", None)
    lx.build(str(tiny), TWO, tmp_path / "a")
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "a" / "spaces").rglob("*.lance")}
    assert after == before


def test_texts_can_be_added_later_and_kept_apart(tiny: Path, tmp_path: Path):
    lx.build(str(tiny), output=tmp_path / "a", maps=())
    lx.build(str(tiny), TWO, tmp_path / "a", maps=())
    more = texts(("light as a feather", "light"))
    with pytest.raises(LexiscopeError, match=r"--name.*--replace"):
        lx.build(str(tiny), more, tmp_path / "a", maps=())
    atlas = lx.build(str(tiny), more, tmp_path / "a", context=lx.Context("light"), maps=())
    assert atlas.spaces[-2:] == ("context", "light")
    atlas = lx.build(str(tiny), more, tmp_path / "a", context=lx.Context(replace=True), maps=())
    assert atlas["context"].points["label"].to_pylist() == ["light"]


def test_an_atlas_belongs_to_one_checkpoint(tiny: Path, tmp_path: Path):
    lx.build(str(tiny), output=tmp_path / "a", maps=())
    other = tiny_models.build("bert", tmp_path / "other", hidden_size=64)
    with pytest.raises(LexiscopeError, match="is the atlas of"):
        lx.build(str(other), output=tmp_path / "a", maps=())


@pytest.mark.parametrize("name", ["word", "../up", "", "a b"])
def test_bad_names_are_refused(tiny: Path, tmp_path: Path, name: str):
    with pytest.raises(LexiscopeError, match="space name"):
        lx.build(str(tiny), TWO, tmp_path / "a", context=lx.Context(name), maps=())


def test_refused_input_leaves_nothing_behind(tiny: Path, tmp_path: Path):
    with pytest.raises(LexiscopeError):
        lx.build(str(tiny), texts(("nothing here", "bank")), tmp_path / "a")
    with pytest.raises(LexiscopeError):
        lx.build(tmp_path / "none", TWO, tmp_path / "a")
    with pytest.raises(TypeError, match="txet"):
        lx.build(str(tiny), TWO, tmp_path / "a", txet="x")
    assert not (tmp_path / "a").exists()


def poisoned(model: Path, folder: Path, tensor: str) -> Path:
    """Copy a checkpoint with one NaN in a tensor."""
    shutil.copytree(model, folder)
    tensors = load_file(folder / "model.safetensors")
    name = next(name for name in tensors if name.endswith(tensor))
    tensors[name].flat[3] = np.nan
    save_file(tensors, folder / "model.safetensors")
    return folder


def test_what_is_refused_late_leaves_nothing_behind_either(tiny: Path, tmp_path: Path):
    out = tmp_path / "a"
    tables = poisoned(tiny, tmp_path / "one", "position_embeddings.weight")
    layers = poisoned(tiny, tmp_path / "two", "output.dense.weight")
    for model, options in (
        (tables, {}),
        (layers, {}),
        (tiny, {"context": lx.Context(encode=lx.EncodeOptions(layers=(99,)))}),
        (tiny, {"context": lx.Context(name="word")}),
    ):
        with pytest.raises(LexiscopeError):
            lx.build(str(model), TWO, out, **options)
        assert not out.exists()


def test_a_failed_addition_leaves_the_atlas_as_it_was(tiny: Path, tmp_path: Path):
    lx.build(str(tiny), output=tmp_path / "a", maps=())
    with pytest.raises(LexiscopeError):
        lx.build(str(tiny), TWO, tmp_path / "a", context=lx.Context("a b"))
    assert lx.Atlas.open(tmp_path / "a").spaces == ("word", "position", "token_type")


def test_layers_named_in_another_way_are_the_same_space(tiny: Path, tmp_path: Path):
    lx.build(str(tiny), TWO, tmp_path / "a", maps=())
    depth = lx.Atlas.open(tmp_path / "a")["context"].layers[-1]
    every = lx.Context(encode=lx.EncodeOptions(layers=tuple(range(depth + 1))))
    atlas = lx.build(str(tiny), TWO, tmp_path / "a", context=every, maps=())
    assert atlas.spaces == ("word", "position", "token_type", "context")
    last = lx.Context(encode=lx.EncodeOptions(layers=(-1,)))
    with pytest.raises(LexiscopeError, match="already has a space"):
        lx.build(str(tiny), TWO, tmp_path / "a", context=last, maps=())


@pytest.mark.parametrize("family", ["gpt2", "llama", "t5", "roberta", "albert"])
def test_other_families_from_end_to_end(family: str, tmp_path: Path):
    model = tiny_models.build(family, tmp_path / family)
    sentences = [f"{word} is a word of the language" for word in ("bank", "light", "crane")]
    atlas = lx.build(str(model), pa.table({"text": sentences}), tmp_path / "a",
                     context=lx.Context(match="all"), maps=("pca",))  # fmt: skip
    assert len(atlas["context"]) == 21
    held = lx.Checkpoint.open(model)
    assert [name for name in ("word", "position", "token_type") if held.tables[name].tensor] == [
        name for name in atlas.spaces if name != "context"
    ]


def test_unusual_but_valid_texts(tiny: Path, tmp_path: Path):
    family = "\U0001f468‍\U0001f469‍\U0001f467"
    long = "word " * 19_999 + "bank"
    rows = texts(
        ("שלום עולם bank שלום", "bank"),
        (f"{family} bank {family}", "bank"),
        ("cafe\u0301 near the bank", "café"),
        (long, "bank"),
        ("BANK!", "bank"),
        ("no target in this row", ""),
    )
    atlas = lx.build(str(tiny), rows, tmp_path / "a", maps=("pca",))
    points = atlas["context"].points
    assert points["label"].to_pylist() == ["bank", "bank", "cafe\u0301", "bank", "BANK"]
    assert points["cut"].to_pylist() == [False, False, False, True, False]
    assert [row["row"] for row in atlas.skipped().to_pylist()] == [6]


def test_the_default_folder():
    assert default_path("org/name@main") == Path("name.atlas")
    assert default_path("embedded") == Path("embedded.atlas")
    assert default_path("models/mine/") == Path("mine.atlas")


@pytest.mark.slow
def test_resumed_after_kill_equals_uninterrupted(tmp_path: Path):
    """Real weights: killed with SIGKILL after its first commits, run again to the end."""
    command = [
        sys.executable, "-m", "lexiscope", "build", "embedded", str(EXAMPLES), "--match", "prefix",
        "--maps", "none", "--batch-tokens", "40", "-o",
    ]  # fmt: skip
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run([*command, str(whole)], check=True, capture_output=True)
    process = subprocess.Popen(
        [*command, str(killed)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    committed = 0
    while committed == 0:
        assert process.poll() is None
        time.sleep(0.02)
        for part in killed.glob("spaces/context@*.lance"):
            if (part / "_versions").exists():
                committed = lance.dataset(str(part)).count_rows()
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    expected = lx.Atlas.open(whole)["context"]
    assert 0 < committed < len(expected)
    assert "context" not in lx.Atlas.open(killed)
    part = next(killed.glob("spaces/context@*.lance"))
    first = lance.dataset(str(part)).to_table(columns=["vector:6"])

    subprocess.run([*command, str(killed)], check=True, capture_output=True)
    found = lx.Atlas.open(killed)["context"]
    assert found.points.equals(expected.points)
    for layer in expected.layers:
        np.testing.assert_allclose(found.matrices[layer], expected.matrices[layer], atol=1e-5)
    kept = np.array(first["vector:6"].to_pylist(), dtype=np.float32)
    assert (found.matrices[6][: len(kept)] == kept).all()
