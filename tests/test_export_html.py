"""An atlas exported as a page: what the file holds, and what is refused."""

from __future__ import annotations

import io
import json
import shlex
import shutil
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pytest
from conftest import Run
from exported_atlas import OWN, build_odd, held
from server_atlas import client

import lexiscope as lx
from lexiscope.atlas import Report
from lexiscope.errors import LexiscopeError
from lexiscope.export import Choice, export, page
from lexiscope.export.page import export_html, packed
from lexiscope.findings import Finding
from lexiscope.neighbors import NeighborGraph


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_odd(tmp_path_factory.mktemp("odd") / "odd <b>&amp;.atlas")


@pytest.fixture
def small(small_atlas: Path) -> lx.Atlas:
    return lx.Atlas.open(small_atlas)


def test_it_holds_what_the_server_answers(small: lx.Atlas, tmp_path: Path):
    (file,) = export_html(small, tmp_path / "small.html")
    found = held(file)
    compared = 0
    with client(small.path) as server:
        for path, content in found.items():
            if "/neighbors" in path or "/texts?" in path or path == "/api/atlases":
                continue
            answer = server.get(path)
            assert answer.status_code == 200, path
            if answer.headers["content-type"] == "application/json":
                assert json.loads(content) == answer.json(), path
            else:
                assert content == answer.content, path
            compared += 1
        info = server.get("/api/atlases").json()["atlases"][0]
    assert compared > 20
    mine = json.loads(found["/api/atlases"])["atlases"][0]
    assert mine["id"] == info["id"] == "small"
    for space, other in zip(mine["spaces"], info["spaces"], strict=True):
        # No model is there to read a sentence with.
        assert space == other | {"live": False, "graphs": space["graphs"]}
        for key, graph in space["graphs"].items():
            assert graph["k"] == min(15, other["graphs"][key]["k"])
            assert graph["method"] == other["graphs"][key]["method"]


def test_every_column_and_projection_is_there(small: lx.Atlas, tmp_path: Path):
    (file,) = export_html(small, tmp_path / "small.html")
    found = held(file)
    for name in small:
        root = f"/api/atlases/small/spaces/{name}"
        for column in small[name].points.column_names:
            assert f"{root}/columns?name={column}" in found
        for layer in small[name].layers or (None,):
            end = "" if layer is None else f"?layer={layer}"
            assert f"{root}/neighbors{end}" in found
            for id in small.projections(name, layer):
                for part in ("", "/quality", "/labels"):
                    assert f"{root}/projections/{id}{part}{end}" in found


@pytest.mark.parametrize("n", [40, 2**16 + 1])
def test_neighbours_are_packed_to_four_decimals(n: int):
    draw = np.random.default_rng(0)
    indices = draw.integers(n, size=(n, 7)).astype(np.int32)
    indices[0] = n - 1
    similarities = -np.sort(-draw.uniform(-1, 1.0000002, (n, 7)).astype(np.float32), axis=1)
    content = packed(NeighborGraph(indices, similarities, "exact", 1.0))
    wide = n > 2**16
    size = indices.size * (4 if wide else 2)
    numbers = np.frombuffer(content[:size], "<u4" if wide else "<u2").reshape(n, 7)
    values = np.cumsum(np.frombuffer(content[size:], "<i2").reshape(n, 7), axis=1) / 1e4
    assert (numbers == indices).all()
    assert np.abs(values - similarities).max() <= 0.500001e-4


def test_a_choice_leaves_the_rest_out(small: lx.Atlas, tmp_path: Path):
    choice = Choice(spaces=("context",), layers=(0, 2), projections=("pca-2d",))
    (file,) = export_html(small, tmp_path / "part.html", choice, k=3)
    found = held(file)
    (space,) = json.loads(found["/api/atlases"])["atlases"][0]["spaces"]
    assert space["layers"] == [0, 2]
    assert {key: [each["id"] for each in ids] for key, ids in space["projections"].items()} == {
        "0": ["pca-2d"],
        "2": ["pca-2d"],
    }
    assert [space["graphs"][key]["k"] for key in ("0", "2")] == [3, 3]
    assert not any("/word" in path or "layer=1" in path or "tsne" in path for path in found)
    graph = small["context"].layer(2).graph(3).first(3)
    assert found["/api/atlases/small/spaces/context/neighbors?layer=2"] == packed(graph)


def test_more_neighbours_than_are_kept_are_refused(small: lx.Atlas, tmp_path: Path):
    with pytest.raises(LexiscopeError, match=r"-k 900: .* keeps the 15 nearest .* word; give 15"):
        export_html(small, tmp_path / "small.html", k=900)
    assert list(tmp_path.iterdir()) == []


