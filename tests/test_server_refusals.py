"""Bad input to the server: always a 4xx with one sentence, never a traceback."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from server_atlas import CONTEXT, WORD, client
from starlette.testclient import TestClient

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def served(small_atlas: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    path = Path(shutil.copytree(small_atlas, tmp_path_factory.mktemp("refusing") / "small.atlas"))
    with client(path) as open_client:
        yield open_client


def refused(answer: httpx2.Response, status: int = 400) -> str:
    """Assert a refusal; return its sentence."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    body = answer.json()
    assert set(body) == {"error"}
    assert body["error"]
    assert "Traceback" not in body["error"]
    return str(body["error"])


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/api/nothing", 404, "nothing at this address"),
        ("/api/atlases/none/bookmarks", 404, "open are small"),
        ("/api/atlases/small/spaces/none/columns?name=label", 404, "word"),
        ("/api/atlases/small/spaces/..%2f..%2fetc/columns?name=label", 404, ""),
        ("/api/jobs/none/coordinates", 404, "no job"),
        (f"{WORD}/columns", 400, "name is missing"),
        (f"{WORD}/columns?name=vector", 404, "label"),
        (f"{WORD}/projections/none", 404, "no projection"),
        (f"{WORD}/projections/pca-2d?layer=1", 404, "table"),
        (f"{CONTEXT}/projections/pca-2d?layer=9", 404, "0, 1, 2, 3"),
        (f"{CONTEXT}/projections/pca-2d?layer=-1", 400, "whole number"),
        (f"{CONTEXT}/projections/pca-2d/quality?layer=x", 400, "whole number"),
        (f"{CONTEXT}/projections/pca-2d/labels?layer=1e9", 400, "whole number"),
        (f"{WORD}/neighbors", 400, "query is missing"),
        (f"{WORD}/neighbors?query=", 400, ""),
        (f"{WORD}/neighbors?query=qqqqqq", 400, "no label"),
        (f"{WORD}/neighbors?query=%23999999", 400, "points"),
        (f"{WORD}/neighbors?query=bank - bank", 400, "zero vector"),
        (f"{WORD}/neighbors?query={'x' * 1001}", 400, "characters"),
        (f"{WORD}/neighbors?query=bank&k=0", 400, "whole number"),
        (f"{WORD}/neighbors?query=bank&k=99999999999999999999", 400, "whole number"),
        (f"{WORD}/neighbors?query=bank&k=nan", 400, "whole number"),
        (f"{WORD}/neighbors?query=bank&k=%D9%A3", 400, "whole number"),
        (f"{WORD}/neighbors?query=bank&metric=manhattan", 400, "cosine"),
        (f"{WORD}/neighbors?query=bank&spherize=yes", 400, "0, 1"),
        (f"{WORD}/search?column=label", 400, "pattern is missing"),
        (f"{WORD}/search?column=none&pattern=x", 404, "label"),
        (f"{WORD}/search?pattern=(&mode=regex", 400, "regular expression"),
        (f"{WORD}/search?pattern=(?=x)&mode=regex", 400, "regular expression"),
        (f"{WORD}/search?pattern=((x{{99}}){{99}}){{99}}&mode=regex", 400, "regular expression"),
        (f"{WORD}/search?pattern={'x' * 1001}", 400, "characters"),
        (f"{WORD}/search?pattern=x&mode=glob", 400, "substring"),
    ],
)
def test_addresses(served: TestClient, address: str, status: int, says: str):
    assert says in refused(served.get(address), status)


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("POST", "/api/atlases"),
        ("DELETE", f"{WORD}/columns"),
        ("PUT", f"{WORD}/tags"),
        ("PATCH", "/api/jobs"),
        ("GET", f"{WORD}/live"),
        ("POST", "/"),
    ],
)
def test_wrong_methods(served: TestClient, method: str, address: str):
    assert method in refused(served.request(method, address, headers=JSON), 405)


