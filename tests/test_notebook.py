"""A view's Python side: what it answers a page, what it takes from it, what it refuses."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from server_atlas import WORD, arrow

import lexiscope as lx
from lexiscope.notebook import View
from lexiscope.notebook.address import Address, encode_points
from lexiscope.notebook.bridge import Answer, Bridge, Request
from lexiscope.queries import named

Sent = list[tuple[dict[str, Any], list[bytes]]]
PATIENCE = 240  # seconds, of a busy machine


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What views send to their pages."""
    messages: Sent = []

    def send(self: View, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        del self
        messages.append((content, buffers or []))

    monkeypatch.setattr(anywidget.AnyWidget, "send", send)
    return messages


@pytest.fixture
def view(small_atlas: Path, sent: Sent) -> Iterator[View]:
    del sent
    shown = lx.Atlas.open(small_atlas).view()
    yield shown
    shown.close()


def say(shown: View, kind: str, *buffers: bytes, **content: Any) -> None:
    shown._heard(shown, {"type": kind, **content}, [memoryview(each) for each in buffers])


def answer_to(view: View, sent: Sent, path: str, **request: Any) -> tuple[dict[str, Any], bytes]:
    about = {"method": "GET", "headers": {}, "connection": "c", "id": 1} | request
    body = about.pop("body", b"")
    del sent[:]
    say(view, "request", *([body] if body else []), path=path, **about)
    message, buffers = wait(sent, "answer")
    return message, b"".join(buffers)


def wait(
    sent: Sent, kind: str, wanted: Callable[[dict[str, Any]], bool] = bool
) -> tuple[dict[str, Any], list[bytes]]:
    """Wait for a message of a kind that is wanted."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for message in list(sent):
            if message[0]["type"] == kind and wanted(message[0]):
                return message
        time.sleep(0.01)
    raise AssertionError(f"no {kind} among {sent}")


def ours() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("lexiscope")]


# ---- the bridge ------------------------------------------------------------------------------


def test_a_request_is_answered_as_the_server_does(view: View, sent: Sent):
    message, body = answer_to(view, sent, "/api/atlases")
    assert message["status"] == 200
    assert message["headers"]["content-type"] == "application/json"
    assert [each["name"] for each in json.loads(body)["atlases"]] == ["small.atlas"]
    message, body = answer_to(view, sent, f"{WORD}/columns?name=label", id=7)
    assert (message["id"], message["connection"]) == (7, "c")
    labels = lx.Atlas.open(view._atlas.path)["word"].points["label"].to_pylist()
    assert arrow(body)["label"].to_pylist() == labels
    tag = message["headers"]["etag"]
    again, body = answer_to(
        view, sent, f"{WORD}/columns?name=label", headers={"If-None-Match": tag}
    )
    assert (again["status"], body) == (304, b"")


def test_what_is_written_comes_to_the_atlas(small_atlas: Path, sent: Sent, tmp_path: Path):
    path = tmp_path / "small.atlas"
    shutil.copytree(small_atlas, path)
    shown = lx.view(lx.Atlas.open(path))
    tag = {"column": "mine", "value": "yes", "points": [1]}
    headers = {"content-type": "application/json"}
    asked = {"method": "POST", "headers": headers, "body": json.dumps(tag).encode()}
    message, body = answer_to(shown, sent, f"{WORD}/tags", **asked)
    assert message["status"] == 200, body
    assert lx.Atlas.open(path)["word"].points["mine"][1].as_py() == "yes"
    shown.select([1])
    assert shown.selection["mine"].to_pylist() == ["yes"]
    shown.close()


@pytest.mark.parametrize(
    ("path", "request_", "status", "says"),
    [
        ("/index.html", {}, 400, "only /api/"),
        ("//elsewhere/api/atlases", {}, 400, "only /api/"),
        ("/api/atlases", {"method": "CONNECT"}, 400, "CONNECT"),
        ("/api/nothing", {}, 404, "nothing at this address"),
        (f"{WORD}/neighbors?query=zzzz", {}, 400, "no label"),
        # The guard's own refusals hold here too.
        (f"{WORD}/tags", {"method": "POST", "body": b"{}"}, 415, "Content-Type"),
    ],
)
def test_a_request_is_refused(
    view: View, sent: Sent, path: str, request_: dict[str, Any], status: int, says: str
):
    message, body = answer_to(view, sent, path, **request_)
    assert message["status"] == status
    assert says in json.loads(body)["error"]


def test_the_page_cannot_say_where_a_request_comes_from():
    given = {"Host": "elsewhere", "Origin": "http://elsewhere", "Accept": "*/*"}
    scope = Request("/api/atlases?a=%20b", headers=given).scope
    assert scope["headers"] == [(b"host", b"127.0.0.1"), (b"accept", b"*/*")]
    assert (scope["path"], scope["query_string"]) == ("/api/atlases", b"a=%20b")


def test_events_come_while_a_page_listens(small_atlas: Path, sent: Sent, tmp_path: Path):
    path = tmp_path / "small.atlas"
    shutil.copytree(small_atlas, path)
    shown = lx.view(lx.Atlas.open(path))
    say(shown, "listen", connection="c")
    message, _ = wait(sent, "event")
    assert (message["name"], message["connection"]) == ("hello", "c")
    # A projection that was asked for tells how it gets on.
    asked = {"method": "pca", "dims": 3, "layer": None, "parameters": {}, "seed": 0}
    headers = {"content-type": "application/json"}
    say(
        shown,
        "request",
        json.dumps(asked).encode(),
        path=f"{WORD}/projections",
        method="POST",
        headers=headers,
        connection="c",
        id=1,
    )
    deadline = time.monotonic() + PATIENCE
    states: list[str] = []
    while "done" not in states and time.monotonic() < deadline:
        time.sleep(0.05)
        states = [each["data"]["state"] for each, _ in list(sent) if each.get("name") == "job"]
    assert states[-1:] == ["done"], [each for each, _ in sent]
    assert "pca-3d" in lx.Atlas.open(path).projections("word")

    def telling(column: str) -> Callable[[dict[str, Any]], bool]:
        return lambda each: each["connection"] == "d" and column in str(each["data"])

    # Who listens on hears of the next two changes; of the first, all had to be told by the second.
    say(shown, "close", connection="c")
    say(shown, "listen", connection="d")
    wait(sent, "event", lambda each: each["connection"] == "d")
    del sent[:]
    for column in ("mine", "yours"):
        lx.Atlas.open(path).tag("word", column, "x", [1])
        wait(sent, "event", telling(column))
    assert {each["connection"] for each, _ in sent} == {"d"}
    shown.close()


def test_views_of_one_atlas_share_a_thread_that_ends_with_the_last(small_atlas: Path, sent: Sent):
    atlas = lx.Atlas.open(small_atlas)
    before = len(ours())
    views = [atlas.view() for _ in range(3)]
    assert len(ours()) == before  # no page, no thread
    for each in views:
        assert answer_to(each, sent, "/api/jobs")[0]["status"] == 200
    assert len(ours()) == before + 1
    for each in views[:2]:
        each.close()
    assert answer_to(views[2], sent, "/api/jobs")[0]["status"] == 200
    views[2].close()
    views[2].close()
    assert len(ours()) == before


def test_a_bug_is_answered(small_atlas: Path, monkeypatch: pytest.MonkeyPatch):
    bridge = Bridge.over(small_atlas)
    answers: list[Answer] = []
    done = threading.Event()

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("lexiscope.server.desk.atlas_info", broken)
    bridge.ask(Request("/api/atlases"), lambda answer: (answers.append(answer), done.set()))
    assert done.wait(PATIENCE)
    assert answers[0].status == 500
    bridge.leave()


# ---- opening ---------------------------------------------------------------------------------


def test_a_page_opens_with_the_view_and_comes_once(view: View, sent: Sent):
    say(view, "open", connection="c", has=False)
    message, (page,) = sent[-1]
    options = message["options"]
    assert options == {"view": "#s=word", "compute": True, "write": True}
    assert gzip.decompress(page).startswith(b"<!doctype html>")
    say(view, "open", connection="d", has=True)
    assert sent[-1][1] == []
    # The widget's state, which notebooks keep, has no page in it.
    assert len(json.dumps(view.get_state(["_esm", "_page", "_picture", "height"]))) < 20_000


def test_the_view_asked_for(small_atlas: Path):
    atlas = lx.Atlas.open(small_atlas)
    shown = atlas.view("context", layer=-1, projection="pca-2d", color="sense", height=300)
    last = atlas["context"].layers[-1]
    assert shown._address.text == f"#s=context&p=pca-2d&c=sense&l={last}"
    assert (shown.space, shown.layer, shown.projection) == ("context", last, "pca-2d")
    assert shown.height == 300
    assert repr(shown).endswith("context: 0 selected>")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"space": "tables"}, "space 'tables': .* has word"),
        ({"layer": 1}, "layer 1: word is a table"),
        ({"space": "context", "layer": 99}, "layer 99: context has"),
        ({"projection": "umap-9d"}, "projection 'umap-9d': word has"),
        ({"color": "nothing"}, "color 'nothing': word can be coloured by .*~kept"),
        ({"height": 5}, "height 5: give pixels"),
        ({"height": True}, "height True"),
    ],
)
def test_what_the_atlas_has_not_is_refused(small_atlas: Path, asked: dict[str, Any], says: str):
    with pytest.raises(lx.LexiscopeError, match=says):
        lx.Atlas.open(small_atlas).view(**asked)


def test_an_empty_atlas_is_refused(tmp_path: Path):
    with pytest.raises(lx.LexiscopeError, match="no space yet"):
        lx.Atlas.create(tmp_path / "empty.atlas").view()


# ---- both ways -------------------------------------------------------------------------------


def test_the_page_selects_and_points(view: View, sent: Sent):
    heard: list[Any] = []
    view.observe(lambda change: heard.append((change["name"], change["new"])))
    points = np.array([2, 5], np.int32).tobytes()
    say(view, "selection", points, space="word", layer=None)
    say(view, "hover", point=3)
    say(view, "hover", point=-1)
    assert heard == [("selected", (2, 5)), ("hovered", 3), ("hovered", None)]
    assert view.selection["point"].to_pylist() == [2, 5]
    points_table = lx.Atlas.open(view._atlas.path)["word"].points
    assert view.selection.drop_columns("point").equals(points_table.take([2, 5]))
    assert sent == []  # what the page said is not said back

    say(view, "selection", np.array([1], np.int32).tobytes(), space="context", layer=1)
    assert (view.space, view.layer, view.selected) == ("context", 1, (1,))
    assert "sense" in view.selection.column_names
    say(view, "view", view="#s=context&l=0&p=pca-2d&cam=1_2_3_4_5_6")
    assert (view.layer, view.projection) == (0, "pca-2d")


def test_the_kernel_selects_points_and_paints(view: View, sent: Sent):
    the = lx.Atlas.open(view._atlas.path)["word"].points["label"].to_pylist().index("bank")
    view.select(["bank", "#3", 4, np.int64(4)])
    assert view.selected == tuple(sorted((3, 4, the)))
    assert sent[-1][0] == {"type": "show", "view": view._address.text}
    assert view._address.get("sel") == encode_points([3, 4, the])
    view.hovered = 2
    assert sent[-1][0] == {"type": "hover", "point": 2}
    view.hovered = None
    assert sent[-1][0] == {"type": "hover", "point": -1}
    view.color_by("kind")
    assert sent[-1][0]["view"].endswith("c=kind")
    view.color_by(None)
    assert view._address.get("c") == ""
    view.selected = []
    assert (view.selected, view.selection.num_rows) == ((), 0)
    view.select(3)
    view.show("context", layer=0)
    assert (view.selected, sent[-1][0]["view"]) == ((), "#s=context&l=0")


def test_a_column_selects_its_points(view: View):
    for points in ([4, 7], ["the", "bank"], {"#12", "bank", 12}):
        view.select(points)
        kept = view.selected
        assert len(kept) == 2
        for column in ("point", "label"):
            view.select(view.selection[column])
            assert view.selected == kept
            view.select(view.selection.to_pandas()[column])
            assert view.selected == kept


def test_many_labels_are_found_as_one_alone_is(view: View):
    table = lx.Atlas.open(view._atlas.path)["context"].points
    view.show("context")
    asked = [*table["label"].to_pylist(), table["label"][0].as_py().upper(), "#3"]
    view.select(asked)
    alone = {point for each in asked for point in named(each, table).tolist()}
    assert view.selected == tuple(sorted(alone))
    assert len(set(asked)) < len(view.selected)  # a label of several points is all of them
    view.select(pa.scalar(asked[0]))
    assert view.selected == tuple(named(asked[0], table).tolist())


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ("zzzz", "'zzzz' is no label"),
        (["the", "zzzz"], "'zzzz' is no label"),
        ([10**9], "points 0 to"),
        (-1, "points 0 to"),
        ("#999999", "point #999999: this space has"),
        ([True], "point True: give point numbers or labels"),
        ([1.5], "point 1.5: give point numbers or labels"),
        ([None], "point None: give point numbers or labels"),
        (["the", b"x"], "point b'x': give point numbers or labels"),
        (None, "points None: give a point number, a label, or a list"),
        (3.5, "points 3.5: give a point number"),
        (np.array(3), r"points array\(3\): give a point number"),
        (b"x", "points b'x': give a point number"),
        (bytearray(b"x"), r"points bytearray\(b'x'\): give a point number"),
        ({"point": 1}, "points {'point': 1}: give a point number"),
        (pa.table({"point": [1]}), r"points as a Table: give one column.*selection\['point'\]"),
        (pa.table({"the": [1]}).to_pandas(), "points as a DataFrame: give one column"),
    ],
)
def test_what_names_no_points_is_refused(view: View, sent: Sent, points: Any, says: str):
    with pytest.raises(lx.LexiscopeError, match=says):
        view.select(points)
    assert (view.selected, sent) == ((), [])


def test_a_refused_view_changes_nothing(view: View, sent: Sent):
    for change in (
        lambda: view.show("tables"),
        lambda: view.color_by("x"),
        lambda: view.show(layer=1),
    ):
        with pytest.raises(lx.LexiscopeError):
            change()
    assert (view._address.text, sent) == ("#s=word", [])


def test_addresses_are_the_pages():
    assert encode_points([9, 3, 4, 5, 5]) == "3-2.4"  # as in web/src/lib/ranges.ts
    assert encode_points([0, 40, 1340]) == "0.14.104"
    assert encode_points([]) == ""
    there = Address("#a=x&s=word&l=2&sel=3&k=20&a2=y&s2=context&active=2")
    assert there.moved("context").text == "#a=x&k=20&a2=y&s2=context&active=2&s=context"
    assert there.put(c="a b&c", l=None).get("c") == "a b&c"


# ---- in the cell -----------------------------------------------------------------------------


def test_a_cell_gets_the_page_and_a_picture(small_atlas: Path, monkeypatch: pytest.MonkeyPatch):
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: shown.append(data))
    view = lx.Atlas.open(small_atlas).view("context", height=300)
    view._ipython_display_()
    page, picture = shown
    assert f'data-lexiscope="{view._picture}"' in picture["text/html"]
    png = re.search(r"base64,([^\"]+)", picture["text/html"])
    assert png
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(png[1]))).convert("L"))
    assert min(drawn.shape) > 500
    assert (drawn < 200).any()
    assert len(png[1]) < 200_000
    assert "application/vnd.jupyter.widget-view+json" not in picture
    assert page["application/vnd.jupyter.widget-view+json"]["model_id"] == view.model_id
