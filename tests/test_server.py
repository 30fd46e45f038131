"""What the server answers, over a tiny real atlas."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from server_atlas import CONTEXT, WORD, arrow, client
from starlette.testclient import TestClient

import lexiscope as lx


@pytest.fixture(scope="module")
def path(small_atlas: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(small_atlas, tmp_path_factory.mktemp("served") / "small.atlas"))


@pytest.fixture(scope="module")
def served(path: Path) -> Iterator[TestClient]:
    with client(path) as open_client:
        yield open_client


def info(served: TestClient, name: str) -> dict[str, Any]:
    atlases = served.get("/api/atlases").json()["atlases"]
    return next(space for space in atlases[0]["spaces"] if space["name"] == name)


def test_atlases(served: TestClient):
    answer = served.get("/api/atlases").json()
    assert answer["lexiscope"] == lx.__version__
    (atlas,) = answer["atlases"]
    assert (atlas["id"], atlas["name"], atlas["error"]) == ("small", "small.atlas", None)
    assert [space["name"] for space in atlas["spaces"]] == [
        "word", "position", "token_type", "context",
    ]  # fmt: skip
    assert (atlas["unfinished"], atlas["building"]) == ([], None)
    context = info(served, "context")
    assert context["live"]
    assert context["layers"] == [0, 1, 2, 3]
    assert set(context["projections"]) == {"0", "1", "2", "3"}
    assert set(context["graphs"]) <= {"0", "1", "2", "3"}
    word = info(served, "word")
    assert not word["live"]
    assert word["layers"] == []
    kept = [each["quality"]["kept"] for each in word["projections"][""]]
    assert kept == sorted(kept, reverse=True)


def test_columns_have_types(served: TestClient):
    columns = {column["name"]: column for column in info(served, "context")["columns"]}
    assert columns["weight"]["type"] == "number"
    assert columns["weight"]["range"] == [1.5, 9.5]
    assert columns["sense"]["categories"][0] == {"value": "animal", "count": 3}
    assert columns["seen"]["type"] == "category"
    assert {each["value"] for each in columns["seen"]["categories"]} == {"true", "false"}
    words = {column["name"]: column for column in info(served, "word")["columns"]}
    assert words["label"]["type"] == "text"
    assert words["label"]["categories"] is None
    assert words["id"]["range"] == [0, info(served, "word")["points"] - 1]


def test_columns_travel_in_types_that_javascript_reads(served: TestClient, path: Path):
    table = arrow(
        served.get(f"{CONTEXT}/columns?name=sense&name=start&name=weight&name=cut").content
    )
    assert table.schema.field("sense").type == pa.dictionary(pa.int32(), pa.string())
    assert table.schema.field("start").type == pa.int32()
    assert table.schema.field("weight").type == pa.float64()
    assert table.schema.field("cut").type == pa.dictionary(pa.int32(), pa.string())
    points = lx.Atlas.open(path)["context"].points
    assert table["sense"].cast(pa.string()).to_pylist() == points["sense"].to_pylist()
    assert table["start"].to_pylist() == points["start"].to_pylist()
    named = [each["value"] for each in info(served, "context")["columns"][8]["categories"] or []]
    if named:
        column = info(served, "context")["columns"][8]["name"]
        coded = arrow(served.get(f"{CONTEXT}/columns?name={column}").content)[column]
        assert coded.chunk(0).dictionary.to_pylist() == named


def test_an_answer_is_kept_until_something_is_written(served: TestClient):
    first = served.get(f"{WORD}/columns?name=label")
    assert first.headers["cache-control"] == "no-cache"
    tag = {"If-None-Match": first.headers["etag"]}
    again = served.get(f"{WORD}/columns?name=label", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    served.post(f"{WORD}/tags", json={"column": "seen", "value": "yes", "points": [1]})
    assert served.get(f"{WORD}/columns?name=label", headers=tag).status_code == 200
    served.delete(f"{WORD}/tags/seen")


def test_projections_and_their_quality(served: TestClient, path: Path):
    kept = lx.Atlas.open(path).projection("context", "tsne-2d", 1)
    table = arrow(served.get(f"{CONTEXT}/projections/tsne-2d?layer=1").content)
    assert table.schema.types == [pa.float32(), pa.float32()]
    assert (np.column_stack([table["x"], table["y"]]) == kept.coordinates).all()
    quality = arrow(served.get(f"{CONTEXT}/projections/tsne-2d/quality?layer=1").content)
    assert (quality["kept"].to_numpy() == kept.quality.kept_per_point).all()
    assert quality["trust"].type == pa.float32()
    # Without a layer it is the last one.
    last = served.get(f"{CONTEXT}/projections/pca-2d").content
    assert last == served.get(f"{CONTEXT}/projections/pca-2d?layer=3").content


def test_labels_of_regions(served: TestClient):
    labels = served.get(f"{WORD}/projections/tsne-2d/labels").json()
    assert all(set(label) == {"text", "place", "size", "level"} for label in labels)


def test_neighbors_are_those_of_the_space(served: TestClient, path: Path):
    space = lx.Atlas.open(path)["context"].layer(2)
    for metric, spherize in (("cosine", 0), ("euclidean", 0), ("dot", 0), ("cosine", 1)):
        answer = served.get(
            f"{CONTEXT}/neighbors",
            params={"query": "#3", "k": 4, "metric": metric, "layer": 2, "spherize": spherize},
        ).json()
        assert answer["points"] == [3]
        assert (answer["layer"], answer["metric"]) == (2, metric)
        expected = space.neighbors("#3", 4, metric, spherized=bool(spherize)).to_pylist()
        assert [each["point"] for each in answer["neighbors"]] == [e["point"] for e in expected]
        values = [each.get("similarity", each.get("distance")) for each in expected]
        assert [each["value"] for each in answer["neighbors"]] == pytest.approx(values, abs=1e-5)
    answer = served.get(f"{CONTEXT}/neighbors?query=bank").json()
    assert len(answer["points"]) > 1
    assert not set(answer["points"]) & {each["point"] for each in answer["neighbors"]}


def found(served: TestClient, **asked: Any) -> list[int]:
    answer = served.get(f"{CONTEXT}/search", params=asked)
    assert answer.status_code == 200, answer.text
    table = arrow(answer.content)
    assert table.schema.types == [pa.int32()]
    return list(table["point"].to_pylist())


def test_search(served: TestClient, path: Path):
    texts = lx.Atlas.open(path)["context"].points["text"].to_pylist()
    holding = [point for point, text in enumerate(texts) if "The bank" in text]
    assert found(served, column="text", pattern="The bank", case=1) == holding
    assert found(served, column="text", pattern="the BANK", case=1) == []
    assert set(found(served, column="text", pattern="the BANK")) >= set(holding)
    assert found(served, column="label", pattern="^ba.$", mode="regex") == found(
        served, column="label", pattern="bat", mode="exact"
    )
    assert found(served, column="label", pattern="ban", mode="exact") == []
    assert found(served, column="weight", pattern="9.5", mode="exact") == [
        point for point, text in enumerate(texts) if text.startswith("A seal")
    ]
    assert found(served, column="text", pattern=" bat ") == [4, 5, 6]
    assert found(served, column="text", pattern=" bat  ") == []


def test_tags_and_their_end(served: TestClient):
    tag = {"column": "my tag/1", "value": "odd", "points": [1, 3]}
    space = served.post(f"{CONTEXT}/tags", json=tag).json()
    column = next(each for each in space["columns"] if each["name"] == "my tag/1")
    assert column["own"]
    assert column["categories"] == [{"value": "odd", "count": 2}]
    assert column["missing"] == space["points"] - 2
    assert found(served, column="my tag/1", pattern="odd") == [1, 3]
    served.post(f"{CONTEXT}/tags", json=tag | {"value": "", "points": [1]})
    assert found(served, column="my tag/1", pattern="odd") == [3]
    left = served.delete(f"{CONTEXT}/tags/my%20tag%2F1").json()
    assert "my tag/1" not in [each["name"] for each in left["columns"]]


def test_columns_of_a_person(served: TestClient):
    def add(space: str, text: str, kind: str = "text/csv") -> dict[str, Any]:
        answer = served.post(
            f"{space}/columns", content=text.encode(), headers={"Content-Type": kind}
        )
        assert answer.status_code == 200, answer.text
        return {column["name"]: column for column in answer.json()["columns"]}

    columns = add(CONTEXT, 'point,mine,how many\n2,"a ""b"", c",7\n0,d,\n')
    assert columns["mine"]["categories"] == [
        {"value": 'a "b", c', "count": 1},
        {"value": "d", "count": 1},
    ]
    assert columns["how many"]["range"] == [7, 7]
    assert found(served, column="how many", pattern="7") == [2]

    columns = add(CONTEXT, "\ufefflabel\tsize\nbank\t1.5\n", "text/tab-separated-values")
    bank = len(served.get(f"{CONTEXT}/neighbors?query=bank").json()["points"])
    assert columns["size"]["missing"] == info(served, "context")["points"] - bank

    count = info(served, "context")["points"]
    add(CONTEXT, "order\n" + "".join(f"{number}\n" for number in range(count)))
    assert arrow(served.get(f"{CONTEXT}/columns?name=order").content)["order"].to_pylist() == list(
        range(count)
    )
    for name in ("mine", "how many", "size", "order"):
        assert served.delete(f"{CONTEXT}/tags/{name}").status_code == 200


def test_selection_is_a_csv_file(served: TestClient, path: Path):
    space = lx.Atlas.open(path)["context"]
    answer = served.post(
        f"{CONTEXT}/selection", json={"points": [5, 0], "layer": 1, "vectors": True}
    )
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="context.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["point"] for row in rows] == ["5", "0"]
    assert rows[0]["text"] == space.points["text"][5].as_py()
    vectors = space.layer(1).vectors
    assert [float(rows[0][f"d{n}"]) for n in range(vectors.shape[1])] == pytest.approx(
        vectors[5].tolist(), rel=1e-6
    )
    plain = served.post(f"{CONTEXT}/selection", json={"points": []})
    assert plain.text.splitlines()[0].startswith('"point","label"')


def test_a_selection_of_all_points(served: TestClient, path: Path):
    rows = list(csv.DictReader(io.StringIO(served.post(f"{WORD}/selection", json={}).text)))
    count = len(lx.Atlas.open(path)["word"])
    assert [row["point"] for row in rows] == [str(point) for point in range(count)]


def test_no_column_of_a_selection_is_lost(tmp_path: Path):
    points = {"label": ["a", "b"], "point": ["p", "q"], "given_point": ["g", "h"], "d0": ["x", "y"]}
    atlas = lx.Atlas.create(tmp_path / "small.atlas")
    writer = atlas.writer("word", "k")
    writer.append(pa.table(points), {None: np.eye(2, dtype=np.float32)})
    writer.finish({"kind": "word"})
    with client(atlas.path) as served:
        asked = {"points": [1], "vectors": True}
        header, row = csv.reader(io.StringIO(served.post(f"{WORD}/selection", json=asked).text))
        plain = served.post(f"{WORD}/selection", json={"points": [1]}).text.splitlines()[0]
    assert dict(zip(header, row, strict=True)) == {
        "point": "1", "label": "b", "given_given_point": "q", "given_point": "h",
        "given_d0": "y", "d0": "0", "d1": "1",
    }  # fmt: skip
    assert plain == '"point","label","given_given_point","given_point","d0"'


def test_a_selection_comes_back_as_columns(served: TestClient):
    text = served.post(f"{CONTEXT}/selection", json={"points": [0, 1, 2]}).text
    rows = list(csv.reader(io.StringIO(text)))
    cut = "\n".join(f"{row[0]},{row[2]}x" for row in rows).replace("targetx", "again")
    answer = served.post(
        f"{CONTEXT}/columns", content=cut.encode(), headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 200
    assert found(served, column="again", pattern="bankx", mode="exact")
    served.delete(f"{CONTEXT}/tags/again")


def test_bookmarks(served: TestClient):
    address = "/api/atlases/small/bookmarks"
    assert served.get(address).json() == []
    kept = [{"name": "Rivers ✓", "view": "#a=small&s=word", "made": "2025-01-01T00:00:00Z"}]
    assert served.put(address, json=kept).json() == kept
    assert served.get(address).json() == kept
    long = [kept[0] | {"view": "#" + "1" * 1_999_999}] * 2  # a view of a large selection
    assert served.put(address, json=long).json() == long
    served.put(address, json=[])
    assert served.get(address).json() == []


def test_live_words(served: TestClient):
    text = "😀 He sat on the bank; don't!"
    answer = served.post(f"{CONTEXT}/live", json={"text": text}).json()
    assert [word["word"] for word in answer["words"]] == [
        "He", "sat", "on", "the", "bank", "don't",
    ]  # fmt: skip
    assert answer["words"][0] == {"start": 2, "end": 4, "word": "He"}
    assert (answer["word"], answer["layers"]) == (None, [])
    assert served.post(f"{CONTEXT}/live", json={"text": ""}).json()["words"] == []


def test_live_lands_where_the_same_words_lie(served: TestClient, path: Path):
    points = lx.Atlas.open(path)["context"].points.to_pylist()
    point, row = next((n, row) for n, row in enumerate(points) if row["label"] == "crane")
    asked = {"text": row["text"], "at": row["start"] + 1, "k": 3}
    answer = served.post(f"{CONTEXT}/live", json=asked).json()
    assert answer["word"]["word"] == "crane"
    assert [each["layer"] for each in answer["layers"]] == [0, 1, 2, 3]
    for layer in answer["layers"]:
        assert len(layer["neighbors"]) == 3
        assert layer["neighbors"][0]["point"] == point
        assert layer["neighbors"][0]["value"] == pytest.approx(1, abs=1e-4)
        assert set(layer["places"]) == {"pca-2d", "tsne-2d"}
        assert np.isfinite(list(layer["places"].values())).all()


def test_several_atlases_have_ids_of_their_own(path: Path, tmp_path: Path):
    lx.Atlas.create(tmp_path / "small.atlas")
    with client(path, tmp_path / "small.atlas") as both:
        atlases = both.get("/api/atlases").json()["atlases"]
        assert [atlas["id"] for atlas in atlases] == ["small", "small-2"]
        assert atlases[1]["spaces"] == []
        assert atlases[1]["model"] is None
        assert both.get("/api/atlases/small-2/bookmarks").json() == []


def test_an_atlas_may_go_and_come_back(small_atlas: Path, tmp_path: Path):
    path = Path(shutil.copytree(small_atlas, tmp_path / "small.atlas"))
    with client(path) as served:
        assert served.get(f"{WORD}/neighbors?query=%237").status_code == 200
        path.rename(tmp_path / "away")
        for address in (f"{WORD}/neighbors?query=%237", f"{WORD}/columns?name=label"):
            answer = served.get(address)
            assert answer.status_code == 410
            assert "small.atlas" in answer.json()["error"]
        (atlas,) = served.get("/api/atlases").json()["atlases"]
        assert "small.atlas" in atlas["error"]
        (tmp_path / "away").rename(path)
        assert served.get(f"{WORD}/neighbors?query=%237").status_code == 200
        assert served.get("/api/atlases").json()["atlases"][0]["error"] is None


def test_the_page_or_how_to_build_it(path: Path, tmp_path: Path):
    from lexiscope.server.app import App
    from lexiscope.server.library import Library

    def get(address: str, page: Path, **headers: str) -> Any:
        app = App(Library([path]), page=page)
        with TestClient(app, base_url="http://localhost") as open_client:
            return open_client.get(address, headers=headers)

    missing = get("/", tmp_path / "none")
    assert missing.status_code == 503
    assert "make page" in missing.text
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>Lexiscope</title>")
    (tmp_path / "assets" / "main-1a2b.js").write_text("1")
    index = get("/", tmp_path)
    assert index.headers["content-type"].startswith("text/html")
    assert index.headers["cache-control"] == "no-cache"
    assert get("/", tmp_path, **{"If-None-Match": index.headers["etag"]}).status_code == 304
    script = get("/assets/main-1a2b.js", tmp_path)
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    for address in ("/assets/../index.html2", "/%2e%2e/atlas.json", "//etc/passwd", "/atlas.json"):
        assert get(address, tmp_path).status_code == 404