BODIES: list[tuple[str, Any]] = [
    ("tags", {"column": "x", "value": "y", "points": [10**6]}),
    ("tags", {"column": "x", "value": "y", "points": [-1]}),
    ("tags", {"column": "x", "value": "y", "points": [True]}),
    ("tags", {"column": "x", "value": "y", "points": [1.0]}),
    ("tags", {"column": "x", "value": "y", "points": "1"}),
    ("tags", {"column": "x", "value": 1, "points": [1]}),
    ("tags", {"column": "x", "points": [1]}),
    ("tags", {"column": "label", "value": "y", "points": [1]}),
    ("tags", {"column": "", "value": "y", "points": [1]}),
    ("tags", {"column": "x" * 500, "value": "y", "points": [1]}),
    ("tags", {"column": "x", "value": "\ud800", "points": [1]}),
    ("tags", [1]),
    ("selection", {"points": [10**6]}),
    ("selection", {"points": "all"}),
    ("selection", {"points": [0], "vectors": 1}),
    ("live", {}),
    ("live", {"text": 5}),
    ("live", {"text": "x" * 10_001}),
    ("live", {"text": "\udcff"}),
    ("live", {"text": "a bank", "at": 99}),
    ("live", {"text": "a bank", "at": 1}),
    ("live", {"text": "a bank", "at": -1}),
    ("live", {"text": "a bank", "at": 0, "k": 10**9}),
    ("projections", {"dims": 2}),
    ("projections", {"method": "mds", "dims": 2}),
    ("projections", {"method": "pca", "dims": 4}),
    ("projections", {"method": "pca", "dims": "2"}),
    ("projections", {"method": "pca", "dims": 2, "seed": -1}),
    ("projections", {"method": "pca", "dims": 2, "parameters": [1]}),
    ("projections", {"method": "pca", "dims": 2, "parameters": {"perplexity": 5}}),
    ("projections", {"method": "pca", "dims": 2, "parameters": {"components": 3}}),
    ("projections", {"method": "tsne", "dims": 2, "parameters": {"perplexity": "5"}}),
    ("projections", {"method": "tsne", "dims": 2, "parameters": {"spherize": 1}}),
    ("projections", {"method": "umap", "dims": 2, "parameters": {"neighbors": 2.5}}),
    ("projections", {"method": "umap", "dims": 2, "parameters": {"neighbors": [1]}}),
    ("projections", {"method": "axes", "dims": 2, "parameters": {"axes": "a -> b"}}),
    ("projections", {"method": "axes", "dims": 2, "parameters": {"axes": [["a"]]}}),
    ("projections", {"method": "axes", "dims": 2, "parameters": {"axes": ["\udc80 -> a"]}}),
    ("projections", {"method": "tsne", "dims": 2, "parameters": {"supervise": "none"}}),
]


@pytest.mark.parametrize(("route", "body"), BODIES)
def test_bodies(served: TestClient, route: str, body: Any):
    text = json.dumps(body)
    refused(served.post(f"{CONTEXT}/{route}", content=text, headers=JSON))