def test_what_is_too_large_is_refused_with_its_sizes(
    small: lx.Atlas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (file,) = export_html(small, tmp_path / "small.html")
    before = file.read_bytes()
    monkeypatch.setattr(page, "LARGEST", 60_000)
    with pytest.raises(LexiscopeError, match=r"MB \(.*word 0\.\d MB.*name a folder.*--space"):
        export_html(small, file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]
    # A folder has no such bound.
    assert export_html(small, tmp_path / "folder") == [tmp_path / "folder"]


def test_neighbours_are_computed_last_and_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    points = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    np.save(tmp_path / "v.npy", points)
    atlas = lx.import_vectors(tmp_path / "v.npy", tmp_path / "v.atlas", maps=())
    told: list[tuple[object, ...]] = []
    export(atlas, "html", tmp_path / "site", progress=lambda *step: told.append(step))
    assert told[0] == ("neighbours of v", "%", 0, 100)
    assert told[-1] == ("neighbours of v", "%", 100, 100)
    told.clear()
    monkeypatch.setattr(page, "LARGEST", 100)
    with pytest.raises(LexiscopeError, match=r"MB\) without its neighbours, and one file"):
        export_html(atlas, tmp_path / "v.html", progress=lambda *step: told.append(step))
    assert told == []


def test_names_of_any_kind_stay_data(odd: Path, tmp_path: Path):
    (file,) = export_html(lx.Atlas.open(odd), tmp_path / "odd.html")
    text = file.read_text(encoding="utf-8")
    template = page.read_template("alone.html")
    assert "<title>odd &lt;b&gt;&amp;amp;.atlas – Lexiscope</title>" in text
    assert text.count("window.broken") == 0
    found = held(file)
    assert text.count("<script") == template.count("<script") + len(found)
    path = f"/api/atlases/odd <b>&amp;/spaces/odd/columns?name={OWN}"
    with client(odd) as server:
        root = f"/api/atlases/{quote('odd <b>&amp;')}"
        answer = server.get(f"{root}/spaces/odd/columns", params={"name": OWN})
        assert found[path] == answer.content
    texts = pa.ipc.open_stream(io.BytesIO(found[path.replace("columns", "texts")])).read_all()
    assert texts[0].to_pylist()[:2] == ["1", "0.1"]
    (bookmark,) = json.loads(found["/api/atlases/odd <b>&amp;/bookmarks"])
    assert bookmark["name"] == "half \ud83d </script>"


def test_a_file_asks_nobody(small: lx.Atlas, tmp_path: Path):
    (file,) = export_html(small, tmp_path / "small.html")
    text = file.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert "connect-src 'none'" in text
    index = export_html(small, tmp_path / "folder")[0] / "index.html"
    assert "connect-src 'self'" in index.read_text(encoding="utf-8")


def test_a_folder_is_written_whole_or_not(
    small: lx.Atlas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "page"
    export_html(small, folder)
    names = {path.name for path in folder.iterdir()}
    assert names == {"index.html", "data"}
    (folder / "data" / "9999.bin").write_bytes(b"of an earlier export")

    def broken(*_: object) -> None:
        raise LexiscopeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(page, "region_labels", broken)
        with pytest.raises(LexiscopeError, match="broken"):
            export_html(small, folder)
    assert (folder / "data" / "9999.bin").exists()
    export_html(small, folder)
    assert not (folder / "data" / "9999.bin").exists()
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_of_others_is_left_alone(small: lx.Atlas, tmp_path: Path):
    (tmp_path / "index.html").write_text("<p>mine</p>")
    with pytest.raises(LexiscopeError, match="holds other files"):
        export_html(small, tmp_path)
    with pytest.raises(LexiscopeError, match="is an atlas"):
        export_html(small, small.path)
    with pytest.raises(LexiscopeError, match="no folder"):
        export_html(small, tmp_path / "not there" / "x.html")
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_two_exports_are_alike(small: lx.Atlas, tmp_path: Path):
    one, other = (export_html(small, tmp_path / name)[0] for name in ("a.html", "b.html"))
    assert one.read_bytes() == other.read_bytes()


def test_it_is_said_what_a_page_holds_and_what_not(small: lx.Atlas, tmp_path: Path):
    shutil.copytree(small.path, tmp_path / "said.atlas")
    atlas = lx.Atlas.open(tmp_path / "said.atlas")
    said = [
        Finding("positions", "position", None, "one", {"n": 1}),
        Finding("geometry", "context", 3, "two", {"n": 1}),
        Finding("senses", "context", 1, "three", {"n": 1}),
        Finding("contextuality", "context", None, "four", {"n": 1}),
    ]
    keys = {name: str(atlas.key(name)) for name in atlas}
    atlas.keep_report(Report("2026-01-01T00:00:00+00:00", "1", {}, keys, tuple(said)))
    whole = export_html(atlas, tmp_path / "whole.html")
    assert whole.notes[0].endswith("; 4 findings")
    assert "context layers 0, 1, 2, 3 (" in whole.notes[0]
    assert whole.notes[1:] == (
        f"open it in a browser, from disk and without a server: {tmp_path / 'whole.html'}",
    )
    choice = Choice(("word", "context"), (0, 1), ("pca-2d",))
    part = export_html(atlas, tmp_path / "it's a site", choice)
    holds, left, lost, look = part.notes
    assert holds == "it holds: word (pca-2d); context layers 0, 1 (pca-2d); 3 findings"
    assert left.startswith("left out: position (")
    assert "; context layers 2, 3;" in left
    assert "; context's tsne-2d;" in left
    assert left.endswith("; 1 finding about spaces left out")
    assert lost.startswith("1 finding is about layers not in it: the page tells them")
    assert look.startswith(f"serve it: python -m http.server -d {shlex.quote(str(part[0]))}, then")
    # What was said is so.
    (file,) = export_html(atlas, tmp_path / "part.html", choice)
    found = json.loads(held(file)["/api/atlases/said/findings"])["findings"]
    assert [each["statement"] for each in found] == ["two", "three", "four"]


def test_the_command_says_it_too(run: Run, small_atlas: Path, tmp_path: Path):
    done = run("export", small_atlas, "html", tmp_path / "site", "--space", "word")
    assert done.returncode == 0, done.stderr
    wrote, holds, left, look = done.stdout.splitlines()
    count = sum(path.is_file() for path in (tmp_path / "site").rglob("*"))
    assert wrote.startswith(f"wrote {tmp_path / 'site'} (a folder of {count} files, ")
    assert holds.startswith("it holds: word (")
    assert left.startswith("left out: position (")
    assert look.startswith("serve it: python -m http.server -d ")
