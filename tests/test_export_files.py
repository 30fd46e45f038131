"""Files for other programs, each read back by the program it is made for."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from conftest import Run
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import lexiscope as lx
from lexiscope.errors import LexiscopeError
from lexiscope.export import FORMATS, Choice, export
from lexiscope.export.rows import beside
from lexiscope.export.word2vec import writable

WORD = Choice(spaces=("word",))


@pytest.fixture(scope="module")
def atlas(small_atlas: Path) -> lx.Atlas:
    return lx.Atlas.open(small_atlas)


def test_parquet_is_read_by_pandas_polars_and_duckdb(atlas: lx.Atlas, tmp_path: Path):
    files = export(atlas, "parquet", tmp_path / "all")
    assert [path.name for path in files] == [f"{name}.parquet" for name in atlas.spaces]
    space = atlas["context"]
    read = pd.read_parquet(tmp_path / "all" / "context.parquet")
    assert read["label"].tolist() == space.points["label"].to_pylist()
    for layer in space.layers:
        stacked = np.stack(read[f"vector_{layer:02d}"].tolist())
        assert stacked.dtype == np.float32
        assert (stacked == space.matrices[layer]).all()
        made = atlas.projection("context", "pca-2d", layer)
        assert (read[f"layer_{layer:02d}_pca-2d_x"] == made.coordinates[:, 0]).all()
        assert made.quality is not None
        kept = read[f"layer_{layer:02d}_pca-2d_kept"].to_numpy()
        assert np.array_equal(kept, made.quality.kept_per_point, equal_nan=True)
    word = pl.read_parquet(tmp_path / "all" / "word.parquet")
    assert (np.stack(word["vector"].to_list()) == atlas["word"].vectors).all()
    asked = f"select label, vector from '{tmp_path / 'all' / 'word.parquet'}'"
    found = duckdb.sql(asked).fetchall()
    assert [label for label, _ in found] == atlas["word"].points["label"].to_pylist()
    assert (np.array([vector for _, vector in found]) == atlas["word"].vectors).all()
    notes = json.loads(pq.read_schema(tmp_path / "all" / "word.parquet").metadata[b"lexiscope"])
    assert notes[0]["space"] == "word"
    assert set(notes[0]["projections"]) == set(atlas.projections("word"))


def test_npy_has_its_points_beside_it(atlas: lx.Atlas, tmp_path: Path):
    matrix, points, notes = export(atlas, "npy", tmp_path / "word.npy", WORD)
    read = np.load(matrix)
    assert read.dtype == np.float32
    assert read.flags.c_contiguous
    assert (read == atlas["word"].vectors).all()
    named = pd.read_csv(points, keep_default_na=False)
    assert named["label"].astype(str).tolist() == atlas["word"].points["label"].to_pylist()
    assert json.loads(notes.read_text("utf-8"))["shape"] == list(read.shape)


def test_csv_keeps_every_label(reported: Path, tmp_path: Path):
    """The real vocabulary has quotes, commas, NaN, null and other scripts."""
    space = lx.Atlas.open(reported)["word"]
    (file,) = export(lx.Atlas.open(reported), "csv", tmp_path / "word.csv", WORD)
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["label"] for row in rows] == space.points["label"].to_pylist()
    read = pd.read_csv(file, keep_default_na=False, dtype={"label": str})
    assert {"null", "nan", "none"} <= set(read["label"])
    made = lx.Atlas.open(reported).projection("word", "tsne-2d")
    assert (read["tsne-2d_x"].to_numpy(np.float32) == made.coordinates[:, 0]).all()


def test_csv_tells_missing_from_empty_and_writes_lists_as_json(tmp_path: Path):
    from lexiscope.export.csv import write_csv

    hard = pa.table(
        {
            "text": ["", None, 'say "hi",\nyou', "=1+1"],
            "list": [[1, 2], None, [], [3]],
            "none": pa.nulls(4),
        }
    )
    write_csv(hard, tmp_path / "hard.csv")
    assert (tmp_path / "hard.csv").read_text("utf-8").splitlines()[1].startswith('"",')
    read = pd.read_csv(tmp_path / "hard.csv", keep_default_na=False)
    assert read["text"].tolist() == ["", "", 'say "hi",\nyou', "=1+1"]
    assert json.loads(read["list"][0]) == [1, 2]


def test_every_reader_of_csv_finds_the_same_text(tmp_path: Path):
    from lexiscope.export.csv import write_csv

    texts = [
        "nan",
        "null",
        "NA",
        "a\0b",
        "x\r\ny",
        "\r",
        "=1+1",
        "\u2028",
        "\ufeff",
        " a ",
        '"',
        ",",
    ]
    file = tmp_path / "hard.csv"
    write_csv(pa.table({'co"l,': texts, "": texts}), file)
    with file.open(encoding="utf-8", newline="") as lines:
        assert [row[0] for row in csv.reader(lines)] == ['co"l,', *texts]
    assert pd.read_csv(file, keep_default_na=False, dtype=str)['co"l,'].tolist() == texts
    assert pl.read_csv(file, infer_schema=False)[:, 0].to_list() == texts
    options = pa.csv.ParseOptions(newlines_in_values=True)
    assert pa.csv.read_csv(file, parse_options=options)['co"l,'].to_pylist() == texts


def several_bits() -> NDArray[np.float32]:
    """Numbers of every size that float32 has."""
    bits = np.random.default_rng(0).integers(0, 2**32, (500, 20), np.uint32).view(np.float32)
    hard = [0.0, -0.0, 1e-45, 3.4028235e38, 1 / 3]
    bits[0, : len(hard)] = hard
    return np.where(np.isfinite(bits), bits, np.float32(0))


@pytest.mark.parametrize("name", ["hard.txt", "hard.bin"])
def test_numbers_of_any_size_come_back_bit_for_bit(tmp_path: Path, name: str):
    from gensim.models import KeyedVectors

    matrix = several_bits()
    np.save(tmp_path / "hard.npy", matrix)
    atlas = lx.import_vectors(tmp_path / "hard.npy", tmp_path / "hard.atlas", maps=())
    (tmp_path / "out").mkdir()
    file, _ = export(atlas, "word2vec", tmp_path / "out" / name)
    read = KeyedVectors.load_word2vec_format(str(file), binary=name.endswith(".bin"))
    assert (read.vectors.view(np.uint32) == matrix.view(np.uint32)).all()


@pytest.mark.parametrize("count", [1, 2])
def test_a_point_or_two_are_enough(tmp_path: Path, count: int):
    from gensim.models import KeyedVectors

    np.save(tmp_path / "few.npy", np.eye(3, dtype=np.float32)[:count])
    atlas = lx.import_vectors(tmp_path / "few.npy", tmp_path / "few.atlas")
    for format in ("parquet", "npy", "csv", "word2vec", "embedding-atlas"):
        export(atlas, format, tmp_path / format)
    assert len(pd.read_parquet(tmp_path / "parquet" / "few.parquet")) == count
    assert np.load(tmp_path / "npy" / "few.npy").shape == (count, 3)
    assert len(pd.read_csv(tmp_path / "csv" / "few.csv")) == count
    assert len(KeyedVectors.load_word2vec_format(str(tmp_path / "word2vec" / "few.txt"))) == count
    near = pl.read_parquet(tmp_path / "embedding-atlas" / "few.parquet")["neighbors"].to_list()
    assert [each["ids"] for each in near] == ([[]] if count == 1 else [[1], [0]])


@pytest.mark.parametrize(
    ("format", "name"),
    [
        ("parquet", "w.parquet"),
        ("npy", "w.npy"),
        ("csv", "w.csv"),
        ("word2vec", "w.txt"),
        ("word2vec", "w.bin"),
    ],
)
def test_what_is_printed_reads_what_was_written(
    run: Run, small_atlas: Path, tmp_path: Path, format: str, name: str
):
    from gensim.models import KeyedVectors

    folder = tmp_path / "it's here"
    folder.mkdir()
    done = run("export", small_atlas, format, folder / name, "--space", "word")
    assert done.returncode == 0, done.stderr
    (code,) = re.findall(r"((?:pandas|numpy|KeyedVectors)\..+?\))[;,\n]", done.stdout)
    read = eval(code, {"pandas": pd, "numpy": np, "KeyedVectors": KeyedVectors})
    assert len(read) == len(lx.Atlas.open(small_atlas)["word"])


@pytest.mark.parametrize("name", ["word.txt", "word.vec", "word.bin"])
def test_gensim_reads_word2vec(atlas: lx.Atlas, tmp_path: Path, name: str):
    from gensim.models import KeyedVectors

    file, notes = export(atlas, "word2vec", tmp_path / name, WORD)
    read = KeyedVectors.load_word2vec_format(str(file), binary=name.endswith(".bin"))
    assert (read.vectors == atlas["word"].vectors).all()
    changed = json.loads(notes.read_text("utf-8"))["labels"]
    labels = [changed.get(word, word) for word in read.index_to_key]
    assert labels == atlas["word"].points["label"].to_pylist()


@pytest.mark.slow
def test_gensim_reads_the_real_table(reported: Path, tmp_path: Path):
    from gensim.models import KeyedVectors

    atlas = lx.Atlas.open(reported)
    file, _ = export(atlas, "word2vec", tmp_path / "word.txt", WORD)
    read = KeyedVectors.load_word2vec_format(str(file))
    assert (read.vectors == atlas["word"].vectors).all()
    near = [word for word, _ in read.most_similar("india", topn=5)]
    assert near == atlas["word"].neighbors("india", k=5)["label"].to_pylist()
    layer = Choice(spaces=("context",), layers=(6,))
    file, notes = export(atlas, "word2vec", tmp_path / "context.bin", layer)
    read = KeyedVectors.load_word2vec_format(str(file), binary=True)
    assert (read.vectors == atlas["context"].matrices[6]).all()
    assert len(set(read.index_to_key)) == len(read)
    changed = json.loads(notes.read_text("utf-8"))["labels"]
    labels = [changed.get(word, word) for word in read.index_to_key]
    assert labels == atlas["context"].points["label"].to_pylist()


def test_words_are_writable_each_once_and_can_be_told_back():
    hard = ["a b", "a%20b", "a%b", "100%", "", " ", "\n", "x", "x", "x#8", "\u00a0", "日本", "🙂"]
    words = writable(hard)
    assert len(set(words)) == len(words)
    assert not [word for word in words if not word or any(letter.isspace() for letter in word)]
    assert [words[place] for place in (0, 3, 11, 12)] == ["a%20b", "100%", "日本", "🙂"]
    alone = [place for place in range(len(hard)) if "#" not in words[place]]
    assert [unquote(words[place]) for place in alone] == [hard[place] for place in alone]


@given(st.lists(st.text(st.sampled_from("ab %#2\n\u2028\0é"), max_size=4), max_size=12))
def test_words_of_any_labels_are_each_once(labels: list[str]):
    words = writable(labels)
    assert len(set(words)) == len(words) == len(labels)
    assert all(word.split() == [word] and "\0" not in word for word in words)


def test_a_column_with_our_name_is_kept_under_another():
    """As databases compare names: capitals make no difference."""
    points = pa.table({"label": ["a"], "vector": [1], "given_vector": [2], "VECTOR": [4]})
    made = beside(points, {"vector": pa.array([3])})
    assert made.to_pydict() == {
        "label": ["a"],
        "given_given_vector": [1],
        "given_vector": [2],
        "given_given_given_VECTOR": [4],
        "vector": [3],
    }


@pytest.mark.parametrize(
    ("format", "ending"),
    [("npy", ".npy"), ("csv", ".csv"), ("word2vec", ".txt"), ("embedding-atlas", ".parquet")],
)
def test_several_do_not_go_into_one_file(atlas: lx.Atlas, tmp_path: Path, format: str, ending: str):
    with pytest.raises(LexiscopeError, match="choose one with --space"):
        export(atlas, format, tmp_path / f"all{ending}")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_exported_is_refused(atlas: lx.Atlas, tmp_path: Path):
    wrong: list[tuple[Callable[[], object], str]] = [
        (lambda: export(atlas, "xml", tmp_path), "it has to be one of html, png"),
        (lambda: export(atlas, "csv", tmp_path, Choice(("wurd",))), "there is word, position"),
        (lambda: export(atlas, "csv", tmp_path, Choice(layers=(99,))), "layer 99: there is"),
        (lambda: export(atlas, "csv", tmp_path, Choice((), (), ("tsne-9d",))), "tsne-9d: there"),
        (lambda: export(atlas, "csv", atlas.path, WORD), "is an atlas"),
        (lambda: export(atlas, "csv", tmp_path / "no" / "word.csv", WORD), "make it first"),
        (lambda: export(atlas, "npy", tmp_path / "w.parquet", WORD), "name .*w.npy, or a folder"),
        (lambda: export(atlas, "csv", tmp_path / "w.csv", WORD, color="kind"), "takes nothing"),
    ]
    for call, said in wrong:
        with pytest.raises(LexiscopeError, match=said):
            call()
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_only_when_the_new_one_is_whole(
    atlas: lx.Atlas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "word.csv"
    file.write_text("mine")

    def full(_: pa.Table, path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lexiscope.export.csv.write_csv", full)
    with pytest.raises(LexiscopeError, match="disk is full"):
        export(atlas, "csv", file, WORD)
    assert file.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("format", "ending", "companion"), [("npy", ".npy", ".csv"), ("word2vec", ".txt", ".json")]
)
def test_what_lies_beside_is_replaced_with_its_file_or_not_at_all(
    atlas: lx.Atlas,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    format: str,
    ending: str,
    companion: str,
):
    mine = tmp_path / f"word{companion}"
    mine.write_text("mine")
    with pytest.raises(LexiscopeError, match=rf"word\{companion} is there already"):
        export(atlas, format, tmp_path / f"word{ending}", WORD)
    assert mine.read_text() == "mine"
    mine.unlink()
    files = export(atlas, format, tmp_path / f"word{ending}", WORD)
    assert export(atlas, format, tmp_path / f"word{ending}", WORD) == files
    before = {path: path.read_bytes() for path in files}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    where = {
        "npy": "lexiscope.export.npy.np.save",
        "word2vec": "lexiscope.export.word2vec._write_text",
    }
    monkeypatch.setattr(where[format], full)
    with pytest.raises(LexiscopeError, match="disk is full"):
        export(atlas, format, tmp_path / f"word{ending}", Choice(("position",)))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_in_the_way_is_told(atlas: lx.Atlas, tmp_path: Path):
    (tmp_path / "word.csv").mkdir()
    with pytest.raises(LexiscopeError, match=r"word\.csv is a folder"):
        export(atlas, "csv", tmp_path, WORD)


def test_matrix_text_and_binary_lie_in_one_folder(atlas: lx.Atlas, tmp_path: Path):
    for format, name in (("word2vec", "word.txt"), ("npy", "word.npy"), ("word2vec", "word.bin")):
        export(atlas, format, tmp_path / name, WORD)
    expected = {"word.bin", "word.csv", "word.json", "word.npy", "word.npy.json", "word.txt"}
    assert {path.name for path in tmp_path.iterdir()} == expected
    for name in ("word.txt", "word.npy"):
        again = lx.import_vectors(tmp_path / name, tmp_path / f"{name}.atlas", maps=())["word"]
        assert again.points["label"].equals(atlas["word"].points["label"])
        assert (again.vectors == atlas["word"].vectors).all()


def test_every_format_is_offered_on_the_command_line():
    from lexiscope.cli.options import FORMATS as OFFERED

    assert tuple(FORMATS) == OFFERED
