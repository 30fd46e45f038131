"""Vectors that other programs wrote, made an atlas of."""

from __future__ import annotations

import gzip
import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

import lexiscope as lx
from lexiscope.errors import LexiscopeError
from lexiscope.space import Space
from lexiscope.tensorboard import Embedding, write_projector
from lexiscope.vectors import find_sources, vectors
from lexiscope.workflow import region_labels

WORDS = ("the", "of", "and", "to", "river", "bank", "india", "indian")


def random(n: int, dim: int = 5, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def imported(path: Path, **options: Any) -> lx.Space:
    """The only space of an atlas without maps made of a file."""
    atlas = lx.import_vectors(path, path.parent / "made.atlas", maps=(), **options)
    (name,) = atlas.spaces
    return atlas[name]


def notes(space: lx.Space) -> str:
    return " ".join(space.recipe["source"]["notes"])


def refusal(path: Path, **options: Any) -> str:
    """What is said of input that is refused; nothing may be left of it."""
    out = path.parent / "refused.atlas"
    with pytest.raises(LexiscopeError) as caught:
        lx.import_vectors(path, out, maps=(), **options)
    assert not out.exists()
    return str(caught.value)


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# ---- words, by gensim's writer


def keyed(labels: list[str], table: NDArray[np.float32]) -> Any:
    with warnings.catch_warnings():  # gensim's own, on import
        warnings.simplefilter("ignore")
        from gensim.models import KeyedVectors

    held = KeyedVectors(table.shape[1])
    held.add_vectors(labels, table)
    return held


@pytest.fixture(scope="module")
def word_files(word_space: Space, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real word table as gensim writes it."""
    folder = tmp_path_factory.mktemp("gensim")
    held = keyed(word_space.points["label"].to_pylist(), word_space.vectors)
    held.save_word2vec_format(str(folder / "words.txt"))
    held.save_word2vec_format(str(folder / "words.bin"), binary=True)
    text = (folder / "words.txt").read_bytes()
    (folder / "glove.txt").write_bytes(text.partition(b"\n")[2])
    with gzip.open(folder / "words.vec.gz", "wb", compresslevel=1) as packed:
        packed.write(text)
    return folder


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("words.txt", "word2vec text"),
        ("words.bin", "word2vec binary"),
        ("glove.txt", "GloVe text"),
        ("words.vec.gz", "word2vec text"),
    ],
)
def test_real_words_are_the_same(
    word_files: Path, word_space: Space, name: str, format: str, tmp_path: Path
):
    atlas = lx.import_vectors(word_files / name, tmp_path / "words.atlas", name="word", maps=())
    space = atlas["word"]
    assert space.recipe["source"]["format"] == format
    assert space.recipe["kind"] == "word"
    assert np.array_equal(space.vectors, word_space.vectors)
    for column in ("label", "kind", "script", "length"):
        assert space.points[column].to_pylist() == word_space.points[column].to_pylist()
    near = space.neighbors("india", 5).drop_columns("query")
    assert near.equals(word_space.neighbors("india", 5).drop_columns("query"))
    assert near["label"][0].as_py() == "indian"


def test_words_with_spaces_and_other_sights(tmp_path: Path):
    lines = (
        ". . . 1 2 3\nat name@domain.com 4 5 6 \nthe  7 8  9\n\n 1 1 2\nth\\x 1 1 1\nthe 0 0 0\n"
        "\u00a0 3 2 1\n\u2028 3 2 1\n"
    ).encode()
    space = imported(written(tmp_path, "glove.txt", lines + b"th\xff 1 2 2\r\n"))
    assert space.points["label"].to_pylist() == [
        ". . .", "at name@domain.com", "the", "[empty]", "th\\x", "the",
        "\\xa0", "\\u2028", "th\\xff",
    ]  # fmt: skip
    assert space.vectors[:3].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert "1 label stands there again (the first: 'the')" in notes(space)
    assert "1 word is not UTF-8" in notes(space)
    assert "1 vector is zero" in notes(space)
    assert "--unordered" in notes(space)


def test_words_between_tabs_may_have_spaces(tmp_path: Path):
    space = imported(written(tmp_path, "t.vec", "2 2\nnew york\t1\t2\nden haag\t3\t4e-2\n"))
    assert space.points["label"].to_pylist() == ["new york", "den haag"]
    assert space.vectors.tolist() == [[1, 2], [3, np.float32(0.04)]]


def test_numbers_over_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from lexiscope.vectors import words

    table = random(200, 7)
    held = keyed([f"w{row}" for row in range(200)], table)
    held.save_word2vec_format(str(tmp_path / "w.txt"))
    held.save_word2vec_format(str(tmp_path / "w.bin"), binary=True)
    # word2vec itself ends each vector with a line feed
    original = b"".join(b"w%d %b\n" % (row, each.tobytes()) for row, each in enumerate(table))
    written(tmp_path, "original.bin", b"200 7\n" + original)
    monkeypatch.setattr(words, "BLOCK", 64)
    monkeypatch.setattr(words, "LONGEST_WORD", 16)
    for name in ("w.txt", "w.bin", "original.bin"):
        read = find_sources(tmp_path / name)[0].read(None, lambda _: None)
        assert np.array_equal(read.matrix, table)
        assert read.points["label"].to_pylist() == [f"w{row}" for row in range(200)]


def test_the_order_of_words_is_used_where_it_says_something(tmp_path: Path):
    labels = [f"w{chr(97 + row % 26)}{row}" for row in range(60)]
    keyed(labels, random(60)).save_word2vec_format(str(tmp_path / "w.txt"))
    found = lx.report(lx.import_vectors(tmp_path / "w.txt", tmp_path / "a.atlas", maps=()))
    assert "norm_by_rank" in {each.name for each in found}
    plain = lx.import_vectors(tmp_path / "w.txt", tmp_path / "b.atlas", ordered=False, maps=())
    found = lx.report(plain)
    assert {each.name for each in found} == {"group", "hubness", "geometry", "clusters"}
    hubs = next(each for each in found if each.name == "hubness")
    assert "row number" not in hubs.statement
    assert (hubs.figures["correlation"], hubs.figures["bins"]) == (None, [])
    assert "rows are taken" not in notes(plain["w"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the 1 2 3\nof 4 5\nto 1 2 3\n", "g.txt, line 2: 2 numbers, 3 expected"),
        ("the 1 2 3\nof 4 5 6 7\nto 1 2 3\n", "g.txt, line 2: 4 numbers, 3 expected"),
        ("the 1 2 3\nof\nto 1 2 3\n", "g.txt, line 2: 0 numbers, 3 expected"),
        ("2 3\nthe 1 2 3\nof 4 x 6\n", "g.txt, line 3: 'x' is no number"),
        ("2 3\nthe 1 2 3\nof 4 1_0 6\n", "g.txt, line 3: '1_0' is no number"),
        ("3 2\nthe 1 2\nof 3 4\n", "says 3 vectors and 2 follow"),
        ("1 2\nthe 1 2\nof 3 4\n", "says 1 vectors and 2 follow"),
        ("the 1 nan 3\nof 4 5 6\n", "the vector of 'the' (row 1) holds NaN"),
        ("the 1 2 3\nof 4 5 inf\n", "the vector of 'of' (row 2) holds an infinite number"),
        ("0 5\n", "0 vectors of 5 numbers"),
        ("2 1\nthe 1\nof 2\n", "2 vectors of 1 numbers"),
        ("", "g.txt is empty"),
        ("word,a\nx,1\n", "in no format that is read; these are: word2vec"),
        (b"\xba\x16\x4f\x2f123", "a binary model of fastText; import the .vec"),
        (b"3 2\na \0\0\0\0\0\0\0\0b \0\0", "ends within vector 2 of 3"),
        (b"1 2\na \0\0\0\0\0\0\0\0\nb \0\0", "goes on after the 1 vectors"),
        (gzip.compress(b"2 2\nthe 1 2\nof 3 4\n" * 90, mtime=0)[:-30], "packing is broken"),
    ],
)
def test_malformed_words_are_refused(text: str | bytes, said: str, tmp_path: Path):
    assert said in refusal(written(tmp_path, "g.txt", text))


# ---- arrays


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "int8", "uint16"])
def test_arrays_of_any_numbers(kind: str, tmp_path: Path):
    table = (10 * np.abs(random(6))).astype(kind)
    np.save(tmp_path / "v.npy", np.asfortranarray(table))
    space = imported(tmp_path / "v.npy")
    assert np.array_equal(space.vectors, table.astype(np.float32))
    assert space.points["label"].to_pylist() == [f"#{row}" for row in range(6)]
    assert (space.name, space.recipe["kind"]) == ("v", "imported points")
    assert space.recipe["source"]["dtype"] == kind


def test_an_array_with_its_points_beside_it(tmp_path: Path):
    np.save(tmp_path / "v.npy", random(3))
    (tmp_path / "v.csv").write_text(
        "id,title,zip,score,kind,position,vector,live\n"
        'a1,"One, two",007,1.5,4,x,0,True\nb2,,018,,5,y,1,\nc3,Three,9,-2,6,z,2,False\n'
    )
    space = imported(tmp_path / "v.npy")
    # what has another meaning here is called otherwise
    assert space.points.column_names == [
        "label", "id", "zip", "score", "given_kind", "given_position", "given_vector", "live",
    ]  # fmt: skip
    assert space.points["live"].to_pylist() == [True, None, False]
    assert space.points["label"].to_pylist() == ["One, two", "#1", "Three"]
    assert space.points["zip"].to_pylist() == ["007", "018", "9"]
    assert space.points["score"].to_pylist() == [1.5, None, -2.0]
    assert "'kind' is called 'given_kind'" in notes(space)
    assert "1 points have no label" in notes(space)


def test_points_from_another_file(tmp_path: Path):
    np.save(tmp_path / "v.npy", random(8))
    frame = pd.DataFrame({"n": range(8), "name": WORDS, "term": list("abcdefgh")})
    frame.to_parquet(tmp_path / "p.parquet")
    frame.to_json(tmp_path / "p.jsonl", orient="records", lines=True)
    frame.to_csv(tmp_path / "p.tsv", sep="\t", index=False)
    for ending in ("parquet", "jsonl", "tsv"):
        space = imported(tmp_path / "v.npy", points=tmp_path / f"p.{ending}", replace=True)
        assert space.points["label"].to_pylist() == list(WORDS)
        assert space.points["n"].to_pylist() == list(range(8))
        assert space.points["kind"].to_pylist() == ["word"] * 8
        assert space.recipe["kind"] == "imported words"
    path = tmp_path / "p.tsv"
    space = imported(tmp_path / "v.npy", points=path, label="term", replace=True)
    assert space.points["label"].to_pylist() == list("abcdefgh")


def test_arrays_that_are_no_matrix_of_points(tmp_path: Path):
    def saved(array: Any) -> Path:
        np.save(tmp_path / "v.npy", array, allow_pickle=True)
        return tmp_path / "v.npy"

    assert "shape (2, 3, 4)" in refusal(saved(np.ones((2, 3, 4))))
    assert "save each by itself" in refusal(saved(np.ones((2, 3, 4))))
    assert "Python objects" in refusal(saved(np.array([{}, 1], dtype=object)))
    assert "complex128" in refusal(saved(np.ones((2, 2), complex)))
    wrong = random(6).astype(np.float64)
    wrong[4, 1] = 1e300
    assert "'#4' (row 5) holds a number beyond those of 32 bits" in refusal(saved(wrong))
    wrong[2:4, 1] = np.nan
    assert "'#2' (row 3, and 2 more) holds NaN" in refusal(saved(wrong))
    (tmp_path / "v.csv").write_text("name\na\nb\n")
    assert "v.npy has 6 vectors and v.csv 2 rows" in refusal(saved(random(6)))
    assert "no column 'zip' for the labels; it has name" in refusal(saved(random(2)), label="zip")
    assert "--vectors x: this is for" in refusal(saved(random(2)), vectors="x")
    (tmp_path / "v.csv").unlink()
    assert "name the table with --points" in refusal(saved(random(2)), label="zip")
    assert "no.csv is not there" in refusal(saved(random(2)), points=tmp_path / "no.csv")


# ---- parquet


def test_parquet_by_pandas_and_by_arrow(tmp_path: Path):
    table = random(8)
    frame = pd.DataFrame({"n": range(8), "emb": list(table), "word": WORDS})
    frame.to_parquet(tmp_path / "pandas.parquet")
    flat = pa.array(table.astype(np.float64).ravel())
    fixed = pa.FixedSizeListArray.from_arrays(flat, 5)
    columns = {"word": pa.array(WORDS).dictionary_encode(), "v": fixed}
    pq.write_table(pa.table(columns), tmp_path / "arrow.parquet", row_group_size=3)
    for name in ("pandas", "arrow"):
        space = imported(tmp_path / f"{name}.parquet", name="v", replace=True)
        assert np.array_equal(space.vectors, table)
        assert space.points["label"].to_pylist() == list(WORDS)
        assert "emb" not in space.points.column_names
    indexed = pd.DataFrame({"emb": list(table)}, index=[f"{word} x" for word in WORDS])
    indexed.to_parquet(tmp_path / "indexed.parquet")
    space = imported(tmp_path / "indexed.parquet", name="v", replace=True)
    assert space.points["label"].to_pylist()[0] == "the x"


def test_parquet_with_several_vectors_or_none(tmp_path: Path):
    path = tmp_path / "p.parquet"
    frame = pd.DataFrame({"a": [[1.0, 2.0], [3.0, 4.0]], "b": [[5, 6], [7, 8]], "n": [1, 2]})
    frame.to_parquet(path)
    assert "(a, b); choose one with --vectors" in refusal(path)
    assert "no column 'n' of vectors; there are a, b" in refusal(path, vectors="n")
    space = imported(path, vectors="b")
    assert space.vectors.tolist() == [[5, 6], [7, 8]]
    assert notes(space).startswith("the vectors of column 'a' are left out")
    frame[["n"]].to_parquet(path)
    assert "no column of vectors, lists of numbers; it has n" in refusal(path)
    pd.DataFrame({"v": [[1.0, 2.0], [3.0]]}).to_parquet(path)
    assert "p.parquet, column 'v', row 2: 1 number, 2 expected" in refusal(path)
    pd.DataFrame({"v": [[1.0, 2.0], None]}).to_parquet(path)
    assert "row 2: no vector" in refusal(path)
    pq.write_table(pa.table({"v": pa.array([[1, None], [2, 3]], pa.list_(pa.float32()))}), path)
    assert "(row 1) holds NaN" in refusal(path)
    written(tmp_path, "p.parquet", "PAR1 and no more")
    assert "not a whole parquet file" in refusal(path)


@pytest.mark.parametrize(
    ("given", "held"),
    [
        (("label", "", "n"), ("label", "column_3", "n")),
        (("", "n"), ("label", "n")),
        (("label", "x", "x"), ("label", "x", "x_2")),
        (("label", "user.name", "a`b", "*"), ("label", "user_name", "a_b", "_")),
        (("label", "a.b", "a_b"), ("label", "a_b", "given_a_b")),
        (("label", "_rowid", "_rowaddr"), ("label", "given__rowid", "given__rowaddr")),
        (
            ("label", " ", "a b", "(c)", "é", "select"),
            ("label", "column_3", "a b", "(c)", "é", "select"),
        ),
    ],
)
def test_columns_of_any_name_are_kept_and_told(
    given: tuple[str, ...], held: tuple[str, ...], tmp_path: Path
):
    vectors = pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]], pa.list_(pa.float32()))
    texts = [pa.array([f"{at} {row}" for row in "ab"] + [" "]) for at in range(len(given))]
    path = tmp_path / "p.parquet"
    pq.write_table(pa.Table.from_arrays([vectors, *texts], names=["v", *given]), path)
    atlas = lx.import_vectors(path, tmp_path / "p.atlas", maps=("pca",))
    space = lx.Atlas.open(atlas.path)["p"]
    assert tuple(space.points.column_names) == held
    for at, name in enumerate(held[1:], start=1):
        assert space.points[name].to_pylist()[:2] == [f"{at} a", f"{at} b"]
        if name != given[at]:
            assert f"is called {name!r} here" in notes(space)
    assert space.neighbors(0, 1)["point"].to_pylist() == [2]


def test_a_nameless_column_of_vectors_is_called_by_its_place(tmp_path: Path):
    one = pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32()))
    path = tmp_path / "p.parquet"
    pq.write_table(pa.Table.from_arrays([one, one], names=["", "b"]), path)
    assert "(column_1, b); choose one with --vectors" in refusal(path)
    assert imported(path, vectors="column_1").vectors.tolist() == [[1, 2], [3, 4]]


def test_a_csv_with_dots_in_the_names_of_its_columns(tmp_path: Path):
    np.save(tmp_path / "v.npy", random(2))
    written(tmp_path, "v.csv", "title,user.name\na,x\nb,y\n")
    space = imported(tmp_path / "v.npy")
    assert space.points["user_name"].to_pylist() == ["x", "y"]
    assert "'user.name' is called 'user_name'" in notes(space)


# ---- TensorBoard


def test_an_exported_atlas_comes_back(small_atlas: Path, tmp_path: Path):
    from lexiscope.export import export

    atlas = lx.Atlas.open(small_atlas)
    export(atlas, "tensorboard", tmp_path / "logs")
    back = lx.import_vectors(tmp_path / "logs", tmp_path / "back.atlas", maps=())
    layers = [f"context_layer_{layer:02d}" for layer in atlas["context"].layers]
    assert set(back.spaces) == {"word", "position", "token_type", *layers}
    for name in ("word", "position", "token_type"):
        assert np.array_equal(back[name].vectors, atlas[name].vectors)
        for column in atlas[name].points.column_names:
            assert back[name].points[column].to_pylist() == atlas[name].points[column].to_pylist()
    for layer, name in zip(atlas["context"].layers, layers, strict=True):
        assert np.array_equal(back[name].vectors, atlas["context"].matrices[layer])
        for column in atlas["context"].points.column_names:
            # what the texts had as "true" is a truth value when it comes back
            held = [
                value == "true" if value in ("true", "false") else value
                for value in atlas["context"].points[column].to_pylist()
            ]
            assert back[name].points[column].to_pylist() == held
    assert back["word"].recipe["kind"] == "imported words"


@pytest.mark.parametrize("format", ["word2vec", "npy", "parquet"])
def test_other_exports_come_back(format: str, small_atlas: Path, music: Path, tmp_path: Path):
    from lexiscope.export import Choice, export

    lx.import_vectors(music / "songs.npy", tmp_path / "songs.atlas", maps=())
    for path, name in ((small_atlas, "word"), (tmp_path / "songs.atlas", "songs")):
        atlas = lx.Atlas.open(path)
        (first, *_) = export(atlas, format, tmp_path / f"{name}.out", Choice((name,)))
        space = lx.import_vectors(first, tmp_path / f"{name}.atlas.back", name=name, maps=())[name]
        assert np.array_equal(space.vectors, atlas[name].vectors)
        assert space.points["label"].to_pylist() == atlas[name].points["label"].to_pylist()
        kinds = ("word",) if format == "word2vec" else ("imported words",)
        assert space.recipe["kind"] in (kinds if name == "word" else ("imported points",))


def test_labels_that_were_quoted_or_escaped_for_the_page(tmp_path: Path):
    labels = ["7", "007", "a", " ", "\u3000", "\u200b", '"', "1e5", "x\ty", None, "\\n", "नमस्ते"]
    table = pa.table({"label": labels, "n": pa.array([*range(11), None]), "big": [10**17] * 12})
    write_projector(tmp_path / "logs", [Embedding("e", random(12), table)])
    space = imported(tmp_path / "logs")
    assert space.points["label"].to_pylist() == [
        "7", "007", "a", "␣", "\\u3000", "\\u200b", '"', "1e5", "x\\ty", "#9", "\\n", "नमस्ते",
    ]  # fmt: skip
    assert space.points["n"].to_pylist() == [*range(11), None]
    assert space.points["big"].to_pylist() == [str(10**17)] * 12


def test_what_torch_writes(tmp_path: Path):
    from torch.utils.tensorboard import SummaryWriter

    first, second = random(4, 3), random(5, 2, seed=1)
    with SummaryWriter(tmp_path / "logs" / "run 1") as writer:
        writer.add_embedding(first, ["p", "q", "007", "s"], global_step=2, tag="my tag")
        rows = [["x", "1", "a"], ["y", "2", "b"], ["z", "3", "c"], ["u", "4", ""], ["v", "5", "e"]]
        writer.add_embedding(second, rows, metadata_header=["name", "count", "other"])
    with SummaryWriter(tmp_path / "logs" / "run 2") as writer:
        writer.add_embedding(first)
    atlas = lx.import_vectors(tmp_path / "logs", tmp_path / "made.atlas", maps=())
    assert atlas.spaces == ("run-1-my-tag-00002", "run-1-default-00000", "run-2-default-00000")
    one, two, three = (atlas[name] for name in atlas.spaces)
    np.testing.assert_allclose(one.vectors, first)
    np.testing.assert_allclose(two.vectors, second)
    assert one.points["label"].to_pylist() == ["p", "q", "007", "s"]
    assert two.points["label"].to_pylist() == list("xyzuv")
    assert two.points["count"].to_pylist() == [1, 2, 3, 4, 5]
    assert two.points["other"].to_pylist() == ["a", "b", "c", None, "e"]
    assert three.points["label"].to_pylist() == ["#0", "#1", "#2", "#3"]
    alone = lx.import_vectors(
        tmp_path / "logs", tmp_path / "one.atlas", vectors="run 2/default:00000", maps=()
    )
    assert alone.spaces == ("run-2-default-00000",)
    assert "choose one with --vectors" in refusal(tmp_path / "logs", name="x")
    assert "no embedding 'x'; it has run 1/my tag:00002" in refusal(tmp_path / "logs", vectors="x")


def logdir(folder: Path, config: str, **files: str | bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "projector_config.pbtxt").write_text(config, encoding="utf-8")
    for name, content in files.items():
        written(folder, name.replace("_", "."), content)
    return folder


def test_raw_numbers_and_other_spellings_of_a_configuration(tmp_path: Path):
    table = random(3, 2)
    space = imported(
        logdir(
            tmp_path / "logs",
            "# a comment\nmodel_checkpoint_path: 'x'\n"
            "embeddings: <\n tensor_name: 'caf\\303\\251'\n"
            "tensor_shape: [3, 2]\ntensor_path: 't.bytes' ; metadata_path: \"m.tsv\"\n"
            "sprite { single_image_dim: 2, single_image_dim: 3 } >",
            t_bytes=table.tobytes(),
            m_tsv="a\r\nb\r\nc\r\n",
        )
    )
    assert np.array_equal(space.vectors, table)
    assert space.points["label"].to_pylist() == ["a", "b", "c"]
    assert space.recipe["source"]["name"] == "logs, café"


@pytest.mark.parametrize(
    ("config", "tensor", "said"),
    [
        ('embeddings { tensor_path: "t.tsv" }', "1\t2\n3\n", "t.tsv, line 2: 1 number, 2 expected"),
        ('embeddings { tensor_path: "t.tsv" }', "1\t2\n3\tx\n", "line 2: 'x' is no number"),
        ('embeddings { tensor_path: "t.tsv" }', "", "t.tsv is empty"),
        ('embeddings { tensor_path: "u.tsv" }', "1\t2\n", "which is not there"),
        ('embeddings { tensor_name: "w" }', "", "names w, but no file of vectors"),
        ('embeddings { tensor_path: "t.tsv" ', "", "ends within a message"),
        ("embeddings { } }", "", "a } too many"),
        ("embeddings { \x01 }", "", "is no projector configuration"),
        (
            'embeddings { tensor_path: "t.tsv" metadata_path: "m.tsv" }',
            "1\t2\n3\t4\n",
            "m.tsv has 3 labels (a file of one column has no line of names), for 2 vectors",
        ),
    ],
)
def test_broken_log_directories(config: str, tensor: str, said: str, tmp_path: Path):
    assert said in refusal(logdir(tmp_path / "logs", config, t_tsv=tensor, m_tsv="a\nb\nc\n"))


@pytest.mark.parametrize("row", ["b\t2\t3", "b"])
def test_metadata_with_cells_too_many_or_few(tmp_path: Path, row: str):
    (tmp_path / "projector_config.pbtxt").write_text(
        'embeddings { tensor_name: "t" tensor_path: "t.tsv" metadata_path: "m.tsv" }'
    )
    (tmp_path / "t.tsv").write_text("1\t2\n3\t4\n")
    (tmp_path / "m.tsv").write_text(f"name\tn\na\t1\n{row}\n")
    with pytest.raises(LexiscopeError, match=r"m\.tsv, line 3: (3 cells|1 cell), 2 expected"):
        lx.import_vectors(tmp_path, output=tmp_path / "x.atlas")


def test_lists_beside_the_vectors_are_kept_or_told(tmp_path: Path):
    table = pa.table(
        {
            "label": ["a", "b"],
            "v": pa.array([[1.0, 2.0], [3.0, 4.0]]),
            "w": pa.array([[1.0], [3.0]]),
            "a q": pa.array([range(16)] * 2, pa.list_(pa.int8())),
            "ids": pa.array([[1, 2], [3]]),
            "scores": pa.array([[0.5], [0.25, 1.0]]),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    held = lx.import_vectors(tmp_path / "t.parquet", vectors="v", output=tmp_path / "t.atlas")
    points = held["t"].points
    assert "w" not in points.column_names
    assert points["ids"].to_pylist() == ["[1, 2]", "[3]"]
    assert held.origin is not None
    assert points["scores"].to_pylist() == ["[0.5]", "[0.25, 1.0]"]
    left_out = [note.partition(": ")[2] for note in held.origin.notes if "left out" in note]
    assert left_out == [
        "--vectors w --name w imports them into the same atlas",
        "--vectors 'a q' --name a-q imports them into the same atlas",
    ]
    also = lx.import_vectors(tmp_path / "t.parquet", held.path, vectors="a q", name="a-q")
    assert set(also) == {"t", "a-q"}


def test_a_folder_of_something_else(tmp_path: Path):
    (tmp_path / "logs").mkdir()
    assert "without a projector_config.pbtxt" in refusal(tmp_path / "logs")
    (tmp_path / "logs" / "notes.md").write_text("mine")
    assert refusal(tmp_path / "logs").endswith("name such a directory, or a file")
    for name in "abcdef":
        np.save(tmp_path / "logs" / f"{name}.npy", random(2))
    assert "its files (a.npy, b.npy, c.npy, d.npy, e.npy, ...)" in refusal(tmp_path / "logs")
    # An environment's or a cache's are nobody's.
    logdir(tmp_path / "logs" / ".cache", 'embeddings { tensor_path: "t.tsv" }', t_tsv="1\t2\n")
    assert "in it or below" in refusal(tmp_path / "logs")
    assert "does not exist" in refusal(tmp_path / "nothing")


def test_what_is_found_below_is_told(tmp_path: Path):
    for run in ("first", "deep/second"):
        (tmp_path / "logs" / run).mkdir(parents=True)
        config = 'embeddings { tensor_name: "e" tensor_path: "t.tsv" }'
        logdir(tmp_path / "logs" / run, config, t_tsv="1\t2\n3\t5\n")
    atlas = lx.import_vectors(tmp_path / "logs", tmp_path / "made.atlas", maps=())
    assert atlas.origin is not None
    assert atlas.origin.notes == ("deep-second-e: found in deep/second", "first-e: found in first")
    below = imported(tmp_path / "logs" / "first")
    assert notes(below) == ""


def test_of_several_embeddings_all_are_imported_or_none(tmp_path: Path):
    """In an atlas that is there already nothing of the refused ones is left."""
    np.save(tmp_path / "v.npy", random(3))
    out = tmp_path / "made.atlas"
    lx.import_vectors(tmp_path / "v.npy", out, maps=())
    before = sorted(path.relative_to(out) for path in out.rglob("*"))
    entries = "".join(
        f'embeddings {{ tensor_name: "{name}" tensor_path: "{name}.tsv" }}\n' for name in "ab"
    )
    logs = logdir(tmp_path / "logs", entries, a_tsv="1\t2\n3\t5\n", b_tsv="1\t2\n3\tnan\n")
    with pytest.raises(LexiscopeError, match=r"logs, b: the vector of '#1' \(row 2\) holds NaN"):
        lx.import_vectors(logs, out, maps=())
    assert lx.Atlas.open(out).spaces == ("v",)
    assert sorted(path.relative_to(out) for path in out.rglob("*")) == before
    written(logs, "b.tsv", "1\t2\n3\t4\n")
    assert lx.import_vectors(logs, out, maps=()).spaces == ("v", "a", "b")


# ---- the atlas


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An array of four groups with a table beside it; labels are no words."""
    folder = tmp_path_factory.mktemp("music")
    rng = np.random.default_rng(3)
    group = np.arange(120) % 4
    table = 4 * np.eye(16)[group] + rng.normal(size=(120, 16))
    np.save(folder / "songs.npy", table)
    names = [f"{'abcd'[each]} song {row}" for row, each in enumerate(group)]
    styles = [("jazz", "rock", "folk", "house")[each] for each in group]
    frame = pd.DataFrame({"title": names, "style": styles, "year": 1950 + group})
    frame.to_csv(folder / "songs.csv", index=False)
    return folder


def test_what_is_there_is_found_again(music: Path, tmp_path: Path):
    stages: list[str] = []

    def told(stage: str, _: str, done: int, total: int) -> None:
        assert 0 <= done <= total
        stages.append(stage)

    out = tmp_path / "songs.atlas"
    atlas = lx.import_vectors(music / "songs.npy", out, progress=told)
    assert atlas.spaces == ("songs",)
    assert set(atlas.projections("songs")) == {"pca-2d", "tsne-2d"}
    assert next(iter(atlas.projections("songs").values()))["quality"]["kept"] > 0.3
    assert atlas["songs"].graphs
    order = list(dict.fromkeys(stage.split()[0] for stage in stages))
    assert order == ["checking", "reading", "writing", "mapping"]
    before = atlas.version("songs")
    stages.clear()
    copied = shutil.copytree(music, tmp_path / "elsewhere")
    again = lx.import_vectors(copied / "songs.npy", out, progress=told)
    assert again.version("songs") == before
    assert {stage.split()[0] for stage in stages} == {"checking"}


def test_an_interrupted_import_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    table = random(50)
    np.save(tmp_path / "v.npy", table)
    monkeypatch.setattr(vectors, "BLOCK", 50)  # ten rows of five numbers

    def interrupted(stage: str, _: str, done: int, __: int) -> None:
        if stage == "writing v" and done >= 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lx.import_vectors(tmp_path / "v.npy", tmp_path / "a", maps=(), progress=interrupted)
    begun = lx.Atlas.open(tmp_path / "a")
    assert (begun.spaces, begun.unfinished) == ((), ("v",))
    committed: list[int] = []
    append = begun.writer("x", "0").__class__.append

    def counting(self: Any, points: pa.Table, matrices: Any) -> None:
        committed.append(points.num_rows)
        append(self, points, matrices)

    monkeypatch.setattr("lexiscope.atlas.writer.SpaceWriter.append", counting)
    atlas = lx.import_vectors(tmp_path / "v.npy", tmp_path / "a", maps=())
    assert committed == [10, 10]
    assert np.array_equal(atlas["v"].vectors, table)
    assert atlas["v"].points["label"].to_pylist() == [f"#{row}" for row in range(50)]


def test_an_atlas_of_other_things_stays(music: Path, small_atlas: Path, tmp_path: Path):
    model = Path(shutil.copytree(small_atlas, tmp_path / "model.atlas"))
    before = (model / "atlas.json").read_bytes()
    with pytest.raises(LexiscopeError, match="is the atlas of the model"):
        lx.import_vectors(music / "songs.npy", model)
    assert (model / "atlas.json").read_bytes() == before
    out = tmp_path / "songs.atlas"
    lx.import_vectors(music / "songs.npy", out, maps=())
    np.save(tmp_path / "songs.npy", random(7))
    with pytest.raises(LexiscopeError, match="--name NAME, or give it up with --replace"):
        lx.import_vectors(tmp_path / "songs.npy", out, maps=())
    assert len(lx.Atlas.open(out)["songs"]) == 120
    atlas = lx.import_vectors(tmp_path / "songs.npy", out, name="few", maps=())
    assert atlas.spaces == ("songs", "few")
    assert set(atlas.projections("songs")) == set()
    atlas = lx.import_vectors(tmp_path / "songs.npy", out, replace=True, maps=())
    assert len(atlas["songs"]) == 7
    with pytest.raises(LexiscopeError, match=r"vectors imported from songs\.npy"):
        lx.build("embedded", output=out, maps=())
    with pytest.raises(LexiscopeError, match="use letters, digits"):
        lx.import_vectors(tmp_path / "songs.npy", out, name="../x")


def test_two_imports_are_compared_by_label(tmp_path: Path):
    table = random(30)
    labels = [f"word{chr(97 + row)}" for row in range(26)] + ["one", "two", "three", "four"]
    keyed(labels, table).save_word2vec_format(str(tmp_path / "before.txt"))
    table[7] = -table[7]
    keyed(labels[::-1], table[::-1].copy()).save_word2vec_format(
        str(tmp_path / "after.bin"), binary=True
    )
    for name in ("before.txt", "after.bin"):
        lx.import_vectors(tmp_path / name, tmp_path / f"{name}.atlas", maps=())
    found = lx.diff(tmp_path / "before.txt.atlas", tmp_path / "after.bin.atlas", k=5)
    (comparison,) = found.comparisons
    assert comparison.most_moved[0]["label"] == labels[7]


def test_commands_over_an_imported_atlas(run: Callable[..., Any], music: Path, tmp_path: Path):
    out = tmp_path / "songs.atlas"
    done = run("import", music / "songs.npy", "-o", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == f"{out}: songs.npy (npy)"
    assert "tsne-2d" in done.stdout
    assert run("info", out).stdout == done.stdout
    told = json.loads(run("import", music / "songs.npy", "-o", out, "--json").stdout)
    assert told["spaces"][0]["points"] == 120
    assert told["spaces"][0]["recipe"]["source"]["files"] == ["songs.npy", "songs.csv"]
    near = json.loads(run("near", out, "songs", "a song 0", "-k", "3", "--json").stdout)
    assert {each["label"][0] for each in near["neighbors"]} == {"a"}
    report = run("report", out, "--html", tmp_path / "report.html")
    assert report.returncode == 0, report.stderr
    assert "songs.npy" in (tmp_path / "report.html").read_text("utf-8")
    shown = run("report", out).stdout
    assert "4 dense clusters" in shown
    assert "countries" not in shown
    wrong = run("import", written(tmp_path, "g.txt", "a 1 2\nb 1 2\nc 1\n"), "-o", tmp_path / "g")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr == "lexiscope: g.txt, line 3: 1 number, 2 expected\n"
    wrong = run("import", music / "songs.npy", "-o", out, "--maps", "x")
    assert wrong.stderr.startswith("lexiscope: --maps x: there are")


@pytest.mark.parametrize("with_table", [True, False])
def test_the_server_over_an_imported_atlas(music: Path, tmp_path: Path, with_table: bool):
    from server_atlas import arrow, client

    source = music / "songs.npy"
    if not with_table:
        source = Path(shutil.copy(source, tmp_path / "songs.npy"))
    lx.report(lx.import_vectors(source, tmp_path / "songs.atlas"))
    with client(tmp_path / "songs.atlas") as served:
        (atlas,) = served.get("/api/atlases").json()["atlases"]
        assert (atlas["model"], atlas["error"]) == ("songs.npy", None)
        (space,) = atlas["spaces"]
        assert (space["name"], space["live"], space["points"]) == ("songs", False, 120)
        at = "/api/atlases/songs/spaces/songs"
        labels = arrow(served.get(f"{at}/columns?name=label").content)["label"].to_pylist()
        assert labels[:2] == (["a song 0", "b song 1"] if with_table else ["#0", "#1"])
        regions = region_labels(lx.Atlas.open(tmp_path / "songs.atlas"), "songs", "tsne-2d")
        assert bool(regions) is with_table
        found = served.get("/api/atlases/songs/findings").json()["findings"]
        assert {each["name"] for each in found} == {"hubness", "geometry", "clusters"}
