"""Files for other programs, each read back by the program it is made for."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
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
from exported_atlas import held
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tiny_models import build

import lexiscope as lx
from lexiscope.errors import LexiscopeError
from lexiscope.export import FORMATS, Choice, export
from lexiscope.export.found import NAMES, finding_name
from lexiscope.export.rows import beside
from lexiscope.export.word2vec import writable
from lexiscope.findings import Finding

WORD = Choice(spaces=("word",))
# As the command and the guide say that our csv is read.
AS_WRITTEN: dict[str, Any] = {
    "dtype": {"label": str},
    "keep_default_na": False,
    "na_values": [""],
}


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
    read = pd.read_csv(file, **AS_WRITTEN)
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
        (
            lambda: export(atlas, "csv", tmp_path / "w.csv", WORD, color="kind"),
            "colours a map's points",
        ),
    ]
    for call, said in wrong:
        with pytest.raises(LexiscopeError, match=said):
            call()
    assert list(tmp_path.iterdir()) == []


FOLDERS = ("tensorboard",)
ENDINGS = {"word2vec": [".txt", ".vec", ".bin"], "embedding-atlas": [".parquet"]}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("ending", [".htm", ".jpg", ".gz", ".xlsx", ".JSON", ".pkl", ".atlas"])
def test_a_file_of_another_sort_is_never_made_a_folder(
    atlas: lx.Atlas, tmp_path: Path, format: str, ending: str
):
    with pytest.raises(LexiscopeError) as caught:
        export(atlas, format, tmp_path / f"x{ending}", WORD)
    endings = ENDINGS.get(format, [f".{format}"])
    if format in FOLDERS:
        assert f"such as {tmp_path / 'x'}" in str(caught.value)
    else:
        assert f"the ending must be {endings[0]}" in str(caught.value)
        assert f"name {tmp_path / 'x'}{endings[0]}, or a folder, without an ending" in str(
            caught.value
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["map", "v1.2", "example.org", "me.github.io"])
def test_other_names_with_dots_are_folders(atlas: lx.Atlas, tmp_path: Path, name: str):
    (file,) = export(atlas, "csv", tmp_path / name, WORD)
    assert file == tmp_path / name / "word.csv"


@pytest.mark.parametrize("format", FORMATS)
def test_where_nothing_can_be_written_is_said_before(
    atlas: lx.Atlas, format: str, monkeypatch: pytest.MonkeyPatch
):
    """In /proc even root makes no file, and what the system says of it misleads."""

    def drawn(*_: object, **__: object) -> None:
        pytest.fail("something was read")

    monkeypatch.setattr(lx.Atlas, "projection", drawn)
    (ending, *_) = ENDINGS.get(format, ["" if format in FOLDERS else f".{format}"])
    for name in (f"/proc/x{ending}", "/proc/x/y"):
        with pytest.raises(LexiscopeError, match=r"nothing can be written in /proc; name another"):
            export(atlas, format, Path(name), WORD)


def test_an_option_of_another_format_is_told_what_it_is(atlas: lx.Atlas, tmp_path: Path):
    for format, options, said in (
        ("csv", {"k": 3}, r"-k \(how many neighbours .*\) is for html, not for csv; leave it out"),
        ("html", {"color": "x"}, r"--color .* for png, svg, pdf, not .* takes -k \(how many"),
        ("png", {"size": 3}, "size: no format takes this; there are k, color, finding"),
    ):
        with pytest.raises(LexiscopeError, match=said):
            export(atlas, format, tmp_path / f"x.{format}", WORD, **options)


def test_a_table_has_no_layers(atlas: lx.Atlas, tmp_path: Path):
    for spaces, said in (
        (("word",), "word is a table, it has no layers: leave --layers out"),
        (("word", "position"), "word and position are tables, they have no layers"),
    ):
        with pytest.raises(LexiscopeError, match=said):
            export(atlas, "csv", tmp_path / "x", Choice(spaces, layers=(0,)))


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> lx.Atlas:
    """Labels and texts that would break a page, a table or a list of words."""
    folder = tmp_path_factory.mktemp("hard")
    np.save(folder / "hard.npy", np.random.default_rng(0).normal(size=(len(HARD) + 8, 4)))
    labels = [*HARD, *(f"plain {row}" for row in range(8))]
    pq.write_table(pa.table({"label": labels, "text": labels}), folder / "hard.parquet")
    return lx.import_vectors(folder / "hard.npy", folder / "hard.atlas", maps=("pca",))


HARD = (
    "</script><script>broken()</script>",
    "<!-- <script>",
    "]]>",
    "a\u2028b",
    "tab\tbed",
    "line\nfeed\r",
    "two  words ",
    "\"double\" 'single' `back`",
    "{curly} ${broken()} \\ %20",
    "=1+1",
)


def test_hard_labels_and_texts_survive(hard: lx.Atlas, tmp_path: Path):
    from gensim.models import KeyedVectors

    points = hard["hard"].points
    assert points["text"].to_pylist()[: len(HARD)] == list(HARD)
    (file,) = export(hard, "csv", tmp_path / "hard.csv")
    read = pd.read_csv(file, keep_default_na=False)
    for column in ("label", "text"):
        assert read[column].tolist() == points[column].to_pylist()
    written = export(hard, "word2vec", tmp_path / "hard.txt")
    words = KeyedVectors.load_word2vec_format(str(written[0])).index_to_key
    originals = json.loads(written[1].read_text("utf-8"))["labels"]
    assert [originals.get(word, word) for word in words] == points["label"].to_pylist()
    assert f"{len(originals)} labels are written otherwise" in written.notes[1]


def test_nothing_is_said_of_labels_that_are_as_they_were(tmp_path: Path):
    np.save(tmp_path / "few.npy", np.eye(3, dtype=np.float32))
    atlas = lx.import_vectors(tmp_path / "few.npy", tmp_path / "few.atlas", maps=())
    (read,) = export(atlas, "word2vec", tmp_path / "few.txt").notes
    assert read.endswith("few.txt', binary=False)")


def test_hard_texts_are_inert_in_a_page(hard: lx.Atlas, tmp_path: Path):
    from exported_atlas import held

    from lexiscope.export.template import read_template

    hard.keep_bookmarks([{"name": HARD[0], "view": HARD[1], "made": HARD[3]}])
    (file,) = export(hard, "html", tmp_path / "hard.html")
    page, template = file.read_text("utf-8"), read_template("alone.html")
    for text in ("broken()", "]]>", "tab\tbed"):
        assert page.count(text) == template.count(text)
    for sign in ("<!--", "\u2028", "</script"):
        extra = len(held(file)) if sign == "</script" else 0
        assert page.count(sign) == template.count(sign) + extra
    bookmarks = next(body for path, body in held(file).items() if path.endswith("/bookmarks"))
    assert json.loads(bookmarks)[0]["name"] == HARD[0]


def drawn(run: Run, *arguments: object) -> str:
    done = run("export", *map(str, arguments))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_figure_says_what_it_shows_and_what_else_there_is(
    run: Run, small_atlas: Path, tmp_path: Path
):
    atlas = lx.Atlas.open(small_atlas)
    said = drawn(run, small_atlas, "svg", tmp_path / "w.svg").splitlines()
    (first, *others) = atlas.projections("word")
    assert said[1] == f"drawn: space word, projection {first}, coloured by kind"
    assert ">kind<" in (tmp_path / "w.svg").read_text("utf-8")
    assert said[2].startswith("also there: --space (position, token_type, context), --projection")
    for each in (*others, "--color (", "length"):
        assert each in said[2]
    options = ("--space", "context", "--layers", 1, "--color", "target")
    said = drawn(run, small_atlas, "svg", tmp_path / "c.svg", *options).splitlines()
    assert re.fullmatch("drawn: space context, layer 1, projection .*, coloured by target", said[1])
    assert "--layers (0, 2, 3)" in said[2]
    assert ">target<" in (tmp_path / "c.svg").read_text("utf-8")


@pytest.fixture(scope="module")
def found(small_atlas: Path, tmp_path_factory: pytest.TempPathFactory) -> lx.Atlas:
    """The tiny atlas with its findings."""
    path = tmp_path_factory.mktemp("found") / "found.atlas"
    shutil.copytree(small_atlas, path)
    lx.report(lx.Atlas.open(path))
    return lx.Atlas.open(path)


def test_with_a_projection_only_maps_are_drawn_and_with_a_finding_only_that(
    found: lx.Atlas, tmp_path: Path
):
    position = Choice(("position",))
    everything = export(found, "svg", tmp_path / "all", position)
    names = {path.stem for path in everything}
    maps = {f"position-{id}" for id in found.projections("position")}
    assert names == {*maps, "position-positions", "position-geometry"}
    assert everything.notes == (f"drawn: {len(maps)} maps, 2 figures of findings",)
    one = Choice(("position",), projections=("pca-2d",))
    only = export(found, "svg", tmp_path / "maps", one)
    assert [path.stem for path in only] == ["position-pca-2d"]
    assert only.notes[0] == "drawn: 1 map"
    assert only.notes[1].startswith("2 figures of findings left out; --finding")
    geometry = export(found, "svg", tmp_path / "found", Choice(), finding="Geometry")
    assert {path.stem.partition("-")[2] for path in geometry} == {"geometry"}
    for choice, options, option in (
        (one, {}, "--projection"),
        (position, {"color": "row"}, "--color"),
    ):
        with pytest.raises(LexiscopeError, match=f"draws no map: leave {option} out"):
            export(found, "svg", tmp_path / "no", choice, finding="geometry", **options)


def test_a_finding_is_known_by_what_it_is_called(found: lx.Atlas, tmp_path: Path, run: Run):
    for asked, name in {
        "groups": "group",
        "Group": "group",
        "hubs": "hubness",
        "token types": "token_types",
        "token-type": "token_types",
        "sense": "senses",
        "frequency": "norm_by_rank",
        "cluster": "clusters",
    }.items():
        assert finding_name(asked) == name
    assert all(finding_name(name) == name for name in NAMES)
    with pytest.raises(LexiscopeError, match=f"one of {', '.join(NAMES)}"):
        export(found, "png", tmp_path / "x.png", finding="wurst")
    with pytest.raises(LexiscopeError, match=r"is about position, not about word: .* --space"):
        export(found, "png", tmp_path / "x.png", WORD, finding="positions")
    with pytest.raises(LexiscopeError, match=r"keeps none; measure .* lexiscope report"):
        export(found, "png", tmp_path / "x.png", finding="senses")
    help = " ".join(run("export", "--help").stdout.split())
    assert f"{', '.join(NAMES[:-1])} or {NAMES[-1]}" in help
    assert list(tmp_path.iterdir()) == []


def test_maps_of_spaces_without_the_column_are_told(atlas: lx.Atlas, tmp_path: Path):
    choice = Choice(("word", "context"), (0,), ("pca-2d",))
    written = export(atlas, "svg", tmp_path / "all", choice, color="target")
    assert written.notes[0] == "drawn: 2 maps (word without the column target)"
    with pytest.raises(LexiscopeError, match="color 'target': the points have label"):
        export(atlas, "svg", tmp_path / "w.svg", WORD, color="target")
    with pytest.raises(LexiscopeError, match="color 'nothing': the points have"):
        export(atlas, "svg", tmp_path / "none", choice, color="nothing")


def test_nothing_to_draw_is_refused(tmp_path: Path):
    np.save(tmp_path / "few.npy", np.eye(3, dtype=np.float32))
    atlas = lx.import_vectors(tmp_path / "few.npy", tmp_path / "few.atlas", maps=())
    for name in ("few.png", "folder"):
        with pytest.raises(LexiscopeError, match="compute one with lexiscope project"):
            export(atlas, "png", tmp_path / name)


def test_notes_are_in_json_too(run: Run, small_atlas: Path, tmp_path: Path):
    out = drawn(run, small_atlas, "csv", tmp_path / "w.csv", "--space", "word", "--json")
    told = json.loads(out)
    assert told["written"] == [str(tmp_path / "w.csv")]
    assert told["notes"][0].startswith("read with: pandas.read_csv(")


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


def test_numbers_with_gaps_stay_numbers(tmp_path: Path):
    points = {"label": ["007", "null"], "score": pa.array([1.5, None]), "n": pa.array([None, 3])}
    np.save(tmp_path / "v.npy", np.eye(2, dtype=np.float32))
    pq.write_table(pa.table(points), tmp_path / "v.parquet")
    held = lx.import_vectors(
        tmp_path / "v.npy", points=tmp_path / "v.parquet", output=tmp_path / "v.atlas"
    )
    made = export(held, "csv", tmp_path / "out.csv")
    read = pd.read_csv(made[0], **AS_WRITTEN)
    assert read["label"].tolist() == ["007", "null"]
    assert read["score"].dtype == np.float64
    np.testing.assert_array_equal(read["n"], [np.nan, 3])
    assert "dtype={'label': str}, keep_default_na=False, na_values=['']" in made.notes[0]


@pytest.mark.parametrize(
    ("format", "name", "mine"),
    [
        ("word2vec", "mine.bin", ["mine.json", "mine.txt"]),
        ("npy", "vec.npy", ["vec.csv", "vec.npy"]),
        ("embedding-atlas", "t.parquet", ["t.labels.parquet", "t.parquet"]),
        ("csv", ".", ["word.csv"]),
        ("png", ".", ["word-pca-2d.png"]),
        ("npy", ".", ["word.npy"]),
    ],
)
def test_files_that_nobody_named_are_not_replaced(
    atlas: lx.Atlas, tmp_path: Path, format: str, name: str, mine: list[str]
):
    for each in mine:
        (tmp_path / each).write_text(f'["{each} is mine"]')
    with pytest.raises(LexiscopeError, match=f"{re.escape(mine[0])} is there already"):
        export(atlas, format, tmp_path / name, WORD)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        each: f'["{each} is mine"]' for each in mine
    }


@pytest.mark.parametrize("format", FORMATS)
def test_an_earlier_export_is_replaced(atlas: lx.Atlas, tmp_path: Path, format: str):
    first = export(atlas, format, tmp_path / "out", WORD)
    assert export(atlas, format, tmp_path / "out", WORD) == first


@pytest.mark.parametrize(
    ("format", "name"),
    [
        ("csv", "word.csv"),
        ("npy", "word.csv"),
        ("npy", "word.npy"),
        ("parquet", "word.parquet"),
        ("png", "word-pca-2d.png"),
        ("svg", "word-pca-2d.svg"),
        ("pdf", "word-pca-2d.pdf"),
    ],
)
def test_a_file_that_only_speaks_of_us_is_a_persons_own(
    atlas: lx.Atlas, tmp_path: Path, format: str, name: str
):
    """Notes of ours beside it are about another file."""
    export(atlas, "word2vec", tmp_path / "word.txt", WORD)
    mine = b'{"about": "lexiscope", "from": {"lexiscope": "1"}}'
    (tmp_path / name).write_bytes(mine)
    with pytest.raises(LexiscopeError, match=rf"{re.escape(name)} is there already, is no earlier"):
        export(atlas, format, tmp_path, WORD)
    assert (tmp_path / name).read_bytes() == mine


def test_a_csv_that_a_person_wrote_columns_into_is_theirs(atlas: lx.Atlas, tmp_path: Path):
    (file,) = export(atlas, "csv", tmp_path, WORD)
    read = pd.read_csv(file, **AS_WRITTEN)
    read["checked"] = "yes"
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
        read.to_csv(file, index=False, quoting=quoting)
        with pytest.raises(LexiscopeError, match=r"word\.csv is there already"):
            export(atlas, "csv", tmp_path, WORD)


@pytest.fixture(scope="module")
def one_type(tmp_path_factory: pytest.TempPathFactory) -> lx.Atlas:
    """An atlas whose table of token types has one row, as RoBERTa's and its kin's have."""
    folder = tmp_path_factory.mktemp("roberta")
    model = build("roberta", folder / "model", type_vocab_size=1)
    return lx.build(str(model), output=folder / "one.atlas", maps=("pca",))


@pytest.mark.parametrize("format", FORMATS)
def test_a_space_of_one_point_is_exported(one_type: lx.Atlas, tmp_path: Path, format: str):
    assert len(one_type["token_type"]) == 1
    assert export(one_type, format, tmp_path / "out")
    if format == "html":
        (file,) = export(one_type, format, tmp_path / "one.html")
        found = held(file)
        (info,) = json.loads(found["/api/atlases"])["atlases"]
        (space,) = (each for each in info["spaces"] if each["name"] == "token_type")
        assert space["graphs"][""]["k"] == 0
        assert found["/api/atlases/one/spaces/token_type/neighbors"] == b""


def test_findings_without_a_figure_are_told(small_atlas: Path, tmp_path: Path):
    path = Path(shutil.copytree(small_atlas, tmp_path / "small.atlas"))
    held = lx.Atlas.open(path)
    own = Finding("doublets", "word", None, "So.", {"n": 3}, (1,))
    lx.report(held)
    assert held.report is not None
    held.keep_report(replace(held.report, findings=(*held.report.findings, own)))
    made = export(held, "png", tmp_path / "figures", Choice(("token_type",)))
    assert "doublets" not in made.notes[0]
    made = export(held, "png", tmp_path / "more", WORD)
    assert "there is no figure of doublets" in made.notes[0]


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