@pytest.mark.parametrize(
    ("method", "parameters", "says"),
    [
        ("pca", {"components": [1, "x"]}, "from 1 to 32"),
        ("pca", {"components": [True, 2]}, "from 1 to 32"),
        ("pca", {"components": [1, 1]}, "different"),
        ("pca", {"components": [1, 33]}, "from 1 to 32"),
        ("pca", {"components": [1, None]}, "from 1 to 32"),
        ("pca", {"components": []}, "0 for 2 dimensions"),
        ("pca", {"components": [1, 2, 3]}, "3 for 2 dimensions"),
        ("axes", {"axes": [5, 6]}, "list of texts"),
        ("axes", {"axes": ["#1 -> #2"]}, "1 for 2 dimensions"),
        ("axes", {"axes": ["#1 -> #2"] * 3}, "3 for 2 dimensions"),
        ("axes", {"axes": ["a", "b"]}, "write it like"),
        ("axes", {"axes": ["/(/ -> #1", "#2 -> #3"]}, "no regular expression"),
        ("axes", {"axes": ["qqqq -> #1", "#2 -> #3"]}, "qqqq"),
        ("tsne", {"perplexity": 1e300}, "from 1 to 79"),
        ("tsne", {"perplexity": 10**400}, "too large"),
        ("tsne", {"learning_rate": -1}, "up to 1,000,000"),
        ("tsne", {"learning_rate": 1e300}, "up to 1,000,000"),
        ("tsne", {"supervise": "label", "supervision": 2}, "from 0 to 1"),
        ("tsne", {"supervision": 0.5}, "with supervise"),
        ("umap", {"neighbors": -1}, "whole number from 2 to 239"),
        ("umap", {"neighbors": 10**15}, "whole number from 2 to 239"),
        ("umap", {"neighbors": 1e15}, "whole number"),
        ("umap", {"min_dist": 5}, "from 0 to 1"),
    ],
)
def test_parameters_are_refused_before_they_wait(
    served: TestClient, method: str, parameters: dict[str, Any], says: str
):
    asked = {"method": method, "dims": 2, "parameters": parameters}
    before = served.get("/api/jobs").json()
    assert says in refused(served.post(f"{WORD}/projections", json=asked))
    assert served.get("/api/jobs").json() == before


def test_what_is_written_for_a_space_that_was_built_anew(
    small_atlas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = Path(shutil.copytree(small_atlas, tmp_path / "small.atlas"))
    with client(path) as served:
        served.post(f"{WORD}/tags", json={"column": "mine", "value": "x", "points": [1]})
        # As if between the request's look at the space and its commit another was built.
        monkeypatch.setattr("lexiscope.atlas.Atlas.key", lambda *_: "another")
        tag = {"column": "mine", "value": "y", "points": [1]}
        csv = {"content": "point,x\n1,2\n", "headers": {"Content-Type": "text/csv"}}
        for answer in (
            served.post(f"{WORD}/tags", json=tag),
            served.post(f"{WORD}/columns", **csv),
            served.delete(f"{WORD}/tags/mine"),
        ):
            assert "other inputs meanwhile" in refused(answer, 409)


def test_layers_that_are_not_there(served: TestClient):
    asked: dict[str, Any] = {"method": "pca", "dims": 2}
    for layer in (7, -1, "some", True):
        answer = served.post(f"{CONTEXT}/projections", json=asked | {"layer": layer})
        assert answer.status_code in (400, 404), answer.text
    for layer in (0, "all"):
        assert "table" in refused(
            served.post(f"{WORD}/projections", json=asked | {"layer": layer}), 404
        )
    refused(served.post(f"{CONTEXT}/selection", json={"points": [0], "layer": 9}), 404)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"name": "no-folder/of models"}, "cannot be read"),
        ({"fingerprint": "0" * 64}, "is not the model any more"),
    ],
)
def test_a_model_that_is_not_there_any_more(
    small_atlas: Path, tmp_path: Path, changed: dict[str, str], says: str
):
    path = Path(shutil.copytree(small_atlas, tmp_path / "small.atlas"))
    manifest = json.loads((path / "atlas.json").read_text())
    manifest["spaces"]["context"]["recipe"]["checkpoint"] |= changed
    (path / "atlas.json").write_text(json.dumps(manifest))
    with client(path) as served:
        asked = {"text": "a bank", "at": 3}
        assert says in refused(served.post(f"{CONTEXT}/live", json=asked))


def test_a_damaged_atlas(small_atlas: Path, tmp_path: Path):
    path = Path(shutil.copytree(small_atlas, tmp_path / "small.atlas"))
    with client(path) as served:
        manifest = (path / "atlas.json").read_text()
        (path / "atlas.json").write_text("{")
        assert "damaged" in refused(served.get(f"{WORD}/columns?name=label"), 410)
        (path / "atlas.json").write_text(manifest)
        for data in path.glob("spaces/word@*.lance/data/*"):
            data.unlink()
        refused(served.get(f"{WORD}/columns?name=label"))
        refused(served.get(f"{WORD}/projections/pca-2d"))
        refused(served.get(f"{WORD}/neighbors?query=bank"))
        (atlas,) = served.get("/api/atlases").json()["atlases"]
        assert atlas["error"]


def test_a_table_reads_no_sentences(served: TestClient):
    assert "table" in refused(served.post(f"{WORD}/live", json={"text": "a bank"}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nonsense",
        '{"text": NaN}',
        '{"text": 1e999}',
        '{"text": -Infinity}',
        "[" * 100_000,
        '{"k": ' + "9" * 10_000 + "}",
        b"\xff\xfe{}",
    ],
)
def test_malformed_json(served: TestClient, text: str | bytes):
    assert "JSON" in refused(served.post(f"{CONTEXT}/live", content=text, headers=JSON))


@pytest.mark.parametrize(
    "bookmarks",
    [
        {},
        [1],
        [{"name": "x"}],
        [{"name": "x", "view": 1, "made": "y"}],
        [{"name": "x", "view": "#" * 2_000_001, "made": "y"}],
        [{}] * 1001,
    ],
)
def test_bookmarks(served: TestClient, bookmarks: Any):
    refused(served.put("/api/atlases/small/bookmarks", json=bookmarks))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1"),
        ("a,a\n1,2\n", "line 1"),
        ("a,\n1,2\n", "line 1"),
        ("point,x\n", "no rows"),
        ("point\n1\n", "no column beside"),
        ("point,x\n1,2\n3\n", "line 3 has 1"),
        ("point,x\n1,2,3\n", "line 2 has 3"),
        ("point,x\n999999,2\n", "line 2"),
        ("point,x\n-1,2\n", "line 2"),
        ("point,x\none,2\n", "line 2"),
        ("point,x\n1,2\n1,3\n", "line 3"),
        ('point,x\n1,"2\n', "line"),
        ('point,x\n1,"2"3\n', "line 2"),
        ("label,x\nbank,1\nbank,2\n", "line 3"),
        ("label,x\nqqqq,1\n", "line 2"),
        ("x\n1\n", "1 rows for"),
        (b"point,x\n1,\xff\n", "line 2 is not UTF-8"),
        (b"point,x\n1,\0\n", "line 2"),
        ("point,target\n1,x\n", "target"),
        ("point,vector:1\n1,x\n", "vector:1"),
    ],
)
def test_files_of_columns(served: TestClient, text: str | bytes, says: str):
    headers = {"Content-Type": "text/csv"}
    assert says in refused(served.post(f"{CONTEXT}/columns", content=text, headers=headers))


def test_columns_are_no_json(served: TestClient):
    assert "text/csv" in refused(served.post(f"{CONTEXT}/columns", json={}), 415)


def test_tags_that_are_not_there(served: TestClient):
    refused(served.delete(f"{CONTEXT}/tags/none"), 404)
    refused(served.delete(f"{CONTEXT}/tags/label"), 404)


def test_bodies_that_are_too_large(served: TestClient):
    assert "1 MB" in refused(
        served.post(f"{CONTEXT}/live", content=b" " * (2**20 + 1), headers=JSON), 413
    )


def test_orders_to_jobs(served: TestClient):
    refused(served.post("/api/jobs/none", json={"order": "stop"}), 404)
    asked = {"method": "pca", "dims": 2}
    job = served.post(f"{WORD}/projections", json=asked).json()
    refused(served.post(f"/api/jobs/{job['id']}", json={"order": "explode"}))
    refused(served.post(f"/api/jobs/{job['id']}", json={"order": "stop"}), 409)


def test_a_bug_is_not_shown(served: TestClient, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise RuntimeError("a secret of the machine")

    monkeypatch.setattr("lexiscope.server.desk.region_labels", broken)
    answer = served.get(f"{WORD}/projections/pca-2d/labels")
    assert "secret" not in refused(answer, 500)


def test_a_search_that_takes_too_long(served: TestClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lexiscope.server.search.SECONDS", -1.0)
    assert "simpler" in refused(served.get(f"{WORD}/search?pattern=x&mode=regex"))
